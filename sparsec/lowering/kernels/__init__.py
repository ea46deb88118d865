"""The loop nests of kernels: how the function of each op of the `kernel` dialect is written; `KERNELS` is the table."""

from sparsec.dialects import kernel
from sparsec.lowering.kernels.attention import ATTENTION
from sparsec.lowering.kernels.copy import COPY
from sparsec.lowering.kernels.frame import KernelTable
from sparsec.lowering.kernels.gather import GATHER, GATHER_ND
from sparsec.lowering.kernels.layer_norm import LAYER_NORM
from sparsec.lowering.kernels.maps import MAP
from sparsec.lowering.kernels.matmul import MATMUL

KERNELS: KernelTable = {
    kernel.Map: MAP,
    kernel.MatMul: MATMUL,
    kernel.Attention: ATTENTION,
    kernel.LayerNorm: LAYER_NORM,
    kernel.Gather: GATHER,
    kernel.GatherND: GATHER_ND,
    kernel.Copy: COPY,
}
"""The row of each op class."""
