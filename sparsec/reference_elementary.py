"""Elementary functions in numpy, rounded from f64."""

import numpy as np

NUMPY = None


def _wrap(function):
    def run(arithmetic, *x):
        return np.asarray(function(*(np.asarray(v, np.float64) for v in x))).astype(np.float32)

    return run


_erf = np.vectorize(__import__("math").erf, otypes=[np.float64])
exp = _wrap(np.exp)
log = _wrap(np.log)
sin = _wrap(np.sin)
cos = _wrap(np.cos)
tanh = _wrap(np.tanh)
pow = _wrap(np.power)
erf = _wrap(_erf)
sigmoid = _wrap(lambda x: 1 / (1 + np.exp(-x)))
gelu = _wrap(lambda x: 0.5 * x * (1 + _erf(x / np.sqrt(2))))
gelu_tanh = _wrap(lambda x: 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))))
