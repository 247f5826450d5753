"""Chooses between a hot file and its compiled twin. The only place that does.

`NIGHTPORTER_PURE=1` forces the plain Python file, which is the reference; CI runs the same tests on both.
"""

from __future__ import annotations

import importlib
import os
from types import ModuleType


def load(name: str) -> ModuleType:
    """The twin of module `name` if it was built and is wanted, else the module itself."""
    package, _, stem = name.rpartition(".")
    if os.environ.get("NIGHTPORTER_PURE", "") in ("", "0"):
        try:
            return importlib.import_module(f"{package}._{stem}")
        except ModuleNotFoundError:
            pass  # no compiler when it was installed: the plain file does the same, slower
    return importlib.import_module(name)
