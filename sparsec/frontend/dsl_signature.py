"""Signatures of the language's functions, read off Python functions: names, defaults, conversions of arguments."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_type_hints

from xdsl.ir import Attribute, SSAValue

from sparsec.dims import Size
from sparsec.frontend.dsl_values import (
    Emitter,
    Tensor,
    Value,
    to_any_tensor,
    to_axes,
    to_element_type,
    to_flag,
    to_float,
    to_size,
    to_sizes,
    to_tensors,
    to_whole,
)


@dataclass(frozen=True)
class _As:
    """How an argument is converted; numbers take the element type that the function needs."""

    convert: Callable[[Emitter, Value, str], Any]


def _plain(convert: Callable[[Value], Any]) -> _As:
    return _As(lambda emitter, value, function: convert(value))


def _stored(emitter: Emitter, value: Value, function: str) -> Tensor:
    """A tensor as it lies in memory; numbers and lists become tensors too."""
    return value if isinstance(value, Tensor) else Tensor(emitter.tensor(value))


Floats = Annotated[SSAValue, _As(lambda emitter, value, function: emitter.floats(value, function))]
"""A tensor of f32: dequantised where it is quantised, made where it is a number."""

Numbers = Annotated[SSAValue, _As(lambda emitter, value, function: emitter.tensor(value))]
"""A tensor of any element type, dequantised where it is quantised."""

Stored = Annotated[Tensor, _As(_stored)]
"""A tensor with its quantisation."""

TensorOnly = Annotated[Tensor, _plain(to_any_tensor)]
"""A tensor, never a number."""

AnyValue = Annotated[Value, _plain(lambda value: value)]
"""Whatever it is."""

Tensors = Annotated[list[Tensor], _plain(to_tensors)]
Whole = Annotated[int, _plain(to_whole)]
Real = Annotated[float, _plain(to_float)]
Flag = Annotated[bool, _plain(to_flag)]
Axes = Annotated[list[int], _plain(to_axes)]
OneSize = Annotated[Size, _plain(to_size)]
Sizes = Annotated[list[Size], _plain(to_sizes)]
ElementType = Annotated[Attribute, _plain(to_element_type)]


@dataclass(frozen=True)
class Parameter:
    """One parameter; `default` is `inspect.Parameter.empty` when it must be given."""

    name: str
    python_name: str
    default: Any
    named_only: bool
    convert: Callable[[Emitter, Value, str], Any]

    @property
    def required(self) -> bool:
        """Whether it must be given."""
        return self.default is inspect.Parameter.empty

    def __str__(self) -> str:
        if self.required:
            return f"{self.name} = ..." if self.named_only else self.name
        default = (
            str(self.default).lower() if self.default is None or isinstance(self.default, bool) else str(self.default)
        )
        return f"{self.name} = {default}"


@dataclass(frozen=True)
class Builtin:
    """A function of the language.

    Attributes:
        name: how it is called.
        emit: takes the emitter and the converted arguments, returns what the call means.
        parameters: in order.
    """

    name: str
    emit: Callable[..., Value | SSAValue | tuple[Value, ...]]
    parameters: tuple[Parameter, ...]

    @staticmethod
    def of(emit: Callable[..., Any], name: str | None = None) -> Builtin:
        """The function written in Python as `emit`; the language has its name, but for underscores at the end."""
        hints = get_type_hints(emit, include_extras=True)
        parameters = tuple(
            Parameter(
                parameter.name.rstrip("_"),
                parameter.name,
                parameter.default,
                parameter.kind is inspect.Parameter.KEYWORD_ONLY,
                _conversion(hints[parameter.name]),
            )
            for parameter in list(inspect.signature(emit).parameters.values())[1:]
        )
        return Builtin(name or emit.__name__.rstrip("_"), emit, parameters)

    @property
    def signature(self) -> str:
        """`softmax(x, axis = -1)`."""
        return f"{self.name}({', '.join(map(str, self.parameters))})"


def _conversion(hint: Any) -> Callable[[Emitter, Value, str], Any]:
    for part in (hint, *get_args(hint)):  # `Floats | None` holds it one level down
        for extra in getattr(part, "__metadata__", ()):
            if isinstance(extra, _As):
                return extra.convert
    raise TypeError(f"{hint} does not say how an argument is converted")
