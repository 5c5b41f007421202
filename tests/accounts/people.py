"""What the tests of sign-in share: a fresh person with a password, and the owner's look at a table."""

import secrets
from typing import Any
from uuid import UUID

import asyncpg

from backend.accounts.hashing import HASHER
from backend.postgres_roles import Dsns
from backend.row import uuid7
from tests.world import World

PASSWORD = "a good long one"
HASH = HASHER.hash(PASSWORD)


async def owner(dsns: Dsns, sql: str, *values: Any) -> list[Any]:
    """Run as the owner, past the walls."""
    connection = await asyncpg.connect(dsns.owner)
    try:
        return list(await connection.fetch(sql, *values))
    finally:
        await connection.close()


async def somebody(
    dsns: Dsns, world: World, *places: tuple[str, str], password: bool = True, phone: str | None = None
) -> tuple[str, UUID]:
    """A new person with posts (body of the world, post). Returns user name and id."""
    username, user = f"p{secrets.token_hex(6)}", uuid7()
    await owner(
        dsns,
        "INSERT INTO app_user (id, username, name, password_hash, phone) VALUES ($1, $2, '小明', $3, $4)",
        *(user, username, HASH if password else None, phone),
    )
    for body, post in places:
        await owner(dsns, 'INSERT INTO member ("user", body, post) VALUES ($1, $2, $3)', user, world.bodies[body], post)
    return username, user
