weight b: f32[7] = 0
model layer(x: f32[batch, 8]) -> (y) {
  y = x + b
}
