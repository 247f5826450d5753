"""The compiled build is optional; `NIGHTPORTER_PURE=1` does without it where it is there.

Hot files are compiled as they stand (setup.py lists them), so Python finds `x.so` beside `x.py` and prefers it. The plain file is
the reference: CI runs the same tests on both.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.machinery import SOURCE_SUFFIXES, FileFinder, ModuleSpec, SourceFileLoader
from types import ModuleType

PACKAGE = "nightporter."


class PlainFinder:
    """Finds our modules by their source only."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """See `importlib.abc.MetaPathFinder`; None for what is not ours."""
        if not name.startswith(PACKAGE) or path is None:
            return None
        for folder in path:
            spec = FileFinder(folder, (SourceFileLoader, SOURCE_SUFFIXES)).find_spec(name)
            if spec is not None:
                return spec
        return None


def wanted() -> bool:
    """Whether compiled files may be used."""
    return os.environ.get("NIGHTPORTER_PURE", "") in ("", "0")


def choose() -> None:
    """Called once, when the package is imported."""
    if not wanted():
        sys.meta_path.insert(0, PlainFinder)
