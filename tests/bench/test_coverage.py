"""The pages of coverage against a history that grows around them, and pages per second against plain text.

20,000 stops by default; `XUNAN_BENCH=full` takes 100,000 and 10,000,000 in a city of 800 schools. Goals: p95 <= 50 ms
in the database; from 1e5 to 1e7 the cost of the same page grows <= 1.3x; 60 pages/s of a school of 1,000 points.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from hashlib import md5
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
import pytest

from backend import clock, database
from backend.access import Member, member_from
from backend.coverage import (
    queries_city,
    queries_heat,
    queries_map,
    queries_numbers,
    queries_plan,
    queries_stops,
    rules_heat,
    rules_plan,
)
from backend.coverage.rules_numbers import Days, trend_of, trend_of_weeks, weeks
from backend.coverage.rules_stops import Place, Wanted
from backend.database import DB, reading
from backend.postgres_roles import Dsns
from tests.bench.clients import drive, get
from tests.bench.coverage_world import DENSE, SPARSE, build
from tests.bench.test_ledger import MIGRATE
from tests.bench.test_visits import port as port
from tests.world import World

pytestmark = pytest.mark.bench
FULL = os.environ.get("XUNAN_BENCH") == "full"
COUNTS = [int(n) for n in os.environ.get("XUNAN_BENCH_STOPS", "").split()] or (
    [100_000, 10_000_000] if FULL else [20_000]
)
SCHOOLS = 800 if FULL else 20
TIMES = 40 if FULL else 3
SECONDS = 10 if FULL else 2
Pages = dict[str, Callable[[], Awaitable[Any]]]


def key(what: str, n: int) -> UUID:
    return UUID(md5(f"{what}{n}".encode(), usedforsecurity=False).hexdigest())


def member(kind: str, n: int, path: list[UUID], post: str) -> Member:
    body = {"body": key(kind, n), "body_kind": kind, "body_name": "", "body_name_en": "", "path": path}
    person = {"user_id": key("user", 1), "username": "", "name": "", "name_en": "", "language": "", "session": None}
    return member_from(
        {**body, **person, "device_hash": "", "seen_at": None, "member": None, "post": post, "school_type": ""}
    )


def spans() -> dict[str, Days]:
    today = clock.today()
    week = Days(today - timedelta(days=today.weekday()), today)
    return {"week": week, "term": Days(today - timedelta(days=140), today), "year": Days(today - timedelta(363), today)}


def school_pages(by: Member, n: int) -> Pages:
    """What a page of this school asks the database for, by name."""
    school, today, found = key("school", n), clock.today(), {}
    for name, days in spans().items():
        found[f"numbers, {name}"] = lambda days=days: queries_numbers.numbers(by, school, days, trend_of(days, today))
    year = spans()["year"]
    asked = Wanted(start=year.start, end=year.end)
    deep = Place(today - timedelta(days=300), clock.midnight(today - timedelta(days=300)), 0, UUID(int=0))
    lists = {
        "stops": (asked, None),
        "stops, far back": (asked, deep),
        "stops missed": (Wanted(start=year.start, end=year.end, state="missed"), None),
        "stops of a kind": (Wanted(start=year.start, end=year.end, kind="lab", state="late"), None),
        "stops of a point": (Wanted(point=key("point", n * 10000 + 7)), None),
    }
    for name, (wanted, start) in lists.items():
        found[name] = lambda wanted=wanted, start=start: queries_stops.stops(by, school, wanted, start)
        if start is None:
            found[f"totals of {name}"] = lambda wanted=wanted: queries_stops.totals(by, school, wanted)
    building = key("place", n * 10 + 1)
    for word in ("day", "week", "term"):
        days = spans().get(word, Days(today, today))
        view = queries_plan.Asked(school, rules_plan.View(word), days, clock.now(), clock.midnight(days.start))
        found[f"plan, {word}"] = lambda view=view: queries_plan.pins(by, view, building)
        found[f"places of the plan, {word}"] = lambda view=view: queries_plan.places(by, view)
    for word in ("week", "term"):
        heat, days = rules_heat.View(word), spans()[word]
        found[f"heat, {word}"] = lambda heat=heat, days=days: queries_heat.table(by, school, heat, days, clock.now())
    return found


def bureau_pages(by: Member, bureau: UUID) -> Pages:
    found: Pages = {}
    for name, days in spans().items():
        whole = weeks(days)
        found[f"schools, {name}"] = lambda whole=whole: queries_city.schools(by, bureau, whole, "")
        found[f"weeks, {name}"] = lambda whole=whole: queries_city.weeks(by, bureau, trend_of_weeks(whole))
        found[f"map, {name}"] = lambda days=days: queries_map.schools(by, days)
    found["map, day"] = lambda: queries_map.schools(by, spans()["week"], by_day=True)
    whole = weeks(spans()["term"])
    found["schools, term, one area"] = lambda: queries_city.schools(by, bureau, whole, "fire")
    return found


def pages(dense: bool) -> dict[str, Pages]:
    city, district = key("city", 0), key("district", 3)
    found = {}
    for n, (points, every) in {**SPARSE, **(DENSE if dense else {})}.items():
        path = [city, key("district", n % 10), key("school", n)]
        kind = "dense" if n in DENSE else "sparse"
        told = f"{kind} school of {points} points, a round every {every} days"
        found[told] = school_pages(member("school", n, path, "safety_director"), n)
    found["district"] = bureau_pages(member("district", 3, [city, district], "district_bureau"), district)
    found["city"] = bureau_pages(member("city", 0, [city], "bureau_safety"), city)
    return found


async def timed(work: Callable[[], Awaitable[Any]]) -> tuple[float, float]:
    """p50 and p95 in milliseconds, with the transaction around it; the first run warms."""
    await work()
    times = []
    for _ in range(TIMES):
        begun = time.perf_counter()
        await work()
        times.append((time.perf_counter() - begun) * 1000)
    times.sort()
    return times[len(times) // 2], times[min(len(times) - 1, int(len(times) * 0.95))]


async def explained(by: Member, sql: str, values: list[Any]) -> str:
    """The times of one statement as PostgreSQL tells them."""
    async with reading(by.scope):
        told = await database.rows(f"EXPLAIN (ANALYZE, TIMING OFF) {sql}", *values)
    lines = [str(row["QUERY PLAN"]).strip() for row in told]
    return "; ".join(line for line in lines if line.startswith(("Execution", "Planning Time")))


async def measured(owner: str, app: str, role: str, count: int, say: Callable[[str], None]) -> dict[str, float]:
    """Builds the city, measures every page in it; p50 by page."""
    words = [sys.executable, "-c", MIGRATE, owner, role]
    await asyncio.to_thread(subprocess.run, words, check=True, capture_output=True)
    connection = await asyncpg.connect(owner)
    begun = time.monotonic()
    dense = count > 1_000_000
    stops = await build(connection, count, dense=dense, schools=SCHOOLS)
    sizes = "; ".join(
        f"{row['t']} {row['n']} rows {row['size']}"
        for row in await connection.fetch(
            """SELECT c.relname AS t, c.reltuples::bigint AS n, pg_size_pretty(pg_total_relation_size(c.oid)) AS size
               FROM pg_class c WHERE c.relname IN ('stop', 'visit', 'coverage_day', 'coverage_week') ORDER BY 1"""
        )
    )
    await connection.close()
    say(f"\n{stops} stops in {SCHOOLS} schools, built in {time.monotonic() - begun:.0f} s ({sizes})")
    found: dict[str, float] = {}
    await DB.open(app, size=2)
    try:
        for whose, every in pages(dense).items():
            say(f"{whose}: p50 ms, p95 ms; load {os.getloadavg()[0]:.1f}")
            for name, work in every.items():
                p50, p95 = await timed(work)
                found[f"{whose}, {name}"] = p50
                say(f"  {name:30} {p50:7.1f} {p95:7.1f}{'  above 50 ms' if p95 > 50 else ''}")
        city = member("city", 0, [key("city", 0)], "bureau_safety")
        term = weeks(spans()["term"])
        values = [key("city", 0), term.start, term.end]
        say(f"  EXPLAIN schools of the city, term: {await explained(city, queries_city.SCHOOLS, [*values, ''])}")
        say(f"  EXPLAIN weeks of the city, term: {await explained(city, queries_city.WEEKS, values)}")
    finally:
        await DB.close()
    return found


async def test_cost_of_the_pages(dsns: Dsns, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same pages of the same schools in a short and in a long history of everybody else."""

    def say(text: str) -> None:
        with capsys.disabled():
            print(text, flush=True)

    owner, app = (urlsplit(dsn)._replace(path="/coverage").geturl() for dsn in (dsns.owner, dsns.app))
    above = await asyncpg.connect(dsns.owner)
    before, DB.pool = DB.pool, None
    results = []
    try:
        for count in COUNTS:
            await above.execute("DROP DATABASE IF EXISTS coverage WITH (FORCE)")
            await above.execute("CREATE DATABASE coverage")
            results.append(await measured(owner, app, dsns.app_role, count, say))
    finally:
        DB.pool = before
        await above.execute("DROP DATABASE IF EXISTS coverage WITH (FORCE)")
        await above.close()
    if len(results) > 1:
        say(f"\ntimes the cost at {COUNTS[0]} stops (p50; goal <= 1.3 where the school is the same)")
        for name, first in results[0].items():
            say(f"  {results[-1][name] / first:5.2f}  {name}")
    assert all(results)


async def test_pages_per_second(port: int, world: World, dsns: Dsns, capsys: pytest.CaptureFixture[str]) -> None:
    """Goal: 60 pages/s of a school with 1,000 points on one worker; beside it the same server's plain text."""
    owner = await asyncpg.connect(dsns.owner)
    try:
        who = await grown(owner, world)
        with capsys.disabled():
            for path in ("/coverage", "/coverage?period=term", "/coverage/stops"):
                tally = await drive(port, 8, SECONDS, lambda path=path: get(path, world.sessions[who]), (200,))
                plain = await drive(port, 8, SECONDS, lambda: get("/plain"), (200,))
                print(
                    f"\n{path}: {tally.rate:.0f} pages/s = {100 * tally.rate / plain.rate:.1f}% of plain text"
                    f" ({plain.rate:.0f}/s), p50 {tally.p(0.5):.1f} ms, p95 {tally.p(0.95):.1f} ms,"
                    f" failed {tally.failed}, load {os.getloadavg()[0]:.1f}"
                )
                assert tally.failed == 0
                assert tally.done > 0
    finally:
        await owner.close()


async def grown(owner: asyncpg.Connection, world: World) -> str:
    """A school of 1,000 points with rounds of all of them over the last weeks; the name of its manager's session."""
    from tests.coverage import counted

    kinds = ["fire_extinguisher", "lab", "gate_guard_room", "evacuation_route"]
    school = await counted.school(
        owner, world, await counted.district(owner, world), [kinds[n % 4] for n in range(1000)]
    )
    routes = [await counted.route(owner, school, f"{n}号楼") for n in range(10)]
    for back in range(140 if FULL else 10):
        for n, route in enumerate(routes):
            await counted.opened(owner, school, route, clock.today() - timedelta(days=back), school.points[n::10])
    await owner.execute(
        "UPDATE stop SET state = 'missed', missed_at = now() WHERE school = $1 AND position % 9 = 0", school.id
    )
    await owner.execute("VACUUM ANALYZE stop, coverage_day, coverage_week")
    return school.people["manager"]
