"""Whether requests of different lengths may share a call: each filled up with zeros, and its results cut to its length.

That gives the same bytes as a call for each request if zeros are padding for the model, and if nothing but padding
lies between what a sequence gives and its own tokens. Followed are all values that are no activations of the region
whose padding is dropped (`token_region.py`); a sequence in them must depend on itself alone, a token on those up to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from xdsl.dialects.builtin import ArrayAttr, StringAttr
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.utils.hints import isa

from sparsec.builder import INPUT_NAMES
from sparsec.dialects import nn_reductions as rd
from sparsec.dialects import nn_structure as st
from sparsec.dialects.body import yielded
from sparsec.dialects.encoding import element_of, sizes_of, to_numpy
from sparsec.dialects.nn_attention import Attention
from sparsec.dialects.sparse import LayerNorm, Map, MatMul
from sparsec.dialects.tensor_op import integers, normalise_axis, where_of
from sparsec.dims import Dim, Size
from sparsec.errors import InputError
from sparsec.reference import names_of, scope_for
from sparsec.transforms.hidden_keys import Mask, known_values
from sparsec.transforms.token_region import TokenRegion
from sparsec.weights import Array, WeightStore

PACKING = "packing"
"""Attribute of a main function: names of the mask, of the symbols of batch and sequence; or one text, why not."""

Numbers = Mapping[int, Array]
"""What a value is where it belongs to padding, for each axis, counted from the end (1), that has the tokens."""


class _Refused(Exception):
    """Why requests cannot share a call."""


@dataclass(frozen=True)
class Packing:
    """How requests share a call.

    Attributes:
        mask: the input that is 1 for tokens and 0 for padding.
        batch, sequence: the sizes in which calls differ.
    """

    mask: str
    batch: str
    sequence: str


def describe_packing(function: FuncOp, region: TokenRegion | None, weights: WeightStore) -> None:
    """Leave an attribute that `packing_of` reads; to be called before the region is rewritten."""
    try:
        if region is None:
            raise _Refused("it drops no padding: either no mask hides padding from attention, or outputs depend on it")
        found = _Analysis(function, region, weights).run()
        texts = found.mask, found.batch, found.sequence
        function.attributes[PACKING] = ArrayAttr([StringAttr(text) for text in texts])
    except _Refused as reason:
        function.attributes[PACKING] = StringAttr(str(reason))


def packing_of(function: FuncOp) -> Packing | str:
    """How requests share a call, or why they cannot."""
    attribute = function.attributes.get(PACKING)
    if isa(attribute, ArrayAttr[StringAttr]):
        mask, batch, sequence = (text.data for text in attribute)
        return Packing(mask, batch, sequence)
    return attribute.data if isinstance(attribute, StringAttr) else "it was compiled with padding = 'keep'"


@dataclass
class _Analysis:
    function: FuncOp
    region: TokenRegion
    weights: WeightStore
    numbers: dict[SSAValue, Numbers] = field(default_factory=dict[SSAValue, Numbers])

    def run(self) -> Packing:
        batch, sequence = self.region.lead
        names = [size.symbols[0] for size in (batch, sequence) if isinstance(size, Dim) and len(size.symbols) == 1]
        if len(names) != 2 or names[0] == names[1] or (batch, sequence) != tuple(map(Dim.symbol, names)):
            raise _Refused("the numbers of sequences and tokens are fixed, export the model with dynamic ones")
        block = self.function.body.block
        for argument, name in zip(block.args, names_of(self.function, INPUT_NAMES), strict=True):
            self._require_batch(argument, f"input {name!r}")
            zero = np.zeros((), to_numpy(element_of(argument.type)))
            self.numbers[argument] = dict.fromkeys(self._token_axes(argument), zero)
        inside = set(self.region.ops)
        for op in block.ops:
            if op not in inside and not isinstance(op, ReturnOp):
                self._follow(op)
        for value in block.last_op.operands if block.last_op else ():
            self._require_batch(value, "an output")
        self._require_hidden()
        return Packing(self._mask_input(block), *names)

    def _require_batch(self, value: SSAValue, what: str) -> None:
        """Sizes but the first, which is the batch, must be numbers or that of the sequence."""
        first, *others = sizes_of(value.type) or (1,)
        if first != self.region.lead[0] or any(isinstance(s, Dim) and s != self.region.lead[1] for s in others):
            raise _Refused(f"{what} is {value.type}, expected batch, then sequence and numbers")

    def _token_axes(self, value: SSAValue) -> list[int]:
        shape = sizes_of(value.type)
        return [len(shape) - axis for axis, size in enumerate(shape) if size == self.region.lead[1]]

    # Values outside the region

    def _follow(self, op: Operation) -> None:
        """Refuse an op that mixes sequences or looks ahead, else learn what it makes of padding."""
        if not self._keeps_apart(op):
            raise _Refused(f"{where_of(op)} may mix sequences, or tokens with padding")
        match op:
            case Map():
                self._follow_map(op)
            case st.Reshape() | st.Broadcast():
                self._follow_reshape(op.operand, op.result)
            case st.Slice():
                self._follow_slice(op)
            case _:
                pass

    def _keeps_apart(self, op: Operation) -> bool:
        match op:
            case Attention():
                return op in self.region.readers  # its masks are among those of the region
            case st.Constant() | st.Iota() | st.Broadcast() | st.Transpose() | Map() | MatMul():
                return True
            case rd.LayerNorm() | LayerNorm():
                return isinstance(sizes_of(op.operands[0].type)[-1], int)
            case st.Reshape():
                return self._regroups_channels(op)
            case st.Slice():
                sizes = sizes_of(op.operand.type), op.start_sizes, integers(op.steps), sizes_of(op.result.type)
                return all(map(self._keeps_prefix, *sizes))
            case st.Gather():
                return op.axis.value.data == 0 and all(isinstance(s, int) for s in sizes_of(op.operand.type))
            case st.GatherND():
                return op.batch_dims.value.data == 0 and all(isinstance(s, int) for s in sizes_of(op.operand.type))
            case st.Concat():
                axis = normalise_axis(op.axis.value.data, len(sizes_of(op.result.type)), op)
                return isinstance(sizes_of(op.result.type)[axis], int)
            case rd.CumSum():
                axis = normalise_axis(op.axis.value.data, len(sizes_of(op.operand.type)), op)
                return op.reverse is None and sizes_of(op.operand.type)[axis] != self.region.lead[0]
            case rd.Softmax():
                axis = normalise_axis(op.axis.value.data, len(sizes_of(op.operand.type)), op)
                return isinstance(sizes_of(op.operand.type)[axis], int)
            case rd.ReduceOp():
                return self._sums_zeros(op)
            case _:
                return False

    def _regroups_channels(self, op: st.Reshape) -> bool:
        """Whether all that changes is known sizes behind the last symbol, and sizes of 1 anywhere."""
        given, wanted = ([s for s in sizes_of(value.type) if s != 1] for value in (op.operand, op.result))
        while given and wanted and given[0] == wanted[0]:
            given, wanted = given[1:], wanted[1:]
        return all(isinstance(size, int) for size in (*given, *wanted))

    def _keeps_prefix(self, given: Size, start: Size, step: int, taken: Size) -> bool:
        if isinstance(given, int):
            return isinstance(start, int)
        return start == 0 and ((taken == 1 and given == self.region.lead[1]) or (step == 1 and taken == given))

    def _sums_zeros(self, op: rd.ReduceOp) -> bool:
        """Whether it reduces known sizes, or is a sum over one sequence that adds zeros for padding."""
        shape, axes = sizes_of(op.operand.type), op.axis_values
        if all(isinstance(shape[axis], int) for axis in axes):
            return True
        if not isinstance(op, rd.ReduceSum) or len(axes) != 1 or shape[axes[0]] != self.region.lead[1]:
            return False
        number = self.numbers.get(op.operand, {}).get(len(shape) - axes[0])
        return number is not None and not number.any()

    def _follow_map(self, op: Map) -> None:
        axes = {axis for value in op.inputs for axis in self.numbers.get(value, {})}
        for axis in sorted(axes):
            given: dict[SSAValue, Array] = {
                argument: self.numbers[value][axis]
                for value, argument in zip(op.inputs, op.body.block.args, strict=True)
                if axis in self.numbers.get(value, {})
            }
            known = known_values(op.body, given, self.weights)
            for result, value in zip(op.outputs, yielded(op.body), strict=True):
                if value in known:
                    self.numbers[result] = {**self.numbers.get(result, {}), axis: known[value]}

    def _follow_reshape(self, operand: SSAValue, result: SSAValue) -> None:
        """A value with one token axis before and after keeps its number."""
        before, after = self._token_axes(operand), self._token_axes(result)
        held = self.numbers.get(operand, {})
        if len(before) == len(after) == 1 and before[0] in held:
            self.numbers[result] = {after[0]: held[before[0]]}

    def _follow_slice(self, op: st.Slice) -> None:
        """A token axis that is kept whole keeps its number."""
        given, taken = sizes_of(op.operand.type), sizes_of(op.result.type)
        axes = zip(op.start_sizes, integers(op.steps), given, taken, strict=True)
        whole = {
            len(given) - axis
            for axis, (start, step, before, after) in enumerate(axes)
            if (start, step) == (0, 1) and before == after
        }
        held = self.numbers.get(op.operand, {})
        self.numbers[op.result] = {axis: number for axis, number in held.items() if axis in whole}

    # Masks

    def _require_hidden(self) -> None:
        """Refuse masks that may show padding to some query."""
        for group in self.region.masks:
            if not any(self._hides_padding(mask) for mask in group):
                raise _Refused("zeros in the inputs are not what its masks take for padding")
        for factor in self.region.factors:
            held = self.numbers.get(factor.value, {})
            if not any((number == factor.drops).all() for number in held.values()):
                raise _Refused("zeros in the inputs are not what its sums over tokens leave out")

    def _hides_padding(self, mask: Mask) -> bool:
        number = self.numbers.get(mask.value, {}).get(1)
        if number is None:
            return False
        return bool((number == mask.hides).all() if mask.hides is not None else (number <= mask.hidden).all())

    def _mask_input(self, block: Block) -> str:
        """The one input that all masks are computed from; it must show tokens where it is 1."""
        values = [mask.value for group in self.region.masks for mask in group]
        ops, inputs = _computing(values)
        if len(inputs) != 1:
            raise _Refused("its masks are computed from more than one input")
        (source,) = inputs
        for length in (1, 2, 5):
            symbols = {str(self.region.lead[0]): 1, str(self.region.lead[1]): length}
            scope = scope_for(symbols, self.weights)
            ones = np.ones(scope.shape(source.type), to_numpy(element_of(source.type)))
            arrays: dict[SSAValue, Array] = {source: ones}
            with np.errstate(all="ignore"):
                try:
                    for op in ops:
                        arrays.update(zip(op.results, scope.run(op, [arrays[v] for v in op.operands]), strict=True))
                except InputError as error:
                    raise _Refused(f"its masks cannot be computed for {length} tokens: {error}") from error
            for mask in (mask for group in self.region.masks for mask in group):
                first = arrays[mask.value][..., 0]
                if not (first != mask.hides if mask.hides is not None else first >= mask.seen).all():
                    raise _Refused("its masks hide the first token where the mask is 1")
        return names_of(self.function, INPUT_NAMES)[list(block.args).index(source)]  # pyright: ignore


def _computing(values: Sequence[SSAValue]) -> tuple[list[Operation], list[SSAValue]]:
    """The ops that values are computed by, in order, and the inputs that they are computed from."""
    ops: set[Operation] = set()
    inputs: dict[SSAValue, None] = {}
    pending = list(values)
    while pending:
        value = pending.pop()
        if isinstance(value.owner, Block):
            inputs[value] = None
        elif value.owner not in ops:
            ops.add(value.owner)
            pending.extend(value.owner.operands)
    block = next((op.parent for op in ops), None)
    if block is None:
        return [], list(inputs)
    return [op for op in block.ops if op in ops], list(inputs)
