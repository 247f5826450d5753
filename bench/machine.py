"""What the figures were measured on and with. Never gives a name, an address or a path of the machine."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from nightporter.demo.server import EmbeddedServer

from .error import BenchError
from .model import Machine

STEAL = 7
"""Column of /proc/stat's first line, after its name: proc_stat(5)."""


def describe() -> Machine:
    """This machine."""
    found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    cpu = found[1].strip() if found else platform.machine()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    kernel = re.match(r"[\d.]+", platform.release())
    return Machine(cpu, os.cpu_count() or 1, round(memory / 2**30), f"{platform.system()} {kernel[0] if kernel else '?'}")


def versions(server: EmbeddedServer, pgbouncer: str | None) -> dict[str, str]:
    """Of everything that took part; `pgbouncer` is its program, if there is one."""
    found = {
        "nightporter": version("nightporter"),
        "build": "compiled" if is_compiled() else "pure Python",
        "python": platform.python_version(),
        "uvloop": version("uvloop") if find_spec("uvloop") else "none",
        "postgresql": server.psql("show server_version").strip(),
        "pgbench": _first_word_of_version(str(server.binaries / "pgbench")),
    }
    return found | ({"pgbouncer": _first_word_of_version(pgbouncer)} if pgbouncer else {})


def is_compiled() -> bool:
    """Whether the gateway runs its compiled files."""
    spec = find_spec("nightporter.core.journey")
    return spec is not None and spec.origin is not None and not spec.origin.endswith(".py")


def load_average() -> float:
    """Runnable tasks over the last minute."""
    return round(os.getloadavg()[0], 2)


def stolen_ticks() -> tuple[int, int]:
    """Ticks that the hypervisor gave to others, and all ticks, since the machine started."""
    ticks = [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    return ticks[STEAL], sum(ticks[: STEAL + 1])


def _first_word_of_version(program: str) -> str:
    text = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"\d+(\.\d+)+", text)
    if found is None:
        raise BenchError(f"`{Path(program).name}` does not tell its version")
    return found[0]
