"""Every key that the file may have, taken from the models: what the reference must document."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import get_args, get_origin

from pydantic import BaseModel

from .model import Config, Key

_PLACEHOLDERS = {"upstreams": "<name>", "credentials": "<upstream>"}
"""What stands for the operator's own names: in the mapping `upstreams`, and in `credentials` of a listener."""


def keys(model: type[BaseModel] = Config, prefix: str = "") -> Iterator[str]:
    """`listeners[].tls.certificate`, `upstreams.<name>.tls`, ...: sections, then what is in them."""
    for name, info in model.model_fields.items():
        yield from _field(f"{prefix}{name}", info.annotation)


def _field(path: str, annotation: object) -> Iterator[str]:
    yield path
    for section, step in _sections(annotation, path):
        yield from keys(section, f"{path}{step}.")


def _sections(annotation: object, path: str) -> Iterator[tuple[type[BaseModel], str]]:
    """The sections inside a field, each with the step that leads there."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation, ""
        return
    origin = get_origin(annotation)
    step = ""
    if origin is tuple:
        step = "[]"
    elif origin is Mapping or (isinstance(origin, type) and issubclass(origin, Mapping)):
        step = f".{_PLACEHOLDERS[re.split(r'[.]', path)[-1]]}"
    for argument in get_args(annotation):
        for section, _ in _sections(argument, path):
            yield section, step


def pattern(key: Key) -> str:
    """The pattern, as in `keys`, of a key in a file; the operator's own names are not looked at."""
    text = ""
    for index, part in enumerate(key):
        if isinstance(part, int):
            text += "[]"
        elif index and key[index - 1] in _PLACEHOLDERS and (key[0], index) in (("upstreams", 1), ("listeners", 3)):
            text += f".{_PLACEHOLDERS[str(key[index - 1])]}"
        else:
            text += f".{part}" if text else part
    return text


KEYS: tuple[str, ...] = tuple(keys())
