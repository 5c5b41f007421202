"""Verbs on a body's terms: named, changed, dropped. They hold for the body and everybody below that names none."""

from collections.abc import Iterable
from uuid import UUID

from backend import database
from backend.access import Member
from backend.bodies.rules_sheet import TermDraft
from backend.database import writing
from backend.language import N_
from backend.row import uuid7
from backend.trouble import Invalid, Missing


async def add(draft: TermDraft, by: Member) -> UUID:
    """A new term of his body. Raises Invalid, also where it overlaps another one of the same body."""
    _sound(draft)
    async with writing(by.scope):
        await _alone(by)
        return await put(draft, by)


async def put_all(drafts: Iterable[TermDraft], by: Member) -> None:
    """Part of a writing transaction: the terms of a file."""
    found = list(drafts)
    if found:
        await _alone(by)
    for draft in found:
        await put(draft, by)


async def put(draft: TermDraft, by: Member) -> UUID:
    """Part of a writing transaction: the same days again are the same term, with its new name."""
    same = await database.value(
        "SELECT id FROM term WHERE body = $1 AND starts = $2 AND ends = $3 AND dropped_at IS NULL",
        *(by.body, draft.starts, draft.ends),
    )
    await _free(draft, same, by)
    if same:
        await database.run("UPDATE term SET name = $2, name_en = $3 WHERE id = $1", same, draft.name, draft.name_en)
        return UUID(str(same))
    new = uuid7()
    await database.run(
        "INSERT INTO term (id, body, name, name_en, starts, ends) VALUES ($1,$2,$3,$4,$5,$6)",
        *(new, by.body, draft.name, draft.name_en, draft.starts, draft.ends),
    )
    return new


async def change(term: UUID, draft: TermDraft, by: Member) -> None:
    """Raises Missing for a term that is not his body's, Invalid."""
    async with writing(by.scope):
        await _alone(by)
        await _own(term, by)
        _sound(draft)
        await _free(draft, term, by)
        await database.run(
            "UPDATE term SET name = $2, name_en = $3, starts = $4, ends = $5 WHERE id = $1",
            *(term, draft.name, draft.name_en, draft.starts, draft.ends),
        )


async def drop(term: UUID, by: Member) -> None:
    """It holds no more; the row stays. Raises Missing."""
    async with writing(by.scope):
        await _own(term, by)
        await database.run("UPDATE term SET dropped_at = now() WHERE id = $1", term)


def _sound(draft: TermDraft) -> None:
    if draft.faults:
        raise Invalid(draft.faults)


async def _alone(by: Member) -> None:
    """One writer of a body's terms at a time: two terms written at once could overlap unseen."""
    await database.run("SELECT pg_advisory_xact_lock(hashtextextended('term ' || $1::text, 0))", str(by.body))


async def _own(term: UUID, by: Member) -> None:
    sql = "SELECT 1 FROM term WHERE id = $1 AND body = $2 AND dropped_at IS NULL"
    if not await database.value(sql, term, by.body):
        raise Missing()


async def _free(draft: TermDraft, but: UUID | None, by: Member) -> None:
    other = await database.value(
        """SELECT name FROM term WHERE body = $1 AND dropped_at IS NULL AND id IS DISTINCT FROM $4::uuid
             AND starts <= $3 AND ends >= $2 ORDER BY starts LIMIT 1""",
        *(by.body, draft.starts, draft.ends, but),
    )
    if other and draft.row:
        raise Invalid({"file": N_("Row %(n)s: this term overlaps %(term)s.")}, n=draft.row, term=other)
    if other:
        raise Invalid({"starts": N_("This term overlaps %(term)s.")}, term=other)
