"""Rooms of a floor: added, renamed, taken away, read from the plan with the points in them, or in need of no point."""

import re
from html import unescape
from typing import Any
from uuid import UUID, uuid4

import pytest

from backend import database
from backend.database import writing
from backend.row import uuid7
from tests.conftest import Browser
from tests.points.test_places import add
from tests.world import World

PLAN = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1000 700"><rect width="1000" height="700" fill="#fff"/>'
    + "".join(
        f'<rect x="{x}" y="100" width="200" height="200"/>'
        f'<text x="{x + 100}" y="200" text-anchor="middle">{name}</text>'
        for x, name in ((100, "化学实验室"), (300, "准备室"), (500, "楼梯间"))
    )
    + '<text x="970" y="40">北</text></svg>'
).encode()


async def floor(browser: Browser, *, plan: bool = False) -> str:
    """A new floor of a new building of school one."""
    name = uuid4().hex[:6]
    place = await add(browser, f"一层{name}", "floor", await add(browser, f"房间楼{name}"))
    if plan:
        async with browser("manager") as client:
            await client.post(f"/places/{place}/plan", files={"plan": ("x.svg", PLAN)})
    return place


async def point(world: World, place: str, kind: str = "lab", pin: tuple[float, float] | None = None) -> UUID:
    member, new = await world.member("manager"), uuid7()
    x, y = pin or (None, None)
    async with writing(member.scope):
        await database.run(
            """INSERT INTO point (id, school, kind, number, name, name_en, place, pin_x, pin_y)
               VALUES ($1, $2, $3, $4, '房点', 'Spot', $5, $6, $7)""",
            *(new, member.school, kind, f"R{new.hex[-8:]}", UUID(place), x, y),
        )
    return new


async def rooms(world: World, place: str) -> dict[str, dict[str, Any]]:
    member = await world.member("manager")
    async with writing(member.scope):
        found = await database.rows("SELECT * FROM room WHERE place = $1 ORDER BY name", UUID(place))
    return {row["name"]: row for row in found}


async def test_a_room_is_added_renamed_and_taken_away(browser: Browser, world: World) -> None:
    place = await floor(browser)
    async with browser("manager") as client:
        assert "No rooms yet" in (await client.get(f"/places/{place}/rooms")).text
        assert f"/places/{place}/rooms" in (await client.get(f"/places/{place}")).text.replace("&#x2f;", "/")
        for status, name in ((303, "档案室"), (422, "档案室"), (422, ""), (422, "长" * 81)):
            answer = await client.post(f"/places/{place}/rooms", data={"name": name, "name_en": "Archive"})
            assert answer.status_code == status
        room = (await rooms(world, place))["档案室"]["id"]
        assert (await client.get(f"/places/{place}/rooms/{room}")).status_code == 200
        assert (await client.post(f"/places/{place}/rooms/{room}", data={"name": ""})).status_code == 422
        assert (await client.post(f"/places/{place}/rooms/{room}", data={"name": "资料室"})).status_code == 303
        assert (await client.post(f"/places/{place}/rooms/{room}/away")).status_code == 303
        assert (await client.get(f"/places/{place}/rooms/{room}")).status_code == 404
        assert "资料室" not in (await client.get(f"/places/{place}/rooms")).text
        assert (await client.post(f"/places/{place}/rooms", data={"name": "资料室"})).status_code == 303
    assert (await rooms(world, place))["资料室"]["gone_at"] is None


async def test_a_room_with_points_stays_and_says_why(browser: Browser, world: World) -> None:
    place = await floor(browser)
    inside = await point(world, place)
    async with browser("manager") as client:
        await client.post(f"/places/{place}/rooms", data={"name": "实验室"})
        room = (await rooms(world, place))["实验室"]["id"]
        answer = await client.post(f"/places/{place}/rooms/read", data={"plan": "", f"point-{inside}": str(room)})
        assert answer.status_code == 303
        refused = await client.post(f"/places/{place}/rooms/{room}/away")
        assert refused.status_code == 409
        assert "1 points are in this room" in unescape(refused.text)
        await client.post(f"/places/{place}/rooms/read", data={"plan": "", f"point-{inside}": ""})
        assert (await client.post(f"/places/{place}/rooms/{room}/away")).status_code == 303


async def test_rooms_are_read_from_the_plan_with_the_points_that_lie_in_them(browser: Browser, world: World) -> None:
    place = await floor(browser, plan=True)
    lab, exit_, lost = [
        await point(world, place, kind, pin)
        for kind, pin in (("lab", (0.21, 0.3)), ("evacuation_route", (0.6, 0.3)), ("lab", None))
    ]
    async with browser("manager") as client:
        shown = unescape((await client.get(f"/places/{place}/rooms")).text)
        assert re.findall(r'name="room" value="(plan-\d)" checked', shown) == ["plan-0", "plan-1", "plan-2"]
        assert re.search(rf'name="point-{lab}">.*?<option value="plan-0" selected', shown, re.DOTALL)
        assert not re.search(rf'name="point-{exit_}">(?:(?!</select>).)* selected', shown, re.DOTALL)
        sha = re.search(r'name="plan" value="([0-9a-f]+)"', shown)
        assert sha is not None
        data = {"plan": sha[1], "room": ["plan-1"], f"point-{lab}": "plan-0", f"point-{exit_}": "", f"point-{lost}": ""}
        answer = await client.post(f"/places/{place}/rooms/read", data=data)
        assert answer.headers["location"].endswith("done=read&n=2")
        again = await client.post(f"/places/{place}/rooms/read", data=data)
        assert again.headers["location"].endswith("done=read&n=0")
        shown = (await client.get(f"/places/{place}/rooms")).text
        assert re.findall(r'name="room" value="(plan-\d)"', shown) == ["plan-2"]
        for wrong in ({"plan": "other"}, {"plan": sha[1], f"point-{lab}": str(uuid4())}):
            assert (await client.post(f"/places/{place}/rooms/read", data=wrong)).status_code == 422
        stranger = {"plan": sha[1], f"point-{uuid4()}": ""}
        assert (await client.post(f"/places/{place}/rooms/read", data=stranger)).status_code == 404
    found = await rooms(world, place)
    assert set(found) == {"化学实验室", "准备室"}
    assert found["化学实验室"]["x"] == pytest.approx(0.2)
    member = await world.member("manager")
    async with writing(member.scope):
        assert await database.value("SELECT room FROM point WHERE id = $1", lab) == found["化学实验室"]["id"]


async def test_rooms_that_need_no_point(browser: Browser, world: World) -> None:
    place = await floor(browser)
    async with browser("manager") as client:
        for name in ("楼梯间", "盥洗室"):
            await client.post(f"/places/{place}/rooms", data={"name": name})
        ids = [str(row["id"]) for row in (await rooms(world, place)).values()]
        address = f"/places/{place}/rooms/without"
        none = await client.post(address, data={"why": "由通道点一并查看"})
        assert none.status_code == 422
        assert "由通道点一并查看" in none.text
        unsaid = await client.post(address, data={"room": ids[0], "why": " "})
        assert unsaid.status_code == 422
        assert f'value="{ids[0]}" checked' in unsaid.text
        assert (await client.post(address, data={"room": ids, "why": "由通道点一并查看"})).status_code == 303
        assert all(row["without"] == "由通道点一并查看" for row in (await rooms(world, place)).values())
        assert (await client.post(address, data={"room": ids[:1], "act": "back"})).status_code == 303
        assert (await client.post(address, data={"room": str(uuid4()), "why": "x"})).status_code == 404
    assert sorted(row["without"] for row in (await rooms(world, place)).values()) == ["", "由通道点一并查看"]


@pytest.mark.parametrize(("who", "status"), [("guard", 403), ("principal", 403), ("district", 403), ("", 303)])
async def test_only_who_sets_up_the_school_changes_rooms(browser: Browser, who: str, status: int) -> None:
    place = await floor(browser)
    async with browser(who) as client:
        assert (await client.get(f"/places/{place}/rooms")).status_code == status
        assert (await client.post(f"/places/{place}/rooms", data={"name": "x"})).status_code == status


async def test_rooms_of_another_school_are_not_there(browser: Browser, world: World) -> None:
    place = await floor(browser)
    async with browser("manager") as client:
        await client.post(f"/places/{place}/rooms", data={"name": "档案室"})
    room = (await rooms(world, place))["档案室"]["id"]
    async with browser("neighbour_manager") as client:
        for address in (f"/places/{place}/rooms", f"/places/{place}/rooms/{room}"):
            assert (await client.get(address)).status_code == 404
        for act in ("", "/read", "/without", f"/{room}", f"/{room}/away"):
            data = {"name": "x", "room": str(room), "why": "x"}
            assert (await client.post(f"/places/{place}/rooms{act}", data=data)).status_code == 404


async def test_the_pages_are_chinese(browser: Browser, world: World) -> None:
    place = await floor(browser, plan=True)
    await point(world, place)
    async with browser("manager", language="zh-CN") as client:
        html = (await client.get(f"/places/{place}/rooms")).text
    for words in ("还没有房间", "平面图上标注的房间", "巡查点在哪个房间", "不在房间内", "添加房间"):
        assert words in html
