"""Who is told of rounds, when, and never twice: not begun, missed at night, the digest."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import pytest
import pytest_asyncio

from backend import clock
from backend.access import POSTS as POSTS_KNOWN
from backend.access import Member
from backend.database import DB
from backend.postgres_roles import Dsns
from backend.rounds.actions_close import close
from backend.rounds.actions_tell import look
from backend.row import uuid7
from backend.visits.actions import Sending, submit
from backend.visits.rules import understand
from tests.world import World

ZONE = ZoneInfo("Asia/Shanghai")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MONDAY = datetime(2026, 11, 23, tzinfo=ZONE)
POSTS = {
    "boss": "safety_director",
    "deputy": "vice_principal",
    "head": "principal",
    "watch": "guard",
    "helper": "guard",
}


def at(hour: int, minute: int = 0, day: datetime = MONDAY) -> datetime:
    return day.replace(hour=hour, minute=minute)


@dataclass
class School:
    """A school of its own, so that nothing others do is counted here."""

    db: Any
    id: UUID
    path: tuple[UUID, ...]
    member: UUID | None = None
    people: dict[str, UUID] = field(default_factory=dict)
    route: dict[str, UUID] = field(default_factory=dict)

    async def round(self, opens_at: datetime, hours: float = 2, *, stops: int = 3, **said: Any) -> UUID:
        key, span = uuid7(), said.get("span", "window")
        row = {
            **{"id": key, "school": self.id, "route": await self._route(span), "day": clock.local(opens_at).date()},
            **{"name": "夜巡", "name_en": "Watch", "span": span, "opens_at": opens_at, "stops": stops, "post": "guard"},
            **{"closes_at": opens_at + hours * HOUR, "late_until": opens_at + hours * HOUR + HOUR / 2, **said},
        }
        names, places = ", ".join(row), ", ".join(f"${n}" for n in range(1, len(row) + 1))
        async with self.db.transaction():
            await self.db.execute(f"INSERT INTO round ({names}) VALUES ({places})", *row.values())
            await self.db.execute(
                """WITH p AS (INSERT INTO point (id, school, kind, number, name)
                     SELECT gen_random_uuid(), $1, 'lab', gen_random_uuid()::text, 'p' FROM generate_series(1, $2)
                     RETURNING id)
                   INSERT INTO stop (school, round, route, point, kind, area, day, opens_at, closes_at, late_until)
                   SELECT $1, r.id, r.route, p.id, 'lab', 'lab', r.day, r.opens_at, r.closes_at, r.late_until
                   FROM p, round r WHERE r.id = $3""",
                *(self.id, stops, key),
            )
        return key

    async def _route(self, span: str) -> UUID:
        if span not in self.route:
            self.route[span] = uuid7()
            await self.db.execute(
                """INSERT INTO route (id, school, name, span, post, starts_on, opened_until)
                   VALUES ($1, $2, $3, $3, 'guard', $4, $5)""",
                *(self.route[span], self.id, span, MONDAY.date(), MONDAY),
            )
        return self.route[span]

    async def seen(self, round_id: UUID, n: int, *, late: bool = False, later: timedelta = timedelta()) -> None:
        """So many of its stops were visited when the round began, or after its end; the phone had signal `later`."""
        rows = await self.db.fetch("SELECT * FROM stop WHERE round = $1 AND visit IS NULL LIMIT $2", round_id, n)
        for stop in rows:
            at = stop["closes_at"] + HOUR / 4 if late else stop["opens_at"]
            body = {"point": str(stop["point"]), "how": "scan", "saved_at": at.isoformat()}
            sending = Sending(body, at + timedelta(seconds=5) + later)
            await submit(uuid7(), understand(body, clock.parse), sending, self.watchman())

    def watchman(self) -> Member:
        user = self.people["watch"]
        return Member(
            *(user, "w", "w", "", self.member, "guard", POSTS_KNOWN["guard"], self.id, "school", "x", "", self.path)
        )

    async def told(self) -> list[tuple[str, str]]:
        """(person, kind) of every notice of the school, in order."""
        rows = await self.db.fetch(
            'SELECT "user", kind FROM notice WHERE school = $1 ORDER BY created_at, kind, id', self.id
        )
        names = {user: name for name, user in self.people.items()}
        return sorted((names[row["user"]], row["kind"]) for row in rows)

    async def facts(self, kind: str) -> dict[str, Any]:
        sql = "SELECT facts FROM notice WHERE school = $1 AND kind = $2 ORDER BY created_at DESC LIMIT 1"
        found: dict[str, Any] = json.loads(await self.db.fetchval(sql, self.id, kind))
        return found


@pytest_asyncio.fixture
async def school(dsns: Dsns, world: World) -> AsyncIterator[School]:
    """The engine as the worker opens it, and a fresh school."""
    was_open = DB.pool is not None
    await DB.close()
    await DB.open(dsns.owner, size=4)
    db = await asyncpg.connect(dsns.owner)
    key = uuid7()
    one = School(db, key, (world.bodies["city"], world.bodies["east"], key))
    await db.execute(
        """INSERT INTO body (id, kind, path, name, number, school_type)
           VALUES ($1, 'school', $2, '告知学校', $3, 'senior')""",
        *(one.id, list(one.path), f"T{str(one.id)[-8:]}"),
    )
    for name, post in POSTS.items():
        one.people[name] = uuid7()
        await db.execute(
            "INSERT INTO app_user (id, username, name) VALUES ($1, $2, $3)",
            one.people[name],
            f"{one.people[name]}",
            name,
        )
        member = await db.fetchval(
            'INSERT INTO member ("user", body, post) VALUES ($1, $2, $3) RETURNING id', one.people[name], one.id, post
        )
        one.member = member if name == "watch" else one.member
    yield one
    await db.execute(
        """UPDATE round SET told_at = closes_at + interval '9 years', closed_at = coalesce(closed_at, now())
           WHERE school = $1""",
        one.id,
    )
    await db.close()
    await DB.close()
    if was_open:
        await DB.open(dsns.app)


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    def set_to(moment: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: moment)

    return set_to


Now = Callable[[datetime], None]


async def test_its_people_hear_once_that_nobody_began(school: School, now: Now) -> None:
    await school.round(at(8), post="guard")
    now(at(8, 29))
    await look()
    assert await school.told() == []
    now(at(8, 31))
    await asyncio.gather(look(), look(), look())
    expected = [("helper", "round_not_started"), ("watch", "round_not_started")]
    assert await school.told() == expected, "its people, the manager by the digest"
    now(at(9))
    await look()
    assert await school.told() == expected


async def test_named_people_and_who_took_it_over(school: School, now: Now) -> None:
    await school.round(at(8), post="", users=[school.people["helper"]])
    await school.round(at(8, 1), post="guard", holder=school.people["deputy"])
    now(at(9))
    await look()
    assert await school.told() == [("deputy", "round_not_started"), ("helper", "round_not_started")]


async def test_what_was_begun_or_needs_no_walk_or_is_over_is_left_alone(school: School, now: Now) -> None:
    await school.round(at(8), started_at=at(8, 5), started_by=school.people["watch"])
    await school.seen(await school.round(at(8, 1)), 3)
    await school.round(at(4))
    await school.round(at(12))
    now(at(8, 50))
    await look()
    assert await school.told() == []


async def test_a_night_round_nobody_began_is_told_to_the_manager_at_once(school: School, now: Now) -> None:
    await school.round(at(23), night=True)
    now(at(23, 31))
    await look()
    people = [name for name, kind in await school.told() if kind == "round_not_started"]
    assert people == ["boss", "deputy", "helper", "watch"]
    assert await school.db.fetchval("SELECT bool_and(urgent) FROM notice WHERE school = $1", school.id)


async def test_missed_at_night_is_told_at_once_the_principal_only_of_whole_rounds(school: School, now: Now) -> None:
    part, whole = await school.round(at(1), night=True), await school.round(at(3), night=True)
    await school.seen(part, 2)
    now(at(3, 40))
    await close(part, clock.now())
    assert await school.told() == [("boss", "round_missed_night"), ("deputy", "round_missed_night")]
    assert "1 of 3 points missed" in (await school.facts("round_missed_night"))["title_en"]
    now(at(5, 40))
    await close(whole, clock.now())
    assert ("head", "round_missed_night") in await school.told()
    assert len(await school.told()) == 5


async def test_rounds_of_a_pause_are_no_alarm_days_later(school: School, now: Now) -> None:
    one = await school.round(at(1), night=True)
    now(at(9, day=MONDAY + 2 * DAY))
    await close(one, clock.now())
    assert await school.told() == []
    now(at(10, 1, day=MONDAY + 2 * DAY))
    await look()
    assert await school.told() == [("boss", "rounds_digest"), ("deputy", "rounds_digest")]


async def test_forty_missed_stops_are_one_line(school: School, now: Now) -> None:
    rounds = [await school.round(at(7, n), 1, stops=10) for n in range(4)]
    await school.seen(rounds[0], 2, late=True)
    fine = await school.round(at(7, 30), 1)
    await school.seen(fine, 3)
    now(at(9, 30))
    for one in [*rounds, fine]:
        await close(one, clock.now())
    await look()
    assert await school.told() == [], "not yet its time"
    now(at(10, 2))
    await asyncio.gather(look(), look(), look())
    assert await school.told() == [("boss", "rounds_digest"), ("deputy", "rounds_digest")]
    facts = await school.facts("rounds_digest")
    assert {name: facts[name] for name in ("rounds", "missed", "late", "unbegun")} == {
        **{"rounds": 4, "missed": 38, "late": 2, "unbegun": 3}
    }
    for later in (at(10, 9), at(14, 1), at(18, 1), at(7, 1, MONDAY + DAY)):
        now(later)
        await look()
    assert len(await school.told()) == 2, "nothing new, nothing told"


async def test_what_came_by_a_late_phone_before_the_digest_is_not_missed(school: School, now: Now) -> None:
    one = await school.round(at(7), 1, stops=2)
    now(at(8, 40))
    await close(one, clock.now())
    await school.seen(one, 2, later=HOUR)
    now(at(10, 1))
    await look()
    assert await school.told() == []


async def test_days_off_are_silent_until_the_next_school_day(school: School, now: Now) -> None:
    saturday = MONDAY + 5 * DAY
    one = await school.round(at(8, day=saturday), 1)
    now(at(9, 40, saturday))
    await close(one, clock.now())
    for hour in (10, 14, 18, 31, 34):
        now(at(0, 1, saturday) + hour * HOUR)
        await look()
    assert await school.told() == []
    now(at(7, 1, saturday + 2 * DAY))
    await look()
    assert await school.told() == [("boss", "rounds_digest"), ("deputy", "rounds_digest")]


async def test_a_week_is_told_when_it_closes_and_its_people_after_the_middle(school: School, now: Now) -> None:
    week = await school.round(MONDAY, 5 * 24, span="week")
    for moment in (at(8, 40), at(12, day=MONDAY + 2 * DAY), at(7, 30, MONDAY + 3 * DAY)):
        now(moment)
        await look()
    assert await school.told() == []
    now(at(8, 1, MONDAY + 3 * DAY))
    await look()
    assert await school.told() == [("helper", "round_not_started"), ("watch", "round_not_started")]
    now(at(0, 40, MONDAY + 5 * DAY))
    await close(week, clock.now())
    now(at(7, 1, MONDAY + 7 * DAY))
    await look()
    assert [kind for _, kind in await school.told()].count("rounds_digest") == 2
    assert (await school.facts("rounds_digest"))["missed"] == 3
