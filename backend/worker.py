"""The timetable of recurring work. Each job runs in one process at a time, however many workers there are; a slow job
keeps no other one waiting."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from backend import database
from backend.database import DB
from backend.errors import AWAY
from backend.findings.actions_time import escalate, remind_rechecks
from backend.notices.actions_send import deliver
from backend.photos import Store
from backend.rounds.actions_close import close_over
from backend.rounds.actions_open import open_due
from backend.rounds.actions_recount import agree
from backend.rounds.actions_tell import look
from backend.settings import settings

log = logging.getLogger("xunan.worker")
GRACE = 20
"""Seconds that jobs have to end when the worker is told to stop."""
_opening = asyncio.Lock()


@dataclass(frozen=True, slots=True)
class Job:
    """`every` in seconds; the work says what it did, or nothing when there was nothing to do.

    `waits`: it waits for others than the database, or does many things one by one, so it opens its own short
    transactions and takes its own locks.
    """

    name: str
    every: float
    work: Callable[[], Awaitable[str]]
    waits: bool = False


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
    Job("deliver", 10, deliver, waits=True),
    Job("escalate findings", 300, escalate, waits=True),
    Job("remind of re-checks", 900, remind_rechecks, waits=True),
    Job("open rounds", 60, open_due, waits=True),
    Job("close rounds", 60, close_over, waits=True),
    Job("tell of rounds", 60, look, waits=True),
    Job("recount coverage", 86400, agree),
)


async def once(job: Job) -> str:
    """Run the job unless another worker is at it; returns what it did."""
    if job.waits:
        return await job.work()
    async with DB.transaction():
        if not await database.value("SELECT pg_try_advisory_xact_lock(hashtext($1))", f"job {job.name}"):
            return ""
        return await job.work()


async def run(owner_dsn: str, stop: asyncio.Event) -> None:
    """Until `stop`: every job when it is due, beside the others and never beside itself. The database may be away for a
    while; the next turn tries again."""
    due = dict.fromkeys(TIMETABLE, 0.0)
    at_work: dict[Job, asyncio.Task[float]] = {}
    loop = asyncio.get_running_loop()
    try:
        while not stop.is_set():
            for job in [job for job, task in at_work.items() if task.done()]:
                due[job] = loop.time() + at_work.pop(job).result()
            for job in (job for job, at in due.items() if at <= loop.time() and job not in at_work):
                at_work[job] = asyncio.create_task(_turn(job, owner_dsn))
            try:
                await asyncio.wait_for(stop.wait(), 1)
            except TimeoutError:
                continue
    finally:
        if at_work:
            _, late = await asyncio.wait(at_work.values(), timeout=GRACE)
            for task in late:
                task.cancel()
        await DB.close()


async def _turn(job: Job, owner_dsn: str) -> float:
    """Seconds until this job's next turn."""
    try:
        async with _opening:
            await DB.open(owner_dsn, size=6)
        if said := await once(job):
            log.info("%s: %s", job.name, said)
    except (*AWAY, OSError) as error:
        log.warning("%s: database away (%s)", job.name, type(error).__name__)
        return 5
    except Exception:  # one broken job must not end the others
        log.exception(job.name)
    return job.every
