"""How each column of a result would be shown, and why: for people who want to know before they ask. Pure.

The veil draws it when the server has described the result, and then the stricter of two oracles holds; this is what lineage says.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from nightporter.statement.model import Output, Source, Statement, Use

from .annotation import MASKS
from .reveal import FULL, Reveals, Shown

PLAIN, SEARCHED, MASKED = "plain", "searched", "masked"
"""As it is; as it is, but for what value detectors find in it; by the mask of its label. Else it is the name of a mask."""

_KEEPS_ALL_OF_IT = frozenset((PLAIN, SEARCHED, "found"))
_RANK = {name: rank for rank, name in enumerate(("null", FULL, MASKED, *MASKS[2:], SEARCHED, PLAIN))}
"""The strictest first."""


class Origin(NamedTuple):
    """Something that a column of a result comes from, and how that is shown."""

    name: str
    """`public.customers.email`; of what a view's own column is, its label."""
    direct: bool
    labels: tuple[str, ...]
    how: str
    """One of PLAIN, SEARCHED, MASKED, or the name of a mask."""
    policies: tuple[str, ...]


class ShownOutput(NamedTuple):
    """One column of a result."""

    name: str
    how: str
    """As of an `Origin`."""
    origins: tuple[Origin, ...]
    opaque: bool
    """What it comes from cannot be told."""


def shown_outputs(statement: Statement, sight: Reveals) -> tuple[ShownOutput, ...]:
    """One for each column of what a statement returns."""
    parents = {(access.schema, access.relation): access.parents for access in statement.accesses}

    def origin(source: Source) -> Origin:
        above = parents.get((source.schema, source.relation), ())
        use = Use.OUTPUT if source.direct else Use.EXPRESSION
        shown = sight.column(source.schema, source.relation, source.column, source.labels, use.value, above)
        name = f"{source.schema}.{source.relation}.{source.column}"
        return Origin(name, source.direct, source.labels, how(shown, source.labels), shown.policies)

    return tuple(_output(each, tuple(map(origin, each.sources)), sight) for each in statement.outputs or ())


def _output(output: Output, origins: tuple[Origin, ...], sight: Reveals) -> ShownOutput:
    direct = any(each.direct for each in origins)
    for name in output.labels:
        shown = sight.label(name)
        origins += (Origin(name, direct, (name,), how(shown, (name,)), shown.policies),)
    return ShownOutput(output.name, FULL if output.opaque else _together(origins), origins, output.opaque)


def how(shown: Shown, labels: tuple[str, ...]) -> str:
    """One of PLAIN, SEARCHED, MASKED, or the name of a mask: of what has these labels."""
    return PLAIN if shown.masker is None else shown.masker or (MASKED if labels else SEARCHED)


def _together(origins: Iterable[Origin]) -> str:
    """As strict as the strictest; a mask that shows a part of a value is only for one kind of value, as it stands."""
    every = list(dict.fromkeys((each.how, each.labels, each.direct) for each in origins))
    if not every:
        return SEARCHED
    strictest, _, direct = min(every, key=lambda each: _RANK[each[0]])
    if strictest in _KEEPS_ALL_OF_IT or strictest == "null":
        return strictest
    return strictest if direct and len(every) == 1 else FULL
