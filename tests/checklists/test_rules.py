"""When a question is due again, and what a number or a date says by itself."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.checklists.rules import (
    ALWAYS_DUE,
    DateRule,
    Frequency,
    Result,
    ends,
    ends_soon,
    is_due,
    judge_date,
    judge_number,
    window_start,
)

CITY = ZoneInfo("Asia/Shanghai")
FREQUENCIES = st.sampled_from(list(Frequency))
WINDOWED = st.sampled_from([word for word in Frequency if word not in ALWAYS_DUE])
MOMENTS = st.datetimes(datetime(2000, 1, 2), datetime(2090, 1, 1)).map(lambda moment: moment.replace(tzinfo=CITY))
DAYS = st.dates(date(1990, 1, 1), date(2100, 1, 1))


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=CITY)  # type: ignore[misc, arg-type]


@given(WINDOWED, MOMENTS)
def test_a_window_begins_before_now_and_is_its_own_beginning(word: Frequency, now: datetime) -> None:
    start = window_start(word, now)
    assert start is not None
    assert start <= now
    assert start.utcoffset() == timedelta(hours=8)
    assert window_start(word, start) == start
    assert now - start <= timedelta(days=366)


@given(WINDOWED, MOMENTS, MOMENTS)
def test_windows_never_go_back(word: Frequency, one: datetime, other: datetime) -> None:
    early, late = sorted((one, other))
    assert window_start(word, early) <= window_start(word, late)  # type: ignore[operator]


@given(WINDOWED, MOMENTS, MOMENTS, MOMENTS)
def test_what_is_due_stays_due_until_it_is_answered(
    word: Frequency, last: datetime, one: datetime, other: datetime
) -> None:
    early, late = sorted((one, other))
    assert is_due(word, last, late) or not is_due(word, last, early)


@given(FREQUENCIES, MOMENTS)
def test_never_answered_is_due_and_just_answered_is_not(word: Frequency, now: datetime) -> None:
    assert is_due(word, None, now)
    assert is_due(word, now, now) == (word in ALWAYS_DUE)


@given(WINDOWED, MOMENTS)
def test_the_zone_of_the_answer_does_not_matter(word: Frequency, now: datetime) -> None:
    last = now - timedelta(hours=5)
    assert is_due(word, last, now) == is_due(word, last.astimezone(UTC), now)


@pytest.mark.parametrize(
    ("word", "now", "start"),
    [
        (Frequency.DAILY, at(2026, 11, 23, 0, 0), at(2026, 11, 23)),
        (Frequency.DAILY, at(2026, 11, 23, 23, 59, 59), at(2026, 11, 23)),
        (Frequency.TWICE_DAILY, at(2026, 11, 23, 11, 59), at(2026, 11, 23)),
        (Frequency.TWICE_DAILY, at(2026, 11, 23, 12), at(2026, 11, 23, 12)),
        (Frequency.PER_SHIFT, at(2026, 11, 23, 7, 59), at(2026, 11, 23)),
        (Frequency.PER_MEAL, at(2026, 11, 23, 4, 59), at(2026, 11, 22, 15)),
        (Frequency.PER_MEAL, at(2026, 11, 23, 9, 30), at(2026, 11, 23, 9, 30)),
        (Frequency.WEEKLY, at(2026, 11, 23), at(2026, 11, 23)),
        (Frequency.WEEKLY, at(2026, 11, 22, 23, 59), at(2026, 11, 16)),
        (Frequency.MONTHLY, at(2028, 2, 29, 12), at(2028, 2, 1)),
        (Frequency.QUARTERLY, at(2026, 12, 31), at(2026, 10, 1)),
        (Frequency.HALF_YEARLY, at(2026, 6, 30), at(2026, 1, 1)),
        (Frequency.HALF_YEARLY, at(2026, 7, 1), at(2026, 7, 1)),
        (Frequency.YEARLY, at(2028, 2, 29), at(2028, 1, 1)),
        (Frequency.TERMLY, at(2026, 8, 31, 23, 59), at(2026, 2, 1)),
        (Frequency.TERMLY, at(2026, 9, 1), at(2026, 9, 1)),
        (Frequency.TERMLY, at(2027, 1, 31, 23, 59), at(2026, 9, 1)),
        (Frequency.TERMLY, at(2027, 2, 1), at(2027, 2, 1)),
    ],
)
def test_the_edges_of_windows(word: Frequency, now: datetime, start: datetime) -> None:
    assert window_start(word, now) == start


@pytest.mark.parametrize("word", [word for word in Frequency if word in ALWAYS_DUE])
def test_occasions_are_asked_at_every_visit(word: Frequency) -> None:
    assert window_start(word, at(2026, 11, 23)) is None


def test_the_hour_that_other_zones_skip_is_an_hour_like_any_other() -> None:
    """Shanghai kept summer time until 1991; a city may lie elsewhere, where a day has 23 hours."""
    berlin = ZoneInfo("Europe/Berlin")
    assert is_due(
        Frequency.DAILY, datetime(2026, 3, 28, 23, 59, tzinfo=berlin), datetime(2026, 3, 29, 3, 1, tzinfo=berlin)
    )


NUMBERS = st.floats(-1e6, 1e6)


@given(NUMBERS, st.none() | NUMBERS, st.none() | NUMBERS)
def test_out_of_limits_is_bad_by_itself(number: float, low: float | None, high: float | None) -> None:
    inside = (low is None or low <= number) and (high is None or number <= high)
    assert judge_number(number, low, high) is (Result.OK if inside else Result.BAD)
    assert judge_number(None, low, high) is None


def test_limits_are_inclusive() -> None:
    assert judge_number(0, 0, 0) is Result.OK
    assert judge_number(-18.0, None, -18) is Result.OK


@given(DAYS, DAYS)
def test_valid_until_that_day_itself(value: date, today: date) -> None:
    assert judge_date(value, today) is (Result.BAD if value < today else Result.OK)


@given(DAYS, DAYS, st.integers(1, 50))
def test_made_so_many_years_ago(value: date, today: date, years: int) -> None:
    last = ends(value, DateRule.SINCE, years)
    assert last is not None
    assert last.year == value.year + years
    good = value <= today <= last
    assert judge_date(value, today, DateRule.SINCE, years) is (Result.OK if good else Result.BAD)


@given(DAYS, DAYS, DAYS)
def test_a_date_does_not_get_better(value: date, one: date, other: date) -> None:
    early, late = sorted((one, other))
    assert judge_date(value, late) is Result.BAD or judge_date(value, early) is Result.OK


def test_dates_at_their_edges() -> None:
    assert ends(date(2024, 2, 29), DateRule.SINCE, 1) == date(2025, 2, 28)
    assert ends(date(2024, 2, 29), DateRule.SINCE, 4) == date(2028, 2, 29)
    assert ends(date(2024, 8, 31), DateRule.SINCE, 0.5) == date(2025, 2, 28)
    assert ends(date(9998, 1, 1), DateRule.SINCE, 10) == date.max
    assert ends(date(2024, 1, 1), DateRule.SINCE) is None
    assert judge_date(date(1990, 1, 1), date(2026, 1, 1), DateRule.SINCE) is Result.OK
    assert judge_date(date(2026, 1, 2), date(2026, 1, 1), DateRule.SINCE, 10) is Result.BAD
    assert judge_date(None, date(2026, 1, 1)) is None


def test_the_warning_comes_thirty_days_before() -> None:
    today = date(2026, 11, 23)
    assert not ends_soon(today + timedelta(days=31), today)
    assert ends_soon(today + timedelta(days=30), today)
    assert ends_soon(today, today)
    assert not ends_soon(today - timedelta(days=1), today)
    assert ends_soon(date(2016, 12, 1), today, DateRule.SINCE, 10)
