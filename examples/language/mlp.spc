# A classifier of 28x28 images with three layers, in f32, pruned in 4x1 blocks.

weight w1: f32[512, 784] blocks(4x1) random(seed = 1, sparsity = 0.9)
weight w2: f32[512, 512] blocks(4x1) random(seed = 2, sparsity = 0.9)
weight w3: f32[10, 512] random(seed = 3)
weight b1: f32[512] = 0.01
weight b2: f32[512] = 0.01
weight b3: f32[10] = [0.1, 0, 0, 0, 0, 0, 0, 0, 0, -0.1]

fn layer(x, w, b) {
  return relu(linear(x, w) + b)
}

model mlp(image: f32[batch, 28, 28]) -> (probabilities: f32[batch, 10], digit: i64[batch]) {
  x = reshape(image, [batch, -1])
  x = layer(layer(x, w1, b1), w2, b2)
  logits = linear(x, w3) + b3
  probabilities = softmax(logits)
  digit = arg_max(logits)
}
