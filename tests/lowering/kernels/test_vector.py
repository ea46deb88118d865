"""The emitter against numpy: elementary functions bit for bit, and every method whose code differs between targets."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from xdsl.dialects.builtin import f32, i8, i16, i32, i64
from xdsl.ir import Attribute

from sparsec import elementary
from sparsec.elementary import Arithmetic
from sparsec.errors import CompilerBug
from sparsec.lowering.kernels.vector import Emitter, Value, build_function, pointer, vector_of
from sparsec.numpy_arithmetic import NumpyArithmetic
from tests.native import AVX2, AVX512, AVX512VBMI, PORTABLE, Native, assembly, each_target

Steps = Callable[..., object]

FUNCTIONS: dict[str, Callable[[Arithmetic, object], object]] = {
    "exp": elementary.exp,
    "exp_of_non_positive": lambda m, x: elementary.exp_of_non_positive(
        m, elementary.negate(m, elementary.absolute(m, x))
    ),
    "log": elementary.log,
    "erf": elementary.erf,
    "tanh": elementary.tanh,
    "sigmoid": elementary.sigmoid,
    "gelu": elementary.gelu,
    "gelu_tanh": elementary.gelu_tanh,
    "sin": elementary.sin,
    "cos": elementary.cos,
    "sqrt": lambda m, x: m.sqrt(x),
    "reciprocal": lambda m, x: m.div(1.0, x),
    "floor": elementary.floor,
    "ceil": elementary.ceil,
    "round": elementary.round_even,
    "truncate": elementary.truncate,
    "absolute": elementary.absolute,
    "negate": elementary.negate,
    "sign": elementary.sign,
    "relu": elementary.relu,
    "cube": lambda m, x: elementary.power_constant(m, x, 3.0),
    "inverse_root": lambda m, x: elementary.power_constant(m, x, -0.5),
    "power_1.7": lambda m, x: elementary.power_constant(m, x, 1.7),
    "quantize_u8": lambda m, x: m.to_float(elementary.quantize(m, x, 3.7, 117, 0, 255)),
    "quantize_s8": lambda m, x: m.to_float(elementary.quantize(m, x, 0.01, -3, -128, 127)),
    "round_to_int": lambda m, x: m.from_bits(m.round_to_int(x)),
    "dequantize": lambda m, x: elementary.dequantize(m, m.bits(x), 0.125, 77),
    "is_nan": lambda m, x: m.select(m.is_nan(x), 1.0, x),
    "clamp": lambda m, x: elementary.minimum(m, 6.0, elementary.maximum(m, 0.0, x)),
}


def everything() -> np.ndarray:
    """float32 of all kinds: usual sizes, all magnitudes, random bit patterns, limits; a multiple of 32 of them."""
    random = np.random.default_rng(11)
    usual = random.uniform(-100, 100, 20_000).astype(np.float32)
    near = random.normal(size=20_000).astype(np.float32)
    patterns = random.integers(0, 2**32, 40_000, dtype=np.uint64).astype(np.uint32).view(np.float32)
    special = [
        0.0,
        -0.0,
        np.nan,
        np.inf,
        -np.inf,
        3.4e38,
        -3.4e38,
        1e-45,
        -1e-45,
        1.1754944e-38,
        8388608.5,
        2147483648.0,
    ]
    ties = np.arange(-300, 300) / 2
    limits = [-87.3, -87.30001, 88.72283, 88.72284, 88.8, 5.319696, -5.319696, 3.95, 9.1, 127.5, -127.5, 255.5]
    everything = np.concatenate([usual, near, patterns, np.array([*special, *limits, *ties], np.float32)])
    return np.resize(everything, -(-len(everything) // 32) * 32).astype(np.float32)


def require_same_bits(result: np.ndarray, expected: np.ndarray, x: np.ndarray, what: str) -> None:
    """Equal bits, except that any NaN equals any other: x86 and numpy choose its payload freely."""
    differ = (result.view(np.int32) != expected.view(np.int32)) & ~(np.isnan(result) & np.isnan(expected))
    assert not differ.any(), f"{what}: {x[differ][:5]} -> {result[differ][:5]}, expected {expected[differ][:5]}"


def vector_loop(lanes: int, steps: Callable[[Emitter, Value], Value]) -> Callable[[Emitter, tuple[Value, ...]], None]:
    """A kernel body that applies the steps to `count` f32 elements, `lanes` at a time."""

    def body(e: Emitter, args: tuple[Value, ...]) -> None:
        source, target, count = args

        def turn(index: Value, _: tuple[Value, ...]) -> None:
            at = e.mul(index, 4)
            element: Attribute = f32 if lanes == 1 else vector_of(f32, lanes)
            e.store(steps(e, e.load(element, source, at)), target, at)

        e.for_loop(0, count, turn, step=lanes)

    return body


@each_target
@pytest.mark.parametrize("lanes", [32, 16, 8, 1])
def test_elementary_functions_have_the_bits_of_numpy(features: frozenset[str], lanes: int) -> None:
    x = everything() if lanes >= 16 else everything()[-1600:]
    native = Native(
        *(
            build_function(
                name, features, vector_loop(lanes, lambda e, v, f=function: f(e, v)), (pointer, pointer, i64)
            )
            for name, function in FUNCTIONS.items()
        )
    )
    for name, function in FUNCTIONS.items():
        out = np.empty_like(x)
        native.call(name, x, out, len(x))
        require_same_bits(out, np.asarray(function(NumpyArithmetic(), x)), x, name)


@each_target
def test_power_and_log_of_pairs(features: frozenset[str]) -> None:
    x = everything()
    y = np.roll(np.where(np.abs(x) < 50, x, np.float32(3)), 5)

    def body(e: Emitter, args: tuple[Value, ...]) -> None:
        def turn(index: Value, _: tuple[Value, ...]) -> None:
            at = e.mul(index, 64)
            first, second = (e.load(vector_of(f32, 16), args[i], at) for i in range(2))
            e.store(elementary.power(e, first, second), args[2], at)

        e.for_loop(0, len(x) // 16, turn)

    native = Native(build_function("power", features, body, [pointer] * 3))
    out = np.empty_like(x)
    native.call("power", x, y, out)
    require_same_bits(out, elementary.power(NumpyArithmetic(), x, y), x, "power")


def run(
    features: frozenset[str], body: Callable[[Emitter, tuple[Value, ...]], None], *arrays: np.ndarray | int
) -> None:
    inputs = [pointer if isinstance(array, np.ndarray) else i64 for array in arrays]
    Native(build_function("f", features, body, inputs)).call("f", *arrays)


@each_target
@pytest.mark.parametrize("pairs_fit", [False, True])
def test_dot4_is_exact_over_the_full_range(features: frozenset[str], pairs_fit: bool) -> None:
    random = np.random.default_rng(1)
    count = 500
    unsigned = random.integers(0, 256, (count, 16, 4)).astype(np.uint8)
    signed = random.integers(-128, 128, (count, 16, 4)).astype(np.int8)
    unsigned[0], signed[0] = 255, -128
    unsigned[1], signed[1] = 255, 127
    if pairs_fit:
        rest = 128 - np.abs(signed[..., ::2].astype(np.int32))
        signed[..., 1::2] = np.clip(signed[..., 1::2], -rest, np.minimum(rest, 127))
        unsigned[2:20] = 255
    start = random.integers(-(2**31), 2**31, (count, 16)).astype(np.int32)
    out = np.empty_like(start)

    def body(e: Emitter, args: tuple[Value, ...]) -> None:
        def turn(index: Value, _: tuple[Value, ...]) -> None:
            at = e.mul(index, 64)
            u, s = (e.load(vector_of(i8, 64), args[i], at) for i in range(2))
            total = e.load(vector_of(i32, 16), args[2], at)
            e.store(e.dot4(total, u, s, pairs_fit=pairs_fit), args[3], at)

        e.for_loop(0, count, turn)

    run(features, body, unsigned, signed, start, out)
    products = (unsigned.astype(np.int64) * signed.astype(np.int64)).sum(axis=2) + start
    np.testing.assert_array_equal(out, products.astype(np.int32))


@each_target
def test_pairs_of_words_are_multiplied_exactly(features: frozenset[str]) -> None:
    a, b = np.random.default_rng(2).integers(-(2**15) + 1, 2**15, (2, 32)).astype(np.int16)
    a[:2], b[:2] = 32767, -32767
    out = np.zeros(16, np.int32)

    def body(e: Emitter, args: tuple[Value, ...]) -> None:
        left, right = (e.load(vector_of(i16, 32), args[i]) for i in range(2))
        e.store(e.multiply_pairs(left, right), args[2])

    run(features, body, a, b, out)
    np.testing.assert_array_equal(out, (a.astype(np.int64) * b).reshape(16, 2).sum(axis=1))


@each_target
@pytest.mark.parametrize("signed", [False, True])
def test_narrow_saturates(features: frozenset[str], signed: bool) -> None:
    values = np.array([0, 1, -1, 127, 128, -128, -129, 255, 256, 32767, 32768, -32769, 2**31 - 1, -(2**31), 5, 70000])
    out = np.zeros(16, np.uint8)

    def body(e: Emitter, args: tuple[Value, ...]) -> None:
        e.store(e.narrow(e.load(vector_of(i32, 16), args[0]), signed), args[1])

    run(features, body, values.astype(np.int32), out)
    limits = (-128, 127) if signed else (0, 255)
    np.testing.assert_array_equal(out.view(np.int8) if signed else out, np.clip(values, *limits))


@each_target
@pytest.mark.parametrize("lanes", [16, 32, 64])
def test_look_up_of_every_byte(features: frozenset[str], lanes: int) -> None:
    table = np.random.default_rng(lanes).integers(0, 256, 256).astype(np.uint8)
    bytes_ = np.random.default_rng(1).permutation(256).astype(np.uint8)
    out = np.zeros(256, np.uint8)

    def body(e: Emitter, args: tuple[Value, ...]) -> None:
        loaded = e.load_table(args[0])

        def turn(start: Value, held: tuple[Value, ...]) -> None:
            e.store(e.look_up(loaded, e.load(vector_of(i8, lanes), args[1], start)), args[2], start)

        e.for_loop(0, 256, turn, step=lanes)

    run(features, body, table, bytes_, out)
    np.testing.assert_array_equal(out, table[bytes_])


def test_look_up_takes_two_permutations() -> None:
    def body(e: Emitter, args: tuple[Value, ...]) -> None:
        e.store(e.look_up(e.load_table(args[0]), e.load(vector_of(i8, 64), args[1])), args[1])

    text = assembly([build_function("f", AVX512VBMI, body, [pointer, pointer])])
    permutations = text.count("vpermi2b") + text.count("vpermt2b")
    assert permutations == 2


@each_target
@pytest.mark.parametrize("element", [i8, i32, f32], ids=str)
def test_masked_access_touches_only_its_lanes(features: frozenset[str], element: Attribute) -> None:
    dtype = {i8: np.int8, i32: np.int32, f32: np.float32}[element]
    vector = vector_of(element, 16)

    def body(e: Emitter, args: tuple[Value, ...]) -> None:
        mask = e.tail_mask(args[3])
        loaded = e.load_masked(vector, args[0], 0, mask)
        e.store(loaded, args[1])
        e.store_masked(loaded, args[2], 0, mask)

    native = Native(build_function("f", features, body, (pointer, pointer, pointer, i64)))
    for count in (0, 1, 7, 15, 16, 40):
        source = np.arange(1, 17).astype(dtype)
        loaded, stored = np.full(16, 9, dtype), np.full(16, 9, dtype)
        native.call("f", source, loaded, stored, count)
        inside = np.arange(16) < count
        np.testing.assert_array_equal(loaded, np.where(inside, source, 0))
        np.testing.assert_array_equal(stored, np.where(inside, source, 9))


@each_target
@pytest.mark.parametrize("element", [i32, f32], ids=str)
def test_gather(features: frozenset[str], element: Attribute) -> None:
    table = np.arange(100).astype(np.float32 if element == f32 else np.int32)
    indices = np.array([0, 5, -1, 20, 7, 7, 49, 3, -50, 12, 13, 14, 15, 16, 17, 18], np.int32)
    out = np.zeros(16, table.dtype)

    def body(e: Emitter, args: tuple[Value, ...]) -> None:
        middle = e.offset(args[0], 200)
        e.store(e.gather(element, middle, e.load(vector_of(i32, 16), args[1])), args[2])

    run(features, body, table, indices, out)
    np.testing.assert_array_equal(out, table[50 + indices])


@each_target
@pytest.mark.parametrize("element", [i32, f32], ids=str)
def test_gather_far_away(features: frozenset[str], element: Attribute) -> None:
    table = np.arange(100).astype(np.float32 if element == f32 else np.int32)
    places = np.array([0, 5, 99, 20, 7, 7, 49, 3, 50, 12, 13, 14, 15, 16, 17, 18])
    out = np.zeros(16, table.dtype)

    def body(e: Emitter, args: tuple[Value, ...]) -> None:
        indices = e.load(vector_of(i64, 16), args[1])
        e.store(e.gather(element, e.offset(args[0], e.i64(-4 * 2**33)), indices), args[2])

    run(features, body, table, places + 2**33, out)
    np.testing.assert_array_equal(out, table[places])


@each_target
def test_loops_branches_and_rearrangements(features: frozenset[str]) -> None:
    out = np.zeros(64, np.int32)

    def body(e: Emitter, args: tuple[Value, ...]) -> None:
        target, count = args

        def outer(i: Value, carried: tuple[Value, ...]) -> Sequence[Value]:
            (total,) = e.for_loop(0, i, lambda j, inner: [e.add(inner[0], j)], carried)
            (chosen,) = e.if_(e.less(i, 3), lambda: [e.mul(total, 2)], lambda: [total])
            return [chosen]

        (total,) = e.for_loop(1, count, outer, [e.i64(0)], step=2)
        e.store(e.truncate(total, i32), target)
        e.if_(e.equal(e.rem(count, 2), 0), lambda: e.store(e.i32(77), target, 4))
        numbers = e.iota()
        e.store(e.unpack(numbers, e.add(numbers, 100), False), target, 64)
        e.store(e.concat(e.split(numbers, 4)[::-1]), target, 128)
        e.store(e.extract(numbers, 11), target, 8)
        e.store(e.replace_lane(numbers, e.i32(-5), 2), target, 192)

    run(features, body, out, 8)
    # i = 1, 3, 5, 7: each adds 0 + .. + i-1; the first doubles
    assert out[0] == (0 * 2) + 3 + 10 + 21
    assert (out[1], out[2]) == (77, 11)
    assert list(out[16:24]) == [0, 100, 1, 101, 4, 104, 5, 105]
    assert list(out[32:40]) == [12, 13, 14, 15, 8, 9, 10, 11]
    assert list(out[48:52]) == [0, 1, -5, 3]


def test_fma_is_fused_only_where_the_target_can() -> None:
    def body(e: Emitter, args: tuple[Value, ...]) -> None:
        a = e.load(vector_of(f32, 16), args[0])
        e.store(e.fma(a, a, a), args[0])

    def text(features: frozenset[str]) -> str:
        return assembly([build_function("f", features, body, [pointer])])

    assert "vfmadd" in text(AVX512) and "vfmadd" in text(AVX2)
    assert "mulps" in text(PORTABLE) and "call" not in text(PORTABLE)


def test_multiplication_and_addition_are_never_fused() -> None:
    def body(e: Emitter, args: tuple[Value, ...]) -> None:
        a = e.load(vector_of(f32, 16), args[0])
        e.store(e.add(e.mul(a, a), a), args[0])

    assert "vfmadd" not in assembly([build_function("f", AVX512, body, [pointer])])


def test_exp_takes_few_instructions() -> None:
    def body(e: Emitter, args: tuple[Value, ...]) -> None:
        e.store(elementary.exp(e, e.load(vector_of(f32, 16), args[0])), args[0])

    text = assembly([build_function("f", AVX512, body, [pointer])])
    assert sum(line.strip().startswith("v") for line in text.splitlines()) < 40


def test_a_mistake_in_a_kernel_is_a_bug_with_types() -> None:
    def body(e: Emitter, args: tuple[Value, ...]) -> None:
        e.add(args[0], e.i32(1))

    with pytest.raises(CompilerBug, match="operands of types i64 and i32 do not go together"):
        build_function("f", PORTABLE, body, [i64])
    with pytest.raises(CompilerBug, match="one of the operands 1, 2 must be a value"):
        build_function("f", PORTABLE, lambda e, args: e.store(e.add(1, 2), args[0]), [pointer])


def test_constants_appear_once_and_keep_the_sign_of_zero() -> None:
    def body(e: Emitter, args: tuple[Value, ...]) -> None:
        assert e.f32(1.5) is e.f32(1.5)
        assert e.f32(0.0) is not e.f32(-0.0)
        assert e.constant(255, i8) is e.constant(-1, i8)
        assert e.constant(1, vector_of(i32, 4)) is e.constant_vector([1, 1, 1, 1], i32)

    function = build_function("f", PORTABLE, body, [])
    assert len(list(function.body.block.ops)) == 6
