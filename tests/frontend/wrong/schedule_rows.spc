weight w: i8[32, 8] random(seed = 1) quantized(scale = 0.1) schedule(dataflow = gather_dwords, tile = 4, rows = 8)
model layer(x: u8[batch, 8] quantized(scale = 0.1)) -> (y) { y = linear(x, w) }
