"""What people are told of a decision, in one sentence. Names in it come from the text or the catalogue; values never. Pure.

Clients show it as an error message: why, by which policy, about what. It is one line, whatever names there are in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from nightporter.statement.model import RowBound, Use

from .language import Policy
from .model import Ask, Question, Uid

_VERBS = {
    "read": "read",
    "insert": "insert into",
    "update": "update",
    "delete": "delete from",
    "truncate": "truncate",
    "create": "create",
    "alter": "alter",
    "drop": "drop",
    "grant": "change rights on",
    "execute": "run",
    "copy": "copy data in or out of",
    "administer": "administer",
    "set": "change",
    "reveal": "see",
}
_OF_A_DATABASE = {
    "read": "read data",
    "insert": "insert data",
    "update": "change data",
    "delete": "delete data",
    "truncate": "empty tables",
    "create": "create something",
    "alter": "alter something",
    "drop": "drop something",
    "grant": "change rights",
    "execute": "run code",
    "copy": "copy data in or out",
    "administer": "do an administrator's work",
}
"""What is asked of the database, since no relation carries it."""
_BOUNDS = {
    RowBound.NONE.value: "with no condition",
    RowBound.TRIVIAL.value: "with a condition that looks at no column",
}
_BOUNDED = frozenset(("update", "delete"))
"""Reading a whole table is nothing to be told of."""
USES = {
    Use.PREDICATE.value: "in a condition",
    Use.JOIN.value: "to join by",
    Use.GROUPING.value: "to group by",
    Use.ORDERING.value: "to order by",
    Use.EXPRESSION.value: "in an expression",
    Use.WHOLE_ROW.value: "in a whole row",
    Use.WRITE_SOURCE.value: "as the source of a write",
}
_PLAIN = re.compile(r"[a-z_][a-z0-9_$]*(\(.*\))?")
_KIND = re.compile(r"[a-z][a-z ]*")
_LONG = 200
"""Characters of a name. PostgreSQL's have at most 63, but for a function's arguments."""


def not_permitted(ask: Ask, question: Question) -> str:
    """No policy says that it may."""
    if question.action == "unknown":
        return _not_understood(ask)
    return f"no policy permits {who(ask)} to {what(question)}"


def forbidden(ask: Ask, question: Question, policy: Policy) -> str:
    """A policy says that it may not."""
    return _by(policy, ask, question, f"policy {policy.id} forbids {who(ask)} to {what(question)}")


def held(ask: Ask, question: Question, policy: Policy) -> str:
    """A policy says that a person has to approve it."""
    return _by(policy, ask, question, f"policy {policy.id} wants somebody to approve before {who(ask)} may {what(question)}")


def _by(policy: Policy, ask: Ask, question: Question, plainly: str) -> str:
    """In the policy's own words, or `plainly` where it has none."""
    if question.action == "unknown":
        return f"{_not_understood(ask)} (policy {policy.id})"
    return plainly if policy.reason is None else f"{policy.reason} (policy {policy.id}: {what(question)})"


def _not_understood(ask: Ask) -> str:
    """The reason helps more than anything else: often it is a misspelled name."""
    why = " ".join((ask.unknown or "its effects are not known").split())
    return f"this statement cannot be understood for certain: {why}"


def who(ask: Ask) -> str:
    """`agent copilot`."""
    return f"{ask.principal.kind} {ask.principal.name}"


def what(question: Question, about: str | None = None) -> str:
    """`delete from public.orders with no condition, through a function and a trigger`, as far as the question says.

    `about`: instead of what it calls the resource.
    """
    return _doing(question, about) + _through(question)


def _doing(question: Question, about: str | None) -> str:
    action, facts = question.action, question.facts
    kind = str(facts.get("statement", ""))
    if question.resource.type == "Database":
        return _to_a_database(action, name(question.resource), kind)
    words = [_VERBS.get(action, action), thing(question) if about is None else about]
    if facts.get("locks"):
        words[0] = "lock" if kind.startswith("lock") else "lock rows of"
    else:
        use = USES.get(str(facts.get("use")))
        bound = _BOUNDS.get(str(facts.get("row_bound"))) if action in _BOUNDED else None
        words += [each for each in (use, bound) if each]
    return " ".join(words)


def _to_a_database(action: str, database: str, kind: str) -> str:
    if action == "unknown":
        return f"run what cannot be understood for certain ({kind})" if kind else "run what cannot be understood for certain"
    if action == "connect":
        return f"connect to database {database}" if kind in ("", "connect") else f"run {kind} in database {database}"
    doing = _OF_A_DATABASE.get(action, _VERBS.get(action, action))
    return f"{doing} in database {database} ({kind})" if kind not in ("", action) else f"{doing} in database {database}"


def _through(question: Question) -> str:
    via = question.facts.get("via")
    if not isinstance(via, frozenset) or not via:
        return ""
    kinds = [each for each in sorted(via) if _KIND.fullmatch(each)]
    return f", through {listed(('an ' if each[0] in 'aeiou' else 'a ') + each for each in kinds)}" if kinds else ""


def listed(words: Iterable[str], most: int = 5) -> str:
    """`a`, `a and b`, `a, b and c`, `a, b and 7 more`."""
    every = list(words)
    if len(every) > most:
        every[most - 1 :] = [f"{len(every) - most + 1} more"]
    return every[0] if len(every) == 1 else f"{', '.join(every[:-1])} and {every[-1]}" if every else "nothing"


def thing(question: Question) -> str:
    """`public.orders`, `public.customers.email`, `setting role`, `database shop`."""
    uid = question.resource
    if uid.type == "Setting":
        return "a setting whose name is not known beforehand" if uid.id.endswith("/?") else f"setting {name(uid)}"
    if uid.type in ("Database", "Schema", "Function"):
        return f"{uid.type.lower()} {name(uid)}"
    return name(uid)


def name(uid: Uid) -> str:
    """Without the database, as SQL would have it."""
    parts = uid.id.split("/")
    if uid.type == "Setting":
        return _shown(_plain_text(parts[-1]))  # its dots are its own
    return ".".join(identifier(_plain_text(part)) for part in (parts[1:] if len(parts) > 1 else parts))


def _plain_text(part: str) -> str:
    return part.replace("%2F", "/").replace("%25", "%")


def identifier(text: str) -> str:
    """A name in double quotes, unless it is plain."""
    return _shown(text) if _PLAIN.fullmatch(text) else _shown('"' + text.replace('"', '""') + '"')


def _shown(text: str) -> str:
    """On one line that shows as it is."""
    if not text.isprintable():
        text = "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)
    return text if len(text) <= _LONG else f"{text[:_LONG]}..."
