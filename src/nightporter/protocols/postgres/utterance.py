"""What the server says beside rows: errors, notices, notifications and settings, without values that are not for the client. Pure.

Theory of operation. A message is looked at under one of two lights.

*Not strict*: the statement was understood and touches nothing that this principal may not see. Its messages pass, but for what the
value detectors find in them, and for the keys and rows that a violated constraint prints, where a column of them is hidden: the
row that is in the way was not read by the statement.

*Strict*: anything may have run into the message, so nothing of it passes unless it is known to be none of the data:

    words          of sentences that are known, see `phrases`; the server's own code must have said them: RAISE can imitate any
    names          in the place of a name, if the catalogue has it
    what was told  if the client said so little that the repetition tells nothing, see `told`
    own text       what a message that points at a place in the client's text quotes of it: the server says so of what it finds
                   before it runs anything. (What a function runs by itself has a place of another kind, field p.)

A message that is not known is replaced by the name of its condition and the names in its fields; a detail, a hint or a frame of the
context that is not known is left out. None of this looks at words of any one language but to keep more: a server that speaks
another is withheld more of, and never less.

What stays visible is *that* it went wrong, and which condition: one bit or a few a statement, which only policy can close.

Source: "Error and Notice Message Fields", "Message Formats".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from .conditions import CONDITIONS
from .known import HIDDEN, MAX_NAME, Detector, Known
from .messages import error_fields
from .phrases import DETAILS, FIXED, FRAMES, HINTS, MESSAGES, Judge, recognized
from .told import Told
from .violated import without_hidden, without_values

Field = tuple[str, bytes]
"""Letter and value."""

_TEXTS = "MDHWq"
"""Fields of free text: message, detail, hint, context, internal query."""
_KNOWN = {"M": MESSAGES, "D": DETAILS, "H": HINTS}
_NAMES = "stcdn"
"""Names of schema, table, column, data type and constraint. RAISE may set them to anything."""
_ORIGIN = {"F": re.compile(r"[\w./+-]{1,80}"), "L": re.compile(r"[0-9]{1,7}"), "R": re.compile(r"\w{1,80}")}
"""Where in the server's source; nobody but code in C sets them."""
_PLACES = "Pp"
_PLACE = re.compile(r"[0-9]{1,10}")
_SEVERITIES = frozenset(
    {"ERROR", "FATAL", "PANIC", "WARNING", "NOTICE", "INFO", "LOG", "DEBUG", *(f"DEBUG{n}" for n in range(1, 6))}
)

_SPEAKS_FOR_OTHERS = frozenset({"exec_stmt_raise", "exec_stmt_assert"})
_OTHERS = frozenset(
    {"plperl.c", "plpy_elog.c", "plpy_plpymodule.c", "pltcl.c", "dblink.c", "connection.c", "pg_background.c", "plv8.cc"}
)
"""Functions and files that pass on what somebody else has written: a function of a user, another server."""
_COUNTED = frozenset({"varchar.c", "varbit.c", "numeric.c"})
"""Files that speak of a column's length or precision. Other code may put a value in the same words."""
_SOURCE = re.compile(r".+\.(?:c|l|y|h)")
_PARSER = frozenset({"scan.l", "scan.c", "gram.y", "gram.c", "parser.c", "scansup.c"})

_OWN_FRAMES = ("JSON data, line ", "compilation of PL/pgSQL function ")
"""Frames of what is read before anything runs."""

_QUOTED = re.compile(r"""["„«»“‟「『]([^"“”«»„」』]*)["“”«»」』]""")
_SETTINGS = frozenset({"datestyle", "timezone", "true", "false", "on", "off"})
"""What the server itself puts in quotes."""

_CHANNEL = re.compile(r"[A-Za-z_][A-Za-z_.:-]{0,62}")
"""What this session has asked to hear from is no secret to it, if it looks like a name that somebody chose."""

_FREE = frozenset({"application_name", "TimeZone", "search_path", "session_authorization", "role"})
"""What a client can set to a text of its own making."""
# A place of the server's own table of zones, which it has looked up: no offset, no name that somebody made up
_ZONE = re.compile(r"(?:Etc/)?(?:GMT|UTC)(?:[+-]1?[0-9])?|[A-Z][A-Za-z_]*(?:/[A-Z][A-Za-z_-]+){1,2}|[A-Z]{1,5}(?:[0-9][A-Z]{3})?")
_SWITCH = re.compile("on|off")
_ENCODING = re.compile("[A-Z][A-Z0-9_-]{2,19}")
_VALUES: Mapping[str, re.Pattern[str]] = {
    "client_encoding": _ENCODING,
    "server_encoding": _ENCODING,
    "DateStyle": re.compile("(?:ISO|SQL|Postgres|German), (?:DMY|MDY|YMD)"),
    "IntervalStyle": re.compile("postgres|postgres_verbose|sql_standard|iso_8601"),
    "default_transaction_read_only": _SWITCH,
    "in_hot_standby": _SWITCH,
    "integer_datetimes": _SWITCH,
    "is_superuser": _SWITCH,
    "scram_iterations": re.compile("[0-9]{1,10}"),
    "server_version": re.compile("[^\0]{1,200}"),
    "standard_conforming_strings": _SWITCH,
}
"""What the others can be."""


class Hearing:
    """What one principal may hear while one statement runs, or while none does.

    `told`: texts that the client sent for it: the statement, parameters as text. `names(word)`: whether the catalogue has something
    of that name (a relation, column, type, constraint, function, schema, role; not those that the session made itself). `strict`:
    the statement touches columns that this principal may not see, or was not understood. `labelled(columns)`: whether one of them,
    in a table that the statement touches, is hidden; without any: whether a whole row of such a table holds one. `bodies`: sources
    of the functions that it may run, from the catalogue: what they RAISE is known from there.
    """

    __slots__ = ("_known", "_labelled", "_strict")

    def __init__(
        self,
        *,
        told: Iterable[str],
        names: Callable[[str], bool],
        detector: Detector,
        strict: bool,
        labelled: Callable[[Sequence[str]], bool] = lambda columns: True,
        bodies: Iterable[str] = (),
    ) -> None:
        self._known = Known(Told(told), names, detector, bodies)
        self._labelled = labelled
        self._strict = strict

    # Errors and notices

    def error(self, body: bytes, encoding: str) -> bytes | None:
        """The body of an ErrorResponse or NoticeResponse as the client may see it; None: as it is.

        `encoding`: Python's codec for the client's encoding; "" when there is none. A body that is not well formed is replaced.
        """
        fields = _fields(body)
        if fields is None:
            return self.large(body)
        texts: dict[str, str] = {}
        for letter, value in fields:
            if letter in texts:
                return self.large(body)  # no server says a thing twice; one of the two would go unjudged
            texts[letter] = _decoded(value, encoding)
        judged = self._strictly(texts) if self._strict else self._laxly(texts)
        if judged == texts and all(_reads(value, encoding) for _, value in fields):
            return None
        kept = dict(fields)
        parts: list[bytes] = []
        for letter, text in judged.items():
            same = texts.get(letter) == text and _reads(kept[letter], encoding)
            value = kept[letter] if same else text.replace("\0", "").encode(encoding or "ascii", "replace")
            parts.append(letter.encode("latin-1") + value + b"\0")
        return b"".join(parts) + b"\0"

    def large(self, beginning: bytes = b"") -> bytes:
        """The body to send for a message that cannot be looked at as a whole: too long, or broken.

        `beginning`: as much of its body as is there; severity and condition are taken from it.
        """
        first = {letter: value.decode("ascii", "replace") for letter, value in _first_fields(beginning)}
        severity = _severity(first)
        state = first.get("C", "XX000")
        state = state if state in CONDITIONS else "P0001"
        return error_fields({"S": severity, "V": severity, "C": state, "M": _withheld(state, severity, ())})

    def _laxly(self, texts: dict[str, str]) -> dict[str, str]:
        """Nothing hidden is touched: without what is found, and without the keys of others."""
        known = self._known
        judged: dict[str, str] = {}
        for letter, text in texts.items():
            shown = text
            if letter in _TEXTS:
                state = texts.get("C", "") if letter == "D" else ""
                shown = known.found(without_hidden(text, state, self._labelled, known))
            elif letter not in "SVCPpFLR":
                shown = known.found(text)
                if shown != text:
                    continue  # a name that is a value
            judged[letter] = shown
        if judged.get("q") != texts.get("q"):
            judged.pop("p", None)  # a place in what it was
        return judged

    def _strictly(self, texts: dict[str, str]) -> dict[str, str]:
        """Only what is known to be none of the data. A field of a kind that we do not know is left out."""
        known = self._known
        server = _of_server(texts)
        known.constraint = texts.get("n", "") if server and known.is_name(texts.get("t", "")) else ""
        counted = server and _file(texts) in _COUNTED
        own = server and self._is_of_own_text(texts)
        severity = _severity(texts)
        state = known.state(texts.get("C", "XX000"))
        names = [texts[letter] for letter in _NAMES if letter in texts and self._is_thing(texts[letter])]
        judged: dict[str, str] = {}
        for letter, text in texts.items():
            shown: str | None = None
            if letter == "V":
                shown = severity
            elif letter == "S":
                shown = text if len(text) <= 24 and text.replace(" ", "").isalpha() else severity
            elif letter == "C":
                shown = state
            elif letter in _NAMES:
                shown = text if self._is_thing(text) else None
            elif letter in _ORIGIN:
                shown = text if _ORIGIN[letter].fullmatch(text) else None
            elif letter in _PLACES:
                shown = text if _PLACE.fullmatch(text) and (own or not _is_within_value(texts)) else None
            elif letter in _TEXTS:
                shown = self._sentence(letter, text, server=server, own=own, counted=counted)
            if shown is not None:
                judged[letter] = shown
        if judged.get("q") != texts.get("q"):
            judged.pop("p", None)
        if "M" not in judged:
            judged["M"] = _withheld(state, severity, names or self._mentioned(texts.get("M", "")))
        return judged

    def _mentioned(self, text: str) -> list[str]:
        """What a message that is not known quotes of what the client said."""
        quoted = [each.strip() for each in _QUOTED.findall(text[:MAX_NAME])]
        return [each for each in quoted if each and self._known.is_told(each)]

    def _sentence(self, letter: str, text: str, *, server: bool, own: bool, counted: bool) -> str | None:
        """A field of free text, strictly; None: nothing of it may be shown."""
        known = self._known
        if letter == "q":
            return text if known.is_query(text) else None
        if own:
            return self._own(text)
        gap = known.gap if counted else self._gap_without_numbers
        if letter == "W":
            return self._context(text)
        if known.is_told(text):
            return text
        if not server:
            raised = recognized(known.raised, text, known.gap)
            return None if raised is None else raised.text
        if letter == "D":
            return without_values(text, known) or self._each_line(text, gap)
        sentence = recognized(_KNOWN[letter], text, gap)
        return None if sentence is None else sentence.text

    def _each_line(self, text: str, gap: Judge) -> str | None:
        """A detail that is a list, such as of what depends on a table; None unless all of it is known."""
        lines = [recognized(DETAILS, line, gap) for line in text.split("\n")]
        return None if None in lines else "\n".join(line.text for line in lines if line is not None)

    def _context(self, text: str) -> str | None:
        """The frames that are known. Behind one that quotes a text, which may look like frames, numbers count for nothing."""
        kept: list[str] = []
        free = False
        for line in text.split("\n"):
            frame = recognized(FRAMES, line, self._gap_without_numbers if free else self._known.gap)
            free = free or frame is None or frame.free
            if frame is not None:
                kept.append(frame.text)
        return "\n".join(kept) if kept else None

    def _gap_without_numbers(self, kind: str, text: str) -> str:
        return HIDDEN if kind == FIXED else self._known.gap(kind, text)

    def _own(self, text: str) -> str:
        """Of the client's own text: what it quotes the client has said, or the catalogue has."""

        def judged(match: re.Match[str]) -> str:
            quoted = match.group(1)
            if not any(map(str.isalnum, quoted)) or quoted.lower() in _SETTINGS or self._known.is_own(quoted):
                return match.group()
            return match.group().replace(quoted, HIDDEN, 1)

        return self._known.found(_QUOTED.sub(judged, text))

    def _is_of_own_text(self, texts: Mapping[str, str]) -> bool:
        """Whether it points at a place in the client's text, and in no other: a value that is cast to a type is parsed as well."""
        if not _PLACE.fullmatch(texts.get("P", "")) or "q" in texts:
            return False
        for line in texts["W"].split("\n") if "W" in texts else ():
            frame = recognized(FRAMES, line, self._known.gap)
            if not line.startswith(_OWN_FRAMES) and (frame is None or frame.free):
                return False
        return True

    def _is_thing(self, text: str) -> bool:
        return self._known.is_name(text) or self._known.is_told(text)

    # Notifications and settings

    def notification(self, body: bytes, encoding: str) -> bytes | None:
        """The body of a NotificationResponse as the client may see it; None: as it is. Anybody may have sent it, about anything."""
        process, texts = body[:4], body[4:].split(b"\0")
        if len(process) != 4 or len(texts) != 3 or texts[2]:
            return process.ljust(4, b"\0") + b"\0" + HIDDEN.encode() + b"\0"
        channel, payload = (_decoded(each, encoding) for each in texts[:2])
        shown, carried = self._known.found(channel), self._known.found(payload)
        if self._strict:
            if not (self._known.is_name(channel) or self._known.told.has(channel) or _CHANNEL.fullmatch(channel)):
                shown = HIDDEN
            if payload and not (self._known.is_name(payload) or self._known.is_told(payload)):
                carried = HIDDEN
        if (shown, carried) == (channel, payload) and all(_reads(each, encoding) for each in texts):
            return None
        codec = encoding or "ascii"
        return process + shown.encode(codec, "replace") + b"\0" + carried.encode(codec, "replace") + b"\0"

    def parameter(self, name: str, value: str) -> str | None:
        """The value of a ParameterStatus that the client may see; None: as it is.

        Most have values that the server allows only a few of. A statement can put anything into the others.
        """
        if name in _FREE:
            if self._strict:
                return None if self._is_setting(name, value) else HIDDEN
            found = self._known.found(value)
            return None if found == value else found
        known = _VALUES.get(name)
        if known is not None and known.fullmatch(value):
            return None
        if self._strict:
            return None if self._known.is_told(value) else HIDDEN
        found = self._known.found(value)
        return None if found == value else found

    def _is_setting(self, name: str, value: str) -> bool:
        if not value or self._known.is_told(value) or self._known.is_name(value):
            return True
        if name == "TimeZone":
            return _ZONE.fullmatch(value) is not None
        if name == "search_path":
            parts = [part.strip().strip('"') for part in value.split(",")]
            return all(part in ("$user", "public", "pg_catalog", "") or self._known.is_name(part) for part in parts)
        return False


def _fields(body: bytes) -> list[Field] | None:
    """The fields of an error; None if it is not well formed."""
    if body == b"\0":
        return []
    if not body.endswith(b"\0\0"):
        return None
    fields = _first_fields(body)
    return fields if sum(len(value) + 2 for _, value in fields) + 1 == len(body) else None


def _first_fields(body: bytes) -> list[Field]:
    """As many as are there in full."""
    fields: list[Field] = []
    at = 0
    while at < len(body) and body[at]:
        end = body.find(b"\0", at + 1)
        if end < 0:
            break
        fields.append((chr(body[at]), body[at + 1 : end]))
        at = end + 1
    return fields


def _decoded(value: bytes, encoding: str) -> str:
    return value.decode(encoding or "ascii", "replace")


def _reads(value: bytes, encoding: str) -> bool:
    try:
        value.decode(encoding or "ascii")
    except UnicodeDecodeError:  # what could not be looked at does not pass: the replacement characters do
        return False
    return True


def _file(texts: Mapping[str, str]) -> str:
    return texts.get("F", "").rpartition("/")[2]


def _severity(texts: Mapping[str, str]) -> str:
    """As it is in no language."""
    severity = texts.get("V", "")
    return severity if severity in _SEVERITIES else "ERROR"


def _of_server(texts: Mapping[str, str]) -> bool:
    """Whether the server's own code has made the sentence, and does not just pass on what somebody wrote."""
    file = _file(texts)
    return _SOURCE.fullmatch(file) is not None and file not in _OTHERS and texts.get("R", "") not in _SPEAKS_FOR_OTHERS


def _is_within_value(texts: Mapping[str, str]) -> bool:
    """Whether a place may be one in a value: a text that is cast to a type is read by the parser too, and the context says so."""
    return "W" in texts and _file(texts) in _PARSER


def _withheld(state: str, severity: str, names: Sequence[str]) -> str:
    """What is said in the place of a message that may hold anything."""
    known = "" if state == "00000" else CONDITIONS.get(state, "")
    about = "".join(f' "{name}"' for name in names)
    return f"{known or severity.lower()}{about} (the message is withheld, it may show masked values)"
