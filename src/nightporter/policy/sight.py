"""What a policy can see of a question: which entities it mentions, which attributes and facts it reads. Pure.

Answers are kept by what the policies in force can see, so this must be all of it. Where that could not be known, the policy is
refused: an entity that is written out and then looked into (`Human::"ada".name`), a resource or context that is used as a value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from .model import Uid

Node: TypeAlias = Mapping[str, Any]
"""An expression as Cedar writes it in JSON: one key, which says what it is."""


@dataclass(frozen=True, slots=True)
class Sees:
    """All that some policies can see of a question, beside its principal (always whole), its action and its resource's type."""

    entities: frozenset[Uid] = frozenset()
    """Mentioned anywhere. The resource may be one of these, or in one, and `==` tells the one from the other."""
    attributes: frozenset[str] = frozenset()
    """Of the resource."""
    facts: frozenset[str] = frozenset()
    """Of the context."""

    def __or__(self, other: Sees) -> Sees:
        return Sees(self.entities | other.entities, self.attributes | other.attributes, self.facts | other.facts)


NOTHING = Sees()


def sees(policy: Node) -> tuple[Sees, tuple[str, ...]]:
    """What a policy (Cedar's JSON form) sees, and why that cannot be known."""
    looking = _Looking()
    for part in ("principal", "action", "resource"):
        looking.entities.update(mentioned(policy[part]))
    for condition in policy["conditions"]:
        looking.at(condition["body"])
    found = Sees(frozenset(looking.entities), frozenset(looking.attributes), frozenset(looking.facts))
    return found, tuple(dict.fromkeys(looking.complaints))


def mentioned(node: object) -> Iterator[Uid]:
    """Every entity that is written out in there."""
    if isinstance(node, Mapping):
        if node.keys() == {"type", "id"} and isinstance(node["type"], str) and isinstance(node["id"], str):
            yield Uid(node["type"], node["id"])
        else:
            for each in node.values():
                yield from mentioned(each)
    elif isinstance(node, list):
        for each in node:
            yield from mentioned(each)


def variable(node: Node) -> str | None:
    """`principal`, `action`, `resource` or `context`, if it is nothing else."""
    name = node.get("Var")
    return name if isinstance(name, str) else None


def entity(node: Node) -> Uid | None:
    """The entity, if it is one that is written out."""
    value = node.get("Value")
    if isinstance(value, Mapping) and value.keys() == {"__entity"}:
        return Uid(value["__entity"]["type"], value["__entity"]["id"])
    return None


def entities(node: Node) -> tuple[Uid, ...] | None:
    """The entities, if it is one, or a list of several, that are written out."""
    one = entity(node)
    if one is not None:
        return (one,)
    if not isinstance(node.get("Set"), list):
        return None
    every = tuple(entity(each) for each in node["Set"])
    return tuple(each for each in every if each is not None) if None not in every else None


_TWO = frozenset(("&&", "||", "<", "<=", ">", ">=", "+", "-", "*", "containsAll", "containsAny"))
_ONE = frozenset(("!", "neg", "isEmpty"))
_LITERAL = "an entity that is written out cannot be looked into: say `principal` or `resource`, and compare it with `==` or `in`"


class _Looking:
    def __init__(self) -> None:
        self.entities: set[Uid] = set()
        self.attributes: set[str] = set()
        self.facts: set[str] = set()
        self.complaints: list[str] = []

    def at(self, node: Node) -> None:
        """An expression, whose value may be used for anything."""
        ((kind, body),) = node.items()
        match kind:
            case "Value":
                self.entities.update(mentioned(body))
            case "Var":
                self._bare(body)
            case "." | "has":
                self._attribute(body["left"], body["attr"])
            case "==" | "!=":
                self._compared(body["left"], body["right"])
            case "in":
                self._inside(body["left"], body["right"])
            case "is":
                self._is(body)
            case "contains":
                self._compared(body["right"], body["left"])
            case "hasTag" | "getTag":
                self._tag(body["left"], body["right"])
            case "like":
                self.at(body["left"])
            case "if-then-else":
                self._each(body.values())
            case "Set":
                self._each(body)
            case "Record":
                self._each(body.values())
            case _ if kind in _TWO:
                self._each((body["left"], body["right"]))
            case _ if kind in _ONE:
                self.at(body["arg"])
            case _ if isinstance(body, list):
                self._each(body)  # a function of an extension: ip("..."), isInRange(...)
            case _:
                self.complaints.append(f"what it does with `{kind}` is not understood")

    def _each(self, nodes: Any) -> None:
        for node in nodes:
            self.at(node)

    def _bare(self, name: str) -> None:
        if name == "resource":
            self.complaints.append("`resource` as a value: compare it with entities, by `==`, `in` or `is`, or say `resource.NAME`")
        elif name == "context":
            self.complaints.append("`context` as a value: say `context.NAME`")

    def _attribute(self, left: Node, name: object) -> None:
        names = (name,) if isinstance(name, str) else tuple(name) if isinstance(name, list) else ()
        match variable(left):
            case "context":
                self.facts.update(names[:1])
            case "resource":
                self.attributes.update(names[:1])
            case "principal" | "action":
                pass
            case _:
                self._looked_into(left)

    def _compared(self, one: Node, other: Node) -> None:
        """Two values that are held against each other, or one and a list."""
        for this, that in ((one, other), (other, one)):
            if variable(this) == "resource" and entities(that) is not None:
                self.at(that)
                return
        self.at(one)
        self.at(other)

    def _inside(self, left: Node, right: Node) -> None:
        if variable(left) == "resource":
            if entities(right) is None:
                self.complaints.append("what `resource` is in must be an entity that is written out, or a list of such")
        elif variable(left) is None:
            self._looked_into(left)
        self.at(right)

    def _is(self, body: Node) -> None:
        if variable(body["left"]) is None:
            self.at(body["left"])
        if "in" in body:
            self._inside(body["left"], body["in"])

    def _tag(self, left: Node, right: Node) -> None:
        if variable(left) != "principal":
            self.complaints.append("only `principal` has tags")
        self.at(right)

    def _looked_into(self, node: Node) -> None:
        if any(mentioned(node)):
            self.complaints.append(_LITERAL)
        self.at(node)
