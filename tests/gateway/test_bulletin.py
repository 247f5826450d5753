"""What one worker posts, every other sees the next time it looks."""

from __future__ import annotations

from pathlib import Path

from nightporter.gateway.bulletin import Bulletin


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
