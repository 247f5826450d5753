"""A gateway whose statements say themselves what they are limited to: `select 1 /* rows=10 timeout=2 */`. For tests of limits.

Started by a `sitecustomize` on the path of the gateway's processes.
"""

from __future__ import annotations

import os
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

from nightporter.core.wire import Limits, Request, Ticket
from nightporter.protocols.postgres.wire import PostgresWire

HERE = Path(__file__).resolve()
SITE = "from tests.e2e.limits_by_text import install; install()\n"
_LIMIT = re.compile(rb"(rows|bytes|timeout)=([0-9.]+)")


class LimitedWire(PostgresWire):
    """Takes the limits from the text."""

    def allow(self, request: Request, ticket: Ticket, limits: Limits | None = None, veil: Any = None) -> None:
        """As the wire does, under what the text says."""
        said = {name.decode(): float(value) for name, value in _LIMIT.findall(request.reading.text)}
        if said:
            rows, size = (None if each is None else int(each) for each in (said.get("rows"), said.get("bytes")))
            limits = Limits(rows, size, said.get("timeout"), ("said",))
        super().allow(request, ticket, limits, veil)


def install() -> None:
    """From now on the adapter makes such wires."""
    from nightporter.protocols.postgres import adapter

    assert any(field.name == "new_wire" for field in fields(adapter.ADAPTER))
    object.__setattr__(adapter.ADAPTER, "new_wire", LimitedWire)


def environment(folder: Path) -> dict[str, str]:
    """What a process needs so that it installs this by itself."""
    (folder / "sitecustomize.py").write_text(SITE)
    path = [str(folder), str(HERE.parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {"PYTHONPATH": os.pathsep.join(path)}
