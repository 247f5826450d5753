"""What evidence costs: microseconds of one intent and its outcome, without and with parameters.

    python bench/ledger.py [FOLDER] [STATEMENTS]

FOLDER should be on tmpfs to see our own cost and on the real disk to see the kernel's. Prints
the best of twenty rounds, since neighbors on the machine only ever add.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

from nightporter.evidence.ledger import Ledger
from nightporter.evidence.record import Decided, What, Who, encode
from nightporter.identity.principal import Kind
from nightporter.statement.model import Action

ROUNDS = 20
CASES: dict[str, tuple[bytes | None, ...]] = {"no parameters": (), "three parameters": (b"42", b"ada@example.com", None)}


def measure(ledger: Ledger, parameters: tuple[bytes | None, ...], count: int) -> float:
    """Microseconds of one statement."""
    who = encode(
        Who(
            session="abcdefgh-12",
            principal="ada@example.com",
            kind=Kind.HUMAN,
            address="10.0.0.1:50000",
            environment="production",
            upstream="shop",
        )
    )
    what = encode(
        What(
            sha256="a" * 64,
            decision=Decided.ALLOW,
            text="SELECT id, name, email FROM customers WHERE id = $1",
            grammar="18",
            kinds=("select",),
            fingerprints=("0123456789abcdef",),
            actions=(Action.READ,),
            policies=("everyone",),
        )
    )
    begun = time.perf_counter()
    for _ in range(count):
        number, _ = ledger.intent(who, what, phase="run", parameters=parameters)
        ledger.outcome(who, intent=number, duration_us=250, tag="SELECT 1", rows=1, bytes=64, transaction=1)
    return (time.perf_counter() - begun) / count * 1e6


def main(folder: str, count: int) -> None:
    for name, parameters in CASES.items():
        with tempfile.TemporaryDirectory(dir=folder) as directory:
            ledger = Ledger.open(Path(directory), writer=None, random=os.urandom, now_us=lambda: time.time_ns() // 1000)
            best = min(measure(ledger, parameters, count) for _ in range(ROUNDS))
            ledger.close()
        print(f"{name:>17}: {best:.2f} us for an intent and its outcome")


if __name__ == "__main__":
    default = "/dev/shm" if Path("/dev/shm").is_dir() else tempfile.gettempdir()
    main(sys.argv[1] if len(sys.argv) > 1 else default, int(sys.argv[2]) if len(sys.argv) > 2 else 5_000)
