"""Which Python codec reads text in a client encoding ("Character Set Support"). Pure.

The grammar reads Unicode, so the text is decoded as the server will convert it. What cannot be decoded is not guessed at: it is
`unknown`, and the server gives its own error for it. A codec must leave ASCII what it is, as the server does: Python's of
SHIFT_JIS_2004 reads a backslash as a yen sign, so that encoding is missing here.
"""

from __future__ import annotations

_CODECS = {
    "UTF8": "utf-8",
    "UNICODE": "utf-8",
    "BIG5": "big5",
    "EUC_CN": "gb2312",
    "EUC_JIS_2004": "euc_jis_2004",
    "EUC_JP": "euc_jp",
    "EUC_KR": "euc_kr",
    "GB18030": "gb18030",
    "GBK": "gbk",
    "ISO_8859_5": "iso8859_5",
    "ISO_8859_6": "iso8859_6",
    "ISO_8859_7": "iso8859_7",
    "ISO_8859_8": "iso8859_8",
    "JOHAB": "johab",
    "KOI8": "koi8_r",
    "KOI8R": "koi8_r",
    "KOI8U": "koi8_u",
    "LATIN1": "iso8859_1",
    "LATIN2": "iso8859_2",
    "LATIN3": "iso8859_3",
    "LATIN4": "iso8859_4",
    "LATIN5": "iso8859_9",
    "LATIN6": "iso8859_10",
    "LATIN7": "iso8859_13",
    "LATIN8": "iso8859_14",
    "LATIN9": "iso8859_15",
    "LATIN10": "iso8859_16",
    "SJIS": "cp932",
    "UHC": "cp949",
    "WIN866": "cp866",
    "WIN874": "cp874",
    "WIN1250": "cp1250",
    "WIN1251": "cp1251",
    "WIN1252": "cp1252",
    "WIN1253": "cp1253",
    "WIN1254": "cp1254",
    "WIN1255": "cp1255",
    "WIN1256": "cp1256",
    "WIN1257": "cp1257",
    "WIN1258": "cp1258",
}


def codec(client: str, server: str) -> str | None:
    """The codec for what a client sends; None if there is none. SQL_ASCII means: not converted, in the server's encoding."""
    if client == "SQL_ASCII":
        client = server
    if client == "SQL_ASCII":
        return "ascii"  # bytes above 127 mean nothing certain here
    return _CODECS.get(client)
