"""The reader of assembly that tests of kernels look at loops with."""

from tests.lowering.kernels.machine_code import hottest_loop, innermost_loops

TEXT = """
\t.text
kernel:                                 # @kernel
# %bb.0:
\tpushq\t%rbp
\tmovq\t%rsp, %rbp
.LBB0_1:                                # %outer
\tvmovups\t64(%rsp), %zmm3
.LBB0_2:                                # =>This Inner Loop
\t{vex}\tvpdpbusd\t(%rdi), %ymm1, %ymm2
\tvmovups\t%ymm2, -8(%rbp)              # 32-byte Spill
\tjne\t.LBB0_4
\t{vex}\tvpdpbusd\t%ymm3, %ymm1, %ymm2
.LBB0_4:
\tjl\t.LBB0_2
\tjmp\t.LBB0_1
other:
.LBB1_1:
\tvpdpbusd\t8(%rbp), %zmm1, %zmm2
\tjne\t.LBB1_1
\tretq
"""


def test_innermost_loops():
    first, second = innermost_loops(TEXT)
    assert (first.function, first.label, second.function, second.label) == ("kernel", ".LBB0_2", "other", ".LBB1_1")
    assert first.instructions[0] == "vpdpbusd (%rdi), %ymm1, %ymm2" and len(first.instructions) == 5
    assert (first.count("vpdpbusd"), first.from_memory("vpdpbusd"), first.count("j.*")) == (2, 1, 2)
    assert first.stack_traffic == ["vmovups %ymm2, -8(%rbp)"] and not second.stack_traffic
    assert hottest_loop(TEXT, "vpdp.*") == first
