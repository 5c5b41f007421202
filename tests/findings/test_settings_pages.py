"""A school's times, its rules of routing, and the criteria that the city's bureau adds to."""

import re
from html import unescape
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from backend import clock, database
from backend.database import reading, writing
from backend.demo import load_builtin
from backend.findings.actions import Fault, raise_from
from backend.findings.queries_settings import criteria_in_force, criterion_for, policy_of, proposal
from backend.findings.rules import Source
from backend.findings.rules_deadlines import Policy
from backend.findings.rules_routing import Route, first, uncovered
from backend.postgres_roles import Dsns
from fixtures.packs import read
from tests.accounts.people import owner
from tests.conftest import Browser
from tests.findings import people
from tests.world import World

TIMES = {name: str(getattr(Policy(), name)) for name in Policy.__slots__}


def route(number: int, **wanted: object) -> Route:
    blank = {"area": None, "kind": None, "grade": None}
    return Route(id=uuid4(), position=number, assignee=uuid4(), **{**blank, **wanted})  # type: ignore[arg-type]


def test_the_first_rule_that_fits_proposes() -> None:
    lab = route(1, area="lab", grade="major")
    kitchen = route(2, kind="kitchen")
    rest = route(3)
    rules = [lab, kitchen, rest]
    assert first(rules, "lab", "lab", "major") is lab
    assert first(rules, "lab", "kitchen", "general") is kitchen
    assert first(rules, "fire", None, "general") is rest
    assert first([lab], "fire", None, "major") is None
    gone = route(0, here=False)
    assert first([gone, rest], "fire", None, "general") is rest, "who left is not proposed"


def test_what_no_rule_covers() -> None:
    kinds = {"lab": "lab", "kitchen": "food", "gate": "security"}
    rules = [route(1, area="lab"), route(2, kind="kitchen"), route(3, area="security", grade="major")]
    assert uncovered(rules, ["lab", "food", "security"], kinds) == (["food", "security"], ["gate"])
    assert uncovered([route(1)], ["lab"], kinds) == ([], [])


async def test_the_times_of_a_school(browser: Browser, world: World) -> None:
    client = browser("far_manager")
    assert "not verified" in (await client.get("/findings/settings")).text
    answer = await client.post("/findings/settings", data={**TIMES, "general_days": "5", "safe_minutes": "30"})
    assert answer.status_code == 303
    page = (await client.get(answer.headers["location"])).text
    assert "These are proposals, not verified" not in page
    assert "after 30 minutes" in page
    member = await world.member("far_manager")
    async with reading(member.scope):
        assert await policy_of(world.bodies["three"]) == Policy(general_days=5, safe_minutes=30)
        assert await policy_of(world.bodies["one"]) == Policy(), "another school keeps its own"


async def test_bad_times_are_said_beside_their_fields(browser: Browser) -> None:
    answer = await browser("manager").post("/findings/settings", data={**TIMES, "works_days": "soon", "quiet_from": ""})
    page = unescape(answer.text)
    assert answer.status_code == 422
    assert 'id="works_days-error"' in page
    assert 'id="quiet_from-error"' in page
    assert 'value="soon"' in page
    chinese = await browser("manager", language="zh-CN").post("/findings/settings", data={**TIMES, "works_days": "0"})
    assert "请填 1 到 366 的整数" in chinese.text


def rules_of(page: httpx.Response) -> list[tuple[str, str]]:
    """(id, name) of the rules on the page, in their order."""
    lines = re.findall(r'<li><div class="line.*?</li>', page.text, re.S)
    return [(re.findall(r"rules/([0-9a-f-]{36})/end", line)[0], re.findall(r"<b>(.*?)</b>", line)[0]) for line in lines]


async def test_rules_are_added_ordered_tried_and_ended(browser: Browser, world: World) -> None:
    client, member = browser("manager"), await world.member("manager")
    before = rules_of(await client.get("/findings/settings"))
    crew, other = str(world.users["crew"]), str(world.users["crew2"])
    for form in ({"assignee": crew}, {"area": "fire", "assignee": other, "leader": str(world.users["principal"])}):
        answer = await client.post("/findings/settings/rules", data=form)
        assert answer.status_code == 303, answer.text
    found = rules_of(await client.get("/findings/settings"))
    assert [name for _, name in found[len(before) :]] == ["李师傅", "孙电工"]
    general, fire = (one for one, _ in found[len(before) :])
    finding = {"school": world.bodies["one"], "area": "fire", "grade": "general", "point": world.points["gate"]}
    async with reading(member.scope):
        assert (await proposal(finding))["assignee"] == world.users["crew"]
    assert (await client.post(f"/findings/settings/rules/{fire}/up")).status_code == 303
    async with reading(member.scope):
        proposed = await proposal(finding)
    assert proposed["assignee"] == world.users["crew2"]
    assert proposed["leader"] == world.users["principal"]
    page = await client.get("/findings/settings?area=fire&kind=&grade=general")
    assert re.search(r"Rule \d+ proposes 孙电工", page.text)
    await client.post(f"/findings/settings/rules/{fire}/down")
    assert [one for one, _ in rules_of(await client.get("/findings/settings"))][-2:] == [general, fire]
    for one in (general, fire):
        assert (await client.post(f"/findings/settings/rules/{one}/end")).status_code == 303
    assert rules_of(await client.get("/findings/settings")) == before
    assert (await client.post(f"/findings/settings/rules/{fire}/end")).status_code == 404


async def test_a_rule_names_somebody_who_works_here(browser: Browser, world: World) -> None:
    client = browser("manager")
    for form, field in (
        ({}, "assignee"),
        ({"assignee": str(world.users["neighbour"])}, "assignee"),
        ({"assignee": str(world.users["principal"])}, "assignee"),
        ({"assignee": str(world.users["crew"]), "leader": str(world.users["city"])}, "leader"),
        ({"assignee": str(world.users["crew"]), "kind": "submarine"}, "kind"),
    ):
        answer = await client.post("/findings/settings/rules", data=form)
        assert answer.status_code == 422
        assert f'id="{field}-error"' in answer.text


async def test_a_rule_of_somebody_who_left_is_marked_and_proposes_nobody(
    browser: Browser, world: World, dsns: Dsns
) -> None:
    client, member = browser("manager"), await world.member("manager")
    await client.post("/findings/settings/rules", data={"area": "food", "assignee": str(world.users["crew2"])})
    rule = rules_of(await client.get("/findings/settings"))[-1][0]
    finding = {"school": world.bodies["one"], "area": "food", "grade": "general", "point": None}
    try:
        await owner(dsns, 'UPDATE member SET active = false WHERE "user" = $1', world.users["crew2"])
        assert "has left or changed post" in (await client.get("/findings/settings")).text
        async with reading(member.scope):
            assert (await proposal(finding))["assignee"] != world.users["crew2"]
    finally:
        await owner(dsns, 'UPDATE member SET active = true WHERE "user" = $1', world.users["crew2"])
    async with reading(member.scope):
        assert (await proposal(finding))["assignee"] == world.users["crew2"]
    await client.post(f"/findings/settings/rules/{rule}/end")


@pytest.mark.parametrize("who", ["guard", "crew", "principal", "district", "city", "inspector"])
async def test_who_may_not_set_up(browser: Browser, who: str) -> None:
    assert (await browser(who).get("/findings/settings")).status_code == 403


async def test_a_neighbour_cannot_touch_a_rule(browser: Browser, world: World) -> None:
    client = browser("manager")
    await client.post("/findings/settings/rules", data={"area": "traffic", "assignee": str(world.users["crew"])})
    rule = rules_of(await client.get("/findings/settings"))[-1][0]
    for way in ("up", "down", "end"):
        answer = await browser("neighbour_manager").post(f"/findings/settings/rules/{rule}/{way}")
        assert answer.status_code == 404
    assert rules_of(await client.get("/findings/settings"))[-1][0] == rule
    await client.post(f"/findings/settings/rules/{rule}/end")


# Criteria


async def in_force(world: World, who: str, item: str) -> str:
    member = await world.member(who)
    async with reading(member.scope):
        return await criterion_for(item)


async def test_the_pack_brings_its_ten_and_brings_them_once(app: object, world: World, dsns: Dsns) -> None:
    assert await in_force(world, "guard", "hydrant.06") == "mj-04"
    assert await in_force(world, "guard", "hydrant.01") == ""
    assert await in_force(world, "guard", "") == ""
    member = await world.member("guard")
    async with reading(member.scope):
        found = {one["code"]: one for one in await criteria_in_force()}
    assert {one["id"] for one in read("major_criteria")} <= set(found)
    assert "教发厅函" in found["mj-01"]["source"]
    assert not found["mj-10"]["verified"], "its clause was not read to the end"


async def test_a_fault_that_touches_a_criterion_is_proposed_as_major(app: object, world: World) -> None:
    member, spot = await world.member("guard"), await people.spot(world)
    for code, severity, expected in (
        ("hydrant.06", "general", ("major", "mj-04")),
        ("hydrant.01", "general", ("general", "")),
        ("hydrant.02", "major_suspected", ("major", "")),
    ):
        fault = Fault(
            **{"school": world.bodies["one"], "point": spot.point, "item_code": code, "area": "fire", "title": "x"},
            **{"title_en": "", "words": "", "severity": severity, "basis": "", "at": clock.now(), "by": member.user},
            source=Source.PATROL,
        )
        async with writing(member.scope):
            raised = await raise_from(fault)
            row = await database.row("SELECT grade_proposed, criterion FROM finding WHERE id = $1", raised.finding)
        assert row is not None
        assert (row["grade_proposed"], row["criterion"]) == expected


@pytest_asyncio.fixture
async def new_code(browser: Browser) -> str:
    """A criterion of the city's own, on an item that no other touches."""
    form = {"zh": "围墙倒塌危险", "source": "指南第四条", "items": "perimeter.01"}
    answer = await browser("city").post("/criteria", data=form)
    assert answer.status_code == 303, answer.text
    found = re.search(r"/criteria/(c-\d+)", answer.headers["location"])
    assert found
    return found[1]


async def withdraw(browser: Browser, code: str, seen: int) -> httpx.Response:
    return await browser("city").post(f"/criteria/{code}/withdraw", data={"why": "并入另一条", "seen": str(seen)})


async def test_the_bureau_adds_extends_and_withdraws(browser: Browser, world: World, new_code: str) -> None:
    assert await in_force(world, "guard", "perimeter.01") == new_code
    assert await in_force(world, "far_manager", "perimeter.01") == new_code, "for every school of the city"
    change = {
        "zh": "围墙、挡土墙倒塌危险",
        "source": "指南第四条",
        "items": "perimeter.02",
        "words": "按原文",
        "seen": "1",
    }
    answer = await browser("city").post(f"/criteria/{new_code}", data={**change, "verified": "1"})
    assert answer.status_code == 303
    page = (await browser("guard", language="zh-CN").get(f"/criteria/{new_code}")).text
    for text in ("第 2 版", "第 1 版", "按原文", "<del>围墙倒塌危险</del>", "现行", "依据已核对"):
        assert text in page
    assert await in_force(world, "guard", "perimeter.01") == ""
    assert await in_force(world, "guard", "perimeter.02") == new_code
    assert (await withdraw(browser, new_code, 2)).status_code == 303
    assert await in_force(world, "guard", "perimeter.02") == ""
    assert "已停用" in (await browser("guard", language="zh-CN").get("/criteria")).text


async def test_two_officers_at_once(browser: Browser, new_code: str) -> None:
    form = {"zh": "甲", "source": "指南", "words": "甲", "seen": "1"}
    assert (await browser("city").post(f"/criteria/{new_code}", data=form)).status_code == 303
    second = await browser("city").post(f"/criteria/{new_code}", data={**form, "zh": "乙"})
    assert second.status_code == 409
    assert (await withdraw(browser, new_code, 1)).status_code == 409
    assert (await withdraw(browser, new_code, 2)).status_code == 303


async def test_a_bad_criterion_is_said_beside_its_fields(browser: Browser, new_code: str) -> None:
    answer = await browser("city").post("/criteria", data={"zh": "", "en": "kept", "items": "no.such"})
    page = unescape(answer.text)
    assert answer.status_code == 422
    for field in ("zh", "source", "chosen"):
        assert f'id="{field}-error"' in page
    assert ">kept</textarea>" in page
    answer = await browser("city").post(f"/criteria/{new_code}", data={"zh": "x", "source": "y", "seen": "1"})
    assert 'id="words-error"' in answer.text
    answer = await browser("city").post(f"/criteria/{new_code}/withdraw", data={"why": "", "seen": "1"})
    assert 'id="why-error"' in answer.text
    await withdraw(browser, new_code, 1)


@pytest.mark.parametrize("who", ["guard", "crew", "manager", "principal", "district", "inspector"])
async def test_everybody_reads_and_only_the_city_writes(browser: Browser, who: str) -> None:
    page = await browser(who).get("/criteria")
    assert page.status_code == 200
    assert "were not read" in page.text
    assert "/criteria/new" not in page.text
    for path in ("/criteria/new", "/criteria/mj-01/edit"):
        assert (await browser(who).get(path)).status_code == 403
    assert (await browser(who).post("/criteria", data={"zh": "x", "source": "y"})).status_code == 403


async def test_a_criterion_that_is_not_there(browser: Browser) -> None:
    assert (await browser("city").get("/criteria/mj-99")).status_code == 404
    assert (await browser("city").post("/criteria/mj-99", data={"zh": "x"})).status_code == 404


async def test_the_bureaus_version_outlasts_a_newer_pack(
    browser: Browser, world: World, dsns: Dsns, new_code: str
) -> None:
    """What the pack says anew is kept as a version; what the bureau decided stays in force."""
    count = "SELECT count(*) AS n FROM criterion"
    before = (await owner(dsns, count))[0]["n"]
    opened = database.DB.pool is not None
    await database.DB.close()
    await database.DB.open(dsns.owner, size=2)
    try:
        await load_builtin()
    finally:
        await database.DB.close()
        if opened:
            await database.DB.open(dsns.app)
    assert (await owner(dsns, count))[0]["n"] == before, "the same pack again adds nothing"
    await owner(
        dsns, "INSERT INTO criterion (code, version, zh, items) VALUES ($1, 9, '内置', '[\"perimeter.03\"]')", new_code
    )
    assert await in_force(world, "guard", "perimeter.01") == new_code
    assert await in_force(world, "guard", "perimeter.03") == ""
    assert "Version 9 came with the program" in (await browser("city").get(f"/criteria/{new_code}")).text
    assert (await withdraw(browser, new_code, 1)).status_code == 303
