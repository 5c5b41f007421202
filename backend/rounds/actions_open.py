"""Opening rounds: by the worker when their time comes, by hand when something happens. Never twice: the route's row is
locked, and the database knows one round for a route and a beginning."""

import hashlib
import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from random import SystemRandom
from typing import Any
from uuid import UUID

from backend import clock, database
from backend.access import Member
from backend.database import DB, writing
from backend.language import N_
from backend.record import actions as record
from backend.record.rules import canonical
from backend.rounds.queries_calendar import calendar_of
from backend.rounds.queries_duty import on_duty
from backend.rounds.queries_points import points_of_routes
from backend.rounds.rules import Order, RouteState, Span, Who
from backend.rounds.rules_open import AHEAD, FURTHEST_BACK, LEAD, LOOK_AGAIN, Place, Things, begins_from, stops_of
from backend.rounds.rules_when import Calendar, Slot, Window, is_night, occurrences, plan_of
from backend.row import uuid7
from backend.trouble import Missing, Refused
from fixtures.packs import read

log = logging.getLogger("xunan.rounds")
Row = dict[str, Any]
EVENT_MINUTES = 120

_DUE = """SELECT DISTINCT school FROM route WHERE state = 'active' AND next_at <= $1"""
_ROUTES = """SELECT id, school, name, name_en, ordering, who, post, roster, span, rule, days, moved,
  windows::text AS windows, grace, challenge, starts_on, ends_on, state, opened_until, next_at FROM route"""
_ROUNDS = """
INSERT INTO round (id, school, route, day, name, name_en, slot, slot_en, ordering, span, opens_at, closes_at,
  late_until, night, post, users, stops, cause, opened_by, created_at)
SELECT id, $1, route, day, name, name_en, slot, slot_en, ordering, span, opens_at, closes_at, late_until, night, post,
  ARRAY(SELECT jsonb_array_elements_text(users)::uuid), stops, cause, opened_by, created_at
FROM jsonb_to_recordset($2::jsonb) AS r(id uuid, route uuid, day date, name text, name_en text, slot text, slot_en text,
  ordering text, span text, opens_at timestamptz, closes_at timestamptz, late_until timestamptz, night boolean,
  post text, users jsonb, stops integer, cause text, opened_by uuid, created_at timestamptz)
ON CONFLICT (route, opens_at) DO NOTHING RETURNING id
"""
_STOPS = """
INSERT INTO stop (school, round, route, point, kind, area, position, day, opens_at, closes_at, late_until, challenge)
SELECT $1, r.id, r.route, s.point, s.kind, s.area, s.position, r.day, r.opens_at, r.closes_at, r.late_until, s.challenge
FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::smallint[], $7::text[])
    AS s(round, point, kind, area, position, challenge)
  JOIN round r ON r.id = s.round
"""
OWN_TIME = "least(v.saved_at - coalesce(v.skew_ms, 0) * interval '1 ms', v.created_at)"
"""When a visit `v` was, by its phone's clock put right by what that clock showed when it was sent."""
_MATCH = f"""
UPDATE stop s SET state = CASE WHEN m.at <= s.closes_at THEN 'kept' ELSE 'late' END, visit = m.visit, at = m.at,
  recorded_at = m.recorded_at, sent_late = m.recorded_at > s.late_until,
  missed_at = CASE WHEN m.recorded_at > s.late_until THEN s.late_until END
FROM (SELECT s.id, f.* FROM stop s JOIN LATERAL (
    SELECT v.id AS visit, {OWN_TIME} AS at, v.created_at AS recorded_at FROM visit v
    WHERE v.point = s.point AND v.saved_at BETWEEN s.opens_at - interval '1 day' AND s.late_until + interval '1 day'
      AND {OWN_TIME} BETWEEN s.opens_at AND s.late_until
    ORDER BY 2 LIMIT 1) f ON true
  WHERE s.round = ANY ($1::uuid[])) m
WHERE s.id = m.id
"""
_STARTED = """
UPDATE round r SET started_at = f.at, started_by = f.by,
  finished_at = CASE WHEN f.left_over = 0 THEN f.last END, finished_by = CASE WHEN f.left_over = 0 THEN f.by END
FROM (SELECT s.round, min(s.at) AS at, max(s.at) AS last, (array_agg(v.by ORDER BY s.at))[1] AS by,
    count(*) FILTER (WHERE s.state = 'due') AS left_over
  FROM stop s LEFT JOIN visit v ON v.id = s.visit WHERE s.round = ANY ($1::uuid[]) GROUP BY s.round) f
WHERE r.id = f.round AND f.at IS NOT NULL
"""


@cache
def things() -> Things:
    """Named things by kind of point; photographing one shows that somebody was there."""
    return dict(read("challenges"))


async def open_due() -> str:
    """Opens what begins within LEAD, school by school; what a pause left out is made up for. For the worker (owner)."""
    async with DB.transaction():
        schools = [row["school"] for row in await database.rows(_DUE, clock.now() + LEAD)]
    opened = 0
    for school in schools:
        try:
            opened += await open_school(school, clock.now())
        except Exception:  # one school must not keep the others' rounds closed
            log.exception("rounds of %s", school)
    return f"{opened} rounds opened" if opened else ""


async def open_school(school: UUID, now: datetime) -> int:
    """One transaction: every round of the school that begins before `now` + LEAD and is not there yet."""
    async with DB.transaction():
        routes = await database.rows(
            f"{_ROUTES} WHERE school = $1 AND state = 'active' AND next_at <= $2 ORDER BY id FOR UPDATE SKIP LOCKED",
            *(school, now + LEAD),
        )
        if not routes:
            return 0
        first = max(min(route["opened_until"] for route in routes), now - FURTHEST_BACK)
        calendar = await calendar_of(school, clock.local(first).date(), clock.local(now + AHEAD).date())
        points = await points_of_routes(school, [route["id"] for route in routes])
        batch = Batch(school, now)
        for route in map(_parsed, routes):
            start = max(route["opened_until"], now - FURTHEST_BACK)
            for slot in occurrences(plan_of(route), calendar, start, now + LEAD, clock.zone()):
                await batch.add(route, slot, points.get(route["id"], []))
        opened = await batch.write()
        for route in routes:
            await _look_later(route, calendar, now)
        return opened


def _parsed(route: Row) -> Row:
    if isinstance(route["windows"], str):
        route["windows"] = json.loads(route["windows"])
    return route


@dataclass
class Batch:
    """Rounds of one school that wait to be written together. Backdated ones (`now` before the clock's) say so."""

    school: UUID
    now: datetime

    def __post_init__(self) -> None:
        self.rounds: list[Row] = []
        self.stops: dict[UUID, list[Place]] = {}

    async def add(
        self,
        route: Row,
        slot: Slot,
        points: list[Row],
        cause: str = "",
        by: UUID | None = None,
        key: UUID | None = None,
    ) -> None:
        """A route that leads nowhere has no round: there would be nothing to walk."""
        if not points:
            return
        chance = SystemRandom()
        places = stops_of(points, Order(route["ordering"]), route["challenge"], things(), chance)
        users = await self._users(route, slot.opens_at)
        round_id = key or uuid7()
        self.stops[round_id] = places
        self.rounds.append(
            {
                **{"id": str(round_id), "route": str(route["id"]), "day": slot.day.isoformat(), "name": route["name"]},
                **{"name_en": route["name_en"], "slot": slot.slot, "slot_en": slot.slot_en, "span": route["span"]},
                **{"ordering": route["ordering"], "opens_at": slot.opens_at.isoformat(), "night": slot.night},
                **{"closes_at": slot.closes_at.isoformat(), "late_until": slot.late_until.isoformat()},
                **{"post": route["post"] if route["who"] == Who.POST.value else "", "stops": len(places)},
                **{"users": [str(user) for user in users], "cause": cause, "opened_by": str(by) if by else None},
                "created_at": self.now.isoformat(),
            }
        )

    async def _users(self, route: Row, at: datetime) -> Iterable[UUID]:
        if route["who"] == Who.ROSTER.value:
            return await on_duty(self.school, route["roster"], at)
        if route["who"] == Who.PERSONS.value:
            found = await database.rows(
                'SELECT "user" FROM route_person WHERE route = $1 AND dropped_at IS NULL', route["id"]
            )
            return [row["user"] for row in found]
        return ()

    async def write(self) -> int:
        """How many rounds are new; each is told to the school's chain with what it consists of."""
        if not self.rounds:
            return 0
        made = {row["id"] for row in await database.rows(_ROUNDS, self.school, json.dumps(self.rounds))}
        rows = [(key, place) for key, places in self.stops.items() if key in made for place in places]
        await database.run(
            _STOPS,
            *(self.school, [key for key, _ in rows], [place.point["id"] for _, place in rows]),
            *([place.point["kind"] for _, place in rows], [place.point["area"] for _, place in rows]),
            *([place.position for _, place in rows], [place.challenge for _, place in rows]),
        )
        begun = [UUID(one["id"]) for one in self.rounds if one["opens_at"] < self.now.isoformat()]
        if late := [key for key in begun if key in made]:
            await database.run(_MATCH, late)
            await database.run(_STARTED, late)
        for one in self.rounds:
            if UUID(one["id"]) in made:
                await record.append(self.school, UUID(one["id"]), "round_open", self._recorded(one), None)
        return len(made)

    def _recorded(self, one: Row) -> str:
        """What the chain keeps of an opening: which points, as a hash, so that none can be slipped in or out later."""
        points = sorted(str(place.point["id"]) for place in self.stops[UUID(one["id"])])
        told = {key: one[key] for key in ("route", "day", "opens_at", "closes_at", "late_until", "stops", "cause")}
        return canonical({**told, "points_sha256": hashlib.sha256("\n".join(points).encode()).hexdigest()})


async def _look_later(route: Row, calendar: Calendar, now: datetime) -> None:
    """Everything before `now` + LEAD exists; when this route has to be looked at again."""
    until = max(route["opened_until"], now + LEAD)
    await database.run(
        "UPDATE route SET opened_until = $2, next_at = $3 WHERE id = $1",
        *(route["id"], until, _next(route, calendar, until, now)),
    )


def _next(route: Row, calendar: Calendar, after: datetime, now: datetime) -> datetime | None:
    if route["state"] != RouteState.ACTIVE.value or route["span"] == Span.EVENT.value:
        return None
    plan = plan_of(_parsed(route))
    if plan.ends_on and plan.ends_on < clock.local(after).date():
        return None
    coming = occurrences(plan, calendar, after, now + LOOK_AGAIN + LEAD, clock.zone())
    return coming[0].opens_at if coming else now + LOOK_AGAIN + LEAD


async def replan(route_id: UUID, *, begin: bool = False) -> None:
    """After a route was made, edited or resumed, inside that transaction. `begin`: its rounds start from now; what lay
    in a pause, or before it was made, is no round."""
    route = await database.row(f"{_ROUTES} WHERE id = $1 FOR UPDATE", route_id)
    if route is None:
        raise Missing()
    now = clock.now()
    if begin:
        route["opened_until"] = begins_from(Span(route["span"]), now, clock.midnight(clock.today()))
    calendar = await calendar_of(route["school"], clock.today(), clock.local(now + AHEAD).date())
    await database.run(
        "UPDATE route SET opened_until = $2, next_at = $3 WHERE id = $1",
        *(route_id, route["opened_until"], _next(route, calendar, route["opened_until"], now)),
    )


async def open_now(route_id: UUID, cause: str, by: Member, round_id: UUID | None = None) -> UUID:
    """A round by hand: an event, a weather warning, once more. The same id again is the same round."""
    now = clock.now()
    async with writing(by.scope):
        route = await database.row(f"{_ROUTES} WHERE id = $1 AND school = $2 FOR UPDATE", route_id, by.school)
        if route is None or by.school is None:
            raise Missing()
        if round_id and await database.value("SELECT 1 FROM round WHERE id = $1 AND route = $2", round_id, route_id):
            return round_id
        if route["state"] == RouteState.ENDED.value:
            raise Refused(N_("This route has ended."))
        points = (await points_of_routes(by.school, [route_id])).get(route_id, [])
        if not points:
            raise Refused(N_("This route leads to no point."))
        batch = Batch(by.school, now)
        await batch.add(_parsed(route), _slot_now(route, now), points, cause, by.user, round_id)
        if not await batch.write():
            raise Refused(N_("This round is open already."))
        return UUID(batch.rounds[0]["id"])


def _slot_now(route: Row, now: datetime) -> Slot:
    """A window that begins now and is as long as the route's first one, or two hours."""
    window = next((Window("", "", w["start"], w["end"]) for w in route["windows"]), Window("", "", 0, EVENT_MINUTES))
    local = clock.local(now)
    closes = now + timedelta(minutes=window.end - window.start)
    late = closes + timedelta(minutes=route["grace"])
    return Slot(local.date(), "", "", now, closes, late, is_night(local.hour * 60 + local.minute))
