weight b: f32[7] = 0
fn bias(x) {
  return x + b
}
fn block(x) { return bias(x) * 2 }
model layer(x: f32[batch, 8]) -> (y) {
  y = block(x)
}
