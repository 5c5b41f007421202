"""The kept counts agree with the stops whatever happens; a wrong count is found, and mended only when told to."""

import random
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio
from click.testing import CliRunner

from backend import clock
from backend.postgres_roles import Dsns
from backend.rounds.actions_recount import BACK, Difference, agree, recount
from tests.coverage import counted
from tests.coverage.counted import School
from tests.rounds.making import as_owner
from tests.world import World

KINDS = ("fire_extinguisher", "lab", "gate_guard_room", "fire_extinguisher", "evacuation_route", "lab")
NEXT = {
    "due": ("kept", "late", "missed", "excused", "unreachable"),
    "missed": ("kept", "late", "excused"),
    "late": ("kept",),
    "excused": ("kept", "late", "missed"),
    "unreachable": ("kept", "late", "excused"),
    "kept": (),
}
"""What may become of a stop."""


@pytest_asyncio.fixture(loop_scope="session")
async def owner(app: object, dsns: Dsns) -> Any:
    connection = await asyncpg.connect(dsns.owner)
    yield connection
    await connection.close()


@pytest_asyncio.fixture(loop_scope="session")
async def school(owner: Any, world: World) -> School:
    return await counted.school(owner, world, await counted.district(owner, world), KINDS)


async def differences(
    dsns: Dsns, school: School, since: date | None = None, *, repair: bool = False
) -> list[Difference]:
    """Of this school: other tests write stops of theirs meanwhile."""
    found: list[Difference] = await as_owner(dsns, lambda: recount(since, repair=repair))
    return [one for one in found if one.school == school.id]


@pytest.mark.parametrize("seed", range(6))
async def test_any_sequence_leaves_the_counts_right(owner: Any, dsns: Dsns, school: School, seed: int) -> None:
    dice = random.Random(seed)
    routes = [await counted.route(owner, school, f"线{n}") for n in range(3)]
    open_rounds: list[UUID] = []
    for n in range(60):
        if n < 4 or dice.random() < 0.2:
            day = clock.today() - timedelta(days=dice.randrange(20))
            some = dice.sample(school.points, dice.randint(1, len(school.points)))
            open_rounds.append(await counted.opened(owner, school, dice.choice(routes), day, some, n % 23))
            continue
        rows = await owner.fetch("SELECT * FROM stop WHERE round = $1", dice.choice(open_rounds))
        row = dice.choice(rows)
        if after := NEXT[row["state"]]:
            state = dice.choice(after)
            late = state in counted.SEEN and (row["sent_late"] or row["state"] == "missed")
            await counted.to(owner, school, row, state, sent_late=late)
    assert await owner.fetchval("SELECT sum(due) FROM coverage_day WHERE school = $1", school.id) > 4
    assert await differences(dsns, school) == []


async def test_many_stops_changed_by_one_statement(owner: Any, dsns: Dsns, school: School) -> None:
    route = await counted.route(owner, school, "线")
    for back in range(3):
        await counted.opened(owner, school, route, clock.today() - timedelta(days=back), school.points)
    await owner.execute("UPDATE stop SET state = 'missed', missed_at = now() WHERE school = $1", school.id)
    assert await differences(dsns, school) == []
    assert await owner.fetchval("SELECT sum(missed) FROM coverage_week WHERE school = $1", school.id) == 18


WRONG = {
    "a count of a day": ("UPDATE coverage_day SET missed = missed + 1 WHERE school = $1 AND kind = 'lab'", 1),
    "a count of a week": ("UPDATE coverage_week SET kept = 7 WHERE school = $1 AND area = 'fire'", 1),
    "counts that are gone": ("DELETE FROM coverage_day WHERE school = $1 AND kind = 'lab'", 1),
    "counts of nothing": (
        "INSERT INTO coverage_week (week, school, area, due) VALUES (date_trunc('week', now())::date, $1, 'food', 3)",
        1,
    ),
    "a stop slipped in": (
        """INSERT INTO stop (school, round, route, point, kind, area, position, day, opens_at, closes_at, late_until)
           SELECT s.school, s.round, s.route, p.id, 'lab', 'lab', 99, s.day, s.opens_at, s.closes_at, s.late_until
           FROM stop s, point p WHERE s.school = $1 AND p.school = $1 AND p.number = 'C005' LIMIT 1""",
        2,
    ),
}


@pytest.mark.parametrize("what", WRONG)
async def test_a_wrong_count_is_found_and_mended_only_when_told(
    owner: Any, dsns: Dsns, school: School, what: str
) -> None:
    sql, lines = WRONG[what]
    route = await counted.route(owner, school, "线")
    done = await counted.opened(owner, school, route, clock.today(), school.points[:4])
    await counted.becomes(owner, school, done, ["kept", "late", "missed", "excused"])
    async with owner.transaction():
        await owner.execute("SET LOCAL session_replication_role = replica")
        await owner.execute(sql, school.id)
    found = await differences(dsns, school)
    assert len(found) == lines
    assert await differences(dsns, school) == found, "looking mends nothing"
    assert found[0].number in found[0].words
    said = await as_owner(dsns, agree)
    assert found[0].words in said or "counts of coverage differ" in said
    assert await differences(dsns, school, repair=True) == found
    assert await differences(dsns, school) == []


async def test_the_daily_check_looks_at_the_last_weeks(owner: Any, dsns: Dsns, school: School) -> None:
    route = await counted.route(owner, school, "线")
    old = clock.today() - timedelta(days=BACK + 10)
    await counted.opened(owner, school, route, old, school.points)
    await owner.execute("UPDATE coverage_day SET kept = 1 WHERE school = $1", school.id)
    assert await differences(dsns, school, clock.today() - timedelta(days=BACK)) == []
    assert {one.table for one in await differences(dsns, school)} == {"coverage_day"}
    await differences(dsns, school, repair=True)


def test_the_command_says_what_differs_and_ends_with_1(monkeypatch: pytest.MonkeyPatch) -> None:
    from backend import command
    from backend.row import uuid7

    wrong = Difference(
        "coverage_day", uuid7(), "S1", "某校", {"day": date(2026, 11, 20)}, (3, 1, 0, 1, 0, 0, 0), (3, 1, 0, 2, 0, 0, 0)
    )
    for found, code in (([], 0), ([wrong], 1)):
        monkeypatch.setattr(command, "with_database", lambda work, found=found: found)
        told = CliRunner().invoke(command.cli, ["recount"])
        assert told.exit_code == code
        assert ("missed 1 -> 2" in told.output) == bool(found)
    mended = CliRunner().invoke(command.cli, ["recount", "--repair"])
    assert mended.exit_code == 0, "what was mended needs nobody any more"
