model layer(x: f32[batch, 8], n: i32[batch, 8]) -> (y) {
  y = x + n
}
