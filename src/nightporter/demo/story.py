"""The 3 a.m. story, played by real clients on a real database, and the ledger that answers it.

Stages nothing: every answer on the screen came from psql or from Nightporter's own command line.
"""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from importlib.metadata import version
from typing import Any, NoReturn

from rich.console import Console
from rich.rule import Rule
from rich.text import Text

from nightporter.core.error import NightporterError

from .server import ServerError
from .stage import REVEALING, Guest, Record, Stage, open_stage

REVENUE = "select sum(revenue) from revenue_by_day where day >= current_date - 7;"
SALE = "update products set price = round(price * 0.8, 2) where category = 'Coffee';"
# All of them ask for the same values, each in another way.
PRYING = (
    r"select * from customers where id = 2 \gx",
    "select email as contact, lower(family_name) as who from customers limit 2;",
    "select row_to_json(c) from (select email, card_number from customers limit 2) c;",
    "select email from customers where id = 2 union all select email from staff where id = 2;",
    "copy (select id, email, card_number from customers order by id limit 3) to stdout;",
    "select email::int from customers limit 1;",
)
WRITE_TO = "select given_name, email, card_number from customers where id = 2;"
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


# Who has read the customers' addresses, however, and who was shown them? What would have been deleted, whatever the statement was
# called?
QUESTIONS: tuple[tuple[str, Callable[[int], tuple[str, ...]]], ...] = (
    ("evidence tail --column customers.email --last 1", _laid_out),
    ("evidence tail --label pii.email --last 2", _laid_out),
    ("evidence tail --action delete --last 1", _laid_out),
    ("evidence verify", lambda _: ()),
)

# Whatever does more than read is told; COPY asks to read or to insert besides. What does nothing to data (BEGIN) has no action.
HARMLESS = {"read", "copy"}

# A file is looked at every half second, and everybody who is in has to hear of it.
IN_FORCE_TIMEOUT_S = 30.0
POLL_S = 0.2

INDENT = 4


def run(once: bool) -> int:
    """Play the story. `once`: leave when it is told; otherwise stay until Ctrl-C. The exit status is 1 after an error."""
    console = Console(highlight=False)
    signal.signal(signal.SIGTERM, _interrupt)  # so that everything is put away
    try:
        with ExitStack() as putting_away:
            with console.status("making a database, a shop, and three guests"):
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
    _say(console, "Your turn: paste one of the three lines at the top. What agents may do, and who sees what, is in")
    for file in (stage.policies, stage.policies.with_name(REVEALING.name)):
        _command(console, str(file))
    _say(console, "Edit them: a second or two after you saved one, the next statement is decided by it,")
    _say(console, "in open sessions too. In another shell: what would become of a statement, what is known of")
    _say(console, "the shop's columns, and the ledger. Ctrl-C here ends it and removes everything.")
    ask = f"{stage.program} explain --as {stage.agent.name} --upstream shop"
    _command(console, f'{ask} --config {stage.configuration} "truncate customers"')
    _command(console, f"{stage.program} labels report shop --config {stage.configuration}")
    _command(console, f"{stage.program} evidence tail --config {stage.configuration}")
    while True:
        signal.pause()


def _play(stage: Stage, console: Console) -> None:
    _arrive(stage, console)

    _act(console, "By day", f"{stage.human.name} starts a sale. The board looks at revenue.")
    _ask(stage, stage.human, console, SALE)
    before = _revenue(stage)
    _say(console, f"revenue of the last seven days: {before:,.2f}")

    _act(console, "Who sees what", "Nothing was said about it: no label, no policy.")
    _ask(stage, stage.agent, console, *PRYING)
    _ask(stage, stage.human, console, WRITE_TO)
    _act(console, "Three lines", "The help desk writes to customers.")
    _permit(stage, console)
    _ask(stage, stage.helper, console, WRITE_TO)

    _act(console, "3 a.m.", "Nobody touches a keyboard. An agent cleans up, in one session.")
    _ask(stage, stage.agent, console, *NIGHT)

    after = _revenue(stage)
    _act(console, "In the morning", "Has a metric dipped? Who changed something, or tried to?")
    _say(console, f"revenue of the last seven days: {before:,.2f} -> {after:,.2f} ({100 * (after - before) / before:+.1f} %)")
    for change in changes(stage.records_of_ended_sessions(stage.agent)):
        _tell(console, change)

    _act(console, "The book", "What an auditor would type. It is signed every ten seconds.")
    with ThreadPoolExecutor(len(QUESTIONS)) as pool:
        answers = [pool.submit(stage.nightporter, *words.split(), *more(console.width)) for words, more in QUESTIONS]
        for (words, _), answer in zip(QUESTIONS, answers, strict=True):
            _command(console, f"nightporter {words}")
            _verbatim(console, answer.result())


def _arrive(stage: Stage, console: Console) -> None:
    where = f"{stage.address}, in front of a shop with {stage.rows:,} rows"
    _say(console, f"Nightporter {version('nightporter')} stands at {where}. Three may come in:")
    guests = (
        (stage.human, "a human"),
        (stage.helper, "a human in the group `support`"),
        (stage.agent, f"an agent, for whom {stage.human.name} answers"),
    )
    for guest, what in guests:
        _say(console, f"{guest.name}, {what}:")
        _command(console, stage.paste(guest))
    _say(console, "People read and write. Agents read; what else they ask for waits for a person, or is refused at once.")


def _permit(stage: Stage, console: Console) -> None:
    """Add the demonstration's policy of who sees what, and wait until it holds."""
    text = REVEALING.read_text()
    for line in text[text.index("@") :].splitlines():
        _command(console, line)
    before = stage.psql(stage.helper, WRITE_TO)
    stage.add_policy(REVEALING)
    give_up = time.monotonic() + IN_FORCE_TIMEOUT_S
    while stage.psql(stage.helper, WRITE_TO) == before:
        if time.monotonic() > give_up:
            raise ServerError(f"`{REVEALING.name}` did not come into force")
        time.sleep(POLL_S)


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


# How it looks


def _tell(console: Console, change: Change) -> None:
    """On lines of its own: columns would leave its text no room where a terminal is narrow."""
    console.print(Text.assemble((f"{change.number}  {change.time}  ", "dim"), (change.who, "bold cyan")), soft_wrap=True)
    rows = "" if change.rows is None else "1 row, " if change.rows == 1 else f"{change.rows} rows, "
    policies = f" ({', '.join(change.policies)})" if change.policies else ""
    does = (Text(f"- {each}") for each in change.does)
    for part in (Text(change.text), *does, Text.assemble((f"{rows}{change.end}", "bold"), policies)):
        for line in part.wrap(console, max(console.width, 40) - INDENT):
            line.rstrip()
            console.print(Text(" " * INDENT).append_text(line), soft_wrap=True)


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
