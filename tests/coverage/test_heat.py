"""The columns and cells of points by days."""

import itertools
from datetime import date, timedelta

import pytest

from backend.coverage.rules_heat import NONE, TERM, Cell, View, band, cells, columns, days_of, view
from backend.coverage.rules_history import DAYS, fortnight
from backend.coverage.rules_numbers import Days


def test_the_last_fourteen_days_end_today() -> None:
    days = days_of(View(), date(2026, 11, 24))
    assert (days.start, days.end) == (date(2026, 11, 11), date(2026, 11, 24))
    assert len(columns(View(), days)) == 14


def test_weeks_begin_on_monday_and_cover_the_term_without_a_gap() -> None:
    cut = columns(View(word=TERM), Days(date(2026, 9, 3), date(2026, 11, 24)))
    assert cut[0] == Days(date(2026, 9, 3), date(2026, 9, 6))
    assert cut[-1].end == date(2026, 11, 24)
    assert all(a.end + timedelta(days=1) == b.start and b.start.weekday() == 0 for a, b in itertools.pairwise(cut))


@pytest.mark.parametrize(("seen", "due", "word"), [(0, 5, "0"), (1, 5, "1"), (3, 4, "3"), (99, 100, "3"), (5, 5, "4")])
def test_a_week_is_all_only_when_all_was_seen(seen: int, due: int, word: str) -> None:
    assert band(seen, due) == word


def test_cells_stand_where_their_day_is() -> None:
    assert cells("2,9,1,3;0,2,1,1", 4, weeks=False) == [Cell("k", 1, 1), NONE, Cell("m", 1, 3), NONE]
    assert cells("1,9,1,3", 2, weeks=True) == [NONE, Cell("1", 1, 3)]
    assert cells("", 1, weeks=False) == [NONE]


def test_what_has_not_begun_is_an_empty_cell_with_its_counts() -> None:
    assert cells("0,0,0,2", 1, weeks=False) == [Cell("", 0, 2)]


def test_an_address_that_makes_no_sense_is_the_fortnight() -> None:
    assert view({"period": "x", "page": "-1", "sort": "?", "on": "x"}) == View()


def test_a_fortnight_has_every_day_once() -> None:
    last = date(2026, 3, 2)
    told = fortnight([{"day": last, "state": "missed"}, {"day": last, "state": "kept"}], last)
    assert len(told) == DAYS
    assert told[-1].marks == ("m", "k")
    assert told[0].marks == ()
    assert [day.day for day in told] == [last - timedelta(days=n) for n in reversed(range(DAYS))]
