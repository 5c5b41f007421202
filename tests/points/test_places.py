"""Buildings, floors, grounds and their plans."""

import io
import re

import pytest
from PIL import Image

from backend import photos
from tests.conftest import Browser
from tests.world import World

SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 300"><script>alert(1)</script>'
    b'<rect width="400" height="300" fill="#eee" onclick="x()"/></svg>'
)


def png(width: int = 400, height: int = 300) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "white").save(out, "PNG")
    return out.getvalue()


async def add(browser: Browser, name: str, kind: str = "building", parent: str = "", status: int = 303) -> str:
    """The id of a new place of school one."""
    async with browser("manager") as client:
        answer = await client.post("/places", data={"kind": kind, "name": name, "parent": parent, "name_en": "X"})
        assert answer.status_code == status, answer.text
        shown = (await client.get("/places", headers={"accept-language": "zh-CN"})).text
    found = re.search(r'href="/places/([0-9a-f-]{36})">(?:(?!</b>).)*?<b>' + name + "</b>", shown, re.DOTALL)
    return found[1] if found else ""


async def test_floors_belong_to_buildings(browser: Browser) -> None:
    building = await add(browser, "教学楼甲")
    floor = await add(browser, "三层", "floor", building)
    assert building
    assert floor
    await add(browser, "教学楼甲", status=422)
    await add(browser, "四层", "floor", "", status=422)
    await add(browser, "夹层", "floor", floor, status=422)
    await add(browser, "", status=422)
    await add(browser, "长" * 81, status=422)


async def test_places_are_renamed_and_moved(browser: Browser) -> None:
    first, second = await add(browser, "甲区", "ground"), await add(browser, "乙区", "ground")
    async with browser("manager", language="zh-CN") as client:
        assert (await client.post(f"/places/{second}", data={"name": "丙区"})).status_code == 303
        assert (await client.post(f"/places/{second}", data={"name": "甲区"})).status_code == 422
        shown = (await client.get("/places")).text
        assert shown.index("甲区") < shown.index("丙区")
        assert (await client.post(f"/places/{second}/move", data={"direction": "up"})).status_code == 303
        shown = (await client.get("/places")).text
        assert shown.index("丙区") < shown.index("甲区")
        await client.post(f"/places/{first}/move", data={"direction": "down"})


@pytest.mark.parametrize("content", [png(), SVG], ids=["png", "svg"])
async def test_a_plan_is_uploaded_shown_and_served_harmless(browser: Browser, content: bytes) -> None:
    place = await add(browser, f"带图{len(content)}", "ground")
    async with browser("manager") as client:
        answer = await client.post(f"/places/{place}/plan", files={"plan": ("x.exe", content)})
        assert answer.status_code == 303
        shown = (await client.get(f"/places/{place}")).text
        picture = re.search(r'href="(/plans/[^"]+)"', shown)
        assert picture is not None
        served = await client.get(picture[1].replace("&#x2f;", "/"))
    assert served.status_code == 200
    assert served.headers["content-type"].startswith("image/")
    assert served.headers["content-security-policy"] == photos.SERVED_WITH["Content-Security-Policy"]
    assert b"script" not in served.content
    async with browser("district") as client:
        assert (await client.get(f"/plans/{place}")).status_code == 200
        assert (await client.post(f"/places/{place}/plan", files={"plan": ("x", content)})).status_code == 403
    for who in ("neighbour_manager", "other_district", "far_manager"):
        async with browser(who) as client:
            for address in (f"/plans/{place}", f"/places/{place}"):
                assert (await client.get(address)).status_code == 404, who
            if who.endswith("manager"):
                assert (await client.post(f"/places/{place}", data={"name": "x"})).status_code == 404
                assert (await client.post(f"/places/{place}/move", data={"direction": "up"})).status_code == 404


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "choose a file"),
        (b"%PDF-1.7 a plan as pdf", photos.WHY["not_a_picture"]),
        (b"\x89PNG\r\n\x1a\n broken", photos.WHY["not_a_picture"]),
        (
            b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><image href="http://a/b"/></svg>',
            photos.WHY["bad_svg"],
        ),
    ],
)
async def test_what_is_no_plan_is_refused_with_the_reason(browser: Browser, content: bytes, why: str) -> None:
    place = await add(browser, f"坏图{len(content)}", "ground")
    async with browser("manager") as client:
        answer = await client.post(f"/places/{place}/plan", files={"plan": ("plan.png", content)})
        assert answer.status_code == 422
        assert why in answer.text
        assert (await client.get(f"/plans/{place}")).status_code == 404


async def test_a_bureau_chooses_the_school(browser: Browser, world: World) -> None:
    await add(browser, "局里能看的楼")
    async with browser("city", language="zh-CN") as client:
        assert "局里能看的楼" not in (await client.get("/places")).text
        assert "局里能看的楼" in (await client.get("/places", params={"school": str(world.bodies["one"])})).text
