weight w: i8[2] = [127, 128]
model layer(x: f32[batch, 2]) -> (y) { y = x * cast(w, f32) }
