"""Which settings pass: ours and those that would change the login never do, under any list."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightporter.protocols.postgres.startup_settings import DEFAULT_SETTINGS, admit


@pytest.mark.parametrize("allowed", [DEFAULT_SETTINGS, None])
def test_what_common_clients_send_passes(allowed: frozenset[str] | None) -> None:
    sent = {"DateStyle": "ISO", "TimeZone": "UTC", "extra_float_digits": "3", "client_encoding": "UTF8", "application_name": "psql"}
    assert admit(sent, allowed) == (sent, ())


@pytest.mark.parametrize(
    ("name", "by_default", "at_all"),
    [
        ("search_path", True, True),
        ("Search_Path", True, True),
        ("role", False, True),
        ("session_authorization", False, True),
        ("session_replication_role", False, True),
        ("standard_conforming_strings", False, True),
        ("myapp.tenant", False, True),
        ("nightporter.principal", False, False),
        ("NightPorter.x", False, False),
        ("replication", False, False),
        ("user", False, False),
        ("Database", False, False),
        ("options", False, False),
        ("_pq_.x", False, False),
        ("", False, False),
    ],
)
def test_one_setting(name: str, by_default: bool, at_all: bool) -> None:
    for allowed, passes in ((DEFAULT_SETTINGS, by_default), (None, at_all), (frozenset({name.lower()}), at_all)):
        expected = ({name: "x"}, ()) if passes else ({}, (name,))
        assert admit({name: "x"}, allowed) == expected


def test_the_list_is_in_the_form_that_names_are_compared_in() -> None:
    assert {name.lower() for name in DEFAULT_SETTINGS} == DEFAULT_SETTINGS
    assert admit(dict.fromkeys(DEFAULT_SETTINGS, "x"), DEFAULT_SETTINGS)[1] == ()


@given(
    st.dictionaries(st.text() | st.sampled_from(["jit", "USER", "nightporter.x"]), st.text()),
    st.sampled_from([DEFAULT_SETTINGS, None]),
)
def test_every_setting_is_admitted_or_refused(parameters: dict[str, str], allowed: frozenset[str] | None) -> None:
    admitted, refused = admit(parameters, allowed)
    assert {**admitted, **dict.fromkeys(refused)}.keys() == parameters.keys()
    assert len(admitted) + len(refused) == len(parameters)
    assert all(parameters[name] == value for name, value in admitted.items())
