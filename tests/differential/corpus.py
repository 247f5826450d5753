"""PostgreSQL's own regression SQL, every statement judged on a real server.

    python -m tests.differential.corpus FOLDER --server 15 [--report DIRECTORY] [--parts 2] [--files a b] [--limit N] [--seconds N]

FOLDER is `src/test/regress` of the sources of a PostgreSQL of that version (`sql`, `data`, `parallel_schedule`); it is not part
of this tree. Files run in the order of the schedule, in one database, each as psql would run it in a session of its own. Files
that are not to be judged run too, quickly, since later ones stand on what they make. Judged files leave their results in the
report's directory, and are not judged again if those are there: a run that was stopped goes on. Exit status 0: no unsafe
difference; 1: there is one; 2: it could not be run.

How to get a FOLDER: Debian has the sources as packages. With a line `deb-src` for them in a list of its own,

    apt-get -o Dir::Etc::sourcelist=LIST -o Dir::Etc::sourceparts=/dev/null source --download-only postgresql-15

brings an archive that has `src/test/regress` in it; a version can be asked for by `postgresql-15=VERSION`. `postgresql-18` is in
Debian's unstable.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import quote

from psycopg.conninfo import conninfo_to_dict

from nightporter.demo.server import EmbeddedServer, ServerError, debian_binaries, wheel_binaries

from .catalogue import Catalogue
from .judge import ANALYSED, REJECTED, UNKNOWN, Judge, Judged, Tally, Understand
from .observe import OPEN_HBA, SERVER_SETTINGS, Session
from .script import Command, Script, Text

DATABASE = "regression"
LEFT_OUT = {
    "psql": "tries psql itself, with failing texts by design",
    "psql_pipeline": "tries psql itself: the extended protocol's pipelines",
}
MAX_KEPT = 2000
"""Characters of a text in a report."""
SLOWEST = 5


@dataclass(slots=True)
class FileReport:
    """What came of one file; its form in the report, too."""

    file: str
    seconds: float = 0.0
    outcomes: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)
    safe: dict[str, int] = field(default_factory=dict)
    bare: int = 0
    unsafe: list[dict[str, object]] = field(default_factory=list)
    """Line, kind, detail and text."""
    unknown: list[dict[str, object]] = field(default_factory=list)
    """Line, reason and text."""
    slowest: list[tuple[float, str]] = field(default_factory=list)
    """Milliseconds that a reading took, and its text."""

    def tally(self) -> Tally:
        found = Tally(Counter(self.outcomes), Counter(self.reasons), Counter(self.safe), bare=self.bare)
        found.unsafe.update(str(each["kind"]) for each in self.unsafe)
        return found


class Runner:
    """Runs files against one server. `understand` None: judges nothing."""

    def __init__(self, server: EmbeddedServer, folder: Path, understand: Understand, scratch: Path) -> None:
        self._server = server
        self._folder = folder
        self._understand = understand
        self._environment = {
            "PG_ABS_SRCDIR": str(folder),
            "PG_ABS_BUILDDIR": str(scratch),
            "PG_LIBDIR": str(folder),
            "PG_DLSUFFIX": ".so",
        }

    def prepare(self) -> None:
        """The database as the server's own test driver makes it."""
        self._server.psql(
            [
                f"create database {DATABASE} template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C';\n",
                f"alter database {DATABASE} set lc_messages to 'C';\nalter database {DATABASE} set lc_monetary to 'C';\n",
                f"alter database {DATABASE} set bytea_output to 'hex';\n",
                f"alter database {DATABASE} set timezone_abbreviations to 'Default';\n",
                f"alter database {DATABASE} set timezone to 'America/Los_Angeles';\n",
                f"alter database {DATABASE} set datestyle to 'Postgres, MDY';\n",
            ]
        )

    def dsn(self, user: str | None = None, database: str | None = None) -> str:
        facts = conninfo_to_dict(self._server.dsn(DATABASE))
        who, where = quote(user or str(facts["user"]), safe=""), quote(database or DATABASE, safe="")
        return f"postgresql://{who}@{facts['host']}:{facts['port']}/{where}?application_name=pg_regress%2F"

    def run(self, name: str, judged: bool, limit: int | None = None, until: float | None = None) -> FileReport:
        """One file in a session of its own. `limit`: of texts to judge; the rest runs unjudged."""
        path = self._folder / "sql" / f"{name}.sql"
        report = FileReport(name)
        tally = Tally()
        start = time.monotonic()
        script = Script(path.read_text(encoding="utf-8", errors="surrogateescape"), {"DBNAME": DATABASE}, self._environment)
        play = _Play(self, script)
        try:
            for event in script:
                if isinstance(event, Command):
                    play.command(event)
                    continue
                if not play.ready():
                    break
                late = until is not None and time.monotonic() > until
                if not judged or late or (limit is not None and tally.outcomes.total() >= limit):
                    play.unjudged(event)
                    continue
                for found in play.judged(event, self._understand):
                    tally.add(found)
                    _note(report, event, found)
        finally:
            play.close()
        report.outcomes, report.reasons, report.safe = dict(tally.outcomes), dict(tally.reasons), dict(tally.safe)
        report.bare = tally.bare
        report.seconds = round(time.monotonic() - start, 3)
        return report


def _note(report: FileReport, event: Text, found: Judged) -> None:
    text = found.text[:MAX_KEPT].encode(errors="replace").decode()
    if found.outcome == UNKNOWN:
        report.unknown.append({"line": event.line, "reason": found.reason, "text": text})
    for each in found.differences:
        if each.unsafe:
            report.unsafe.append({"line": event.line, "kind": each.kind, "detail": each.detail[:MAX_KEPT], "text": text})
    if found.outcome != REJECTED:
        report.slowest = sorted([*report.slowest, (round(1000 * found.seconds, 3), text[:200])], reverse=True)[:SLOWEST]


class _Play:
    """One file being run: its session, which psql's \\c replaces."""

    def __init__(self, runner: Runner, script: Script) -> None:
        self._runner = runner
        self._script = script
        self._user: str | None = None
        self._database: str | None = None
        self._session: Session | None = Session(runner.dsn())
        self._judge: Judge | None = None

    def close(self) -> None:
        if self._session is not None:
            self._session.close()
        self._session = self._judge = None

    def ready(self) -> bool:
        """Whether there is a connection; a lost one is made anew once."""
        if self._session is not None and not self._session.alive:
            self._connect()
        return self._session is not None

    def command(self, command: Command) -> None:
        match command.name:
            case "c" | "connect":
                where = [None if each == "-" else each.strip('"') for each in command.arguments]
                if where and where[0]:
                    self._database = where[0] if "=" not in where[0] else self._database
                if len(where) > 1 and where[1]:
                    self._user = where[1]
                self._connect()
            case "i" | "ir" | "include" if command.arguments:
                pass  # files of the driver's own, which are not corpora
            case "copy":
                text = command.arguments[0]
                if re.search(r"(?i)\bfrom\s+stdin\b", text) and self._session is not None:
                    self._session.run_unobserved(f"copy {text}", self._script.data)
            case _:
                pass

    def _connect(self) -> None:
        self.close()
        try:
            self._session = Session(self._runner.dsn(self._user, self._database))
        except ConnectionError:
            self._session = None

    def unjudged(self, event: Text) -> None:
        session = self._session
        if session is None or event.finish == "gdesc":
            return
        session.keep_rows = event.finish in ("gset", "gexec")
        results = session.run_unobserved(event.text, self._script.data, event.parameters)
        self._judge = None  # its view of the catalogue is too old
        if results is not None:
            self._after(event, results[-1].columns if results else None)
            for text in self._generated(event):
                session.run_unobserved(text)

    def judged(self, event: Text, understand: Understand) -> Iterable[Judged]:
        session = self._session
        if session is None or event.finish == "gdesc":
            return
        if self._judge is None:
            session.refresh()
            self._judge = Judge(session, Catalogue(session, self._runner.dsn()), understand)
        session.keep_rows = event.finish in ("gset", "gexec")
        found = self._judge.judge(event.text, self._script.data, event.parameters)
        yield found
        if found.outcome != REJECTED:
            self._after(event, found.observed.results[-1].columns if found.observed.results else None)
            for text in self._generated(event):
                if session.alive:
                    yield self._judge.judge(text)

    def _after(self, event: Text, columns: Sequence[object] | None) -> None:
        """\\gset, and what the scanner must know of the session."""
        if self._session is None:
            return
        self._script.standard_strings = self._session.standard_strings
        if event.finish == "gset" and columns and self._session.last_rows:
            prefix = event.arguments[0] if event.arguments else ""
            for column, value in zip(columns, self._session.last_rows[0], strict=True):
                name = prefix + getattr(column, "name", "")
                if value is None:
                    self._script.variables.pop(name, None)
                else:
                    self._script.variables[name] = value.decode(errors="replace")

    def _generated(self, event: Text) -> list[str]:
        """\\gexec: every cell is a text."""
        if event.finish != "gexec" or self._session is None:
            return []
        return [cell.decode(errors="replace") for row in self._session.last_rows for cell in row if cell is not None]


def schedule(folder: Path) -> list[str]:
    """Names of the files in the order in which they are run."""
    lines = (folder / "parallel_schedule").read_text().splitlines()
    named = [name for line in lines if line.startswith("test:") for name in line.removeprefix("test:").split()]
    return [name for name in named if (folder / "sql" / f"{name}.sql").exists()]


def merge(directory: Path) -> tuple[Tally, list[FileReport]]:
    """All that a report's directory holds."""
    tally, reports = Tally(), []
    for path in sorted(directory.glob("*.json")):
        report = FileReport(**json.loads(path.read_text()))
        tally.merge(report.tally())
        reports.append(report)
    return tally, reports


def run_part(options: argparse.Namespace, understand: Understand) -> None:
    """Judge this part's files and leave their results."""
    folder, directory = options.folder.resolve(), options.report
    names = [name for name in schedule(folder) if name not in LEFT_OUT]
    wanted = [name for name in options.files or names if not (directory / f"{name}.json").exists()]
    wanted = sorted(wanted, key=lambda name: -(folder / "sql" / f"{name}.sql").stat().st_size)[options.part :: options.parts]
    until = time.monotonic() + options.seconds if options.seconds else None
    binaries = wheel_binaries() if options.server == 18 else debian_binaries(options.server)
    with tempfile.TemporaryDirectory(prefix="np-corpus-") as name:
        scratch = Path(name)
        (scratch / "results").mkdir()
        for each in (scratch, scratch / "results"):
            each.chmod(0o777)  # the server writes there, as another user
        with EmbeddedServer(binaries, settings=SERVER_SETTINGS, hba=OPEN_HBA) as server:
            runner = Runner(server, folder, understand, scratch)
            runner.prepare()
            for file in names:
                late = until is not None and time.monotonic() > until
                if not set(wanted) or late:
                    break
                judged = file in wanted
                report = runner.run(file, judged, options.limit, until)
                if judged:
                    wanted.remove(file)
                    unsafe, unknown = len(report.unsafe), report.outcomes.get(UNKNOWN, 0)
                    done = report.outcomes.get(ANALYSED, 0)
                    print(f"{file}: {done} analysed, {unknown} unknown, {unsafe} unsafe, {report.seconds:.0f} s", flush=True)
                    (directory / f"{file}.json").write_text(json.dumps(asdict(report), indent=1))


def understanding() -> Understand:
    """What is on trial."""
    from nightporter.protocols.postgres.semantics.understand import understand

    found: Understand = understand
    return found


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    found.add_argument("folder", type=Path)
    found.add_argument("--server", type=int, default=15, help="major version: 18 is the wheel's, others Debian's")
    found.add_argument("--report", type=Path, default=None, help="directory of results; default: a new one, printed")
    found.add_argument("--parts", type=int, default=1, help="processes, each with a server of its own")
    found.add_argument("--part", type=int, default=None, help=argparse.SUPPRESS)
    found.add_argument("--files", nargs="+", default=[], metavar="NAME", help="judge only these")
    found.add_argument("--limit", type=int, default=None, help="texts to judge in a file")
    found.add_argument("--seconds", type=float, default=None, help="judge no longer than this")
    found.add_argument("--show", type=int, default=40, help="unsafe differences to print")
    return found


def main(understand: Callable[[], Understand] = understanding) -> int:
    options = parser().parse_args()
    if not (options.folder / "parallel_schedule").exists():
        print(f"error: no `parallel_schedule` in {options.folder}", file=sys.stderr)
        return 2
    options.report = options.report or Path(tempfile.mkdtemp(prefix="np-differential-"))
    options.report.mkdir(parents=True, exist_ok=True)
    try:
        if options.part is not None or options.parts == 1:
            options.part = options.part or 0
            run_part(options, understand())
        elif not _run_parts(options):
            return 2
    except ServerError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if options.parts > 1 and "--part" in sys.argv:
        return 0
    tally, reports = merge(options.report)
    show(tally, reports, options.show)
    print(f"report: {options.report}")
    return 1 if tally.unsafe else 0


def _run_parts(options: argparse.Namespace) -> bool:
    command = [sys.executable, "-m", "tests.differential.corpus", *sys.argv[1:], "--report", str(options.report)]
    running = [subprocess.Popen([*command, "--part", str(part)], env=dict(os.environ)) for part in range(options.parts)]
    try:
        return all([each.wait() == 0 for each in running])  # noqa: C419 - all of them are waited for
    finally:
        for each in running:
            if each.poll() is None:
                each.terminate()
                each.wait()


def show(tally: Tally, reports: Sequence[FileReport], most: int) -> None:
    """Tell people."""
    shown = 0
    for report in reports:
        for each in report.unsafe:
            if shown < most:
                text = " ".join(str(each["text"]).split())[:300]
                print(f"UNSAFE {report.file}:{each['line']} {each['kind']}: {each['detail']}\n       {text}")
            shown += 1
    if shown > most:
        print(f"... and {shown - most} more in the report")
    slowest = sorted((each for report in reports for each in report.slowest), reverse=True)[:SLOWEST]
    for milliseconds, text in slowest:
        print(f"slow   {milliseconds:.1f} ms: {' '.join(text.split())[:120]}")
    print("\n".join(tally.lines()))


if __name__ == "__main__":
    sys.exit(main())
