"""The bodies a member may see: his own, and for a bureau the tree below it."""

from typing import Any
from uuid import UUID

from backend import database
from backend.access import Member
from backend.database import reading
from backend.trouble import Missing

PAGE = 50

_BODY = """
SELECT b.id, b.kind, b.path, b.name, b.name_en, b.number, b.school_type, b.boarding, b.address, b.emergency_phone,
  b.latitude, b.longitude, parent.id AS parent, parent.kind AS parent_kind, parent.name AS parent_name,
  parent.name_en AS parent_name_en, coalesce(p.points, 0) AS points, coalesce(m.people, 0) AS people
FROM body b
  LEFT JOIN body parent ON cardinality(b.path) > 1 AND parent.id = b.path[cardinality(b.path) - 1]
  LEFT JOIN (SELECT school, count(*) AS points FROM point WHERE state = 'active' GROUP BY school) p ON p.school = b.id
  LEFT JOIN (SELECT body, count(DISTINCT "user") AS people FROM member WHERE active GROUP BY body) m ON m.body = b.id
WHERE $1 = ANY (b.path)
"""


async def body(member: Member, wanted: UUID | None) -> dict[str, Any]:
    """One body, his own or below. Raises Missing."""
    async with reading(member.scope):
        found = await database.row(f"{_BODY} AND b.id = $2", member.body, wanted)
    if found is None:
        raise Missing()
    return found


async def tree(member: Member) -> list[dict[str, Any]]:
    """His body and all below, each with `depth` from his own (0) down; a district stands before its schools."""
    async with reading(member.scope):
        found = await database.rows(f"{_BODY} ORDER BY cardinality(b.path), b.kind, b.number", member.body)
    below: dict[Any, list[dict[str, Any]]] = {}
    for one in found:
        below.setdefault(one["parent"] if one["id"] != member.body else None, []).append(one)
    return list(_walk(below, None, 0))


def _walk(below: dict[Any, list[dict[str, Any]]], parent: UUID | None, depth: int) -> list[dict[str, Any]]:
    out = []
    for one in below.get(parent, []):
        one["depth"] = depth
        out += [one, *_walk(below, one["id"], depth + 1)]
    return out


async def schools(
    member: Member, *, words: str = "", school_type: str = "", district: UUID | None = None, start: int = 0
) -> tuple[list[dict[str, Any]], int]:
    """Up to PAGE schools below him from `start`, by district and number, and how many there are altogether."""
    sql = f"""{_BODY} AND b.kind = 'school' AND ($2 = '' OR b.school_type = $2)
      AND ($3::uuid IS NULL OR $3 = ANY (b.path))
      AND ($4 = '' OR position($4 in lower(b.name || ' ' || b.name_en || ' ' || b.number)) > 0)"""
    values = (member.body, school_type, district, words.strip().lower())
    async with reading(member.scope):
        found = await database.rows(f"{sql} ORDER BY parent.number, b.number LIMIT {PAGE} OFFSET $5", *values, start)
        total: int = await database.value(f"SELECT count(*) FROM ({sql}) AS every", *values)
    return found, total


async def districts(member: Member) -> list[dict[str, Any]]:
    """The districts at or below his body, for filters."""
    async with reading(member.scope):
        return await database.rows(
            "SELECT id, name, name_en FROM body WHERE kind = 'district' AND $1 = ANY (path) ORDER BY number",
            member.body,
        )
