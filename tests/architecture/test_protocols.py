"""A protocol is its folder, one registry line, one page of docs. Nothing else knows its name."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from nightporter.protocols.registry import ADAPTERS

from .source import Module, modules

REGISTRY = "protocols.registry"
OWN_DATABASE = ("store", "demo")
"""They use PostgreSQL themselves, as anybody may, and may name it; our code for its protocol they do not import either."""
TESTS = Path(__file__).parents[1]


def folders() -> set[str]:
    return {m.name.split(".")[1] for m in modules() if m.name.startswith("protocols.") and m.name != REGISTRY}


def outside(name: str) -> list[Module]:
    return [m for m in modules() if not f"{m.name}.".startswith(f"protocols.{name}.") and m.name != REGISTRY]


def test_every_protocol_is_registered_under_the_name_of_its_folder() -> None:
    assert folders() == set(ADAPTERS)


@pytest.mark.parametrize("name", sorted(folders()))
def test_a_protocol_is_imported_by_the_registry_only(name: str) -> None:
    found = [m.place for m in outside(name) if any(f"{wanted}.".startswith(f"protocols.{name}.") for wanted in m.of_ours())]
    assert found == []


@pytest.mark.parametrize("name", sorted(folders()))
def test_a_protocol_is_named_in_its_folder_only(name: str) -> None:
    label = ADAPTERS[name].label
    words = {name.lower(), label.lower(), *ADAPTERS[name].alpn}
    found = [
        f"{m.place}:{node.lineno}"
        for m in outside(name)
        if m.name.partition(".")[0] not in OWN_DATABASE
        for node in ast.walk(m.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.lower() in words
    ]
    assert found == []


@pytest.mark.parametrize("name", sorted(folders()))
def test_a_protocol_brings_its_traffic_and_its_fake(name: str) -> None:
    assert (TESTS / "protocols" / name / "traffic.py").is_file()
    assert f"protocols.{name}.fake" in {m.name for m in modules()}
