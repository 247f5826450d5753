"""How policies come into force: when they rest, once they are kept and recorded, in every worker or not in that worker at all."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog

from nightporter.config import Config
from nightporter.core.error import EvidenceError, StoreError
from nightporter.evidence.ledger import Ledger
from nightporter.evidence.record import EventKind
from nightporter.gateway import control, policies, rollout
from nightporter.gateway.adopted import Adopted
from nightporter.gateway.control import Message
from nightporter.gateway.rollout import Rollout
from nightporter.policy.ruleset import Ruleset
from tests.config.example import config, minimal
from tests.evidence.book import opened

PERMIT = '@id("{}")\npermit(principal is Human, action, resource);\n'
A_LOOK_S = 0.01
SOME_LOOKS_S = 0.15


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollout, "LOOK_S", A_LOOK_S)


@pytest.fixture
def said() -> Iterator[list[Any]]:
    """Everything that is logged."""
    with structlog.testing.capture_logs() as lines:
        yield lines


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "policies"
    made.mkdir()
    write(made, "one")
    return made


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = opened(tmp_path / "ledger", seed="rollout")
    yield made
    made.close()


def write(folder: Path, *ids: str) -> None:
    (folder / "a.cedar").write_text("".join(PERMIT.format(each) for each in ids))


def configured(folder: Path) -> Config:
    """All of it beside the folder."""
    return config(minimal(rest="policies: {path: ./policies, packs: []}"), folder.parent / "nightporter.yaml")


class Gate:
    """A control process without processes."""

    def __init__(self, folder: Path, ledger: Ledger) -> None:
        self.ended: list[int] = []
        self.folder = folder
        self.ledger = ledger
        self.rollout = Rollout(configured(folder), ledger, list, self.ended.append)
        self.rollout.begin()

    @asynccontextmanager
    async def watching(self) -> Any:
        task = asyncio.ensure_future(self.rollout.watch())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])

    def events(self, kind: EventKind) -> list[dict[str, Any]]:
        self.ledger.flush()
        lines = [line for file in sorted(self.folder.parent.glob("ledger/*/*.jsonl")) for line in file.read_text().splitlines()]
        return [record["detail"] for record in map(json.loads, lines) if record["kind"] == kind]

    def in_force(self) -> set[str]:
        """Ids of the policies in force."""
        return set(policies.read_kept(self.rollout.file.parent, self.rollout.hash).policies)


@pytest.fixture
def gate(folder: Path, ledger: Ledger) -> Gate:
    return Gate(folder, ledger)


async def until(found: Callable[[], object]) -> None:
    async with asyncio.timeout(15):
        while not found():  # noqa: ASYNC110 - of files there are no events
            await asyncio.sleep(A_LOOK_S)


# what comes into force


async def test_the_first_set_is_kept_and_recorded(gate: Gate, folder: Path) -> None:
    assert gate.in_force() == {"one"}
    assert gate.rollout.file == folder.parent / "ledger" / "policy" / f"{gate.rollout.hash}.json"
    assert gate.events(EventKind.CONFIGURATION) == [{"policies": gate.rollout.hash, "count": 1, "suspicious": 0}]


async def test_a_change_comes_into_force(gate: Gate, folder: Path) -> None:
    first = gate.rollout.hash
    async with gate.watching():
        write(folder, "one", "two")
        await until(lambda: gate.rollout.hash != first)
        second = gate.rollout.hash
        write(folder, "one")
        await until(lambda: gate.rollout.hash == first)
    assert [each.get("replaced") for each in gate.events(EventKind.CONFIGURATION)] == [None, first, second]


async def test_what_is_the_same_is_no_version(gate: Gate, folder: Path) -> None:
    async with gate.watching():
        write(folder, "one")
        (folder / "a.cedar").touch()
        (folder / "notes").write_text("x")
        await asyncio.sleep(SOME_LOOKS_S)
    assert len(gate.events(EventKind.CONFIGURATION)) == 1


async def test_files_that_are_still_being_written_are_not_read(gate: Gate, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sights = iter(range(1_000_000))
    busy = [True]
    seen = policies.look
    monkeypatch.setattr(rollout, "look", lambda chosen: ((next(sights),),) if busy[0] else seen(chosen))
    first = gate.rollout.hash
    async with gate.watching():
        write(folder, "two")
        await asyncio.sleep(SOME_LOOKS_S)
        assert gate.rollout.hash == first
        busy[0] = False
        await until(lambda: gate.rollout.hash != first)


@pytest.mark.parametrize("text", ["nonsense", PERMIT.format("two")])
async def test_files_that_change_while_they_are_read_are_read_again(
    gate: Gate, folder: Path, monkeypatch: pytest.MonkeyPatch, said: list[Any], text: str
) -> None:
    reading = policies.read
    left = [3]

    def read(*arguments: Any) -> Ruleset:
        try:
            return reading(*arguments)
        finally:
            if left[0]:
                left[0] -= 1
                (folder / "a.cedar").write_text(PERMIT.format("three") if left[0] == 0 else text + "\n" * left[0])

    monkeypatch.setattr(rollout, "read", read)
    async with gate.watching():
        (folder / "a.cedar").write_text(text)
        await until(lambda: gate.in_force() == {"three"})
    assert [each["event"] for each in said if each["log_level"] == "error"] == []
    assert len(gate.events(EventKind.CONFIGURATION)) == 2


# what does not


async def test_a_bad_set_changes_nothing_and_is_said_once(gate: Gate, folder: Path, said: list[Any]) -> None:
    first = gate.rollout.hash
    async with gate.watching():
        write(folder, "one", "one")
        await until(lambda: said)
        (folder / "a.cedar").touch()
        await asyncio.sleep(SOME_LOOKS_S)
        assert gate.rollout.hash == first
        (line,) = said
        assert line["event"] == "policies refused, the last good ones stay in force"
        assert (line["file"], line["line"], line["id"]) == (str(folder / "a.cedar"), 3, "one")
        (recorded,) = gate.events(EventKind.WARNING)
        assert recorded["warning"].startswith(f"policies refused: {folder}/a.cedar:3:")
        assert (recorded["mistakes"], recorded["policies"]) == (1, first)
        write(folder, "one")
        await until(lambda: said[-1]["event"] == "policies are again those in force")
        write(folder, "one", "one")
        await until(lambda: said[-1]["log_level"] == "error")
    assert len(gate.events(EventKind.WARNING)) == 2


async def test_of_many_mistakes_some_are_told(gate: Gate, folder: Path, said: list[Any]) -> None:
    async with gate.watching():
        (folder / "a.cedar").write_text("permit(principal, action, resource);\n" * 30)
        await until(lambda: gate.events(EventKind.WARNING))
    assert len(said) == rollout.MAX_TOLD + 1
    assert said[-1]["error"] == "and 10 mistakes more"
    assert gate.events(EventKind.WARNING)[0]["mistakes"] == 30


async def test_an_empty_folder_and_none_change_nothing(gate: Gate, folder: Path, said: list[Any]) -> None:
    async with gate.watching():
        (folder / "a.cedar").unlink()
        await until(lambda: said)
        folder.rmdir()
        await until(lambda: len(said) == 2)
        assert gate.in_force() == {"one"}
        folder.mkdir()
        write(folder, "two")
        await until(lambda: gate.in_force() == {"two"})
    assert [each["log_level"] for each in said] == ["error", "error", "info"]


async def test_what_brings_out_a_defect_is_not_used(
    gate: Gate, folder: Path, said: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Panic(BaseException):
        """As a library in another language raises them."""

    reading = policies.read

    def read(chosen: Any, known: Any) -> Ruleset:
        if "two" in (folder / "a.cedar").read_text():
            raise Panic("index out of bounds")
        return reading(chosen, known)

    monkeypatch.setattr(rollout, "read", read)
    async with gate.watching():
        write(folder, "two")
        await until(lambda: gate.events(EventKind.WARNING))
        assert gate.in_force() == {"one"}
        write(folder, "three")
        await until(lambda: gate.in_force() == {"three"})
    assert [each["event"] for each in said][:2] == ["fault", "policies refused, the last good ones stay in force"]


@pytest.mark.parametrize("where", ["keep", "event", "sync"])
async def test_what_cannot_be_kept_or_recorded_is_not_in_force_until_it_can(
    folder: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    full = [False]

    def failing(doing: Callable[..., Any]) -> Callable[..., Any]:
        def do(*arguments: Any) -> Any:
            if full[0] and not (where == "event" and arguments[0] is EventKind.WARNING):
                raise EvidenceError("no space left on device", disk_full=True)
            return doing(*arguments)

        return do

    class Disk:
        event = staticmethod(failing(ledger.event) if where == "event" else ledger.event)
        sync = staticmethod(failing(ledger.sync) if where == "sync" else ledger.sync)
        flush = staticmethod(ledger.flush)

    if where == "keep":
        monkeypatch.setattr(rollout, "keep", failing(policies.keep))
    gate = Gate(folder, Disk())  # type: ignore[arg-type] # all of it that is used
    full[0] = True
    async with gate.watching():
        write(folder, "two")
        await until(lambda: gate.events(EventKind.WARNING))
        await asyncio.sleep(SOME_LOOKS_S)
        assert gate.in_force() == {"one"}
        assert len(gate.events(EventKind.WARNING)) == 1
        full[0] = False
        await until(lambda: gate.in_force() == {"two"})


def test_a_bad_set_does_not_begin(folder: Path, ledger: Ledger) -> None:
    write(folder, "one", "one")
    with pytest.raises(Exception, match="there twice"):
        Gate(folder, ledger)


async def test_without_the_store_only_suspicions_are_lost(folder: Path, ledger: Ledger, said: list[Any]) -> None:
    def nobody() -> list[Any]:
        raise StoreError("it is gone")

    (folder / "a.cedar").write_text('@id("a")\npermit(principal in Group::"none", action, resource);')
    Rollout(configured(folder), ledger, nobody, lambda _: None).begin()
    assert [each["log_level"] for each in said] == ["info"]
    Rollout(configured(folder), ledger, list, lambda _: None).begin()
    assert [each["log_level"] for each in said] == ["info", "info", "warning"]


async def test_another_folder_by_sighup(gate: Gate, folder: Path) -> None:
    other = folder.parent / "other"
    other.mkdir()
    write(other, "two")
    async with gate.watching():
        gate.rollout.reload(config(minimal(rest="policies: {path: ./other, packs: []}"), folder.parent / "nightporter.yaml"))
        await until(lambda: gate.in_force() == {"two"})


# workers


async def in_thread(function: Callable[..., Ruleset], *arguments: Any) -> Ruleset:
    return await asyncio.to_thread(function, *arguments)


Answer = Callable[[Message], Awaitable[Message]]


def worker(gate: Gate, index: int, answer: Answer | None = None) -> AbstractAsyncContextManager[Adopted]:
    """A worker that listens; `answer` in the place of its own."""
    gate.rollout.started(index)
    adopted = Adopted(gate.rollout.file)

    async def obey(message: Message) -> Message:
        assert message["verb"] == "policies"
        return await adopted.adopt(str(message["hash"]), in_thread, changed.append)

    changed: list[Ruleset] = []

    @asynccontextmanager
    async def listening() -> Any:
        server = await control.serve(gate.folder.parent / "run", index, answer or obey)
        try:
            yield adopted
        finally:
            server.close()

    return listening()


async def test_every_worker_takes_it_over(gate: Gate, folder: Path) -> None:
    async with worker(gate, 0) as first, worker(gate, 1) as second, gate.watching():
        for ids in (["two"], ["three"], ["one"]):
            write(folder, *ids)
            await until(lambda ids=ids: set(first.ruleset.policies) == set(second.ruleset.policies) == set(ids))  # type: ignore[misc]
    assert gate.ended == []


async def test_a_worker_that_is_starting_is_told_when_it_listens(gate: Gate, folder: Path) -> None:
    late = worker(gate, 0)
    async with gate.watching():
        write(folder, "two")
        await until(lambda: gate.in_force() == {"two"})
        await asyncio.sleep(SOME_LOOKS_S)
        async with late as adopted:
            await until(lambda: set(adopted.ruleset.policies) == {"two"})
    assert gate.ended == []


async def test_a_worker_that_is_slow_delays_nobody(gate: Gate, folder: Path) -> None:
    go = asyncio.Event()

    async def slow(message: Message) -> Message:
        await go.wait()
        return {"policies": message["hash"]}

    async with worker(gate, 0, slow), worker(gate, 1) as quick, gate.watching():
        for name in ("two", "three"):
            write(folder, name)
            await until(lambda name=name: set(quick.ruleset.policies) == {name})  # type: ignore[misc]
        go.set()
        await until(lambda: gate.rollout._has[0] == gate.rollout.hash)
    assert gate.ended == []


@pytest.mark.parametrize("has_it", [True, False])
async def test_a_worker_that_says_it_cannot_is_ended(gate: Gate, folder: Path, said: list[Any], has_it: bool) -> None:
    async def cannot(message: Message) -> Message:
        return {"policies": message["hash"] if has_it else "0", "error": "no such file"}

    async with worker(gate, 0, cannot), worker(gate, 1) as good, gate.watching():
        write(folder, "two")
        await until(lambda: gate.ended)
        await until(lambda: set(good.ruleset.policies) == {"two"})
        await asyncio.sleep(SOME_LOOKS_S)
    assert gate.ended == [0], "once"
    assert "worker does not take over the policies in force, starting another" in [each["event"] for each in said]


async def test_a_worker_that_never_answers_is_ended(gate: Gate, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollout, "PATIENCE_S", 0.1)
    gate.rollout.started(0)
    async with gate.watching():
        await asyncio.sleep(SOME_LOOKS_S)
        assert gate.ended == [], "as long as it has what is in force"
        write(folder, "two")
        await until(lambda: gate.ended == [0])


async def test_a_worker_that_has_died_is_not_asked(gate: Gate, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollout, "PATIENCE_S", 0.0)
    gate.rollout.started(0)
    gate.rollout.ended(0)
    async with gate.watching():
        write(folder, "two")
        await until(lambda: gate.in_force() == {"two"})
        await asyncio.sleep(SOME_LOOKS_S)
    assert gate.ended == []


# in a worker


async def test_the_latest_that_was_asked_for_is_taken_over(gate: Gate, folder: Path) -> None:
    adopted = Adopted(gate.rollout.file)
    hashes = []
    async with gate.watching():
        for name in ("two", "three"):
            write(folder, name)
            await until(lambda name=name: gate.in_force() == {name})  # type: ignore[misc]
            hashes.append(gate.rollout.hash)
    changed: list[Ruleset] = []
    go = asyncio.Event()

    async def slowly(function: Callable[..., Ruleset], *arguments: Any) -> Ruleset:
        await go.wait()
        return await in_thread(function, *arguments)

    first = asyncio.ensure_future(adopted.adopt(hashes[0], slowly, changed.append))
    await asyncio.sleep(0)
    second = asyncio.ensure_future(adopted.adopt(hashes[1], slowly, changed.append))
    await asyncio.sleep(0)
    go.set()
    assert (await second) == {"policies": hashes[1]}
    await first
    assert set(adopted.ruleset.policies) == {"three"}
    assert changed[-1] is adopted.ruleset


async def test_it_answers_while_it_is_still_reading(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nightporter.gateway.adopted.ANSWER_S", 0.01)
    adopted = Adopted(gate.rollout.file)
    go = asyncio.Event()

    async def slowly(*_: Any) -> Ruleset:
        await go.wait()
        raise EvidenceError("gone")

    answer = await adopted.adopt("0" * 64, slowly, lambda _: None)
    assert answer == {"policies": gate.rollout.hash}
    go.set()
    await until(lambda: adopted._failed)
    assert adopted.ruleset.hash == gate.rollout.hash


async def test_what_cannot_be_read_is_said(gate: Gate, said: list[Any]) -> None:
    adopted = Adopted(gate.rollout.file)
    answer = await adopted.adopt("0" * 64, in_thread, lambda _: None)
    assert answer["policies"] == gate.rollout.hash
    assert "cannot read" in str(answer["error"])
    assert [each["event"] for each in said] == ["policies not taken over"]


async def test_a_session_that_cannot_be_told_is_no_success(gate: Gate, folder: Path) -> None:
    adopted = Adopted(gate.rollout.file)
    async with gate.watching():
        write(folder, "two")
        await until(lambda: gate.in_force() == {"two"})

    def fail(_: Ruleset) -> None:
        raise RuntimeError("a defect")

    answer = await adopted.adopt(gate.rollout.hash, in_thread, fail)
    assert answer["error"] == "a defect"


def test_without_the_set_there_is_no_worker(gate: Gate) -> None:
    gate.rollout.file.unlink()
    with pytest.raises(EvidenceError):
        Adopted(gate.rollout.file)
