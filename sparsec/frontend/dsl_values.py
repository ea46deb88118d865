"""What expressions of the language mean, and how one meaning becomes another: numbers become tensors, tensors of
quantised integers become the real numbers they stand for.

Mistakes are `ShapeError`s without a place; whoever evaluates the expression adds it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from xdsl.dialects.builtin import f32, i1, i64
from xdsl.ir import Attribute, SSAValue

from sparsec.builder import Builder
from sparsec.dialects.encoding import element_of, sizes_of, to_numpy
from sparsec.dims import Dim, Size, product
from sparsec.errors import ShapeError
from sparsec.frontend.dsl_dtypes import MAX_RANK, MAX_SIZE, dtype_name, require_fits
from sparsec.weights import Array


@dataclass(frozen=True, eq=False)
class Quantisation:
    """How integers stand for real numbers: `(q - zero) * scale`, with one pair or one per index of `axis`."""

    scale: SSAValue
    zero: SSAValue
    axis: int | None


@dataclass(eq=False)
class Tensor:
    """A tensor. With a quantisation it stands for real numbers; `real` remembers them once they were asked for."""

    value: SSAValue
    quantisation: Quantisation | None = None
    real: SSAValue | None = None

    @property
    def sizes(self) -> tuple[Size, ...]:
        """Its sizes."""
        return sizes_of(self.value.type)

    @property
    def element(self) -> Attribute:
        """The element type it is stored in."""
        return element_of(self.value.type)


@dataclass(frozen=True)
class DtypeValue:
    """An element type as an argument."""

    element: Attribute


Number = int | float | bool
Value = Tensor | Number | Dim | DtypeValue | list["Value"]
"""Numbers and sizes are known while compiling; only tensors are computed with when the program runs."""


def describe(value: Value) -> str:
    """What a value is, in words for messages."""
    match value:
        case Tensor():
            return type_text(value.element, value.sizes) + (" quantized" if value.quantisation else "")
        case bool():
            return "true" if value else "false"
        case int() | float():
            return f"the number {value}"
        case Dim():
            return f"the size {value}"
        case DtypeValue():
            return f"the element type {dtype_name(value.element)}"
        case list():
            return f"a list of {len(value)}"


def type_text(element: Attribute, sizes: Sequence[Size]) -> str:
    """`f32[batch, 768]`; `f32` for a scalar."""
    return dtype_name(element) + (f"[{', '.join(map(str, sizes))}]" if sizes else "")


def require_sizes(sizes: Sequence[Size]) -> tuple[Size, ...]:
    """The sizes themselves, when a tensor can have them.

    Raises:
        ShapeError: too many axes, a size below 1, or too many elements.
    """
    if len(sizes) > MAX_RANK:
        raise ShapeError(f"{len(sizes)} axes are too many: a tensor has at most {MAX_RANK}")
    for size in sizes:
        if isinstance(size, int) and not 1 <= size <= MAX_SIZE:
            raise ShapeError(f"{size} is no size: expected 1 to {MAX_SIZE}")
    known = product(size for size in sizes if isinstance(size, int))
    if isinstance(known, int) and known > MAX_SIZE:
        raise ShapeError(f"[{', '.join(map(str, sizes))}] has {known} elements, at most {MAX_SIZE} are possible")
    return tuple(sizes)


class Emitter:
    """Turns values into tensors through a builder."""

    def __init__(self, builder: Builder):
        self.builder = builder

    def real(self, tensor: Tensor) -> SSAValue:
        """The numbers a tensor stands for: dequantised where it has a quantisation, itself otherwise."""
        quantisation = tensor.quantisation
        if quantisation is None:
            return tensor.value
        if tensor.real is None:
            tensor.real = self.builder.dequantize(
                tensor.value, quantisation.scale, quantisation.zero, quantisation.axis
            )
        return tensor.real

    def tensor(self, value: Value, element: Attribute | None = None) -> SSAValue:
        """A value as a tensor of real numbers; numbers take the element type asked for.

        Without one, whole numbers and sizes become i64, others f32.
        """
        match value:
            case Tensor():
                return self.real(value)
            case bool():
                return self.builder.constant(
                    value if element is None else require_fits(value, element), _np(element, i1)
                )
            case int():
                return self.builder.constant(require_fits(value, element or i64), _np(element, i64))
            case float():
                return self.builder.constant(require_fits(value, element or f32), _np(element, f32))
            case Dim():
                return self.builder.cast(self.builder.dimension(value), element or i64)
            case list():
                return self.builder.constant(to_array(value, element))
            case DtypeValue():
                raise ShapeError(f"expected a tensor, got {describe(value)}")

    def unify(self, values: Sequence[Value], what: str) -> list[SSAValue]:
        """Values as tensors of one element type: numbers and sizes take that of the tensors.

        Raises:
            ShapeError: two tensors differ.
        """
        reals = [self.real(value) if isinstance(value, Tensor) else value for value in values]
        elements = {element_of(value.type): None for value in reals if isinstance(value, SSAValue)}
        if len(elements) > 1:
            names = " and ".join(map(dtype_name, elements))
            raise ShapeError(f"{what} of {names}: they must agree, write cast(...) around one")
        floats = any(isinstance(value, float) for value in values)
        element = next(iter(elements)) if elements else f32 if floats else None
        return [value if isinstance(value, SSAValue) else self.tensor(value, element) for value in reals]

    def floats(self, value: Value, what: str) -> SSAValue:
        """A value as a tensor of f32.

        Raises:
            ShapeError: it is a tensor of something else.
        """
        tensor = self.tensor(value, None if isinstance(value, Tensor) else f32)
        if element_of(tensor.type) != f32:
            name = dtype_name(element_of(tensor.type))
            raise ShapeError(f"{what} works on f32, got {name}: write cast(..., f32) around it")
        return tensor

    def moved(self, tensor: Tensor, move: Callable[[SSAValue], SSAValue]) -> Tensor:
        """A tensor after its elements were moved about: one scale for all of them moves along."""
        if tensor.quantisation is None or tensor.quantisation.axis is not None:
            return Tensor(move(self.real(tensor)))
        return Tensor(move(tensor.value), tensor.quantisation)


def _np(element: Attribute | None, otherwise: Attribute) -> np.dtype[Any]:
    return to_numpy(element or otherwise)


def to_array(value: list[Value], element: Attribute | None) -> Array:
    """A list of numbers, or of such lists, as an array.

    Raises:
        ShapeError: it holds something else, or rows of different length.
    """
    numbers: list[Number] = []
    shape = _flatten(value, numbers)
    if element is None:
        element = f32 if any(isinstance(number, float) for number in numbers) else i64
    return np.array([require_fits(number, element) for number in numbers], to_numpy(element)).reshape(shape)


def _flatten(value: Value, numbers: list[Number]) -> tuple[int, ...]:
    if isinstance(value, bool | int | float):
        numbers.append(value)
        return ()
    if not isinstance(value, list):
        raise ShapeError(f"a list of numbers cannot hold {describe(value)}; join tensors with concat([a, b], axis)")
    shapes = [_flatten(item, numbers) for item in value]
    if not shapes:
        raise ShapeError("an empty list has no element type: write at least one number")
    if len(set(shapes)) > 1:
        raise ShapeError("the rows of this list differ in length")
    return (len(shapes), *shapes[0])


# Values as arguments


def to_size(value: Value) -> Size:
    """A size: a whole number or one that depends on the inputs."""
    if isinstance(value, Dim) or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    hint = ": sizes divide with `//`" if isinstance(value, float | Tensor) else ""
    raise ShapeError(f"expected a size, got {describe(value)}{hint}")


def to_whole(value: Value) -> int:
    """A whole number."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ShapeError(f"expected a whole number, got {describe(value)}")


def to_float(value: Value) -> float:
    """A number."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    raise ShapeError(f"expected a number, got {describe(value)}")


def to_flag(value: Value) -> bool:
    """`true` or `false`."""
    if isinstance(value, bool):
        return value
    raise ShapeError(f"expected true or false, got {describe(value)}")


def to_element_type(value: Value) -> Attribute:
    """An element type."""
    if isinstance(value, DtypeValue):
        return value.element
    raise ShapeError(f"expected an element type such as f32, got {describe(value)}")


def to_any_tensor(value: Value) -> Tensor:
    """A tensor."""
    if isinstance(value, Tensor):
        return value
    raise ShapeError(f"expected a tensor, got {describe(value)}")


def to_axes(value: Value) -> list[int]:
    """One axis, or a list of them."""
    return [to_whole(item) for item in value] if isinstance(value, list) else [to_whole(value)]


def to_sizes(value: Value) -> list[Size]:
    """A list of sizes."""
    if isinstance(value, list):
        return [to_size(item) for item in value]
    raise ShapeError(f"expected a list of sizes such as [batch, 12, 64], got {describe(value)}")


def to_tensors(value: Value) -> list[Tensor]:
    """A list of tensors."""
    if isinstance(value, list) and value:
        return [to_any_tensor(item) for item in value]
    raise ShapeError(f"expected a list of tensors such as [a, b], got {describe(value)}")
