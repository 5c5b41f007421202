"""When the rounds of a route are: recurrence (RFC 5545, library dateutil) over the school's calendar.

A window belongs to the day on which its night began. Wall-clock times become moments only at the end, so that a day of
23 or 25 hours loses no window and repeats none.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from dateutil.rrule import rrule, rrulestr

from backend.bodies.rules import DayKind
from backend.bodies.rules_calendar import Marks
from backend.bodies.rules_terms import Term, is_school_day
from backend.language import N_
from backend.rounds.rules import NIGHT_BEGINS, NIGHT_ENDS, Days, Moved, Span

DAY = 24 * 60
ONE = timedelta(days=1)
LONGEST_RULE = 200
MOST_WINDOWS = 24
MOVED_FAR = 31
"""Days within which an occurrence looks for a day it can be moved to."""


@dataclass(frozen=True, slots=True)
class Window:
    """Minutes from the midnight at which its day begins: 0 <= start < 2880, end after start."""

    name: str
    name_en: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Plan:
    """When a route is walked; `grace` in minutes."""

    span: Span
    rule: str
    days: Days
    moved: Moved
    windows: tuple[Window, ...]
    grace: int
    starts_on: date
    ends_on: date | None = None


@dataclass(frozen=True)
class Calendar:
    """What a school's days are; both as `queries_calendar.calendar_of` reads them."""

    marks: Marks = field(default_factory=dict)
    terms: Sequence[Term] = ()

    def is_school_day(self, day: date) -> bool:
        return is_school_day(day, self.marks, self.terms)

    def runs(self, day: date, days: Days) -> bool:
        if days is Days.EVERY:
            return True
        if days is Days.EXAM:
            return self.marks.get(day) == DayKind.EXAM.value
        return self.is_school_day(day) == (days is Days.SCHOOL)


@dataclass(frozen=True, slots=True)
class Slot:
    """One round to be: its day, the name of its window, its moments (aware, UTC)."""

    day: date
    slot: str
    slot_en: str
    opens_at: datetime
    closes_at: datetime
    late_until: datetime
    night: bool


def plan_of(row: Mapping[str, Any]) -> Plan:
    """From a row of `route`, its windows parsed."""
    return Plan(
        span=Span(row["span"]),
        rule=row["rule"],
        days=Days(row["days"]),
        moved=Moved(row["moved"]),
        windows=tuple(
            Window(one.get("name", ""), one.get("name_en", ""), one["start"], one["end"]) for one in row["windows"]
        ),
        grace=row["grace"],
        starts_on=row["starts_on"],
        ends_on=row["ends_on"],
    )


def rule_fault(text: str) -> str | None:
    """Why this RRULE cannot say on which days a route is walked; None when it can. Hours belong to the windows, an end
    to the route."""
    parts = dict(part.partition("=")[::2] for part in text.upper().split(";"))
    if len(text) > LONGEST_RULE or not text.isascii() or len(parts) != text.count(";") + 1:
        return N_("This is not a rule like FREQ=WEEKLY;BYDAY=MO,WE")
    if parts.get("FREQ") not in {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}:
        return N_("FREQ must be DAILY, WEEKLY, MONTHLY or YEARLY")
    if {"COUNT", "UNTIL", "BYHOUR", "BYMINUTE", "BYSECOND"} & parts.keys():
        return N_("Leave out COUNT, UNTIL and hours: the form has fields for them")
    try:
        if not 1 <= int(parts.get("INTERVAL", "1")) <= 999:
            raise ValueError("no interval")
        found = _rule(text, date(2024, 1, 1), date(2028, 12, 31))
        return None if next(iter(found), None) else N_("No day in five years follows from this rule")
    except (ValueError, TypeError, KeyError, OverflowError, AttributeError):
        return N_("This is not a rule like FREQ=WEEKLY;BYDAY=MO,WE")


def _rule(text: str, anchor: date, until: date) -> rrule:
    """Ends by itself, so that a rule that is never met ends too. Raises ValueError."""
    found = rrulestr(text, dtstart=datetime.combine(anchor, time()))
    if not isinstance(found, rrule):
        raise ValueError("not a plain rule")
    return found.replace(until=datetime.combine(until, time.max))


def rule_days(plan: Plan, first: date, last: date) -> Iterator[date]:
    """Days of the rule from `first` to `last`, before the calendar is asked."""
    start, end = max(first, plan.starts_on), min(last, plan.ends_on or last)
    if not plan.rule:
        yield from (start + ONE * n for n in range((end - start).days + 1))
    elif start <= end:
        rule = _rule(plan.rule, plan.starts_on, end)
        yield from (moment.date() for moment in rule.xafter(datetime.combine(start, time()), inc=True))


def days_of(plan: Plan, calendar: Calendar, first: date, last: date) -> list[date]:
    """Days on which the windows are walked, moved or skipped as the plan says; each once, in order."""
    found = set()
    for day in rule_days(plan, first - ONE * MOVED_FAR, last):
        if not calendar.runs(day, plan.days):
            later = (day + ONE * n for n in range(1, MOVED_FAR + 1)) if plan.moved is Moved.NEXT else iter(())
            moved = next((other for other in later if calendar.runs(other, plan.days)), None)
            if moved is None or (plan.ends_on and moved > plan.ends_on):
                continue
            day = moved
        if first <= day <= last:
            found.add(day)
    return sorted(found)


def occurrences(plan: Plan, calendar: Calendar, start: datetime, end: datetime, zone: tzinfo) -> list[Slot]:
    """Every round with start <= opens_at < end, in order of its beginning. `calendar` must know the days around."""
    first, last = start.astimezone(zone).date() - 2 * ONE, end.astimezone(zone).date()
    found = (
        _windows(plan, calendar, first, last, zone)
        if plan.span is Span.WINDOW
        else _periods(plan, calendar, first, last, zone)
    )
    slots = {slot.opens_at: slot for slot in found if start <= slot.opens_at < end}
    return [slots[at] for at in sorted(slots)]


def _windows(plan: Plan, calendar: Calendar, first: date, last: date, zone: tzinfo) -> Iterator[Slot]:
    for day in days_of(plan, calendar, first, last):
        for window in plan.windows:
            opens, closes = moment(day, window.start, zone), moment(day, window.end, zone)
            if closes <= opens:  # an hour that the clock leaves out
                closes = opens + timedelta(minutes=window.end - window.start)
            yield _slot(plan, day, window, opens, closes)


def _slot(plan: Plan, day: date, window: Window, opens: datetime, closes: datetime) -> Slot:
    late = closes + timedelta(minutes=plan.grace)
    return Slot(day, window.name, window.name_en, opens, closes, late, is_night(window.start))


def is_night(minute: int) -> bool:
    return minute % DAY >= NIGHT_BEGINS or minute % DAY < NIGHT_ENDS


def moment(day: date, minutes: int, zone: tzinfo) -> datetime:
    """The moment at which the wall clock shows that many minutes after the midnight of `day`."""
    return (datetime.combine(day, time()) + timedelta(minutes=minutes)).replace(tzinfo=zone).astimezone(UTC)


WHOLE = Window("", "", 0, DAY)


def _periods(plan: Plan, calendar: Calendar, first: date, last: date, zone: tzinfo) -> Iterator[Slot]:
    """Rounds that last a whole period: from its first day that counts to its last one."""
    if plan.span is Span.EVENT:
        return
    for begin, end in periods(plan.span, calendar.terms, first, last):
        begin, end = max(begin, plan.starts_on), min(end, plan.ends_on or end)
        days = [
            day for day in (begin + ONE * n for n in range((end - begin).days + 1)) if calendar.runs(day, plan.days)
        ]
        if days:
            opens, closes = moment(days[0], 0, zone), moment(days[-1], DAY, zone)
            yield Slot(days[0], "", "", opens, closes, closes + timedelta(minutes=plan.grace), False)


MONTHS = {Span.MONTH: 1, Span.QUARTER: 3, Span.HALF_YEAR: 6, Span.YEAR: 12}


def periods(span: Span, terms: Iterable[Term], first: date, last: date) -> Iterator[tuple[date, date]]:
    """(first day, last day) of every period that touches the days from `first` to `last`."""
    if span is Span.TERM:
        yield from _terms(list(terms), first, last)
        return
    if span is Span.WEEK:
        begin = first - ONE * first.weekday()
        while begin <= last:
            yield begin, begin + ONE * 6
            begin += ONE * 7
        return
    step = MONTHS[span]
    begin = first.replace(month=(first.month - 1) // step * step + 1, day=1)
    while begin <= last:
        following = _months_later(begin, step)
        yield begin, following - ONE
        begin = following


def _months_later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, 1)


def _terms(known: list[Term], first: date, last: date) -> Iterator[tuple[date, date]]:
    """Terms of the calendar; where it names none, those that begin on 1 February and 1 September."""
    for year in range(first.year - 1, last.year + 1):
        for begin, end in ((date(year, 2, 1), date(year, 8, 31)), (date(year, 9, 1), date(year + 1, 1, 31))):
            named = [(t.starts, t.ends) for t in known if t.starts <= end and t.ends >= begin and begin <= t.starts]
            for one in named or ([] if any(t.starts <= end and t.ends >= begin for t in known) else [(begin, end)]):
                if one[0] <= last and one[1] >= first:
                    yield one
