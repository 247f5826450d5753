"""The wire in front of the fake server, back to back: what a client hears is what it would hear without us."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from nightporter.core.talk import Receive, Send
from nightporter.protocols.postgres import messages as m
from nightporter.protocols.postgres.fake import Fake, serve

from .wired import DENIED, FLUSH, TERMINATE, S, Wired, b, close, d, done, e, ext, p, q, texts, z

KNOWN = ["SELECT 1", "SELECT name FROM pet", "UPDATE pet SET name = 'Cy'", "BEGIN", "COMMIT", "ROLLBACK", "", "SELECT nothing"]


class Running:
    """A fake server that a session has been opened at."""

    def __init__(self) -> None:
        self.fake = Fake(method="trust")
        self._talk = serve(self.fake, lambda: b"r" * 18)
        self._step: object = next(self._talk)
        self.say(m.startup_message((3, 0), [("user", "app"), ("database", "shop")]))

    def say(self, data: bytes) -> bytes:
        """What it answers."""
        heard = b""
        assert isinstance(self._step, Receive)
        try:
            self._step = self._talk.send(data)
            while isinstance(self._step, Send):
                heard += self._step.data
                self._step = next(self._talk)
        except StopIteration:
            self._step = None
        return heard


def through(wired: Wired, server: Running, *said: bytes) -> bytes:
    """What a client hears that says this through us."""
    for chunk in said:
        wired.client(chunk)
        while data := wired.sent():
            wired.server(server.say(data))
    return wired.heard()


names = st.sampled_from(["", "a", "b"])
known = st.sampled_from(KNOWN)
batches = st.one_of(
    known.map(q),
    st.builds(lambda text, name: p(name, text) + b("", name) + d() + e() + close("S", name) + S, known, names),
    st.builds(lambda text, name, portal: p(name, text) + b(portal, name) + e(portal) + S, known, names, names),
    st.builds(lambda name, portal: b(portal, name) + e(portal) + FLUSH + S, names, names),
)


@settings(deadline=None)
@given(st.lists(batches, max_size=8), st.sampled_from([0, 1, 11]))
def test_through_us_a_client_hears_what_it_hears_without_us(said: list[bytes], chunk: int) -> None:
    straight = Running()
    expected = b"".join(straight.say(each) for each in said)
    server = Running()
    assert through(Wired(chunk=chunk), server, *said) == expected
    assert server.fake.asked == straight.fake.asked


def test_a_denial_between_two_answers() -> None:
    server = Running()
    wired = Wired(texts("SELECT name FROM pet"))
    heard = through(wired, server, q("SELECT 1"), q("SELECT name FROM pet"), ext("SELECT 1") + S)
    assert heard.count(DENIED + z()) == 1
    assert server.fake.asked == ["SELECT 1", "SELECT 1"]


def test_a_denial_fails_the_transaction_at_the_server_as_well() -> None:
    server = Running()
    wired = Wired(texts("SELECT name FROM pet"))
    assert through(wired, server, q("BEGIN")) == done("BEGIN") + z("T")
    assert through(wired, server, q("SELECT name FROM pet")) == DENIED + z("E")
    assert b"25P02" in through(wired, server, q("SELECT 1"))
    assert through(wired, server, q("ROLLBACK")) == done("ROLLBACK") + z()
    assert through(wired, server, TERMINATE) == b""
    assert wired.finished
