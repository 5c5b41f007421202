"""The inbox: by day, what burns on top, read by opening, one's own only."""

import re
from html import unescape
from typing import Any

from backend.database import writing
from backend.notices.actions import tell, tell_above
from backend.notices.queries import notices, unread
from backend.row import uuid7
from tests.conftest import Browser
from tests.world import World


async def told(world: World, who: str, title: str, *, urgent: bool = False, kind: str = "finding_overdue") -> Any:
    """A notice to this person of school two; the id of what it is about."""
    by, subject = await world.member("neighbour"), uuid7()
    assert by.school is not None
    facts = {"number": "26-0001", "title": title, "until": "2026-12-03", "days": 2}
    async with writing(by.scope):
        await tell(by.school, [world.users[who]], kind, subject, facts, urgent=urgent)
    return subject


async def test_urgent_ones_stand_on_top_of_their_day(browser: Browser, world: World) -> None:
    await told(world, "neighbour_manager", "急的", urgent=True)
    await told(world, "neighbour_manager", "不急的")
    async with browser("neighbour_manager", language="zh-CN") as manager:
        shown = (await manager.get("/notices")).text
        assert "今天" in shown
        assert shown.index("已逾期：26-0001 急的") < shown.index("已逾期：26-0001 不急的")
        assert "期限 2026年12月3日" in shown
        assert '<span class="pill bad">紧急</span>' in shown
    async with browser("neighbour_manager", language="en") as manager:
        assert "Overdue: 26-0001" in (await manager.get("/notices")).text


async def test_opening_is_reading_and_leads_to_the_finding(browser: Browser, world: World) -> None:
    subject = await told(world, "neighbour_manager", "打开")
    member = await world.member("neighbour_manager")
    (one,) = [found for found in (await notices(member))[0] if found["subject"] == subject]
    before = await unread(member)
    async with browser("neighbour") as other:
        assert (await other.post(f"/notices/{one['id']}/open")).status_code == 404
    async with browser("neighbour_manager") as manager:
        await manager.get("/notices")
        assert await unread(member) == before
        done = await manager.post(f"/notices/{one['id']}/open")
        assert (done.status_code, done.headers["location"]) == (303, f"/findings/{subject}")
        assert (await manager.post(f"/notices/{uuid7()}/open")).status_code == 404
        assert await unread(member) == before - 1
        shown = unescape((await manager.get("/notices")).text)
        assert re.search(rf'<a class="line" href="/findings/{subject}"', shown)
        assert str(subject) not in (await manager.get("/notices?only=unread")).text


async def test_everything_read_is_said(browser: Browser, world: World) -> None:
    await told(world, "neighbour_manager", "最后")
    member = await world.member("neighbour_manager")
    newest = (await notices(member))[0][0]["created_at"].isoformat()
    async with browser("neighbour_manager") as manager:
        assert (await manager.post("/notices/read", data={"until": newest})).status_code == 303
        assert "Everything is read" in (await manager.get("/notices?only=unread")).text


async def test_an_officer_reads_his_notices_of_many_schools(browser: Browser, world: World) -> None:
    for who, kind in (("neighbour", "finding_escalated"), ("guard", "finding_reported_up")):
        by = await world.member(who)
        assert by.school is not None
        async with writing(by.scope):
            await tell_above(by.school, "district", kind, uuid7(), {"number": "26-2", "title": "门"}, urgent=True)
    member = await world.member("district")
    found, _ = await notices(member)
    assert await unread(member) >= 2
    async with browser("district") as officer:
        shown = (await officer.get("/notices")).text
        assert "Test one" in shown
        assert "Test two" in shown
        await officer.post(f"/notices/{found[0]['id']}/open")
        left = await unread(member)
        await officer.post("/notices/read", data={"until": found[0]["created_at"].isoformat()})
        assert await unread(member) == 0
        assert left >= 1
    async with browser("other_district") as other:
        assert "Test two" not in (await other.get("/notices")).text


async def test_a_link_of_the_list_goes_to_older_ones(browser: Browser, world: World) -> None:
    for n in range(51):
        await told(world, "neighbour_manager", f"第{n}")
    async with browser("neighbour_manager") as manager:
        first = unescape((await manager.get("/notices?only=unread")).text)
        older = re.search(r'href="(/notices\?before=[^"]+only=unread)"', first)
        assert older is not None
        assert "第0" not in first
        assert "第0" in (await manager.get(older[1])).text
