"""The policy files: what they are, whether they have changed, and how a set of them is kept. Blocks; knows no worker.

folder and packs  ->  texts by name  ->  a set that is valid  ->  kept in the ledger by its hash
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import msgspec

from nightporter.config import Config, Policies
from nightporter.config.model import WILDCARD
from nightporter.config.packs import SUFFIX, shipped
from nightporter.core.error import ConfigError, EvidenceError, PolicyError, PolicyErrors
from nightporter.evidence import versions
from nightporter.identity.principal import Principal
from nightporter.masking.label import LABELS, above
from nightporter.policy.question import principal_entity
from nightporter.policy.ruleset import Known, Ruleset, Suspicion, load
from nightporter.policy.split import MAX_FILE_BYTES

MAX_FILES = 1000
"""In the folder. More than that are no policies that people wrote."""
PACKS = "packs/"
"""Begins the names of texts that are shipped; no name of a file has a slash."""

Sight: TypeAlias = tuple[tuple[object, ...], ...]
"""What a look at the files shows; it is another one when any of them has changed."""


def read(policies: Policies, known: Known) -> Ruleset:
    """The set that the configuration names. Blocks. Raises ConfigError, or PolicyErrors with all that is wrong."""
    try:
        return load(gather(policies), known)
    except PolicyErrors as wrong:
        located = [PolicyError(e.message, _where(e.file, policies), e.line, e.column, e.id) for e in wrong.errors]
        raise PolicyErrors(located) from None


def known(config: Config, principals: Iterable[Principal] | None = None) -> Known:
    """What there is that policies may name; without `principals` it is not known which ones there are, nor which groups."""
    upstreams = config.upstreams
    environments = frozenset(upstream.environment for upstream in upstreams.values())
    databases = None if WILDCARD in upstreams else frozenset(upstreams)
    labels = frozenset(name for label in LABELS for name in above(label))
    if principals is None:
        return Known(environments, databases, labels=labels)
    every = list(principals)
    groups = frozenset(group for each in every for group in each.groups)
    return Known(environments, databases, groups, frozenset(principal_entity(each).uid for each in every), labels=labels)


def suspicions(ruleset: Ruleset, policies: Policies) -> list[Suspicion]:
    """What its authors should look at, in a set that was just read; what is shipped is not theirs."""
    found = (each for each in ruleset.warnings if not each.file.startswith(PACKS))
    return [replace(each, file=_where(each.file, policies)) for each in found]


def _where(name: str, policies: Policies) -> str:
    """The file behind the name of a text."""
    return name if policies.path is None or name.startswith(PACKS) or not name else str(policies.path / name)


def gather(policies: Policies) -> dict[str, str]:
    """The texts of that set by name: `packs/baseline.cedar`, and `agents.cedar` of the folder. Blocks. Raises ConfigError."""
    packs = shipped()
    texts = {f"{PACKS}{name}{SUFFIX}": _text(packs[name]) for name in policies.packs if name in packs}
    missing = [name for name in policies.packs if name not in packs]
    if missing:
        raise ConfigError(f"policies.packs: there is no pack `{missing[0]}`")
    if policies.path is not None:
        try:
            names = _names(policies.path)
        except OSError as error:
            raise _unreadable(policies.path, error) from error
        if not names:  # the wrong folder, or a disk that is not mounted: nobody wants that silently
            raise ConfigError(f"{policies.path}: has no policies: no file whose name ends in `{SUFFIX}`")
        if len(names) > MAX_FILES:
            raise ConfigError(f"{policies.path}: has more than {MAX_FILES} files of policies")
        texts |= {name: _text(policies.path / name) for name in names}
    return texts


def look(policies: Policies) -> Sight:
    """What can be seen of the files without reading them. Blocks."""
    folder = policies.path
    if folder is None:
        return ()
    try:
        return tuple((name, *_stat(folder / name)) for name in _names(folder))
    except OSError as error:
        return ((None, error.errno),)  # not there: that is a sight as well


def _names(folder: Path) -> list[str]:
    with os.scandir(folder) as entries:
        return sorted(entry.name for entry in entries if entry.name.endswith(SUFFIX) and not entry.name.startswith("."))


def _stat(file: Path) -> tuple[object, ...]:
    try:
        found = file.stat()  # of what a link leads to
    except OSError as error:
        return (error.errno,)  # reading it will tell
    return found.st_dev, found.st_ino, found.st_mode, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _text(file: Path) -> str:
    try:
        with open(file, "rb", opener=_without_waiting) as opened:
            if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
                raise ConfigError(f"{file}: is not a file")
            data = opened.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise _unreadable(file, error) from error
    if len(data) > MAX_FILE_BYTES:
        raise ConfigError(f"{file}: is longer than {MAX_FILE_BYTES} bytes")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise ConfigError(f"{file}: is not UTF-8") from None


def _without_waiting(file: str, flags: int) -> int:
    return os.open(file, flags | os.O_NONBLOCK)  # a pipe would have us wait for whoever writes into it


def _unreadable(file: Path, error: OSError) -> ConfigError:
    return ConfigError(f"{file}: cannot be read: {error.strerror}")


# Keeping


def keep(folder: Path, ruleset: Ruleset) -> None:
    """Keep a set in the ledger's folder for them, on disk when this returns. Raises EvidenceError."""
    digest = versions.keep(folder, ruleset.document)
    if digest != ruleset.hash:
        raise EvidenceError(f"the policies `{ruleset.hash}` would be kept as `{digest}`")


def read_kept(folder: Path, digest: str) -> Ruleset:
    """The set that was kept under this hash. Blocks. Raises EvidenceError, or the errors of the policies."""
    try:
        texts = msgspec.json.decode(versions.kept(folder, digest), type=_Kept).policies
    except msgspec.DecodeError as error:
        raise EvidenceError(f"what is kept as `{digest}` is not a set of policies") from error
    ruleset = load(dict(texts))
    if ruleset.hash != digest:
        raise EvidenceError(f"the policies `{digest}` were kept by another version of Nightporter: start it anew")
    return ruleset


class _Kept(msgspec.Struct, frozen=True):
    policies: tuple[tuple[str, str], ...]
