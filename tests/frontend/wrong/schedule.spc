weight w: f32[4, 8] blocks(4x1) random(seed = 1, sparsity = 0.5) schedule(dataflow = gather_quad)
model layer(x: f32[batch, 8]) -> (y) { y = linear(x, w) }
