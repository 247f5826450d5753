"""Reading the file: what it means, and what is said when it is wrong."""

from __future__ import annotations

import pickle
import zoneinfo
from datetime import UTC
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightporter.config import Address, Durability, Policies, StatementText, Tls, load
from nightporter.core.error import ConfigError
from nightporter.upstream.credentials.environment import EnvironmentSource
from nightporter.upstream.credentials.file import FileSource

from .example import PATH, PROTOCOLS, config, minimal

REPOSITORY = Path(__file__).parents[2]


def complaints(text: str) -> list[str]:
    """What is wrong with `text`, without the path."""
    with pytest.raises(ConfigError) as caught:
        config(text)
    lines = str(caught.value).splitlines()
    assert all(line.startswith(f"{PATH}:") for line in lines)
    return [line.removeprefix(f"{PATH}:") for line in lines]


def test_the_example_is_valid() -> None:
    example = load(REPOSITORY / "nightporter.example.yaml", protocols=["postgres"])
    shop = example.resolve("shop")
    assert shop is not None
    assert shop.credentials.password == EnvironmentSource("SHOP_PASSWORD")
    assert example.path == REPOSITORY / "nightporter.example.yaml"


def test_defaults() -> None:
    loaded = config()
    shop = loaded.resolve("shop")
    assert shop is not None
    assert (shop.name, shop.entry, shop.database, shop.environment) == ("shop", "shop", "shop", "production")
    assert (shop.tls, shop.ca, shop.settings) == (Tls.VERIFY_FULL, None, ())
    assert shop.address == Address("db.internal")
    assert shop.credentials.password is None
    assert loaded.ledger.path == PATH.parent / "ledger"
    assert (loaded.ledger.text, loaded.ledger.durability) == (StatementText.FULL, Durability.DISK)
    assert loaded.store == "sqlite:////etc/nightporter/nightporter.db"
    assert loaded.run == PATH.parent / "run"
    assert loaded.workers == 1
    assert loaded.limits.max_statement_bytes == 16_777_216
    assert loaded.limits.idle_timeout_s == 0


def test_policies() -> None:
    assert config().policies == Policies.model_construct(path=None, packs=("baseline",), time_zone="UTC")
    assert config().policies.zone is UTC
    whole = config(minimal(rest="policies: {path: ./rules, packs: [], time_zone: Europe/Berlin}")).policies
    assert (whole.path, whole.packs, whole.zone) == (PATH.parent / "rules", (), ZoneInfo("Europe/Berlin"))
    short = config(minimal(rest="policies: ./rules")).policies
    assert (short.path, short.packs) == (PATH.parent / "rules", ("baseline",))


def test_utc_needs_no_time_zones_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zoneinfo, "TZPATH", ())
    assert config(minimal(rest="policies: {time_zone: UTC}")).policies.zone is UTC


def test_places_of_what_the_file_says() -> None:
    loaded = config(minimal(rest="policies: ./rules"))
    assert loaded.place(("policies", "path")) == loaded.place(("policies",)) == "9:11"
    assert loaded.place(("upstreams", "shop", "address")) == "7:14"
    assert loaded.place(("limits", "max_connections")) == "1:1"


def test_relative_paths_start_beside_the_file() -> None:
    loaded = config(
        minimal(
            listener="tls: {certificate: a.crt, key: /keys/a.key, client_ca: ../ca.crt}",
            upstream="ca: upstream.crt\nsettings: [Work_Mem]",
            rest="ledger: {path: ./book}\nstore: sqlite:///state/np.db?timeout=3",
        ).replace("{user: app}", "{user: app, password: 'file:pw'}")
    )
    tls = loaded.listeners[0].tls
    assert tls is not None
    assert (tls.certificate, tls.key, tls.required) == (PATH.parent / "a.crt", Path("/keys/a.key"), True)
    assert tls.client_ca == PATH.parent / "../ca.crt"
    shop = loaded.upstreams["shop"]
    assert shop.ca == PATH.parent / "upstream.crt"
    assert shop.credentials.password == FileSource(PATH.parent / "pw")
    assert loaded.ledger.path == PATH.parent / "book"
    assert loaded.store == "sqlite:////etc/nightporter/state/np.db?timeout=3"
    assert loaded.run == PATH.parent / "state/run"


@pytest.mark.parametrize(
    ("rest", "store", "run"),
    [
        ("store: sqlite:////var/lib/np/np.db", "sqlite:////var/lib/np/np.db", "/var/lib/np/run"),
        ("store: postgresql+psycopg://np@db/np", "postgresql+psycopg://np@db/np", "/etc/nightporter/run"),
        ("run: /run/np", "sqlite:////etc/nightporter/nightporter.db", "/run/np"),
    ],
)
def test_store_and_the_directory_for_control_sockets(rest: str, store: str, run: str) -> None:
    loaded = config(minimal(rest=rest))
    assert (loaded.store, str(loaded.run)) == (store, run)


@pytest.mark.parametrize(
    ("text", "where", "complaint"),
    [
        (minimal(upstream="tsl: disable"), "9:5: upstreams.shop.tsl", "is not a key; did you mean `tls`"),
        (
            minimal(listener="tls: {certificat: x, key: y}"),
            "3:11: listeners[0].tls.certificat",
            "is not a key; did you mean `certificate`",
        ),
        (minimal(rest="worker: 2"), "9:1: worker", "is not a key; did you mean `workers`"),
        (minimal(rest="plugins: 2"), "9:1: plugins", "is not a key"),
        (
            minimal(upstream="tls: verify"),
            "9:10: upstreams.shop.tls",
            "must be one of disable, allow, prefer, require, verify-ca, verify-full",
        ),
        (
            minimal(upstream="tls: disable\nca: x"),
            "10:9: upstreams.shop.ca",
            "is not used with tls `disable`: write `verify-full` or `verify-ca`",
        ),
        (minimal(upstream='database: "*"'), "9:15: upstreams.shop.database", "may be `*` only under the name `*`"),
        (minimal(upstream="address: other"), "9:5: upstreams.shop.address", "stands here a second time: first in line 7"),
        (minimal(upstream="ca:"), "9:8: upstreams.shop.ca", "has no value: leave the key out for its default"),
        (minimal(upstream="settings: nightporter.principal"), "9:15: upstreams.shop.settings", 'must be a list of names, or "*"'),
        (
            minimal(upstream="settings: [NightPorter.actor]"),
            "9:15: upstreams.shop.settings",
            "`NightPorter.actor` carries the identity of a session and cannot be left to clients",
        ),
        (minimal(upstream="settings: [x y]"), "9:15: upstreams.shop.settings", "`x y` is not the name of a setting"),
        (minimal(upstream="connect_timeout_s: 0"), "9:24: upstreams.shop.connect_timeout_s", "must be greater than 0"),
        (minimal(upstream="connect_timeout_s: .inf"), "9:24: upstreams.shop.connect_timeout_s", "must be a finite number"),
        (minimal().replace("production", "NO"), "6:18: upstreams.shop.environment", "must be a text; put it in quotes"),
        (
            minimal().replace("production", "Prod"),
            "6:18: upstreams.shop.environment",
            "`Prod` is not a name: use lower-case letters, digits, `_`, `.` and `-`",
        ),
        (
            minimal().replace("shop:", "Shop:"),
            "4:3: upstreams.Shop",
            "`Shop` is not a name: use lower-case letters, digits, `_`, `.` and `-`",
        ),
        (
            minimal().replace("postgres", "postgre"),
            "5:15: upstreams.shop.protocol",
            "`postgre` is not one of mysql, postgres; did you mean `postgres`",
        ),
        (minimal().replace("    protocol: postgres\n", ""), "4:3: upstreams.shop.protocol", "is missing"),
        (minimal().replace("{user: app}", "app"), "8:18: upstreams.shop.credentials", "must be a mapping of keys to values"),
        (
            minimal().replace("app", '""'),
            "8:25: upstreams.shop.credentials.user",
            "must be a text of printable characters, and not empty",
        ),
        (
            minimal(listener="credentials: {shp: {user: x}}"),
            "3:24: listeners[0].credentials.shp",
            "there is no upstream `shp`; did you mean `shop`",
        ),
        (minimal(rest="workers: true"), "9:10: workers", "must be a whole number"),
        (minimal(rest="workers: 0"), "9:10: workers", "must be at least 1"),
        (minimal(rest="workers: 1000"), "9:10: workers", "must be at most 128"),
        (minimal(rest="workers: '2'"), "9:10: workers", "must be a whole number"),
        (minimal(rest="limits: {drain_timeout_s: -1}"), "9:27: limits.drain_timeout_s", "must be at least 0"),
        (
            minimal(rest="limits: {max_statement_bytes: 99999999999}"),
            "9:31: limits.max_statement_bytes",
            "must be at most 16777216",
        ),
        (minimal(rest="store: ':memory:'"), "9:8: store", "must be a URL such as `sqlite:///nightporter.db`"),
        (
            minimal(rest="store: 'sqlite:///:memory:'"),
            "9:8: store",
            "must be a file that several processes can open: `sqlite:///path`",
        ),
        (minimal(rest="policies: 7"), "9:11: policies", "must be a mapping of keys to values"),
        (minimal(rest="policies: {path: 7}"), "9:18: policies.path", "must be a path"),
        (minimal(rest="policies: {pack: baseline}"), "9:12: policies.pack", "is not a key; did you mean `packs`"),
        (minimal(rest="policies: {packs: [baselin]}"), "9:20: policies.packs[0]", "`baselin` is not one of baseline"),
        (minimal(rest="policies: {packs: baseline}"), "9:19: policies.packs", "must be a list"),
        (minimal(rest="policies: {packs: [baseline, baseline]}"), "9:19: policies.packs", "has `baseline` twice"),
        (
            minimal(rest="policies: {time_zone: Europe/Berln}"),
            "9:23: policies.time_zone",
            "`Europe/Berln` is not a time zone; did you mean `Europe/Berlin`",
        ),
        (minimal(rest="policies: {time_zone: Europe}"), "9:23: policies.time_zone", "`Europe` is not a time zone"),
        (minimal(rest="policies: {time_zone: ../UTC}"), "9:23: policies.time_zone", "`../UTC` is not a time zone"),
        (minimal(rest='policies: {time_zone: ""}'), "9:23: policies.time_zone", "`` is not a time zone"),
        (minimal(rest="ledger: {path: 7}"), "9:16: ledger.path", "must be a path"),
        (minimal(rest="ledger: {text: hashed}"), "9:16: ledger.text", "must be one of full, hash"),
        ("listeners: []\nupstreams: {}\n", "1:12: listeners", "must have at least one entry"),
        ("", "1:1", "is empty: see nightporter.example.yaml"),
        ("- a\n", "1:1", "is empty: see nightporter.example.yaml"),
        ("a: [1\n", "2:1", "is not YAML: expected ',' or ']', but got '<stream end>'"),
        ("a: !!python/name:os.system x\n", "1:4", "is not YAML: could not determine a constructor for the tag ..."),
        ("a: b\nc: \x07\n", "2:4", "is not YAML: a character that is not allowed"),
        ("? [a]\n: b\n", "1:3", "has a key that is not a name"),
    ],
)
def test_a_mistake_is_named_with_line_column_and_key(text: str, where: str, complaint: str) -> None:
    assert any(line.startswith(f"{where}: {complaint}") for line in complaints(text))


@pytest.mark.parametrize(
    ("text", "where", "complaint"),
    [
        (
            "listeners:\n  - address: /run/np.sock\n    tls: {certificate: a, key: b}\n",
            "3:10: listeners[0].tls",
            "a Unix socket takes no `tls`: clients do not ask for it there",
        ),
        (
            "listeners:\n  - address: '[::1]:1'\n  - address: '[::1]:1'\n",
            "3:14: listeners[1].address",
            "listeners[0] has this address already",
        ),
        ("listeners:\n  - address: [::1]:1\n", "2:15", "is not YAML: expected the node content, but found ':'"),
        (
            "listeners:\n  - address: [x]\n",
            "2:14: listeners[0].address",
            "must be an address such as `127.0.0.1:6432`; put it in quotes if it has brackets",
        ),
    ],
)
def test_a_mistake_in_listeners(text: str, where: str, complaint: str) -> None:
    rest = minimal()
    assert f"{where}: {complaint}" in complaints(text + rest[rest.index("upstreams:") :])


def test_ports_that_the_system_chooses_do_not_collide() -> None:
    text = minimal().replace("127.0.0.1:6432", "127.0.0.1:0\n  - address: 127.0.0.1:0")
    assert len(config(text).listeners) == 2


def test_aliases_are_refused() -> None:
    text = minimal(upstream="settings: &s [a]", rest="run: *s")
    assert complaints(text) == ["9:15: run: is an alias: write the value out"]


def test_every_mistake_is_told_in_the_order_of_the_file() -> None:
    text = minimal(upstream="tls: no-way\nca:\nx: 1", rest="workers: 0\nworkers: 2\nrun: 7")
    assert [line.split(": ")[1] for line in complaints(text)] == [
        "upstreams.shop.tls",
        "upstreams.shop.ca",
        "upstreams.shop.x",
        "workers",
        "workers",
        "run",
    ]


def test_unix_socket_upstream_needs_no_tls() -> None:
    text = minimal().replace("db.internal", "/var/run/postgresql")
    assert config(text).upstreams["shop"].tls is Tls.DISABLE
    assert config(text.replace("protocol", "tls: prefer\n    protocol")).upstreams["shop"].tls is Tls.PREFER
    refused = complaints(text.replace("protocol", "tls: require\n    protocol"))
    assert refused == ["5:10: upstreams.shop.tls: `require` is not to be had over a Unix socket: leave it out"]


@pytest.mark.parametrize(
    "spoiled",
    [
        minimal().replace("app}", "app, password: hunter2}"),
        minimal().replace("app}", "app, password: [hunter2]}"),
        minimal().replace("app}", "app, password: 'env:hunter2!'}"),
        minimal().replace("app}", "app, pasword: hunter2}"),
        minimal().replace("app}", "app, password: hunter2"),
        minimal().replace("app}", 'app, password: "hunter2'),
        minimal().replace("app}", "app, password: !secret hunter2}"),
        minimal().replace("app}", "app, password: hunter2\x00}"),
        minimal().replace("app}", "app, password: *hunter2}"),
        minimal().replace("app}", "app, password: !hunter2!x}"),
        minimal().replace("app}", "app, password: %hunter2}"),
        minimal().replace("app}", "app, password: @hunter2}"),
        minimal(rest="store: postgresql+psycopg://np:hunter2@db/np"),
        minimal(rest="store: postgresql+psycopg://db/np?user=np&password=hunter2"),
        minimal(rest="store: postgresql+psycopg://db/np?sslpassword=hunter2"),
        minimal(rest="store: {password: hunter2}"),
    ],
)
def test_a_password_in_the_file_is_refused_and_not_repeated(spoiled: str) -> None:
    assert spoiled != minimal()
    assert "hunter2" not in "\n".join(complaints(spoiled))


@pytest.mark.parametrize(
    ("content", "complaint"),
    [(None, "cannot be read: No such file or directory"), (b"\xff\xfe", "is not UTF-8"), (b"[" * 100_000, "is nested too deeply")],
)
def test_a_file_that_is_none(tmp_path: Path, content: bytes | None, complaint: str) -> None:
    path = tmp_path / "np.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=complaint):
        load(path, protocols=PROTOCOLS)


def test_a_huge_file_is_not_read_as_yaml() -> None:
    assert complaints("#" * 2_000_000) == ["1:1: is longer than 1048576 characters"]


@given(st.text(alphabet=st.sampled_from("listenrupamdhock: \n-[]{}&*!'\"#|>?,%@`0123456789\t\0\x85"), max_size=60))
def test_any_text_is_a_configuration_or_a_configuration_error(text: str) -> None:
    try:
        loaded = config(text)
    except ConfigError:
        return
    assert loaded.listeners


def test_a_configuration_travels_to_another_process() -> None:
    loaded = config(minimal().replace("app}", "app, password: 'command:vault x'}"))
    there = pickle.loads(pickle.dumps(loaded))
    assert there == loaded
    assert there.path == loaded.path
