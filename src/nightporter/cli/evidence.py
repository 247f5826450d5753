"""`nightporter evidence`: reads the ledger. Writes nothing to it."""

from __future__ import annotations

import re
import sys
from typing import Annotated

import typer

from nightporter.statement.model import Action

from .options import CONFIG, ConfigOption, JsonOption, examples, load_config
from .render import counted, line, record, show, terminal_width, to_json

app = typer.Typer(help="The ledger: what was done, and proof.", epilog=examples("nightporter evidence tail --follow"))

MIN_WIDTH = 40
"""Columns. Narrower than that nothing is readable."""

_SINCE = re.compile(r"\d{4}(-\d{2}(-\d{2}(T\d{2}(:\d{2}(:\d{2}(\.\d{1,6})?)?)?)?)?)?")


def _since(text: str | None) -> str | None:
    if text is None:
        return None
    since = text.replace(" ", "T").removesuffix("Z")
    if not _SINCE.fullmatch(since):
        raise typer.BadParameter(f"`{text}` is not a UTC time such as `2026-01-31` or `2026-01-31T03:00`")
    return since


def _kind(text: str | None) -> str | None:
    from nightporter.evidence.record import EventKind

    kinds = ("intent", "outcome", *EventKind)
    if text is not None and text not in kinds:
        raise typer.BadParameter(f"`{text}` is not one of {', '.join(kinds)}")
    return text


@app.command(
    epilog=examples(
        "nightporter evidence tail --follow",
        "nightporter evidence tail --principal billing-agent --action update --since 2026-01-31T03:00",
        "nightporter evidence tail --relation customers --column email --last 100 --json",
    )
)
def tail(
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with records as they are written.")] = False,
    last: Annotated[int | None, typer.Option("--last", "-n", min=0, metavar="N", help="Of those there are, only so many.")] = None,
    principal: Annotated[str | None, typer.Option(metavar="NAME", help="Only those of this principal.")] = None,
    session: Annotated[str | None, typer.Option(metavar="ID", help="Only those of this session.")] = None,
    upstream: Annotated[str | None, typer.Option(metavar="NAME", help="Only those of this upstream.")] = None,
    kind: Annotated[
        str | None, typer.Option(metavar="KIND", callback=_kind, help="Only intent, outcome, session_started, ...")
    ] = None,
    action: Annotated[
        Action | None, typer.Option(metavar="ACTION", help="Only intents that do this: read, insert, update, ...")
    ] = None,
    relation: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only intents that touch this table or view: customers, public.customers.")
    ] = None,
    column: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only intents that use this column: email, customers.email.")
    ] = None,
    label: Annotated[
        str | None, typer.Option(metavar="LABEL", help="Only outcomes that had this, masked or not: pii.email, pii.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", callback=_since, help="Only from this time on, UTC: 2026-01-31T03:00.")
    ] = None,
    width: Annotated[
        int | None, typer.Option("--width", min=MIN_WIDTH, metavar="N", help="Lay records out in N columns, also into a pipe.")
    ] = None,
    json: JsonOption = False,
    config: ConfigOption = CONFIG,
) -> None:
    """Print records, the oldest first: time, number, who, where, kind, and what it says; of an intent also what running it does to
    which relations and columns, of an outcome which columns were masked, and which shown. Laid out for a terminal, else one line
    each. Ctrl-C ends `--follow`.
    """
    from nightporter.evidence.tail import Filter
    from nightporter.evidence.tail import tail as records

    wanted = Filter(session, principal, kind, upstream, action, since, relation, column, label)
    if width is None and sys.stdout.isatty():
        width = max(terminal_width(sys.stdout), MIN_WIDTH)
    try:
        for entry in records(load_config(config).ledger.path, follow=follow, wanted=wanted, last=last):
            show(to_json(entry) if json else record(entry, width))
            if follow:
                sys.stdout.flush()  # somebody waits for it, perhaps behind a pipe
    except KeyboardInterrupt:
        if not follow:
            raise


@app.command(epilog=examples("nightporter evidence verify"))
def verify(config: ConfigOption = CONFIG, json: JsonOption = False) -> None:
    """Check that nothing in the ledger was changed, removed or added; names the first bad record. Status 1 if there is one."""
    from nightporter.evidence.verify import verify as check

    path = load_config(config).ledger.path
    report = check(path)
    if json:
        show(
            to_json(
                {
                    "ok": report.ok,
                    "problems": [
                        {"number": each.number, "file": each.file, "line": each.line, "message": each.message}
                        for each in report.problems
                    ],
                    "writers": [
                        {
                            "writer": writer.writer,
                            "records": writer.records,
                            "signed": writer.signed,
                            "unanswered": writer.unanswered,
                            "torn": writer.torn,
                        }
                        for writer in report.writers
                    ],
                }
            )
        )
    else:
        for writer in report.writers:
            state = "BAD" if writer.problem is not None else "ok"
            unanswered = f", {counted(len(writer.unanswered), 'intent')} without outcome" if writer.unanswered else ""
            records = counted(writer.records, "record")
            show(f"{line(writer.writer)}: {state}, {records}, {writer.signed} of them signed{unanswered}")
            show(*(f"  {line(torn)}" for torn in writer.torn))
        show(*(f"BAD {line(problem)}" for problem in report.problems))
        show("the ledger is as it was written" if report.ok else "the ledger was changed")
    if not report.ok:
        raise typer.Exit(1)
