weight w: f32[4, 8] random(seed = 1)
model layer(x: f32[batch, 8]) -> (y: f32[batch, 8]) {
  y = linear(x, w)
}
