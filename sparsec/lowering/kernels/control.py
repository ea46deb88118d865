"""The second layer of the emitter: pointers, memory, loops, branches, calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xdsl.dialects import func, llvm, scf
from xdsl.dialects.builtin import IntegerAttr, IntegerType, i8, i64
from xdsl.ir import Attribute, Block, Operation, SSAValue

from sparsec.errors import CompilerBug
from sparsec.lowering.kernels.values import Operand, Value, ValueEmitter, element_of, pointer, size_of
from sparsec.lowering.make_op import intrinsic_call, make_op

Body = Callable[[Value, tuple[Value, ...]], Sequence[Value] | None]
Branch = Callable[[], Sequence[Value] | None]


def _moved(base: Value, count: Value | int) -> Operation:
    return llvm.GEPOp.from_mixed_indices(base, [count], i8)


class ControlEmitter(ValueEmitter):
    """Adds memory and control flow to `ValueEmitter`."""

    # Pointers and memory

    def offset(self, base: Value, byte_offset: Operand) -> Value:
        """The pointer `byte_offset` bytes (i64) beyond `base`."""
        if isinstance(byte_offset, SSAValue):
            return self.make(_moved, [base, byte_offset])
        if byte_offset == 0:
            return base
        return self.make(_moved, [base], int(byte_offset))

    def scaled(self, count: Operand, size: int) -> Operand:
        """The bytes that `count` things of `size` bytes take, as an offset."""
        return self.mul(count, size) if isinstance(count, SSAValue) else int(count) * size

    def load(self, value_type: Attribute, base: Value, byte_offset: Operand = 0, align: int | None = None) -> Value:
        """Load a scalar or a whole vector.

        Args:
            align: bytes the address is known to be a multiple of; by default only the size of one element.
        """
        address = self.offset(base, byte_offset)
        return self.make(llvm.LoadOp, [address], value_type, align or size_of(element_of(value_type)))

    def store(self, value: Value, base: Value, byte_offset: Operand = 0, align: int | None = None) -> None:
        """Store a scalar or a whole vector; `align` as for `load`."""
        address = self.offset(base, byte_offset)
        self.insert(make_op(llvm.StoreOp, [value, address], align or size_of(element_of(value.type))))

    def stack(self, size: int, align: int = 64) -> Value:
        """A pointer to `size` bytes that live as long as the function runs (a few KB at most)."""
        return self._hoist(llvm.AllocaOp(self._size_constant(size), i8, align))

    def _size_constant(self, size: int) -> Value:
        return self._hoist(llvm.ConstantOp(IntegerAttr(size, i64), i64))

    # Loops and branches

    def for_loop(
        self, low: Operand, high: Operand, body: Body, carried: Sequence[Value] = (), step: Operand = 1
    ) -> tuple[Value, ...]:
        """`for index = low; index < high; index += step`, signed, over i64.

        Args:
            body: called once with the index and the carried values; returns the next carried values.
            carried: what the carried values are before the first turn.

        Returns:
            the carried values after the last turn.
        """
        bounds = [bound if isinstance(bound, SSAValue) else self.i64(int(bound)) for bound in (low, high, step)]
        block = Block(arg_types=[i64, *(value.type for value in carried)])
        outer, self._block = self._block, block
        results = tuple(body(block.args[0], tuple(block.args[1:])) or ())
        self._require_types(results, carried, "loop body")
        self.insert(scf.YieldOp(*results))
        self._block = outer
        loop = scf.ForOp(bounds[0], bounds[1], bounds[2], carried, block)
        self.insert(loop)
        return tuple(loop.results)

    def if_(self, condition: Value, then: Branch, otherwise: Branch | None = None) -> tuple[Value, ...]:
        """Run one of two branches; both return values of the same types."""
        then_block, then_results = self._branch(then)
        else_block, else_results = self._branch(otherwise or (lambda: None))
        self._require_types(else_results, then_results, "else branch")
        types = [value.type for value in then_results]
        branch = scf.IfOp(condition, types, [then_block], [else_block] if otherwise else None)
        self.insert(branch)
        return tuple(branch.results)

    def _branch(self, emit: Branch) -> tuple[Block, tuple[Value, ...]]:
        block = Block()
        outer, self._block = self._block, block
        results = tuple(emit() or ())
        self.insert(scf.YieldOp(*results))
        self._block = outer
        return block, results

    @staticmethod
    def _require_types(given: Sequence[Value], expected: Sequence[Value], what: str) -> None:
        given_types = [value.type for value in given]
        expected_types = [value.type for value in expected]
        if given_types != expected_types:
            raise CompilerBug(f"a {what} returns {given_types}, expected {expected_types}")

    # Calls

    def call(self, callee: str, arguments: Sequence[Value], result_type: Attribute | None = None) -> Value | None:
        """Call a function of the module by name."""
        op = llvm.CallOp(callee, *arguments, return_type=result_type)
        self.insert(op)
        return op.returned

    def call_function(self, callee: str, arguments: Sequence[Value]) -> None:
        """Call a function of the same [loops] module that returns nothing."""
        self.insert(func.CallOp(callee, list(arguments), []))

    def address_of(self, symbol: str) -> Value:
        """The address of a function or global of the module."""
        return self.result(llvm.AddressOfOp(symbol, pointer))

    def intrinsic(self, name: str, arguments: Sequence[Value], result_type: Attribute) -> Value:
        """Call an LLVM intrinsic by its full, mangled name."""
        return self.make(intrinsic_call(name, result_type), arguments)

    def intrinsic_store(self, name: str, arguments: Sequence[Value]) -> None:
        """Call an LLVM intrinsic that returns nothing."""
        self.insert(make_op(intrinsic_call(name), arguments))

    def prefetch(self, base: Value, byte_offset: Operand) -> None:
        """Begin to bring what lies there, if anything does, into the first-level cache."""
        arguments = [self.offset(base, byte_offset), self.i32(0), self.i32(3), self.i32(1)]
        self.intrinsic_store("llvm.prefetch.p0", arguments)

    def load_extended(self, value_type: Attribute, base: Value, byte_offset: Operand, element: IntegerType) -> Value:
        """Load unsigned integers and widen them to `element`."""
        return self.zero_extend(self.load(value_type, base, byte_offset), element)
