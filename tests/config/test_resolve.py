"""Which upstream a client means, and how we log in to it."""

from __future__ import annotations

import pytest

from nightporter.config import Config, Upstream

from .example import config

TWO = """\
listeners:
  - address: 127.0.0.1:6432
  - address: 127.0.0.1:6433
    credentials: {shop: {user: shop_admin}, "*": {user: lab_admin}, other: {user: other_admin}}
upstreams:
  shop: {protocol: postgres, environment: production, address: a, database: shop_1, credentials: {user: app}}
  other: {protocol: postgres, environment: staging, address: b, credentials: {user: app}}
  "*": {protocol: postgres, environment: lab, address: c, database: "*", settings: "*", credentials: {user: lab}}
"""
WITHOUT_WILDCARD = TWO[: TWO.rindex('  "*"')].replace('"*": {user: lab_admin}, ', "")


def found(upstream: Upstream | None) -> tuple[str, str, str, str] | None:
    return None if upstream is None else (upstream.entry, upstream.name, upstream.environment, upstream.database)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("shop", ("shop", "shop", "production", "shop_1")),
        ("production/shop", ("shop", "shop", "production", "shop_1")),
        ("staging/other", ("other", "other", "staging", "other")),
        ("staging/shop", None),
        ("lab/shop", None),
        ("/shop", None),
        ("x/production/shop", None),
        ("Shop", ("*", "Shop", "lab", "Shop")),
        ("template1", ("*", "template1", "lab", "template1")),
        ("lab/template1", ("*", "template1", "lab", "template1")),
        ("production/template1", None),
        ("with a space", ("*", "with a space", "lab", "with a space")),
        ("*", ("*", "*", "lab", "*")),
        ("", None),
        ("lab/", None),
    ],
)
def test_names(asked: str, expected: tuple[str, str, str, str] | None) -> None:
    assert found(config(TWO).resolve(asked)) == expected
    if expected and expected[0] == "*":
        assert config(WITHOUT_WILDCARD).resolve(asked) is None


@pytest.mark.parametrize(
    ("listener", "database", "user"),
    [
        (0, "shop", "app"),
        (1, "shop", "shop_admin"),
        (1, "production/shop", "shop_admin"),
        (1, "template1", "lab_admin"),
        (0, "template1", "lab"),
        (1, "other", "other_admin"),
    ],
)
def test_an_entrance_may_log_in_with_another_role(listener: int, database: str, user: str) -> None:
    loaded: Config = config(TWO)
    upstream = loaded.resolve(database)
    assert upstream is not None
    assert loaded.credentials(loaded.listeners[listener], upstream).user == user


def test_an_entrance_may_name_one_database_of_the_wildcard() -> None:
    loaded = config(TWO.replace("other: {user: other_admin}", "template1: {user: own}"))
    for database, user in (("template1", "own"), ("template2", "lab_admin")):
        upstream = loaded.resolve(database)
        assert upstream is not None
        assert loaded.credentials(loaded.listeners[1], upstream).user == user


@pytest.mark.parametrize(
    ("settings", "name", "admitted"),
    [
        ('"*"', "anything", True),
        ("[Work_Mem]", "work_mem", True),
        ("[work_mem]", "WORK_MEM", True),
        ("[work_mem]", "role", False),
        ("[]", "work_mem", False),
    ],
)
def test_settings_that_clients_may_send(settings: str, name: str, admitted: bool) -> None:
    loaded = config(TWO.replace('settings: "*"', f"settings: {settings}"))
    assert loaded.upstreams["*"].admits_setting(name) is admitted


def test_resolving_leaves_the_configuration_as_it_is() -> None:
    loaded = config(TWO)
    before = repr(loaded)
    loaded.resolve("template1")
    assert repr(loaded) == before
