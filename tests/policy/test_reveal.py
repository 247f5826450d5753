"""Who may see what: how answers on `reveal` combine, what is kept, and that nothing is shown that was not meant."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightporter.identity.principal import Kind, Principal
from nightporter.masking.label import LABELS as LABELS_THERE_ARE
from nightporter.policy import reveal
from nightporter.policy.annotation import MASKS
from nightporter.policy.answer import Answers
from nightporter.policy.model import Resource, Value
from nightporter.policy.reveal import Reveals, Shown, reveals
from nightporter.policy.ruleset import load
from tests.lab.policies import answers

SHOP = Resource("production", "shop")
ADA = Principal("ada", Kind.HUMAN)
SUE = Principal("sue", Kind.HUMAN, frozenset({"support"}))
BOT = Principal("bot", Kind.AGENT, owner="ada")
ETL = Principal("etl", Kind.SERVICE, owner="ada")
LOGIN = Principal("login", Kind.SERVICE, frozenset({"secrets"}), owner="ada")

SUPPORT = """
@id("support.email")
permit(principal in Group::"support", action == Action::"reveal", resource in Label::"pii.email");
"""


def seen(text: str, who: Principal = ADA, of: tuple[str, ...] = (), **facts: Value) -> Reveals:
    return reveals(who, SHOP, answers(text, of=of), facts)


def column(text: str, *labels: str, who: Principal = ADA, of: tuple[str, ...] = (), use: str = "output", **facts: Value) -> Shown:
    return seen(text, who, of, **facts).column("public", "people", "email", labels, use)


def show(id: str, more: str = "", mask: str = "", effect: str = "permit") -> str:
    """A policy on `reveal`."""
    note = f'@mask("{mask}") ' if mask else ""
    return f'@id("{id}") {note}{effect}(principal, action == Action::"reveal", resource) {more};'


# How answers combine

PLAIN, FULL, TOKEN, PARTIAL = show("plain"), show("full", mask="full"), show("token", mask="token"), show("partial", mask="partial")
NO = show("no", effect="forbid")


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ("", Shown("")),
        (PLAIN, Shown(None, ("plain",))),
        (PARTIAL, Shown("partial", ("partial",))),
        (PLAIN + PARTIAL, Shown(None, ("plain",))),
        (PARTIAL + TOKEN, Shown("token", ("token",))),
        (PARTIAL + TOKEN + FULL, Shown("full", ("full",))),
        (TOKEN + show("other", mask="token"), Shown("token", ("other", "token"))),
        (NO, Shown("", ("no",))),
        (PLAIN + NO, Shown("", ("no",))),
        (PARTIAL + NO, Shown("", ("no",))),
    ],
)
def test_how_answers_combine(policies: str, expected: Shown) -> None:
    assert column(policies, "pii.email") == expected
    assert seen(policies).label("pii.email") == expected
    assert expected.plain is (expected.masker is None)


def test_of_several_masks_the_strictest_holds() -> None:
    assert MASKS[:3] == ("null", "full", "bucket")
    assert MASKS[-3:] == ("token", "partial", "found")
    for one, other in permutations(MASKS, 2):
        strictest = min(one, other, key=MASKS.index)
        assert column(show("a", mask=one) + show("b", mask=other), "pii.email").masker == strictest


def test_a_policy_that_fails_shows_nothing() -> None:
    fails = f"when {{ context.hour + {2**63 - 1} > 0 }}"
    for text in (show("bad", fails), PLAIN + show("bad", fails), PLAIN + show("bad", fails, effect="forbid")):
        assert column(text, "pii.email", hour=3) == Shown("")
        assert seen(text, hour=3).label("pii.email") == Shown("")
        assert column(text, hour=3) == Shown("full"), "nothing else would hide a column without a label"


# Policies about other actions as well


def test_a_permit_of_everything_permits_this_too_and_its_limits_do_not_matter() -> None:
    for note in ("", '@limit_rows("10") @timeout("2s")', "@record_images"):
        text = f'@id("all") {note} permit(principal, action, resource);'
        assert column(text, "secret.key") == Shown(None, ("all",))
        assert column(text.replace("action,", 'action in [Action::"read", Action::"reveal"],'), "secret.key") == Shown(
            None, ("all",)
        )
        assert column(text.replace("action,", 'action in [Action::"read", Action::"copy"],'), "secret.key") == Shown("")


def test_what_waits_permits_nothing_and_forbids_at_once() -> None:
    held = '@id("held") @hold("dba") permit(principal, action, resource);'
    assert column(held, "pii.email") == Shown("")
    assert column(held + PARTIAL, "pii.email") == Shown("partial", ("partial",))
    wait = '@id("wait") @hold("dba") forbid(principal, action, resource);'
    assert column(wait + PLAIN, "pii.email") == Shown("", ("wait",))


def test_a_permit_that_wants_a_purpose_counts_once_that_is_said() -> None:
    text = '@id("all") @purpose("required") permit(principal, action, resource);'
    assert column(text, "pii.email") == Shown("")
    assert column(text, "pii.email", purpose="") == Shown("")
    assert column(text, "pii.email", purpose="INC-7") == Shown(None, ("all",))
    own = answers(text)
    assert reveals(ADA, SHOP, own, {}).column("a", "b", "c", ("pii.email",)) == Shown("")
    assert reveals(ADA, SHOP, own, {"purpose": "x"}).column("a", "b", "c", ("pii.email",)).plain


def test_observing_shows_nothing() -> None:
    text = '@id("watch") @observe permit(principal, action, resource);'
    assert column(text, "pii.email") == Shown("")
    for who in (ADA, BOT, ETL):
        plainly = seen("", who, ("baseline",))
        observed = seen("", who, ("baseline", "observe"))
        for name in ("pii.email", "secret.key", "server.values", "server.statements", "server.state"):
            assert observed.label(name) == plainly.label(name)


def test_how_many_rows_there_are_is_not_told() -> None:
    few = "when { context.estimated_rows < 100 }"
    assert column(show("few", few), "pii.email") == Shown("")
    assert column(show("few", few) + PARTIAL, "pii.email") == Shown("partial", ("partial",))
    many = show("many", "when { context.estimated_rows > 100 }", effect="forbid")
    assert column(many + PLAIN, "pii.email") == Shown("", ("many",))


def test_facts_of_what_a_statement_does_are_neutral() -> None:
    neutral = 'when { context.row_bound == "" && context.via.isEmpty() && context.statements == 0 && !context.locks }'
    assert column(show("a", neutral), "pii.email").plain


# What it is about


def test_how_it_is_used() -> None:
    text = show("own", 'when { context.use == "output" }')
    assert column(text, "pii.email").plain
    assert column(text, "pii.email", use="expression") == Shown("")


def test_the_facts_of_the_session() -> None:
    text = show("day", 'when { context.hour >= 8 && context.purpose like "INC-*" && context.environment == "production" }')
    own = answers(text)
    day: dict[str, Value] = {"hour": 9, "purpose": "INC-1", "environment": "production"}
    assert reveals(ADA, SHOP, own, day).label("pii.email").plain
    assert reveals(ADA, SHOP, own, {**day, "hour": 7}).label("pii.email") == Shown("")
    assert reveals(ADA, SHOP, own, {**day, "purpose": ""}).label("pii.email") == Shown("")


@pytest.mark.parametrize(
    ("resource", "plain"),
    [
        ('Label::"pii.email"', True),
        ('Label::"pii"', True),
        ('Label::"pii.name"', False),
        ('Label::"pii.email.work"', False),
        ('Column::"shop/public/people/email"', True),
        ('Column::"shop/public/people/name"', False),
        ('Column::"shop/public/above/email"', True),
        ('Column::"shop/private/top/email"', True),
        ('Table::"shop/public/people"', True),
        ('Table::"shop/public/above"', True),
        ('Table::"shop/public/other"', False),
        ('Schema::"shop/public"', True),
        ('Database::"shop"', True),
        ('Database::"other"', False),
        ('Environment::"production"', True),
        ('Environment::"staging"', False),
    ],
)
def test_a_column_is_in_its_table_what_that_is_a_part_of_and_its_labels(resource: str, plain: bool) -> None:
    sight = seen(f'@id("a") permit(principal, action == Action::"reveal", resource in {resource});')
    parents = (("public", "above"), ("private", "top"))
    assert sight.column("public", "people", "email", ("pii.email",), "output", parents).plain is plain
    forbidding = seen(PLAIN + f'@id("a") forbid(principal, action == Action::"reveal", resource in {resource});')
    assert forbidding.column("public", "people", "email", ("pii.email",), "output", parents).plain is not plain


def test_a_name_with_a_slash_is_no_path() -> None:
    text = '@id("a") permit(principal, action == Action::"reveal", resource in Table::"shop/public/people");'
    assert seen(text).column("public/people", "x", "email", ("pii.email",)) == Shown("")
    assert seen(text).column("public", "people/x", "email", ("pii.email",)) == Shown("")


def test_what_is_found_without_a_column_is_of_its_label_and_of_the_database() -> None:
    assert seen(SUPPORT, SUE).label("pii.email") == Shown(None, ("support.email",))
    assert seen(SUPPORT, SUE).label("pii.card") == Shown("")
    assert seen(SUPPORT, SUE).label("pii") == Shown(""), "wider than what is permitted"
    for place in ('Database::"shop"', 'Environment::"production"'):
        there = f'@id("a") forbid(principal, action == Action::"reveal", resource in {place});'
        assert seen(PLAIN + there).label("pii.name.given") == Shown("", ("a",))
    assert seen('@id("a") permit(principal, action == Action::"reveal", resource is Column);').label("pii.email") == Shown("")
    same = '@id("a") permit(principal, action == Action::"reveal", resource == Label::"pii");'
    assert (seen(same).label("pii").plain, seen(same).label("pii.email").plain) == (True, False)


# Several labels, and none

EMAIL = '@id("email") permit(principal, action == Action::"reveal", resource in Label::"pii.email");'
KEY = '@id("key") @mask("full") permit(principal, action == Action::"reveal", resource in Label::"secret");'


def test_a_column_is_shown_as_all_of_its_labels_allow() -> None:
    assert column(EMAIL, "pii.email").plain
    assert column(EMAIL, "pii.email", "secret.key") == Shown("")
    assert column(EMAIL, "secret.key", "pii.email") == Shown("")
    assert column(EMAIL + KEY, "pii.email", "secret.key") == Shown("full", ("key",))
    assert column(EMAIL + KEY.replace('@mask("full") ', ""), "pii.email", "secret.key") == Shown(None, ("email", "key"))
    table = '@id("t") permit(principal, action == Action::"reveal", resource in Table::"shop/public/people");'
    assert column(table, "pii.email", "secret.key") == Shown(None, ("t",))
    assert column(table + show("k", 'when { resource in Label::"secret" }', effect="forbid"), "pii.email", "secret.key") == Shown(
        "", ("k",)
    )
    both = 'when { resource in Label::"pii.email" && resource in Label::"secret" }'
    assert column(PLAIN + show("b", both, effect="forbid"), "pii.email", "secret.key") == Shown("", ("b",))


def test_a_label_and_the_wider_one_it_is_in_are_one() -> None:
    given = '@id("g") permit(principal, action == Action::"reveal", resource in Label::"pii.name.given");'
    assert column(given, "pii.name", "pii.name.given").plain
    assert column(given, "pii.name") == Shown("")
    assert column(given, "pii.names", "pii.name.given") == Shown("")
    assert column(given, "pii.name.given", "pii.name.given").plain


def test_a_column_without_labels() -> None:
    assert column("") == Shown(""), "nobody says anything: values are looked for"
    assert column(EMAIL) == Shown("")
    assert column(PLAIN).plain, "nothing is looked for"
    own = '@id("own") {}(principal, action == Action::"reveal", resource == Column::"shop/public/people/email");'
    assert column(own.format("permit")).plain
    assert column('@mask("token") ' + own.format("permit")) == Shown("token", ("own",))
    assert column(PLAIN + own.format("forbid")) == Shown("full", ("own",))


# Whether a column may be hidden though no label is

SECRETS = show("secrets", 'when { resource in Label::"secret" && !(principal in Group::"secrets") }', effect="forbid")


@pytest.mark.parametrize(
    "texts",
    [
        (PLAIN,),
        (PLAIN, PARTIAL),
        (PLAIN, SECRETS),
        (show("here", 'when { resource in Environment::"production" }'),),
        (show("hour", "when { context.hour == 0 }"),),
        (PLAIN, show("other", 'when { resource in Column::"shop/public/people/email" && context.use == "output" }')),
    ],
)
def test_whoever_sees_everything_is_hidden_no_column(texts: tuple[str, ...]) -> None:
    assert not seen("".join(texts), LOGIN).may_hide


COLUMNS = '@id("columns") permit(principal, action == Action::"reveal", resource is Column) '
LABELLED = '@id("labels") permit(principal, action == Action::"reveal", resource is Label);'
BOTH = 'when { resource in Label::"pii.email" && resource in Label::"secret" }'
MANY = "||".join(f'resource in Label::"{name}"' for name in ("pii.email", "pii.name", "pii.card", "pii.phone", "server"))


@pytest.mark.parametrize(
    ("texts", "hidden", "use"),
    [
        ((PLAIN, show("use", 'when { context.use == "expression" }', effect="forbid")), (), "expression"),
        ((show("use", 'when { context.use != "expression" }'),), (), "expression"),
        ((PLAIN, show("name", 'when { resource is Column && resource.name == "email" }', effect="forbid")), (), "output"),
        ((LABELLED, COLUMNS + 'unless { resource.name == "email" };'), ("pii.email",), "output"),
        ((LABELLED, COLUMNS + 'unless { resource in Table::"shop/public/people" };'), ("pii.email",), "output"),
        ((LABELLED, COLUMNS + 'unless { resource in Label::"pii" };'), ("pii.email",), "output"),
        ((PLAIN, '@id("f") forbid(principal, action, resource is Column) when { resource in Label::"pii" };'), ("pii",), "output"),
        ((PLAIN, show("both", BOTH, effect="forbid")), ("pii.email", "secret.key"), "output"),
    ],
)
def test_a_policy_that_hides_columns_and_no_label_is_noticed(texts: tuple[str, ...], hidden: tuple[str, ...], use: str) -> None:
    sight = seen("".join(texts), LOGIN)
    assert all(sight.label(name).plain for name in LABELS_THERE_ARE), "nothing says it but the columns"
    assert not sight.column("public", "people", "email", hidden, use).plain
    assert sight.may_hide


def test_with_more_labels_than_can_be_asked_about_a_column_may_be_hidden() -> None:
    never = show("never", f"when {{ ({MANY}) && context.hour == 30 }}", effect="forbid")
    assert seen(PLAIN + never, LOGIN).may_hide
    assert not seen(PLAIN + never.replace('||resource in Label::"server"', ""), LOGIN).may_hide


@pytest.mark.parametrize(
    ("scope", "hers"),
    [
        ("principal", True),
        ("principal is Service", True),
        ('principal == Service::"login"', True),
        ('principal in Service::"login"', True),
        ('principal in Group::"secrets"', True),
        ('principal is Service in Group::"secrets"', True),
        ("principal is Agent", False),
        ('principal == Human::"login"', False),
        ('principal in Service::"etl"', False),
        ('principal in Group::"support"', False),
        ('principal is Agent in Group::"secrets"', False),
        ('principal is Service in Group::"support"', False),
    ],
)
def test_what_is_hidden_from_others_hides_nothing(scope: str, hers: bool) -> None:
    of_people = f'@id("people") forbid({scope}, action == Action::"reveal", resource in Table::"shop/public/people");'
    sight = seen(PLAIN + of_people, LOGIN)
    assert sight.column("public", "people", "email", ()).plain is not hers
    assert sight.may_hide is hers


# What is kept


def test_the_same_object_as_long_as_policies_see_the_same() -> None:
    own = answers(
        show("day", "when { context.hour >= 8 }")
        + '@id("m") permit(principal, action == Action::"read", resource) when { context.minute > 3 };'
    )
    first = reveals(ADA, SHOP, own, {"hour": 9, "minute": 1, "in_transaction": False})
    assert reveals(ADA, SHOP, own, {"hour": 9, "minute": 2, "in_transaction": True}) is first
    assert {first: 1}[first] == 1
    others = [
        reveals(ADA, SHOP, own, {"hour": 7}),
        reveals(SUE, SHOP, own, {"hour": 9}),
        reveals(ADA, Resource("staging", "shop"), own, {"hour": 9}),
        reveals(ADA, Resource("production", "other"), own, {"hour": 9}),
        reveals(ADA, SHOP, answers(PLAIN), {"hour": 9}),
    ]
    assert len({first, *others}) == 6


def test_asked_again_it_is_a_look_up(monkeypatch: pytest.MonkeyPatch) -> None:
    sight = seen(SUPPORT, SUE, ("baseline",))
    first = sight.column("public", "people", "email", ("pii.email",)), sight.label("pii.card")
    monkeypatch.setattr(Answers, "of", None)
    assert (sight.column("public", "people", "email", ("pii.email",)), sight.label("pii.card")) == first


def test_columns_that_policies_cannot_tell_apart_are_asked_about_once(monkeypatch: pytest.MonkeyPatch) -> None:
    sight = seen(SUPPORT, SUE, ("baseline",))
    asked: list[object] = []
    ask = Answers._ask

    def counted(*given: Any) -> Any:
        asked.append(given)
        return ask(*given)

    monkeypatch.setattr(Answers, "_ask", counted)
    for n in range(100):
        sight.column("public", f"t{n}", f"c{n}", ("pii.email",))
    assert len(asked) == 1


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reveal, "MAX_COLUMNS", 3)
    monkeypatch.setattr(reveal, "MAX_KEPT", 2)
    own = answers(SUPPORT + show("hour", "when { context.hour == 30 }"))
    for n in range(10):
        sight = reveals(SUE, SHOP, own, {"hour": n})
        for each in "abcdef":
            assert sight.column("public", "people", each, ("pii.email",)).plain
        assert len(sight._columns) <= 3
    assert len(own.reveals) <= 2


# Five properties


TEXTS = st.lists(
    st.sampled_from(
        [PLAIN, FULL, TOKEN, PARTIAL, EMAIL, KEY, show("null", mask="null"), show("use", 'when { context.use == "output" }')]
    ),
    unique=True,
    max_size=6,
)
LABELS = st.lists(
    st.sampled_from(["pii.email", "pii.name", "pii.name.given", "secret.key", "server.values"]), unique=True, max_size=3
)


@given(TEXTS, LABELS, st.booleans())
@settings(deadline=None)
def test_a_forbid_shows_nothing_and_order_does_not_matter(texts: list[str], labels: list[str], output: bool) -> None:
    use = "output" if output else "expression"

    def shown(*every: str) -> Shown:
        own = Answers(load({f"{n:02}.cedar": text for n, text in enumerate(every)}))
        return reveals(ADA, SHOP, own, {}).column("public", "people", "x", tuple(labels), use)

    found = shown(*texts)
    assert shown(*reversed(texts)) == found
    assert reveals(ADA, SHOP, answers(*texts), {}).column("public", "people", "x", tuple(labels[::-1]), use) == found
    assert shown(*texts, NO) == Shown("" if labels else "full", ("no",))
    assert (found.masker is None) <= bool(found.policies)


# The baseline, and three lines beside it


@pytest.mark.parametrize("name", ["pii.email", "pii.card", "pii.name.given", "pii.text", "secret.password", "server.values"])
def test_with_the_baseline_people_and_agents_see_neither_personal_data_nor_secrets(name: str) -> None:
    for who in (ADA, SUE, BOT):
        sight = seen("", who, ("baseline",))
        assert sight.label(name).masker == ""
        for use in ("output", "expression"):
            assert sight.column("public", "t", "c", (name,), use).masker == ""


def test_with_three_lines_support_sees_mail_and_no_cards() -> None:
    sight = seen(SUPPORT, SUE, ("baseline",))
    assert sight.column("public", "customers", "email", ("pii.email",)) == Shown(None, ("support.email",))
    assert sight.column("public", "customers", "email", ("pii.email",), "expression").plain
    assert sight.column("public", "customers", "card", ("pii.card",)) == Shown("")
    assert sight.column("public", "customers", "note", ("pii.email", "pii.card")) == Shown("")
    for who in (ADA, BOT):
        assert seen(SUPPORT, who, ("baseline",)).column("public", "customers", "email", ("pii.email",)) == Shown("")


def test_nobody_sees_secrets_but_who_has_to_and_may() -> None:
    all_ = '@id("all") permit(principal, action, resource);'
    for who in (ADA, BOT, ETL):
        assert seen(all_, who, ("baseline",)).column("public", "users", "hash", ("secret.password",)) == Shown(
            "", ("baseline.no-secrets",)
        )
        assert seen(all_, who, ("baseline",)).column("public", "users", "email", ("pii.email",)).plain
    hashes = 'resource == Column::"shop/public/users/hash"'
    one = f'@id("login.hash") permit(principal == Service::"login", action == Action::"reveal", {hashes});'
    assert seen("", LOGIN, ("baseline",)).column("public", "users", "hash", ("secret.password",)) == Shown("")
    assert seen(one, LOGIN, ("baseline",)).column("public", "users", "hash", ("secret.password",)) == Shown(None, ("login.hash",))
    assert seen(one, LOGIN, ("baseline",)).column("public", "users", "api_key", ("secret.key",)) == Shown("")
