"""What stands around the list: saved views, who can be made responsible, the rows that were ticked."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from backend import database
from backend.access import POSTS, Member, Role
from backend.database import reading
from backend.findings.queries import Rows
from backend.findings.queries_settings import HANDS
from backend.findings.queries_where import OWN, seen_by
from backend.findings.rules_filters import Wanted

MOST_TICKED = 100
"""Findings that are assigned at once."""
_HEADS = [post for post, role in POSTS.items() if role in {Role.MANAGER, Role.PRINCIPAL}]


async def views(member: Member) -> Rows:
    """The member's own saved views, in the order he saved them."""
    async with reading(member.scope):
        return await database.rows(
            """SELECT id, name, query FROM saved_view WHERE "user" = $1 AND removed_at IS NULL
               ORDER BY created_at, id""",
            member.user,
        )


async def people(member: Member) -> Rows:
    """Active members of his school, by name; `hand`: may be responsible, `head`: may be the leader responsible."""
    async with reading(member.scope):
        return await database.rows(
            """SELECT u.id, u.name, u.name_en, array_agg(m.post ORDER BY m.post) AS posts,
                 bool_or(m.post = ANY ($2)) AS head, bool_or(m.post = ANY ($3)) AS hand
               FROM member m JOIN app_user u ON u.id = m."user"
               WHERE m.body = $1 AND m.active AND u.disabled_at IS NULL GROUP BY u.id ORDER BY u.name, u.id""",
            *(member.school, _HEADS, HANDS),
        )


async def ticked(member: Member, ids: Sequence[UUID]) -> Rows:
    """Those of the findings that he may see, newest first, as the list shows them."""
    own = f" AND {seen_by(member).replace('?', '$3')}" if seen_by(member) else ""
    values = [member.body, list(ids[:MOST_TICKED]), *([member.user] if own else [])]
    async with reading(member.scope):
        return await database.rows(
            f"""SELECT f.id, f.number, f.title, f.title_en, f.words, f.state, f.grade, f.grade_proposed, f.version,
                  f.area, f.assigned_to, p.name AS point_name, p.name_en AS point_name_en, p.number AS point_number,
                  p.state AS point_state, hand.name AS assigned, hand.name_en AS assigned_en
                FROM finding f LEFT JOIN point p ON p.id = f.point LEFT JOIN app_user hand ON hand.id = f.assigned_to
                WHERE {OWN} AND f.id = ANY ($2){own} ORDER BY f.found_at DESC, f.id DESC""",
            *values,
        )


async def named(member: Member, wanted: Wanted) -> dict[str, dict[str, Any]]:
    """The names of what a filter of the address holds only by its id: point, place and person."""
    found = {}
    async with reading(member.scope):
        for name, table in (("point", "point"), ("place", "place"), ("person", "app_user")):
            if one := getattr(wanted, name):
                found[name] = await database.row(f"SELECT id, name, name_en FROM {table} WHERE id = $1", one) or {}
    return found


async def offered(member: Member) -> dict[str, Rows]:
    """What the filters of a school offer besides those of everybody: its buildings and floors, its people."""
    if member.school is None:
        return {"places": [], "people": []}
    async with reading(member.scope):
        places = await database.rows(
            """SELECT p.id, concat_ws(' ', up.name, p.name) AS name, concat_ws(' ', nullif(up.name_en, ''), nullif(
                 p.name_en, '')) AS name_en FROM place p LEFT JOIN place up ON up.id = p.parent WHERE p.school = $1
               ORDER BY coalesce(up.position, p.position), coalesce(up.name, p.name), up.id NULLS FIRST,
                 p.position, p.name""",
            member.school,
        )
    return {"places": places, "people": await people(member)}
