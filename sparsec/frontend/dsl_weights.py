"""Weights of a page: their numbers from files, seeds or literals, pruned as written, with pattern and schedule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod, sqrt
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from sparsec.dialects.encoding import to_numpy
from sparsec.errors import ShapeError
from sparsec.frontend import syntax as sx
from sparsec.frontend.dsl_dtypes import MAX_RANK, dtype_name, require_fits, to_dtype, to_number
from sparsec.frontend.dsl_options import number_option, read_options, whole_option, word_option
from sparsec.frontend.dsl_source import Source, listing
from sparsec.frontend.tensor_files import find_tensor
from sparsec.pattern import BlockPattern
from sparsec.schedule import Dataflow, Schedule
from sparsec.weights import Array

MAX_MADE_UP = 2**26
"""Largest number of elements that `random` or a single number may fill: larger weights come from files."""

_SOURCES = "from, random or ="


@dataclass(frozen=True, eq=False)
class LoadedWeight:
    """A weight with its numbers.

    Attributes:
        declaration: where it was written.
        array: its numbers, after masks and pruning.
        pattern: its blocks, when `blocks` was written.
        schedule: its schedule, when one was written.
    """

    declaration: sx.Weight
    array: Array
    pattern: BlockPattern | None
    schedule: Schedule | None


def load_weights(source: Source, page: sx.Page, directory: Path) -> dict[str, LoadedWeight]:
    """All weights of a page by name.

    Raises:
        DslError: a declaration that cannot be, or a file that is missing or different from what is declared.
    """
    weights: dict[str, LoadedWeight] = {}
    for item in page.items:
        if isinstance(item, sx.Weight):
            if (before := weights.get(item.name.text)) is not None:
                line = before.declaration.position.line
                raise source.error(item.name.position, f"there is already a weight `{item.name.text}`, on line {line}")
            weights[item.name.text] = _Loader(source, item, directory).load()
    return weights


_C = TypeVar("_C", bound=sx.Clause)


class _Loader:
    """Loads one weight."""

    def __init__(self, source: Source, weight: sx.Weight, directory: Path):
        self.source = source
        self.weight = weight
        self.directory = directory
        with source.at(weight.type.position):
            self.element = to_dtype(weight.type.dtype)
        self.dtype: np.dtype[Any] = to_numpy(self.element)
        self.shape = self._shape()
        self.blocks = self._clause(sx.Blocks)
        self.fill = self._fill()

    def load(self) -> LoadedWeight:
        """Its numbers, pruned and checked."""
        if self.blocks:
            with self.source.at(self.blocks.position):
                self._require_block_fits(self.blocks)
        array = self._numbers()
        if mask := self._clause(sx.Mask):
            with self.source.at(mask.position):
                array = np.where(self._stretch(self._bitmap(mask.numbers, "mask")), array, self.fill)
                array = array.astype(self.dtype)
        pattern = None
        if self.blocks:
            with self.source.at(self.blocks.position):
                pattern = BlockPattern.of(array, self.blocks.rows, self.blocks.columns, self.fill)
                if self.blocks.stored:
                    self._require_inside(array, self._bitmap(self.blocks.stored, "stored"))
        return LoadedWeight(self.weight, array, pattern, self._schedule())

    def _clause(self, kind: type[_C]) -> _C | None:
        found = [clause for clause in self.weight.clauses if isinstance(clause, kind)]
        if len(found) > 1:
            raise self.source.error(found[1].position, "this was said already; say it once")
        return found[0] if found else None

    def _shape(self) -> tuple[int, ...]:
        sizes: list[int] = []
        for size in self.weight.type.sizes:
            with self.source.at(size.position):
                value = to_number(size.text) if isinstance(size, sx.Number) else None
                if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                    raise ShapeError("the sizes of a weight are whole numbers, at least 1")
                sizes.append(value)
        if len(sizes) > MAX_RANK:
            raise self.source.error(self.weight.type.position, f"{len(sizes)} axes; a tensor has at most {MAX_RANK}")
        return tuple(sizes)

    def _fill(self) -> int | float | bool:
        """What stands for zero: the zero point of a quantised weight that has a single one."""
        quantized = self._clause(sx.Quantized)
        for option in quantized.options if quantized else ():
            if option.name.text == "zero" and isinstance(option.value, sx.Number):
                with self.source.at(option.value.position):
                    return require_fits(to_number(option.value.text), self.element)
        return 0

    def _require_block_fits(self, blocks: sx.Blocks) -> None:
        if len(self.shape) != 2:
            raise ShapeError(f"blocks need a matrix; `{self.weight.name.text}` has {len(self.shape)} axes")
        if not (1 <= blocks.rows <= self.shape[0] and 1 <= blocks.columns <= self.shape[1]):
            raise ShapeError(
                f"a block {blocks.rows}x{blocks.columns} does not fit in a matrix {self.shape[0]}x{self.shape[1]}"
            )

    def _numbers(self) -> Array:
        given = [clause for clause in self.weight.clauses if isinstance(clause, sx.FromFile | sx.Random | sx.Values)]
        if not given:
            message = f"weight `{self.weight.name.text}` has no numbers: add {_SOURCES} ..."
            raise self.source.error(self.weight.position, message)
        if len(given) > 1:
            raise self.source.error(given[1].position, f"the numbers come from one place: {_SOURCES}")
        clause = given[0]
        match clause:
            case sx.FromFile():
                with self.source.at(clause.path.position):
                    return self._from_file(clause.path)
            case sx.Random():
                with self.source.at(clause.position):
                    return self._random(clause)
            case sx.Values():
                if isinstance(clause.literal, sx.Signed):
                    with self.source.at(clause.position):
                        self._require_modest()
                return self._literal(clause.literal)

    def _from_file(self, path: sx.FilePath) -> Array:
        stored = find_tensor(path.text, self.directory)
        if stored.shape != self.shape:
            raise ShapeError(f"the file holds a tensor {list(stored.shape)}, declared is {list(self.shape)}")
        if stored.dtype != self.dtype:
            raise ShapeError(
                f"the file holds {stored.dtype}, declared is {dtype_name(self.element)}: "
                f"convert it with .astype(np.{self.dtype}), or declare what it holds"
            )
        return stored.load()

    def _require_modest(self) -> None:
        if prod(self.shape) > MAX_MADE_UP:
            raise ShapeError(
                f"{prod(self.shape)} elements are too many to make up, at most {MAX_MADE_UP}: load them from a file"
            )

    def _random(self, clause: sx.Random) -> Array:
        options = read_options(self.source, clause.options, {"seed": whole_option, "sparsity": number_option})
        self._require_modest()
        sparsity = float(options.get("sparsity", 0.0))
        if not 0 <= sparsity <= 1:
            raise ShapeError(f"a sparsity is 0 (nothing pruned) to 1 (everything), got {sparsity}")
        seed = options.get("seed", 0)
        if seed < 0:
            raise ShapeError(f"a seed is at least 0, got {seed}")
        side = (self.blocks.rows, self.blocks.columns) if self.blocks else (1, 1)
        return random_weight(self.shape, self.dtype, seed=seed, sparsity=sparsity, block=side, zero=self.fill)

    def _literal(self, literal: sx.Literal) -> Array:
        if isinstance(literal, sx.Signed):
            with self.source.at(literal.position):
                return np.full(self.shape, require_fits(to_number(literal.text), self.element), self.dtype)
        return np.array(self._nested(literal, self.shape), self.dtype).reshape(self.shape)

    def _nested(self, literal: sx.Literal, shape: tuple[int, ...]) -> Any:
        """The numbers of a literal list, checked against the shape level by level (and so never deeper than it)."""
        with self.source.at(literal.position):
            if not shape:
                if isinstance(literal, sx.List):
                    raise ShapeError(f"a list here is one level too deep for {list(self.shape)}")
                return require_fits(to_number(literal.text), self.element)
            if not isinstance(literal, sx.List):
                raise ShapeError(f"a number here is {len(shape)} level(s) short of {list(self.shape)}")
            if len(literal.items) != shape[0]:
                raise ShapeError(f"{len(literal.items)} items where {list(self.shape)} has {shape[0]}")
        return [self._nested(item, shape[1:]) for item in literal.items]

    def _bitmap(self, numbers: sx.Numbers, what: str) -> NDArray[np.bool_]:
        """A bitmap of blocks, or of elements where no blocks are given."""
        if self.blocks:
            grid = (-(-self.shape[0] // self.blocks.rows), -(-self.shape[1] // self.blocks.columns))
            unit = f"{self.blocks.rows}x{self.blocks.columns} blocks"
        else:
            grid, unit = self.shape, "elements"
        if isinstance(numbers, sx.FilePath):
            with self.source.at(numbers.position):
                stored = find_tensor(numbers.text, self.directory)
                if stored.shape != grid:
                    raise ShapeError(
                        f"the file holds {list(stored.shape)}, "
                        f"the {what} of {list(self.shape)} in {unit} is {list(grid)}"
                    )
                bitmap = stored.load()
                if stored.dtype.kind not in "biu" or not np.isin(bitmap, (0, 1)).all():
                    raise ShapeError(f"a {what} holds zeros and ones only")
                return bitmap.astype(np.bool_)
        return np.array(self._bits(numbers, grid, f"{what} of {list(self.shape)} in {unit}"), np.bool_)

    def _bits(self, literal: sx.Literal, grid: tuple[int, ...], what: str) -> Any:
        with self.source.at(literal.position):
            if not grid:
                if isinstance(literal, sx.List) or literal.text not in ("0", "1"):
                    raise ShapeError(f"the {what} holds zeros and ones only")
                return literal.text == "1"
            if not isinstance(literal, sx.List) or len(literal.items) != grid[0]:
                got = len(literal.items) if isinstance(literal, sx.List) else "a number"
                raise ShapeError(f"the {what} needs a list of {grid[0]} here, got {got}")
        return [self._bits(item, grid[1:], what) for item in literal.items]

    def _stretch(self, bitmap: NDArray[np.bool_]) -> NDArray[np.bool_]:
        if not self.blocks:
            return bitmap
        whole = bitmap.repeat(self.blocks.rows, axis=0).repeat(self.blocks.columns, axis=1)
        return whole[: self.shape[0], : self.shape[1]]

    def _require_inside(self, array: Array, stored: NDArray[np.bool_]) -> None:
        outside = (array != self.fill) & ~self._stretch(stored)
        if count := int(np.count_nonzero(outside)):
            row, column = (int(index) for index in np.argwhere(outside)[0])
            raise ShapeError(
                f"{count} non-zero{'s lie' if count > 1 else ' lies'} outside the {int(stored.sum())} stored blocks, "
                f"first [{row}, {column}] = {array[row, column]}: use `mask` to prune them"
            )

    def _schedule(self) -> Schedule | None:
        clause = self._clause(sx.ScheduleClause)
        if clause is None:
            return None
        options: Mapping[str, Any] = read_options(
            self.source,
            clause.options,
            {"dataflow": word_option(tuple(Dataflow)), "tile": whole_option, "rows": whole_option},
        )
        with self.source.at(clause.position):
            if "dataflow" not in options:
                raise ShapeError(f"a schedule needs a dataflow: one of {', '.join(Dataflow)}")
            dataflow = Dataflow(options["dataflow"])
            tiles, rows = dataflow.tiles, dataflow.row_counts
            schedule = Schedule(dataflow, options.get("tile", tiles[0]), options.get("rows", rows[0]))
            for what, value, possible in (("tile", schedule.tile, tiles), ("number of rows", schedule.rows, rows)):
                if value not in possible:
                    raise ShapeError(f"the {what} of {dataflow} is {listing(map(str, possible))}, got {value}")
            needs = "i8" if dataflow.is_integer else "f32"
            if dtype_name(self.element) != needs and (needs, self.dtype.kind) != ("i8", "u"):
                raise ShapeError(f"{schedule.dataflow} walks {needs} weights; this one is {dtype_name(self.element)}")
        return schedule


def random_weight(
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    *,
    seed: int,
    sparsity: float,
    block: tuple[int, int] = (1, 1),
    zero: int | float | bool = 0,
) -> Array:
    """Seeded numbers with `round(sparsity * blocks)` whole blocks set to `zero`.

    Floats are normal with variance 1 / (last size), so that activations keep their scale. Integers are uniform over
    -127..127 (i8), 0..255 (u8) or -1000..1000, never `zero` itself, so that the count of stored blocks is exact.
    """
    generator = np.random.default_rng(seed)
    if dtype.kind == "f":
        array = (generator.standard_normal(shape) / sqrt(shape[-1] if shape else 1)).astype(dtype)
    elif dtype.kind == "b":
        array = np.ones(shape, dtype)
    else:
        low, high = {"i1": (-127, 127), "u1": (0, 255)}.get(dtype.str[1:], (-1000, 1000))
        drawn = generator.integers(low, high, shape)  # one value fewer: `zero` is skipped
        array = (drawn + (drawn >= zero)).astype(dtype)
    rows, columns = block
    grid = (-(-shape[0] // rows), -(-shape[1] // columns)) if block != (1, 1) else shape
    total = prod(grid)
    pruned = np.zeros(total, np.bool_)
    pruned[generator.permutation(total)[: round(sparsity * total)]] = True
    mask = pruned.reshape(grid)
    if block != (1, 1):
        mask = mask.repeat(rows, axis=0).repeat(columns, axis=1)[: shape[0], : shape[1]]
    array[mask] = zero
    return array
