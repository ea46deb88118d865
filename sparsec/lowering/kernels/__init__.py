"""The loop nests of kernels: how the function of each op of the `kernel` dialect is written; `KERNELS` is the table."""

from sparsec.dialects import kernel
from sparsec.lowering.kernels.attention import ATTENTION
from sparsec.lowering.kernels.batch_matmul import BATCH_MATMUL
from sparsec.lowering.kernels.copy import COPY
from sparsec.lowering.kernels.counting import DIMENSION, IOTA
from sparsec.lowering.kernels.cumsum import CUMSUM
from sparsec.lowering.kernels.dynamic_quantize import DYNAMIC_QUANTIZE
from sparsec.lowering.kernels.embedding import EMBEDDING
from sparsec.lowering.kernels.frame import KernelTable
from sparsec.lowering.kernels.gather import GATHER, GATHER_ND
from sparsec.lowering.kernels.gather_elements import GATHER_ELEMENTS
from sparsec.lowering.kernels.layer_norm import LAYER_NORM
from sparsec.lowering.kernels.maps import MAP
from sparsec.lowering.kernels.matmul import MATMUL
from sparsec.lowering.kernels.reduce import REDUCE
from sparsec.lowering.kernels.softmax import SOFTMAX
from sparsec.lowering.kernels.token_index import TOKEN_INDEX
from sparsec.lowering.kernels.trilu import TRILU

KERNELS: KernelTable = {
    kernel.Map: MAP,
    kernel.MatMul: MATMUL,
    kernel.Attention: ATTENTION,
    kernel.LayerNorm: LAYER_NORM,
    kernel.Softmax: SOFTMAX,
    kernel.Reduce: REDUCE,
    kernel.CumSum: CUMSUM,
    kernel.Gather: GATHER,
    kernel.GatherND: GATHER_ND,
    kernel.GatherElements: GATHER_ELEMENTS,
    kernel.Embedding: EMBEDDING,
    kernel.Copy: COPY,
    kernel.Trilu: TRILU,
    kernel.Iota: IOTA,
    kernel.Dimension: DIMENSION,
    kernel.BatchMatMul: BATCH_MATMUL,
    kernel.DynamicQuantize: DYNAMIC_QUANTIZE,
    kernel.TokenIndex: TOKEN_INDEX,
}
"""The row of each op class."""
