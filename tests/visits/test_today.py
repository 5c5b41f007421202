"""What is due today, the scanner without scripts, my own visits page by page."""

from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from backend.row import uuid7
from backend.visits.queries_today import by_place, nearest, next_point, points_due
from tests.conftest import Browser
from tests.visits.test_pages import form_of, put
from tests.world import World


def stop(place: str, house: str, due: int = 1) -> dict[str, Any]:
    return {"id": uuid4(), "place": place, "house_id": house, "due": due}


def test_the_next_point_is_on_the_same_floor_then_in_the_same_building_then_anywhere() -> None:
    first, second, third, far = stop("f1", "A"), stop("f1", "A"), stop("f2", "A"), stop("g", "B")
    points = [first, second, third, far]
    assert nearest(points, first["id"], first) is second
    assert nearest(points, second["id"], second) is first
    assert nearest(points, third["id"], third) is first
    assert nearest(points, far["id"], far) is first
    assert nearest([first, far], far["id"], {"place": None, "house_id": None}) is first
    assert nearest([{**first, "due": 0}], uuid4(), first) is None


def test_points_are_grouped_by_floor_in_their_order() -> None:
    groups = by_place([stop("f1", "A"), stop("f1", "A"), stop("f2", "A")])
    assert [len(points) for _, points in groups] == [2, 1]


async def test_today_shows_what_is_due_until_it_is_done(browser: Browser, world: World) -> None:
    async with browser("far_manager") as manager:
        empty = await manager.get("/today")
    assert "No points are yours yet" in empty.text
    member = await world.member("guard2")
    before = {one["id"]: one["due"] for one in await points_due(member, world.bodies["one"])}
    gate = world.points["gate"]
    assert before[gate] > 0
    fields = await form_of(world, "guard2", "gate")
    async with browser("guard2") as guard:
        assert f"/points/{gate}/visit" in (await guard.get("/today")).text
        sent = await guard.post("/visits", data=fields, files={"x": ("", b"")})
        assert sent.status_code == 303, sent.text
        shown = await guard.get("/today")
    assert shown.headers["x-offline-page"] == str(world.users["guard2"])
    assert sent.headers["location"] in shown.text
    after = {one["id"]: one["due"] for one in await points_due(member, world.bodies["one"])}
    assert after[gate] < before[gate]


@pytest.mark.parametrize(("language", "words"), [("zh-CN", "今天已查"), ("en", "Done today")])
async def test_today_in_both_languages(browser: Browser, language: str, words: str) -> None:
    async with browser("keeper", language=language) as keeper:
        assert words in (await keeper.get("/today")).text


@pytest.mark.parametrize(("who", "status"), [("", 303), ("district", 403), ("admin", 403)])
async def test_today_is_for_those_who_visit(browser: Browser, who: str, status: int) -> None:
    async with browser(who) as someone:
        assert (await someone.get("/today")).status_code == status


async def test_the_receipt_names_the_next_point(browser: Browser, world: World) -> None:
    due = [one for one in await points_due(await world.member("guard"), world.bodies["one"]) if one["due"]]
    assert due
    async with browser("guard") as guard:
        visit = uuid7()
        assert (await put(guard, visit, {"point": str(world.points["lab"])})).status_code == 201
        shown = (await guard.get(f"/visits/{visit}")).text.replace("&#x2f;", "/")
        offered = [f"/points/{one['id']}/visit" for one in due if f'href="/points/{one["id"]}/visit"' in shown]
        assert len(offered) == 1
        assert (await guard.get(offered[0])).status_code == 200
    if len(due) == 1:
        found = await next_point(await world.member("guard"), due[0]["id"])
        assert found is None


async def test_a_typed_code_opens_its_point_without_scripts(browser: Browser, world: World) -> None:
    code = world.codes["lab"]
    async with browser("guard") as guard:
        found = await guard.get("/scan", params={"code": f" {code[:4].lower()}-{code[4:]} "})
        wrong = await guard.get("/scan", params={"code": '"><script>'})
        shown = await guard.get("/scan")
    assert (found.status_code, found.headers["location"]) == (303, f"/p/{code}?how=typed")
    assert wrong.status_code == 422
    assert "This is not a whole code" in wrong.text
    assert "<script>" not in wrong.text.replace("<script type", "")
    assert "'wasm-unsafe-eval'" in shown.headers["content-security-policy"]
    for hook in ("data-scan-video", "data-scan-photo", "data-code-form", "data-scan-torch"):
        assert hook in shown.text


async def test_a_short_code_opens_its_point(browser: Browser, world: World, dsns: Any) -> None:
    connection = await asyncpg.connect(dsns.owner)
    short = await connection.fetchval("SELECT short FROM label WHERE code = $1", world.codes["lab"])
    await connection.close()
    async with browser("guard") as guard:
        found = await guard.get("/scan", params={"code": short.lower()})
        assert found.headers["location"] == f"/p/{short}?how=typed"
        assert (await guard.get(found.headers["location"])).status_code == 200


async def test_my_visits_page_by_page(browser: Browser, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from backend.visits import queries_list

    async with browser("neighbour") as guard:
        ids = [str(uuid7()) for _ in range(3)]
        for visit in ids:
            assert (await put(guard, visit, {"point": str(world.points["gate_two"])})).status_code == 201
        monkeypatch.setattr(queries_list.mine, "__defaults__", (None, 2))
        first = (await guard.get("/mine")).text
        assert ids[2] in first
        assert ids[1] in first
        assert ids[0] not in first
        older = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&").replace("&#x2f;", "/")
        second = (await guard.get(older)).text
        assert ids[0] in second
        assert ids[1] not in second
        newer = second.split('rel="prev" href="')[1].split('"')[0].replace("&amp;", "&").replace("&#x2f;", "/")
        assert ids[2] in (await guard.get(newer)).text
    async with browser("principal", language="zh-CN") as principal:
        assert "还没有巡查记录" in (await principal.get("/mine")).text


async def test_nothing_of_another_school_is_due_here(world: World) -> None:
    member = await world.member("neighbour")
    assert await points_due(member, world.bodies["one"], mine=False) == []
    assert await points_due(member, UUID(int=0)) == []
