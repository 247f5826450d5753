"""What the configuration file may say. Values only: reads no file, opens nothing, and holds no password.

Every key is documented in docs/reference/configuration.md; a test compares the two. Paths are absolute once loaded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, tzinfo
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    PrivateAttr,
    StrictInt,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)

from nightporter.upstream.credentials.source import Source

from . import packs, value
from .address import Address, parse_listener, parse_upstream

WILDCARD = "*"
"""The upstream's name that stands for every name without an entry of its own; and the setting that stands for all."""

MAX_STATEMENT_BYTES = 16 * 1024 * 1024
"""What we hold of one statement's text to read it. Real ones stay far below; dumps come as COPY, which streams."""
MIN_STATEMENT_BYTES = 4096
"""Below this, what drivers send by themselves would be refused."""
MAX_CONNECTIONS = 1000
"""Ten times what a database usually admits: its own limit is met first, ours keeps memory bounded."""
MAX_WORKERS = 128
"""A worker uses one core whole; more of them than cores only cost memory."""
STARTUP_TIMEOUT_S = 30.0
"""From connecting to being ready, upstream included. A driver needs milliseconds; a slow secret store some seconds."""
CONNECT_TIMEOUT_S = 10.0
"""For the connection to an upstream and its login: a part of the start-up time-out, so that the client hears why."""
IDLE_TIMEOUT_S = 0.0
"""Never: pools keep connections for hours, and a database that we stand in front of ends none by itself either."""
DRAIN_TIMEOUT_S = 25.0
"""Sessions get this long to finish when we stop: below the 30 s after which orchestrators kill."""
CATALOG_MAX_AGE_S = 2.0
"""A change of a catalogue that does not pass us is rare; looking costs an ordinary database some milliseconds."""
MAX_CATALOG_AGE_S = 60.0
"""An older one says too little of what a statement does."""
SCAN_EVERY_S = 24 * 3600.0
"""What rows hold changes slowly; a table that is new or altered is looked at soon in any case."""
MIN_SCAN_EVERY_S = 60.0
"""More often is a mistake in the unit."""
MAX_SCAN_EVERY_S = 366 * 24 * 3600.0
SAMPLE_ROWS = 200
"""Enough to find what stands in one row of fifty, and read in a millisecond."""
MIN_SAMPLE_ROWS = 20
"""Fewer say nothing."""
MAX_SAMPLE_ROWS = 10_000
SCAN_LOAD = 0.05
"""Of one connection: nobody notices, and a database of a thousand tables is looked through within minutes."""
MAX_TIMEOUT_S = 7 * 24 * 3600.0
"""A longer one is a mistake in the unit."""

_UNSET: Any = None
"""A default that depends on other keys. The file cannot say it: a key without a value is refused."""
_EMPTY: Any = {}
"""A section that is left out: all its defaults."""

Name: TypeAlias = Annotated[str, StringConstraints(strict=True), AfterValidator(value.name)]
UpstreamName: TypeAlias = Annotated[str, StringConstraints(strict=True), AfterValidator(value.upstream_name)]
Text: TypeAlias = Annotated[str, StringConstraints(strict=True), AfterValidator(value.text)]
FilePath: TypeAlias = Annotated[Path, BeforeValidator(value.path)]
ListenerAddress: TypeAlias = Annotated[Address, PlainValidator(value.parsed(parse_listener))]
UpstreamAddress: TypeAlias = Annotated[Address, PlainValidator(value.parsed(parse_upstream))]
PasswordSource: TypeAlias = Annotated[Source, PlainValidator(value.password)]
Settings: TypeAlias = Annotated[tuple[str, ...], PlainValidator(value.settings)]
Pack: TypeAlias = Annotated[str, StringConstraints(strict=True), AfterValidator(value.pack)]
TimeZone: TypeAlias = Annotated[str, StringConstraints(strict=True), AfterValidator(value.time_zone)]
StoreUrl: TypeAlias = Annotated[str, StringConstraints(strict=True), AfterValidator(value.store)]
Seconds: TypeAlias = Annotated[float, Field(strict=True, gt=0, le=MAX_TIMEOUT_S, allow_inf_nan=False)]
SecondsOrNever: TypeAlias = Annotated[float, Field(strict=True, ge=0, le=MAX_TIMEOUT_S, allow_inf_nan=False)]


class Tls(StrEnum):
    """How a connection to an upstream is protected, in libpq's words."""

    DISABLE = "disable"
    ALLOW = "allow"
    PREFER = "prefer"
    REQUIRE = "require"
    VERIFY_CA = "verify-ca"
    VERIFY_FULL = "verify-full"

    @property
    def verifies(self) -> bool:
        """Whether the server must prove who it is."""
        return self in (Tls.VERIFY_CA, Tls.VERIFY_FULL)

    @property
    def encrypts(self) -> bool:
        """Whether nothing is ever sent in the clear."""
        return self is Tls.REQUIRE or self.verifies


class StatementText(StrEnum):
    """What the ledger keeps of a statement's text; its hash is always there."""

    FULL = "full"
    HASH = "hash"


class Durability(StrEnum):
    """Where the intent of a change must be before it goes upstream. Reads are always in the operating system."""

    DISK = "disk"
    OS = "os"


Key: TypeAlias = tuple[str | int, ...]
"""The way to a value: names of keys, and indices of lists from 0."""
Misfit: TypeAlias = tuple[Key, str]


class Misfits(ValueError):
    """Values that are fine each, but not together; with the key that each complaint is about."""

    def __init__(self, misfits: list[Misfit]) -> None:
        super().__init__("; ".join(message for _, message in misfits))
        self.misfits = misfits


class Section(BaseModel):
    """A mapping in the file: its keys are the fields, and no others."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, arbitrary_types_allowed=True)


class Credentials(Section):
    """How we log in to an upstream."""

    user: Text
    password: PasswordSource | None = None
    """None: the upstream asks for none (trust)."""


class ListenerTls(Section):
    """What makes an entrance speak TLS."""

    certificate: FilePath
    key: FilePath
    client_ca: FilePath | None = None
    """Authorities for the certificates that principals prove themselves with."""
    required: bool = Field(True, strict=True)


class Listener(Section):
    """An entrance."""

    address: ListenerAddress
    tls: ListenerTls | None = None
    credentials: Mapping[UpstreamName, Credentials] = {}
    """Other credentials for some upstreams: the same principal meets another server role here."""

    @field_validator("tls")
    @classmethod
    def _is_offered(cls, tls: ListenerTls | None, info: ValidationInfo) -> ListenerTls | None:
        address = info.data.get("address")
        if tls is not None and address is not None and address.unix:
            raise ValueError("a Unix socket takes no `tls`: clients do not ask for it there")
        return tls


class Upstream(Section):
    """A database behind the gateway, under the name that clients use."""

    protocol: Text
    environment: Name
    address: UpstreamAddress
    database: Text = Field("", validate_default=False)
    """Its name at the server; left out, the name that clients use."""
    tls: Tls = _UNSET
    """Left out: verify-full, or disable for a Unix socket, which does not leave the machine."""
    ca: FilePath | None = None
    """Authorities for its certificate; None: those of the system."""
    credentials: Credentials
    settings: Settings = ()
    """Start-up settings that clients may send besides the protocol's own list, lower case; (`*`,) for any."""
    connect_timeout_s: Seconds = CONNECT_TIMEOUT_S

    _name: str = PrivateAttr("")
    _entry: str = PrivateAttr("")

    @property
    def name(self) -> str:
        """What clients call it."""
        # asked for with every statement, and pydantic's own way to a private attribute takes twenty times as long
        private = self.__pydantic_private__
        return str(private["_name"]) if private is not None else ""

    @property
    def entry(self) -> str:
        """Its key in the configuration: the name, or `*` where the wildcard stands for it."""
        return self._entry

    def admits_setting(self, name: str) -> bool:
        """Whether the configuration lets clients send this start-up setting. The protocol's own list is not known here."""
        return self.settings == (WILDCARD,) or name.lower() in self.settings

    @field_validator("protocol")
    @classmethod
    def _is_spoken(cls, protocol: str, info: ValidationInfo) -> str:
        return value.one_of(protocol, value.context(info).protocols)

    @field_validator("tls", mode="before")
    @classmethod
    def _tls_unless_said(cls, tls: object, info: ValidationInfo) -> object:
        if tls is not _UNSET:
            return tls
        address = info.data.get("address")
        return Tls.DISABLE if address is not None and address.unix else Tls.VERIFY_FULL

    @field_validator("tls")
    @classmethod
    def _is_to_be_had(cls, tls: Tls, info: ValidationInfo) -> Tls:
        address = info.data.get("address")
        if address is not None and address.unix and tls.encrypts:
            raise ValueError(f"`{tls}` is not to be had over a Unix socket: leave it out")
        return tls

    @field_validator("ca")
    @classmethod
    def _is_used(cls, ca: Path | None, info: ValidationInfo) -> Path | None:
        tls = info.data.get("tls")
        if ca is not None and tls is not None and not tls.verifies:
            raise ValueError(f"is not used with tls `{tls}`: write `verify-full` or `verify-ca`")
        return ca

    def _named(self, entry: str, name: str) -> Upstream:
        """The same upstream as `name` reaches it through `entry`."""
        database = name if self.database in ("", WILDCARD) else self.database
        named = self.model_copy(update={"database": database})
        named._name, named._entry = name, entry
        return named


class Ledger(Section):
    """Where evidence is kept, and how."""

    path: FilePath = Path("ledger")
    text: StatementText = StatementText.FULL
    durability: Durability = Durability.DISK


class Catalog(Section):
    """How the upstreams' own catalogues are read."""

    max_age_s: Annotated[float, Field(strict=True, gt=0, le=MAX_CATALOG_AGE_S, allow_inf_nan=False)] = CATALOG_MAX_AGE_S


class Labels(Section):
    """How it is found out what the upstreams' columns hold."""

    scan: bool = Field(True, strict=True)
    """Whether values are looked at; if not, names alone tell."""
    every_s: Annotated[float, Field(strict=True, ge=MIN_SCAN_EVERY_S, le=MAX_SCAN_EVERY_S, allow_inf_nan=False)] = SCAN_EVERY_S
    sample_rows: StrictInt = Field(SAMPLE_ROWS, ge=MIN_SAMPLE_ROWS, le=MAX_SAMPLE_ROWS)
    load: Annotated[float, Field(strict=True, gt=0, le=1, allow_inf_nan=False)] = SCAN_LOAD
    """Share of the time in which a database is busy with it, at most."""


class Policies(Section):
    """What is permitted: where the policies are that say so."""

    path: FilePath | None = None
    """The folder of policy files; None: the packs alone."""
    packs: Annotated[tuple[Pack, ...], AfterValidator(value.different)] = (packs.BASELINE,)
    """Policies that are shipped, by name."""
    time_zone: TimeZone = value.UTC
    """In which policies speak of hours and days."""

    @property
    def zone(self) -> tzinfo:
        """The time zone itself."""
        return UTC if self.time_zone == value.UTC else ZoneInfo(self.time_zone)


class Limits(Section):
    """What one gateway allows itself and its clients."""

    max_statement_bytes: StrictInt = Field(MAX_STATEMENT_BYTES, ge=MIN_STATEMENT_BYTES, le=MAX_STATEMENT_BYTES)
    max_connections: StrictInt = Field(MAX_CONNECTIONS, ge=1)
    """Of all workers together."""
    startup_timeout_s: Seconds = STARTUP_TIMEOUT_S
    idle_timeout_s: SecondsOrNever = IDLE_TIMEOUT_S
    """0: never."""
    drain_timeout_s: SecondsOrNever = DRAIN_TIMEOUT_S


class Config(Section):
    """The whole file. `load` makes it."""

    listeners: Annotated[tuple[Listener, ...], AfterValidator(value.not_empty)]
    upstreams: Annotated[Mapping[UpstreamName, Upstream], AfterValidator(value.not_empty)]
    ledger: Ledger = _EMPTY
    store: StoreUrl = "sqlite:///nightporter.db"
    run: FilePath = _UNSET
    """Directory for control sockets; left out, `run` beside the store."""
    workers: StrictInt = Field(1, ge=1, le=MAX_WORKERS)
    limits: Limits = _EMPTY
    catalog: Catalog = _EMPTY
    labels: Labels = _EMPTY
    policies: Annotated[Policies, BeforeValidator(value.short_form)] = _EMPTY

    _path: Path = PrivateAttr(Path())
    _places: Mapping[Key, tuple[int, int]] = PrivateAttr(default_factory=dict)

    @property
    def path(self) -> Path:
        """The file it was loaded from, to load it again."""
        return self._path

    def place(self, key: Key) -> str:
        """Where the file says this, or the nearest key around it: `line:column`."""
        while key and key not in self._places:
            key = key[:-1]
        line, column = self._places.get(key, (1, 1))
        return f"{line}:{column}"

    @field_validator("run", mode="before")
    @classmethod
    def _beside_the_store(cls, run: object, info: ValidationInfo) -> object:
        if run is not _UNSET or "store" not in info.data:
            return "run" if run is _UNSET else run
        return value.directory_of_store(info.data["store"], info) / "run"

    @model_validator(mode="after")
    def _hangs_together(self) -> Config:
        misfits = [*self._unclear_databases(), *self._unknown_upstreams(), *self._shared_addresses()]
        if misfits:
            raise Misfits(misfits)
        return self

    def _unclear_databases(self) -> Iterator[Misfit]:
        for name, upstream in self.upstreams.items():
            path = ("upstreams", name, "database")
            if name == WILDCARD and upstream.database not in ("", WILDCARD):
                yield path, "must be `*` under the name `*`, which stands for every database of the server"
            if name != WILDCARD and upstream.database == WILDCARD:
                yield path, "may be `*` only under the name `*`"

    def _unknown_upstreams(self) -> Iterator[Misfit]:
        for index, listener in enumerate(self.listeners):
            for name in listener.credentials:
                if name not in self.upstreams and (name == WILDCARD or WILDCARD not in self.upstreams):
                    path = ("listeners", index, "credentials", name)
                    yield path, f"there is no upstream `{name}`{value.meant(name, self.upstreams)}"

    def _shared_addresses(self) -> Iterator[Misfit]:
        first: dict[Address, int] = {}
        for index, listener in enumerate(self.listeners):
            address = listener.address
            # The workers share a port; the system would let two entrances share it as well, and mix their clients.
            if address.port != 0 and first.setdefault(address, index) != index:
                yield ("listeners", index, "address"), f"listeners[{first[address]}] has this address already"

    def resolve(self, database: str) -> Upstream | None:
        """The upstream that a client means by `name` or `environment/name`; None if there is none.

        A name with an entry of its own is that entry, in its own environment or not at all; `*` stands for other names. A
        database with `/` in its name is therefore not reachable under that name.
        """
        environment, slash, name = database.rpartition("/")
        if not name:
            return None
        entry = name if name in self.upstreams and name != WILDCARD else WILDCARD
        upstream = self.upstreams.get(entry)
        if upstream is None or (slash and environment != upstream.environment):
            return None
        return upstream._named(entry, name)

    def credentials(self, listener: Listener, upstream: Upstream) -> Credentials:
        """How to log in to `upstream` for a client that came in by `listener`."""
        own = listener.credentials.get(upstream.name) or listener.credentials.get(upstream.entry)
        return own or upstream.credentials
