"""The demonstration, as a stranger meets it: it plays to its end, tells the truth, and leaves nothing behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

COMMAND = [sys.executable, "-m", "nightporter.demo"]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A directory for temporary files that a server's unprivileged user may walk through, unlike `tmp_path`."""
    with TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_once_plays_the_story_and_puts_everything_away(folder: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(folder), "COLUMNS": "160"}
    played = subprocess.run([*COMMAND, "--once"], env=environment, capture_output=True, text=True, timeout=90, check=False)
    assert (played.returncode, played.stderr) == (0, "")
    told = played.stdout
    assert re.search(r"PGPASSWORD=\S+ \S*psql 'host=127\.0\.0\.1 port=\d+ user=alice dbname=shop'", told)
    assert re.search(r"PGPASSWORD=npt_\S+ \S*psql 'host=127\.0\.0\.1 port=\d+ user=billing-agent dbname=shop'", told)
    dip = re.search(r"([\d,.]+) -> ([\d,.]+) \(-", told)
    assert dip is not None
    before, after = (float(number.replace(",", "")) for number in dip.groups())
    assert 0 < after < before
    assert re.search(r"billing-agent/claude-code .*update orders set status = 'refunded'.* 52 +committed", told)
    assert re.search(r"- delete orders, order_items, payments via\s+function\s+public\.purge_canceled_orders", told)
    assert re.search(r"    - read customers\([^)]*\bemail\b[^)]*\) via view public\.mailing_list\n", told)
    assert "    - delete orders via function public.purge_canceled_orders(interval)\n" in told
    assert "denied by Nightporter" in told
    assert "refused by the database (42501)" in told
    assert told.rstrip().splitlines()[-1]
    assert list(folder.iterdir()) == []


def test_interrupted_while_it_waits_it_leaves_quietly(folder: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(folder)}
    demo = subprocess.Popen(COMMAND, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert demo.stdout is not None
    assert demo.stderr is not None
    with demo.stdout, demo.stderr:
        told = ""
        while "evidence tail --config" not in told:
            line = demo.stdout.readline()
            assert line, demo.stderr.read()
            told += line
        configuration = told.rsplit("--config ", 1)[1].strip()
        text = "select purge_canceled_orders('1 day')"
        command = [sys.executable, "-m", "nightporter", "analyse", "--config", configuration, "--upstream", "shop", text]
        analysed = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert (analysed.returncode, analysed.stderr) == (0, "")
        assert "delete  public.payments" in analysed.stdout
        demo.send_signal(signal.SIGINT)
        assert demo.wait(timeout=40) == 0
        assert demo.stderr.read() == ""
    assert list(folder.iterdir()) == []
