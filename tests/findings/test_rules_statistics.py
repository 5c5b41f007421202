"""Periods of an address, steps of the time axis, ages, shares, lapses of time; charts draw what they are given."""

import re
from datetime import date, timedelta
from itertools import pairwise

import pytest

from backend.findings import charts
from backend.findings.rules_statistics import HALF, MONTH, NONE, OWN, WEEK, ages, asked, days, lasting, percent, steps
from backend.language import CHINESE, ENGLISH

TODAY = date(2026, 11, 25)  # a Wednesday


@pytest.mark.parametrize(
    ("word", "start"),
    [(WEEK, date(2026, 11, 23)), (MONTH, date(2026, 11, 1)), (HALF, date(2026, 6, 1)), ("nonsense", date(2026, 6, 1))],
)
def test_a_named_period_ends_today(word: str, start: date) -> None:
    found, errors = asked({"period": word}, TODAY)
    assert (found.start, found.end, errors) == (start, TODAY, {})


@pytest.mark.parametrize(
    ("start", "end", "field"),
    [
        ("", "2026-11-01", "start"),
        ("2026-11-01", "x", "end"),
        ("2026-11-02", "2026-11-01", "end"),
        ("2026-11-26", "2026-11-27", "start"),
        ("2020-01-01", "2026-01-01", "end"),
    ],
)
def test_own_days_that_are_no_period_have_a_reason_beside_the_field(start: str, end: str, field: str) -> None:
    _, errors = asked({"period": OWN, "start": start, "end": end}, TODAY)
    assert set(errors) == {field}


def test_an_address_says_the_same_as_what_was_asked() -> None:
    school = "0190f3c0-0000-7000-8000-000000000000"
    found, _ = asked({"period": OWN, "start": "2026-01-05", "end": "2026-02-01", "school": school}, TODAY)
    assert found.address() == f"?period=own&start=2026-01-05&end=2026-02-01&school={school}"
    assert found.address(WEEK) == f"?period=week&school={school}"


@pytest.mark.parametrize(
    ("start", "end", "n"),
    [
        (date(2026, 11, 23), date(2026, 11, 25), 3),
        (date(2026, 11, 1), date(2026, 11, 25), 5),
        (date(2026, 6, 1), date(2026, 11, 25), 26),
        (date(2025, 1, 31), date(2026, 11, 25), 23),
        (date(2026, 11, 25), date(2026, 11, 25), 1),
    ],
)
def test_steps_cover_the_period_without_gap_or_overlap(start: date, end: date, n: int) -> None:
    cut = steps(start, end)
    assert len(cut) == n
    assert (cut[0].start, cut[-1].end) == (start, end)
    for one, two in pairwise(cut):
        assert one.end is not None
        assert two.start == one.end + timedelta(days=1)


def test_ages_cover_all_time_once() -> None:
    spans = ages(TODAY)
    assert spans[0].end is None
    assert spans[-1].start is None
    assert spans[0].start == date(2026, 11, 19)
    for newer, older in pairwise(spans):
        assert older.end is not None
        assert newer.start == older.end + timedelta(days=1)


def test_a_share_never_hides_one_and_never_claims_all() -> None:
    assert [percent(0, 0), percent(0, 9), percent(1, 1000), percent(999, 1000), percent(3, 3), percent(1, 3)] == [
        *(NONE, "0 %", "1 %", "99 %", "100 %", "33 %")
    ]


def test_lapses_of_time_are_said_in_both_languages() -> None:
    assert [lasting(n, ENGLISH) for n in (None, 0.4, 59, 60, 130, 1440 * 3 + 240)] == [
        *(NONE, "0 min", "59 min", "1 h", "2 h 10 min", "3 days 4 h")
    ]
    assert lasting(130, CHINESE) == "2 小时 10 分钟"
    assert [days(n, ENGLISH) for n in (None, 0.25, 4.0, 12.6)] == [NONE, "0.2 days", "4 days", "13 days"]


def test_a_chart_draws_each_number_and_has_a_name() -> None:
    drawn = charts.pairs('Found & "closed"', ["Nov 2", "Nov 9"], [4, 0], [2, 8], 340)
    heights = [float(n) for n in re.findall(r'class="full"[^>]* height="([\d.]+)"', drawn)]
    framed = [float(n) for n in re.findall(r'class="framed"[^>]* height="([\d.]+)"', drawn)]
    assert len(heights) == 1
    assert len(framed) == 2
    assert framed[1] > heights[0] > framed[0]
    assert 'aria-label="Found &amp; &quot;closed&quot;"' in drawn
    assert "style" not in drawn
    assert len(re.findall("<circle", charts.line("x", ["a"] * 26, list(range(26)), 340))) == 26


def test_labels_of_a_narrow_chart_do_not_touch() -> None:
    drawn = charts.line("x", [f"{n}月30日" for n in range(1, 27)], [1] * 26, 340)
    at = [float(x) for x in re.findall(r'class="day" x="([\d.]+)"', drawn)]
    assert len(at) >= 3
    assert min(b - a for a, b in pairwise(at)) > 40


@pytest.mark.parametrize("most", [0, 1, 3, 4, 7, 19, 100, 1001, 99999])
def test_the_axis_has_few_whole_lines_and_room_for_the_highest(most: int) -> None:
    drawn = charts.line("x", ["a"], [most], 340)
    lines = [int(n) for n in re.findall(r'class="scale"[^>]*>(\d+)<', drawn)]
    assert lines[0] == 0
    assert lines[-1] >= most
    assert 2 <= len(lines) <= 6


def test_nothing_is_drawn_of_nothing() -> None:
    assert "full" not in charts.bar(0, 9)
    assert charts.pairs("x", [], [], [], 340)
    assert charts.line("x", [], [], 340)
