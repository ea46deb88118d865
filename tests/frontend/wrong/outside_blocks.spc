weight w: f32[4, 2] blocks(2x1, stored = [[1, 0], [1, 1]]) = [[1, 0], [2, 0.5], [0, 3], [0, 4]]
model layer(x: f32[batch, 2]) -> (y) { y = linear(x, w) }
