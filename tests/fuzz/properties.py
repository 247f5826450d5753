"""What must hold whatever others write: inputs and checks. A check raises AssertionError; whatever else it raises is a find too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from hypothesis import strategies as st

from nightporter.core.error import ProtocolError, TlsError, UpstreamError
from nightporter.core.talk import Secured
from nightporter.core.wire import Challenge, Entrance, Hello, Peer
from nightporter.identity.principal import Method
from nightporter.identity.scram import SALT_BYTES, make_verifier
from nightporter.protocols.postgres import framing
from nightporter.protocols.postgres.analysis import Readings, call
from nightporter.protocols.postgres.encoding import _CODECS
from nightporter.protocols.registry import ADAPTERS
from nightporter.secret import Secret
from tests.conformance.wires import Stream, check_splits, check_transparency, streams
from tests.conversation import Line, play
from tests.protocols.postgres import traffic
from tests.protocols.postgres.analysis.test_properties import VALID, check
from tests.protocols.postgres.test_framing import anything, chunks, cuts, scan_all, summary

from .duel import duel

ADAPTER = ADAPTERS["postgres"]
SECURED = Secured("postgresql", None, b"binding")
VERIFIER = make_verifier(Secret("secret"), b"s" * SALT_BYTES)


@dataclass(frozen=True, slots=True)
class Property:
    """One thing that must hold."""

    name: str
    inputs: st.SearchStrategy[Any]
    check: Callable[[Any], None]


def random18() -> bytes:
    """Not random at all: a find must come again."""
    return b"r" * 18


def _splits(value: tuple[Stream, int, int]) -> None:
    check_splits(ADAPTER, *value)


def _transparency(value: tuple[Stream, int]) -> None:
    check_transparency(ADAPTER, *value)


def _pieces(data: bytes, size: int) -> list[Line]:
    return [data[at : at + size] for at in range(0, len(data), size)]


def _greet(value: tuple[bytes, int, bool]) -> None:
    data, size, tls = value
    script: list[Line] = _pieces(data, size)
    played = play(ADAPTER.greet(Peer("::1", False, False)), script)
    assert played.error is None or isinstance(played.error, ProtocolError), played.error
    again = play(ADAPTER.greet(Peer("::1", False, False)), _pieces(data, len(data) or 1))
    assert again.result is None or played.result is None or again.result == played.result
    if tls:
        script = [b"\0\0\0\x08\x04\xd2\x16\x2f", SECURED, *script]
        played = play(ADAPTER.greet(Peer("::1", False, True, True)), script)
        assert played.error is None or isinstance(played.error, ProtocolError | TlsError), played.error


def _prove(value: tuple[Method, bytes, int]) -> None:
    method, data, size = value
    hello = Hello("alice", "shop", {}, (3, 0))
    played = play(ADAPTER.prove(hello, Challenge(method, VERIFIER), random18), _pieces(data, size))
    assert played.error is None or isinstance(played.error, ProtocolError), played.error
    assert method is Method.TOKEN or played.result is None or not played.result.passed, "nobody knows the password"


def _enter(value: tuple[bytes, int]) -> None:
    data, size = value
    entrance = Entrance("app", Secret("secret"), "shop", {}, "disable", (3, 2))
    played = play(ADAPTER.enter(entrance, random18), _pieces(data, size))
    assert played.result is not None or isinstance(played.error, UpstreamError), played.error


def _read(value: tuple[bytes, str]) -> None:
    text, codec = value
    reading = Readings()(text, codec)
    assert reading.text == text
    if reading.statements and reading.statements[0].unknown is None:
        assert "".join(s.text for s in reading.statements) == text.decode(codec)


def _call(value: tuple[int, tuple[bytes | None, ...]]) -> None:
    reading = call(*value)
    assert len(reading.statements) == 1


def _scan(value: tuple[bytes, list[int]]) -> None:
    data, at = value
    found, covered, error = scan_all(framing, chunks(data, at))
    assert data.startswith(covered)
    whole, _, whole_error = scan_all(framing, [data])
    assert error == whole_error
    if error is None:
        assert summary(found) == summary(whole)


def _duel(value: int) -> None:
    for seed in range(value, value + 20):
        try:
            duel(Random(seed))
        except AssertionError as error:
            raise AssertionError(f"duel {seed}: {error}") from error


sizes = st.sampled_from([1, 2, 5, 13, 100, 5000])
noise = st.binary(max_size=300)
openings = traffic.openings().map(b"".join)
logins = traffic.login_answers()
proofs = st.builds(lambda kind, body: kind + (len(body) + 4).to_bytes(4, "big") + body, st.just(b"p"), st.binary(max_size=80))
odd = st.text("'\"$;()/*-eE\\ \n\0é1aBCx,.:=", max_size=60)
statements = st.one_of(
    st.text(max_size=100),
    odd,
    st.builds(
        lambda texts, at, put: (joined := "; ".join(texts))[: at % (len(joined) + 1)] + put + joined[at % (len(joined) + 1) :],
        st.lists(st.sampled_from(VALID), max_size=3),
        st.integers(0, 2000),
        odd,
    ),
)

PROPERTIES = (
    Property("wire: splits", st.tuples(streams(ADAPTER), sizes, st.integers(0, 3)), _splits),
    Property("wire: transparency", st.tuples(streams(ADAPTER), sizes), _transparency),
    Property("wire: both sides agree", st.integers(0, 2**40), _duel),
    Property("greet", st.tuples(noise | openings | traffic.spoiled(openings), sizes, st.booleans()), _greet),
    Property(
        "prove",
        st.tuples(st.sampled_from([Method.PASSWORD, Method.TOKEN]), noise | proofs | traffic.spoiled(proofs), sizes),
        _prove,
    ),
    Property("enter", st.tuples(noise | logins | traffic.spoiled(logins), sizes), _enter),
    Property("framing", st.tuples(anything, cuts), _scan),
    Property("analysis: text", statements, check),
    Property(
        "analysis: bytes",
        st.tuples(
            noise | statements.map(lambda t: t.encode(errors="replace")), st.sampled_from(sorted({*_CODECS.values(), "ascii"}))
        ),
        _read,
    ),
    Property(
        "analysis: calls",
        st.tuples(st.integers(0, 2**32 - 1) | st.sampled_from([952, 2078]), st.lists(st.none() | noise, max_size=3).map(tuple)),
        _call,
    ),
)
