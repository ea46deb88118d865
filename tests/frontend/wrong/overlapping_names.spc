fn softmax(x) {
  return exp(x) / reduce_sum(exp(x), axes = -1, keepdims = true)
}
model layer(x: f32[batch, 8]) -> (y) {
  y = softmax(x)
}
