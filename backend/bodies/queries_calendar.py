"""The calendar of a body: its own marks and those above it over the national holidays (library chinese_calendar)."""

from datetime import date, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

import chinese_calendar  # type: ignore[import-untyped]

from backend import database
from backend.access import Member
from backend.bodies.rules import DayKind
from backend.database import reading

NATIONAL_NAMES = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "National Day": "国庆节",
    "Mid-autumn Festival": "中秋节",
    "Anti-Fascist 70th Day": "抗战胜利70周年",
}


@lru_cache(maxsize=128)
def national(year: int) -> dict[date, tuple[str, str]] | None:
    """(kind, name of the holiday in English) of the days of `year` that are not what their weekday says, and of
    every day of a public holiday; None for a year that the library does not know."""
    found = {}
    day = date(year, 1, 1)
    try:
        while day.year == year:
            off, name = chinese_calendar.get_holiday_detail(day)
            if name:
                found[day] = (DayKind.HOLIDAY.value if off else DayKind.WORKING.value, str(name))
            day += timedelta(days=1)
    except NotImplementedError:
        return None
    return found


def national_between(start: date, end: date) -> dict[date, str]:
    years = range(start.year, end.year + 1)
    return {day: kind for year in years for day, (kind, _) in (national(year) or {}).items() if start <= day <= end}


_MARKS = """
SELECT DISTINCT ON (d.day) d.day, d.kind, d.name, d.name_en, d.body, owner.kind AS owner, owner.name AS owner_name,
  owner.name_en AS owner_name_en
FROM body b JOIN calendar_day d ON d.body = ANY (b.path) JOIN body owner ON owner.id = d.body
WHERE b.id = $1 AND d.day BETWEEN $2 AND $3 AND d.kind <> 'usual'
ORDER BY d.day, array_position(b.path, d.body) DESC
"""
"""The word of the nearest body; "usual" takes a body's own word back, so the next one above counts again."""


async def marks_of(school: UUID, start: date, end: date) -> dict[date, str]:
    """What `rules_calendar` needs to judge the days from `start` to `end`, inside the current transaction."""
    said = await database.rows(_MARKS, school, start, end)
    return national_between(start, end) | {row["day"]: row["kind"] for row in said}


async def days(member: Member, body: UUID, start: date, end: date) -> dict[date, dict[str, Any]]:
    """Every day that somebody says something about, with whose word it is (`owner`: a kind of body, or "national")."""
    async with reading(member.scope):
        said = await database.rows(_MARKS, body, start, end)
    found: dict[date, dict[str, Any]] = {}
    for year in range(start.year, end.year + 1):
        for day, (kind, name) in (national(year) or {}).items():
            zh = NATIONAL_NAMES.get(name, name)
            found[day] = {"day": day, "kind": kind, "name": zh, "name_en": name, "owner": "national", "body": None}
    return found | {row["day"]: row for row in said}


async def own_marks(member: Member, start: date, end: date) -> list[dict[str, Any]]:
    """What his own body says, for its list and for the file."""
    async with reading(member.scope):
        return await database.rows(
            """SELECT day, kind, name, name_en FROM calendar_day
               WHERE body = $1 AND day BETWEEN $2 AND $3 AND kind <> 'usual' ORDER BY day""",
            *(member.body, start, end),
        )
