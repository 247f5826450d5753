"""One record of every shape, as values; made by the ledger itself."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from .book import everything, lines, opened


def _samples() -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        ledger = opened(Path(folder))
        everything(ledger)
        ledger.close()
        return [json.loads(line) for line in lines(Path(folder), ledger.writer)]


SAMPLES = _samples()
