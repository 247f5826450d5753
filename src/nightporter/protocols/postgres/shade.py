"""How one column of a result is shown: plain, masked, or looked through. Pure.

Two oracles are asked. *Lineage*: what the reading says that the column comes from. *Provenance*: which table's column it is, as the
server describes it. What either of them says is hidden is masked; where they cannot both be right, everything is.

    a column's own value           its label's masker, or the one that a policy names
    computed from such columns     nothing of it: whatever is shown might tell of them
    from columns without a label   plain; the detectors look through it, unless the column was examined
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from nightporter.masking.label import LABELS
from nightporter.masking.naming import key_label
from nightporter.policy.reveal import Shown
from nightporter.statement.model import Output

PLAIN, FULL, NULL, FOUND = "", "full", "null", "found"
STRICTNESS = {PLAIN: 0, FOUND: 1, "partial": 2, "token": 3, "bucket": 4, "year": 4, FULL: 5, NULL: 6}
"""Of two maskers for the same value, the stricter one counts."""
_KEEPS_SHAPE = frozenset({"partial", "token", "bucket", "year"})
"""Maskers that show something of a value, and must know what it is to show no more."""


class Shade(NamedTuple):
    """How a column is shown."""

    masker: str = PLAIN
    label: str = ""
    """What it is; empty: nothing that is known of."""
    policies: tuple[str, ...] = ()
    """Those that say so; none: no policy lets it be seen."""
    examined: bool = False
    """It needs not be looked through: it was sampled and holds nothing, or whoever asks may see what it is."""
    name: str = ""
    """Of the column that it comes from, with its table: `public.customers.email`."""
    columns: frozenset[str] = frozenset()
    """Names of columns that it is computed from and that are shown as they are: as keys of JSON they tell nothing."""

    @property
    def is_hidden(self) -> bool:
        """Whether its values are replaced, whatever they are; else they pass, but for what may be found in them."""
        return self.masker not in (PLAIN, FOUND)


CLEAR = Shade()
HIDDEN = Shade(FULL)
"""Of what nobody can tell where it comes from."""


class Looks:
    """What `shade` asks: how something is shown, and whether a column was examined."""

    def shown(self, schema: str, relation: str, column: str, labels: tuple[str, ...], use: str) -> Shown:
        """See `policy.reveal.Reveals.column`."""
        raise NotImplementedError

    def label(self, name: str) -> Shown:
        """See `policy.reveal.Reveals.label`."""
        raise NotImplementedError

    def is_document(self, schema: str, relation: str, column: str) -> bool:
        """Whether a column holds JSON or the like, where keys tell what values are."""
        raise NotImplementedError

    def is_examined(self, schema: str, relation: str, column: str) -> bool:
        """See `catalog.labels.Labels.is_examined`."""
        raise NotImplementedError


def of_column(looks: Looks, schema: str, relation: str, column: str, labels: tuple[str, ...], *, direct: bool = True) -> Shade:
    """Of a table's own column, or of what is computed from it. A policy may speak of one that has no label."""
    shown = looks.shown(schema, relation, column, labels, "output" if direct else "expression")
    name = f"{schema}.{relation}.{column}"
    if labels:
        shade = _shade(shown, labels, name, direct=direct)
        if shade.masker == FOUND and not direct and looks.is_document(schema, relation, column):
            return shade._replace(masker=FULL)  # out of its document a value has no key any more
        return shade
    if shown.masker:
        return Shade(shown.masker if direct or shown.masker == NULL else FULL, "", shown.policies, name=name)
    # what is computed from a column that was examined may still put together what no column has
    return Shade(examined=direct and (shown.masker is None or looks.is_examined(schema, relation, column)))


def of_output(looks: Looks, output: Output) -> Shade:
    """By lineage."""
    if output.opaque:
        return HIDDEN
    shades = [of_column(looks, s.schema, s.relation, s.column, s.labels, direct=s.direct) for s in output.sources]
    if output.labels:
        direct = any(source.direct for source in output.sources)
        shades += [_shade(looks.label(name), (name,), "", direct=direct) for name in output.labels]
    shade = together(shades)
    return shade if shade.masker or shade.examined else shade._replace(columns=_told_otherwise(looks, output))


def _told_otherwise(looks: Looks, output: Output) -> frozenset[str]:
    """Names that would tell, were they not those of columns of which more is known. In a document they may stand for others."""
    if not any(key_label(source.column) for source in output.sources):
        return frozenset()
    if any(looks.is_document(source.schema, source.relation, source.column) for source in output.sources):
        return frozenset()
    return frozenset(source.column for source in output.sources if key_label(source.column))


def together(shades: Iterable[Shade]) -> Shade:
    """Of a value that may come from any of several: the strictest; without the shape of one if they are of several kinds."""
    several = list(dict.fromkeys(shades))
    if len(several) == 1:
        return several[0]
    hidden = [each for each in several if each.is_hidden]
    if not hidden:
        told = next((each for each in several if each.label), None)
        examined = bool(several) and all(each.examined for each in several)
        return CLEAR if told is None and not examined else (told or CLEAR)._replace(examined=examined)
    strictest = max(hidden, key=lambda each: STRICTNESS[each.masker])
    if strictest.masker in _KEEPS_SHAPE and len({(each.label, each.masker) for each in several}) > 1:
        return strictest._replace(masker=FULL)
    return strictest


def stricter(lineage: Shade, provenance: Shade) -> Shade:
    """Of the same value, as both oracles have it. A view's column may be labeled where it comes from, or itself."""
    if not (lineage.is_hidden and provenance.is_hidden):
        hidden = lineage if lineage.is_hidden else provenance
        if hidden.is_hidden or hidden.label:
            return hidden
        return lineage if lineage.label else provenance._replace(examined=lineage.examined and provenance.examined)
    return (
        together((lineage, provenance))
        if lineage.label != provenance.label
        else max(lineage, provenance, key=lambda each: STRICTNESS[each.masker])
    )


def _shade(shown: Shown, labels: tuple[str, ...], name: str, *, direct: bool) -> Shade:
    label = labels[0]
    if shown.masker is None:
        # text that may hold anything holds what else is hidden as well: who may see personal data may not see secrets among it
        examined = direct and all(_default(each) != FOUND for each in labels)
        return Shade(PLAIN, label, shown.policies, examined=examined, name=name)
    masker = shown.masker
    if not masker:
        label = max(labels, key=lambda each: STRICTNESS[_default(each)])
        masker = _default(label)
    if masker == FOUND:
        return Shade(FOUND, label, shown.policies, name=name)
    if not direct and masker != NULL:
        masker = FULL
    return Shade(masker, label, shown.policies, name=name)


def _default(label: str) -> str:
    known = LABELS.get(label)
    return FULL if known is None else known.masker
