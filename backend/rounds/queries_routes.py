"""Routes of a school: the list with what comes next, one route with its points and its history, what a form offers."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from backend import clock, database
from backend.access import MAY, POSTS, Do, Member
from backend.database import reading
from backend.rounds.queries_calendar import calendar_of
from backend.rounds.queries_points import points_of_routes
from backend.rounds.rules import RouteState
from backend.rounds.rules_routes import coming
from backend.rounds.rules_when import Plan, Slot, plan_of
from backend.trouble import Missing

Rows = list[dict[str, Any]]
WALKERS = sorted(post for post, role in POSTS.items() if Do.VISIT in MAY[role])
"""Posts whose holders may walk a round."""
AHEAD = timedelta(days=400)

_ROUTES = """
SELECT r.*, r.windows::text AS windows, o.name AS roster_name, o.name_en AS roster_name_en,
  coalesce((SELECT jsonb_agg(jsonb_build_object('id', u.id, 'name', u.name, 'name_en', u.name_en) ORDER BY u.name, u.id)
    FROM route_person p JOIN app_user u ON u.id = p."user" WHERE p.route = r.id AND p.dropped_at IS NULL),
    '[]')::text AS persons,
  (SELECT count(*) FROM member m WHERE m.body = r.school AND m.active AND m.post = r.post) AS holders,
  open.id AS open_round, open.closes_at AS open_until
FROM route r LEFT JOIN roster o ON o.id = r.roster
  LEFT JOIN LATERAL (SELECT d.id, d.closes_at FROM round d WHERE d.route = r.id AND d.closed_at IS NULL
    AND d.opens_at <= $3 ORDER BY d.opens_at DESC LIMIT 1) open ON true
WHERE r.school IN (SELECT id FROM body WHERE kind = 'school' AND $1 = ANY (path)) AND r.school = $2
"""


def _parsed(row: dict[str, Any]) -> dict[str, Any]:
    return row | {name: json.loads(row[name]) for name in ("windows", "persons")}


async def routes_of(member: Member, school: UUID, *, ended: bool) -> Rows:
    """By name, those in use first; `points`: how many; `coming`: the Slot of the next round or None."""
    which = " AND (r.state = 'ended') = $4 ORDER BY r.state, r.name, r.id"
    async with reading(member.scope):
        found = [_parsed(row) for row in await database.rows(_ROUTES + which, member.body, school, clock.now(), ended)]
        points = await points_of_routes(school, [row["id"] for row in found])
        slots = await _coming(school, found)
    return [
        row | {"points": len(points.get(row["id"], ())), "coming": next(iter(slots.get(row["id"], ())), None)}
        for row in found
    ]


async def _coming(school: UUID, routes: Sequence[dict[str, Any]], most: int = 1) -> dict[UUID, list[Slot]]:
    active = [row for row in routes if row["state"] == RouteState.ACTIVE.value]
    if not active:
        return {}
    calendar = await calendar_of(school, clock.today(), clock.today() + AHEAD)
    return {row["id"]: list(coming(plan_of(row), calendar, clock.now(), clock.zone(), most)) for row in active}


async def counts(member: Member, school: UUID) -> dict[str, int]:
    """How many routes there are in each state, and how many active points the school has."""
    async with reading(member.scope):
        found = await database.row(
            """SELECT count(*) FILTER (WHERE state <> 'ended') AS used,
                 count(*) FILTER (WHERE state = 'ended') AS ended,
                 (SELECT count(*) FROM point WHERE school = $1 AND state = 'active') AS points
               FROM route WHERE school = $1""",
            school,
        )
    return found or {}


async def route(member: Member, route_id: UUID) -> dict[str, Any]:
    """One route with its points in order (`stops`) and its next rounds (`coming`). Raises Missing."""
    async with reading(member.scope):
        school = await database.value("SELECT school FROM route WHERE id = $1", route_id)
        sql = _ROUTES + " AND r.id = $4"
        row = await database.row(sql, member.body, school, clock.now(), route_id) if school else None
        if row is None:
            raise Missing()
        found = _parsed(row)
        points = (await points_of_routes(school, [route_id])).get(route_id, [])
        slots = await _coming(school, [found], 6)
        places = await database.rows(_PLACES, school)
    return found | {"stops": points, "coming": slots.get(route_id, []), "all_places": {p["id"]: p for p in places}}


async def next_rounds(member: Member, school: UUID, plan: Plan, most: int) -> Sequence[Slot]:
    """When the rounds of a plan that is only being thought of would be."""
    async with reading(member.scope):
        calendar = await calendar_of(school, clock.today(), clock.today() + AHEAD)
    return coming(plan, calendar, max(clock.now(), clock.midnight(plan.starts_on)), clock.zone(), most)


async def events(member: Member, route_id: UUID) -> Rows:
    """What was done to a route, oldest first; `facts` parsed: the route as it was before."""
    async with reading(member.scope):
        found = await database.rows(
            """SELECT e.id, e.verb, e.created_at, e.facts::text AS facts, u.name, u.name_en
               FROM route_event e LEFT JOIN app_user u ON u.id = e.by WHERE e.route = $1 ORDER BY e.created_at, e.id""",
            route_id,
        )
    return [row | {"facts": json.loads(row["facts"])} for row in found]


_PLACES = """
SELECT p.id, p.kind, p.parent, p.name, p.name_en, up.name AS building, up.name_en AS building_en
FROM place p LEFT JOIN place up ON up.id = p.parent WHERE p.school = $1
ORDER BY coalesce(up.position, p.position), coalesce(up.name, p.name), up.id NULLS FIRST, p.position, p.name
"""
_POINTS = """
SELECT p.id, p.number, p.name, p.name_en, p.kind, p.place, k.zh AS kind_zh, k.en AS kind_en
FROM point p JOIN point_kind k ON k.code = p.kind
  LEFT JOIN place f ON f.id = p.place LEFT JOIN place up ON up.id = f.parent
WHERE p.school = $1 AND p.state = 'active'
ORDER BY p.place IS NULL, coalesce(up.position, f.position), coalesce(up.name, f.name), up.id NULLS FIRST, f.position,
  f.name, p.number, p.id
"""
_PERSONS = """
SELECT u.id, u.name, u.name_en, array_agg(m.post ORDER BY m.post) AS posts
FROM member m JOIN app_user u ON u.id = m."user"
WHERE m.body = $1 AND m.active AND u.disabled_at IS NULL AND m.post = ANY ($2) GROUP BY u.id ORDER BY u.name, u.id
"""


async def choices(member: Member, school: UUID) -> dict[str, Rows]:
    """What the form offers: points in the order of their places, their kinds, places, persons, rosters."""
    async with reading(member.scope):
        points = await database.rows(_POINTS, school)
        rosters = await database.rows(
            "SELECT id, name, name_en FROM roster WHERE school = $1 AND ended_at IS NULL ORDER BY name, id", school
        )
        places = await database.rows(_PLACES, school)
        persons = await database.rows(_PERSONS, school, WALKERS)
    kinds = {p["kind"]: {"code": p["kind"], "zh": p["kind_zh"], "en": p["kind_en"]} for p in points}
    return {
        "points": points,
        "kinds": sorted(kinds.values(), key=lambda kind: str(kind["zh"])),
        "places": places,
        "persons": persons,
        "rosters": rosters,
    }


async def chosen(member: Member, route_id: UUID) -> tuple[list[UUID], list[UUID]]:
    """(points in order, persons) that a route names by hand."""
    async with reading(member.scope):
        points = await database.rows(
            """SELECT n.point AS id FROM route_point n JOIN point p ON p.id = n.point AND p.state = 'active'
               WHERE n.route = $1 AND n.dropped_at IS NULL ORDER BY n.position, p.number""",
            route_id,
        )
        persons = await database.rows(
            'SELECT "user" AS id FROM route_person WHERE route = $1 AND dropped_at IS NULL', route_id
        )
    return [row["id"] for row in points], [row["id"] for row in persons]
