"""Verbs on points and labels: one transaction each, by a member who acts for his own school."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg

from backend import clock, database
from backend.access import Member
from backend.database import Scope, writing
from backend.language import N_
from backend.points.actions_health import settle
from backend.points.rules import (
    NO_SUCH_KIND,
    NO_SUCH_PERSON,
    NO_SUCH_PLACE,
    NUMBER_TAKEN,
    LabelVerb,
    PointFacts,
)
from backend.row import uuid7
from backend.trouble import Forbidden, Invalid, Missing, Refused
from qr import codes

MOST_LABELS = 10_000

ALREADY_RETIRED = N_("This point is retired already.")
ALREADY_ACTIVE = N_("This point is in use already.")
IS_REVOKED = N_("This label is revoked: it cannot be bound or replaced any more.")
IS_BOUND = N_("This label hangs at another point already.")
IS_BLANK = N_("This label is blank: bind it to a point instead.")
POINT_RETIRED = N_("This point is retired: bring it back first.")
REASON_NEEDED = N_("Please give the reason.")
HOW_MANY = N_("Please give a number from 1 to 10,000.")


def own_school(by: Member) -> UUID:
    """The school he acts for; who stands above schools writes nothing of theirs."""
    if by.school is None:
        raise Forbidden()
    return by.school


_COLUMNS = (
    *("number", "name", "kind", "name_en", "place", "position", "position_en", "responsible", "responsible_name"),
    *("phone", "note", "latitude", "longitude"),
)


async def add_point(facts: PointFacts, by: Member, *, label: UUID | None = None) -> UUID:
    """A new point; a blank `label` that was claimed for it is bound in the same transaction. Raises Invalid."""
    school, new = own_school(by), uuid7()
    async with writing(by.scope):
        await _check_references(facts, school)
        values = [getattr(facts, column) for column in _COLUMNS]
        places = ", ".join(f"${number}" for number in range(3, len(values) + 3))
        sql = f"INSERT INTO point (id, school, {', '.join(_COLUMNS)}) VALUES ($1, $2, {places})"
        try:
            await database.run(sql, new, school, *values)
        except asyncpg.UniqueViolationError:
            raise Invalid({"number": NUMBER_TAKEN}) from None
        if label is not None:
            await _bind(label, new, school, by, claim=True)
    return new


async def edit_point(point: UUID, facts: PointFacts, by: Member) -> None:
    """Changes what is known of a point; its pin goes when it moves to another place. Raises Invalid."""
    school = own_school(by)
    async with writing(by.scope):
        await _check_references(facts, school, but=point)
        values = [getattr(facts, column) for column in _COLUMNS]
        pairs = ", ".join(f"{column} = ${number}" for number, column in enumerate(_COLUMNS, start=3))
        kept = "CASE WHEN place IS NOT DISTINCT FROM $7::uuid THEN {0} END"  # $7 is the new place
        sql = (
            f"UPDATE point SET {pairs}, pin_x = {kept.format('pin_x')}, pin_y = {kept.format('pin_y')} "
            "WHERE id = $1 AND school = $2"
        )
        try:
            _one(await database.run(sql, point, school, *values))
        except asyncpg.UniqueViolationError:
            raise Invalid({"number": NUMBER_TAKEN}) from None


async def _check_references(facts: PointFacts, school: UUID, but: UUID | None = None) -> None:
    found = await database.row(
        """SELECT EXISTS (SELECT 1 FROM point_kind WHERE code = $1) AS kind,
             $2::uuid IS NULL OR EXISTS (SELECT 1 FROM place WHERE id = $2 AND school = $4) AS place,
             $3::uuid IS NULL OR EXISTS (SELECT 1 FROM member WHERE "user" = $3 AND body = $4 AND active)
               OR EXISTS (SELECT 1 FROM point WHERE id = $5 AND responsible = $3) AS person""",
        *(facts.kind, facts.place, facts.responsible, school, but),
    )
    reasons = {"kind": NO_SUCH_KIND, "place": NO_SUCH_PLACE, "person": NO_SUCH_PERSON}
    wrong = {key: why for key, why in reasons.items() if found and not found[key]}
    if "person" in wrong:
        wrong["responsible"] = wrong.pop("person")
    if wrong:
        raise Invalid(wrong)


async def place_pin(point: UUID, at: tuple[float, float] | None, by: Member) -> None:
    """Puts the point on the plan of its place (fractions of width and height), or takes it off."""
    x, y = at or (None, None)
    async with writing(by.scope):
        sql = "UPDATE point SET pin_x = $3, pin_y = $4 WHERE id = $1 AND school = $2"
        _one(await database.run(sql, point, own_school(by), x, y))


async def retire(point: UUID, why: str, by: Member) -> None:
    """Nobody has to go there any more; its past stays. Its labels go on answering, helpfully."""
    if not why:
        raise Invalid({"why": REASON_NEEDED})
    async with writing(by.scope):
        await _known(point, own_school(by))
        sql = "UPDATE point SET state = 'retired', retired_at = $3, retired_why = $4 WHERE id = $1 AND school = $2"
        _one(await database.run(sql + " AND state = 'active'", point, by.school, clock.now(), why), ALREADY_RETIRED)


async def bring_back(point: UUID, by: Member) -> None:
    async with writing(by.scope):
        await _known(point, own_school(by))
        sql = "UPDATE point SET state = 'active', retired_at = NULL, retired_why = '' WHERE id = $1 AND school = $2"
        _one(await database.run(sql + " AND state = 'retired'", point, by.school), ALREADY_ACTIVE)


async def _known(point: UUID, school: UUID) -> str:
    state = await database.value("SELECT state FROM point WHERE id = $1 AND school = $2", point, school)
    if state is None:
        raise Missing()
    return str(state)


def _one(tag: str, otherwise: str = "") -> None:
    """An update that met no row: it is not there, or somebody was first."""
    if tag == "UPDATE 0":
        raise Refused(otherwise) if otherwise else Missing()


async def new_labels(school: UUID, points: Sequence[UUID] | None, count: int, by: Member | None) -> list[UUID]:
    """One label for each of `points`, or `count` blank ones to be claimed later. `by` is None for the owner's commands.

    Raises Missing for a foreign point, Invalid for a count outside 1 to 10,000.
    """
    if by is not None and own_school(by) != school:
        raise Missing()
    wanted: list[UUID | None] = list(points) if points is not None else [None] * min(count, MOST_LABELS + 1)
    if not 1 <= len(wanted) <= MOST_LABELS:
        raise Invalid({"count": HOW_MANY})
    ids = [uuid7() for _ in wanted]
    async with writing(by.scope if by else Scope(school=school)):
        known = await database.value(
            "SELECT count(DISTINCT id) FROM point WHERE school = $1 AND id = ANY ($2)", school, list(points or ())
        )
        if known != len(set(points or ())):
            raise Missing()
        await _insert(ids, wanted, school, "")
        if points is not None:
            await _events(ids, wanted, school, LabelVerb.BIND, by, "")
    return ids


async def _insert(ids: Sequence[UUID], points: Sequence[UUID | None], school: UUID, stock: str) -> None:
    """Labels with fresh codes. Short codes are few enough to meet another school's, which we cannot see: try again."""
    waiting = dict(zip(ids, points, strict=True))
    while waiting:
        done = await database.rows(
            """INSERT INTO label (id, school, point, code, short, stock, bound_at)
               SELECT id, $2, point, code, short, $6, CASE WHEN point IS NOT NULL THEN now() END
               FROM unnest($1::uuid[], $3::uuid[], $4::text[], $5::text[]) AS fresh (id, point, code, short)
               ON CONFLICT DO NOTHING RETURNING id""",
            *(list(waiting), school, list(waiting.values()), [codes.new_code() for _ in waiting]),
            *([codes.new_short() for _ in waiting], stock),
        )
        for row in done:
            del waiting[row["id"]]


async def _events(
    ids: Sequence[UUID], points: Sequence[UUID | None], school: UUID, verb: LabelVerb, by: Member | None, words: str
) -> None:
    await database.run(
        """INSERT INTO label_event (id, school, label, point, verb, by, words)
           SELECT id, $2, label, point, $5, $6, $7
           FROM unnest($1::uuid[], $3::uuid[], $4::uuid[]) AS e (id, label, point)""",
        *([uuid7() for _ in ids], school, list(ids), list(points), verb.value, by.user if by else None, words),
    )


async def mark_printed(ids: Sequence[UUID], stock: str, by: Member | None) -> None:
    """The sheet with these labels was made. `by` is None for the command line, which runs as the owner."""
    async with writing(by.scope if by else Scope()):
        rows = await database.rows(
            "UPDATE label SET printed_at = $2, stock = $3 WHERE id = ANY ($1) RETURNING id, school, point",
            *(list(ids), clock.now(), stock),
        )
        for school in {row["school"] for row in rows}:
            own = [row for row in rows if row["school"] == school]
            labels, points = [row["id"] for row in own], [row["point"] for row in own]
            await _events(labels, points, school, LabelVerb.PRINT, by, stock)
            await settle(school, points, by.user if by else None)


async def bind(label: UUID, point: UUID, by: Member, *, claim: bool = False) -> None:
    """Hangs a blank label at a point, or moves one to another point. `claim`: only if it is still blank.

    Raises Missing, or Refused when the label is revoked, the point retired, or somebody claimed it first.
    """
    async with writing(by.scope):
        await _bind(label, point, own_school(by), by, claim=claim)


async def _bind(label: UUID, point: UUID, school: UUID, by: Member, *, claim: bool) -> None:
    state = await _known(point, school)
    found = await _label(label, school)
    if found["point"] == point:
        return  # a second tap
    if claim and found["point"] is not None:
        raise Refused(IS_BOUND)
    if state != "active":
        raise Refused(POINT_RETIRED)
    await database.run("UPDATE label SET point = $2, bound_at = $3 WHERE id = $1", label, point, clock.now())
    await _events([label], [point], school, LabelVerb.BIND, by, "")
    await settle(school, [point], by.user)


async def _label(label: UUID, school: UUID) -> dict[str, Any]:
    """The label, locked and not revoked."""
    found = await database.row("SELECT * FROM label WHERE id = $1 AND school = $2 FOR UPDATE", label, school)
    if found is None:
        raise Missing()
    if found["revoked_at"] is not None:
        raise Refused(IS_REVOKED)
    return found


async def revoke(label: UUID, why: str, by: Member) -> None:
    """The label counts no more (lost, stolen, torn); it keeps its point, so that it can still answer helpfully."""
    if not why:
        raise Invalid({"why": REASON_NEEDED})
    school = own_school(by)
    async with writing(by.scope):
        found = await _label(label, school)
        await database.run("UPDATE label SET revoked_at = $2, revoked_why = $3 WHERE id = $1", label, clock.now(), why)
        await _events([label], [found["point"]], school, LabelVerb.REVOKE, by, why)


async def replace(label: UUID, why: str, by: Member) -> UUID:
    """A new code for the same point; the old one is revoked, names its successor and keeps its point."""
    if not why:
        raise Invalid({"why": REASON_NEEDED})
    school, new = own_school(by), uuid7()
    async with writing(by.scope):
        old = await _label(label, school)
        if old["point"] is None:
            raise Refused(IS_BLANK)
        await _insert([new], [old["point"]], school, old["stock"])
        await database.run(
            "UPDATE label SET revoked_at = $2, revoked_why = $3, replaced_by = $4 WHERE id = $1",
            *(label, clock.now(), why, new),
        )
        await _events([label], [old["point"]], school, LabelVerb.REPLACE, by, why)
        await _events([new], [old["point"]], school, LabelVerb.BIND, by, "")
    return new
