"""Two roles for one database: the owner migrates, the application logs in as a role that owns nothing and cannot pass
row-level security."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import asyncpg

from backend import postgres_home
from backend.postgres_home import PostgresError

AWAY = (
    *(OSError, TimeoutError, asyncpg.PostgresConnectionError, asyncpg.OperatorInterventionError),
    asyncpg.TooManyConnectionsError,
)
"""What connecting raises while a server is absent, starting or stopping."""

OLDEST, NEWEST = 15, 18


@dataclass(frozen=True)
class Dsns:
    """How to connect: the owner to migrate, the application for all else. Not in repr: they hold passwords."""

    owner: str = field(repr=False)
    app: str = field(repr=False)

    @property
    def app_role(self) -> str:
        return unquote(urlsplit(self.app).username or "")


def embedded_dsns(socket: Path, secret: dict[str, str], database: str = "xunan") -> Dsns:
    where = f"?host={quote(str(socket))}&port=5432"
    return Dsns(
        owner=f"postgresql://xunan:{secret['owner']}@/{database}{where}",
        app=f"postgresql://xunan_app:{secret['app']}@/{database}{where}",
    )


def external_dsns(owner: str, data: Path, app: str | None = None) -> Dsns:
    """Both connections of an external server, without asking it: the application starts while its database is away.

    The application's password follows from the owner's, so copies with folders of their own agree on it; where the
    owner has none (peer, certificate) it is random and kept in `data`.
    """
    if app:
        return Dsns(owner, app)
    parts = urlsplit(owner)
    role = unquote(parts.path[1:]) + "_app"
    if parts.password:
        salt = b"xunan app role " + role.encode()
        key = hashlib.scrypt(unquote(parts.password).encode(), salt=salt, n=2**14, r=8, p=1, dklen=24)
        password = base64.urlsafe_b64encode(key).decode()
    else:
        postgres_home.make_folder(data, 0o700)
        password = postgres_home.passwords(data, ("app",))["app"]
    where = parts.netloc.rpartition("@")[2]
    return Dsns(owner, urlunsplit(parts._replace(netloc=f"{quote(role, safe='')}:{quote(password)}@{where}")))


async def ensure_app_role(owner: str, data: Path, app: str | None = None) -> Dsns:
    """Make the application's role on an external server, or check the given one. Raises PostgresError, and one of AWAY
    while the server is absent."""
    dsns = external_dsns(owner, data, app)
    connection = await _connect(owner, "XUNAN_DATABASE_URL")
    try:
        await check_server(connection)
        if not app and not await _can_sign_in(dsns.app):
            await _make_role(connection, dsns.app_role, unquote(urlsplit(dsns.app).password or ""))
        elif app:
            await (await _connect(app, "XUNAN_APP_DATABASE_URL")).close()
        await _check_role(connection, dsns.app_role)
    finally:
        await connection.close()
    return dsns


async def ensure_embedded(maintenance: str, dsns: Dsns) -> None:
    """Database and role of the embedded server: work only on its first start, or after one that was cut short."""
    database = urlsplit(dsns.owner).path[1:]
    connection = await asyncpg.connect(maintenance)
    try:
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", database):
            await connection.execute(f'CREATE DATABASE "{database}"')
        if not await _can_sign_in(dsns.app):
            await _make_role(connection, dsns.app_role, urlsplit(dsns.app).password or "")
        await check_server(connection)
        if await connection.fetchval("SHOW data_checksums") != "on":
            raise PostgresError("The database was made without checksums.", "数据库未启用校验和。")
    finally:
        await connection.close()


async def wait_until_up(dsn: str, seconds: float) -> bool:
    """True as soon as the server lets us in; False if it did not in that time."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            connection = await asyncpg.connect(dsn, timeout=5)
        except AWAY:
            if time.monotonic() >= deadline:
                return False
            await asyncio.sleep(0.2)
        else:
            await connection.close()
            return True


async def check_server(connection: Any) -> None:
    """What is acknowledged must survive a power cut, so a server that was told not to care is refused."""
    version = int(await connection.fetchval("SHOW server_version_num")) // 10000
    if not OLDEST <= version <= NEWEST:
        raise PostgresError(
            f"PostgreSQL {OLDEST} to {NEWEST} is needed, this is {version}.",
            f"需要 PostgreSQL {OLDEST} 至 {NEWEST}，当前为 {version}。",
        )
    for name in ("fsync", "full_page_writes", "synchronous_commit"):
        if await connection.fetchval(f"SHOW {name}") == "off":
            raise PostgresError(
                f"PostgreSQL runs with {name}=off, a power cut would lose records; switch it on.",
                f"PostgreSQL 的 {name} 已关闭，断电会丢失记录，请将其打开。",
            )


async def _connect(dsn: str, name: str) -> Any:
    """A wrong address is waited for (AWAY); a wrong password or database is for the person to mend."""
    try:
        return await asyncpg.connect(dsn, timeout=10)
    except AWAY:
        raise
    except (asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        said = str(error).partition("\n")[0]
        raise PostgresError(f"{name} does not let us in: {said}", f"{name} 无法登录：{said}") from error


async def _can_sign_in(dsn: str) -> bool:
    try:
        await (await asyncpg.connect(dsn, timeout=10)).close()
    except (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError):
        return False
    return True


async def _make_role(connection: Any, role: str, password: str) -> None:
    name = '"' + role.replace('"', '""') + '"'
    exists = await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role)
    # the server sees, and may log, only the verifier of the password
    secret = f"LOGIN PASSWORD '{_verifier(password)}'"
    refused = "NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
    try:
        await connection.execute(f"ALTER ROLE {name} {secret}" if exists else f"CREATE ROLE {name} {refused} {secret}")
    except asyncpg.DuplicateObjectError:
        pass  # another start made it in the same moment, with the same password
    except asyncpg.InsufficientPrivilegeError as error:
        raise PostgresError(
            f"The owner of the database may not make the role {role}; let an administrator make a login role that owns "
            "nothing and set XUNAN_APP_DATABASE_URL to it.",
            f"数据库所有者无权创建角色 {role}；"
            "请由管理员创建一个不拥有任何对象的登录角色，并设置 XUNAN_APP_DATABASE_URL。",
        ) from error


async def _check_role(connection: Any, role: str) -> None:
    """A role that passes row-level security, or can become one that does, would make every wall of ours paper."""
    too_strong = await connection.fetchval(
        "SELECT rolsuper OR rolbypassrls OR pg_has_role(oid, current_user::name, 'MEMBER')"
        " OR EXISTS (SELECT FROM pg_class WHERE relowner = pg_roles.oid) FROM pg_roles WHERE rolname = $1",
        role,
    )
    if too_strong is not False:
        raise PostgresError(
            f"The application's role {role} must own nothing and be neither superuser nor the owner.",
            f"应用的数据库角色 {role} 不能拥有表，也不能是超级用户或所有者，请换一个角色。",
        )


def _verifier(password: str) -> str:
    """SCRAM-SHA-256 as PostgreSQL stores it (RFC 5803)."""
    salt, rounds = os.urandom(16), 4096
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, rounds)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    texts = [base64.b64encode(part).decode() for part in (salt, stored, server)]
    return f"SCRAM-SHA-256${rounds}:{texts[0]}${texts[1]}:{texts[2]}"
