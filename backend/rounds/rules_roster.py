"""What is typed about a duty roster: its name, its shifts, its people in order, and what is wrong with it."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from backend.bodies.rules_calendar import as_day
from backend.language import N_
from backend.rounds.rules import Days, Turn
from backend.rounds.rules_duty import DAY, MOST_AT_ONCE, MOST_SHIFTS, Shift, clock_text

NAME_LONG = 60
WORDS_LONG = 300
MOST_PEOPLE = 200
DAYS_NAMES: dict[str, str] = {
    Days.SCHOOL.value: N_("School days"),
    Days.EVERY.value: N_("Every day"),
    Days.OFF.value: N_("Days without school"),
    Days.EXAM.value: N_("Exam days"),
}
TURN_NAMES: dict[str, str] = {Turn.DAY.value: N_("Every day somebody else"), Turn.WEEK.value: N_("The same for a week")}
PLACE = "place-"
"""A field of the form for each colleague: his number in the order, empty when he does not take part."""


@dataclass(frozen=True, slots=True)
class RosterDraft:
    """`people` in the order of their numbers; `faults` maps a field to what is wrong."""

    name: str
    name_en: str
    days: str
    turn: str
    starts_on: date | None
    shifts: tuple[Shift, ...]
    people: tuple[UUID, ...]
    faults: Mapping[str, str]


def roster_draft(form: Mapping[str, str], rows: Mapping[str, Sequence[str]], staff: Collection[UUID]) -> RosterDraft:
    """`rows` holds the columns of the shifts; only people of `staff` count."""
    faults: dict[str, str] = {}
    name, name_en = form.get("name", "").strip(), form.get("name_en", "").strip()
    if not name:
        faults["name"] = N_("Please give a name")
    for field, text in (("name", name), ("name_en", name_en)):
        if len(text) > NAME_LONG:
            faults[field] = N_("This is too long")
    days, turn = form.get("days", ""), form.get("turn", "")
    faults |= {"days": N_("Please choose")} if days not in DAYS_NAMES else {}
    faults |= {"turn": N_("Please choose")} if turn not in TURN_NAMES else {}
    starts_on = as_day(form.get("starts_on", ""))
    if starts_on is None:
        faults["starts_on"] = N_("Please give a day, like 2026-10-01")
    people = _people(form, staff, faults)
    shifts = _shifts(rows, len(people), faults)
    return RosterDraft(name, name_en, days, turn, starts_on, tuple(shifts), tuple(people), faults)


def _people(form: Mapping[str, str], staff: Collection[UUID], faults: dict[str, str]) -> list[UUID]:
    found = []
    for user in staff:
        place = form.get(f"{PLACE}{user}", "").strip()
        if place and not (place.isascii() and place.isdigit() and len(place) < 4):
            faults["people"] = N_("Please give whole numbers for the order")
        elif place:
            found.append((int(place), user))
    if not found and "people" not in faults:
        faults["people"] = N_("Give at least one person a number")
    return [user for _, user in sorted(found, key=lambda one: (one[0], str(one[1])))][:MOST_PEOPLE]


SHIFT_FIELDS = ("shift_name", "shift_name_en", "shift_start", "shift_end", "shift_people")


def _shifts(rows: Mapping[str, Sequence[str]], people: int, faults: dict[str, str]) -> list[Shift]:
    found: list[Shift] = []
    columns = [[text.strip() for text in rows.get(field, ())] for field in SHIFT_FIELDS]
    for name, name_en, begins, ends, crew in zip(*columns, strict=False):
        if not begins and not ends and not name:
            continue
        start, end = minutes(begins), minutes(ends)
        if start is None or end is None:
            faults["shifts"] = N_("A shift needs two times, like 08:00 and 16:30")
            continue
        number = int(crew or 1) if (crew or "1").isascii() and (crew or "1").isdigit() and len(crew) < 3 else 0
        if not 1 <= number <= MOST_AT_ONCE:
            faults["shifts"] = N_("From 1 to 20 people stand in a shift")
        elif people and number > people:
            faults["shifts"] = N_("A shift needs more people than there are in the order")
        if len(name) > NAME_LONG or len(name_en) > NAME_LONG:
            faults["shifts"] = N_("The name of a shift is too long")
        found.append(Shift(name, name_en, start, end if end > start else end + DAY, number))
    if not found and "shifts" not in faults:
        faults["shifts"] = N_("Please give at least one shift")
    if len({(one.start, one.end) for one in found}) < len(found):
        faults["shifts"] = N_("Two shifts have the same times; give one of them more people")
    return found[:MOST_SHIFTS]


def minutes(text: str) -> int | None:
    """08:30 -> 510; 24:00 is the end of the day. None for anything else."""
    found = re.fullmatch(r"(\d{1,2})[:：](\d{2})(?::00)?", text.strip(), re.ASCII)
    value = int(found[1]) * 60 + int(found[2]) if found and int(found[2]) < 60 else DAY + 1
    return value if value <= DAY else None


def shift_form(shifts: Sequence[Shift]) -> list[dict[str, str]]:
    """Open shifts as rows of the form, and two empty ones."""
    rows = [
        {
            "name": one.name,
            "name_en": one.name_en,
            "start": clock_text(one.start),
            "end": clock_text(one.end),
            "people": str(one.people),
        }
        for one in shifts
        if not one.ended
    ]
    blank = {"name": "", "name_en": "", "start": "", "end": "", "people": ""}
    return [*rows, *([blank] * min(2, max(0, MOST_SHIFTS - len(rows))))]
