"""The rotation by example and by property: no gap, nobody twice, fair to one, holidays moved."""

from collections import Counter
from datetime import date, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.rounds.rules import Turn
from backend.rounds.rules_duty import (
    Shift,
    Slot,
    changed_shifts,
    monday,
    overlaps,
    shift_row,
    shifts_of,
    turns,
)
from backend.rounds.rules_roster import minutes, roster_draft

MONDAY = date(2026, 11, 23)
DAYS = st.sets(st.integers(0, 60), min_size=1, max_size=40).map(
    lambda some: sorted(MONDAY + timedelta(days=n) for n in some)
)
EARLY, LATE, NIGHT = Shift("早", "", 420, 840), Shift("晚", "", 840, 1320), Shift("夜", "", 1320, 1900)


@st.composite
def crews(draw: st.DrawFn) -> tuple[list[int], list[Shift]]:
    people = list(range(draw(st.integers(1, 9))))
    sizes = draw(st.lists(st.integers(1, len(people)), min_size=1, max_size=3))
    return people, [Shift("", "", n * 400, n * 400 + 400, size) for n, size in enumerate(sizes)]


def test_by_day_everybody_comes_in_order() -> None:
    days = [MONDAY + timedelta(days=n) for n in range(5)]
    found = turns(["a", "b", "c"], days, [EARLY])
    assert [found[Slot(day, 0)] for day in days] == [["a"], ["b"], ["c"], ["a"], ["b"]]


def test_two_people_in_two_shifts_change_places() -> None:
    found = turns(["a", "b"], [MONDAY, MONDAY + timedelta(days=1)], [EARLY, LATE])
    assert [found[Slot(MONDAY, n)] for n in (0, 1)] == [["a"], ["b"]]
    assert [found[Slot(MONDAY + timedelta(days=1), n)] for n in (0, 1)] == [["b"], ["a"]]


def test_by_week_the_same_person_stands_on_all_its_days() -> None:
    days = [MONDAY + timedelta(days=n) for n in (0, 1, 4, 7, 9)]
    found = turns(["a", "b"], days, [EARLY], Turn.WEEK)
    assert [found[Slot(day, 0)] for day in days] == [["a"]] * 3 + [["b"]] * 2


def test_a_week_of_holidays_costs_nobody_his_turn() -> None:
    days = [MONDAY, MONDAY + timedelta(days=14), MONDAY + timedelta(days=21)]
    found = turns(["a", "b", "c"], days, [EARLY], Turn.WEEK)
    assert [found[Slot(day, 0)] for day in days] == [["a"], ["b"], ["c"]]


def test_an_ended_shift_and_nobody_give_nothing() -> None:
    assert turns([], [MONDAY], [EARLY]) == {}
    ended = Shift("早", "", 420, 840, ended=True)
    assert list(turns(["a"], [MONDAY], [ended, LATE])) == [Slot(MONDAY, 1)]


@given(crews(), DAYS, st.sampled_from(Turn))
def test_no_gap_and_nobody_twice(crew: tuple[list[int], list[Shift]], days: list[date], turn: Turn) -> None:
    people, shifts = crew
    found = turns(people, days, shifts, turn)
    assert set(found) == {Slot(day, n) for day in days for n in range(len(shifts))}
    for slot, standing in found.items():
        assert len(standing) == len(set(standing)) == shifts[slot.shift].people
    if sum(shift.people for shift in shifts) <= len(people):
        for day in days:
            standing = [one for n in range(len(shifts)) for one in found[Slot(day, n)]]
            assert len(standing) == len(set(standing))


@given(crews(), DAYS)
def test_fair_to_one(crew: tuple[list[int], list[Shift]], days: list[date]) -> None:
    people, shifts = crew
    count = Counter(dict.fromkeys(people, 0))
    for standing in turns(people, days, shifts).values():
        count.update(standing)
    assert max(count.values()) - min(count.values()) <= 1


@given(crews(), DAYS)
def test_by_week_fair_to_one_in_weeks(crew: tuple[list[int], list[Shift]], days: list[date]) -> None:
    people, shifts = crew
    found = turns(people, days, shifts, Turn.WEEK)
    count = Counter(dict.fromkeys(people, 0))
    for week in {monday(day) for day in days}:
        first = next(day for day in days if monday(day) == week)
        for n in range(len(shifts)):
            count.update(found[Slot(first, n)])
            assert all(found[Slot(day, n)] == found[Slot(first, n)] for day in days if monday(day) == week)
    assert max(count.values()) - min(count.values()) <= 1


@given(crews(), DAYS, st.integers(0, 39), st.sampled_from(Turn))
def test_more_days_change_nothing_before(
    crew: tuple[list[int], list[Shift]], days: list[date], cut: int, turn: Turn
) -> None:
    people, shifts = crew
    found, longer = turns(people, days[:cut], shifts, turn), turns(people, days, shifts, turn)
    assert found == {slot: longer[slot] for slot in found}, "filling further plans nothing anew"


@given(crews(), DAYS, st.integers(1, 20))
def test_holidays_move_the_turns(crew: tuple[list[int], list[Shift]], days: list[date], away: int) -> None:
    """The order of people is the same whatever days lie between."""
    people, shifts = crew
    later = [day + timedelta(days=away) for day in days]
    one, other = turns(people, days, shifts), turns(people, later, shifts)
    assert list(one.values()) == list(other.values())


def test_every_shift_comes_to_everybody() -> None:
    days = [MONDAY + timedelta(days=n) for n in range(48)]
    found = turns(list("abcd"), days, [EARLY, LATE])
    nights = Counter(found[Slot(day, 1)][0] for day in days)
    assert set(nights) == set("abcd")


def test_times_that_change_end_the_old_shift_and_keep_its_place() -> None:
    new = Shift("早", "early", 480, 840)
    kept = changed_shifts([EARLY, LATE], [new, Shift("晚班", "", 840, 1320, 2)])
    assert [(one.start, one.ended) for one in kept] == [(420, True), (840, False), (480, False)]
    assert kept[1].name == "晚班"
    assert shifts_of([shift_row(one) for one in kept]) == kept


def test_overlap_over_midnight() -> None:
    assert overlaps((MONDAY, NIGHT), (MONDAY + timedelta(days=1), EARLY))
    assert not overlaps((MONDAY, NIGHT), (MONDAY, LATE))
    assert overlaps((MONDAY + timedelta(days=1), EARLY), (MONDAY, NIGHT))


@pytest.mark.parametrize(("text", "value"), [("08:30", 510), ("8:05", 485), ("24:00", 1440), ("08：30", 510)])
def test_a_time_of_day(text: str, value: int) -> None:
    assert minutes(text) == value


@pytest.mark.parametrize("text", ["", "25:00", "8", "08:60", "ab:cd", "٠٨:٣٠"])
def test_no_time_of_day(text: str) -> None:
    assert minutes(text) is None


def test_a_draft_reads_shifts_over_midnight_and_people_in_order() -> None:
    one, two, three = uuid4(), uuid4(), uuid4()
    form = {"name": "门卫", "days": "every", "turn": "day", "starts_on": "2026-11-23"}
    form |= {f"place-{one}": "2", f"place-{two}": "1", f"place-{three}": ""}
    rows = {
        "shift_name": ["夜", ""],
        "shift_name_en": ["", ""],
        "shift_start": ["22:00", ""],
        "shift_end": ["06:00", ""],
    }
    found = roster_draft(form, rows | {"shift_people": ["2", ""]}, [one, two, three])
    assert not found.faults
    assert found.people == (two, one)
    assert (found.shifts[0].start, found.shifts[0].end, found.shifts[0].people) == (1320, 1800, 2)


def test_a_bad_draft_names_its_fields() -> None:
    assert set(roster_draft({}, {}, []).faults) == {"name", "days", "turn", "starts_on", "people", "shifts"}
