"""Points by days in one statement: stops of the period by (school, day), grouped by point and column."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from backend import database
from backend.access import Member
from backend.coverage.rules_heat import PAGE, TERM, WORST, View
from backend.coverage.rules_numbers import Days
from backend.coverage.rules_plan import RANK
from backend.database import reading

_RANK = f"""CASE state WHEN 'missed' THEN {RANK["m"]} WHEN 'unreachable' THEN {RANK["u"]} WHEN 'due' THEN {RANK["d"]}
  WHEN 'excused' THEN {RANK["x"]} WHEN 'late' THEN {RANK["l"]} ELSE {RANK["k"]} END"""
_WORST = {True: "($9::timestamptz IS NULL)::int", False: f"coalesce(max({_RANK}) FILTER (WHERE opens_at <= $9), 0)"}
"""Of a week only the share is shown."""
_COLUMN = {True: "(day - date_trunc('week', $2::date)::date) / 7", False: "day - $2::date"}
_TABLE = """
WITH cell AS MATERIALIZED (
  SELECT point, {column} AS col, count(*) AS due, count(*) FILTER (WHERE state IN ('kept', 'late')) AS seen,
    count(*) FILTER (WHERE state <> 'due') AS decided, {rank} AS rank
  FROM stop WHERE school = $1 AND day BETWEEN $2 AND $3 AND ($4::uuid IS NULL OR route = $4) GROUP BY point, col),
line AS (
  SELECT point, sum(due)::int AS due, sum(seen)::int AS seen, sum(decided)::int AS decided,
    string_agg(col || ',' || rank || ',' || seen || ',' || due, ';') AS cells
  FROM cell GROUP BY point)
SELECT p.id, p.number, p.name, p.name_en, p.kind, pl.name AS place_name, pl.name_en AS place_name_en,
  up.name AS building_name, up.name_en AS building_name_en, p.position, p.position_en,
  coalesce(l.due, 0) AS due, coalesce(l.seen, 0) AS seen, coalesce(l.cells, '') AS cells,
  count(*) OVER () AS points, sum(l.due) OVER () AS all_due, sum(l.seen) OVER () AS all_seen
FROM point p LEFT JOIN line l ON l.point = p.id LEFT JOIN place pl ON pl.id = p.place
  LEFT JOIN place up ON up.id = pl.parent
WHERE p.school = $1 AND p.state = 'active' AND ($5 = '' OR p.kind = $5)
  AND ($6 = '' OR p.kind IN (SELECT code FROM point_kind WHERE area = $6))
  AND ($7::uuid IS NULL OR p.place = $7 OR pl.parent = $7)
ORDER BY {order} LIMIT {page} OFFSET $8
"""
_ORDERS = {
    True: """l.decided IS NULL OR l.decided = 0, l.seen::float / nullif(l.decided, 0), l.decided - l.seen DESC,
      p.number, p.id""",
    False: """pl.id IS NULL, coalesce(up.position, pl.position), coalesce(up.name, pl.name), up.id NULLS FIRST,
      pl.position, pl.name, p.number, p.id""",
}


@dataclass(frozen=True, slots=True)
class Table:
    """A page of points as records with their `cells` packed (rules_heat.cells); `points` and the counts of all."""

    rows: list[Any]
    points: int
    seen: int
    due: int


def statement(school: UUID, view: View, days: Days, now: datetime) -> tuple[str, list[Any]]:
    """The statement with its values, for the page and for who measures it."""
    sql = _TABLE.format(
        column=_COLUMN[view.word == TERM], rank=_WORST[view.word == TERM], order=_ORDERS[view.sort == WORST], page=PAGE
    )
    skip = (view.page - 1) * PAGE
    return sql, [school, days.start, days.end, view.route, view.kind, view.area, view.place, skip, now]


async def table(member: Member, school: UUID, view: View, days: Days, now: datetime) -> Table:
    async with reading(member.scope):
        sql, values = statement(school, view, days, now)
        rows = list(await database.connection().fetch(sql, *values))
    first = rows[0] if rows else {"points": 0, "all_seen": 0, "all_due": 0}
    return Table(rows, first["points"], int(first["all_seen"] or 0), int(first["all_due"] or 0))
