"""Opening the day of a city: 800 schools x 150 points x 3 rounds in the background, while visits are submitted.

20 schools by default; `XUNAN_BENCH=full` takes 800. Said are the seconds, the stops a second against PostgreSQL's own
INSERT of as many plain rows, and what it does to the time of a submission on the same two cores.
"""

import asyncio
import json
import os
import subprocess
import sys
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest

from backend import clock
from backend.postgres_roles import Dsns
from backend.row import uuid7
from tests.bench.clients import drive, put
from tests.bench.test_ledger import MIGRATE
from tests.bench.test_visits import body, port  # noqa: F401
from tests.world import World

pytestmark = pytest.mark.bench
SCHOOLS = 800 if os.environ.get("XUNAN_BENCH") == "full" else 20
POINTS, ROUNDS = 150, 3
NAME = "bench_opening"

CITY = """
CREATE FUNCTION pg_temp.key(what text, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE
  AS $$ SELECT md5(what || n)::uuid $$;
INSERT INTO body (id, kind, path, name, number)
  SELECT pg_temp.key('city', 0), 'city', ARRAY[pg_temp.key('city', 0)], '某市', 'c0';
INSERT INTO body (id, kind, path, name, number, school_type)
  SELECT pg_temp.key('school', s), 'school', ARRAY[pg_temp.key('city', 0), pg_temp.key('school', s)],
    '第' || s || '学校', 's' || s, 'senior' FROM generate_series(0, {schools} - 1) s;
INSERT INTO place (id, school, kind, name)
  SELECT pg_temp.key('place', b), pg_temp.key('school', b / 4), 'building', (b % 4 + 1) || '号楼'
  FROM generate_series(0, {schools} * 4 - 1) b;
INSERT INTO point (id, school, kind, number, name, place)
  SELECT pg_temp.key('point', p), pg_temp.key('school', p / {points}), k.codes[1 + p % cardinality(k.codes)],
    'P' || lpad((p % {points})::text, 3, '0'), '点' || p % {points}, pg_temp.key('place', p / {points} * 4 + p % 4)
  FROM generate_series(0, {schools} * {points} - 1) p,
    (SELECT array_agg(code ORDER BY position) AS codes FROM point_kind) k;
INSERT INTO route (id, school, name, chooses, kinds, ordering, who, post, span, days, windows, grace, challenge,
    starts_on, opened_until, next_at)
  SELECT pg_temp.key('route', s), pg_temp.key('school', s), '每日巡查', 'rule', k.codes, 'shuffled', 'post', 'guard',
    'window', 'every', $1::jsonb, 30, 3, '2026-01-01', now(), now()
  FROM generate_series(0, {schools} - 1) s, (SELECT array_agg(code) AS codes FROM point_kind) k;
"""
OPEN = """
import asyncio, sys, time
from backend.database import DB
from backend.rounds.actions_open import open_due

async def go(owner):
    await DB.open(owner, size=2)
    begun = time.monotonic()
    await open_due()
    print(time.monotonic() - begun)
    await DB.close()

asyncio.run(go(sys.argv[1]))
"""
PLAIN = """CREATE TABLE plain_stop AS SELECT gen_random_uuid() AS id, gen_random_uuid() AS round,
  gen_random_uuid() AS point, 'due' AS state, now() AS opens_at, now() AS closes_at FROM generate_series(1, $1)"""


def windows() -> str:
    """Three windows within the lead, whatever the time of the day."""
    now = clock.local(clock.now())
    begin = now.hour * 60 + now.minute + 5
    return json.dumps([{"start": begin + 30 * n, "end": begin + 30 * n + 25} for n in range(ROUNDS)])


async def test_opening_the_day_of_a_city(
    dsns: Dsns,
    world: World,
    port: int,  # noqa: F811
    body: dict[str, Any],  # noqa: F811
) -> None:
    owner = urlsplit(dsns.owner)._replace(path=f"/{NAME}").geturl()
    server = await asyncpg.connect(dsns.owner)
    await server.execute(f"DROP DATABASE IF EXISTS {NAME}")
    await server.execute(f"CREATE DATABASE {NAME}")
    try:
        await asyncio.to_thread(subprocess.run, [sys.executable, "-c", MIGRATE, owner, dsns.app_role], check=True)
        connection = await asyncpg.connect(owner)
        for statement in CITY.format(schools=SCHOOLS, points=POINTS).split(";\n")[:-1]:
            values = [windows()] if "$1" in statement and "windows" in statement else []
            await connection.execute(statement, *values)
        await connection.execute("ANALYZE")
        cookie, raw = world.sessions["neighbour"], json.dumps(body).encode()

        def visit() -> bytes:
            return put(f"/api/visits/{uuid7()}", cookie, raw)

        quiet = await drive(port, 4, 3, visit, (201,))
        opening = await asyncio.create_subprocess_exec(
            sys.executable, "-c", OPEN, owner, stdout=asyncio.subprocess.PIPE
        )
        busy = await drive(port, 4, 30 if SCHOOLS > 100 else 3, visit, (201,))
        said, _ = await opening.communicate()
        seconds = float(said)
        found = await connection.fetchrow(
            """SELECT count(*) AS stops, count(DISTINCT round) AS rounds, (SELECT sum(due) FROM coverage_day) AS due
               FROM stop"""
        )
        begun = asyncio.get_running_loop().time()
        await connection.execute(PLAIN.replace("$1", str(found["stops"])))
        plain = asyncio.get_running_loop().time() - begun
        await connection.close()
    finally:
        await server.execute(f"DROP DATABASE {NAME} WITH (FORCE)")
        await server.close()
    print(
        f"\nopening {found['rounds']} rounds with {found['stops']} stops in {SCHOOLS} schools: {seconds:.1f} s, "
        f"{seconds / plain:.0f} times a plain CREATE TABLE AS of as many rows ({plain:.2f} s), "
        f"load {os.getloadavg()[0]:.1f}\n"
        f"submitting meanwhile, 4 clients: {busy.rate:.0f}/s, p95 {busy.p(0.95):.1f} ms; "
        f"before: {quiet.rate:.0f}/s, p95 {quiet.p(0.95):.1f} ms"
    )
    assert (found["rounds"], found["stops"]) == (SCHOOLS * ROUNDS, SCHOOLS * ROUNDS * POINTS)
    assert found["due"] == found["stops"]
    assert busy.failed == quiet.failed == 0
