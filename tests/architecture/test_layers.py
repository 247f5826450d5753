"""Imports run one way, and what is pure does no I/O. The tables say what may import what; to change one is a decision."""

from __future__ import annotations

import pytest

from .source import Module, modules

IO = {"asyncio", "socket", "ssl", "select", "selectors", "subprocess", "multiprocessing", "uvloop"}
IO |= {"time", "os", "threading", "random", "secrets", "signal"}

PURE = ("core", "statement", "catalog", "policy", "masking", "protocols", "identity", "secret")
PURE_MODULES = ("evidence.chain", "evidence.commitment", "evidence.record", "evidence.schema", "config.model", "config.document")
"""Of packages that do I/O elsewhere: what they mean, without the files and sockets."""

# Parts are packages, but for what core shares with those below it: its errors, and the vocabulary of conversations and wires.
PARTS = ("core.error", "core.talk", "core.wire", "identity.authenticate")

_WORDS = {"core.error", "core.talk", "core.wire"}
ALLOWED: dict[str, set[str]] = {
    "": {"compiled"},  # the package itself
    "__main__": {"cli"},
    "compiled": set(),
    "secret": set(),
    "core.error": set(),
    "core.talk": set(),
    "statement": set(),
    "catalog": {"core.error", "core.talk", "masking", "statement"},
    "identity": {"core.error", "secret"},
    "policy": {"core.error", "identity", "statement"},
    "masking": {"statement"},
    "core.wire": {"core.error", "core.talk", "catalog", "identity", "policy", "secret", "statement"},
    "identity.authenticate": {"core.error", "core.wire", "identity"},
    "core": {*_WORDS, "catalog", "identity", "identity.authenticate", "policy", "statement", "masking"},
    "protocols": {*_WORDS, "catalog", "identity", "masking", "policy", "secret", "statement"},  # policy: how a column is shown
    "evidence": {"core.error", "identity", "statement"},
    "store": {"core.error", "catalog", "identity", "secret"},
    "upstream": {"core.error", "secret"},
    "config": {"core.error", "upstream"},
    # the rim, and the faces
    "gateway": {
        *_WORDS,
        *("catalog", "config", "core", "evidence", "identity", "identity.authenticate", "masking", "policy"),
        *("protocols", "secret", "statement", "store", "upstream"),
    },
    "demo": {"core.error", "secret"},
    "cli": {
        *_WORDS,
        *(
            "catalog",
            "config",
            "core",
            "demo",
            "evidence",
            "gateway",
            "identity",
            "masking",
            "policy",
            "protocols",
            "secret",
            "statement",
            "store",
        ),
    },
}


def part_of(name: str) -> str:
    return name if name in PARTS else name.partition(".")[0]


every_module = pytest.mark.parametrize("module", modules(), ids=lambda module: module.place)


@every_module
def test_imports_run_one_way(module: Module) -> None:
    part = part_of(module.name)
    assert part in ALLOWED, f"`{part}` is new: say in ALLOWED what it may import"
    used = {part_of(name) for name in module.of_ours()} - {part, ""}
    assert used <= ALLOWED[part], f"`{module.name}` must not import {sorted(used - ALLOWED[part])}"


def test_what_the_table_allows_runs_one_way() -> None:
    above: set[str] = set()
    waiting = dict(ALLOWED)
    while waiting:
        free = {part for part, needs in waiting.items() if needs <= above}
        assert free, f"these need each other: {sorted(waiting)}"
        above |= free
        waiting = {part: needs for part, needs in waiting.items() if part not in free}


MUTUAL = "protocols.postgres.semantics."
"""The grammar comes back to itself: an expression holds a query, a query expressions, a body statements. So do its readers."""


def test_no_modules_import_each_other_in_a_circle() -> None:
    imports = {
        module.name: {
            name
            for name in module.of_ours(when_run=True)
            if name != module.name and not (name.startswith(MUTUAL) and module.name.startswith(MUTUAL))
        }
        for module in modules()
    }
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, f"a circle: {' -> '.join([*path[path.index(name) :], name])}"
        if name not in done:
            for wanted in sorted(imports[name]):
                visit(wanted, (*path, name))
            done.add(name)

    for name in imports:
        visit(name, ())


def pure_modules() -> list[Module]:
    return [m for m in modules() if m.name.partition(".")[0] in PURE or m.name in PURE_MODULES]


@pytest.mark.parametrize("module", pure_modules(), ids=lambda module: module.place)
def test_what_is_pure_does_no_io(module: Module) -> None:
    used = {name.partition(".")[0] for name in module.imports()} & IO
    assert not used, f"`{module.name}` is pure: time, ids and randomness are arguments, not {sorted(used)}"


@pytest.mark.parametrize("module", pure_modules(), ids=lambda module: module.place)
def test_what_is_pure_reads_no_clock_and_opens_no_file(module: Module) -> None:
    import ast

    calls = {ast.unparse(node.func) for node in ast.walk(module.tree) if isinstance(node, ast.Call)}
    forbidden = {"open", "input", "datetime.now", "datetime.utcnow", "datetime.datetime.now", "date.today", "uuid.uuid4", "uuid4"}
    assert not calls & forbidden


def test_every_pure_module_that_is_named_exists() -> None:
    assert set(PURE_MODULES) <= {module.name for module in modules()}
