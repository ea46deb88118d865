"""Builds a `kernel.program`: which buffer holds which value, what the packed weights hold, which slots are shared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from xdsl.dialects.builtin import ArrayAttr, DenseArrayBase, IntegerAttr, StringAttr, UnitAttr, i64
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue

from sparsec.builder import constant_value
from sparsec.dialects import kernel, sparse
from sparsec.dialects.encoding import Tensor, as_tensor, layout_of, sizes_of, tile_channels, to_numpy, with_layout
from sparsec.dialects.nn_structure import Constant
from sparsec.dialects.requirements import Requirement
from sparsec.dialects.tensor_op import SOURCE
from sparsec.dims import Dim, Size, product
from sparsec.errors import CompilerBug
from sparsec.lowering.memory_plan import Lifetime, plan_slots
from sparsec.packer import Packer, Packing
from sparsec.packing import ALIGNMENT, Bytes
from sparsec.schedule import TILE, Dataflow
from sparsec.weights import Array, WeightStore, digest_of

KEPT_BYTES = 8 << 20
"""Weights of products that last-level caches keep from one inference to the next; 6 MB stay, 12 MB were seen not to."""


class ProgramBuilder:
    """Appends kernel calls to a program.

    Values of the function being lowered are bound to buffers; a value is looked up with `buffer`, which packs constants
    on first use.

    Attributes:
        bounds: the symbols that are worked out while the program runs, and the most that each can be.

    Args:
        weights: packed weights go there.
        pairs: pack them for targets that multiply bytes only in pairs that fit 16 bits, too.
    """

    def __init__(self, weights: WeightStore, packer: Packer, pairs: bool = False):
        self.bounds: dict[str, Size] = {}
        self._weights, self._packer, self._pairs = weights, packer, pairs
        self._block = Block()
        self._buffers: dict[SSAValue, SSAValue] = {}
        self._names: Counter[int] = Counter()  # of each buffer of the arena
        self._blob = bytearray()
        self._offsets: dict[str, int] = {}
        self._products: dict[int, int] = {}
        self._messages: list[str] = []
        self._arena_sizes: list[Size] = []
        self._required: set[tuple[str, str]] = set()

    # Buffers

    def place(self, op_class: type[kernel.PlaceOp], index: int, tensor: Tensor) -> SSAValue:
        """A new name for a place in memory, seen as `tensor`."""
        return self._place(op_class, index, kernel.BufferType(tensor))

    def _place(self, op_class: type[kernel.PlaceOp], index: int, type: Attribute) -> SSAValue:
        op = op_class.create(result_types=[type], properties={"index": IntegerAttr(index, i64)})
        self._block.add_op(op)
        if op_class is kernel.Arena:
            self._names[index] += 1
        return op.results[0]

    def bind(self, value: SSAValue, buffer: SSAValue) -> None:
        """Say where a value of the function lies."""
        self._buffers[value] = buffer

    def buffer(self, value: SSAValue) -> SSAValue:
        """Where a value of the function lies."""
        if value not in self._buffers:
            if not isinstance(value.owner, Constant):
                raise CompilerBug("a value is used before the call that computes it")
            digest = value.owner.digest  # hashing embeddings again takes a tenth of a second
            offset = self._data(self.array(value), digest and digest.data)
            self._buffers[value] = self.place(kernel.Weights, offset, with_layout(as_tensor(value.type), None))
        return self._buffers[value]

    def array(self, value: SSAValue) -> Array:
        """The numbers of a constant value."""
        array = constant_value(value, self._weights)
        if array is None:
            raise CompilerBug("a kernel needs a constant where the model computes a value")
        return array

    def constant(self, array: Array, tensor: Tensor) -> SSAValue:
        """Constant data in row-major order."""
        return self.place(kernel.Weights, self._data(array), with_layout(tensor, None))

    def begin_packing(self, ops: Iterable[Operation]) -> None:
        """Let the packer know what will be packed."""
        products = [op for op in ops if isinstance(op, sparse.MatMul) and isinstance(op.weight.owner, Constant)]
        wanted = [packing for op in products if (packing := self._packing(op)) is not None]
        self._packer.begin((packing for packing in wanted if packing.digest in self._weights), self._weights)

    def pack(self, op: sparse.MatMul) -> Bytes | None:
        """What the kernel of a product reads of its weight; None if the pattern is to be written into the code."""
        packing = self._packing(op)
        return None if packing is None else self._packer.pack(packing, self.array(op.weight))

    def _packing(self, op: sparse.MatMul) -> Packing | None:
        if op.schedule is None:
            raise CompilerBug("sparse.matmul reached nn-to-kernels without a schedule")
        if op.schedule.schedule.dataflow is Dataflow.BAKED_QUADS:
            return None
        owner = op.weight.owner
        named = owner.digest if isinstance(owner, Constant) else None
        digest = digest_of(self.array(op.weight)) if named is None else named.data
        return Packing(digest, op.schedule.schedule, self._pairs)

    def packed(self, stream: Array) -> SSAValue:
        """A packed weight."""
        offset = self._data(stream)
        self._products[offset] = stream.nbytes
        return self._place(kernel.Weights, offset, kernel.PackedType())

    def _data(self, array: Array, digest: str | None = None) -> int:
        digest = digest or digest_of(array)
        if digest not in self._offsets:
            self._blob.extend(bytes(-len(self._blob) % ALIGNMENT))
            self._offsets[digest] = len(self._blob)
            self._blob.extend(np.ascontiguousarray(array).tobytes())
        return self._offsets[digest]

    def temporary(self, tensor: Tensor) -> SSAValue:
        """A new buffer of the arena."""
        elements = elements_in_memory(tensor)
        elements = elements.substitute(self.bounds) if isinstance(elements, Dim) else elements
        self._arena_sizes.append(elements * to_numpy(tensor.element_type).itemsize)
        return self.place(kernel.Arena, len(self._arena_sizes) - 1, tensor)

    def result(self, value: SSAValue) -> SSAValue:
        """A new buffer of the arena, bound to a value."""
        buffer = self.temporary(as_tensor(value.type))
        self.bind(value, buffer)
        return buffer

    def alias(self, buffer: SSAValue, tensor: Tensor) -> SSAValue:
        """The same memory seen as another tensor."""
        owner = buffer.owner
        if not isinstance(owner, kernel.PlaceOp):
            raise CompilerBug("only places in memory can be seen as another tensor")
        return self.place(type(owner), owner.index_value, tensor)

    # Calls

    def call(
        self,
        op_class: type[kernel.KernelOp],
        ins: Sequence[SSAValue],
        outs: Sequence[SSAValue],
        source: Operation | None = None,
        properties: dict[str, Attribute] | None = None,
        regions: Sequence[Region] = (),
    ) -> None:
        """Append a kernel call; `source` is the op it comes from."""
        op = op_class.build(operands=[ins, outs], properties=properties or {}, regions=regions)
        if source is not None and SOURCE in source.attributes:
            op.attributes[SOURCE] = source.attributes[SOURCE]
        self._block.add_op(op)

    def message(self, text: str) -> IntegerAttr:
        """The number of a run-time error message."""
        if text not in self._messages:
            self._messages.append(text)
        return IntegerAttr(self._messages.index(text), i64)

    def require(self, lower: Size, upper: Size, where: str) -> None:
        """Refuse to run unless `lower <= upper`; `where` is the node that needs it."""
        slack = upper - lower
        if isinstance(slack, int) or all(coefficient >= 0 for _, coefficient in slack.terms):
            return  # an int was checked by the verifier of the op; a sum of sizes is never negative
        key = str(lower), str(upper)
        if key in self._required:
            return
        self._required.add(key)
        text = Requirement(lower, upper, where).broken
        op = kernel.Require.create(
            properties={"lower": StringAttr(key[0]), "upper": StringAttr(key[1]), "message": self.message(text)}
        )
        self._block.add_op(op)

    def write_output(self, index: int, value: SSAValue) -> None:
        """Make output number `index` hold a value: its last call writes there directly if nothing speaks against it."""
        buffer = self.buffer(value)
        tensor = with_layout(value.type, None)
        output = self.place(kernel.Output, index, tensor)
        owner = buffer.owner
        only_name = isinstance(owner, kernel.Arena) and self._names[owner.index_value] == 1
        if only_name and layout_of(value.type) is None:
            output.owner.detach()  # pyright: ignore - a place op, just created
            self._block.insert_op_before(output.owner, owner)  # pyright: ignore
            buffer.replace_all_uses_with(output)
            self.bind(value, output)  # no other value has this buffer, or it would have another name
        else:
            self.copy(buffer, output)

    def copy(
        self,
        source: SSAValue,
        target: SSAValue,
        *,
        sizes: Sequence[Size] | None = None,
        in_axes: Sequence[int] | None = None,
        in_starts: Sequence[Size] | None = None,
        in_steps: Sequence[int] | None = None,
        out_starts: Sequence[Size] | None = None,
        origin: Operation | None = None,
    ) -> None:
        """Append a `kernel.copy`; what is not given means "all of it, in order"."""
        rank_in, shape = len(kernel.buffer_sizes(source)), kernel.buffer_sizes(target)
        self.call(
            kernel.Copy, [source], [target], origin,
            {
                "sizes": _texts(sizes if sizes is not None else shape),
                "in_axes": _integers(in_axes if in_axes is not None else range(rank_in)),
                "in_starts": _texts(in_starts if in_starts is not None else [0] * rank_in),
                "in_steps": _integers(in_steps if in_steps is not None else [1] * rank_in),
                "out_starts": _texts(out_starts if out_starts is not None else [0] * len(shape)),
            },
        )  # fmt: skip

    # The end

    def plan(self) -> None:
        """Give every arena buffer its slot."""
        first: dict[int, int] = {}
        last: dict[int, int] = {}
        for number, op in enumerate(self._block.ops):
            for operand in op.operands:
                if isinstance(operand.owner, kernel.Arena):
                    first.setdefault(operand.owner.index_value, number)
                    last[operand.owner.index_value] = number
        buffers = sorted(first)
        slots = plan_slots([Lifetime(first[b], last[b], self._arena_sizes[b]) for b in buffers])
        slot_of = dict(zip(buffers, slots, strict=True))
        for op in list(self._block.ops):
            if isinstance(op, kernel.PlaceOp) and not op.buffer.uses:
                op.detach()
                op.erase()
            elif isinstance(op, kernel.Arena):
                op.properties["index"] = IntegerAttr(slot_of[op.index_value], i64)

    def finish(self, symbols: Sequence[str]) -> kernel.Program:
        """The program; its packed weights are in the weight store."""
        self._blob += bytes(-len(self._blob) % ALIGNMENT)
        blob = np.frombuffer(self._blob, np.uint8)
        if sum(self._products.values()) > KEPT_BYTES:
            for op in self._block.ops:
                if isinstance(op, kernel.MatMul):
                    op.properties["cold"] = UnitAttr()
        _share_corrections([op for op in self._block.ops if isinstance(op, kernel.Attention)])
        return kernel.Program.create(
            properties={
                "sym_name": StringAttr("main"),
                "symbols": _texts(symbols),
                "weights": StringAttr(self._weights.put(blob)),
                "messages": _texts(self._messages),
            },
            regions=[Region(self._block)],
        )


def _share_corrections(calls: Sequence[kernel.Attention]) -> None:
    """A zero point may happen to be 0 in some layers: that is no reason for a function of their own. Of calls on equal
    buffers, those that correct for less than most do correct for as much."""
    alike: dict[tuple[str, ...], list[kernel.Attention]] = {}
    for call in calls:
        alike.setdefault(tuple(str(operand.type) for operand in call.operands), []).append(call)
    for group in alike.values():
        usual = Counter(call.corrected for call in group).most_common(1)[0][0]
        for call in group:
            if usual is not None and set(call.corrected or ()) < set(usual):
                call.properties["corrected"] = usual


def elements_in_memory(tensor: Tensor) -> Size:
    """About how many elements a buffer takes: tiles are not counted as whole, which the run-time size does."""
    sizes = sizes_of(tensor)
    layout = layout_of(tensor)
    if layout is None:
        return product(sizes)
    channels = tile_channels(sizes[-1], layout)
    return product(sizes[:-1]) * channels + TILE * channels


def _texts(values: Sequence[object]) -> ArrayAttr[StringAttr]:
    return ArrayAttr([StringAttr(str(value)) for value in values])


def _integers(values: Sequence[int]) -> Attribute:
    return DenseArrayBase.from_list(i64, [int(value) for value in values])
