"""What nobody looks at in a school: points, kinds, key places, checks, rooms."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from backend import clock, database
from backend.access import Member
from backend.bodies.queries_terms import terms_of
from backend.bodies.rules_terms import term_of
from backend.checklists.queries import kinds, serving
from backend.checklists.queries_content import checks
from backend.coverage.rules_blind import KEY_KINDS, key_places, switched_off, unserved, without_points
from backend.database import reading
from backend.points.queries_rooms import unread_floors, without_point

Row = dict[str, Any]
HALF_YEAR = timedelta(days=120)
"""How far back is looked where no term is known; and at the beginning of a term, when nothing could be seen yet."""
FRESH_TERM = timedelta(days=30)

_UNSEEN = """
SELECT p.id, p.number, p.name, p.name_en, p.kind, p.created_at, v.last, pl.name AS place_name,
  pl.name_en AS place_name_en, up.name AS building_name, up.name_en AS building_name_en, p.position, p.position_en
FROM point p LEFT JOIN place pl ON pl.id = p.place LEFT JOIN place up ON up.id = pl.parent
  LEFT JOIN LATERAL (SELECT max(saved_at) AS last FROM visit WHERE point = p.id) v ON true
WHERE p.school = $1 AND p.state = 'active' AND (v.last IS NULL OR v.last < $2)
ORDER BY v.last NULLS FIRST, p.number, p.id
"""
_SAID = """
SELECT DISTINCT ON (k.key) k.key, k.there, k.words, k.created_at, u.name, u.name_en
FROM key_place k JOIN app_user u ON u.id = k.by WHERE k.school = $1 ORDER BY k.key, k.created_at DESC, k.id DESC
"""
_SCHOOLS = """
SELECT b.id, b.name, b.name_en, b.number, count(p.id) AS points,
  count(p.id) FILTER (WHERE NOT EXISTS (SELECT 1 FROM visit v WHERE v.point = p.id)) AS never
FROM body b LEFT JOIN point p ON p.school = b.id AND p.state = 'active'
WHERE b.kind = 'school' AND $1 = ANY (b.path) GROUP BY b.id ORDER BY never DESC, b.name, b.id
"""


async def since(member: Member, school: UUID) -> datetime:
    """From when on a point should have been seen: the beginning of the running term, of the one before in its first
    weeks; four months ago where the calendar knows none."""
    today = clock.today()
    async with reading(member.scope):
        terms = await terms_of(school, today - timedelta(days=400), today)
    running = term_of(today, terms)
    begun = [term.starts for term in terms if term.starts <= today - FRESH_TERM]
    if running and running.starts in begun:
        return clock.midnight(running.starts)
    return clock.midnight(max(begun)) if begun else clock.now() - HALF_YEAR


async def unseen(member: Member, school: UUID, start: datetime) -> list[Row]:
    """Points in use that nobody visited since `start`; `last` is None for those that nobody ever did."""
    async with reading(member.scope):
        return await database.rows(_UNSEEN, school, start)


async def said(member: Member, school: UUID) -> dict[str, Row]:
    """The newest declaration of each kind of key place."""
    async with reading(member.scope):
        return {row["key"]: row for row in await database.rows(_SAID, school)}


async def blind(member: Member, school: UUID) -> Row:
    """Everything of the page that is not a matter of routes."""
    start, known = await since(member, school), await kinds(member, school)
    counts = {one["code"]: int(one["points"]) for one in known}
    found = await unseen(member, school, start)
    used = [one["code"] for one in known if one["in_use"]]
    items = await serving(member, school)
    return {
        "since": start,
        "never": [row for row in found if row["last"] is None],
        "stale": [row for row in found if row["last"] is not None],
        "kinds": without_points(known),
        "off": switched_off(known),
        "key_places": key_places(counts, await said(member, school)),
        "checks": unserved(checks().values(), items, [code for code, n in counts.items() if n], used),
        "rooms": await without_point(member, school),
        "floors": await unread_floors(member, school),
        "names": {one["code"]: one for one in known},
    }


async def schools(member: Member) -> list[Row]:
    """Schools below him, with their points that nobody ever visited and the kinds of key places of which nobody said
    anything."""
    async with reading(member.scope):
        found = await database.rows(_SCHOOLS, member.body)
        counts = await database.rows(
            """SELECT school, kind, count(*) AS n FROM point WHERE state = 'active' AND kind = ANY ($1)
               GROUP BY school, kind""",
            [code for one in KEY_KINDS for code in one.kinds],
        )
        words = await database.rows(
            """SELECT DISTINCT ON (school, key) school, key, there FROM key_place
               ORDER BY school, key, created_at DESC, id DESC"""
        )
    for one in found:
        by_kind = {row["kind"]: row["n"] for row in counts if row["school"] == one["id"]}
        told = {row["key"]: row for row in words if row["school"] == one["id"]}
        one["unsaid"] = sum(place.state.value == "unsaid" for place in key_places(by_kind, told))
    return found
