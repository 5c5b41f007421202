"""The timetable of recurring work. Each job runs in one process at a time, however many workers there are."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from backend import database
from backend.database import DB
from backend.errors import AWAY
from backend.photos import Store
from backend.settings import settings

log = logging.getLogger("xunan.worker")


@dataclass(frozen=True, slots=True)
class Job:
    """`every` in seconds; the work says what it did, or nothing when there was nothing to do."""

    name: str
    every: float
    work: Callable[[], Awaitable[str]]


async def forget_throttles() -> str:
    """Counts of windows that are over say nothing any more."""
    async with DB.transaction():
        done = await database.run("DELETE FROM throttle WHERE window_ends < now() - interval '1 day'")
    count = int(done.split()[-1])
    return f"{count} old counts forgotten" if count else ""


async def sweep_photos() -> str:
    """Temporary files that a crash left behind."""
    store = Store(settings().data / "photos")
    try:
        count = await asyncio.to_thread(store.sweep)
    finally:
        await store.aclose()
    return f"{count} temporary photo files removed" if count else ""


async def look_for_missing_photos() -> str:
    """Photos that records have named for more than a day and that never came: somebody should ask the phone's owner."""
    async with DB.transaction():
        count = await database.value(
            "SELECT count(*) FROM photo WHERE state = 'awaited' AND created_at < now() - interval '1 day'"
        )
    return f"{count} photos are awaited for more than a day" if count else ""


TIMETABLE = (
    Job("forget throttles", 3600, forget_throttles),
    Job("sweep photos", 3600, sweep_photos),
    Job("look for missing photos", 3600, look_for_missing_photos),
)


async def once(job: Job) -> str:
    """Run the job unless another worker is at it; returns what it did."""
    async with DB.transaction():
        if not await database.value("SELECT pg_try_advisory_xact_lock(hashtext($1))", f"job {job.name}"):
            return ""
        return await job.work()


async def run(owner_dsn: str, stop: asyncio.Event) -> None:
    """Until `stop`: every job when it is due. The database may be away for a while; the next turn tries again."""
    due = dict.fromkeys(TIMETABLE, 0.0)
    loop = asyncio.get_running_loop()
    try:
        while not stop.is_set():
            for job in (job for job, at in due.items() if at <= loop.time()):
                due[job] = loop.time() + await _turn(job, owner_dsn)
            try:
                await asyncio.wait_for(stop.wait(), 1)
            except TimeoutError:
                continue
    finally:
        await DB.close()


async def _turn(job: Job, owner_dsn: str) -> float:
    """Seconds until this job's next turn."""
    try:
        await DB.open(owner_dsn, size=2)
        if said := await once(job):
            log.info("%s: %s", job.name, said)
    except (*AWAY, OSError) as error:
        log.warning("%s: database away (%s)", job.name, type(error).__name__)
        return 5
    except Exception:  # one broken job must not end the others
        log.exception(job.name)
    return job.every
