"""What is valid in a policy and most likely a mistake: reported, never refused. Pure.

- A policy that can never apply: its scope and its conditions contradict each other, or a fact can never have that value.
- A name that nothing has.
- A permit of everything to everyone, or one that shows everything to everyone.
- A policy about `reveal` that reads what is not told of it.

It errs to one side: what is called impossible is so. Much that is impossible is not found.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, NamedTuple, TypeAlias

from nightporter.statement.model import Effect, RowBound, Use

from .language import Policy, place_of
from .model import Uid
from .schema import actions
from .sight import Node, entities, entity, mentioned, variable


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Something that its author should look at."""

    file: str
    line: int
    id: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: policy `{self.id}`: {self.message}"


@dataclass(frozen=True, slots=True)
class Known:
    """What there is, as far as the caller can tell. None: it cannot."""

    environments: frozenset[str] | None = None
    databases: frozenset[str] | None = None
    """By the names that clients use."""
    groups: frozenset[str] | None = None
    principals: frozenset[Uid] | None = None
    labels: frozenset[str] | None = None
    """With the wider ones that they are in."""


NOTHING_KNOWN = Known()


def suspicions(policy: Policy, known: Known = NOTHING_KNOWN) -> tuple[Suspicion, ...]:
    """What is suspicious about a policy, in the order of its text."""
    said = [(place_of(policy, f"`{word}`").line, message) for word, message in _complaints(policy, known)]
    return tuple(Suspicion(policy.file, line, policy.id, message) for line, message in sorted(dict.fromkeys(said)))


def _complaints(policy: Policy, known: Known) -> Iterator[tuple[str, str]]:
    """A word of the policy's text, and what is suspicious about it."""
    for uid in sorted(policy.sees.entities):
        for message in _misnamed(uid, known):
            yield uid.id, message
    if policy.hold is not None and known.groups is not None:
        for group in policy.hold.groups:
            if group not in known.groups:
                yield "hold", f"`@hold` names the group `{group}`, which there is not"
    conditions = [(each["body"], each["kind"] == "when") for each in policy.est["conditions"]]
    for body, _ in conditions:
        yield from _never_so(body)
    scope = [*_scope(policy.est)]
    if impossible(conditions, scope):
        idle = "permits" if policy.effect == "permit" else "forbids"
        yield "", f"its condition is always false, so that it {idle} nothing"
    elif _is_open(policy, conditions):
        every = {uid.id for uid in mentioned(policy.est["action"])}
        yield "", "it shows everything to everyone" if every else "it permits everything to everyone"
    if policy.reveals:
        for name in sorted(policy.facts & NOT_OF_REVEAL):
            told = "a permit that reads it never counts, a forbid always does" if name == ESTIMATED else "it is always neutral"
            yield name, f"`context.{name}` is not told of `reveal`: {told}"
    if policy.effect == "permit" and not policy.names_unknown and _asks_for_unknown(conditions):
        yield "unknown", 'a permit counts for `Action::"unknown"` only if its scope names it'


def _is_open(policy: Policy, conditions: Sequence[tuple[Node, bool]]) -> bool:
    if policy.effect != "permit" or policy.hold is not None or policy.observe:
        return False
    if any(policy.est[part]["op"] != "All" for part in ("principal", "resource")) or policy.mask is not None:
        return False
    if policy.est["action"]["op"] != "All" and not policy.reveals:
        return False
    return all(impossible([(body, not wanted)], []) for body, wanted in conditions)


def _asks_for_unknown(conditions: Iterable[tuple[Node, bool]]) -> bool:
    unknown = '{"type": "Action", "id": "unknown"}'
    return any(wanted and unknown in json.dumps(body) for body, wanted in conditions)


# Names

_PARTS = {"Database": (1, 1), "Schema": (2, 2), "Table": (3, 3), "Column": (4, 4), "Function": (3, 3), "Setting": (2, 2)}
_SHAPES = {
    "Database": "DATABASE",
    "Schema": "DATABASE/SCHEMA",
    "Table": "DATABASE/SCHEMA/TABLE",
    "Column": "DATABASE/SCHEMA/TABLE/COLUMN",
    "Function": "DATABASE/SCHEMA/FUNCTION",
    "Setting": "DATABASE/SETTING",
}
_STRAY = re.compile("%(?!2F|25)")
_PRINCIPALS = frozenset(("Human", "Agent", "Service"))


def _misnamed(uid: Uid, known: Known) -> Iterator[str]:
    if uid.type in _PARTS:
        yield from _misspelled(uid, known)
    elif uid.type == "Environment":
        if known.environments is not None and uid.id not in known.environments:
            yield f"there is no environment `{uid.id}`"
    elif uid.type == "Group":
        if known.groups is not None and uid.id not in known.groups:
            yield f"there is no group `{uid.id}`"
    elif uid.type == "Label":
        if known.labels is not None and uid.id not in known.labels:
            near = get_close_matches(uid.id, known.labels, 1)
            yield f"there is no label `{uid.id}`" + (f": is `{near[0]}` meant?" if near else "")
    elif uid.type in _PRINCIPALS and known.principals is not None and uid not in known.principals:
        yield f"there is no {uid.type.lower()} `{uid.id}`"


def _misspelled(uid: Uid, known: Known) -> Iterator[str]:
    parts = uid.id.split("/")
    least, most = _PARTS[uid.type]
    if not least <= len(parts) <= most or "" in parts:
        yield f'`{uid}` is the id of nothing: write {uid.type}::"{_SHAPES[uid.type]}", and `%2F` for a `/` inside of a name'
    elif _STRAY.search(uid.id):
        yield f"`{uid}` is the id of nothing: write `%25` for a `%`"
    elif known.databases is not None and parts[0].replace("%2F", "/").replace("%25", "%") not in known.databases:
        yield f"`{uid}`: there is no database `{parts[0]}`"


# Values that a fact never has


class Domain(NamedTuple):
    """What a fact can be: one of some, or between two numbers, both included."""

    values: frozenset[object] | None = None
    low: int | None = None
    high: int | None = None
    lower_case: bool = False

    def has(self, value: object) -> bool:
        if self.values is not None and value not in self.values:
            return False
        if isinstance(value, int) and not isinstance(value, bool):
            return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)
        return not self.lower_case or not isinstance(value, str) or value == value.lower()

    def __str__(self) -> str:
        if self.values is not None:
            return "it is one of " + ", ".join(f"`{value}`" for value in sorted(map(str, self.values)) if value)
        if self.lower_case:
            return "it is in lower case"
        return f"it is from {self.low} to {self.high}" if self.high is not None else f"it is at least {self.low}"


ANYTHING = Domain()
ESTIMATED = "estimated_rows"
NOT_OF_REVEAL = frozenset(("row_bound", "via", "effects", "locks", "planned", "value", "statement", "statements", ESTIMATED))
"""Facts of what a statement does; how a value is shown is asked once for many statements."""
MAX_COUNTED = 1000
"""Numbers that are looked at one by one: enough for hours and minutes."""
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DOMAINS: Mapping[str, Domain] = {
    "context.use": Domain(frozenset(("", *(each.value for each in Use)))),
    "context.row_bound": Domain(frozenset(("", *(each.value for each in RowBound)))),
    "context.weekday": Domain(frozenset(_WEEKDAYS)),
    "context.statement": Domain(lower_case=True),
    "context.hour": Domain(low=0, high=23),
    "context.minute": Domain(low=0, high=59),
    "context.statements": Domain(low=0),
    "context.estimated_rows": Domain(low=0),
}
TRAITS = frozenset(
    ("triggers", "rules", "row_security", "partition", "child", "temporary", "unlogged", "foreign", "system")  # of relations
)
_MEMBERS: Mapping[str, Domain] = {
    "context.effects": Domain(frozenset(each.value for each in Effect)),
    "resource.traits": Domain(TRAITS),
}
"""What can be in facts and attributes that are sets."""


def _never_so(node: object) -> Iterator[tuple[str, str]]:
    """Values that something is compared with and never has, anywhere in an expression."""
    if isinstance(node, list):
        for each in node:
            yield from _never_so(each)
    if not isinstance(node, Mapping):
        return
    for kind, body in node.items():
        yield from _never_so(body)
        if kind in ("==", "!="):
            yield from _outside(body["left"], body["right"], DOMAINS)
            yield from _outside(body["right"], body["left"], DOMAINS)
        elif kind in ("contains", "containsAny", "containsAll"):
            yield from _outside(body["left"], body["right"], _MEMBERS)
            yield from _outside(body["right"], body["left"], DOMAINS)
        elif kind in ("<", "<=", ">", ">="):
            yield from _beyond(kind, body)


def _outside(one: Node, other: Node, domains: Mapping[str, Domain]) -> Iterator[tuple[str, str]]:
    name = _name(one)
    domain = domains.get(name or "")
    if domain is None:
        return
    for value in _literals(other) or ():
        if not domain.has(value):
            where = "has never" if domains is _MEMBERS else "is never"
            yield str(value), f"`{name}` {where} `{value}`: {domain}"


def _beyond(kind: str, body: Mapping[str, Node]) -> Iterator[tuple[str, str]]:
    atom = _order(kind, body["left"], body["right"], True)
    if atom is not None and _contradicts([atom]):
        number = next(value for side in ("left", "right") for value in _literals(body[side]) or ())
        yield str(number), f"`{atom.subject}` is never `{kind} {number}`: {DOMAINS[atom.subject]}"


def _name(node: Node) -> str | None:
    """`context.use`, if it is an attribute of a variable."""
    inner = node.get(".")
    if isinstance(inner, Mapping) and isinstance(inner["attr"], str):
        of = variable(inner["left"])
        return f"{of}.{inner['attr']}" if of else None
    return None


def _literals(node: Node) -> tuple[object, ...] | None:
    """The values that are written out there, of one literal or a list of such."""
    if "Set" in node:
        every = [_literals(each) for each in node["Set"]]
        return tuple(each[0] for each in every if each) if all(every) else None
    value = node.get("Value")
    return (value,) if isinstance(value, str | int) else None


# What can never be


class Atom(NamedTuple):
    """That something (`context.hour`) is within, and not among some values."""

    subject: str
    within: Domain = ANYTHING
    without: frozenset[object] = frozenset()


Wanted: TypeAlias = tuple[Node, bool]
"""An expression, and what it shall be."""


def impossible(wanted: Iterable[Wanted], given: Iterable[Atom]) -> bool:
    """Whether these expressions can never all be what they shall be at once, given that."""
    atoms = [*given]
    choices: list[tuple[Wanted, ...]] = []
    waiting = [*wanted]
    while waiting:
        node, positive = waiting.pop()
        ((kind, body),) = node.items()
        if kind == "!":
            waiting.append((body["arg"], not positive))
        elif kind in ("&&", "||"):
            sides = ((body["left"], positive), (body["right"], positive))
            if (kind == "&&") == positive:
                waiting += sides
            else:
                choices.append(sides)
        elif kind == "if-then-else":
            choices.append(_branches(body, positive))
        else:
            found = _atom(kind, body, positive)
            if found is NEVER:
                return True
            if found is not None:
                atoms.append(found)
    if _contradicts(atoms):
        return True
    return any(all(impossible([each], atoms) for each in choice) for choice in choices)


def _branches(body: Mapping[str, Node], positive: bool) -> tuple[Wanted, Wanted]:
    then, otherwise = (node if positive else _not(node) for node in (body["then"], body["else"]))
    question = body["if"]
    if not question.keys().isdisjoint(("&&", "||", "!", "if-then-else")):
        return (then, True), (otherwise, True)  # looked at twice at each level it would take forever
    return ({"&&": {"left": question, "right": then}}, True), ({"&&": {"left": _not(question), "right": otherwise}}, True)


def _not(node: Node) -> Node:
    return {"!": {"arg": node}}


NEVER = Atom("")


def _atom(kind: str, body: Any, positive: bool) -> Atom | None:
    """What it means that a comparison is so, or is not; None: nothing that is understood here."""
    match kind:
        case "Value":
            return NEVER if isinstance(body, bool) and body is not positive else None
        case ".":
            name = _name({".": body})
            return Atom(name, Domain(frozenset((positive,)))) if name else None
        case "==" | "!=":
            return _equal(body["left"], body["right"], positive == (kind == "=="))
        case "<" | "<=" | ">" | ">=":
            return _order(kind, body["left"], body["right"], positive)
        case "contains":
            return _contains(body["left"], body["right"], positive)
        case "containsAny" | "containsAll":
            return _contains_some(kind, body["left"], body["right"], positive)
        case "is" if "in" not in body:
            return _one_of(f"{variable(body['left'])} is", (body["entity_type"],), positive)
        case "is" if positive:
            return _one_of(f"{variable(body['left'])} is", (body["entity_type"],), True)
        case "in":
            return _in(body["left"], body["right"], positive)
        case _:
            return None


def _one_of(subject: str, values: Iterable[object], positive: bool) -> Atom:
    return Atom(subject, Domain(frozenset(values))) if positive else Atom(subject, ANYTHING, frozenset(values))


def _equal(left: Node, right: Node, positive: bool) -> Atom | None:
    if left == right:
        return None if positive else NEVER
    ours, theirs = _literals(left), _literals(right)
    if ours is not None and theirs is not None and "Value" in left and "Value" in right:
        return None if (ours == theirs) is positive else NEVER
    for one, other in ((left, right), (right, left)):
        of, uid = variable(one), entity(other)
        if of and uid:
            return _one_of(of, (uid,), positive)
        name, values = _name(one), _literals(other)
        if name and values and "Value" in other:
            return _one_of(name, values, positive)
    return None


_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}


def _order(kind: str, left: Node, right: Node, positive: bool) -> Atom | None:
    if "Value" in left:
        left, right, kind = right, left, _MIRRORED[kind]
    name, number = _name(left), right.get("Value")
    if name is None or not isinstance(number, int):
        return None
    match kind if positive else _OPPOSITE[kind]:
        case "<":
            return Atom(name, Domain(high=number - 1))
        case "<=":
            return Atom(name, Domain(high=number))
        case ">":
            return Atom(name, Domain(low=number + 1))
        case _:
            return Atom(name, Domain(low=number))


def _contains(left: Node, right: Node, positive: bool) -> Atom | None:
    listed = _literals(left) if "Set" in left else None
    name = _name(right)
    if listed is not None and name:
        return _one_of(name, listed, positive)
    those = entities(left)
    of = variable(right)
    if those is not None and of:
        return _one_of(of, those, positive)
    holder, member = _name(left), _literals(right)
    if holder and member and "Value" in right:
        if positive and holder in _MEMBERS and not _MEMBERS[holder].has(member[0]):
            return NEVER
        return Atom(f"{holder} has {member[0]}", Domain(frozenset((positive,))))
    return None


def _contains_some(kind: str, left: Node, right: Node, positive: bool) -> Atom | None:
    domain, listed = _MEMBERS.get(_name(left) or ""), _literals(right)
    if domain is None or not listed or not positive:
        return None
    there = [domain.has(value) for value in listed]
    return NEVER if not (any(there) if kind == "containsAny" else all(there)) else None


def _in(left: Node, right: Node, positive: bool) -> Atom | None:
    those = entities(right)
    if variable(left) != "action" or those is None:
        return None
    return _one_of("action", _actions_in(those), positive)


def _actions_in(those: Iterable[Uid]) -> Iterator[Uid]:
    wanted = {uid.id for uid in those}
    for name, above in actions().items():
        if not above.isdisjoint(wanted):
            yield Uid("Action", name)


def _scope(est: Mapping[str, Any]) -> Iterator[Atom]:
    """What the scope says, where conditions may contradict it."""
    for part in ("principal", "resource"):
        scope = est[part]
        if scope["op"] == "==":
            yield Atom(part, Domain(frozenset((Uid(**scope["entity"]),))))
        elif scope["op"] == "is":
            yield Atom(f"{part} is", Domain(frozenset((scope["entity_type"],))))
    action = est["action"]
    if action["op"] == "==":
        yield Atom("action", Domain(frozenset((Uid(**action["entity"]),))))
    elif action["op"] == "in":
        named = action.get("entities") or [action["entity"]]
        yield Atom("action", Domain(frozenset(_actions_in(Uid(**each) for each in named))))


def _contradicts(atoms: Sequence[Atom]) -> bool:
    """Whether what is said of one subject leaves nothing that it could be."""
    left: dict[str, Domain] = {}
    without: dict[str, set[object]] = {}
    for atom in (*atoms, *_types_of(atoms)):
        has = left.get(atom.subject)
        left[atom.subject] = _both(_domain(atom.subject) if has is None else has, atom.within)
        without.setdefault(atom.subject, set()).update(atom.without)
    return any(_is_empty(domain, without[subject]) for subject, domain in left.items())


def _types_of(atoms: Iterable[Atom]) -> Iterator[Atom]:
    """What is one of some entities is of their types."""
    for subject, within, _ in atoms:
        if subject in ("principal", "resource") and within.values is not None:
            yield Atom(f"{subject} is", Domain(frozenset(uid.type for uid in within.values if isinstance(uid, Uid))))


def _domain(subject: str) -> Domain:
    return DOMAINS.get(subject, ANYTHING)


def _both(one: Domain, other: Domain) -> Domain:
    values = one.values if other.values is None else other.values if one.values is None else one.values & other.values
    lows = [each for each in (one.low, other.low) if each is not None]
    highs = [each for each in (one.high, other.high) if each is not None]
    return Domain(values, max(lows, default=None), min(highs, default=None), one.lower_case or other.lower_case)


def _is_empty(domain: Domain, without: set[object]) -> bool:
    if domain.values is not None:
        # `has` looks at the other bounds as well
        return all(value in without or not domain.has(value) for value in domain.values)
    if domain.low is None or domain.high is None or domain.high - domain.low > MAX_COUNTED:
        return False
    return all(number in without for number in range(domain.low, domain.high + 1))
