"""Byte products are the same on every instruction set, and their inner loops are what the set allows."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest
from xdsl.dialects.builtin import DenseArrayBase, UnitAttr, i32, i64
from xdsl.ir import Attribute, Block

from sparsec.builder import Builder
from sparsec.dialects import kernel
from sparsec.dialects.sparse import ScheduleAttr
from sparsec.lowering.kernels.matmul import CHUNK, MATMUL
from sparsec.lowering.kernels.quads import QuadCore
from sparsec.lowering.kernels.rows import RowCore
from sparsec.lowering.kernels.vector import build_function
from sparsec.packing import WeightLayout, pack_weight, pairs_cannot_saturate
from sparsec.packing_baked import bake, flatten
from sparsec.schedule import Dataflow, Schedule
from sparsec.weights import WeightStore
from tests.lowering.kernels.machine_code import Loop, hottest_loop, innermost_loops
from tests.lowering.kernels.run_kernel import Compiled, buffer, kernel_call
from tests.lowering.kernels.test_quads import QUADS, ROWS, product_function
from tests.native import AVX2, AVX512, AVX512VBMI, AVXVNNI, assembly, each_target, target_name

MULTIPLY = "vpdpbusd|v?pmaddwd|vpmaddubsw"
SHAPES = [(1, 1), (9, 1), (1, 37), (5, 301), (CHUNK + 5, 132)]
TOKENS = [1, 13, 33, 48, 64, 100]


def product(rows: int, columns: int, dataflow: Dataflow, *, pairs_fit: bool = False) -> kernel.MatMul:
    """`kernel.matmul` that stores its sums."""
    body = Builder(WeightStore(), Block()).body([i32], lambda _, args: [args[0]])
    properties: dict[str, Attribute] = {"schedule": ScheduleAttr.of(Schedule(dataflow))}
    if pairs_fit:
        properties["pairs_fit"] = UnitAttr()
    x, out = (buffer(kind, ("t", size), tiled=True) for kind, size in (("uint8", columns), ("int32", rows)))
    op = kernel_call(kernel.MatMul, [x, kernel.PackedType()], [out], properties, [body])
    assert isinstance(op, kernel.MatMul)
    return op


def matrices(rows: int, columns: int) -> dict[str, np.ndarray]:
    """Weights over the full range: some blocks, empty and full rows, nothing, extremes, 7 bits, and what four products
    of 16 bits just hold."""
    random = np.random.default_rng(rows * columns)
    drawn = random.integers(-128, 128, (rows, columns)).astype(np.int8)
    kept = np.repeat(random.random((-(-rows // 4), columns)) < 0.4, 4, axis=0)[:rows]
    holes = drawn.copy()
    holes[::3] = 0
    holes[: rows // 2 : 5] = 127
    small = np.clip(drawn, -64, 64)
    small[-1] = [-64, 64, -128, 0, 127, 1][: min(columns, 6)] + [64] * max(0, columns - 6)
    zeros = np.zeros_like(drawn)
    return {
        "blocks": np.where(kept, drawn, zeros),
        "holes": holes,
        "zeros": zeros,
        "lowest": np.full_like(drawn, -128),
        "small": small,
        "fours": np.where(random.random((-(-rows // 4), 1)) < 0.5, -32, 32).repeat(4, 0)[:rows] + zeros,
        "more": np.where(kept, 33, zeros),
        "light": np.clip(drawn, -40, 40),
    }


@each_target
@pytest.mark.parametrize("dataflow", QUADS)
@pytest.mark.parametrize(("rows", "columns"), SHAPES)
def test_sums_are_exact(features: frozenset[str], dataflow: Dataflow, rows: int, columns: int) -> None:
    natives: dict[bool, Compiled] = {}
    random = np.random.default_rng(7)
    orders = (False, True) if dataflow is Dataflow.GATHER_QUADS else (False,)
    for weight, pairs in itertools.product(matrices(rows, columns).values(), orders):
        packed = pack_weight(weight, Schedule(dataflow), pairs=pairs)
        layout = WeightLayout(rows, columns, dataflow)
        fits = dataflow is Dataflow.DENSE_QUADS and pairs_cannot_saturate(packed, layout)
        if fits not in natives:
            op = product(rows, columns, dataflow, pairs_fit=fits)
            natives[fits] = Compiled(op, MATMUL, ("t",), targets=[features])
        for tokens in TOKENS:
            x = random.integers(0, 256, (tokens, columns)).astype(np.uint8)
            x[::2, ::2] = 255
            (found,) = natives[fits](x, packed, t=tokens)
            np.testing.assert_array_equal(found, x.astype(np.int64) @ weight.T.astype(np.int64))
    assert (True in natives) is (dataflow is Dataflow.DENSE_QUADS)


def inner_loops(features: frozenset[str], dataflow: Dataflow, *, pairs_fit: bool = False) -> list[Loop]:
    """The loops of a large product that multiply, for all token counts and for the last rows too."""
    op = product(767, 768, dataflow, pairs_fit=pairs_fit)
    text = assembly([build_function("f", features, lambda e, args: MATMUL.write(op, e, args, ("t",)))])
    return [loop for loop in innermost_loops(text) if loop.count(MULTIPLY)]


@pytest.mark.parametrize("dataflow", QUADS)
@pytest.mark.parametrize("features", [AVX512, AVX512VBMI], ids=target_name)
def test_one_tile_is_sixteen_dot_products(features: frozenset[str], dataflow: Dataflow) -> None:
    loops = inner_loops(features, dataflow)
    assert max(loop.count("vpdpbusd") for loop in loops) == 16
    assert not any(loop.stack_traffic for loop in loops)


def test_patterns_in_the_code_have_no_loop_over_one_tile() -> None:
    weight = np.repeat(np.random.default_rng(0).random((16, 64)) < 0.2, 4, axis=0).astype(np.int8)
    pieces, _ = bake(weight)
    op = product(64, 64, Dataflow.BAKED_QUADS)
    op.properties["pieces"] = DenseArrayBase.from_list(i64, flatten(pieces))
    text = assembly([build_function("f", AVX512, lambda e, args: MATMUL.write(op, e, args, ("t",)))])
    assert len(pieces) == 16 and len(re.findall(r"\n\s+j[a-z]+\s", text)) <= 2  # none, or all, of the tiles


@pytest.mark.parametrize("dataflow", QUADS)
@pytest.mark.parametrize("width", [16, 32])
def test_narrow_pieces_are_permuted_where_one_permutation_does(dataflow: Dataflow, width: int) -> None:
    core = QuadCore(WeightLayout(768, 768, dataflow), width, width)
    loop = hottest_loop(assembly([product_function(core, AVX512VBMI)]), "vpdpbusd")
    assert loop.count("vpdpbusd") == width // 4 and loop.count("vperm.*") == width // 16
    assert not loop.count("vpunpck.*")


@pytest.mark.parametrize(
    ("features", "dataflow", "pairs_fit", "counts"),
    [
        (AVXVNNI, Dataflow.DENSE_QUADS, False, {"vpdpbusd": 8}),
        (AVXVNNI, Dataflow.GATHER_QUADS, False, {"vpdpbusd": 8}),
        (AVX2, Dataflow.DENSE_QUADS, False, {"vpmaddwd": 16, "vpmaddubsw": 0}),
        (AVX2, Dataflow.DENSE_QUADS, True, {"vpmaddwd": 8, "vpmaddubsw": 8}),
    ],
)
def test_narrow_registers_hold_a_piece_of_the_tile(
    features: frozenset[str], dataflow: Dataflow, pairs_fit: bool, counts: dict[str, int]
) -> None:
    require_loops(inner_loops(features, dataflow, pairs_fit=pairs_fit), counts)


def test_gathered_weights_are_couples_then_pairs_then_words_on_avx2() -> None:
    loops = inner_loops(AVX2, Dataflow.GATHER_QUADS)
    most = max(loop.count("vpmaddubsw") for loop in loops)
    couples = [loop for loop in loops if loop.count("vpmaddubsw") == most]
    assert {(loop.count("vpmaddubsw"), loop.count("vpmaddwd"), loop.count("vpaddw")) for loop in couples} == {
        (16, 8, 8)
    }
    assert all(len(loop.stack_traffic) <= 3 for loop in couples)
    pairs = [loop for loop in loops if loop.count("vpmaddubsw") and not loop.count("vpaddw")]
    require_loops(pairs, {"vpmaddwd": 8, "vpmaddubsw": 8})
    words = [loop for loop in loops if not loop.count("vpmaddubsw")]
    widest = max(words, key=lambda loop: loop.count("vpmaddwd"))
    assert (widest.count("vpmaddwd"), widest.from_memory("vpbroadcastd"), len(widest.stack_traffic)) == (16, 8, 9)


def require_loops(loops: list[Loop], counts: dict[str, int]) -> None:
    """The widest of some loops has so many of these instructions; none spills or takes wider registers."""
    assert loops and not any(loop.stack_traffic for loop in loops)
    for mnemonic, count in counts.items():
        assert max(loop.count(mnemonic) for loop in loops) == count
    assert not any("zmm" in line for loop in loops for line in loop.instructions)


@pytest.mark.parametrize("dataflow", ROWS)
@pytest.mark.parametrize("features", [AVX512, AVX2], ids=target_name)
def test_float_sums_stay_in_registers(features: frozenset[str], dataflow: Dataflow) -> None:
    width = 64 if features == AVX512 else 16
    core = RowCore(WeightLayout(768, 768, dataflow), width)
    loop = hottest_loop(assembly([product_function(core, features, 64)]), "vfmadd.*")
    assert loop.count("vfmadd.*") == (16 if features == AVX512 else 8)
    assert not loop.stack_traffic
