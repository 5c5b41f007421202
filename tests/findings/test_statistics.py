"""Every number of the page opens exactly its rows, for everyone who may read it; nothing of a sibling is counted."""

import csv
import html
import io
import re
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import pytest

from backend import clock, database
from backend.database import writing
from backend.findings.queries import totals
from backend.findings.queries_statistics import figures
from backend.findings.rules_filters import wanted
from backend.findings.rules_statistics import asked, steps
from tests.conftest import Browser
from tests.findings.people import fault, spot
from tests.world import World

COUNT = re.compile(r'data-n="(\d+)" href="(/findings[^"]*)"')
STORIES = (
    "state = 'closed', mended_at = found_at + interval '2 days', assigned_at = found_at + interval '1 day',"
    " closed_at = least(found_at + interval '4 days', now())",
    "state = 'closed', closed_at = least(found_at + interval '8 days', now()), recurred = 1",
    "state = 'rectifying', assigned_at = found_at, deadline = found_at::date + 1, extended = 1",
    "state = 'submitted', assigned_at = found_at, mended_at = found_at + interval '6 hours', deadline = '2020-01-01'",
    "state = 'rejected_report'",
    "grade = 'major', state = 'controlled', controlled_at = found_at + interval '45 minutes'",
    "grade = 'major', state = 'graded'",
    "state = 'extension_requested', area = NULL, source = 'report'",
    "state = 'delisted', closed_at = found_at - interval '1 day'",
    "state = 'reported'",
)
"""What became of a finding: one for each way of counting, the last but one with a clock that was wrong."""


async def story(world: World, who: str, point: UUID, n: int, days: int) -> UUID:
    at = clock.now() - timedelta(days=days)
    raised = await fault(world, who, point, f"统计{n}", at=at, area=("fire", "food", "lab")[n % 3])
    async with writing((await world.member(who)).scope):
        await database.run(f"UPDATE finding SET {STORIES[n % len(STORIES)]} WHERE id = $1", raised.finding)
        if n % 7 == 2:
            await database.run(
                """INSERT INTO finding_event (school, finding, verb, before, after, at)
                   SELECT school, id, 'send_back', 'submitted', 'accept_failed', now() FROM finding WHERE id = $1""",
                raised.finding,
            )
    return raised.finding


@pytest.fixture(scope="module", autouse=True)
async def some(world: World) -> dict[str, UUID]:
    here = await spot(world)
    found = {f"one {n}": await story(world, "keeper", here.point, n, n * 11 % 240) for n in range(40)}
    for who in ("neighbour", "far_manager"):
        there = await spot(world, who if who.endswith("manager") else "neighbour_manager")
        found |= {f"{who} {n}": await story(world, who, there.point, n, n * 9) for n in range(10)}
    return found


def counts(page: str) -> list[tuple[int, str]]:
    return [(int(n), html.unescape(address)) for n, address in COUNT.findall(page.replace("&#x2f;", "/"))]


@pytest.mark.parametrize("who", ["manager", "deputy", "principal", "district", "city"])
@pytest.mark.parametrize("query", ["", "?period=week", "?period=month", "?period=own&start=2025-01-01&end=2026-01-31"])
async def test_every_number_opens_exactly_its_rows(browser: Browser, world: World, who: str, query: str) -> None:
    if "own" in query:
        last = clock.today() - timedelta(days=3)
        query = f"?period=own&start={last - timedelta(days=400)}&end={last}"
    member = await world.member(who)
    async with browser(who) as reader:
        shown = await reader.get(f"/findings/statistics{query}")
    assert shown.status_code == 200
    links = counts(shown.text)
    assert len(links) > 60
    wrong = {}
    for n, address in dict.fromkeys(links):
        here = (await totals(member, wanted(dict(parse_qsl(urlsplit(address).query)))))["here"]
        if here != n:
            wrong[address] = (n, here)
    assert wrong == {}
    assert any(n for n, address in links if "safe=no" in address)
    assert any(n for n, address in links if "open_on" in address)


async def test_a_link_of_the_page_is_a_list_of_that_length(browser: Browser) -> None:
    async with browser("manager") as manager:
        shown = await manager.get("/findings/statistics")
        for n, address in list(dict.fromkeys(counts(shown.text)))[::9]:
            assert (await manager.get(address)).status_code == 200
            path, _, query = address.partition("?")
            exported = await manager.get(f"{path}/export.csv?{query}")
            lines = list(csv.reader(io.StringIO(exported.content.decode("utf-8-sig"))))
            assert len(lines) - 1 == n, address


async def test_no_number_stands_without_its_link(browser: Browser) -> None:
    async with browser("manager") as manager:
        shown = (await manager.get("/findings/statistics")).text
    for table in re.findall(r"<tbody>.*?</tbody>", shown, re.S):
        for cell in re.findall(r"<td[^>]*>(.*?)</td>", table, re.S):
            text = re.sub(r"<[^>]+>", "", cell)
            assert not re.search(r"\d", text) or "data-n=" in cell, text


async def test_medians_and_the_clock_of_major_hazards(world: World) -> None:
    """Against the same arithmetic in Python, on the columns themselves."""
    member = await world.member("manager")
    wish, _ = asked({"period": "half"}, clock.today())
    found = await figures(member, wish, steps(wish.start, wish.end))
    begin, end = clock.midnight(wish.start), clock.day_range(wish.end)[1]
    async with database.reading(member.scope):
        rows = await database.rows("SELECT * FROM finding WHERE school = $1", member.school)
    took = sorted(
        max((row["closed_at"] - row["found_at"]).total_seconds(), 0) / 86400
        for row in rows
        if row["state"] in {"closed", "delisted"} and row["closed_at"] and begin <= row["closed_at"] < end
    )
    middle = (took[(len(took) - 1) // 2] + took[len(took) // 2]) / 2
    assert found.took["closed"] == len(took) > 4
    assert found.took["to_close"] == pytest.approx(middle)
    lab = found.days["area"]["lab"]
    assert lab["closed"] + sum(row["closed"] for key, row in found.days["area"].items() if key != "lab") == len(took)
    assert found.safe.safe >= 1
    assert found.safe.slowest is not None
    assert found.safe.slowest["minutes"] >= 45
    assert {row["id"] for row in found.safe.named} <= {row["id"] for row in rows if row["controlled_at"] is None}


async def test_the_clock_starts_when_it_was_graded_major(world: World, some: dict[str, UUID]) -> None:
    here = await spot(world)
    member = await world.member("keeper")
    for words, proposed in (("后来定级", "general"), ("当场疑似", "major_suspected")):
        raised = await fault(world, "keeper", here.point, words, at=clock.now() - timedelta(hours=9), severity=proposed)
        async with writing(member.scope):
            await database.run(
                """UPDATE finding SET grade = 'major', state = 'controlled',
                     controlled_at = found_at + interval '500 minutes' WHERE id = $1""",
                raised.finding,
            )
            await database.run(
                """INSERT INTO finding_event (school, finding, verb, before, after, at)
                   SELECT school, id, 'grade', 'registered', 'graded', found_at + interval '490 minutes'
                   FROM finding WHERE id = $1""",
                raised.finding,
            )
        wish, _ = asked({"period": "week"}, clock.today())
        if proposed == "general":
            before = (await figures(await world.member("manager"), wish, steps(wish.start, wish.end))).safe
    after = (await figures(await world.member("manager"), wish, steps(wish.start, wish.end))).safe
    assert before.slowest is None or before.slowest["minutes"] < 490
    assert after.slowest is not None
    assert after.slowest["minutes"] == pytest.approx(500)


async def test_steps_and_parts_add_up(world: World) -> None:
    member = await world.member("city")
    wish, _ = asked({}, clock.today())
    found = await figures(member, wish, steps(wish.start, wish.end))
    whole = found.whole
    assert sum(week["found"] for week in found.weeks) == whole["found"]
    assert sum(week["closed"] for week in found.weeks) == whole["closed"]
    assert found.weeks[-1]["open"] == whole["open"] == sum(found.ages)
    for part in ("area", "grade", "source", "kind"):
        assert sum(row["found"] for row in found.parts[part].values()) == whole["found"]
    assert whole["still_open"] + whole["over"] + whole["rejected"] + whole["merged"] <= whole["found"]


async def test_who_may_read_which_school(browser: Browser, world: World) -> None:
    for who in ("guard", "crew", "inspector", "admin"):
        async with browser(who) as other:
            assert (await other.get("/findings/statistics")).status_code == 403, who
            assert (await other.get("/findings/statistics.csv")).status_code == 403, who
    async with browser() as stranger:
        assert (await stranger.get("/findings/statistics")).status_code == 303
    one, two, three, east = (world.bodies[name] for name in ("one", "two", "three", "east"))
    async with browser("manager") as manager:
        assert (await manager.get(f"/findings/statistics?school={one}")).status_code == 200
        for query in (f"school={two}", f"school={three}", f"district={east}", f"school={world.bodies['city']}"):
            assert (await manager.get(f"/findings/statistics?{query}")).status_code == 404, query
            assert (await manager.get(f"/findings/statistics.csv?{query}")).status_code == 404, query
    async with browser("district") as officer:
        assert (await officer.get(f"/findings/statistics?school={two}")).status_code == 200
        assert (await officer.get(f"/findings/statistics?district={east}")).status_code == 200
        assert (await officer.get(f"/findings/statistics?school={three}")).status_code == 404
        assert (await officer.get(f"/findings/statistics?school={east}")).status_code == 404


async def test_a_sibling_is_never_counted(world: World) -> None:
    wish, _ = asked({}, clock.today())
    cut = steps(wish.start, wish.end)

    async def all_of(who: str) -> int:
        return int((await figures(await world.member(who), wish, cut)).whole["every"])

    async with database.reading((await world.member("city")).scope):
        rows = await database.rows("SELECT school, count(*) AS n FROM finding GROUP BY school")
    really = {row["school"]: row["n"] for row in rows}
    one, two, three = (really[world.bodies[name]] for name in ("one", "two", "three"))
    assert min(one, two, three) >= 10
    assert await all_of("manager") == one
    assert await all_of("neighbour_manager") == two
    assert await all_of("district") == one + two
    assert await all_of("other_district") == three
    assert await all_of("city") == one + two + three


async def test_own_days_that_are_wrong_come_back_with_the_reason(browser: Browser) -> None:
    async with browser("manager") as manager:
        shown = await manager.get("/findings/statistics?period=own&start=2026-03-02&end=2026-03-01")
    assert shown.status_code == 422
    assert "The last day lies before the first." in shown.text
    assert 'value="2026-03-02"' in shown.text
    assert 'value="2026-03-01"' in shown.text
    assert "data-n=" not in shown.text


@pytest.mark.parametrize("query", ["period=x&school=1&district=%00", "period=week&start=%ff", "school="])
async def test_a_nonsense_address_is_not_an_error(browser: Browser, query: str) -> None:
    async with browser("city") as officer:
        assert (await officer.get(f"/findings/statistics?{query}")).status_code == 200


async def test_the_file_holds_the_figures_of_the_page(browser: Browser) -> None:
    async with browser("manager", language="zh-CN") as manager:
        shown = await manager.get("/findings/statistics?period=month")
        sent = await manager.get("/findings/statistics.csv?period=month")
    lines = list(csv.reader(io.StringIO(sent.content.decode("utf-8-sig"))))
    assert lines[2][0] == "表"
    told = {(int(line[4]), line[7]) for line in lines[3:]}
    assert set(counts(shown.text)) <= told
    assert "attachment" in sent.headers["content-disposition"]


@pytest.mark.parametrize(("language", "words"), [("zh-CN", ("隐患统计", "截至", "用时", "未落实防范措施"))])
async def test_the_page_says_as_of_when_and_has_a_table_for_each_chart(
    browser: Browser, language: str, words: tuple[str, ...]
) -> None:
    async with browser("principal", language=language) as principal:
        shown = (await principal.get("/findings/statistics")).text
        ledger = (await principal.get("/findings")).text
    assert all(word in shown for word in words)
    assert shown.count('role="img"') >= 4
    assert " style=" not in shown
    assert "/findings/statistics" in ledger.replace("&#x2f;", "/")
