"""Questions about a function body, which at [graph] to [scheduled] is one straight line of pure ops in use order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.traits import IsTerminator, Pure
from xdsl.utils.exceptions import VerifyException


def function_blocks(module: ModuleOp) -> Iterator[Block]:
    """The body of each function that has one."""
    for op in module.ops:
        if isinstance(op, FuncOp) and op.body.blocks:
            yield op.body.block


def require_order(module: ModuleOp) -> None:
    """What xDSL's verifier does not ask: that no op reads what a later op of the same block makes.

    Raises:
        VerifyException: with both ops.
    """
    seen: set[Operation] = set()
    for op in module.walk():
        for maker in (operand.owner for operand in op.operands):
            if isinstance(maker, Operation) and maker not in seen and _encloses(maker.parent, op):
                raise VerifyException(f"{op.name} reads a value before {maker.name} makes it")
        seen.add(op)


def _encloses(block: Block | None, op: Operation) -> bool:
    around: Operation | None = op
    while around is not None and around.parent is not block:
        around = around.parent_op()
    return around is not None


def erase_dead(block: Block) -> None:
    """Erase pure ops whose results nobody uses, also inside the bodies of ops that stay."""
    for op in reversed(list(block.ops)):
        if op.has_trait(Pure) and not op.has_trait(IsTerminator) and not _is_used(op):
            op.detach()
            op.erase()
            continue
        for region in op.regions:
            for inner in region.blocks:
                erase_dead(inner)


def erase_unread(op: Operation) -> None:
    """Erase a pure op if nobody uses its results, and then what only it has used."""
    pending = [op]
    while pending:
        last = pending.pop()
        if last.parent is None or not last.has_trait(Pure) or last.has_trait(IsTerminator) or _is_used(last):
            continue
        pending += [operand.owner for operand in last.operands if isinstance(operand.owner, Operation)]
        last.detach()
        last.erase()


def _is_used(op: Operation) -> bool:
    return any(result.first_use is not None for result in op.results)


def users_of(op: Operation) -> set[Operation]:
    """The ops that use any result of `op`."""
    return {use.operation for result in op.results for use in result.uses}


def only_user(value: SSAValue) -> Operation | None:
    """The one op that uses `value`, perhaps more than once; None when there are none or several."""
    users = {use.operation for use in value.uses}
    return users.pop() if len(users) == 1 else None


@dataclass(frozen=True)
class Path:
    """The ops between two ops, seen from the first: what depends on it and what the second needs.

    Attributes:
        between: ops after the first and before the second, in order.
        dependent: those of them that need a result of the first, directly or not.
    """

    between: tuple[Operation, ...]
    dependent: frozenset[Operation]

    def needed_by(self, values: Iterable[SSAValue]) -> list[Operation] | None:
        """The ops between that `values` need, in order; None when one of them depends on the first op."""
        between, needed = set(self.between), set[Operation]()
        pending = [value.owner for value in values]
        while pending:
            owner = pending.pop()
            if not isinstance(owner, Operation) or owner not in between or owner in needed:
                continue
            if owner in self.dependent:
                return None
            needed.add(owner)
            pending.extend(operand.owner for operand in owner.operands)
        return [op for op in self.between if op in needed]


def path_between(first: Operation, second: Operation) -> Path:
    """The ops between two ops of one block; `first` must come first."""
    between: list[Operation] = []
    dependent: set[Operation] = set()
    op = first.next_op
    while op is not None and op is not second:
        between.append(op)
        if any(operand.owner is first or operand.owner in dependent for operand in op.operands):
            dependent.add(op)
        op = op.next_op
    return Path(tuple(between), frozenset(dependent))


def move_before(ops: Sequence[Operation], place: Operation) -> None:
    """Move ops of one block, keeping their order, to just before `place`."""
    for op in ops:
        op.detach()
    block = place.parent
    if ops and block is not None:
        block.insert_ops_before(ops, place)
