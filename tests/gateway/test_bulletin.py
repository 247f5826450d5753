"""What one worker posts, every other sees the next time it looks."""

from __future__ import annotations

from pathlib import Path

from nightporter.gateway.bulletin import HUSH, OUTSIDE, Bulletin


def test_whoever_looks_sees_it_once(tmp_path: Path) -> None:
    one, two = Bulletin(tmp_path, 0, 2), Bulletin(tmp_path, 1, 2)
    assert not one.news()
    one.post()
    assert two.news()
    assert not two.news()
    assert one.news(), "it says so to itself as well"
    two.post()
    two.post()
    assert one.news()
    assert not one.news()


def test_one_that_comes_later_begins_with_what_is(tmp_path: Path) -> None:
    one = Bulletin(tmp_path, 0, 1)
    one.post()
    one.close()
    late = Bulletin(tmp_path, 3, 4)
    assert not late.news()
    late.post()
    assert Bulletin(tmp_path, 0, 4).news() is False


def test_whoever_is_no_worker_is_heard_by_all_and_hears_workers_only(tmp_path: Path) -> None:
    control, command_line = Bulletin(tmp_path, OUTSIDE, 2), Bulletin(tmp_path, OUTSIDE, 1)
    one, two = Bulletin(tmp_path, 0, 2), Bulletin(tmp_path, 1, 2)
    command_line.post()
    assert one.news()
    assert two.news()
    assert not control.news()
    one.post()
    assert control.news()
    assert not control.news()


def test_two_outside_do_not_undo_what_the_other_said(tmp_path: Path) -> None:
    one = Bulletin(tmp_path, 0, 1)
    for outside in (Bulletin(tmp_path, OUTSIDE, 1), Bulletin(tmp_path, OUTSIDE, 1)):
        outside.post()
        assert one.news()


def test_a_bulletin_of_its_own_for_statements_that_want_a_database_for_themselves(tmp_path: Path) -> None:
    hush, changes = Bulletin(tmp_path, OUTSIDE, 1, HUSH), Bulletin(tmp_path, OUTSIDE, 1)
    Bulletin(tmp_path, 0, 1, HUSH).post()
    assert hush.news()
    assert not changes.news()
