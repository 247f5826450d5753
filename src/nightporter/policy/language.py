"""Policies as people write them: Cedar, one text a file, and what it means to us. Pure.

Each policy is parsed by itself, so that what is wrong with it is said with file, line, column and id, as far as these can be known.
What only shows when all of them are looked at together, is for `ruleset`: the schema, ids that are there twice.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import cedarpy

from nightporter.core.error import PolicyError, PolicyErrors

from . import annotation
from .annotation import Effect, Marks
from .model import Obligations, Quorum
from .sight import Sees, mentioned, sees
from .split import Lines, Piece, Place, Token, id_in, split

MAX_ERRORS = 100
"""That are told of one file."""
MAX_DIGITS = 19
"""Of the largest number that Cedar reads, which is that of 64 bits with a sign."""
_EVERYWHERE = frozenset(("permit", "forbid", "principal", "action", "resource", "context"))
"""Words that say nothing about the place."""


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """A rule of one kind, permit or forbid."""

    id: str
    file: str
    line: int
    column: int
    """Both from 1, where its text begins."""
    text: str
    """As its author wrote it, from the first annotation to the `;`."""
    effect: Effect
    hold: Quorum | None
    obligations: Obligations
    reason: str | None
    observe: bool
    mask: str | None
    est: Mapping[str, Any]
    """Cedar's JSON form of it, without annotations."""
    names_unknown: bool
    """Its scope names the action `unknown`."""
    reveals: bool
    """Its scope's action is `reveal` and no other."""
    sees: Sees

    @property
    def facts(self) -> frozenset[str]:
        """Of the context, that it reads."""
        return self.sees.facts


def parse(name: str, text: str) -> tuple[Policy, ...]:
    """The policies of one file, in their order.

    Raises `PolicyErrors` with everything that is wrong, in the order of the file.
    """
    pieces, errors = split(name, text)
    found: list[Policy] = []
    wrong: list[PolicyError] = list(errors)
    lines = Lines(text)
    for piece in pieces:
        if len(wrong) >= MAX_ERRORS:
            break
        try:
            found.append(_policy(name, piece, lines))
        except PolicyErrors as those:
            wrong += those.errors
    if wrong:
        raise PolicyErrors(sorted(wrong, key=lambda error: (error.line, error.column))[:MAX_ERRORS])
    return tuple(found)


def place_of(policy: Policy, message: str) -> Place:
    """The place in its file that something said of a policy is about; its beginning if that cannot be known."""
    (pieces, _) = split(policy.file, policy.text)
    (piece,) = pieces
    token = _quoted(piece, message)
    at = Lines(policy.text).at(token.start if token else 0)
    return Place(policy.line + at.line - 1, at.column + (policy.column - 1 if at.line == 1 else 0))


def _policy(file: str, piece: Piece, lines: Lines) -> Policy:
    def errors(complaints: Iterable[tuple[Place, str]], id: str | None) -> PolicyErrors:
        return PolicyErrors(PolicyError(message, file, place.line, place.column, id) for place, message in complaints)

    claimed = id_in(piece.tokens)
    try:
        est = _cedar(piece)
    except ValueError as error:
        token = _wrong_token(piece, str(error))
        raise errors([(lines.at(token.start), str(error))], claimed) from None
    effect: Effect = "forbid" if est["effect"] == "forbid" else "permit"
    marks, complaints = annotation.read(est.pop("annotations", {}), effect, reveals=_reveals(est))
    places = _annotations(piece)
    wrong = [(lines.at(places.get(each.annotation, piece.start)), each.message) for each in complaints]
    seen, hidden = sees(est)
    wrong += [(piece.place, message) for message in hidden]
    if wrong:
        raise errors(wrong, claimed)
    return _made(file, piece, effect, marks, est, seen)


def _made(file: str, piece: Piece, effect: Effect, marks: Marks, est: Mapping[str, Any], seen: Sees) -> Policy:
    return Policy(
        id=marks.id,
        file=file,
        line=piece.place.line,
        column=piece.place.column,
        text=piece.text,
        effect=effect,
        hold=marks.hold,
        obligations=marks.obligations,
        reason=marks.reason,
        observe=marks.observe,
        mask=marks.mask,
        est=est,
        names_unknown=any(uid.id == "unknown" for uid in mentioned(est["action"])),
        reveals=_reveals(est),
        sees=seen,
    )


def _reveals(est: Mapping[str, Any]) -> bool:
    action = est["action"]
    every = [uid.id for uid in mentioned(action)]
    return every == ["reveal"]


# Cedar


def _cedar(piece: Piece) -> dict[str, Any]:
    """The JSON form of the one policy that a piece is. Raises ValueError with Cedar's words, or ours."""
    try:
        every = json.loads(cedarpy.policies_to_json_str(piece.text))
        if every["templates"]:
            raise ValueError("templates (`?principal`, `?resource`) are not supported")
        (est,) = every["staticPolicies"].values()
        # what it will be built from later: Cedar reads JSON to a depth of 128 only
        text = json.dumps({"staticPolicies": {"x": est}, "templates": {}, "templateLinks": []})
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    try:
        cedarpy.PolicySet.from_json_str(text)
    except ValueError:
        raise ValueError(_TOO_DEEP) from None
    return dict(est)


_TOO_DEEP = "it is nested too deeply, as about 50 terms joined by `&&` or `||` are: compare with a list, or use several policies"


def _annotations(piece: Piece) -> dict[str | None, int]:
    """Where each annotation begins."""
    found: dict[str | None, int] = {}
    for at, name in pairwise(piece.tokens):
        if at.text == "@":
            found.setdefault(name.text, at.start)
        elif at.text in ("permit", "forbid") and name.text == "(":
            break
    return found


# Cedar gives no positions


def _wrong_token(piece: Piece, message: str) -> Token:
    """The token that an error is about, or the first: the one that Cedar names, or the one before which all was well."""
    if not message.startswith(_SYNTAX):
        return _quoted(piece, message) or piece.tokens[0]
    # Cut off anywhere before the wrong token it is only unfinished.
    low, high = 1, len(piece.tokens)
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if _unfinished(piece, middle) else (low, middle)
    return piece.tokens[low - 1]


_SYNTAX = ("unexpected", "invalid token", "extra token", "unrecognized")
_END = "unexpected end of input"


def _unfinished(piece: Piece, tokens: int) -> bool:
    """Whether nothing is wrong with so many tokens of it, but that they are not all."""
    last = piece.tokens[tokens - 1]
    try:
        cedarpy.policies_to_json_str(piece.text[: last.start + len(last.text) - piece.tokens[0].start])
    except ValueError as error:
        return str(error).startswith(_END)
    return True


_NAMED = re.compile(r"[`']([^`]+?)[`']|: @?(\w+)$")
_TOO_LARGE = "integer parse error"


def _quoted(piece: Piece, message: str) -> Token | None:
    """The first token that a message has in quotes, first of the rule and then of the annotations."""
    if message.startswith(_TOO_LARGE):
        return next((token for token in piece.tokens if token.kind == "number" and len(token.text) >= MAX_DIGITS), None)
    for found in _NAMED.finditer(message):
        words = found[1] or found[2]
        inner = words.rpartition('::"')[2].removesuffix('"')  # Action::"read" is named by its string
        for token in _rule_first(piece.tokens):
            if token.text in (words, f'"{inner}"') and token.text not in _EVERYWHERE:
                return token
    return None


def _rule_first(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    rule = next((n for n, (word, then) in enumerate(pairwise(tokens)) if word.text in ("permit", "forbid") and then.text == "("), 0)
    return (*tokens[rule:], *tokens[:rule])
