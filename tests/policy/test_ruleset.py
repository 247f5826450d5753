"""A set of policies: checked whole, told all at once, and what of it concerns which action."""

from __future__ import annotations

import json
import re
from hashlib import sha256
from pathlib import Path

import cedarpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightporter.core.error import PolicyErrors
from nightporter.masking import label
from nightporter.masking.label import LABELS
from nightporter.masking.maskers import MASKERS
from nightporter.policy import schema
from nightporter.policy.annotation import _READERS, MASKS
from nightporter.policy.model import Uid
from nightporter.policy.question import NEUTRAL
from nightporter.policy.ruleset import Known, Ruleset, load
from nightporter.policy.schema import facts
from nightporter.policy.split import MAX_POLICIES
from nightporter.policy.suspicion import NOT_OF_REVEAL, TRAITS

RULE = "permit (principal, action, resource)"
READ = 'permit (principal, action == Action::"read", resource is Table)'


def wrong(**files: str) -> list[str]:
    with pytest.raises(PolicyErrors) as caught:
        load({name.replace("__", "/") + ".cedar": text for name, text in files.items()})
    return [str(each) for each in caught.value.errors]


def suspicious(text: str, known: Known | None = None) -> list[str]:
    ruleset = load({"f.cedar": text}, known or Known())
    assert all((each.file, each.id) == ("f.cedar", "a") for each in ruleset.warnings)
    return [f"{each.line}: {each.message}" for each in ruleset.warnings]


def about(condition: str, scope: str = READ) -> list[str]:
    return suspicious(f'@id("a") {scope}\nwhen {{ {condition} }};')


NEVER = "1: its condition is always false, so that it permits nothing"

# The schema


def test_the_schema_is_understood() -> None:
    assert schema.facts() == NEUTRAL.keys()
    assert schema.actions()["drop"] == {"drop", "define"}
    assert {name for name, above in schema.actions().items() if "define" in above} == {"define", "create", "alter", "drop"}
    assert "Label" in schema.types()
    assert len(schema.types()) == schema.schema_text().count("\nentity ")


def test_every_action_is_cedars_too() -> None:
    for name, above in schema.actions().items():
        for other in schema.actions():
            text = f'permit (principal, action in Action::"{other}", resource);'
            request = {"principal": 'Human::"a"', "action": f'Action::"{name}"', "resource": 'Database::"d"', "context": {}}
            parents = [{"type": "Action", "id": each} for each in above - {name}]
            entities = [{"uid": {"type": "Action", "id": name}, "attrs": {}, "parents": parents}]
            allowed = cedarpy.is_authorized(request, text, entities).allowed
            ruleset = load({"f": f'@id("a") permit (principal, action in [Action::"{other}"], resource);'})
            assert bool(ruleset.matching(name)) is (other in above) is allowed, (name, other)


# Valid or not


def test_none_at_all() -> None:
    ruleset = load({})
    assert (dict(ruleset.policies), ruleset.warnings, ruleset.matching("read")) == ({}, (), ())


def test_a_set() -> None:
    ruleset = load({"b.cedar": f'@id("one") {RULE};\n@id("two") {READ} when {{ resource.kind == "view" }};', "a.cedar": "// none"})
    assert list(ruleset.policies) == ["one", "two"]
    assert ruleset.sees.facts == frozenset()
    assert ruleset.sees.attributes == {"kind"}
    assert ruleset.sees.entities == {Uid("Action", "read")}
    assert list(ruleset.files) == ["b.cedar", "a.cedar"]


def test_all_errors_come_at_once_in_order() -> None:
    told = wrong(
        b=f'@id("a") {RULE};\n@id("b") {RULE} when {{ context.nope == 1 }};',
        a=f'@id("a") {RULE};\n\n  @id("a") {RULE};\n{RULE};',
        c=f'@id("c") {RULE} when {{ resource.kind == "x" }};',
    )
    assert [each.partition(": ")[0] for each in told] == ["a.cedar:4:1", "b.cedar:2:62", "c.cedar:1:63"]


def test_ids_are_there_once() -> None:
    assert wrong(a=f'@id("x") {RULE};\n  @id("x") {RULE};', b=f'@id("x") {RULE};') == [
        "a.cedar:2:4: policy `x`: the id is there twice: in a.cedar:1 as well",
        "b.cedar:1:2: policy `x`: the id is there twice: in a.cedar:1 as well",
    ]


def test_ids_of_packs() -> None:
    load({"packs/base.cedar": f'@id("base.a") {RULE};', "own.cedar": f'@id("base") {RULE}; @id("other.a") {RULE};'})
    (told,) = wrong(packs__base=f'@id("bas.a") {RULE};')
    assert told.endswith("ids in this pack begin with `base.`")
    (told,) = wrong(packs__base=f'@id("base.a") {RULE};', own=f'@id("base.b") {RULE};')
    assert told == "own.cedar:1:2: policy `base.b`: ids that begin with `base.` are of the pack of that name"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{RULE} when {{ context.hours > 3 }};", "1:62: policy `a`: attribute `hours` in context not found: is `hour` meant?"),
        (f'{RULE} when {{ context.xyz == "1" }};', "attribute `xyz` in context not found: there are `client_address`, "),
        (
            f'{RULE}\nwhen {{ resource.kind == "x" }};',
            "2:17: policy `a`: attribute `kind` on entity type `Column`, `Database`, `Function`, `Label`, `Schema`, `Setting` not",
        ),
        (READ.replace('"read"', '"raed"') + ";", '1:47: policy `a`: unrecognized action `Action::"raed"`: is `read` meant?'),
        (READ.replace("Table", "Tabel") + ";", "unrecognized entity type `Tabel`: is `Table` meant?"),
        (READ.replace('"read"', '"define"') + ";", 'is `action in Action::"define"` meant'),
        ('permit (principal, action == Action::"set", resource is Table);', "unable to find an applicable action"),
        ("permit (principal is Group, action, resource);", "none of them is asked of such principals and resources"),
        (f"{RULE} when {{ context.use == 1 }};", "the types Long and String are not compatible"),
        (f"{RULE} when {{ principal.owner == context.role }};", "attribute `owner` on entity type `Human` not found"),
        (f'{RULE} when {{ principal.getTag("x") == "y" }};', "tag"),
        (
            f'{RULE} when {{ context.client_address.isInRange(ip("10.0.0/8")) }};',
            "1:90: policy `a`: error during extension function",
        ),
        ("permit (principal, action in [], resource);", "empty set"),
    ],
)
def test_what_the_schema_does_not_have(text: str, said: str) -> None:
    (told,) = wrong(f=f'@id("a") {text}')
    assert said in told


def test_errors_of_the_validator_name_the_right_policy() -> None:
    rules = [f'@id("p{n}") {RULE}{" when { context.nope }" if n in (3, 12, 117) else ""};' for n in range(120)]
    assert [each.partition(":")[0] + each.split("`")[1] for each in wrong(f="\n".join(rules))] == [
        "f.cedarp3",
        "f.cedarp12",
        "f.cedarp117",
    ]


def test_a_set_is_bounded() -> None:
    half = [f'@id("p{n}") permit (principal, action, resource);' for n in range(MAX_POLICIES // 2 + 1)]
    told = wrong(a="".join(half), b="".join(half).replace('"p', '"q'))
    assert told == [f"b.cedar:1:1: more than {MAX_POLICIES} policies in all files together"]


def test_names_of_files_can_be_shown() -> None:
    for name in ("a\n.cedar", "\udcff.cedar", "\u202e.cedar"):
        with pytest.raises(PolicyErrors, match="cannot be printed"):
            load({name: ""})


# Its hash


def test_the_hash_is_of_names_and_texts_and_schema() -> None:
    files = {"b.cedar": f'@id("ä") {RULE};'.replace("ä", "b") + "// ä", "a.cedar": ""}
    ruleset = load(files)
    assert ruleset.hash == sha256(ruleset.document).hexdigest()
    document = json.loads(ruleset.document)
    assert document == {"policies": [["a.cedar", ""], ["b.cedar", files["b.cedar"]]], "schema": schema.schema_text()}
    assert load(dict(reversed(files.items()))).hash == ruleset.hash
    others = [
        load(each).hash for each in ({}, {"a.cedar": ""}, {"c.cedar": "", "b.cedar": files["b.cedar"]}, {**files, "a.cedar": " "})
    ]
    assert len({ruleset.hash, *others}) == 5


def test_it_is_the_same_again_from_its_document() -> None:
    ruleset = load({"a.cedar": f'\ufeff@id("a") {RULE};\r\n'})
    again = load(dict(json.loads(ruleset.document)["policies"]))
    assert again.hash == ruleset.hash


# What concerns an action


def ids(ruleset: Ruleset, action: str) -> str:
    return " ".join(policy.id for policy in ruleset.matching(action))


def test_matching() -> None:
    scopes = {
        "all": "permit (principal, action, resource)",
        "ban": "forbid (principal, action, resource)",
        "define": 'permit (principal, action in Action::"define", resource)',
        "drop": 'permit (principal, action == Action::"drop", resource)',
        "list": 'permit (principal, action in [Action::"read", Action::"define", Action::"unknown"], resource)',
        "un": 'permit (principal, action == Action::"unknown", resource)',
        "watch": "permit (principal, action, resource)",
    }
    texts = [f'@id("{name}") {"@observe" if name == "watch" else ""} {scope};' for name, scope in reversed(scopes.items())]
    ruleset = load({"f": "\n".join(texts)})
    assert ids(ruleset, "read") == "all ban list watch"
    assert ids(ruleset, "drop") == "all ban define drop list watch"
    assert ids(ruleset, "create") == "all ban define list watch"
    assert ids(ruleset, "insert") == "all ban watch"
    assert ids(ruleset, "unknown") == "ban list un", "no wildcard matches unknown"
    assert ruleset.matching("read") is ruleset.matching("read")
    with pytest.raises(KeyError):
        ruleset.matching("nonsense")


def test_cedar_keeps_our_ids() -> None:
    ruleset = load({"f": f'@id("a.b") {RULE};@id("c-d") @hold("x") {RULE.replace("permit", "forbid")};'})
    every = {policy.id: dict(policy.est) for policy in ruleset.matching("read")}
    engine = cedarpy.PolicySet.from_json_str(json.dumps({"staticPolicies": every, "templates": {}, "templateLinks": []}))
    request = {"principal": 'Human::"a"', "action": 'Action::"read"', "resource": 'Database::"d"', "context": {}}
    assert cedarpy.is_authorized(request, engine, []).diagnostics.reasons == ["c-d"]


# Suspicions


@pytest.mark.parametrize(
    "condition",
    [
        "false",
        "true && false",
        "!true",
        "1 == 2",
        '"a" != "a"',
        "context.hour != context.hour",
        "context.locks && !context.locks",
        "context.locks && context.locks == false",
        "context.hour > 22 && context.hour < 6",
        "context.hour >= 22 && 6 > context.hour",
        "context.hour > 3 && context.hour < 4",
        "context.hour == 3 && context.hour == 4",
        "context.hour == 3 && context.hour != 3",
        "!(context.hour < 20 || context.hour > 10)",
        'context.use == "output" && context.use == "join"',
        'context.purpose == "a" && context.purpose == "b"',
        'context.purpose == "a" && !["a", "b"].contains(context.purpose)',
        '(context.purpose == "a" || context.purpose == "b") && context.purpose == "c"',
        'resource.name == "a" && resource.name == "b"',
        'context.effects.contains("files") && !context.effects.contains("files")',
        "if context.locks then !context.locks else context.locks",
        "if context.locks then false else context.hour < 3 && context.hour > 4",
        "resource is Column",
        'resource == Table::"d/s/a" && resource == Table::"d/s/b"',
        'resource == Column::"d/s/t/c"',
        'action == Action::"insert"',
        'action in [Action::"define", Action::"copy"]',
        "principal is Human && principal is Agent",
        'principal == Human::"a" && principal is Agent',
    ],
)
def test_conditions_that_are_always_false(condition: str) -> None:
    assert about(condition) == [NEVER]


@pytest.mark.parametrize(
    "condition",
    [
        "true",
        "context.hour >= 22 || context.hour < 6",
        "context.hour >= 0 && context.hour <= 23",
        "context.hour > 3 && context.hour < 5",
        "context.locks || !context.locks",
        '!(context.use == "output") && context.use != "join"',
        '["output", "join"].contains(context.use) && context.use != "join"',
        'context.use == "" || context.row_bound == ""',
        '["saturday", "sunday"].contains(context.weekday)',
        'context.effects.contains("files") && context.effects.contains("locks")',
        'context.effects.containsAny(["files", "locks"])',
        'context.statement == "drop table" || context.statement like "alter *"',
        "principal is Agent || principal is Human",
        'principal in Group::"a" && !(principal in Group::"b")',
        'principal == Human::"a" || principal == Agent::"a"',
        'resource in Table::"d/s/t" && resource is Table && resource.name != "t"',
        'action == Action::"read"',
        'resource == Table::"d/s/a%2Fb%25"',
        "if context.locks then context.hour > 3 else context.hour <= 3",
        "context.statements + 1 > 0 - 5",
        'context.client_address.isInRange(ip("10.0.0.0/8"))',
    ],
)
def test_conditions_that_may_be_true(condition: str) -> None:
    assert about(condition) == []


def test_when_and_unless_contradict() -> None:
    assert suspicious(f'@id("a") {READ}\nwhen {{ context.hour > 20 }} unless {{ context.hour > 10 }};') == [NEVER]
    assert suspicious(f'@id("a") {READ}\nunless {{ true }};') == [NEVER]
    assert suspicious(f'@id("a") {READ.replace("permit", "forbid")}\nunless {{ true }};')[0].endswith("so that it forbids nothing")
    assert suspicious(f'@id("a") {READ}\nwhen {{ context.hour > 20 }} unless {{ context.hour > 22 }};') == []


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ('context.use == "outptu"', "`context.use` is never `outptu`: it is one of `expression`, "),
        ('["output", "outptu"].contains(context.use)', "`context.use` is never `outptu`"),
        ('context.use != "outptu"', "`context.use` is never `outptu`"),
        ('context.row_bound == "trivail" || context.locks', "`context.row_bound` is never `trivail`"),
        ('context.weekday == "Monday"', "`context.weekday` is never `Monday`"),
        ('context.effects.contains("file")', "`context.effects` has never `file`"),
        ('context.effects.containsAny(["files", "lock"])', "`context.effects` has never `lock`"),
        ('context.effects.containsAll(["files", "lock"])', "`context.effects` has never `lock`"),
        ('resource.traits.contains("temp")', "`resource.traits` has never `temp`"),
        ('context.statement == "DROP TABLE"', "`context.statement` is never `DROP TABLE`: it is in lower case"),
        ("context.hour > 23", "`context.hour` is never `> 23`: it is from 0 to 23"),
        ("context.hour == 24", "`context.hour` is never `24`: it is from 0 to 23"),
        ("context.minute < 0 || context.locks", "`context.minute` is never `< 0`"),
        ("context.estimated_rows < 0", "`context.estimated_rows` is never `< 0`: it is at least 0"),
    ],
)
def test_values_that_a_fact_never_has(condition: str, said: str) -> None:
    told = [each for each in about(condition) if each != NEVER]
    assert len(told) == 1
    assert told[0].startswith(f"2: {said}")


def test_a_permit_of_everything_to_everyone() -> None:
    everything = ["1: it permits everything to everyone"]
    assert suspicious(f'@id("a") {RULE};') == everything
    assert suspicious(f'@id("a") {RULE} when {{ true }} unless {{ 1 == 2 }};') == everything
    assert suspicious(f'@id("a") {RULE} when {{ context.locks || !context.locks }};') == everything
    for fine in ("@observe permit (principal, action, resource)", '@hold("dba") permit (principal, action, resource)'):
        assert suspicious(f'@id("a") {fine};') == []
    for rule in (
        f"{RULE} when {{ context.locks }}",
        RULE.replace("permit", "forbid"),
        "permit (principal is Human, action, resource)",
    ):
        assert suspicious(f'@id("a") {rule};') == []


REVEAL = 'permit (principal, action == Action::"reveal", resource)'


def test_a_permit_that_shows_everything_to_everyone() -> None:
    everything = ["1: it shows everything to everyone"]
    assert suspicious(f'@id("a") {REVEAL};') == everything
    listed = REVEAL.replace('== Action::"reveal"', 'in [Action::"reveal"]')
    assert suspicious(f'@id("a") {listed} when {{ true }};') == everything
    for fine in (
        f'@mask("partial") {REVEAL}',
        f'{REVEAL} when {{ resource in Label::"pii" }}',
        REVEAL.replace("principal", 'principal in Group::"dba"'),
        REVEAL.replace("resource", 'resource in Label::"pii"'),
        REVEAL.replace("permit", "forbid"),
        REVEAL.replace("reveal", "read"),
    ):
        assert suspicious(f'@id("a") {fine};') == []


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ('context.row_bound == "none"', "`context.row_bound` is not told of `reveal`: it is always neutral"),
        ('context.via.contains("view")', "`context.via` is not told of `reveal`"),
        ('context.statement == "select"', "`context.statement` is not told of `reveal`"),
        (
            "context.estimated_rows < 10",
            "`context.estimated_rows` is not told of `reveal`: a permit that reads it never counts, a forbid",
        ),
    ],
)
def test_what_is_not_told_of_reveal(condition: str, said: str) -> None:
    (told,) = suspicious(f'@id("a") {REVEAL}\nwhen {{ {condition} }};')
    assert told.startswith(f"2: {said}")
    assert suspicious(f'@id("a") {RULE}\nwhen {{ {condition} }};') == [], "of other actions it is"


def test_every_fact_is_either_told_of_reveal_or_not() -> None:
    session = {
        "purpose",
        "client_address",
        "listener",
        "environment",
        "in_transaction",
        "role",
        "hour",
        "minute",
        "weekday",
        "date",
    }
    assert facts() == NOT_OF_REVEAL | session | {"use"}


def test_labels_that_there_are_not() -> None:
    known = Known(labels=frozenset(above for name in LABELS for above in label.above(name)))
    rule = 'forbid (principal, action == Action::"reveal", resource in Label::"pii.{}");'
    assert suspicious(f'@id("a") {rule.format("email")}', known) == []
    assert suspicious(f'@id("a") {rule.format("name")}'.replace("pii.name", "pii"), known) == []
    assert suspicious(f'@id("a") {rule.format("emial")}', known) == ["1: there is no label `pii.emial`: is `pii.email` meant?"]
    assert suspicious(f'@id("a") {rule.format("emial")}') == [], "nothing is known"


def test_masks_are_those_that_there_are() -> None:
    assert set(MASKS) == MASKERS


def test_permits_that_ask_for_unknown_in_a_condition() -> None:
    said = '1: a permit counts for `Action::"unknown"` only if its scope names it'
    assert suspicious(f'@id("a") {RULE} when {{ action == Action::"unknown" }};') == [said]
    assert suspicious(f'@id("a") {RULE} when {{ [Action::"unknown"].contains(action) && context.locks }};') == [said]
    assert suspicious(f'@id("a") {RULE} unless {{ action == Action::"unknown" }};') == []
    assert suspicious('@id("a") permit (principal is Human, action == Action::"unknown", resource);') == []


def test_names_that_nothing_has() -> None:
    known = Known(frozenset({"prod"}), frozenset({"shop", "a/b"}), frozenset({"dba"}), frozenset({Uid("Human", "ada")}))
    fine = (
        'principal in Group::"dba" && principal == Human::"ada" && resource in Environment::"prod" && resource in Label::"new"'
        ' && (resource in Database::"shop" || resource in Schema::"a%2Fb/s" || resource == Table::"shop/s/t"'
        ' || resource == Schema::"shop/s" || resource == Column::"shop/s/t/c")'
    )
    rule = 'forbid (principal, action == Action::"read", resource)'
    assert suspicious(f'@id("a") @hold("dba") {rule} when {{ {fine} }};', known) == []
    assert suspicious(f'@id("a") {rule} when {{ {fine.replace("dba", "dab")} }};') == [], "nothing is known"
    for was, now, said in [
        ("dba", "dab", "there is no group `dab`"),
        ("ada", "Ada", "there is no human `Ada`"),
        ("prod", "production", "there is no environment `production`"),
        ('Database::"shop"', 'Database::"sohp"', '`Database::"sohp"`: there is no database `sohp`'),
        ('Schema::"shop/s"', 'Schema::"s"', '`Schema::"s"` is the id of nothing: write Schema::"DATABASE/SCHEMA"'),
        ("shop/s/t/c", "shop/s/t", '`Column::"shop/s/t"` is the id of nothing'),
        ("shop/s/t/c", "shop/s//c", '`Column::"shop/s//c"` is the id of nothing'),
        ("a%2Fb/s", "a%2fb/s", "write `%25` for a `%`"),
        ("a%2Fb/s", "a%2Fc/s", "there is no database `a%2Fc`"),
    ]:
        told = suspicious(f'@id("a")\n{rule}\nwhen {{ {fine.replace(was, now)} }};', known)
        assert len(told) == 1, told
        assert told[0].startswith("3: ")
        assert said in told[0]
    (told,) = [suspicious(f'@id("a") @hold("dab dba") {rule};', known)]
    assert told == ["1: `@hold` names the group `dab`, which there is not"]


CONDITIONS = st.recursive(
    st.sampled_from(
        [
            *(
                "context.locks",
                "context.in_transaction",
                "context.hour > 5",
                "context.hour < 5",
                "context.hour == 5",
                "true",
                "false",
            ),
            *('context.purpose == "a"', 'context.purpose == "b"', '["a", "c"].contains(context.purpose)', "context.minute >= 3"),
            *("principal is Human", 'principal == Human::"ada"', 'action == Action::"read"', 'context.via.contains("view")'),
        ]
    ),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["&&", "||"]), inner).map(lambda three: f"({' '.join(three)})"),
        inner.map(lambda one: f"!({one})"),
        st.tuples(inner, inner, inner).map(lambda three: f"(if {three[0]} then {three[1]} else {three[2]})"),
    ),
    max_leaves=8,
)


@given(CONDITIONS, st.integers(4, 6), st.sampled_from("abc"), st.booleans(), st.booleans(), st.sampled_from(["ada", "bob"]))
@settings(max_examples=300, deadline=None)
def test_what_is_called_always_false_is_never_true(
    condition: str, hour: int, purpose: str, locks: bool, view: bool, name: str
) -> None:
    text = f'@id("a") {RULE} when {{ {condition} }};'
    told = [each.message for each in load({"f": text}).warnings]
    context = {
        "locks": locks,
        "in_transaction": view,
        "hour": hour,
        "minute": hour,
        "purpose": purpose,
        "via": ["view"] if view else [],
    }
    request = {"principal": f'Human::"{name}"', "action": 'Action::"read"', "resource": 'Database::"d"', "context": context}
    allowed = cedarpy.is_authorized(request, text, []).allowed
    if any("always false" in each for each in told):
        assert not allowed
    if "it permits everything to everyone" in told:
        assert allowed


def test_deep_questions_are_answered_soon() -> None:
    nested = "context.locks"
    for _ in range(28):
        nested = f"if ({nested}) then context.locks else !context.locks"
    assert about(nested) == []


def test_the_traits_are_those_of_the_reading() -> None:
    source = Path(schema.__file__).parents[1] / "protocols/postgres/semantics/traits.py"
    assert set(re.findall(r'^        "(\w+)":', source.read_text("utf-8"), re.MULTILINE)) == TRAITS


# What is shipped and written


def test_every_shipped_pack_is_valid_and_not_suspicious() -> None:
    folder = Path(schema.__file__).parent / "packs"
    packs = {f"packs/{file.name}": file.read_text("utf-8") for file in folder.glob("*.cedar")}
    for name, text in packs.items():
        assert load({name: text}).warnings == ()
    assert load(packs).warnings == ()


def test_the_reference_names_all_there_is() -> None:
    text = (Path(__file__).parents[2] / "docs" / "reference" / "policy.md").read_text("utf-8")
    words = set(re.findall(r"`@?([a-zA-Z_]+)[`(]", text))
    assert {*schema.actions(), *schema.facts(), *schema.types(), *_READERS} - words == set()


@pytest.mark.parametrize(("page", "least"), [("reference/policy.md", 8), ("reference/packs.md", 1), ("how-to/policies.md", 3)])
def test_the_examples_of_the_documentation_are_valid(page: str, least: int) -> None:
    text = (Path(__file__).parents[2] / "docs" / page).read_text("utf-8")
    examples = re.findall(r"```cedar\n(.*?)```", text, re.DOTALL)
    assert len(examples) >= least
    for example in examples:
        assert load({"example.cedar": example}).warnings == ()
