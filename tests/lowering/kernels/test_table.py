"""The tables of kernels and of body ops are complete."""

from sparsec.dialects import kernel
from sparsec.dialects.nn_elementwise import ELEMENTWISE, Quantize
from sparsec.lowering.kernels import KERNELS
from sparsec.lowering.kernels.body_ops import TABLE


def test_every_kernel_op_has_a_row() -> None:
    assert set(KERNELS) == set(kernel.CALLS)


def test_every_elementwise_op_has_instructions() -> None:
    assert {*TABLE, Quantize} == set(ELEMENTWISE)
