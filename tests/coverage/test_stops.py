"""The list of stops behind a number: filters, pages by key in both directions, and files that hold the same lines."""

import csv
import html
import io
import re
from datetime import timedelta
from typing import Any

import asyncpg
import openpyxl
import pytest
import pytest_asyncio

from backend import clock
from backend.coverage.queries_stops import PAGE, every, place_of, stops, totals
from backend.coverage.rules_stops import Place, Wanted
from backend.postgres_roles import Dsns
from tests.conftest import Browser
from tests.coverage import counted
from tests.world import World

KINDS = ("fire_extinguisher", "lab", "gate_guard_room")
STATES = ("kept", "late", "missed", "excused", "unreachable", "due")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def made(app: object, world: World, dsns: Dsns) -> Any:
    """A school with 60 stops of ten days, two routes, three kinds and every state."""
    owner = await asyncpg.connect(dsns.owner)
    school = await counted.school(owner, world, await counted.district(owner, world), KINDS)
    routes = [await counted.route(owner, school, name) for name in ("东线", "西线")]
    for back in range(10):
        for n, route in enumerate(routes):
            day = clock.today() - timedelta(days=back)
            done = await counted.opened(owner, school, route, day, school.points, hour=8 + n)
            mix = [STATES[(back + n + at) % len(STATES)] for at in range(3)]
            await counted.becomes(owner, school, done, mix, sent_late=back % 2)
    yield {"school": school, "routes": routes}
    await owner.close()


def lists(made: Any) -> list[Wanted]:
    school, today = made["school"], clock.today()
    return [
        *(Wanted(state=word) for word in ("", "seen", *STATES)),
        Wanted(sent_late=True),
        *(Wanted(kind=kind) for kind in KINDS),
        *(Wanted(route=route, state="missed") for route in made["routes"]),
        *(Wanted(area=area) for area in ("fire", "lab", "security", "food")),
        Wanted(point=school.points[1]),
        Wanted(point=school.points[1], state="kept"),
        Wanted(start=today - timedelta(days=3), end=today - timedelta(days=1)),
        Wanted(start=today - timedelta(days=900), end=today - timedelta(days=800)),
        Wanted(start=today, end=today - timedelta(days=1)),
    ]


async def test_totals_are_the_length_of_the_list(world: World, made: Any) -> None:
    school = made["school"]
    member = await school.member(world)
    for wish in lists(made):
        found = [row for batch in [rows async for rows in every(member, school.id, wish)] for row in batch]
        total = await totals(member, school.id, wish)
        plain = Wanted(**{name: getattr(wish, name) for name in ("start", "end", "route", "kind", "area", "point")})
        assert total == await totals(member, school.id, plain)
        expected = {"": total.due, "seen": total.seen, "due": total.left}.get(wish.state)
        if wish.sent_late:
            expected = total.sent_late
        assert len(found) == (getattr(total, wish.state) if expected is None else expected), wish
        assert all(not wish.kind or row["kind"] == wish.kind for row in found)
        assert all(wish.state in ("", "seen") or row["state"] == wish.state for row in found)


@pytest.mark.parametrize("most", [1, 7, 59, 60])
async def test_pages_hold_every_stop_once_both_ways(world: World, made: Any, most: int) -> None:
    school = made["school"]
    member = await school.member(world)
    whole, _ = await stops(member, school.id, Wanted(), most=1000)
    keys = [row["id"] for row in whole]
    assert len(set(keys)) == 60
    assert [row["day"] for row in whole] == sorted((row["day"] for row in whole), reverse=True)
    there: list[Any] = []
    start: Place | None = None
    more = True
    while more:
        found, more = await stops(member, school.id, Wanted(), start, most)
        there += [row["id"] for row in found]
        start = place_of(found[-1])
    assert there == keys
    back, start, more = [whole[-1]["id"]], place_of(whole[-1], back=True), True
    while more:
        found, more = await stops(member, school.id, Wanted(), start, most)
        back = [row["id"] for row in found] + back
        start = place_of(found[0], back=True)
    assert back == keys


async def test_the_pager_of_the_page_goes_there_and_back(browser: Browser, made: Any) -> None:
    school = made["school"]
    async with browser(school.people["manager"]) as manager:
        first = html.unescape((await manager.get("/coverage/stops")).text)
        after = re.search(r'rel="next" href="([^"]+)"', first)
        assert after is not None
        second = html.unescape((await manager.get(after[1])).text)
        assert second.count("<tr>") - 1 == 60 - PAGE
        before = re.search(r'rel="prev" href="([^"]+)"', second)
        assert before is not None
        again = html.unescape((await manager.get(before[1])).text)
        assert re.findall(r"/visits/[0-9a-f-]{36}", again) == re.findall(r"/visits/[0-9a-f-]{36}", first)
        for query in ("?after=x", "?after=2026-11-23_1_1_x", "?before=", "?route=x&kind=%00&point="):
            assert (await manager.get(f"/coverage/stops{query}")).status_code == 200, query


async def test_the_file_is_the_list(browser: Browser, made: Any) -> None:
    school = made["school"]
    async with browser(school.people["manager"]) as manager:
        for query, number in (("?state=missed", None), ("", 60), (f"?point={school.points[0]}", 20)):
            shown = html.unescape((await manager.get(f"/coverage/stops{query}")).text)
            sent = await manager.get(f"/coverage/stops/export.csv{query}")
            lines = list(csv.reader(io.StringIO(sent.content.decode("utf-8-sig"))))
            assert number is None or len(lines) - 1 == number
            word = "missed" if "missed" in query else ""
            chip = re.search(rf'state={word}[^>]*aria-current="true">[^<]*<span class="num" data-n="(\d+)"', shown)
            assert chip is None or int(chip[1]) == len(lines) - 1
            book = await manager.get(f"/coverage/stops/export.xlsx{query}")
            sheet = openpyxl.load_workbook(io.BytesIO(book.content), read_only=True).active
            assert sheet is not None
            rows = [[str(cell or "") for cell in row] for row in sheet.iter_rows(values_only=True)]
            assert [row[1] for row in rows[2:]] == [line[1] for line in lines]


async def test_a_foreign_point_is_not_there(browser: Browser, world: World, made: Any) -> None:
    async with browser(made["school"].people["manager"]) as manager:
        assert (await manager.get(f"/coverage/stops?point={world.points['lab']}")).status_code == 404
        shown = await manager.get(f"/coverage/stops?route={made['school'].id}")
        assert "Nothing matches" in shown.text
        assert (await manager.get(f"/coverage/stops/export.csv?school={world.bodies['one']}")).status_code == 404
    async with browser("city") as officer:
        assert "Choose a school" in (await officer.get("/coverage/stops")).text
        assert (await officer.get("/coverage/stops/export.csv")).status_code == 404


async def test_reasons_and_states_have_words_in_both_languages(browser: Browser, made: Any) -> None:
    for language, words in (("en", ("Excused", "Not reachable", "Sent late")), ("zh-CN", ("免检", "无法到达", "补传"))):
        async with browser(made["school"].people["manager"], language=language) as manager:
            shown = (await manager.get("/coverage/stops")).text
        assert all(word in shown for word in (*words, "门锁着")), language
