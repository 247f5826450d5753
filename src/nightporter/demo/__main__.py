"""`python -m nightporter.demo [--once]`: the demonstration without the rest of the command line."""

from __future__ import annotations

import sys

from .story import run

sys.exit(run(once="--once" in sys.argv[1:]))
