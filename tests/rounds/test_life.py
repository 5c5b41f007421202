"""The life of a round in the database: opened once, kept by visits by their own time, closed, never changed again."""

import asyncio
import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from backend import clock, database
from backend.database import writing
from backend.postgres_roles import Dsns
from backend.rounds import actions
from backend.rounds.actions import Told
from backend.rounds.actions_close import close, close_over
from backend.rounds.actions_open import open_due, open_now, open_school, replan
from backend.rounds.rules_open import LEAD
from backend.trouble import Invalid, Missing, Refused
from backend.visits.actions import Sending, submit
from backend.visits.rules import understand
from tests.rounds.making import as_owner, open_at, point, rounds_of, route, stops
from tests.world import World

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.usefixtures("app")]
HOUR = timedelta(hours=1)


async def visit(world: World, at_point: UUID, when: datetime | None = None, who: str = "guard", **said: Any) -> UUID:
    """A visit without answers, saved at that moment by a phone whose clock is right."""
    key = uuid4()
    body = {"point": str(at_point), "how": "scan", "saved_at": when.isoformat() if when else None, **said}
    await submit(key, understand(body, clock.parse), Sending(body, clock.now()), await world.member(who))
    return key


def told(words: str = "", at: datetime | None = None) -> Told:
    return Told(words, uuid4(), at or clock.now(), "x")


async def opened(dsns: Dsns, world: World, points: list[UUID], *, ago: timedelta = HOUR, **said: Any) -> dict[str, Any]:
    """A round whose window of two hours (grace: one) began `ago` ago, as if the worker had opened it in time."""
    now = clock.now()
    begin = clock.local(now - ago)
    minute = begin.hour * 60 + begin.minute
    key = await route(
        world,
        points,
        windows=[{"start": minute, "end": minute + 120}],
        grace=60,
        rule=f"FREQ=YEARLY;BYMONTH={begin.month};BYMONTHDAY={begin.day}",
        **said,
    )
    await open_at(dsns, world, key, now - ago)
    [row] = [one for one in await rounds_of(world, key) if one["opens_at"] <= now]
    return row


async def test_a_round_is_opened_once_with_all_its_stops_however_often_and_by_how_many(
    dsns: Dsns, world: World
) -> None:
    points = [await point(world) for _ in range(5)]
    key = await route(world, points)
    now = clock.now()
    await open_at(dsns, world, key, now)
    [row] = await rounds_of(world, key)
    assert row["stops"] == 5
    assert [s["position"] for s in sorted((await stops(world, row["id"])).values(), key=lambda s: s["position"])] == [
        1,
        2,
        3,
        4,
        5,
    ]
    member = await world.member("manager")
    for _ in range(2):
        async with writing(member.scope):  # the worker was told to look at all of it again
            await database.run(
                "UPDATE route SET opened_until = $2, next_at = $2 WHERE id = $1", key, now - timedelta(days=3)
            )
        assert member.school

        async def many(school: UUID = member.school) -> None:
            await asyncio.gather(*(open_school(school, now) for _ in range(3)))

        await as_owner(dsns, many)
    found = await rounds_of(world, key)
    assert len({one["opens_at"] for one in found}) == len(found) >= 3  # what lay in the pause was made up for
    for one in found:
        assert one["stops"] == len(await stops(world, one["id"]))


async def test_the_worker_opens_what_begins_within_the_lead_and_knows_when_to_look_again(
    dsns: Dsns, world: World
) -> None:
    soon = clock.local(clock.now() + LEAD - timedelta(minutes=20))
    minute = soon.hour * 60 + soon.minute
    key = await route(world, [await point(world)], windows=[{"start": minute, "end": minute + 60}])
    member = await world.member("manager")
    async with writing(member.scope):
        await replan(key, begin=True)
    await as_owner(dsns, open_due)
    [row] = await rounds_of(world, key)
    assert clock.now() < row["opens_at"] < clock.now() + LEAD
    async with writing(member.scope):
        again = await database.row("SELECT opened_until, next_at FROM route WHERE id = $1", key)
    assert again
    assert again["next_at"] > clock.now() + LEAD
    await as_owner(dsns, open_due)
    assert len(await rounds_of(world, key)) == 1


async def test_a_route_made_now_does_not_ask_for_what_was_before(dsns: Dsns, world: World) -> None:
    now = clock.local(clock.now())
    minute = now.hour * 60 + now.minute
    past = [{"start": max(minute - 30, 0), "end": max(minute - 10, 5)}]
    key = await route(world, [await point(world)], windows=past, opened_until=clock.now() - timedelta(days=9))
    member = await world.member("manager")
    async with writing(member.scope):
        await replan(key, begin=True)
    await as_owner(dsns, open_due)
    assert [one for one in await rounds_of(world, key) if one["opens_at"] < clock.now()] == []


async def test_editing_a_route_never_changes_what_was_opened(dsns: Dsns, world: World) -> None:
    points = [await point(world) for _ in range(3)]
    row = await opened(dsns, world, points)
    member = await world.member("manager")
    async with writing(member.scope):
        await database.run("UPDATE route SET name = '别的', name_en = 'Other' WHERE id = $1", row["route"])
        await database.run("UPDATE route_point SET dropped_at = now() WHERE route = $1", row["route"])
    [after] = [one for one in await rounds_of(world, row["route"]) if one["id"] == row["id"]]
    assert (after["name"], after["stops"]) == (row["name"], 3)
    assert len(await stops(world, row["id"])) == 3


async def test_the_database_refuses_another_stop_and_another_denominator(dsns: Dsns, world: World) -> None:
    here, other = await point(world), await point(world)
    row = await opened(dsns, world, [here])
    member = await world.member("manager")
    insert = """INSERT INTO stop (school, round, route, point, kind, area, day, opens_at, closes_at, late_until)
      SELECT school, round, route, $2, kind, area, day, opens_at, closes_at, late_until FROM stop WHERE round = $1"""
    with pytest.raises(asyncpg.CheckViolationError):
        async with writing(member.scope):
            await database.run(insert, row["id"], other)
    for change in ("UPDATE round SET stops = 9 WHERE id = $1", "UPDATE stop SET opens_at = now() WHERE round = $1"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with writing(member.scope):
                await database.run(change, row["id"])


async def test_a_visit_keeps_every_stop_it_satisfies_and_begins_and_ends_the_round(dsns: Dsns, world: World) -> None:
    one, two = await point(world), await point(world)
    first, second = await opened(dsns, world, [one, two]), await opened(dsns, world, [one])
    key = await visit(world, one)
    for row in (first, second):
        stop = (await stops(world, row["id"]))[one]
        assert (stop["state"], stop["visit"], stop["sent_late"]) == ("kept", key, False)
    [running] = [r for r in await rounds_of(world, first["route"]) if r["id"] == first["id"]]
    [done] = [r for r in await rounds_of(world, second["route"]) if r["id"] == second["id"]]
    assert running["started_by"] == world.users["guard"]
    assert running["finished_at"] is None
    assert done["finished_by"] == world.users["guard"]
    await visit(world, two)
    [running] = [r for r in await rounds_of(world, first["route"]) if r["id"] == first["id"]]
    assert running["finished_at"]


async def test_in_the_grace_it_is_late_and_an_earlier_visit_that_arrives_later_counts(dsns: Dsns, world: World) -> None:
    here = await point(world)
    row = await opened(dsns, world, [here], ago=timedelta(hours=2, minutes=30))
    late = await visit(world, here, clock.now())
    assert (await stops(world, row["id"]))[here]["state"] == "late"
    early = await visit(world, here, row["opens_at"] + timedelta(minutes=5))
    stop = (await stops(world, row["id"]))[here]
    assert (stop["state"], stop["visit"]) == ("kept", early)
    assert late != early


async def test_a_missed_stop_is_kept_sent_late_when_the_phone_finds_a_signal(dsns: Dsns, world: World) -> None:
    here, there = await point(world), await point(world)
    row = await opened(dsns, world, [here, there], ago=timedelta(hours=4))
    await as_owner(dsns, close_over)
    assert {s["state"] for s in (await stops(world, row["id"])).values()} == {"missed"}
    key = await visit(world, here, row["opens_at"] + timedelta(minutes=40))
    stop = (await stops(world, row["id"]))[here]
    assert (stop["state"], stop["visit"], stop["sent_late"]) == ("kept", key, True)
    assert stop["missed_at"] == row["late_until"]
    assert stop["recorded_at"] > row["late_until"]
    await visit(world, there, clock.now())  # after the grace, by its own time: too late
    assert (await stops(world, row["id"]))[there]["state"] == "missed"


async def test_a_phone_whose_clock_is_wrong_is_put_right(dsns: Dsns, world: World) -> None:
    here = await point(world)
    row = await opened(dsns, world, [here], ago=timedelta(hours=4))
    key, now = uuid4(), clock.now()
    ahead = timedelta(hours=-3, minutes=-30)  # the phone shows 3.5 hours too little, as if in the window
    body = {"point": str(here), "how": "scan", "saved_at": (now + ahead).isoformat()}
    await submit(key, understand(body, clock.parse), Sending(body, now, now + ahead), await world.member("guard"))
    assert (await stops(world, row["id"]))[here]["state"] in {"due", "missed"}


async def test_closing_is_done_once_and_stays_in_the_chain(dsns: Dsns, world: World) -> None:
    here = await point(world)
    row = await opened(dsns, world, [here], ago=timedelta(hours=4))

    async def many() -> list[bool]:
        return await asyncio.gather(*(close(row["id"], clock.now()) for _ in range(4)))

    first = await as_owner(dsns, many)
    assert sum(first) <= 1
    assert await as_owner(dsns, lambda: close(row["id"], clock.now())) is False
    member = await world.member("manager")
    async with writing(member.scope):
        told_of = await database.rows("SELECT kind, body FROM record_entry WHERE subject = $1 ORDER BY seq", row["id"])
    assert [one["kind"] for one in told_of] == ["round_open", "round_close"]
    assert json.loads(told_of[1]["body"])["missed"] == 1
    assert json.loads(told_of[1]["body"])["unseen"] == [str(here)]


async def test_a_kept_stop_never_changes_again(dsns: Dsns, world: World) -> None:
    here = await point(world)
    row = await opened(dsns, world, [here])
    await visit(world, here)
    member = await world.member("manager")
    with pytest.raises(asyncpg.CheckViolationError):
        async with writing(member.scope):
            await database.run("UPDATE stop SET state = 'due', visit = NULL, at = NULL WHERE round = $1", row["id"])


async def test_unreachable_needs_a_reason_is_said_once_and_gives_way_to_a_visit(dsns: Dsns, world: World) -> None:
    here = await point(world)
    row = await opened(dsns, world, [here])
    stop = (await stops(world, row["id"]))[here]["id"]
    guard = await world.member("guard")
    with pytest.raises(Invalid):
        await actions.unreachable(row["id"], stop, told(" "), guard)
    word = told("门锁着")
    did = await actions.unreachable(row["id"], stop, word, guard)
    assert (did.state, did.replayed) == ("unreachable", False)
    assert (await actions.unreachable(row["id"], stop, word, guard)).replayed
    with pytest.raises(Refused):
        await actions.unreachable(row["id"], stop, Told("别的", word.event, word.at, "y"), guard)
    with pytest.raises(Missing):
        await actions.unreachable(row["id"], stop, told("看看"), await world.member("neighbour"))
    await visit(world, here)
    assert (await stops(world, row["id"]))[here]["state"] == "kept"


async def test_excusing_stays_in_the_denominator_and_is_refused_for_what_was_visited(dsns: Dsns, world: World) -> None:
    one, two = await point(world), await point(world)
    row = await opened(dsns, world, [one, two])
    await visit(world, one)
    found = await stops(world, row["id"])
    manager = await world.member("manager")
    with pytest.raises(Refused):
        await actions.excuse(row["id"], [found[one]["id"]], told("已看过"), manager)
    with pytest.raises(Invalid):
        await actions.excuse(row["id"], [], told("停课"), manager)
    await actions.excuse(row["id"], [stop["id"] for stop in found.values()], told("实验室停用"), manager)
    states = {point: stop["state"] for point, stop in (await stops(world, row["id"])).items()}
    assert states == {one: "kept", two: "excused"}
    async with writing(manager.scope):
        counts = await database.row(
            "SELECT sum(due) AS due, sum(kept) AS kept, sum(excused) AS excused FROM coverage_day WHERE route = $1",
            row["route"],
        )
    assert counts == {"due": 2, "kept": 1, "excused": 1}


async def test_finishing_early_needs_a_reason_and_a_finished_round_cannot_be_handed_over(
    dsns: Dsns, world: World
) -> None:
    row = await opened(dsns, world, [await point(world)])
    guard = await world.member("guard")
    with pytest.raises(Invalid):
        await actions.finish(row["id"], told(), guard)
    with pytest.raises(Invalid):
        await actions.hand_over(row["id"], world.users["neighbour"], told(), guard)
    await actions.hand_over(row["id"], world.users["guard2"], told("换班"), guard)
    [now] = [r for r in await rounds_of(world, row["route"]) if r["id"] == row["id"]]
    assert now["holder"] == world.users["guard2"]
    assert (await actions.finish(row["id"], told("临时集合"), guard)).state == "finished"
    with pytest.raises(Refused):
        await actions.finish(row["id"], told("再一次"), guard)
    with pytest.raises(Refused):
        await actions.hand_over(row["id"], world.users["guard2"], told(), guard)


async def test_by_hand_a_round_is_open_at_once_and_the_same_id_is_the_same_round(world: World) -> None:
    key = await route(world, [await point(world)], span="event", windows=[])
    manager, wished = await world.member("manager"), uuid4()
    assert await open_now(key, "暴雨橙色预警", manager, wished) == wished
    assert await open_now(key, "暴雨橙色预警", manager, wished) == wished
    [row] = await rounds_of(world, key)
    assert (row["cause"], row["opened_by"]) == ("暴雨橙色预警", manager.user)
    with pytest.raises(Missing):
        await open_now(key, "", await world.member("neighbour_manager"))
    with pytest.raises(Refused):
        await open_now(await route(world, []), "活动", manager)


async def test_visits_of_the_time_before_the_worker_came_back_keep_what_it_opens(dsns: Dsns, world: World) -> None:
    here = await point(world)
    key = await visit(world, here, clock.now() - timedelta(minutes=30))
    row = await opened(dsns, world, [here])
    stop = (await stops(world, row["id"]))[here]
    assert (stop["state"], stop["visit"]) == ("kept", key)
    [after] = [r for r in await rounds_of(world, row["route"]) if r["id"] == row["id"]]
    assert after["started_by"] == world.users["guard"]
    assert after["finished_at"]
