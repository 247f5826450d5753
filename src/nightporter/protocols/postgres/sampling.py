"""Looks at some values of a table, so that it can be said what its columns hold. Pure: questions and their answers.

Nothing but stored rows is read, and nothing of the users' own runs. So foreign tables and views are left out; row-level security is
off, which makes the server refuse where a policy's functions would run for us; the search path has the server's own functions only;
and values become text by their type's output function, never by a cast, which anybody could have made. Each question stands in a
read-only transaction of its own with short time-outs.

Small tables are read whole and some of their rows taken; of large ones some pages are read (TABLESAMPLE), enough for so many rows.
What the server says of an error may have a value in it, and so only its code is told.
"""

# ruff: noqa: S608 - names are quoted, and the rest are numbers of ours
from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from nightporter.catalog.labels import base_type, is_system
from nightporter.catalog.model import Column, Relation, Snapshot, Type
from nightporter.catalog.sampling import MAX_VALUE, Comments, Sample, Sampler, SamplingError
from nightporter.core.talk import Talk

from .catalog import queries
from .catalog.ask import QueryError, ask
from .catalog.parts import Rows, decoded
from .catalog.reader import Connection

SETTINGS = {"application_name": "nightporter discovery", "client_encoding": "UTF8"}
STATEMENT_TIMEOUT_S = 3
"""A sample takes milliseconds; one that takes longer is too much to ask for."""
LOCK_TIMEOUT_MS = 300
"""Whoever waits for a lock makes others wait."""
PAGE = 8192
SMALL_PAGES = 64
"""Half a megabyte: read whole sooner than thought about."""
PAGES = (16, 2000)
"""How many to read of a large table: fewer would all have rows of one day, more are too much."""
USUAL_ROWS = 50
"""On a page, where nobody has counted."""
COLUMNS_AT_ONCE = 100
"""The server takes 1664 in one answer."""
FEW = 8
"""Values of a column that is mostly NULL: below that it is looked for more."""
MORE = 50
"""How many are then asked for."""
MAX_LEAVES = 8
"""Partitions that are looked at one by one, where the whole cannot be."""
ELEMENTS = 5
"""Of an array."""
LARGE_VALUE = 64 * 1024
"""Bytes of a document as stored; of a larger one nothing is looked at, since it would have to be read whole."""

_BETWEEN = "\x1f"
_TEXTS = frozenset(("text", "varchar", "bpchar", "name", "citext"))
_SHORT = frozenset(("int2", "int4", "int8", "numeric", "float4", "float8", "money", "date", "timestamp", "timestamptz"))
_SHORT |= frozenset(("inet", "cidr", "point"))
_DOCUMENTS = frozenset(("json", "jsonb", "xml", "hstore"))

DENIED = "42501"
_PROBLEMS = {
    DENIED: "permission denied",
    "55P03": "somebody has locked it",
    "57014": "it took too long",
    "42P01": "it is gone",
    "42703": "it has changed meanwhile",
    "55000": "it has not been filled",
}


class Sampling(Connection):
    """A connection that is for this alone; see `catalog.sampling.SamplingConnection`."""

    def comments(self) -> Talk[Mapping[int, Comments]]:
        """What stands in pg_description of relations and columns."""
        rows = (yield from self._ask(_COMMENTS))[-1]
        found: dict[int, tuple[str, dict[int, str]]] = {}
        for oid, number, text in decoded(rows):
            relation, columns = found.get(oid, ("", {}))
            if number:
                columns[number] = text
            found[oid] = (text if not number else relation, columns)
        return {oid: Comments(*each) for oid, each in found.items()}

    def sample(self, relation: Relation, columns: Collection[Column], snapshot: Snapshot, rows: int) -> Talk[Sample]:
        """See `SamplingConnection`. A column that we may not read is left out."""
        try:
            return (yield from self._sample(relation, columns, snapshot, rows))
        except QueryError as error:
            known = _PROBLEMS.get(error.code)
            passing = known is not None and error.code != DENIED
            raise SamplingError(known or f"the server says {error.code or 'no'}", passing=passing) from None

    def _sample(self, relation: Relation, columns: Collection[Column], snapshot: Snapshot, rows: int) -> Talk[Sample]:
        tables = _stored(relation, snapshot)
        ((counted, size, readable),) = decoded((yield from self._ask(_size(relation, tables)))[-1])
        may = set(readable or ())
        wanted = [column for column in columns if column.number in may]
        if columns and not wanted:
            raise SamplingError(_PROBLEMS[DENIED])
        mixed = _is_mixed(relation, snapshot)
        sources = [_Source(each, counted, size, snapshot, only=mixed) for each in (tables if mixed else [relation])]
        found = _Found()
        for first in range(0, len(wanted), COLUMNS_AT_ONCE):
            part = wanted[first : first + COLUMNS_AT_ONCE]
            for source in sources[:MAX_LEAVES]:
                answer = (yield from self._ask(source.some(part, rows)))[-1]
                if not answer and not source.is_small:
                    answer = (yield from self._ask(source.first(part, rows)))[-1]
                found.add(part, answer, counts=first == 0)
        whole = len(sources) == 1 and sources[0].is_small and found.rows < rows
        if not whole:
            for column in wanted:
                if len(found.values.get(column.name, ())) < FEW and found.rows >= FEW:
                    try:
                        answer = (yield from self._ask(sources[0].filled(column)))[-1]
                    except QueryError:
                        continue  # what was found is enough to go by, or has to be
                    found.add([column], answer, counts=False)
        return Sample(found.rows, whole, found.values)

    def _ask(self, question: str) -> Talk[Sequence[Rows]]:
        """One question in a transaction of its own. A failure leaves nothing open."""
        answers = yield from ask(self._stream, {"begin": _BEGIN, "answer": question, "end": "commit"})
        return (answers["answer"],)


_BEGIN = (
    f"begin read only; set local search_path = {queries.PATH}; {queries.SET_ENCODING};"
    f" set local lock_timeout = {LOCK_TIMEOUT_MS}; set local statement_timeout = '{STATEMENT_TIMEOUT_S}s';"
    " set local row_security = off; set local client_min_messages = error; set local jit = off;"
    " set local max_parallel_workers_per_gather = 0; set local datestyle = iso; set local xmloption = content"
)

_COMMENTS = (
    "select json_build_array(d.objoid::int8, d.objsubid, left(d.description, 500)) from pg_description d"
    f" join pg_class c on c.oid = d.objoid where d.classoid = 'pg_class'::regclass and c.oid >= {queries.FIRST_OWN}"
    " and c.relkind in ('r', 'p', 'm', 'f', 'v')"
)


class _Found:
    """Values as they come in."""

    def __init__(self) -> None:
        self.rows = 0
        self.values: dict[str, list[str]] = {}

    def add(self, columns: Sequence[Column], rows: Rows, *, counts: bool) -> None:
        if counts:
            self.rows += len(rows)
        for position, column in enumerate(columns):
            values = self.values.setdefault(column.name, [])
            for row in rows:
                cell = row[position]
                if cell is not None:
                    values += [each for each in cell.decode("utf-8", "replace").split(_BETWEEN) if each]


class _Source:
    """Where rows are taken from, and how many pages of it to read for them."""

    def __init__(self, relation: Relation, rows: float, size: int, snapshot: Snapshot, *, only: bool) -> None:
        self._snapshot = snapshot
        self._table = ("only " if only else "") + _quoted(relation)
        self._pages = max(size // PAGE, 1)
        self._rows_a_page = max(rows / self._pages, 1.0) if rows > 0 else USUAL_ROWS
        self.is_small = self._pages <= SMALL_PAGES

    def some(self, columns: Sequence[Column], rows: int) -> str:
        """So many rows by chance."""
        least, most = PAGES
        return self._question(columns, rows, self._sampled(min(max(2 * rows / self._rows_a_page, least), most)))

    def filled(self, column: Column) -> str:
        """Rows that have a value in this column."""
        name = _identifier(column.name)
        return self._question([column], MORE, f"{self._sampled(PAGES[1])} where {name} is not null", order=False)

    def first(self, columns: Sequence[Column], rows: int) -> str:
        """The first rows: of a table with hardly anything on its pages."""
        return self._question(columns, rows, self._table, order=False)

    def _sampled(self, pages: float) -> str:
        share = 100.0 * pages / self._pages
        return self._table if self.is_small or share >= 100 else f"{self._table} tablesample system ({share:.9f})"

    def _question(self, columns: Sequence[Column], rows: int, source: str, *, order: bool = True) -> str:
        # chosen before anything is done with the values: some are long
        names = ", ".join(_identifier(column.name) for column in columns)
        by_chance = " order by random()" if order else ""
        told = ", ".join(_told(column, self._snapshot) for column in columns)
        return f"select {told} from (select {names} from {source}{by_chance} limit {rows}) s"


def _told(column: Column, snapshot: Snapshot) -> str:
    """A value as text, cut."""
    name = _identifier(column.name)
    type_, is_array = base_type(column.type, snapshot.types)
    if is_array:
        return f"left(array_to_string(({name})[1:{ELEMENTS}], chr(31)), {MAX_VALUE})"
    if type_ is not None and type_.name in _TEXTS and _is_known(type_):
        return f"left({name}, {MAX_VALUE})"
    if type_ is not None and type_.name == "bytea":
        return f"left(encode(substring({name} from 1 for {MAX_VALUE}), 'escape'), {MAX_VALUE})"
    if type_ is not None and (type_.name in _DOCUMENTS or type_.kind == "c"):
        return f"case when pg_column_size({name}) <= {LARGE_VALUE} then left(format('%s', {name}), {MAX_VALUE}) end"
    return f"left(format('%s', {name}), {MAX_VALUE})"


def tells(column: Column, snapshot: Snapshot) -> bool:
    """See `catalog.sampling.Sampler`."""
    type_, _ = base_type(column.type, snapshot.types)
    if type_ is None:
        return False
    if type_.kind in "ec":
        return True
    return _is_known(type_) and (type_.name in _TEXTS or type_.name in _SHORT or type_.name in _DOCUMENTS or type_.name == "bytea")


def can_be_read(relation: Relation, snapshot: Snapshot) -> bool:
    """See `catalog.sampling.Sampler`. Partitions are looked at with their table."""
    if relation.kind not in "rmp" or relation.persistence == "t" or relation.is_partition or is_system(relation):
        return False
    if any("\udc80" <= letter <= "\udcff" for name in (relation.schema, relation.name, *relation.by_name) for letter in name):
        return False  # names that are no text: only the server knows how to write them
    return bool(_stored(relation, snapshot))


def _is_known(type_: Type) -> bool:
    """One of the server's own, or of an extension's that comes with it."""
    return type_.oid < queries.FIRST_OWN or type_.extension in ("citext", "hstore")


def _tree(relation: Relation, snapshot: Snapshot) -> Iterator[Relation]:
    waiting, seen = [relation], {relation.oid}
    while waiting:
        each = waiting.pop()
        yield each
        for oid in each.children:
            child = snapshot.relations.get(oid)
            if child is not None and oid not in seen:
                seen.add(oid)
                waiting.append(child)


def _stored(relation: Relation, snapshot: Snapshot) -> list[Relation]:
    """Where its rows are, in this database."""
    return [each for each in _tree(relation, snapshot) if each.kind in "rm" and each.persistence != "t"]


def _is_mixed(relation: Relation, snapshot: Snapshot) -> bool:
    """Whether some of its rows are elsewhere: to read them could do anything."""
    return any(each.kind == "f" for each in _tree(relation, snapshot))


def _size(relation: Relation, tables: Iterable[Relation]) -> str:
    oids = ",".join(str(each.oid) for each in tables)
    return (
        "select json_build_array((select sum(greatest(c.reltuples, 0))::float8 from pg_class c where c.oid = any (t.oids)),"
        " (select sum(pg_relation_size(o))::int8 from unnest(t.oids) o), array(select a.attnum from pg_attribute a"
        f" where a.attrelid = {relation.oid} and a.attnum > 0 and not a.attisdropped"
        f" and has_column_privilege({relation.oid}::oid, a.attnum, 'select')))"
        f" from (select '{{{oids}}}'::oid[] as oids) t"
    )


def _quoted(relation: Relation) -> str:
    return f"{_identifier(relation.schema)}.{_identifier(relation.name)}"


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


SAMPLER = Sampler(version=(3, 0), settings=SETTINGS, connection=Sampling, can_be_read=can_be_read, tells=tells)
