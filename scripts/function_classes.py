#!/usr/bin/env python3
"""Bring `functions.tsv`, the table of what built-in functions do, up to date with real servers.

    .venv/bin/python scripts/function_classes.py BIN...

Each BIN is a directory with initdb, postgres and psql (any version's psql) of one server; give one of each major version, and
all whose extensions count, at once: functions that no server has are dropped, unless they belong to an extension that no server
offers. Every extension that a server offers is created in every version that it offers. What the table says of a function stays;
a function that is new to it is `unknown`, with a note that begins with `new:`, until somebody has reviewed it and written effects
and note.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from nightporter.demo.server import EmbeddedServer, ServerError
from nightporter.protocols.postgres.semantics.classes import Line, lines

TABLE = Path(__file__).parents[1] / "src/nightporter/protocols/postgres/semantics/functions.tsv"
HEAD = """\
# What the functions of PostgreSQL and of extensions do. Kept by scripts/function_classes.py; effects and notes are written by hand.
# owner, name, argument types, language, C symbols, major versions, effects, note
"""
FUNCTIONS = """
set search_path = pg_catalog;
select json_build_object('owner', coalesce(e.extname, n.nspname), 'name', p.proname, 'arguments', oidvectortypes(p.proargtypes),
    'language', l.lanname, 'source', p.prosrc, 'volatility', p.provolatile, 'own', p.oid < 16384,
    'closed', not has_function_privilege('public', p.oid, 'execute'), 'description', obj_description(p.oid, 'pg_proc'))
from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_language l on l.oid = p.prolang
left join pg_depend d on d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
    and d.refclassid = 'pg_extension'::regclass
left join pg_extension e on e.oid = d.refobjid
where p.oid < 16384 or e.oid is not null;
"""
EXTENSIONS = "select name, version from pg_available_extension_versions where name <> 'plpgsql' order by 1, 2"
Key = tuple[str, str, str]


@dataclass
class Seen:
    """One function, as all servers have it."""

    language: str
    symbols: set[str] = field(default_factory=set)
    servers: set[int] = field(default_factory=set)
    about: str = ""

    @classmethod
    def again(cls, line: Line) -> Seen:
        """As the table has it."""
        return cls(line.language, set(line.symbols) or {"-"}, set(map(int, line.majors)))


def main(folders: list[str]) -> int:
    if not folders:
        print(__doc__, file=sys.stderr)  # noqa: T201
        return 2
    seen: dict[Key, Seen] = {}
    for folder in folders:
        with EmbeddedServer(Path(folder)) as server:
            major = int(server.psql("show server_version_num")) // 10000
            for function in functions(server):
                add(seen, major, function)
    known = {(line.owner, line.name, line.arguments): line for line in lines()} if TABLE.exists() else {}
    offered = {owner for owner, _, _ in seen}
    kept = {key: Seen.again(line) for key, line in known.items() if key[0] not in offered}
    new, gone = sorted(seen.keys() - known.keys()), sorted(known.keys() - seen.keys() - kept.keys())
    seen |= kept
    TABLE.write_text(HEAD + "".join(written(key, seen[key], known.get(key)) for key in sorted(seen)))
    for word, keys in ("new", new), ("gone", gone):
        for owner, name, arguments in keys:
            print(f"{word}\t{owner}\t{name}({arguments})")  # noqa: T201
    return 0


def functions(server: EmbeddedServer) -> Iterator[dict[str, str]]:
    """The server's own, then those of each extension in each version, one JSON object each."""
    yield from map(json.loads, server.psql(FUNCTIONS).splitlines())
    for row in server.psql(EXTENSIONS).splitlines():
        name, version = row.split("|")
        server.psql("create database extended")
        try:
            server.psql(f"create extension \"{name}\" version '{version}' cascade", "extended")
            yield from map(json.loads, server.psql(FUNCTIONS, "extended").splitlines())
        except ServerError as error:
            # such as a language whose interpreter is not installed: its functions stay unknown
            print(f"left out\t{name} {version}: {error}", file=sys.stderr)  # noqa: T201
        finally:
            server.psql("drop database extended with (force)")


def add(seen: dict[Key, Seen], major: int, function: dict[str, str]) -> None:
    # of extensions only what is in C: their SQL is read, and what they take from the server has its line there
    if function["language"] != "c" and not function["own"]:
        return
    arguments = re.sub(r"(?:\"[^\"]+\"|\b\w+)\.", "", function["arguments"])
    one = seen.setdefault((function["owner"], function["name"], arguments), Seen(function["language"]))
    if one.language != function["language"]:
        raise SystemExit(f"`{function['name']}({arguments})` is in {one.language} and in {function['language']}")
    one.servers.add(major)
    one.symbols.add("-" if one.language == "sql" else function["source"])
    kept = "not for everybody, " if function["closed"] else ""
    one.about = f"new: {kept}volatility {function['volatility']}, {function['description'] or 'not described'}"


def written(key: Key, seen: Seen, known: Line | None) -> str:
    effects, note = (",".join(sorted(known.words)), known.note) if known else ("unknown", seen.about)
    row = [*key, seen.language, ",".join(sorted(seen.symbols)), ranges(seen.servers), effects, *([note] if note else [])]
    return "\t".join(row) + "\n"


def ranges(majors: Iterable[int]) -> str:
    """`13-14,16` for 13, 14 and 16."""
    found: list[list[int]] = []
    for major in sorted(majors):
        if found and major == found[-1][-1] + 1:
            found[-1].append(major)
        else:
            found.append([major])
    return ",".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
