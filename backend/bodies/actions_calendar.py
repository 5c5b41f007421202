"""Verbs on a body's calendar: days that are not what their weekday says."""

from collections.abc import Iterable

from backend import database
from backend.access import Member
from backend.bodies import actions_terms
from backend.bodies.rules import DayKind
from backend.bodies.rules_calendar import Marked
from backend.bodies.rules_sheet import Sheet
from backend.database import writing
from backend.trouble import Invalid

_PUT = """
INSERT INTO calendar_day (body, day, kind, name, name_en)
SELECT $1, * FROM unnest($2::date[], $3::text[], $4::text[], $5::text[])
ON CONFLICT (body, day) DO UPDATE SET kind = excluded.kind, name = excluded.name, name_en = excluded.name_en
"""


async def mark(marked: Marked, by: Member) -> int:
    """What his body says about these days, for itself and everybody below. Returns how many. Raises Invalid."""
    if marked.faults:
        raise Invalid(marked.faults)
    async with writing(by.scope):
        await _put([marked], by)
    return len(marked.days)


async def take_in(sheet: Sheet, by: Member) -> int:
    """All days and terms of a file, or none: a file with a fault is refused before anything is written, and a term
    that overlaps one of the body takes everything back. Returns how many days. Raises Invalid."""
    if sheet.wrong:
        raise Invalid({"file": sheet.wrong[0].reason})
    async with writing(by.scope):
        await _put(sheet.days, by)
        await actions_terms.put_all(sheet.terms, by)
    return sum(len(one.days) for one in sheet.days)


async def _put(marks: Iterable[Marked], by: Member) -> None:
    found = [(day, one) for one in marks for day in one.days]
    named = [("", "") if one.kind == DayKind.USUAL.value else (one.name, one.name_en) for _, one in found]
    await database.run(
        _PUT,
        *(by.body, [day for day, _ in found], [one.kind for _, one in found]),
        *([name for name, _ in named], [name_en for _, name_en in named]),
    )
