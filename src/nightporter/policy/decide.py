"""The one place where access is decided. Pure, total, deny by default.

The rules here are a small built-in policy; policy files take their place behind the same function. Every door (wire, API, command
line) calls it and only enforces what it says.
"""

from __future__ import annotations

from nightporter.identity.principal import Kind, Principal
from nightporter.statement.model import Action, Reading, Setting

from .model import AccessRequest, Allow, Decision, Deny, Hold, Resource

OURS = "nightporter."
"""Settings that carry the identity of a session to the database; nobody may change them."""

_CONNECT = Allow(("builtin.known-principals-connect",))
_PERMIT = Allow(("builtin.known-principals",))


def decide(request: AccessRequest) -> Decision:
    """Whether this principal may do this. A question that nothing here permits is denied."""
    if request.action is Action.CONNECT:
        return _CONNECT
    statement = request.statement
    if statement is None:
        return Deny((), "no policy permits this")
    for setting in statement.settings:
        denial = _guard_identity(setting)
        if denial is not None:
            return denial
    if Action.UNKNOWN in statement.actions and request.principal.kind is Kind.AGENT:
        why = statement.unknown or "its effects are not known"
        return Deny(("builtin.agents-run-nothing-unknown",), f"this statement cannot be understood for certain: {why}")
    return _PERMIT


def decide_text(principal: Principal, resource: Resource, reading: Reading) -> Decision:
    """The strictest of the decisions over the statements of a text, which is run or refused whole."""
    held: Hold | None = None
    for statement in reading.statements:
        action = min(statement.actions, default=Action.READ)
        decision = decide(AccessRequest(principal, action, resource, statement))
        if isinstance(decision, Deny):
            return decision
        if isinstance(decision, Hold):
            held = held or decision
    return held or _PERMIT


def approve(hold: Hold, answer: bool) -> Allow | Deny:
    """What a hold becomes once someone has answered; no answer in time counts as no."""
    if answer:
        return Allow(hold.policies)
    return Deny(hold.policies, f"{hold.reason}: not approved")


def _guard_identity(setting: Setting) -> Deny | None:
    """The identity that the database sees is ours to set. It stands behind every record of the database's own."""
    if setting.reset:
        return None  # what it had at start-up is ours
    policies = ("builtin.identity-settings",)
    if setting.name is None:
        if setting.parameter is not None:
            return None  # decided again when the parameter has a value
        return Deny(
            policies,
            "the name of a setting must be a literal or a bound parameter, so that it can be checked",
            "write set_config('name', ...) with the name in quotes",
        )
    if setting.name.startswith(OURS):
        return Deny(policies, f"setting `{setting.name}` carries the identity of this session and cannot be changed")
    if setting.name == "application_name" and not setting.direct:
        return Deny(
            policies,
            "application_name can only be changed by SET application_name = 'constant'",
            "SET application_name = '...'",
        )
    return None
