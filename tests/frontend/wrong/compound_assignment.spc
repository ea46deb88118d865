model layer(x: f32[batch, 8]) -> (y) {
  y = x
  y += 1
}
