"""What a person should know; always his own notices, whoever else may read the school."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from backend import database
from backend.access import Member
from backend.database import reading
from backend.trouble import Missing

PAGE = 50
_NOTICE = """SELECT n.id, n.school, n.kind, n.subject, n.facts::text AS facts, n.urgent, n.created_at, n.read_at,
  b.name AS school_name, b.name_en AS school_name_en FROM notice n JOIN body b ON b.id = n.school WHERE n."user" = $1"""


async def unread(member: Member) -> int:
    """How many notices he has not read, for the bell; one look into a partial index."""
    async with reading(member.scope):
        return int(
            await database.value('SELECT count(*) FROM notice WHERE "user" = $1 AND read_at IS NULL', member.user)
        )


async def notices(
    member: Member, before: datetime | None = None, *, only_unread: bool = False
) -> tuple[list[dict[str, Any]], bool]:
    """Up to PAGE notices, newest first, and whether there are older ones."""
    unread_ones = "AND n.read_at IS NULL" if only_unread else ""
    async with reading(member.scope):
        found = await database.rows(
            f"""{_NOTICE} AND ($2::timestamptz IS NULL OR n.created_at < $2) {unread_ones}
                ORDER BY n.created_at DESC, n.id LIMIT {PAGE + 1}""",
            *(member.user, before),
        )
    return [_read(one) for one in found[:PAGE]], len(found) > PAGE


async def notice(member: Member, wanted: UUID) -> dict[str, Any]:
    """One of his own. Raises Missing."""
    async with reading(member.scope):
        found = await database.row(f"{_NOTICE} AND n.id = $2", member.user, wanted)
    if found is None:
        raise Missing()
    return _read(found)


def _read(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "facts": msgspec.json.decode(row["facts"], type=dict[str, Any])}
