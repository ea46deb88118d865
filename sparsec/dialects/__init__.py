"""The dialects of sparsec: `nn` (networks), `sparse` (block-sparse products, layouts, schedules), `kernel` (calls)."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import Dialect


def all_dialects() -> Sequence[Dialect]:
    """Every dialect that some stage of the compiler contains."""
    from xdsl.dialects import arith, builtin, cf, func, llvm, scf, vector  # the runtime of a model never comes here

    from sparsec.dialects.kernel import Kernel
    from sparsec.dialects.lanes import Lanes
    from sparsec.dialects.nn import Nn
    from sparsec.dialects.sparse import Sparse

    shared = (builtin.Builtin, func.Func, arith.Arith, scf.Scf, cf.Cf, vector.Vector, llvm.LLVM)
    return (*shared, Nn, Sparse, Kernel, Lanes)
