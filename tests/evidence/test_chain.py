from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightporter.core.error import EvidenceError
from nightporter.evidence.chain import (
    Checkpoint,
    Frontier,
    SigningKey,
    VerifierKey,
    leaf_hash,
    parse_checkpoint,
    split_notes,
)

# The leaves and roots that implementations of certificate transparency are tried on.
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
KEY = SigningKey("nightporter/abcdefgh", bytes(range(32)))
NOTE = KEY.sign(Checkpoint("nightporter/abcdefgh", 8, bytes.fromhex(ROOTS[8])).text())


def tree_hash(entries: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, as it is written there."""
    if not entries:
        return hashlib.sha256(b"").digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    split = 1 << (len(entries) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + tree_hash(entries[:split]) + tree_hash(entries[split:])).digest()


@pytest.mark.parametrize("size", range(9))
def test_known_roots(size: int) -> None:
    tree = Frontier()
    for leaf in LEAVES[:size]:
        tree.append(leaf_hash(bytes.fromhex(leaf)))
    assert tree.root().hex() == ROOTS[size]
    assert tree_hash([bytes.fromhex(leaf) for leaf in LEAVES[:size]]).hex() == ROOTS[size]


@given(st.lists(st.binary(max_size=3), max_size=70), st.integers(0, 70))
def test_a_tree_in_two_pieces_is_the_same_tree(entries: list[bytes], split: int) -> None:
    leaves = [leaf_hash(entry) for entry in entries]
    tree = Frontier()
    tree.extend(leaves[:split])
    one_by_one = Frontier(tree.size, tree.peaks)
    tree.extend(leaves[split:])
    for leaf in leaves[split:]:
        one_by_one.append(leaf)
    assert tree.root() == one_by_one.root() == tree_hash(entries)
    assert (tree.size, tree.peaks) == (one_by_one.size, one_by_one.peaks)


def test_a_frontier_has_the_peaks_of_its_size() -> None:
    with pytest.raises(EvidenceError, match="3"):
        Frontier(3, [b""])


def test_keys_are_spelt_as_other_tools_spell_them() -> None:
    # A key pair of the Go implementation's documentation.
    key = SigningKey.parse("PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")
    assert str(key.verifier) == "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    assert str(VerifierKey.parse(str(key.verifier))) == str(key.verifier)
    assert SigningKey.parse(key.reveal()).reveal() == key.reveal()


def test_a_checkpoint_reads_as_the_specification_says() -> None:
    text, _, signature = NOTE.partition("\n\n")
    assert text.split("\n") == ["nightporter/abcdefgh", "8", "XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg="]
    assert signature.startswith("\u2014 nightporter/abcdefgh ")
    assert signature.endswith("\n")


def test_a_signed_checkpoint_opens() -> None:
    checkpoint = VerifierKey.parse(str(KEY.verifier)).open_checkpoint(NOTE)
    assert checkpoint == Checkpoint("nightporter/abcdefgh", 8, bytes.fromhex(ROOTS[8]))
    assert checkpoint.writer == "abcdefgh"


def test_signatures_of_witnesses_and_extension_lines_are_passed_over() -> None:
    witness = SigningKey("witness.example", bytes(32))
    text = Checkpoint("nightporter/abcdefgh", 8, bytes(32)).text() + "something more\n"
    note = witness.sign(text) + KEY.sign(text).rpartition("\n\n")[2]
    assert KEY.verifier.open_checkpoint(note).size == 8
    assert witness.verifier.open(note) == text


@given(st.integers(0, len(NOTE) - 1), st.characters(codec="utf-8"))
def test_no_character_of_a_note_can_be_changed(index: int, character: str) -> None:
    changed = NOTE[:index] + character + NOTE[index + 1 :]
    if changed == NOTE:
        return
    with pytest.raises(EvidenceError):
        KEY.verifier.open_checkpoint(changed)


@given(st.text())
def test_any_text_is_a_note_or_an_error(text: str) -> None:
    with pytest.raises(EvidenceError):
        KEY.verifier.open_checkpoint(text)
    with pytest.raises(EvidenceError):
        VerifierKey.parse(text)
    with pytest.raises(EvidenceError):
        SigningKey.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "nightporter/a\n01\n" + "A" * 43 + "=\n",
        "nightporter/a\n-1\n" + "A" * 43 + "=\n",
        "nightporter/a\n1\nAAAA\n",
        "nightporter/a\n1\n!\n",
        "elsewhere/a\n1\n" + "A" * 43 + "=\n",
        "nightporter/a\n" + "9" * 5000 + "\n" + "A" * 43 + "=\n",
    ],
)
def test_malformed_checkpoints(text: str) -> None:
    with pytest.raises(EvidenceError):
        parse_checkpoint(text)


def test_a_key_does_not_sign_for_another_log() -> None:
    with pytest.raises(EvidenceError, match="other"):
        KEY.verifier.open_checkpoint(KEY.sign(Checkpoint("nightporter/other", 1, bytes(32)).text()))


def test_a_private_key_is_not_shown() -> None:
    assert repr(KEY) == "***"


@given(st.integers(0, 4), st.integers(0, len(NOTE)))
def test_notes_are_split_and_the_torn_one_is_left_over(count: int, cut: int) -> None:
    whole = (NOTE + "\n") * count
    torn = (NOTE + "\n")[:cut]
    assert split_notes(whole + torn) == ([NOTE] * count, torn)
