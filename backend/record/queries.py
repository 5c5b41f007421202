"""The chain as it is read by those who check it."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from backend import database
from backend.access import WITHIN, Member
from backend.database import reading
from backend.trouble import Missing

PAGE = 500


async def readable(member: Member, school: UUID) -> None:
    """Raises Missing for a school he may not read."""
    async with reading(member.scope):
        found = await database.value(
            "SELECT 1 FROM body WHERE id = $2 AND kind = 'school' AND $1 = ANY (path)", member.body, school
        )
    if not found:
        raise Missing()


async def lines(member: Member, school: UUID, after: int = 0) -> AsyncIterator[dict[str, Any]]:
    """Entries of a school in order, `body` as its canonical JSON text; each page in a transaction of its own."""
    while True:
        async with reading(member.scope):
            found = await database.rows(
                f"""SELECT seq, subject::text AS id, kind, body, coalesce(by::text, '') AS by, at, prev, hash
                    FROM record_entry WHERE {WITHIN} AND school = $2 AND seq > $3 ORDER BY seq LIMIT {PAGE}""",
                *(member.body, school, after),
            )
        for entry in found:
            yield entry
        if len(found) < PAGE:
            return
        after = found[-1]["seq"]
