model layer(x: i32[batch, 8]) -> (y) {
  y = f32(x) / 2
}
