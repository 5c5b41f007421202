"""Verbs on routes. Each leaves an event with the route as it was before, and touches only rounds not opened yet."""

import json
from typing import Any
from uuid import UUID

import asyncpg

from backend import clock, database
from backend.access import Member
from backend.database import writing
from backend.language import N_
from backend.rounds.actions_open import replan
from backend.rounds.rules import RouteState, RouteVerb
from backend.rounds.rules_route_words import RECORDED
from backend.rounds.rules_routes import FILL_IN, LONGEST, TOO_LONG, RouteFacts
from backend.row import uuid7
from backend.trouble import Forbidden, Invalid, Missing, Refused

NAME_TAKEN = N_("Another route of this school has this name")
CHANGED = N_("Somebody changed this route meanwhile. What you typed is still here.")
HAS_ENDED = N_("This route has ended.")
NOT_SO = {
    RouteVerb.PAUSE: N_("This route is paused already or has ended."),
    RouteVerb.RESUME: N_("This route is not paused."),
    RouteVerb.END: N_("This route has ended already."),
}
MOVES = {
    RouteVerb.PAUSE: ((RouteState.ACTIVE,), RouteState.PAUSED),
    RouteVerb.RESUME: ((RouteState.PAUSED,), RouteState.ACTIVE),
    RouteVerb.END: ((RouteState.ACTIVE, RouteState.PAUSED), RouteState.ENDED),
}
"""Verb -> (states it may start from, state it leads to)."""
_COLUMNS = (
    *("name", "name_en", "chooses", "kinds", "places", "ordering", "who", "post", "roster", "span", "rule", "days"),
    *("moved", "windows", "grace", "challenge", "starts_on", "ends_on", "note"),
)
_BEFORE = """
SELECT r.*, r.windows::text AS windows,
  ARRAY(SELECT point FROM route_point n WHERE n.route = r.id AND n.dropped_at IS NULL
    ORDER BY position, point) AS points,
  ARRAY(SELECT "user" FROM route_person p WHERE p.route = r.id AND p.dropped_at IS NULL ORDER BY 1) AS persons
FROM route r WHERE r.id = $1 AND r.school = $2 FOR UPDATE
"""


def _values(facts: RouteFacts) -> list[Any]:
    windows = [{"name": one.name, "name_en": one.name_en, "start": one.start, "end": one.end} for one in facts.windows]
    found: dict[str, Any] = {column: getattr(facts, column) for column in _COLUMNS}
    found |= {"windows": json.dumps(windows, ensure_ascii=False)}
    found |= {name: list(found[name]) for name in ("kinds", "places")}
    return [getattr(value, "value", value) for value in found.values()]


async def make(facts: RouteFacts, by: Member, route: UUID | None = None, proposed: str = "") -> UUID:
    """A new route; the same `route` id again is the same route. `proposed`: what of the proposal it came from.

    Raises Invalid by field, Missing for an id that is somebody else's.
    """
    if by.school is None:
        raise Forbidden()
    if facts.faults:
        raise Invalid(facts.faults, n=facts.bad_line)
    new = route or uuid7()
    async with writing(by.scope):
        if await database.value("SELECT 1 FROM route WHERE id = $1 AND school = $2", new, by.school):
            return new
        places = ", ".join(f"${n}" for n in range(5, len(_COLUMNS) + 5))
        sql = f"""INSERT INTO route (id, school, proposed, opened_until, {", ".join(_COLUMNS)})
                  VALUES ($1, $2, $3, $4, {places})"""
        await _named(sql, new, by.school, proposed, clock.now(), *_values(facts))
        await _points_and_persons(new, facts, by.school)
        await _tell(new, RouteVerb.MAKE, {}, by)
        await replan(new, begin=True)
    return new


async def edit(route: UUID, version: int, facts: RouteFacts, by: Member) -> None:
    """The route from now on; rounds that are open stay as they are. Raises Refused when somebody was first."""
    if facts.faults:
        raise Invalid(facts.faults, n=facts.bad_line)
    async with writing(by.scope):
        before = await _before(route, by)
        if before["state"] == RouteState.ENDED.value:
            raise Refused(HAS_ENDED)
        if before["version"] != version:
            raise Refused(CHANGED, "changed")
        pairs = ", ".join(f"{column} = ${n}" for n, column in enumerate(_COLUMNS, start=2))
        await _named(f"UPDATE route SET version = version + 1, {pairs} WHERE id = $1", route, *_values(facts))
        await _points_and_persons(route, facts, before["school"])
        await _tell(route, RouteVerb.EDIT, recorded(before), by)
        await replan(route)


async def change_state(route: UUID, verb: RouteVerb, why: str, by: Member) -> None:
    """Pause, resume or end; pausing and ending need a reason. Raises Invalid, Refused."""
    why = " ".join(why.split())
    if not why and verb is not RouteVerb.RESUME:
        raise Invalid({"why": FILL_IN})
    if len(why) > LONGEST["why"]:
        raise Invalid({"why": TOO_LONG})
    allowed, goal = MOVES[verb]
    async with writing(by.scope):
        before = await _before(route, by)
        if before["state"] not in {state.value for state in allowed}:
            raise Refused(NOT_SO[verb])
        sql = "UPDATE route SET state = $2, version = version + 1 WHERE id = $1"
        try:
            await database.run(sql, route, goal.value)
        except asyncpg.UniqueViolationError:  # an ended name may be taken, a resumed one never is
            raise Refused(NAME_TAKEN) from None
        await _tell(route, verb, recorded(before) | {"why": why}, by)
        await replan(route, begin=verb is RouteVerb.RESUME)


async def _before(route: UUID, by: Member) -> dict[str, Any]:
    found = await database.row(_BEFORE, route, by.school)
    if found is None:
        raise Missing()
    return found | {"windows": json.loads(found["windows"])}


def recorded(row: dict[str, Any]) -> dict[str, Any]:
    """What an event keeps of a route, as JSON has it."""
    kept: dict[str, Any] = json.loads(json.dumps({name: row[name] for name in RECORDED}, default=str))
    return kept | {"state": row["state"], "version": row["version"]}


async def _named(sql: str, *values: Any) -> None:
    try:
        await database.run(sql, *values)
    except asyncpg.UniqueViolationError:
        raise Invalid({"name": NAME_TAKEN}) from None


async def _points_and_persons(route: UUID, facts: RouteFacts, school: UUID) -> None:
    """Points out of use keep their turn: the form does not show them, and they may come back."""
    points = list(facts.points)
    await database.run(
        """UPDATE route_point n SET dropped_at = $3 FROM point p WHERE n.route = $1 AND n.dropped_at IS NULL
             AND p.id = n.point AND p.state = 'active' AND n.point <> ALL ($2)""",
        *(route, points, clock.now()),
    )
    await database.run(
        """INSERT INTO route_point (school, route, point, position)
           SELECT $2, $1, point, n FROM unnest($3::uuid[]) WITH ORDINALITY AS t (point, n)
           ON CONFLICT (route, point) DO UPDATE SET position = excluded.position, dropped_at = NULL""",
        *(route, school, points),
    )
    await database.run(
        'UPDATE route_person SET dropped_at = $3 WHERE route = $1 AND dropped_at IS NULL AND "user" <> ALL ($2)',
        *(route, list(facts.persons), clock.now()),
    )
    await database.run(
        """INSERT INTO route_person (school, route, "user") SELECT $2, $1, unnest($3::uuid[])
           ON CONFLICT (route, "user") DO UPDATE SET dropped_at = NULL""",
        *(route, school, list(facts.persons)),
    )


async def _tell(route: UUID, verb: RouteVerb, facts: dict[str, Any], by: Member) -> None:
    await database.run(
        "INSERT INTO route_event (id, school, route, verb, by, facts) VALUES ($1, $2, $3, $4, $5, $6::jsonb)",
        *(uuid7(), by.school, route, verb.value, by.user, json.dumps(facts, ensure_ascii=False)),
    )
