model layer(x: f64[batch, 8]) -> (y) {
  y = x + 1
}
