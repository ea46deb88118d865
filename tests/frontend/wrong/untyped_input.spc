model layer(x, y) -> (z) { z = x + y }
