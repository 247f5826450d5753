"""The source as trees: which module imports which. Reads files, imports nothing of them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SRC = Path(__file__).parents[2] / "src" / "nightporter"
PACKAGE = "nightporter"


@dataclass(frozen=True, slots=True)
class Module:
    """One file."""

    name: str
    """Dotted, without the package: `core.wire`; a package's own file has the package's name."""
    path: Path
    tree: ast.Module

    @property
    def place(self) -> str:
        """Where it is, for messages."""
        return self.path.relative_to(SRC).as_posix()

    def imports(self, *, when_run: bool = False) -> Iterator[str]:
        """Dotted names of what it imports, wherever in the file. `when_run`: without what only a type checker sees."""
        parents = (PACKAGE, *self.path.relative_to(SRC).parent.parts)
        unseen = {id(each) for guard in _guards(self.tree) for each in ast.walk(guard)} if when_run else set()
        for node in ast.walk(self.tree):
            if id(node) in unseen:
                continue
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = list(parents[: len(parents) - node.level + 1]) if node.level else []
                base += [node.module] if node.module else []
                yield from (".".join([*base, alias.name]) for alias in node.names)

    def of_ours(self, *, when_run: bool = False) -> Iterator[str]:
        """Names of our modules that it imports."""
        for name in self.imports(when_run=when_run):
            if not name.startswith(f"{PACKAGE}."):
                continue
            wanted = name.removeprefix(f"{PACKAGE}.")
            if wanted not in names() and "." in wanted:
                wanted = wanted.rpartition(".")[0]  # a name in a module
            if wanted in names():
                yield wanted


def _guards(tree: ast.Module) -> list[ast.If]:
    return [node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]


@cache
def modules() -> tuple[Module, ...]:
    """Every file of the package."""
    found = []
    for path in sorted(SRC.rglob("*.py")):
        parts = path.relative_to(SRC).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found.append(Module(name, path, ast.parse(path.read_text())))
    return tuple(found)


@cache
def names() -> frozenset[str]:
    """Names of every module."""
    return frozenset(module.name for module in modules())
