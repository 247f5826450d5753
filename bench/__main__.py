"""`python -m bench`: direct, PgBouncer and Nightporter side by side in one run. Ends with 0 unless something broke."""

from __future__ import annotations

import argparse
import signal
import sys
from dataclasses import replace
from pathlib import Path

import psycopg
from rich.console import Console

from nightporter.core.error import NightporterError

from . import archive
from .model import PGBOUNCER, SUBJECTS
from .place import available, choose
from .report import show
from .run import FULL, QUICK, run

DETAILS = """\
A full run takes ten to fifteen minutes and needs a machine that does nothing else. It writes bench/results/<date>-<processor>.json
and .md, which are committed; a quick one writes nothing unless `--results` says where.
"""

FILE_COLUMNS = 140
"""Width of the table where there is no terminal to ask."""


def main(arguments: list[str] | None = None) -> int:
    """The exit status."""
    console = Console(width=None if sys.stdout.isatty() else FILE_COLUMNS)
    complaints = Console(stderr=True)
    chosen = _parser().parse_args(arguments)
    try:
        if chosen.update_docs:
            archive.quote(archive.newest(chosen.results or archive.RESULTS), archive.PAGE)
            return 0
        if sys.platform != "linux":
            complaints.print("error: processes are pinned and watched in ways that only Linux has", highlight=False)
            return 2
        return _measure(chosen, console, complaints)
    except (NightporterError, psycopg.Error) as error:
        for words in (f"error: {error}", *getattr(error, "__notes__", ())):
            complaints.print(words, markup=False, highlight=False)
        return 1


def _measure(chosen: argparse.Namespace, console: Console, complaints: Console) -> int:
    settings = QUICK if chosen.quick else FULL
    settings = replace(settings, rounds=chosen.rounds or settings.rounds, seconds=chosen.seconds or settings.seconds)
    subjects = [subject for subject in SUBJECTS if subject not in chosen.without]
    # a run that is told to end takes down what it has started
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with complaints.status("") as status:
        result = run(subjects, choose(available()), settings, status.update)
    show(result, console)
    folder = chosen.results or (None if chosen.quick else archive.RESULTS)
    if folder is not None:
        console.print(f"written to {archive.save(result, folder)}", highlight=False, soft_wrap=True)
    return 0


def _parser() -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__, epilog=DETAILS, formatter_class=raw)
    parser.add_argument("--quick", action="store_true", help="a smoke run: does it still work? its figures mean nothing")
    parser.add_argument("--rounds", type=int, help=f"how often each is measured (default {FULL.rounds})")
    parser.add_argument("--seconds", type=int, help=f"how long each load lasts (default {FULL.seconds})")
    parser.add_argument("--without", action="append", default=[], choices=[PGBOUNCER], help="where it is not installed")
    parser.add_argument("--results", type=Path, metavar="FOLDER", help="where results are")
    parser.add_argument("--update-docs", action="store_true", help="put the newest result on the page, and measure nothing")
    return parser


if __name__ == "__main__":
    sys.exit(main())
