weight w: f32[60, 128] blocks(64x1) random(seed = 1)
model layer(x: f32[batch, 128]) -> (y) { y = linear(x, w) }
