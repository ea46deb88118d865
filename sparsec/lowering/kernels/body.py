"""Emits bodies: regions of elementwise ops, 16 lanes at a time.

A body is evaluated in steps, from the outside of a loop nest to the inside::

    body = BodyEmitter(op.body, e).prepare({1: scale})       # before the loops: all that follows from scalars
    row = body.prepare({2: channel_bias})                    # in the outer loop: what follows from one channel
    (y,) = row.apply([x])                                    # in the inner loop: the rest, on vectors

Each step emits at the current place every op whose operands are known by then, and spreads scalars over lanes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xdsl.dialects import llvm
from xdsl.dialects.builtin import f32, f64, i8
from xdsl.ir import Attribute, Operation, Region, SSAValue

from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects.body import Yield
from sparsec.dialects.encoding import TableType, to_numpy, ui8
from sparsec.dialects.kernel import buffer_element, buffer_sizes
from sparsec.dialects.nn_structure import Constant
from sparsec.dims import is_number
from sparsec.errors import CompilerBug
from sparsec.lowering.kernels.body_ops import TABLE, constant_number, convert, emit_constant
from sparsec.lowering.kernels.elements import carried, load, narrow, unread, widen
from sparsec.lowering.kernels.vector import LANES, Emitter, Value, lanes_of


@dataclass(frozen=True)
class _Quantiser:
    """What quantising needs besides the number: scalars or vectors.

    Attributes:
        inverse: 1 / scale, None when it is 1.
        low, high: the clip limits before the zero point is added, f32.
        zero: the zero point, i32, None when it is 0.
        scalar_zero: the same, not spread over lanes.
    """

    inverse: Value | None
    low: Value
    high: Value
    zero: Value | None
    scalar_zero: Value | None

    def spread(self, e: Emitter, lanes: int) -> _Quantiser:
        """The same in every lane."""

        def one(value: Value) -> Value:
            return e.broadcast(value, lanes) if lanes_of(value.type) == 1 else value

        inverse = None if self.inverse is None else one(self.inverse)
        zero = None if self.zero is None else one(self.zero)
        return _Quantiser(inverse, one(self.low), one(self.high), zero, self.scalar_zero)


class BodyEmitter:
    """A body of which some values are known. Immutable: each `prepare` gives a new one.

    Args:
        body: the region; its block arguments are numbered from 0.
        e: where to emit.
        lanes: of the vectors.
    """

    def __init__(self, body: Region, e: Emitter, lanes: int = LANES):
        self._body = body
        self._e = e
        self._lanes = lanes
        self._known: dict[SSAValue, Value] = {}
        self._spread: dict[SSAValue, Value] = {}
        self._quantisers: dict[Operation, _Quantiser] = {}
        self._without_zero: frozenset[Operation] = frozenset()
        self._tables: dict[SSAValue, tuple[Value, ...]] = {}

    def prepare(self, known: Mapping[int, Value]) -> BodyEmitter:
        """The body once these arguments are known, scalars or vectors in the carried type of their elements."""
        step = BodyEmitter(self._body, self._e, self._lanes)
        step._without_zero = self._without_zero
        step._known = dict(self._known)
        step._spread = dict(self._spread)
        step._quantisers = dict(self._quantisers)
        step._tables = dict(self._tables)
        arguments = self._body.block.args
        for index, value in known.items():
            expected = carried(arguments[index].type, lanes_of(value.type))
            if value.type != expected:
                raise CompilerBug(f"argument {index} of a body is {value.type} and should be {expected}")
            step._known[arguments[index]] = value
            if isinstance(arguments[index].type, TableType) and arguments[index].first_use is not None:
                step._tables[arguments[index]] = self._e.load_table(value)
        step._run()
        step._spread_for_later()
        return step

    def apply(self, varying: Sequence[Value]) -> list[Value]:
        """What the body yields, as vectors.

        An ui8 that comes straight from a quantize may lie outside [0, 255] on either side, as i32: store it with
        saturation, as `elements.narrow` and the pack instructions do.

        Args:
            varying: the arguments that no `prepare` was given, in order.
        """
        missing = [index for index, argument in enumerate(self._body.block.args) if argument not in self._known]
        if len(missing) != len(varying):
            raise CompilerBug(f"a body lacks {len(missing)} arguments and was given {len(varying)}")
        step = self.prepare(dict(zip(missing, varying, strict=True)))
        last = self._body.block.last_op
        if not isinstance(last, Yield):
            raise CompilerBug("a body does not end in sparse.yield")
        return [step._vector(value) for value in last.values]

    def leave_zeros(self) -> tuple[BodyEmitter, list[Value | None]]:
        """A body that leaves adding zero points to the stores, where it is cheaper; for each yielded value the zero
        point (i32) that its store must add before it saturates, None where there is nothing to add.

        Only zero points that are known by now are left, and only of bytes that are known to be bounded.
        """
        last = self._body.block.last_op
        owners = [value.owner for value in last.operands] if isinstance(last, Yield) else []
        left = {
            owner: self._quantisers[owner].scalar_zero
            for owner in owners
            if isinstance(owner, ew.Quantize) and owner in self._quantisers and _is_only_stored(owner)
        }
        body = self.prepare({})
        body._without_zero = frozenset(left)
        return body, [left.get(owner) if isinstance(owner, ew.Quantize) else None for owner in owners]

    def _run(self) -> None:
        for op in self._body.block.ops:
            if isinstance(op, Yield) or op.results[0] in self._known:
                continue
            if isinstance(op, Constant):
                self._known[op.result] = emit_constant(self._e, op, carried(op.result.type))
            elif all(operand in self._known for operand in op.operands):
                self._known[op.results[0]] = self._emit(op)
            elif isinstance(op, ew.Quantize) and op not in self._quantisers and self._has_parameters(op):
                scale, zero = self._known[op.scale], self._known[op.zero_point]
                self._quantisers[op] = self._quantiser(op, scale, zero).spread(self._e, self._lanes)

    def _has_parameters(self, op: ew.Quantize) -> bool:
        return op.scale in self._known and op.zero_point in self._known

    def _spread_for_later(self) -> None:
        """Vectors of the scalars that ops of later steps may need, made while still outside their loops."""
        for op in self._body.block.ops:
            if op.results and op.results[0] in self._known:
                continue
            for index, operand in enumerate(op.operands):
                if operand in self._known and not (op in self._quantisers and index > 0):
                    self._vector(operand)

    def _vector(self, value: SSAValue) -> Value:
        known = self._known[value]
        if lanes_of(known.type) == self._lanes or value in self._tables:
            return known
        if value not in self._spread:
            if isinstance(value.owner, Constant):
                self._spread[value] = emit_constant(self._e, value.owner, carried(value.type, self._lanes))
            else:
                self._spread[value] = self._e.broadcast(known, self._lanes)
        return self._spread[value]

    def _emit(self, op: Operation) -> Value:
        """The op on scalars if all its operands are scalars, else on vectors."""
        scalar = all(lanes_of(self._known[operand].type) == 1 for operand in op.operands)
        if isinstance(op, ew.Quantize):
            return self._quantize(op, scalar)
        if isinstance(op, ew.Lookup) and not scalar:
            return self._look_up(op)
        operands = [self._known[operand] if scalar else self._vector(operand) for operand in op.operands]
        if isinstance(op, ew.ElementwiseOp) and type(op) in TABLE:
            return TABLE[type(op)](self._e, op, operands)
        raise CompilerBug(f"{op.name} has no row in body_ops.py")

    def _look_up(self, op: ew.Lookup) -> Value:
        e = self._e
        packed = narrow(e, self._vector(op.operand), op.operand.type)
        return widen(e, e.look_up(self._tables[op.table], packed), op.result.type)

    # Quantize

    def _quantiser(self, op: ew.Quantize, scale: Value, zero: Value) -> _Quantiser:
        e, limits = self._e, _limits(op.zero_point.type)
        low, high = (e.to_float(e.sub(limit, zero)) for limit in limits)
        inverse = None if constant_number(op.scale) == 1.0 else e.div(1.0, scale)
        kept = None if constant_number(op.zero_point) == 0 else zero
        return _Quantiser(inverse, low, high, kept, kept)

    def _quantize(self, op: ew.Quantize, scalar: bool) -> Value:
        e = self._e
        if op in self._quantisers:
            quantiser, x = self._quantisers[op], self._vector(op.operand)
        else:
            x, scale, zero = (self._known[value] if scalar else self._vector(value) for value in op.operands)
            quantiser = self._quantiser(op, scale, zero)
        if op.operand.type == f64:
            x = convert(e, llvm.FPTruncOp, x, f32)
        scaled = x if quantiser.inverse is None else e.mul(x, quantiser.inverse)
        if not scalar and self._saturates(op) and op.bounded is not None:
            clipped = scaled
        elif not scalar and self._saturates(op) and op.result.type == ui8:
            # too low, or NaN: at most INT_MIN + 255, which stores and lookups saturate to 0
            clipped = e.minimum(quantiser.high, scaled)
        else:
            clipped = e.minimum(e.maximum(scaled, quantiser.low), quantiser.high)
        rounded = e.round_to_int(clipped)
        return rounded if quantiser.zero is None or op in self._without_zero else e.add(rounded, quantiser.zero)

    def _saturates(self, op: ew.Quantize) -> bool:
        """Whether the result is only seen saturated."""
        seen = all(isinstance(use.operation, Yield | ew.Lookup) for use in op.result.uses)
        return seen and op.result.type in (ui8, i8)


ByChannel = tuple[int, Attribute, Value]
"""An argument of a body that is one number per channel: which, its element, where they lie."""


def numbers_and_channels(
    body: Region, first: int, e: Emitter, buffers: Sequence[SSAValue], places: Sequence[Value]
) -> tuple[dict[int, Value], list[ByChannel]]:
    """The arguments of a body from `first` on, which are numbers or one number per channel: those that are known
    already, by number, and the others. Nothing is loaded for who reads none."""
    known: dict[int, Value] = {}
    channels: list[ByChannel] = []
    for argument, (buffer, place) in enumerate(zip(buffers, places, strict=True), first):
        element = buffer_element(buffer)
        if body.block.args[argument].first_use is None:
            known[argument] = unread(e, element, place)
        elif is_number(buffer_sizes(buffer)):
            known[argument] = load(e, element, place)
        else:
            channels.append((argument, element, place))
    return known, channels


def _is_only_stored(op: ew.Quantize) -> bool:
    """Whether a byte is bounded and no lookup in between wants its zero point."""
    stored = all(isinstance(use.operation, Yield) for use in op.result.uses)
    return op.bounded is not None and op.result.type in (ui8, i8) and stored


def _limits(element: Attribute) -> tuple[int, int]:
    bits = 8 * to_numpy(element).itemsize
    return (0, 2**bits - 1) if element == ui8 else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
