"""A school's channels and a person's choices; what is sealed is read by the sender only."""

from typing import Any
from uuid import UUID

import msgspec

from backend import database
from backend.access import Member
from backend.database import reading
from backend.trouble import Missing

_CHANNEL = """SELECT c.id, c.kind, c.name, c.shown, c.kinds::text AS kinds, c.created_at, c.ended_at, c.last_sent_at,
  c.last_error, c.pause_until, u.name AS by_name, u.name_en AS by_name_en,
  (SELECT count(*) FROM delivery d WHERE d.state = 'waiting' AND d.channel = c.id) AS waiting
  FROM notice_channel c LEFT JOIN app_user u ON u.id = c.by"""


async def channels(member: Member) -> list[dict[str, Any]]:
    """Those of his school, the working ones first."""
    async with reading(member.scope):
        found = await database.rows(
            f"{_CHANNEL} WHERE c.school = $1 ORDER BY (c.ended_at IS NOT NULL), c.created_at DESC LIMIT 100",
            member.school,
        )
    return [_read(one) for one in found]


async def channel(member: Member, wanted: UUID) -> dict[str, Any]:
    """One of his school's. Raises Missing."""
    async with reading(member.scope):
        found = await database.row(f"{_CHANNEL} WHERE c.school = $1 AND c.id = $2", member.school, wanted)
    if found is None:
        raise Missing()
    return _read(found)


def _read(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "kinds": msgspec.json.decode(row["kinds"], type=list[str])}


async def choices(member: Member) -> dict[str, bool]:
    """Kinds of notices he has decided about: by mail or not."""
    async with reading(member.scope):
        found = await database.rows('SELECT kind, mail FROM notice_choice WHERE "user" = $1', member.user)
    return {row["kind"]: row["mail"] for row in found}


async def mail_address(member: Member) -> str:
    async with reading(member.scope):
        return str(await database.value("SELECT email FROM app_user WHERE id = $1", member.user) or "")


async def channel_kinds(member: Member) -> list[str]:
    """Which ways his school has."""
    if member.school is None:
        return []
    async with reading(member.scope):
        found = await database.rows(
            "SELECT DISTINCT kind FROM notice_channel WHERE school = $1 AND ended_at IS NULL", member.school
        )
    return [row["kind"] for row in found]
