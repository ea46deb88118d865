"""What a function of `onnx_ops` sees of the node it translates: inputs in the form it asks for, attributes, builder."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from xdsl.ir import SSAValue

from sparsec.builder import Builder, constant_value
from sparsec.dialects.encoding import element_of, to_numpy
from sparsec.dialects.nn_elementwise import Dequantize
from sparsec.dialects.nn_structure import Reshape
from sparsec.dims import Size
from sparsec.errors import ModelError
from sparsec.frontend.onnx_emitter import Emitter, Unsupported
from sparsec.frontend.onnx_file import AttributeValue, Node, UnreadTensor
from sparsec.frontend.onnx_values import Dtype, Expanded, Known, Shape, Stack, Value, shape_of
from sparsec.reference import evaluate_op
from sparsec.weights import Array, WeightStore

Results = Value | Sequence[Value]
Translate = Callable[["Call"], Results]
"""A row of an op table: the values a node makes. Raises Unsupported, ShapeError or ModelError."""

ABSENT = object()


class Call:
    """One node being translated.

    Attributes:
        node: the node.
        opset: the version of its domain.
        values: its inputs; None where an optional one is absent.
        emitter: makes data of known values.
    """

    def __init__(self, node: Node, opset: int, values: Sequence[Value | None], emitter: Emitter):
        self.node = node
        self.opset = opset
        self.values = tuple(values)
        self.emitter = emitter
        self._asked: set[str] = set()

    @property
    def build(self) -> Builder:
        """The builder."""
        return self.emitter.build

    # Inputs

    def has(self, index: int) -> bool:
        """Whether an input is there."""
        return index < len(self.values) and self.values[index] is not None

    def value(self, index: int) -> Value:
        """An input as it is.

        Raises:
            ModelError: the node lacks it.
        """
        value = self.values[index] if index < len(self.values) else None
        if value is None:
            raise ModelError(f"{self.node.title}: {self.node.op_type} lacks input {index} (the first is 0)")
        return value

    def data(self, index: int) -> SSAValue:
        """An input as data of its full shape."""
        return self.emitter.materialise(self.value(index))

    def inputs(self) -> list[Value]:
        """All inputs of a variadic op."""
        return [self.value(index) for index in range(max(len(self.values), 1))]

    def shape(self, index: int) -> Shape:
        """The shape of an input."""
        return shape_of(self.value(index))

    def dtype(self, index: int) -> Dtype:
        """The numpy dtype of an input."""
        return dtype_of_value(self.value(index))

    def name_of(self, value: Value) -> str:
        """What the file calls an input, in backticks."""
        return next(
            (f"`{name}`" for name, given in zip(self.node.inputs, self.values, strict=False) if given is value), ""
        )

    def known(self, index: int, what: str) -> Known:
        """An input that must be known while compiling.

        Raises:
            Unsupported: it depends on the data.
        """
        value = self.value(index)
        if isinstance(value, SSAValue) and (array := stored(value, self.build.weights)) is not None:
            return Known.of(array)
        if not isinstance(value, Known):
            raise Unsupported(
                f"its {what} is computed from data; it must follow from constants and sizes of the inputs, as it may "
                "once the model is exported with fixed sizes"
            )
        return value

    def sizes(self, index: int, what: str) -> list[Size]:
        """The elements of an input that must be known: numbers or sizes."""
        known = self.known(index, what)
        if known.dtype.kind not in "iu":
            raise ModelError(f"{self.node.title}: its {what} has type {known.dtype}, expected integers")
        return known.sizes()

    def numbers(self, index: int, what: str) -> list[int]:
        """The elements of an input that must be plain integers."""
        numbers: list[int] = []
        for size in self.sizes(index, what):
            if not isinstance(size, int):
                raise Unsupported(f"its {what} depends on the size {size}; it must be a number")
            numbers.append(size)
        return numbers

    def scalar(self, index: int, what: str) -> float:
        """The value of an input that must be a known number."""
        known = self.known(index, what)
        if known.is_symbolic or known.array.size != 1:
            raise Unsupported(f"its {what} must be one number, got shape {list(known.array.shape)}")
        return known.array.reshape(()).item()

    # Attributes

    def integer(self, name: str, default: int | None = None) -> int:
        """An integer attribute; without `default` it is required."""
        value = self._attribute(name, default)
        if not isinstance(value, int):
            raise self._wrong(name, "an integer")
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        """An integer attribute that means yes or no."""
        return self.integer(name, int(default)) != 0

    def number(self, name: str, default: float | None = None) -> float:
        """A float attribute, as the float32 it is in the file."""
        value = self._attribute(name, default)
        if not isinstance(value, float | int):
            raise self._wrong(name, "a number")
        return float(np.float32(value))

    def text(self, name: str, default: str | None = None) -> str:
        """A string attribute."""
        value = self._attribute(name, default)
        if not isinstance(value, str):
            raise self._wrong(name, "a string")
        return value

    def integers(self, name: str) -> list[int] | None:
        """A list-of-integers attribute, None when absent."""
        value = self._attribute(name, ())
        if name not in self.node.attributes:
            return None
        if not isinstance(value, tuple):
            raise self._wrong(name, "a list of integers")
        numbers = [item for item in value if isinstance(item, int)]
        if len(numbers) != len(value):
            raise self._wrong(name, "a list of integers")
        return numbers

    def floats(self, name: str) -> list[float] | None:
        """A list-of-floats attribute, None when absent."""
        value = self._attribute(name, ())
        if name not in self.node.attributes:
            return None
        if not isinstance(value, tuple) or any(isinstance(item, str) for item in value):
            raise self._wrong(name, "a list of numbers")
        return [float(item) for item in value]

    def tensor(self, name: str) -> Array | None:
        """A tensor attribute, None when absent."""
        if name not in self.node.attributes:
            return None
        value = self._attribute(name, None)
        if isinstance(value, UnreadTensor):
            raise Unsupported(f"its attribute `{name}` has {value.refusal}")
        if not isinstance(value, np.ndarray):
            raise self._wrong(name, "a tensor")
        return value

    def _attribute(self, name: str, default: AttributeValue | None) -> AttributeValue:
        self._asked.add(name)
        value = self.node.attributes.get(name, default)
        if value is None:
            raise ModelError(f"{self.node.title}: {self.node.op_type} lacks its attribute `{name}`")
        return value

    def _wrong(self, name: str, expected: str) -> ModelError:
        return ModelError(f"{self.node.title}: attribute `{name}` of {self.node.op_type} should be {expected}")

    def require_understood(self) -> None:
        """Refuse attributes that the translation never asked for: ignoring them might change the result.

        Raises:
            Unsupported: there is one.
        """
        ignored = sorted(self.node.attributes.keys() - self._asked)
        if ignored:
            names = ", ".join(f"`{name}`" for name in ignored)
            raise Unsupported(f"{names} is no attribute that sparsec knows of this op; remove it if it has no effect")

    # What many translations need

    def axis(self, axis: int, rank: int) -> int:
        """An axis counted from the front.

        Raises:
            ModelError: there is no such axis.
        """
        if not -rank <= axis < rank:
            raise ModelError(f"{self.node.title}: axis {axis} of a tensor with {rank} dimensions")
        return axis % rank

    def axes(self, index: int, attribute_until: int) -> list[int] | None:
        """Axes that are an attribute before opset `attribute_until` and an input since; None when absent."""
        if self.opset < attribute_until:
            return self.integers("axes")
        if not self.has(index):
            return None
        return self.numbers(index, "list of axes")

    def wants(self, output: int) -> bool:
        """Whether somebody reads an optional output."""
        return output < len(self.node.outputs) and bool(self.node.outputs[output])


def stored(value: SSAValue, weights: WeightStore) -> Array | None:
    """The numbers of a constant, also of one that the file stores in bytes; None for anything else."""
    op = value.owner
    if not isinstance(op, Dequantize | Reshape):
        return constant_value(value, weights)
    known = [array for operand in op.operands if (array := stored(operand, weights)) is not None]
    return evaluate_op(op, known, weights=weights)[0] if len(known) == len(op.operands) else None


def dtype_of_value(value: Value) -> Dtype:
    """The numpy dtype of any value."""
    if isinstance(value, Stack):
        return value.parts[0].dtype
    if isinstance(value, Expanded):
        return to_numpy(element_of(value.inner.type))
    return to_numpy(element_of(value.type)) if isinstance(value, SSAValue) else value.dtype
