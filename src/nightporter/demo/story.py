"""The 3 a.m. story, played by real clients on a real database, and the ledger that answers it.

Stages nothing: every answer on the screen came from psql or from Nightporter's own command line.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from importlib.metadata import version
from typing import Any, NoReturn

from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from nightporter.core.error import NightporterError

from .server import ServerError
from .stage import Guest, Record, Stage, open_stage

REVENUE = "select sum(revenue) from revenue_by_day where day >= current_date - 7;"
SALE = "update products set price = round(price * 0.8, 2) where category = 'Coffee';"
# Some do more than their first word says: a view reads customers, a CTE and a function delete, and foreign keys go on from there.
NIGHT = (
    "select name, email from mailing_list where country = 'SE' order by id limit 2;",
    "drop table payments;",
    "update orders set status = 'refunded';",
    "with old as (delete from orders where status = 'canceled' returning id) select count(*) from old;",
    "select purge_canceled_orders('1 year');",
    "select count(*) from orders;",
)


def _laid_out(width: int) -> tuple[str, ...]:
    """What a terminal would get without being asked."""
    return "--width", str(max(width, 80))


# Who has read the customers' addresses, however? What would have been deleted, whatever the statement was called?
QUESTIONS: tuple[tuple[str, Callable[[int], tuple[str, ...]]], ...] = (
    ("evidence tail --column customers.email", _laid_out),
    ("evidence tail --action delete --last 1", _laid_out),
    ("evidence verify", lambda _: ()),
)

# Whatever does more than read is told; what does nothing to data (BEGIN, SET) has no action at all.
HARMLESS = {"read"}

SHORT = {"record", "UTC", "rows"}


def run(once: bool) -> int:
    """Play the story. `once`: leave when it is told; otherwise stay until Ctrl-C. The exit status is 1 after an error."""
    console = Console(highlight=False)
    signal.signal(signal.SIGTERM, _interrupt)  # so that everything is put away
    try:
        with ExitStack() as putting_away:
            with console.status("making a database, a shop, and two guests"):
                stage = putting_away.enter_context(open_stage())
            _play(stage, console)
            if not once:
                _stay(stage, console)
    except KeyboardInterrupt:
        return 130 if once else 0
    except NightporterError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - the terminal is this module's business
        return 1
    return 0


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _stay(stage: Stage, console: Console) -> None:
    console.print()
    _say(console, "Your turn: paste one of the two lines at the top. What agents may do is written in")
    _command(console, str(stage.policies))
    _say(console, "Edit it: a second or two after you saved it, the next statement is decided by it, in open sessions too.")
    _say(console, "In another shell, what would become of a statement, and the ledger. Ctrl-C here ends it and removes everything.")
    ask = f"{stage.program} explain --as {stage.agent.name} --upstream shop"
    _command(console, f'{ask} --config {stage.configuration} "truncate customers"')
    _command(console, f"{stage.program} evidence tail --config {stage.configuration}")
    while True:
        signal.pause()


def _play(stage: Stage, console: Console) -> None:
    _arrive(stage, console)

    _act(console, "By day", f"{stage.human.name} starts a sale. The board looks at revenue.")
    _ask(stage, stage.human, console, SALE)
    before = _revenue(stage)
    _say(console, f"revenue of the last seven days: {before:,.2f}")

    _act(console, "3 a.m.", "Nobody touches a keyboard. An agent cleans up, in one session.")
    _ask(stage, stage.agent, console, *NIGHT)

    after = _revenue(stage)
    _act(console, "In the morning", "Has a metric dipped? Who changed something, or tried to?")
    _say(console, f"revenue of the last seven days: {before:,.2f} -> {after:,.2f} ({100 * (after - before) / before:+.1f} %)")
    console.print(_table(changes(stage.records_of_ended_sessions(stage.agent))))

    _act(console, "The book", "What an auditor would type.")
    for words, more in QUESTIONS:
        _command(console, f"nightporter {words}")
        _verbatim(console, stage.nightporter(*words.split(), *more(console.width)))


def _arrive(stage: Stage, console: Console) -> None:
    where = f"{stage.address}, in front of a shop with {stage.rows:,} rows"
    _say(console, f"Nightporter {version('nightporter')} stands at {where}. Two may come in:")
    for guest, what in ((stage.human, "a human"), (stage.agent, f"an agent, for whom {stage.human.name} answers")):
        _say(console, f"{guest.name}, {what}:")
        _command(console, stage.paste(guest))
    _say(console, "People read and write. Agents read; what else they ask for waits for a person, or is refused at once.")


def _revenue(stage: Stage) -> Decimal:
    return Decimal(stage.psql(stage.human, REVENUE, "-A", "-t").strip())


def _ask(stage: Stage, guest: Guest, console: Console, *statements: str) -> None:
    """Run statements in one session of psql, and show it as psql would."""
    with console.status(f"{guest.label} is at work"):
        answers = stage.psql_each(guest, statements)
    for statement, answer in zip(statements, answers, strict=True):
        console.print(Text.assemble((f"{guest.label}=> ", "bold cyan"), statement), soft_wrap=True)
        _verbatim(console, answer)


# What the ledger says


@dataclass(frozen=True, slots=True)
class Change:
    """One statement that changed something, or would have."""

    number: str
    time: str
    who: str
    text: str
    rows: int | None
    end: str
    does: tuple[str, ...] = ()
    """What it changed that its text does not name."""
    policies: tuple[str, ...] = ()
    """Which decided."""


def changes(records: list[Record]) -> list[Change]:
    """What the ledger knows of them: each intent that is a change or was denied, with how it ended."""
    outcomes = {record["intent"]: record for record in records if record["kind"] == "outcome"}
    intents = {record["n"]: record for record in records if record["kind"] == "intent"}
    answered = {record.get("refers_to") for record in intents.values()}
    ends = {
        (outcome["who"]["session"], outcome["transaction"]): outcome["transaction_end"]
        for outcome in outcomes.values()
        if "transaction_end" in outcome
    }
    found = []
    for number, record in intents.items():
        who, what = record["who"], record["what"]
        if what["decision"] == "allow" and not set(what.get("actions", ())) - HARMLESS:
            continue
        if what["decision"] == "hold" and number in answered:
            continue  # what became of it is told by the record that refers to it
        outcome = outcomes.get(number, {})
        end = str(ends.get((who.get("session"), outcome.get("transaction")), "unknown")).replace("_", " ")
        if what["decision"] == "deny":
            end = f"{_waited(record, intents)}denied by Nightporter"
        elif what["decision"] == "hold":
            end = "held"
        elif "sqlstate" in outcome:
            end = f"refused by the database ({outcome['sqlstate']})"
        principal = f"{who.get('principal')}/{who['actor']}" if "actor" in who else str(who.get("principal"))
        text = " ".join(what.get("text", what["sha256"]).split())
        policies = tuple(what.get("policies", ()))
        found.append(Change(number, record["time"][11:19], principal, text, outcome.get("rows"), end, _set_off(what), policies))
    return found


def _waited(record: Record, intents: Mapping[str, Record]) -> str:
    held = intents.get(record.get("refers_to", ""))
    if held is None:
        return ""
    waited = datetime.fromisoformat(record["time"]) - datetime.fromisoformat(held["time"])
    return f"held {waited.total_seconds():.0f} s, then "


def _set_off(what: Mapping[str, Any]) -> tuple[str, ...]:
    """By what it runs: `delete orders, payments via function public.purge`."""
    found: dict[tuple[str, str], list[str]] = {}
    for relation in what.get("relations", ()):
        if relation.get("via") and relation["action"] not in HARMLESS:
            by = relation["via"][0].partition("(")[0]
            by = "foreign key" if by.startswith("foreign key ") else by  # which one, the book tells
            found.setdefault((relation["action"], by), []).append(relation["name"])
    return tuple(f"{action} {', '.join(dict.fromkeys(names))} via {by}" for (action, by), names in found.items())


def _table(found: list[Change]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("record", "UTC", "who", "statement", "rows", "how it ended"):
        # texts share what room there is, so that none of them vanishes from a narrow terminal
        table.add_column(heading, justify="right" if heading == "rows" else "left", no_wrap=heading in SHORT, overflow="fold")
    for change in found:
        rows = "" if change.rows is None else str(change.rows)
        text, end = "\n- ".join((change.text, *change.does)), "\n- ".join((change.end, *change.policies))
        table.add_row(*map(Text, (change.number, change.time, change.who, text, rows, end)))
    return table


# How it looks


def _act(console: Console, title: str, subtitle: str) -> None:
    console.print()
    console.print(Rule(Text.assemble((title, "bold"), f"  {subtitle}"), align="left", style="dim"))


def _say(console: Console, text: str) -> None:
    console.print(Text(text), soft_wrap=True)


def _command(console: Console, line: str) -> None:
    """On a line of its own, unbroken: it is there to be copied."""
    console.print(Text(f"  {line}", "green"), soft_wrap=True)


def _verbatim(console: Console, text: str) -> None:
    if not text:
        raise ServerError("a command of the story said nothing")
    console.print(Text(text.rstrip("\n")), soft_wrap=True)
