"""Verbs on the rooms of a floor: add, rename, take away, say that one needs no point, read them from the plan."""

from collections.abc import Collection, Mapping
from uuid import UUID

import asyncpg

from backend import clock, database
from backend.access import Member
from backend.database import writing
from backend.language import N_
from backend.points.actions import own_school
from backend.points.rules import GIVEN_NEEDED, LONGEST, NAME_TAKEN, TOO_LONG
from backend.points.rules_rooms import Room
from backend.row import uuid7
from backend.trouble import Invalid, Missing, Refused

MOST = 400
TOO_MANY = N_("A floor has at most 400 rooms here.")
OCCUPIED = N_("%(n)s points are in this room. Move them to another room first, or retire them.")
NO_ROOM = N_("Please choose a room from the list.")
LONGEST_WHY = 200


def _check(name: str, name_en: str = "") -> None:
    wrong = {key: TOO_LONG for key, text in (("name", name), ("name_en", name_en)) if len(text) > LONGEST[key]}
    if not name:
        wrong["name"] = GIVEN_NEEDED
    if wrong:
        raise Invalid(wrong)


async def add_room(place: UUID, name: str, name_en: str, by: Member) -> UUID:
    """A room without a place on the plan; one that was taken away comes back. Raises Invalid, Missing."""
    _check(name, name_en)
    async with writing(by.scope):
        await _place(place, by)
        found = await _insert(place, (name, None, None), name_en, by)
    if found is None:
        raise Invalid({"name": NAME_TAKEN})
    return found


async def _place(place: UUID, by: Member) -> None:
    """One at a time changes the rooms of a place."""
    sql = "SELECT id FROM place WHERE id = $1 AND school = $2 FOR UPDATE"
    if await database.value(sql, place, own_school(by)) is None:
        raise Missing()
    if int(await database.value("SELECT count(*) FROM room WHERE place = $1", place) or 0) >= MOST:
        raise Refused(TOO_MANY)


async def _insert(place: UUID, room: tuple[str, float | None, float | None], name_en: str, by: Member) -> UUID | None:
    """None when it is there already."""
    found: UUID | None = await database.value(
        """INSERT INTO room (id, school, place, name, name_en, x, y) VALUES ($1, $2, $3, $4, $5, $6, $7)
           ON CONFLICT (place, name, x, y) DO UPDATE SET gone_at = NULL, without = '', name_en = excluded.name_en
             WHERE room.gone_at IS NOT NULL RETURNING id""",
        *(uuid7(), own_school(by), place, room[0], name_en, room[1], room[2]),
    )
    return found


async def rename_room(place: UUID, room: UUID, name: str, name_en: str, by: Member) -> None:
    _check(name, name_en)
    async with writing(by.scope):
        try:
            tag = await database.run(
                """UPDATE room SET name = $4, name_en = $5
                   WHERE id = $1 AND place = $2 AND school = $3 AND gone_at IS NULL""",
                *(room, place, own_school(by), name, name_en),
            )
        except asyncpg.UniqueViolationError:
            raise Invalid({"name": NAME_TAKEN}) from None
        if tag == "UPDATE 0":
            raise Missing()


async def say_without(place: UUID, rooms: Collection[UUID], why: str, by: Member) -> int:
    """Nothing in these rooms needs a point, for this reason; an empty one takes it back. Returns how many."""
    if len(why) > LONGEST_WHY:
        raise Invalid({"why": TOO_LONG})
    async with writing(by.scope):
        done = await database.rows(
            """UPDATE room SET without = $4
               WHERE id = ANY ($1) AND place = $2 AND school = $3 AND gone_at IS NULL RETURNING id""",
            *(list(rooms), place, own_school(by), why),
        )
    if len(done) != len(set(rooms)):
        raise Missing()
    return len(done)


async def take_away(place: UUID, room: UUID, by: Member) -> None:
    """The room is no more; points in use there must go first. Retired ones keep it. Raises Refused."""
    async with writing(by.scope):
        sql = "SELECT id FROM room WHERE id = $1 AND place = $2 AND school = $3 AND gone_at IS NULL FOR UPDATE"
        if await database.value(sql, room, place, own_school(by)) is None:
            raise Missing()
        inside = await database.value("SELECT count(*) FROM point WHERE room = $1 AND state = 'active'", room)
        if inside:
            raise Refused(OCCUPIED, n=inside)
        await database.run("UPDATE room SET gone_at = $2 WHERE id = $1", room, clock.now())


async def take_over(
    place: UUID, named: Mapping[str, Room], ticked: Collection[str], points: Mapping[UUID, str], by: Member
) -> int:
    """Rooms of the drawing (`named`, by the keys that the form gave them) that were ticked or chosen for a point; then
    each of `points` goes to its room: a key, the id of a room, or "" for none. Returns how many rooms are new.

    Raises Invalid for a room that is none of this place's, Missing for a point that is not there.
    """
    school, new = own_school(by), 0
    async with writing(by.scope):
        await _place(place, by)
        known: dict[str, UUID | None] = {str(row["id"]): row["id"] for row in await _there(place)}
        for key in dict.fromkeys([*ticked, *(one for one in points.values() if one in named)]):
            made = await _insert(place, named[key], "", by) if key in named else None
            new += made is not None
            known[key] = made or await _same(place, named.get(key))
        if any(choice and not known.get(choice) for choice in (*points.values(), *ticked)):
            raise Invalid({"points": NO_ROOM})
        tag = await database.run(
            """UPDATE point p SET room = c.room FROM unnest($1::uuid[], $2::uuid[]) AS c (point, room)
               WHERE p.id = c.point AND p.place = $3 AND p.school = $4""",
            *(list(points), [known.get(choice) for choice in points.values()], place, school),
        )
        if tag != f"UPDATE {len(points)}":
            raise Missing()
    return new


async def _there(place: UUID) -> list[dict[str, UUID]]:
    return await database.rows("SELECT id FROM room WHERE place = $1 AND gone_at IS NULL", place)


async def _same(place: UUID, room: Room | None) -> UUID | None:
    """The room of a drawing that was there already: the form was sent twice."""
    if room is None:
        return None
    sql = "SELECT id FROM room WHERE place = $1 AND name = $2 AND x = $3 AND y = $4 AND gone_at IS NULL"
    found: UUID | None = await database.value(sql, place, *room)
    return found
