scale = 0.5
model layer(x: f32[batch, 8]) -> (y) { y = x * scale }
