"""PostgreSQL's own grammar, as libpg_query has it. Pure: text in, syntax tree out. The only file that knows the parser.

The tree is that of libpg_query's JSON: a node is `{"SelectStmt": {field: value, ...}}`; a field whose type is fixed holds the inner
part alone; what is zero, false or empty is left out. JSON, because the parser's other route refuses to nest beyond some 24 levels.
Called through ctypes, which lets other threads run meanwhile.
"""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any, TypeAlias

import msgspec

from .guard import refusal
from .tokens import without_gaps

lib: Any = import_module("postgast.native").lib  # by name: mypy cannot read the stubs that come with the package

Node: TypeAlias = dict[str, Any]

GRAMMAR = "libpg_query 18"
"""Recorded with every fingerprint: fingerprints change between versions of the grammar."""

MAX_DEPTH = 60_000
"""Levels of the tree. The server's own stack ends sooner: at some 3,000 operators, 2,000 sub-selects (eight levels each)."""

MAX_TREE_BYTES = 256 * 1024 * 1024
"""Of the tree as JSON: about ten times the text, up to thirty for lists of short numbers."""

MAX_DEEP_TREE_BYTES = 16 * 1024 * 1024
"""Trees too deep for the fast reader go through a slow one, which takes about a second for as many bytes."""

_COMPACT_BYTES = 1024 * 1024
"""Above this, constants are cut down before the tree is built: a bulk INSERT would otherwise take a kilobyte for each value."""

MAX_FINGERPRINT_BYTES = 256 * 1024
"""Longer statements have no fingerprint: it parses them once more, and nobody looks for another bulk INSERT like this one."""

_decode = msgspec.json.Decoder().decode

_STRING = rb'"(?:[^"\\]|\\.)*+"'
_CONSTANT = re.compile(
    rb'\{"A_Const":\{(?:"sval":\{(?:"sval":(' + _STRING + rb'))?\}|"[a-z]+":(?:true|\{(?:"[a-z]+":(?:'
    rb"true|-?\d+|" + _STRING + rb'))?\}))(?:,"location":\d+)?\}\}'
)
# A row of nothing but such constants. Rows hold no setting's name: those are arguments of functions, which are no List.
_ROW = re.compile(rb'\{"List":\{"items":\[(?:0|' + _STRING + rb")(?:,(?:0|" + _STRING + rb"))*+\]\}\}")
_JSON_TOKEN = re.compile(rb"(?P<text>" + _STRING + rb")|(?P<mark>[\[\]{},:])|(?P<plain>[^\[\]{},:\"\s]+)")


class GrammarError(Exception):
    """The text was not read; the message says why, without a word of the text."""


class Parsed:
    """One statement of a text: its node, and the bytes of the text that it takes up (UTF-8)."""

    __slots__ = ("body", "end", "start", "tag")

    def __init__(self, tag: str, body: Node, start: int, end: int) -> None:
        self.tag = tag
        self.body = body
        self.start = start
        self.end = end


def parse(text: bytes) -> list[Parsed]:
    """Read `text` (UTF-8) into its statements; the slices from `start` to `end` put together are the whole text.

    Raises GrammarError for whatever is not, or may not be, read.
    """
    why = refusal(text)
    if why is not None:
        raise GrammarError(why)
    tree = _tree(text)
    if tree is None and b"--" in text and (plainer := without_gaps(text)) != text:
        tree = _tree(plainer)
    if tree is None:
        raise GrammarError("syntax")
    if len(tree) > MAX_TREE_BYTES:
        raise GrammarError("too large a syntax tree")
    try:
        raw = _load(tree)["stmts"]
        statements = []
        start = 0
        for each in raw:
            ((tag, body),) = each["stmt"].items()
            length = each.get("stmt_len", 0)
            end = each.get("stmt_location", 0) + length + 1 if length else len(text)
            statements.append(Parsed(tag, body, start, end))
            start = end
    except (KeyError, TypeError, ValueError, AttributeError) as error:  # a parser that is not the one we know
        raise GrammarError("a syntax tree of an unknown form") from error
    if statements:
        statements[-1].end = len(text)
    return statements


def _tree(text: bytes) -> bytes | None:
    """The syntax tree as JSON; None for a text that does not parse."""
    result = lib.pg_query_parse(text)
    try:
        tree: bytes | None = None if result.error else result.parse_tree
    finally:
        lib.pg_query_free_parse_result(result)
    return tree


def fingerprint(text: bytes, *, guarded: bool = False) -> str | None:
    """The parser's hash of the normal form, 16 hex digits. Only for text that `parse` has read; `guarded` if it was just this."""
    if len(text) > MAX_FINGERPRINT_BYTES or not (guarded or refusal(text) is None):
        return None
    result = lib.pg_query_fingerprint(text)
    try:
        if result.error or result.fingerprint_str is None:
            return None
        digits: bytes = result.fingerprint_str
        return digits.decode("ascii")
    finally:
        lib.pg_query_free_fingerprint_result(result)


def string_value(node: object) -> str | None:
    """The text of a string constant; None if it is anything else. A compacted constant is its bare text."""
    if isinstance(node, str):
        return node
    if isinstance(node, dict) and isinstance(constant := node.get("A_Const"), dict) and "sval" in constant:
        text = constant["sval"].get("sval", "")
        return text if isinstance(text, str) else None
    return None


def is_constant(node: object) -> bool:
    """Whether a node is a literal constant, compacted or not."""
    return isinstance(node, (str, int)) or (isinstance(node, dict) and "A_Const" in node)


def _load(tree: bytes) -> Any:
    if len(tree) > _COMPACT_BYTES:
        tree = _ROW.sub(b"0", _CONSTANT.sub(_compact, tree))
    try:
        return _decode(tree)
    except RecursionError:
        if len(tree) > MAX_DEEP_TREE_BYTES:
            raise GrammarError("nested too deeply") from None
        return _load_deep(tree)


def _compact(constant: re.Match[bytes]) -> bytes:
    text = constant[1]
    if text is not None:
        return text
    return b'""' if constant[0].startswith(b'{"A_Const":{"sval"') else b"0"


def _load_deep(tree: bytes) -> Any:
    """Read JSON without recursion. The parser wrote it, so its form is not checked beyond what falls out."""
    root: list[Any] = []
    open_: list[Any] = [root]
    keys: list[str | None] = [None]
    for match in _JSON_TOKEN.finditer(tree):
        token = match[0]
        mark = match.lastgroup == "mark"
        if mark and token in (b":", b","):
            continue
        if mark and token in (b"]", b"}"):
            open_.pop()
            keys.pop()
            continue
        value: Any = ([] if token == b"[" else {}) if mark else _decode(token)
        top = open_[-1]
        if isinstance(top, list):
            top.append(value)
        elif keys[-1] is None:
            keys[-1] = value
            continue
        else:
            top[keys[-1]] = value
            keys[-1] = None
        if mark:
            open_.append(value)
            keys.append(None)
            if len(open_) > MAX_DEPTH:
                raise GrammarError("nested too deeply")
    return root[0]
