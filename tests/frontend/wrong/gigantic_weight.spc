weight w: f32[1000000, 1000000] random(seed = 1)
model layer(x: f32[batch, 1000000]) -> (y) { y = linear(x, w) }
