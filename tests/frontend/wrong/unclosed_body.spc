model layer(x: f32[batch, 8]) -> (y) {
  y = x + 1
