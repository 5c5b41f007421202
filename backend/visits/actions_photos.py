"""What becomes of a photo that a record named: its file arrived, or was no photo."""

from datetime import datetime

from backend import clock, database
from backend.access import Member
from backend.database import writing
from backend.photos import Kept


async def photo_arrived(kept: Kept, by: Member) -> int:
    """The file of a photo that his records name is on disk; returns in how many places it was waited for."""
    async with writing(by.scope):
        done = await database.run(
            """UPDATE photo SET state = 'kept', stored_sha256 = $3, width = $4, height = $5, bytes = $6, phash = $7,
                 had_position = $8, taken_at = coalesce(taken_at, $9), received_at = now(), reason = ''
               WHERE sha256 = $1 AND by = $2 AND state <> 'kept'""",
            *(kept.sha256, by.user, kept.stored_sha256, kept.width, kept.height, kept.bytes, kept.phash, kept.has_gps),
            _aware(kept.taken_at),
        )
    return int(done.split()[-1])


async def photo_refused(sha256: str, reason: str, by: Member) -> None:
    """What was sent is no photo we can keep; the visit stays, and its page says why."""
    async with writing(by.scope):
        await database.run(
            "UPDATE photo SET state = 'rejected', reason = $3 WHERE sha256 = $1 AND by = $2 AND state = 'awaited'",
            *(sha256, by.user, reason),
        )


def _aware(taken_at: datetime | None) -> datetime | None:
    """A camera without an offset shows the city's wall clock."""
    return taken_at.replace(tzinfo=clock.zone()) if taken_at and taken_at.tzinfo is None else taken_at
