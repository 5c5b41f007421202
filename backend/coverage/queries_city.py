"""The counts of the schools of a district or a city by week, from the weekly counts that are kept with the stops."""

from datetime import date
from typing import Any
from uuid import UUID

from backend import database
from backend.access import Member
from backend.coverage.queries_numbers import SUMS
from backend.coverage.rules_city import School
from backend.coverage.rules_numbers import Counts, Days, counts_of, monday
from backend.database import reading
from backend.findings.rules import ENDED, Grade

Rows = list[dict[str, Any]]
_ENDED = ", ".join(f"'{state.value}'" for state in ENDED)
_BELOW = "school = ANY (ARRAY(SELECT id FROM body WHERE kind = 'school' AND $1 = ANY (path)))"
"""$1: the bureau, or the district that was chosen."""
SCHOOLS = f"""
WITH counted AS MATERIALIZED (
  SELECT school, {SUMS} FROM coverage_week
  WHERE week >= $2 AND week <= $3 AND ($4 = '' OR area = $4) GROUP BY school),
found AS MATERIALIZED (
  SELECT school, count(*) AS open, count(*) FILTER (WHERE coalesce(grade, grade_proposed) = '{Grade.MAJOR.value}')
    AS major FROM finding WHERE state NOT IN ({_ENDED}) AND ($4 = '' OR area = $4) GROUP BY school)
SELECT b.id, b.name, b.name_en, CASE WHEN cardinality(b.path) > 2 THEN b.path[cardinality(b.path) - 1] END AS district,
  c.due, c.kept, c.late, c.missed, c.excused, c.unreachable, c.sent_late,
  coalesce(f.open, 0) AS open, coalesce(f.major, 0) AS major,
  (SELECT v.saved_at FROM visit v WHERE v.school = b.id ORDER BY v.saved_at DESC, v.id DESC LIMIT 1) AS visited_at
FROM body b LEFT JOIN counted c ON c.school = b.id LEFT JOIN found f ON f.school = b.id
WHERE b.kind = 'school' AND $1 = ANY (b.path) ORDER BY b.number, b.name, b.id
"""
WEEKS = f"""
SELECT week, area, {SUMS} FROM coverage_week WHERE week >= $2 AND week <= $3 AND {_BELOW} GROUP BY week, area
"""
_DISTRICTS = "SELECT id, name, name_en FROM body WHERE kind = 'district' AND $1 = ANY (path) ORDER BY number, name, id"


async def schools(member: Member, bureau: UUID, days: Days, area: str) -> list[School]:
    """Every school below the bureau in its usual order, with the counts of these whole weeks."""
    async with reading(member.scope):
        rows = await database.rows(SCHOOLS, bureau, monday(days.start), monday(days.end), area)
    return [_school(row) for row in rows]


def _school(row: dict[str, Any]) -> School:
    counts = counts_of(row)
    told = (row["id"], row["name"], row["name_en"], row["district"])
    return School(*told, counts, row["open"], row["major"], row["visited_at"])


async def weeks(member: Member, bureau: UUID, days: Days) -> dict[tuple[date, str], Counts]:
    """Counts by week (its Monday) and area."""
    async with reading(member.scope):
        rows = await database.rows(WEEKS, bureau, monday(days.start), monday(days.end))
    return {(row["week"], row["area"]): counts_of(row) for row in rows}


async def districts(member: Member) -> Rows:
    async with reading(member.scope):
        return await database.rows(_DISTRICTS, member.body)
