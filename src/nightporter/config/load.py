"""From a file to a `Config`, or to one error that names every problem. Reads that file and nothing else.

Whether the files and variables that it names exist is the business of `inspect`.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from pydantic import ValidationError

from nightporter.core.error import ConfigError

from .complaint import complaints
from .document import START, Problem, read
from .model import Config, Key
from .value import Context


def load(path: Path, *, protocols: Collection[str]) -> Config:
    """The configuration in the file at `path`. `protocols` are the names that `upstreams.<name>.protocol` may have.

    Raises ConfigError: a line `file:line:column: key: message` for each problem, in the order of the file.
    """
    try:
        text = path.read_bytes().decode()
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: is not UTF-8") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    return parse(text, path, protocols=protocols)


def parse(text: str, path: Path, *, protocols: Collection[str]) -> Config:
    """The same from the text of the file; relative paths start at the directory of `path`. Raises ConfigError."""
    document = read(text)
    problems = list(document.problems)
    if not isinstance(document.data, dict):
        problems = problems or [Problem(START, (), "is empty: see nightporter.example.yaml")]
    else:
        base = path.absolute().parent
        try:
            config = Config.model_validate(document.data, context=Context(base, protocols))
            config._path = path.absolute()
            config._places = {key: (place.line, place.column) for key, place in (document.keys | document.values).items()}
        except ValidationError as error:
            problems += complaints(error, document)
        else:
            if not problems:
                return config
    raise ConfigError("\n".join(_lines(problems, path)))


def _lines(problems: list[Problem], path: Path) -> list[str]:
    # The first complaint about a value explains the others.
    first = {(problem.place, problem.key): problem for problem in reversed(problems)}
    ordered = sorted(first.values(), key=lambda problem: (problem.place.line, problem.place.column))
    return [f"{path}:{p.place.line}:{p.place.column}: {_about(p.key)}{p.message}" for p in ordered]


def _about(key: Key) -> str:
    return f"{spell(key)}: " if key else ""


def spell(key: Key) -> str:
    """A key as people write it: `listeners[0].tls.key`."""
    text = ""
    for part in key:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
