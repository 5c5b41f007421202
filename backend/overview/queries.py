"""A school's day in numbers; each is the length of a list that can be opened."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from backend import clock, database
from backend.access import Member
from backend.checklists.rules import MANY_A_DAY
from backend.database import reading
from backend.findings.queries_where import IS_OPEN, STATES
from backend.findings.rules import ENDED, Area, Grade
from backend.findings.rules_filters import OVERDUE, UNASSIGNED, UNSAFE_MAJOR, WAITING
from backend.visits.queries_today import points_due

Rows = list[dict[str, Any]]
_ENDED = ", ".join(f"'{state.value}'" for state in ENDED)

_DAY = """
SELECT count(*) AS visits, count(DISTINCT point) AS points, coalesce(sum(bad), 0) AS bad,
  count(*) FILTER (WHERE bad > 0) AS with_problems,
  (SELECT count(*) FROM point WHERE school = $1 AND state = 'active') AS of_points
FROM visit WHERE school = $1 AND saved_at >= $2 AND saved_at < $3
"""
_OPEN = f"""
SELECT coalesce(area, 'none') AS area, count(*) AS n,
  count(*) FILTER (WHERE coalesce(grade, grade_proposed) = '{Grade.MAJOR.value}') AS major
FROM finding WHERE school = $1 AND state NOT IN ({_ENDED}) GROUP BY 1
"""

PRESSING = (UNSAFE_MAJOR, OVERDUE, UNASSIGNED, WAITING)
"""Groups of the ledger that wait for the office, the most pressing first."""
_PRESSING = (
    "SELECT "
    + ", ".join(f"count(*) FILTER (WHERE {STATES[word].replace('?', '$2')}) AS n_{word}" for word in PRESSING)
    + f" FROM finding f WHERE f.school = $1 AND {IS_OPEN}"
)


@dataclass(frozen=True, slots=True)
class Day:
    """`areas` in the order of the plan, the unknown one last and only if there is something in it."""

    visits: int
    points: int
    of_points: int
    with_problems: int
    due: int
    open: int
    major: int
    areas: Rows
    waiting: dict[str, int]


async def day(member: Member, school: UUID) -> Day:
    begin, end = clock.day_range(clock.today())
    async with reading(member.scope):
        told = await database.row(_DAY, school, begin, end) or {}
        found = {row["area"]: row for row in await database.rows(_OPEN, school)}
        counts = await database.row(_PRESSING, school, clock.today())
        due = await due_today(member, school)
    areas = [found.get(area.value, {"area": area.value, "n": 0, "major": 0}) for area in Area]
    areas += [found["none"]] if "none" in found else []
    return Day(
        visits=told["visits"],
        points=told["points"],
        of_points=told["of_points"],
        with_problems=told["with_problems"],
        due=len(due),
        open=sum(row["n"] for row in areas),
        major=sum(row["major"] for row in areas),
        areas=areas,
        waiting={state: n for state, n in zip(PRESSING, (counts or {}).values(), strict=True) if n},
    )


async def due_today(member: Member, school: UUID) -> Rows:
    """Points with something that is asked every school day and was not answered yet in this day, shift or meal."""
    points = await points_due(member, school, mine=False, frequencies=tuple(MANY_A_DAY))
    return [one for one in points if one["due"]]
