"""The `kernel` dialect, stage [kernels]: a program of kernel calls on buffers whose memory is planned.

A `kernel.program` is one inference. Its buffers lie in the caller's arrays (`kernel.input`, `kernel.output`), in the
packed weights (`kernel.weights`) or in a slot of the arena (`kernel.arena`). A slot is as large as the largest buffer
that is ever put there; sizes are functions of the symbolic dimensions, worked out when the program runs. Every other op
is one kernel call in destination-passing style::

    kernel.map ins(%a, %b) outs(%c) : (!kernel.buffer<...>, ...) -> !kernel.buffer<...> body (%p: f32, %q: f32) {...}

Ops that are equal but for their operands share one function, so whatever differs between layers (weights, scales) is a
buffer, not a property.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import (
    I64,
    ArrayAttr,
    DenseArrayBase,
    FloatAttr,
    FunctionType,
    IntegerAttr,
    StringAttr,
    SymbolNameConstraint,
    TensorType,
    UnitAttr,
    f32,
    i32,
)
from xdsl.ir import Attribute, Dialect, ParametrizedAttribute, Region, SSAValue, TypeAttribute
from xdsl.irdl import (
    AttrSizedOperandSegments,
    IRDLOperation,
    irdl_attr_definition,
    irdl_op_definition,
    opt_prop_def,
    prop_def,
    region_def,
    result_def,
    traits_def,
    var_operand_def,
)
from xdsl.parser import Parser, UnresolvedOperand
from xdsl.printer import Printer
from xdsl.traits import NoTerminator, Pure
from xdsl.utils.exceptions import VerifyException

from sparsec.dialects.body import verify_body
from sparsec.dialects.encoding import Layout, Tensor, element_of, layout_of, sizes_of
from sparsec.dialects.sparse import ScheduleAttr
from sparsec.dialects.tensor_op import integers, parse_property, print_property
from sparsec.dims import Size, parse_size, product
from sparsec.errors import CompilerBug


@irdl_attr_definition
class BufferType(ParametrizedAttribute, TypeAttribute):
    """Memory that holds a tensor in the layout of its encoding, 64-byte aligned."""

    name = "kernel.buffer"
    tensor: TensorType


@irdl_attr_definition
class PackedType(ParametrizedAttribute, TypeAttribute):
    """A weight packed for one dataflow; what it holds is known to that dataflow's packing and kernel alone."""

    name = "kernel.packed"


def tensor_of(buffer: SSAValue) -> Tensor:
    """The tensor type a buffer holds."""
    if not isinstance(buffer.type, BufferType):
        raise CompilerBug(f"expected a buffer, got {buffer.type}")
    return buffer.type.tensor


def buffer_sizes(buffer: SSAValue) -> tuple[Size, ...]:
    """The logical sizes of a buffer."""
    return sizes_of(tensor_of(buffer))


def buffer_element(buffer: SSAValue) -> Attribute:
    """The element type of a buffer."""
    return element_of(tensor_of(buffer))


def buffer_layout(buffer: SSAValue) -> Layout | None:
    """The layout of a buffer; None is row-major."""
    return layout_of(tensor_of(buffer))


@irdl_op_definition
class Program(IRDLOperation):
    """One inference: declares where buffers lie and calls kernels in order.

    `weights` is the digest of the bytes that `kernel.weights` offsets count in; `symbols` are the dimensions that calls
    bind; `messages` are the texts of errors that kernels can report while running.
    """

    name = "kernel.program"
    sym_name = prop_def(SymbolNameConstraint())
    symbols = prop_def(ArrayAttr[StringAttr])
    weights = prop_def(StringAttr)
    messages = prop_def(ArrayAttr[StringAttr])
    body = region_def("single_block")
    traits = traits_def(NoTerminator())
    assembly_format = (
        "$sym_name `symbols` $symbols `weights` $weights `messages` $messages attr-dict-with-keyword $body"
    )


class PlaceOp(IRDLOperation):
    """Names a place in memory."""

    index = prop_def(IntegerAttr[I64])
    buffer = result_def(BufferType | PackedType)
    traits = traits_def(Pure())
    assembly_format = "`<` $index `>` attr-dict `:` type($buffer)"

    @property
    def index_value(self) -> int:
        """Which input, output or slot; the byte offset for weights."""
        return self.index.value.data


@irdl_op_definition
class Input(PlaceOp):
    """The array of input number `index`, row-major, owned by the caller."""

    name = "kernel.input"


@irdl_op_definition
class Output(PlaceOp):
    """The array of output number `index`, row-major, owned by the caller."""

    name = "kernel.output"


@irdl_op_definition
class Arena(PlaceOp):
    """Slot number `index` of the context's arena."""

    name = "kernel.arena"


@irdl_op_definition
class Weights(PlaceOp):
    """Constant data at byte `index` of the packed weights."""

    name = "kernel.weights"


@irdl_op_definition
class Require(IRDLOperation):
    """`lower <= upper`, sizes written as text; otherwise run-time message number `message` and no call at all."""

    name = "kernel.require"
    lower = prop_def(StringAttr)
    upper = prop_def(StringAttr)
    message = prop_def(IntegerAttr[I64])
    assembly_format = "$lower `within` $upper `else` $message attr-dict"

    def verify_(self) -> None:
        slack = parse_size(self.lower.data) - parse_size(self.upper.data)
        if isinstance(slack, int):
            known = "always" if slack <= 0 else "never"
            raise VerifyException(f"kernel.require: {self.lower.data} <= {self.upper.data} is {known} true")


class KernelOp(IRDLOperation):
    """A kernel call: reads `ins`, writes `outs`."""

    ins = var_operand_def(BufferType | PackedType)
    outs = var_operand_def(BufferType)
    irdl_options = (AttrSizedOperandSegments(as_property=True),)

    def print(self, printer: Printer) -> None:
        for name, group in (("ins", self.ins), ("outs", self.outs)):
            printer.print_string(f" {name}(")
            printer.print_list(group, printer.print_operand)
            printer.print_string(")")
        properties = {name: value for name, value in self.properties.items() if name != "operandSegmentSizes"}
        if properties:
            printer.print_string(" ")
            with printer.in_angle_brackets():
                printer.print_list(properties.items(), lambda item: print_property(printer, *item))
        if self.attributes:
            printer.print_op_attributes(self.attributes)
        printer.print_string(" : ")
        printer.print_function_type([value.type for value in self.ins], [value.type for value in self.outs])
        for (name, _), region in zip(self.get_irdl_definition().regions, self.regions, strict=True):
            printer.print_string(f" {name} (")
            printer.print_list(region.block.args, printer.print_block_argument)
            printer.print_string(") ")
            printer.print_region(region, print_entry_block_args=False)

    @classmethod
    def parse(cls, parser: Parser) -> KernelOp:
        groups: list[list[UnresolvedOperand]] = []
        for name in ("ins", "outs"):
            parser.parse_keyword(name)
            groups.append(parser.parse_comma_separated_list(parser.Delimiter.PAREN, parser.parse_unresolved_operand))
        properties: dict[str, Attribute] = {}
        if parser.parse_optional_punctuation("<"):
            while True:
                key = parser.parse_identifier()
                properties[key] = parse_property(parser)
                if not parser.parse_optional_punctuation(","):
                    break
            parser.parse_punctuation(">")
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        signature: FunctionType = parser.parse_function_type()
        ins = parser.resolve_operands(groups[0], signature.inputs.data, parser.pos)
        outs = parser.resolve_operands(groups[1], signature.outputs.data, parser.pos)
        regions: list[Region] = []
        for name, _ in cls.get_irdl_definition().regions:
            parser.parse_keyword(name)
            arguments = parser.parse_comma_separated_list(parser.Delimiter.PAREN, parser.parse_argument)
            regions.append(parser.parse_region(arguments))
        return cls.build(operands=[ins, outs], properties=properties, attributes=attributes, regions=regions)

    def require_operands(self, ins: int, outs: int) -> None:
        """Refuse any other number of operands."""
        if (len(self.ins), len(self.outs)) != (ins, outs):
            raise VerifyException(
                f"{self.name} takes {ins} ins and {outs} outs, got {len(self.ins)} and {len(self.outs)}"
            )


@irdl_op_definition
class Map(KernelOp):
    """`outs = body(ins...)` elementwise with numpy broadcasting; all outs have one shape and layout."""

    name = "kernel.map"
    body = region_def("single_block")

    def verify_(self) -> None:
        verify_body(self, "body", self.body, [], [buffer_element(value) for value in self.ins])


@irdl_op_definition
class MatMul(KernelOp):
    """`outs = body(x @ transpose(weight), extras...)`; ins are x (tiled), the packed weight, then the extras.

    `body` takes an i32 or f32 accumulator, then the extras. The outs are tiled. `pairs_fit` says that the products of
    two neighbours in a weight of `dense_quads` and any bytes have sums of 16 bits, `whole` that no block of a weight of
    `block_quads` is left out. `cold` says that the program's products have more weights than caches keep from one
    inference to the next, so that kernels of bytes on tiles ask for them early; those of floats always do. `pieces` is
    the pattern that the schedule `baked_quads` writes into the code: for each piece how many groups it is for, their
    rows, how many quads, and 4 input channels for each of these.
    """

    name = "kernel.matmul"
    schedule = prop_def(ScheduleAttr)
    pairs_fit = opt_prop_def(UnitAttr)
    whole = opt_prop_def(UnitAttr)
    cold = opt_prop_def(UnitAttr)
    pieces = opt_prop_def(DenseArrayBase)
    body = region_def("single_block")

    def verify_(self) -> None:
        accumulator = f32 if buffer_element(self.ins[0]) == f32 else i32
        verify_body(self, "body", self.body, [accumulator], [buffer_element(value) for value in self.ins[2:]])


@irdl_op_definition
class Attention(KernelOp):
    """`nn.attention` on tiled q, k, v; then come `zeros`, i32[4], and the extras, row-major.

    With `sequence`, `nn.packed_attention`: the `offsets` come behind the zeros, before the extras, and q is
    `[tokens, hidden]` or `[batch, queries, hidden]`.

    Bytes are taken as unsigned in q and w and as signed in k and v, whatever their element type: where that differs,
    the kernel adds or subtracts 128. `zeros` are the zero points of q, k, w, v after that; `corrected` names those that
    may be other than 0.
    """

    name = "kernel.attention"
    heads = prop_def(IntegerAttr)
    corrected = opt_prop_def(ArrayAttr[StringAttr])
    sequence = opt_prop_def(StringAttr)
    score = region_def("single_block")
    weight = region_def("single_block")
    output = region_def("single_block")

    @property
    def first_extra(self) -> int:
        """Which of the ins is the first extra."""
        return 4 if self.sequence is None else 5

    def is_corrected(self, which: str) -> bool:
        """Whether `q`, `k`, `w` or `v` has a zero point to be corrected for."""
        return self.corrected is not None and which in (name.data for name in self.corrected)


@irdl_op_definition
class LayerNorm(KernelOp):
    """`sparse.layer_norm`; ins are x, scale[K], bias[K], then the extras; x and the outs share a layout.

    In rows there are no extras, and the body yields what it is given.
    """

    name = "kernel.layer_norm"
    epsilon = prop_def(FloatAttr)
    divide = opt_prop_def(UnitAttr)
    uncentred = opt_prop_def(UnitAttr)
    body = region_def("single_block")

    def verify_(self) -> None:
        verify_body(self, "body", self.body, [f32], [buffer_element(value) for value in self.ins[3:]])


@irdl_op_definition
class Softmax(KernelOp):
    """Softmax along `axis`, row-major."""

    name = "kernel.softmax"
    axis = prop_def(IntegerAttr)

    def verify_(self) -> None:
        self.require_operands(1, 1)


@irdl_op_definition
class Reduce(KernelOp):
    """A reduction over `axes`, row-major; `kind` is sum, mean, max, min, prod or arg_max."""

    name = "kernel.reduce"
    kind = prop_def(StringAttr)
    axes = prop_def(DenseArrayBase)

    def verify_(self) -> None:
        self.require_operands(1, 1)


@irdl_op_definition
class CumSum(KernelOp):
    """Running sum along `axis`, row-major."""

    name = "kernel.cumsum"
    axis = prop_def(IntegerAttr)
    exclusive = opt_prop_def(UnitAttr)
    reverse = opt_prop_def(UnitAttr)

    def verify_(self) -> None:
        self.require_operands(1, 1)


@irdl_op_definition
class Gather(KernelOp):
    """`out = take(data, indices, axis)`; all row-major, but that of a matrix (axis 0) either data or out may be tiled.

    An index outside [-n, n) is reported as run-time message number `message`.
    """

    name = "kernel.gather"
    axis = prop_def(IntegerAttr)
    message = prop_def(IntegerAttr)

    def verify_(self) -> None:
        self.require_operands(2, 1)


@irdl_op_definition
class Embedding(KernelOp):
    """`sparse.embedding`: ins are the tables and their indices, row-major, then the extras; the outs are tiled.

    An index of table i that is outside [-n, n) is reported as run-time message number `messages[i]`.
    """

    name = "kernel.embedding"
    messages = prop_def(DenseArrayBase)
    body = region_def("single_block")

    @property
    def message_numbers(self) -> tuple[int, ...]:
        """One for each table."""
        return integers(self.messages)

    def verify_(self) -> None:
        count = len(self.message_numbers)
        if not 1 <= count <= len(self.ins) // 2:
            raise VerifyException(f"{self.name} of {count} tables has {len(self.ins)} ins")
        read = [buffer_element(value) for value in (*self.ins[:count], *self.ins[2 * count :])]
        verify_body(self, "body", self.body, [], read)


@irdl_op_definition
class GatherND(KernelOp):
    """`out = data[tuple(indices[..., :])]`, row-major; `message` as for gather."""

    name = "kernel.gather_nd"
    batch_dims = prop_def(IntegerAttr)
    message = prop_def(IntegerAttr)

    def verify_(self) -> None:
        self.require_operands(2, 1)


@irdl_op_definition
class GatherElements(KernelOp):
    """`out = take_along_axis(data, indices, axis)`, broadcasting on other axes, row-major; `message` as for gather."""

    name = "kernel.gather_elements"
    axis = prop_def(IntegerAttr)
    message = prop_def(IntegerAttr)

    def verify_(self) -> None:
        self.require_operands(2, 1)


@irdl_op_definition
class Copy(KernelOp):
    """A strided copy of a region of `in` to a region of `out`: transpose, slice, broadcast, concat, change of layout.

    The region has the out's rank and the sizes `sizes`. Element i of it is read at
    `in[in_starts[a] + in_steps[a] * i[in_axes[a]]]` for each axis a of the in (`in_axes[a]` is -1 where axis a stays at
    its start) and written at `out[out_starts + i]`. Either side may be tiled.
    """

    name = "kernel.copy"
    sizes = prop_def(ArrayAttr[StringAttr])
    in_axes = prop_def(DenseArrayBase)
    in_starts = prop_def(ArrayAttr[StringAttr])
    in_steps = prop_def(DenseArrayBase)
    out_starts = prop_def(ArrayAttr[StringAttr])

    def verify_(self) -> None:
        self.require_operands(1, 1)
        rank_in, rank_out = len(buffer_sizes(self.ins[0])), len(buffer_sizes(self.outs[0]))
        given = (len(self.in_axes), len(self.in_starts), len(self.in_steps))
        if given != (rank_in,) * 3 or (len(self.sizes), len(self.out_starts)) != (rank_out,) * 2:
            raise VerifyException(
                f"kernel.copy from rank {rank_in} to rank {rank_out}: its properties have other lengths"
            )


@irdl_op_definition
class Trilu(KernelOp):
    """The triangle of the last two axes from diagonal `k`, zero elsewhere, row-major."""

    name = "kernel.trilu"
    k = prop_def(IntegerAttr)
    upper = opt_prop_def(UnitAttr)

    def verify_(self) -> None:
        self.require_operands(1, 1)


@irdl_op_definition
class Iota(KernelOp):
    """`out[i] = start + i * step`."""

    name = "kernel.iota"
    start = prop_def(IntegerAttr)
    step = prop_def(IntegerAttr)

    def verify_(self) -> None:
        self.require_operands(0, 1)


@irdl_op_definition
class Dimension(KernelOp):
    """`out[] = size` as i64."""

    name = "kernel.dimension"
    size = prop_def(StringAttr)

    def verify_(self) -> None:
        self.require_operands(0, 1)


@irdl_op_definition
class TokenIndex(KernelOp):
    """`nn.token_index`: ins are needed and seen, outs are offsets, rows and places.

    Gives the symbol `tokens` its value, which is at most the product of the sizes of `needed`.
    """

    name = "kernel.token_index"
    tokens = prop_def(StringAttr)

    @property
    def bound(self) -> Size:
        """The most tokens that there can be."""
        return product(buffer_sizes(self.ins[0]))

    def verify_(self) -> None:
        self.require_operands(2, 3)


@irdl_op_definition
class BatchMatMul(KernelOp):
    """numpy's `lhs @ rhs` of two computed operands, both of rank >= 2, row-major, f32 or i32."""

    name = "kernel.batch_matmul"

    def verify_(self) -> None:
        self.require_operands(2, 1)


@irdl_op_definition
class DynamicQuantize(KernelOp):
    """`nn.dynamic_quantize`: in f32; outs are ui8 of the same layout, scale f32[], zero point ui8[]."""

    name = "kernel.dynamic_quantize"

    def verify_(self) -> None:
        self.require_operands(1, 3)


CALLS: Sequence[type[KernelOp]] = (
    Map, MatMul, Attention, LayerNorm, Softmax, Reduce, CumSum, Gather, GatherND, GatherElements, Embedding, Copy,
    Trilu, Iota, Dimension, BatchMatMul, DynamicQuantize, TokenIndex,
)  # fmt: skip

Kernel = Dialect("kernel", [Program, Input, Output, Arena, Weights, Require, *CALLS], [BufferType, PackedType])
