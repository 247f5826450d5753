"""What masking costs, in nanoseconds a row and a cell: rows rewritten as they pass, without sockets.

    python -m bench.masking [CASE...]

Rows of four columns, one of them masked or looked through; a cell costs what its row costs more than one that is only walked over.
The best of some rounds counts. `NIGHTPORTER_PURE=1` shows what compiling is worth.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from typing import Any

from nightporter.masking.detector import Detector
from nightporter.masking.label import LABELS
from nightporter.protocols.postgres.cell import CellMask
from nightporter.protocols.postgres.cells import cell_guard, cell_masker
from nightporter.protocols.postgres.copies import copy_masker
from nightporter.protocols.postgres.copy_format import CopyFormat
from nightporter.protocols.postgres.messages import copy_data, data_row
from nightporter.protocols.postgres.rows import MessageMasker, RowMasker

ROWS = 900
"""In a chunk: about 64 KiB, as they come from a socket."""
CHUNKS = 100
ROUNDS = 7
GOALS_NS = {"constant": 300, "e-mail, partial": 300, "card, partial": 300, "guard, prefilter says no": 100}
TEXT, INT8, KEY = 25, 20, bytes(32)

PLAIN = [[b"%d" % n, b"standard delivery", b"Alice Liddell", b"2024-01-01"] for n in range(ROWS)]
EMAILS = [[row[0], b"alice.%d@example.com" % n, *row[2:]] for n, row in enumerate(PLAIN)]
CARDS = [[row[0], b"4111-1111-1111-%04d" % n, *row[2:]] for n, row in enumerate(PLAIN)]
NOTES = [[row[0], b"call her at alice.%d@example.com, please" % n, *row[2:]] for n, row in enumerate(PLAIN)]

Rows = Sequence[Sequence[bytes]]


class Everything:
    """Looks for all there is."""

    def __init__(self) -> None:
        self._detector = Detector(LABELS)
        self.may_hold = self._detector.may_hold

    def redact(self, text: str) -> str:
        """See `cells.Looking`."""
        return self._detector.redact(text, lambda _label, _text: "*****")


def masked(masker: str, label: str) -> CellMask:
    return cell_masker(TEXT, -1, False, masker, label, None, KEY)


def guard() -> CellMask | None:
    return cell_guard(TEXT, -1, False, Everything(), None, KEY)


CASES: dict[str, tuple[Callable[[], CellMask | None], Rows]] = {
    "walk": (lambda: None, EMAILS),
    "constant": (lambda: CellMask(b"*****"), EMAILS),
    "null": (lambda: CellMask(None), EMAILS),
    "e-mail, full": (lambda: masked("full", "pii.email"), EMAILS),
    "e-mail, partial": (lambda: masked("partial", "pii.email"), EMAILS),
    "e-mail, token": (lambda: masked("token", "pii.email"), EMAILS),
    "card, partial": (lambda: masked("partial", "pii.card"), CARDS),
    "guard, prefilter says no": (guard, PLAIN),
    "guard, e-mail": (guard, EMAILS),
    "guard, e-mail in a text": (guard, NOTES),
}
FORMS = {"copy, text": CopyFormat(), "copy, csv": CopyFormat("csv", ",", "")}


def lines(form: CopyFormat) -> bytes:
    """As COPY sends these rows, which need no escapes."""
    return b"".join(copy_data(form.delimiter.encode().join(row) + b"\n") for row in EMAILS)


def ns_a_row(new: Callable[[], MessageMasker], chunk: bytes) -> float:
    """Processor time."""
    best = float("inf")
    for _ in range(ROUNDS):
        masker = new()
        begun = time.process_time()
        for _ in range(CHUNKS):
            masker.feed(chunk, 0, len(chunk))
        best = min(best, time.process_time() - begun)
    return best / CHUNKS / ROWS * 1e9


def of_rows(case: str) -> tuple[float, float]:
    """Of DataRow: a row, and the one cell."""
    make, rows = CASES[case]
    mask = make()
    chunk = b"".join(map(data_row, rows))
    row = ns_a_row(lambda: RowMasker([None, mask, None, None]), chunk)
    return row, row - ns_a_row(lambda: RowMasker([None] * 4), chunk)


def of_copies(case: str) -> tuple[float, float]:
    """The same of CopyData, with a constant."""
    form = FORMS[case]
    chunk = lines(form)
    masks = [None, CellMask(b"*****"), None, None]
    row = ns_a_row(lambda: copy_masker(form, masks, "UTF8"), chunk)
    return row, row - ns_a_row(lambda: copy_masker(form, [None] * 4, "UTF8"), chunk)


def main() -> None:
    names = [*CASES, *FORMS]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"among `{'`, `'.join(names)}`; all if none is given")
    chosen: Any = parser.parse_args()
    unknown = [case for case in chosen.cases if case not in names]
    if unknown:
        parser.error(f"there is no case `{unknown[0]}`")
    for case in chosen.cases or names:
        row, cell = of_copies(case) if case in FORMS else of_rows(case)
        goal = f"   (goal: {GOALS_NS[case]})" if case in GOALS_NS else ""
        print(f"{case:>25}: {row:6.0f} ns a row, {cell:6.0f} ns the cell{goal}")


if __name__ == "__main__":
    main()
