"""The points of one place with what their stops say, in one statement; the places with their counts in another.

Both cost by points and days: stops are read by (school, day), never visits one by one.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from backend import database
from backend.access import Member
from backend.coverage.rules_numbers import Days
from backend.coverage.rules_plan import RANK, View
from backend.database import reading
from backend.findings.queries_where import GRADE, IS_OPEN
from backend.points.queries_health import BROKEN

Rows = list[dict[str, Any]]

_POINTS = """
p.school = $1 AND p.state = 'active' AND ($2 = '' OR p.kind = $2)
  AND ($3 = '' OR p.kind IN (SELECT code FROM point_kind WHERE area = $3))
"""
PLACES = f"""
WITH told AS (
  SELECT p.place, count(*) AS points, count(m.point) AS missed
  FROM point p LEFT JOIN (SELECT DISTINCT point FROM stop WHERE school = $1 AND day BETWEEN $4 AND $5
    AND state = 'missed' AND ($6::uuid IS NULL OR route = $6)) m ON m.point = p.id
  WHERE {_POINTS} GROUP BY p.place)
SELECT pl.id, pl.kind, pl.name, pl.name_en, pl.parent, up.name AS building_name, up.name_en AS building_name_en,
  pl.plan_sha256, pl.plan_width, pl.plan_height, coalesce(t.points, 0) AS points, coalesce(t.missed, 0) AS missed
FROM told t FULL JOIN (SELECT * FROM place WHERE school = $1) pl ON pl.id = t.place
  LEFT JOIN place up ON up.id = pl.parent
WHERE t.points > 0 OR pl.plan_sha256 IS NOT NULL
ORDER BY pl.id IS NULL, coalesce(up.position, pl.position), coalesce(up.name, pl.name), up.id NULLS FIRST, pl.position,
  pl.name
"""
"""$1 school, $2 kind, $3 area, $4 and $5 days, $6 route. The row without an id: points that lie in no place."""

_RANK = f"""CASE state WHEN 'missed' THEN {RANK["m"]} WHEN 'unreachable' THEN {RANK["u"]} WHEN 'due' THEN {RANK["d"]}
  WHEN 'excused' THEN {RANK["x"]} WHEN 'late' THEN {RANK["l"]} ELSE {RANK["k"]} END"""
_SENT = "(state IN ('kept', 'late') AND sent_late)::int"
_STOPS = "FROM stop WHERE school = $1 AND day BETWEEN $4 AND $5 AND ($6::uuid IS NULL OR route = $6)"
_MINUTE = "coalesce(ceil(extract(epoch FROM {} - $9::timestamptz) / 60)::int::text, '')"
_PACKED = f"""string_agg(concat(
    CASE state WHEN 'missed' THEN 'm' WHEN 'unreachable' THEN 'u' WHEN 'due' THEN 'd' WHEN 'excused' THEN 'x'
      WHEN 'late' THEN CASE WHEN sent_late THEN 'L' ELSE 'l' END ELSE CASE WHEN sent_late THEN 'K' ELSE 'k' END END,
    {_MINUTE.format("opens_at")}, ',',
    {_MINUTE.format("CASE WHEN state IN ('kept', 'late') THEN recorded_at ELSE said_at END")}, ',',
    {_MINUTE.format("missed_at")}), ';' ORDER BY opens_at, id)"""
_COUNTED = "point, count(*) AS due, count(*) FILTER (WHERE state IN ('kept', 'late')) AS seen"
_LAST = "max(extract(epoch FROM opens_at)::bigint * 16 + {}) FILTER (WHERE state <> 'due' AND opens_at <= $8) % 16"
_BEGUN = "max({}) FILTER (WHERE opens_at <= $8)"
_DAY = f"SELECT {_COUNTED}, {_BEGUN.format(f'{_RANK} + {_SENT}')} AS rank, {_PACKED} AS moments {_STOPS} GROUP BY point"
_WEEK = f"""SELECT {_COUNTED}, coalesce({_LAST.format(f"{_RANK} + {_SENT}")}, {_BEGUN.format(_RANK)}) AS rank,
  {_PACKED} AS moments {_STOPS} GROUP BY point"""
_TERM = f"""SELECT point, sum(n)::bigint AS due,
  coalesce(sum(n) FILTER (WHERE state IN ('kept', 'late')), 0)::bigint AS seen,
  coalesce((array_agg({_RANK} ORDER BY last DESC) FILTER (WHERE state <> 'due' AND last IS NOT NULL))[1],
    max({_RANK}) FILTER (WHERE last IS NOT NULL)) AS rank, '' AS moments
  FROM (SELECT point, state, count(*) AS n, max(opens_at) FILTER (WHERE opens_at <= $8) AS last {_STOPS}
    GROUP BY point, state) by_state GROUP BY point"""
"""Of a term only what stands in the index is read: nothing of how a stop was sent, no moments."""

_PINS = f"""
SELECT p.id, p.number, p.name, p.name_en, p.kind, p.position, p.position_en, p.pin_x, p.pin_y,
  coalesce(s.due, 0) AS due, coalesce(s.seen, 0) AS seen, s.rank, s.moments, v.created_at AS first_visit,
  f.open, coalesce(f.major, false) AS major, t.point IS NOT NULL OR l.works IS FALSE AS label
FROM point p LEFT JOIN ({{stops}}) s ON s.point = p.id
  LEFT JOIN LATERAL (SELECT created_at FROM visit WHERE point = p.id ORDER BY saved_at LIMIT 1) v ON true
  LEFT JOIN (SELECT point, count(*) AS open, bool_or({GRADE} = 'major') AS major FROM finding f
    WHERE school = $1 AND {IS_OPEN} AND point IS NOT NULL GROUP BY point) f ON f.point = p.id
  LEFT JOIN ({BROKEN}) t ON t.point = p.id
  LEFT JOIN (SELECT point, bool_or(revoked_at IS NULL) AS works FROM label WHERE school = $1 AND point IS NOT NULL
    GROUP BY point) l ON l.point = p.id
WHERE {_POINTS} AND p.place IS NOT DISTINCT FROM $7
ORDER BY p.number, p.id
"""
PINS = {"day": _PINS.format(stops=_DAY), "week": _PINS.format(stops=_WEEK), "term": _PINS.format(stops=_TERM)}
"""By the word of the period. $1 to $6 as above, $7 place (null: none), $8 now, $9 midnight of the first day."""

THEN = """
SELECT point, opens_at, state, said_at, recorded_at, missed_at, sent_late FROM stop
WHERE school = $1 AND day BETWEEN $2 AND $3 AND ($4::uuid IS NULL OR route = $4) AND point = ANY ($5::uuid[])
ORDER BY point, opens_at, id
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """Values of the statements: whose, which days, the moment that is now and the midnight that minutes count from."""

    school: UUID
    view: View
    days: Days
    now: datetime
    begin: datetime

    @property
    def values(self) -> tuple[Any, ...]:
        return (self.school, self.view.kind, self.view.area, self.days.start, self.days.end, self.view.route)


def statement(asked: Asked, place: UUID | None) -> tuple[str, list[Any]]:
    """The statement of a place's points with its values, for the page and for who measures it."""
    values = [*asked.values, place, asked.now]
    term = asked.view.word == "term"
    return PINS[asked.view.word], values if term else [*values, asked.begin]


async def places(member: Member, asked: Asked) -> Rows:
    """Places with points or a plan, and how many points of each missed something."""
    async with reading(member.scope):
        return await database.rows(PLACES, *asked.values)


async def pins(member: Member, asked: Asked, place: UUID | None) -> list[Any]:
    """Points of one place as records: `rank` of its mark (rules_plan.BY_RANK), null when nothing began."""
    async with reading(member.scope):
        sql, values = statement(asked, place)
        return list(await database.connection().fetch(sql, *values))


async def stops_then(member: Member, asked: Asked, points: list[UUID]) -> list[Any]:
    """The stops of these points with their moments, for what was known at an earlier one."""
    async with reading(member.scope):
        found = await database.connection().fetch(
            THEN, asked.school, asked.days.start, asked.days.end, asked.view.route, points
        )
    return list(found)
