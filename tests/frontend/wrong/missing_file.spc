weight w: i8[4, 8] from "nowhere.npz:w"
model layer(x: f32[batch, 8]) -> (y) { y = linear(x, cast(w, f32)) }
