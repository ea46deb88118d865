weight w: f32[4, 8] random(seed = 1)

model layer(x: f32[batch, 8]) -> (y) {
  h = relu(linear(x, w)
  y = h + 1
}
