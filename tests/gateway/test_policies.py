"""The policy files: which ones count, when they have changed, and how a set of them is kept and read again."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from nightporter.config import Policies
from nightporter.config.packs import shipped
from nightporter.core.error import ConfigError, EvidenceError, PolicyErrors
from nightporter.gateway import policies as files
from nightporter.gateway.policies import Sight, gather, keep, known, look, read_kept, suspicions
from nightporter.identity.principal import Kind, Principal
from nightporter.policy.model import Uid
from nightporter.policy.ruleset import Known, Ruleset, load
from tests.config.example import config, minimal

PERMIT = '@id("{}")\npermit(principal is Human, action, resource);\n'
NOTHING = Known()


def of(folder: Path | None, *packs: str) -> Policies:
    return Policies.model_construct(path=folder, packs=packs, time_zone="UTC")


def read(folder: Path) -> Ruleset:
    return files.read(of(folder), NOTHING)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "policies"
    made.mkdir()
    (made / "b.cedar").write_text(PERMIT.format("b"))
    (made / "a.cedar").write_text(PERMIT.format("a"))
    return made


# which files


def test_files_of_the_folder_and_packs_by_name(folder: Path) -> None:
    (folder / "README.md").write_text("no policies")
    (folder / ".draft.cedar").write_text("nonsense")
    (folder / "a.cedar~").write_text("nonsense")
    (folder / "tests").mkdir()
    texts = gather(of(folder, "baseline"))
    assert list(texts) == ["packs/baseline.cedar", "a.cedar", "b.cedar"]
    assert texts["a.cedar"] == PERMIT.format("a")
    assert "@id(" in texts["packs/baseline.cedar"]


def test_every_pack_is_valid_by_itself_and_with_the_others() -> None:
    packs = tuple(sorted(shipped()))
    assert "baseline" in packs
    for chosen in [*((pack,) for pack in packs), packs]:
        ruleset = files.read(of(None, *chosen), NOTHING)
        assert ruleset.policies


def test_without_anything_nothing_is_permitted() -> None:
    assert files.read(of(None), NOTHING).policies == {}


def test_a_link_is_followed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text(PERMIT.format("c"))
    (folder / "c.cedar").symlink_to(tmp_path / "elsewhere")
    assert sorted(read(folder).policies) == ["a", "b", "c"]


def empty(folder: Path) -> None:
    for file in folder.iterdir():
        file.unlink()


def gone(folder: Path) -> None:
    empty(folder)
    folder.rmdir()


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda folder: (folder / "c.cedar").mkdir(), "c.cedar: cannot be read: Is a directory"),
        (lambda folder: (folder / "c.cedar").symlink_to("nowhere"), "c.cedar: cannot be read: No such file or directory"),
        (lambda folder: os.mkfifo(folder / "c.cedar"), "c.cedar: is not a file"),
        (lambda folder: (folder / "c.cedar").write_bytes(b"\xff"), "c.cedar: is not UTF-8"),
        (lambda folder: (folder / "c.cedar").write_bytes(b" " * (1024 * 1024 + 1)), "c.cedar: is longer than 1048576 bytes"),
        (empty, ": has no policies: no file whose name ends in `.cedar`"),
        (gone, ": cannot be read: No such file or directory"),
    ],
)
def test_a_folder_that_cannot_be_used(folder: Path, spoil: Callable[[Path], object], complaint: str) -> None:
    spoil(folder)
    with pytest.raises(ConfigError) as caught:
        read(folder)
    assert str(caught.value).startswith(str(folder))
    assert str(caught.value).endswith(complaint)


def test_too_many_files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_FILES", 1)
    with pytest.raises(ConfigError, match="has more than 1 files"):
        read(folder)


def test_a_name_that_nobody_can_read(folder: Path) -> None:
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff.cedar")).write_text(PERMIT.format("c"))
    with pytest.raises(PolicyErrors):
        read(folder)


def test_mistakes_name_the_file_with_its_folder(folder: Path) -> None:
    (folder / "a.cedar").write_text('@id("a")\npermit(principal, action);')
    (folder / "b.cedar").write_text("permit(principal, action, resource);")
    with pytest.raises(PolicyErrors) as caught:
        read(folder)
    first, second = str(caught.value).splitlines()
    assert first.startswith(f"{folder}/a.cedar:1:")
    assert second.startswith(f"{folder}/b.cedar:1:")


# what is suspicious


def test_what_there_is_comes_from_the_configuration_and_the_directory() -> None:
    upstream = "{protocol: postgres, environment: staging, address: db, credentials: {user: a}}"
    loaded = config(minimal().replace("upstreams:", f"upstreams:\n  annex: {upstream}"))
    found = known(loaded)
    assert (found.environments, found.databases) == (frozenset({"production", "staging"}), frozenset({"shop", "annex"}))
    assert found.labels is not None
    assert found.labels >= {"pii", "pii.email", "secret", "server.values"}
    wild = config(minimal().replace("  shop:", '  "*":'))
    assert known(wild).databases is None
    ada = Principal("ada", Kind.HUMAN, frozenset({"dba"}))
    bot = Principal("bot", Kind.AGENT, owner="ada")
    everybody = known(loaded, [ada, bot])
    assert everybody.groups == frozenset({"dba"})
    assert everybody.principals == frozenset({Uid("Human", "ada"), Uid("Agent", "bot")})
    assert known(loaded, []).groups == frozenset()


def test_suspicions_are_about_the_files_that_people_wrote(folder: Path) -> None:
    (folder / "a.cedar").write_text('@id("a")\npermit(principal in Group::"nobody", action, resource);')
    policies = of(folder, *shipped())
    found = suspicions(files.read(policies, Known(groups=frozenset())), policies)
    assert [(each.file, each.line, each.id) for each in found] == [(f"{folder}/a.cedar", 2, "a")]


# whether they have changed


def touched(folder: Path) -> None:
    os.utime(folder / "a.cedar", ns=(1, 1))


def replaced(folder: Path) -> None:
    """With a text of the same size and time."""
    before = (folder / "a.cedar").stat()
    (folder / "new").write_text(PERMIT.format("z"))
    os.utime(folder / "new", ns=(before.st_atime_ns, before.st_mtime_ns))
    (folder / "new").rename(folder / "a.cedar")


def renamed(folder: Path) -> None:
    (folder / "a.cedar").rename(folder / "c.cedar")


@pytest.mark.parametrize("change", [touched, replaced, renamed, empty, gone])
def test_a_change_is_seen(folder: Path, change: Callable[[Path], None]) -> None:
    policies = of(folder)
    before = look(policies)
    assert look(policies) == before
    change(folder)
    assert look(policies) != before


def test_a_folder_that_is_swapped_as_a_whole_is_seen(folder: Path, tmp_path: Path) -> None:
    current = tmp_path / "current"
    current.symlink_to(folder)
    other = tmp_path / "other"
    other.mkdir()
    for file in folder.iterdir():
        (other / file.name).write_bytes(file.read_bytes())
    before = look(of(current))
    (tmp_path / "next").symlink_to(other)
    (tmp_path / "next").rename(current)
    assert look(of(current)) != before


def test_what_does_not_count_is_not_seen(folder: Path) -> None:
    before: Sight = look(of(folder))
    (folder / ".a.cedar.swp").write_text("x")
    (folder / ".b.cedar").write_text("x")
    (folder / "notes").write_text("x")
    assert look(of(folder)) == before
    assert look(of(None)) == look(of(None)) == ()


# keeping


def test_a_set_is_kept_under_its_hash_and_read_again(folder: Path, tmp_path: Path) -> None:
    ruleset = files.read(of(folder, "baseline"), NOTHING)
    keep(tmp_path / "ledger" / "policy", ruleset)
    (file,) = (tmp_path / "ledger" / "policy").iterdir()
    assert file.name == f"{ruleset.hash}.json"
    assert sha256(file.read_bytes()).hexdigest() == ruleset.hash
    texts = dict(json.loads(file.read_bytes())["policies"])
    assert texts["a.cedar"] == PERMIT.format("a")
    again = read_kept(file.parent, ruleset.hash)
    assert (again.hash, sorted(again.policies)) == (ruleset.hash, sorted(ruleset.policies))


def test_what_was_kept_is_left_alone_unless_it_was_changed(tmp_path: Path) -> None:
    ruleset = load({"a.cedar": PERMIT.format("a")})
    keep(tmp_path / "policy", ruleset)
    file = tmp_path / "policy" / f"{ruleset.hash}.json"
    before = file.stat().st_ino
    keep(tmp_path / "policy", ruleset)
    assert file.stat().st_ino == before
    file.write_bytes(file.read_bytes()[:-1])
    keep(tmp_path / "policy", ruleset)
    assert read_kept(file.parent, ruleset.hash).hash == ruleset.hash


def test_what_is_not_as_it_was_kept_is_not_used(tmp_path: Path) -> None:
    ruleset = load({"a.cedar": PERMIT.format("a")})
    keep(tmp_path, ruleset)
    file = tmp_path / f"{ruleset.hash}.json"
    file.write_bytes(file.read_bytes().replace(b"Human", b"Agent"))
    with pytest.raises(EvidenceError, match="has another hash"):
        read_kept(tmp_path, ruleset.hash)
    with pytest.raises(EvidenceError, match="cannot read"):
        read_kept(tmp_path, "0" * 64)
    with pytest.raises(EvidenceError, match="is not a hash"):
        read_kept(tmp_path, "../../etc/passwd")


@pytest.mark.parametrize(
    "document", [b"{}", b"nonsense", b'{"policies":[["a.cedar","@id(\\"a\\") permit(principal,action,resource);"]]}']
)
def test_what_another_version_kept_is_not_used(tmp_path: Path, document: bytes) -> None:
    digest = sha256(document).hexdigest()
    (tmp_path / f"{digest}.json").write_bytes(document)
    with pytest.raises(EvidenceError, match=r"not a set of policies|another version"):
        read_kept(tmp_path, digest)
