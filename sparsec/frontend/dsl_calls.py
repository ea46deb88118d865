"""Matching the arguments of a call to the parameters of what is called."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sparsec.frontend import syntax as sx
from sparsec.frontend.dsl_source import Source, listing, suggestion


def match_arguments(
    source: Source,
    call: sx.Call,
    parameters: Sequence[str],
    *,
    signature: str,
    optional: Collection[str] = (),
    named_only: Collection[str] = (),
) -> dict[str, sx.Expression]:
    """The argument of each parameter that was given.

    Raises:
        DslError: too many, unknown, repeated or missing arguments.
    """
    given: dict[str, sx.Expression] = {}
    by_place = [name for name in parameters if name not in named_only]
    named = False
    for place, argument in enumerate(call.arguments):
        if not isinstance(argument, sx.Keyword):
            if named:
                raise source.error(argument.position, "an argument without a name cannot follow one with a name")
            if place >= len(by_place):
                hint = f"; {listing(named_only, 'and')} must be named" if named_only else ""
                raise source.error(argument.position, f"too many arguments{hint}: {signature}")
            given[by_place[place]] = argument
            continue
        named = True
        name = argument.name.text
        if name not in parameters:
            hint = suggestion(name, parameters) or f": {signature}"
            raise source.error(argument.name.position, f"`{call.function.text}` has no parameter `{name}`{hint}")
        if name in given:
            raise source.error(argument.name.position, f"`{name}` is given twice: {signature}")
        given[name] = argument.value
    missing = [name for name in parameters if name not in given and name not in optional]
    if missing:
        names = listing([f"`{name}`" for name in missing], "and")
        raise source.error(call.position, f"`{call.function.text}` needs {names}: {signature}")
    return given
