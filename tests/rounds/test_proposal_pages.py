"""A new school has sensible routes in one click: made once however often it is sent, with another post if need be."""

import re
from collections.abc import AsyncIterator
from html import unescape
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from backend.postgres_roles import Dsns
from tests.conftest import Browser
from tests.coverage.counted import School, district, school
from tests.world import World


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def owner(dsns: Dsns, app: object) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(dsns.owner)
    yield connection
    await connection.close()


KINDS = ["evacuation_route", "evacuation_route", "gate_guard_room", "lab", "fire_extinguisher"]


@pytest_asyncio.fixture
async def new(owner: Any, world: World) -> School:
    """A school with a manager, a guard, five points, and no route."""
    return await school(owner, world, await district(owner, world), KINDS)


def keys(html: str, *, ticked: bool = True) -> list[str]:
    found = re.findall(r'name="key" value="([^"]+)"( checked)?', html)
    return [key for key, checked in found if checked or not ticked]


async def routes(owner: Any, school: School) -> list[Any]:
    found: list[Any] = await owner.fetch("SELECT * FROM route WHERE school = $1 ORDER BY proposed", school.id)
    return found


async def test_one_click_makes_routes_once(browser: Browser, owner: Any, new: School) -> None:
    async with browser(new.people["manager"]) as client:
        shown = await client.get("/routes/proposal")
        assert shown.status_code == 200
        ticked = keys(shown.text)
        assert {"guard.daily", "guard.key_places", "lab_manager.daily", "guard.monthly"} <= set(ticked)
        assert "Nobody in this school is" in unescape(shown.text)  # no laboratory keeper
        answer = await client.post("/routes/proposal", data={"key": ticked})
        assert answer.headers["location"] == f"/routes/proposal?made={len(ticked)}"
        again = await client.post("/routes/proposal", data={"key": ticked})
        assert again.headers["location"] == "/routes/proposal?made=0"
        assert keys((await client.get("/routes/proposal")).text, ticked=False) == []
    made = await routes(owner, new)
    assert sorted(row["proposed"] for row in made) == sorted(ticked)
    assert all(row["state"] == "active" and row["chooses"] == "rule" and row["name_en"] for row in made)
    assert all(row["next_at"] for row in made if row["span"] != "event")
    events = await owner.fetchval("SELECT count(*) FROM route_event WHERE school = $1 AND verb = 'make'", new.id)
    assert events == len(made)
    daily = next(row for row in made if row["proposed"] == "guard.daily")
    assert set(daily["kinds"]) >= {"evacuation_route"}


async def test_another_post_may_be_chosen_and_only_what_is_ticked_is_made(
    browser: Browser, owner: Any, new: School
) -> None:
    async with browser(new.people["manager"]) as client:
        data = {"key": "lab_manager.daily", "post-lab_manager.daily": "guard", "post-guard.daily": "principal"}
        assert (await client.post("/routes/proposal", data=data)).status_code == 303
        left = keys((await client.get("/routes/proposal")).text)
    (made,) = await routes(owner, new)
    assert (made["proposed"], made["post"]) == ("lab_manager.daily", "guard")
    assert "lab_manager.daily" not in left
    assert "guard.daily" in left


async def test_a_post_that_walks_nothing_is_refused_and_the_form_keeps_what_was_chosen(
    browser: Browser, owner: Any, new: School
) -> None:
    async with browser(new.people["manager"]) as client:
        data = {"key": ["guard.daily"], "post-guard.daily": "bureau_safety", "post-guard.monthly": "safety_director"}
        answer = await client.post("/routes/proposal", data=data)
        assert answer.status_code == 422
        assert "Please choose a post from the list." in answer.text
        assert keys(answer.text) == ["guard.daily"]
        assert re.search(r'id="post-guard.monthly".*?value="safety_director" selected', answer.text, re.DOTALL)
        for nothing in ({}, {"key": "no.such"}):
            answer = await client.post("/routes/proposal", data=nothing)
            assert answer.headers["location"] == "/routes/proposal?made=0"
    assert await routes(owner, new) == []


async def test_an_ended_route_is_offered_unticked_and_a_taken_name_gets_a_number(
    browser: Browser, owner: Any, new: School
) -> None:
    await owner.execute(
        """INSERT INTO route (school, name, post, starts_on, opened_until, state, proposed) VALUES
             ($1, '旧', 'guard', '2026-01-01', now(), 'ended', 'guard.daily'),
             ($1, '每日防火巡查', 'guard', '2026-01-01', now(), 'active', '')""",
        new.id,
    )
    async with browser(new.people["manager"]) as client:
        html = (await client.get("/routes/proposal")).text
        assert "guard.daily" in keys(html, ticked=False)
        assert "guard.daily" not in keys(html)
        assert (await client.post("/routes/proposal", data={"key": "guard.daily"})).status_code == 303
    assert "每日防火巡查 2" in {row["name"] for row in await routes(owner, new)}


@pytest.mark.parametrize("who", ["guard", "principal", "district", "inspector", "admin"])
async def test_others_propose_nothing(browser: Browser, who: str) -> None:
    async with browser(who) as client:
        assert (await client.get("/routes/proposal")).status_code == 403
        assert (await client.post("/routes/proposal", data={"key": "guard.daily"})).status_code == 403


async def test_the_page_is_chinese(browser: Browser, new: School) -> None:
    async with browser(new.people["manager"], language="zh-CN") as client:
        html = (await client.get("/routes/proposal")).text
    for words in ("推荐路线", "每日防火巡查", "由谁巡查", "建立勾选的路线", "未核"):
        assert words in html


async def test_the_list_of_routes_names_what_the_plan_lacks(browser: Browser, new: School) -> None:
    async with browser(new.people["manager"]) as client:
        await client.post("/routes/proposal", data={"key": "guard.monthly"})
        html = unescape((await client.get("/routes")).text)
        assert "Points on no route: 4." in html
        assert "Daily fire patrol" in html
        shown = keys((await client.get("/routes/proposal")).text)
        await client.post("/routes/proposal", data={"key": shown})
        assert "Points on no route" not in unescape((await client.get("/routes")).text)


async def test_what_the_schools_own_routes_do_already_is_not_ticked(browser: Browser, owner: Any, new: School) -> None:
    await owner.execute(
        """INSERT INTO route (school, name, post, starts_on, opened_until, chooses, kinds, windows) VALUES
             ($1, '自己的', 'lab_manager', '2026-01-01', now(), 'rule', '{lab}', '[{"start": 480, "end": 600}]')""",
        new.id,
    )
    async with browser(new.people["manager"]) as client:
        html = (await client.get("/routes/proposal")).text
    assert "lab_manager.daily" in keys(html, ticked=False)
    assert "lab_manager.daily" not in keys(html)
    assert "guard.daily" in keys(html)
    assert "your routes do this already" in html
