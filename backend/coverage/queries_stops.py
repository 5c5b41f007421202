"""The stops behind a number: a list by key, newest day first, and its totals from the counts that are kept."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from backend import database
from backend.access import Member
from backend.coverage.queries_numbers import KINDS, SUMS
from backend.coverage.rules_numbers import Counts, counts_of
from backend.coverage.rules_stops import SEEN, Place, Wanted
from backend.database import reading
from backend.trouble import Missing

Rows = list[dict[str, Any]]
PAGE = 50
BATCH = 1000
_KEY = "s.day, s.opens_at, -s.position, s.id"
_COLUMNS = """
SELECT s.id, s.round, s.route, s.point, s.kind, s.area, s.position, s.day, s.opens_at, s.closes_at, s.late_until,
  s.state, s.visit, s.at, s.recorded_at, s.sent_late, s.missed_at, s.why, s.said_at,
  r.name AS round_name, r.name_en AS round_name_en, r.slot, r.slot_en, p.number AS point_number, p.name AS point_name,
  p.name_en AS point_name_en, k.zh AS kind_zh, k.en AS kind_en, seen.name AS person, seen.name_en AS person_en,
  said.name AS said_by, said.name_en AS said_by_en
FROM held s JOIN round r ON r.id = s.round JOIN point p ON p.id = s.point LEFT JOIN point_kind k ON k.code = s.kind
  LEFT JOIN visit v ON v.id = s.visit LEFT JOIN app_user seen ON seen.id = v.by
  LEFT JOIN app_user said ON said.id = s.by
"""
_COUNTED = f"SELECT {SUMS} FROM coverage_day s WHERE"
_OF_POINT = """
SELECT count(*) AS due, count(*) FILTER (WHERE state = 'kept') AS kept, count(*) FILTER (WHERE state = 'late') AS late,
  count(*) FILTER (WHERE state = 'missed') AS missed, count(*) FILTER (WHERE state = 'excused') AS excused,
  count(*) FILTER (WHERE state = 'unreachable') AS unreachable, count(*) FILTER (WHERE sent_late) AS sent_late
FROM stop s WHERE
"""


def _asked(school: UUID, wanted: Wanted) -> tuple[str, list[Any]]:
    """The WHERE that a list and its totals share, and its values; without the state."""
    values: list[Any] = [school]
    parts = ["s.school = $1"]
    for part, value in (
        *(("s.day >= ?", wanted.start), ("s.day <= ?", wanted.end), ("s.route = ?", wanted.route)),
        *(("s.kind = ?", wanted.kind), ("s.area = ?", wanted.area), ("s.point = ?", wanted.point)),
    ):
        if value:
            values.append(value)
            parts.append(part.replace("?", f"${len(values)}"))
    return " AND ".join(parts), values


def _state(wanted: Wanted) -> str:
    """Words of the enum only: they are told to the planner, who has an index for some of them."""
    told = " AND s.sent_late" if wanted.sent_late else ""
    if wanted.state == SEEN:
        return f"{told} AND s.state IN ('kept', 'late')"
    return f"{told} AND s.state = '{wanted.state}'" if wanted.state else told


def page_of(school: UUID, wanted: Wanted, start: Place | None, most: int) -> tuple[str, list[Any]]:
    """The statement of a page with its values, for the list and for who measures it."""
    where, values = _asked(school, wanted)
    where += _state(wanted)
    back = start is not None and start.back
    if start is not None:
        values += [start.day, start.opens_at, -start.position, start.id]
        told = ", ".join(f"${n}" for n in range(len(values) - 3, len(values) + 1))
        day = f"${len(values) - 3}"
        where += f" AND s.day {'>=' if back else '<='} {day} AND ({_KEY}) {'>' if back else '<'} ({told})"
    order = ", ".join(f"{part} {'ASC' if back else 'DESC'}" for part in _KEY.split(", "))
    held = f"SELECT s.* FROM stop s WHERE {where} ORDER BY {order} LIMIT {most + 1}"
    return f"WITH held AS MATERIALIZED ({held}) {_COLUMNS} ORDER BY {order}", values


async def stops(
    member: Member, school: UUID, wanted: Wanted, start: Place | None = None, most: int = PAGE
) -> tuple[Rows, bool]:
    """A page of a school's stops, newest day first, a round in its order; whether the list goes on."""
    sql, values = page_of(school, wanted, start, most)
    async with reading(member.scope):
        found = await database.rows(sql, *values)
    more, found = len(found) > most, found[:most]
    return (found[::-1] if start is not None and start.back else found), more


async def totals(member: Member, school: UUID, wanted: Wanted) -> Counts:
    """Counts of the list whatever its state; of one point from its stops, else from the counts of the days."""
    where, values = _asked(school, wanted)
    async with reading(member.scope):
        return counts_of(await database.row(f"{_OF_POINT if wanted.point else _COUNTED} {where}", *values))


async def every(member: Member, school: UUID, wanted: Wanted) -> AsyncIterator[Rows]:
    """The whole list in batches, each in a transaction of its own."""
    start: Place | None = None
    while True:
        found, more = await stops(member, school, wanted, start, BATCH)
        if found:
            yield found
        if not more:
            return
        start = place_of(found[-1])


def place_of(row: dict[str, Any], back: bool = False) -> Place:
    return Place(row["day"], row["opens_at"], row["position"], row["id"], back)


async def choices(member: Member, school: UUID) -> dict[str, Rows]:
    """What the filters offer: routes and kinds of points that the school has stops of."""
    async with reading(member.scope):
        routes = await database.rows(
            "SELECT id, name, name_en FROM route WHERE school = $1 ORDER BY state = 'ended', name, id", school
        )
        used = await database.value(
            "SELECT coalesce(array_agg(DISTINCT kind), '{}') FROM point WHERE school = $1", school
        )
        kinds = [row for row in await database.rows(KINDS) if row["code"] in used]
    return {"routes": routes, "kinds": kinds}


async def point_of(member: Member, school: UUID, point: UUID) -> dict[str, Any]:
    """The point a list is about. Raises Missing."""
    async with reading(member.scope):
        found = await database.row(
            "SELECT id, number, name, name_en FROM point WHERE id = $2 AND school = $1", school, point
        )
    if found is None:
        raise Missing()
    return found
