"""The `sparse` dialect: products with block-sparse weights, fused elementwise work, layouts and schedules."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import ArrayAttr, FloatAttr, IntAttr, StringAttr, UnitAttr, f32, i32
from xdsl.ir import Attribute, Data, Dialect, ParametrizedAttribute, SSAValue
from xdsl.irdl import (
    irdl_attr_definition,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    region_def,
    result_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

from sparsec.dialects.body import TILE_ELEMENTS, Yield, verify_body, verify_results, yielded
from sparsec.dialects.encoding import BlocksAttr, Layout, LayoutAttr, TesaAttr, tensor, with_layout
from sparsec.dialects.tensor_op import TensorOp, element, require_indices, sizes, written
from sparsec.dims import Dim, broadcast, is_number, is_per_channel
from sparsec.errors import ShapeError
from sparsec.schedule import GROUP, Dataflow, Schedule

SCHEDULE_HINT = "schedule_hint"
"""Attribute of an `nn.constant`: the `ScheduleAttr` given by hand for the kernels that read this weight."""


def layout_read_by(dataflow: Dataflow) -> Layout | None:
    """The layout in which a dataflow reads its activations; None is row-major."""
    if dataflow.is_token_major:
        return None
    return Layout.INTERLEAVED if dataflow is Dataflow.BLOCK_QUADS else Layout.TILED


@irdl_attr_definition
class DataflowAttr(Data[Dataflow]):
    """A `Dataflow` inside a schedule."""

    name = "sparse.dataflow"

    def print_parameter(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_string(self.data.value)

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> Dataflow:
        with parser.in_angle_brackets():
            return _parse_dataflow(parser)


def _parse_dataflow(parser: AttrParser) -> Dataflow:
    name = parser.parse_identifier()
    if name not in list(Dataflow):
        parser.raise_error(f"there is no dataflow {name!r}; there are {', '.join(Dataflow)}")
    return Dataflow(name)


@irdl_attr_definition
class ScheduleAttr(ParametrizedAttribute):
    """How a matmul walks its weight: `#sparse.schedule<dataflow = gather_dwords, tile = 8, rows = 32>`; see `Schedule`.

    4 rows are not printed.
    """

    name = "sparse.schedule"
    dataflow: DataflowAttr
    tile: IntAttr
    rows: IntAttr

    @staticmethod
    def of(schedule: Schedule) -> ScheduleAttr:
        """The attribute of a schedule."""
        return ScheduleAttr(DataflowAttr(schedule.dataflow), IntAttr(schedule.tile), IntAttr(schedule.rows))

    def verify(self) -> None:
        walk = self.dataflow.data
        for what, given, known in (("tile", self.tile, walk.tiles), ("rows", self.rows, walk.row_counts)):
            if given.data not in known:
                raise VerifyException(f"{walk.value} has {what} = {' or '.join(map(str, known))}, not {given.data}")

    @property
    def schedule(self) -> Schedule:
        """The plain value."""
        return Schedule(self.dataflow.data, self.tile.data, self.rows.data)

    def print_parameters(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            rows = f", rows = {self.rows.data}" if self.rows.data != GROUP else ""
            printer.print_string(f"dataflow = {self.dataflow.data.value}, tile = {self.tile.data}{rows}")

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> list[Attribute]:
        with parser.in_angle_brackets():
            parser.parse_keyword("dataflow")
            parser.parse_punctuation("=")
            dataflow = _parse_dataflow(parser)
            parser.parse_punctuation(",")
            parser.parse_keyword("tile")
            parser.parse_punctuation("=")
            tile, rows = parser.parse_integer(), GROUP
            if parser.parse_optional_punctuation(",") is not None:
                parser.parse_keyword("rows")
                parser.parse_punctuation("=")
                rows = parser.parse_integer()
            return [DataflowAttr(dataflow), IntAttr(tile), IntAttr(rows)]


@irdl_op_definition
class MatMul(TensorOp):
    """`body(sum_k x[..., k] * weight[m, k], extras...)` for each token and output channel m.

    `x` is `[..., in]`, ui8 or f32; `weight` is a constant `[out, in]`. With a ui8 `x` the weight is i8, or i16 holding
    values in [-255, 255] (an asymmetric weight with its zero point subtracted), and the sum is exact i32; with f32 it
    is an fp32 product (any order, fused multiply-add). The extras broadcast to `[..., out]`; those that are more
    than a number, or one per channel, hold `TILE_ELEMENTS`. Each value that the body yields is a result, of such
    elements too.
    """

    name = "sparse.matmul"
    x = operand_def()
    weight = operand_def()
    extras = var_operand_def()
    schedule = opt_prop_def(ScheduleAttr)
    body = region_def("single_block")
    outputs = var_result_def()
    traits = traits_def(Pure())

    @property
    def accumulator(self) -> Attribute:
        """i32 for quantised operands, f32 otherwise."""
        return f32 if element(self.x) == f32 else i32

    def infer_types(self) -> Sequence[Attribute]:
        x, weight = sizes(self.x), sizes(self.weight)
        if not x or len(weight) != 2 or x[-1] != weight[1]:
            raise ShapeError(
                f"sparse.matmul of [{', '.join(map(str, x))}] with a weight [{', '.join(map(str, weight))}]: "
                "expected [..., in] and [out, in]"
            )
        pair = (str(element(self.x)), str(element(self.weight)))
        if pair not in (("ui8", "i8"), ("ui8", "i16"), ("f32", "f32")):
            raise ShapeError(f"sparse.matmul of {pair[0]} by {pair[1]}: expected ui8 by i8, ui8 by i16 or f32 by f32")
        shape = (*x[:-1], weight[0])
        for extra in self.extras:
            if broadcast(sizes(extra), shape) != shape:
                raise ShapeError(f"sparse.matmul: an operand {extra.type} does not broadcast to the output")
        return [tensor(value.type, shape) for value in yielded(self.body)]

    def verify_(self) -> None:
        super().verify_()
        verify_body(self, "body", self.body, [self.accumulator], [element(extra) for extra in self.extras])
        verify_results(self, self.body)
        result = (*sizes(self.x)[:-1], sizes(self.weight)[0])
        for extra in self.extras:
            shape = sizes(extra)
            by_channel = shape != result and (is_number(shape) or is_per_channel(shape, result[-1]))
            if not by_channel and element(extra) not in TILE_ELEMENTS:
                raise VerifyException(f"sparse.matmul: an operand {extra.type} has no elements that tiles hold")


@irdl_op_definition
class LayerNorm(TensorOp):
    """`body(nn.layer_norm(x, scale, bias), extras...)`: layer normalisation over channels whose number is known.

    The extras are numbers, or one number per channel. Each value that the body yields is a result, of `TILE_ELEMENTS`.
    """

    name = "sparse.layer_norm"
    x = operand_def()
    scale = operand_def()
    bias = operand_def()
    extras = var_operand_def()
    epsilon = prop_def(FloatAttr)
    divide = opt_prop_def(UnitAttr)
    uncentred = opt_prop_def(UnitAttr)
    body = region_def("single_block")
    outputs = var_result_def()
    traits = traits_def(Pure())

    def infer_types(self) -> Sequence[Attribute]:
        shape = sizes(self.x)
        for value in (self.scale, self.bias):
            if sizes(value) != shape[-1:]:
                raise ShapeError(f"sparse.layer_norm of {self.x.type}: {value.type} is not one number per channel")
        for extra in self.extras:
            if not is_number(sizes(extra)) and not is_per_channel(sizes(extra), shape[-1]):
                raise ShapeError(f"sparse.layer_norm: {extra.type} is neither a number nor one per channel")
        return [tensor(value.type, shape) for value in yielded(self.body)]

    def verify_(self) -> None:
        super().verify_()
        verify_body(self, "body", self.body, [f32], [element(extra) for extra in self.extras])
        verify_results(self, self.body)


@irdl_op_definition
class Map(TensorOp):
    """`body(operands...)` for each element of the broadcast operands: fused elementwise work."""

    name = "sparse.map"
    inputs = var_operand_def()
    body = region_def("single_block")
    outputs = var_result_def()
    traits = traits_def(Pure())

    def infer_types(self) -> Sequence[Attribute]:
        shape = broadcast(*(sizes(operand) for operand in self.inputs))
        return [tensor(value.type, shape) for value in yielded(self.body)]

    def verify_(self) -> None:
        super().verify_()
        verify_body(self, "body", self.body, [], [element(value) for value in self.inputs])


@irdl_op_definition
class Embedding(TensorOp):
    """`body(rows..., extras...)` for each token: rows of tables that indices name, put together elementwise.

    The inputs are tables `[entries, K]`, as many indices `[...]` of one shape, and the extras: numbers, or one number
    per channel. The body takes an element of each row, then of each extra. The results are `[..., K]`, of
    `TILE_ELEMENTS`. `tables` has the nodes that read each table: an index outside [-entries, entries) is an error when
    the program runs, as in `nn.gather`.
    """

    name = "sparse.embedding"
    inputs = var_operand_def()
    tables = prop_def(ArrayAttr[StringAttr])
    body = region_def("single_block")
    outputs = var_result_def()
    traits = traits_def(Pure())

    @property
    def rows(self) -> Sequence[tuple[SSAValue, SSAValue]]:
        """Each table with its indices."""
        count = len(self.tables)
        return list(zip(self.inputs[:count], self.inputs[count : 2 * count], strict=True))

    @property
    def extras(self) -> Sequence[SSAValue]:
        """What the body takes besides."""
        return self.inputs[2 * len(self.tables) :]

    def infer_types(self) -> Sequence[Attribute]:
        if not 1 <= len(self.tables) <= len(self.inputs) // 2:
            raise ShapeError(f"sparse.embedding of {len(self.tables)} tables has {len(self.inputs)} inputs")
        (first, indices), *_ = self.rows
        lead, channels = sizes(indices), sizes(first)[-1:]
        for table, places in self.rows:
            if len(sizes(table)) != 2 or sizes(table)[1:] != channels or sizes(places) != lead:
                expected = f"{written((Dim.symbol('entries'), *channels))} by {written(lead)}"
                raise ShapeError(f"sparse.embedding: {table.type} by {places.type}: expected {expected}")
            require_indices(self, places)
        for extra in self.extras:
            if not is_number(sizes(extra)) and not is_per_channel(sizes(extra), channels[0]):
                raise ShapeError(f"sparse.embedding: {extra.type} is neither a number nor one per channel")
        return [tensor(value.type, (*lead, *channels)) for value in yielded(self.body)]

    def verify_(self) -> None:
        super().verify_()
        rows = [element(table) for table, _ in self.rows]
        verify_body(self, "body", self.body, rows, [element(extra) for extra in self.extras])
        verify_results(self, self.body)


@irdl_op_definition
class ConvertLayout(TensorOp):
    """The same values in another layout: `sparse.convert_layout %x : (row-major type) -> tiled type`."""

    name = "sparse.convert_layout"
    operand = operand_def()
    result = result_def()
    traits = traits_def(Pure())

    def infer_types(self) -> Sequence[Attribute]:
        return [with_layout(self.operand.type, None)]


Sparse = Dialect(
    "sparse",
    [MatMul, LayerNorm, Map, Embedding, ConvertLayout, Yield],
    [TesaAttr, BlocksAttr, LayoutAttr, DataflowAttr, ScheduleAttr],
)
