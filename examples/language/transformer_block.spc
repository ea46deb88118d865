# A Transformer encoder block of hidden size 64 with 4 heads, as BERT has twelve of, with its embeddings.

weight words: f32[1000, 64] random(seed = 1)
weight positions: f32[128, 64] random(seed = 2)

weight wq: f32[64, 64] blocks(4x1) random(seed = 3, sparsity = 0.8)
weight wk: f32[64, 64] blocks(4x1) random(seed = 4, sparsity = 0.8)
weight wv: f32[64, 64] blocks(4x1) random(seed = 5, sparsity = 0.8)
weight wo: f32[64, 64] blocks(4x1) random(seed = 6, sparsity = 0.8)
weight up: f32[256, 64] blocks(4x1) random(seed = 7, sparsity = 0.8)
weight down: f32[64, 256] blocks(4x1) random(seed = 8, sparsity = 0.8)

weight bias: f32[64] random(seed = 9)
weight up_bias: f32[256] random(seed = 10)
weight gain: f32[64] = 1
weight shift: f32[64] = 0

fn normalise(x) {
  return layer_norm(x, gain, shift, epsilon = 1e-12)
}

fn self_attention(x, mask) {
  mixed = attention(linear(x, wq) + bias, linear(x, wk) + bias, linear(x, wv) + bias, mask, heads = 4)
  return linear(mixed, wo) + bias
}

fn feed_forward(x) {
  return linear(gelu(linear(x, up) + up_bias), down) + bias
}

model encoder(ids: i64[batch, sequence], mask: i64[batch, sequence]) -> (hidden: f32[batch, sequence, 64], pooled) {
  x = normalise(gather(words, ids) + positions[:sequence])
  x = normalise(x + self_attention(x, mask))
  hidden = normalise(x + feed_forward(x))
  pooled = tanh(hidden[:, 0])
}
