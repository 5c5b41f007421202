"""Saying that a school has none of a kind of key place, and taking that back."""

from backend import database
from backend.access import Member
from backend.coverage.rules_blind import KEYS
from backend.database import writing
from backend.language import N_
from backend.record import actions as record
from backend.record.rules import canonical
from backend.row import uuid7
from backend.trouble import Forbidden, Invalid, Missing

WORDS_NEEDED = N_("Please say in a few words why there is no such place.")
TOO_LONG = N_("Please keep it below 300 characters.")
LONGEST = 300
_LAST = (
    """SELECT there, words FROM key_place WHERE school = $1 AND key = $2 ORDER BY created_at DESC, id DESC LIMIT 1"""
)


async def declare(key: str, there: bool, words: str, by: Member) -> None:
    """The newest word counts; each stays and stands in the record. Saying the same again adds nothing.

    Raises Missing for a kind of place that the plan does not name, Invalid when an absence is not explained.
    """
    if by.school is None:
        raise Forbidden()
    if key not in KEYS:
        raise Missing()
    if len(words) > LONGEST or (not there and not words):
        raise Invalid({"words": TOO_LONG if words else WORDS_NEEDED})
    new = uuid7()
    async with writing(by.scope):
        await database.run("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"key place {by.school}")
        last = await database.row(_LAST, by.school, key)
        if (last["there"], last["words"]) == (there, words) if last else there:
            return
        await database.run(
            'INSERT INTO key_place (id, school, key, there, words, "by", created_at) VALUES ($1, $2, $3, $4, $5, $6, '
            "clock_timestamp())",
            *(new, by.school, key, there, words, by.user),
        )
        told = canonical({"key": key, "there": there, "words": words})
        await record.append(by.school, new, "key_place", told, by.user)
