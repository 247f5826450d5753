"""A wire tap between a client and what it talks to: every byte that the client was sent, whatever became of it in a driver."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from .gateway import free_port

CHUNK = 64 * 1024


class Tap:
    """What went to clients of `port`."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._heard = bytearray()
        self._lock = threading.Lock()

    def note(self, data: bytes) -> None:
        """Something was sent to a client."""
        with self._lock:
            self._heard += data

    def heard(self) -> bytes:
        """All of it, since the last time."""
        with self._lock:
            found = bytes(self._heard)
            self._heard.clear()
        return found


@contextmanager
def tapped(port: int) -> Iterator[Tap]:
    """Listen in on whoever connects to the tap's port, which leads to `port` on this machine."""
    tap = Tap(free_port())
    with socket.create_server(("127.0.0.1", tap.port)) as server:
        accepting = threading.Thread(target=_accept, args=(server, port, tap), daemon=True)
        accepting.start()
        try:
            yield tap
        finally:
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
    accepting.join(10)


def _accept(server: socket.socket, port: int, tap: Tap) -> None:
    while True:
        try:
            client, _ = server.accept()
        except OSError:
            return
        upstream = socket.create_connection(("127.0.0.1", port))
        threading.Thread(target=_pass, args=(client, upstream, None), daemon=True).start()
        threading.Thread(target=_pass, args=(upstream, client, tap), daemon=True).start()


def _pass(one: socket.socket, other: socket.socket, tap: Tap | None) -> None:
    with suppress(OSError):
        while data := one.recv(CHUNK):
            if tap is not None:
                tap.note(data)
            other.sendall(data)
    for end in (one, other):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
    with suppress(OSError):
        other.close()
