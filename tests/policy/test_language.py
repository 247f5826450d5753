"""Files of policies: how they are cut, what is told of what is wrong, and that nothing else can happen."""

from __future__ import annotations

import json
import subprocess
import sys

import cedarpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightporter.core.error import PolicyError, PolicyErrors
from nightporter.policy.language import MAX_ERRORS, Policy, parse, place_of
from nightporter.policy.model import Obligations, Quorum, Uid
from nightporter.policy.sight import Sees
from nightporter.policy.split import MAX_FILE_BYTES, MAX_NESTING, MAX_OPERATORS, MAX_POLICIES, split

RULE = "permit (principal, action, resource)"


def one(text: str) -> Policy:
    (policy,) = parse("f.cedar", text)
    return policy


def wrong(text: str) -> list[str]:
    with pytest.raises(PolicyErrors) as caught:
        parse("f.cedar", text)
    assert all(isinstance(each, PolicyError) for each in caught.value.errors)
    return [str(each) for each in caught.value.errors]


def when(condition: str) -> str:
    return f'@id("a") {RULE} when {{ {condition} }};'


# What a policy is


def test_a_policy() -> None:
    policy = one(
        '// dangerous\n\n  @id("prod.no-drop")\n@hold("dba quorum=2 wait=5m")\n@reason("ask \\"first\\"")\n@limit_rows("10")\n'
        'forbid (principal in Group::"dev", action in [Action::"define", Action::"unknown"], resource is Table)\n'
        'when { resource.kind == "table" && context.hour > 3 };'
    )
    assert (policy.id, policy.file, policy.line, policy.column) == ("prod.no-drop", "f.cedar", 3, 3)
    assert policy.text.startswith('@id("prod.no-drop")')
    assert policy.text.endswith("};")
    assert policy.effect == "forbid"
    assert policy.hold == Quorum(("dba",), 2, 300.0)
    assert policy.obligations == Obligations(rows=10)
    assert policy.reason == 'ask "first"'
    assert (policy.observe, policy.mask, policy.names_unknown) == (False, None, True)
    assert policy.sees == Sees(
        frozenset({Uid("Group", "dev"), Uid("Action", "define"), Uid("Action", "unknown")}),
        frozenset({"kind"}),
        frozenset({"hour"}),
    )
    assert policy.facts == {"hour"}
    assert "annotations" not in policy.est


def test_an_observing_policy_and_a_mask() -> None:
    assert one(f'@id("a") @observe {RULE};').observe
    assert one('@id("a") @mask("token") permit (principal, action == Action::"reveal", resource);').mask == "token"
    assert one('@id("a") @mask("token") permit (principal, action in [Action::"reveal"], resource);').mask == "token"
    for action in ("action", 'action in [Action::"reveal", Action::"read"]', 'action == Action::"read"'):
        (said,) = wrong(f'@id("a") @mask("token") permit (principal, {action}, resource);')
        assert said.startswith("f.cedar:1:10: policy `a`: `@mask` is for permits")


@pytest.mark.parametrize(
    ("action", "names"),
    [
        ("action", False),
        ('action == Action::"unknown"', True),
        ('action in [Action::"read", Action::"unknown"]', True),
        ('action in Action::"unknown"', True),
        ('action in [Action::"read"]', False),
    ],
)
def test_naming_unknown(action: str, names: bool) -> None:
    assert one(f'@id("a") permit (principal, {action}, resource);').names_unknown is names


def test_nothing_is_no_policy() -> None:
    assert [parse("f", text) for text in ("", " \n", "// only;", "\ufeff", "\ufeff// x")] == [()] * 5


# How a file is cut


def test_what_stands_in_strings_and_comments_is_no_end() -> None:
    text = (
        '@id("a") // a comment; } " @id("no")\n@reason("a ; } // and \\" @id(x")\n'
        'permit (principal, action, resource == Table::"shop/public/a;//}\\"@")// "\n;'
        f'@id("b"){RULE}; // the end'
    )
    first, second = parse("f", text)
    assert (first.id, second.id) == ("a", "b")
    assert first.reason == 'a ; } // and " @id(x'
    assert Uid("Table", 'shop/public/a;//}"@') in first.sees.entities


def test_lines_end_as_they_do_anywhere() -> None:
    for end in ("\n", "\r\n", "\r"):
        text = end.join(['@id("a")', f"{RULE}; // ü", "", '@id("b")', "permit(principal, action,", "  resource resource);"])
        assert wrong(text) == ["f.cedar:6:12: policy `b`: unexpected token `resource`"]
        assert parse("f", text.replace("resource resource", "resource"))[1].line == 4


def test_columns_are_characters() -> None:
    assert wrong('@id("a") @reason("日本語 🙂") permit (principal, action, resource) wen {};')[0].startswith("f.cedar:1:64: ")


def test_a_broken_policy_does_not_hide_the_next() -> None:
    broken = ['@id("a") permit (principal;', f'@id("b") {RULE} when {{ "open }};', f'@id("c") {RULE} when {{ 1 = 2 }};']
    text = "\n".join([*broken, f"{RULE};", f';@id("d") {RULE}'])
    assert [each.rpartition(":")[0] for each in wrong(text)] == [
        "f.cedar:1:27: policy `a`",
        "f.cedar:2:54: policy `b`",
        "f.cedar:3:56: policy `c`",
        "f.cedar:4:1",
        "f.cedar:5:1",
        "f.cedar:5:2: policy `d`",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (RULE, "f.cedar:1:1: a policy without a `;` at its end"),
        (";", "f.cedar:1:1: a `;` with no policy before it"),
        ("};", "f.cedar:1:1: unexpected token `}`"),
        ('@id("a") permit (principal == ?principal, action, resource);', "templates (`?principal`, `?resource`) are not supported"),
        (f'@id("a") @id("b") {RULE};', "duplicate annotation: @id"),
        (when("context.hour > 3 && foo(1)"), "f.cedar:1:74: policy `a`: `foo` is not a valid function"),
        (when("context.hour == 99999999999999999999"), "f.cedar:1:70: policy `a`: integer parse error"),
        ('@id("A") ' + RULE + ";", "f.cedar:1:1: policy `A`: `@id` is `A`: accepted are"),
        (f'@id("a")\n  @limit_row("1") {RULE};', "f.cedar:2:3: policy `a`: unknown annotation `@limit_row`: there are"),
        (f'@id("a") @reason("x {RULE};', "a string that is not closed on its line"),
        ("a\x00", "f.cedar:1:2: a character that cannot be seen: U+0000"),
        ("\n// safe \u202e", "f.cedar:2:9: a character that cannot be seen: U+202E"),
        ("// \ud800", "U+D800"),
        (when("(" * (MAX_NESTING + 1) + "true" + ")" * (MAX_NESTING + 1)), "brackets nested more than 32 deep"),
        (when("&&".join(["true"] * (MAX_OPERATORS + 2))), "more than 1000 operators"),
        (when("&&".join(["context.locks"] * 200)), "nested too deeply"),
        (" " * MAX_FILE_BYTES + "x", "the file is larger than 1048576 bytes"),
    ],
)
def test_what_is_wrong(text: str, said: str) -> None:
    (told,) = wrong(text)
    assert said in told


def test_a_string_that_takes_in_the_next_line_spoils_no_more_than_its_policy() -> None:
    text = f'@id("a") {RULE}\nwhen {{ context.use == "open }}\n;\n@id("b") {RULE} when {{ 1 = 2 }};'
    assert [each.partition(" ")[0] for each in wrong(text)] == ["f.cedar:2:23:", "f.cedar:4:56:"]


def test_errors_are_bounded() -> None:
    assert len(wrong(";" * 10_000)) == MAX_ERRORS
    assert len(wrong(f"{RULE};" * 1000)) == MAX_ERRORS
    assert "more than 5000 policies" in wrong("x;" * (MAX_POLICIES + 2))[0]


def test_a_hundred_characters_of_columns_are_a_list() -> None:
    every = ", ".join(f'Column::"shop/public/t/c{n}"' for n in range(1000))
    assert len(one(when(f"resource in [{every}]")).sees.entities) == 1000
    assert one(when(" || ".join([f'context.use == "{n}"' for n in range(50)]))).facts == {"use"}


# What it sees


@pytest.mark.parametrize(
    ("condition", "entities", "attributes", "facts"),
    [
        ("context.hour > 3", "", "", "hour"),
        ("context has purpose", "", "", "purpose"),
        ('context["use"] == "output"', "", "", "use"),
        ("resource has kind", "", "kind", ""),
        ("resource.name == context.role", "", "name", "role"),
        ('principal has owner && principal.owner == "x"', "", "", ""),
        ('principal.hasTag("team") && principal.getTag("team") == context.purpose', "", "", "purpose"),
        ('resource in Label::"pii" || resource == Table::"t"', "pii t", "", ""),
        ('resource in [Label::"a", Label::"b"]', "a b", "", ""),
        ('[Table::"a", Table::"b"].contains(resource)', "a b", "", ""),
        ('Table::"a" == resource', "a", "", ""),
        ('resource is Table in Schema::"s"', "s", "", ""),
        ('principal in Group::"g"', "g", "", ""),
        ('action in Action::"define"', "define", "", ""),
        ("resource is Table", "", "", ""),
        ('context.client_address.isInRange(ip("10.0.0.0/8"))', "", "", "client_address"),
        ('if context.locks then context.use like "o*" else !(context.hour - 1 < -3)', "", "", "hour locks use"),
        ('context.via.containsAny(["view"]) || context.via.isEmpty()', "", "", "via"),
        ("{a: context.use}.a == context.role", "", "", "role use"),
        ("[context.use, context.role].contains(context.value)", "", "", "role use value"),
        ("(if context.locks then principal else principal) == principal", "", "", "locks"),
    ],
)
def test_what_a_policy_sees(condition: str, entities: str, attributes: str, facts: str) -> None:
    found = one(when(condition)).sees
    assert {uid.id for uid in found.entities} == set(entities.split())
    assert found.attributes == set(attributes.split())
    assert found.facts == set(facts.split())


@pytest.mark.parametrize(
    "condition",
    [
        'Human::"ada".name == "Ada"',
        'Human::"ada" has name',
        'Human::"ada" in Group::"dba"',
        'Table::"a" in Schema::"b"',
        'Human::"ada".hasTag("x")',
        '(if context.locks then principal else Human::"ada").name == "x"',
        '(if context.locks then principal else Human::"ada") in Group::"x"',
        '{a: Human::"ada"}.a.name == "x"',
        'Human::"ada" is Human in Group::"dba"',
        "[resource].contains(resource)",
        "[resource].contains(principal)",
        "{a: resource}.a.kind == context.use",
        "(if context.locks then resource else resource).kind == context.use",
        "resource == (if context.locks then resource else principal)",
        "resource in principal",
        "resource in [principal]",
        "resource == principal",
        "context == context",
        "(if context.locks then context else context).use == context.role",
        "{a: context}.a.use == context.role",
        'resource.hasTag("x")',
    ],
)
def test_what_could_see_more_than_we_know_is_refused(condition: str) -> None:
    assert wrong(when(condition))


def test_place_of_a_word() -> None:
    first, second = parse("f", f'@id("a") {RULE}; @id("b") {RULE}\nwhen {{ context.use == "x" }};')
    assert (place_of(first, "`nothing`").line, place_of(first, "`nothing`").column) == (1, 1)
    assert (place_of(second, "about `use`").line, place_of(second, "about `use`").column) == (2, 16)
    assert (place_of(second, "nothing").line, place_of(second, "nothing").column) == (1, second.column)


# Properties


FRAGMENTS = st.sampled_from(
    [
        *(
            '@id("a")',
            '@id("b.c")',
            '@reason("x;}//@")',
            "@observe",
            "permit",
            "forbid",
            "(",
            ")",
            "principal",
            "action",
            "resource",
        ),
        *(
            ",",
            ";",
            "when",
            "unless",
            "{",
            "}",
            '"',
            "\\",
            "//",
            "\n",
            "\r\n",
            "\r",
            " ",
            "/",
            "@",
            "==",
            "in",
            '"a\\"b"',
            "é",
            "\ufeff",
        ),
        *(
            "context.hour",
            "> 3",
            "&&",
            "||",
            '"x;"',
            "if",
            "then",
            "else",
            "true",
            "!",
            "[",
            "]",
            "::",
            'Group::"g"',
            "?principal",
            "\x00",
        ),
        *(f'@id("d") {RULE};', f'@id("e") {RULE} when {{ context.hour > 3 }};', "// ; } \" '\n", "1", "-", "\u2028", "\x85"),
    ]
)
ANY = st.one_of(st.text(max_size=200), st.lists(FRAGMENTS, max_size=40).map("".join))


@given(ANY)
@settings(max_examples=400, deadline=None)
def test_any_text_is_policies_or_an_error(text: str) -> None:
    found, errors = outcome(text)
    assert found is None or all(policy.text in text for policy in found)
    assert found is not None or errors
    lines = text.count("\n") + text.count("\r") + 1
    for each in errors:
        assert 1 <= each.line <= lines
        assert 1 <= each.column <= len(text) + 1


def outcome(text: str) -> tuple[tuple[Policy, ...] | None, tuple[PolicyError, ...]]:
    try:
        return parse("f", text), ()
    except PolicyErrors as errors:
        return None, errors.errors


@given(ANY)
@settings(max_examples=400, deadline=None)
def test_cedar_sees_as_many_policies(text: str) -> None:
    """What we take for a comment, or for the end of a policy, is that for Cedar too: nothing is lost, nothing is added."""
    pieces, errors = split("f", text)
    if errors:
        return
    try:
        every = json.loads(cedarpy.policies_to_json_str(text.removeprefix("\ufeff")))
    except ValueError:
        return
    assert len(pieces) == len(every["staticPolicies"]) + len(every["templates"])


SPACE = st.sampled_from([" ", "\n", "\r\n", "\t", '// ; } " @id(\n', "//\r", "// ünï\n"])
WORDS = st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs", "Zl", "Zp"], exclude_characters='"\\'), max_size=10)


@st.composite
def policies(draw: st.DrawFn) -> str:
    """One valid policy, with anything in its strings and comments."""

    def space() -> str:
        return draw(SPACE)

    reason = draw(st.one_of(st.just("reason"), WORDS.filter(lambda word: bool(word.strip()) and word.isprintable())))
    parts = [
        '@id("',
        draw(st.from_regex(r"[a-z0-9][a-z0-9._-]{0,5}", fullmatch=True)),
        '")',
        space(),
        f'@reason("{reason};}}//@\\"")',
    ]
    parts += [space(), draw(st.sampled_from(["permit", "forbid"])), space(), "(principal,", space(), "action,", space()]
    parts += [f'resource in Schema::"{draw(WORDS)}"', ")", space()]
    if draw(st.booleans()):
        parts += ["when", space(), "{", space(), f'context.purpose == "{draw(WORDS)}//;}}"', space(), "}", space()]
    return "".join([*parts, ";"])


@given(st.lists(st.tuples(policies(), SPACE), max_size=5))
@settings(max_examples=200, deadline=None)
def test_what_is_joined_splits_again(texts: list[tuple[str, str]]) -> None:
    joined = "".join(text + space for text, space in texts)
    found = parse("f", joined)
    assert [policy.text for policy in found] == [text for text, _ in texts]
    for policy, (text, _) in zip(found, texts, strict=True):
        alone = one(text)
        assert (alone.id, alone.reason, alone.est, alone.sees) == (policy.id, policy.reason, policy.est, policy.sees)


# What a policy sees is all that it sees: resources that look alike to it have the same answer.

TABLES = ("d/s/a", "d/s/b", "d/t/a")
RESOURCES: dict[Uid, tuple[dict[str, object], list[Uid]]] = {
    Uid("Label", "pii"): ({}, []),
    Uid("Label", "pii.email"): ({}, [Uid("Label", "pii")]),
    Uid("Schema", "d/s"): ({"name": "s", "system": False}, []),
    Uid("Schema", "d/t"): ({"name": "t", "system": True}, []),
    **{
        Uid("Table", path): (
            {"name": path[-1], "kind": "view" if path == "d/s/b" else "table", "system": False, "traits": ["foreign"][: n % 2]},
            [Uid("Schema", path[:3])],
        )
        for n, path in enumerate(TABLES)
    },
    Uid("Column", "d/s/a/x"): ({"name": "x"}, [Uid("Table", "d/s/a"), Uid("Label", "pii.email")]),
    Uid("Column", "d/s/b/x"): ({"name": "x"}, [Uid("Table", "d/s/b")]),
    Uid("Column", "d/t/a/y"): ({"name": "y"}, [Uid("Table", "d/t/a"), Uid("Label", "pii")]),
}
ENTITIES = json.dumps(
    [
        {
            "uid": {"type": uid.type, "id": uid.id},
            "attrs": attributes,
            "parents": [{"type": parent.type, "id": parent.id} for parent in parents],
        }
        for uid, (attributes, parents) in RESOURCES.items()
    ]
)
UIDS = st.sampled_from([f'{uid.type}::"{uid.id}"' for uid in RESOURCES])
LOOKS = st.recursive(
    st.one_of(
        UIDS.map(lambda uid: f"resource in {uid}"),
        UIDS.map(lambda uid: f"resource == {uid}"),
        UIDS.map(lambda uid: f"resource != {uid}"),
        UIDS.map(lambda uid: f"resource is Table in {uid}"),
        st.lists(UIDS, min_size=1, max_size=3).map(lambda uids: f"resource in [{', '.join(uids)}]"),
        st.lists(UIDS, min_size=1, max_size=3).map(lambda uids: f"[{', '.join(uids)}].contains(resource)"),
        st.sampled_from(
            [
                *('resource.name == "a"', '["x", "y"].contains(resource.name)', "resource has kind", 'resource.name like "*x"'),
                *('resource has kind && resource.kind == "view"', "resource is Column", "resource has system && resource.system"),
                *("resource has traits && resource.traits.isEmpty()", "{a: resource.name}.a == context.use", "context.locks"),
                *("[resource].contains(resource)", "resource == (if context.locks then resource else resource)"),
            ]
        ),
    ),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["&&", "||"]), inner).map(lambda three: f"({' '.join(three)})"),
        inner.map(lambda one: f"!({one})"),
        st.tuples(inner, inner, inner).map(lambda three: f"(if {three[0]} then {three[1]} else {three[2]})"),
    ),
    max_leaves=6,
)


def above(uid: Uid) -> set[Uid]:
    return {uid}.union(*(above(parent) for parent in RESOURCES[uid][1]))


@given(LOOKS)
@settings(max_examples=300, deadline=None)
def test_resources_that_look_alike_have_the_same_answer(condition: str) -> None:
    found, _ = outcome(when(condition))
    if found is None:
        return
    (policy,) = found
    answers: dict[object, bool] = {}
    for uid, (attributes, _) in RESOURCES.items():
        seen = {name: str(value) for name, value in attributes.items() if name in policy.sees.attributes}
        mentioned = above(uid) & policy.sees.entities
        # to be an entity is not the same as to be in it: `==`
        key = (uid.type, uid in mentioned, frozenset(mentioned), tuple(sorted(seen.items())))
        who = {"principal": 'Human::"a"', "action": 'Action::"read"', "context": {"use": "x", "locks": True}}
        request = {**who, "resource": {"type": uid.type, "id": uid.id}}
        allowed = cedarpy.is_authorized(request, policy.text, ENTITIES).allowed
        assert answers.setdefault(key, allowed) is allowed, uid


DEEP = """
from nightporter.core.error import PolicyErrors
from nightporter.policy.language import parse
from nightporter.policy.split import MAX_NESTING as deep, MAX_OPERATORS as many
for begin, middle, end, times in [
    ("(", "true", ")", deep), ("!(", "true", ")", deep), ("[", "1", "]", deep), ("{a:", "1", "}", deep),
    ("if true then true else ", "true", "", many), ("true && ", "true", "", many), ("1 + ", "1", "", many), ("-", "1", "", many),
    ("", "context", ".a", many), ("", "context", ".contains(1)", many), ("", "context", '["a"]', many), ("!", "true", "", many),
    ("", "context has a", ".a", many), ("", "true", " } when { true", many * 10), ("", "a", "::a", many * 10),
    ("(" * deep + "true && ", "true", ")" * deep, 1), ("{a: if (", "true", ") then 1 else 2}", deep // 2),
]:
    for n in range(max(1, times - 4), times + 1):
        try:
            parse("f", '@id("a") permit (principal, action, resource) when { ' + begin * n + middle + end * n + " };")
        except PolicyErrors:
            pass
print("alive")
"""


def test_the_deepest_text_that_cedar_is_given_does_not_end_the_process() -> None:
    done = subprocess.run([sys.executable, "-c", DEEP], capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "alive"), done.stderr[-500:]
