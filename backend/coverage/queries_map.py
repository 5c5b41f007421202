"""The schools of the map: where they are, how much was seen in a period, what is open; one statement."""

from typing import Any
from uuid import UUID

from backend import database
from backend.access import Member
from backend.coverage.rules_numbers import Days, monday
from backend.database import reading
from backend.findings.rules import ENDED, Grade

Row = dict[str, Any]
_ENDED = ", ".join(f"'{state.value}'" for state in ENDED)
_DECIDED = "kept + late + missed + excused + unreachable"
SCHOOLS = f"""
WITH counted AS MATERIALIZED (
  SELECT school, sum(due)::bigint AS due, sum(kept + late)::bigint AS seen, sum(decided)::bigint AS decided FROM (
    SELECT school, due, kept, late, {_DECIDED} AS decided FROM coverage_week
      WHERE NOT $6 AND week >= $3 AND week <= $4 AND ($5 = '' OR area = $5)
    UNION ALL
    SELECT school, due, kept, late, {_DECIDED} FROM coverage_day
      WHERE $6 AND day = $3 AND ($5 = '' OR area = $5)) c
  GROUP BY school),
found AS MATERIALIZED (
  SELECT school, count(*) AS open, count(*) FILTER (WHERE coalesce(grade, grade_proposed) = '{Grade.MAJOR.value}')
    AS major FROM finding WHERE state NOT IN ({_ENDED}) AND ($5 = '' OR area = $5) GROUP BY school)
SELECT b.id, b.name, b.name_en, b.number, b.latitude, b.longitude, above.name AS above, above.name_en AS above_en,
  coalesce(c.due, 0) AS due, coalesce(c.seen, 0) AS seen, coalesce(c.decided, 0) AS decided,
  coalesce(f.open, 0) AS open, coalesce(f.major, 0) AS major,
  (SELECT v.saved_at FROM visit v WHERE v.school = b.id ORDER BY v.saved_at DESC, v.id DESC LIMIT 1) AS visited_at
FROM body b LEFT JOIN body above ON above.id = b.path[cardinality(b.path) - 1]
  LEFT JOIN counted c ON c.school = b.id LEFT JOIN found f ON f.school = b.id
WHERE b.kind = 'school' AND $1 = ANY (b.path) AND ($2::uuid IS NULL OR $2 = ANY (b.path))
ORDER BY above.kind, above.number, b.number, b.id
"""
_DISTRICTS = """
SELECT id, name, name_en, number FROM body WHERE kind = 'district' AND $1 = ANY (path) ORDER BY number, name, id
"""


async def schools(
    member: Member, days: Days, area: str = "", district: UUID | None = None, *, by_day: bool = False
) -> list[Row]:
    """Every school below him with `due`, `seen`, `decided` (seen or over), `open`, `major` and `visited_at`, also those
    without a position.

    Counts are of the whole weeks that hold `days`, or with `by_day` of its first day alone."""
    first, last = (days.start, days.start) if by_day else (monday(days.start), monday(days.end))
    async with reading(member.scope):
        return await database.rows(SCHOOLS, member.body, district, first, last, area, by_day)


async def districts(member: Member) -> list[Row]:
    async with reading(member.scope):
        return await database.rows(_DISTRICTS, member.body)
