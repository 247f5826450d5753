"""What looking for personal data costs, in microseconds of CPU a cell, by kind of cell.

    python -m bench.detecting

    signs      the look before the search: all that a cell costs in which there is nothing
    find       the search in its text; for most cells it ends with the look
    redact     the search, and something else in place of what is found

The goal is 2 us for what cells mostly hold. The last rows are the dearest inputs that we know, a million characters each: per
character they must cost as much as per character of ten thousand. `NIGHTPORTER_PURE=1` shows what compiling is worth.
"""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Callable, Sequence

from rich.console import Console
from rich.table import Table

from nightporter.masking.detector import Detector

GOAL_US = 2.0
CELLS = 2_000
SECONDS = 0.2
"""That each figure is measured for."""
LARGE = 1_000_000
PROSE = (
    "the customer called about an order that arrived late and asked whether we could send another one before the weekend because "
    "it is meant as a present for her mother who lives in another city and the shop there was closed when they came by Über Straße"
)
WORDS = PROSE.split()


Make = Callable[[random.Random], str]


def sentence(rng: random.Random) -> str:
    """A hundred characters of prose."""
    return " ".join(rng.choices(WORDS, k=19))[:100] + "."


def uuid(rng: random.Random) -> str:
    digits = f"{rng.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def moment(rng: random.Random) -> str:
    return (
        f"20{rng.randrange(10, 30)}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}"
        f"T{rng.randrange(24):02}:{rng.randrange(60):02}:{rng.randrange(60):02}.{rng.randrange(10**6):06}+00:00"
    )


def mention(rng: random.Random) -> str:
    """Prose with an address in it."""
    return f"{sentence(rng)[:60]} jane.doe{rng.randrange(99)}@example.com wrote"


USUAL: dict[str, Make] = {
    "name": lambda rng: rng.choice(("Jane Doe", "Müller", "José García López", "Smith")),
    "sentence": sentence,
    "uuid": uuid,
    "timestamp": moment,
    "date": lambda rng: moment(rng)[:10],
    "number": lambda rng: str(rng.randrange(10**12)),
    "decimal": lambda rng: f"{rng.random() * 10**6:.4f}",
    "sha256": lambda rng: hashlib.sha256(rng.randbytes(8)).hexdigest(),
    "version": lambda rng: f"v{rng.randrange(20)}.{rng.randrange(20)}.{rng.randrange(100)}",
    "status": lambda rng: rng.choice(("shipped", "in progress", "cancelled by customer")),
}
OTHER: dict[str, Make] = {
    "url": lambda rng: f"https://shop.example.com/items/{rng.randrange(10**6)}?page={rng.randrange(9)}&sort=price",
    "json": lambda rng: f'{{"id": {rng.randrange(10**6)}, "state": "paid", "at": "{moment(rng)}", "ref": "{uuid(rng)}"}}',
    "log line": lambda rng: (
        f"{moment(rng)} INFO [worker-{rng.randrange(9)}] took {rng.randrange(900)} ms for /api/v1/items/{rng.randrange(10**5)}"
    ),
    "order number": lambda rng: f"ORD-2024-{rng.randrange(10**6):06}",
    "e-mail": lambda rng: f"jane.doe{rng.randrange(99)}@example.com",
    "phone": lambda rng: f"+49 30 {rng.randrange(10**6, 10**7)}",
    "card": lambda rng: "4111 1111 1111 1111",
    "mention": mention,
}
NASTY: dict[str, Callable[[int], str]] = {
    "aaaa": lambda size: "a" * size,
    "a.a.@": lambda size: ("a." * size)[: size - 1] + "@",
    "@@@@": lambda size: "@" * size,
    "a@a@": lambda size: ("a@" * size)[:size],
    "a@b.c.": lambda size: ("a@b." + "c." * size)[:size],
    "1 1 1": lambda size: ("1 " * size)[:size],
    "0 1-2": lambda size: ("01-23 " * size)[:size],
    "1111": lambda size: "1" * size,
    "+1+1": lambda size: ("+1" * size)[:size],
    "::::": lambda size: "1" * 9 + ":" * size,
    "a:a:": lambda size: "12345" + ("a:" * size)[:size],
    "1.1.1": lambda size: ("1." * size)[:size],
    "%40": lambda size: ("%40" * size)[:size],
    "-----BEGIN": lambda size: ("-----BEGIN PRIVATE KEY-----" * size)[:size],
    "eyJ": lambda size: ("eyJ" * size)[:size],
    "eyJ.": lambda size: ("eyJaaaaaa." * size)[:size],
    "password=": lambda size: ("password=" * size)[:size],
    "_password": lambda size: ("a_" * size)[: size - 9] + "password=",
    "http://a:": lambda size: ("http://a:@" * size)[:size],
    "server=;": lambda size: ("server=a;" * size)[:size] + "password=",
    "Main ": lambda size: "1 " + ("Main " * size)[:size] + " Street",
    "DE89 ": lambda size: ("DE89 1234 " * size)[:size],
    "addresses": lambda size: ("jane@example.com " * size)[:size],
    "cards": lambda size: ("4111 1111 1111 1111 " * size)[:size],
}


def per_call_us(call: Callable[[str], object], cells: Sequence[str]) -> float:
    """CPU of one call, over as many rounds as the time allows; the best of three."""
    best = float("inf")
    for _ in range(3):
        rounds = 0
        began = time.process_time()
        while time.process_time() - began < SECONDS / 3:
            for cell in cells:
                call(cell)
            rounds += 1
        best = min(best, (time.process_time() - began) / rounds / len(cells))
    return best * 1e6


def usual(detector: Detector, kinds: dict[str, Make]) -> list[tuple[str, float, float, float]]:
    rng = random.Random(1)
    rows = []
    for name, make in kinds.items():
        cells = [make(rng) for _ in range(CELLS)]
        coded = {cell: cell.encode() for cell in cells}
        empty = per_call_us(coded.__getitem__, cells)
        signs = per_call_us(lambda cell, coded=coded: detector.may_hold(coded[cell]), cells) - empty  # type: ignore[misc]
        find = per_call_us(detector.find, cells)
        redact = per_call_us(lambda cell: detector.redact(cell, lambda label, value: "*****"), cells)
        rows.append((name, signs, find, redact))
    return rows


def nasty(detector: Detector) -> list[tuple[str, float, float]]:
    """Nanoseconds per character, of a hundredth and of all."""
    rows = []
    for name, make in NASTY.items():
        figures = []
        for size in (LARGE // 100, LARGE):
            text = make(size)
            began = time.process_time()
            detector.find(text)
            figures.append((time.process_time() - began) / size * 1e9)
        rows.append((name, figures[0], figures[1]))
    return rows


def main() -> None:
    detector = Detector(["pii", "secret"])
    console = Console()
    for title, kinds in (("what cells mostly hold", USUAL), ("what costs more", OTHER)):
        table = Table("cell", "signs", "find", "redact", title=f"{title}: us of CPU")
        for name, *figures in usual(detector, kinds):
            late = title.startswith("what cells") and figures[0] > GOAL_US
            table.add_row(name, *(f"{figure:.2f}{' !' if late and n == 0 else ''}" for n, figure in enumerate(figures)))
        console.print(table)
    table = Table("input", "ns/character of 10 kB", "of 1 MB", title="the dearest")
    for name, small, large in nasty(detector):
        table.add_row(name, f"{small:.0f}", f"{large:.0f}")
    console.print(table)


if __name__ == "__main__":
    main()
