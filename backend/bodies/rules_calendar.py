"""Which days count: the nearest body's word, then the national calendar, then the weekday. `marks` holds the first two.

A mapping from a day to the value of a DayKind; a day that is not in it, or "usual" there, is what its weekday says.
"""

import csv
import io
from collections.abc import Iterable, Mapping
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
    DayKind.USUAL.value: N_("As usual again"),
}


def is_working(day: date, marks: Marks) -> bool:
    """Whether `day` counts in deadlines."""
    kind = marks.get(day)
    if kind == DayKind.HOLIDAY.value:
        return False
    return kind == DayKind.WORKING.value or day.weekday() < 5


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


KIND_WORDS = {
    **{kind: kind for kind in DAY_NAMES},
    **dict.fromkeys(("假", "假日", "节假日", "放假", "休", "休息", "休息日"), DayKind.HOLIDAY.value),
    **dict.fromkeys(("班", "上班", "工作日", "补班", "调休上班"), DayKind.WORKING.value),
    **dict.fromkeys(("照常", "平常", "恢复照常"), DayKind.USUAL.value),
}
"""What a sheet may say for a kind."""
COLUMNS: dict[str, tuple[str, ...]] = {
    "date": ("date", "日期"),
    "kind": ("kind", "类别", "性质"),
    "name": ("name", "名称"),
    "name_en": ("name_en", "english name", "english", "英文名称", "英文"),
}
MOST_ROWS = 1000


@dataclass(frozen=True, slots=True)
class Wrong:
    """A line of a sheet (1 is the heading; 0 the whole file) that cannot be taken, and why."""

    row: int
    reason: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """A calendar from a file: all of it, or what is wrong with it."""

    days: tuple[Marked, ...]
    wrong: tuple[Wrong, ...]


def read_sheet(content: bytes) -> Sheet:
    """A CSV file with the columns date, kind, name, name_en: UTF-8 or what a Chinese spreadsheet writes (GB 18030)."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("gb18030", "replace")
    try:
        lines = list(csv.reader(io.StringIO(text.replace("\0", ""), newline="")))
    except csv.Error:
        return Sheet((), (Wrong(0, N_("This is not a CSV file.")),))
    if not any(any(cell.strip() for cell in line) for line in lines):
        return Sheet((), (Wrong(0, N_("The file is empty.")),))
    places = _places(lines[0])
    if "date" not in places or "kind" not in places:
        return Sheet((), (Wrong(1, N_("The first line must name the columns, at least date and kind.")),))
    if len(lines) > MOST_ROWS + 1:
        return Sheet((), (Wrong(0, N_("A thousand rows at most.")),))
    return _checked(
        (number, {key: line[at].strip() if at < len(line) else "" for key, at in places.items()})
        for number, line in enumerate(lines[1:], start=2)
        if any(cell.strip() for cell in line)
    )


def _places(heading: list[str]) -> dict[str, int]:
    said = [cell.strip().lower() for cell in heading]
    return {key: said.index(word) for key, words in COLUMNS.items() for word in words if word in said}


def _checked(rows: Iterable[tuple[int, Mapping[str, str]]]) -> Sheet:
    days: dict[date, Marked] = {}
    wrong = []
    for number, row in rows:
        kind = KIND_WORDS.get(row["kind"].lower(), row["kind"])
        found = marked({"start": row["date"], "kind": kind, **{k: row.get(k, "") for k in ("name", "name_en")}})
        reasons = [N_("The kind must be holiday, working or usual")] if "kind" in found.faults else []
        reasons += [fault for field, fault in found.faults.items() if field != "kind"]
        if not reasons and found.start in days:
            reasons = [N_("This day stands in the file twice")]
        wrong += [Wrong(number, reason) for reason in reasons]
        days[found.start] = found
    if not days and not wrong:
        wrong = [Wrong(0, N_("The file is empty."))]
    return Sheet(tuple(days.values()), tuple(wrong))
