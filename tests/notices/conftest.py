"""What these tests share: settings that allow receivers on this machine, the worker's view of the database, an end to
every channel after each test so that nothing of it is sent to later ones."""

import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio

from backend import clock
from backend.database import DB
from backend.notices.actions_send import deliver
from backend.postgres_roles import Dsns
from backend.settings import settings
from tests.world import World

Set = Callable[..., None]


@pytest.fixture
def configured() -> Iterator[Set]:
    """`configured(XUNAN_SMTP_URL="...")` changes the settings for one test."""
    kept = {name: os.environ.get(name) for name in ("XUNAN_OUTGOING_PRIVATE", "XUNAN_SMTP_URL", "XUNAN_MAIL_FROM")}

    def change(**values: str) -> None:
        os.environ.update(values)
        settings.cache_clear()

    yield change
    for name, value in kept.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    settings.cache_clear()


@pytest_asyncio.fixture
async def owner(dsns: Dsns, app: object, world: World) -> AsyncIterator[Any]:
    """The owner's connection. Quiet hours are put away from now; afterwards channels and deliveries are ended."""
    connection = await asyncpg.connect(dsns.owner)
    now = clock.local(clock.now())
    start = f"{now + timedelta(hours=6):%H:%M}"
    for body in (world.bodies[school] for school in ("one", "two", "three")):
        await connection.execute(
            """INSERT INTO finding_policy (school, quiet_from, quiet_until) VALUES ($1, $2, $2)
               ON CONFLICT (school) DO UPDATE SET quiet_from = $2, quiet_until = $2""",
            *(body, start),
        )
    yield connection
    await connection.execute("UPDATE notice_channel SET ended_at = now(), active = false WHERE ended_at IS NULL")
    await connection.execute("UPDATE delivery SET state = 'given_up' WHERE state = 'waiting'")
    await connection.execute("UPDATE app_user SET email = NULL")
    await connection.close()


@pytest.fixture
def as_worker(dsns: Dsns) -> Callable[[], AbstractAsyncContextManager[None]]:
    """Inside of it the engine is the worker's, as the owner; the application's pool comes back afterwards."""

    @asynccontextmanager
    async def inside() -> AsyncIterator[None]:
        pool, DB.pool = DB.pool, None
        config = DB.config
        try:
            await DB.open(dsns.owner, size=4)
            yield
            await DB.close()
        finally:
            DB.pool, DB.config = pool, config

    return inside


@pytest.fixture
def turn(as_worker: Callable[[], AbstractAsyncContextManager[None]], owner: Any) -> Callable[..., Any]:
    """One turn of the job; `later=True` makes everything that waits due first."""

    async def once(*, later: bool = False) -> str:
        if later:
            await owner.execute("UPDATE delivery SET due_at = now() WHERE state = 'waiting'")
            await owner.execute("UPDATE notice_channel SET pause_until = NULL")
        async with as_worker():
            return await deliver()

    return once


async def waiting(owner: Any, target: UUID) -> list[dict[str, Any]]:
    found = await owner.fetch('SELECT * FROM delivery WHERE channel = $1 OR "user" = $1 ORDER BY created_at', target)
    return [dict(row) for row in found]
