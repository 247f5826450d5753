"""The value of `search_path`: names in a list, quoted or folded, as the server takes it apart. Pure.

See "The Schema Search Path" and `search_path` in PostgreSQL's documentation.
"""

from __future__ import annotations

import re

NAME_BYTES = 63
_PLAIN = re.compile(r"[a-z_][a-z0-9_]*", re.ASCII)
_ITEM = re.compile(r"[ \t\n\r\f\v]*(?:\"((?:[^\"]|\"\")*)\"|([^\",\s][^\",\s]*))[ \t\n\r\f\v]*(,|\Z)")
_UPPER = re.compile("[A-Z]+")


def quoted(name: str) -> str:
    """A name as an item of the list."""
    return name if _PLAIN.fullmatch(name) else '"' + name.replace('"', '""') + '"'


def split(value: str) -> tuple[str, ...] | None:
    """The schemas that a value names, in order; None if it is not such a list, which no server would hold."""
    if not value.strip(" \t\n\r\f\v"):
        return ()
    names = []
    at = 0
    while True:
        item = _ITEM.match(value, at)
        if item is None:
            return None
        names.append(_cut(item[1].replace('""', '"') if item[1] is not None else _UPPER.sub(lambda m: m[0].lower(), item[2])))
        if not item[3]:
            return tuple(names)
        at = item.end()


def _cut(name: str) -> str:
    data = name.encode()
    return name if len(data) <= NAME_BYTES else data[:NAME_BYTES].decode(errors="ignore")
