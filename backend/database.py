"""The engine, and the transaction that tells PostgreSQL who is asking.

Row-level security reads the settings made here; without them a query sees nothing. Every setting is local to its
transaction, so nothing can stay behind on a pooled connection.
"""

import asyncio
import contextlib
import io
import os
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal
from uuid import UUID

import asyncpg
from piccolo.apps.migrations.commands.forwards import ForwardsMigrationManager
from piccolo.engine.postgres import PostgresEngine, PostgresTransaction


@dataclass(frozen=True, slots=True)
class Scope:
    """What a transaction may see: rows of `school`, and of every school below `body`. Empty = nothing.

    `path` holds the own bodies from the city down (their names may be read); `key` opens exactly one row that is
    known by a secret (a label's code, a receipt).
    """

    user: UUID | None = None
    body: UUID | None = None
    path: tuple[UUID, ...] = ()
    school: UUID | None = None
    key: str = ""


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''").replace("\0", "") + "'"


def _begin(scope: Scope, *, reading: bool, hot: bool) -> str:
    """BEGIN and the settings in one message: one round trip instead of two."""
    words = {
        "app.user": str(scope.user or ""),
        "app.body": str(scope.body or ""),
        "app.path": ",".join(str(body) for body in scope.path),
        "app.school": str(scope.school or ""),
        "app.key": scope.key,
    }
    if hot:
        words["plan_cache_mode"] = "force_generic_plan"
    told = ", ".join(f"set_config('{name}', {_quoted(word)}, true)" for name, word in words.items())
    return f"BEGIN{' READ ONLY' if reading else ''}; SELECT {told}"


class Tx(PostgresTransaction):
    """A transaction with a scope; unlike Piccolo's it gives its connection back whatever COMMIT says."""

    __slots__ = ("_hot", "_reading", "_scope")

    def __init__(self, engine: "Engine", scope: Scope, *, reading: bool = False, hot: bool = False) -> None:
        super().__init__(engine, allow_nested=True)
        self._scope = scope
        self._reading = reading
        self._hot = hot
        if isinstance(self._parent, Tx) and self._parent._scope != scope:
            raise RuntimeError("a transaction cannot change who is asking")
        if isinstance(self._parent, Tx) and self._parent._reading and not reading:
            raise RuntimeError("a reading transaction cannot write")

    async def __aenter__(self) -> PostgresTransaction:
        if self._parent is not None:
            return self._parent
        self.connection = await self.get_connection()  # type: ignore[no-untyped-call]
        try:
            await self.connection.execute(_begin(self._scope, reading=self._reading, hot=self._hot))
        except BaseException:
            await self._give_back()
            raise
        self.context = self.engine.current_transaction.set(self)
        return self

    async def commit(self) -> None:
        await self.connection.execute("COMMIT")
        self._committed = True

    async def rollback(self) -> None:
        await self.connection.execute("ROLLBACK")
        self._rolled_back = True

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Literal[False]:
        if self._parent is not None:
            return False
        self.engine.current_transaction.reset(self.context)
        if self._reading and kind is None:
            _later(self._end())  # nothing was written: nobody has to wait for the end
            return False
        await asyncio.shield(self._end(failed=kind is not None))
        return False

    async def _end(self, *, failed: bool = False) -> None:
        try:
            if failed and not self._rolled_back:
                await self.rollback()
            elif not failed and not self._committed and not self._rolled_back:
                await self.commit()
        finally:
            await self._give_back()

    async def _give_back(self) -> None:
        if self.engine.pool:
            await self.engine.pool.release(self.connection)
        else:
            await self.connection.close()


class Engine(PostgresEngine):
    """Piccolo's engine with transactions that carry a scope, and a pool that does not pay for a reset it needs not."""

    async def get_version(self) -> float:
        """No connection while the module is imported: the application waits for its database itself."""
        return 0.0

    def transaction(self, allow_nested: bool = True) -> "Tx":
        """A transaction without a scope: for migrations and for the owner's commands, who pass the walls."""
        return Tx(self, _current_scope(self) or Scope())

    async def open(self, dsn: str, *, size: int = 16) -> None:
        """Start the pool; raises OSError or asyncpg errors while the database is away."""
        self.config = {"dsn": dsn}
        if self.pool is None:
            self.pool = await asyncpg.create_pool(
                dsn, min_size=1, max_size=size, command_timeout=60, reset=_no_reset, init=_check_durable
            )

    async def close(self) -> None:
        if _ending:
            await asyncio.gather(*_ending, return_exceptions=True)
        if self.pool is not None:
            pool, self.pool = self.pool, None
            await pool.close()


def _current_scope(engine: Engine) -> Scope | None:
    current = engine.current_transaction.get()
    return current._scope if isinstance(current, Tx) else None


async def _no_reset(connection: Any) -> None:
    """Every setting of ours is local to its transaction, so RESET ALL would be a round trip for nothing."""
    if connection.is_in_transaction():
        await connection.execute("ROLLBACK")


async def _check_durable(connection: Any) -> None:
    """An acknowledged record must survive a power cut: refuse a server that was told not to care (I1)."""
    for name in ("fsync", "synchronous_commit", "full_page_writes"):
        value = await connection.fetchval(f"SHOW {name}")
        if value not in {"on", "remote_apply", "remote_write"}:
            raise RuntimeError(f"PostgreSQL runs with {name}={value}; acknowledged records would not be safe")


_ending: set["asyncio.Task[None]"] = set()


def _later(work: Any) -> None:
    task = asyncio.create_task(work)
    _ending.add(task)
    task.add_done_callback(_ending.discard)


DB = Engine(config={"dsn": ""})


def writing(scope: Scope, *, hot: bool = False) -> Tx:
    """One transaction for one verb. `hot`: its statements look up by key, so one plan serves every value; planning them
    anew costs more than running them."""
    return Tx(DB, scope, hot=hot)


def reading(scope: Scope, *, hot: bool = False) -> Tx:
    """One snapshot-free read; inside another transaction of the same scope it is that transaction."""
    return Tx(DB, scope, reading=True, hot=hot)


async def rows(sql: str, *values: Any) -> list[dict[str, Any]]:
    """Rows of a statement that Piccolo's builder cannot say, inside the current transaction."""
    return [dict(row) for row in await connection().fetch(sql, *values)]


async def row(sql: str, *values: Any) -> dict[str, Any] | None:
    found = await connection().fetchrow(sql, *values)
    return dict(found) if found is not None else None


async def value(sql: str, *values: Any) -> Any:
    return await connection().fetchval(sql, *values)


async def run(sql: str, *values: Any) -> str:
    """The command tag ("UPDATE 1") of a statement inside the current transaction."""
    return str(await connection().execute(sql, *values))


def connection() -> Any:
    """The asyncpg connection of the current transaction, for what only it can do (COPY)."""
    current = DB.current_transaction.get()
    if current is None:
        raise RuntimeError("a query outside of a transaction sees nothing: open reading() or writing() first")
    return current.connection


async def door(sql: str, *values: Any) -> dict[str, Any] | None:
    """One of the few functions that look through the walls (see migrations): sign-in, label, receipt."""
    if DB.pool is None:
        raise ConnectionRefusedError("the database is not open")
    async with DB.pool.acquire() as connection:
        found = await connection.fetchrow(sql, *values)
        return dict(found) if found is not None else None


GRANTS = {
    "SELECT": ["*"],
    "INSERT": ["*"],
    "UPDATE": [
        *("body", "app_user", "member", "user_session", "invitation", "throttle", "place", "point", "label"),
        *("school_kind", "photo", "finding", "finding_count", "record_head", "notice"),
        *("calendar_day", "routing_rule", "finding_policy", "contractor_link", "saved_view"),
        *("notice_choice", "notice_channel", "delivery"),
        *("roster", "roster_person", "duty", "duty_swap", "route", "route_point", "route_person"),
        *("coverage_day", "coverage_week", "term", "room", "label_trouble", "calendar_feed"),
        "round (holder, started_at, started_by, finished_at, finished_by, finish_why)",
        'stop (state, visit, at, recorded_at, sent_late, "by", why, said_at)',
    ],
    "DELETE": ["throttle"],
}
"""What the application's role may do. What is not here it cannot: no visit, answer, event or entry ever changes, and of
a round and its stops only what is named here."""

CATALOGUE = ("point_kind", "recovery_epoch", "migration")
"""Tables that only the owner fills."""


async def migrate(owner_dsn: str, app_role: str) -> list[str]:
    """Run what is missing of the history, then grant the application's role its rights. Returns the ids that ran.

    Two processes may call this at once: the second waits on an advisory lock and finds nothing left to do.
    """
    os.environ.setdefault("PICCOLO_CONF", "backend.piccolo_conf")
    lock = await asyncpg.connect(owner_dsn)
    await DB.open(owner_dsn, size=2)
    try:
        await lock.execute("SELECT pg_advisory_lock(hashtext('xunan migrate'))")
        before = await _migrated(lock)
        with contextlib.redirect_stdout(io.StringIO()) as said:
            manager = ForwardsMigrationManager(app_name="xunan", migration_id="all")
            result = await manager.run()
        if not result.success:
            raise RuntimeError(result.message or said.getvalue())
        await _grant(lock, app_role)
        return sorted(set(await _migrated(lock)) - set(before))
    finally:
        await DB.close()
        await lock.close()


async def _migrated(connection: Any) -> list[str]:
    if await connection.fetchval("SELECT to_regclass('public.migration')") is None:
        return []
    return [row["name"] for row in await connection.fetch("SELECT name FROM migration")]


async def _grant(connection: Any, app_role: str) -> None:
    tables = [row[0] for row in await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    role = '"' + app_role.replace('"', '""') + '"'
    async with connection.transaction():
        await connection.execute(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}, PUBLIC")
        await connection.execute(f"GRANT USAGE ON SCHEMA public TO {role}")
        await connection.execute("REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC")
        await connection.execute(f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {role}")
        for right, wanted in GRANTS.items():
            for table in tables if wanted == ["*"] else wanted:
                name, _, columns = table.partition(" ")
                if right == "SELECT" or name not in CATALOGUE:
                    await connection.execute(f'GRANT {right} {columns} ON "{name}" TO {role}')
