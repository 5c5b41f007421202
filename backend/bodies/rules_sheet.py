"""A year's calendar from a file: days that are not as usual, exam days, terms. All of it, or what is wrong with it."""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from backend.bodies.rules import DayKind
from backend.bodies.rules_calendar import DAY_NAMES, NAME_LONG, Marked, as_day, marked
from backend.language import N_

TERM = "term"
LONGEST_TERM = 300
"""Days; the database says the same."""


@dataclass(frozen=True, slots=True)
class TermDraft:
    """A term as it was typed, both days included; `faults` maps a field to what is wrong. `row` of a file, else 0."""

    name: str
    name_en: str
    starts: date
    ends: date
    faults: Mapping[str, str]
    row: int = 0


def term_draft(form: Mapping[str, str], row: int = 0) -> TermDraft:
    """Reads the form of a term: name, name_en, starts, ends."""
    faults: dict[str, str] = {}
    starts, ends = as_day(form.get("starts", "")), as_day(form.get("ends", ""))
    names = {field: form.get(field, "").strip() for field in ("name", "name_en")}
    if not names["name"]:
        faults["name"] = N_("A term needs a name")
    faults |= {field: N_("This is too long") for field, text in names.items() if len(text) > NAME_LONG}
    for field, day in (("starts", starts), ("ends", ends)):
        if day is None:
            faults[field] = N_("Please give a day, like 2026-10-01")
    if starts and ends and ends <= starts:
        faults["ends"] = N_("The last day is before the first")
    elif starts and ends and (ends - starts).days >= LONGEST_TERM:
        faults["ends"] = N_("A term is shorter than 300 days")
    return TermDraft(names["name"], names["name_en"], starts or date.min, ends or date.min, faults, row)


def overlap(one: TermDraft, other: TermDraft) -> bool:
    return one.starts <= other.ends and other.starts <= one.ends


KIND_WORDS = {
    **{kind: kind for kind in DAY_NAMES},
    **dict.fromkeys(("假", "假日", "节假日", "放假", "休", "休息", "休息日"), DayKind.HOLIDAY.value),
    **dict.fromkeys(("班", "上班", "工作日", "补班", "调休上班"), DayKind.WORKING.value),
    **dict.fromkeys(("考", "考试", "考试日"), DayKind.EXAM.value),
    **dict.fromkeys((TERM, "学期"), TERM),
    **dict.fromkeys(("照常", "平常", "恢复照常"), DayKind.USUAL.value),
}
"""What a sheet may say for a kind."""
COLUMNS: dict[str, tuple[str, ...]] = {
    "date": ("date", "日期", "start", "开始", "开始日期"),
    "end": ("end", "结束", "结束日期"),
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
    terms: tuple[TermDraft, ...] = ()


def read_sheet(content: bytes) -> Sheet:
    """A CSV file with the columns date (or start), kind, name, name_en, and end for what lasts several days: UTF-8 or
    what a Chinese spreadsheet writes (GB 18030)."""
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
    days: dict[date, int] = {}
    marks: list[Marked] = []
    terms: list[TermDraft] = []
    wrong: list[Wrong] = []
    for number, row in rows:
        kind = KIND_WORDS.get(row["kind"].lower(), row["kind"])
        names = {k: row.get(k, "") for k in ("name", "name_en")}
        if kind == TERM:
            term = term_draft({"starts": row["date"], "ends": row.get("end", ""), **names}, number)
            wrong += [Wrong(number, reason) for reason in _term_faults(term, terms)]
            terms.append(term)
            continue
        found = marked({"start": row["date"], "end": row.get("end", ""), "kind": kind, **names})
        reasons = [N_("The kind must be holiday, working, exam, usual or term")] if "kind" in found.faults else []
        reasons += [fault for field, fault in found.faults.items() if field != "kind"]
        if not reasons and any(day in days for day in found.days):
            reasons = [N_("This day stands in the file twice")]
        wrong += [Wrong(number, reason) for reason in reasons]
        days |= dict.fromkeys(found.days if not reasons else [], number)
        marks.append(found)
    if not marks and not terms and not wrong:
        wrong = [Wrong(0, N_("The file is empty."))]
    return Sheet(tuple(marks), tuple(wrong), tuple(terms))


def _term_faults(term: TermDraft, before: Iterable[TermDraft]) -> list[str]:
    if term.faults:
        return list(dict.fromkeys(term.faults.values()))
    return [N_("This term overlaps another one of the file")] if any(overlap(term, one) for one in before) else []
