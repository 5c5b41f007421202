"""Rooms of a floor with the points in them, and what its drawing names."""

import asyncio
from typing import Any
from uuid import UUID

from backend import database
from backend.access import WITHIN, Member
from backend.database import reading
from backend.photos import store
from backend.points.rules_rooms import PASSAGE_KINDS, Room, nearest_room, rooms_of_plan

Row = dict[str, Any]
ALIKE = 0.02
"""Two labels of one name as near as this are one room (fraction of the plan)."""


async def rooms(member: Member, place: UUID) -> list[Row]:
    """Rooms of a place that are still there, as one walks through the plan; `points`: how many are in use there."""
    async with reading(member.scope):
        return await database.rows(
            """SELECT r.id, r.name, r.name_en, r.x, r.y, r.without,
                 (SELECT count(*) FROM point p WHERE p.room = r.id AND p.state = 'active') AS points
               FROM room r WHERE r.place = $1 AND r.gone_at IS NULL
               ORDER BY round(r.y::numeric, 2), r.x, r.name, r.id""",
            place,
        )


async def points_there(member: Member, place: UUID) -> list[Row]:
    """Active points of this place itself, with the room they are in."""
    async with reading(member.scope):
        return await database.rows(
            """SELECT id, number, name, name_en, kind, position, position_en, pin_x, pin_y, room FROM point
               WHERE place = $1 AND state = 'active' ORDER BY number, id""",
            place,
        )


async def gone_names(member: Member, place: UUID) -> set[str]:
    """Names of rooms that were taken away: they are not ticked again by themselves."""
    async with reading(member.scope):
        found = await database.rows("SELECT name FROM room WHERE place = $1 AND gone_at IS NOT NULL", place)
    return {row["name"] for row in found}


async def on_plan(place: Row) -> list[Room]:
    """Rooms that the drawing of a building or floor names; none when its plan is a picture or there is no plan. What a
    drawing of the grounds names are buildings."""
    file = store().path(place["plan_sha256"] or "") if place["plan_kind"] == "svg" else None
    if file is None or place["kind"] == "ground":
        return []
    return rooms_of_plan(await asyncio.to_thread(file.read_bytes))


def fresh(named: list[Room], there: list[Row]) -> dict[int, Room]:
    """The rooms of a drawing that the list lacks, by their number in the drawing."""
    return {n: room for n, room in enumerate(named) if not any(_same(room, row) for row in there)}


def _same(room: Room, row: Row) -> bool:
    if room[0] != row["name"]:
        return False
    return row["x"] is None or max(abs(room[1] - row["x"]), abs(room[2] - row["y"])) < ALIKE


def guess(point: Row, there: list[Row], offered: dict[int, Room], shape: float) -> str:
    """The choice to show for a point: its room, else the room its pin lies in ("plan-3" is one of the drawing)."""
    if point["room"]:
        return str(point["room"])
    if point["pin_x"] is None or point["kind"] in PASSAGE_KINDS:
        return ""
    places = [(str(row["id"]), row["x"], row["y"]) for row in there if row["x"] is not None]
    places += [(f"plan-{n}", x, y) for n, (_, x, y) in offered.items()]
    return nearest_room((point["pin_x"], point["pin_y"]), places, shape=shape) or ""


async def without_point(member: Member, school: UUID) -> list[Row]:
    """Rooms of a school in which no point is, and of which nobody said that they need none."""
    async with reading(member.scope):
        return await database.rows(
            f"""SELECT r.id, r.name, r.name_en, r.place, pl.name AS place_name, pl.name_en AS place_name_en,
                  up.name AS building_name, up.name_en AS building_name_en
                FROM room r JOIN place pl ON pl.id = r.place LEFT JOIN place up ON up.id = pl.parent
                WHERE r.school = $2 AND r.{WITHIN} AND r.gone_at IS NULL AND r.without = ''
                  AND NOT EXISTS (SELECT 1 FROM point p WHERE p.room = r.id AND p.state = 'active')
                ORDER BY coalesce(up.position, pl.position), up.name NULLS FIRST, pl.position, pl.name, r.y, r.x,
                  r.name""",
            *(member.body, school),
        )


async def unread_floors(member: Member, school: UUID) -> list[Row]:
    """Floors with points or a drawing of which no room is known."""
    async with reading(member.scope):
        return await database.rows(
            f"""SELECT pl.id, pl.name, pl.name_en, up.name AS building_name, up.name_en AS building_name_en
                FROM place pl JOIN place up ON up.id = pl.parent
                WHERE pl.school = $2 AND pl.{WITHIN} AND pl.kind = 'floor'
                  AND NOT EXISTS (SELECT 1 FROM room r WHERE r.place = pl.id)
                ORDER BY up.position, up.name, pl.position, pl.name""",
            *(member.body, school),
        )
