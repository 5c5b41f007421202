"""List = export = total, for everyone who may read the ledger; pages back and forth; nothing of a neighbour."""

import csv
import io
import re
from datetime import timedelta
from typing import Any

import openpyxl
import pytest

from backend import clock
from backend.findings import ledger
from backend.findings.queries import PAGE, every, findings, totals
from backend.findings.queries_show import finding
from backend.findings.rules_filters import ALL, Wanted, place, wanted
from backend.trouble import Missing
from tests.conftest import Browser
from tests.findings.people import fault, spot
from tests.world import World

READERS = ("guard", "crew", "manager", "principal", "district", "city")


@pytest.fixture(scope="module", autouse=True)
async def some(world: World) -> dict[str, Any]:
    """Enough findings for three pages in school one, and one in each other school."""
    here = await spot(world)
    for n in range(PAGE * 2 + 7):
        at = clock.now() - timedelta(days=n % 40, seconds=n)
        major = {"severity": "major_suspected"} if n % 9 == 0 else {}
        await fault(
            world, "guard" if n % 2 else "keeper", here.point, f"第{n}条", at=at, area=("fire", "food")[n % 2], **major
        )
    for who in ("neighbour", "far_manager"):
        there = await spot(world, who if who.endswith("manager") else "neighbour_manager")
        await fault(world, who, there.point, f"邻校秘密 {who}")
    return {"spot": here}


def plain(html: str) -> str:
    return html.replace("&#x2f;", "/").replace("&amp;", "&")


async def ids(world: World, who: str, asked: Wanted) -> list[Any]:
    return [row["id"] async for batch in every(await world.member(who), asked) for row in batch]


@pytest.mark.parametrize("who", READERS)
@pytest.mark.parametrize(
    "query",
    [
        *("state=all", "", "state=all&area=fire", "state=all&grade=major", "state=all&q=第1", "state=ended"),
        *("state=overdue", "state=unassigned", "state=unsafe", "state=waiting", "state=mine", "overdue=1&area=fire"),
        *("state=all&q=exit free", "state=all&q=王建国 第", "state=all&as_of=2026-11-10", "state=all&recurred=1"),
        *("state=all&safe=no&grade=major", "state=closed&closed_from=2026-01-01", "state=merged", "q=火"),
    ],
)
async def test_list_export_and_total_are_the_same(browser: Browser, world: World, who: str, query: str) -> None:
    asked = wanted(dict(pair.split("=") for pair in query.split("&") if pair))
    member = await world.member(who)
    count = await totals(member, asked)
    async with browser(who, language="zh-CN") as reader:
        first = await reader.get(f"/findings?{query}")
        assert first.status_code == 200
        listed: list[str] = []
        page = first
        while True:
            listed += re.findall(r'<a class="line \w*" href="/findings/([0-9a-f-]{36})', plain(page.text))
            older = re.search(r'rel="next" href="([^"]+)"', plain(page.text))
            if older is None:
                break
            page = await reader.get(older[1])
            assert page.status_code == 200
        exported = await reader.get(f"/findings/export.csv?{query}")
        book = await reader.get(f"/findings/export.xlsx?{query}")
    lines = list(csv.reader(io.StringIO(exported.content.decode("utf-8-sig"))))
    sheet = openpyxl.load_workbook(io.BytesIO(book.content)).active
    assert sheet is not None
    rows = list(sheet.iter_rows(values_only=True))
    assert len(listed) == len(set(listed)) == len(lines) - 1 == len(rows) - 3 == count["here"]
    assert [str(id) for id in await ids(world, who, asked)] == listed
    form = ledger.DISTRICT if member.school is None else ledger.SCHOOL
    assert lines[0] == list(rows[2]) == [*ledger.columns(form, "zh-CN"), "链接"]
    assert [line[-1].rsplit("/", 1)[1] for line in lines[1:]] == listed
    assert [line[0] for line in lines[1:]] == [str(n + 1) for n in range(len(listed))]
    assert "台账" in str(rows[0][0])


async def test_open_and_ended_make_all(world: World) -> None:
    for who in READERS:
        count = await totals(await world.member(who), Wanted())
        assert count["open"] + count["ended"] == count["all"]


async def test_a_school_and_its_bureau_read_the_same(browser: Browser, world: World) -> None:
    school = world.bodies["one"]
    async with browser("manager") as manager, browser("district") as officer:
        own = await manager.get("/findings/export.csv?state=all")
        above = await officer.get(f"/findings/export.csv?state=all&school={school}")
        assert own.text == above.text
        foreign = await officer.get(f"/findings?school={world.bodies['three']}")
        assert foreign.status_code == 404
        missing = await officer.get("/findings?school=00000000-0000-7000-8000-000000000000")
        assert missing.status_code == 404
    async with browser("manager") as manager:
        assert (await manager.get(f"/findings?school={world.bodies['two']}")).status_code == 404


async def test_nothing_of_a_neighbour_is_in_any_list_total_or_export(browser: Browser, world: World) -> None:
    for who in ("guard", "crew", "manager", "principal", "other_district"):
        async with browser(who) as reader:
            texts = [
                (await reader.get(path)).text
                for path in (
                    "/findings?state=all",
                    "/findings?state=all&q=邻校秘密",
                    "/findings/export.csv?state=all",
                    "/findings/print?state=all",
                )
            ]
        forbidden = "邻校秘密 neighbour" if who == "other_district" else "邻校秘密 "
        assert not any(re.search(forbidden + ".", text.replace('value="邻校秘密"', "")) for text in texts), who


async def test_a_patroller_sees_what_he_found_or_where_he_was(world: World) -> None:
    here = await spot(world)
    raised = await fault(world, "keeper", here.point, "别人发现的")
    for who, sees in (("keeper", True), ("guard2", False), ("manager", True), ("crew", True)):
        member = await world.member(who)
        if sees:
            assert (await finding(member, raised.finding))["id"] == raised.finding
        else:
            with pytest.raises(Missing):
                await finding(member, raised.finding)


async def test_pages_go_back_to_where_they_came_from(browser: Browser, world: World) -> None:
    async with browser("manager") as manager:
        first = await manager.get("/findings?state=all")
        older = re.search(r'rel="next" href="([^"]+)"', plain(first.text))
        assert older is not None
        second = await manager.get(older[1])
        newer = re.search(r'rel="prev" href="([^"]+)"', plain(second.text))
        assert newer is not None
        back = await manager.get(newer[1])
    number = r'<th scope="row" class="num">.*?<a href="[^"]+">(\d+)<'
    assert re.findall(number, first.text) == re.findall(number, back.text) == [str(n + 1) for n in range(PAGE)]
    assert re.findall(number, second.text)[0] == str(PAGE + 1)


async def test_formulas_are_text(browser: Browser, world: World) -> None:
    here = await spot(world, name="=1+1")
    for words in ('=HYPERLINK("http://x")', "+1", "-2+3", "@SUM(A1)", "\tx", "＝1", "\r=1"):
        await fault(world, "keeper", here.point, words, title=words, title_en="")
    async with browser("manager") as manager:
        book = await manager.get(f"/findings/export.xlsx?point={here.point}")
        sent = await manager.get(f"/findings/export.csv?point={here.point}")
    sheet = openpyxl.load_workbook(io.BytesIO(book.content)).active
    assert sheet is not None
    assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value is not None} == {"s"}
    cells = [cell for line in csv.reader(io.StringIO(sent.content.decode("utf-8-sig"), newline="")) for cell in line]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r", "＝"))]


async def test_the_filters_of_the_address_each_narrow(world: World) -> None:
    member, every_one = await world.member("manager"), Wanted(state=ALL)
    everything = (await totals(member, every_one))["all"]
    today = str(clock.today())
    for query in (
        {"area": "food"},
        {"grade": "major"},
        {"start": today},
        {"end": "2020-01-01"},
        {"kind": "lab"},
        {"source": "hand"},
    ):
        found, _ = await findings(member, wanted({"state": "all", **query}), most=1000)
        assert len(found) < everything, query
        assert len(found) == (await totals(member, wanted({"state": "all", **query})))["here"]
    by_person, _ = await findings(member, wanted({"state": "all", "q": "王建国"}), most=1000)
    assert {row["finder"] for row in by_person} == {"王建国"}
    number = by_person[0]["number"]
    assert number in [row["number"] for row in (await findings(member, wanted({"state": "all", "q": number})))[0]]
    assert (await findings(member, wanted({"q": "100%_"})))[0] == []


@pytest.mark.parametrize(
    "query",
    [
        "state=x&area=x&grade=1&start=9999999&school=1&kind=%00",
        "after=x_y_z",
        "after=2026-01-01T00:00:00_1_1",
        "q=%27%3B--",
        "before=_",
    ],
)
async def test_a_nonsense_address_is_not_an_error(browser: Browser, query: str) -> None:
    async with browser("manager") as manager:
        for path in ("/findings", "/findings/export.csv", "/findings/print"):
            assert (await manager.get(f"{path}?{query}")).status_code == 200


def test_an_address_says_the_same_as_the_filters() -> None:
    asked = wanted({"state": "ended", "area": "fire", "q": "a b&c", "start": "2026-01-02"})
    assert asked.address() == "?state=ended&area=fire&q=a+b%26c&start=2026-01-02"
    assert asked.address(state="open") == "?area=fire&q=a+b%26c&start=2026-01-02"
    assert place({"after": "2026-01-01T00:00:00+00:00_0190f3c0-0000-7000-8000-000000000000_50"}) is not None


async def test_a_finding_in_both_languages_and_foreign_ones_not(browser: Browser, world: World) -> None:
    here = await spot(world)
    raised = await fault(world, "keeper", here.point, "推不开", severity="major_suspected")
    for language, words in (
        ("zh-CN", ("安全出口畅通", "处理经过", "判定依据")),
        ("en", ("Exit free", "What happened", "Basis")),
    ):
        async with browser("manager", language=language) as manager:
            shown = await manager.get(f"/findings/{raised.finding}")
            printed = await manager.get("/findings/print")
        assert shown.status_code == printed.status_code == 200
        assert all(word in shown.text for word in (*words, "周敏", raised.number))
    for who, status in (
        ("neighbour", 404),
        ("far_manager", 404),
        ("other_district", 404),
        ("inspector", 404),
        ("admin", 403),
    ):
        async with browser(who) as foreign:
            assert (await foreign.get(f"/findings/{raised.finding}")).status_code == status, who
    async with browser() as stranger:
        assert (await stranger.get("/findings")).status_code == 303
        assert (await stranger.get(f"/findings/{raised.finding}")).status_code == 303
