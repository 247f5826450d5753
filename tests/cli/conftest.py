"""A configuration with a store and a ledger of its own, and a way to run commands on it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from typer.testing import CliRunner

from nightporter.cli.main import app
from nightporter.config import Config, load

CONFIG = """\
listeners:
  - address: 127.0.0.1:6432
upstreams:
  shop:
    protocol: postgres
    environment: production
    address: db.internal
    credentials: {user: app}
"""

Run: TypeAlias = Callable[..., Any]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the configuration is, and where commands are run."""
    (tmp_path / "nightporter.yaml").write_text(CONFIG)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NIGHTPORTER_CONFIG", raising=False)
    return tmp_path


@pytest.fixture
def config(folder: Path) -> Config:
    """The configuration."""
    return load(folder / "nightporter.yaml", protocols=["postgres"])


@pytest.fixture
def run(folder: Path) -> Run:
    """Runs a command; gives its result. `input` is its standard input; `status` is expected, with an error if it `fails`."""

    def invoke(words: str, *, input: str = "", status: int = 0, fails: int = 0) -> Any:
        result = CliRunner().invoke(app, words.split(), input=input)
        assert result.exit_code == (fails or status), result.output
        if fails:
            assert result.stderr.startswith("error: ")
            assert "Traceback" not in result.output
        return result

    return invoke
