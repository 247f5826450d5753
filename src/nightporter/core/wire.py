"""What a database protocol must supply. Everything else is shared.

A protocol is one `Adapter`: three conversations that open a session (greet and prove with the client, enter with the
upstream), some words (welcome, refusal), and a `Wire` for the statement phase. All of it is pure: bytes in, values out.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, TypeAlias

from nightporter.catalog.model import Snapshot
from nightporter.catalog.reader import CatalogReader
from nightporter.catalog.sampling import Sampler
from nightporter.identity.principal import Method, Principal
from nightporter.policy.model import Resource
from nightporter.policy.reveal import Reveals
from nightporter.secret import Secret
from nightporter.statement.model import Doubt, Reading

from .error import Refusal as Refusal
from .talk import Talk

# Opening a session


@dataclass(frozen=True, slots=True)
class Peer:
    """What the rim knows of a client before it has spoken."""

    address: str
    """IP address, or `local` for a Unix socket."""
    loopback: bool
    tls: bool
    """Whether the listener can do TLS."""
    tls_required: bool = False
    port: int | None = None
    listener: str = ""
    """The entrance by which it came, as the configuration has its address."""

    @property
    def endpoint(self) -> str:
        """`host:port` as records have it; `local` for a Unix socket."""
        if self.port is None:
            return self.address
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


@dataclass(frozen=True, slots=True)
class Hello:
    """What a client said of itself."""

    principal: str
    """The name it claims."""
    database: str
    """The upstream it wants, by the name that clients use."""
    parameters: Mapping[str, str]
    """Start-up settings it asks for, its `options` taken apart; not yet checked against the allow-list."""
    version: tuple[int, int]
    """The protocol version that was agreed."""
    secured: bool = False
    peer_certificate: bytes | None = None
    channel_binding: bytes | None = None
    rest: bytes = b""
    """Bytes that came after the last message of this conversation."""


@dataclass(frozen=True, slots=True)
class Cancel:
    """A connection that asks to cancel what another session is running."""

    process_id: int
    secret: bytes


@dataclass(frozen=True, slots=True)
class Challenge:
    """How the client is asked to prove itself. An unknown name gets one too, and it never succeeds."""

    method: Method
    verifier: str | None = None
    """SCRAM verifier in PostgreSQL's form, real or mock; only for `password`."""
    genuine: bool = True
    """False for a mock: the exchange runs to its end and fails."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What the client answered."""

    passed: bool
    """For `password`: whether the exchange succeeded. For `token` the rim still has to look the token up."""
    token: Secret | None = None
    rest: bytes = b""


@dataclass(frozen=True, slots=True)
class Entrance:
    """How we log in upstream."""

    user: str
    password: Secret | None
    database: str
    parameters: Mapping[str, str]
    tls: str
    """disable, allow, prefer, require, verify-ca or verify-full, as libpq means them."""
    version: tuple[int, int]
    local: bool = False
    """The upstream is on loopback or a Unix socket: a cleartext password may be sent without TLS."""


@dataclass(frozen=True, slots=True)
class Entered:
    """An upstream that is ready for statements."""

    process_id: int
    secret: bytes
    parameters: Mapping[str, str]
    """Settings it reported."""
    secured: bool
    notices: tuple[bytes, ...] = ()
    """Whole protocol messages to pass on to the client (warnings at login)."""
    rest: bytes = b""


# Statement phase

Parameters: TypeAlias = tuple[bytes | None, ...]


class Ticket:
    """What recording an intent gives back; the outcome refers to it. A plain class, as all that is made for each statement.

    `number` is the intent's record number, `<writer>-<sequence>`; `at_ns` its monotonic time; `salt` is for hashing what
    streams past after it (COPY data, very large parameters).
    """

    __slots__ = ("at_ns", "number", "salt")

    def __init__(self, number: str, at_ns: int, salt: bytes = b"") -> None:
        self.number = number
        self.at_ns = at_ns
        self.salt = salt


class Standing(Protocol):
    """A protocol's own value: all that the meaning of a text depends on, apart from the catalogue. Compared by identity."""

    private: int
    """Not 0: the session sees a catalogue of its own, by this number, another one after each change."""
    role: str
    """As whom it runs what it runs, in the database; empty if that is not known."""
    path: tuple[str, ...]
    """Names of the schemas that are searched, as they were set."""


Rows: TypeAlias = list[list[tuple[bytes | None, ...]]]
"""Of several questions, each one's rows."""
Estimating: TypeAlias = Generator[Sequence[bytes], Rows, int | None]
"""Yields questions, is sent their answers, and returns how many rows a statement is about; None if that cannot be said."""
OwnView: TypeAlias = Generator[Sequence[bytes], Rows, Snapshot | None]
"""Yields questions, is sent their answers, and returns the catalogue that the session itself sees; None if that cannot be said."""


class Veil(Protocol):
    """How the results of one text are shown to whoever asks: a protocol's own value. None instead: everything as it is."""

    @property
    def obstacle(self) -> str | None:
        """Why its results cannot be masked, so that it must not run; None: they can."""
        ...

    def brings_back(self, request: Request) -> str | None:
        """What is masked and would be written by this, in words; None: nothing."""
        ...


@dataclass(slots=True, eq=False)
class Request:
    """Something that the client asks for and that needs a decision before a byte of it goes upstream."""

    phase: str
    """submit (text to be run), prepare (text to be run later), run (bound to parameters), fetch (more of a portal)."""
    reading: Reading
    parameters: Parameters = ()
    streamed: bool = False
    """It is longer than we hold: its hash comes with the outcome."""
    refers_to: str | None = None
    """fetch: number of the intent that opened the portal."""
    standing: Standing | None = None
    """What the session has made of itself, under which the text means what it means; None: it names nothing of the catalogue."""
    parameter_types: tuple[int, ...] = ()
    """As the client declares them, in the protocol's numbers; 0 where it leaves them open."""


class Veiled(NamedTuple):
    """A column of a result that was masked, or whose label was seen as it is."""

    column: str
    """As the result names it."""
    label: str
    """What it holds; empty: nobody could tell where it comes from."""
    masker: str
    """What was shown in its place; empty: it was revealed."""
    policies: tuple[str, ...]
    """Those that say so; none: no policy lets it be seen."""
    cells: int
    """How many values: NULL is none."""
    source: str = ""
    """The column that it comes from: `public.customers.email`."""


class Outcome:
    """How one statement ended. Without slots: most keep most of the defaults, which then cost nothing."""

    def __init__(self, ticket: Ticket, statement: int = 0) -> None:
        self.ticket = ticket
        self.statement = statement

    ticket: Ticket
    statement: int
    """Which statement of the text, from 0."""
    status: str = "ok"
    """ok, error, suspended (more rows are waiting), not_run, unknown (we never heard)."""
    tag: str | None = None
    rows: int | None = None
    """Rows returned or affected, as the upstream counts them."""
    bytes: int = 0
    """Bytes of result that went to the client."""
    sqlstate: str | None = None
    transaction: int = 0
    """Our own ordinal of the transaction in the session, from 1."""
    transaction_end: str | None = None
    """committed, rolled_back or unknown: on the last outcome of a transaction."""
    sha256: str | None = None
    """Salted hash of what streamed past."""
    streamed_bytes: int | None = None
    cut: int | None = None
    """How many rows reached the client, where a limit cut the result off."""
    veiled: tuple[Veiled, ...] = ()
    """Which columns were masked or revealed."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a statement's result may reach the client, and how long it may run. None: no limit."""

    rows: int | None = None
    """Over all portions of a portal or cursor."""
    bytes: int | None = None
    """Of the rows, the same way."""
    timeout_s: float | None = None
    """From when the upstream gets to it."""
    by: tuple[str, ...] = ()
    """Ids of the policies that say so; the client is told."""


@dataclass(frozen=True, slots=True)
class Denial:
    """What the client is told of a statement that does not run; an error, and the session goes on."""

    sqlstate: str
    message: str
    detail: str | None = None
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a session goes, found from the database that the client named."""

    upstream: str
    resource: Resource
    settings: Mapping[str, str]
    """Start-up settings that passed the allow-list."""
    max_statement_bytes: int
    cancel_secret: bytes
    follows: bool = False
    """The catalogue of the upstream is read, and what texts mean looked up in it."""
    token_key: bytes = field(default=b"", repr=False)
    """Of the environment: tokens that stand for hidden values are made with it."""


class Curb:
    """What is to be done so that a limited statement ends.

    `timer_s`: call `overtime` in so many seconds, and not when an earlier one said; 0: not at all; None: as it was said before.
    `cancel`: ask the upstream to cancel what it is at, and call `canceled` when that is over, however it went.
    """

    __slots__ = ("cancel", "timer_s")

    def __init__(self) -> None:
        self.timer_s: float | None = None
        self.cancel = False


class Traffic:
    """What became of some bytes: to send on, in order, and what was learned. `finished`: the client said good-bye.

    `redefined`: what others see of the catalogue may have changed. To be dealt with before anything is sent to the client.
    `partial`: the upstream is within a message, whose rest is on its way; what goes to the client may wait for that.
    """

    __slots__ = ("curb", "finished", "outcomes", "partial", "redefined", "to_client", "to_upstream")

    def __init__(self) -> None:
        self.to_client: list[bytes] = []
        self.to_upstream: list[bytes] = []
        self.outcomes: list[Outcome] = []
        self.finished = False
        self.redefined = False
        self.partial = False
        self.curb: Curb | None = None


class Wire(Protocol):
    """One session's statement phase. Pure; the owner calls, in this order:

    `receive_client(data)`, then `next_request()` until it gives None, answering each with `allow` or `deny` before asking
    for the next; `receive_upstream(data)` whenever the upstream spoke, also while a request is unanswered; `drain()` for what
    there is to send and to record. `ProtocolError` from any of them means: nothing is certain any more, close both sides.
    """

    stalled: bool
    """`next_request` gave None because it must know an answer of the upstream first: ask again after `receive_upstream`."""

    @property
    def idle(self) -> bool:
        """Nothing is under way and no transaction is open."""
        ...

    @property
    def open_transaction(self) -> int | None:
        """Ordinal of the transaction block that is open; None outside of one."""
        ...

    @property
    def redefines(self) -> bool:
        """Something under way may change what others see of the catalogue."""
        ...

    def receive_client(self, data: bytes) -> None: ...

    def next_request(self) -> Request | None:
        """The next thing to decide; None when more bytes are needed, or while `stalled`."""
        ...

    def allow(self, request: Request, ticket: Ticket, limits: Limits | None = None, veil: Any = None) -> None:
        """Let it go upstream. What follows it waits until it is answered, if there are limits. Its results come through `veil`."""
        ...

    def deny(self, request: Request, denial: Denial) -> None: ...

    def inquire(self, questions: Sequence[bytes], *, plans: bool = False) -> None:
        """Ask the upstream questions of ours, after what was allowed and before the request that waits; then it is `stalled`.

        They must not be able to change anything. `plans`: they are about plans, and are asked under the session's own settings.
        """
        ...

    def answered(self) -> Rows | Denial | None:
        """The answer to `inquire`, once; or the error that came instead. None: it is on its way."""
        ...

    def receive_upstream(self, data: bytes) -> None: ...

    def overtime(self) -> None:
        """The time that a `Curb` set is over: what runs under a limit is to be canceled."""
        ...

    def canceled(self) -> None:
        """The cancel that a `Curb` asked for is over, whether or not it hit. Then ask for the next request again."""
        ...

    def drain(self) -> Traffic: ...

    def abandon(self) -> list[Outcome]:
        """Both sides are gone: how everything that was under way ended, as far as is known."""
        ...


@dataclass(frozen=True, slots=True)
class WireSetup:
    """What a `Wire` needs to know of its session."""

    label: str
    """`principal[/actor]`: shown to the database in front of the client's own application name."""
    settings: Mapping[str, str]
    """Settings that the upstream reported at login."""
    max_statement_bytes: int
    follows: bool = False
    """What texts mean is looked up in a catalogue: follow what that depends on, and give every Request its standing."""


@dataclass(frozen=True, slots=True)
class Adapter:
    """All the gateway and the faces know of a protocol."""

    name: str
    label: str
    default_port: int
    alpn: tuple[str, ...]
    """What TLS agrees on for this protocol."""
    greet: Callable[[Peer], Talk[Hello | Cancel]]
    """Speak with the client until it has said who it claims to be. Raises ProtocolError."""
    prove: Callable[[Hello, Challenge, Callable[[], bytes]], Talk[Proof]]
    """Let the client prove it. The callable gives 18 random bytes. Sends nothing after the proof: no success, no error."""
    enter: Callable[[Entrance, Callable[[], bytes]], Talk[Entered]]
    """Log in upstream. Raises UpstreamError."""
    welcome: Callable[[Hello, Entered, WireSetup, bytes], bytes]
    """Bytes for the client once the upstream is ready, with the cancel key that is ours."""
    refuse: Callable[[Refusal], bytes]
    """Bytes that end a session with an error, at any point."""
    cancel: Callable[[Entered], Talk[None]]
    """On a connection of its own, ask the upstream to cancel; under TLS if the session's connection is."""
    admit: Callable[[Mapping[str, str], frozenset[str] | None], tuple[dict[str, str], tuple[str, ...]]]
    """Start-up settings that may pass, and the names of those that may not. Extra names are allowed; None: any but ours."""
    introduce: Callable[[Principal, str, Mapping[str, str]], dict[str, str]]
    """Start-up settings for the upstream: the client's, and the identity (principal, session) that is ours to set."""
    socket_name: Callable[[int], str]
    """File name of the Unix socket for a port."""
    secret_size: Callable[[Hello], int]
    """How long a cancel secret the client can take."""
    warnings: Callable[[Entered], tuple[str, ...]]
    """What an operator should know of this upstream: that we are a superuser there."""
    new_wire: Callable[[WireSetup], Wire]
    analyse: Callable[[str], Reading]
    understand: Callable[[Reading, Standing, Snapshot | None, tuple[int, ...]], Reading]
    """All that a text does under that standing and catalogue, for parameters of those types. Without a catalogue: unknown. Cached,
    and the same value for the same question. Never raises."""
    catalog: CatalogReader
    """How the catalogue that all see is read, on a connection that is for nothing else."""
    own_view: Callable[[Snapshot], OwnView]
    """The catalogue that a session sees by itself, given the one that all see: yields questions and is sent their answers."""
    veil: Callable[[Reading, Snapshot | None, Reveals, bytes], Veil | None]
    """How the results of a text are shown, under the catalogue that it was read under, with the key for tokens. Cached."""
    estimate: Callable[[Reading], Callable[[], Estimating] | None]
    """Begins to ask how many rows a text is about, as the server's planner expects; None: to plan it might do something else."""
    outset: Callable[[str | None, str | None], Talk[Standing]]
    """On a connection that is logged in, ask under what a new session's texts are read: with this search path, as a setting of the
    protocol's would have it, and this role, where they are given. Raises UpstreamError and ProtocolError."""
    complaint: Callable[[str], Doubt | None]
    """What is wrong with a text that does not parse, in the parser's own words, and where; None if that is not what is wrong."""
    sampler: Sampler
    """How some values of its databases are looked at, to find out what columns hold."""
