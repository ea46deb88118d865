weight w: f32[2, 3] = [[1, 2, 3], [4, 5]]
model layer(x: f32[batch, 3]) -> (y) { y = linear(x, w) }
