model layer(x: f32[batch, 8]) {
  y = x
}
