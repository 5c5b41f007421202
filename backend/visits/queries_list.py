"""Visits as a school and those above it read them: a list with filters, never a ranking of people."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from backend import clock, database
from backend.access import WITHIN, Member
from backend.database import reading
from backend.findings.rules import ENDED
from backend.findings.rules_filters import Place
from backend.visits.rules_filters import Wanted

Rows = list[dict[str, Any]]
PAGE = 50
BATCH = 1000
MOST_COUNTED = 50_000
"""Totals are counted up to here; beyond it a page says "more than"."""

_ENDED = ", ".join(f"'{state.value}'" for state in ENDED)
_COLUMNS = """
SELECT v.id, v.school, v.point, v.saved_at, v.bad, v.answered, v.how, v.how_reason, v.note, v.corrects, v.by,
  (SELECT c.id FROM visit c WHERE c.corrects = v.id ORDER BY c.saved_at LIMIT 1) AS corrected_by,
  p.kind, p.number AS point_number, p.name AS point_name, p.name_en AS point_name_en, k.area, k.zh AS kind_zh,
  k.en AS kind_en, u.name AS person, u.name_en AS person_en, b.name AS school_name, b.name_en AS school_name_en
"""
_FROM = """
FROM visit v JOIN point p ON p.id = v.point JOIN point_kind k ON k.code = p.kind JOIN app_user u ON u.id = v.by
  JOIN body b ON b.id = v.school
"""


def _asked(member: Member, wanted: Wanted) -> tuple[str, list[Any]]:
    """The WHERE of a list and its values."""
    values: list[Any] = [member.body]
    parts = [f"v.{WITHIN}"]

    def add(part: str, value: object) -> None:
        values.append(value)
        parts.append(part.replace("?", f"${len(values)}"))

    if wanted.start:
        add("v.saved_at >= ?", clock.day_range(wanted.start)[0])
    if wanted.end:
        add("v.saved_at < ?", clock.day_range(wanted.end)[1])
    if wanted.person:
        add("v.by = ?", wanted.person)
    if wanted.kind:
        add("p.kind = ?", wanted.kind)
    if wanted.area:
        add("k.area = ?", wanted.area)
    if wanted.point:
        add("v.point = ?", wanted.point)
    if wanted.school:
        add("v.school = ?", wanted.school)
    if wanted.bad:
        parts.append("v.bad > 0")
    if wanted.corrected:
        parts.append("(v.corrects IS NOT NULL OR EXISTS (SELECT 1 FROM visit c WHERE c.corrects = v.id))")
    return " AND ".join(parts), values


async def visits(member: Member, wanted: Wanted, start: Place | None = None, most: int = PAGE) -> tuple[Rows, bool]:
    """A page of visits, newest first, and whether the list goes on in the direction asked for."""
    where, values = _asked(member, wanted)
    back = start is not None and start.back
    if start is not None:
        values += [start.at, start.id]
        where += f" AND (v.saved_at, v.id) {'>' if back else '<'} (${len(values) - 1}, ${len(values)})"
    order = "ASC" if back else "DESC"
    async with reading(member.scope):
        found = await database.rows(
            f"{_COLUMNS} {_FROM} WHERE {where} ORDER BY v.saved_at {order}, v.id {order} LIMIT {most + 1}", *values
        )
    more, found = len(found) > most, found[:most]
    return (found[::-1] if back else found), more


async def totals(member: Member, wanted: Wanted) -> dict[str, int]:
    """`visits` of the list and the `bad` answers in them, counted up to MOST_COUNTED + 1 visits."""
    where, values = _asked(member, wanted)
    async with reading(member.scope):
        found = await database.row(
            f"""SELECT count(*) AS visits, coalesce(sum(bad), 0) AS bad
                FROM (SELECT v.bad {_FROM} WHERE {where} LIMIT {MOST_COUNTED + 1}) x""",
            *values,
        )
    return {name: int(n) for name, n in (found or {}).items()}


async def every(member: Member, wanted: Wanted) -> AsyncIterator[Rows]:
    """The whole list in batches, each in a transaction of its own."""
    start: Place | None = None
    while True:
        found, more = await visits(member, wanted, start, BATCH)
        if found:
            yield found
        if not more:
            return
        start = Place(found[-1]["saved_at"], found[-1]["id"], 0)


async def mine(member: Member, start: Place | None = None, most: int = PAGE) -> tuple[Rows, bool]:
    """His own visits, whatever his role."""
    return await visits(member, Wanted(person=member.user), start, most)


async def last_visits(member: Member, point: UUID, most: int = 10) -> Rows:
    """The latest visits of a point, newest first, in the columns of the list."""
    found, _ = await visits(member, Wanted(point=point), most=most)
    return found


async def open_findings(member: Member, point: UUID) -> Rows:
    """What is not ended at a point, oldest first."""
    async with reading(member.scope):
        return await database.rows(
            f"""SELECT f.id, f.number, f.title, f.title_en, f.words, f.state, f.grade, f.grade_proposed, f.found_at
                FROM finding f WHERE f.point = $2 AND f.{WITHIN} AND f.state NOT IN ({_ENDED})
                ORDER BY f.found_at, f.id""",
            *(member.body, point),
        )


async def choices(member: Member, school: UUID | None) -> dict[str, Rows]:
    """What the filters offer: kinds in use, people of the school (by name), and for a bureau its schools."""
    async with reading(member.scope):
        kinds = await database.rows(
            f"""SELECT code, zh, en FROM point_kind k WHERE EXISTS (SELECT 1 FROM point WHERE kind = k.code AND {WITHIN}
                  AND ($2::uuid IS NULL OR school = $2)) ORDER BY position, code""",
            *(member.body, school),
        )
        people = await database.rows(
            """SELECT DISTINCT u.id, u.name, u.name_en FROM app_user u JOIN member m ON m."user" = u.id
               WHERE m.body = $1 AND m.post <> 'principal' ORDER BY u.name, u.id""",
            school or member.school,
        )
        schools = await database.rows(
            """SELECT id, name, name_en FROM body WHERE kind = 'school' AND $1 = ANY (path) AND id <> $1
               ORDER BY number, name""",
            member.body,
        )
    return {"kinds": kinds, "people": people, "schools": schools}
