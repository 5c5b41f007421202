"""Links of contractors: those of a finding for its school, and the one finding that a link opens to its holder."""

from typing import Any
from uuid import UUID

from backend import clock, database
from backend.access import Member, hashed
from backend.database import Scope, reading
from backend.findings.queries_moves import school_of
from backend.findings.rules_links import End, end_of
from backend.trouble import Missing

Row = dict[str, Any]
MOST_USES = 100

MAKER_HERE = """EXISTS (SELECT FROM member m JOIN app_user u ON u.id = m."user" WHERE m.body = l.school
  AND m."user" = l.made_by AND m.active AND u.disabled_at IS NULL)"""
_LINKS = f"""
SELECT l.id, l.name, l.firm, l.phone, l.created_at, l.expires_at, l.withdrawn_at, maker.name AS maker,
  maker.name_en AS maker_en, taker.name AS taker, taker.name_en AS taker_en, {MAKER_HERE} AS maker_here, f.state
FROM contractor_link l JOIN finding f ON f.id = l.finding LEFT JOIN app_user maker ON maker.id = l.made_by
  LEFT JOIN app_user taker ON taker.id = l.withdrawn_by
WHERE l.finding = $1 ORDER BY l.created_at DESC, l.id
"""


async def links_of(member: Member, finding: UUID) -> tuple[Row, list[Row]]:
    """A finding that he may see and the links that were made for it, each with its uses. Raises Missing."""
    await school_of(member, finding)
    async with reading(member.scope):
        found = await database.row(
            """SELECT f.*, p.name AS point_name, p.name_en AS point_name_en FROM finding f
               LEFT JOIN point p ON p.id = f.point WHERE f.id = $1""",
            finding,
        )
        links = await database.rows(_LINKS, finding)
        uses = await database.rows(
            f"""SELECT link, what, created_at FROM contractor_use WHERE link = ANY ($1)
                ORDER BY created_at DESC LIMIT {MOST_USES}""",
            [link["id"] for link in links],
        )
    if found is None:
        raise Missing()
    for link in links:
        link["end"] = ended(link)
        link["uses"] = [use for use in uses if use["link"] == link["id"]]
    return found, links


def ended(link: Row) -> End | None:
    """Why it does not open any more, of a row with the finding's state and whether its maker is still here."""
    return end_of(
        link["state"], link["expires_at"], link["withdrawn_at"], clock.now(), maker_here=bool(link["maker_here"])
    )


async def door(token: str) -> Row | None:
    """The link with this secret, whatever became of it: {link, school, finding, name, firm, made_by...}."""
    if len(token) > 100:
        return None
    return await database.door("SELECT * FROM contractor_door($1)", hashed(token))


FRESH = f"""SELECT l.id, l.name, l.firm, l.expires_at, l.withdrawn_at, l.made_by, f.state, {MAKER_HERE} AS maker_here
  FROM contractor_link l JOIN finding f ON f.id = l.finding WHERE l.id = $1"""

_ONE = """
SELECT f.*, p.name AS point_name, p.name_en AS point_name_en, p.number AS point_number, p.kind AS point_kind,
  p.position AS point_position, p.position_en AS point_position_en, p.note AS point_note,
  floor.name AS floor, floor.name_en AS floor_en, house.name AS house, house.name_en AS house_en,
  b.name AS school_name, b.name_en AS school_name_en, b.emergency_phone, b.address,
  contact.name AS contact, contact.name_en AS contact_en, contact.phone AS contact_phone
FROM finding f JOIN body b ON b.id = f.school LEFT JOIN point p ON p.id = f.point
  LEFT JOIN place floor ON floor.id = p.place LEFT JOIN place house ON house.id = floor.parent
  LEFT JOIN app_user contact ON contact.id = $2
WHERE f.id = $1
"""
_SHOWN = """ph.finding = $1 AND ph.state = 'kept' AND (ph.event IS NULL AND ph.role = 'problem'
  OR ph.event IN (SELECT id FROM finding_event
    WHERE finding = $1 AND (link = $2 OR verb IN ('make_safe', 'send_back', 'fail_recheck'))))"""
"""Photos that a contractor may see: the problem, what holds it safe, why it was sent back, and his own."""


async def opened(link: Row) -> Row:
    """What its holder sees: one finding, its photos, what he did himself, and `end` when it opens nothing any more."""
    async with reading(Scope(school=link["school"])):
        fresh = await database.row(FRESH, link["link"])
        found = await database.row(_ONE, link["finding"], link["made_by"])
        if fresh is None or found is None:
            raise Missing()
        found["end"] = ended(fresh)
        found["photos"] = await database.rows(
            f"""SELECT ph.stored_sha256, ph.role, ph.event IS NULL AS problem, ph.created_at FROM photo ph
                WHERE {_SHOWN} ORDER BY ph.event IS NOT NULL, ph.created_at, ph.id""",
            *(link["finding"], link["link"]),
        )
        found["done"] = await database.rows(
            "SELECT verb, at, words FROM finding_event WHERE link = $1 ORDER BY at, created_at", link["link"]
        )
    return found


async def photo(link: Row, stored: str) -> bool:
    """Whether the holder of this link may see this photo now."""
    async with reading(Scope(school=link["school"])):
        fresh = await database.row(FRESH, link["link"])
        if fresh is None or ended(fresh) is not None:
            return False
        sql = f"SELECT 1 FROM photo ph WHERE {_SHOWN} AND ph.stored_sha256 = $3 LIMIT 1"
        return await database.value(sql, link["finding"], link["link"], stored) is not None
