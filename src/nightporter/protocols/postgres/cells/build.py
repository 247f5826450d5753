"""The two ways in: a mask, or a guard, for the values of a type in a format. Pure."""

from __future__ import annotations

from collections.abc import Callable

from nightporter.catalog.model import Snapshot
from nightporter.masking.maskers import FOUND, FULL, MASKERS, NULL, TOKEN, default

from ..cell import CellMask
from .fixed import NULL as NOTHING
from .guarding import Guarding
from .looking import Looking
from .masking import Masking
from .text import stars
from .transcode import Transcoded, is_utf8
from .types import Types


def cell_masker(
    type_oid: int,
    modifier: int,
    binary: bool,
    masker: str,
    label: str,
    snapshot: Snapshot | None,
    key: bytes,
    encoding: str = "utf-8",
    *,
    looking: Looking | None = None,
    names: Callable[[str], bool] | None = None,
) -> CellMask:
    """A mask for the values of a type, which it keeps.

    `masker`: its name, empty is the label's default. `key`: for tokens, without which they are shown as `full`. `encoding`: of the
    client, by Python's name. `looking`: for the masker `found`, which is `full` without. `names`: which keys of JSON may stay; if
    it is not said those that are names of columns. Raises ValueError for a masker that is not there.
    """
    if not masker:
        masker = default(label)
    if masker not in MASKERS:
        raise ValueError(f"there is no masker `{masker}`")
    if masker == NULL:
        return NOTHING
    if masker == FOUND:
        if looking is not None:
            guard = cell_guard(type_oid, modifier, binary, looking, snapshot, key, encoding)
            if guard is not None:
                return guard
        masker = FULL
    if masker == TOKEN and not key:
        masker = FULL
    types = Types(snapshot)
    made = Masking(types, masker, label, key, encoding, names or types.is_name).of(type_oid, modifier, binary)
    return _around(made, types.holds_words(type_oid), binary, encoding)


def cell_guard(
    type_oid: int, modifier: int, binary: bool, looking: Looking, snapshot: Snapshot | None, key: bytes, encoding: str = "utf-8"
) -> CellMask | None:
    """What looks through the values of a type and hides what it finds; None: they can hold nothing that is looked for."""
    types = Types(snapshot)
    made = Guarding(types, looking, key, encoding).of(type_oid, modifier, binary)
    return None if made is None else _around(made, types.holds_words(type_oid), binary, encoding)


def _around(made: CellMask, words: bool, binary: bool, encoding: str) -> CellMask:
    if binary or made.is_constant or is_utf8(encoding):
        return made
    return Transcoded(made, encoding, stars(0, False) if words else None)
