"""What was said of a label that could not be read, and how it is settled: by printing, by hanging another, by looking.

`actions` calls this file (what prints and binds, settles), so it imports nothing from there.
"""

from collections.abc import Collection
from uuid import UUID

from backend import clock, database
from backend.access import Member
from backend.database import writing
from backend.language import N_
from backend.points.rules import Trouble
from backend.row import uuid7
from backend.trouble import Invalid, Missing

REASON_NEEDED = N_("Please give the reason.")


async def tell_trouble(
    school: UUID, point: UUID, label: UUID | None, kind: Trouble, words: str, by: UUID | None, visit: UUID | None
) -> None:
    """Somebody (`by`, a user's id) could not read the label at this point; inside the caller's transaction.

    The same visit says the same once. Nobody is told: the reprint list makes itself from these rows.
    """
    await database.run(
        """INSERT INTO label_trouble (id, school, point, label, kind, words, by, visit)
           SELECT $1, $2, $3, $4, $5, $6, $7, $8::uuid WHERE $8::uuid IS NULL
             OR NOT EXISTS (SELECT 1 FROM label_trouble WHERE point = $3 AND visit = $8 AND kind = $5)""",
        *(uuid7(), school, point, label, kind.value, words[:500], by, visit),
    )


async def settle(school: UUID, points: Collection[UUID | None], by: UUID | None) -> None:
    """A label was printed for these points or hung there; inside the caller's transaction."""
    await database.run(
        """UPDATE label_trouble SET settled_at = $3, settled_by = $4
           WHERE school = $1 AND point = ANY ($2) AND settled_at IS NULL""",
        *(school, [point for point in points if point], clock.now(), by),
    )


async def is_well(point: UUID, why: str, by: Member) -> None:
    """A manager looked: the label can be read. What was said of it is settled, and what happened until now counts no
    more; his reason stays as a row of its own. Raises Invalid, Missing."""
    if not why:
        raise Invalid({"why": REASON_NEEDED})
    async with writing(by.scope):
        found = await database.row("SELECT id FROM point WHERE id = $1 AND school = $2", point, by.school)
        if found is None or by.school is None:
            raise Missing()
        await settle(by.school, [point], by.user)
        await database.run(
            """INSERT INTO label_trouble (id, school, point, kind, words, by, settled_at, settled_by)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $6)""",
            *(uuid7(), by.school, point, Trouble.UNREAD.value, why[:500], by.user, clock.now()),
        )
