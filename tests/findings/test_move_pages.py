"""The pages of a finding's life: what they offer to whom, forms without scripts, nothing typed is lost."""

import re
from datetime import timedelta

from backend import clock
from backend.database import run, writing
from backend.findings.rules import Source, Verb
from tests.conftest import Browser
from tests.findings.lives import act, born, brought, line
from tests.findings.people import picture
from tests.world import World

BUTTON = re.compile(r'href="/findings/[0-9a-f-]+/do/(\w+)"')


async def offered(browser: Browser, who: str, finding: object, language: str = "en") -> set[str]:
    async with browser(who, language=language) as client:
        shown = await client.get(f"/findings/{finding}")
    assert shown.status_code == 200, who
    return set(BUTTON.findall(shown.text))


async def test_the_page_offers_what_the_machine_allows_and_says_who_is_awaited(browser: Browser, world: World) -> None:
    finding = await born(world)
    assert {"assign", "grade", "register", "reject", "note", "make_safe", "merge", "split"} <= await offered(
        browser, "manager", finding
    )
    assert await offered(browser, "guard", finding) == {"make_safe", "note"}
    await act(world, finding, "manager", Verb.ASSIGN)
    async with browser("manager", language="zh-CN") as client:
        shown = (await client.get(f"/findings/{finding}")).text
    assert "等待：" in shown
    assert "整改责任人" in shown
    assert "隐患流转全图" in shown
    assert 'class="state now"' in shown


async def test_the_whole_loop_by_plain_forms(browser: Browser, world: World) -> None:
    finding = await born(world)
    soon = (clock.today() + timedelta(days=3)).isoformat()
    five = {
        **{"area": "fire", "grade": "general", "assignee": str(world.users["crew"]), "measures": "换锁", "funds": "0"},
        **{"deadline": soon, "contingency": "专人看守"},
    }
    steps = (
        ("manager", "assign", five, False),
        ("crew", "make_safe", {"words": "已开锁"}, True),
        ("crew", "mend", {"words": "换了新锁"}, True),
        ("manager", "accept", {}, False),
        ("guard", "recheck", {"words": "看过，好的"}, False),
        ("manager", "close", {}, False),
    )
    for who, verb, fields, photo in steps:
        async with browser(who) as client:
            form = (await client.get(f"/findings/{finding}/do/{verb}")).text
            hidden = dict(re.findall(r'name="(event|version)" value="([^"]*)"', form))
            files = {"photo": ("a.jpg", picture(), "image/jpeg")} if photo else None
            sent = await client.post(f"/findings/{finding}/do/{verb}", data={**hidden, **fields}, files=files)
            assert sent.status_code == 303, (verb, re.findall(r'class="error"[^>]*>([^<]*)', sent.text))
            again = await client.post(f"/findings/{finding}/do/{verb}", data={**hidden, **fields}, files=files)
            assert again.status_code == 303, "a second press of the button changes nothing"
    found = await line(world, finding)
    assert (found["state"], found["interim_measures"]) == ("closed", "已开锁")
    async with browser("manager") as client:
        shown = (await client.get(f"/findings/{finding}")).text
    assert "换了新锁" in shown
    assert shown.count("?size=640") >= 2, "before and after stand side by side"


async def test_a_form_that_fails_keeps_words_and_photos(browser: Browser, world: World) -> None:
    finding = await brought(world, Verb.ASSIGN)
    async with browser("crew", language="zh-CN") as client:
        sent = await client.post(
            f"/findings/{finding}/do/mend",
            data={"words": " ", "version": ""},
            files={"photo": ("a.jpg", picture("blue"), "image/jpeg")},
        )
        assert sent.status_code == 422
        assert "请填写" in sent.text
        token = re.search(r'name="held" value="([^"]+)"', sent.text)
        assert token is not None, "the photo need not be chosen again"
        forged = await client.post(
            f"/findings/{finding}/do/mend", data={"words": "修好", "held": token[1][:-4] + "0000"}
        )
        assert forged.status_code == 422
        assert "修好" in forged.text
        done = await client.post(f"/findings/{finding}/do/mend", data={"words": "修好", "held": token[1]})
    assert done.status_code == 303
    assert (await line(world, finding))["state"] == "submitted"


async def test_a_file_that_is_no_photo_is_refused_beside_the_field(browser: Browser, world: World) -> None:
    finding = await brought(world, Verb.ASSIGN)
    async with browser("crew") as client:
        sent = await client.post(
            f"/findings/{finding}/do/mend",
            data={"words": "done it"},
            files={"photo": ("a.jpg", b"not a picture", "image/jpeg")},
        )
    assert sent.status_code == 422
    assert "not a photo" in sent.text
    assert "done it" in sent.text


async def test_who_comes_second_is_told_who_was_first_and_keeps_his_words(browser: Browser, world: World) -> None:
    finding = await brought(world, Verb.MEND)
    version = (await line(world, finding))["version"]
    async with browser("manager") as client:
        assert (await client.post(f"/findings/{finding}/do/accept", data={"version": str(version)})).status_code == 303
    async with browser("principal", language="zh-CN") as client:
        late = await client.post(f"/findings/{finding}/do/accept", data={"version": str(version), "words": "我也看过"})
    assert late.status_code == 409
    assert "陈立" in late.text
    assert "已先一步处理" in late.text
    assert "我也看过" in late.text, "nothing typed is lost when somebody was first"
    other = await brought(world, Verb.MEND)
    async with browser("crew", language="zh-CN") as client:  # nor when it is not his to do
        barred = await client.post(
            f"/findings/{other}/do/accept",
            data={"words": "写了半天"},
            files={"photo": ("a.jpg", picture("orchid"), "image/jpeg")},
        )
        assert barred.status_code == 403
        assert "写了半天" in barred.text
        held = re.search(r'name="held" value="([^"]+)"', barred.text)
        assert held is not None
        kept = await client.post(f"/findings/{other}/do/note", data={"words": "写了半天", "held": held[1]})
    assert kept.status_code == 303


async def test_forms_of_verbs_that_are_not_mine_or_unknown(browser: Browser, world: World) -> None:
    finding = await brought(world, Verb.MEND)
    async with browser("crew") as client:
        shown = await client.get(f"/findings/{finding}/do/accept")
        assert shown.status_code == 200
        assert "somebody else" in shown.text
        assert (await client.post(f"/findings/{finding}/do/accept", data={})).status_code == 403
        assert (await client.get(f"/findings/{finding}/do/vanish")).status_code == 404
        assert (await client.get(f"/findings/{finding}/do/escalate")).status_code == 404
    async with browser("neighbour_manager") as client:
        assert (await client.get(f"/findings/{finding}/do/accept")).status_code == 404
        assert (await client.post(f"/findings/{finding}/do/accept", data={})).status_code == 404


async def test_a_page_that_is_open_hears_of_changes(browser: Browser, world: World) -> None:
    finding = await brought(world, Verb.ASSIGN)
    async with browser("manager") as client:
        page = (await client.get(f"/findings/{finding}")).text
        shown = re.search(r'data-version="([^"]+)"', page)
        now = (await client.get(f"/findings/{finding}/version")).json()["version"]
        assert shown is not None
        assert shown[1] == now
        await act(world, finding, "crew", Verb.NOTE)
        assert (await client.get(f"/findings/{finding}/version")).json()["version"] != now
    async with browser("neighbour_manager") as client:
        assert (await client.get(f"/findings/{finding}/version")).status_code == 404


async def test_a_finding_of_a_retired_point_goes_on(browser: Browser, world: World) -> None:
    finding = await born(world, point="gate")
    async with writing((await world.member("manager")).scope):
        await run("UPDATE point SET state = 'retired', retired_at = now() WHERE id = $1", world.points["gate"])
    try:
        await act(world, finding, "manager", Verb.ASSIGN)
        async with browser("manager") as client:
            assert "the point is retired" in (await client.get(f"/findings/{finding}")).text
        await act(world, finding, "crew", Verb.MEND)
    finally:
        async with writing((await world.member("manager")).scope):
            await run("UPDATE point SET state = 'active', retired_at = NULL WHERE id = $1", world.points["gate"])


async def test_a_report_is_tied_to_an_item_of_its_point_when_it_is_entered(browser: Browser, world: World) -> None:
    report = await born(world, item="", source=Source.REPORT, point="extinguisher")
    async with writing((await world.member("manager")).scope):
        await run("UPDATE finding SET item_code = '' WHERE id = $1", report)
    async with browser("manager", language="zh-CN") as client:
        form = (await client.get(f"/findings/{report}/do/register")).text
        assert 'value="fire_extinguisher.03"' in form
        fields = {"version": "0", "area": "fire"}
        odd = await client.post(f"/findings/{report}/do/register", data={**fields, "item": "lab.01"})
        assert odd.status_code == 422
        assert "没有这一项" in odd.text
        fine = await client.post(f"/findings/{report}/do/register", data={**fields, "item": "fire_extinguisher.03"})
        assert fine.status_code == 303, fine.text
    found = await line(world, report)
    assert (found["item_code"], found["state"], bool(found["basis"])) == ("fire_extinguisher.03", "registered", True)
    again = await born(world, item="fire_extinguisher.03", point="extinguisher")
    assert again == report, "from now on the same fault is recognised"
    other = await born(world, source=Source.REPORT, point="extinguisher")
    async with writing((await world.member("manager")).scope):
        await run("UPDATE finding SET item_code = '' WHERE id = $1", other)
    async with browser("manager") as client:
        taken = await client.post(f"/findings/{other}/do/register", data={**fields, "item": "fire_extinguisher.03"})
    assert taken.status_code == 422
    assert "Merge" in taken.text
