"""SASLprep (RFC 4013) as PostgreSQL's server and libpq apply it to passwords. Must not judge a password, only prepare it."""

from __future__ import annotations

import stringprep
import unicodedata

_PROHIBITED = (
    stringprep.in_table_a1,  # unassigned in Unicode 3.2
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
)


def saslprep(text: str) -> str | None:
    """The prepared form, or None where RFC 4013 prohibits the text or nothing is left of it.

    Where PostgreSQL departs from the RFC so do we, for its clients do too: U+200B, which is in two tables, becomes a space; what is
    prohibited is looked for before normalization; normalization is that of today's Unicode, not of 3.2.
    """
    mapped = "".join(" " if stringprep.in_table_c12(c) else c for c in text if _is_mapped_to_something(c))
    if not mapped or any(prohibited(c) for c in mapped for prohibited in _PROHIBITED) or not _direction_is_clear(mapped):
        return None
    return unicodedata.normalize("NFKC", mapped)


def _is_mapped_to_something(c: str) -> bool:
    return stringprep.in_table_c12(c) or not stringprep.in_table_b1(c)


def _direction_is_clear(text: str) -> bool:
    """RFC 3454, section 6: right-to-left text begins and ends so, and has no left-to-right characters in it."""
    if not any(map(stringprep.in_table_d1, text)):
        return True
    return stringprep.in_table_d1(text[0]) and stringprep.in_table_d1(text[-1]) and not any(map(stringprep.in_table_d2, text))
