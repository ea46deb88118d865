"""The ONNX frontend: a model file becomes a [file] module.

Every node is one call of a function in `onnx_ops`. Subgraphs of an `If` whose condition is known and model-local
functions are read in place. Nodes that cannot be expressed are collected and reported together.
"""

from __future__ import annotations

import os
import re
from collections import ChainMap
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from onnx import ModelProto
from onnx.defs import onnx_opset_version
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute
from xdsl.utils.exceptions import VerifyException

from sparsec.builder import begin_module
from sparsec.dialects.encoding import tensor, to_element
from sparsec.dialects.requirements import set_requirements
from sparsec.dims import Dim, Size
from sparsec.errors import ModelError, OptionError, ShapeError, UnsupportedError
from sparsec.frontend.onnx_call import Call, Results
from sparsec.frontend.onnx_emitter import DATA_DTYPES, Emitter, SymbolsMustAgree, Unsupported
from sparsec.frontend.onnx_file import AttributeValue, Function, Graph, Input, Model, Node, Reference, read_file
from sparsec.frontend.onnx_ops import ADVICE, OPERATIONS
from sparsec.frontend.onnx_sizes import recording
from sparsec.frontend.onnx_tensor import UnreadTensor
from sparsec.frontend.onnx_values import Known, Value
from sparsec.weights import Array, WeightStore

OLDEST_OPSET = 11
MAX_NODES = 1_000_000
MAX_DEPTH = 32


def read_onnx(
    source: str | os.PathLike[str] | bytes | ModelProto,
    weights: WeightStore,
    *,
    path: Path | None = None,
    dims: Mapping[str, int | str] | None = None,
) -> ModuleOp:
    """Read a model as a [file] module whose constants lie in `weights`.

    Symbols are the `dim_param`s of the inputs; unnamed dynamic dimensions are called `<input>_dim<axis>`. Symbols that
    the graph forces to be equal (by broadcasting, concatenation, a product) become one.

    Args:
        source: a path, the bytes of a file, or a model in memory. Only what has a path can have external data.
        path: where given bytes come from, if from a file.
        weights: receives the constants.
        dims: symbols to fix (`{"batch": 1}`) or to rename (`{"batch_size": "batch"}`).

    Raises:
        ModelError: the file is damaged, truncated, inconsistent, or reaches outside its directory.
        UnsupportedError: lists every node that sparsec cannot express.
        ShapeError: shapes inside the graph do not fit; names the node.
        OptionError: `dims` names a symbol that the model does not have.
    """
    model = read_file(source, path)
    _require_opset(model)
    symbols = _symbols(model.graph)
    agreed = _given_sizes(symbols, dims or {})
    joined: list[str] = []
    while True:
        try:
            return _Reader(model, symbols, agreed).read(weights)
        except ShapeError as error:
            if not joined:
                raise
            raise ShapeError(f"{error} ({'; '.join(joined)})") from error
        except SymbolsMustAgree as clash:  # at most once for each symbol, since it then occurs no more
            found = {clash.symbol: clash.size}
            joined.append(f"{clash.symbol} was taken to be {clash.size}: {clash.reason}")
            agreed = {name: _substituted(size, found) for name, size in agreed.items()} | found


def _substituted(size: Size, found: Mapping[str, Size]) -> Size:
    return size.substitute(found) if isinstance(size, Dim) else size


def _require_opset(model: Model) -> None:
    version, newest = model.opsets.get(""), onnx_opset_version()
    if version is None:
        if any(node.domain == "" for node in model.graph.nodes) or not model.opsets:
            raise ModelError("the model does not say which opset it uses: it is damaged or no ONNX model")
    elif not OLDEST_OPSET <= version <= newest:
        raise ModelError(
            f"the model uses opset {version}; sparsec reads {OLDEST_OPSET} to {newest}: "
            "export it again, or convert it with onnx.version_converter.convert_version"
        )


def _symbols(graph: Graph) -> dict[tuple[str, int], str]:
    """A symbol for each dynamic dimension of each input, by (input, axis); equal `dim_param`s get equal symbols."""
    taken: dict[str, str] = {}
    symbols: dict[tuple[str, int], str] = {}
    for value in graph.inputs:
        for axis, size in enumerate(value.shape or ()):
            if isinstance(size, str) or size is None or size < 0:
                raw = size if isinstance(size, str) else f"{value.name}_dim{axis}"
                if raw not in taken:
                    clean = re.sub(r"\W", "_", raw, flags=re.ASCII)
                    clean = clean if re.match(r"[A-Za-z]", clean) else f"d_{clean}"
                    while clean in taken.values():
                        clean += "_"
                    taken[raw] = clean
                symbols[value.name, axis] = taken[raw]
    return symbols


def _given_sizes(symbols: Mapping[tuple[str, int], str], dims: Mapping[str, int | str]) -> dict[str, Size]:
    names = list(dict.fromkeys(symbols.values()))
    sizes: dict[str, Size] = {}
    for name, given in dims.items():
        if name not in names:
            raise OptionError(f"the model has no dimension `{name}`; it has: {', '.join(names) or 'none'}")
        if isinstance(given, str):
            if not re.fullmatch(r"[A-Za-z_]\w*", given, flags=re.ASCII):
                raise OptionError(f"`{given}` is no name for the dimension `{name}`: use letters, digits and _")
            sizes[name] = Dim.symbol(given)
        elif given >= 1:
            sizes[name] = given
        else:
            raise OptionError(f"the dimension `{name}` cannot be {given}: it must be at least 1")
    return sizes


@dataclass(frozen=True)
class _Poison:
    """The value of a node that failed. `reason` (what it is, and what to do) is set when only a use is an error."""

    reason: str | None = None


_Names = MutableMapping[str, Value | _Poison | None]
"""None is an optional input of a function that its caller left out."""


@dataclass(frozen=True)
class _Scope:
    """Where nodes are read: the values by name, opset versions, attributes of the enclosing function."""

    names: _Names
    opsets: Mapping[str, int]
    bindings: Mapping[str, AttributeValue] = field(default_factory=dict[str, AttributeValue])
    prefix: str = ""
    depth: int = 0


class _Reader:
    """Reads one model once, under given sizes of its symbols."""

    def __init__(self, model: Model, symbols: Mapping[tuple[str, int], str], agreed: Mapping[str, Size]):
        self.model = model
        self.symbols = symbols
        self.agreed = agreed
        self.problems: list[tuple[str, str]] = []
        self.shape_errors: list[ShapeError] = []
        self.nodes_left = MAX_NODES

    def read(self, weights: WeightStore) -> ModuleOp:
        """The module; raises what `read_onnx` raises."""
        graph = self.model.graph
        inputs = [value for value in graph.inputs if value.name not in graph.initialisers]
        _require_distinct([value.name for value in inputs], "inputs")
        if not graph.outputs:
            raise ModelError("the graph has no outputs: the file is damaged or no ONNX model")
        types = {value.name: type for value in inputs if (type := self._input_type(value)) is not None}
        builder, arguments, finish = begin_module(weights, list(types.items()))
        names: _Names = {value.name: _Poison() for value in inputs}
        names.update(arguments)
        order = {name: place for place, name in enumerate(dict.fromkeys(self.symbols.values()))}
        self.emitter = Emitter(builder, order)
        scope = _Scope(names, self.model.opsets)
        self._read_graph(graph, scope)
        outputs = [(name, self._output(name, scope)) for name in graph.outputs]
        if self.problems:
            raise UnsupportedError(self.problems)
        if self.shape_errors:
            raise self.shape_errors[0]
        builder.source = None
        module = finish([(name, self.emitter.materialise(value)) for name, value in outputs if value is not None])
        function = module.body.block.first_op
        assert isinstance(function, FuncOp)
        set_requirements(function, list(self.emitter.required.values()))
        _drop_unread(function)
        return module

    def _input_type(self, value: Input) -> Attribute | None:
        if value.dtype is None or value.dtype.name not in DATA_DTYPES:
            advice = "use tensors of FLOAT, INT64, INT32, INT8, UINT8 or BOOL"
            self.problems.append((f"input `{value.name}`", f": {value.type_name} is no supported type; {advice}"))
            return None
        if value.shape is None:
            advice = "export it with a shape (symbolic is fine)"
            self.problems.append((f"input `{value.name}`", f": its rank is unknown; {advice}"))
            return None
        sizes: list[Size] = []
        for axis, size in enumerate(value.shape):
            symbol = self.symbols.get((value.name, axis))
            if symbol is not None:
                sizes.append(self.agreed.get(symbol, Dim.symbol(symbol)))
            elif size == 0:
                raise ModelError(f"input `{value.name}` has size 0 on axis {axis}: there is nothing to compute")
            else:
                sizes.append(int(size or 0))
        return tensor(to_element(value.dtype), sizes)

    def _output(self, name: str, scope: _Scope) -> Value | None:
        value = scope.names.get(name)
        if value is None:
            raise ModelError(f"the output `{name}` is made by no node: the file is damaged")
        if isinstance(value, _Poison):
            if value.reason:
                self.problems.append((f"output `{name}`", f" is {value.reason}"))
            return None
        try:
            self.emitter.materialise(value)
        except Unsupported as error:
            self.problems.append((f"output `{name}`", f": {error}"))
            return None
        return value

    def _read_graph(self, graph: Graph, scope: _Scope) -> None:
        for name, array in graph.initialisers.items():
            scope.names[name] = _constant(array)
        self._read_nodes(graph.nodes, scope)

    def _read_nodes(self, nodes: Sequence[Node], scope: _Scope) -> None:
        if scope.depth > MAX_DEPTH:
            raise ModelError(f"functions or branches are nested more than {MAX_DEPTH} deep: the file is damaged")
        own = scope.names.maps[0] if isinstance(scope.names, ChainMap) else scope.names
        for node in nodes:
            self.nodes_left -= 1
            if self.nodes_left < 0:
                raise ModelError(f"the model has more than {MAX_NODES} nodes, functions written out")
            results = self._read_node(_bound(node, scope), scope)
            for name, result in zip(node.outputs, results, strict=True):
                if name and name in own:
                    raise ModelError(f"`{name}` is made twice, the second time by node `{node.title}`")
                if name:
                    scope.names[name] = result

    def _read_node(self, node: Node, scope: _Scope) -> Sequence[Value | _Poison]:
        """The values of a node's outputs; a failure is recorded and poisons them."""
        key = (node.domain, node.op_type)
        self.emitter.build.source = scope.prefix + node.title
        opset = scope.opsets.get(node.domain, 1)
        failed = [_Poison()] * len(node.outputs)
        try:
            values = self._inputs(node, scope)
            function = self.model.functions.get((*key, node.overload))
            if function is not None:
                return self._read_function(node, function, values, scope)
            translate = OPERATIONS.get(key)
            if translate is None and key != ("", "If"):
                raise Unsupported(ADVICE.get(key, ADVICE["", ""]))
            if any(isinstance(value, _Poison) for value in values):
                return failed
            call = Call(node, opset, [None if isinstance(value, _Poison) else value for value in values], self.emitter)
            if translate is None:
                return self._read_if(call, scope)
            with recording() as used:
                results = _results(translate(call), node)
            self.emitter.require(used)
            call.require_understood()
            return results
        except Unsupported as error:
            domain = f"{node.domain}." if node.domain else ""
            problem = f" ({domain}{node.op_type}, opset {opset}): {error}"
            self.problems.append((f"`{scope.prefix}{node.title}`", problem))
        except ShapeError as error:
            self.shape_errors.append(error)
        except (ArithmeticError, LookupError, MemoryError, TypeError, ValueError, VerifyException) as error:
            raise ModelError(
                f"{scope.prefix}{node.title}: the inputs or attributes of this {node.op_type} do not fit: {error}"
            ) from error
        return failed

    def _inputs(self, node: Node, scope: _Scope) -> list[Value | _Poison | None]:
        values: list[Value | _Poison | None] = []
        for name in node.inputs:
            value = scope.names.get(name) if name else None
            if name and name not in scope.names:
                raise ModelError(
                    f"{scope.prefix}{node.title} reads `{name}`, which nothing before it makes: "
                    "the graph is not sorted, has a cycle, or is damaged"
                )
            if isinstance(value, _Poison) and value.reason:
                raise Unsupported(f"it reads {value.reason}")
            values.append(value)
        return values

    def _read_function(
        self, node: Node, function: Function, values: Sequence[Value | _Poison | None], scope: _Scope
    ) -> Sequence[Value | _Poison]:
        given = [*values, *[None] * (len(function.inputs) - len(values))]
        names: _Names = dict(zip(function.inputs, given, strict=False))
        inner = _Scope(
            names,
            {**scope.opsets, **function.opsets},
            {**function.defaults, **node.attributes},
            f"{scope.prefix}{node.title}/",
            scope.depth + 1,
        )
        self._read_nodes(function.nodes, inner)
        return self._picked(function.outputs[: len(node.outputs)], inner, node)

    def _read_if(self, call: Call, scope: _Scope) -> Sequence[Value | _Poison]:
        condition = call.value(0)
        if not isinstance(condition, Known) or condition.is_symbolic or condition.array.size != 1:
            raise Unsupported("its condition depends on data; only branches that are known while compiling are read")
        branch = call.node.attributes.get("then_branch" if bool(condition.array) else "else_branch")
        if not isinstance(branch, Graph):
            raise ModelError(f"{call.node.title}: this If lacks a branch")
        inner = replace(
            scope,
            names=ChainMap[str, Value | _Poison | None]({}, scope.names),
            prefix=f"{scope.prefix}{call.node.title}/",
            depth=scope.depth + 1,
        )
        self._read_graph(branch, inner)
        return self._picked(branch.outputs, inner, call.node)

    def _picked(self, names: Sequence[str], scope: _Scope, node: Node) -> Sequence[Value | _Poison]:
        values = [value for name in names if (value := scope.names.get(name)) is not None]
        if not len(values) == len(names) == len(node.outputs):
            raise ModelError(
                f"{node.title} has {len(node.outputs)} outputs, its body makes {len(values)} of {len(names)}: "
                "the file is damaged"
            )
        return values


def _constant(array: Array | UnreadTensor) -> Value | _Poison:
    if isinstance(array, UnreadTensor):
        return _Poison(f"a constant of {array.refusal}")
    return Known.of(array)


def _bound(node: Node, scope: _Scope) -> Node:
    """The node with references to attributes of the enclosing function resolved; absent ones are dropped."""
    if not any(isinstance(value, Reference) for value in node.attributes.values()):
        return node
    attributes: dict[str, AttributeValue] = {}
    for name, value in node.attributes.items():
        resolved = scope.bindings.get(value.name) if isinstance(value, Reference) else value
        if resolved is not None:
            attributes[name] = resolved
    return replace(node, attributes=attributes)


def _results(results: Results, node: Node) -> Sequence[Value | _Poison]:
    made: list[Value | _Poison] = list(results) if isinstance(results, Sequence) else [results]
    if len(made) > len(node.outputs):
        del made[len(node.outputs) :]
    lacking = range(len(made), len(node.outputs))
    absent = f"of `{node.title}` ({node.op_type}), which sparsec does not compute"
    return [*made, *(_Poison(f"output {index} {absent}; remove what reads it") for index in lacking)]


def _drop_unread(function: FuncOp) -> None:
    """Erase ops whose results nobody reads: data of which only the shape was asked, masks that became simpler."""
    for op in reversed(list(function.body.block.ops)):
        if op.results and all(result.first_use is None for result in op.results):
            op.detach()
            op.erase()


def _require_distinct(names: Sequence[str], what: str) -> None:
    twice = [name for name in names if names.count(name) > 1] if len(names) < 10_000 else []
    if twice or len(set(names)) != len(names):
        raise ModelError(f"two {what} are called `{twice[0] if twice else '?'}`: the file is damaged")
