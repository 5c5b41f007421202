"""What the tests of a round share: a running round of the school's with fresh points, made behind the worker's back."""

import itertools
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from backend import clock, database
from backend.database import writing
from backend.row import uuid7
from tests.findings.people import Spot, spot
from tests.world import World

_counter = itertools.count(1)

ROUND = """
INSERT INTO round (id, school, route, day, name, name_en, slot, slot_en, ordering, opens_at, closes_at, late_until,
  post, users, holder, stops)
VALUES ($1, $2, $3, $4, $5, $6, '早', 'early', $7, $8, $9, $10, $11, $12, $13, $14)
"""
STOPS = """
INSERT INTO stop (id, school, round, route, point, kind, area, position, day, opens_at, closes_at, late_until,
  challenge)
SELECT (x->>'id')::uuid, r.school, r.id, r.route, (x->>'point')::uuid, x->>'kind', 'fire', (x->>'position')::int, r.day,
  r.opens_at, r.closes_at, r.late_until, x->>'challenge'
FROM jsonb_array_elements($2::jsonb) x, round r WHERE r.id = $1
"""


@dataclass
class Walk:
    round: UUID
    stops: list[UUID]
    spots: list[Spot]

    @property
    def address(self) -> str:
        return f"/rounds/{self.round}"


async def walk(
    world: World,
    n: int = 3,
    *,
    who: str = "manager",
    ordering: str = "ordered",
    minutes: tuple[int, int, int] = (-60, 60, 90),
    users: tuple[str, ...] = (),
    post: str = "",
    holder: str = "",
    challenge: str = "",
) -> Walk:
    """A round of `n` stops; `minutes` from now to its opening, closing and the end of its grace. The first stop asks
    for `challenge`."""
    member = await world.member(who)
    spots = [await spot(world, who) for _ in range(n)]
    made = Walk(uuid7(), [uuid7() for _ in spots], spots)
    route, name = uuid7(), f"路线{next(_counter)}"
    opens, closes, late = (clock.now() + timedelta(minutes=each) for each in minutes)
    stops = [
        {
            **{"id": str(stop), "point": str(one.point), "kind": "evacuation_route", "position": place},
            "challenge": challenge if place == 1 else "",
        }
        for place, (stop, one) in enumerate(zip(made.stops, spots, strict=True), start=1)
    ]
    async with writing(member.scope):
        await database.run(
            """INSERT INTO route (id, school, name, name_en, post, starts_on, opened_until)
               VALUES ($1, $2, $3, $4, 'guard', $5, $6)""",
            *(route, member.school, name, f"Route {name[2:]}", clock.today(), clock.now()),
        )
        people: Any = [world.users[each] for each in users]
        await database.run(
            ROUND,
            *(
                made.round,
                member.school,
                route,
                clock.today(),
                name,
                f"Route {name[2:]}",
                ordering,
                opens,
                closes,
                late,
            ),
            *(post, people, world.users[holder] if holder else None, n),
        )
        await database.run(STOPS, made.round, json.dumps(stops))
    return made


async def stop_row(world: World, stop: UUID, who: str = "manager") -> dict[str, Any]:
    member = await world.member(who)
    async with database.reading(member.scope):
        found = await database.row("SELECT * FROM stop WHERE id = $1", stop)
    assert found is not None
    return found


async def round_row(world: World, made: Walk, who: str = "manager") -> dict[str, Any]:
    member = await world.member(who)
    async with database.reading(member.scope):
        found = await database.row("SELECT * FROM round WHERE id = $1", made.round)
    assert found is not None
    return found
