"""The demonstration, as a stranger meets it: it plays to its end, tells the truth, and leaves nothing behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
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
    assert re.search(r"PGPASSWORD=\S+ \S*psql 'host=127\.0\.0\.1 port=\d+ user=carol dbname=shop'", told)
    assert re.search(r"PGPASSWORD=npt_\S+ \S*psql 'host=127\.0\.0\.1 port=\d+ user=billing-agent dbname=shop'", told)
    assert re.search(r"([1-9][\d,.]+) -> \1 \(\+0\.0 %\)", told)
    who_sees_what(told)
    night = told.partition("3 a.m.")[2].partition("In the morning")[0]
    drop, update, in_cte, in_function, still_there = night.split("billing-agent/claude-code=> ")[2:]
    assert "(policy agents.no-drop: drop public.payments)\n" in drop
    assert "(policy agents.no-whole-table: update public.orders with no condition)\n" in update
    assert "(policy agents.ask-first: delete from public.orders): nobody approved it in time\n" in in_cte
    assert "(policy agents.ask-first: delete from public.orders, through a function): nobody approved it in time\n" in in_function
    assert [text.count("ERROR:  ") for text in (drop, update, in_cte, in_function, still_there)] == [1, 1, 1, 1, 0]
    assert re.search(r"^ +20000$", still_there, re.MULTILINE)
    morning = told.partition("In the morning")[2].partition("The book")[0]
    assert re.search(r"alice\n    update products set price = .*;\n    15 rows, committed \(baseline\.people\)\n", morning)
    assert re.search(
        r"claude-code\n    drop table payments;\n(    - .*\n)+    denied by Nightporter \(agents\.no-drop\)\n", morning
    )
    assert len(re.findall(r"held [2-9] s, then denied by Nightporter \(agents\.ask-first, ", morning)) == 2
    assert "    - delete orders, order_items, payments via function public.purge_canceled_orders\n" in morning
    assert morning.count("claude-code\n") == 4
    assert re.search(r"    - read customers\([^)]*\bemail\b[^)]*\) via view public\.mailing_list\n", told)
    assert "    - delete orders via function public.purge_canceled_orders(interval)\n" in told
    assert told.rstrip().splitlines()[-1]
    assert list(folder.iterdir()) == []


def who_sees_what(told: str) -> None:
    """With no policy of it, and with three lines."""
    veil, _, permitted = told.partition("Who sees what")[2].partition("3 a.m.")[0].partition("Three lines")
    everything, alias, as_json, union, copy, error = veil.split("billing-agent/claude-code=> ")[1:]
    error, _, person = error.partition("alice=> ")
    for shown in (everything, alias, union, copy, person):
        assert "p***@example.net" in shown
    assert '"email":"*****"' in as_json
    assert 'ERROR:  invalid input syntax for type integer: "*****"\n' in error
    assert "paul.fischer2@example.net | ************9389\n" in permitted
    assert 'resource in Label::"pii.email");\n' in permitted
    assert told.count("paul.fischer2@example.net") == 1
    assert "    - shown email by support.email (pii.email of customers.email), 1 value\n" in told
    assert "    - masked card_number as partial (pii.card of customers.card_number), 1 value\n" in told


def test_its_policies_can_be_edited_and_interrupted_it_leaves_quietly(folder: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(folder)}
    demo = subprocess.Popen(COMMAND, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert demo.stdout is not None
    assert demo.stderr is not None
    with demo.stdout, demo.stderr:
        try:
            told = ""
            while "evidence tail --config" not in told:
                line = demo.stdout.readline()
                assert line, demo.stderr.read()
                told += line
            try_out(told)
        finally:
            demo.send_signal(signal.SIGINT)
            assert demo.wait(timeout=40) == 0
        assert demo.stderr.read() == ""
    assert list(folder.iterdir()) == []


def try_out(told: str) -> None:
    """What the last lines invite to."""
    shown = re.search(r"explain (--as \S+ --upstream shop --config \S+) \"(.+)\"", told)
    assert shown is not None
    command = [sys.executable, "-m", "nightporter", "explain", *shown[1].split(), shown[2]]
    explained = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (explained.returncode, explained.stderr) == (3, "")
    assert "agents.no-drop (agents.cedar:" in explained.stdout

    shown = re.search(r"labels report shop --config \S+", told)
    assert shown is not None
    command = [sys.executable, "-m", "nightporter", *shown[0].split()]
    report = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (report.returncode, report.stderr) == (0, "")
    assert "public.customers.email" in report.stdout

    agent = re.search(r"PGPASSWORD=npt_.*", told)
    policies = re.search(r"^  (/\S+/policies/agents\.cedar)$", told, re.MULTILINE)
    assert agent is not None
    assert policies is not None
    file = Path(policies[1])
    rules, _, commented = file.read_text().partition("//     ")
    statement, _, commented = commented.partition("\n")
    assert "nobody approved it in time" in as_agent(agent[0], statement)
    file.write_text(rules + commented.replace("// ", ""))
    give_up = time.monotonic() + 30
    while (answer := as_agent(agent[0], statement)) != "UPDATE 18\n":
        assert "nobody approved it in time" in answer
        assert time.monotonic() < give_up


def as_agent(line: str, statement: str) -> str:
    command = ["sh", "-c", f'{line} -X -c "$1"', "sh", statement]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return answer.stdout + answer.stderr
