model layer(x: f32[batch, sequence, 32]) -> (y) {
  y = attention(x, x, x, heads = 5)
}
