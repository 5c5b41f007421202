"""How fast a visit is recorded and a point opened, against what PostgreSQL and this server can do at all."""

import asyncio
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio

from backend import clock
from backend.postgres_roles import Dsns
from backend.row import uuid7
from backend.settings import child_environment
from backend.visits.queries import point_to_visit
from tests.bench.clients import Tally, drive, get, put
from tests.world import World

pytestmark = pytest.mark.bench
SECONDS = 20 if os.environ.get("XUNAN_BENCH") == "full" else 3
LIMIT = """\\set a random(1, 100000000)
BEGIN;
INSERT INTO bench_visit VALUES (gen_random_uuid(), now(), 'a visit of some words', :a);
{}
COMMIT;
"""


@pytest.fixture(scope="module")
def port(dsns: Dsns, world: World, data: Path) -> Iterator[int]:
    """One worker of the real server, next to the clients."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = int(free.getsockname()[1])
    changes = {"XUNAN_APP_DATABASE_URL": dsns.app, "XUNAN_DATABASE_URL": dsns.owner, "XUNAN_DATA": str(data)}
    command = [
        sys.executable,
        "-m",
        "granian",
        "--interface",
        "asgi",
        "--factory",
        "--loop",
        "uvloop",
        "--port",
        str(number),
    ]
    server = subprocess.Popen(
        [*command, "--no-ws", "--log-level", "warning", "tests.bench.target:create"], env=child_environment(changes)
    )
    try:
        for _ in range(100):
            time.sleep(0.1)
            with socket.socket() as knock:
                if knock.connect_ex(("127.0.0.1", number)) == 0:
                    break
        yield number
    finally:
        server.terminate()
        server.wait(40)


@pytest_asyncio.fixture
async def body(app: object, world: World) -> AsyncIterator[dict[str, Any]]:
    """A visit with twelve answers, all well."""
    member = await world.member("neighbour")
    found = await point_to_visit(member, world.points["lab_two"])
    answers = [{"item": str(item.id), "result": "ok", "seconds": 2.5} for item in found.items]
    assert len(answers) == 12
    yield {
        "point": str(world.points["lab_two"]),
        "label": world.codes["lab_two"],
        "how": "scan",
        "answers": answers,
        "opened_at": clock.now().isoformat(),
        "saved_at": clock.now().isoformat(),
    }


def pgbench(dsns: Dsns, clients: int) -> float:
    """Transactions per second of thirteen plain rows each, as durable as ours: the limit."""
    program = shutil.which("pgbench") or next(iter(Path(sys.prefix).rglob("pgbench")), None)
    assert program, "the embedded PostgreSQL brings pgbench"
    parts = urlsplit(dsns.owner)
    where, database = parse_qs(parts.query)["host"][0], parts.path[1:]
    environment = child_environment(
        {"PGPASSWORD": parts.password or "", "PGHOST": where, "PGUSER": parts.username or ""}
    )
    script = Path(os.environ["XUNAN_DATA"]) / "limit.sql"
    script.write_text(LIMIT.format("INSERT INTO bench_answer VALUES (gen_random_uuid(), :a, 'ok', now());\n" * 12))

    def run(*words: str) -> str:
        return subprocess.run(words, env=environment, check=True, capture_output=True, text=True).stdout

    psql = str(Path(program).with_name("psql"))
    run(psql, "-q", database, "-c", TABLES)
    try:
        how = ("-n", "-f", str(script), "-c", str(clients), "-j", "1", "-T", str(SECONDS), "-M", "prepared")
        printed = run(str(program), *how, database)
    finally:
        run(psql, "-q", database, "-c", "DROP TABLE bench_visit, bench_answer")
    found = re.search(r"tps = ([0-9.]+)", printed)
    assert found, printed
    return float(found[1])


TABLES = """
CREATE TABLE bench_visit (id uuid PRIMARY KEY, at timestamptz, words text, n int);
CREATE TABLE bench_answer (id uuid PRIMARY KEY, visit int, result text, at timestamptz);
"""


def told(what: str, tally: Tally, limit: float, unit: str) -> None:
    load = os.getloadavg()[0]
    print(
        f"\n{what}: {tally.rate:.0f}/s = {100 * tally.rate / limit:.0f}% of the limit ({limit:.0f} {unit}/s), "
        f"p50 {tally.p(0.5):.1f} ms, p95 {tally.p(0.95):.1f} ms, failed {tally.failed}, load {load:.1f}"
    )


@pytest.mark.parametrize("clients", [16, 64])
async def test_submit(port: int, dsns: Dsns, world: World, body: dict[str, Any], clients: int) -> None:
    """Goal: at least 25 % of pgbench writing thirteen rows in a durable transaction."""
    cookie, raw = world.sessions["neighbour"], json.dumps(body).encode()
    await drive(port, 4, 1, lambda: put(f"/api/visits/{uuid7()}", cookie, raw), (201,))
    tally = await drive(port, clients, SECONDS, lambda: put(f"/api/visits/{uuid7()}", cookie, raw), (201,))
    limit = await asyncio.to_thread(pgbench, dsns, clients)
    told(f"submit, {clients} clients", tally, limit, "transactions")
    assert tally.failed == 0
    assert tally.done > 0


async def test_point_page(port: int, world: World) -> None:
    """Goal: at least 10 % of the same server answering plain text."""
    page = await drive(
        port, 16, SECONDS, lambda: get(f"/p/{world.codes['lab_two']}", world.sessions["neighbour"]), (200,)
    )
    plain = await drive(port, 16, SECONDS, lambda: get("/plain"), (200,))
    told("point page", page, plain.rate, "plain answers")
    assert page.failed == 0
    assert page.done > 0
