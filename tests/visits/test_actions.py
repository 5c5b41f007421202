"""Submitting: one transaction, one receipt for ever, findings opened and met."""

import asyncio
from uuid import UUID

import pytest

from backend import clock
from backend.access import Member
from backend.database import reading, rows, value
from backend.record.queries import lines
from backend.record.rules import canonical, faults
from backend.row import uuid7
from backend.trouble import Missing, Refused
from backend.visits.actions import Receipt, Sending, submit
from backend.visits.queries import point_to_visit
from backend.visits.rules import understand
from tests.world import World


async def send(by: Member, body: dict[str, object], visit: UUID | None = None) -> Receipt:
    return await submit(visit or uuid7(), understand(body, clock.parse), Sending(body, clock.now()), by)


async def body_of(world: World, by: Member, point: str = "lab", **bad: str) -> dict[str, object]:
    """A visit that says ok to what is due, and bad to the codes given with their words."""
    found = await point_to_visit(by, world.points[point])
    answers = []
    for item in found.items:
        words = bad.get(item.code.replace(".", "_"))
        if words is not None:
            answers.append({"item": str(item.id), "result": "bad", "words": words})
        elif item in found.due and item.answer == "ok_notok_na":
            answers.append({"item": str(item.id), "result": "ok"})
    return {
        "point": str(world.points[point]),
        "label": world.codes[point],
        "how": "scan",
        "answers": answers,
        "saved_at": clock.now().isoformat(),
    }


async def test_same_again_gives_the_same_receipt_and_another_body_is_refused(app: object, world: World) -> None:
    guard, visit = await world.member("guard"), uuid7()
    body = await body_of(world, guard)
    first, again = await send(guard, body, visit), await send(guard, body, visit)
    assert (first.seq, first.hash, first.replayed) == (again.seq, again.hash, False)
    assert again.replayed
    with pytest.raises(Refused):
        await send(guard, {**body, "note": "changed"}, visit)
    with pytest.raises(Refused):
        await send(await world.member("guard2"), body, visit)


async def test_32_copies_at_once_are_one_visit(app: object, world: World) -> None:
    guard, visit = await world.member("guard"), uuid7()
    body = await body_of(world, guard, "gate", gate_guard_room_02="没有穿制服")
    receipts = await asyncio.gather(*(send(guard, body, visit) for _ in range(32)))
    assert len({(r.seq, r.hash, r.opened) for r in receipts}) == 1
    assert sum(not r.replayed for r in receipts) == 1
    async with reading(guard.scope):
        assert await value("SELECT count(*) FROM visit WHERE id = $1", visit) == 1


async def test_bad_opens_a_finding_and_bad_again_is_a_sighting(app: object, world: World) -> None:
    guard, other = await world.member("guard"), await world.member("guard2")
    first = await send(guard, await body_of(world, guard, "exit", evacuation_route_01="堆放纸箱"))
    assert (first.opened, first.merged) == (1, 0)
    second = await send(other, await body_of(world, other, "exit", evacuation_route_01="还是堆着"))
    assert (second.opened, second.merged) == (0, 1)
    async with reading(guard.scope):
        found = await rows(
            "SELECT * FROM finding WHERE point = $1 AND item_code = 'evacuation_route.01'", world.points["exit"]
        )
        told = await rows("SELECT kind FROM notice WHERE subject = $1", found[0]["id"])
        managers = await value(
            "SELECT count(*) FROM member WHERE body = $1 AND active AND post IN ('safety_director', 'vice_principal')",
            world.bodies["one"],
        )
    assert [(f["words"], f["sightings"], f["state"]) for f in found] == [("堆放纸箱", 1, "reported")]
    assert [n["kind"] for n in told] == ["finding_opened"] * managers


async def test_two_phones_find_the_same_fault_in_the_same_moment(app: object, world: World) -> None:
    guard, other = await world.member("guard"), await world.member("guard2")
    bodies = [await body_of(world, who, "extinguisher", fire_extinguisher_01="不在位") for who in (guard, other)]
    receipts = await asyncio.gather(*(send(who, body) for who, body in zip((guard, other), bodies, strict=True)))
    assert sorted((r.opened, r.merged) for r in receipts) == [(0, 1), (1, 0)]


async def test_what_is_answered_is_not_due_again(app: object, world: World) -> None:
    keeper = await world.member("keeper")
    await send(keeper, await body_of(world, keeper, "lab"))
    found = await point_to_visit(keeper, world.points["lab"])
    assert not [item.code for item in found.due if item.answer == "ok_notok_na"]
    assert found.last_visit is not None


async def test_a_point_of_another_school_is_missing(app: object, world: World) -> None:
    guard, neighbour = await world.member("guard"), await world.member("neighbour")
    body = await body_of(world, guard)
    with pytest.raises(Missing):
        await send(neighbour, body)
    with pytest.raises(Missing):
        await point_to_visit(neighbour, world.points["lab"])


async def test_the_chain_of_a_school_verifies(app: object, world: World) -> None:
    import json

    guard = await world.member("guard")
    await send(guard, await body_of(world, guard))
    school = world.bodies["one"]
    chain = [{**line, "body": json.loads(line["body"])} async for line in lines(guard, school)]
    assert chain
    assert list(faults(str(school), chain)) == []
    chain[-1]["body"]["note"] = "changed afterwards"
    assert [fault.what for fault in faults(str(school), chain)] == ["altered"]
    assert canonical({"b": 1, "a": "é"}) == '{"a":"\\u00e9","b":1}'
