weight w: f32[8] = 1
model layer(x: f32[batch, 8]) -> (y) {
  w = x + 1
  y = w
}
