model layer(x: f32[batch, 8]) -> (y) {
  let y = x + 1
}
