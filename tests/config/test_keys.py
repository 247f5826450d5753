"""The reference and the example against the models."""

from __future__ import annotations

import re
from pathlib import Path

from nightporter.config import Catalog, Config, Labels, Ledger, Limits, Upstream
from nightporter.config.keys import KEYS, pattern

REFERENCE = Path(__file__).parents[2] / "docs/reference/configuration.md"


def test_every_key_is_documented_and_nothing_else() -> None:
    documented = re.findall(r"^#+ `([^`]+)`$", REFERENCE.read_text(), re.MULTILINE)
    assert sorted(documented) == sorted(KEYS)


def test_documented_defaults_are_the_defaults() -> None:
    text = REFERENCE.read_text()
    fields = {f"limits.{name}": info.default for name, info in Limits.model_fields.items()}
    fields |= {f"ledger.{name}": info.default for name, info in Ledger.model_fields.items() if name != "path"}
    fields |= {f"catalog.{name}": info.default for name, info in Catalog.model_fields.items()}
    fields |= {f"labels.{name}": info.default for name, info in Labels.model_fields.items()}
    fields["upstreams.<name>.connect_timeout_s"] = Upstream.model_fields["connect_timeout_s"].default
    fields["workers"] = Config.model_fields["workers"].default
    for key, default in fields.items():
        section = text.split(f"### `{key}`\n", 1)[1].split("\n#", 1)[0]
        shown = f"{default:g}" if isinstance(default, float) else str(default).lower()
        assert f"Default: `{shown}`" in section, key


def test_patterns_of_keys_in_a_file() -> None:
    assert pattern(("listeners", 3, "tls", "key")) == "listeners[].tls.key"
    assert pattern(("listeners", 0, "credentials", "credentials", "user")) == "listeners[].credentials.<upstream>.user"
    assert pattern(("upstreams", "credentials", "credentials", "user")) == "upstreams.<name>.credentials.user"
    assert pattern(("upstreams", "upstreams", "tls")) == "upstreams.<name>.tls"
    assert {"listeners[].credentials.<upstream>.user", "upstreams.<name>.credentials.password"} < set(KEYS)
