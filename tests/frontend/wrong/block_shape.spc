weight w: f32[4, 8] blocks(4, 1) random(seed = 1)
model layer(x: f32[batch, 8]) -> (y) { y = linear(x, w) }
