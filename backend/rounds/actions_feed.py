"""The secret address of somebody's rounds for a calendar program: made, which ends the one before, and withdrawn."""

import secrets

from backend import database
from backend.access import Member, hashed
from backend.database import writing
from backend.settings import settings

_WITHDRAW = """UPDATE calendar_feed SET withdrawn_at = now()
  WHERE "user" = $1 AND school = $2 AND withdrawn_at IS NULL"""


def address(token: str) -> str:
    """Where a calendar program asks."""
    return f"{settings().public_url}/ics/{token}.ics"


async def open_feed(by: Member) -> str:
    """A new secret, returned now and kept nowhere; the one before opens nothing any more."""
    token = secrets.token_urlsafe(32)
    async with writing(by.scope):
        await database.run(_WITHDRAW, by.user, by.school)
        await database.run(
            'INSERT INTO calendar_feed ("user", school, token_hash) VALUES ($1, $2, $3)',
            *(by.user, by.school, hashed(token)),
        )
    return token


async def withdraw(by: Member) -> None:
    """His address opens nothing any more; doing it twice changes nothing."""
    async with writing(by.scope):
        await database.run(_WITHDRAW, by.user, by.school)
