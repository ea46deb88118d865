"""scipy's sparse products in fp32: a CSR or BSR weight times dense activations of feature-major [columns, tokens]."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from layer import Contestant, Layer, serve
from scipy.sparse import bsr_array, csr_array


def contestants(layer: Layer) -> Iterator[Contestant]:
    """CSR, and BSR whose blocks are the layer's."""
    source = np.ascontiguousarray(layer.activations().T)
    weights = [layer.weight(number) for number in range(layer.weights)]
    spellings = {"CSR": [csr_array(weight) for weight in weights]}
    if layer.block != (1, 1):
        name = f"BSR {layer.block[0]}x{layer.block[1]}"
        spellings[name] = [bsr_array(weight, blocksize=layer.block) for weight in weights]
    for name, sparse in spellings.items():
        calls = [lambda weight=weight: weight @ source for weight in sparse]
        yield Contestant(f"fp32 {name}, feature-major", calls, lambda number, calls=calls: calls[number]().T)


if __name__ == "__main__":
    serve(contestants, kinds=("fp32",))
