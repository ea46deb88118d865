"""One spelling for what exporters spell in many ways: moves merged, identities dropped, every value made once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Attribute, Block, Operation
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import RewritePattern
from xdsl.traits import IsTerminator

from sparsec.context import weights_of
from sparsec.dialects.tensor_op import SOURCE
from sparsec.transforms import arithmetic_rewrites, batch_rewrites, shape_rewrites
from sparsec.transforms.matching import apply_rewrites
from sparsec.transforms.straight_line import erase_dead, function_blocks
from sparsec.weights import WeightStore


@dataclass(frozen=True)
class CanonicaliseGraph(ModulePass):
    """Reshapes, transposes and broadcasts merged, neutral arithmetic dropped, common and dead ops removed. Exact."""

    name = "canonicalise-graph"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        rewrites = _rewrites(weights_of(ctx))
        for block in function_blocks(op):
            share_common(block)
        while apply_rewrites(op, rewrites):
            for block in function_blocks(op):
                share_common(block)
        for block in function_blocks(op):
            erase_dead(block)


def _rewrites(weights: WeightStore) -> list[RewritePattern]:
    return [
        shape_rewrites.MergeReshapes(weights),
        shape_rewrites.MergeTransposes(weights),
        shape_rewrites.TransposeQuantisedConstant(weights),
        shape_rewrites.MoveBytes(weights),
        shape_rewrites.DropIdentityMoves(),
        shape_rewrites.MergeBroadcasts(weights),
        shape_rewrites.TransposeBeforePicking(weights),
        shape_rewrites.ReshapeBeforeBroadcast(weights),
        shape_rewrites.TransposeBeforeBroadcast(weights),
        shape_rewrites.ReduceBeforeBroadcast(weights),
        shape_rewrites.KeepReducedAxes(weights),
        arithmetic_rewrites.DropNeutral(weights),
        arithmetic_rewrites.DropIdentityCasts(),
        arithmetic_rewrites.ChooseKnown(weights),
        arithmetic_rewrites.DropNaNGuards(weights),
        arithmetic_rewrites.SpellPower(weights),
        shape_rewrites.SinkBroadcasts(weights),
        batch_rewrites.SplitBatches(weights),
        batch_rewrites.WorkBeforeMerging(weights),
    ]


def share_common(block: Block, kind: type[Operation] = Operation) -> None:
    """Make each value once: of equal ops of a kind on equal operands the first serves all. Sources may differ."""
    first: dict[tuple[object, ...], Operation] = {}
    for op in list(block.ops):
        if not isinstance(op, kind) or op.regions or op.has_trait(IsTerminator):
            continue
        attributes = {name: value for name, value in op.attributes.items() if name != SOURCE}
        key = (type(op), op.operands, _items(op.properties), _items(attributes), tuple(op.result_types))
        same = first.setdefault(key, op)
        if same is not op:
            for old, new in zip(op.results, same.results, strict=True):
                old.replace_all_uses_with(new)
            op.detach()
            op.erase()


def _items(attributes: Mapping[str, Attribute]) -> tuple[tuple[str, object], ...]:
    return tuple(sorted(attributes.items(), key=lambda item: item[0]))
