"""What a school and its bureau set up for findings: times, who is proposed, what makes a hazard a major one.

Functions without `member` belong to a verb and run inside its transaction.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from backend import database
from backend.access import POSTS, Member, Role
from backend.database import reading
from backend.findings.rules_deadlines import Policy
from backend.findings.rules_routing import Route, first
from backend.trouble import Missing

Rows = list[dict[str, Any]]

HANDS = [post for post, role in POSTS.items() if role in {Role.PATROL, Role.CREW, Role.MANAGER}]
"""Posts whose people may be told to mend something."""
LEADERS = [*HANDS, "principal"]
"""Posts whose people may be responsible for it above them."""

_POLICY = ", ".join(Policy.__slots__)


async def policy_of(school: UUID) -> Policy:
    """The school's own times, or the defaults."""
    found = await database.row(f"SELECT {_POLICY} FROM finding_policy WHERE school = $1", school)
    return Policy(**found) if found else Policy()


_HERE = """EXISTS (SELECT 1 FROM member m JOIN app_user u ON u.id = m."user"
    WHERE m.body = r.school AND m."user" = {} AND m.active AND u.disabled_at IS NULL AND m.post = ANY ({}))"""
_ROUTES = f"""
SELECT r.id, r.position, r.area, r.kind, r.grade, r.assignee, r.leader, {_HERE.format("r.assignee", "$2")} AS here,
  r.leader IS NULL OR {_HERE.format("r.leader", "$3")} AS leader_here
FROM routing_rule r WHERE r.school = $1 AND r.active ORDER BY r.position, r.created_at, r.id
"""


async def routes_of(school: UUID) -> list[Route]:
    """The school's active rules in their order."""
    return [Route(**row) for row in await database.rows(_ROUTES, school, HANDS, LEADERS)]


async def proposal(finding: Mapping[str, Any]) -> dict[str, UUID | None]:
    """Who the rules propose for a finding: {assignee, leader, rule}, each None when no rule fits.

    `finding` is its row: school, point, area, grade, grade_proposed; its kind of point is looked up unless it is there.
    """
    kind = finding.get("point_kind")
    if kind is None and finding.get("point") is not None:
        kind = await database.value("SELECT kind FROM point WHERE id = $1", finding["point"])
    grade = finding.get("grade") or finding.get("grade_proposed")
    route = first(await routes_of(finding["school"]), finding.get("area"), kind, grade)
    if route is None:
        return {"assignee": None, "leader": None, "rule": None}
    return {"assignee": route.assignee, "leader": route.leader if route.leader_here else None, "rule": route.id}


NEWEST = "SELECT DISTINCT ON (code) * FROM criterion ORDER BY code, body IS NULL, version DESC"
"""One row for each code: a bureau's newest version, else the newest that came with the pack."""

CRITERION_OF = (
    f"SELECT min(newest.code) FROM ({NEWEST}) newest WHERE NOT newest.withdrawn AND newest.items ? {{}}::text"
)
"""The criterion that an item touches, NULL when there is none; the code of the item goes into the braces."""


async def criterion_for(item_code: str) -> str:
    """The code of the criterion in force that proposes "major" when this item fails; '' for none."""
    if not item_code:
        return ""
    return await database.value(CRITERION_OF.format("$1"), item_code) or ""


_CRITERIA = """
SELECT c.*, c.items::text AS items, c.plan_checks::text AS plan_checks, b.name AS body_name, b.name_en AS body_name_en,
  u.name AS by_name, u.name_en AS by_name_en
FROM ({}) c LEFT JOIN body b ON b.id = c.body LEFT JOIN app_user u ON u.id = c.by
"""


async def newest() -> Rows:
    """The version that counts of every criterion, the withdrawn ones too, inside the current transaction."""
    return _read(await database.rows(_CRITERIA.format(NEWEST) + " ORDER BY c.withdrawn, c.code"))


async def criteria_in_force() -> Rows:
    """[{code, zh, en, items, plan_checks, source, verified, body, version...}] by code, in the current transaction."""
    return [one for one in await newest() if not one["withdrawn"]]


async def built_in_criteria() -> Rows:
    """The newest version of each that came with the pack, inside the current transaction."""
    own = "SELECT DISTINCT ON (code) * FROM criterion WHERE body IS NULL ORDER BY code, version DESC"
    return _read(await database.rows(_CRITERIA.format(own)))


def _read(rows: Rows) -> Rows:
    return [{**row, **{name: msgspec.json.decode(row[name]) for name in ("items", "plan_checks")}} for row in rows]


async def criteria(member: Member) -> Rows:
    """The newest version of every criterion, the withdrawn ones last."""
    async with reading(member.scope):
        return await newest()


async def versions(member: Member, code: str) -> Rows:
    """Every version of a criterion, the one that holds first. Raises Missing."""
    async with reading(member.scope):
        found = await database.rows(
            _CRITERIA.format("SELECT * FROM criterion") + " WHERE c.code = $1 ORDER BY c.body IS NULL, c.version DESC",
            code,
        )
    if not found:
        raise Missing()
    return _read(found)


async def items(member: Member) -> Rows:
    """Items that a criterion may name: the newest wording of each code, by kind of point."""
    async with reading(member.scope):
        return await database.rows(
            """SELECT * FROM (SELECT DISTINCT ON (i.code) i.code, i.zh, i.en, c.kind, k.zh AS kind_zh, k.en AS kind_en,
                 k.position AS kind_position, i.position
                 FROM item i JOIN checklist c ON c.id = i.checklist JOIN point_kind k ON k.code = c.kind
                 WHERE c.body IS NULL OR c.body = ANY ($1) ORDER BY i.code, c.created_at DESC) newest
               ORDER BY kind_position, position, code""",
            list(member.path),
        )


async def policy(member: Member) -> tuple[Policy, bool]:
    """The times of his school, and whether they are the defaults."""
    async with reading(member.scope):
        own = await database.value("SELECT 1 FROM finding_policy WHERE school = $1", member.school)
        return (await policy_of(member.school) if member.school else Policy()), own is None


async def routing(member: Member) -> Rows:
    """The rules of his school in their order, with names."""
    async with reading(member.scope):
        if member.school is None:
            raise Missing()
        routes = {route.id: route for route in await routes_of(member.school)}
        found = await database.rows(
            """SELECT r.id, r.area, r.kind, r.grade, k.zh AS kind_zh, k.en AS kind_en, a.name, a.name_en,
                 l.name AS leader_name, l.name_en AS leader_name_en
               FROM routing_rule r LEFT JOIN point_kind k ON k.code = r.kind LEFT JOIN app_user a ON a.id = r.assignee
                 LEFT JOIN app_user l ON l.id = r.leader
               WHERE r.id = ANY ($1) ORDER BY r.position, r.created_at, r.id""",
            list(routes),
        )
    return [{**row, "route": routes[row["id"]]} for row in found]


async def people(member: Member) -> Rows:
    """Who of his school may be chosen in a rule, crews first; `hand`: not only as the leader."""
    async with reading(member.scope):
        return await database.rows(
            """SELECT u.id, u.name, u.name_en, array_agg(m.post ORDER BY m.post) AS posts,
                 bool_or(m.post = ANY ($3)) AS hand
               FROM member m JOIN app_user u ON u.id = m."user"
               WHERE m.body = $1 AND m.active AND u.disabled_at IS NULL AND m.post = ANY ($2)
               GROUP BY u.id, u.name, u.name_en ORDER BY bool_or(m.post = 'logistics') DESC, u.name, u.id""",
            *(member.school, LEADERS, HANDS),
        )
