"""Buildings, their floors and open ground, with how many points each has."""

from typing import Any
from uuid import UUID

from backend import database
from backend.access import Member
from backend.database import reading

Rows = list[dict[str, Any]]

_PLACE = """
  SELECT pl.*, up.name AS building_name, up.name_en AS building_name_en, b.name AS school_name,
    b.name_en AS school_name_en,
    (SELECT count(*) FROM point p WHERE p.place = pl.id AND p.state = 'active') AS points,
    (SELECT count(*) FROM point p WHERE p.place = pl.id AND p.state = 'active' AND p.pin_x IS NULL) AS unpinned
  FROM place pl JOIN body b ON b.id = pl.school LEFT JOIN place up ON up.id = pl.parent
  WHERE pl.school IN (SELECT id FROM body WHERE kind = 'school' AND $1 = ANY (path))
"""
_ORDER = (
    " ORDER BY coalesce(up.position, pl.position), coalesce(up.name, pl.name), up.id NULLS FIRST, pl.position, pl.name"
)


async def places_of(member: Member, school: UUID) -> Rows:
    """Every place of a school: a building, then its floors, then the next."""
    async with reading(member.scope):
        return await database.rows(_PLACE + " AND pl.school = $2" + _ORDER, member.body, school)


async def place(member: Member, place_id: UUID) -> dict[str, Any] | None:
    async with reading(member.scope):
        return await database.row(_PLACE + " AND pl.id = $2", member.body, place_id)


async def points_there(member: Member, place_id: UUID) -> Rows:
    """Active points of this place itself, those with a pin first."""
    async with reading(member.scope):
        return await database.rows(
            """SELECT p.id, p.number, p.name, p.name_en, p.kind, p.position, p.position_en, p.pin_x, p.pin_y
               FROM point p WHERE p.place = $1 AND p.state = 'active' ORDER BY p.pin_x IS NULL, p.number""",
            place_id,
        )
