"""Coverage in numbers: what a page prints is what its stops are; every number opens exactly its rows."""

import csv
import html
import io
import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import asyncpg
import openpyxl
import pytest
import pytest_asyncio

from backend import clock
from backend.coverage.queries_numbers import numbers
from backend.coverage.queries_stops import stops
from backend.coverage.rules_numbers import Days
from backend.coverage.rules_stops import wanted
from backend.postgres_roles import Dsns
from tests.conftest import Browser
from tests.coverage import counted
from tests.world import World

COUNT = re.compile(r'data-n="(\d+)" href="(/coverage/stops[^"]*)"')
SHARE = re.compile(
    r'<a class="share" href="(/coverage/stops[^"]*)"><b>([^<]*)</b> <span class="muted num">(\d+) / (\d+)'
)
KINDS = ("fire_extinguisher", "lab", "gate_guard_room", "evacuation_route", "fire_extinguisher")
MIX = (
    ["kept", "late", "missed", "excused", "unreachable"],
    ["kept", "kept", "kept", "kept", "due"],
    ["missed", "missed", "late", "kept", "excused"],
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def made(app: object, world: World, dsns: Dsns) -> Any:
    """Two schools of one district and one of another, with rounds of the last weeks."""
    owner = await asyncpg.connect(dsns.owner)
    here, there = await counted.district(owner, world), await counted.district(owner, world)
    one, two = [await counted.school(owner, world, here, KINDS) for _ in range(2)]
    far, idle = await counted.school(owner, world, there, KINDS), await counted.school(owner, world, here)
    for school in (one, two, far):
        routes = [await counted.route(owner, school, f"{name}线") for name in ("晨", "夜")]
        for back in range(12):
            day = clock.today() - timedelta(days=back)
            done = await counted.opened(owner, school, routes[back % 2], day, school.points)
            await counted.becomes(owner, school, done, MIX[back % 3], sent_late=back % 2)
    planned = await counted.school(owner, world, here, KINDS)
    await counted.route(owner, planned, "空线")
    yield {"one": one, "two": two, "far": far, "idle": idle, "planned": planned, "owner": owner}
    await owner.close()


def links(page: str) -> list[tuple[int, str]]:
    plain = html.unescape(page)
    told = [(int(n), href) for n, href in COUNT.findall(plain)]
    return told + [(int(due), href) for href, _, _, due in SHARE.findall(plain)]


@pytest.mark.parametrize("query", ["", "?period=day", "?period=term", "?period=own&start=2026-01-01&end=%s"])
async def test_every_number_opens_exactly_its_rows(browser: Browser, world: World, made: Any, query: str) -> None:
    query = query.replace("%s", str(clock.today()))
    school = made["one"]
    member = await school.member(world)
    async with browser(school.people["manager"]) as manager:
        shown = await manager.get(f"/coverage{query}")
    assert shown.status_code == 200
    found = links(shown.text)
    assert len(found) > 20
    for n, address in dict.fromkeys(found):
        asked = wanted(dict(parse_qsl(urlsplit(address).query)))
        rows, _ = await stops(member, school.id, asked, most=1000)
        assert len(rows) == n, address


async def test_percentages_print_their_fraction_and_add_up(browser: Browser, made: Any) -> None:
    async with browser(made["one"].people["manager"]) as manager:
        shown = html.unescape((await manager.get(f"/coverage?period=own&start=2026-01-01&end={clock.today()}")).text)
    seen = sum(state in {"kept", "late"} for back in range(12) for state in MIX[back % 3])
    assert f"{seen} of 60 stops seen" in shown
    tables = [SHARE.findall(part) for part in re.findall(r"<tbody>.*?</tbody>", shown, re.S)]
    for rows in tables:
        assert sum(int(one[2]) for one in rows) == seen
        assert sum(int(one[3]) for one in rows) == 60
    assert all(percent == f"{round(100 * int(n) / int(of))} %" for rows in tables for _, percent, n, of in rows)


async def test_the_trend_counts_the_same_stops(world: World, made: Any) -> None:
    school, today = made["one"], clock.today()
    span = Days(today - timedelta(days=20), today)
    found = await numbers(await school.member(world), school.id, span, span)
    assert sum((one.due for one in found.by_day.values()), 0) == found.whole.due == 60
    for part in found.parts.values():
        assert sum(one.missed for one in part.values()) == found.whole.missed


async def test_empty_pages_say_what_to_do(browser: Browser, made: Any) -> None:
    async with browser(made["idle"].people["manager"]) as manager:
        shown = await manager.get("/coverage")
        assert "/routes/proposal" in html.unescape(shown.text)
        assert "No stops yet" in (await manager.get("/coverage/stops")).text
        assert (await manager.get("/coverage/numbers/export.csv")).status_code == 200
    async with browser(made["planned"].people["manager"]) as manager:
        assert "Nothing was due in this period" in (await manager.get("/coverage")).text
    async with browser(made["one"].people["manager"]) as manager:
        shown = await manager.get("/coverage?period=own&start=2025-01-01&end=2025-01-02")
        assert "Nothing was due in this period" in shown.text
        wrong = await manager.get("/coverage?period=own&start=2026-02-01&end=2026-01-02")
        assert wrong.status_code == 422
        assert 'value="2026-01-02"' in wrong.text
        assert 'id="end-error"' in wrong.text


@pytest.mark.parametrize("path", ["/coverage", "/coverage/stops", "/coverage/numbers/export.csv"])
async def test_who_may_read_which_school(browser: Browser, world: World, made: Any, path: str) -> None:
    one, two = made["one"], made["two"]
    for who in ("guard", "crew", "inspector", "admin", one.people["guard"]):
        async with browser(who) as other:
            assert (await other.get(path)).status_code == 403, who
    async with browser() as stranger:
        assert (await stranger.get(path)).status_code == 303
    async with browser(one.people["manager"]) as manager:
        assert (await manager.get(f"{path}?school={one.id}")).status_code == 200
        for foreign in (two.id, one.district, world.bodies["city"], world.bodies["one"]):
            assert (await manager.get(f"{path}?school={foreign}")).status_code == 404, foreign
    async with browser("district") as officer:
        assert (await officer.get(f"{path}?school={world.bodies['one']}")).status_code == 200
        assert (await officer.get(f"{path}?school={one.id}")).status_code == 404
        assert (await officer.get(f"{path}?school={world.bodies['east']}")).status_code == 404
    async with browser("city") as officer:
        assert (await officer.get(f"{path}?school={one.id}")).status_code == 200


async def test_a_bureau_reads_its_schools_in_their_usual_order(browser: Browser, made: Any) -> None:
    one, far = made["one"], made["far"]
    async with browser("city") as city:
        shown = html.unescape((await city.get(f"/coverage?period=term&district={one.district}")).text)
        names = re.findall(r"Counted \d+", shown)
        assert names == sorted(names, key=lambda name: int(name.split()[1]))
        assert str(far.id) not in shown
        assert (await city.get(f"/coverage?district={one.id}")).status_code == 404
        whole = html.unescape((await city.get("/coverage?period=term")).text)
        assert f"district={one.district}" in whole
        assert 'aria-sort="descending"' in (await city.get("/coverage?sort=-missed")).text
        for query in ("?area=fire", "?sort=coverage&page=99", "?sort=visit", "?period=day", "?period=own&start=x"):
            assert (await city.get(f"/coverage{query}")).status_code in {200, 422}, query


async def test_a_bureaus_fraction_is_that_of_the_schools_page(browser: Browser, made: Any) -> None:
    one = made["one"]
    row = re.compile(rf'href="(/coverage\?[^"]*school={one.id})"><b>[^<]*</b> <span class="muted num">(\d+) / (\d+)')
    async with browser("city", language="en") as city:
        for query in (f"?district={one.district}", f"?period=term&district={one.district}"):
            found = row.search(html.unescape((await city.get(f"/coverage{query}")).text))
            assert found is not None, query
            shown = html.unescape((await city.get(found[1])).text)
            assert f"{found[2]} of {found[3]} stops seen" in shown, found[1]


async def test_weeks_districts_and_areas_of_a_bureau_add_up(browser: Browser, world: World, made: Any) -> None:
    from backend.coverage.pages_city import figures
    from backend.coverage.rules_numbers import Asked, Counts

    member = await world.member("city")
    for wish in (Asked(), Asked(word="term"), Asked(word="term", district=made["one"].district)):
        found = await figures(member, wish)
        assert found.whole.due > 0
        assert sum(found.areas.values(), Counts()) == found.whole
        assert sum(found.by_district.values(), Counts()) == found.whole
        in_period = [n for week, n in found.by_week.items() if week >= found.days.start]
        assert sum(in_period, Counts()) == found.whole


async def test_the_file_says_what_the_page_says(browser: Browser, made: Any) -> None:
    query = f"?period=own&start=2026-01-01&end={clock.today()}"
    async with browser(made["one"].people["manager"]) as manager:
        sent = await manager.get(f"/coverage/numbers/export.csv{query}")
        book = await manager.get(f"/coverage/numbers/export.xlsx{query}")
    lines = list(csv.reader(io.StringIO(sent.content.decode("utf-8-sig"))))
    whole = dict(zip(lines[0], lines[1], strict=False))
    assert whole["Due"] == "60"
    assert int(whole["Kept"]) + int(whole["Late"]) == int(whole["Seen"])
    sheet = openpyxl.load_workbook(io.BytesIO(book.content), read_only=True).active
    assert sheet is not None
    assert len(list(sheet.iter_rows())) == len(lines) + 2
    async with browser("city") as city:
        told = (await city.get("/coverage/numbers/export.csv?period=term")).content.decode("utf-8-sig")
    assert "Counted" in told


async def test_chinese_pages_are_chinese(browser: Browser, made: Any) -> None:
    for who, path in (
        (made["one"].people["manager"], "/coverage"),
        (made["one"].people["manager"], "/coverage/stops"),
        (made["idle"].people["manager"], "/coverage"),
        ("city", "/coverage?period=term&area=fire"),
        ("city", "/coverage/stops"),
    ):
        async with browser(who, language="zh-CN") as reader:
            shown = (await reader.get(path)).text
        text = re.sub(r"<(script|style|svg|select|nav)[^>]*>.*?</\1>|<[^>]+>", " ", shown, flags=re.S)
        text = re.sub(r"(?i)counted|xun'?an|CSV|Excel|English|ICS", "", text)
        assert not re.search(r"[A-Za-z]{4,} [a-z]{2,}", text), re.search(r"[A-Za-z]{4,} [a-z]{2,}.{40}", text)
