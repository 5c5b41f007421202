"""What the tests of tickets share: a finding that is already somebody's to mend."""

from datetime import date, timedelta
from uuid import UUID

from backend import clock, database
from backend.database import writing
from backend.findings.actions_moves import Told, move
from backend.findings.rules import Verb
from tests.findings.people import fault, spot
from tests.world import World


async def assigned(
    world: World,
    who: str = "crew",
    *,
    point: UUID | None = None,
    words: str = "门锁坏了",
    grade: str = "general",
    deadline: date | None = None,
) -> UUID:
    """Graded and assigned by the manager; a deadline in the past is put there behind the application's back."""
    raised = await fault(world, "guard", point or (await spot(world)).point, words)
    manager, principal = await world.member("manager"), await world.member("principal")
    wished = deadline or clock.today() + timedelta(days=6)
    fields = {
        **{"assignee": str(world.users[who]), "measures": "更换门锁并试开", "funds": "300", "contingency": "改走东门"},
        **{"deadline": str(max(wished, clock.today())), "grade": grade, "area": "fire"},
    }
    await move(raised.finding, Verb.GRADE, Told(words="按判定要素", fields=fields), manager)
    await move(raised.finding, Verb.ASSIGN, Told(fields=fields), principal if grade == "major" else manager)
    if wished < clock.today():
        async with writing(manager.scope):
            await database.run("UPDATE finding SET deadline = $2 WHERE id = $1", raised.finding, wished)
    return raised.finding
