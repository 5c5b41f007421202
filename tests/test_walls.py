"""Row-level security with the query's own filter taken away: what the database alone keeps apart."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio

from backend.database import DB, Scope, reading, row, rows, run, value, writing
from backend.postgres_roles import Dsns
from tests.world import World

TENANT_SQL = """SELECT table_name FROM information_schema.columns
  WHERE table_schema = 'public' AND column_name = 'school' ORDER BY table_name"""
DOORS = {
    "session_door",
    "sign_in_door",
    "label_door",
    "receipt_door",
    "invitation_door",
    "device_door",
    "elsewhere_door",
    "contractor_door",
    "search_door",
    "above_door",
    "feed_door",
}


@pytest_asyncio.fixture
async def owner(dsns: Dsns, app: object) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(dsns.owner)
    yield connection
    await connection.close()


async def test_every_table_has_its_walls_forced_and_the_role_owns_nothing(owner: Any, dsns: Dsns) -> None:
    open_tables = await owner.fetch(
        """SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
           AND NOT (relrowsecurity AND relforcerowsecurity)"""
    )
    assert {r["relname"] for r in open_tables} <= {"migration", "recovery_epoch"}
    role = await owner.fetchrow(
        "SELECT rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname = $1", dsns.app_role
    )
    assert list(role.values()) == [False, False, False]
    assert (
        await owner.fetchval("SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) = $1", dsns.app_role) == 0
    )
    definers = await owner.fetch(
        "SELECT proname FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace"
    )
    assert {r["proname"] for r in definers} == DOORS
    assert not await owner.fetch("SELECT viewname FROM pg_views WHERE schemaname = 'public'")


async def test_without_a_scope_nothing_is_there(owner: Any, world: World) -> None:
    tables = [r["table_name"] for r in await owner.fetch(TENANT_SQL)]
    async with reading(Scope()):
        for table in [*tables, "body", "app_user", "member", "user_session", "invitation"]:
            assert await value(f'SELECT count(*) FROM "{table}"') == 0, table


async def test_a_school_sees_only_its_own_rows_and_an_officer_only_those_below(owner: Any, world: World) -> None:
    tables = [r["table_name"] for r in await owner.fetch(TENANT_SQL)]
    below = "SELECT id FROM body WHERE kind = 'school' AND $1 = ANY (path)"  # other tests found schools of their own
    sees = {"guard": "one", "neighbour": "two", "district": "east", "other_district": "west", "city": "city"}
    for who, body in sees.items():
        allowed = {r["id"] for r in await owner.fetch(below, world.bodies[body])}
        member = await world.member(who)
        async with reading(member.scope):
            for table in tables:
                found = {r["school"] for r in await rows(f'SELECT DISTINCT school FROM "{table}"')}
                assert found <= allowed, (who, table, [name for name, body in world.bodies.items() if body in found])
            with_points = {r["school"] for r in await rows("SELECT DISTINCT school FROM point")}
            assert with_points >= {world.bodies[one] for one in ("one", "two", "three")} & allowed


async def test_writing_into_another_school_is_refused_by_the_database(world: World) -> None:
    member = await world.member("neighbour_manager")
    insert = "INSERT INTO place (school, kind, name) VALUES ($1, 'building', 'x')"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with writing(member.scope):
            await run(insert, world.bodies["one"])
    async with writing(member.scope):
        assert await run("UPDATE point SET note = 'mine' WHERE school = $1", world.bodies["one"]) == "UPDATE 0"


async def test_an_officer_changes_nothing_of_a_school(world: World) -> None:
    officer = await world.member("district")
    async with writing(officer.scope):
        assert await run("UPDATE point SET note = 'from above' WHERE school = $1", world.bodies["one"]) == "UPDATE 0"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with writing(officer.scope):
            await run("INSERT INTO place (school, kind, name) VALUES ($1, 'building', 'x')", world.bodies["one"])


@pytest.mark.parametrize(
    "table", ["visit", "answer", "sighting", "finding_event", "report", "record_entry", "label_event"]
)
@pytest.mark.parametrize("statement", ["UPDATE {} SET created_at = now()", "DELETE FROM {}", "TRUNCATE {}"])
async def test_what_was_recorded_cannot_be_changed(world: World, table: str, statement: str) -> None:
    member = await world.member("manager")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with writing(member.scope):
            await run(statement.format(table))


async def test_a_row_cannot_point_into_another_school(owner: Any, world: World) -> None:
    """Also for the owner, whom no policy holds: the reference carries the school."""
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await owner.execute(
            """INSERT INTO label (school, point, code, short, bound_at)
               VALUES ($1, $2, '00000000000A', 'WRONGONE', now())""",
            *(world.bodies["two"], world.points["lab"]),
        )


async def test_a_scope_cannot_change_within_a_transaction_and_leaves_nothing_behind(world: World) -> None:
    guard, neighbour = await world.member("guard"), await world.member("neighbour")
    async with writing(guard.scope):
        with pytest.raises(RuntimeError):
            async with writing(neighbour.scope):
                pass
    assert DB.pool is not None
    async with DB.pool.acquire() as connection:
        assert await connection.fetchval("SELECT current_setting('app.user', true)") in {"", None}
        assert await connection.fetchval("SELECT count(*) FROM point") == 0


async def point_nowhere(scope: Scope, school: UUID, finding: UUID) -> None:
    """A sighting of a visit that is not there: the reference is deferred, so only COMMIT fails."""
    async with writing(scope):
        await run(
            """INSERT INTO sighting (school, finding, kind, visit, at)
               VALUES ($1, $2, 'again', gen_random_uuid(), now())""",
            *(school, finding),
        )


async def test_a_failed_commit_gives_its_connection_back(owner: Any, world: World) -> None:
    """Twenty failures with a pool of sixteen: nothing leaks, nothing hangs."""
    guard = await world.member("guard")
    finding = await owner.fetchval(
        """INSERT INTO finding (school, number, source, state, title, found_at)
           VALUES ($1, 'leak', 'patrol', 'reported', 'x', now()) RETURNING id""",
        world.bodies["one"],
    )
    for _ in range(20):
        with pytest.raises(asyncpg.ForeignKeyViolationError):
            await point_nowhere(guard.scope, world.bodies["one"], finding)
    async with reading(guard.scope):
        assert await row("SELECT 1 AS one") == {"one": 1}
