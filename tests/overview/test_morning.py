"""The morning page: what became of the rounds, what was found, who is on duty; in a fixed number of statements."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio

from backend import clock
from backend.overview.rules_morning import NAMES, Outcome, outcome, totals
from backend.postgres_roles import Dsns
from backend.row import uuid7
from backend.visits.actions import Sending, submit
from backend.visits.rules import understand
from tests.conftest import Browser
from tests.findings.people import fault
from tests.rounds.making import point
from tests.world import World

NOON = datetime(2026, 11, 24, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)


def row(**said: Any) -> dict[str, Any]:
    return {
        **{"opens_at": NOON - 3 * HOUR, "late_until": NOON - HOUR, "closed_at": NOON - HOUR, "started_at": None},
        **{"finished_at": None, "finish_why": "", "seen": 0, "left": 3, "late": 0, "sent_late": 0, **said},
    }


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, Outcome.UNBEGUN),
        ({"closed_at": None}, Outcome.UNBEGUN),
        ({"seen": 1, "left": 2, "started_at": NOON}, Outcome.MISSED),
        ({"seen": 1, "left": 2, "started_at": NOON, "finished_at": NOON, "finish_why": "rain"}, Outcome.EARLY),
        ({"seen": 3, "left": 0, "started_at": NOON, "finished_at": NOON}, Outcome.WHOLE),
        ({"seen": 0, "left": 0}, Outcome.WHOLE),
        ({"late_until": NOON + HOUR, "closed_at": None, "started_at": NOON}, Outcome.RUNNING),
        ({"late_until": NOON + HOUR, "closed_at": None}, Outcome.WAITING),
        ({"late_until": NOON + HOUR, "closed_at": None, "opens_at": NOON + HOUR}, Outcome.COMING),
        ({"late_until": NOON + HOUR, "closed_at": None, "left": 0, "seen": 3}, Outcome.WHOLE),
    ],
)
def test_each_round_has_the_worst_outcome_that_is_true(said: dict[str, Any], expected: Outcome) -> None:
    assert outcome(row(**said), NOON) is expected
    assert expected.value in NAMES


def test_sums_count_only_what_is_over() -> None:
    rows = [row(), row(seen=2, left=1, late=1, started_at=NOON), row(left=0, seen=3, sent_late=2)]
    rows += [row(late_until=NOON + HOUR, closed_at=None, late=5)]
    found = totals([one | {"outcome": outcome(one, NOON).value} for one in rows])
    assert (found.rounds, found.whole, found.unbegun, found.missed, found.late, found.sent_late) == (3, 1, 1, 4, 1, 2)


class Desk:
    """A school with rounds of yesterday and today, written as the owner; its visits are real ones."""

    def __init__(self, db: Any, world: World) -> None:
        self.db, self.world = db, world
        self.school, self.user = world.bodies["three"], world.users["far_manager"]

    async def round(self, name: str, opens_at: datetime, *states: str, **said: Any) -> UUID:
        """One stop for each of `states`; what was kept was visited at the beginning, what was late after the end."""
        key, route, closes = uuid7(), uuid7(), opens_at + HOUR
        await self.db.execute(
            """INSERT INTO route (id, school, name, post, starts_on, opened_until)
               VALUES ($1, $2, $3, 'guard', '2026-01-01', now())""",
            *(route, self.school, f"{name} {route}"),
        )
        values = {
            **{"id": key, "school": self.school, "route": route, "day": clock.local(opens_at).date(), "name": name},
            **{"opens_at": opens_at, "closes_at": closes, "late_until": closes + HOUR / 2, "post": "guard", **said},
            **{"stops": len(states), "told_at": opens_at + 9 * 365 * 24 * HOUR},
        }
        points = [await point(self.world, "far_manager", "lab") for _ in states]
        names, places = ", ".join(values), ", ".join(f"${n}" for n in range(1, len(values) + 1))
        async with self.db.transaction():
            await self.db.execute(f"INSERT INTO round ({names}) VALUES ({places})", *values.values())
            held = ["due" if state in {"kept", "late"} else state for state in states]
            await self.db.execute(_STOPS, key, points, held, self.user)
        for one, state in zip(points, states, strict=True):
            if state in {"kept", "late"}:
                await self.visit(one, opens_at if state == "kept" else closes + HOUR / 4)
        return key

    async def visit(self, one: UUID, at: datetime) -> None:
        body = {"point": str(one), "how": "scan", "saved_at": at.isoformat()}
        sending = Sending(body, at + timedelta(seconds=9))
        await submit(uuid7(), understand(body, clock.parse), sending, await self.world.member("far_manager"))


_STOPS = """
INSERT INTO stop (school, round, route, point, kind, area, day, opens_at, closes_at, late_until, state, missed_at, by,
  why, said_at)
SELECT r.school, r.id, r.route, s.point, 'lab', 'lab', r.day, r.opens_at, r.closes_at, r.late_until, s.state,
  CASE WHEN s.state = 'missed' THEN r.late_until END,
  CASE WHEN s.state IN ('excused', 'unreachable') THEN $4::uuid END,
  CASE WHEN s.state IN ('excused', 'unreachable') THEN 'the key is away' ELSE '' END,
  CASE WHEN s.state IN ('excused', 'unreachable') THEN r.opens_at END
FROM round r, unnest($2::uuid[], $3::text[]) s (point, state) WHERE r.id = $1
"""


@pytest_asyncio.fixture
async def desk(dsns: Dsns, world: World, app: object) -> AsyncIterator[Desk]:
    db = await asyncpg.connect(dsns.owner)
    yield Desk(db, world)
    await db.close()


def main_of(html: str) -> str:
    return html.split("<main")[1].split("</main>")[0].replace("&#x2f;", "/").replace("&amp;", "&")


def section(html: str, name: str) -> str:
    found = re.search(rf'<section id="{name}".*?</section>', html, re.S)
    return found[0] if found else ""


async def test_every_round_stands_where_it_belongs_and_opens_its_rows(
    browser: Browser, world: World, desk: Desk
) -> None:
    start = clock.midnight(clock.today() - timedelta(days=1))
    begun = {"started_at": start + 8 * HOUR, "started_by": desk.user}
    done = {"closed_at": start + 10 * HOUR}
    early = {**begun, **done, "finished_at": start + 9 * HOUR, "finished_by": desk.user, "finish_why": "a <b>storm</b>"}
    made = {
        "unbegun": await desk.round("无人", start + 8 * HOUR, "missed", "missed", night=True, **done),
        "missed": await desk.round("漏了", start + 8 * HOUR, "kept", "late", "missed", **begun, **done),
        "early": await desk.round("提前", start + 8 * HOUR, "kept", "missed", **early),
        "whole": await desk.round("完整", start + 8 * HOUR, "kept", "excused", "unreachable", **begun, **done),
    }
    await desk.round("很久以前", start - 24 * HOUR, "missed", **done)
    async with browser("far_manager") as manager:
        html = main_of((await manager.get("/morning")).text)
        for group, key in made.items():
            assert f'href="/rounds/{key}"' in section(html, group), group
            assert (await manager.get(f"/rounds/{key}")).status_code == 200
        assert f'href="/rounds/{made["missed"]}"' in section(html, "late")
        assert "很久以前" not in html
        assert "<b>storm</b>" not in html
        assert "storm" in section(html, "early")
        assert section(html, "said").count("the key is away") == 2
        figures = dict(re.findall(r'href="(#\w+)"><b class="num">([^<]+)</b>', html))
        assert figures["#whole"].replace("&#x2f;", "/") == "1/4"
        assert figures["#unbegun"] == "1"
        assert figures["#gaps"] == "4"
        assert figures["#late"] == "1"
        for link in set(re.findall(r'href="(/(?:findings|coverage|rounds|routes|overview|labels|duty)[^"]*)"', html)):
            assert (await manager.get(link)).status_code == 200, link
        assert set(re.findall(r'href="#(\w+)"', html)) <= set(re.findall(r' id="(\w+)"', html))


async def test_findings_are_there_the_major_ones_first(browser: Browser, world: World) -> None:
    lab = world.points["lab_three"]
    await fault(world, "far_manager", lab, "plain", title="普通", item_code="m.1")
    await fault(world, "far_manager", lab, "worst", title="重大", severity="major_suspected", item_code="m.2")
    async with browser("far_manager", language="zh-CN") as manager:
        html = main_of((await manager.get("/morning")).text)
        found = section(html, "findings")
        assert 0 < found.index("重大") < found.index("普通")
        assert "/findings?state=all&start=" in html


async def test_a_bureau_names_the_school_and_siblings_see_nothing(browser: Browser, world: World) -> None:
    async with browser("district") as officer:
        led = await officer.get("/morning")
        assert (led.status_code, led.headers["location"]) == (303, "/schools")
        html = main_of((await officer.get(f"/morning?school={world.bodies['one']}")).text)
        assert "Test one" in html
        for link in re.findall(r'href="(/(?:findings|coverage|overview)[^"]*)"', html):
            assert f"school={world.bodies['one']}" in link or "/findings/" in link, link
        assert (await officer.get(f"/morning?school={world.bodies['three']}")).status_code == 404
        assert (await officer.get(f"/morning?school={world.bodies['east']}")).status_code == 404
    async with browser("manager") as manager:
        assert (await manager.get(f"/morning?school={world.bodies['two']}")).status_code == 404
        assert 'href="/morning"' in main_of((await manager.get("/overview")).text)


@pytest.mark.parametrize(
    ("who", "status"), [("", 303), ("guard", 403), ("crew", 403), ("inspector", 403), ("principal", 200)]
)
async def test_who_may_read_it(browser: Browser, who: str, status: int) -> None:
    async with browser(who) as someone:
        assert (await someone.get("/morning")).status_code == status


async def test_a_school_without_anything_is_told_so(browser: Browser, dsns: Dsns, world: World) -> None:
    school = uuid7()
    db = await asyncpg.connect(dsns.owner)
    await db.execute(
        "INSERT INTO body (id, kind, path, name, number, school_type) VALUES ($1, 'school', $2, '静校', $3, 'senior')",
        *(school, [world.bodies["city"], world.bodies["east"], school], f"M{str(school)[-8:]}"),
    )
    await db.close()
    async with browser("city", language="zh-CN") as officer:
        shown = await officer.get(f"/morning?school={school}")
        assert shown.status_code == 200
        assert 'class="empty"' in shown.text
        assert "kpis" not in main_of(shown.text)


async def test_the_page_asks_five_times(browser: Browser, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    for name in ("fetch", "fetchrow", "fetchval"):
        real = getattr(asyncpg.Connection, name)

        def counted(self: Any, query: str, *values: Any, _real: Any = real, **options: Any) -> Any:
            asked.append(query)
            return _real(self, query, *values, **options)

        monkeypatch.setattr(asyncpg.Connection, name, counted)
    async with browser("principal") as principal:
        assert (await principal.get("/morning")).status_code == 200
    own = [query for query in asked if "session_door" not in query and "FROM notice" not in query]
    assert len(own) == 5, own
