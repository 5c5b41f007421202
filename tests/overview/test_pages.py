"""The overview: numbers that open their rows, for the school's own people and for the bureau above."""

import re

import pytest

from backend.overview.queries import day, due_today
from backend.row import uuid7
from tests.conftest import Browser
from tests.visits.test_list import bad_body
from tests.visits.test_pages import put
from tests.world import World


async def test_a_visit_with_a_problem_shows_in_the_numbers(browser: Browser, world: World) -> None:
    member = await world.member("neighbour_manager")
    before = await day(member, world.bodies["two"])
    async with browser("neighbour") as guard:
        told = await put(guard, uuid7(), await bad_body(world, "neighbour", "lab_two", "<i>x</i>"))
        assert told.status_code == 201
    after = await day(member, world.bodies["two"])
    assert after.visits == before.visits + 1
    assert after.with_problems == before.with_problems + 1
    assert after.open == sum(one["n"] for one in after.areas) >= before.open
    assert after.due == len(await due_today(member, world.bodies["two"]))


@pytest.mark.parametrize(
    ("language", "words"), [("zh-CN", "个点今天还没查"), ("en", "points still to be visited today")]
)
async def test_every_number_opens_its_rows(browser: Browser, language: str, words: str) -> None:
    for who in ("manager", "principal"):
        async with browser(who, language=language) as someone:
            shown = await someone.get("/overview")
            assert shown.status_code == 200
            assert words in shown.text
            main = shown.text.split("<main")[1].split("</main>")[0].replace("&#x2f;", "/").replace("&amp;", "&")
            links = set(re.findall(r'href="(/(?:visits|overview|findings)[^"]*)"', main))
            assert len(links) >= 12
            for link in links:
                assert (await someone.get(link)).status_code == 200, link


async def test_a_bureau_names_the_school(browser: Browser, world: World) -> None:
    async with browser("district") as officer:
        led = await officer.get("/overview")
        assert (led.status_code, led.headers["location"]) == (303, "/schools")
        shown = await officer.get(f"/overview?school={world.bodies['one']}")
        assert "Test one" in shown.text
        assert f"school={world.bodies['one']}" in shown.text
        due = await officer.get(f"/overview/due?school={world.bodies['one']}")
        assert due.status_code == 200
        assert (await officer.get(f"/overview?school={world.bodies['three']}")).status_code == 404
        assert (await officer.get(f"/overview?school={world.bodies['east']}")).status_code == 404
    async with browser("manager") as manager:
        assert (await manager.get(f"/overview?school={world.bodies['two']}")).status_code == 404


@pytest.mark.parametrize(("who", "status"), [("", 303), ("guard", 403), ("crew", 403), ("inspector", 403)])
async def test_the_overview_is_for_those_who_read_the_school(browser: Browser, who: str, status: int) -> None:
    async with browser(who) as someone:
        assert (await someone.get("/overview")).status_code == status
        assert (await someone.get("/overview/due")).status_code == status
