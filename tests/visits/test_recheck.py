"""The next visit to a point asks whether what was mended is mended; its answer decides, unless the mender gives it."""

from uuid import UUID

from backend import clock
from backend.database import rows, value, writing
from backend.findings.rules import Source, Verb
from backend.row import uuid7
from tests.conftest import Browser
from tests.findings.lives import act, born, line
from tests.visits.test_actions import body_of, send
from tests.world import World


async def mended(world: World, source: Source = Source.PATROL, item: str = "") -> UUID:
    finding = await born(world, source=source, item=item, point="extinguisher")
    for who, verb in (("manager", Verb.ASSIGN), ("crew", Verb.MEND), ("manager", Verb.ACCEPT)):
        await act(world, finding, who, verb)
    return finding


async def says(world: World, who: str, finding: UUID, now: str, words: str = "") -> None:
    member = await world.member(who)
    body = await body_of(world, member, "extinguisher")
    body["open_findings"] = [{"finding": str(finding), "now": now, "words": words, "photos": []}]
    await send(member, body)


async def test_the_point_asks_and_a_yes_by_somebody_else_closes(browser: Browser, world: World, app: object) -> None:
    finding = await mended(world)
    async with browser("guard2", language="zh-CN") as client:
        page = await client.get(f"/p/{world.codes['extinguisher']}")
    assert "真的修好了吗" in page.text
    await says(world, "guard2", finding, "gone")
    found = await line(world, finding)
    assert (found["state"], found["rechecked_by"]) == ("closed", world.users["guard2"])
    async with writing((await world.member("manager")).scope):
        closing = await rows("SELECT verb, by FROM finding_event WHERE finding = $1 ORDER BY created_at, id", finding)
    assert [(row["verb"], row["by"]) for row in closing][-2:] == [("recheck", world.users["guard2"]), ("close", None)]


async def test_a_no_sends_it_back_and_tells(world: World, app: object) -> None:
    finding = await mended(world)
    await says(world, "guard2", finding, "still", "还是漏水")
    found = await line(world, finding)
    assert (found["state"], found["mended_by"], found["accepted_by"]) == ("accept_failed", None, None)
    async with writing((await world.member("manager")).scope):
        told = await value(
            "SELECT count(*) FROM notice WHERE subject = $1 AND kind = 'finding_recheck_failed'", finding
        )
    assert told >= 2, "the crew and the safety office"


async def test_the_mender_cannot_close_by_a_visit(browser: Browser, world: World, app: object) -> None:
    finding = await mended(world)
    async with browser("crew", language="zh-CN") as client:
        page = await client.get(f"/p/{world.codes['extinguisher']}?view=checklist")
    other = await mended(world)
    assert page.text.count("真的修好了吗") == 0
    await says(world, "crew", finding, "gone")
    assert (await line(world, finding))["state"] == "accepted"
    assert (await line(world, other))["state"] == "accepted"


async def test_an_inspections_finding_waits_for_the_bureau_after_the_yes(world: World, app: object) -> None:
    finding = await mended(world, Source.INSPECTION)
    await says(world, "guard2", finding, "gone")
    assert (await line(world, finding))["state"] == "rechecked"
    await act(world, finding, "district", Verb.CLOSE)


async def test_the_same_item_bad_again_is_a_no(world: World, app: object) -> None:
    member = await world.member("guard2")
    body = await body_of(world, member, "extinguisher", fire_extinguisher_02="压力不足")
    await send(member, body)
    async with writing(member.scope):
        finding = await value(
            """SELECT id FROM finding WHERE point = $1 AND item_code = 'fire_extinguisher.02'
               ORDER BY found_at DESC LIMIT 1""",
            world.points["extinguisher"],
        )
    for who, verb in (("manager", Verb.ASSIGN), ("crew", Verb.MEND), ("manager", Verb.ACCEPT)):
        await act(world, finding, who, verb)
    again = {**await body_of(world, member, "extinguisher", fire_extinguisher_02="又没压力"), "note": str(uuid7())}
    again["saved_at"] = clock.now().isoformat()
    await send(member, again)
    assert (await line(world, finding))["state"] == "accept_failed"
