"""An explanation in full, as `nightporter explain` prints it: lines for people, JSON for programs. The two say the same."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from nightporter.policy.explain import limits, outcome, subject
from nightporter.policy.model import Allow, Deny, Hold
from nightporter.policy.remedy import all_approvers
from nightporter.policy.showing import MASKED, PLAIN, SEARCHED

from .render import found as told
from .render import line
from .understood import Report as Reading

if TYPE_CHECKING:
    from nightporter.identity.principal import Principal
    from nightporter.policy.condition import Condition
    from nightporter.policy.explain import Explanation, Finding, Missed, Range
    from nightporter.policy.language import Policy
    from nightporter.policy.model import Decision, Obligations, Quorum, Value
    from nightporter.policy.remedy import Remedy
    from nightporter.policy.showing import Origin, ShownOutput

_STYLES = {"allow": "bold green", "deny": "bold red", "hold": "bold yellow"}
_MAX_TEXT = 400
"""Characters of a statement's text that are shown again; all of it is what was typed."""
_MAX_NAME = 30
"""Characters of a column's name beside which others are aligned."""
_MAX_ORIGINS = 3
"""Columns that are told of one that comes from many."""


class Report:
    """What would be decided, and why."""

    def __init__(
        self,
        principal: Principal,
        reading: Reading,
        session: Decision,
        explanation: Explanation,
        facts: Mapping[str, Value],
        policies: str,
        time_zone: str,
    ) -> None:
        """`session`: whether the principal may be there at all. `policies`: their hash."""
        self._principal = principal
        self._reading = reading
        self._session = session
        self._explanation = explanation
        self._facts = facts
        self._policies = policies
        self._time_zone = time_zone

    # For programs

    def as_json(self) -> dict[str, Any]:
        """See `nightporter explain` in the reference of commands."""
        principal, explanation = self._principal, self._explanation
        read = self._reading.as_json()
        return {
            "principal": {
                "name": principal.name,
                "kind": principal.kind,
                "groups": sorted(principal.groups),
                "owner": principal.owner,
                "actor": principal.actor,
            },
            **{name: read[name] for name in ("upstream", "database", "server_version", "search_path", "unknown")},
            "facts": dict(self._facts),
            "time_zone": self._time_zone,
            "policies": self._policies,
            "session": decision_as_json(self._session),
            "statements": read["statements"],
            "questions": [_finding_as_json(each) for each in explanation.findings],
            "left_out": explanation.left_out,
            "decision": decision_as_json(explanation.decision),
            "by_rows": [_range_as_json(each) for each in explanation.ranges],
            "shown": [[_shown_as_json(each) for each in columns] for columns in explanation.shown],
            "changes": [_remedy_as_json(each) for each in explanation.remedies],
        }

    # For people

    def show(self, width: int) -> None:
        """Print it, at most `width` columns wide."""
        console = Console(file=sys.stdout, width=width, highlight=False)
        with console.capture() as captured:
            self._print(console)
        sys.stdout.write("".join(f"{each.rstrip()}\n" for each in captured.get().splitlines()))

    def _print(self, console: Console) -> None:
        console.print(Text(self._who(), "dim"))
        console.print(Text(self._reading.where, "dim"))
        console.print(Text(self._when(), "dim"))
        if not isinstance(self._session, Allow):
            console.print()
            _print_decision(console, self._session, "no session at all, ")
        for statement in self._reading.as_json()["statements"]:
            console.print()
            _print_statement(console, statement)
        if self._explanation.findings:
            console.print()
        seen: set[object] = set()
        for finding in self._explanation.findings:
            _print_finding(console, finding, seen)
        if self._explanation.left_out:
            console.print(Text(f"... and {self._explanation.left_out} more questions"))
        console.print()
        _print_decision(console, self._explanation.decision)
        self._print_ranges(console)
        self._print_shown(console)
        self._print_remedies(console)

    def _who(self) -> str:
        principal = self._principal
        words = [f"{principal.kind} {principal.label}"]
        words += [f"owned by {principal.owner}"] if principal.owner else []
        words += [f"in {', '.join(sorted(principal.groups))}" if principal.groups else "in no group"]
        return line(", ".join(words))

    def _when(self) -> str:
        facts = self._facts
        words = [
            f"{facts['weekday']} {facts['date']} {facts['hour']:02}:{facts['minute']:02} {self._time_zone}",
            f"from {facts['client_address']} by {facts['listener']}",
            f"environment {facts['environment']}",
            f"purpose `{facts['purpose']}`" if facts["purpose"] else "no purpose",
        ]
        words += ["in a transaction"] if facts["in_transaction"] else []
        return line(", ".join(words))

    def _print_ranges(self, console: Console) -> None:
        if self._explanation.ranges:
            console.print(Text("It depends on how many rows the server expects; where that cannot be told it is as above."))
        for least, most, decision in self._explanation.ranges:
            words = f"{least} rows or more" if most is None else f"{least} to {most} rows"
            by = f", by {', '.join(decision.policies)}" if decision.policies else ""
            console.print(Padding(Text.assemble(f"{words}: ", _colored(decision), by), (0, 0, 0, 2)))

    def _print_shown(self, console: Console) -> None:
        columns = [each for statement in self._explanation.shown for each in statement]
        if not columns or isinstance(self._explanation.decision, Deny):
            return
        console.print()
        console.print(Text("How its result is shown", "bold"))
        width = min(_MAX_NAME, max(len(line(each.name)) for each in columns))
        for each in columns:
            name = line(each.name)
            _print_item(console, f"{name:<{width}}  ", shown_in_words(each))

    def _print_remedies(self, console: Console) -> None:
        if not self._explanation.remedies:
            return
        console.print()
        console.print(Text("What would change it", "bold"))
        for remedy in self._explanation.remedies:
            then = "allowed" if isinstance(remedy.decision, Allow) else f"only held, for {_approvers(remedy.decision)}"
            _print_item(console, "- ", f"{line(remedy.words)}: then it is {then}")
            if remedy.policy is not None:
                console.print(Padding(Text("\n".join(map(line, remedy.policy.splitlines())), "dim"), (0, 0, 0, 6)))


def _print_statement(console: Console, statement: Mapping[str, Any]) -> None:
    actions = ", ".join(statement["actions"]) or "nothing to data"
    console.print(Text.assemble((statement["kind"], "bold"), f"  does {actions}"))
    text = statement["text"].strip()
    shown = line(text[:_MAX_TEXT]) + (" ..." if len(text) > _MAX_TEXT else "")
    console.print(Padding(Text(shown), (0, 0, 0, 2)))
    what = {name: value for name, value in statement.items() if name != "unknown" or value is not None}
    for each in told(what):
        _print_item(console, "- ", each)
    for setting in statement["settings"]:
        _print_item(console, "- ", f"set {line(setting['name'] or 'a setting that is not known before it runs')}")


def _print_item(console: Console, mark: str, text: str, indent: int = 2) -> None:
    """One point of a list: its further lines begin where its text does."""
    width = max(20, console.width - indent - len(mark))
    lines = Text(text).wrap(console, width)
    for n, each in enumerate(lines):
        console.print(Text(" " * indent + (mark if n == 0 else " " * len(mark)) + each.plain.rstrip()), no_wrap=True)


def _print_finding(console: Console, finding: Finding, seen: set[object]) -> None:
    word = outcome(finding.decision)
    console.print(Text.assemble(_colored(finding.decision), " " * (7 - len(word)), line(subject(finding))))
    for mark, text in _policies(finding, seen):
        _print_item(console, f"{mark:<6}", text, 7)


def _policies(finding: Finding, seen: set[object]) -> Iterator[tuple[str, str]]:
    """What each policy has to do with it."""
    if finding.error is not None:
        yield "error", line(finding.error)
    if isinstance(finding.decision, Deny) and not finding.decision.policies and finding.error is None:
        yield "by", "no policy that permits it"
    for policy in finding.deciding:
        yield "by", f"{_named(policy)}{_said(policy)}"
    for policy in finding.outweighed:
        yield "also", f"{_named(policy)}, which decides nothing here"
    for policy in finding.waiting:
        yield "asks", f"{_named(policy)}: how many rows this is about"
    for missed in finding.missed:
        yield "not", f"{_named(missed.policy)}{_why_not(missed, seen)}"


def _named(policy: Policy) -> str:
    kind = f"{policy.effect} with @observe" if policy.observe else f"{policy.effect} with @hold" if policy.hold else policy.effect
    return line(f"{kind} {policy.id} ({policy.file}:{policy.line})")


def _said(policy: Policy) -> str:
    return f": {line(policy.reason)}" if policy.reason is not None else ""


def _why_not(missed: Missed, seen: set[object]) -> str:
    key = (missed.policy.id, missed.conditions)
    if key in seen:
        return ", as above"
    seen.add(key)
    return f": {'; '.join(map(_condition, missed.conditions))}"


def _condition(condition: Condition) -> str:
    if condition.part is None:
        return line(condition.text)
    return line(f"{condition.text}, where `{condition.part}` is {'not so' if condition.text.startswith('when') else 'so'}")


_HOW = {
    PLAIN: "as it is",
    SEARCHED: "as it is, but for what is found in it",
    MASKED: "masked, as its label has it",
    "null": "NULL",
    "found": "as it is, but for what is found in it",
}


def shown_in_words(column: ShownOutput) -> str:
    """`masked, as its label has it: public.customers.email (pii.email), which no policy permits to be seen`."""
    how = _HOW.get(column.how, f"masked ({column.how})")
    if column.opaque:
        return f"{how}: what it comes from cannot be told"
    told = [each for each in column.origins if each.labels or each.policies]
    reasons = [_origin(each) for each in told[:_MAX_ORIGINS]]
    reasons += [f"{len(told) - _MAX_ORIGINS} more"] if len(told) > _MAX_ORIGINS else []
    return f"{how}: {'; '.join(reasons)}" if reasons else how


def _origin(origin: Origin) -> str:
    what = line(origin.name) if origin.direct else f"computed from {line(origin.name)}"
    labels = f" ({line(', '.join(origin.labels))})" if origin.labels and origin.labels != (origin.name,) else ""
    if origin.policies:
        return f"{what}{labels}, by {line(', '.join(origin.policies))}"
    return f"{what}{labels}, which no policy permits to be seen"


def _colored(decision: Decision) -> tuple[str, str]:
    word = outcome(decision)
    return word, _STYLES[word]


def _print_decision(console: Console, decision: Decision, before: str = "") -> None:
    words = Text.assemble((before, "bold"), _colored(decision))
    if isinstance(decision, Allow):
        words.append(f", by {', '.join(decision.policies)}" if decision.policies else "")
        console.print(words)
        _print_obligations(console, decision.obligations)
        if decision.observed is not None:
            _print_decision(console, decision.observed, "only observed; without that: ")
        return
    words.append(f": {line(decision.reason)}")
    console.print(words)
    if isinstance(decision, Hold):
        _print_item(console, "", f"it waits {decision.wait_s:g} s for approval by {_approvers(decision)}")
        _print_obligations(console, decision.obligations)
    elif decision.hint is not None:
        _print_item(console, "", line(decision.hint))


def _print_obligations(console: Console, obligations: Obligations) -> None:
    for words in limits(obligations):
        _print_item(console, "- ", words)


def _approvers(decision: Decision) -> str:
    return line(all_approvers(decision)) if isinstance(decision, Hold) else "nobody"


# JSON


def decision_as_json(decision: Decision) -> dict[str, Any]:
    """A decision with everything in it."""
    found: dict[str, Any] = {
        "decision": outcome(decision),
        "policies": list(decision.policies),
        "reason": None,
        "hint": None,
        "approvals": [],
        "wait_s": None,
        "obligations": {},
        "observed": None,
    }
    match decision:
        case Allow():
            found["obligations"] = _obligations_as_json(decision.obligations)
            found["observed"] = None if decision.observed is None else decision_as_json(decision.observed)
        case Deny():
            found |= {"reason": decision.reason, "hint": decision.hint}
        case Hold():
            found |= {
                "reason": decision.reason,
                "approvals": [_quorum_as_json(each) for each in decision.quorums],
                "wait_s": decision.wait_s,
                "obligations": _obligations_as_json(decision.obligations),
            }
    return found


def _obligations_as_json(obligations: Obligations) -> dict[str, Any]:
    return {name: value for name, value in asdict(obligations).items() if value is not None and value is not False}


def _quorum_as_json(quorum: Quorum) -> dict[str, Any]:
    return {"groups": list(quorum.groups), "needed": quorum.needed, "wait_s": quorum.wait_s}


def policy_as_json(policy: Policy) -> dict[str, Any]:
    """What names a policy, and what it says beside its rule."""
    return {
        "id": policy.id,
        "file": policy.file,
        "line": policy.line,
        "effect": policy.effect,
        "observe": policy.observe,
        "hold": None if policy.hold is None else _quorum_as_json(policy.hold),
        "obligations": _obligations_as_json(policy.obligations),
        "reason": policy.reason,
        "mask": policy.mask,
    }


def _all(policies: Iterable[Policy]) -> list[dict[str, Any]]:
    return [policy_as_json(each) for each in policies]


def _finding_as_json(finding: Finding) -> dict[str, Any]:
    first = finding.questions[0]
    facts = {name: sorted(value) if isinstance(value, frozenset) else value for name, value in first.facts.items()}
    return {
        "action": first.action,
        "resources": [{"type": each.resource.type, "id": each.resource.id} for each in finding.questions],
        "facts": facts,
        "decision": decision_as_json(finding.decision),
        "deciding": _all(finding.deciding),
        "outweighed": _all(finding.outweighed),
        "missed": [
            {**policy_as_json(policy), "conditions": [{"text": each.text, "part": each.part} for each in conditions]}
            for policy, conditions in finding.missed
        ],
        "waiting": _all(finding.waiting),
        "error": finding.error,
    }


def _range_as_json(found: Range) -> dict[str, Any]:
    return {"least": found.least, "most": found.most, "decision": decision_as_json(found.decision)}


def _shown_as_json(column: ShownOutput) -> dict[str, Any]:
    return {
        "column": column.name,
        "shown": column.how,
        "opaque": column.opaque,
        "from": [
            {
                "column": each.name,
                "direct": each.direct,
                "labels": list(each.labels),
                "shown": each.how,
                "policies": list(each.policies),
            }
            for each in column.origins
        ],
    }


def _remedy_as_json(remedy: Remedy) -> dict[str, Any]:
    return {
        "kind": remedy.kind,
        "what": remedy.words,
        "policy": remedy.policy,
        "decision": decision_as_json(remedy.decision),
    }
