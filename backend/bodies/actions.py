"""Verbs on bodies: a school describes itself, an administrator adds and renames what is below him."""

from uuid import UUID

import asyncpg

from backend import database
from backend.access import Member
from backend.bodies.rules import BELOW, BodyFacts, BodyKind
from backend.database import Scope, writing
from backend.language import N_
from backend.row import uuid7
from backend.trouble import Invalid, Missing


async def change_school(facts: BodyFacts, by: Member) -> None:
    """What a school says about itself; its type and number are the bureau's."""
    faults = {field: fault for field, fault in facts.faults.items() if field not in {"number", "school_type"}}
    if faults:
        raise Invalid(faults)
    async with writing(by.scope):
        done = await database.run(
            """UPDATE body SET name = $2, name_en = $3, address = $4, emergency_phone = $5, boarding = $6,
                 latitude = $7, longitude = $8 WHERE id = $1 AND kind = 'school'""",
            *(by.body, facts.name, facts.name_en, facts.address, facts.emergency_phone, facts.boarding),
            *(facts.latitude, facts.longitude),
        )
    if done != "UPDATE 1":
        raise Missing()


async def change_body(body: UUID, facts: BodyFacts, by: Member) -> None:
    """All of a body below the administrator, his own included. Raises Missing."""
    if facts.faults:
        raise Invalid(facts.faults)
    try:
        async with writing(by.scope):
            done = await database.run(
                """UPDATE body SET name = $3, name_en = $4, number = $5, school_type = $6, address = $7,
                     emergency_phone = $8, boarding = $9, latitude = $10, longitude = $11
                   WHERE id = $1 AND $2 = ANY (path)""",
                *(body, by.body, facts.name, facts.name_en, facts.number, facts.school_type or None, facts.address),
                *(facts.emergency_phone, facts.boarding, facts.latitude, facts.longitude),
            )
    except asyncpg.UniqueViolationError:
        raise _number_taken() from None
    if done != "UPDATE 1":
        raise Missing()


async def add_body(parent: UUID, kind: str, facts: BodyFacts, by: Member) -> UUID:
    """A district below a city, or a school below either. Returns its id; raises Missing for a foreign parent."""
    body = uuid7()
    try:
        async with writing(by.scope):
            above = await database.row("SELECT kind, path FROM body WHERE id = $1 AND $2 = ANY (path)", parent, by.body)
            if above is None:
                raise Missing()
            faults = dict(facts.faults)
            if kind not in BELOW[above["kind"]]:
                faults["kind"] = N_("Please choose")
            if faults:
                raise Invalid(faults)
            await _insert(body, kind, [*above["path"], body], facts)
    except asyncpg.UniqueViolationError:
        raise _number_taken() from None
    return body


async def ensure_city(number: str, name: str, name_en: str = "") -> UUID:
    """The owner's command: the city at the top, unless a body of this number is there. Returns its id."""
    async with writing(Scope()):
        known: UUID | None = await database.value("SELECT id FROM body WHERE number = $1", number)
        if known is not None:
            return known
        body = uuid7()
        await database.run(
            "INSERT INTO body (id, kind, path, name, name_en, number) VALUES ($1, $2, $3, $4, $5, $6)",
            *(body, BodyKind.CITY.value, [body], name, name_en, number),
        )
        return body


async def _insert(body: UUID, kind: str, path: list[UUID], facts: BodyFacts) -> None:
    await database.run(
        """INSERT INTO body (id, kind, path, name, name_en, number, school_type, boarding, address, emergency_phone,
             latitude, longitude) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)""",
        *(body, kind, path, facts.name, facts.name_en, facts.number, facts.school_type or None, facts.boarding),
        *(facts.address, facts.emergency_phone, facts.latitude, facts.longitude),
    )


def _number_taken() -> Invalid:
    return Invalid({"number": N_("This number is already used")})
