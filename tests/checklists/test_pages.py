"""The pages over HTTP: who sees which kinds, what a school may change, how the bureau publishes for all below."""

import re
from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio

from backend import clock
from backend.checklists import queries
from backend.postgres_roles import Dsns
from backend.row import uuid7
from backend.visits.actions import Receipt, Sending, submit
from backend.visits.queries import point_to_visit
from backend.visits.rules import understand
from tests.conftest import Browser
from tests.world import World

OWN = {"zh": "鱼缸水电安全", "en": "Fish tank is safe", "frequency": "weekly", "photo": "none", "severity": "general"}


@pytest_asyncio.fixture
async def owner(dsns: Dsns, app: object) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(dsns.owner)
    yield connection
    await connection.close()


@pytest_asyncio.fixture
async def point_of(owner: Any, world: World) -> AsyncIterator[Any]:
    """Makes a point of a kind in the third school (a kindergarten), retired again afterwards."""
    made: list[UUID] = []

    async def make(kind: str) -> UUID:
        made.append(uuid7())
        await owner.execute(
            "INSERT INTO point (id, school, kind, number, name) VALUES ($1, $2, $3, $4, '检查表测试点')",
            *(made[-1], world.bodies["three"], kind, f"CK{made[-1].hex[-6:]}"),
        )
        return made[-1]

    yield make
    await owner.execute("UPDATE point SET state = 'retired', retired_at = now() WHERE id = ANY ($1)", made)


async def told(by: Any, point: UUID, item: UUID, **answer: Any) -> Receipt:
    body = {"point": str(point), "how": "list", "how_reason": "test", "answers": [{"item": str(item), **answer}]}
    return await submit(uuid7(), understand(body, clock.parse), Sending(body, clock.now()), by)


async def result_of(owner: Any, receipt: Receipt) -> str:
    return str(await owner.fetchval("SELECT result FROM answer WHERE visit = $1", receipt.id))


async def test_a_kindergarten_sees_no_laboratory_or_internship_unless_it_has_such_points(
    browser: Browser, world: World, point_of: Any
) -> None:
    member = await world.member("far_manager")
    used = {one["code"] for one in await queries.kinds_in_use(member)}
    assert "lab" in used  # it has such a point
    assert {"chem_store", "internship_host", "training_workshop", "dormitory"}.isdisjoint(used)
    assert {"evacuation_route", "kitchen", "gate_guard_room"} <= used | {"kitchen"}
    page = (await browser("far_manager").get("/checklists")).text
    shown, folded = page.split("<details", 1)
    assert "/checklists/chem_store" not in shown
    assert "/checklists/chem_store" in folded
    await point_of("chem_store")
    assert "chem_store" in {one["code"] for one in await queries.kinds_in_use(member)}


async def test_a_dormitory_is_proposed_to_boarding_schools_only(owner: Any, world: World) -> None:
    member = await world.member("manager")
    assert not (await queries.kind(member, "dormitory", member.school))["in_use"]
    await owner.execute("UPDATE body SET boarding = true WHERE id = $1", member.school)
    assert (await queries.kind(member, "dormitory", member.school))["in_use"]
    await owner.execute("UPDATE body SET boarding = false WHERE id = $1", member.school)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("who", ["manager", "principal", "district", "city"])
async def test_everybody_who_sees_a_school_reads_the_checklists(browser: Browser, who: str, language: str) -> None:
    client = browser(who, language=language)
    for path in ("", "/fire_extinguisher", "/fire_extinguisher/print", "/dates"):
        assert (await client.get(f"/checklists{path}")).status_code == 200, path
    for path in ("/plan", "/plan/obligations"):
        assert (await client.get(path)).status_code == 200


async def test_an_officer_sees_all_kinds_without_switches_and_a_school_by_its_id(
    browser: Browser, world: World
) -> None:
    client = browser("district")
    page = (await client.get("/checklists")).text
    assert len(set(re.findall(r'href="/checklists/(\w+)"', page)) - {"dates"}) == 33
    school = world.bodies["two"]
    assert "Test two" in (await client.get(f"/checklists?school={school}")).text
    assert (await client.get(f"/checklists?school={world.bodies['three']}")).status_code == 404
    assert (await client.get("/checklists?school=nonsense")).status_code == 404
    assert "/use" not in (await client.get(f"/checklists/lab?school={school}")).text


@pytest.mark.parametrize("who", ["guard", "crew", "inspector", "admin"])
async def test_others_do_not(browser: Browser, who: str) -> None:
    for path in ("/checklists", "/checklists/lab", "/plan", "/plan/obligations"):
        assert (await browser(who).get(path)).status_code == 403


async def test_an_item_tells_all_it_rests_on(browser: Browser) -> None:
    page = (await browser("manager").get("/checklists/fire_extinguisher")).text
    assert "Where the needle of the pressure gauge points" in page
    assert "Green zone" in page
    assert "Red zone" in page
    assert "checked" in page
    assert "unverified" in (await browser("manager").get("/checklists/lab")).text
    assert "Has a spare extinguisher been put in its place?" in page
    assert "at most 10 years" in page
    assert "at most 2 years" in page
    assert 'href="/plan#fire-2"' in page
    assert (await browser("manager").get("/checklists/nothing")).status_code == 404
    assert (await browser("manager").get(f"/checklists/lab/versions/{uuid7()}")).status_code == 404


async def test_the_plan_is_whole(browser: Browser) -> None:
    for language, words in (
        ("zh-CN", "实验室安全责任体系是否健全"),
        ("en", "Is the laboratory safety responsibility system"),
    ):
        page = (await browser("principal", language=language).get("/plan")).text
        assert len(re.findall(r'<li class="card stack" id="\w+-\d+"', page)) == 50
        assert words in page
        page = (await browser("principal", language=language).get("/plan/obligations")).text
        assert len(re.findall(r'<li class="card" id="ob-\d+"', page)) == 49


async def test_a_kind_is_switched_on_and_off_but_not_while_points_are_in_use(
    browser: Browser, world: World, point_of: Any
) -> None:
    client, member = browser("far_manager"), await world.member("far_manager")
    assert (await client.post("/checklists/training_workshop/use", data={"on": "1"})).status_code == 303
    assert (await queries.kind(member, "training_workshop", member.school))["in_use"]
    await point_of("training_workshop")
    refused = await client.post("/checklists/training_workshop/use", data={"on": "0"})
    assert refused.status_code == 409
    assert "1 points of this kind are in use" in refused.text
    assert (await client.post("/checklists/bollards/use", data={"on": "0"})).status_code == 303
    assert not (await queries.kind(member, "bollards", member.school))["in_use"]
    assert (await client.post("/checklists/bollards/use", data={"on": "1"})).status_code == 303
    assert (await client.post("/checklists/nothing/use", data={"on": "1"})).status_code == 404
    for who in ("principal", "district", "city", "guard"):
        assert (await browser(who).post("/checklists/bollards/use", data={"on": "0"})).status_code == 403


async def test_a_school_adds_an_item_of_its_own_and_withdraws_it(
    browser: Browser, world: World, owner: Any, point_of: Any
) -> None:
    client, member = browser("far_manager"), await world.member("far_manager")
    point = await point_of("library")
    before = [item.code for item in (await point_to_visit(member, point)).items]
    added = await client.post("/checklists/library/own", data={**OWN, "answer": "ok_notok_na", "seen": "0"})
    assert added.headers["location"] == "/checklists/library?done=added"
    items = (await point_to_visit(member, point)).items
    assert [item.code for item in items] == [*before, "library.x01"]
    own = items[-1]
    page = (await client.get("/checklists/library?done=added")).text
    assert "Fish tank is safe" in page
    assert "our own item" in page
    assert "Your item is published" in page
    for stranger in ("manager", "city"):
        assert "Fish tank" not in (await browser(stranger).get("/checklists/library")).text
    assert "Fish tank" in (await browser("city").get(f"/checklists/library?school={member.school}")).text

    stale = await client.post("/checklists/library/own", data={**OWN, "answer": "text", "seen": "0"})
    assert stale.status_code == 409

    asked = await client.post("/checklists/library/own/library.x01/withdraw", data={"seen": "1"})
    assert asked.status_code == 200
    assert "Withdraw an item" in asked.text
    silent = await client.post("/checklists/library/own/library.x01/withdraw", data={"seen": "1", "sure": "1"})
    assert silent.status_code == 422
    gone = {"seen": "1", "sure": "1", "why": "鱼缸已拆"}
    assert (await client.post("/checklists/library/own/library.x01/withdraw", data=gone)).status_code == 303
    assert [item.code for item in (await point_to_visit(member, point)).items] == before
    receipt = await told(member, point, own.id, result="bad", words="漏电")
    assert await result_of(owner, receipt) == "bad"  # a phone that still had the old version
    again = {**OWN, "answer": "text", "seen": "2"}
    assert (await client.post("/checklists/library/own", data=again)).status_code == 303
    assert (await point_to_visit(member, point)).items[-1].code == "library.x02"


async def test_the_pack_cannot_be_thinned_by_a_school(browser: Browser) -> None:
    client = browser("far_manager")
    data = {"seen": "0", "sure": "1", "why": "x"}
    assert (await client.post("/checklists/library/own/library.01/withdraw", data=data)).status_code == 404
    assert (await client.get("/checklists/library/edit")).status_code == 403
    for path in ("preview", "publish", "edit"):
        assert (await client.post(f"/checklists/library/{path}", data={"words": "x"})).status_code == 403


async def test_a_wrong_item_comes_back_as_it_was_typed(browser: Browser) -> None:
    data = {**OWN, "answer": "number", "minimum": "9", "maximum": "3", "unit": "℃", "seen": "0"}
    page = await browser("far_manager").post("/checklists/hall/own", data=data)
    assert page.status_code == 422
    assert "The lower limit is above the upper one." in page.text
    assert "鱼缸水电安全" in page.text
    assert 'value="9"' in page.text
    assert "℃" in page.text
    empty = await browser("far_manager", language="zh-CN").post("/checklists/hall/own", data={})
    assert empty.status_code == 422
    assert "请填写" in empty.text


async def test_limits_are_moved_where_the_pack_lets_them(
    browser: Browser, world: World, owner: Any, point_of: Any
) -> None:
    client, member = browser("far_manager"), await world.member("far_manager")
    one, other = await point_of("hydrant"), await point_of("hydrant")
    path = "/checklists/hydrant/limits/hydrant.07"

    async def limits(point: UUID) -> tuple[float | None, float | None]:
        item = next(i for i in (await point_to_visit(member, point)).items if i.code == "hydrant.07")
        return item.minimum, item.maximum

    assert (await client.get(path)).status_code == 200
    assert (await client.post(path, data={"minimum": "0.1", "maximum": "1.6"})).status_code == 303
    assert await limits(one) == await limits(other) == (0.1, 1.6)
    assert (await client.post(path, data={"point": str(one), "minimum": "0.2"})).status_code == 303
    assert (await limits(one), await limits(other)) == ((0.2, None), (0.1, 1.6))
    item = next(i for i in (await point_to_visit(member, one)).items if i.code == "hydrant.07")
    assert await result_of(owner, await told(member, one, item.id, number=0.15)) == "bad"
    assert await result_of(owner, await told(member, other, item.id, number=0.15)) == "ok"
    assert (await client.post(path, data={"point": str(one), "back": "1"})).status_code == 303
    assert await limits(one) == (0.1, 1.6)
    assert (await client.post(path, data={"back": "1"})).status_code == 303
    assert await limits(one) == (0.07, None)
    page = (await client.get(path)).text
    assert page.count("taken back") == 2
    assert "at least 0.2" in page


@pytest.mark.parametrize(
    "data",
    [{}, {"minimum": "x"}, {"minimum": "3", "maximum": "2"}, {"maximum": "0.01"}, {"minimum": "1", "point": "x"}],
)
async def test_limits_that_cannot_be_are_told(browser: Browser, data: dict[str, str]) -> None:
    assert (await browser("far_manager").post("/checklists/hydrant/limits/hydrant.07", data=data)).status_code == 422


async def test_limits_elsewhere_are_not_moved(browser: Browser, world: World) -> None:
    client = browser("far_manager")
    assert (await client.post("/checklists/hydrant/limits/hydrant.01", data={"minimum": "1"})).status_code == 404
    data = {"minimum": "1", "point": str(world.points["extinguisher"])}
    assert (await client.post("/checklists/hydrant/limits/hydrant.07", data=data)).status_code == 404
    assert (await browser("principal").post("/checklists/hydrant/limits/hydrant.07", data=data)).status_code == 403


async def test_dates_are_judged_by_what_they_mean_and_listed_before_they_end(
    browser: Browser, world: World, owner: Any
) -> None:
    member, point = await world.member("far_manager"), world.points["extinguisher_three"]
    items = {item.code: item for item in (await point_to_visit(member, point)).items}
    made, done = items["fire_extinguisher.06"], items["fire_extinguisher.07"]
    today = clock.today()
    assert (made.date_rule, made.maximum, done.maximum) == ("since", 10, 2)

    async def judged(item: Any, day: date) -> str:
        return await result_of(owner, await told(member, point, item.id, date=day.isoformat()))

    assert await judged(done, today.replace(year=today.year - 3, day=1)) == "bad"
    assert await judged(made, today.replace(year=today.year - 11, day=1)) == "bad"
    assert await judged(made, today + timedelta(days=40)) == "bad"
    assert await judged(done, today - timedelta(days=30)) == "ok"
    assert await judged(made, today.replace(year=today.year - 10, day=1) + timedelta(days=45)) == "ok"
    client = browser("far_manager")
    near = {(one["zh"], one["over"]) for one in await queries.dates_ending(member) if one["point"] == point}
    assert {over for _, over in near} <= {False}
    assert str(point) in (await client.get("/checklists/dates")).text or not near
    assert (
        await client.post("/checklists/fire_extinguisher/limits/fire_extinguisher.06", data={"maximum": "6"})
    ).status_code == 303
    assert await judged(made, today.replace(year=today.year - 7, day=1)) == "bad"
    page = (await client.get("/checklists/dates")).text
    assert str(point) in page
    assert 'class="pill bad"' in page


async def _form(owner: Any, kind: str, version: int, body: UUID | None) -> dict[str, str]:
    """The bureau's form as it opens, for the items of a version."""
    rows = await owner.fetch(
        """SELECT i.* FROM item i JOIN checklist c ON c.id = i.checklist WHERE c.kind = $1 AND c.version = $2
           AND c.body IS NOT DISTINCT FROM $3 ORDER BY i.position""",
        *(kind, version, body),
    )
    form = {"seen": str(version if body else 0), "new": "0"}
    for row in rows:
        named = {name: row[name] for name in ("zh", "en", "frequency", "photo", "severity", "minimum", "maximum")}
        form |= {f"{row['code']}.{name}": "" if value is None else str(value) for name, value in named.items()}
        form[f"{row['code']}.limits_by_school"] = "1" if row["limits_by_school"] else ""
    return form


async def test_the_bureau_publishes_a_version_for_all_below_and_old_phones_are_still_understood(
    browser: Browser, world: World, owner: Any, point_of: Any
) -> None:
    client, manager = browser("city"), await world.member("far_manager")
    point = await point_of("boiler")
    old = {item.code: item for item in (await point_to_visit(manager, point)).items}
    form = await _form(owner, "boiler", 1, None)
    first, second, third = list(old)[:3]
    form |= {
        f"{first}.zh": "市局改过的内容",
        f"{second}.retire": "1",
        f"{second}.why": "与另一项重复",
        f"{third}.place": "1",
    }
    new = {**OWN, "answer": "ok_notok_na", "basis": "市局〔2026〕1号"}
    form |= {"new": "1", **{f"new1.{name}": text for name, text in new.items()}}

    assert (await client.get("/checklists/boiler/edit")).status_code == 200
    more = await client.post("/checklists/boiler/edit", data={**form, "more": "1"})
    assert more.status_code == 200
    assert 'name="new2.zh"' in more.text
    assert "市局改过的内容" in more.text
    preview = await client.post("/checklists/boiler/preview", data=form)
    assert preview.status_code == 200
    for words in ("市局改过的内容", "与另一项重复", "boiler.c01", "The order of the items is different."):
        assert words in preview.text
    assert await owner.fetchval("SELECT count(*) FROM checklist WHERE kind = 'boiler'") == 1

    silent = await client.post("/checklists/boiler/publish", data=form)
    assert silent.status_code == 422
    assert "Publish version 1" in silent.text
    done = await client.post("/checklists/boiler/publish", data={**form, "words": "按年度会议"})
    assert done.headers["location"] == "/checklists/boiler?done=published"
    items = (await point_to_visit(manager, point)).items
    codes = [item.code for item in items]
    assert codes[0] == third
    assert second not in codes
    assert codes[-1] == "boiler.c01"
    assert next(item.zh for item in items if item.code == first) == "市局改过的内容"
    assert all(item.owner == world.bodies["city"] for item in items)
    page = (await browser("far_manager").get("/checklists/boiler")).text
    assert "Test city" in page
    assert "按年度会议" in page
    assert f"{second}: 与另一项重复" in page

    for code in (first, second):  # a phone that still shows the version before
        assert (
            await result_of(owner, await told(manager, point, old[code].id, result="unchecked", reason="锁着"))
            == "unchecked"
        )
    stale = await client.post("/checklists/boiler/publish", data={**form, "words": "again"})
    assert stale.status_code == 409


async def test_versions_stay_as_they_were_published(dsns: Dsns, browser: Browser, owner: Any) -> None:
    connection = await asyncpg.connect(dsns.app)
    try:
        for sql in (
            "UPDATE item SET zh = 'x'",
            "DELETE FROM item",
            "UPDATE checklist SET version = 9",
            "DELETE FROM checklist",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(sql)
    finally:
        await connection.close()
    version = await owner.fetchval("SELECT id FROM checklist WHERE kind = 'stadium' OR kind = 'hall' LIMIT 1")
    kind = await owner.fetchval("SELECT kind FROM checklist WHERE id = $1", version)
    page = (await browser("district").get(f"/checklists/{kind}/versions/{version}")).text
    assert "A published version is never changed" in page
    assert (await browser("district").get(f"/checklists/lab/versions/{version}")).status_code == 404


async def test_a_district_reads_what_the_city_publishes(browser: Browser) -> None:
    client = browser("district")
    assert (await client.get("/checklists/hall/edit")).status_code == 403
    for path in ("edit", "preview", "publish"):
        assert (await client.post(f"/checklists/hall/{path}", data={"words": "x"})).status_code == 403
    assert "Edit for all schools" not in (await client.get("/checklists/hall")).text


async def test_a_faulty_version_is_told_and_nothing_is_published(browser: Browser, owner: Any) -> None:
    form = await _form(owner, "hall", 1, None)
    code = next(name for name in form if name.endswith(".zh"))
    for path in ("preview", "publish"):
        page = await browser("city").post(f"/checklists/hall/{path}", data={**form, code: "", "words": "x"})
        assert page.status_code == 422
        assert "Please fill this in" in page.text
    empty = await browser("city").post("/checklists/hall/publish", data={"words": "x"})
    assert empty.status_code == 422
    assert await owner.fetchval("SELECT count(*) FROM checklist WHERE kind = 'hall'") == 1


async def test_a_newer_built_in_version_is_shown_to_the_bureau_and_overrides_nothing(
    browser: Browser, world: World, owner: Any
) -> None:
    """The second version of one kind as `load_pack` adds it, and a bureau's version that has seen the first."""
    client = browser("city")
    form = await _form(owner, "lift", 1, None)
    assert (await client.post("/checklists/lift/publish", data={**form, "words": "第一版"})).status_code == 303
    newest = uuid7()
    await owner.execute("INSERT INTO checklist (id, kind, version, words) VALUES ($1, 'lift', 2, 'built in')", newest)
    first = await owner.fetchval("SELECT id FROM checklist WHERE kind = 'lift' AND version = 1 AND body IS NULL")
    columns = [
        row[0]
        for row in await owner.fetch(
            """SELECT column_name FROM information_schema.columns
               WHERE table_name = 'item' AND column_name NOT IN ('id', 'checklist', 'zh')"""
        )
    ]
    names = ", ".join(f'"{name}"' for name in columns)
    await owner.execute(
        f"""INSERT INTO item (id, checklist, zh, {names}) SELECT gen_random_uuid(), $1, '新标准：' || zh, {names}
            FROM item WHERE checklist = $2 AND position < 3""",
        *(newest, first),
    )
    page = (await client.get("/checklists/lift")).text
    assert "There is a newer built-in version (2)" in page
    assert "新标准：" in page
    member = await world.member("city")
    assert not any(item["zh"].startswith("新标准") for item in await queries.items_in_force(member, "lift"))
    plain, taken = (
        (await client.get("/checklists/lift/edit")).text,
        (await client.get("/checklists/lift/edit?take=1")).text,
    )
    assert 'name="lift.04.zh"' in plain
    assert 'name="lift.04.zh"' not in taken
    assert taken.count("新标准：") > plain.count("新标准：")
    form = await _form(owner, "lift", 1, world.bodies["city"])
    assert (await client.post("/checklists/lift/publish", data={**form, "words": "看过新版"})).status_code == 303
    assert "newer built-in version" not in (await client.get("/checklists/lift")).text
    latest = "SELECT built_in FROM checklist WHERE kind = 'lift' AND body IS NOT NULL ORDER BY version DESC LIMIT 1"
    assert await owner.fetchval(latest) == 2
