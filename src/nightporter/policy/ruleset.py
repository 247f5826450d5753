"""A set of policies as it is put in force: all files and packs together, checked against each other and the schema. Pure.

A set is valid or it is not: what is wrong is said all at once, and nothing of an invalid set is ever used. It never changes;
another version is another set, with another hash.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from functools import cached_property, reduce
from hashlib import sha256
from types import MappingProxyType

import cedarpy

from nightporter.core.error import PolicyError, PolicyErrors

from .language import Policy, parse, place_of
from .schema import actions, cedar_schema, facts, schema_text, types
from .sight import NOTHING, Sees
from .split import MAX_POLICIES
from .suspicion import NOTHING_KNOWN, Known, Suspicion, suspicions

PACK = re.compile(r"packs/([a-z0-9-]+)\.cedar")
"""How a file is named that is shipped. Ids of its policies begin with the pack's name and a dot; nobody else's do."""

__all__ = ["Known", "Ruleset", "Suspicion", "load"]


class Ruleset:
    """Policies that are valid together. Made by `load`."""

    def __init__(self, files: Mapping[str, str], policies: Iterable[Policy], known: Known = NOTHING_KNOWN) -> None:
        self.files = MappingProxyType(dict(files))
        """Texts by name."""
        self.policies: Mapping[str, Policy] = {policy.id: policy for policy in policies}
        self.sees: Sees = reduce(Sees.__or__, (policy.sees for policy in self.policies.values()), NOTHING)
        """All that any of them can see of a question."""
        self.schema = cedar_schema()
        self.document = _document(files)
        """The whole set as bytes: `policies`, a list of names and texts, and `schema`. Canonical JSON."""
        self.hash = sha256(self.document).hexdigest()
        """Of the document, in hexadecimal: what records name."""
        self._matching: dict[str, tuple[Policy, ...]] = {}
        self._known = known

    def matching(self, action: str) -> tuple[Policy, ...]:
        """The policies whose scope takes in an action, in the order of their ids. Raises KeyError for what is no action.

        Of permits for `unknown` only those that name it: no wildcard matches what could not be understood.
        """
        found = self._matching.get(action)
        if found is None:
            above = actions()[action]
            found = tuple(policy for _, policy in sorted(self.policies.items()) if _takes_in(policy, action, above))
            self._matching[action] = found
        return found

    @cached_property
    def warnings(self) -> tuple[Suspicion, ...]:
        """What is valid and most likely a mistake, in the order of files and lines. Found when it is first asked for."""
        every = [each for policy in self.policies.values() for each in suspicions(policy, self._known)]
        return tuple(sorted(every, key=lambda each: (each.file, each.line, each.id)))


def load(files: Mapping[str, str], known: Known = NOTHING_KNOWN) -> Ruleset:
    """The policies of all files, by their names; `packs/NAME.cedar` is the pack NAME. None at all is a set that denies everything.

    `known`: what there is, so that names of what there is not can be reported.
    Raises `PolicyErrors` with everything that is wrong, by file and line.
    """
    policies: list[Policy] = []
    errors: list[PolicyError] = []
    for name, text in sorted(files.items()):
        if not name.isprintable():
            raise PolicyErrors([PolicyError(f"the name of a file cannot be printed: {name!a}")])
        try:
            policies += parse(name, text)
        except PolicyErrors as those:
            errors += those.errors
        if len(policies) > MAX_POLICIES:
            raise PolicyErrors([*errors, PolicyError(f"more than {MAX_POLICIES} policies in all files together", name, 1, 1)])
    errors += _twice(policies)
    errors += _misplaced(policies, files)
    errors += _invalid(policies)
    if errors:
        raise PolicyErrors(sorted(errors, key=lambda error: (error.file, error.line, error.column)))
    return Ruleset(files, policies, known)


def _document(files: Mapping[str, str]) -> bytes:
    document = {"policies": sorted(files.items()), "schema": schema_text()}
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _takes_in(policy: Policy, action: str, above: frozenset[str]) -> bool:
    if action == "unknown" and policy.effect == "permit" and not policy.names_unknown:
        return False
    scope = policy.est["action"]
    match scope["op"]:
        case "All":
            return True
        case "==":
            return bool(scope["entity"]["id"] == action)
        case _:
            named = scope["entities"] if "entities" in scope else [scope["entity"]]
            return any(each["id"] in above for each in named)


# What is wrong with them together


def _error(policy: Policy, message: str, about: str = "") -> PolicyError:
    at = place_of(policy, about or message)
    return PolicyError(message, policy.file, at.line, at.column, policy.id)


def _twice(policies: Iterable[Policy]) -> Iterator[PolicyError]:
    first: dict[str, Policy] = {}
    for policy in policies:
        other = first.setdefault(policy.id, policy)
        if other is not policy:
            yield _error(policy, f"the id is there twice: in {other.file}:{other.line} as well", "`id`")


def _misplaced(policies: Iterable[Policy], files: Iterable[str]) -> Iterator[PolicyError]:
    """Ids that claim to be a pack's, or of a pack that do not."""
    packs = {found[1] for found in map(PACK.fullmatch, files) if found}
    for policy in policies:
        found = PACK.fullmatch(policy.file)
        prefix = policy.id.partition(".")[0]
        if found and prefix != found[1]:
            yield _error(policy, f"ids in this pack begin with `{found[1]}.`", "`id`")
        elif not found and prefix in packs and "." in policy.id:
            yield _error(policy, f"ids that begin with `{prefix}.` are of the pack of that name", "`id`")


_ABOUT = re.compile(r"for policy `[^`]*`, ")
_ID = re.compile(r"policy(\d+)")
_EACH_ACTION = re.compile(r' for Action::"\w+"')
_EACH_TYPE = re.compile(r"on entity type `(\w+)`")
_NO_ACTION = "unable to find an applicable action given the policy scope constraints"
_UNKNOWN = (
    (re.compile(r"attribute `(\w+)` in context not found"), facts),
    (re.compile(r'unrecognized action `Action::"(\w+)"`'), actions),
    (re.compile(r"unrecognized entity type `(\w+)`"), types),
)


def _invalid(policies: list[Policy]) -> Iterator[PolicyError]:
    """What Cedar's validator says, in its words, each thing once for each policy."""
    # one by one they would take many times as long; it numbers them in the order of the text
    result = cedarpy.validate_policies("\n".join(policy.text for policy in policies), cedar_schema())
    said: dict[int, list[str]] = {}
    for error in result.errors:
        number = _ID.fullmatch(error.policy_id)
        if number is None or int(number[1]) >= len(policies):
            yield PolicyError(f"Cedar refuses the policies: {error.error}")
            return
        said.setdefault(int(number[1]), []).append(_ABOUT.sub("", error.error))
    if not result.validation_passed and not said:
        yield PolicyError("Cedar refuses the policies and does not say why")
    for n, messages in sorted(said.items()):
        for message in _once(messages):
            yield _error(policies[n], message + _hint(policies[n], message), message)


def _once(messages: list[str]) -> Iterator[str]:
    """The same said of many actions, or of many types of resources, is said once; what follows from the rest not at all."""
    types_of: dict[str, list[str]] = {}
    for message in messages:
        general = _EACH_TYPE.sub("on entity type ``", _EACH_ACTION.sub("", message))
        types_of.setdefault(general, []).extend(_EACH_TYPE.findall(message))
    if len(types_of) > 1:
        types_of.pop(_NO_ACTION, None)
    for general, names in sorted(types_of.items()):
        listed = ", ".join(f"`{name}`" for name in sorted(set(names)))
        yield general.replace("on entity type ``", f"on entity type {listed}")


def _hint(policy: Policy, message: str) -> str:
    """What its author may have meant."""
    scope = policy.est["action"]
    if message == _NO_ACTION:
        if scope["op"] == "==":
            return f': is `action in Action::"{scope["entity"]["id"]}"` meant, or another type of principal or resource?'
        return ": none of them is asked of such principals and resources"
    if "on entity type" in message:
        return ": say first which type it is, as in `resource is Table` in the scope"
    for pattern, names in _UNKNOWN:
        found = pattern.search(message)
        if found:
            near = get_close_matches(found[1], names(), 1)
            return f": is `{near[0]}` meant?" if near else f": there are {', '.join(f'`{name}`' for name in sorted(names()))}"
    return ""
