model layer(x: f32[batch, sequence, 768]) -> (y) {
  y = reshape(x, [batch, sequence, 12, 63])
}
