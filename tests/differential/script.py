"""A file of SQL as psql reads it: line by line, into texts that it would send and commands of its own. Does not talk to a server.

Theory of operation: psql's own scanner keeps a buffer and knows whether it stands in a quote, a comment or a parenthesis; a
semicolon outside of them ends a text, a backslash begins a command, a colon may name a variable. Commands that only concern
variables and conditions are carried out here, since they change what is read next; others are handed on. Data of COPY stand
between the lines and are read on demand, so whoever runs a text must ask for them before the next text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

WHOLE_LINE = frozenset({"!", "copy", "ef", "ev", "sf", "sv", "h", "help"})
"""Commands whose argument is the rest of the line as it stands."""

SENDS = frozenset({"g", "gx", "gset", "gexec", "gdesc", "crosstabview", "watch", "bind_named", "sendpipeline"})
"""Commands that send what the buffer holds."""

_IDENTIFIER = re.compile(r"[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_$\x80-\U0010ffff]*")
_DOLLAR = re.compile(r"\$(?:[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_\x80-\U0010ffff]*)?\$")
_VARIABLE = re.compile(r":(?:([A-Za-z0-9_\x80-\U0010ffff]+)|'([A-Za-z0-9_]+)'|\"([A-Za-z0-9_]+)\"|\{\?([A-Za-z0-9_]+)\})")
_NUMBER = re.compile(r"[0-9][0-9a-zA-Z_.]*")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_MAX_IDENTIFIERS = 4
"""How many words at the start of a text tell whether it defines a function."""


@dataclass(frozen=True, slots=True)
class Text:
    """Something that psql sends. `finish` is `;` or the command that sent it, `arguments` that command's."""

    text: str
    line: int
    finish: str = ";"
    arguments: tuple[str, ...] = ()
    parameters: tuple[str, ...] | None = None
    """What \\bind gave: the text goes by the extended protocol."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command of psql's that is not about variables."""

    name: str
    arguments: tuple[str, ...]
    line: int


class Script:
    """Iterate over it for texts and commands. `variables` may be changed meanwhile; `environment` is what \\getenv finds."""

    def __init__(self, text: str, variables: dict[str, str] | None = None, environment: Mapping[str, str] | None = None) -> None:
        self.variables = variables if variables is not None else {}
        self.standard_strings = True
        self._environment = environment or {}
        self._lines = text.split("\n")
        self._next = 0
        self._conditions: list[tuple[bool, bool]] = []  # (this branch runs, some branch of it has run)
        self._parameters: tuple[str, ...] | None = None
        self._last = ""
        self._reset()

    def _reset(self) -> None:
        self._buffer: list[str] = []
        self._quote = ""  # what ends the quote in which we stand: ' " e (an escape string) $tag$ or * (a comment)
        self._depth = 0  # of comments
        self._parens = 0
        self._begins = 0
        self._words: list[str] = []

    def __iter__(self) -> Iterator[Text | Command]:
        while self._next < len(self._lines):
            line = self._lines[self._next]
            self._next += 1
            if not self._buffer and not self._quote and line.lstrip().startswith(("--",)) and ":" not in line:
                continue
            yield from self._line(line)
            if self._buffer or self._quote:
                self._buffer.append("\n")
        rest = "".join(self._buffer).strip()
        if rest and self._runs:
            yield Text(rest, self._next)

    def data(self) -> list[str]:
        """The lines that follow, up to `\\.`, which is taken too."""
        found = []
        while self._next < len(self._lines):
            line = self._lines[self._next]
            self._next += 1
            if line.rstrip("\r") == "\\.":
                break
            found.append(line)
        return found

    @property
    def _runs(self) -> bool:
        return all(runs for runs, _ in self._conditions)

    def _line(self, line: str) -> Iterator[Text | Command]:
        at = 0
        while at < len(line):
            if self._quote:
                at = self._quoted(line, at)
                continue
            char = line[at]
            two = line[at : at + 2]
            if two == "--":
                self._buffer.append(line[at:])
                return
            if two == "/*":
                self._quote, self._depth = "*", 1
                self._buffer.append(two)
                at += 2
            elif char in "'\"":
                before = line[at - 1] if at else ""
                escapes = before in "eE" and before != "" and not (at > 1 and (line[at - 2].isalnum() or line[at - 2] == "_"))
                self._quote = "e" if char == "'" and (escapes or not self.standard_strings) else char
                self._buffer.append(char)
                at += 1
            elif char == "$" and (found := _DOLLAR.match(line, at)):
                self._quote = found[0]
                self._buffer.append(found[0])
                at = found.end()
            elif char == ":":
                at = self._colon(line, at)
            elif two == "\\;":
                self._buffer.append(";")
                self._words.clear()
                at += 2
            elif char == "\\":
                event, at = self._command(line, at + 1)
                yield from event
            elif char == ";" and self._parens <= 0 and self._begins == 0:
                self._buffer.append(";")
                at += 1
                yield from self._send(";", ())
            elif found := _IDENTIFIER.match(line, at):
                self._word(found[0].lower())
                self._buffer.append(found[0])
                at = found.end()
            elif found := _NUMBER.match(line, at):
                self._buffer.append(found[0])
                at = found.end()
            else:
                self._parens += (char == "(") - (char == ")")
                if not (char.isspace() and not self._buffer):
                    self._buffer.append(char)
                at += 1

    def _quoted(self, line: str, at: int) -> int:
        """Take what stands in the quote; gives where to go on."""
        if self._quote == "*":
            for end in range(at, len(line) - 1):
                two = line[end : end + 2]
                if two == "/*":
                    self._depth += 1
                    self._buffer.append(line[at : end + 2])
                    return end + 2
                if two == "*/":
                    self._depth -= 1
                    self._buffer.append(line[at : end + 2])
                    if not self._depth:
                        self._quote = ""
                    return end + 2
            self._buffer.append(line[at:])
            return len(line)
        if self._quote == "e":
            while at < len(line):
                if line[at] == "\\":
                    self._buffer.append(line[at : at + 2])
                    at += 2
                elif line[at] == "'":
                    self._buffer.append("'")
                    self._quote = ""
                    return at + 1
                else:
                    self._buffer.append(line[at])
                    at += 1
            return at
        end = line.find(self._quote, at)
        if end < 0:
            self._buffer.append(line[at:])
            return len(line)
        end += len(self._quote)
        self._buffer.append(line[at:end])
        self._quote = ""
        return end

    def _colon(self, line: str, at: int) -> int:
        if line[at : at + 2] in ("::", ":="):
            self._buffer.append(line[at : at + 2])
            return at + 2
        found = _VARIABLE.match(line, at)
        if found is None:
            self._buffer.append(":")
            return at + 1
        self._buffer.append(self._value(found))
        return found.end()

    def _value(self, found: re.Match[str]) -> str:
        """What a reference stands for; itself if there is no such variable."""
        plain, literal, quoted, asked = found.groups()
        if asked is not None:
            return "TRUE" if asked in self.variables else "FALSE"
        name = plain or literal or quoted
        value = self.variables.get(name)
        if value is None:
            return found[0]
        if literal:
            doubled = value.replace("'", "''")
            return f" E'{doubled.replace(chr(92), chr(92) * 2)}'" if "\\" in value else f"'{doubled}'"
        if quoted:
            return '"' + value.replace('"', '""') + '"'
        return value

    def _word(self, word: str) -> None:
        """CREATE FUNCTION and CREATE PROCEDURE may hold BEGIN ... END, with semicolons in it."""
        if len(self._words) < _MAX_IDENTIFIERS:
            self._words.append(word)
        if self._words[:1] != ["create"] or not {"function", "procedure"}.intersection(self._words):
            return
        if self._parens:
            return
        if word == "begin" or (word == "case" and self._begins):
            self._begins += 1
        elif word == "end" and self._begins:
            self._begins -= 1

    def _send(self, finish: str, arguments: tuple[str, ...]) -> Iterator[Text | Command]:
        text = "".join(self._buffer)
        parameters, self._parameters = self._parameters, None
        self._reset()
        if finish != ";" and not text.strip():
            text = self._last  # \g without a text sends the last one again
        if text.strip() and text.strip() != ";":
            self._last = text
        if self._runs and text.strip() and text.strip() != ";":
            yield Text(text, self._next, finish, arguments, parameters)

    def _command(self, line: str, at: int) -> tuple[list[Text | Command], int]:
        """A backslash command: what comes of it, and where to go on."""
        found = re.compile(r"[a-zA-Z_]+\+?|[!?;.\\]").match(line, at)
        if found is None:
            return [], at
        name, at = found[0], found.end()
        if name in ("\\", "."):
            return [], at
        if name in WHOLE_LINE:
            arguments: tuple[str, ...] = (line[at:].strip(),)
            at = len(line)
        else:
            arguments, at = self._arguments(line, at)
        if name in ("if", "elif", "else", "endif"):
            self._condition(name, arguments)
            return [], at
        if not self._runs:
            return [], at
        if name in SENDS:
            return list(self._send(name, arguments)), at
        return self._carry_out(name, arguments), at

    def _carry_out(self, name: str, arguments: tuple[str, ...]) -> list[Text | Command]:
        match name:
            case "set" if arguments:
                self.variables[arguments[0]] = "".join(arguments[1:])
            case "unset" if arguments:
                self.variables.pop(arguments[0], None)
            case "getenv" if len(arguments) > 1:
                if arguments[1] in self._environment:
                    self.variables[arguments[0]] = self._environment[arguments[1]]
            case "bind":
                self._parameters = arguments
            case "r" | "reset":
                self._reset()
            case "q" | "quit":
                self._next = len(self._lines)
                self._reset()
            case _:
                return [Command(name, arguments, self._next)]
        return []

    def _condition(self, name: str, arguments: tuple[str, ...]) -> None:
        said = (arguments[0] if arguments else "").lower()
        holds = said in ("1", "on") or (said != "" and ("true".startswith(said) or "yes".startswith(said)))
        if name == "if":
            self._conditions.append((holds, holds) if self._runs else (False, True))
        elif not self._conditions:
            return
        elif name == "endif":
            self._conditions.pop()
        else:
            _, done = self._conditions[-1]
            runs = not done and (name == "else" or holds)
            self._conditions[-1] = (runs, done or runs)

    def _arguments(self, line: str, at: int) -> tuple[tuple[str, ...], int]:
        """Words up to the end of the line or the next command. Quotes: '...' are taken off, "..." stay."""
        found: list[str] = []
        while at < len(line):
            if line[at].isspace():
                at += 1
                continue
            if line[at] == "\\":
                return tuple(found), at + 2 if line[at : at + 2] == "\\\\" else at
            word, at = self._argument(line, at)
            found.append(word)
        return tuple(found), at

    def _argument(self, line: str, at: int) -> tuple[str, int]:
        parts: list[str] = []
        while at < len(line) and not line[at].isspace() and line[at] != "\\":
            char = line[at]
            if char == "'":
                at += 1
                while at < len(line) and not (line[at] == "'" and line[at : at + 2] != "''"):
                    if line[at] == "\\" and at + 1 < len(line):
                        at += 1
                        parts.append(_ESCAPES.get(line[at], line[at]))
                    else:
                        parts.append(line[at])
                        at += line[at] == "'"
                    at += 1
                at += 1
            elif char in '"`':
                end = line.find(char, at + 1)
                end = len(line) if end < 0 else end + 1
                parts.append(line[at:end] if char == '"' else "")
                at = end
            elif char == ":" and line[at : at + 2] != "::" and (found := _VARIABLE.match(line, at)):
                parts.append(self._value(found))
                at = found.end()
            elif line[at : at + 2] == "::":
                parts.append("::")
                at += 2
            else:
                parts.append(char)
                at += 1
        return "".join(parts), at
