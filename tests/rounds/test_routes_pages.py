"""Routes at the manager's desk: the list, the form without scripts, its verbs, and who may see or change what."""

import re
from html import unescape
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from backend import clock, database
from backend.database import reading
from backend.row import uuid7
from tests.conftest import Browser
from tests.rounds import making
from tests.world import World

LANGUAGES = ("en", "zh-CN")


async def form(world: World, **said: Any) -> dict[str, Any]:
    """A good form of a route over one fresh point."""
    point = said.pop("point", None) or await making.point(world)
    return {
        **{"id": str(uuid7()), "name": f"晨检 {uuid4().hex[:8]}", "chooses": "hand", "point": str(point)},
        **{"ordering": "free", "who": "post", "post": "guard", "preset": "every", "w0_start": "07:00"},
        **{"w0_end": "08:30", "grace": "30", "grace_unit": "minutes", "challenge": "0"},
        **{"starts_on": clock.today().isoformat(), **said},
    }


async def made(client: httpx.AsyncClient, world: World, **said: Any) -> UUID:
    answer = await client.post("/routes", data=await form(world, **said))
    assert answer.status_code == 303, answer.text
    return UUID(answer.headers["location"][8:44])


async def rows(world: World, sql: str, *values: Any, who: str = "manager") -> list[dict[str, Any]]:
    member = await world.member(who)
    async with reading(member.scope):
        return await database.rows(sql, *values)


async def test_a_route_is_made_and_shown(browser: Browser, world: World) -> None:
    client = browser("manager")
    sent = await form(world, w1_start="16:00", w1_end="17:30", note="带手电")
    answer = await client.post("/routes", data=sent)
    assert answer.status_code == 303
    assert (await client.post("/routes", data=sent)).headers["location"] == answer.headers["location"], "sent twice"
    route = sent["id"]
    [row] = await rows(world, "SELECT * FROM route WHERE id = $1::uuid", route)
    assert (row["days"], row["span"], row["version"]) == ("every", "window", 1)
    assert row["next_at"] > clock.now()
    page = unescape((await client.get(answer.headers["location"])).text)
    assert "The route is set up" in page
    assert "Every day 7:00–8:30, 16:00–17:30, grace 30 min" in page
    assert "带手电" in page
    assert "No round has opened yet" in page
    chinese = unescape((await browser("principal", language="zh-CN").get("/routes")).text)
    assert "每天 7:00–8:30、16:00–17:30，宽限 30 分钟" in chinese
    assert sent["name"] in chinese
    assert "/routes/new" not in chinese, "a principal reads"


async def test_everything_typed_is_kept_when_something_is_wrong(browser: Browser, world: World) -> None:
    client = browser("manager")
    sent = await form(world, w0_start="7 o'clock", grace="often", challenge="50", note="带手电", ends_on="2020-01-01")
    answer = await client.post("/routes", data=sent)
    page = unescape(answer.text)
    assert answer.status_code == 422
    for field in ("windows", "grace", "challenge", "ends_on"):
        assert f'id="{field}-error"' in page
    assert "line 1 cannot be read" in page
    for typed in ("7 o'clock", "often", "50", "带手电", sent["name"], sent["id"]):
        assert typed in page
    assert re.search(rf'name="point" value="{sent["point"]}" checked', page)
    assert not await rows(world, "SELECT FROM route WHERE id = $1::uuid", sent["id"])
    chinese = await browser("manager", language="zh-CN").post("/routes", data={"x": "1"})
    assert chinese.status_code == 422
    assert "请至少选择一个" not in chinese.text, "nothing chosen: the choice itself is asked for"
    assert "请选择" in chinese.text


async def test_two_routes_of_one_name(browser: Browser, world: World) -> None:
    client = browser("manager")
    route = await made(client, world, name="同名路线")
    answer = await client.post("/routes", data=await form(world, name="同名路线"))
    assert answer.status_code == 422
    assert 'id="name-error"' in answer.text
    assert (await client.post(f"/routes/{route}/end", data={"why": "换新"})).status_code == 303
    assert (await client.post("/routes", data=await form(world, name="同名路线"))).status_code == 303


async def test_points_by_hand_keep_their_order_and_by_rule_follow_new_points(browser: Browser, world: World) -> None:
    client = browser("manager")
    first, second = await making.point(world), await making.point(world)
    sent = await form(world, ordering="ordered")
    answer = await client.post(
        "/routes", data={**sent, "point": [str(first), str(second)], f"n_{first}": "2", f"n_{second}": "1"}
    )
    route = UUID(answer.headers["location"][8:44])
    found = await rows(world, "SELECT point FROM route_point WHERE route = $1 ORDER BY position", route)
    assert [row["point"] for row in found] == [second, first]
    edit = unescape((await client.get(f"/routes/{route}/edit")).text)
    assert re.search(rf'name="n_{second}"[^>]*value="1"', edit)
    ruled = await made(client, world, chooses="rule", kind="hydrant", place="")
    new = await making.point(world, kind="hydrant")
    assert str(new) in (await client.get(f"/routes/{ruled}")).text


async def test_an_edit_and_who_comes_second(browser: Browser, world: World) -> None:
    client, point = browser("manager"), await making.point(world)
    route = await made(client, world, point=point)
    sent = await form(world, point=point, name="改过的名字", preset="week", days="every", version="1")
    answer = await client.post(f"/routes/{route}", data=sent)
    assert answer.status_code == 303, answer.text
    second = await client.post(f"/routes/{route}", data={**sent, "name": "后来者", "note": "我写的"})
    page = unescape(second.text)
    assert second.status_code == 409
    assert "Somebody changed this route meanwhile" in page
    assert "后来者" in page
    assert "我写的" in page
    assert 'name="version" value="2"' in page
    assert (await client.post(f"/routes/{route}", data={**sent, "name": "后来者", "version": "2"})).status_code == 303
    shown = unescape((await client.get(f"/routes/{route}")).text)
    assert "Changed: name, when" in re.sub("<[^>]+>", "", shown)
    assert "before: Every day 7:00–8:30, grace 30 min" in shown
    events = await rows(
        world, "SELECT verb, facts->>'name' AS name FROM route_event WHERE route = $1 ORDER BY id", route
    )
    assert [row["verb"] for row in events] == ["make", "edit", "edit"]
    assert events[2]["name"] == "改过的名字"


async def test_an_edit_leaves_open_rounds_as_they_are(browser: Browser, world: World) -> None:
    client, point = browser("manager"), await making.point(world)
    route = await made(client, world, point=point)
    opened = await client.post(f"/routes/{route}/open", data={"cause": "event", "id": str(uuid7())})
    assert opened.status_code == 303, opened.text
    other = await making.point(world)
    sent = await form(world, point=other, version="1", name="另一条")
    assert (await client.post(f"/routes/{route}", data=sent)).status_code == 303
    [there] = await making.rounds_of(world, route)
    assert list(await making.stops(world, there["id"])) == [point]
    assert there["name"] != "另一条"


async def test_a_round_now_is_one_round(browser: Browser, world: World) -> None:
    client = browser("manager")
    route, key = await made(client, world, preset="event", w0_start="", w0_end=""), str(uuid7())
    wrong = await client.post(f"/routes/{route}/open", data={"id": key, "cause": "other", "words": ""})
    assert wrong.status_code == 422
    assert 'id="words-error"' in wrong.text
    assert key in wrong.text
    for _ in range(2):
        answer = await client.post(f"/routes/{route}/open", data={"id": key, "cause": "weather", "words": ""})
        assert answer.headers["location"] == f"/rounds/{key}"
    assert [str(row["id"]) for row in await making.rounds_of(world, route)] == [key]
    listed = unescape((await browser("manager", language="zh-CN").get(f"/rounds?route={route}")).text)
    assert "天气预警" in listed
    assert f"/rounds/{key}" in listed


async def test_pause_resume_and_end(browser: Browser, world: World) -> None:
    client = browser("manager")
    route = await made(client, world)
    without = await client.post(f"/routes/{route}/pause", data={"why": " "})
    assert without.status_code == 422
    assert 'id="pause_why-error"' in without.text
    assert (await client.post(f"/routes/{route}/resume")).status_code == 409
    assert (await client.post(f"/routes/{route}/pause", data={"why": "装修"})).status_code == 303
    [row] = await rows(world, "SELECT state, next_at FROM route WHERE id = $1", route)
    assert (row["state"], row["next_at"]) == ("paused", None)
    assert (await client.post(f"/routes/{route}/pause", data={"why": "again"})).status_code == 409
    assert (await client.post(f"/routes/{route}/resume")).status_code == 303
    [row] = await rows(world, "SELECT state, next_at FROM route WHERE id = $1", route)
    assert row["next_at"] > clock.now()
    assert (await client.post(f"/routes/{route}/end", data={"why": "楼已拆除"})).status_code == 303
    shown = unescape((await client.get(f"/routes/{route}")).text)
    assert "装修" in shown
    assert "楼已拆除" in shown
    assert f"/routes/{route}/edit" not in shown
    late = await client.post(f"/routes/{route}", data=await form(world, version="4"))
    assert late.status_code == 409
    assert (await client.post(f"/routes/{route}/open", data={"cause": "event"})).status_code == 409
    assert str(route) not in (await client.get("/routes")).text
    assert str(route) in (await client.get("/routes?state=ended")).text


async def test_the_helpers_work_without_scripts(browser: Browser, world: World) -> None:
    client, sent = browser("manager"), await form(world, note="留着")
    night = unescape((await client.post("/routes/preview", data={**sent, "act": "fill:night"})).text)
    assert night.count('value="22:00"') == 1
    assert "夜间 4" in night
    assert "留着" in night
    assert "The next rounds" in night
    assert sent["name"] in night
    kind = unescape((await client.post("/routes/preview", data={**sent, "act": "kind:fire_extinguisher"})).text)
    assert kind.count('name="point"') > 1
    assert kind.count("checked") > night.count("checked")
    assert not await rows(world, "SELECT FROM route WHERE id = $1::uuid", sent["id"])


async def test_the_preview_alone_for_htmx(browser: Browser, world: World) -> None:
    client = browser("manager")
    answer = await client.post("/routes/preview", data=await form(world), headers={"HX-Request": "true"})
    assert "<html" not in answer.text
    assert len(re.findall(r"<li>", answer.text)) == 10
    assert "7:00–8:30" in answer.text
    wrong = await client.post(
        "/routes/preview", data=await form(world, preset="own", rule="FREQ=NOW"), headers={"HX-Request": "true"}
    )
    assert wrong.status_code == 200
    assert "FREQ must be" in wrong.text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "address", ["/routes", "/routes/new", "/routes?state=ended", "/rounds", "/rounds?state=missed"]
)
async def test_pages_in_both_languages(browser: Browser, language: str, address: str) -> None:
    answer = await browser("manager", language=language).get(address)
    assert answer.status_code == 200, answer.text


async def test_a_first_route_is_offered_by_proposal(browser: Browser) -> None:
    page = unescape((await browser("neighbour_manager").get("/routes")).text)
    if "/routes/" in page.replace("/routes/new", "").replace("/routes/proposal", ""):
        pytest.skip("another test made routes in this school")
    assert "/routes/proposal" in page
    assert "No routes yet" in page


async def test_who_may(browser: Browser, world: World) -> None:
    route = await made(browser("manager"), world)
    for who, status in (("guard", 403), ("crew", 403), ("inspector", 403), ("admin", 403)):
        assert (await browser(who).get("/routes")).status_code == status
        assert (await browser(who).get("/rounds")).status_code == status
    for who in ("principal", "district", "city"):
        shown = await browser(who).get(f"/routes/{route}")
        assert shown.status_code == 200
        assert 'method="post" action="/routes' not in shown.text
        for address in ("/routes/new", f"/routes/{route}/edit"):
            assert (await browser(who).get(address)).status_code == 403
        assert (await browser(who).post(f"/routes/{route}/pause", data={"why": "x"})).status_code == 403
    for who in ("neighbour_manager", "far_manager", "other_district"):
        assert (await browser(who).get(f"/routes/{route}")).status_code == 404
    assert (await browser("neighbour_manager").get(f"/routes/{route}/edit")).status_code == 404
    for tail in ("", "/pause", "/open"):
        foreign = await browser("far_manager").post(f"/routes/{route}{tail}", data=await form(world))
        assert foreign.status_code == 404


async def test_a_bureau_reads_the_routes_of_a_school_below(browser: Browser, world: World) -> None:
    route, school = await made(browser("manager"), world), world.bodies["one"]
    district = browser("district")
    assert "Choose a school" in (await district.get("/routes")).text
    page = (await district.get(f"/routes?school={school}")).text
    assert str(route) in page
    assert "/routes/new" not in page
    assert (await district.get(f"/rounds?school={school}")).status_code == 200
    assert (await browser("other_district").get(f"/routes?school={school}")).status_code == 404
    assert (await browser("other_district").get(f"/rounds?school={school}")).status_code == 404


async def test_a_route_names_only_what_is_the_schools(browser: Browser, world: World) -> None:
    foreign = str(world.points["gate_two"])
    answer = await browser("manager").post("/routes", data=await form(world, point=foreign))
    assert answer.status_code == 422
    assert 'id="points-error"' in answer.text
    stranger = await browser("manager").post(
        "/routes", data=await form(world, who="persons", person=str(world.users["neighbour"]))
    )
    assert stranger.status_code == 422
    assert 'id="persons-error"' in stranger.text
    good = await browser("manager").post(
        "/routes", data=await form(world, who="persons", person=str(world.users["guard"]))
    )
    assert good.status_code == 303
