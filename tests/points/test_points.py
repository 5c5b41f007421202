"""Points over HTTP: who sees which, adding, changing, retiring, the pin; and what must never leak or write."""

from typing import Any
from uuid import UUID

from backend.database import Scope, reading, row, value
from backend.row import uuid7
from tests.conftest import Browser
from tests.world import World

Form = dict[str, str]


async def stored(world: World, name: str) -> dict[str, Any]:
    async with reading(Scope(school=world.bodies["one"])):
        found = await row("SELECT * FROM point WHERE name = $1", name)
    assert found is not None
    return found


async def add(browser: Browser, **form: str) -> str:
    """The address of a new point of school one."""
    async with browser("manager") as client:
        answer = await client.post("/points", data={"kind": "lab", **form})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].partition("?")[0]


async def test_a_point_is_added_changed_and_found(browser: Browser, world: World) -> None:
    form = {"number": "T-1", "name": "物理实验室", "phone": "8001", "latitude": "30.1", "longitude": "120.2"}
    address = await add(browser, **form, responsible=str(world.users["keeper"]), responsible_name="not him")
    found = await stored(world, "物理实验室")
    assert (found["responsible"], found["responsible_name"]) == (world.users["keeper"], "")
    async with browser("manager", language="zh-CN") as client:
        shown = (await client.get(address)).text
        assert "周敏" in shown
        assert "30.1, 120.2" in shown
        edited = await client.post(address, data={"number": "T-1", "name": "物理实验室二", "kind": "lab"})
        assert edited.status_code == 303
        listed = (await client.get("/points", params={"q": "实验室二", "area": "lab", "kind": "lab"})).text
        assert "物理实验室二" in listed
        assert "没有" in (await client.get("/points", params={"q": "100%_"})).text
    assert (await stored(world, "物理实验室二"))["latitude"] is None


async def test_a_form_keeps_what_was_typed_and_tells_what_is_wrong(browser: Browser) -> None:
    form = {"number": "P001", "name": "<b>门", "kind": "lab", "note": "keep me"}
    async with browser("manager") as client:
        twice = await client.post("/points", data=form)
        wrong = await client.post("/points", data={**form, "number": "", "phone": "no", "place": "x", "latitude": "95"})
        alien = await client.post("/points", data={**form, "number": "T-9", "kind": "volcano"})
    assert twice.status_code == wrong.status_code == alien.status_code == 422
    assert "Another point of this school has this number." in twice.text
    assert "keep me" in twice.text
    assert "<b>门" not in twice.text
    for why in ("Please fill this in.", "phone number", "choose a place", "belong together"):
        assert why in wrong.text
    assert "choose a kind" in alien.text


async def test_a_place_or_person_of_another_school_is_no_choice(browser: Browser, world: World) -> None:
    form = {"number": "T-8", "name": "a", "kind": "lab"}
    async with browser("manager") as client:
        person = await client.post("/points", data={**form, "responsible": str(world.users["neighbour"])})
        place = await client.post("/points", data={**form, "place": str(uuid7())})
    assert (person.status_code, place.status_code) == (422, 422)


async def test_retiring_needs_a_reason_and_can_be_undone(browser: Browser, world: World) -> None:
    address = await add(browser, number="T-2", name="旧锅炉房")
    async with browser("manager") as client:
        assert (await client.post(f"{address}/retire", data={"why": " "})).status_code == 422
        assert (await client.post(f"{address}/retire", data={"why": "拆除"})).status_code == 303
        assert (await client.post(f"{address}/retire", data={"why": "again"})).status_code == 409
        assert "拆除" in (await client.get(address)).text
        assert "旧锅炉房" not in (await client.get("/points")).text
        assert "旧锅炉房" in (await client.get("/points?state=retired")).text
        assert (await client.post(f"{address}/bring-back")).status_code == 303
        assert (await client.post(f"{address}/bring-back")).status_code == 409
    assert (await stored(world, "旧锅炉房"))["retired_why"] == ""


async def test_the_pin_lies_on_the_plan_and_goes_with_the_place(browser: Browser, world: World) -> None:
    address = await add(browser, number="T-3", name="有图的点")
    async with browser("manager") as client:
        for x, y in (("1.2", "0.5"), ("-1", "0"), ("a", "b"), ("0.5", "")):
            assert (await client.post(f"{address}/pin", data={"x": x, "y": y})).status_code == 422, (x, y)
        assert (await client.post(f"{address}/pin", data={"x": "0.25", "y": "1"})).status_code == 303
        assert (await stored(world, "有图的点"))["pin_x"] == 0.25
        same = {"number": "T-3", "name": "有图的点", "kind": "lab"}
        await client.post(address, data=same)
        assert (await stored(world, "有图的点"))["pin_x"] == 0.25
        await client.post("/places", data={"kind": "building", "name": "钉子楼"})
        async with reading(Scope(school=world.bodies["one"])):
            place = await value("SELECT id FROM place WHERE name = '钉子楼'")
        await client.post(address, data={**same, "place": str(place)})
        assert (await stored(world, "有图的点"))["pin_x"] is None


async def test_a_foreign_point_is_not_there(browser: Browser, world: World) -> None:
    foreign, nowhere = world.points["lab_two"], uuid7()
    async with browser("manager") as client:
        for tail in ("", "/edit", "/pin"):
            answers = [await client.get(f"/points/{point}{tail}") for point in (foreign, nowhere)]
            assert [answer.status_code for answer in answers] == [404, 404]
            assert answers[0].text == answers[1].text.replace(str(nowhere), str(foreign))
        form = {"number": "1", "name": "a", "kind": "lab", "why": "w", "x": "0", "y": "0"}
        for tail in ("", "/pin", "/retire", "/bring-back", "/label"):
            assert (await client.post(f"/points/{foreign}{tail}", data=form)).status_code == 404, tail
        assert (await client.get("/points", params={"school": str(world.bodies["two"])})).status_code == 200
        for address in ("/points?school={0}&state=all", "/points/export.csv?school={0}&state=all", "/points?q=lab"):
            shown = (await client.get(address.format(world.bodies["two"]))).text
            assert str(foreign) not in shown
            assert "测试two" not in shown


async def test_a_bureau_reads_all_below_and_changes_nothing(browser: Browser, world: World) -> None:
    async with browser("district") as client:
        everything = (await client.get("/points?q=The lab")).text
        assert str(world.points["lab"]) in everything
        assert str(world.points["lab_two"]) in everything
        assert str(world.points["lab_three"]) not in everything
        one = (await client.get("/points", params={"school": str(world.bodies["two"])})).text
        assert str(world.points["lab"]) not in one
        assert (await client.get("/points", params={"school": str(world.bodies["three"])})).status_code == 404
        assert (await client.get(f"/points/{world.points['lab']}")).status_code == 200
        assert (await client.get(f"/points/{world.points['lab_three']}")).status_code == 404
        assert (await client.get("/points/new")).status_code == 403
        assert (await client.post(f"/points/{world.points['lab']}/retire", data={"why": "w"})).status_code == 403
        assert "测试two" in (await client.get("/points/export.csv")).text
    for who, status in (("guard", 403), ("crew", 403), ("inspector", 403), ("admin", 403), ("principal", 200)):
        async with browser(who) as client:
            assert (await client.get("/points")).status_code == status, who


async def test_looking_writes_nothing(browser: Browser, world: World) -> None:
    async def all_rows() -> list[int]:
        async with reading(Scope(school=world.bodies["one"])):
            return [
                await value(f"SELECT count(*) FROM {table}") for table in ("point", "place", "label", "label_event")
            ]

    before = await all_rows()
    point = world.points["lab"]
    async with browser("manager") as client:
        for address in (
            *("/points", "/points/new", f"/points/{point}", f"/points/{point}/edit", f"/points/{point}/pin", "/places"),
            *("/points/import", "/points/import/model.xlsx", "/points/export.xlsx", "/points/export.csv", "/labels"),
            *("/labels/calibration.pdf", "/points?page=999999999999", "/points?place=x&state=%00&page=-1"),
        ):
            assert (await client.get(address)).status_code == 200, address
    assert await all_rows() == before


async def test_numbers_that_no_database_takes_are_no_fault_of_ours(browser: Browser) -> None:
    async with browser("manager") as client:
        for address in ("/points/not-a-uuid", f"/points/{UUID(int=0)}", "/places/1", "/plans/x", "/labels/x.png"):
            assert (await client.get(address)).status_code == 404, address
