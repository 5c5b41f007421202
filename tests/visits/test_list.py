"""The list of visits for those who read the school, one visit in its layout, corrections, exports."""

import io
from typing import Any

import openpyxl
import pytest

from backend.row import uuid7
from backend.visits.queries import point_to_visit
from backend.visits.queries_list import last_visits, open_findings
from tests.conftest import Browser
from tests.visits.test_pages import form_of, put
from tests.world import World

NASTY = '=1+1 <script>alert("x")</script> <b>'


async def bad_body(world: World, who: str, point: str, words: str) -> dict[str, Any]:
    found = await point_to_visit(await world.member(who), world.points[point])
    item = next(one for one in found.items if one.answer == "ok_notok_na" and one.follow_up)
    follow = {item.follow_up[0]["id"]: "yes"}
    answer = {"item": str(item.id), "result": "bad", "words": words, "follow_up": follow}
    return {"point": str(world.points[point]), "answers": [answer], "note": NASTY}


async def test_the_manager_reads_the_visit_and_his_neighbour_does_not(browser: Browser, world: World) -> None:
    visit = uuid7()
    async with browser("guard") as guard:
        told = await put(guard, visit, await bad_body(world, "guard", "exit", NASTY))
        assert told.json()["opened"] + told.json()["merged"] == 1
        fresh = await guard.get(f"/visits/{visit}")
    assert "Recorded" in fresh.text
    assert "/findings/" in fresh.text.replace("&#x2f;", "/")
    async with browser("manager") as manager:
        listed = await manager.get("/visits?bad=1")
        shown = await manager.get(f"/visits/{visit}")
    assert f"/visits/{visit}" in listed.text
    assert 'class="desk"' in shown.text
    assert "<script>alert" not in shown.text
    assert "&lt;script&gt;" in shown.text
    assert "Is it open or cleared now?" in shown.text
    for who in ("neighbour_manager", "far_manager", "other_district", "inspector"):
        async with browser(who) as other:
            assert (await other.get(f"/visits/{visit}")).status_code == 404
            assert str(visit) not in (await other.get("/visits")).text
    async with browser("guard2") as colleague:
        assert (await colleague.get(f"/visits/{visit}")).status_code == 404
        assert (await colleague.get("/visits")).status_code == 403
    async with browser("district") as officer:
        assert str(visit) in (await officer.get("/visits")).text
        assert str(visit) in (await officer.get(f"/visits?school={world.bodies['one']}")).text
        assert str(visit) not in (await officer.get(f"/visits?school={world.bodies['two']}")).text
        assert (await officer.get(f"/visits?school={world.bodies['three']}")).status_code == 404


async def test_filters_stand_in_the_address(browser: Browser, world: World) -> None:
    visit = uuid7()
    async with browser("neighbour") as guard:
        await put(guard, visit, {"point": str(world.points["lab_two"])})
    queries = {
        f"person={world.users['neighbour']}": True,
        f"person={world.users['neighbour_manager']}": False,
        "kind=lab": True,
        "kind=hydrant": False,
        "area=lab": True,
        "area=food": False,
        f"point={world.points['lab_two']}": True,
        f"point={world.points['gate_two']}": False,
        "start=2000-01-01": True,
        "end=2001-01-01": False,
        "bad=1&point=" + str(world.points["lab_two"]) + "&start=2100-01-01": False,
        "kind=%00&start=nonsense&end=9999-99-99&person=x&after=y": True,
    }
    async with browser("neighbour_manager") as manager:
        for query, there in queries.items():
            listed = await manager.get(f"/visits?{query}")
            assert listed.status_code == 200
            assert (f"/visits/{visit}" in listed.text) is there, query
            assert "seconds" not in listed.text.split("<template")[0]


async def test_nothing_matches_says_what_to_do(browser: Browser) -> None:
    for language, words in (("zh-CN", "没有符合条件的"), ("en", "Nothing matches")):
        async with browser("manager", language=language) as manager:
            shown = (await manager.get("/visits?end=2001-01-01")).text
        assert words in shown or language == "zh-CN"
        assert 'class="empty"' in shown


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_exports_hold_the_same_lines_and_no_formula(browser: Browser, world: World, language: str) -> None:
    async with browser("guard") as guard:
        await put(guard, uuid7(), await bad_body(world, "guard", "exit", "x"))
    async with browser("manager", language=language) as manager:
        book = await manager.get("/visits/export.xlsx")
        text = (await manager.get("/visits/export.csv")).text
    sheet = openpyxl.load_workbook(io.BytesIO(book.content)).active
    assert sheet is not None
    cells = [str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert NASTY in cells
    assert all(cell.data_type == "s" for row in sheet.iter_rows() for cell in row if cell.value is not None)
    assert text.startswith("\ufeff")
    assert "'=1+1" in text
    assert ("测试one" if language == "zh-CN" else "Test one") in text


async def test_a_correction_is_a_new_record_and_both_name_each_other(browser: Browser, world: World) -> None:
    old, new = str(uuid7()), str(uuid7())
    async with browser("keeper") as keeper:
        await put(keeper, old, await bad_body(world, "keeper", "exit", "wrong"))
        link = f"/points/{world.points['exit']}/visit?corrects={old}"
        assert link in (await keeper.get(f"/visits/{old}")).text.replace("&#x2f;", "/")
        form = await keeper.get(link)
        assert form.status_code == 200
        assert f'name="corrects" value="{old}"' in form.text
        assert "You had said:" in form.text
        assert "data-required" not in form.text
        assert 'id="how_reason"' not in form.text
        fields = {"id": new, "point": str(world.points["exit"]), "how": "link", "corrects": old}
        sent = await keeper.post("/visits", data=fields, files={"x": ("", b"")})
        assert sent.status_code == 303, sent.text
        assert f"/visits/{new}" in (await keeper.get(f"/visits/{old}")).text
        assert f"/visits/{old}" in (await keeper.get(f"/visits/{new}")).text
        elsewhere = f"/points/{world.points['lab']}/visit?corrects={old}"
        assert (await keeper.get(elsewhere)).status_code == 404
        assert (await keeper.get(f"/points/{world.points['exit']}/visit?corrects=x")).status_code == 404
    async with browser("guard2") as colleague:
        assert (await colleague.get(link)).status_code == 404
    async with browser("manager") as manager:
        listed = (await manager.get("/visits?corrected=1")).text
    assert old in listed
    assert new in listed


async def test_a_wrong_correction_is_shown_again_as_a_correction(browser: Browser, world: World) -> None:
    old = str(uuid7())
    async with browser("keeper") as keeper:
        body = await bad_body(world, "keeper", "exit", "wrong")
        await put(keeper, old, body)
        item = body["answers"][0]["item"]
        fields = {"id": str(uuid7()), "point": body["point"], "how": "link", "corrects": old, f"result.{item}": "bad"}
        again = await keeper.post("/visits", data=fields, files={"x": ("", b"")})
    assert again.status_code == 422
    assert f'name="corrects" value="{old}"' in again.text


async def test_follow_up_questions_of_the_plain_form_are_kept(browser: Browser, world: World) -> None:
    fields = await form_of(world, "keeper", "exit")
    found = await point_to_visit(await world.member("keeper"), world.points["exit"])
    item = next(one for one in found.items if one.follow_up)
    question = item.follow_up[0]["id"]
    fields |= {f"result.{item.id}": "bad", f"words.{item.id}": "locked", f"reason.{item.id}": "dark"}
    fields |= {f"follow.{item.id}.{question}": "no"}
    async with browser("keeper") as keeper:
        form = (await keeper.get(f"/p/{world.codes['exit']}?view=checklist")).text
        assert f'name="follow.{item.id}.{question}"' in form
        sent = await keeper.post("/visits", data=fields, files={"x": ("", b"")})
        shown = (await keeper.get(sent.headers["location"])).text
    assert item.follow_up[0]["en"] in shown


async def test_the_list_way_asks_for_its_reason(browser: Browser, world: World) -> None:
    async with browser("keeper") as keeper:
        form = await keeper.get(f"/points/{world.points['extinguisher']}/visit")
        assert 'id="how_reason"' in form.text
        assert 'name="how" value="list"' in form.text


async def test_the_page_of_a_point_is_given_its_visits_and_findings(world: World) -> None:
    member = await world.member("manager")
    seen = await last_visits(member, world.points["exit"])
    assert seen
    assert all(one["point"] == world.points["exit"] for one in seen)
    assert await open_findings(member, world.points["exit"])
    neighbour = await world.member("neighbour_manager")
    assert await last_visits(neighbour, world.points["exit"]) == []
    assert await open_findings(neighbour, world.points["exit"]) == []
