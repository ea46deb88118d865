"""From the tree of a page to a `[file]` module: names, scopes, calls. Functions are inlined where they are called."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue

from sparsec.builder import Builder, begin_module
from sparsec.dialects.encoding import tensor
from sparsec.dims import Dim, Size
from sparsec.errors import DslError, ShapeError
from sparsec.frontend import syntax as sx
from sparsec.frontend.dsl_calls import match_arguments
from sparsec.frontend.dsl_dtypes import CONSTANTS, DTYPES, to_dtype, to_number
from sparsec.frontend.dsl_functions import FUNCTIONS
from sparsec.frontend.dsl_operators import binary, unary
from sparsec.frontend.dsl_options import read_options, whole_option
from sparsec.frontend.dsl_quantisation import make_quantisation
from sparsec.frontend.dsl_signature import Builtin
from sparsec.frontend.dsl_source import Source, suggestion
from sparsec.frontend.dsl_subscript import Item, RestValue, SpanValue, subscript
from sparsec.frontend.dsl_values import (
    DtypeValue,
    Emitter,
    Tensor,
    Value,
    describe,
    require_sizes,
    to_size,
    type_text,
)
from sparsec.frontend.dsl_weights import LoadedWeight
from sparsec.weights import WeightStore

MAX_STEPS = 100_000
"""Expressions evaluated at most: a page of a few lines can call functions that call functions without end."""

_MAX_NOTES = 5
"""Calls that an error names at most."""

_TOO_DEEP = "this is nested too deeply: split it into several assignments"

Scope = dict[str, Value]


def lower_page(source: Source, page: sx.Page, loaded: Mapping[str, LoadedWeight], weights: WeightStore) -> ModuleOp:
    """The `[graph]` module of a page whose weights were loaded.

    Raises:
        DslError: anything in the page that does not mean something.
    """
    models = [item for item in page.items if isinstance(item, sx.Model)]
    if len(models) != 1:
        position = models[1].name.position if models else sx.Position(1, 1, 1, 1)
        raise source.error(position, f"a page has exactly one model, this one has {len(models)}")
    model = models[0]
    functions: dict[str, sx.Function] = {}
    for item in page.items:
        if isinstance(item, sx.Function):
            _require_new_function(source, item, functions)
            functions[item.name.text] = item
    dimensions: dict[str, Dim] = {}
    inputs = [(one, *_input_type(source, one, dimensions)) for one in model.inputs]
    builder, arguments, finish = begin_module(
        weights, [(one.name.text, tensor(element, sizes)) for one, element, sizes in inputs]
    )
    lowering = _Lowering(source, builder, functions, loaded, dimensions)
    try:
        outputs = lowering.model(model, arguments)
    except RecursionError:  # outside of any statement, e.g. in a type
        raise source.error(model.name.position, _TOO_DEEP) from None
    return finish(outputs)


def _require_new_function(source: Source, function: sx.Function, known: Mapping[str, sx.Function]) -> None:
    name = function.name.text
    if name in FUNCTIONS:
        raise source.error(function.name.position, f"`{FUNCTIONS[name].signature}` is a function of the language")
    if name in known:
        line = known[name].position.line
        raise source.error(function.name.position, f"there is already a function `{name}`, on line {line}")
    seen: set[str] = set()
    for parameter in function.parameters:
        if parameter.text in seen:
            raise source.error(parameter.position, f"there are two parameters `{parameter.text}`")
        seen.add(parameter.text)


def _input_type(source: Source, one: sx.Input, dimensions: dict[str, Dim]) -> tuple[Any, tuple[Size, ...]]:
    """Element type and sizes of an input; names that are new become dimensions."""
    sizes: list[Size] = []
    for size in one.type.sizes:
        with source.at(size.position):
            match size:
                case sx.Name(text=name) if name.strip("_") and name not in CONSTANTS:
                    sizes.append(dimensions.setdefault(name, Dim.symbol(name)))
                case sx.Number():
                    sizes.append(to_size(to_number(size.text)))
                case _:
                    raise ShapeError("the size of an input is a number, or the name of a dimension such as batch")
    with source.at(one.type.position):
        return to_dtype(one.type.dtype), require_sizes(sizes)


def _called_from(error: DslError, place: str) -> DslError:
    """The error with one more line of its way, for the innermost calls."""
    way = "\n  note: in "
    return error if str(error).count(way) >= _MAX_NOTES else DslError(f"{error}{way}{place}")


class _Lowering:
    """Evaluates statements and expressions of one page."""

    def __init__(
        self,
        source: Source,
        builder: Builder,
        functions: Mapping[str, sx.Function],
        loaded: Mapping[str, LoadedWeight],
        dimensions: Mapping[str, Dim],
    ):
        self.source = source
        self.emitter = Emitter(builder)
        self.functions = functions
        self.loaded = loaded
        self.dimensions = dimensions
        self.weights: dict[str, Tensor] = {}
        self.calls: list[str] = []
        self.steps = 0

    def model(self, model: sx.Model, arguments: Mapping[str, SSAValue]) -> list[tuple[str, SSAValue]]:
        """Lower the body; the outputs with their names."""
        scope: Scope = {}
        for one in model.inputs:
            name = one.name
            if name.text in scope:
                raise self.source.error(name.position, f"there are two inputs `{name.text}`")
            self._require_assignable(name)
            scope[name.text] = self._quantized(Tensor(arguments[name.text]), one.quantized, -1)
        for statement in model.body:
            if isinstance(statement, sx.Return):
                raise self.source.error(statement.position, "a model does not return: its outputs are named after `->`")
            self._assign(statement, scope)
        outputs: dict[str, SSAValue] = {}
        for target in model.outputs:
            name = target.name
            if name.text in outputs:
                raise self.source.error(name.position, f"there are two outputs `{name.text}`")
            if name.text not in scope:
                hint = suggestion(name.text, scope) or f": write `{name.text} = ...` in the model"
                raise self.source.error(name.position, f"the output `{name.text}` is never assigned{hint}")
            value = scope[name.text]
            self._require_type(target, value)
            with self._at(name.position):
                outputs[name.text] = value.value if isinstance(value, Tensor) else self.emitter.tensor(value)
        return list(outputs.items())

    # Statements

    def _assign(self, statement: sx.Assign, scope: Scope) -> None:
        values = self._values(statement.value, scope, statement.position)
        targets = statement.targets
        if len(values) != len(targets):
            raise self.source.error(
                statement.position, f"{len(values)} value{'s' if len(values) > 1 else ''} for {len(targets)} name(s)"
            )
        for target, value in zip(targets, values, strict=True):
            self._require_assignable(target.name)
            self._require_type(target, value, scope)
            if isinstance(value, Tensor) and value.value.name_hint is None and target.name.text.isascii():
                value.value.name_hint = target.name.text
            scope[target.name.text] = value

    def _values(self, node: sx.Expression, scope: Scope, statement: sx.Position) -> tuple[Value, ...]:
        """The values of the right side of a statement; calls may have several."""
        try:
            return self._call(node, scope) if isinstance(node, sx.Call) else (self._expression(node, scope),)
        except RecursionError:
            raise self.source.error(statement, _TOO_DEEP) from None

    def _require_assignable(self, name: sx.Name) -> None:
        taken = {
            "a weight": self.loaded,
            "a dimension": self.dimensions,
            "a number with a fixed meaning": CONSTANTS,
        }
        for what, names in taken.items():
            if name.text in names:
                raise self.source.error(name.position, f"`{name.text}` is {what} already: choose another name")

    def _require_type(self, target: sx.Target, value: Value, scope: Scope | None = None) -> None:
        if target.type is None:
            return
        with self._at(target.type.position):
            element = to_dtype(target.type.dtype)
            sizes = [to_size(self._expression(size, scope or {})) for size in target.type.sizes]
            if not isinstance(value, Tensor):
                raise ShapeError(f"`{target.name.text}` is {describe(value)}, not a tensor")
            if (value.element, value.sizes) != (element, tuple(sizes)):
                actual = type_text(value.element, value.sizes)
                raise ShapeError(f"`{target.name.text}` is {actual}, written is {type_text(element, sizes)}")

    # Expressions

    @contextmanager
    def _at(self, position: sx.Position) -> Generator[None]:
        """Ops made inside come from this place, and mistakes inside are shown there."""
        self.emitter.builder.source = self.source.place(position)
        with self.source.at(position):
            yield

    def _expression(self, node: sx.Expression, scope: Scope) -> Value:
        self.steps += 1
        if self.steps > MAX_STEPS:
            message = f"the model has more than {MAX_STEPS} expressions once its functions are inlined"
            raise self.source.error(node.position, message)
        match node:
            case sx.Name():
                return self._name(node, scope)
            case sx.Number():
                with self.source.at(node.position):
                    return to_number(node.text)
            case sx.Dtype():
                with self.source.at(node.position):
                    return DtypeValue(to_dtype(node.text))
            case sx.Array():
                return [self._expression(item, scope) for item in node.items]
            case sx.Unary():
                operand = self._expression(node.operand, scope)
                with self._at(node.position):
                    return unary(self.emitter, node.operator, operand)
            case sx.Binary():
                lhs, rhs = self._expression(node.lhs, scope), self._expression(node.rhs, scope)
                with self._at(node.position):
                    return binary(self.emitter, node.operator, lhs, rhs)
            case sx.Subscript():
                operand = self._expression(node.operand, scope)
                items = [self._item(item, scope) for item in node.items]
                with self._at(node.position):
                    return subscript(self.emitter, operand, items)
            case sx.Call():
                values = self._call(node, scope)
                if len(values) != 1:
                    message = f"`{node.function.text}` gives {len(values)} values: take them apart with `a, b = ...`"
                    raise self.source.error(node.position, message)
                return values[0]

    def _item(self, item: sx.Expression | sx.Span | sx.Rest, scope: Scope) -> Item:
        if isinstance(item, sx.Rest):
            return RestValue()
        if isinstance(item, sx.Span):
            parts = (item.start, item.stop, item.step)
            return SpanValue(*(None if part is None else self._expression(part, scope) for part in parts))
        return self._expression(item, scope)

    def _name(self, node: sx.Name, scope: Scope) -> Value:
        name = node.text
        if name in scope:
            return scope[name]
        if name in self.dimensions:
            return self.dimensions[name]
        if name in self.loaded:
            return self._weight(name)
        if name in CONSTANTS:
            return CONSTANTS[name]
        if name in self.functions or name in FUNCTIONS:
            raise self.source.error(node.position, f"`{name}` is a function: call it, as in `{name}(x)`")
        hint = suggestion(name, [*scope, *self.loaded, *self.dimensions])
        raise self.source.error(node.position, f"there is no `{name}` here{hint}")

    def _weight(self, name: str) -> Tensor:
        """A weight, as a constant that is made where it is first used."""
        if name not in self.weights:
            weight = self.loaded[name]
            clauses = weight.declaration.clauses
            quantized = next((clause for clause in clauses if isinstance(clause, sx.Quantized)), None)
            with self._at(weight.declaration.position):
                value = self.emitter.builder.weight(weight.array, weight.pattern, weight.schedule)
            value.name_hint = name if name.isascii() else None
            self.weights[name] = self._quantized(Tensor(value), quantized, 0)
        return self.weights[name]

    def _quantized(self, value: Tensor, clause: sx.Quantized | None, axis: int) -> Tensor:
        if clause is None:
            return value
        readers = {"scale": self._parameter, "zero": self._parameter, "axis": whole_option}
        options = read_options(self.source, clause.options, readers)
        with self._at(clause.position):
            if "scale" not in options:
                raise ShapeError("a quantized tensor needs a scale, as in quantized(scale = 0.02, zero = 128)")
            if value.element not in (DTYPES["u8"], DTYPES["i8"], DTYPES["i32"]):
                raise ShapeError(f"a quantized tensor is u8, i8 or i32, this one is {describe(value)}")
            value.quantisation = make_quantisation(
                self.emitter,
                options["scale"],
                options.get("zero", 0),
                options.get("axis"),
                element=value.element,
                sizes=value.sizes,
                default_axis=axis,
            )
        return value

    def _parameter(self, node: sx.Expression) -> Value:
        return self._expression(node, {})

    # Calls

    def _call(self, node: sx.Call, scope: Scope) -> tuple[Value, ...]:
        name = node.function.text
        if name in FUNCTIONS:
            return self._builtin(FUNCTIONS[name], node, scope)
        if name in self.functions:
            return self._inline(self.functions[name], node, scope)
        hint = suggestion(name, [*FUNCTIONS, *self.functions])
        raise self.source.error(node.function.position, f"there is no function `{name}`{hint}")

    def _builtin(self, builtin: Builtin, node: sx.Call, scope: Scope) -> tuple[Value, ...]:
        arguments = match_arguments(
            self.source,
            node,
            [parameter.name for parameter in builtin.parameters],
            signature=builtin.signature,
            optional=[parameter.name for parameter in builtin.parameters if not parameter.required],
            named_only=[parameter.name for parameter in builtin.parameters if parameter.named_only],
        )
        values = {name: self._expression(argument, scope) for name, argument in arguments.items()}
        converted: dict[str, Any] = {}
        for parameter in builtin.parameters:
            if parameter.name in values:
                with self._at(arguments[parameter.name].position):
                    converted[parameter.python_name] = parameter.convert(
                        self.emitter, values[parameter.name], builtin.name
                    )
        with self._at(node.position):
            result = builtin.emit(self.emitter, **converted)
        if isinstance(result, tuple):
            return result
        return (Tensor(result) if isinstance(result, SSAValue) else result,)

    def _inline(self, function: sx.Function, node: sx.Call, scope: Scope) -> tuple[Value, ...]:
        name = function.name.text
        if name in self.calls:
            chain = " -> ".join([*self.calls[self.calls.index(name) :], name])
            message = f"`{name}` ends up calling itself ({chain}): functions are inlined, so that would never end"
            raise self.source.error(node.position, message)
        parameters = [parameter.text for parameter in function.parameters]
        signature = f"{name}({', '.join(parameters)})"
        arguments = match_arguments(self.source, node, parameters, signature=signature)
        inner: Scope = {parameter: self._expression(argument, scope) for parameter, argument in arguments.items()}
        for parameter in function.parameters:
            self._require_assignable(parameter)
        self.calls.append(name)
        try:
            for statement in function.body[:-1]:
                if isinstance(statement, sx.Return):
                    raise self.source.error(statement.position, "nothing after `return` is reached: it comes last")
                self._assign(statement, inner)
            last = function.body[-1] if function.body else None
            if not isinstance(last, sx.Return):
                raise self.source.error(function.name.position, f"`{name}` needs a `return` as its last statement")
            return tuple(value for result in last.values for value in self._returned(result, inner, last))
        except DslError as error:
            raise _called_from(error, f"`{name}`, called at {self.source.place(node.position)}") from None
        finally:
            self.calls.pop()

    def _returned(self, node: sx.Expression, scope: Scope, statement: sx.Return) -> tuple[Value, ...]:
        values = self._values(node, scope, statement.position)
        if len(values) != 1 and len(statement.values) != 1:
            message = f"this gives {len(values)} values: return it alone, or take it apart first"
            raise self.source.error(node.position, message)
        return values
