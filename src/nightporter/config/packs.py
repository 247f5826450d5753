"""The policy packs that are shipped: files of policies inside the package, by the name that the configuration uses. Opens none."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parents[1] / "policy" / "packs"
SUFFIX = ".cedar"
BASELINE = "baseline"
"""The one that is used where nothing is said."""


def shipped() -> dict[str, Path]:
    """Where each pack is."""
    return {file.stem: file for file in sorted(FOLDER.glob(f"*{SUFFIX}"))}
