"""The inbox: only one's own, counted, read up to what was shown."""

from backend.notices.queries import notices, unread
from tests.conftest import Browser
from tests.findings.people import fault, spot
from tests.world import World


async def test_a_finding_is_announced_to_the_managers_of_its_school_and_can_be_read(
    browser: Browser, world: World
) -> None:
    here = await spot(world, "neighbour_manager")
    before = await unread(await world.member("neighbour_manager"))
    raised = await fault(world, "neighbour", here.point, "门坏", severity="major_suspected")
    assert await unread(await world.member("neighbour_manager")) == before + 1
    for who in ("manager", "neighbour", "district", "far_manager"):
        found, _ = await notices(await world.member(who))
        assert raised.finding not in {notice["subject"] for notice in found}, who
    async with browser("neighbour_manager", language="zh-CN") as manager:
        shown = await manager.get("/notices")
        assert f"新隐患 {raised.number}" in shown.text
        found, _ = await notices(await world.member("neighbour_manager"))
        newest = found[0]["created_at"].isoformat()
        later = await fault(world, "neighbour", here.point, "又一处")
        done = await manager.post("/notices/read", data={"until": newest})
        assert done.status_code == 303
        assert await unread(await world.member("neighbour_manager")) == 1
        assert later.number in (await manager.get("/notices")).text
        assert (await manager.get("/notices?before=nonsense")).status_code == 200
        assert (await manager.get("/notices?before=2001-01-01T00:00:00Z")).status_code == 200


async def test_everybody_has_an_inbox_and_strangers_have_none(browser: Browser) -> None:
    for who in ("guard", "crew", "district", "inspector", "admin"):
        async with browser(who) as reader:
            assert (await reader.get("/notices")).status_code == 200, who
    async with browser() as stranger:
        assert (await stranger.get("/notices")).status_code == 303
        assert (await stranger.post("/notices/read")).status_code in {303, 401}
