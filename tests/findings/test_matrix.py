"""Every cell of state x verb x role, done for real: what the table says is what happens, and nothing else."""

from dataclasses import replace
from uuid import UUID

import pytest

from backend.access import Member
from backend.database import run, writing
from backend.findings.actions_moves import move
from backend.findings.queries_moves import facts_of
from backend.findings.rules import Source, State, Verb
from backend.findings.rules_machine import Facts, hats
from backend.findings.rules_moves import move_for, stands_in_the_way, way_to
from backend.row import uuid7
from backend.trouble import Forbidden, Invalid, Missing, Refused
from tests.findings.lives import line, told
from tests.world import World

WHO = ("guard", "crew", "duty", "manager", "deputy", "principal", "district", "city")
KINDS = {
    "general": {"grade": "general"},
    "major": {"grade": "major", "grade_proposed": "major"},
    "inspection": {"grade": "general", "source": Source.INSPECTION.value},
    "on_spot": {"fixed_on_spot": True},
}
VERBS = [verb for verb in Verb if verb not in {Verb.MERGE, Verb.SPLIT, Verb.INVITE, Verb.WITHDRAW}]
"""Merging and splitting need a second finding, links a token: their tests stand beside them."""


async def made(world: World, state: State, kind: str) -> UUID:
    """A finding in this state, found by the guard, in the hands of the crew and mended by it once it is so far."""
    finding, columns = uuid7(), {"state": state.value, "assigned_to": world.users["crew"], **KINDS[kind]}
    columns |= {"found_by": world.users["guard"], "measures": "修", "contingency": "守", "funds": 1}
    if state in {State.SUBMITTED, State.ACCEPTED, State.RECHECKED, State.DELIST_REQUESTED, State.FIXED_ON_SPOT}:
        columns |= {"mended_by": world.users["crew"]}
    if state is State.MERGED:
        columns |= {"merged_into": await made(world, State.REPORTED, kind)}
    columns = {"source": Source.PATROL.value, **columns}
    names, places = ", ".join(columns), ", ".join(f"${n}" for n in range(4, 4 + len(columns)))
    async with writing((await world.member("manager")).scope):
        await run(
            f"""INSERT INTO finding (id, school, number, title, found_at, deadline, area, {names})
                VALUES ($1, $2, $3, '格', now(), current_date, 'fire', {places})""",
            *(finding, world.bodies["one"], f"M{finding.hex[-12:]}", *columns.values()),
        )
    return finding


def expected(facts: Facts, verb: Verb, member: Member, found_by: UUID) -> type[Exception] | None:
    """What the table says of this cell; None: it is done."""
    way = way_to(facts, verb)
    if not way:
        return Refused
    role = member.role.value if member.role else ""
    assignee = facts.assigned_to == member.user
    worn = hats(role, member.post, member.body_kind, assignee=assignee, found=found_by == member.user)
    for step in way:
        step_move = move_for(facts, step)
        if step_move is None:
            return Refused
        if not step_move.who & worn:
            return Forbidden
        if stands_in_the_way(facts, step_move, member.user, member.body, grade="general"):
            return Refused
        grade = "general" if step is Verb.GRADE else facts.grade
        facts = replace(facts, state=step_move.after or facts.state, grade=grade)
    return None


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("state", State)
async def test_every_cell(world: World, state: State, kind: str) -> None:
    wrong, finding = [], await made(world, state, kind)
    facts = facts_of(await line(world, finding))
    for who in WHO:
        member = await world.member(who)
        for verb in VERBS:
            awaited = expected(facts, verb, member, world.users["guard"])
            happened: type[Exception] | None = None
            try:
                await move(finding, verb, told(verb, world), member)
            except (Refused, Forbidden, Missing, Invalid) as error:
                happened = type(error)
            ended_unseen = who == "crew" and happened is Missing  # what has ended and was never his is not his to see
            if happened is not awaited and not ended_unseen:
                wrong.append((who, verb.value, awaited, happened))
            if happened is None:
                finding = await made(world, state, kind)
    async with writing((await world.member("manager")).scope):  # out of the way of those who look at the crew's list
        await run(
            "UPDATE finding SET state = 'rejected_report', assigned_to = $1 WHERE title = '格' AND state <> 'merged'",
            world.users["crew2"],
        )
        await run("UPDATE finding SET assigned_to = $1 WHERE title = '格' AND state = 'merged'", world.users["crew2"])
    assert wrong == []
