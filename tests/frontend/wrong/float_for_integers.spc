model layer(n: i32[batch, 8]) -> (y) {
  y = n + 0.5
}
