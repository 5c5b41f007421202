"""Periods, steps, fractions and addresses of the numbers, by example and by property."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.bodies.rules_terms import Term
from backend.coverage.rules_city import School, in_order, page_of, turned
from backend.coverage.rules_numbers import (
    Asked,
    Counts,
    Days,
    asked,
    by_steps,
    counts_of,
    percent,
    period,
    steps,
    steps_of_weeks,
    trend_of,
    trend_of_weeks,
    weeks,
)
from backend.coverage.rules_stops import Place, Wanted, place, wanted

TODAY = date(2026, 11, 23)  # a Monday
TERMS = [
    Term("春季学期", "Spring", date(2026, 2, 24), date(2026, 7, 3)),
    Term("秋季学期", "Autumn", date(2026, 9, 1), date(2027, 1, 22)),
]


def days(start: str, end: str) -> Days:
    return Days(date.fromisoformat(start), date.fromisoformat(end))


def test_what_is_left_and_what_was_seen() -> None:
    counts = Counts(due=10, kept=3, late=2, missed=1, excused=1, unreachable=1, sent_late=1)
    assert (counts.seen, counts.left, percent(counts.fraction)) == (5, 2, "50 %")
    assert percent(Counts().fraction) == "–"
    assert percent(Counts(due=1000, kept=999).fraction) == "99 %"
    assert percent(Counts(due=1000, kept=1).fraction) == "1 %"
    assert counts + counts == Counts(20, 6, 4, 2, 2, 2, 2)
    assert counts_of(None) == Counts()


def test_an_excuse_improves_nothing() -> None:
    assert percent(Counts(due=4, kept=3, excused=1).fraction) == percent(Counts(due=4, kept=3, missed=1).fraction)


@pytest.mark.parametrize(
    ("query", "found", "earlier", "later"),
    [
        ({}, ("2026-11-23", "2026-11-29"), "2026-11-22", None),
        ({"period": "day"}, ("2026-11-23", "2026-11-23"), "2026-11-22", None),
        ({"period": "day", "on": "2026-11-20"}, ("2026-11-20", "2026-11-20"), "2026-11-19", "2026-11-21"),
        ({"period": "week", "on": "2026-11-22"}, ("2026-11-16", "2026-11-22"), "2026-11-15", "2026-11-23"),
        ({"period": "week", "on": "2999-01-01"}, ("2026-11-23", "2026-11-29"), "2026-11-22", None),
        ({"period": "term"}, ("2026-09-01", "2027-01-22"), "2026-08-31", None),
        ({"period": "term", "on": "2026-08-31"}, ("2026-02-24", "2026-07-03"), "2026-02-23", "2026-09-01"),
        ({"period": "own", "start": "2026-10-01", "end": "2026-12-31"}, ("2026-10-01", "2026-12-31"), None, None),
        ({"period": "never", "on": "yesterday"}, ("2026-11-23", "2026-11-29"), "2026-11-22", None),
    ],
)
def test_periods(query: dict[str, str], found: tuple[str, str], earlier: str | None, later: str | None) -> None:
    wish, errors = asked(query, TODAY)
    when = period(wish, TODAY, TERMS)
    assert errors == {}
    assert when.days == days(*found)
    assert (str(when.earlier or ""), str(when.later or "")) == (earlier or "", later or "")


def test_a_term_that_no_calendar_names_is_the_half_year() -> None:
    when = period(Asked(word="term"), TODAY)
    assert when.days == days("2026-09-01", "2027-01-31")
    assert when.term is None
    assert period(Asked(word="term"), TODAY, TERMS).term == TERMS[1]


@pytest.mark.parametrize(
    ("start", "end", "field"),
    [
        ("", "2026-01-01", "start"),
        ("2026-01-01", "soon", "end"),
        ("2027-01-01", "2027-01-02", "start"),
        ("2026-02-01", "2026-01-01", "end"),
        ("2020-01-01", "2026-01-01", "end"),
        ("0001-01-01", "2026-01-01", "start"),
    ],
)
def test_days_that_are_no_period(start: str, end: str, field: str) -> None:
    wish, errors = asked({"period": "own", "start": start, "end": end}, TODAY)
    assert list(errors) == [field]
    assert wish.word == "week"


def test_an_address_says_what_was_asked() -> None:
    school = uuid4()
    for query in (
        {"period": "day", "on": "2026-11-20", "school": str(school)},
        {"period": "own", "start": "2026-10-01", "end": "2026-10-31", "area": "fire"},
    ):
        wish, _ = asked(query, TODAY)
        again = dict(part.split("=") for part in wish.address()[1:].split("&"))
        assert again == query
    assert asked({"school": "x", "area": "weather"}, TODAY)[0] == Asked()


spans = st.builds(
    lambda start, long: Days(start, start + timedelta(days=long)),
    st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    st.integers(0, 800),
)


@given(spans)
def test_steps_hold_every_day_once(some: Days) -> None:
    for cut in (steps(some), steps_of_weeks(weeks(some))):
        flat = [step.start + timedelta(days=n) for step in cut for n in range(step.long)]
        whole = some if cut[0].start == some.start and cut[-1].end == some.end else weeks(some)
        assert flat == [whole.start + timedelta(days=n) for n in range(whole.long)]
        assert len(cut) <= 60
    assert all(step.start.weekday() == 0 and step.long % 7 == 0 for step in steps_of_weeks(weeks(some)))


@given(spans, st.dictionaries(st.integers(0, 800), st.integers(1, 9), max_size=30))
def test_steps_add_up_to_the_days(some: Days, due: dict[int, int]) -> None:
    by_day = {some.start + timedelta(days=n): Counts(due=count) for n, count in due.items() if n < some.long}
    total = sum((one.due for one in by_steps(steps(some), by_day)), 0)
    assert total == sum(one.due for one in by_day.values())


def test_a_short_period_is_shown_with_the_days_before_it() -> None:
    assert trend_of(days("2026-11-23", "2026-11-29"), TODAY) == days("2026-11-10", "2026-11-23")
    assert trend_of(days("2026-09-01", "2027-01-22"), TODAY) == days("2026-09-01", "2026-11-23")
    assert trend_of_weeks(days("2026-11-23", "2026-11-29")).long == 84


def test_schools_stay_in_their_order_until_the_reader_sorts() -> None:
    def school(n: int, missed: int, due: int) -> School:
        return School(uuid4(), str(n), "", None, Counts(due=due, kept=due - missed, missed=missed), n, 0, None)

    some = [school(1, 2, 4), school(2, 0, 4), school(3, 2, 8), school(4, 0, 0)]
    assert in_order(some, "") == some
    assert [one.name for one in in_order(some, "coverage")] == ["1", "3", "2", "4"]
    assert [one.name for one in in_order(some, "-missed")] == ["1", "3", "2", "4"]
    assert [turned("", "missed"), turned("missed", "missed"), turned("-missed", "missed")] == ["missed", "-missed", ""]
    assert [page_of(text, 120) for text in (None, "2", "9", "0", "x", "²")] == [1, 2, 3, 1, 1, 1]


def test_the_filters_of_a_list() -> None:
    assert wanted({"from": "2026-11-01", "to": "2026-11-02"}) == wanted({"start": "2026-11-01", "end": "2026-11-02"})
    assert wanted({"state": "dead", "area": "x", "kind": "a\0b", "route": "-", "sent_late": "yes"}) == Wanted(kind="ab")
    assert wanted({"state": "missed"}).address(state="") == "?"


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)), st.integers(0, 32000))
def test_a_place_in_the_list_is_read_as_it_was_told(at: datetime, position: int) -> None:
    one = Place(TODAY, at.replace(tzinfo=UTC), position, uuid4())
    assert place({"after": one.word()}) == one
    for word in ("", "x", "2026-11-23_nan_1_x", f"2026-11-23_inf_1_{uuid4()}", f"2026-11-23_1_99999999999_{uuid4()}"):
        assert place({"after": word}) is None
