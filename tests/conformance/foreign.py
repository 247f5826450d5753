"""Runs another project's own test suite twice, straight and through us, and compares by test id.

    python -m tests.conformance.foreign CHECKOUT [--only TEST ...]

A test that ends differently is a defect of ours, unless it is listed with a reason in `expected/<suite>.txt`; a listed test that
does not differ is a defect of the list. Exit status 0: no other difference; 1: there is one; 2: could not be run.
Each run has a server of its own, just made, so that both begin alike. Nothing of the suite is kept in this tree.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from nightporter.demo.server import EmbeddedServer, ServerError, debian_binaries
from tests.lab.serve import passthrough

from . import outcomes
from .comparison import Comparison, Difference, Ending, ListError, compare, differences, parse_list
from .suites import Suite, recognize

HERE = Path(__file__).parent
ENVIRONMENT = ".venv-conformance"
"""Beside the suite's source: it is the suite's, and as large."""
DATABASE = "postgres"
"""Some suites know no other; the server is thrown away."""
SERVER_SETTINGS = {"wal_level": "logical", "max_prepared_transactions": "20"}
"""Suites test two-phase commit and logical decoding where they find them enabled."""
TEST_TIMEOUT_S = 120
"""Longer than the slowest test of any suite takes; a test that hangs is a difference, not the end of the run."""
RUN_TIMEOUT_S = 7200
SECOND_LOOKS = 2
"""How often a difference is looked at again, alone. Tests that measure time fail on a busy machine, with and without us."""
WHY_LINES = 12


class Bench:
    """One suite, installed and ready to be run."""

    def __init__(self, suite: Suite, checkout: Path) -> None:
        self.suite = suite
        self._checkout = checkout
        self._environment = checkout / ENVIRONMENT
        self._python = self._environment / "bin" / "python"

    def install(self) -> None:
        """Make the suite's own environment, once a version."""
        version = self.suite.version_in(self._checkout)
        wanted = [part.format(version=version) for part in self.suite.install] + ["pytest-timeout"]
        stamp = self._environment / "installed.json"
        if stamp.exists() and json.loads(stamp.read_text()) == wanted:
            return
        print(f"installing {self.suite.name} {version} into {self._environment}", flush=True)
        venv.create(self._environment, clear=True, with_pip=True)
        pip = [str(self._python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted]
        subprocess.run(pip, cwd=self._checkout, check=True)
        stamp.write_text(json.dumps(wanted))

    def run(self, dsn: str, only: Sequence[str], quiet: bool) -> dict[str, Ending]:
        """How each test ended against this database. `only`: ids of tests, none for all."""
        with tempfile.TemporaryDirectory(prefix="nightporter-suite-") as name:
            folder = Path(name)
            where = self._checkout
            if self.suite.copied:
                where = folder / "copy"
                for part in self.suite.copied:
                    shutil.copytree(self._checkout / part, where / part, ignore=shutil.ignore_patterns("__pycache__"))
            found = folder / "outcomes"
            done = subprocess.run(
                self._command(folder, only),
                cwd=where,
                env=self._variables(dsn, found),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL if quiet else None,
                stderr=subprocess.STDOUT if quiet else None,
                timeout=RUN_TIMEOUT_S,
                check=False,
            )
            endings = read_outcomes(found)
        if done.returncode > 1 and not endings:
            raise RuntimeError(f"pytest gave up with status {done.returncode}")
        return endings

    def _command(self, folder: Path, only: Sequence[str]) -> list[str]:
        arguments = list(self.suite.arguments)
        if only:
            arguments = [each for each in arguments if each.startswith("-")] + list(only)
        for prefix in self.suite.left_out:
            arguments += ["--deselect", prefix] if "::" in prefix else ["--ignore", prefix]
        own = ["-p", "outcomes", "-o", f"cache_dir={folder}/cache", "--timeout", str(TEST_TIMEOUT_S)]
        return [str(self._python), "-m", "pytest", "-q", "--tb=short", "--no-header", *own, *arguments]

    def _variables(self, dsn: str, found: Path) -> dict[str, str]:
        ours = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "PYTEST_", "PYTHON"))}
        ours["PATH"] = f"{self._python.parent}:{ours.get('PATH', os.defpath)}"  # suites call their tools by name
        return {**ours, **self.suite.environment(dsn), outcomes.VARIABLE: str(found), "PYTHONPATH": str(HERE)}


def read_outcomes(file: Path) -> dict[str, Ending]:
    """What the plug-in wrote; nothing if it never came so far."""
    if not file.exists():
        return {}
    entries = map(json.loads, file.read_text(encoding="utf-8").splitlines())
    return {entry["id"]: Ending(entry["outcome"], entry["why"]) for entry in entries}


@contextmanager
def straight() -> Iterator[str]:
    """The superuser's DSN on a server just made: Debian's, which has the extensions that suites ask for."""
    with EmbeddedServer(debian_binaries(15), settings=SERVER_SETTINGS) as server:
        yield server.dsn(DATABASE)


@contextmanager
def through() -> Iterator[str]:
    """The same, behind us."""
    with straight() as dsn, passthrough(dsn, DATABASE) as stand:
        yield stand["human_dsn"]


def both(bench: Bench, only: Sequence[str] = (), quiet: bool = False) -> tuple[dict[str, Ending], dict[str, Ending]]:
    """One run each way, one after the other: side by side they would slow each other down."""
    runs = []
    for name, way in (("straight", straight), ("through us", through)):
        print(f"{bench.suite.name}, {name}", flush=True)
        with way() as dsn:
            runs.append(bench.run(dsn, only, quiet))
    return runs[0], runs[1]


def look_again(
    bench: Bench, straight_run: dict[str, Ending], through_run: dict[str, Ending], expected: Mapping[str, str]
) -> list[Difference]:
    """Run what differs and should not again, alone, a few times, both ways; gives those that did not differ every time.

    They are taken out of the two runs: which of their endings is the right one is not known.
    """
    suspects = {each.id: each for each in differences(straight_run, through_run) if each.id not in expected}
    unsteady: list[Difference] = []
    for _ in range(SECOND_LOOKS):
        if not suspects:
            break
        print(f"looking again at {len(suspects)} tests", flush=True)
        still = {each.id for each in differences(*both(bench, list(suspects), quiet=True))}
        unsteady += [each for test, each in suspects.items() if test not in still]
        suspects = {test: each for test, each in suspects.items() if test in still}
    for each in unsteady:
        straight_run.pop(each.id, None)
        through_run.pop(each.id, None)
    return unsteady


def report(
    straight_run: Mapping[str, Ending], found: Comparison, expected: Mapping[str, str], unsteady: Sequence[Difference]
) -> None:
    """Tell people."""
    for each in found.unexpected:
        print(f"\nDIFFERS  {each}")
        print("\n".join(f"    {line}" for line in each.why.splitlines()[-WHY_LINES:]))
    for each in found.expected:
        print(f"listed   {each}  # {expected[each.id]}")
    for each in unsteady:
        print(f"unsteady {each}, and alike when looked at again")
        print("\n".join(f"    {line}" for line in each.why.splitlines()[-WHY_LINES:]))
    for test in found.outdated:
        print(f"OUTDATED {test}: listed, and does not differ")
    ends = [ending.outcome for ending in straight_run.values()]
    counts = ", ".join(f"{ends.count(each)} {each}" for each in sorted(set(ends)))
    print(
        f"\n{len(ends)} tests, straight: {counts}; {len(found.unexpected)} differ, {len(found.expected)} listed, "
        f"{len(found.outdated)} outdated, {len(unsteady)} unsteady"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--only", nargs="+", default=[], metavar="TEST", help="ids of tests, or files of them")
    arguments = parser.parse_args()
    try:
        suite = recognize(arguments.checkout)
        listed = HERE / "expected" / f"{suite.name}.txt"
        expected = parse_list(listed.read_text() if listed.exists() else "", str(listed))
        bench = Bench(suite, arguments.checkout.resolve())
        bench.install()
        straight_run, through_run = both(bench, arguments.only)
    except (LookupError, ListError, ServerError, OSError, RuntimeError, subprocess.SubprocessError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if not straight_run:
        print("error: the suite ran no test", file=sys.stderr)
        return 2
    unsteady = look_again(bench, straight_run, through_run, expected)
    found = compare(straight_run, through_run, expected)
    report(straight_run, found, expected, unsteady)
    for prefix, reason in suite.left_out.items():
        print(f"left out {prefix}: {reason}")
    return 0 if found.passes else 1


if __name__ == "__main__":
    sys.exit(main())
