"""How the rows of a COPY ... TO STDOUT are written, as its options say ("COPY" in the reference, versions 15 to 18). Pure.

`copy_format` reads the options of the syntax tree, in the old syntax and in that with parentheses: the grammar makes the same nodes
of both. What a server of these versions would refuse, or what is not known here, is None: such rows cannot be masked.
"""

from __future__ import annotations

from typing import NamedTuple

from .grammar import Node

TEXT, CSV, BINARY = "text", "csv", "binary"
ALL = "*"


class CopyFormat(NamedTuple):
    """The form of the rows. Characters are one byte of ASCII each."""

    kind: str = TEXT
    """`text`, `csv` or `binary`."""
    delimiter: str = "\t"
    null: str = "\\N"
    has_header: bool = False
    """One line with the names of the columns comes first."""
    quote: str = '"'
    escape: str = '"'
    force_quote: tuple[str, ...] = ()
    """Names of the columns whose values are always quoted; `ALL` alone for all of them."""
    encoding: str | None = None
    """What the bytes are encoded in, by the name that the server itself uses; None: the client's encoding."""


_ONLY_IN = {
    "delimiter": {TEXT, CSV},
    "null": {TEXT, CSV},
    "header": {TEXT, CSV},
    "quote": {CSV},
    "escape": {CSV},
    "force_quote": {CSV},
}
_ALSO_KNOWN = {"format", "encoding", "freeze"}
_NOT_IN_TEXT = "\\.abcdefghijklmnopqrstuvwxyz0123456789"
"""No delimiters of the text format: they would look like escapes."""
_TRUE, _FALSE = {"true", "on"}, {"false", "off"}


def copy_format(body: Node) -> CopyFormat | None:
    """The form of the rows of a CopyStmt; None if they have one that is not known here, or that the server does not accept."""
    options: dict[str, object] = {}
    for node in body.get("options", ()):
        element = node.get("DefElem", {})
        name = element.get("defname", "")
        if name in options or not (name in _ONLY_IN or name in _ALSO_KNOWN):
            return None
        options[name] = element.get("arg")
    kind = _text(options["format"]) if "format" in options else TEXT
    if kind not in (TEXT, CSV, BINARY) or any(name in options and kind not in kinds for name, kinds in _ONLY_IN.items()):
        return None
    flags = {name: _flag(options[name]) if name in options else False for name in ("header", "freeze")}
    if flags["header"] is None or flags["freeze"] is None:  # FREEZE means nothing here; version 15 takes it all the same
        return None
    texts = {name: _text(options[name]) for name in ("delimiter", "null", "quote", "escape", "encoding") if name in options}
    forced = _columns(options["force_quote"]) if "force_quote" in options else ()
    if None in texts.values() or forced is None:
        return None
    encoding = None
    if "encoding" in options:
        encoding = encoding_name(texts["encoding"] or "")
        if encoding is None:
            return None
    if kind == BINARY:
        return CopyFormat(BINARY, encoding=encoding)
    quote = texts.get("quote") or '"'
    made = CopyFormat(
        kind,
        (texts["delimiter"] or "") if "delimiter" in texts else "\t" if kind == TEXT else ",",
        (texts["null"] or "") if "null" in texts else "\\N" if kind == TEXT else "",
        flags["header"],
        (texts["quote"] or "") if "quote" in texts else '"',
        (texts["escape"] or "") if "escape" in texts else quote,
        forced,
        encoding,
    )
    return made if _is_sound(made) else None


def _is_sound(form: CopyFormat) -> bool:
    """Whether rows of this form can be read without doubt; the server checks as much, but for what is not ASCII."""
    marks = form.delimiter + (form.quote + form.escape if form.kind == CSV else "")
    if len(marks) != (3 if form.kind == CSV else 1) or not (form.delimiter and form.quote and form.escape) or not marks.isascii():
        return False
    if "\0" in marks or "\0" in form.null or any(each in form.null for each in (form.delimiter, "\r", "\n")):
        return False
    if form.delimiter in "\r\n":
        return False
    if form.kind == CSV:
        return (
            form.quote != form.delimiter and form.quote not in form.null and form.quote not in "\r\n" and form.escape not in "\r\n"
        )
    # a null string that ends with half an escape would take the delimiter after it along
    return form.delimiter not in _NOT_IN_TEXT and (len(form.null) - len(form.null.rstrip("\\"))) % 2 == 0


def _text(argument: object) -> str | None:
    """The text of an option's argument (`defGetString`)."""
    if not isinstance(argument, dict):
        return None
    ((kind, value),) = argument.items()
    match kind:
        case "String":
            return str(value.get("sval", ""))
        case "Integer":
            return str(value.get("ival", 0))
        case "Float":
            return str(value.get("fval", ""))
        case "Boolean":
            return "true" if value.get("boolval", False) else "false"
        case "A_Star":
            return "*"
        case "List":
            names = _columns(argument)
            return None if names is None else ".".join(names)
        case _:
            return None


def _flag(argument: object) -> bool | None:
    """A boolean option's argument (`defGetBoolean`); None if it is none."""
    if argument is None:
        return True  # the name alone
    text = _text(argument)
    if text is None:
        return None
    if isinstance(argument, dict) and "Integer" in argument:
        return {"0": False, "1": True}.get(text)
    text = text.lower()
    return True if text in _TRUE else False if text in _FALSE else None


def _columns(argument: object) -> tuple[str, ...] | None:
    """Names of columns, or `ALL`."""
    if not isinstance(argument, dict):
        return None
    if "A_Star" in argument:
        return (ALL,)
    items = argument.get("List", {}).get("items", ())
    names = tuple(str(each.get("String", {}).get("sval", "")) for each in items)
    return names if names and all(names) else None


# Encodings

_ALIASES = """
    BIG5 big5 win950 windows950 | EUC_CN euccn | EUC_JIS_2004 eucjis2004 | EUC_JP eucjp | EUC_KR euckr | EUC_TW euctw
    GB18030 gb18030 | GBK gbk win936 windows936 | JOHAB johab | KOI8R koi8r koi8 | KOI8U koi8u | MULE_INTERNAL muleinternal
    ISO_8859_5 iso88595 | ISO_8859_6 iso88596 | ISO_8859_7 iso88597 | ISO_8859_8 iso88598
    LATIN1 latin1 iso88591 | LATIN2 latin2 iso88592 | LATIN3 latin3 iso88593 | LATIN4 latin4 iso88594 | LATIN5 latin5 iso88599
    LATIN6 latin6 iso885910 | LATIN7 latin7 iso885913 | LATIN8 latin8 iso885914 | LATIN9 latin9 iso885915
    LATIN10 latin10 iso885916
    SHIFT_JIS_2004 shiftjis2004 | SJIS sjis mskanji shiftjis win932 windows932 | SQL_ASCII sqlascii | UHC uhc win949 windows949
    UTF8 utf8 unicode
    WIN1250 win1250 windows1250 | WIN1251 win1251 win windows1251 | WIN1252 win1252 windows1252 | WIN1253 win1253 windows1253
    WIN1254 win1254 windows1254 | WIN1255 win1255 windows1255 | WIN1256 win1256 windows1256 | WIN1257 win1257 windows1257
    WIN1258 win1258 windows1258 abc tcvn tcvn5712 vscii | WIN866 win866 alt windows866 | WIN874 win874 windows874
"""
"""The server's names of encodings, and what it also takes for them, without what is neither letter nor digit."""

ENCODINGS: dict[str, str] = {}
for _line in _ALIASES.strip().splitlines():
    for _entry in _line.split("|"):
        _name, *_others = _entry.split()
        ENCODINGS |= dict.fromkeys(_others, _name)


def encoding_name(name: str) -> str | None:
    """An encoding's name as the server has it, for any way in which people may write it; None if the server knows none such."""
    return ENCODINGS.get("".join(each for each in name.lower() if each.isascii() and each.isalnum()))
