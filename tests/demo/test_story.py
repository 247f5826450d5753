"""What the story reads out of the ledger."""

from __future__ import annotations

from nightporter.demo.stage import Record
from nightporter.demo.story import Change, changes

AGENT = {"session": "s2", "principal": "billing-agent", "kind": "agent", "actor": "claude-code"}
HUMAN = {"session": "s1", "principal": "alice", "kind": "human"}


def intent(number: str, who: dict[str, str], text: str, *actions: str, decision: str = "allow") -> Record:
    what = {"sha256": "ab", "decision": decision, "text": text, "actions": list(actions)}
    return {"kind": "intent", "n": number, "time": "2026-01-31T03:00:00.000001Z", "who": who, "what": what}


def outcome(of: str, who: dict[str, str], transaction: int, **more: object) -> Record:
    return {"kind": "outcome", "intent": of, "who": who, "transaction": transaction, **more}


def test_reads_are_left_out() -> None:
    assert changes([intent("w-1", HUMAN, "select 1", "read"), outcome("w-1", HUMAN, 1, rows=1)]) == []


def test_a_change_ends_as_its_transaction_does() -> None:
    records = [
        {"kind": "session_started", "who": AGENT},
        intent("w-1", AGENT, "update t\n  set a = 1", "update"),
        outcome("w-1", AGENT, 1, rows=52),
        intent("w-3", AGENT, "commit"),
        outcome("w-3", AGENT, 1, transaction_end="committed"),
    ]
    found = changes(records)
    assert found == [Change("w-1", "03:00:00", "billing-agent/claude-code", "update t set a = 1", 52, "committed")]


def test_transactions_of_other_sessions_do_not_count() -> None:
    records = [
        intent("w-1", AGENT, "delete from t", "delete"),
        outcome("w-1", AGENT, 1, rows=1),
        outcome("w-0", HUMAN, 1, transaction_end="committed"),
    ]
    assert [change.end for change in changes(records)] == ["unknown"]


def test_attempts_are_told_with_who_refused() -> None:
    records = [
        intent("w-1", AGENT, "drop t if exists", "unknown", decision="deny"),
        intent("w-2", AGENT, "drop table t", "define"),
        outcome("w-2", AGENT, 2, sqlstate="42501", transaction_end="rolled_back"),
    ]
    assert [change.end for change in changes(records)] == ["denied by Nightporter", "refused by the database (42501)"]


def test_what_a_statement_sets_off_is_told() -> None:
    record = intent("w-1", AGENT, "select purge()", "delete", "read")
    via = ["function public.purge(date)"]
    record["what"]["relations"] = [
        {"action": "read", "name": "orders", "via": via},
        {"action": "delete", "name": "orders", "via": via},
        {"action": "delete", "name": "items", "via": [*via, "foreign key x of public.items"]},
        {"action": "insert", "name": "seen"},
    ]
    assert [change.does for change in changes([record])] == [("delete orders, items via function public.purge",)]


def test_without_an_outcome_nothing_is_claimed() -> None:
    assert [change.end for change in changes([intent("w-1", HUMAN, "delete from t", "delete")])] == ["unknown"]
