"""Working days: the nearest body's word, the national calendar, the weekday; marks by hand and from a file."""

from datetime import date, timedelta
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.bodies.queries_calendar import marks_of, national
from backend.bodies.rules_calendar import (
    as_day,
    is_working,
    marked,
    next_working,
    working_days_after,
    working_days_between,
)
from backend.bodies.rules_sheet import read_sheet
from backend.database import reading
from backend.postgres_roles import Dsns
from tests.accounts.people import owner
from tests.conftest import Browser
from tests.world import World

DAYS = st.dates(date(2020, 1, 1), date(2030, 1, 1))
MARKS = st.dictionaries(DAYS, st.sampled_from(["holiday", "working", "usual"]), max_size=40)


@given(DAYS, st.integers(1, 60), MARKS)
def test_the_nth_working_day_counts_and_is_never_a_holiday(start: date, n: int, marks: dict[date, str]) -> None:
    day = working_days_after(start, n, marks)
    assert day > start
    assert is_working(day, marks)
    assert marks.get(day) != "holiday"
    assert working_days_between(start, day, marks) == n, "counting back gives the same number"
    assert working_days_between(start, day - timedelta(days=1), marks) == n - 1


@given(DAYS, DAYS, st.integers(1, 40), MARKS)
def test_a_later_start_or_more_days_never_end_earlier(one: date, other: date, n: int, marks: dict[date, str]) -> None:
    early, late = sorted((one, other))
    assert working_days_after(early, n, marks) <= working_days_after(late, n, marks)
    assert working_days_after(early, n, marks) < working_days_after(early, n + 1, marks)


@given(DAYS, MARKS)
def test_the_next_working_day_is_the_first_one(day: date, marks: dict[date, str]) -> None:
    found = next_working(day, marks)
    between = [day + timedelta(days=k) for k in range((found - day).days)]
    assert is_working(found, marks)
    assert not any(is_working(one, marks) for one in between)


def test_the_national_calendar_knows_make_up_days_and_says_when_it_knows_nothing() -> None:
    year = national(2026)
    assert year is not None
    assert year[date(2026, 10, 1)][0] == "holiday"
    assert year[date(2026, 10, 10)][0] == "working"  # a Saturday
    assert national(2098) is None


@pytest.mark.parametrize("text", ["2026-10-01", "2026/10/1", "2026.10.1", "2026年10月1日", " 2026-10-01 "])
def test_a_day_as_people_write_it(text: str) -> None:
    assert as_day(text) == date(2026, 10, 1)


@pytest.mark.parametrize("text", ["", "2026-02-30", "1/2/26", "1899-01-01", "２０２６-10-01", "2026-10", "tomorrow"])
def test_what_is_no_day(text: str) -> None:
    assert as_day(text) is None


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"start": "x", "kind": "working"}, "start"),
        ({"start": "2026-10-02", "end": "2026-10-01", "kind": "working"}, "end"),
        ({"start": "2026-01-01", "end": "2027-06-01", "kind": "working"}, "end"),
        ({"start": "2026-10-01", "kind": "party"}, "kind"),
        ({"start": "2026-10-01", "kind": "holiday"}, "name"),
        ({"start": "2026-10-01", "kind": "working", "name_en": "x" * 61}, "name_en"),
    ],
)
def test_a_bad_mark_names_its_field(form: dict[str, str], field: str) -> None:
    assert set(marked(form).faults) == {field}


def test_a_sheet_of_a_chinese_spreadsheet_is_read() -> None:
    sheet = read_sheet("日期,类别,名称\r\n2026/9/3,假日,校庆\r\n\r\n2026年9月5日,补班,\r\n".encode("gb18030"))
    assert sheet.wrong == ()
    assert [(one.start, one.kind, one.name) for one in sheet.days] == [
        (date(2026, 9, 3), "holiday", "校庆"),
        (date(2026, 9, 5), "working", ""),
    ]


def test_a_sheet_names_every_wrong_row() -> None:
    sheet = read_sheet(
        b"date,kind,name\n2026-09-01,working,\n2026-99-01,working,\n2026-09-02,dance,\n2026-09-01,usual,\n"
    )
    assert [one.row for one in sheet.wrong] == [3, 4, 5]
    assert read_sheet(b"").wrong[0].row == 0
    assert read_sheet(b"a,b\n1,2\n").wrong[0].row == 1


async def test_the_nearest_word_counts(browser: Browser, world: World, dsns: Dsns) -> None:
    """City: a holiday. District: it is worked. School one: a holiday again, then as usual - the district's word."""
    day, week = date(2031, 3, 12), (date(2031, 3, 10), date(2031, 3, 16))  # a Wednesday nobody else uses

    async def said(who: str, school: str) -> str | None:
        member = await world.member(who)
        async with reading(member.scope):
            return (await marks_of(world.bodies[school], *week)).get(day)

    async def put(who: str, kind: str) -> None:
        answer = await browser(who).post("/calendar", data={"start": str(day), "kind": kind, "name": "测试日"})
        assert answer.status_code == 303

    assert await said("manager", "one") is None
    await put("city", "holiday")
    assert await said("manager", "one") == "holiday"
    assert await said("far_manager", "three") == "holiday"
    await put("district", "working")
    assert await said("manager", "one") == "working"
    assert await said("far_manager", "three") == "holiday", "another district keeps the city's word"
    await put("manager", "holiday")
    assert await said("manager", "one") == "holiday"
    assert await said("neighbour_manager", "two") == "working", "a neighbour is not touched"
    assert await said("city", "one") == "holiday", "the level above sees the school's own calendar"
    await put("manager", "usual")
    assert await said("manager", "one") == "working"
    for who in ("city", "district"):
        await put(who, "usual")
    assert await said("manager", "one") is None
    rows = await owner(dsns, "SELECT body FROM calendar_day WHERE day = $1", day)
    assert {row["body"] for row in rows} == {world.bodies[name] for name in ("city", "east", "one")}


async def test_a_range_is_marked_and_shown_in_both_languages(browser: Browser) -> None:
    form = {"start": "2032-05-10", "end": "2032-05-12", "kind": "holiday", "name": "校运动会", "name_en": "Sports days"}
    answer = await browser("manager").post("/calendar?year=2032", data=form)
    assert answer.headers["location"].startswith("/calendar?year=2032")
    page = unescape((await browser("manager").get(answer.headers["location"])).text)
    assert "Marked: 3 days." in page
    assert "Sports days" in page
    assert page.count("<small>off</small>") == 3
    chinese = (await browser("guard", language="zh-CN").get("/calendar?year=2032")).text
    assert "校运动会" in chinese
    assert "还没有这一年的国家节假日" in chinese, "a year that nobody knows says so"
    assert 'action="/calendar' not in chinese, "a guard reads it"
    assert "校运动会" not in (await browser("neighbour", language="zh-CN").get("/calendar?year=2032")).text


async def test_a_bad_mark_keeps_what_was_typed(browser: Browser) -> None:
    answer = await browser("manager").post("/calendar", data={"start": "2026-13-01", "kind": "holiday", "name": "周年"})
    page = unescape(answer.text)
    assert answer.status_code == 422
    assert 'id="start-error"' in page
    assert 'value="周年"' in page


@pytest.mark.parametrize("who", ["guard", "crew", "principal", "inspector"])
async def test_who_may_not_mark(browser: Browser, who: str) -> None:
    for path in ("/calendar", "/calendar/import"):
        answer = await browser(who).post(path, data={"start": "2033-01-03", "kind": "working"})
        assert answer.status_code == 403


async def test_a_year_from_a_file_is_all_or_nothing(browser: Browser, dsns: Dsns) -> None:
    bad = "date,kind,name,name_en\n2034-01-02,holiday,寒假,Winter\n2034-02-30,holiday,寒假,Winter\n"
    answer = await browser("manager").post("/calendar/import", files={"file": ("a.csv", bad.encode())})
    assert answer.status_code == 422
    assert "Row 3:" in answer.text
    assert not await owner(dsns, "SELECT 1 FROM calendar_day WHERE day >= '2034-01-01' AND day < '2035-01-01'")
    good = bad.replace("02-30", "02-28")
    answer = await browser("manager").post("/calendar/import", files={"file": ("a.csv", good.encode())})
    assert answer.status_code == 303
    sheet = await browser("manager").get("/calendar/export.csv?year=2034")
    assert sheet.content.decode("utf-8-sig").splitlines() == good.replace("02-30", "02-28").splitlines()
    assert len(read_sheet(sheet.content).days) == 2, "what goes out comes in again"


async def test_no_file_and_a_file_that_is_too_large_are_said(browser: Browser) -> None:
    assert "Please choose a file." in (await browser("manager").post("/calendar/import", data={"x": "1"})).text
    answer = await browser("manager").post("/calendar/import", files={"file": ("a.csv", b"x" * 1_000_001)})
    assert answer.status_code == 422
    assert "larger than 1 MB" in answer.text
