"""When rounds are: by example, and by property for what must hold for every plan (no gap, none twice)."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.bodies.rules_terms import Term, is_school_day, nearest
from backend.rounds.rules import Days, Moved, Span
from backend.rounds.rules_when import (
    DAY,
    Calendar,
    Plan,
    Slot,
    Window,
    days_of,
    moment,
    occurrences,
    periods,
    plan_of,
    rule_fault,
)

CHINA, BERLIN, LORD_HOWE = (ZoneInfo(name) for name in ("Asia/Shanghai", "Europe/Berlin", "Australia/Lord_Howe"))
AUTUMN = Term("秋季学期", "Autumn term", date(2026, 9, 1), date(2027, 1, 22))
SPRING = Term("春季学期", "Spring term", date(2027, 2, 22), date(2027, 6, 30))
MORNING, EVENING = Window("早", "morning", 420, 510), Window("晚", "evening", 1080, 1140)
NIGHT = tuple(Window("", "", start, start + 120) for start in range(1320, 1320 + 480, 120))


def plan(
    rule: str = "", *, span: Span = Span.WINDOW, days: Days = Days.EVERY, moved: Moved = Moved.SKIP, **said: object
) -> Plan:
    given = {"windows": (MORNING,), "grace": 30, "starts_on": date(2026, 1, 1), "ends_on": None, **said}
    return Plan(span=span, rule=rule, days=days, moved=moved, **given)  # type: ignore[arg-type]


def found(what: Plan, first: date, last: date, calendar: Calendar | None = None, zone: ZoneInfo = CHINA) -> list[Slot]:
    start, end = (datetime.combine(day, time(), zone) for day in (first, last + timedelta(days=1)))
    return occurrences(what, calendar or Calendar(), start, end, zone)


def test_a_window_is_a_moment_of_the_citys_clock() -> None:
    [slot] = found(plan(), date(2026, 11, 23), date(2026, 11, 23))
    assert slot == Slot(
        date(2026, 11, 23),
        "早",
        "morning",
        datetime(2026, 11, 22, 23, 0, tzinfo=UTC),
        datetime(2026, 11, 23, 0, 30, tzinfo=UTC),
        datetime(2026, 11, 23, 1, 0, tzinfo=UTC),
        False,
    )


def test_school_days_leave_out_weekends_holidays_and_vacations_and_take_in_working_and_exam_days() -> None:
    marks = {date(2026, 10, d): "holiday" for d in range(1, 8)} | {
        date(2026, 10, 10): "working",
        date(2026, 10, 17): "exam",
    }
    calendar = Calendar(marks, (AUTUMN, SPRING))
    october = days_of(plan(days=Days.SCHOOL), calendar, date(2026, 10, 1), date(2026, 10, 18))
    assert [day.day for day in october] == [8, 9, 10, 12, 13, 14, 15, 16, 17]
    assert days_of(plan(days=Days.EXAM), calendar, date(2026, 10, 1), date(2026, 10, 31)) == [date(2026, 10, 17)]
    assert days_of(plan(days=Days.OFF), calendar, date(2027, 1, 21), date(2027, 1, 26)) == [
        date(2027, 1, day) for day in (23, 24, 25, 26)
    ]


def test_a_vacation_that_nobody_ended_does_not_end_the_patrols() -> None:
    assert not is_school_day(date(2027, 7, 5), {}, [AUTUMN, SPRING])
    assert is_school_day(date(2027, 9, 15), {}, [AUTUMN, SPRING])
    assert is_school_day(date(2027, 7, 5), {}, [])


def test_the_terms_of_the_nearest_body_count() -> None:
    own = Term("秋季", "", date(2026, 8, 25), date(2027, 1, 30))
    assert nearest([[own], [AUTUMN, SPRING]]) == [own, SPRING]


@pytest.mark.parametrize(("moved", "days"), [(Moved.SKIP, [12, 19, 26]), (Moved.NEXT, [8, 12, 19, 26])])
def test_what_falls_on_a_holiday_is_skipped_or_moved_to_the_next_day_that_runs(moved: Moved, days: list[int]) -> None:
    marks = {date(2026, 10, d): "holiday" for d in range(1, 8)}
    weekly = plan("FREQ=WEEKLY;BYDAY=MO", days=Days.SCHOOL, moved=moved)
    assert [d.day for d in days_of(weekly, Calendar(marks), date(2026, 10, 1), date(2026, 10, 31))] == days


def test_two_that_move_to_the_same_day_are_one() -> None:
    marks = {date(2026, 10, d): "holiday" for d in range(1, 8)}
    daily = plan(days=Days.SCHOOL, moved=Moved.NEXT)
    assert len(found(daily, date(2026, 10, 1), date(2026, 10, 9), Calendar(marks))) == 2


def test_a_night_belongs_to_the_evening_it_began() -> None:
    slots = found(plan(windows=NIGHT, days=Days.SCHOOL), date(2026, 11, 20), date(2026, 11, 22))  # Friday to Sunday
    assert [(s.day.day, s.opens_at.astimezone(CHINA).strftime("%d %H:%M")) for s in slots] == [
        *((19, f"20 {hour}:00") for hour in ("00", "02", "04")),
        *((20, at) for at in ("20 22:00", "21 00:00", "21 02:00", "21 04:00")),
    ]
    assert all(slot.night for slot in slots)


def test_months_terms_and_years_run_from_their_first_to_their_last_day_that_counts() -> None:
    calendar = Calendar({date(2026, 10, d): "holiday" for d in range(1, 8)}, (AUTUMN, SPRING))
    october = found(plan(span=Span.MONTH, days=Days.SCHOOL), date(2026, 10, 1), date(2026, 10, 31), calendar)
    assert [(s.day, s.closes_at.astimezone(CHINA)) for s in october] == [
        (date(2026, 10, 8), datetime(2026, 10, 31, tzinfo=CHINA))
    ]
    terms = found(plan(span=Span.TERM, days=Days.SCHOOL), date(2026, 8, 1), date(2027, 3, 31), calendar)
    assert [s.day for s in terms] == [date(2026, 9, 1), date(2027, 2, 22)]
    july = found(plan(span=Span.WEEK, days=Days.SCHOOL), date(2027, 7, 5), date(2027, 7, 31), calendar)
    assert july == []


def test_without_terms_those_of_the_law_of_habit_hold() -> None:
    assert list(periods(Span.TERM, (), date(2026, 11, 1), date(2027, 3, 1))) == [
        (date(2026, 9, 1), date(2027, 1, 31)),
        (date(2027, 2, 1), date(2027, 8, 31)),
    ]


def test_leap_days_come_when_they_come() -> None:
    leap = plan("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", starts_on=date(2023, 1, 1))
    assert days_of(leap, Calendar(), date(2024, 1, 1), date(2028, 12, 31)) == [date(2024, 2, 29), date(2028, 2, 29)]
    months = plan("FREQ=MONTHLY;BYMONTHDAY=-1", starts_on=date(2024, 1, 1))
    assert [d.day for d in days_of(months, Calendar(), date(2024, 1, 1), date(2024, 4, 30))] == [31, 29, 31, 30]


def test_an_hour_that_the_clock_leaves_out_or_repeats_leaves_no_round_out_and_repeats_none() -> None:
    small = tuple(Window("", "", minute, minute + 30) for minute in range(0, 360, 30))
    for day in (date(2026, 3, 29), date(2026, 10, 25)):
        slots = found(plan(windows=small), day, day, zone=BERLIN)
        assert all(slot.closes_at > slot.opens_at for slot in slots)
        moments = [slot.opens_at for slot in slots]
        assert len(set(moments)) == len(moments)
        assert slots[0].opens_at == moment(day, 0, BERLIN)
        assert max(slot.closes_at for slot in slots) == moment(day, 360, BERLIN)


@pytest.mark.parametrize(
    "text",
    [
        *("", "daily", "FREQ=HOURLY", "FREQ=DAILY;COUNT=3", "FREQ=DAILY;UNTIL=20270101", "FREQ=DAILY;BYHOUR=7"),
        *(
            "FREQ=DAILY;INTERVAL=0",
            "FREQ=DAILY;INTERVAL=-1",
            "FREQ=WEEKLY;BYDAY=XX",
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        ),
        *(
            "FREQ=DAILY\nDTSTART:20200101",
            "FREQ=每日",
            "FREQ=DAILY;" + "A" * 300,
            "RRULE:FREQ=DAILY",
            "FREQ=DAILY;FREQ=DAILY",
        ),
    ],
)
def test_a_rule_that_cannot_be_used_says_why(text: str) -> None:
    assert rule_fault(text)


@pytest.mark.parametrize(
    "text", ["FREQ=DAILY", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE", "FREQ=MONTHLY;BYDAY=1MO", "freq=weekly"]
)
def test_a_rule_that_can_be_used(text: str) -> None:
    assert rule_fault(text) is None


def test_a_row_becomes_a_plan() -> None:
    row = {
        **{"span": "window", "rule": "", "days": "school", "moved": "next", "grace": 15, "starts_on": date(2026, 9, 1)},
        **{"windows": [{"name": "早", "start": 420, "end": 510}], "ends_on": None},
    }
    assert plan_of(row).windows == (Window("早", "", 420, 510),)


PLANS = st.builds(
    plan,
    st.sampled_from(["", "FREQ=WEEKLY;BYDAY=MO,TH", "FREQ=MONTHLY;BYMONTHDAY=1,15,31", "FREQ=DAILY;INTERVAL=3"]),
    span=st.sampled_from([Span.WINDOW, Span.WEEK, Span.MONTH, Span.QUARTER, Span.TERM, Span.HALF_YEAR, Span.YEAR]),
    days=st.sampled_from(list(Days)),
    moved=st.sampled_from(list(Moved)),
    windows=st.sampled_from([(MORNING,), (MORNING, EVENING), NIGHT, (Window("", "", 0, DAY),)]),
    starts_on=st.dates(date(2025, 1, 1), date(2026, 12, 1)),
)
CALENDARS = st.builds(
    Calendar,
    st.dictionaries(
        st.dates(date(2026, 1, 1), date(2027, 12, 31)), st.sampled_from(["holiday", "working", "exam"]), max_size=40
    ),
    st.sampled_from([(), (AUTUMN,), (AUTUMN, SPRING)]),
)
ZONES = st.sampled_from([CHINA, BERLIN, LORD_HOWE])
SPLITS = st.lists(st.integers(1, 60 * 24 * 200), min_size=1, max_size=6)


@settings(max_examples=150, deadline=None)
@given(PLANS, CALENDARS, ZONES, SPLITS)
def test_opening_in_pieces_gives_the_same_rounds_as_at_once(
    what: Plan, calendar: Calendar, zone: ZoneInfo, cuts: list[int]
) -> None:
    """No round twice and no gap, however often and however late the worker looks."""
    start = datetime(2026, 9, 1, tzinfo=zone).astimezone(UTC)
    marks = sorted({start + timedelta(minutes=cut) for cut in cuts})
    whole = occurrences(what, calendar, start, marks[-1], zone)
    pieces, before = [], start
    for mark in marks:
        pieces += occurrences(what, calendar, before, mark, zone)
        before = mark
    assert pieces == whole
    assert len({slot.opens_at for slot in whole}) == len(whole)
    assert all(slot.opens_at < slot.closes_at <= slot.late_until for slot in whole)


@settings(max_examples=100, deadline=None)
@given(PLANS, CALENDARS, st.dates(date(2026, 9, 1), date(2027, 3, 1)))
def test_every_round_lies_on_a_day_of_its_route(what: Plan, calendar: Calendar, first: date) -> None:
    for slot in found(what, first, first + timedelta(days=60), calendar):
        assert calendar.runs(slot.day, what.days)
        assert slot.day >= what.starts_on


@settings(max_examples=60, deadline=None)
@given(CALENDARS, st.dates(date(2026, 9, 1), date(2027, 3, 1)))
def test_moved_never_loses_an_occurrence_that_has_a_day_to_go_to(calendar: Calendar, first: date) -> None:
    skipped = days_of(plan("FREQ=WEEKLY;BYDAY=MO", days=Days.SCHOOL), calendar, first, first + timedelta(days=90))
    moved = days_of(
        plan("FREQ=WEEKLY;BYDAY=MO", days=Days.SCHOOL, moved=Moved.NEXT), calendar, first, first + timedelta(days=90)
    )
    assert set(skipped) <= set(moved)
