model layer(x: f32[batch, 8], attention_mask: i64[batch]) -> (y) {
  y = x * cast(atention_mask, f32)
}
