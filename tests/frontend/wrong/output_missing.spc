model layer(x: f32[batch, 8]) -> (result) {
  resulf = x + 1
}
