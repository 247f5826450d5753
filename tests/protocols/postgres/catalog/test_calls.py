"""What a node tree calls."""

from __future__ import annotations

import pytest

from nightporter.catalog.model import Operator, Type
from nightporter.protocols.postgres.catalog.calls import Calls, Families, relations_in

OWN, DOMAIN, OVER, ARRAY, RECORD, RANGE = 20000, 30001, 30002, 30003, 30004, 30005


def made(oid: int, kind: str, **facts: int) -> Type:
    found = Type(oid, "public", f"t{oid}", kind, "U")
    for name, value in facts.items():
        setattr(found, name, value)
    return found


@pytest.fixture
def calls() -> Calls:
    types = {
        OWN: made(OWN, "b", input=20001, output=20002),
        DOMAIN: made(DOMAIN, "d", base=OWN, input=2597, output=20002),
        OVER: made(OVER, "d", base=DOMAIN, input=2597),
        ARRAY: made(ARRAY, "b", element=OVER, input=750, output=751),
        RECORD: made(RECORD, "c", relation=40000, input=2290),
        RANGE: made(RANGE, "r", range_subtype=OWN, input=3834),
    }
    types[DOMAIN].check_calls = (20003,)
    types[OVER].check_calls = (20004,)
    operators = {96: Operator(96, "pg_catalog", "=", 23, 23, 16, 65), 50: Operator(50, "public", "~", 0, 23, 16, 20005)}
    operators[20100] = Operator(20100, "public", "<", OWN, OWN, 16, 20006)
    families = Families([(20200, 20201)], [(20201, OWN, 20007)], [(20201, 20100)])
    return Calls(operators, types, lambda oid: [RECORD, ARRAY] if oid == 40000 else [], families)


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        (b"{FUNCEXPR :funcid 870 :funcresulttype 25}", (870,)),
        (b"{OPEXPR :opno 96 :opfuncid 65 :opresulttype 16}", (65,)),
        (b"{OPEXPR :opno 50 :opfuncid 0 :opresulttype 16}", (20005,)),
        (b"{SCALARARRAYOPEXPR :opno 96 :opfuncid 0 :hashfuncid 0}", (65,)),
        (b"{ROWCOMPAREEXPR :rctype 1 :opnos (o 96 50) :opfamilies (o 1976 1976)}", (65, 20005)),
        (b"{AGGREF :aggfnoid 2108 :aggtype 20}", (2108,)),
        (b"{WINDOWFUNC :winfnoid 3100 :wintype 20}", (3100,)),
        (b"{TABLESAMPLECLAUSE :tsmhandler 3313}", (3313,)),
        (b"{WINDOWCLAUSE :startInRangeFunc 4120 :endInRangeFunc 0}", (4120,)),
        (b"{SORTGROUPCLAUSE :eqop 96 :sortop 20100}", (65, 20006, 20007)),
        (b"{MINMAXEXPR :minmaxtype 20000 :op 0}", (20007,)),
        (b"{COERCETODOMAIN :arg {VAR :vartype 25} :resulttype 30002}", (20003, 20004)),
        (b"{COERCEVIAIO :arg {VAR :vartype 25} :resulttype 20000}", (20001, 20002)),
        (b"{COERCEVIAIO :arg {VAR :vartype 30003} :resulttype 25}", (20001, 20002, 20003, 20004)),
        (b"{COERCEVIAIO :arg {VAR :vartype 30004} :resulttype 25}", (20001, 20002, 20003, 20004)),
        (b"{COERCEVIAIO :arg {VAR :vartype 30005} :resulttype 25}", (20001, 20002, 20007)),
        (b"{TABLEFUNC :coltypes (o 25 20000)}", (20001, 20002)),
        (b"{VAR :vartype 20000}", ()),
        (b'{ALIAS :aliasname :funcid :colnames (":funcid" "12")}', ()),
        (b"", ()),
        (None, ()),
    ],
)
def test_of_a_tree(calls: Calls, tree: bytes | None, expected: tuple[int, ...]) -> None:
    assert calls.of(tree) == expected


def test_equal_ones_are_one_object(calls: Calls) -> None:
    assert calls.of(b" :funcid 870 ") is calls.of(b" :funcid 870 :location 7")


def test_operator_classes(calls: Calls) -> None:
    assert calls.of_classes([20200, 1978]) == {20006, 20007}


def test_relations() -> None:
    assert relations_in(b":relid 5 :relkind r", None, b":relid 0 :relid 4") == (4, 5)
