"""Run the arena: attacks and benign controls against a database proxy (see README.md)."""

from __future__ import annotations

import argparse
import importlib.util
import json
import queue
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from model import (
    FIRED,
    MUST_FAIL,
    Case,
    CaseError,
    Entrances,
    OracleKind,
    Result,
    Transcript,
    Verdict,
    fired,
    judge,
    printable,
    tally,
)

if TYPE_CHECKING:
    from pgwire import WireCase, WireLab

HERE = Path(__file__).resolve().parent
DEFAULT_CASES = {d: [HERE / "cases" / f"{d}_dev.jsonl"] for d in ("postgres", "mysql")}
DEFAULT_WIRE = {"postgres": [HERE / "wire_postgres.py"], "mysql": []}


class Lab(Protocol):
    """What the runner needs from a dialect."""

    @property
    def has_super(self) -> bool: ...
    def refresh(self) -> None: ...
    def fill(self, text: str) -> str: ...
    def play(self, who: str, steps: tuple[str, ...], limit: float | None = None) -> Transcript: ...
    def effect(self, query: str) -> bool: ...
    def cleanup(self, statements: tuple[str, ...]) -> None: ...
    def close(self) -> None: ...


@dataclass(frozen=True)
class Job:
    """One case, ready to run in any lab."""

    id: str
    run: Callable[[Lab], Result]


# Cases in SQL


def run_case(case: Case, lab: Lab) -> Result:
    """Play one case in a pristine database and judge it."""
    if case.who == "super" and not lab.has_super:
        return _result(case, Verdict.SKIPPED, "needs the entrance with a superuser server role")
    try:
        transcripts = [_play(case, lab, script) for script in case.scripts()]
        if case.oracle and case.oracle.kind is OracleKind.EFFECT:
            worked = lab.effect(lab.fill(case.oracle.argument))
        else:
            worked = fired(case.oracle, transcripts)
    finally:
        lab.cleanup(case.cleanup)
    return judge(case, worked, transcripts)


def _play(case: Case, lab: Lab, script: tuple[str, ...]) -> Transcript:
    lab.refresh()
    limit = case.oracle.budget("seconds") if case.oracle else None
    return lab.play(case.who, tuple(lab.fill(step) for step in script), limit)


def _result(case: Case | WireCase, verdict: Verdict, detail: str = "") -> Result:
    benign = case.category == "benign"
    return Result(case.id, case.category, verdict, benign, case.live, case.why, printable(detail))


def load_cases(paths: Iterable[Path]) -> list[Case]:
    """Read case files; identifiers must be unique over all of them."""
    cases: dict[str, Case] = {}
    for path in paths:
        for line in path.read_text().splitlines():
            case = Case.parse(json.loads(line))
            if case.id in cases:
                raise CaseError(f"{path}: duplicate case {case.id}")
            cases[case.id] = case
    return list(cases.values())


# Wire cases


def load_wire(paths: Iterable[Path]) -> list[WireCase]:
    """Collect the registered cases of wire modules."""
    cases: list[WireCase] = []
    for path in paths:
        spec = importlib.util.spec_from_file_location(f"arena_{path.stem}", path)
        if spec is None or spec.loader is None:
            raise CaseError(f"{path} is not a Python module")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        cases += module.SUITE.cases
    return cases


def run_wire_case(case: WireCase, lab: Lab) -> Result:
    """Play one wire case in a pristine database and judge it."""
    import pgwire
    from postgres_lab import PostgresLab

    assert isinstance(lab, PostgresLab)
    if case.who == "super" and not lab.has_super:
        return _result(case, Verdict.SKIPPED, "needs the entrance with a superuser server role")

    def endpoint(who: str) -> pgwire.Endpoint:
        return pgwire.Endpoint.from_dsn(lab.client_dsn(who), lab.database)

    lab.refresh()
    wires = pgwire.WireLab(
        agent=pgwire.Endpoint.from_dsn(lab.client_dsn("agent"), lab.database),
        super=pgwire.Endpoint.from_dsn(lab.client_dsn("super"), lab.database) if lab.has_super else None,
        limit=lab.limit,
        value=lab.value,
    )
    try:
        return _judge_attempt(case, wires)
    except (pgwire.WireBroken, OSError) as error:
        return _result(case, Verdict.BROKE, str(error))
    finally:
        for wire in wires.opened:
            wire.close()


def _judge_attempt(case: WireCase, lab: WireLab) -> Result:
    from pgwire import errors

    attempt = case.play(lab)
    detail = b" | ".join(m.type.encode() + b":" + m.body[:60] for m in attempt.replies).decode(errors="replace")
    if case.category == "benign":
        verdict = Verdict.ALLOWED if attempt.worked else Verdict.REFUSED
    elif attempt.worked:
        return _result(case, Verdict.EFFECT if lab.asked_effect else Verdict.LEAKED, detail)
    elif case.expect in MUST_FAIL and not errors(attempt.replies):
        return _result(case, Verdict.SILENT, detail)
    else:
        verdict = Verdict.STOPPED
    if attempt.wire and not attempt.wire.finished and not attempt.wire.answers():
        return _result(case, Verdict.BROKE, f"does not answer after the case: {detail}")
    return _result(case, verdict, detail)


# Running


def run_jobs(jobs: Sequence[Job], labs: Sequence[Lab]) -> list[Result]:
    """Run the jobs, one thread per lab, and return the results in the order of the jobs."""
    waiting: queue.SimpleQueue[tuple[int, Job]] = queue.SimpleQueue()
    for item in enumerate(jobs):
        waiting.put(item)
    results: dict[int, Result] = {}
    failures: list[BaseException] = []

    def work(lab: Lab) -> None:
        while not failures:
            try:
                index, job = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                results[index] = job.run(lab)
            except BaseException as error:  # noqa: BLE001 - raised again once all threads have ended
                error.add_note(f"while running {job.id}")
                failures.append(error)

    threads = [threading.Thread(target=work, args=[lab]) for lab in labs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return [results[index] for index in sorted(results)]


def make_labs(options: argparse.Namespace, scratch: Path) -> list[Lab]:
    """One lab per worker, each with a case database of its own."""
    names = [options.database] + [f"{options.database}_{n}" for n in range(2, options.workers + 1)]
    through_proxy = Entrances(options.admin_dsn, options.proxy_dsn_agent, options.proxy_dsn_admin)
    if options.dialect == "mysql":
        import mysql_lab

        direct = mysql_lab.direct_entrances(options.admin_dsn)
        entrances = direct if options.direct else through_proxy
        return [mysql_lab.MysqlLab(entrances, name, scratch, options.limit) for name in names]
    import postgres_lab

    postgres_lab.ensure_template(options.admin_dsn, options.reseed)
    direct = postgres_lab.direct_entrances(options.admin_dsn)
    entrances = direct if options.direct else through_proxy
    return [postgres_lab.PostgresLab(entrances, name, scratch, options.limit) for name in names]


def collect_jobs(options: argparse.Namespace) -> list[Job]:
    """The chosen cases as jobs. Without --cases and --wire: all development cases."""
    both = options.cases is None and options.wire is None
    case_files = DEFAULT_CASES[options.dialect] if both else options.cases or []
    wire_files = DEFAULT_WIRE[options.dialect] if both or options.wire == [] else options.wire or []

    def job(case: Case) -> Job:
        return Job(case.id, lambda lab: run_case(case, lab))

    def wire_job(case: WireCase) -> Job:
        return Job(case.id, lambda lab: run_wire_case(case, lab))

    jobs = [job(c) for c in load_cases(case_files)] + [wire_job(c) for c in load_wire(wire_files)]
    if options.only:
        jobs = [j for j in jobs if j.id in options.only]
    if not jobs:
        raise CaseError("no case chosen")
    return jobs


# Reporting


def report(results: Sequence[Result]) -> bool:
    """Print failed cases, a table by category and the summary; true if all passed."""
    for r in results:
        if not r.passed and r.verdict is not Verdict.SKIPPED:
            print(f"FAIL {r.id} [{r.category}] {r.verdict}: {r.why}\n     {r.detail}")
    _table(results)
    attacks = tally(r for r in results if not r.benign)
    benign = tally(r for r in results if r.benign)
    everything = tally(results)
    line = (
        f"arena: attacks stopped {attacks.passed}/{attacks.total}, "
        f"benign allowed {benign.passed}/{benign.total}, "
        f"broke {everything.verdicts[Verdict.BROKE]}"
    )
    if skipped := everything.verdicts[Verdict.SKIPPED]:
        line += f", skipped {skipped}"
    print(line)
    return everything.passed == everything.total


def report_control(results: Sequence[Result]) -> bool:
    """Print the outcome of a direct run: every live attack must work on a bare server."""
    live = [r for r in results if r.live and not r.benign]
    dull = [r for r in live if r.verdict not in FIRED]
    benign = [r for r in results if r.benign]
    failed = [r for r in benign if not r.passed and r.verdict not in FIRED]  # nothing is masked
    for r in dull + failed:
        print(f"FAIL {r.id} [{r.category}] {r.verdict}: {r.why}\n     {r.detail}")
    _table(results)
    print(
        f"arena (direct): live attacks proven {len(live) - len(dull)}/{len(live)}, "
        f"benign allowed {len(benign) - len(failed)}/{len(benign)}, "
        f"stopped by the server itself {sum(1 for r in results if not r.live and r.passed)}"
    )
    return not dull and not failed


def _table(results: Sequence[Result]) -> None:
    columns = list(Verdict)
    print(f"\n{'category':<15}{'cases':>7}" + "".join(f"{v:>9}" for v in columns))
    for category in sorted({r.category for r in results}):
        chosen = [r for r in results if r.category == category]
        counts = tally(chosen).verdicts
        print(f"{category:<15}{len(chosen):>7}" + "".join(f"{counts[v]:>9}" for v in columns))
    print()


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="arena.py", description=__doc__)
    add = parser.add_argument
    add("--dialect", choices=("postgres", "mysql"), default="postgres")
    add("--cases", nargs="+", type=Path, metavar="FILE", help="case files")
    add("--wire", nargs="*", type=Path, metavar="FILE", help="wire modules (default: the dev one)")
    add("--admin-dsn", required=True, metavar="DSN", help="superuser, straight to the server")
    add("--proxy-dsn-agent", metavar="DSN", help="client, through the proxy")
    add("--proxy-dsn-admin", metavar="DSN", help="same, with a superuser server role behind it")
    add("--direct", action="store_true", help="bare server: prove that the attacks are live")
    add("--only", action="append", metavar="ID", help="run only this case (repeatable)")
    add("--json", type=Path, metavar="OUT", help="write all results here")
    add("--workers", type=int, default=1, help="parallel case databases NAME, NAME_2, ...")
    add("--database", default="lab_case", metavar="NAME", help="name of the case database")
    add("--scratch", type=Path, help="directory that the server may write to")
    add("--limit", type=float, default=5.0, help="seconds that a statement may take")
    add("--reseed", action="store_true", help="rebuild the template database")
    options = parser.parse_args(arguments)
    if not options.direct and not options.proxy_dsn_agent:
        parser.error("give --proxy-dsn-agent, or --direct for the control run")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the chosen cases; 0 only if all passed."""
    options = parse_arguments(arguments)
    started = time.monotonic()
    jobs = collect_jobs(options)
    with tempfile.TemporaryDirectory(prefix="arena_", ignore_cleanup_errors=True) as directory:
        scratch = options.scratch or Path(directory)
        if not options.scratch:
            scratch.chmod(0o777)
        labs = make_labs(options, scratch)
        try:
            results = run_jobs(jobs, labs)
        finally:
            for lab in labs:
                lab.close()
    if options.json:
        options.json.write_text(json.dumps([asdict(r) for r in results], indent=1) + "\n")
    good = report_control(results) if options.direct else report(results)
    print(f"{len(results)} cases in {time.monotonic() - started:.1f} s", file=sys.stderr)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
