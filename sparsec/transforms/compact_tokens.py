"""Padding is dropped where nobody can tell: what comes between embeddings and outputs works on real tokens only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, StringAttr, i64
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass

from sparsec.builder import Builder
from sparsec.context import weights_of
from sparsec.dialects import nn_elementwise as ew
from sparsec.dialects import nn_reductions as rd
from sparsec.dialects import nn_structure as st
from sparsec.dialects.encoding import element_of, sizes_of
from sparsec.dialects.nn_attention import Attention
from sparsec.dialects.nn_tokens import PackedAttention, TokenIndex
from sparsec.dialects.sparse import LayerNorm, Map, MatMul
from sparsec.dialects.tensor_op import integers
from sparsec.dims import Dim, Size, product
from sparsec.errors import CompilerBug
from sparsec.transforms.bodies import absorb
from sparsec.transforms.kept_tokens import kept_tokens
from sparsec.transforms.request_packing import describe_packing
from sparsec.transforms.straight_line import erase_dead, move_before
from sparsec.transforms.token_region import TokenRegion, find_region, takes_first_token
from sparsec.weights import WeightStore

TOKENS = "tokens"
"""What the number of kept tokens is called, unless the model has a size of this name."""


@dataclass(frozen=True)
class CompactTokens(ModulePass):
    """Activations `[batch, sequence, K]` -> `[tokens, K]`, the tokens that count of one sequence after the other.

    Dropped is what lies behind the last token of a sequence that counts. It is known when the model runs, from the
    masks themselves (`nn.token_index`): a token counts if some attention may see its key (`hidden_keys.py`), or if it
    has a factor that is not 0 in a sum over tokens. A sequence whose first key is hidden keeps all of its tokens:
    if no key is seen, every key has a weight. Otherwise each query sees the first key, also under a causal mask.

    So it is safe to drop a token if all that is computed from it, up to these masks, is looked at nowhere else: that is
    what `token_region.py` finds out, going backwards from the outputs. Results do not change by a bit, unless what
    would be computed for dropped tokens is not finite: then it no longer reaches anybody.

    Attributes:
        padding: `exact` as said; with `zero` nobody looks at dropped tokens of outputs either, they are 0 there;
            `keep` drops nothing.
    """

    name = "compact-tokens"

    padding: str = "exact"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        weights = weights_of(ctx)
        for function in op.ops:
            if not isinstance(function, FuncOp) or self.padding == "keep":
                continue
            block = function.body.block
            region = find_region(block, weights, outputs_too=self.padding == "zero")
            place = None if region is None else _make_room(block, region)
            describe_packing(function, None if place is None else region, weights)
            if region is not None and place is not None:
                _Compaction(region, weights).apply(block, place)
                erase_dead(block)


def _make_room(block: Block, region: TokenRegion) -> Operation | None:
    """Move all that decides which tokens are kept before the first op of the region, which is returned.

    None if some of it is computed from the region.
    """
    inside, first = set(region.ops), region.ops[0]
    needed: set[Operation] = set()
    deciding = [*(mask.value for masks in region.masks for mask in masks), *(factor.value for factor in region.factors)]
    pending = [value.owner for value in deciding]
    while pending:
        owner = pending.pop()
        if isinstance(owner, Operation) and owner not in needed:
            if owner in inside:
                return None
            needed.add(owner)
            pending.extend(operand.owner for operand in owner.operands)
    ops = list(block.ops)
    move_before([op for op in ops[ops.index(first) :] if op in needed], first)
    return first


@dataclass
class _Compaction:
    region: TokenRegion
    weights: WeightStore
    compact: dict[SSAValue, SSAValue] = field(default_factory=dict[SSAValue, SSAValue])
    indices: dict[tuple[Size, Size], SSAValue] = field(default_factory=dict[tuple[Size, Size], SSAValue])

    def apply(self, block: Block, first: Operation) -> None:
        builder = Builder.before(self.weights, first)
        needed, seen = kept_tokens(builder, self.region)
        name = StringAttr(_fresh_name(block))
        self.index = builder.create(TokenIndex, [needed, seen], {"tokens": name})
        self.tokens: Size = Dim.symbol(name.data)
        self.indices[self.region.lead] = self.index.results[1]
        for op in self.region.ops:
            new = self._compacted(op, Builder.before(self.weights, op))
            self.compact.update(zip(op.results, new, strict=True))
        for op in self.region.readers:
            (new,) = self._attention(op, op.q, Builder.before(self.weights, op))
            op.result.replace_all_uses_with(new)
        self._connect_readers()

    # Inside

    def _compacted(self, op: Operation, b: Builder) -> Sequence[SSAValue]:
        """The results of an op of the region on kept tokens."""
        match op:
            case Attention():
                return self._attention(op, self._whole(op.q, b), b)
            case MatMul() | Map():
                rank = len(sizes_of(op.results[0].type))
                operands = [
                    value if isinstance(op, MatMul) and number == 1 else self._operand(value, rank, b)
                    for number, value in enumerate(op.operands)
                ]
                regions = [op.body.clone()]
                return b.create(type(op), operands, dict(op.properties), regions=regions).results
            case rd.LayerNorm() | LayerNorm():
                x, *others = op.operands
                regions = [region.clone() for region in op.regions]
                return b.create(type(op), [self._whole(x, b), *others], dict(op.properties), regions=regions).results
            case st.Gather():
                return [b.gather(op.operand, self._whole(op.indices, b), 0)]
            case st.Reshape():
                return [b.reshape(self._whole(op.operand, b), [self.tokens, *sizes_of(op.result.type)[2:]])]
            case st.Slice():
                shape = [self.tokens, *sizes_of(op.result.type)[2:]]
                starts, steps = (0, *op.start_sizes[2:]), integers(op.steps)[1:]
                return [b.slice(self._whole(op.operand, b), starts, shape, steps)]
            case _:
                raise CompilerBug(f"compact-tokens took {op.name} for an op on tokens")

    def _attention(self, op: Attention, q: SSAValue, b: Builder) -> Sequence[SSAValue]:
        qkv = [q, self._whole(op.k, b), self._whole(op.v, b)]
        properties = dict(op.properties) | {"sequence": StringAttr(str(self.region.lead[1]))}
        operands = [self.index.results[0], *qkv, *op.extras]
        return b.create(PackedAttention, operands, properties, regions=[part.clone() for part in op.regions]).results

    def _whole(self, value: SSAValue, b: Builder) -> SSAValue:
        """The kept tokens of a value that has all of them."""
        return self._operand(value, len(sizes_of(value.type)), b)

    def _operand(self, value: SSAValue, rank: int, b: Builder) -> SSAValue:
        """The kept tokens of an operand that broadcasts to `[batch, sequence, ...]` of this rank; it still does, to
        `[tokens, ...]`."""
        if value not in self.compact:
            shape = (1,) * (rank - len(sizes_of(value.type))) + sizes_of(value.type)
            lead, rest = shape[:2], shape[2:]
            if product(lead) != 1:
                flat = b.reshape(value, [product(lead), *rest])
                self.compact[value] = b.gather(flat, self._index_of(lead, b), 0)
            elif len(sizes_of(value.type)) < rank:
                return value
            else:
                self.compact[value] = b.reshape(value, [1, *rest])
        return self.compact[value]

    def _index_of(self, lead: Sequence[Size], b: Builder) -> SSAValue:
        """For each kept token its place in `[batch, sequence]` where one of both is 1."""
        key = lead[0], lead[1]
        if key not in self.indices:
            places = b.broadcast(b.reshape(b.iota(product(key)), key), self.region.lead)
            flat = b.reshape(places, [product(self.region.lead)])
            self.indices[key] = b.gather(flat, self.index.results[1], 0)
        return self.indices[key]

    # At the border

    def _connect_readers(self) -> None:
        inside = {*self.region.ops, *self.region.readers}
        for op in self.region.ops:
            for value in op.results:
                for reader in dict.fromkeys(use.operation for use in value.uses):
                    if reader not in inside:
                        self._connect(reader, value, Builder.before(self.weights, reader))

    def _connect(self, reader: Operation, value: SSAValue, b: Builder) -> None:
        """Give an op behind the region what it reads."""
        if isinstance(reader, st.Slice) and takes_first_token(reader):
            offsets = self.index.results[0]
            starts = b.slice(offsets, [0], [self.region.lead[0]], [1])
            first = b.gather(self.compact[value], starts, 0)
            reader.result.replace_all_uses_with(b.reshape(first, sizes_of(reader.result.type)))
            return
        # a dropped token gets the numbers of any other one: not finite, perhaps, so that a factor of 0 is not enough
        zeroed = self._zeroed(b.gather(self.compact[value], self.index.results[2], 0), b)
        for index, operand in enumerate(reader.operands):
            if operand is value:
                reader.operands[index] = zeroed.outputs[0]
        if isinstance(reader, Map) and sizes_of(reader.outputs[0].type) == sizes_of(value.type):
            absorb(zeroed, reader)

    def _zeroed(self, spread: SSAValue, b: Builder) -> Map:
        """The same with zeros for dropped tokens."""
        shape = sizes_of(spread.type)
        places = b.reshape(self.index.results[2], [*self.region.lead, *[1] * (len(shape) - 2)])
        element = element_of(spread.type)

        def body(inner: Builder, args: Sequence[SSAValue]) -> Sequence[SSAValue]:
            dropped = inner.apply(ew.Less, args[1], inner.scalar(0, i64))
            return [inner.apply(ew.Where, dropped, inner.scalar(0, element), args[0])]

        new = b.create(Map, [spread, places], regions=[b.body([element, i64], body)])
        assert isinstance(new, Map)
        return new


def _fresh_name(block: Block) -> str:
    """A name for the number of tokens that no size of the function has."""
    values = [*block.args, *(result for op in block.ops for result in op.results)]
    sizes = (size for value in values for size in sizes_of(value.type))
    taken = {name for size in sizes if isinstance(size, Dim) for name in size.symbols}
    name, number = TOKENS, 1
    while name in taken:
        name, number = f"{TOKENS}_{number}", number + 1
    return name
