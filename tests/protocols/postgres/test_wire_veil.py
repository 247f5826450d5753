"""Results behind a veil, as conversations: what is asked for them, what reaches the client, and that cuts make no difference.

The veil stands in for `veil.py`: it masks each cell of the columns that a text names, and says what it was asked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from nightporter.core.error import ProtocolError
from nightporter.core.wire import Limits, Request, Ticket
from nightporter.protocols.postgres import messages as m
from nightporter.protocols.postgres.cell import CellMask
from nightporter.protocols.postgres.fields import fields_of
from nightporter.protocols.postgres.shade import Shade
from nightporter.protocols.postgres.veiling import Plan, Veiling

from .wired import BOUND, CLOSED, NO_DATA, PARSED, SUSPENDED, S, Wired, b, close, d, done, e, error, ext, p, q, z

TWO = m.row_description([("id", 23), ("email", 25)])
MASK = CellMask(b"*****")
SHADE = Shade("full", "pii.email", ("why",), name="public.people.email")


def pair(number: int, email: bytes | None = b"ada@example.com") -> bytes:
    return m.data_row([b"%d" % number, email])


def masked(number: int) -> bytes:
    return m.data_row([b"%d" % number, b"*****"])


class Curtain:
    """Masks every column called `email`; `clear` texts have none."""

    strict = True

    def __init__(self, clear: bool = False, log: list[str] | None = None) -> None:
        self.clear = clear
        self.log: list[str] = [] if log is None else log

    def plan(self, description: bytes, codec: str) -> Plan | None:
        names = [field.name.decode() for field in fields_of(description)]
        self.log.append(f"plan {' '.join(names)}")
        if "email" not in names:
            return None
        masks = [MASK if name == "email" else None for name in names]
        return Plan(masks, [SHADE if name == "email" else Shade(examined=True) for name in names], names)

    def copy(self, body: bytes, encoding: str) -> Veiling | None:
        self.log.append(f"copy {encoding}")
        return None

    def value(self, body: bytes, whole: bool, codec: str) -> bytes | None:
        return m.message(b"V", b"\xff\xff\xff\xff")


class Veil:
    """Of every text; one that says `clear` needs no description."""

    def __init__(self, request: Request, log: list[str]) -> None:
        clear = b"clear" in request.reading.text
        self._curtain = Curtain(clear, log)
        self.unknown = Curtain(False, log)
        self.log = log

    def before(self, statement: int) -> Curtain:
        return self._curtain

    def said(self, code: int, body: bytes, whole: bool, curtain: Any, request: Request | None, codec: str) -> bytes | None:
        self.log.append(f"{chr(code)} {'strict' if curtain is not None else 'lax'}")
        return m.error_response({"S": "ERROR", "V": "ERROR", "C": "22012", "M": "*****"}) if code == ord("E") else None


class Veiled(Wired):
    """A session of somebody who may not see everything."""

    def __init__(
        self, *, chunk: int = 0, limits: Limits | None = None, refuse: Callable[[Request], bool] = lambda _: False
    ) -> None:
        super().__init__(refuse, chunk=chunk)
        self.limits = limits
        self.log: list[str] = []

    def _decide(self, request: Request, *, deny: bool) -> None:
        if deny or self.refuse(request):
            super()._decide(request, deny=True)
            return
        ticket = Ticket(str(len(self._by_ticket) + 1), 0, b"salt")
        self._by_ticket[ticket.number] = request
        self._allowed.append(ticket.number)
        self.wire.allow(request, ticket, self.limits, Veil(request, self.log))


chunks = pytest.mark.parametrize("chunk", [0, 1, 7, 23])


@chunks
def test_rows_of_a_query_are_masked(chunk: int) -> None:
    wired = Veiled(chunk=chunk).client(q("select id, email from people"))
    wired.server(TWO + pair(1) + pair(2) + pair(3, None) + done("SELECT 3") + z())
    assert wired.heard() == TWO + masked(1) + masked(2) + pair(3, None) + done("SELECT 3") + z()
    (outcome,) = wired.outcomes
    assert [(v.column, v.label, v.masker, v.policies, v.cells, v.source) for v in outcome.veiled] == [
        ("email", "pii.email", "full", ("why",), 2, "public.people.email")
    ]


@chunks
def test_each_statement_of_a_text_is_shown_by_its_own_description(chunk: int) -> None:
    wired = Veiled(chunk=chunk).client(q("select id, email from people; select 1; select id, email from people"))
    one = m.row_description([("id", 23)]) + m.data_row([b"7"]) + done("SELECT 1")
    said = TWO + pair(1) + done("SELECT 1") + one + TWO + pair(2) + done("SELECT 1") + z()
    wired.server(said)
    assert wired.heard() == TWO + masked(1) + done("SELECT 1") + one + TWO + masked(2) + done("SELECT 1") + z()


@chunks
def test_what_nobody_has_described_is_described_to_us(chunk: int) -> None:
    """A client that knows what comes executes without asking. We ask, and it does not notice."""
    wired = Veiled(chunk=chunk).client(ext("select id, email from people") + S)
    assert wired.sent() == p("", "select id, email from people") + b("", "") + d() + e() + S
    wired.server(PARSED + BOUND + TWO + pair(1) + done("SELECT 1") + z())
    assert wired.heard() == PARSED + BOUND + masked(1) + done("SELECT 1") + z()


@chunks
def test_what_the_client_asks_itself_is_not_asked_twice(chunk: int) -> None:
    wired = Veiled(chunk=chunk).client(p("", "select id, email from people") + b("", "") + d() + e() + S)
    assert wired.sent() == p("", "select id, email from people") + b("", "") + d() + e() + S
    wired.server(PARSED + BOUND + TWO + pair(1) + done("SELECT 1") + z())
    assert wired.heard() == PARSED + BOUND + TWO + masked(1) + done("SELECT 1") + z()


@chunks
def test_what_is_clear_is_not_asked_about(chunk: int) -> None:
    wired = Veiled(chunk=chunk).client(ext("select id /* clear */ from people") + S)
    assert d() not in wired.sent()
    row = m.data_row([b"1"])
    wired.server(PARSED + BOUND + row + done("SELECT 1") + z())
    assert wired.heard() == PARSED + BOUND + row + done("SELECT 1") + z()
    assert wired.log == []


@chunks
def test_a_portal_is_asked_about_once_and_masked_in_all_its_portions(chunk: int) -> None:
    wired = Veiled(chunk=chunk).client(p("", "select id, email from people") + b("c", "") + e("c", 1) + m.flush_message())
    wired.server(PARSED + BOUND + TWO + pair(1) + SUSPENDED)
    assert wired.heard() == PARSED + BOUND + masked(1) + SUSPENDED
    wired.sent()
    wired.client(e("c", 1) + e("c", 0) + S)
    assert wired.sent() == e("c", 1) + e("c", 0) + S
    wired.server(pair(2) + SUSPENDED + pair(3) + done("SELECT 1") + z())
    assert wired.heard() == masked(2) + SUSPENDED + masked(3) + done("SELECT 1") + z()


@chunks
def test_a_pipeline_of_several_portals_keeps_them_apart(chunk: int) -> None:
    wired = Veiled(chunk=chunk)
    wired.client(ext("select id, email from people", "a", "a") + ext("select id /* clear */ from t", "b", "b") + e("a") + S)
    one = m.data_row([b"7"])
    wired.server(PARSED + BOUND + TWO + pair(1) + done("SELECT 1"))
    wired.server(PARSED + BOUND + one + done("SELECT 1") + done("SELECT 0") + z())
    heard = PARSED + BOUND + masked(1) + done("SELECT 1") + PARSED + BOUND + one + done("SELECT 1") + done("SELECT 0") + z()
    assert wired.heard() == heard


@chunks
def test_what_gives_no_rows_says_so_to_us_alone(chunk: int) -> None:
    wired = Veiled(chunk=chunk).client(ext("insert into t values (1)") + S)
    wired.server(PARSED + BOUND + NO_DATA + done("INSERT 0 1") + z())
    assert wired.heard() == PARSED + BOUND + done("INSERT 0 1") + z()


@chunks
def test_an_error_in_the_place_of_our_answer_skips_to_sync(chunk: int) -> None:
    wired = Veiled(chunk=chunk).client(ext("select id, email from people") + S + q("select 1"))
    wired.server(PARSED + error() + z())
    assert wired.heard() == PARSED + m.error_response({"S": "ERROR", "V": "ERROR", "C": "22012", "M": "*****"}) + z()
    assert wired.log[-1] == "E strict"


@chunks
def test_a_portal_that_is_bound_anew_is_asked_about_anew(chunk: int) -> None:
    wired = Veiled(chunk=chunk).client(ext("select id, email from people", "", "x") + close("P", "x") + S)
    wired.server(PARSED + BOUND + TWO + pair(1) + done("SELECT 1") + CLOSED + z())
    wired.sent()
    wired.client(ext("select email from people", "", "x") + S)
    assert wired.sent().count(d("x")) == 1
    wired.server(PARSED + BOUND + m.row_description([("email", 25)]) + m.data_row([b"ada@example.com"]) + done("SELECT 1") + z())
    assert wired.heard().endswith(BOUND + m.data_row([b"*****"]) + done("SELECT 1") + z())


@chunks
def test_a_cursor_is_shown_as_when_it_was_declared(chunk: int) -> None:
    wired = Veiled(chunk=chunk).client(q("begin"))
    wired.server(done("BEGIN") + z("T"))
    wired.client(q("declare c cursor for select id, email from people"))
    wired.server(done("DECLARE CURSOR") + z("T"))
    wired.heard()
    wired.client(q("fetch 2 from c"))
    wired.server(TWO + pair(1) + pair(2) + done("FETCH 2") + z("T"))
    assert wired.heard() == TWO + masked(1) + masked(2) + done("FETCH 2") + z("T")


@chunks
def test_masks_and_limits_go_together(chunk: int) -> None:
    wired = Veiled(chunk=chunk, limits=Limits(rows=2, by=("few",))).client(q("select id, email from people"))
    wired.server(TWO + pair(1) + pair(2) + pair(3) + pair(4))
    assert wired.heard() == TWO + masked(1) + masked(2)


def test_rows_that_were_not_described_end_the_session() -> None:
    wired = Veiled().client(q("select id, email from people"))
    with pytest.raises(ProtocolError, match="not described"):
        wired.server(pair(1))


def test_a_result_that_ends_within_a_row_ends_the_session() -> None:
    wired = Veiled().client(q("select id, email from people"))
    with pytest.raises(ProtocolError):
        wired.server(TWO + pair(1)[:-4] + done("SELECT 1") + z())


@chunks
def test_the_value_of_a_function_call_is_shown_as_its_curtain_says(chunk: int) -> None:
    call = m.message(b"F", b"\0\0\0\1\0\0\0\0\0\0")
    wired = Veiled(chunk=chunk).client(call)
    wired.server(m.message(b"V", b"\0\0\0\3abc") + z())
    assert wired.heard() == m.message(b"V", b"\xff\xff\xff\xff") + z()


@chunks
def test_what_the_server_says_unasked_is_held_against_the_latest_veil(chunk: int) -> None:
    wired = Veiled(chunk=chunk).client(q("listen x"))
    wired.server(done("LISTEN") + z())
    notice = m.notice_response({"S": "NOTICE", "V": "NOTICE", "C": "00000", "M": "hello"})
    wired.server(notice)
    assert wired.log == ["N lax"]
    assert wired.heard().endswith(notice)
