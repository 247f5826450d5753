"""Under which a text is read: catalogue, search path, role, settings. Pure; one value, shared by what is read alike.

`Schemas and the search path` (ddl-schemas) and `search_path` (runtime-config-client) in PostgreSQL's documentation: the temporary
schema comes first and pg_catalog next unless the path names them; functions and operators are never found in the temporary schema.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from nightporter.catalog.model import NOTHING, Function, Operator, Relation, Snapshot, Type

CATALOG = "pg_catalog"


MAX_STEPS = 400_000
"""Expressions and queries looked at for one statement, with all that it sets off: about a second's work."""


MAX_KNOWN = 20_000
"""Functions, views, and sets of columns that a table is changed in, of which a scope keeps what they do: some kilobytes each."""


class TooLargeError(Exception):
    """A statement that takes too long to understand."""


MAX_ROUNDS = 16
"""How often functions that call each other are gone through: once for each step that something read takes to come around."""


class Found(Protocol):
    """What was found out about something."""

    def facts(self) -> object:
        """All that it says, to be compared."""


class Progress:
    """How far the understanding of one statement has got: the steps that are left, and what is being found out at the moment.

    Functions, triggers and rules may set each other off. Such a cycle is gone through in rounds: what is asked for while it is
    under way is what the round before found, nothing at first, and each part is looked at once a round. What they do only grows,
    so when a round finds nothing new, all of it is right, and is kept.
    """

    __slots__ = ("_changed", "_fresh", "_guessed", "_lowest", "_under_way", "left")

    def __init__(self) -> None:
        self._under_way: list[object] = []
        self._guessed: dict[object, Any] = {}
        """What the last round found, of what is in a cycle."""
        self._fresh: dict[object, tuple[int, dict[object, Any], object]] = {}
        """What this round has found: where the cycle begins, and where it is to be kept."""
        self.begin()

    def begin(self) -> None:
        """Another statement."""
        self.left = MAX_STEPS
        self._under_way.clear()
        self._guessed.clear()
        self._fresh.clear()
        self._lowest = sys.maxsize
        """The outermost of what is under way that was asked for."""
        self._changed = False

    def step(self, count: int = 1) -> None:
        """One more, or what is as much work as `count` of them. Raises TooLargeError."""
        self.left -= count
        if self.left < 0:
            raise TooLargeError

    def find(self, known: dict[object, Any], key: object, find_out: Callable[[], Found | None]) -> Any:
        """What is known under `key`, or is found out now and kept; of what is under way already, as much as is known by now."""
        if key in known:
            return known[key]
        mark = (id(known), key)
        if mark in self._under_way:
            self._lowest = min(self._lowest, self._under_way.index(mark))
            return self._guessed.get(mark)
        if mark in self._fresh:
            self._lowest = min(self._lowest, self._fresh[mark][0])
            return self._guessed[mark]
        depth, outer, changed = len(self._under_way), self._lowest, self._changed
        try:
            for _ in range(MAX_ROUNDS):
                self.step()
                self._lowest, self._changed = sys.maxsize, False
                self._under_way.append(mark)
                found = find_out()
                self._under_way.pop()
                if self._lowest > depth:  # it is in no cycle
                    _keep(known, key, found)
                    return found
                self._guess(mark, found)
                if self._lowest < depth:  # the cycle begins further out
                    self._move(depth, self._lowest)
                    self._fresh[mark] = self._lowest, known, key
                    outer, changed = min(outer, self._lowest), changed or self._changed
                    return found
                if not self._changed:
                    _keep(known, key, found)
                    self._end(depth, keep=True)
                    return found
                self._end(depth, keep=False)
            raise TooLargeError
        except BaseException:
            del self._under_way[depth:]
            self._end(depth, keep=False)
            raise
        finally:
            self._lowest, self._changed = outer, changed

    def _guess(self, mark: object, found: Found | None) -> None:
        before: Found | None = self._guessed.get(mark)
        if (found.facts() if found is not None else None) != (before.facts() if before is not None else None):
            self._changed = True
        self._guessed[mark] = found

    def _move(self, depth: int, lowest: int) -> None:
        """What was taken for a cycle of its own is a part of one that begins further out."""
        for mark, (begins, known, key) in self._fresh.items():
            if begins >= depth:
                self._fresh[mark] = lowest, known, key

    def _end(self, depth: int, *, keep: bool) -> None:
        """A round is over. `keep`: nothing changed, so what it found is all there is."""
        for mark in [mark for mark, (begins, _, _) in self._fresh.items() if begins >= depth]:
            _, known, key = self._fresh.pop(mark)
            if keep:
                _keep(known, key, self._guessed[mark])


def _keep(known: dict[object, Any], key: object, found: object) -> None:
    if len(known) >= MAX_KNOWN:
        known.clear()
    known[key] = found


class Scope:
    """Compared by identity; `key` is what makes two of them read alike."""

    __slots__ = (
        "_functions",
        "_operators",
        "_relations",
        "_types",
        "_variants",
        "certain",
        "changes",
        "key",
        "named",
        "path",
        "progress",
        "quiet",
        "reaches",
        "resolved",
        "role",
        "settings",
        "snapshot",
        "temporary",
        "views",
    )

    def __init__(
        self,
        snapshot: Snapshot,
        path: Iterable[str] = ("public",),
        role: str = "",
        settings: Mapping[str, str] = NOTHING,
        temporary: str = "",
        certain: bool = True,
    ) -> None:
        self.snapshot = snapshot
        self.named = tuple(path)
        """Schemas as the setting names them."""
        self.path = effective(self.named, role, snapshot, temporary)
        """Schemas in the order in which they are searched, those that exist."""
        self.role = role
        """Current user; empty if it is not known."""
        self.settings = settings
        """Those that change what a text means."""
        self.temporary = temporary
        """Name of the session's temporary schema; empty if it has none."""
        self.certain = certain
        """False: the search path is not known, and a name without its schema may be anything of that name."""
        self.key = (snapshot.version, self.path, role, tuple(sorted(settings.items())), temporary, certain)
        self.resolved: dict[object, Any] = {}
        """What `overload` and `coercion` have found before."""
        self.quiet: set[int] = set()
        """Functions that are known to do nothing but compute."""
        self.reaches: dict[object, Any] = {}
        """What running a function, trigger or rule does: see effects.py."""
        self.changes: dict[object, Any] = {}
        """What changing a table sets off."""
        self.views: dict[object, Any] = {}
        """What reading a view reads."""
        self.progress = Progress()
        """Shared with the variants."""
        self._variants: dict[object, Scope] = {}
        self._relations: dict[str, Relation | None] = {}
        self._types: dict[str, Type | None] = {}
        self._functions: dict[str, tuple[Function, ...]] = {}
        self._operators: dict[str, tuple[Operator, ...]] = {}

    def variant(self, *, path: tuple[str, ...] | None = None, role: str | None = None) -> Scope:
        """The same moment under another search path or role, as functions may have one of their own."""
        if path is None and (role is None or role == self.role):
            return self
        key = (path, role)
        found = self._variants.get(key)
        if found is None:
            kept = self.named if path is None else path  # $user is another, and so are the schemas that may be used
            found = Scope(
                self.snapshot,
                kept,
                self.role if role is None else role,
                self.settings,
                self.temporary,
                self.certain or path is not None,
            )
            found.progress = self.progress
            self._variants[key] = found
        return found

    def canonical(self) -> Scope:
        """Under which the server prints definitions: every name has its schema."""
        return self if self.path == (CATALOG, self.temporary) else self.variant(path=(CATALOG, "pg_temp"))

    def owned_sequences(self) -> Mapping[int, tuple[int, ...]]:
        """Sequences by the table that owns them."""
        found: dict[int, tuple[int, ...]] | None = self.resolved.get("sequences")
        if found is None:
            found = {}
            for relation in self.snapshot.relations.values():
                if relation.kind == "S" and relation.table:
                    found[relation.table] = (*found.get(relation.table, ()), relation.oid)
            self.resolved["sequences"] = found
        return found

    def relation(self, schema: str | None, name: str) -> Relation | None:
        """The relation of that name; None if there is none. Not to be asked for a bare name unless `certain`."""
        if schema is not None:
            return self.snapshot.relations_by_name.get((self.real(schema), name))
        if name in self._relations:
            return self._relations[name]
        by_name = self.snapshot.relations_by_name
        found = next((relation for each in self.path if (relation := by_name.get((each, name))) is not None), None)
        self._relations[name] = found
        return found

    def type(self, schema: str | None, name: str) -> Type | None:
        """The type of that name."""
        if schema is not None:
            return self.snapshot.types_by_name.get((self.real(schema), name))
        if name in self._types:
            return self._types[name]
        by_name = self.snapshot.types_by_name
        found = next((type_ for each in self.path if (type_ := by_name.get((each, name))) is not None), None)
        self._types[name] = found
        return found

    def functions(self, schema: str | None, name: str) -> tuple[Function, ...]:
        """Every function of that name that the path shows, in its order; one hidden by an earlier of the same types is left out."""
        if schema is not None:
            return tuple(self.snapshot.functions_by_name.get((self.real(schema), name), ()))
        if not self.certain:
            return tuple(each for schema in self.searched for each in self.snapshot.functions_by_name.get((schema, name), ()))
        found = self._functions.get(name)
        if found is None:
            shown: dict[tuple[int, ...], Function] = {}
            for each in self.searched:
                for function in self.snapshot.functions_by_name.get((each, name), ()):
                    shown.setdefault(function.argument_types, function)
            self._functions[name] = found = tuple(shown.values())
        return found

    def operators(self, schema: str | None, name: str) -> tuple[Operator, ...]:
        """Every operator of that name that the path shows, as with functions."""
        if schema is not None:
            return tuple(self.snapshot.operators_by_name.get((self.real(schema), name), ()))
        found = self._operators.get(name)
        if found is None:
            shown: dict[tuple[int, int], Operator] = {}
            for each in self.searched:
                for operator in self.snapshot.operators_by_name.get((each, name), ()):
                    shown.setdefault((operator.left, operator.right), operator)
            self._operators[name] = found = tuple(shown.values())
        return found

    @property
    def searched(self) -> tuple[str, ...]:
        """Where functions and operators are looked for. An uncertain path: everywhere."""
        if not self.certain:
            return tuple(sorted(self.snapshot.schemas))
        return tuple(each for each in self.path if each != self.temporary)

    def real(self, schema: str) -> str:
        """pg_temp is another name of the session's own."""
        return self.temporary if schema == "pg_temp" and self.temporary else schema


def effective(path: Iterable[str], role: str, snapshot: Snapshot, temporary: str) -> tuple[str, ...]:
    """The schemas that are searched, in order, from those that the setting names (taken apart, unquoted)."""
    named = [role if each == "$user" else temporary if each == "pg_temp" else each for each in path]
    first = [each for each in (temporary, CATALOG) if each and each not in named]
    may_use = _usable(role, snapshot)
    return tuple(dict.fromkeys(each for each in first + named if each and (each == temporary or may_use(each))))


def _usable(role: str, snapshot: Snapshot) -> Callable[[str], bool]:
    """Whether a schema is searched: it is there, and the role may use it. Others are passed over without a word."""
    found = snapshot.roles.get(role)
    if found is None or found.superuser:
        return lambda schema: schema in snapshot.schemas
    by_oid = {each.oid: each for each in snapshot.roles.values()}
    rights = {0, found.oid}
    waiting = [found]
    while waiting:
        for oid in waiting.pop().member_of:
            if oid not in rights:
                rights.add(oid)
                waiting += [by_oid[oid]] if oid in by_oid else []
    users = snapshot.schema_users
    return lambda schema: schema in snapshot.schemas and not rights.isdisjoint(users.get(schema, rights))
