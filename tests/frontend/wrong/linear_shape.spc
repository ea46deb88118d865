weight w: f32[8, 4] random(seed = 1)
model layer(x: f32[batch, 8]) -> (y) {
  h = x * 2
  y = linear(h, w)
}
