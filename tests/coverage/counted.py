"""Schools of one's own with rounds whose stops have chosen states: nobody else's tests change their counts."""

import itertools
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from backend import clock
from backend.access import Member, hashed, identify
from backend.postgres_roles import Dsns
from backend.row import uuid7
from tests.world import World

_counter = itertools.count(1)
SEEN = {"kept", "late"}


@dataclass
class School:
    """Ids; `people` are sessions' cookies in `World.sessions` by name: manager, guard."""

    id: UUID
    district: UUID
    name: str
    user: UUID
    member_id: UUID
    people: dict[str, str] = field(default_factory=dict)
    points: list[UUID] = field(default_factory=list)

    async def member(self, world: World, who: str = "manager") -> Member:
        found = await identify(world.sessions[self.people[who]])
        assert found is not None
        return found


async def district(owner: Any, world: World) -> UUID:
    key, n, city = uuid7(), next(_counter), world.bodies["city"]
    await owner.execute(
        """INSERT INTO body (id, kind, path, name, name_en, number) VALUES ($1, 'district', $2, $3, $4, $5)""",
        *(key, [city, key], f"测区{n}", f"District {n}", f"cd{n}-{key.hex[-6:]}"),
    )
    return key


async def school(owner: Any, world: World, above: UUID, points: Iterable[str] = ()) -> School:
    """A school below a district with a manager and a guard, and points of these kinds."""
    key, n, city = uuid7(), next(_counter), world.bodies["city"]
    await owner.execute(
        """INSERT INTO body (id, kind, path, name, name_en, number, school_type)
           VALUES ($1, 'school', $2, $3, $4, $5, 'primary')""",
        *(key, [city, above, key], f"数校{n}", f"Counted {n}", f"cs{n}-{key.hex[-6:]}"),
    )
    people = {}
    for who, post in (("manager", "safety_director"), ("guard", "guard")):
        name = f"counted {who} {n}"
        user, people[who] = uuid7(), name
        await owner.execute("INSERT INTO app_user (id, username, name) VALUES ($1, $2, $3)", user, name, f"甲{who}{n}")
        member = await owner.fetchval(
            'INSERT INTO member ("user", body, post) VALUES ($1, $2, $3) RETURNING id', user, key, post
        )
        world.users[name], world.sessions[name] = user, secrets.token_urlsafe(32)
        await owner.execute(
            'INSERT INTO user_session ("user", member, token_hash, expires_at) VALUES ($1, $2, $3, $4)',
            *(user, member, hashed(world.sessions[name]), clock.now() + timedelta(days=1)),
        )
    made = School(key, above, f"数校{n}", world.users[people["guard"]], member, people)
    for position, kind in enumerate(points):
        made.points.append(uuid7())
        await owner.execute(
            "INSERT INTO point (id, school, kind, number, name, name_en) VALUES ($1, $2, $3, $4, $5, $6)",
            *(made.points[-1], key, kind, f"C{position:03}", f"点{position}", f"Spot {position}"),
        )
    return made


async def route(owner: Any, school: School, name: str) -> UUID:
    return UUID(
        str(
            await owner.fetchval(
                """INSERT INTO route (school, name, name_en, post, starts_on, opened_until)
                   VALUES ($1, $2, $3, 'guard', '2026-01-01', now()) RETURNING id""",
                *(school.id, name, f"{name} en"),
            )
        )
    )


async def opened(owner: Any, school: School, route: UUID, day: date, points: list[UUID], hour: int = 8) -> UUID:
    """A round of that day with a stop due at each of these points."""
    key, opens = uuid7(), clock.midnight(day) + timedelta(hours=hour)
    async with owner.transaction():
        await owner.execute(
            """INSERT INTO round (id, school, route, day, name, name_en, slot, slot_en, opens_at, closes_at, late_until,
                 post, stops) SELECT $1, school, id, $3, name, name_en, '早', 'early', $4, $5, $6, 'guard', $7
               FROM route WHERE id = $2""",
            *(key, route, day, opens, opens + timedelta(hours=1), opens + timedelta(hours=2), len(points)),
        )
        await owner.execute(
            """INSERT INTO stop
                 (school, round, route, point, kind, area, position, day, opens_at, closes_at, late_until)
               SELECT r.school, r.id, r.route, p.id, p.kind, k.area, n, r.day, r.opens_at, r.closes_at, r.late_until
               FROM round r, unnest($2::uuid[]) WITH ORDINALITY AS u(point, n) JOIN point p ON p.id = u.point
                 JOIN point_kind k ON k.code = p.kind WHERE r.id = $1""",
            *(key, points),
        )
    return key


async def becomes(owner: Any, school: School, round_id: UUID, states: list[str], *, sent_late: int = 0) -> None:
    """The stops of a round in their order get these states; the first `sent_late` of those seen were sent late."""
    rows = await owner.fetch("SELECT * FROM stop WHERE round = $1 ORDER BY position", round_id)
    for row, state in zip(rows, states, strict=True):
        late = state in SEEN and sent_late > 0
        sent_late -= late
        await to(owner, school, row, state, sent_late=late)


async def to(owner: Any, school: School, row: Any, state: str, *, sent_late: bool = False) -> None:
    """One stop to a state, with all that belongs to it."""
    at: datetime = row["opens_at"] + timedelta(minutes=5 if state == "kept" else 90)
    if state in SEEN:
        visit = await visited(owner, school, row["point"], at)
        await owner.execute(
            """UPDATE stop SET state = $2, visit = $3, at = $4, recorded_at = $4, sent_late = $5,
                 missed_at = CASE WHEN $5 THEN late_until END WHERE id = $1""",
            *(row["id"], state, visit, at, sent_late),
        )
    elif state == "missed":
        await owner.execute("UPDATE stop SET state = 'missed', missed_at = late_until WHERE id = $1", row["id"])
    elif state in {"excused", "unreachable"}:
        await owner.execute(
            """UPDATE stop SET state = $2, by = $3, why = '门锁着', said_at = $4 WHERE id = $1""",
            *(row["id"], state, school.user, at),
        )


async def visited(owner: Any, school: School, point: UUID, at: datetime) -> UUID:
    key = uuid7()
    await owner.execute(
        """INSERT INTO visit (id, school, point, by, member, how, opened_at, saved_at, body_hash)
           VALUES ($1, $2, $3, $4, $5, 'scan', $6, $6, '')""",
        *(key, school.id, point, school.user, school.member_id, at),
    )
    return key


async def as_owner(dsns: Dsns) -> Any:
    return await asyncpg.connect(dsns.owner)
