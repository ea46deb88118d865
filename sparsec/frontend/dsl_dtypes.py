"""Element types and numbers as the language writes them. Mistakes are `ShapeError`s without a place; callers add it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from xdsl.dialects.builtin import f32, i1, i8, i32, i64
from xdsl.ir import Attribute

from sparsec.dialects.encoding import to_numpy, ui8
from sparsec.errors import ShapeError

DTYPES: dict[str, Attribute] = {"f32": f32, "i8": i8, "u8": ui8, "i32": i32, "i64": i64, "bool": i1}
"""The element types of the language."""

CONSTANTS: dict[str, float] = {"inf": math.inf, "nan": math.nan, "pi": math.pi}
"""Numbers that have a name everywhere."""

MAX_SIZE = 2**31 - 1
"""Largest size of one axis, and largest number of elements of a tensor whose sizes are all known."""

MAX_RANK = 8

_NAMES = {element: name for name, element in DTYPES.items()}
_MAX_DIGITS = 100


def to_dtype(name: str) -> Attribute:
    """The element type called `name`."""
    if name not in DTYPES:
        instead = "i32" if name.startswith("i") else "f32"
        raise ShapeError(f"sparsec does not compute in {name}: use {instead} (there are {', '.join(DTYPES)})")
    return DTYPES[name]


def dtype_name(element: Attribute) -> str:
    """How the language calls an element type."""
    return _NAMES.get(element, str(element))


def to_number(text: str) -> int | float | bool:
    """The value of a number, sign included, or of a named one."""
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text)
    if digits in ("true", "false"):
        if sign < 0:
            raise ShapeError(f"`-{digits}` is not a number")
        return digits == "true"
    if digits in CONSTANTS:
        return sign * CONSTANTS[digits]
    if not digits[0].isdigit() and digits[0] != ".":
        raise ShapeError(f"`{digits}` is not a number: expected digits, true, false, {', '.join(CONSTANTS)}")
    if len(digits) > _MAX_DIGITS:
        raise ShapeError(f"a number of {len(digits)} characters is too long; {_MAX_DIGITS} are enough for any tensor")
    if digits.replace("_", "").isdigit():
        return sign * int(digits)
    value = float(digits)
    if math.isinf(value):
        raise ShapeError(f"{digits} is beyond the largest number; write `inf` for infinity")
    return sign * value


def require_fits(value: int | float | bool, element: Attribute) -> int | float | bool:
    """`value` itself, when a tensor of `element` can hold it.

    Raises:
        ShapeError: it is out of range, not whole, or no truth value.
    """
    dtype: np.dtype[Any] = to_numpy(element)
    name = dtype_name(element)
    if isinstance(value, bool) and dtype.kind != "b":
        raise ShapeError(f"{str(value).lower()} is no {name}: only bool tensors hold it")
    if dtype.kind == "f":
        if isinstance(value, float) and not math.isfinite(value):
            return value
        if abs(value) > float(np.finfo(dtype).max):
            raise ShapeError(f"{value} is beyond the largest {name}, {np.finfo(dtype).max:.8g}")
        return float(value)
    if dtype.kind == "b":
        if value not in (0, 1):
            raise ShapeError(f"{value} is no truth value: write true or false")
        return bool(value)
    if isinstance(value, float) and not value.is_integer():
        raise ShapeError(f"{value} is not a whole number, as {name} needs")
    info = np.iinfo(dtype)
    if not info.min <= value <= info.max:
        raise ShapeError(f"{value} does not fit in {name}: {info.min} to {info.max}")
    return int(value)
