"""What is made of the figures: medians, differences, goals, the table, the files."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from bench import archive, goal, report
from bench.error import BenchError
from bench.model import DIRECT, NIGHTPORTER, PGBOUNCER, Measure, Noise, decode, encode, queries_case

from .sample import result

ONE = queries_case("simple", 1)


def test_a_figure_is_the_median_of_its_rounds() -> None:
    figure = result().find(Measure.P50, ONE, DIRECT)
    assert figure is not None
    assert figure.rounds == (20.0, 40.0, 21.0)
    assert figure.median == 21.0
    assert figure.spread == pytest.approx(20 / 21)


def test_what_a_proxy_adds_is_taken_within_each_round() -> None:
    # the second round was slow for everybody; the difference of the medians would be 10.5 and 31
    assert result().added(Measure.P50, ONE, PGBOUNCER) == 10.5
    assert result().added(Measure.P50, ONE, NIGHTPORTER) == 30.0


def test_nothing_is_compared_with_what_was_not_measured() -> None:
    assert result().added(Measure.P99, ONE, NIGHTPORTER) is None
    assert result().ratio(Measure.ROWS, "select", PGBOUNCER, DIRECT) is None


def test_a_result_comes_back_as_it_was_written() -> None:
    assert decode(encode(result())) == result()


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"at": 5}'])
def test_what_is_no_result_is_refused(text: str) -> None:
    with pytest.raises(BenchError, match="not a result of ours"):
        decode(text)


@pytest.mark.parametrize(
    ("cpu_us", "rows", "kib", "reached"),
    [
        (30.0, 834.0, 64.0, [True, True, True, True]),
        (30.1, 834.0, 64.0, [False, True, True, True]),
        (30.0, 799.0, 64.0, [True, False, False, True]),
        (30.0, 800.0, 64.0, [True, True, False, True]),
        (30.0, 834.0, 64.1, [True, True, True, False]),
    ],
)
def test_goals(cpu_us: float, rows: float, kib: float, reached: list[bool]) -> None:
    assert [g.reached for g in goal.check(result(cpu_us=cpu_us, rows=rows, kib=kib))] == reached


def test_a_goal_that_was_not_measured_is_not_reached() -> None:
    goals = goal.check(replace(result(), figures=()))
    assert [g.answer for g in goals] == ["not measured"] * 4


def test_the_table_has_every_figure_and_marks_those_that_vary() -> None:
    shown = {(line.title, line.case): (line.values, line.times) for line in report.lines(result())}
    assert shown["latency, p50", ONE] == (("21.0 ~", "31.5 ~", "52.0 ~"), "1.65")
    assert shown["latency, p50, added", ONE] == (("-", "10.5", "30.0"), "2.86")
    assert shown["rows read", "select"] == (("1,000", "-", "900"), "-")
    assert len(shown) == 6


def test_terminal_and_page_say_the_same() -> None:
    screen = io.StringIO()
    report.show(result(), Console(file=screen, width=200))
    page = report.markdown(result())
    for line in report.lines(result()):
        for value in line.values:
            assert value in screen.getvalue()
            assert value in page


def test_a_busy_machine_is_said() -> None:
    assert not any("busy" in sentence for sentence in report.preface(result()))
    assert any("busy" in sentence for sentence in report.preface(replace(result(), noise=Noise(1.5, 0.0))))
    assert any("busy" in sentence for sentence in report.preface(replace(result(), noise=Noise(0.0, 0.1))))


def test_files_are_named_after_day_and_processor(tmp_path: Path) -> None:
    path = archive.save(result(), tmp_path / "results")
    assert path.name == "2026-01-02-amd-epyc-9999.json"
    assert path.with_suffix(".md").read_text().startswith("# Side by side, 2026-01-02\n")


@pytest.mark.parametrize(
    ("cpu", "name"),
    [("Intel(R) Xeon(R) CPU E5 @ 2.60GHz", "intel-xeon-cpu-e5"), ("AMD EPYC", "amd-epyc"), ("../..", "unknown")],
)
def test_a_processor_is_fit_for_a_file_name(cpu: str, name: str) -> None:
    assert archive.slug(cpu) == name


def test_the_newest_result_is_quoted(tmp_path: Path) -> None:
    for at in ("2026-01-02T03:04:05+00:00", "2026-03-01T00:00:00+00:00", "2026-02-01T00:00:00+00:00"):
        archive.save(result(at), tmp_path)
    page = tmp_path / "page"
    page.write_text(f"before\n\n{archive.BEGIN}\nold\n{archive.END}\n\nafter\n")
    archive.quote(archive.newest(tmp_path), page)
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "2026-03-01" in text
    assert "old" not in text
    archive.quote(archive.newest(tmp_path), page)
    assert page.read_text() == text


def test_a_page_without_a_place_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "page"
    page.write_text(f"{archive.END} {archive.BEGIN}")
    with pytest.raises(BenchError, match="no place marked"):
        archive.quote(result(), page)
    assert page.read_text() == f"{archive.END} {archive.BEGIN}"


def test_without_results_there_is_nothing_to_quote(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="no results yet"):
        archive.newest(tmp_path)


def test_our_page_has_a_place_for_the_table() -> None:
    text = archive.PAGE.read_text()
    assert text.index(archive.BEGIN) < text.index(archive.END)
