"""Checks of single values. Each raises ValueError with a message that never repeats what may be a secret."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sized
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo, available_timezones

from pydantic import ValidationInfo

from nightporter.core.error import ConfigError
from nightporter.upstream.credentials.base import parse
from nightporter.upstream.credentials.source import Source

from . import packs
from .address import Address

UTC = "UTC"
"""Always known, also where the system has no time zones at all."""
RESERVED_SETTINGS = "nightporter."
"""Settings that carry the identity of a session to the database: never a client's to send."""

_NAME = re.compile(r"[a-z0-9_.-]+")
_SETTING = re.compile(r"[A-Za-z_][A-Za-z0-9_$.]*")
_SQLITE = "sqlite:"
_SQLITE_FILE = re.compile(r"sqlite:///(?P<path>[^?]+)(?P<query>\?.*)?")
_URL = re.compile(r"[a-z0-9]+(\+[a-z0-9]+)?://(?P<userinfo>[^@/?]*@)?[^?]*(\?(?P<query>.*))?")
_PASSWORD_IN_QUERY = re.compile(r"(^|&)\w*password=", re.IGNORECASE)


Entries = TypeVar("Entries", bound=Sized)


@dataclass(frozen=True, slots=True)
class Context:
    """What validation has to know besides the file's text."""

    base: Path
    """Directory of the file: relative paths start here."""
    protocols: Collection[str]
    """Names of the protocols that we speak."""


def context(info: ValidationInfo) -> Context:
    """The context that `load` validates with."""
    if not isinstance(info.context, Context):
        raise TypeError("the configuration is validated by `load` only")
    return info.context


def one_of(word: str, choices: Collection[str]) -> str:
    """`word`, if it is one of the choices."""
    if word not in choices:
        raise ValueError(not_one_of(word, sorted(choices)))
    return word


def not_one_of(word: str, choices: Collection[str]) -> str:
    """What to say about a word that is no choice."""
    return f"`{word}` is not one of {', '.join(choices)}{meant(word, choices)}"


def meant(word: str, choices: Collection[str]) -> str:
    """`; did you mean ...` if a choice is close to `word`, else nothing."""
    close = get_close_matches(word, choices, n=1)
    return f"; did you mean `{close[0]}`" if close else ""


def name(text: str) -> str:
    """A name that fits a path, a policy and a terminal."""
    if not _NAME.fullmatch(text):
        raise ValueError(f"`{text}` is not a name: use lower-case letters, digits, `_`, `.` and `-`")
    return text


def upstream_name(text: str) -> str:
    """A name, or `*`."""
    return text if text == "*" else name(text)


def text(raw: str) -> str:
    """A text of at least one character, none of them a control character."""
    if not raw or not raw.isprintable():
        raise ValueError("must be a text of printable characters, and not empty")
    return raw


def not_empty(entries: Entries) -> Entries:
    """At least one entry."""
    if not entries:
        raise ValueError("must have at least one entry")
    return entries


def path(raw: object, info: ValidationInfo) -> Path:
    """An absolute path; a relative one starts beside the configuration file."""
    if not isinstance(raw, str | Path) or str(raw) == "" or "\0" in str(raw):
        raise ValueError("must be a path")
    return context(info).base / raw


def short_form(raw: object) -> object:
    """A section whose path stands for it."""
    return {"path": raw} if isinstance(raw, str) else raw


def pack(word: str) -> str:
    """The name of a policy pack that is shipped."""
    return one_of(word, packs.shipped())


def different(entries: tuple[str, ...]) -> tuple[str, ...]:
    """No entry twice."""
    for index, entry in enumerate(entries):
        if entry in entries[:index]:
            raise ValueError(f"has `{entry}` twice")
    return entries


def time_zone(text: str) -> str:
    """The name of a time zone as the IANA has it."""
    if text != UTC:
        try:
            ZoneInfo(text)
        except (OSError, ValueError, LookupError):  # a directory, a file that is none, a path that leads elsewhere, no such name
            raise ValueError(f"`{text}` is not a time zone{meant(text, available_timezones())}") from None
    return text


def parsed(parse_text: Callable[[str], Address]) -> Callable[[object], Address]:
    """A validator that makes an address."""

    def validate(raw: object) -> Address:
        if not isinstance(raw, str):
            raise ValueError("must be an address such as `127.0.0.1:6432`; put it in quotes if it has brackets")
        return parse_text(raw)

    return validate


def password(raw: object, info: ValidationInfo) -> Source:
    """The source that a reference names."""
    if not isinstance(raw, str):
        raise ValueError("must name a source: `env:NAME`, `file:PATH` or `command:PROGRAM ARGUMENT ...`")
    try:
        return parse(raw, context(info).base)
    except ConfigError as error:  # becomes one problem among others: the file is refused
        raise ValueError(str(error)) from None


def settings(raw: object) -> tuple[str, ...]:
    """Names of settings, lower case; (`*`,) for any."""
    if raw == "*":
        return ("*",)
    if not isinstance(raw, list | tuple):
        raise ValueError('must be a list of names, or "*"')
    for item in raw:
        if not isinstance(item, str) or not _SETTING.fullmatch(item):
            raise ValueError(f"`{item}` is not the name of a setting")
        if item.lower().startswith(RESERVED_SETTINGS):
            raise ValueError(f"`{item}` carries the identity of a session and cannot be left to clients")
    return tuple(item.lower() for item in raw)


def store(url: str, info: ValidationInfo) -> str:
    """The URL of a database for control state, without a password; a relative SQLite file starts beside the file."""
    if url.startswith(_SQLITE):
        match = _SQLITE_FILE.fullmatch(url)
        if match is None or match["path"] == ":memory:":
            raise ValueError("must be a file that several processes can open: `sqlite:///path`")
        return f"sqlite:///{context(info).base / match['path']}{match['query'] or ''}"
    match = _URL.fullmatch(url)
    if match is None:
        raise ValueError("must be a URL such as `sqlite:///nightporter.db`")
    if ":" in (match["userinfo"] or "") or _PASSWORD_IN_QUERY.search(match["query"] or ""):
        raise ValueError("a password does not stand in the configuration: name a password file, `...?passfile=PATH`")
    return url


def directory_of_store(url: str, info: ValidationInfo) -> Path:
    """Where the store's file is; for a store that is no file, where the configuration is."""
    match = _SQLITE_FILE.fullmatch(url)
    return Path(match["path"]).parent if match else context(info).base
