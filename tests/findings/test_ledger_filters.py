"""Filters, search, the ledger of another day, saved views and assigning several at once."""

import io
import json
import re
import zipfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio

from backend import clock, database
from backend.database import writing
from backend.findings import ledger, rules
from backend.findings.queries import every, totals
from backend.findings.rules_filters import ALL, GROUP_NAMES, NEVER_LATE, Wanted, wanted
from backend.photos import store
from backend.postgres_roles import Dsns
from backend.row import uuid7
from tests.conftest import Browser
from tests.findings.people import fault, picture, spot
from tests.world import World

FORMS = Path(__file__).resolve().parents[2] / "fixtures" / "pack" / "ledger_columns.json"
ENDED = {state.value for state in rules.ENDED}
Rows = list[dict[str, Any]]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def owner(dsns: Dsns, app: object) -> Any:
    connection = await asyncpg.connect(dsns.owner)
    yield connection
    await connection.close()


async def put(owner: Any, finding: UUID, state: str, **columns: Any) -> None:
    """Set the columns of a finding as if its story had led there."""
    told = {"state": state, **columns}
    parts = ", ".join(f"{name} = ${n}" for n, name in enumerate(told, start=2))
    await owner.execute(f"UPDATE finding SET {parts} WHERE id = $1", finding, *told.values())


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def many(owner: Any, world: World) -> list[UUID]:
    """One finding in each state, with and without persons and deadlines, some major."""
    here, made = await spot(world), []
    today, crew = clock.today(), world.users["crew"]
    for n, state in enumerate(rules.State):
        other = {"merged_into": made[0]} if state is rules.State.MERGED else {}
        for late in (True, False):
            at = clock.now() - timedelta(days=20 + n)
            found = (
                await fault(world, "guard", here.point, f"过滤{n}", at=at, title=f"滤{n}", title_en="Sieve")
            ).finding
            deadline = today - timedelta(days=1) if late else today + timedelta(days=3)
            await put(
                *(owner, found, state.value),
                **{
                    "deadline": deadline,
                    "grade": "major" if late else "general",
                    "assigned_to": crew if n % 2 else None,
                },
                **other,
            )
            made.append(found)
    return made


async def rows(world: World, who: str, **asked: Any) -> Rows:
    member = await world.member(who)
    return [row async for batch in every(member, Wanted(**{"state": ALL, **asked})) for row in batch]


async def test_groups_of_states_hold_what_they_say(world: World, many: list[UUID]) -> None:
    everything, today, crew = await rows(world, "manager"), clock.today(), world.users["crew"]
    late = {state.value for state in NEVER_LATE}

    def major(row: dict[str, Any]) -> bool:
        return (row["grade"] or row["grade_proposed"]) == "major"

    before = ("reported", "registered", "graded", "controlled", "reported_up", "gov_requested", "listed", "reopened")
    truth: dict[str, Any] = {
        "open": lambda row: row["state"] not in ENDED,
        "ended": lambda row: row["state"] in ENDED,
        "all": lambda row: True,
        "overdue": lambda row: row["deadline"] and row["deadline"] < today and row["state"] not in late,
        "unassigned": lambda row: row["assigned_to"] is None and row["state"] in before,
        "unsafe": lambda row: (
            major(row) and row["state"] not in ENDED and not row["controlled_at"] and not row["fixed_on_spot"]
        ),
        "waiting": lambda row: row["state"] in {"submitted", "fixed_on_spot"},
        "mine": lambda row: False,
    }
    assert set(truth) == set(GROUP_NAMES)
    counted = await totals(await world.member("manager"), Wanted())
    for word, is_in in truth.items():
        expected = [row["id"] for row in everything if is_in(row)]
        assert [row["id"] for row in await rows(world, "manager", state=word)] == expected, word
        assert counted[word] == len(expected), word
        assert word == "mine" or expected, word
    mine = [row["id"] for row in everything if row["assigned_to"] == crew and row["state"] not in ENDED]
    assert [row["id"] for row in await rows(world, "crew", state="mine")] == mine != []
    for state in rules.State:
        found = await rows(world, "manager", state=state.value)
        assert {row["id"] for row in found} == {row["id"] for row in everything if row["state"] == state.value}
        assert len(found) >= 2


async def test_each_filter_holds_what_it_says(owner: Any, world: World, many: list[UUID]) -> None:
    today = clock.today()
    await put(owner, many[0], "closed", recurred=2, listed=True, extended=1, closed_at=clock.now())
    everything = {row["id"]: row for row in await rows(world, "manager")}

    async def same(truth: Any, **asked: Any) -> None:
        found = {row["id"] for row in await rows(world, "manager", **asked)}
        assert found == {id for id, row in everything.items() if truth(row)}, asked
        assert found, asked

    def due(row: dict[str, Any]) -> date:
        return row["deadline"] or date.min

    crew = world.users["crew"]
    await same(lambda row: crew in {row["found_by"], row["assigned_to"]}, person=crew)
    await same(
        lambda row: due(row) == today - timedelta(1), due_from=today - timedelta(1), due_until=today - timedelta(1)
    )
    await same(lambda row: due(row) >= today, due_from=today)
    await same(lambda row: row["recurred"] > 0, recurred=True)
    await same(lambda row: row["listed"], listed=True)
    await same(lambda row: row["extended"] > 0, extended=True)
    await same(
        lambda row: row["closed_at"] is not None and row["state"] == "closed", closed_from=today, closed_until=today
    )
    await same(lambda row: row["point"] == everything[many[0]]["point"], point=everything[many[0]]["point"])
    day = clock.local(everything[many[0]]["found_at"]).date()
    await same(lambda row: clock.local(row["found_at"]).date() == day, start=day, end=day)


async def test_a_building_holds_its_floors(owner: Any, world: World) -> None:
    school, house, floor = world.bodies["one"], uuid7(), uuid7()
    for id, kind, parent in ((house, "building", None), (floor, "floor", house)):
        await owner.execute(
            "INSERT INTO place (id, school, kind, parent, name) VALUES ($1, $2, $3, $4, $5)",
            *(id, school, kind, parent, f"筛楼{id}"),
        )
    here = await spot(world)
    await owner.execute("UPDATE point SET place = $2 WHERE id = $1", here.point, floor)
    found = (await fault(world, "guard", here.point, "楼里")).finding
    for place in (house, floor):
        assert [row["id"] for row in await rows(world, "manager", place=place)] == [found]
        assert await rows(world, "neighbour_manager", place=place) == []


@pytest.mark.parametrize("who", ["manager", "district", "city"])
@pytest.mark.parametrize(
    ("q", "meets"),
    [
        ("铅封丢失", True),
        ("铅", True),
        ("SEAL", True),
        ("seal lost", True),
        ("铅封 lost", True),
        ("铅封 王建国", True),
        ("搜索亭", True),
        ("Kiosk", True),
        ("seal 宇宙", False),
        ("铅丢", False),
        ("lost_seal", False),
        ("%", True),
        ("铅封丢失 ' OR 1=1 --", False),
    ],
)
async def test_the_search_meets_words_points_and_people(world: World, who: str, q: str, meets: bool) -> None:
    """In a school the texts are read, above it an index is asked: both find the same."""
    if not hasattr(test_the_search_meets_words_points_and_people, "made"):
        here = await spot(world, name="搜索亭")
        member = await world.member("manager")
        async with writing(member.scope):
            await database.run("UPDATE point SET name_en = 'Kiosk of search' WHERE id = $1", here.point)
        made = await fault(world, "guard", here.point, "铅封丢失", title="灭火器铅封", title_en="Seal lost")
        test_the_search_meets_words_points_and_people.made = made.finding  # type: ignore[attr-defined]
    sought = test_the_search_meets_words_points_and_people.made  # type: ignore[attr-defined]
    found = [row["id"] for row in await rows(world, who, **{"q": wanted({"q": q}).q, "start": clock.today()})]
    assert (sought in found) is meets
    assert sought not in [row["id"] for row in await rows(world, "other_district", q=q)]
    assert sought not in [row["id"] for row in await rows(world, "neighbour_manager", q=q)]


async def test_the_search_door_shows_nothing_beyond_the_own_schools(world: World) -> None:
    there = await spot(world, "far_manager", name="远方密室")
    await fault(world, "far_manager", there.point, "远方密室漏水")
    for who, n in (("city", 2), ("other_district", 2), ("district", 0)):
        member = await world.member(who)
        async with database.reading(member.scope):
            found = await database.rows("SELECT * FROM search_door($1, $2, 10)", ["密室"], "%远方密室%")
        assert len(found) == n, who


async def test_the_index_of_the_search_is_used(owner: Any) -> None:
    await owner.execute("SET enable_seqscan = off")
    told = await owner.fetch(
        """EXPLAIN SELECT id FROM finding f
           WHERE grams(f.number || ' ' || f.title || ' ' || f.title_en || ' ' || f.words) @> ARRAY['灭火']"""
    )
    await owner.execute("RESET enable_seqscan")
    assert "finding_search" in "\n".join(row[0] for row in told)


async def test_the_ledger_as_it_stood(owner: Any, browser: Browser, world: World) -> None:
    here, evening = await spot(world), clock.now() - timedelta(days=10)
    old = (await fault(world, "guard", here.point, "十天前", at=evening - timedelta(days=5))).finding
    new = (await fault(world, "guard", here.point, "昨天", at=clock.now() - timedelta(days=1))).finding
    for verb, after, at in (("assign", "assigned", evening - timedelta(days=4)), ("close", "closed", clock.now())):
        await owner.execute(
            "INSERT INTO finding_event (school, finding, verb, after, at) VALUES ($1, $2, $3, $4, $5)",
            *(world.bodies["one"], old, verb, after, at),
        )
    await put(owner, old, "closed", closed_at=clock.now(), assigned_to=world.users["crew"], deadline=clock.today())
    day = clock.local(evening).date()
    then = {row["id"]: row for row in await rows(world, "manager", point=here.point, as_of=day)}
    assert set(then) == {old}
    assert (then[old]["state"], then[old]["closed_at"]) == ("assigned", None)
    assert [row["id"] for row in await rows(world, "manager", point=here.point, as_of=day, state="open")] == [old]
    now = {row["id"]: row["state"] for row in await rows(world, "manager", point=here.point)}
    assert now == {old: "closed", new: "reported"}
    count = await totals(await world.member("manager"), Wanted(point=here.point, as_of=day))
    assert (count["open"], count["ended"], count["all"]) == (1, 0, 1)
    async with browser("manager") as manager:
        for path in ("/findings", "/findings/print"):
            shown = await manager.get(f"{path}?state=all&point={here.point}&as_of={day}")
            assert "As it stood at the end of" in shown.text
            assert "十天前" in shown.text
            assert "昨天" not in shown.text
        today = await manager.get(f"/findings?as_of={clock.today()}")
        assert "As it stood" not in re.sub(r"<label>.*?</label>", "", today.text)


def test_the_columns_are_those_of_the_customary_forms() -> None:
    forms = {form["id"]: form for form in json.loads(FORMS.read_text(encoding="utf-8"))}
    for form in (ledger.SCHOOL, ledger.DISTRICT):
        assert ledger.columns(form, "zh-CN") == [column["zh"] for column in forms[form]["columns"]]
        english = [column["en"] for column in forms[form]["columns"]]
        assert [name for name in ledger.columns(form, "en") if name not in english] in ([], ["Source"])
    assert "照片" in ledger.columns(ledger.SCHOOL, "zh-CN")[ledger.PHOTO_BEFORE]
    assert "照片" in ledger.columns(ledger.SCHOOL, "zh-CN")[ledger.PHOTO_AFTER]


async def test_every_column_says_what_is_known(owner: Any, world: World) -> None:
    here = await spot(world)
    found = (await fault(world, "guard", here.point, "字段", severity="major_suspected")).finding
    crew, manager, keeper, now = (world.users["crew"], world.users["manager"], world.users["keeper"], clock.now())
    await put(
        *(owner, found, "rechecked"),
        **{
            "grade": "general",
            "grade_reason": "影响很小",
            "funds": 500,
            "cost": 430,
            "measures": "换锁",
            "extended": 2,
        },
        **{
            "interim_measures": "已围挡",
            "contingency": "停用",
            "assigned_to": crew,
            "leader": manager,
            "mended_by": crew,
        },
        **{"mended_at": now, "accepted_by": manager, "accepted_at": now, "rechecked_by": keeper, "rechecked_at": now},
        **{"recheck_words": "已修好", "deadline": clock.today(), "remarks": "备注在此"},
    )
    row = (await rows(world, "manager", point=here.point))[0]
    told = dict(zip(ledger.columns(ledger.SCHOOL, "zh-CN"), ledger.cells(ledger.SCHOOL, row, 1, "zh-CN"), strict=True))
    assert told["整改资金（元）"] == "500.00（实际支出 430.00）"
    assert told["判定依据"] == "消防法; 影响很小"
    assert told["临时防范措施"] == "已围挡"
    assert told["整改进展"] == "复查合格; 延期 2 次"
    assert told["验收人／验收时间"].startswith("陈立 ")
    assert told["复查人／复查时间／复查意见"].startswith("周敏 ")
    assert told["复查人／复查时间／复查意见"].endswith("已修好")
    assert told["责任领导"] == "陈立"
    district = dict(
        zip(ledger.columns(ledger.DISTRICT, "zh-CN"), ledger.cells(ledger.DISTRICT, row, 1, "zh-CN"), strict=True)
    )
    assert district["延期次数"] == "2"


async def test_thumbnails_stand_in_the_workbook(owner: Any, browser: Browser, world: World) -> None:
    here = await spot(world)
    found = (await fault(world, "guard", here.point, "有照片")).finding
    import hashlib

    data = picture("blue")
    kept = await store().keep(data, hashlib.sha256(data).hexdigest())
    await owner.execute(
        """INSERT INTO photo (school, sha256, stored_sha256, state, role, finding)
           VALUES ($1, $2, $3, 'kept', 'problem', $4)""",
        *(world.bodies["one"], kept.sha256, kept.stored_sha256, found),
    )
    async with browser("manager") as manager:
        book = await manager.get(f"/findings/export.xlsx?point={here.point}")
        sent = await manager.get(f"/findings/export.csv?point={here.point}")
    names = zipfile.ZipFile(io.BytesIO(book.content)).namelist()
    assert [name for name in names if name.startswith("xl/media/")] == ["xl/media/image1.jpeg"]
    assert f"/photos/{kept.stored_sha256}" in sent.text
    assert f"/findings/{found}" in sent.text


async def test_saved_views_are_a_persons_own(browser: Browser, world: World) -> None:
    async with browser("manager") as manager, browser("principal") as principal, browser("admin") as admin:
        told = {"name": "  消防 未销号 ", "query": "?area=fire&q=%E7%81%AB&x=1"}
        saved = await manager.post("/findings/views", data=told)
        assert saved.status_code == 303
        assert saved.headers["location"].startswith("/findings?area=fire&q=%E7%81%AB&done=saved")
        shown = await manager.get("/findings")
        assert "消防 未销号" in shown.text
        assert "消防 未销号" not in (await principal.get("/findings")).text
        again = await manager.post("/findings/views", data={"name": "消防 未销号", "query": "?area=food"})
        assert again.status_code == 303
        shown = await manager.get("/findings")
        views = re.findall(r'name="view" value="([^"]+)"', shown.text)
        assert len(views) == 1
        for name, reason in ((" ", "give the view a name"), ("x" * 61, "At most 60")):
            wrong = await manager.post("/findings/views", data={"name": name, "query": "?area=food"})
            assert wrong.status_code == 422
            assert reason in wrong.text
        assert "x" * 61 in wrong.text
        assert (await principal.post("/findings/views/remove", data={"view": views[0]})).status_code == 404
        assert (await manager.post("/findings/views/remove", data={"view": "?"})).status_code == 404
        assert (await manager.post("/findings/views/remove", data={"view": views[0]})).status_code == 303
        assert "消防 未销号" not in (await manager.get("/findings")).text
        assert (await admin.post("/findings/views", data={"name": "a"})).status_code == 404


def form(world: World, **changes: str) -> dict[str, Any]:
    day = str(clock.today() + timedelta(days=5))
    told = {
        "assignee": str(world.users["crew"]),
        "measures": "更换",
        "deadline": day,
        "funds": "0",
        "contingency": "停用",
    }
    return {**told, "proposed": "1", **changes}


async def test_several_are_assigned_row_by_row(owner: Any, browser: Browser, world: World) -> None:
    here = await spot(world)
    good, ended, stale = [
        (await fault(world, "guard", here.point, words)).finding for words in ("可以交办", "已经销号", "有人在先")
    ]
    await put(owner, ended, "closed", closed_at=clock.now())
    await owner.execute("UPDATE finding SET version = 3 WHERE id = $1", stale)
    foreign = (await fault(world, "neighbour", (await spot(world, "neighbour_manager")).point, "邻校")).finding
    ids = [str(id) for id in (good, ended, stale, foreign)]
    async with browser("manager") as manager:
        page = await manager.get("/findings/assign", params={"finding": [*ids, "nonsense"]})
        assert page.status_code == 200
        assert page.text.count('name="finding"') == 3
        told = {**form(world), "finding": ids, f"version-{good}": "0", f"version-{stale}": "2"}
        done = await manager.post("/findings/assign", data=told)
        assert done.status_code == 200
        assert "Assigned: 1 of 3" in done.text, re.findall(r"</span>(<span>[^<]+)", done.text)
        assert "was first" in done.text
        assert "邻校" not in done.text
        again = await manager.post("/findings/assign", data=told)
        assert "Assigned: 0 of 3" in again.text
    found = await owner.fetch("SELECT id, assigned_to, measures FROM finding WHERE id = ANY ($1)", [good, ended, stale])
    assert {row["id"]: row["assigned_to"] for row in found} == {good: world.users["crew"], ended: None, stale: None}
    assert await owner.fetchval("SELECT assigned_to FROM finding WHERE id = $1", foreign) is None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"deadline": "2020-01-01"}, "deadline"),
        ({"deadline": "soon"}, "deadline"),
        ({"measures": " "}, "measures"),
        ({"assignee": ""}, "assignee"),
        ({"assignee": str(UUID(int=7))}, "assignee"),
        ({"funds": "many"}, "funds"),
    ],
)
async def test_a_wrong_form_comes_back_with_everything_typed(
    browser: Browser, world: World, changes: dict[str, str], field: str
) -> None:
    found = (await fault(world, "guard", (await spot(world)).point, "待交办")).finding
    async with browser("manager") as manager:
        wrong = await manager.post(
            "/findings/assign", data={**form(world, contingency="先停用再说", **changes), "finding": str(found)}
        )
    assert wrong.status_code == 422
    assert f'id="{field}-error"' in wrong.text
    assert "先停用再说" in wrong.text
    assert str(found) in wrong.text


async def test_nothing_ticked_is_told_and_others_cannot_assign(browser: Browser, world: World) -> None:
    async with browser("manager") as manager:
        assert (await manager.post("/findings/assign", data=form(world))).status_code == 422
    for who in ("guard", "crew", "district", "city"):
        async with browser(who) as other:
            assert (await other.get("/findings/assign")).status_code == 404, who
            assert (await other.post("/findings/assign", data=form(world))).status_code == 404, who
            assert "/findings/assign" not in (await other.get("/findings")).text


async def test_lines_of_the_list_tell_where_totals_lead(browser: Browser, world: World, many: list[UUID]) -> None:
    """Every number beside a link is the length of the list that it opens."""
    member = await world.member("manager")
    async with browser("manager") as manager:
        shown = (await manager.get("/findings?state=all")).text.replace("&#x2f;", "/").replace("&amp;", "&")
    told = re.findall(
        r'<a class="(?:chip|link)" href="/findings(\?[^"]*)"[^>]*>[^<]*<span class="num">(\d+)</span>', shown
    )
    assert len(told) > 8
    for query, n in told:
        asked = wanted(dict(pair.split("=", 1) for pair in query.lstrip("?").split("&") if pair))
        assert (await totals(member, asked))["here"] == int(n), query
