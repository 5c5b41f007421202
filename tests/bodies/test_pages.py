"""A school's settings, the schools of a bureau, the tree that administrators keep."""

import secrets
from html import unescape
from uuid import uuid4

import pytest

from backend.postgres_roles import Dsns
from tests.accounts.people import owner
from tests.conftest import Browser
from tests.world import World


async def test_a_school_describes_itself(browser: Browser, dsns: Dsns, world: World) -> None:
    client = browser("far_manager")
    form = {
        "name": "蓝天幼儿园",
        "name_en": "Blue Sky",
        "address": "西山路 1 号",
        "emergency_phone": "0519-110",
        "boarding": "1",
    }
    answer = await client.post(
        "/settings",
        data={**form, "latitude": "31.7", "longitude": "119.9", "number": "HACKED", "school_type": "university"},
    )
    assert answer.status_code == 303
    page = unescape((await client.get(answer.headers["location"])).text)
    assert "Saved." in page
    assert "西山路 1 号" in page
    kept = (await owner(dsns, "SELECT * FROM body WHERE id = $1", world.bodies["three"]))[0]
    assert (kept["name"], kept["latitude"], kept["boarding"]) == ("蓝天幼儿园", 31.7, True)
    assert (kept["number"], kept["school_type"]) == ("three", "kindergarten")


async def test_a_bad_form_keeps_what_was_typed(browser: Browser) -> None:
    answer = await browser("far_manager").post("/settings", data={"name": "", "address": "here", "latitude": "x"})
    text = unescape(answer.text)
    assert answer.status_code == 422
    assert "Please fill this in" in text
    assert 'value="here"' in text
    assert 'value="x"' in text
    chinese = await browser("far_manager", language="zh-CN").post("/settings", data={"name": ""})
    assert "请填写" in chinese.text


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/settings", {"manager"}),
        ("/schools", {"district", "city", "admin"}),
        ("/bodies", {"district", "city", "admin"}),
        ("/bodies/new", {"admin"}),
    ],
)
async def test_who_may_look(browser: Browser, path: str, allowed: set[str]) -> None:
    for who in ("guard", "crew", "manager", "principal", "district", "city", "inspector", "admin"):
        for language in ("en", "zh-CN"):
            answer = await browser(who, language=language).get(path)
            assert answer.status_code == (200 if who in allowed else 403), (who, path)
    assert (await browser().get(path)).status_code == 303


async def test_an_officer_sees_the_schools_below_him(browser: Browser, world: World) -> None:
    district = unescape((await browser("district").get("/schools")).text)
    assert f"/points?school={world.bodies['one']}" in district
    assert f"/findings?school={world.bodies['two']}" in district
    assert str(world.bodies["three"]) not in district
    city = unescape((await browser("city").get("/schools")).text)
    assert str(world.bodies["three"]) in city


async def test_filters_of_the_schools(browser: Browser, world: World) -> None:
    client = browser("city")
    kinder = (await client.get("/schools?type=kindergarten")).text
    assert str(world.bodies["three"]) in kinder
    assert str(world.bodies["one"]) not in kinder
    west = (await client.get(f"/schools?district={world.bodies['west']}")).text
    assert str(world.bodies["one"]) not in west
    assert "No school like that" in (await client.get("/schools?q=nothing%25")).text
    for junk in ("type=x&district=y&start=-3", "q=%00", "q=%ff"):
        assert (await client.get(f"/schools?{junk}")).status_code == 200
    outside = await browser("district").get(f"/schools?district={world.bodies['west']}")
    assert "No school like that" in outside.text


async def test_the_tree_grows(browser: Browser, dsns: Dsns, world: World) -> None:
    admin, city = browser("admin"), str(world.bodies["city"])
    number = secrets.token_hex(4)
    added = await admin.post(
        "/bodies", data={"under": city, "kind": "district", "name": "新区", "number": f"d{number}"}
    )
    assert added.status_code == 303
    district = added.headers["location"].split("/")[2].split("?")[0]
    assert "Now invite its first people" in (await admin.get(added.headers["location"])).text
    form = {"kind": "school", "name": "新学校", "number": f"s{number}", "school_type": "primary"}
    school = await admin.post("/bodies", data={"under": district, **form})
    assert school.status_code == 303
    again = await admin.post("/bodies", data={"under": district, **form})
    assert again.status_code == 422
    assert "This number is already used" in again.text
    row = (await owner(dsns, "SELECT path FROM body WHERE number = $1", f"s{number}"))[0]
    assert [str(one) for one in row["path"][:2]] == [city, district]
    assert "新学校" in (await admin.get("/bodies")).text
    assert "新学校" in (await browser("city").get("/schools")).text
    renamed = await admin.post(
        f"/bodies/{district}", data={"name": "高新区", "number": f"d{number}", "name_en": "", "address": ""}
    )
    assert renamed.status_code == 303
    assert "高新区" in (await admin.get(f"/bodies/{district}")).text


async def test_what_does_not_fit_is_refused(browser: Browser, world: World) -> None:
    admin = browser("admin")
    form = {"name": "x", "number": secrets.token_hex(4), "school_type": "primary"}
    one, city = str(world.bodies["one"]), str(world.bodies["city"])
    assert (await admin.post("/bodies", data={"under": one, "kind": "school", **form})).status_code == 422
    assert (await admin.post("/bodies", data={"under": city, "kind": "city", **form})).status_code == 422
    assert (
        await admin.post("/bodies", data={"under": city, "kind": "school", **form, "school_type": ""})
    ).status_code == 422
    for missing in (str(uuid4()), "x", ""):
        assert (await admin.post("/bodies", data={"under": missing, "kind": "school", **form})).status_code == 404
    assert (await admin.get(f"/bodies/{uuid4()}")).status_code == 404
    assert (await admin.get(f"/bodies/new?under={one}")).status_code == 404
    assert (
        await browser("district").post("/bodies", data={"under": city, "kind": "school", **form})
    ).status_code == 403


async def test_an_administrator_below_cannot_touch_what_is_beside_or_above(
    browser: Browser, dsns: Dsns, world: World
) -> None:
    from tests.accounts.people import somebody
    from tests.accounts.test_sign_in import enter

    username, _ = await somebody(dsns, world, ("east", "auditor"))
    client = browser()
    await enter(client, username)
    assert (await client.get(f"/bodies/{world.bodies['one']}")).status_code == 200
    form = {"name": "mine now", "number": "zzz", "school_type": "primary"}
    for foreign in ("west", "three", "city"):
        assert (await client.get(f"/bodies/{world.bodies[foreign]}")).status_code == 404
        assert (await client.post(f"/bodies/{world.bodies[foreign]}", data=form)).status_code == 404
        answer = await client.post("/bodies", data={**form, "under": str(world.bodies[foreign]), "kind": "school"})
        assert answer.status_code == 404
