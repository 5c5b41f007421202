"""The page of the map: who sees whose schools, both languages, what the policy allows with and without tiles."""

import re
from dataclasses import replace
from html import unescape
from uuid import uuid4

import pytest

from backend import clock
from backend import settings as settings_module
from backend.coverage import queries_map
from backend.coverage.rules_datum import to_gcj02
from backend.coverage.rules_numbers import Days, monday
from backend.language import LANGUAGES, say
from backend.postgres_roles import Dsns
from tests.accounts.people import owner
from tests.conftest import Browser
from tests.world import World

TILES = "https://t{0-2}.tiles.example.cn/{z}/{x}/{y}.png?k={key}"
CREDIT = "天地图 GS(2024)0568号 <b>&"


@pytest.fixture
async def placed(dsns: Dsns, world: World) -> dict[str, tuple[float, float]]:
    """Two schools of one district have a position, close together."""
    places = {"one": (31.7721, 119.9741), "two": (31.7722, 119.9743)}
    for name, place in places.items():
        await owner(
            dsns, "UPDATE body SET latitude = $2, longitude = $3 WHERE id = $1 RETURNING id", world.bodies[name], *place
        )
    return places


@pytest.fixture
def tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    it = replace(settings_module.settings(), map_tiles=(TILES,), map_key="k3y", map_credit=CREDIT, map_datum="gcj02")
    for module in ("backend.app", "backend.coverage.pages_map"):
        monkeypatch.setattr(f"{module}.settings", lambda: it)


@pytest.mark.parametrize("who", ["guard", "crew", "inspector", "admin"])
async def test_who_may_not(browser: Browser, who: str) -> None:
    assert (await browser(who).get("/map")).status_code == 403


@pytest.mark.parametrize("who", ["manager", "principal"])
async def test_a_school_is_sent_to_its_own_coverage(browser: Browser, who: str) -> None:
    answer = await browser(who).get("/map")
    assert (answer.status_code, answer.headers["location"]) == (303, "/coverage")
    assert (await browser().get("/map")).headers["location"].startswith("/sign-in")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("who", ["district", "city"])
async def test_a_bureau_sees_its_schools(
    browser: Browser, world: World, placed: object, who: str, language: str
) -> None:
    for query in (
        "",
        "?period=day",
        "?period=term&area=fire",
        "?sort=coverage",
        "?sort=-visit&z=3",
        "?z=6&at=31.7,119.9",
    ):
        answer = await browser(who, language=language).get(f"/map{query}")
        assert answer.status_code == 200
        page = unescape(answer.text)
        assert say(language, "Map of the schools") in page
        assert f"school={world.bodies['one']}" in page
        assert (f"school={world.bodies['three']}" in page) == (who == "city")
        assert "data-city-map" not in page
        assert "leaflet" not in page


async def test_a_district_of_others_is_none(browser: Browser, world: World) -> None:
    assert (await browser("city").get(f"/map?district={world.bodies['west']}")).status_code == 200
    foreign = await browser("district").get(f"/map?district={world.bodies['west']}")
    nobody = await browser("district").get(f"/map?district={uuid4()}")
    assert foreign.status_code == nobody.status_code == 404
    plain = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
    assert plain.sub("", foreign.text) == plain.sub("", nobody.text)


async def test_schools_that_lie_close_are_one_mark_that_opens_nearer(browser: Browser, placed: object) -> None:
    client = browser("district")
    page = unescape((await client.get("/map")).text)
    near = re.search(r'<a class="mark \w+ many" href="(\?z=\d[^"]*)#map"', page) or re.search(
        r'<a class="mark \w+ many" href="(\?[^"]*z=\d[^"]*)#map"', page
    )
    assert near
    nearer = unescape((await client.get(f"/map{near[1]}")).text)
    assert len(re.findall(r'<a class="mark \w+" href="/coverage\?', nearer)) == 2
    assert "many" not in "".join(re.findall(r'<a class="mark[^>]*', nearer))


async def test_counts_are_those_that_are_kept(app: object, dsns: Dsns, world: World) -> None:
    member, today = await world.member("city"), clock.today()
    rows = {row["id"]: row for row in await queries_map.schools(member, Days(today, today))}
    kept = await owner(
        dsns,
        """SELECT b.id, coalesce(sum(c.due), 0) AS due, coalesce(sum(c.kept + c.late), 0) AS seen,
             (SELECT count(*) FROM finding f WHERE f.school = b.id
                AND state NOT IN ('closed', 'delisted', 'rejected_report', 'merged')) AS open
           FROM body b LEFT JOIN coverage_week c ON c.school = b.id AND c.week = $1
           WHERE b.kind = 'school' GROUP BY b.id""",
        monday(today),
    )
    assert set(rows) == {row["id"] for row in kept}
    for row in kept:
        shown = rows[row["id"]]
        assert (shown["due"], shown["seen"], shown["open"]) == (row["due"], row["seen"], row["open"])
    west = await queries_map.schools(member, Days(today, today), district=world.bodies["west"], by_day=True)
    assert world.bodies["three"] in {row["id"] for row in west}
    assert world.bodies["one"] not in {row["id"] for row in west}


def images(policy: str) -> str:
    return next(part.strip() for part in policy.split(";") if part.strip().startswith("img-src"))


async def test_tiles_are_allowed_on_the_map_and_nowhere_else(browser: Browser, placed: object, tiles: None) -> None:
    client = browser("district")
    on_map = await client.get("/map")
    hosts = [f"https://t{n}.tiles.example.cn" for n in range(3)]
    assert images(on_map.headers["content-security-policy"]) == " ".join(["img-src 'self' blob: data:", *hosts])
    for path in ("/", "/coverage", "/schools", "/map/x", "/findings", "/static/nothing.js", "/sign-in", "/scan"):
        answer = await client.get(path)
        assert images(answer.headers["content-security-policy"]) == "img-src 'self' blob: data:", path
        assert "k3y" not in answer.text, path
        assert "tiles.example.cn" not in answer.text, path


async def test_without_tiles_the_map_may_ask_nobody(browser: Browser) -> None:
    answer = await browser("city").get("/map")
    assert images(answer.headers["content-security-policy"]) == "img-src 'self' blob: data:"


async def test_the_browser_is_told_of_tiles_and_of_shifted_places(
    browser: Browser, placed: dict[str, tuple[float, float]], tiles: None
) -> None:
    answer = await browser("district").get("/map")
    assert "<b>&" not in answer.text
    page = unescape(answer.text)
    assert '"url": "https://t{s}.tiles.example.cn/{z}/{x}/{y}.png?k=k3y"' in page
    assert '"hosts": "012"' in page
    assert CREDIT in page
    for place in placed.values():
        shown = to_gcj02(*place)
        assert f'data-at="{shown[0]:.6f},{shown[1]:.6f}"' in page


async def test_a_position_from_amap_is_kept_as_wgs84(browser: Browser, dsns: Dsns, world: World) -> None:
    client, picked = browser("far_manager"), to_gcj02(31.772, 119.974)
    form = {"name": "测试three", "name_en": "Test three", "emergency_phone": "110", "datum": "gcj02"}
    form |= {"latitude": f"{picked[0]:.6f}", "longitude": f"{picked[1]:.6f}"}
    refused = await client.post("/settings", data={**form, "name": ""})
    assert refused.status_code == 422
    assert 'value="gcj02" selected' in refused.text
    assert f'value="{picked[0]:.6f}"' in refused.text
    answer = await client.post("/settings", data=form)
    assert answer.headers["location"] == "/settings?done=converted"
    page = unescape((await client.get(answer.headers["location"])).text)
    assert "converted from GCJ-02" in page
    assert 'value="wgs84" selected' in page
    row = (await owner(dsns, "SELECT latitude, longitude FROM body WHERE id = $1", world.bodies["three"]))[0]
    assert (row["latitude"], row["longitude"]) == pytest.approx((31.772, 119.974), abs=2e-6)
    plain = await client.post("/settings", data={**form, "datum": "wgs84"})
    assert plain.headers["location"] == "/settings?done=saved"
    chinese = await browser("far_manager", language="zh-CN").get("/settings?done=converted")
    assert "换算" in chinese.text
