"""Terms of a body: whose word counts, faults beside their fields, a year's file with terms; exam days; what is due once
a term begins with the term."""

from datetime import date, datetime, timedelta
from html import unescape
from typing import Any
from uuid import UUID

import pytest

from backend import clock
from backend.bodies.queries_terms import terms_of
from backend.bodies.rules_calendar import is_working
from backend.bodies.rules_sheet import read_sheet, term_draft
from backend.bodies.rules_terms import is_school_day
from backend.checklists.rules import Frequency, is_due, term_began, window_start
from backend.database import reading, writing
from backend.postgres_roles import Dsns
from backend.record import actions as record
from tests.accounts.people import owner
from tests.conftest import Browser
from tests.world import World

YEAR = 2071
"""Nobody else plans that far."""


def form(first: str, last: str, name: str = "第一学期", **others: str) -> dict[str, str]:
    return {"name": name, "name_en": "First term", "starts": first, "ends": last, **others}


async def known(world: World, who: str, school: str, year: int = YEAR) -> list[tuple[str, date]]:
    member = await world.member(who)
    async with reading(member.scope):
        found = await terms_of(world.bodies[school], date(year, 1, 1), date(year, 12, 31))
    return [(term.name, term.starts) for term in found]


async def ids(dsns: Dsns, world: World, body: str, year: int = YEAR) -> list[UUID]:
    rows = await owner(
        dsns,
        "SELECT id FROM term WHERE body = $1 AND dropped_at IS NULL AND extract(year FROM starts) = $2 ORDER BY starts",
        *(world.bodies[body], year),
    )
    return [row["id"] for row in rows]


async def test_the_nearest_word_counts_and_dropping_gives_it_back(browser: Browser, world: World, dsns: Dsns) -> None:
    city = form(f"{YEAR}-02-20", f"{YEAR}-07-01", "市定学期")
    assert (await browser("city").post("/calendar/terms", data=city)).status_code == 303
    own = form(f"{YEAR}-02-24", f"{YEAR}-07-05", "本校学期")
    assert (await browser("manager").post("/calendar/terms", data=own)).status_code == 303
    assert await known(world, "manager", "one") == [("本校学期", date(YEAR, 2, 24))]
    assert await known(world, "far_manager", "three") == [("市定学期", date(YEAR, 2, 20))]
    page = unescape((await browser("manager").get("/calendar/terms")).text)
    assert "no, a nearer word holds" in page
    chinese = (await browser("guard", language="zh-CN").get(f"/calendar?year={YEAR}")).text
    assert "本校学期" in chinese
    assert "市定学期" not in chinese
    term = (await ids(dsns, world, "one"))[0]
    assert (await browser("manager").post(f"/calendar/terms/{term}/drop")).status_code == 303
    assert await known(world, "manager", "one") == [("市定学期", date(YEAR, 2, 20))]
    assert (await owner(dsns, "SELECT dropped_at FROM term WHERE id = $1", term))[0]["dropped_at"], "kept, but dropped"
    assert (await browser("manager").post(f"/calendar/terms/{term}/drop")).status_code == 404


async def test_a_term_is_changed_by_its_own_body_alone(browser: Browser, world: World, dsns: Dsns) -> None:
    first = form("2072-02-20", "2072-07-01")
    await browser("manager").post("/calendar/terms", data=first)
    term = (await ids(dsns, world, "one", 2072))[0]
    for who in ("neighbour_manager", "district", "city"):
        assert (await browser(who).get(f"/calendar/terms/{term}")).status_code == 404
        assert (await browser(who).post(f"/calendar/terms/{term}", data=first)).status_code == 404
    shown = await browser("manager").get(f"/calendar/terms/{term}")
    assert 'value="2072-02-20"' in shown.text
    answer = await browser("manager").post(f"/calendar/terms/{term}", data={**first, "starts": "2072-02-18"})
    assert answer.status_code == 303
    assert ("第一学期", date(2072, 2, 18)) in await known(world, "manager", "one", 2072)
    for who in ("guard", "principal", "inspector"):
        assert (await browser(who).post("/calendar/terms", data=first)).status_code == 403


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": " "}, "name"),
        ({"starts": "2073-02-30"}, "starts"),
        ({"ends": "2073-02-19"}, "ends"),
        ({"ends": "2074-02-19"}, "ends"),
        ({"name_en": "x" * 61}, "name_en"),
    ],
)
async def test_faults_stand_beside_their_fields(browser: Browser, wrong: dict[str, str], field: str) -> None:
    answer = await browser("manager").post("/calendar/terms", data=form("2073-02-20", "2073-07-01") | wrong)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert "First term" in answer.text or field == "name_en"


async def test_terms_of_a_body_do_not_overlap(browser: Browser, world: World) -> None:
    await browser("manager").post("/calendar/terms", data=form("2074-02-20", "2074-07-01"))
    answer = await browser("manager").post("/calendar/terms", data=form("2074-07-01", "2074-12-01", "又一个"))
    assert answer.status_code == 422
    assert 'id="starts-error"' in answer.text
    assert "第一学期" in answer.text
    chinese = await browser("manager", language="zh-CN").post(
        "/calendar/terms", data=form("2074-07-01", "2074-12-01", "又一个")
    )
    assert "与“第一学期”重叠" in unescape(chinese.text)
    assert (await browser("manager").post("/calendar/terms", data=form("2074-07-02", "2074-12-01"))).status_code == 303


async def test_a_file_takes_in_terms_and_days_or_nothing(browser: Browser, world: World, dsns: Dsns) -> None:
    rows = "开始日期,结束日期,类别,名称\n2075-02-20,2075-07-01,学期,第二学期\n2075-06-20,2075-06-21,考试,期末考试\n"

    async def sent(text: str) -> Any:
        return await browser("manager").post("/calendar/import", files={"file": ("a.csv", text.encode())})

    bad = await sent(rows + "2075-06-01,2075-09-09,学期,重叠\n")
    assert bad.status_code == 422
    assert "Row 4:" in bad.text
    assert not await ids(dsns, world, "one", 2075)
    good = await sent(rows)
    assert good.status_code == 303
    assert good.headers["location"] == "/calendar?year=2075&done=terms&terms=1&n=2"
    shown = unescape((await browser("manager").get(good.headers["location"])).text)
    assert "Taken in: 2 days, 1 terms." in shown
    assert shown.count("<small>exam</small>") == 2
    assert (await sent(rows)).status_code == 303, "the same file again is the same terms"
    assert len(await ids(dsns, world, "one", 2075)) == 1
    clash = await sent("date,end,kind,name\n2075-03-01,2075-08-01,term,x\n2075-01-02,,holiday,y\n")
    assert clash.status_code == 422
    assert "Row 2: this term overlaps 第二学期." in unescape(clash.text)
    assert not await owner(dsns, "SELECT 1 FROM calendar_day WHERE day = '2075-01-02'"), "nothing of it"
    export = (await browser("manager").get("/calendar/export.csv?year=2075")).content
    again = read_sheet(export)
    assert not again.wrong
    assert len(again.terms) == 1
    assert len(again.days) == 2


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_the_file_to_begin_with_can_be_taken_in(browser: Browser, language: str) -> None:
    answer = await browser("manager", language=language).get("/calendar/template.csv?year=2076")
    sheet = read_sheet(answer.content)
    assert sheet.wrong == ()
    assert [term.starts for term in sheet.terms] == [date(2076, 9, 1), date(2077, 2, 20)]
    assert {one.kind for one in sheet.days} == {"holiday", "working", "exam"}


async def test_no_term_is_said(browser: Browser) -> None:
    assert "还没有这一年的学期" in (await browser("guard", language="zh-CN").get("/calendar?year=2098")).text
    assert "Add a term" not in (await browser("guard").get("/calendar/terms")).text


def test_an_exam_day_is_a_working_day_and_a_school_day() -> None:
    saturday = date(2026, 6, 20)
    assert not is_working(saturday, {})
    assert is_working(saturday, {saturday: "exam"})
    assert is_school_day(saturday, {saturday: "exam"}, [])


def test_a_draft_of_a_term_names_what_is_wrong() -> None:
    assert set(term_draft({}).faults) == {"name", "starts", "ends"}
    assert term_draft(form("2026-09-01", "2027-01-22")).faults == {}


def test_what_is_due_once_a_term_begins_with_the_term() -> None:
    now = datetime(2026, 9, 10, 8, tzinfo=clock.zone())
    start = window_start(Frequency.TERMLY, now, date(2026, 8, 28))
    assert start == datetime(2026, 8, 28, tzinfo=clock.zone())
    before = datetime(2026, 8, 30, 8, tzinfo=clock.zone())
    assert is_due(Frequency.TERMLY, before, now), "without a calendar the term begins on 1 September"
    assert not is_due(Frequency.TERMLY, before, now, date(2026, 8, 28))
    assert window_start(Frequency.DAILY, now, date(2026, 8, 28)) == window_start(Frequency.DAILY, now)


def test_the_present_term_is_the_last_that_began_unless_nobody_kept_the_calendar() -> None:
    starts = [date(2026, 2, 20), date(2026, 9, 1), date(2027, 2, 20)]
    assert term_began(starts, date(2026, 8, 31)) == date(2026, 2, 20)
    assert term_began(starts, date(2026, 9, 1)) == date(2026, 9, 1)
    assert term_began(starts, date(2026, 1, 1)) is None
    assert term_began(starts, date(2027, 12, 1)) is None


async def test_points_due_and_the_form_follow_the_schools_term(browser: Browser, world: World, dsns: Dsns) -> None:
    """An answer from before the term is asked again, in the list and in the form alike."""
    from backend.visits.queries import point_to_visit
    from backend.visits.queries_today import points_due
    from tests.findings.people import spot

    place = await spot(world, "neighbour_manager")
    member = await world.member("neighbour_manager")
    assert member.school
    item = await _termly_item(dsns, world, place.point)
    today = clock.today()
    term = await owner(
        dsns,
        "INSERT INTO term (body, name, starts, ends) VALUES ($1, '本学期', $2, $3) RETURNING id",
        *(world.bodies["two"], today - timedelta(days=3), today + timedelta(days=60)),
    )
    try:
        due = {one["id"]: one["due"] for one in await points_due(member, member.school, mine=False)}
        found = await point_to_visit(member, place.point)
        assert item in {one.code for one in found.due}
        assert due[place.point] == sum(one.frequency not in {"per_use", "per_event", "per_trip"} for one in found.due)
        await owner(dsns, "UPDATE term SET starts = $2 WHERE id = $1", term[0]["id"], today - timedelta(days=20))
        fewer = {one["id"]: one["due"] for one in await points_due(member, member.school, mine=False)}
        assert item not in {one.code for one in (await point_to_visit(member, place.point)).due}
        assert fewer[place.point] == due[place.point] - 1
    finally:
        await owner(dsns, "UPDATE term SET dropped_at = now() WHERE id = $1", term[0]["id"])


async def _termly_item(dsns: Dsns, world: World, point: UUID) -> str:
    """The school's own list for the kind of this point gets a termly item, answered ten days ago."""
    at = clock.now() - timedelta(days=10)
    code = "own.termly"
    checklist = await owner(
        dsns,
        """INSERT INTO checklist (kind, body, version) VALUES ('evacuation_route', $1, 1) RETURNING id""",
        world.bodies["two"],
    )
    item = await owner(
        dsns,
        """INSERT INTO item (checklist, code, position, zh, en, area, answer, photo, frequency, severity)
           VALUES ($1, $2, 1, '学期检查', 'Term check', 'fire', 'ok_notok_na', 'none', 'termly', 'general')
           RETURNING id""",
        *(checklist[0]["id"], code),
    )
    who = await owner(dsns, 'SELECT id, "user" FROM member WHERE "user" = $1', world.users["neighbour_manager"])
    visit = await owner(
        dsns,
        """INSERT INTO visit (id, school, point, by, member, how, body_hash, saved_at)
           VALUES (gen_random_uuid(), $1, $2, $3, $4, 'scan', '', $5) RETURNING id""",
        *(world.bodies["two"], point, who[0]["user"], who[0]["id"], at),
    )
    member = await world.member("neighbour_manager")
    async with writing(member.scope):  # every visit has its entry: a list of visits leads to its receipt
        await record.append(world.bodies["two"], visit[0]["id"], "visit", "{}", member.user)
    await owner(
        dsns,
        """INSERT INTO answer (school, visit, point, item, item_code, result, saved_at)
           VALUES ($1, $2, $3, $4, $5, 'ok', $6)""",
        *(world.bodies["two"], visit[0]["id"], point, item[0]["id"], code, at),
    )
    return code
