"""What the plan shows of a point, and since when: the rule by example, and against the database."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio

from backend import clock
from backend.coverage.rules_plan import (
    DUE,
    KEPT,
    LATE,
    MARK_NAMES,
    MISSED,
    NEVER,
    NOTHING,
    RANK,
    SENT,
    WORST_FIRST,
    Moments,
    clock_minute,
    known_then,
    last_over,
    or_never,
    packed,
    quarter,
    view,
    worst,
)
from backend.database import writing
from backend.postgres_roles import Dsns
from backend.record import actions as record
from backend.rounds.rules import Seen, StopState
from backend.row import uuid7
from tests.conftest import Browser
from tests.findings.people import spot
from tests.world import World

BEGIN = datetime(2026, 11, 20, tzinfo=UTC)


def at(minute: int) -> datetime:
    return BEGIN + timedelta(minutes=minute)


def stop(state: StopState, opens: int, told: int | None = None, missed: int | None = None) -> Moments:
    said = at(told) if told is not None and state in {StopState.EXCUSED, StopState.UNREACHABLE} else None
    recorded = at(told) if told is not None and said is None else None
    seen = Seen(at(opens), state, said, recorded, at(missed) if missed is not None else None)
    return Moments(seen, sent_late=missed is not None and recorded is not None)


def test_a_phone_that_found_no_signal_makes_missed_into_kept_sent_late() -> None:
    stops = [stop(StopState.KEPT, 480, told=700, missed=600)]
    shown = [known_then(stops, at(n), of_day=True, visited=True).mark for n in (479, 480, 599, 600, 699, 700)]
    assert shown == [NOTHING, DUE, DUE, MISSED, MISSED, SENT]


def test_a_missed_morning_is_not_hidden_by_a_kept_noon() -> None:
    stops = [stop(StopState.MISSED, 480, missed=600), stop(StopState.KEPT, 720, told=730)]
    assert known_then(stops, at(800), of_day=True, visited=True).mark == MISSED
    last = known_then(stops, at(800), of_day=False, visited=True)
    assert (last.mark, last.seen, last.due) == (KEPT, 1, 2)


def test_never_stands_for_missed_and_for_nothing_only() -> None:
    assert [or_never(mark, False) for mark in (MISSED, NOTHING, DUE, KEPT)] == [NEVER, NEVER, DUE, KEPT]
    assert or_never(MISSED, True) == MISSED


def test_the_worst_and_the_last() -> None:
    assert worst([]) == NOTHING
    assert worst([KEPT, LATE, DUE]) == DUE
    assert last_over([MISSED, KEPT, DUE]) == KEPT
    assert last_over([DUE]) == DUE
    assert last_over([]) == NOTHING


def test_every_mark_has_a_name_and_a_place_in_the_list() -> None:
    assert set(WORST_FIRST) == set(MARK_NAMES) == {*RANK, NEVER}


@pytest.mark.parametrize(
    ("seen", "due", "ring"), [(0, 0, None), (0, 9, 0), (1, 99, 1), (5, 10, 2), (98, 99, 3), (99, 99, 4)]
)
def test_a_ring_is_closed_only_of_all_and_empty_only_of_none(seen: int, due: int, ring: int | None) -> None:
    assert quarter(seen, due) == ring


def test_moments_are_whole_minutes_rounded_up() -> None:
    one = Moments(Seen(at(480), StopState.KEPT, None, at(700) + timedelta(seconds=1), at(600)), sent_late=True)
    assert packed([one, stop(StopState.DUE, 900)], BEGIN) == "K480,701,600;d900,,"


def test_an_address_that_makes_no_sense_is_the_day() -> None:
    asked = view({"period": "eon", "minute": "-3", "at": "99", "place": "x", "show": "?", "area": "moon"})
    assert asked.address() == "?period=day"
    assert clock_minute("30:05") == 1805
    assert clock_minute("7:60") is None
    assert view({"at": "18:30"}).minute == 1110


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def owner(dsns: Dsns, app: object) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(dsns.owner)
    yield connection
    await connection.close()


async def a_round(owner: Any, world: World, points: list[UUID], day: date, hour: int = 8) -> dict[UUID, UUID]:
    """One round of a route of its own on that day with these points, all missed; point -> stop."""
    school, route, walk = world.bodies["one"], uuid7(), uuid7()
    opens = clock.midnight(day) + timedelta(hours=hour)
    closes, late = opens + timedelta(hours=1), opens + timedelta(hours=2)
    async with owner.transaction():
        await owner.execute(
            """INSERT INTO route (id, school, name, who, post, starts_on, opened_until)
               VALUES ($1, $2, $3, 'post', 'guard', $4, now())""",
            *(route, school, f"路线{route}", day),
        )
        await owner.execute(
            """INSERT INTO round (id, school, route, day, name, opens_at, closes_at, late_until, stops)
               VALUES ($1, $2, $3, $4, '轮次', $5, $6, $7, $8)""",
            *(walk, school, route, day, opens, closes, late, len(points)),
        )
        made = await owner.fetch(
            """INSERT INTO stop (id, school, round, route, point, kind, area, day, opens_at, closes_at, late_until,
                 state, missed_at)
               SELECT gen_random_uuid(), $1, $2, $3, p, 'evacuation_route', 'fire', $4, $5, $6, $7, 'missed', $7
               FROM unnest($8::uuid[]) p RETURNING point, id""",
            *(school, walk, route, day, opens, closes, late, points),
        )
    return {row["point"]: row["id"] for row in made}


async def a_place(owner: Any, world: World, points: list[UUID]) -> UUID:
    """A ground with a plan that has these points on it."""
    place = uuid7()
    await owner.execute(
        """INSERT INTO place (id, school, kind, name, plan_sha256, plan_kind, plan_width, plan_height)
           VALUES ($1, $2, 'ground', $3, repeat('a', 64), 'svg', 800, 600)""",
        *(place, world.bodies["one"], f"场地{place}"),
    )
    await owner.execute("UPDATE point SET place = $1, pin_x = 0.5, pin_y = 0.25 WHERE id = ANY ($2)", place, points)
    return place


async def test_the_plan_the_table_and_the_history_tell_the_same(browser: Browser, world: World, owner: Any) -> None:
    points = [(await spot(world)).point for _ in range(3)]
    place, day = await a_place(owner, world, points), clock.today() - timedelta(days=1)
    stops = await a_round(owner, world, points, day)
    guard = await owner.fetchrow(
        """SELECT id, "user" FROM member WHERE post = 'guard' AND body = $1""", world.bodies["one"]
    )
    opens, visit = clock.midnight(day) + timedelta(hours=8), uuid7()
    await owner.execute(
        """INSERT INTO visit (id, school, point, by, member, how, body_hash, saved_at, created_at)
           VALUES ($1, $2, $3, $4, $5, 'scan', '', $6, $7)""",
        *(visit, world.bodies["one"], points[0], guard["user"], guard["id"]),
        *(opens + timedelta(minutes=5), opens + timedelta(hours=5)),
    )
    member = await world.member("guard")
    async with writing(member.scope):  # every visit has its entry: a list of visits leads to its receipt
        await record.append(world.bodies["one"], visit, "visit", "{}", member.user)
    await owner.execute(
        "UPDATE stop SET state = 'kept', visit = $2, at = $3, recorded_at = $4, sent_late = true WHERE id = $1",
        *(stops[points[0]], visit, opens + timedelta(minutes=5), opens + timedelta(hours=5)),
    )
    address = f"/coverage/plan?on={day}&place={place}"
    async with browser("manager") as manager:
        now = (await manager.get(address)).text
        assert f'class="K" href="/coverage/points/{points[0]}"' in now
        assert f'class="n" href="/coverage/points/{points[1]}"' in now
        assert 'x="50.00%" y="25.00%"' in now
        noon = (await manager.get(f"{address}&at=12:00")).text
        assert f'class="n" href="/coverage/points/{points[0]}"' in noon, "what a phone still held was not known"
        table = (await manager.get(f"/coverage/points?on={day}&place={place}")).text
        assert table.count('<td class="m') == 2
        assert "33 %" in table
        told = (await manager.get(f"/coverage/points/{points[0]}")).text
        assert "Sent late" in told
        assert "called missed at" in told
        for word in ("week", "term"):
            shown = await manager.get(f"/coverage/plan?period={word}&on={day}&place={place}")
            assert shown.status_code == 200
            assert 'href="#q4"' in shown.text
            assert 'href="#q0"' in shown.text
        only = (await manager.get(f"{address}&show=n")).text
        assert only.count('<li><a class="line"') == 2
        assert f'class="K back" href="/coverage/points/{points[0]}"' in only
        for printed in (f"{address}&print=1", f"/coverage/points?on={day}&place={place}&period=term&print=1"):
            assert (await manager.get(printed)).status_code == 200


PAGES = ("/coverage/plan", "/coverage/points", "/coverage/points/{point}")


@pytest.mark.parametrize("path", PAGES)
async def test_who_may_look(browser: Browser, world: World, path: str) -> None:
    address = path.format(point=world.points["lab"])
    for who, status in (("", 303), ("guard", 403), ("crew", 403), ("inspector", 403), ("principal", 200)):
        async with browser(who) as client:
            assert (await client.get(address)).status_code in ({status, 401} if not who else {status}), who
    async with browser("district") as officer:
        assert (await officer.get(f"{address}?school={world.bodies['one']}")).status_code == 200
        if path != PAGES[2]:
            assert (await officer.get(f"{address}?school={world.bodies['three']}")).status_code == 404
            assert "Choose a school" in (await officer.get(address)).text
    if path == PAGES[2]:
        async with browser("neighbour_manager") as other:
            assert (await other.get(address)).status_code == 404
    async with browser("manager", language="zh-CN") as manager:
        assert "巡查点" in (await manager.get(address)).text
        assert (await manager.get(f"{address}?place={uuid7()}&page=9&list=7&period=%00")).status_code in {200, 404}


async def test_a_plan_page_asks_few_times(browser: Browser, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    for name in ("fetch", "fetchrow", "fetchval", "execute"):
        real = getattr(asyncpg.Connection, name)

        def counted(self: Any, query: str, *values: Any, _real: Any = real, **options: Any) -> Any:
            asked.append(query)
            return _real(self, query, *values, **options)

        monkeypatch.setattr(asyncpg.Connection, name, counted)
    pinned = {"/coverage/plan": 10, "/coverage/points": 11, f"/coverage/points/{world.points['lab']}": 10}
    seen: dict[str, int] = {}
    async with browser("manager") as manager:
        for address in pinned:
            asked.clear()
            assert (await manager.get(address)).status_code == 200
            awaited = [query for query in asked if query not in {"COMMIT", "ROLLBACK"}]
            seen[address] = len(awaited)
    assert seen == pinned
