"""Peers that send garbage, stop half way or trickle: they cost nothing but themselves."""

from __future__ import annotations

import os
import random
import socket
import struct
from contextlib import suppress

import psycopg
import pytest

from tests.lab import process
from tests.lab.book import until
from tests.lab.gateway import Gateway

from .conftest import Connect, ask

STARTUP = struct.pack("!I", 196608) + b"user\0ada\0database\0postgres\0\0"
START = struct.pack("!I", 4 + len(STARTUP)) + STARTUP

STORE_FILES = 16
"""The worker opens its store again for each of its threads, when the thread is first needed."""


def openings(chance: random.Random) -> list[bytes]:
    """What no client should begin with."""
    return [
        chance.randbytes(chance.randrange(1, 400)),
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + chance.randbytes(100),
        struct.pack("!II", 0xFFFFFFFF, 196608),
        struct.pack("!II", 8, 80877103) + b"smuggled",
        struct.pack("!II", 8, 80877104) * 3,
        struct.pack("!IIII", 16, 80877102, 1, 1),
        START[: chance.randrange(1, len(START))],
        START + b"p" + struct.pack("!I", 0x7FFFFFFF) + b"SCRAM-SHA-256\0",
        START + b"p" + struct.pack("!I", 4),
        START + chance.randbytes(60),
        struct.pack("!II", 8, 196608),
        struct.pack("!II", 9, 0x00990000) + b"\0",
    ]


def test_garbage_costs_nothing_but_itself(gate: Gateway, ada: psycopg.Connection) -> None:
    chance = random.Random(20)
    (worker,) = process.workers(gate)
    for _ in range(2):
        assert ask(ada, "select 1") == "1"
    files, memory = process.files(worker), process.held_kib(worker)
    for _ in range(25):
        for opening in openings(chance):
            with socket.create_connection(("127.0.0.1", gate.port)) as client, suppress(ConnectionError):
                client.sendall(opening)
                if chance.random() < 0.5:
                    client.shutdown(socket.SHUT_WR)
                    client.settimeout(5)
                    client.recv(1000)
        assert ask(ada, "select 1") == "1"
    until(lambda: process.files(worker) <= files + STORE_FILES)
    assert process.held_kib(worker) - memory < 8 * 1024
    assert "Traceback" not in gate.log()
    assert process.workers(gate) == [worker]


def test_tricklers_and_idlers_hold_up_nobody(gate: Gateway, ada: psycopg.Connection, connect: Connect) -> None:
    idle = [socket.create_connection(("127.0.0.1", gate.port)) for _ in range(50)]
    try:
        for byte in START:
            for client in idle[:25]:
                client.sendall(bytes([byte]))
            assert ask(ada, "select 1") == "1"
        assert all(client.recv(1) == b"R" for client in idle[:25])  # every byte arrived: it is asked for its password
        assert ask(connect(), "select 1") == "1"
    finally:
        for client in idle:
            client.close()


@pytest.mark.parametrize(
    "spoiled",
    [
        b"\0" * 100,
        b"Q" + struct.pack("!I", 3),
        b"Q" + struct.pack("!I", 0xFFFFFFFF),
        b"x" + struct.pack("!I", 4),
        b"p" + struct.pack("!I", 8) + b"pass",
        b"Z" + struct.pack("!I", 5) + b"I",
    ],
)
def test_garbage_in_a_session_ends_that_session(connect: Connect, ada: psycopg.Connection, spoiled: bytes) -> None:
    lost = connect()
    with socket.socket(fileno=os.dup(lost.fileno())) as raw:
        raw.setblocking(True)
        raw.settimeout(10)
        raw.sendall(spoiled)
        answer = b""
        with suppress(ConnectionResetError):
            while data := raw.recv(1000):
                answer += data
    assert b"FATAL" in answer
    assert b"08P01" in answer
    assert ask(ada, "select 1") == "1"


@pytest.mark.parametrize(
    "body",
    [b"B\0\0\0\4", b"B\0\0\0\x08\0\0\xff\xff", b"E\0\0\0\5\0", b"P\0\0\0\6a\0", b"C\0\0\0\6?\0", b"D\0\0\0\6?\0"],
    ids=lambda body: body[:1].decode(),
)
def test_a_message_that_does_not_fit_is_an_error_of_the_session(connect: Connect, body: bytes) -> None:
    """As at the server: it says so and goes on after Sync."""
    ada = connect()
    with socket.socket(fileno=os.dup(ada.fileno())) as raw:
        raw.setblocking(True)
        raw.settimeout(10)
        raw.sendall(body + b"S\0\0\0\4")
        answer = b""
        while not answer.endswith(b"Z\0\0\0\5I"):
            answer += raw.recv(1000)
    assert answer.startswith(b"E")
    assert b"08P01" in answer
    assert ask(ada, "select 1") == "1"
