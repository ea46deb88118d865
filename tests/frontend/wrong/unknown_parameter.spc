model layer(x: f32[batch, 8]) -> (y) {
  y = softmax(x, axes = -1)
}
