"""What the tests of rounds share: a fresh point, a route over points of one's own, a round opened at a chosen time."""

import itertools
import json
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from backend import clock, database
from backend.database import DB, writing
from backend.postgres_roles import Dsns
from backend.row import uuid7
from tests.world import World

_counter = itertools.count(1)


async def point(world: World, who: str = "manager", kind: str = "fire_extinguisher") -> UUID:
    """A new point of this person's school."""
    member, key, number = await world.member(who), uuid7(), next(_counter)
    async with writing(member.scope):
        await database.run(
            "INSERT INTO point (id, school, kind, number, name, name_en) VALUES ($1,$2,$3,$4,$5,$6)",
            *(key, member.school, kind, f"R{number:04}-{key.hex[-6:]}", f"巡查点{number}", f"Point {number}"),
        )
    return key


async def route(world: World, points: list[UUID], who: str = "manager", **said: Any) -> UUID:
    """A route by hand over these points, every day at windows of the whole day unless said otherwise."""
    member, key = await world.member(who), uuid7()
    row = {
        **{"chooses": "hand", "ordering": "ordered", "who": "post", "post": "guard", "span": "window", "rule": ""},
        **{"days": "every", "moved": "skip", "windows": [{"start": 0, "end": 1440}], "grace": 30, "challenge": 0},
        **{"starts_on": date(2026, 1, 1), "state": "active", "opened_until": clock.now(), "next_at": None},
        **{"roster": None, "ends_on": None, "kinds": [], "places": [], "persons": [], **said},
    }
    async with writing(member.scope):
        await database.run(
            """INSERT INTO route (id, school, name, name_en, chooses, ordering, who, post, roster, span, rule, days,
                 moved, windows, grace, challenge, starts_on, ends_on, state, opened_until, next_at, kinds, places)
               VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20,$21,$22,$23)""",
            *(key, member.school, row.get("name", f"路线 {key.hex[-8:]}"), f"Route {key.hex[-8:]}", row["chooses"]),
            *(row["ordering"], row["who"], row["post"], row["roster"], row["span"], row["rule"], row["days"]),
            *(row["moved"], json.dumps(row["windows"]), row["grace"], row["challenge"], row["starts_on"]),
            *(row["ends_on"], row["state"], row["opened_until"], row["next_at"], row["kinds"], row["places"]),
        )
        for position, one in enumerate(points):
            await database.run(
                "INSERT INTO route_point (school, route, point, position) VALUES ($1,$2,$3,$4)",
                *(member.school, key, one, position),
            )
        for user in row["persons"]:
            await database.run(
                'INSERT INTO route_person (school, route, "user") VALUES ($1,$2,$3)', member.school, key, user
            )
    return key


async def stops(world: World, round_id: UUID, who: str = "manager") -> dict[UUID, dict[str, Any]]:
    """The stops of a round by point."""
    member = await world.member(who)
    async with writing(member.scope):
        return {row["point"]: row for row in await database.rows("SELECT * FROM stop WHERE round = $1", round_id)}


async def rounds_of(world: World, route_id: UUID, who: str = "manager") -> list[dict[str, Any]]:
    member = await world.member(who)
    async with writing(member.scope):
        return await database.rows("SELECT * FROM round WHERE route = $1 ORDER BY opens_at", route_id)


async def as_owner(dsns: Dsns, work: Any) -> Any:
    """Runs a worker's job as the owner of the database, beside the pool of the application."""
    pool, DB.pool = DB.pool, None
    try:
        DB.pool = await asyncpg.create_pool(dsns.owner, min_size=1, max_size=4)
        return await work()
    finally:
        opened, DB.pool = DB.pool, pool
        if opened is not None:
            await opened.close()


async def open_at(dsns: Dsns, world: World, route_id: UUID, now: datetime, who: str = "manager") -> int:
    """Opens what the school's routes have before `now` + LEAD, as the worker would at that moment."""
    from backend.rounds.actions_open import open_school

    member = await world.member(who)
    async with writing(member.scope):
        await database.run(
            "UPDATE route SET opened_until = $2, next_at = $2 WHERE id = $1", route_id, now - timedelta(days=1)
        )
    assert member.school is not None
    school = member.school
    return int(await as_owner(dsns, lambda: open_school(school, now)))
