"""What a policy says beside its rule: `@id`, `@reason`, `@hold`, limits. Pure.

An annotation is one string. One that is unknown, that cannot be read, or that makes no sense where it stands is an error: what
somebody wrote to be careful must never be passed over.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from nightporter.identity.principal import NAME

from .model import NO_OBLIGATIONS, Obligations, Quorum

Effect: TypeAlias = Literal["permit", "forbid"]

ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
"""Ids stand in messages to clients, in records and in file names of people's making."""
MASKS = ("null", "full", "bucket", "year", "token", "partial", "found")
"""What `@mask` may say, the strictest first, which holds where several apply. `found`: only what detectors find within a value."""
MAX_REASON = 500
"""Characters: it is one sentence, and clients show it on one line."""
MAX_QUORUM = 10
MIN_WAIT_S, MAX_WAIT_S, DEFAULT_WAIT_S = 1.0, 24 * 3600.0, 600.0
MAX_TIMEOUT_S = 24 * 3600.0
"""As a wait: longer is a mistake, and PostgreSQL's own timers end at 24 days."""
MAX_COUNT = 2**53
"""Of rows and bytes: what every reader of a record can hold exactly."""

_COUNT = re.compile(r"[0-9]{1,16}")
_SIZE = re.compile(r"([0-9]{1,16})(KiB|MiB|GiB)?")
_DURATION = re.compile(r"([0-9]{1,9})(ms|s|m|h)")
_UNITS = {None: 1, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


class Complaint(NamedTuple):
    """What is wrong with an annotation; None: with there being none."""

    annotation: str | None
    message: str


@dataclass(frozen=True, slots=True)
class Marks:
    """All annotations of one policy."""

    id: str = ""
    reason: str | None = None
    hold: Quorum | None = None
    obligations: Obligations = NO_OBLIGATIONS
    observe: bool = False
    mask: str | None = None


def read(given: Mapping[str, str | None], effect: Effect, *, reveals: bool) -> tuple[Marks, tuple[Complaint, ...]]:
    """The annotations of a policy, and all that is wrong with them. `reveals`: its scope's action is `reveal` and no other.

    A value that is None is an annotation without one. With any complaint the marks are not to be used.
    """
    found: dict[str, object] = {}
    complaints: list[Complaint] = []
    for name, value in given.items():
        reader = _READERS.get(name)
        if reader is None:
            complaints.append(Complaint(name, f"unknown annotation `@{name}`: there are {_KNOWN}"))
            continue
        try:
            found[name] = reader(value or "")
        except ValueError as error:
            complaints.append(Complaint(name, f"`@{name}` {error}"))
    if "id" not in given:
        complaints.append(Complaint(None, 'it has no `@id("...")`'))
    complaints += _misplaced(given, effect, reveals=reveals)
    return (_marks(found) if not complaints else Marks()), tuple(complaints)


def _marks(found: Mapping[str, object]) -> Marks:
    obligations = {field: found[name] for name, field in _OBLIGATIONS.items() if name in found}
    kept = {name: value for name, value in found.items() if name not in _OBLIGATIONS}
    return Marks(**kept, obligations=Obligations(**obligations) if obligations else NO_OBLIGATIONS)  # type: ignore[arg-type]


def _misplaced(given: Mapping[str, str | None], effect: Effect, *, reveals: bool) -> Iterator[Complaint]:
    for name in given:
        if name not in _READERS:
            continue
        if effect == "forbid" and name in ("observe", "mask"):
            yield Complaint(name, f"`@{name}` makes no sense on a forbid")
        elif reveals and name not in _FOR_REVEAL:
            yield Complaint(name, f"`@{name}` makes no sense on `reveal`, which stops nothing: it says how values are shown")
        elif effect == "forbid" and name in _OBLIGATIONS and "hold" not in given:
            yield Complaint(name, f"`@{name}` makes no sense on a forbid without `@hold`: it lets nothing through")
        elif name == "mask" and not reveals:
            yield Complaint(name, '`@mask` is for permits of `action == Action::"reveal"` only')
        elif "observe" in given and name not in ("id", "reason", "observe"):
            yield Complaint(name, f"`@{name}` makes no sense beside `@observe`, which only watches")


# Values. Each reader raises ValueError with what is accepted.


def _id(value: str) -> str:
    if not ID.fullmatch(value):
        raise ValueError(f"is `{value}`: accepted are 1 to 100 lower-case letters, digits, `.`, `_`, `-`, a letter or digit first")
    return value


def _reason(value: str) -> str:
    if not value.strip() or len(value) > MAX_REASON or not value.isprintable():
        raise ValueError(f"takes one sentence of at most {MAX_REASON} characters that can be printed")
    return value.strip()


def _count(value: str) -> int:
    if not _COUNT.fullmatch(value) or not 1 <= int(value) <= MAX_COUNT:
        raise ValueError(f"is `{value}`: accepted is a whole number from 1, such as `1000`")
    return int(value)


def _size(value: str) -> int:
    found = _SIZE.fullmatch(value)
    size = int(found[1]) * _UNITS[found[2]] if found else 0
    if not 1 <= size <= MAX_COUNT:
        raise ValueError(f"is `{value}`: accepted are bytes, such as `4096`, `64KiB`, `1MiB` or `1GiB`")
    return size


def _timeout(value: str) -> float:
    timeout_s = duration_s(value)
    if timeout_s is None or not 0 < timeout_s <= MAX_TIMEOUT_S:
        raise ValueError(f"is `{value}`: accepted are times up to 24h, such as `500ms`, `2s`, `10m` or `1h`")
    return timeout_s


def duration_s(value: str) -> float | None:
    """Seconds that `500ms`, `2s`, `10m` or `1h` stands for; None for anything else."""
    found = _DURATION.fullmatch(value)
    return int(found[1]) * _SECONDS[found[2]] if found else None


def _nothing(value: str) -> bool:
    if value:
        raise ValueError(f"is `{value}`: it takes no value")
    return True


def _required(value: str) -> bool:
    if value != "required":
        raise ValueError(f"is `{value}`: accepted is `required`")
    return True


def _mask(value: str) -> str:
    if value not in MASKS:
        raise ValueError(f"is `{value}`: accepted are {', '.join(f'`{name}`' for name in MASKS)}")
    return value


def _hold(value: str) -> Quorum:
    groups: list[str] = []
    options: dict[str, str] = {}
    for word in value.split(" "):
        name, equals, option = word.partition("=")
        if not equals and NAME.fullmatch(word):
            groups.append(word)
        elif name in ("quorum", "wait") and name not in options:
            options[name] = option
        elif word:
            raise ValueError(f"does not take `{word}`: {_HOLD}")
    if not groups:
        raise ValueError(f"names no group: {_HOLD}")
    quorum, wait = options.get("quorum", "1"), options.get("wait", "10m")
    if not _COUNT.fullmatch(quorum) or not 1 <= int(quorum) <= MAX_QUORUM:
        raise ValueError(f"has `quorum={quorum}`: accepted is 1 to {MAX_QUORUM}")
    wait_s = duration_s(wait)
    if wait_s is None or not MIN_WAIT_S <= wait_s <= MAX_WAIT_S:
        raise ValueError(f"has `wait={wait}`: accepted is 1s to 24h")
    return Quorum(tuple(dict.fromkeys(groups)), int(quorum), wait_s)


_HOLD = "accepted are groups whose members may approve, then `quorum=N` and `wait=TIME`, such as `dba security quorum=2 wait=10m`"
_READERS: Mapping[str, Callable[[str], object]] = {
    "id": _id,
    "reason": _reason,
    "hold": _hold,
    "limit_rows": _count,
    "limit_bytes": _size,
    "timeout": _timeout,
    "limit_sessions": _count,
    "limit_concurrent": _count,
    "limit_rate": _count,
    "record_images": _nothing,
    "purpose": _required,
    "mask": _mask,
    "observe": _nothing,
}
_KNOWN = ", ".join(f"`@{name}`" for name in _READERS)
_FOR_REVEAL = ("id", "reason", "mask")
_OBLIGATIONS = {
    "limit_rows": "rows",
    "limit_bytes": "bytes",
    "timeout": "timeout_s",
    "limit_sessions": "sessions",
    "limit_concurrent": "concurrent",
    "limit_rate": "per_minute",
    "record_images": "record_images",
    "purpose": "purpose",
}
