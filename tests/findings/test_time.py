"""The worker's look at what waits: each level told once, by row, whatever the pauses and however many workers."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio

from backend import clock
from backend.database import DB
from backend.findings import actions_time
from backend.findings.actions_time import escalate, remind_rechecks
from backend.postgres_roles import Dsns
from backend.row import uuid7
from backend.worker import Job, once
from tests.world import PEOPLE, World

MORNING = datetime(2026, 11, 23, 2, tzinfo=UTC)  # Monday, 10 o'clock in the city
ENDED = "UPDATE finding SET state = 'closed', closed_at = now() WHERE title = 'time'"


@pytest_asyncio.fixture
async def db(dsns: Dsns, world: World) -> AsyncIterator[Any]:
    """The engine as the worker opens it, with its two connections."""
    was_open = DB.pool is not None
    await DB.close()
    await DB.open(dsns.owner, size=2)
    connection = await asyncpg.connect(dsns.owner)
    yield connection
    await connection.execute(ENDED)
    await connection.close()
    await DB.close()
    if was_open:
        await DB.open(dsns.app)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """`at(moment)` sets the clock that the jobs look at."""

    def set_to(moment: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: moment)

    set_to(MORNING)
    return set_to


async def finding(db: Any, world: World, **columns: Any) -> UUID:
    one = uuid7()
    row = {
        **{"id": one, "school": world.bodies["one"], "number": f"T{str(one)[-10:]}", "source": "patrol"},
        **{"title": "time", "state": "registered", "found_at": MORNING, "created_at": MORNING, **columns},
    }
    names, places = ", ".join(row), ", ".join(f"${n}" for n in range(1, len(row) + 1))
    await db.execute(f"INSERT INTO finding ({names}) VALUES ({places})", *row.values())
    return one


async def told(db: Any, one: UUID) -> list[tuple[str, str]]:
    """(user name, kind) of the notices about it to the world's people, in order; other tests hire more."""
    rows = await db.fetch(
        """SELECT u.username, n.kind FROM notice n JOIN app_user u ON u.id = n."user" WHERE n.subject = $1
           ORDER BY n.created_at, n.kind, u.username""",
        one,
    )
    return [(row["username"], row["kind"]) for row in rows if row["username"] in PEOPLE]


async def names(db: Any, one: UUID) -> set[str]:
    return {name for name, _ in await told(db, one)}


async def test_overdue_climbs_step_by_step(db: Any, at: Any, world: World) -> None:
    one = await finding(
        db, world, state="rectifying", assigned_to=world.users["crew"], deadline=date(2026, 11, 22), grade="general"
    )
    await escalate()
    assert await told(db, one) == [(name, "finding_overdue") for name in ("crew", "deputy", "manager")]
    await escalate()
    assert len(await told(db, one)) == 3, "nobody is told twice"
    at(MORNING + timedelta(days=3))
    await escalate()
    assert (await told(db, one))[3:] == [("principal", "finding_escalated")]
    at(MORNING + timedelta(days=20))
    await escalate()
    assert await names(db, one) >= {"district", "city"}, "after a pause every level that was passed is told"
    assert "other_district" not in await names(db, one)
    assert "neighbour_manager" not in await names(db, one)
    events = await db.fetch("SELECT facts, by FROM finding_event WHERE finding = $1 AND verb = 'escalate'", one)
    assert [json.loads(event["facts"])["step"] for event in events] == [1, 2, 3, 4]
    assert {event["by"] for event in events} == {None}
    entries = await db.fetchval("SELECT count(*) FROM record_entry WHERE body::jsonb ->> 'finding' = $1", str(one))
    assert entries == 4, "and it stands in the record"


async def test_two_workers_at_once_tell_once(db: Any, at: Any, world: World) -> None:
    one = await finding(db, world, grade="major", controlled_at=MORNING)
    at(MORNING + timedelta(hours=2))
    job = Job("escalate for the test", 1, escalate, waits=True)
    await asyncio.gather(once(job), once(job))
    assert await told(db, one) == [("principal", "finding_unassigned")]
    await asyncio.gather(escalate(), escalate())
    assert len(await told(db, one)) == 1


async def test_nobody_responsible_counts_working_days(db: Any, at: Any, world: World) -> None:
    friday = MORNING - timedelta(days=3)
    one = await finding(db, world, found_at=friday, created_at=friday, grade="general")
    at(friday + timedelta(days=2))
    await escalate()
    assert await told(db, one) == [], "Sunday"
    at(MORNING)
    await escalate()
    assert await told(db, one) == [("deputy", "finding_unassigned"), ("manager", "finding_unassigned")]


async def test_who_left_makes_it_nobodys(db: Any, at: Any, world: World) -> None:
    one = await finding(
        db, world, state="assigned", assigned_to=world.users["crew2"], grade="major", controlled_at=MORNING
    )
    left = 'UPDATE member SET active = $2, ended_at = $3 WHERE "user" = $1'
    at(MORNING + timedelta(days=5))
    await escalate()
    assert await told(db, one) == []
    try:
        await db.execute(left, world.users["crew2"], False, MORNING + timedelta(days=5))
        await escalate()
        assert await told(db, one) == [], "his leaving starts the clock"
        at(MORNING + timedelta(days=5, hours=1))
        await escalate()
        assert await told(db, one) == [("principal", "finding_unassigned")]
    finally:
        await db.execute(left, world.users["crew2"], True, None)


async def test_a_major_hazard_that_is_not_made_safe(db: Any, at: Any, world: World) -> None:
    one = await finding(db, world, grade_proposed="major", assigned_to=world.users["crew"], state="graded")
    at(MORNING + timedelta(minutes=59))
    await escalate()
    assert await told(db, one) == []
    at(MORNING + timedelta(minutes=61))
    await escalate()
    assert await told(db, one) == [(name, "finding_unsafe") for name in ("deputy", "manager", "principal")]
    at(MORNING + timedelta(hours=5))
    await escalate()
    assert (await told(db, one))[3:] == [("district", "finding_escalated")]
    await db.execute("UPDATE finding SET controlled_at = now() WHERE id = $1", one)
    at(MORNING + timedelta(hours=30))
    await escalate()
    assert len(await told(db, one)) == 4, "made safe: the city is not told"


async def test_what_sightings_made_major_has_its_clock_from_then(db: Any, at: Any, world: World) -> None:
    old = MORNING - timedelta(days=10)
    one = await finding(
        db,
        world,
        **{"severity": "general_stop_use", "grade_proposed": "major", "sightings": 5, "state": "registered"},
        **{"assigned_to": world.users["crew"], "found_at": old, "created_at": old},
    )
    for days in (9, 7, 5, 3, 0):
        await db.execute(
            "INSERT INTO sighting (school, finding, kind, at, created_at) VALUES ($1, $2, 'again', $3, $3)",
            *(world.bodies["one"], one, MORNING - timedelta(days=days)),
        )
    await escalate()
    assert await told(db, one) == [], "not made safe for ten days, but major only since now"
    at(MORNING + timedelta(minutes=61))
    await escalate()
    assert await names(db, one) == {"deputy", "manager", "principal"}


async def test_quiet_hours_postpone_what_is_not_major(db: Any, at: Any, world: World) -> None:
    late = {"state": "rectifying", "assigned_to": world.users["crew"], "deadline": date(2026, 11, 22)}
    general = await finding(db, world, grade="general", **late)
    major = await finding(db, world, grade="major", controlled_at=MORNING, **late)
    at(MORNING - timedelta(hours=5))  # 5 o'clock in the morning
    await escalate()
    assert await told(db, general) == []
    assert await names(db, major) == {"crew", "deputy", "manager", "principal"}
    at(MORNING)
    await escalate()
    assert await names(db, general) == {"crew", "deputy", "manager"}


async def test_a_new_deadline_starts_the_ladder_anew(db: Any, at: Any, world: World) -> None:
    one = await finding(
        db, world, state="rectifying", assigned_to=world.users["crew"], deadline=date(2026, 11, 22), grade="general"
    )
    await escalate()
    await db.execute("UPDATE finding SET deadline = $2 WHERE id = $1", one, date(2026, 11, 30))
    at(MORNING + timedelta(days=3))
    await escalate()
    assert len(await told(db, one)) == 3, "not overdue"
    at(MORNING + timedelta(days=8))
    await escalate()
    assert len(await told(db, one)) == 6


@pytest.mark.parametrize("state", ["accepted", "rechecked", "closed", "rejected_report"])
async def test_what_is_settled_is_left_in_peace(db: Any, at: Any, world: World, state: str) -> None:
    one = await finding(db, world, state=state, grade="major", deadline=date(2026, 1, 1))
    at(MORNING + timedelta(days=30))
    await escalate()
    assert await told(db, one) == []


async def test_mended_but_not_accepted(db: Any, at: Any, world: World) -> None:
    one = await finding(
        db, world, state="submitted", mended_at=MORNING, assigned_to=world.users["crew"], grade="general"
    )
    at(MORNING + timedelta(days=3))
    await escalate()
    assert await told(db, one) == [("deputy", "finding_unaccepted"), ("manager", "finding_unaccepted")]


async def test_a_run_is_bounded_and_the_next_goes_on(
    db: Any, at: Any, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions_time, "PAGE", 2)
    monkeypatch.setattr(actions_time, "MOST_TOLD", 2)
    monkeypatch.setattr(actions_time, "_CANDIDATES", actions_time._CANDIDATES.replace("LIMIT 500", "LIMIT 2"))
    late = {"state": "rectifying", "assigned_to": world.users["crew"], "deadline": date(2026, 11, 22)}
    ones = [
        await finding(db, world, grade="general", found_at=MORNING + timedelta(days=900, seconds=n), **late)
        for n in range(5)
    ]
    counts = []
    for _ in range(3):
        await escalate()
        counts.append(sum([bool(await told(db, one)) for one in ones]))
    assert counts == [2, 4, 5]


async def test_a_recheck_is_reminded_of_once(db: Any, at: Any, world: World) -> None:
    one = await finding(
        db, world, state="accepted", recheck_due=date(2026, 11, 24), mended_by=world.users["crew"], grade="general"
    )
    await remind_rechecks()
    assert await told(db, one) == []
    at(MORNING + timedelta(days=1))
    for _ in range(2):
        await once(Job("remind for the test", 1, remind_rechecks, waits=True))
    assert await told(db, one) == [("deputy", "recheck_due"), ("manager", "recheck_due")]
    await db.execute("UPDATE finding SET recheck_due = $2 WHERE id = $1", one, date(2026, 11, 25))
    at(MORNING + timedelta(days=2))
    await remind_rechecks()
    assert len(await told(db, one)) == 4, "a new date is reminded of again"
