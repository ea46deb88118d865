weight w = [[1, 2]]
model layer(x: f32[batch, 2]) -> (y) { y = linear(x, w) }
