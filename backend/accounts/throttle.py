"""Tries per key, counted in one statement before the try, so that tries at once cannot pass together. A file of its own
because reports and codes are limited by it too."""

import secrets
from datetime import datetime, timedelta

from backend import clock, database
from backend.accounts.rules import FIRST_LOCK, LONGEST_LOCK
from backend.database import Scope, writing
from backend.language import N_
from backend.trouble import TooMany

_SPEND = """
INSERT INTO throttle AS t (key, count, window_ends) VALUES ($1, 1, now() + $3::interval)
ON CONFLICT (key) DO UPDATE SET
  count = CASE WHEN t.window_ends <= now() - CASE WHEN t.count < $2 THEN interval '0' ELSE $4::interval END
    THEN 1 ELSE t.count + 1 END,
  window_ends = now() + CASE WHEN t.count < $2 OR t.window_ends <= now() - $4::interval THEN $3::interval
    ELSE least($3::interval * power(2, least(t.count + 1 - $2, 12)), $4::interval) END
WHERE t.count < $2 OR t.window_ends <= now()
RETURNING count
"""


async def spend(
    key: str, limit: int, *, first: timedelta = FIRST_LOCK, longest: timedelta = LONGEST_LOCK, reason: str = ""
) -> None:
    """Count one try of `key`. After `limit` tries within `first` it is locked that long; each further try doubles it.

    Raises TooMany with the time of the next try. `forgive` what turned out right. Opens its own transaction: a try
    stays counted whatever becomes of the rest.
    """
    async with writing(Scope()):
        if secrets.randbelow(200) == 0:
            await database.run("DELETE FROM throttle WHERE window_ends < now() - interval '2 days'")
        if await database.row(_SPEND, key, limit, first, longest) is not None:
            return
        until: datetime | None = await database.value("SELECT window_ends FROM throttle WHERE key = $1", key)
    raise _too_many(until or clock.now(), reason)


async def forgive(*keys: str) -> None:
    """Forget the tries of these keys."""
    async with writing(Scope()):
        await database.run("DELETE FROM throttle WHERE key = ANY ($1)", list(keys))


async def give_back(key: str) -> None:
    """Take one try of `key` back: it was no failure."""
    async with writing(Scope()):
        await database.run("UPDATE throttle SET count = greatest(count - 1, 0) WHERE key = $1", key)


def _too_many(until: datetime, reason: str) -> TooMany:
    local = clock.local(until)
    shown = f"{local:%H:%M}" if local.date() == clock.today() else f"{local:%Y-%m-%d %H:%M}"
    seconds = max(1, int((until - clock.now()).total_seconds()) + 1)
    text = reason or N_("Too many tries. You can try again at %(time)s.")
    return TooMany(text, time=shown, seconds=seconds)
