"""The start-up parameter `options`: settings on a command line.

Pure. Source: the parameter `options` of libpq, and the switches of `postgres` ("Options" of its reference page). Of those
switches only the ones that set a setting by its name are read. Must not let anything else through: what is not understood
refuses the session.
"""

from __future__ import annotations

from nightporter.core.error import Refusal

from .errors import RefusedError
from .startup_settings import PROTOCOL_OPTION, RESERVED

_SPACE = " \t\n\v\f\r"
_SYNTAX_ERROR = "42601"
_UNDEFINED_OBJECT = "42704"


def parse_options(options: str) -> list[tuple[str, str]]:
    """Settings in the order given, from `-c name=value`, `-cname=value` and `--name=value`. Raises RefusedError."""
    settings: list[tuple[str, str]] = []
    words = iter(split_options(options))
    for word in words:
        if word == "-c":
            setting = next(words, None)
            if setting is None:
                raise RefusedError(Refusal(_SYNTAX_ERROR, "option `-c` in the start-up options requires a value"))
        elif word.startswith(("-c", "--")) and len(word) > 2:
            setting = word[2:]
        else:
            raise RefusedError(
                Refusal(
                    _SYNTAX_ERROR,
                    f"invalid start-up option `{word}`",
                    hint="Only `-c name=value` and `--name=value` are supported.",
                )
            )
        settings.append(_setting(setting))
    return settings


def split_options(options: str) -> list[str]:
    """Words between white space; a backslash takes the next character as it is."""
    words: list[str] = []
    word: list[str] | None = None
    escaped = False
    for char in options:
        if escaped:
            escaped = False
        elif char in _SPACE:
            if word is not None:
                words.append("".join(word))
            word = None
            continue
        elif char == "\\":
            escaped = True
            word = word if word is not None else []
            continue
        word = word if word is not None else []
        word.append(char)
    if word is not None:
        words.append("".join(word))
    return words


def _setting(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    name = name.replace("-", "_")
    if not sign:
        raise RefusedError(Refusal(_SYNTAX_ERROR, f"setting `{name}` in the start-up options requires a value"))
    # as a start-up parameter of their own, these would say who logs in where
    if not name or name.lower() in RESERVED or name.startswith(PROTOCOL_OPTION):
        raise RefusedError(Refusal(_UNDEFINED_OBJECT, f'unrecognized configuration parameter "{name}"'))
    return name, value
