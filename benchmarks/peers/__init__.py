"""Other engines, each in an environment of its own; `benchmarks/models.py` gives them whole models, others a layer.

    python -m benchmarks.peers install onednn onemkl [--folder DIR]
    python -m benchmarks.peers list [--folder DIR]

    with Peer("onednn") as peer:
        print(peer.measure({"rows": 768, "columns": 768, "tokens": 128, "sparsity": 0.9, "block": [4, 1]}))

`layer.py` says what a request may hold and what its answer means. A peer is one row in `environments.py`, one script
beside it that has the row's name if it multiplies layers, and an adapter in `sparsec/engines` if it runs models.
"""

from benchmarks.peers.client import Measurement, Peer
from benchmarks.peers.environments import ENVIRONMENTS, FOLDER

__all__ = ["ENVIRONMENTS", "FOLDER", "Measurement", "Peer"]
