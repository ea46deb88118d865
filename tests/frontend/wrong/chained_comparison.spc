model layer(x: f32[batch, 8]) -> (y) {
  y = where(0 < x < 1, x, 0)
}
