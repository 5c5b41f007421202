"""What a new version of the program brings into an existing database: tables first, then the built-in checklists
and criteria."""

from backend.database import DB, migrate
from backend.demo import load_builtin
from backend.postgres_roles import Dsns


async def bring_up_to_date(dsns: Dsns) -> tuple[int, bool]:
    """How many migrations ran, and whether a new version of the pack came in. Safe to run again, and twice at once."""
    done = await migrate(dsns.owner, dsns.app_role)
    await DB.open(dsns.owner, size=2)
    try:
        return len(done), await load_builtin()
    finally:
        await DB.close()
