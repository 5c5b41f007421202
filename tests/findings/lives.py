"""Findings in any state, made by the real verbs of the people of the test world."""

import secrets
from datetime import timedelta
from uuid import UUID

from backend import clock
from backend.access import Member
from backend.database import row, writing
from backend.findings.actions import Fault, raise_from
from backend.findings.actions_moves import Done, Shot, Told, move
from backend.findings.rules import Source, Verb
from backend.photos import Kept
from tests.world import World


def shot() -> Shot:
    """A photo as if it had just been stored."""
    sha256 = secrets.token_hex(32)
    return Shot(sha256, Kept(sha256, sha256, 640, 480, 1000, 1, None, False))


def told(verb: Verb, world: World, **fields: str) -> Told:
    """What a good form of this verb says; `fields` override."""
    soon = (clock.today() + timedelta(days=5)).isoformat()
    five = {"assignee": str(world.users["crew"]), "measures": "更换锁具", "funds": "120", "deadline": soon}
    good: dict[Verb, dict[str, str]] = {
        Verb.REGISTER: {"area": "fire"},
        Verb.GRADE: {"grade": "general", "grade_reason": "不符合判定要素"},
        Verb.ASSIGN: {"area": "fire", "grade": "general", "grade_reason": "一般", **five, "contingency": "专人看守"},
        Verb.HAND_OVER: {"assignee": str(world.users["crew2"])},
        Verb.WAIT: {"until": soon},
        Verb.COST: {"cost": "35.5"},
        Verb.REQUEST_EXTENSION: {"wish": (clock.today() + timedelta(days=30)).isoformat()},
        Verb.LIST: {"deadline": soon},
        Verb.REPORT_UP: {"situation": "现状", "danger": "危害", "plan": "方案"},
        Verb.SPLIT: {"title": "另一个问题"},
    }
    photos = (shot(),) if verb in {Verb.MAKE_SAFE, Verb.MEND, Verb.SEND_BACK} else ()
    return Told(words=fields.pop("words", "情况说明"), fields={**good.get(verb, {}), **fields}, photos=photos)


async def born(
    world: World,
    *,
    item: str = "",
    by: str = "guard",
    severity: str = "general",
    source: Source = Source.PATROL,
    spot: bool = False,
    point: str = "exit",
) -> UUID:
    """A fresh finding at a point of school one."""
    member = await world.member("guard")
    fault = Fault(
        school=world.bodies["one"],
        point=world.points[point],
        item_code=item or f"test.{secrets.token_hex(6)}",
        area="fire",
        title="安全出口上锁",
        title_en="Exit locked",
        words="门打不开",
        severity=severity,
        basis="",
        at=clock.now(),
        source=source,
        by=world.users[by],
        fixed_on_spot=spot,
    )
    async with writing(member.scope):
        return (await raise_from(fault)).finding


async def act(world: World, finding: UUID, who: str, verb: Verb, **fields: str) -> Done:
    return await move(finding, verb, told(verb, world, **fields), await world.member(who))


async def line(world: World, finding: UUID) -> dict[str, object]:
    member: Member = await world.member("manager")
    async with writing(member.scope):
        found = await row("SELECT * FROM finding WHERE id = $1", finding)
    assert found is not None
    return found


GENERAL = (("manager", Verb.ASSIGN), ("crew", Verb.MEND), ("manager", Verb.ACCEPT), ("guard", Verb.RECHECK))
"""The shortest way of a general finding to its closing by the manager."""


async def brought(world: World, until: Verb | None = None) -> UUID:
    """A general finding after the verb `until` of GENERAL."""
    finding = await born(world)
    for who, verb in GENERAL:
        await act(world, finding, who, verb)
        if verb is until:
            break
    return finding
