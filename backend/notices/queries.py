"""What a person should know; always his own notices, whoever else may read the school."""

from datetime import datetime
from typing import Any

import msgspec

from backend import database
from backend.access import Member
from backend.database import reading

PAGE = 50


async def unread(member: Member) -> int:
    """How many notices he has not read, for the bell; one look into a partial index."""
    async with reading(member.scope):
        return int(
            await database.value('SELECT count(*) FROM notice WHERE "user" = $1 AND read_at IS NULL', member.user)
        )


async def notices(member: Member, before: datetime | None = None) -> tuple[list[dict[str, Any]], bool]:
    """Up to PAGE notices, newest first, and whether there are older ones."""
    async with reading(member.scope):
        found = await database.rows(
            f"""SELECT n.id, n.kind, n.subject, n.facts::text AS facts, n.created_at, n.read_at, b.name AS school_name,
                  b.name_en AS school_name_en FROM notice n JOIN body b ON b.id = n.school
                WHERE n."user" = $1 AND ($2::timestamptz IS NULL OR n.created_at < $2)
                ORDER BY n.created_at DESC, n.id LIMIT {PAGE + 1}""",
            *(member.user, before),
        )
    for notice in found:
        notice["facts"] = msgspec.json.decode(notice["facts"], type=dict[str, Any])
    return found[:PAGE], len(found) > PAGE
