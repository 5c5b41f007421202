"""Which days count: the nearest body's word, then the national calendar, then the weekday. `marks` holds the first two.

A mapping from a day to the value of a DayKind; a day that is not in it, or "usual" there, is what its weekday says.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from backend.bodies.rules import DayKind
from backend.language import N_

Marks = Mapping[date, str]
ONE = timedelta(days=1)
FIRST, LAST = date(2000, 1, 1), date(2099, 12, 31)
"""Days a calendar can hold."""
MOST_DAYS = 366
NAME_LONG = 60

DAY_NAMES: dict[str, str] = {
    DayKind.HOLIDAY.value: N_("Holiday"),
    DayKind.WORKING.value: N_("Working day"),
    DayKind.EXAM.value: N_("Exam day"),
    DayKind.USUAL.value: N_("As usual again"),
}


def is_working(day: date, marks: Marks) -> bool:
    """Whether `day` counts in deadlines."""
    kind = marks.get(day)
    if kind == DayKind.HOLIDAY.value:
        return False
    return kind in {DayKind.WORKING.value, DayKind.EXAM.value} or day.weekday() < 5


def next_working(day: date, marks: Marks) -> date:
    """`day` itself when it counts, else the first one after it that does."""
    while not is_working(day, marks):
        day += ONE
    return day


def working_days_after(start: date, n: int, marks: Marks) -> date:
    """The nth working day after `start`; `start` itself is never counted, and is the answer for n = 0."""
    day = start
    for _ in range(n):
        day = next_working(day + ONE, marks)
    return day


def working_days_between(start: date, end: date, marks: Marks) -> int:
    """How many working days lie after `start` up to `end` included; 0 when `end` is not later."""
    return sum(is_working(start + ONE * n, marks) for n in range(1, (end - start).days + 1))


def reach(days: int) -> timedelta:
    """How far marks must be known to count that many working days: weekends, and a long holiday of a school."""
    return timedelta(days=days * 2 + 120)


@dataclass(frozen=True, slots=True)
class Marked:
    """Days a body says something about, both ends included, at most a year; `faults` maps a field to what is wrong."""

    start: date
    end: date
    kind: str
    name: str
    name_en: str
    faults: Mapping[str, str]

    @property
    def days(self) -> list[date]:
        return [self.start + ONE * n for n in range((self.end - self.start).days + 1)]


def marked(form: Mapping[str, str]) -> Marked:
    """Reads the form of a mark: start, end (empty: one day), kind, name, name_en."""
    faults: dict[str, str] = {}
    start = as_day(form.get("start", ""))
    end = as_day(form.get("end", "")) if form.get("end", "").strip() else start
    kind, names = form.get("kind", ""), {field: form.get(field, "").strip() for field in ("name", "name_en")}
    if start is None:
        faults["start"] = N_("Please give a day, like 2026-10-01")
    if end is None and start is not None:
        faults["end"] = N_("Please give a day, like 2026-10-01")
    if start and end and not 0 <= (end - start).days < MOST_DAYS:
        faults["end"] = N_("The last day is before the first") if end < start else N_("A year at most")
    if kind not in DAY_NAMES:
        faults["kind"] = N_("Please choose")
    if kind == DayKind.HOLIDAY.value and not names["name"]:
        faults["name"] = N_("A holiday needs a name")
    for field, text in names.items():
        if len(text) > NAME_LONG:
            faults[field] = N_("This is too long")
    return Marked(start or FIRST, end or start or FIRST, kind, names["name"], names["name_en"], faults)


def as_day(text: str) -> date | None:
    """A day as people and spreadsheets write it: 2026-10-01, 2026/10/1, 2026.10.1, 2026年10月1日."""
    parts = text.strip().translate({ord(sign): "-" for sign in "/.年月"}).rstrip("日").split("-")
    if len(parts) != 3 or not all(part.strip().isascii() and part.strip().isdigit() for part in parts):
        return None
    try:
        day = date(*(int(part) for part in parts))
    except (ValueError, OverflowError):
        return None
    return day if FIRST <= day <= LAST else None
