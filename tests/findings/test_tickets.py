"""My tickets: what burns comes first, filters are addresses, and one finding is shown as the crew works on it."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from backend import clock, database
from backend.database import writing
from backend.findings.actions_moves import Shot, Told, move
from backend.findings.rules import State, Verb
from backend.findings.rules_tickets import FILTERS, Left, Urgency, belongs, by_building, left, place_in_line, urgency
from backend.row import uuid7
from tests.conftest import Browser
from tests.findings.people import fault, spot
from tests.findings.tickets import assigned
from tests.world import World

TODAY = date(2026, 11, 23)
FOUND = datetime(2026, 11, 20, 8, tzinfo=UTC)


def row(**changes: Any) -> dict[str, Any]:
    plain = {"state": "rectifying", "grade": "general", "grade_proposed": "general", "controlled_at": None}
    return {**plain, "deadline": TODAY + timedelta(days=9), "waiting_until": None, "found_at": FOUND, **changes}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"grade": "major"}, Urgency.UNSAFE),
        ({"grade": None, "grade_proposed": "major"}, Urgency.UNSAFE),
        ({"grade": "general", "grade_proposed": "major"}, Urgency.PLANNED),
        ({"grade": "major", "controlled_at": FOUND}, Urgency.MAJOR),
        ({"grade": "major", "state": "submitted"}, Urgency.HANDED_IN),
        ({"deadline": TODAY - timedelta(days=1)}, Urgency.OVERDUE),
        ({"deadline": TODAY}, Urgency.NEAR),
        ({"deadline": TODAY + timedelta(days=2)}, Urgency.NEAR),
        ({"deadline": TODAY + timedelta(days=3)}, Urgency.PLANNED),
        ({"deadline": None}, Urgency.PLANNED),
        ({"waiting_until": TODAY}, Urgency.WAITING),
        ({"waiting_until": TODAY - timedelta(days=1)}, Urgency.PLANNED),
        ({"waiting_until": TODAY + timedelta(days=1), "deadline": TODAY}, Urgency.NEAR),
        ({"deadline": TODAY - timedelta(days=9), "state": "accepted"}, Urgency.HANDED_IN),
        ({"state": "closed"}, Urgency.DONE),
    ],
)
def test_what_burns(changes: dict[str, Any], expected: Urgency) -> None:
    assert urgency(row(**changes), TODAY) is expected


def test_the_line() -> None:
    soon = row(deadline=TODAY + timedelta(days=4))
    rows = [
        row(grade="major", deadline=TODAY + timedelta(days=30)),
        row(grade="major", controlled_at=FOUND),
        row(deadline=TODAY - timedelta(days=2)),
        row(deadline=TODAY - timedelta(days=1)),
        row(deadline=TODAY + timedelta(days=1)),
        row(waiting_until=TODAY),
        soon,
        row(deadline=None),
        row(state="submitted"),
    ]
    assert sorted([*rows[4:], *rows[:4]], key=lambda one: place_in_line(one, TODAY)) == rows


def test_lists_and_buildings() -> None:
    for state in State:
        lists = {name for name in FILTERS if belongs(row(state=state.value), name, TODAY)}
        ended = state in {State.CLOSED, State.DELISTED, State.REJECTED, State.MERGED}
        assert ("all" in lists) is not ended, state
        assert ("submitted" in lists) is (state is State.SUBMITTED)
    rows = [{"building": b, "n": n} for n, b in enumerate(["B", "A", "B", None])]
    groups = by_building(rows)
    assert [(first["building"], [one["n"] for one in group]) for first, group in groups] == [
        ("B", [0, 2]),
        ("A", [1]),
        (None, [3]),
    ]


def test_the_time_left() -> None:
    over = datetime(2026, 11, 24, tzinfo=UTC)
    assert left(None, None, over, TODAY) == Left()
    assert left(TODAY, over, over - timedelta(hours=6, minutes=30), TODAY) == Left(hours=6)
    assert left(TODAY, over, over - timedelta(minutes=5), TODAY) == Left(hours=1)
    assert left(TODAY - timedelta(days=3), over, over, TODAY) == Left(late=3)
    assert left(TODAY + timedelta(days=5), over + timedelta(days=5), over, TODAY) == Left(days=5)


async def show(browser: Browser, who: str, path: str, language: str = "en", agent: str = "") -> httpx.Response:
    async with browser(who, language=language) as client:
        return await client.get(path, headers={"user-agent": agent} if agent else None)


def listed(page: httpx.Response) -> list[str]:
    return re.findall(r'<a class="line[^"]*" href="/findings/([0-9a-f-]{36})"', page.text.split("<details")[0])


async def mended(world: World, finding: UUID, sha: str) -> None:
    crew = await world.member("crew")
    await move(finding, Verb.MEND, Told(words="修好了", photos=(Shot(sha),)), crew)


async def test_my_tickets_in_their_order(browser: Browser, world: World) -> None:
    before = set(listed(await show(browser, "crew", "/tickets")))
    place = (await spot(world)).point
    planned = await assigned(world, point=place, words="墙皮脱落")
    late = await assigned(world, point=place, words="灯不亮", deadline=clock.today() - timedelta(days=3))
    near = await assigned(world, point=place, words="漏水", deadline=clock.today() + timedelta(days=1))
    handed_in = await assigned(world, point=place, words="门坏")
    other = await assigned(world, "crew2", point=place, words="别人的")
    await mended(world, handed_in, "a" * 64)
    page = await show(browser, "crew", "/tickets")
    assert page.headers["x-offline-page"] == str(world.users["crew"])
    mine = [UUID(one) for one in listed(page) if one not in before]
    assert mine == [late, near, planned, handed_in]
    assert other not in mine
    assert "3 days overdue" in page.text
    assert f'data-keep="/findings/{listed(page)[0]}"' in page.text

    async def of(name: str) -> set[UUID]:
        return {UUID(one) for one in listed(await show(browser, "crew", f"/tickets?show={name}"))}

    assert {late, near} <= await of("burning")
    assert not {planned, handed_in} & await of("burning")
    assert handed_in in await of("submitted")
    assert not {late, near, planned} & await of("submitted")
    assert await of("nonsense") == await of("all")


async def test_waiting_and_done_are_lists_too(browser: Browser, world: World) -> None:
    waits, done, old = await assigned(world), await assigned(world), await assigned(world)
    crew, manager = await world.member("crew"), await world.member("manager")
    until = str(clock.today() + timedelta(days=4))
    await move(waits, Verb.WAIT, Told(words="等阀芯", fields={"until": until}), crew)
    for finding, closed in ((done, clock.now()), (old, clock.now() - timedelta(days=31))):
        async with writing(manager.scope):
            ended = "UPDATE finding SET state = 'closed', closed_at = $2, found_at = least(found_at, $2) WHERE id = $1"
            await database.run(ended, finding, closed)
    waiting = listed(await show(browser, "crew", "/tickets?show=waiting"))
    assert str(waits) in waiting
    finished = listed(await show(browser, "crew", "/tickets?show=done"))
    assert str(done) in finished
    assert str(old) not in finished
    assert str(done) not in listed(await show(browser, "crew", "/tickets"))


async def test_counts_are_the_lists(browser: Browser, world: World) -> None:
    await assigned(world)
    page = await show(browser, "crew", "/tickets")
    counts = re.findall(r'href="/tickets(?:\?show=(\w+))?"[^>]*>[^<]*<span class="num">(\d+)</span>', page.text)
    assert len(counts) == len(FILTERS)
    for name, number in counts:
        found = listed(await show(browser, "crew", f"/tickets?show={name or 'all'}"))
        assert len(found) == int(number), name


async def test_what_nobody_has_stands_folded_below(browser: Browser, world: World) -> None:
    async with writing((await world.member("manager")).scope):  # the page shows the first hundred: make room
        await database.run(
            """UPDATE finding SET state = 'rejected_report'
               WHERE assigned_to IS NULL AND state = 'reported' AND school = $1""",
            world.bodies["one"],
        )
    raised = await fault(world, "guard", (await spot(world)).point, "没人管的裂缝")
    page = await show(browser, "crew", "/tickets")
    assert str(raised.finding) not in listed(page)
    assert "没人管的裂缝" in page.text.split("<details")[1]
    assert "没人管的裂缝" not in (await show(browser, "crew", "/tickets?show=burning")).text
    assert "没人管的裂缝" not in (await show(browser, "neighbour", "/tickets")).text


@pytest.mark.parametrize("who", ["neighbour", "district", "inspector"])
async def test_nothing_assigned_says_what_to_expect(browser: Browser, who: str) -> None:
    page = await show(browser, who, "/tickets")
    assert page.status_code == 200
    assert "Nothing is assigned to you" in page.text


async def test_the_crew_sees_a_ticket_others_the_ledgers_page(browser: Browser, world: World) -> None:
    finding = await assigned(world)
    address = f"/findings/{finding}"
    page = await show(browser, "crew", address)
    assert "data-ticket-page" in page.text
    assert page.headers["x-offline-page"] == str(world.users["crew"])
    assert "data-ticket-page" not in (await show(browser, "manager", address)).text
    assert "data-ticket-page" not in (await show(browser, "crew", f"{address}?view=finding")).text
    own = await assigned(world, "manager")
    assert "data-ticket-page" not in (await show(browser, "manager", f"/findings/{own}")).text
    on_a_phone = await show(browser, "manager", f"/findings/{own}", agent="Mozilla/5.0 (Linux; Android) Mobile")
    assert "data-ticket-page" in on_a_phone.text


async def test_a_ticket_offers_what_the_machine_does(browser: Browser, world: World) -> None:
    finding = await assigned(world)
    page = (await show(browser, "crew", f"/findings/{finding}")).text
    for verb in ("start", "make_safe", "mend", "note", "cost", "wait", "request_extension", "hand_over"):
        assert f'action="/findings/{finding}/do/{verb}"' in page, verb
    assert "更换门锁并试开" in page
    assert 'data-act-bar="start"' in page
    not_his = (await show(browser, "crew2", f"/findings/{finding}")).text
    assert f"/findings/{finding}/do/mend" not in not_his
    assert f'action="/findings/{finding}/do/note"' in not_his


async def test_a_major_one_is_made_safe_first(browser: Browser, world: World) -> None:
    finding = await assigned(world)
    manager = await world.member("manager")
    async with writing(manager.scope):
        await database.run("UPDATE finding SET grade = 'major', state = 'rectifying' WHERE id = $1", finding)
    page = (await show(browser, "crew", f"/findings/{finding}")).text
    bar = page.split('<section class="bar"')[1].split("</section>")[0]
    first, second = re.findall(r"<(?:a|button) [^>]*data-act-bar=[^>]*>", bar)
    assert "make_safe" in first
    assert " hidden" not in first
    assert "mend" in second
    assert " hidden" in second
    assert 'data-after="make_safe"' in second


async def test_the_label_opens_my_tickets_there(browser: Browser, world: World) -> None:
    here = await spot(world)
    mine = await assigned(world, point=here.point, words="我的事")
    other = await fault(world, "guard", here.point, "别的事")
    page = (await show(browser, "crew", f"/p/{here.code}", "zh-CN")).text
    assert page.index("我的事") < page.index("别的事")
    assert f'href="/findings/{mine}#act-start"' in page
    assert page.count(f'href="/findings/{mine}"') == 1
    assert page.count(f'href="/findings/{other.finding}"') == 1
    assert f'href="/p/{here.code}?view=checklist"' in page


async def test_the_plan_is_for_the_own_school_alone(browser: Browser, world: World) -> None:
    place, manager = uuid7(), await world.member("manager")
    async with writing(manager.scope):
        await database.run(
            """INSERT INTO place (id, school, kind, name, plan_sha256, plan_kind, plan_width, plan_height)
               VALUES ($1, $2, 'ground', $3, $4, 'picture', 800, 600)""",
            *(place, manager.school, f"操场{place}", "c" * 64),
        )
    point = (await spot(world)).point
    async with writing(manager.scope):
        await database.run("UPDATE point SET place = $2, pin_x = 0.25, pin_y = 0.5 WHERE id = $1", point, place)
    late = await assigned(world, point=point, deadline=clock.today() - timedelta(days=1))
    page = await show(browser, "crew", f"/tickets/plan?place={place}")
    assert page.status_code == 200
    assert 'class="pin overdue"' in page.text
    assert "translate(160.0 240.0)" in page.text
    assert f'href="/findings/{late}"' in page.text
    assert (await show(browser, "neighbour", f"/tickets/plan?place={place}")).status_code == 404
    assert (await show(browser, "neighbour", f"/tickets/plans/{place}")).status_code == 404
    assert (await show(browser, "crew", f"/tickets/plan?place={uuid7()}")).status_code == 404
    assert (await show(browser, "crew", "/tickets/plan?place=nonsense")).status_code == 200
    assert (await show(browser, "neighbour", "/tickets/plan")).status_code == 200


async def test_both_languages(browser: Browser, world: World) -> None:
    finding = await assigned(world)
    zh = (await show(browser, "crew", f"/findings/{finding}", "zh-CN")).text
    en = (await show(browser, "crew", f"/findings/{finding}", "en")).text
    assert "现在靠什么保证安全" in zh
    assert "What holds it safe now" not in zh
    assert "What holds it safe now" in en
