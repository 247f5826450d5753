"""`nightporter labels`: what the columns of the databases hold, how certain that is, and what people say of it."""

from __future__ import annotations

import asyncio
import getpass
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nightporter.core.error import NightporterError, UpstreamError

from .known_labels import Known, Row, by_label, column_of, near
from .options import CONFIG, ConfigOption, JsonOption, examples, load_config, store_of
from .render import complain, counted, show, show_table, to_json

if TYPE_CHECKING:
    from nightporter.catalog.labels import Entry
    from nightporter.catalog.model import Relation, Snapshot
    from nightporter.catalog.truth import Score
    from nightporter.config import Config, Upstream
    from nightporter.gateway.survey import Surveyed
    from nightporter.store import Store

app = typer.Typer(
    help="Labels of columns: which of them hold personal data or secrets.",
    epilog=examples("nightporter labels report shop", "nightporter labels set shop public.customers.note pii.text"),
)

UpstreamArgument = Annotated[str, typer.Argument(metavar="UPSTREAM", help="The upstream, by the name that clients use.")]
ColumnArgument = Annotated[str, typer.Argument(metavar="COLUMN", help="schema.table.column; the schema may be left out.")]


@app.command(
    "list",
    epilog=examples("nightporter labels list", "nightporter labels list --upstream shop --table public.customers --json"),
)
def list_(
    upstream: Annotated[str | None, typer.Option("--upstream", metavar="NAME", help="Only this upstream.")] = None,
    table: Annotated[str | None, typer.Option("--table", metavar="TABLE", help="Only this table, schema.table or table.")] = None,
    config: ConfigOption = CONFIG,
    json: JsonOption = False,
) -> None:
    """List the columns that have a label, and those of which somebody has said that they have none. Reads the catalogues."""
    loaded = load_config(config)
    names = [upstream] if upstream is not None else [name for name in loaded.upstreams if name != "*"]
    rows: list[Row] = []
    with closing(store_of(loaded)) as store:
        for name in names:
            try:
                rows += _known(loaded, store, name).rows(table)
            except UpstreamError as error:
                if upstream is not None:
                    raise
                complain("warning", f"{error}; it is left out")
    shown = [row for row in rows if row.labels or row.is_confirmed]
    if json:
        show(to_json([row.as_json() for row in shown]))
        return
    if not shown:
        complain("note", "no column has a label")
        return
    several = len(names) > 1
    headings = (*(("upstream",) if several else ()), "column", "label", "sure", "said by", "because")
    show_table(headings, ((*((row.upstream,) if several else ()), *row.cells()) for row in shown))


@app.command(
    "set",
    epilog=examples(
        "nightporter labels set shop public.customers.note pii.text",
        "nightporter labels set shop customers.contact pii.email pii.phone",
    ),
)
def set_(
    upstream: UpstreamArgument,
    column: ColumnArgument,
    label: Annotated[list[str], typer.Argument(metavar="LABEL...", help="What it holds: one label or several.")],
    config: ConfigOption = CONFIG,
) -> None:
    """Say what a column holds. It has these labels from then on and no others, whatever a scan finds."""
    from nightporter.masking.label import LABELS

    for each in label:
        if each not in LABELS or each.startswith("server."):
            choices = [name for name in LABELS if not name.startswith("server.")]
            meant = near(each, choices) or f"; there are {', '.join(choices)}"
            raise NightporterError(f"there is no label `{each}`{meant}")
    relation, name = _say(config, upstream, column, list(dict.fromkeys(label)))
    show(f"`{relation.schema}.{relation.name}.{name}` has {_listed(label)}")


@app.command(
    epilog=examples(
        "nightporter labels unset shop public.products.name",
        "nightporter labels unset shop public.products.name --forget",
    )
)
def unset(
    upstream: UpstreamArgument,
    column: ColumnArgument,
    forget: Annotated[bool, typer.Option("--forget", help="Only take back what people have said of it.")] = False,
    config: ConfigOption = CONFIG,
) -> None:
    """Say that a column has no label, whatever its name says or a scan finds. It is then shown as it is to everybody."""
    relation, name = _say(config, upstream, column, None if forget else [""])
    place = f"`{relation.schema}.{relation.name}.{name}`"
    show(f"what was said of {place} is forgotten" if forget else f"{place} has no label")


@app.command(epilog=examples("nightporter labels scan shop", "nightporter labels scan shop --table public.customers --load 1"))
def scan(
    upstream: UpstreamArgument,
    table: Annotated[str | None, typer.Option("--table", metavar="TABLE", help="Only this table, schema.table or table.")] = None,
    load: Annotated[
        float | None, typer.Option("--load", min=0.001, max=1.0, help="Share of the database's time, instead of `labels.load`.")
    ] = None,
    config: ConfigOption = CONFIG,
    json: JsonOption = False,
) -> None:
    """Look at values of every table now, and store which labels its columns have. No gateway need be running."""
    loaded = load_config(config)
    found = _upstream(loaded, upstream)
    with closing(store_of(loaded)) as store:
        before = _known(loaded, store, upstream)
        wanted = before.table(table) if table is not None else None
        done = _survey(loaded, found, store, wanted, loaded.labels.load if load is None else load)
        after = _known(loaded, store, upstream)
    _post(loaded, changed=done.changed)
    for name, why in sorted(done.problems.items()):
        complain("warning", f"{name} was not looked at: {why}")
    labelled = sum(1 for row in after.rows() if row.labels)
    news = labelled - sum(1 for row in before.rows() if row.labels)
    if json:
        told = {"relations": done.relations, "rows": done.rows, "labelled": labelled, "more": news, "problems": done.problems}
        show(to_json(told))
        return
    looked = f"{counted(done.relations, 'table')} looked at, {counted(done.rows, 'row')} of them"
    difference = f"{news:+d}" if news else "changed" if done.changed else "as before"
    show(f"{looked}; {counted(labelled, 'column')} of `{upstream}` with a label ({difference})")


@app.command(epilog=examples("nightporter labels report shop", "nightporter labels report shop --truth truth.tsv"))
def report(
    upstream: UpstreamArgument,
    truth: Annotated[
        Path | None,
        typer.Option("--truth", metavar="FILE", help="Lines `schema.table.column <TAB> label`, - for none, to be held against."),
    ] = None,
    config: ConfigOption = CONFIG,
    json: JsonOption = False,
) -> None:
    """Show what is where, by label. With a truth, how much of it was found (recall), and how much of what was found is right
    (precision), by column."""
    from nightporter.catalog.truth import TruthError, parse, score

    expected = None
    if truth is not None:
        try:
            expected = parse(truth.read_text("utf-8"))
        except (TruthError, UnicodeDecodeError) as error:
            raise NightporterError(f"{truth}: {error}") from None
    loaded = load_config(config)
    with closing(store_of(loaded)) as store:
        known = _known(loaded, store, upstream)
        scans = store.labels.scans(upstream)
    rows = known.rows()
    scored = (
        score(expected, {row.place: tuple(each.label for each in row.labels) for row in rows}) if expected is not None else None
    )
    looked = sum(1 for each in scans if each.problem is None)
    if json:
        told: dict[str, Any] = {"upstream": upstream, "columns": len(rows), "relations_looked_at": looked}
        told["labels"] = {label: [row.as_json() for row in some] for label, some in by_label(rows).items()}
        told["problems"] = {f"{each.schema}.{each.relation}": each.problem for each in scans if each.problem is not None}
        if scored is not None:
            told["truth"] = _score_as_json(scored)
        show(to_json(told))
        return
    _show_report(known, rows, looked)
    for each in scans:
        if each.problem is not None:
            complain("warning", f"{each.schema}.{each.relation} was not looked at: {each.problem}")
    if scored is not None:
        _show_score(scored)


# What commands do


def _known(config: Config, store: Store, name: str) -> Known:
    """The catalogue of an upstream, with its labels. Raises UpstreamError and StoreError."""
    from nightporter.gateway.dial import Dialer
    from nightporter.gateway.glance import glance
    from nightporter.protocols.registry import ADAPTERS

    upstream = _upstream(config, name)
    stored = store.labels.read(name)
    try:
        snapshot, _ = asyncio.run(glance(Dialer(), ADAPTERS[upstream.protocol], upstream))
    except UpstreamError as error:
        raise _with_reason(error) from error
    return Known(name, snapshot.relabeled(stored, 1))


def _upstream(config: Config, name: str) -> Upstream:
    found = config.resolve(name)
    if found is None:
        raise NightporterError(f"no upstream `{name}`{near(name, config.upstreams)}")
    return found


def _with_reason(error: UpstreamError) -> UpstreamError:
    """Whoever runs this may see what the database says of our log-in."""
    return UpstreamError(f"{error}: {error.diagnostic}", error.sqlstate) if error.diagnostic else error


def _say(path: Path, upstream: str, column: str, labels: list[str] | None) -> tuple[Relation, str]:
    """Store what somebody says of a column; None takes back all that was said."""
    from nightporter.catalog.labels import PERSON, Entry

    loaded = load_config(path)
    with closing(store_of(loaded)) as store:
        known = _known(loaded, store, upstream)
        relation, name = column_of(known.snapshot, column)
        said = _said(known.snapshot, relation, name)
        if labels is None and not said:
            raise NightporterError(f"nobody has said anything of `{relation.schema}.{relation.name}.{name}`")
        number = relation.by_name[name].number
        place = (relation.schema, relation.name, name)
        who = _operator()
        entries = [
            Entry(*place, label, PERSON, 1.0, (), who, relation.oid, number, relation.by_name[name].type) for label in labels or ()
        ]
        changed = store.labels.put(upstream, entries, instead_of=said)
    _post(loaded, changed=changed)
    return relation, name


def _said(snapshot: Snapshot, relation: Relation, column: str) -> list[Entry]:
    from nightporter.catalog.labels import PERSON

    entries = snapshot.labels.stored.of_relation(relation, snapshot.relations).get(column, ())
    return [entry for entry in entries if entry.origin == PERSON]


def _survey(config: Config, upstream: Upstream, store: Store, only: Relation | None, load: float) -> Surveyed:
    from nightporter.gateway.dial import Dialer
    from nightporter.gateway.survey import Survey
    from nightporter.protocols.registry import ADAPTERS
    from nightporter.store.open import utc_now

    survey = Survey(Dialer(), ADAPTERS[upstream.protocol], upstream, store.labels, sample_rows=config.labels.sample_rows, load=load)
    wanted = None if only is None else (lambda relation: relation.oid == only.oid)
    try:
        return asyncio.run(survey.run(since=utc_now(), only=wanted))
    except UpstreamError as error:
        raise _with_reason(error) from error


def _post(config: Config, *, changed: bool) -> None:
    """Have a gateway that runs here look for new labels before its next statement. Others see them within `catalog.max_age_s`."""
    from nightporter.gateway.bulletin import CHANGES, OUTSIDE, Bulletin

    if changed and (config.run / CHANGES).exists():
        bulletin = Bulletin(config.run, OUTSIDE, config.workers)
        bulletin.post()
        bulletin.close()


def _operator() -> str:
    """Who runs this, as the system has it."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container with a bare user id
        return "somebody"


# What they show


def _listed(labels: list[str]) -> str:
    return f"the label {labels[0]}" if len(labels) == 1 else f"the labels {', '.join(labels)}"


def _show_report(known: Known, rows: list[Row], looked: int) -> None:
    from nightporter.masking.label import LABELS

    found = by_label(rows)
    labelled = sum(1 for row in rows if row.labels)
    tables = len({row.place[:2] for row in rows})
    show(
        f"`{known.name}`: {counted(len(rows), 'column')} in {counted(tables, 'table')}, values of {looked} looked at;"
        f" {counted(labelled, 'column')} with a label"
    )
    for label, some in found.items():
        title = LABELS[label].title if label in LABELS else ""
        confirmed = sum(1 for row in some if row.is_confirmed)
        show("", f"{label}  {title}, {counted(len(some), 'column')}{f', {confirmed} confirmed' if confirmed else ''}")
        show_rows = [(f"  {row.name}", *row.cells(label)[2:]) for row in some]
        show_table(("  column", "sure", "said by", "because"), show_rows)
    overruled = [row for row in rows if row.is_confirmed and not row.labels]
    if overruled:
        show("", f"no label, as people say, {counted(len(overruled), 'column')}")
        show_table(("  column", "said by"), [(f"  {row.name}", row.cells()[3]) for row in overruled])


def _show_score(scored: Score) -> None:
    show(
        "",
        f"held against the truth, {counted(scored.columns, 'column')}: recall {scored.recall:.3f}"
        f" ({scored.right} of {scored.labelled}), precision {scored.precision:.3f} ({scored.right} of {scored.found})",
    )
    if scored.missed:
        show("", "missed")
        show_table(
            ("  column", "is", "found"), [(f"  {'.'.join(p)}", true, ", ".join(got) or "-") for p, true, got in scored.missed]
        )
    only_wrong = [each for each in scored.wrong if each not in scored.missed]
    if only_wrong:
        show("", "wrong")
        show_table(("  column", "is", "found"), [(f"  {'.'.join(p)}", true or "-", ", ".join(got)) for p, true, got in only_wrong])
    for place in scored.absent:
        complain("warning", f"`{'.'.join(place)}` of the truth is not in the database")
    sys.stdout.flush()


def _score_as_json(scored: Score) -> dict[str, Any]:
    return {
        "columns": scored.columns,
        "recall": round(scored.recall, 4),
        "precision": round(scored.precision, 4),
        "missed": [{"column": ".".join(p), "is": true, "found": list(got)} for p, true, got in scored.missed],
        "wrong": [{"column": ".".join(p), "is": true, "found": list(got)} for p, true, got in scored.wrong],
        "absent": [".".join(place) for place in scored.absent],
    }
