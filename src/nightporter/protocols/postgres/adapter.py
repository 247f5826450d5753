"""What the rest of Nightporter gets of PostgreSQL: one value."""

from __future__ import annotations

from collections.abc import Mapping

from nightporter.core.error import UpstreamError
from nightporter.core.talk import Send, Talk, receive, secure
from nightporter.core.wire import Adapter, Entered
from nightporter.identity.principal import Principal

from . import startup_settings
from .analysis import analyse
from .catalog.reader import READER
from .complaint import complaint
from .enter import enter
from .errors import refusal_response, secret_size, welcome
from .estimate import estimate
from .greet import greet
from .messages import cancel_request, ssl_request
from .outset import outset
from .own_view import own_view
from .prove import prove
from .rewrite import labeled
from .sampling import SAMPLER
from .understanding import understood
from .veil import veil
from .wire import PostgresWire

PORT = 5432
ALPN = ("postgresql",)


def introduce(principal: Principal, session: str, parameters: Mapping[str, str]) -> dict[str, str]:
    """The client's start-up settings, with the identity in the two places where the database shows it."""
    introduced = {name: value for name, value in parameters.items() if name.lower() != "application_name"}
    own = next((value for name, value in parameters.items() if name.lower() == "application_name"), "")
    introduced["application_name"] = labeled(principal.label, own).rstrip(" ")
    introduced["nightporter.principal"] = principal.name
    introduced["nightporter.session"] = session
    introduced["nightporter.actor"] = principal.actor or ""
    return introduced


def admit(parameters: Mapping[str, str], extra: frozenset[str] | None) -> tuple[dict[str, str], tuple[str, ...]]:
    """Start-up settings against the default list and `extra`; None allows all that is not ours."""
    return startup_settings.admit(parameters, None if extra is None else startup_settings.DEFAULT_SETTINGS | extra)


def warnings(entered: Entered) -> tuple[str, ...]:
    """A superuser can undo every guard that the server itself has."""
    if entered.parameters.get("is_superuser") == "on":
        return ("we log in as a superuser: what passes us can do anything to this server",)
    return ()


def cancel(entered: Entered) -> Talk[None]:
    """On a connection of its own; encrypted where the session is, since the key could be used again. Raises UpstreamError."""
    if entered.secured:
        yield Send(ssl_request())
        answer = yield from receive()
        if answer != b"S":
            raise UpstreamError("the database does not offer TLS for a cancel request")
        yield from secure()
    yield Send(cancel_request(entered.process_id, entered.secret))


ADAPTER = Adapter(
    name="postgres",
    label="PostgreSQL",
    default_port=PORT,
    alpn=ALPN,
    greet=greet,
    prove=prove,
    enter=enter,
    welcome=welcome,
    refuse=refusal_response,
    cancel=cancel,
    admit=admit,
    introduce=introduce,
    socket_name=lambda port: f".s.PGSQL.{port}",
    secret_size=secret_size,
    warnings=warnings,
    new_wire=PostgresWire,
    analyse=analyse,
    understand=understood,
    catalog=READER,
    own_view=own_view,
    veil=veil,
    estimate=estimate,
    outset=outset,
    complaint=complaint,
    sampler=SAMPLER,
)
