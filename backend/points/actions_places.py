"""Verbs on buildings, floors and grounds: add, rename, move, and give one its plan."""

from typing import Literal
from uuid import UUID

import asyncpg

from backend import database
from backend.access import Member
from backend.database import writing
from backend.photos import Plan
from backend.points.actions import own_school
from backend.points.rules import GIVEN_NEEDED, LONGEST, NAME_TAKEN, NO_SUCH_PLACE, TOO_LONG, PlaceKind
from backend.row import uuid7
from backend.trouble import Invalid, Missing


def _check(name: str, name_en: str) -> None:
    given = {"name": name, "name_en": name_en}
    wrong = {key: TOO_LONG for key, text in given.items() if len(text) > LONGEST[key]}
    if not name:
        wrong["name"] = GIVEN_NEEDED
    if wrong:
        raise Invalid(wrong)


async def add_place(kind: PlaceKind, parent: UUID | None, name: str, name_en: str, by: Member) -> UUID:
    """A building, a ground, or a floor of the building `parent`, at the end of its list. Raises Invalid."""
    _check(name, name_en)
    school, new = own_school(by), uuid7()
    async with writing(by.scope):
        sql = "SELECT kind FROM place WHERE id = $1 AND school = $2"
        above = await database.value(sql, parent, school) if parent else None
        if (kind is PlaceKind.FLOOR) != (above == "building") or (parent and above is None):
            raise Invalid({"parent": NO_SUCH_PLACE})
        try:
            await database.run(
                """INSERT INTO place (id, school, kind, parent, name, name_en, position)
                   SELECT $1, $2, $3, $4, $5, $6, coalesce(max(position), 0) + 1 FROM place
                   WHERE school = $2 AND parent IS NOT DISTINCT FROM $4""",
                *(new, school, kind.value, parent, name, name_en),
            )
        except asyncpg.UniqueViolationError:
            raise Invalid({"name": NAME_TAKEN}) from None
    return new


async def rename_place(place: UUID, name: str, name_en: str, by: Member) -> None:
    _check(name, name_en)
    async with writing(by.scope):
        try:
            sql = "UPDATE place SET name = $3, name_en = $4 WHERE id = $1 AND school = $2"
            tag = await database.run(sql, place, own_school(by), name, name_en)
        except asyncpg.UniqueViolationError:
            raise Invalid({"name": NAME_TAKEN}) from None
        if tag == "UPDATE 0":
            raise Missing()


async def move_place(place: UUID, direction: Literal["up", "down"], by: Member) -> None:
    """One step among its siblings; at the end of the list nothing happens."""
    school = own_school(by)
    async with writing(by.scope):
        siblings = await database.rows(
            """SELECT s.id FROM place s JOIN place me ON me.id = $1 AND me.school = $2
               WHERE s.school = $2 AND s.parent IS NOT DISTINCT FROM me.parent
               ORDER BY s.position, s.name, s.id FOR UPDATE OF s""",
            *(place, school),
        )
        order = [row["id"] for row in siblings]
        if place not in order:
            raise Missing()
        here = order.index(place)
        there = min(max(here + (-1 if direction == "up" else 1), 0), len(order) - 1)
        order[here], order[there] = order[there], order[here]
        await database.run(
            """UPDATE place SET position = o.n FROM unnest($1::uuid[]) WITH ORDINALITY AS o (id, n)
               WHERE place.id = o.id""",
            order,
        )


async def set_plan(place: UUID, plan: Plan, by: Member) -> None:
    """The plan that is shown from now on; pins keep their fractions, because a new plan is mostly a better scan."""
    kind = "svg" if plan.media_type == "image/svg+xml" else "picture"
    async with writing(by.scope):
        tag = await database.run(
            """UPDATE place SET plan_sha256 = $3, plan_kind = $4, plan_width = $5, plan_height = $6
               WHERE id = $1 AND school = $2""",
            *(place, own_school(by), plan.stored_sha256, kind, max(1, round(plan.width)), max(1, round(plan.height))),
        )
        if tag == "UPDATE 0":
            raise Missing()
