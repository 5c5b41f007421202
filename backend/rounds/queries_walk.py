"""What the patroller's phone needs of rounds: mine, one round with its stops, where to go from here."""

from datetime import timedelta
from functools import cache
from typing import Any
from uuid import UUID

from backend import clock, database
from backend.access import MAY, POSTS, WITHIN, Do, Member
from backend.database import reading
from backend.rounds.rules import Order, StopState
from backend.rounds.rules_walk import Step, way
from backend.trouble import Missing
from backend.visits.queries_today import points_due
from fixtures.packs import read

Row = dict[str, Any]
AHEAD, BEHIND = timedelta(days=1), timedelta(hours=3)
"""Rounds that begin within a day, and those that were over a short while ago, stand on the page of today."""

_COUNTS = """count(*) FILTER (WHERE s.state IN ('kept', 'late')) AS seen,
  count(*) FILTER (WHERE s.state = 'due') AS due, array_agg(s.point) FILTER (WHERE s.state = 'due') AS points,
  count(*) FILTER (WHERE s.state = 'unreachable') AS unreachable"""
_MINE = f"""
SELECT r.id, r.name, r.name_en, r.slot, r.slot_en, r.span, r.day, r.opens_at, r.closes_at, r.late_until, r.started_at,
  r.finished_at, r.closed_at, r.stops, r.night, c.seen, c.due, c.points, c.unreachable
FROM round r JOIN LATERAL (SELECT {_COUNTS} FROM stop s WHERE s.round = r.id) c ON true
WHERE r.school = $1 AND (r.closed_at IS NULL OR r.opens_at > $4::timestamptz - interval '2 days')
  AND r.late_until > $5 AND r.opens_at < $6
  AND (r.holder = $2 OR r.holder IS NULL AND ($2 = ANY (r.users) OR r.post <> '' AND r.post = $3))
ORDER BY r.closes_at, r.opens_at, r.id
"""


async def my_rounds(member: Member) -> list[Row]:
    """The rounds he is to walk, running, soon or just over, with their counts; `points` are those still due."""
    now = clock.now()
    async with reading(member.scope):
        return await database.rows(_MINE, member.school, member.user, member.post, now, now - BEHIND, now + AHEAD)


_PEOPLE = "holder", "started_by", "finished_by"


async def round_of(member: Member, round_id: UUID) -> Row:
    """A round that he may read, with the names of its people; raises Missing."""
    names = ", ".join(
        f"(SELECT name FROM app_user WHERE id = r.{one}) AS {one}_name,"
        f" (SELECT name_en FROM app_user WHERE id = r.{one}) AS {one}_name_en"
        for one in _PEOPLE
    )
    async with reading(member.scope):
        found = await database.row(
            f"SELECT r.*, {names} FROM round r WHERE r.id = $2 AND r.{WITHIN}", member.body, round_id
        )
    if found is None:
        raise Missing()
    return found


_STOPS = """
SELECT s.id, s.point, s.state, s.position, s.at, s.recorded_at, s.sent_late, s.why, s.said_at, s.challenge, s.visit,
  s.kind, p.number, p.name, p.name_en, p.position AS spot, p.position_en AS spot_en, p.pin_x, p.pin_y, p.place,
  floor.name AS floor, floor.name_en AS floor_en, floor.plan_sha256, floor.plan_width, floor.plan_height,
  house.id AS house_id, house.name AS house, house.name_en AS house_en, u.name AS said_by, u.name_en AS said_by_en,
  (SELECT code FROM label l WHERE l.point = p.id AND l.revoked_at IS NULL ORDER BY l.bound_at DESC LIMIT 1) AS code
FROM stop s JOIN point p ON p.id = s.point LEFT JOIN place floor ON floor.id = p.place
  LEFT JOIN place house ON house.id = floor.parent LEFT JOIN app_user u ON u.id = s.by
WHERE s.round = $1 ORDER BY s.position, s.id
"""


async def stops_of(member: Member, round_id: UUID) -> list[Row]:
    """Every stop of a round with its point, in the order of the route."""
    async with reading(member.scope):
        return await database.rows(_STOPS, round_id)


async def items_due(member: Member, school: UUID, points: list[UUID]) -> dict[UUID, int]:
    """How many items are due at these points now."""
    found = await points_due(member, school, mine=False, points=points) if points else []
    return {one["id"]: one["due"] for one in found}


def in_way(stops: list[Row], ordering: str) -> list[Row]:
    """The stops still due, the next one first."""
    known = {one["id"]: one for one in stops}
    return [known[step.id] for step in way(map(step_of, stops), Order(ordering))]


def step_of(stop: Row) -> Step:
    return Step(
        id=stop["id"],
        position=stop["position"],
        state=StopState(stop["state"]),
        place=stop["place"],
        house=stop["house_id"],
        x=stop["pin_x"],
        y=stop["pin_y"],
        at=stop["at"] or (stop["said_at"] if stop["state"] == StopState.UNREACHABLE.value else None),
    )


_AFTER = """
SELECT r.id, r.name, r.name_en, r.slot, r.slot_en, r.ordering, r.stops FROM stop s JOIN round r ON r.id = s.round
WHERE s.point = $1 AND s.visit = $2 AND r.late_until >= $3
ORDER BY (r.holder = $4) IS TRUE DESC, $4 = ANY (r.users) OR r.post = $5 DESC, r.closes_at, r.id LIMIT 1
"""


async def after_visit(member: Member, visit: UUID, point: UUID) -> Row | None:
    """The round that this visit kept a stop of, with `left` (stops still due) and `next`; None when it kept none."""
    async with reading(member.scope):
        found = await database.row(_AFTER, point, visit, clock.now(), member.user, member.post)
        if found is None:
            return None
        left = in_way(await database.rows(_STOPS, found["id"]), found["ordering"])
    return {**found, "left": len(left), "next": left[0] if left else None}


async def colleagues(member: Member) -> list[Row]:
    """Who else of his school patrols: id, name, name_en, post."""
    posts = [post for post, role in POSTS.items() if Do.VISIT in MAY[role]]
    async with reading(member.scope):
        return await database.rows(
            """SELECT DISTINCT ON (u.name, u.id) u.id, u.name, u.name_en, m.post FROM member m
                 JOIN app_user u ON u.id = m."user"
               WHERE m.body = $1 AND m.active AND u.disabled_at IS NULL AND m.post = ANY ($2) AND u.id <> $3
               ORDER BY u.name, u.id""",
            *(member.school, posts, member.user),
        )


@cache
def _things() -> dict[tuple[str, str], dict[str, str]]:
    return {(kind, one["id"]): one for kind, named in read("challenges").items() for one in named}


def thing(kind: str, code: str) -> dict[str, str] | None:
    """What a stop's challenge names (zh, en); None without one, and for one that the pack no longer knows."""
    return _things().get((kind, code))
