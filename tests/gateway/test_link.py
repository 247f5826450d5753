"""A link and a transport that is none: bytes, ends, back-pressure, TLS that is torn."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Any

import pytest

from nightporter.core.error import TlsError
from nightporter.gateway.link import GATHER_BYTES, GATHER_S, Link
from nightporter.gateway.tls import ServerTls, TlsLayer, server_tls
from tests.lab.certificate import Authority


class Wires(asyncio.Transport):
    """What was done to a connection."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.did: list[str] = []

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def get_write_buffer_size(self) -> int:
        return 0

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.did.append("eof")

    def pause_reading(self) -> None:
        self.did.append("pause")

    def resume_reading(self) -> None:
        self.did.append("resume")

    def is_closing(self) -> bool:
        return "close" in self.did or "abort" in self.did

    def close(self) -> None:
        self.did.append("close")

    def abort(self) -> None:
        self.did.append("abort")


def connected() -> tuple[Link, Wires]:
    link, wires = Link(), Wires()
    link.connection_made(wires)
    return link, wires


async def turn() -> None:
    """A round of the event loop and another: what was asked for at the end of this one is done."""
    await asyncio.sleep(0)
    await asyncio.sleep(0)


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[ServerTls, ssl.SSLContext]:
    folder: Path = tmp_path_factory.mktemp("tls")
    authority = Authority.at(folder)
    files = authority.issue("localhost", folder)
    client = ssl.create_default_context(cafile=str(authority.certificate))
    return server_tls(files.chain, files.key, None, (), required=True), client


async def secured(tls: tuple[ServerTls, ssl.SSLContext]) -> tuple[Link, Wires, TlsLayer]:
    """A link after its handshake, and the client at the other end."""
    server, context = tls
    link, wires = connected()
    client = TlsLayer(context, server_side=False, server_name="localhost")
    client.handshake(b"")
    shaking = asyncio.ensure_future(link.secure(server.context, server_side=True, pending=client.outgoing()))
    await turn()
    assert client.handshake(wires.written)
    wires.written = b""
    link.data_received(client.outgoing())
    await shaking
    await turn()
    if wires.written:  # session tickets
        assert client.open(wires.written) == b""
        wires.written = b""
    return link, wires, client


async def test_what_came_is_received_at_once_and_the_end_after_it() -> None:
    link, _ = connected()
    link.data_received(b"one")
    link.data_received(b"two")
    link.eof_received()
    assert await link.receive() == b"onetwo"
    assert await link.receive() == b""


async def test_who_receives_waits_for_the_first_bytes() -> None:
    link, _ = connected()
    receiving = asyncio.ensure_future(link.receive())
    await asyncio.sleep(0)
    assert not receiving.done()
    link.data_received(b"late")
    assert await receiving == b"late"


async def test_a_lost_connection_ends_a_wait() -> None:
    link, _ = connected()
    lost: list[bool] = []
    link.lost = lambda: lost.append(True)
    receiving = asyncio.ensure_future(link.receive())
    await asyncio.sleep(0)
    link.connection_lost(None)
    assert await receiving == b""
    assert lost == [True]
    assert not link.is_open


async def test_what_came_before_the_handover_is_delivered_in_order() -> None:
    link, _ = connected()
    link.data_received(b"two")
    got: list[bytes] = []
    link.take_over(got.append, b"one")
    link.data_received(b"three")
    assert b"".join(got) == b"onetwothree"


async def test_an_end_before_the_handover_is_not_lost() -> None:
    link, _ = connected()
    link.eof_received()
    ended: list[bool] = []
    link.ended = lambda: ended.append(True)
    link.take_over(lambda _: None)
    assert ended == [True]


async def test_reading_is_paused_once_and_resumed_once() -> None:
    link, wires = connected()
    for paused in (True, True, False, False, True):
        link.pause(paused)
    assert wires.did == ["pause", "resume", "pause"]


async def test_a_full_peer_is_reported() -> None:
    link, _ = connected()
    crowded: list[bool] = []
    link.crowded = crowded.append
    link.pause_writing()
    link.resume_writing()
    assert crowded == [True, False]


async def test_half_an_end_is_an_end_of_sending_only() -> None:
    link, wires = connected()
    assert link.eof_received() is True, "the connection stays open for our answers"
    link.write(b"answer")
    link.finish()
    assert wires.written == b"answer"
    assert wires.did == ["eof"]


async def test_nothing_is_written_to_what_is_lost() -> None:
    link, wires = connected()
    link.connection_lost(None)
    link.write(b"more")
    link.finish()
    link.pause(True)
    await turn()
    assert wires.written == b""
    assert wires.did == []


# TLS


async def test_under_tls_bytes_are_sealed_and_opened(tls: tuple[ServerTls, ssl.SSLContext]) -> None:
    link, wires, client = await secured(tls)
    assert link.secured
    client.seal(b"question")
    link.data_received(client.outgoing())
    assert await link.receive() == b"question"
    link.write(b"answer")
    await turn()
    assert b"answer" not in wires.written
    assert client.open(wires.written) == b"answer"


async def test_data_that_comes_with_the_end_of_the_handshake_is_not_lost(tls: tuple[ServerTls, ssl.SSLContext]) -> None:
    server, context = tls
    link, wires = connected()
    client = TlsLayer(context, server_side=False, server_name="localhost")
    client.handshake(b"")
    shaking = asyncio.ensure_future(link.secure(server.context, server_side=True, pending=client.outgoing()))
    await turn()
    assert client.handshake(wires.written)
    client.seal(b"in the same breath")
    link.data_received(client.outgoing())
    await shaking
    assert await link.receive() == b"in the same breath"


async def test_a_stream_that_was_tampered_with_is_not_acted_upon(tls: tuple[ServerTls, ssl.SSLContext]) -> None:
    link, wires, client = await secured(tls)
    got: list[bytes] = []
    link.take_over(got.append)
    client.seal(b"good")
    good = client.outgoing()
    client.seal(b"bad")
    bad = bytearray(client.outgoing())
    bad[-1] ^= 1
    link.data_received(good + bytes(bad))
    assert got == []
    assert wires.did == ["abort"]
    assert link.error is not None


async def test_plain_bytes_in_the_place_of_a_handshake_are_a_tls_error(tls: tuple[ServerTls, ssl.SSLContext]) -> None:
    server, _ = tls
    link, _ = connected()
    with pytest.raises(TlsError):
        await link.secure(server.context, server_side=True, pending=b"Q\0\0\0\x0bselect\0")


async def test_a_connection_that_ends_during_the_handshake_is_a_tls_error(tls: tuple[ServerTls, ssl.SSLContext]) -> None:
    server, _ = tls
    link, _ = connected()
    link.eof_received()
    with pytest.raises(TlsError):
        await link.secure(server.context, server_side=True)


async def test_closing_says_good_bye(tls: tuple[ServerTls, ssl.SSLContext]) -> None:
    link, wires, client = await secured(tls)
    link.close()
    await turn()
    assert client.open(wires.written) == b""
    assert client.ended
    assert "close" in wires.did


async def test_the_peers_good_bye_is_the_end(tls: tuple[ServerTls, ssl.SSLContext]) -> None:
    link, _, client = await secured(tls)
    ended: list[bool] = []
    got: list[bytes] = []
    link.ended = lambda: ended.append(True)
    link.take_over(got.append)
    client.seal(b"last words")
    client.close()
    link.data_received(client.outgoing())
    assert got == [b"last words"]
    assert ended == [True]


async def test_pieces_of_a_message_leave_together_once_there_are_enough() -> None:
    link, wires = connected()
    link.gather(b"a" * (GATHER_BYTES - 1))
    assert wires.written == b""
    link.gather(b"b")
    assert wires.written == b"a" * (GATHER_BYTES - 1) + b"b"


async def test_a_piece_does_not_wait_long_for_the_next() -> None:
    link, wires = connected()
    link.gather(b"half of a ")
    await asyncio.sleep(20 * GATHER_S)
    assert wires.written == b"half of a "


async def test_what_comes_after_pieces_stays_behind_them() -> None:
    link, wires = connected()
    link.gather(b"half ")
    link.gather(b"of ")
    link.write(b"it")
    assert wires.written == b"half of it"


@pytest.mark.parametrize("end", ["finish", "close"])
async def test_pieces_are_sent_before_the_end(end: str) -> None:
    link, wires = connected()
    link.gather(b"the last of it")
    getattr(link, end)()
    assert wires.written == b"the last of it"


async def test_pieces_for_a_client_that_is_gone_are_dropped() -> None:
    link, wires = connected()
    link.gather(b"too late")
    link.connection_lost(None)
    await asyncio.sleep(0.01)
    assert wires.written == b""
