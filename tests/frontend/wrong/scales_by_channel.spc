weight w: i8[4, 8] random(seed = 1) quantized(scale = [0.1, 0.2, 0.3])
model layer(x: f32[batch, 8]) -> (y) {
  y = linear(x, w)
}
