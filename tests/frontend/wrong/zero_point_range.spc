model layer(x: u8[batch, 8] quantized(scale = 0.02, zero = 300)) -> (y) {
  y = x * 2
}
