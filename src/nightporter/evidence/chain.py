"""The mathematics of the ledger: leaf hash, Merkle tree, checkpoint, signed note. Pure: no file, no clock.

Needs the standard library and `cryptography` alone, because the verifier stands on it.

One hash serves twice. The RFC 6962 leaf hash of a line is the `prev` of the next line (the chain, which names the spot
where something was changed) and a leaf of the Merkle tree (whose root is signed, which proves that nothing was).
Sources: RFC 6962 section 2.1; c2sp.org/signed-note; c2sp.org/tlog-checkpoint.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from nightporter.core.error import EvidenceError

ORIGIN = "nightporter/"
START = "0" * 64
"""`prev` of a writer's first record."""
SEED_BYTES = 32

_ED25519 = b"\x01"  # signed-note: the byte that says which algorithm a key is for
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")  # one spelling only: no leading zeros
_sha256 = hashlib.sha256
_EMPTY_ROOT = hashlib.sha256(b"").digest()
SIGNATURE_MARK = "\u2014 "
"""A signature line begins with an em dash and a space."""


def leaf_hash(line: bytes) -> bytes:
    """Hash of one record; `line` is without its newline."""
    return _sha256(b"\x00" + line).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an interior node."""
    return _sha256(b"\x01" + left + right).digest()


class Frontier:
    """A Merkle tree of which only the roots of its complete subtrees are kept, largest first: log2(size) hashes."""

    __slots__ = ("peaks", "size")

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        self.size = size
        self.peaks = list(peaks)
        if len(self.peaks) != size.bit_count():
            raise EvidenceError(f"a tree of `{size}` leaves has {size.bit_count()} peaks, not `{len(self.peaks)}`")

    def append(self, leaf: bytes) -> None:
        """Add a leaf hash. A subtree is complete whenever a carry runs through a one bit of the size."""
        carry = self.size
        while carry & 1:
            leaf = node_hash(self.peaks.pop(), leaf)
            carry >>= 1
        self.peaks.append(leaf)
        self.size += 1

    def extend(self, leaves: list[bytes]) -> None:
        """Add many leaf hashes: level by level, at half the cost of `append`."""
        nodes, carry = leaves, self.size
        fresh: list[bytes] = []
        while nodes or carry:
            if carry & 1:
                nodes = [self.peaks.pop(), *nodes]
            if len(nodes) & 1:
                fresh.append(nodes[-1])
            nodes = [_sha256(b"\x01" + left + right).digest() for left, right in zip(nodes[::2], nodes[1::2], strict=False)]
            carry >>= 1
        self.peaks = fresh[::-1]
        self.size += len(leaves)

    def root(self) -> bytes:
        """Root of the whole tree (RFC 6962 MTH)."""
        if not self.peaks:
            return _EMPTY_ROOT
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = node_hash(peak, root)
        return root


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a writer signs: so many records, with this root."""

    origin: str
    size: int
    root: bytes

    @property
    def writer(self) -> str:
        """The writer id that the origin names."""
        return self.origin.removeprefix(ORIGIN)

    def text(self) -> str:
        """The note's text (tlog-checkpoint)."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def parse_checkpoint(text: str) -> Checkpoint:
    """The checkpoint in a note's text; extension lines are passed over. Raises `EvidenceError`."""
    lines = text.split("\n")
    if len(lines) < 4 or not lines[0].startswith(ORIGIN) or not _SIZE.fullmatch(lines[1]):
        raise EvidenceError("the note is not a checkpoint of ours")
    root = _base64(lines[2])
    if len(root) != len(_EMPTY_ROOT):
        raise EvidenceError("the checkpoint has a malformed root")
    return Checkpoint(lines[0], int(lines[1]), root)


class VerifierKey:
    """The public half of a writer's key: `<name>+<key id>+<base64 of the algorithm byte and the key>`."""

    __slots__ = ("_public", "key_id", "name")

    def __init__(self, name: str, public: bytes) -> None:
        self.name = name
        self.key_id = hashlib.sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:4]
        self._public = Ed25519PublicKey.from_public_bytes(public)

    @staticmethod
    def parse(vkey: str) -> VerifierKey:
        """Read a verifier key. Raises `EvidenceError`."""
        name, _, rest = vkey.strip().partition("+")
        key_id, _, encoded = rest.partition("+")
        data = _base64(encoded)
        if not name or data[:1] != _ED25519 or len(data) != 1 + SEED_BYTES:
            raise EvidenceError(f"`{vkey.strip()}` is not an Ed25519 verifier key")
        key = VerifierKey(name, data[1:])
        if key.key_id.hex() != key_id:
            raise EvidenceError(f"the key id of `{vkey.strip()}` does not belong to its key")
        return key

    def __str__(self) -> str:
        encoded = base64.b64encode(_ED25519 + self._public.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
        return f"{self.name}+{self.key_id.hex()}+{encoded}"

    def open(self, note: str) -> str:
        """The text of a note that this key signed; signatures of others (witnesses) are passed over.

        Raises `EvidenceError` if there is no signature by this key, or one that does not verify.
        """
        text, separator, signatures = note.rpartition("\n\n")
        if not separator or not signatures.endswith("\n"):
            raise EvidenceError("the note has no signature")
        text += "\n"
        signed = False
        for line in signatures[:-1].split("\n"):
            name, _, encoded = line.removeprefix(SIGNATURE_MARK).partition(" ")
            if not line.startswith(SIGNATURE_MARK) or not encoded:
                raise EvidenceError("the note has a malformed signature line")
            signature = _base64(encoded)
            if name != self.name or signature[:4] != self.key_id:
                continue
            try:
                self._public.verify(signature[4:], text.encode("utf-8", "surrogateescape"))
            except InvalidSignature as error:  # the note proves nothing
                raise EvidenceError(f"the signature by `{self.name}` does not verify") from error
            signed = True
        if not signed:
            raise EvidenceError(f"the note is not signed by `{self.name}`")
        return text

    def open_checkpoint(self, note: str) -> Checkpoint:
        """The checkpoint in a note that this key signed for the log of its own name. Raises `EvidenceError`."""
        checkpoint = parse_checkpoint(self.open(note))
        if checkpoint.origin != self.name:
            raise EvidenceError(f"the checkpoint is of `{checkpoint.origin}`, its signature by `{self.name}`")
        return checkpoint


class SigningKey:
    """A writer's private key. Its text form is that of signed-note tools: `PRIVATE+KEY+<name>+<key id>+<base64>`."""

    __slots__ = ("_private", "_seed", "verifier")

    def __init__(self, name: str, seed: bytes) -> None:
        self._seed = seed
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = VerifierKey(name, self._private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    @staticmethod
    def parse(skey: str) -> SigningKey:
        """Read a private key. Raises `EvidenceError`, which never quotes it."""
        parts = skey.strip().split("+", 4)
        if len(parts) != 5 or parts[:2] != ["PRIVATE", "KEY"]:
            raise EvidenceError("the signing key is malformed")
        data = _base64(parts[4])
        if data[:1] != _ED25519 or len(data) != 1 + SEED_BYTES:
            raise EvidenceError("the signing key is not an Ed25519 key")
        return SigningKey(parts[2], data[1:])

    def reveal(self) -> str:
        """The key itself: only for the file that keeps it."""
        encoded = base64.b64encode(_ED25519 + self._seed).decode()
        return f"PRIVATE+KEY+{self.verifier.name}+{self.verifier.key_id.hex()}+{encoded}\n"

    def sign(self, text: str) -> str:
        """A signed note; `text` ends in a newline."""
        signature = self.verifier.key_id + self._private.sign(text.encode())
        return f"{text}\n{SIGNATURE_MARK}{self.verifier.name} {base64.b64encode(signature).decode()}\n"

    def __repr__(self) -> str:
        return "***"


def split_notes(text: str) -> tuple[list[str], str]:
    """The notes of a `checkpoints` file, each followed there by one empty line, and what is left over at its end.

    Neither a checkpoint's text nor its signatures hold an empty line, so every second one ends a note.
    """
    blocks = text.split("\n\n")
    complete = (len(blocks) - 1) // 2 * 2
    notes = [f"{blocks[i]}\n\n{blocks[i + 1]}\n" for i in range(0, complete, 2)]
    return notes, "\n\n".join(blocks[complete:])


def _base64(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:  # not base64: whatever holds it is refused
        raise EvidenceError("malformed base64") from error
    if base64.b64encode(data).decode() != text:  # bits of the last character that mean nothing: the same bytes, another text
        raise EvidenceError("malformed base64")
    return data
