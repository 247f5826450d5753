"""The server's own types by OID ("src/include/catalog/pg_type.dat"): these numbers are the same in every version. Pure."""

from __future__ import annotations

BOOL, BYTEA, CHAR, NAME, INT8, INT2, INT4, REGPROC, TEXT, OID, TID, XID, CID = 16, 17, 18, 19, 20, 21, 23, 24, 25, 26, 27, 28, 29
JSON, XML, POINT, LSEG, PATH, BOX, POLYGON, LINE = 114, 142, 600, 601, 602, 603, 604, 628
CIDR, FLOAT4, FLOAT8, UNKNOWN, CIRCLE, MACADDR8, MONEY, MACADDR, INET = 650, 700, 701, 705, 718, 774, 790, 829, 869
BPCHAR, VARCHAR, DATE, TIME, TIMESTAMP, TIMESTAMPTZ, INTERVAL, TIMETZ = 1042, 1043, 1082, 1083, 1114, 1184, 1186, 1266
BIT, VARBIT, NUMERIC, REFCURSOR, RECORD, CSTRING, ANYARRAY, VOID = 1560, 1562, 1700, 1790, 2249, 2275, 2277, 2278
UUID, PG_LSN, TSVECTOR, TSQUERY, JSONB, JSONPATH, XID8 = 2950, 3220, 3614, 3615, 3802, 4072, 5069
INT2VECTOR, OIDVECTOR = 22, 30

WHOLE = {INT2: "!h", INT4: "!i", INT8: "!q"}
"""Whole numbers, and how they are packed in binary."""
FLOATS = {FLOAT4: "!f", FLOAT8: "!d"}
WORDS = frozenset({TEXT, VARCHAR, BPCHAR, NAME, UNKNOWN, CSTRING, REFCURSOR})
"""Text as it stands, the same in both formats."""
REGISTERED = frozenset({REGPROC, 2202, 2203, 2204, 2205, 2206, 3734, 3769, 4089, 4096, 4191})
"""OIDs that are written as names: regproc, regclass, ..."""
MOMENTS = frozenset({DATE, TIME, TIMETZ, TIMESTAMP, TIMESTAMPTZ, INTERVAL})
NAME_LIMIT = 63

ARRAYS = {
    **{1000: BOOL, 1001: BYTEA, 1002: CHAR, 1003: NAME, 1016: INT8, 1005: INT2, 1007: INT4, 1009: TEXT, 1028: OID, 1010: TID},
    **{1011: XID, 1012: CID, 199: JSON, 143: XML, 1017: POINT, 1018: LSEG, 1019: PATH, 1020: BOX, 1027: POLYGON, 629: LINE},
    **{651: CIDR, 1021: FLOAT4, 1022: FLOAT8, 719: CIRCLE, 775: MACADDR8, 791: MONEY, 1040: MACADDR, 1041: INET, 1014: BPCHAR},
    **{1015: VARCHAR, 1182: DATE, 1183: TIME, 1115: TIMESTAMP, 1185: TIMESTAMPTZ, 1187: INTERVAL, 1270: TIMETZ, 1561: BIT},
    **{1563: VARBIT, 1231: NUMERIC, 2201: REFCURSOR, 2287: RECORD, 1263: CSTRING, 2951: UUID, 3221: PG_LSN, 3643: TSVECTOR},
    **{3645: TSQUERY, 3807: JSONB, 4073: JSONPATH, 271: XID8},
    **{1008: REGPROC, 2207: 2202, 2208: 2203, 2209: 2204, 2210: 2205, 2211: 2206, 3735: 3734, 3770: 3769, 4090: 4089, 4097: 4096},
    4192: 4191,
}
"""Of an array type: its elements' type. For those who have no catalogue."""

RANGES = frozenset({3904, 3906, 3908, 3910, 3912, 3926})
MULTIRANGES = frozenset({4451, 4532, 4533, 4534, 4535, 4536})


def delimiter(element: int) -> bytes:
    """What stands between the elements of an array in text."""
    return b";" if element == BOX else b","


def limit(type_oid: int, modifier: int) -> int:
    """The most characters that a value of a type of text may have; 0: any number."""
    if type_oid in (VARCHAR, BPCHAR) and modifier >= 4:
        return modifier - 4
    return NAME_LIMIT if type_oid == NAME else 0
