"""Reading a notice. Notices are written by the verbs of what they tell, in the same transaction."""

from datetime import datetime

from backend import database
from backend.access import Member
from backend.database import writing


async def read_all(until: datetime, by: Member) -> int:
    """Mark as read what he had been shown: everything up to `until`. Returns how many."""
    async with writing(by.scope):
        done = await database.run(
            'UPDATE notice SET read_at = now() WHERE "user" = $1 AND read_at IS NULL AND created_at <= $2',
            by.user,
            until,
        )
    return int(done.split()[-1])
