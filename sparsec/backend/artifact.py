"""A compiled model before it is loaded or linked; the cache keeps it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

from sparsec.runtime.signature import Signature


@dataclass(frozen=True, eq=False)
class Artifact:
    """Everything that the JIT loads and that a shared library is linked from.

    Attributes:
        objects: relocatable ELF objects, the runtime among them; together they lack libc and the weights.
        weights: the packed weights that kernels read, uint8[n].
        signature: what the model takes and gives.
        prefix: what its C names start with.
    """

    objects: tuple[bytes, ...]
    weights: NDArray[np.uint8]
    signature: Signature
    prefix: str

    def parts(self) -> tuple[bytes | memoryview, ...]:
        """What `from_bytes` reads back, when put together. The weights are not copied."""
        head = {
            "prefix": self.prefix,
            "objects": [len(code) for code in self.objects],
            "weights": int(self.weights.size),
        }
        lines = f"{json.dumps(head)}\n{self.signature.to_json()}\n".encode()
        return lines, *self.objects, np.ascontiguousarray(self.weights).data

    @staticmethod
    def from_bytes(raw: bytes) -> Artifact:
        """Read what `parts` gave. The weights stay where they are in `raw`."""
        first = raw.index(b"\n") + 1
        second = raw.index(b"\n", first) + 1
        head = json.loads(raw[:first])
        ends = list(accumulate(head["objects"], initial=second))
        return Artifact(
            objects=tuple(raw[begin:end] for begin, end in pairwise(ends)),
            weights=np.frombuffer(raw, np.uint8, head["weights"], ends[-1]),
            signature=Signature.from_json(raw[first:second].decode()),
            prefix=head["prefix"],
        )
