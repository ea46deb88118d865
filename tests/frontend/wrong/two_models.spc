model one(x: f32[batch]) -> (y) { y = x }
model two(x: f32[batch]) -> (y) { y = x }
