"""A person's saved views of the ledger: kept under a name, taken away again."""

from uuid import UUID

from backend import clock, database
from backend.access import Member
from backend.database import writing
from backend.findings.rules_filters import Wanted
from backend.language import N_
from backend.trouble import Invalid, Missing

LONGEST_NAME = 60
MOST_VIEWS = 30


async def save_view(name: str, wanted: Wanted, by: Member) -> UUID:
    """Keep these filters under a name; the same name once more means the new filters. Raises Invalid."""
    name = " ".join(name.split())
    if not name:
        raise Invalid({"name": N_("Please give the view a name.")})
    if len(name) > LONGEST_NAME:
        raise Invalid({"name": N_("At most 60 characters, please.")})
    async with writing(by.scope):
        await database.run("SELECT FROM app_user WHERE id = $1 FOR NO KEY UPDATE", by.user)
        await _remove("name = $3", name, by)
        count = await database.value(
            'SELECT count(*) FROM saved_view WHERE "user" = $1 AND removed_at IS NULL', by.user
        )
        if count >= MOST_VIEWS:
            raise Invalid({"name": N_("30 views are kept. Take one away first.")})
        saved: UUID = await database.value(
            'INSERT INTO saved_view ("user", name, query) VALUES ($1, $2, $3) RETURNING id',
            *(by.user, name, wanted.address()),
        )
        return saved


async def remove_view(view: UUID, by: Member) -> None:
    """Raises Missing for a view that is gone or somebody else's."""
    async with writing(by.scope):
        if not await _remove("id = $3", view, by):
            raise Missing()


async def _remove(which: str, value: object, by: Member) -> bool:
    done = await database.run(
        f'UPDATE saved_view SET removed_at = $2 WHERE "user" = $1 AND removed_at IS NULL AND {which}',
        *(by.user, clock.now(), value),
    )
    return done != "UPDATE 0"
