"""Verbs on what a school and its bureau set up for findings: times, rules of routing, criteria of major hazards."""

import json
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from backend import database
from backend.access import Member
from backend.database import writing
from backend.findings import queries_settings as queries
from backend.findings.rules_criteria import CriterionFacts, built_in, difference
from backend.findings.rules_deadlines import Policy
from backend.findings.rules_routing import RouteFacts, route_facts
from backend.language import N_
from backend.trouble import Invalid, Missing, Refused


async def set_policy(policy: Policy, by: Member) -> None:
    """The school's own times from now on; deadlines that were set stay as they are."""
    names = Policy.__slots__
    values = ", ".join(f"${n}" for n in range(2, len(names) + 2))
    changed = ", ".join(f"{name} = excluded.{name}" for name in names)
    async with writing(by.scope):
        await database.run(
            f"""INSERT INTO finding_policy (school, {", ".join(names)}) VALUES ($1, {values})
                ON CONFLICT (school) DO UPDATE SET {changed}""",
            *(by.school, *(getattr(policy, name) for name in names)),
        )


# Rules of routing


async def add_route(form: Mapping[str, str], by: Member) -> None:
    """A rule after all others. Raises Invalid by field."""
    async with writing(by.scope):
        facts = await _route(form, by)
        await _lock(by)
        await database.run(
            """INSERT INTO routing_rule (school, position, area, kind, grade, assignee, leader, by)
               SELECT $1, coalesce(max(position), 0) + 1, $2, $3, $4, $5, $6, $7 FROM routing_rule WHERE school = $1""",
            *(by.school, facts.area, facts.kind, facts.grade, UUID(facts.assignee)),
            *(UUID(facts.leader) if facts.leader else None, by.user),
        )


async def _route(form: Mapping[str, str], by: Member) -> RouteFacts:
    people = await queries.people(by)
    kinds = [row["code"] for row in await database.rows("SELECT code FROM point_kind")]
    hands = [str(one["id"]) for one in people if one["hand"]]
    facts = route_facts(form, kinds, hands, [str(one["id"]) for one in people])
    if facts.faults:
        raise Invalid(facts.faults)
    return facts


async def _lock(by: Member) -> None:
    """One at a time puts the rules of a school in order."""
    await database.run("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"routing {by.school}")


async def move_route(rule: UUID, up: bool, by: Member) -> None:
    """Change places with the rule before or after it; the first cannot go up. Raises Missing."""
    async with writing(by.scope):
        await _lock(by)
        order = await _order(by)
        if rule not in order:
            raise Missing()
        place = order.index(rule)
        other = place - 1 if up else place + 1
        if not 0 <= other < len(order):
            return
        order[place], order[other] = order[other], order[place]
        await database.run(
            """UPDATE routing_rule r SET position = o.place
               FROM unnest($2::uuid[]) WITH ORDINALITY o(id, place) WHERE r.id = o.id AND r.school = $1""",
            *(by.school, order),
        )


async def _order(by: Member) -> list[UUID]:
    assert by.school is not None
    return [route.id for route in await queries.routes_of(by.school)]


async def end_route(rule: UUID, by: Member) -> None:
    """The rule proposes nobody any more; it stays in the table. Raises Missing."""
    async with writing(by.scope):
        done = await database.run(
            "UPDATE routing_rule SET active = false, by = $3 WHERE id = $1 AND school = $2 AND active",
            *(rule, by.school, by.user),
        )
    if done != "UPDATE 1":
        raise Missing()


# Criteria of major hazards

STALE = N_("Somebody published a newer version meanwhile. Please look at it first.")
_ADD = """
INSERT INTO criterion (body, code, version, zh, en, plan_checks, items, source, verified, withdrawn, by, words)
VALUES ($1, $2, (SELECT coalesce(max(version), 0) + 1 FROM criterion WHERE code = $2), $3, $4, $5, $6, $7, $8, $9,
  $10, $11)
"""


async def _add(body: UUID | None, said: Mapping[str, Any], by: UUID | None, words: str) -> None:
    lists = [json.dumps(said[name], ensure_ascii=False) for name in ("plan_checks", "items")]
    await database.run(
        _ADD,
        *(body, said["code"], said["zh"], said["en"], *lists, said["source"], said["verified"], said["withdrawn"]),
        *(by, words),
    )


async def load_criteria(entries: Iterable[Mapping[str, Any]], sources: Iterable[Mapping[str, Any]]) -> int:
    """Put the pack's criteria into the database: a version for each that is new or says something else. Run by the
    owner of the database, again and again. A bureau's own version stays in force. Returns how many were added."""
    titles = {one["id"]: str(one["title"]) for one in sources}
    added = 0
    async with database.DB.transaction():
        await database.run("SELECT pg_advisory_xact_lock(hashtextextended('criteria', 0))")
        known = {row["code"]: row for row in await queries.built_in_criteria()}
        for entry in entries:
            said = built_in(entry, titles)
            if said["code"] not in known or difference(known[said["code"]], said):
                await _add(None, said, None, "built in")
                added += 1
    return added


async def write_criterion(code: str, facts: CriterionFacts, seen: int, by: Member) -> str:
    """A new version by his bureau, or with an empty `code` a new criterion. Returns its code.

    `seen` is the version the form was made from. Raises Invalid by field, Missing, Refused when one is newer."""
    if facts.faults:
        raise Invalid(facts.faults)
    async with writing(by.scope):
        said = await _latest(code, seen) if code else {"code": await _new_code(), "plan_checks": []}
        said |= {name: getattr(facts, name) for name in ("zh", "en", "source", "verified")}
        await _add(by.body, {**said, "items": list(facts.items), "withdrawn": False}, by.user, facts.words)
    return str(said["code"])


async def withdraw_criterion(code: str, words: str, seen: int, by: Member) -> None:
    """A version that proposes nothing any more, with the reason. Raises Invalid, Missing, Refused."""
    if not words or len(words) > 500:
        raise Invalid({"why": N_("Please fill this in") if not words else N_("This is too long")})
    async with writing(by.scope):
        said = await _latest(code, seen)
        if said["withdrawn"]:
            raise Refused(N_("This criterion is withdrawn already."))
        await _add(by.body, {**said, "withdrawn": True}, by.user, words)


async def _latest(code: str, seen: int) -> dict[str, Any]:
    await _alone()
    found = next((one for one in await queries.newest() if one["code"] == code), None)
    if found is None:
        raise Missing()
    if found["version"] != seen:
        raise Refused(STALE)
    return found


async def _new_code() -> str:
    """c-01, c-02...: apart from those of the pack (mj-)."""
    await _alone()
    last = await database.value(
        "SELECT coalesce(max(substr(code, 3)::int), 0) FROM criterion WHERE code ~ '^c-[0-9]{1,6}$'"
    )
    return f"c-{last + 1:02}"


async def _alone() -> None:
    await database.run("SELECT pg_advisory_xact_lock(hashtextextended('criteria', 0))")
