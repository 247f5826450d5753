"""How PostgreSQL reads a stream of messages: where it skips, where it reads COPY data, what its names stand for. No SQL.

Written from "Message Flow" in PostgreSQL's documentation and on purpose not from `wire.py`: properties hold the two against each
other.
"""

from __future__ import annotations

from collections.abc import Callable

from nightporter.protocols.postgres import messages as m

from .wired import BOUND, CLOSED, COPY_IN, NO_DATA, PARSED, ROWS, done, error, row, z


class Server:
    """What a server finds in a stream. `fails` is asked whenever something could go wrong; texts that are refused always do.

    `describes`: it says what rows are before they come, or when it is asked.
    """

    def __init__(self, fails: Callable[[], bool] = lambda: False, *, describes: bool = False) -> None:
        self._describes = describes
        self.ran: list[str] = []
        """Texts that ran to their end, in order."""
        self._fails = fails
        self._statements: dict[bytes, str] = {}
        self._portals: dict[bytes, str] = {}
        self._skipping = False
        self._copying = ""
        self._simple = False  # the copy is a Query's
        self._reader = m.Reader(m.FRONTEND_NAMES, limit=2**30)

    def read(self, data: bytes) -> bytes:
        self._reader.feed(data)
        said = b""
        while (got := self._reader.next()) is not None:
            said += self._say(chr(got[0]), got[1])
        return said

    def interrupt(self) -> bytes:
        """Someone cancels the statement: what it says if it reads COPY data just now."""
        if not self._copying:
            return b""
        return error("57014") + self._end_copy(failed=True)

    def _say(self, code: str, body: bytes) -> bytes:
        if self._copying:
            return self._copy(code)
        if code == "S":
            self._skipping = False
            self._portals.clear()
            return z()
        if self._skipping or code in "Hdcf":
            return b""
        words = body.split(b"\0")
        match code:
            case "Q":
                self._statements.pop(b"", None)
                self._portals.clear()
                said = self._run(words[0].decode())
                if self._describes and said.startswith(b"D"):
                    said = ROWS + said
                self._simple = said == COPY_IN
                return said if self._simple else said + z()
            case "P":
                if self._fails() or b"refused" in words[1] or (words[0] and words[0] in self._statements):
                    return self._fail()
                self._statements[words[0]] = words[1].decode()
                return PARSED
            case "B":
                if words[1] not in self._statements or (words[0] and words[0] in self._portals):
                    return self._fail()
                self._portals[words[0]] = self._statements[words[1]]
                return BOUND
            case "D":
                names = self._portals if body[:1] == b"P" else self._statements
                if words[0][1:] not in names:
                    return self._fail()
                return ROWS if self._describes and not names[words[0][1:]].startswith("copy") else NO_DATA
            case "C":
                (self._portals if body[:1] == b"P" else self._statements).pop(words[0][1:], None)
                return CLOSED
            case _:
                said = self._run(self._portals[words[0]]) if words[0] in self._portals else self._fail()
                self._skipping = said.startswith(b"E")
                return said

    def _run(self, text: str) -> bytes:
        if self._fails() or "refused" in text:
            return error("42601")
        if text.startswith("copy"):
            self._copying = text
            return COPY_IN
        self.ran.append(text)
        return row() + done("SELECT 1")

    def _copy(self, code: str) -> bytes:
        if code in "dHS":
            return b""
        assert code == "c", f"`{code}` in the middle of a copy"
        return done("COPY 1") + self._end_copy(failed=False)

    def _end_copy(self, *, failed: bool) -> bytes:
        if not failed:
            self.ran.append(self._copying)
        simple, self._simple, self._copying = self._simple, False, ""
        self._skipping = failed and not simple
        return z() if simple else b""

    def _fail(self) -> bytes:
        self._skipping = True
        return error("26000")
