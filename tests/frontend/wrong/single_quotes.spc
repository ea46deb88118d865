weight w: f32[4, 8] from 'weights.npz:w'
model layer(x: f32[batch, 8]) -> (y) { y = linear(x, w) }
