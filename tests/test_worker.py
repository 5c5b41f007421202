"""The recurring work: as the owner it sees every school, and one job never runs twice at the same time."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest_asyncio

from backend.database import DB
from backend.postgres_roles import Dsns
from backend.row import uuid7
from backend.serve import _application, _inside
from backend.worker import Job, forget_throttles, look_for_missing_photos, once
from tests.world import World


@pytest_asyncio.fixture
async def as_owner(dsns: Dsns, world: World) -> AsyncIterator[Any]:
    """The engine opened as the worker opens it; the application's pool comes back afterwards."""
    was_open = DB.pool is not None
    await DB.close()
    await DB.open(dsns.owner, size=4)
    connection = await asyncpg.connect(dsns.owner)
    yield connection
    await connection.close()
    await DB.close()
    if was_open:
        await DB.open(dsns.app)


async def test_photos_that_never_came_are_seen_in_every_school(as_owner: Any, world: World) -> None:
    for school in ("one", "three"):
        await as_owner.execute(
            """INSERT INTO photo (id, school, sha256, role, created_at)
               VALUES ($1, $2, repeat('e', 64), 'evidence', now() - interval '2 days')""",
            *(uuid7(), world.bodies[school]),
        )
    there = await as_owner.fetchval(
        "SELECT count(*) FROM photo WHERE state = 'awaited' AND created_at < now() - interval '1 day'"
    )
    assert there >= 2
    assert (await once(Job("look", 1, look_for_missing_photos))).startswith(f"{there} ")


async def test_only_counts_that_are_long_over_are_forgotten(as_owner: Any) -> None:
    await as_owner.execute(
        """INSERT INTO throttle (key, count, window_ends)
           VALUES ('worker old', 1, now() - interval '3 days'), ('worker new', 1, now())"""
    )
    assert await once(Job("forget", 1, forget_throttles))
    left = await as_owner.fetch("SELECT key FROM throttle WHERE key LIKE 'worker %'")
    assert [row["key"] for row in left] == ["worker new"]


async def test_a_job_runs_in_one_worker_at_a_time(as_owner: Any) -> None:
    begun = asyncio.Event()

    async def long() -> str:
        begun.set()
        await asyncio.sleep(0.3)
        return "done"

    first = asyncio.create_task(once(Job("slow", 1, long)))
    await begun.wait()
    assert await once(Job("slow", 1, long)) == ""
    assert await first == "done"


def test_the_worker_works_on_the_database_that_is_served(dsns: Dsns) -> None:
    """Also on an external one: without its address the worker would start an empty server of its own."""
    assert _inside(dsns)["XUNAN_DATABASE_URL"] == dsns.owner
    assert _application(dsns)["XUNAN_DATABASE_URL"] == ""
