"""Valid PostgreSQL traffic for properties, both directions, and ways to spoil it. Hypothesis strategies; no assertions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from struct import pack

from hypothesis import strategies as st

from nightporter.core.wire import Ticket
from nightporter.protocols.postgres import messages as m

# Starting up

SETTINGS = ("application_name", "DateStyle", "TimeZone", "client_encoding", "search_path", "extra_float_digits", "replication")

words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20)
"""Text that can stand in a zero-ended string."""
names = st.from_regex(r"[a-z_][a-z0-9_]{0,15}", fullmatch=True)
versions = st.sampled_from([(3, 0), (3, 1), (3, 2), (3, 9), (3, 9999)])
secrets = st.binary(min_size=m.MIN_SECRET, max_size=m.MAX_SECRET)
process_ids = st.integers(0, 2**31 - 1)


@st.composite
def startups(draw: st.DrawFn) -> bytes:
    """A StartupMessage that is accepted."""
    parameters = [("user", draw(names))]
    if draw(st.booleans()):
        parameters.append(("database", draw(words)))
    if draw(st.booleans()):
        parameters.append(
            ("options", draw(st.sampled_from(["", "-c geqo=off", "--search-path=a,\\ b  -cjit=off", " -c work_mem=1MB "])))
        )
    parameters += draw(st.lists(st.tuples(st.sampled_from(SETTINGS), words), max_size=4))
    parameters += [(f"_pq_.{name}", "1") for name in draw(st.lists(names, max_size=2))]
    return m.startup_message(draw(versions), draw(st.permutations(parameters)))


@st.composite
def openings(draw: st.DrawFn) -> list[bytes]:
    """What a client without TLS sends until it has said what it wants; after each chunk but the last it waits for an answer."""
    asked = draw(st.lists(st.sampled_from([m.ssl_request(), m.gssenc_request()]), unique=True, max_size=2))
    cancels = st.builds(m.cancel_request, process_ids, secrets)
    return [*asked, draw(startups() | cancels)]


@st.composite
def login_answers(draw: st.DrawFn) -> bytes:
    """What a server without authentication sends, from the StartupMessage to ReadyForQuery."""
    parts = [m.authentication(m.OK)]
    parts += [m.parameter_status(name, value) for name, value in draw(st.dictionaries(names, words, max_size=5)).items()]
    parts += draw(st.lists(st.builds(m.notice_response, fields()), max_size=2))
    parts.insert(draw(st.integers(1, len(parts))), m.backend_key_data(draw(process_ids), draw(secrets)))
    return b"".join(parts) + m.ready_for_query()


@st.composite
def fields(draw: st.DrawFn) -> dict[str, str]:
    """Fields of an error or notice."""
    made = {"S": "ERROR", "V": "ERROR", "C": draw(st.sampled_from(["42601", "22012", "23505"])), "M": draw(words)}
    return made | draw(st.dictionaries(st.sampled_from("DHPWstcdnFLR"), words, max_size=3))


# Statements


@dataclass(frozen=True, slots=True)
class Turn:
    """What a client sends, and what the server says to it."""

    client: bytes
    server: bytes


cells = st.none() | st.binary(max_size=60)
tags = st.sampled_from([("update t set a = 1", "UPDATE 3"), ("insert into t values (1)", "INSERT 0 1"), ("set jit = off", "SET")])
columns = st.lists(st.tuples(names, st.sampled_from([16, 23, 25, 1700])), min_size=1, max_size=4)


@st.composite
def results(draw: st.DrawFn) -> tuple[bytes, list[bytes]]:
    """RowDescription, and DataRows that fit it."""
    described = draw(columns)
    row = st.lists(cells, min_size=len(described), max_size=len(described)).map(m.data_row)
    return m.row_description(described), draw(st.lists(row, max_size=6))


@st.composite
def asides(draw: st.DrawFn) -> bytes:
    """What a server may say between any two answers."""
    kind = draw(st.integers(0, 5))
    if kind == 0:
        return m.notice_response(draw(fields()))
    if kind == 1:
        return m.parameter_status("TimeZone", draw(words))
    if kind == 2:
        return m.message(b"A", b"\0\0\0\1" + m.cstring(draw(names)) + m.cstring(draw(words)))
    return b""


def _query(text: str) -> bytes:
    return m.query_message(text.encode())


def _extended(draw: st.DrawFn, text: str) -> bytes:
    name, portal = (draw(st.sampled_from([b"", b"s1", b"s2"])) for _ in range(2))
    values = draw(st.lists(cells, max_size=2))
    rows = draw(st.sampled_from([0, 0, 2]))
    describe = m.describe_message(b"P", portal)
    parts = [m.parse_message(name, text.encode()), m.bind_message(portal, name, values), describe, m.execute_message(portal, rows)]
    if draw(st.booleans()):
        parts.append(m.flush_message())
    # what has a name is closed: a later turn may use the name again
    parts += [m.close_message(b"P", portal)] if portal else []
    parts += [m.close_message(b"S", name)] if name else []
    return b"".join(parts) + m.sync_message()


def _extended_answer(client: bytes, answer: bytes, status: bytes) -> bytes:
    closes = sum(code == ord("C") for code in codes(client))
    return m.message(b"1") + m.message(b"2") + answer + m.message(b"3") * closes + m.ready_for_query(status)


def _simple_rows(draw: st.DrawFn, status: bytes) -> list[Turn]:
    described, rows = draw(results())
    done = m.command_complete(f"SELECT {len(rows)}")
    return [Turn(_query("select a from t"), draw(asides()) + described + b"".join(rows) + done + m.ready_for_query(status))]


def _simple_tag(draw: st.DrawFn, status: bytes) -> list[Turn]:
    text, tag = draw(tags)
    return [Turn(_query(text), m.command_complete(tag) + draw(asides()) + m.ready_for_query(status))]


def _simple_several(draw: st.DrawFn, status: bytes) -> list[Turn]:
    drawn = draw(st.lists(tags, min_size=2, max_size=3))
    answers = b"".join(m.command_complete(tag) for _, tag in drawn)
    return [Turn(_query("; ".join(text for text, _ in drawn)), answers + m.ready_for_query(status))]


def _empty(draw: st.DrawFn, status: bytes) -> list[Turn]:
    return [Turn(_query(""), m.message(b"I") + m.ready_for_query(status))]


def _extended_rows(draw: st.DrawFn, status: bytes) -> list[Turn]:
    client = _extended(draw, "select a from t")
    described, rows = draw(results())
    limit = _max_rows(client)
    if limit and len(rows) >= limit:  # the server stops at the limit, and does not look whether there is more
        rows, end = rows[:limit], m.message(b"s")
    else:
        end = m.command_complete(f"SELECT {len(rows)}")
    return [Turn(client, _extended_answer(client, described + b"".join(rows) + end, status))]


def _extended_tag(draw: st.DrawFn, status: bytes) -> list[Turn]:
    text, tag = draw(tags)
    client = _extended(draw, text)
    return [Turn(client, _extended_answer(client, m.message(b"n") + m.command_complete(tag), status))]


def _copy_out(draw: st.DrawFn, status: bytes) -> list[Turn]:
    lines = b"".join(map(m.copy_data, draw(st.lists(st.binary(max_size=40), max_size=5))))
    server = m.copy_response(b"H", 2) + lines + m.copy_done() + m.command_complete("COPY 2") + m.ready_for_query(status)
    return [Turn(_query("copy t to stdout"), server)]


def _copy_in(draw: st.DrawFn, status: bytes) -> list[Turn]:
    lines = b"".join(map(m.copy_data, draw(st.lists(st.binary(max_size=40), max_size=5))))
    begun = Turn(_query("copy t from stdin"), m.copy_response(b"G", 2))
    return [begun, Turn(lines + m.copy_done(), m.command_complete("COPY 2") + m.ready_for_query(status))]


def _simple_error(draw: st.DrawFn, status: bytes) -> list[Turn]:
    return [Turn(_query("select nothing from t"), m.error_response(draw(fields())) + m.ready_for_query(status))]


def _extended_error(draw: st.DrawFn, status: bytes) -> list[Turn]:
    client = _extended(draw, "select nothing from t")
    return [Turn(client, m.error_response(draw(fields())) + m.ready_for_query(status))]


def _copy_failed(draw: st.DrawFn, status: bytes) -> list[Turn]:
    begun = Turn(_query("copy t from stdin"), m.copy_response(b"G", 1))
    return [begun, Turn(m.copy_data(b"1\n") + m.copy_fail(b"no"), m.error_response(draw(fields())) + m.ready_for_query(status))]


_FINE = (_simple_rows, _simple_tag, _simple_several, _empty, _extended_rows, _extended_tag, _copy_out, _copy_in)
_FAILING = (_simple_error, _extended_error, _copy_failed)
_Maker = Callable[[st.DrawFn, bytes], list[Turn]]


@st.composite
def sessions(draw: st.DrawFn) -> list[Turn]:
    """The statement phase of one session: turn by turn, transaction status and all."""
    status = b"I"
    turns: list[Turn] = []
    for _ in range(draw(st.integers(0, 6))):
        step = draw(st.sampled_from(["fine", "fine", "fails", "begin", "end"]))
        if step == "begin" and status == b"I":
            status = b"T"
            turns.append(Turn(_query("begin"), m.command_complete("BEGIN") + m.ready_for_query(status)))
        elif step == "end" and status != b"I":
            tag = "COMMIT" if status == b"T" else "ROLLBACK"
            status = b"I"
            turns.append(Turn(_query("commit"), m.command_complete(tag) + m.ready_for_query(status)))
        elif step == "fails" or status == b"E":
            status = b"I" if status == b"I" else b"E"
            failing: tuple[_Maker, ...] = (_simple_error, _extended_error) if status == b"E" else _FAILING
            turns += draw(st.sampled_from(failing))(draw, status)
        else:
            turns += draw(st.sampled_from(_FINE))(draw, status)
    if draw(st.booleans()):
        turns.append(Turn(m.terminate_message(), b""))
    return turns


client_streams = sessions().map(lambda turns: b"".join(turn.client for turn in turns))
"""All that a client sends in the statement phase."""
server_streams = sessions().map(lambda turns: b"".join(turn.server for turn in turns))
"""All that a server sends in the statement phase."""


def codes(stream: bytes) -> list[int]:
    """Types of the messages in a valid stream, in order."""
    reader = m.Reader({**m.FRONTEND_NAMES, **m.BACKEND_NAMES}, stream, limit=2**30)
    found: list[int] = []
    while (got := reader.next()) is not None:
        found.append(got[0])
    return found


def _max_rows(client: bytes) -> int:
    reader = m.Reader(m.FRONTEND_NAMES, client)
    while (got := reader.next()) is not None:
        if got[0] == ord("E"):
            return int.from_bytes(got[1][-4:])
    return 0


# More than fits anywhere

TICKET = Ticket("0-1", 0, b"salt")


def endless(*, upstream: bool, size: int) -> Iterator[bytes]:
    """About `size` bytes in pieces, of one message: a statement, or a notice."""
    piece = b"x" * 65536
    if upstream:
        yield b"N" + pack("!I", size + 4)
    else:
        yield b"Q" + pack("!I", size + 4)
    for _ in range(size // len(piece)):
        yield piece


# Ways to spoil it


@st.composite
def spoiled(draw: st.DrawFn, valid: st.SearchStrategy[bytes]) -> bytes:
    """A valid stream with bytes changed, dropped, put in or cut off."""
    stream = bytearray(draw(valid))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(stream)))
        count = draw(st.integers(0, 4))
        stream[at : at + count] = draw(st.binary(max_size=4))
    return bytes(stream[: draw(st.integers(0, len(stream)))]) if draw(st.booleans()) else bytes(stream)


@st.composite
def chunks(draw: st.DrawFn, stream: bytes) -> list[bytes]:
    """The stream in pieces of one byte or more."""
    points = sorted(draw(st.sets(st.integers(1, max(1, len(stream) - 1)), max_size=8)))
    return [piece for start, end in zip([0, *points], [*points, len(stream)], strict=True) if (piece := stream[start:end])]
