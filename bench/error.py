"""What goes wrong with a measurement."""

from __future__ import annotations

from nightporter.core.error import NightporterError


class BenchError(NightporterError):
    """Something could not be measured. A slow figure is not an error; a broken one is."""
