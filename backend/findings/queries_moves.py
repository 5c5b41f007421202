"""What a verb needs to know before it is done, and what a finding's page offers to do next."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from backend import clock, database
from backend.access import Member
from backend.bodies.queries_calendar import marks_of
from backend.database import reading
from backend.findings.queries import OWN, seen_by
from backend.findings.queries_settings import HANDS, criteria_in_force, policy_of, proposal
from backend.findings.rules import State
from backend.findings.rules_deadlines import proposed_deadline
from backend.findings.rules_machine import Facts, Hat, hats
from backend.findings.rules_moves import Offer, offers
from backend.trouble import Missing

FURTHEST = 550
"""Days of the calendar that a proposed deadline may look at: more than the longest policy of a year."""


async def school_of(member: Member, finding: UUID) -> UUID:
    """The school of a finding that he may see. Raises Missing."""
    own = seen_by(member).replace("?", "$3")
    where = f"f.id = $2 AND {OWN}" + (f" AND {own}" if own else "")
    values = (member.body, finding, *((member.user,) if own else ()))
    async with reading(member.scope):
        school = await database.value(f"SELECT f.school FROM finding f WHERE {where}", *values)
    if school is None:
        raise Missing()
    return UUID(str(school))


async def lock(finding: UUID) -> dict[str, Any]:
    """The row, locked until the end of the transaction. Raises Missing."""
    row = await database.row(
        """SELECT f.*, p.state AS point_state, p.kind AS point_kind FROM finding f LEFT JOIN point p ON p.id = f.point
           WHERE f.id = $1 FOR UPDATE OF f""",
        finding,
    )
    if row is None:
        raise Missing()
    return row


def facts_of(row: dict[str, Any]) -> Facts:
    """A row of `finding` as the machine sees it."""
    settled = all(row[name] not in {None, ""} for name in ("assigned_to", "measures", "deadline", "contingency"))
    return Facts(
        state=State(row["state"]),
        grade=row["grade"],
        grade_proposed=row["grade_proposed"],
        source=row["source"],
        lowered=row["lowered"],
        listed=row["listed"],
        fixed_on_spot=row["fixed_on_spot"],
        controlled=row["controlled_at"] is not None,
        settled=settled and row["funds"] is not None,
        assigned_to=row["assigned_to"],
        mended_by=row["mended_by"],
        mended_at=row["mended_at"],
        listed_by=row["listed_by"],
    )


def worn(member: Member, row: dict[str, Any]) -> frozenset[Hat]:
    """What he is to this finding."""
    role = member.role.value if member.role else ""
    assignee, found = row["assigned_to"] == member.user, row["found_by"] == member.user
    return hats(role, member.post, member.body_kind, assignee=assignee, found=found)


def offered(member: Member, row: dict[str, Any]) -> list[Offer]:
    """What may be done next with this finding, by him and by others."""
    return offers(facts_of(row), worn(member, row), member.user, member.body)


async def hands(member: Member, school: UUID) -> list[dict[str, Any]]:
    """Who can be responsible for mending something in this school, the crew first."""
    async with reading(member.scope):
        return await database.rows(
            """SELECT DISTINCT ON (m.post <> 'logistics', u.name, u.id) u.id, u.name, u.name_en, m.post
               FROM member m JOIN app_user u ON u.id = m."user"
               WHERE m.body = $1 AND m.active AND u.disabled_at IS NULL AND m.post = ANY ($2)
               ORDER BY m.post <> 'logistics', u.name, u.id""",
            *(school, HANDS),
        )


async def suggestions(member: Member, found: dict[str, Any]) -> dict[str, Any]:
    """What the form of assigning proposes: who (routing rules, or who had it before), until when, which criteria."""
    grade, today = found["grade"] or found["grade_proposed"], clock.today()
    async with reading(member.scope):
        routed = await proposal(found)
        policy = await policy_of(found["school"])
        marks = await marks_of(found["school"], today, today + timedelta(days=FURTHEST))
        leaders = await database.rows(
            """SELECT DISTINCT u.id, u.name, u.name_en FROM member m JOIN app_user u ON u.id = m."user"
               WHERE m.body = $1 AND m.active AND u.disabled_at IS NULL
                 AND m.post IN ('principal', 'vice_principal', 'safety_director') ORDER BY u.name""",
            found["school"],
        )
        criteria = await criteria_in_force()
    return {
        "assignee": found["assigned_to"] or routed["assignee"],
        "leader": found["leader"] or routed["leader"],
        "routed": routed["rule"] is not None and not found["assigned_to"],
        "leaders": leaders,
        "deadline": proposed_deadline(grade, False, today, policy, marks),
        "works_deadline": proposed_deadline(grade, True, today, policy, marks),
        "criteria": criteria,
    }
