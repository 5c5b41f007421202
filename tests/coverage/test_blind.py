"""Blind spots: points, routes, norms, key places, kinds, checks and rooms that nobody looks at, and what mends each."""

import re
from collections.abc import AsyncIterator
from html import unescape
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from backend import clock
from backend.coverage.rules_blind import KEY_KINDS, KeyState, key_places, switched_off, unserved, without_points
from backend.postgres_roles import Dsns
from backend.row import uuid7
from tests.conftest import Browser
from tests.coverage.counted import School, district, school
from tests.world import World


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def owner(dsns: Dsns, app: object) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(dsns.owner)
    yield connection
    await connection.close()


@pytest_asyncio.fixture
async def new(owner: Any, world: World) -> School:
    return await school(owner, world, await district(owner, world), ["evacuation_route", "gate_guard_room", "lab"])


def count(html: str, section: str) -> int:
    found = re.search(rf'class="kpi [^"]*" href="#{section}"><b class="num">(\d+)</b>', html)
    assert found is not None, section
    return int(found[1])


def part(html: str, section: str) -> str:
    """A section, up to the next heading."""
    return html.split(f'id="{section}"', 1)[1].split('<h2 class="group"', 1)[0]


async def blind(browser: Browser, who: str, query: str = "", language: str = "en") -> str:
    async with browser(who, language=language) as client:
        answer = await client.get(f"/coverage/blind{query}")
    assert answer.status_code == 200
    return unescape(answer.text)


async def visit(owner: Any, new: School, point: Any, days: int) -> None:
    await owner.execute(
        """INSERT INTO visit (id, school, point, "by", member, how, body_hash, saved_at)
           VALUES ($1, $2, $3, $4, $5, 'scan', '', now() - $6 * interval '1 day')""",
        *(uuid7(), new.id, point, new.user, new.member_id, days),
    )


async def test_points_never_visited_and_those_of_long_ago(browser: Browser, owner: Any, new: School) -> None:
    html = await blind(browser, new.people["manager"])
    assert count(html, "never") == 3
    assert count(html, "stale") == 0
    await visit(owner, new, new.points[0], 1)
    await visit(owner, new, new.points[1], 300)
    html = await blind(browser, new.people["manager"])
    assert (count(html, "never"), count(html, "stale")) == (1, 1)
    assert f"/points/{new.points[2]}" in part(html, "never")
    assert f"/points/{new.points[1]}" in part(html, "stale")


async def test_routes_close_the_gaps_that_the_page_names(browser: Browser, new: School) -> None:
    before = await blind(browser, new.people["manager"])
    assert count(before, "uncovered") == 3
    assert "Daily fire patrol" in part(before, "norms")
    assert "0 of 5 rounds" in part(before, "norms")
    assert "/routes/proposal" in part(before, "uncovered")
    async with browser(new.people["manager"]) as client:
        shown = (await client.get("/routes/proposal")).text
        await client.post("/routes/proposal", data={"key": re.findall(r'name="key" value="([^"]+)"', shown)})
    after = await blind(browser, new.people["manager"])
    assert (count(after, "uncovered"), count(after, "norms")) == (0, 0)
    assert "Every point is on a route." in after


async def test_a_kind_of_key_place_is_declared_absent_and_taken_back(browser: Browser, owner: Any, new: School) -> None:
    who = new.people["manager"]
    async with browser(who) as client:
        data = {"key": "hall", "there": "0", "words": " 没有礼堂，集会在操场 "}
        for _ in range(2):
            assert (await client.post("/coverage/key-places", data=data)).status_code == 303
    html = await blind(browser, who)
    assert "Not here: 没有礼堂，集会在操场" in html
    assert count(html, "places") == 5  # seven without the laboratory, which has a point, and the hall
    recorded = await owner.fetch("SELECT body FROM record_entry WHERE school = $1 AND kind = 'key_place'", new.id)
    assert len(recorded) == 1
    async with browser(who) as client:
        for _ in range(2):
            assert (await client.post("/coverage/key-places", data={"key": "hall", "there": "1"})).status_code == 303
    assert count(await blind(browser, who), "places") == 6
    assert await owner.fetchval("SELECT count(*) FROM key_place WHERE school = $1", new.id) == 2


async def test_a_declaration_without_words_comes_back_with_the_form(browser: Browser, new: School) -> None:
    async with browser(new.people["manager"]) as client:
        empty = await client.post("/coverage/key-places", data={"key": "hall", "there": "0", "words": "  "})
        long = await client.post("/coverage/key-places", data={"key": "hall", "there": "0", "words": "长" * 301})
        other = await client.post("/coverage/key-places", data={"key": "prison", "there": "0", "words": "x"})
    assert (empty.status_code, long.status_code, other.status_code) == (422, 422, 404)
    assert 'id="words-hall-error"' in empty.text
    assert "长" * 301 in long.text


async def test_kinds_that_the_type_expects_and_those_switched_off(browser: Browser, owner: Any, new: School) -> None:
    html = await blind(browser, new.people["manager"])
    expected = part(html, "kinds")
    assert "/points/new?kind=kitchen" in expected
    assert "/points/new?kind=lab" not in expected
    assert "/points/new?kind=dormitory" not in expected  # nobody sleeps there
    await owner.execute("INSERT INTO school_kind (school, kind, enabled) VALUES ($1, 'kitchen', false)", new.id)
    html = await blind(browser, new.people["manager"])
    assert "/points/new?kind=kitchen" not in part(html, "kinds").split("Switched off")[0]
    assert "/checklists/kitchen" in part(html, "kinds").split("Switched off")[1]


async def test_checks_of_the_plan_that_no_point_serves(browser: Browser, new: School) -> None:
    shown = part(await blind(browser, new.people["manager"]), "checks")
    assert "/plan#security-3" in shown  # the alarm button
    assert "/plan#lab-4" not in shown
    assert "/plan#lab-2" not in shown  # answered from documents


async def test_rooms_without_a_point(browser: Browser, owner: Any, new: School) -> None:
    house = await owner.fetchval(
        "INSERT INTO place (school, kind, name) VALUES ($1, 'building', '楼') RETURNING id", new.id
    )
    floor, bare = [
        await owner.fetchval(
            "INSERT INTO place (school, kind, parent, name) VALUES ($1, 'floor', $2, $3) RETURNING id",
            new.id,
            house,
            name,
        )
        for name in ("一层", "二层")
    ]
    rooms = [
        await owner.fetchval(
            "INSERT INTO room (school, place, name, without) VALUES ($1, $2, $3, $4) RETURNING id",
            *(new.id, floor, name, without),
        )
        for name, without in (("档案室", ""), ("书库", ""), ("楼梯间", "由通道点一并查看"))
    ]
    await owner.execute("UPDATE point SET place = $2, room = $3 WHERE id = $1", new.points[2], floor, rooms[1])
    html = await blind(browser, new.people["manager"])
    assert count(html, "rooms") == 1
    assert "档案室" in part(html, "rooms")
    assert "书库" not in part(html, "rooms")
    assert f"/places/{bare}/rooms" in part(html, "rooms")


async def test_a_bureau_reads_its_schools_and_changes_nothing(browser: Browser, new: School) -> None:
    listed = await blind(browser, "city")
    assert f"/coverage/blind?school={new.id}" in listed
    html = await blind(browser, "city", f"?school={new.id}")
    assert count(html, "never") == 3
    for act in ("/coverage/key-places", "/routes/proposal", "/points/new"):
        assert act not in html
    async with browser("city") as client:
        assert (await client.post("/coverage/key-places", data={"key": "hall"})).status_code == 403
        assert (await client.get(f"/coverage/blind?school={uuid7()}")).status_code == 404
    async with browser("district") as client:
        assert (await client.get(f"/coverage/blind?school={new.id}")).status_code == 404


@pytest.mark.parametrize("who", ["guard", "crew", "inspector", "admin"])
async def test_who_does_not_see_the_school_sees_no_blind_spots(browser: Browser, who: str) -> None:
    async with browser(who) as client:
        assert (await client.get("/coverage/blind")).status_code == 403
        assert (await client.post("/coverage/key-places", data={"key": "hall"})).status_code == 403


async def test_the_page_is_chinese_and_empty_schools_are_told_where_to_begin(
    browser: Browser, owner: Any, world: World, new: School
) -> None:
    html = await blind(browser, new.people["manager"], language="zh-CN")
    for words in ("盲区", "从未去过", "未满足的规定", "方案规定的七类重点场所", "学生宿舍"):
        assert words in html
    bare = await school(owner, world, await district(owner, world))
    assert "Begin with the points." in await blind(browser, bare.people["manager"])


def said(there: bool) -> dict[str, Any]:
    return {"there": there, "words": "" if there else "没有", "name": "", "name_en": "", "created_at": clock.now()}


def test_key_places_have_points_or_a_word_or_nothing() -> None:
    found = {
        one.kind.key: one
        for one in key_places(
            {"lab": 2, "chem_store": 1, "library": 1}, {"hall": said(False), "library": said(False), "lab": said(True)}
        )
    }
    assert list(found) == [one.key for one in KEY_KINDS]
    assert (found["lab"].state, found["lab"].points, found["lab"].said) == (KeyState.POINTS, 3, None)
    assert found["hall"].state is KeyState.ABSENT
    assert found["library"].contradicted
    assert found["canteen"].state is KeyState.UNSAID


def test_a_check_is_served_by_items_in_force_at_kinds_with_points() -> None:
    checks = [
        {"id": "a", "point_kinds": ["lab"], "served_by_items": ["lab.01"]},
        {"id": "b", "point_kinds": ["kitchen"], "served_by_items": ["kitchen.01"]},
        {"id": "c", "point_kinds": [], "served_by_items": []},
    ]
    items = [{"kind": "lab", "serves": ["a"]}, {"kind": "hall", "serves": ["b"]}]
    used = ["lab", "hall", "kitchen"]
    assert unserved(checks, items, ["lab"], used)[0]["wanted"] == ["hall", "kitchen"]
    assert unserved(checks, items, ["lab", "hall"], used) == []
    assert [one["id"] for one in unserved(checks, [], ["lab"], used)] == ["a", "b"]
    assert unserved(checks, items, [], []) == []


def test_a_kind_counts_as_expected_unless_it_was_switched_off() -> None:
    def kind(points: int, proposed: bool, enabled: bool | None) -> dict[str, Any]:
        return {"code": "x", "points": points, "proposed": proposed, "enabled": enabled}

    assert len(without_points([kind(0, True, None), kind(0, False, True)])) == 2
    assert without_points([kind(1, True, None), kind(0, True, False), kind(0, False, None)]) == []
    assert len(switched_off([kind(0, True, False), kind(0, False, False), kind(2, True, False)])) == 1
