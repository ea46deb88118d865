"""The loop nests of kernels: how the function of each op of the `kernel` dialect is written; `KERNELS` is the table."""

from sparsec.dialects import kernel
from sparsec.lowering.kernels.frame import KernelTable
from sparsec.lowering.kernels.maps import MAP

KERNELS: KernelTable = {
    kernel.Map: MAP,
}
"""The row of each op class."""
