"""The reference and the example against the models."""

from __future__ import annotations

import re
from pathlib import Path

from nightporter.config.keys import KEYS, pattern

REFERENCE = Path(__file__).parents[2] / "docs/reference/configuration.md"


def test_every_key_is_documented_and_nothing_else() -> None:
    documented = re.findall(r"^#+ `([^`]+)`$", REFERENCE.read_text(), re.MULTILINE)
    assert sorted(documented) == sorted(KEYS)


def test_documented_defaults_are_the_defaults() -> None:
    text = REFERENCE.read_text()
    from nightporter.config import Limits

    for name, info in Limits.model_fields.items():
        section = text.split(f"`limits.{name}`", 1)[1].split("\n#", 1)[0]
        assert f"Default: `{info.default:g}`" in section or f"Default: `{info.default}`" in section, name


def test_patterns_of_keys_in_a_file() -> None:
    assert pattern(("listeners", 3, "tls", "key")) == "listeners[].tls.key"
    assert pattern(("listeners", 0, "credentials", "credentials", "user")) == "listeners[].credentials.<upstream>.user"
    assert pattern(("upstreams", "credentials", "credentials", "user")) == "upstreams.<name>.credentials.user"
    assert pattern(("upstreams", "upstreams", "tls")) == "upstreams.<name>.tls"
    assert {"listeners[].credentials.<upstream>.user", "upstreams.<name>.credentials.password"} < set(KEYS)
