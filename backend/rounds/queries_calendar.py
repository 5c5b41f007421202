"""What a school's days are, for judging when its routes are walked."""

from datetime import date, timedelta
from uuid import UUID

from backend.bodies.queries_calendar import marks_of
from backend.bodies.queries_terms import terms_of
from backend.rounds.rules_when import MOVED_FAR, Calendar

_AROUND = timedelta(days=MOVED_FAR + 2)
_YEAR = timedelta(days=366)


async def calendar_of(school: UUID, start: date, end: date) -> Calendar:
    """Enough to judge every round that begins from `start` to `end`, those of a whole term or year included; two
    statements inside the current transaction."""
    marks = await marks_of(school, start - _YEAR, end + _YEAR)
    return Calendar(marks, tuple(await terms_of(school, start - _YEAR, end + _AROUND + _YEAR)))
