"""Labels held against what somebody knows."""

from __future__ import annotations

import pytest

from nightporter.catalog.truth import Place, TruthError, is_right, parse, score

MAIL, NAME, NOTE, COUNT = (("public", "people", column) for column in ("mail", "name", "note", "count"))


def test_a_truth_is_read() -> None:
    text = "# what we know\n\npublic.people.mail\tpii.email\nshop.a.b \t pii\tsurely\npublic.people.count\t-\n"
    assert parse("\ufeff" + text) == {MAIL: "pii.email", ("shop", "a", "b"): "pii", COUNT: ""}


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("public.people.mail pii.email", "line 2: is not"),
        ("people.mail\tpii.email", "line 2: is not"),
        ("a.b.c\t", "line 2: is not"),
        ("a.b.c\tpii.emil", "line 2: there is no label `pii.emil`"),
        ("a.a.a\tpii.email", "line 2: `a.a.a` stands here a second time"),
    ],
)
def test_lines_that_are_none(line: str, complaint: str) -> None:
    with pytest.raises(TruthError, match=complaint):
        parse(f"a.a.a\t-\n{line}\n")


@pytest.mark.parametrize(
    ("found", "true", "right"),
    [
        (("pii.email",), "pii.email", True),
        (("pii.address.city",), "pii.address", True),
        (("pii.address",), "pii.address.city", True),
        (("pii.card", "pii.email"), "pii.email", True),
        (("pii.name.given",), "pii.name.family", False),
        (("pii.text",), "pii.email", False),
        ((), "pii.email", False),
    ],
)
def test_a_kind_of_the_true_label_is_right(found: tuple[str, ...], true: str, right: bool) -> None:
    assert is_right(found, true) is right


def test_a_score() -> None:
    truth = {MAIL: "pii.email", NAME: "pii.name", NOTE: "pii.text", COUNT: "", ("public", "gone", "x"): "pii.card"}
    found: dict[Place, tuple[str, ...]] = {MAIL: ("pii.email",), NAME: (), NOTE: ("pii.card",), COUNT: ("pii.email",)}
    found["public", "people", "other"] = ("pii.name",)
    scored = score(truth, found)
    assert (scored.columns, scored.labelled, scored.right, scored.found) == (4, 3, 1, 3)
    assert scored.recall == scored.precision == pytest.approx(1 / 3)
    assert [place for place, _, _ in scored.missed] == [NAME, NOTE]
    assert [place for place, _, _ in scored.wrong] == [NOTE, COUNT]
    assert scored.absent == (("public", "gone", "x"),)


def test_nothing_is_there_and_nothing_was_found() -> None:
    scored = score({COUNT: ""}, {COUNT: ()})
    assert (scored.recall, scored.precision) == (1.0, 1.0)
