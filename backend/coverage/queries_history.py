"""One point with what is known of it beside its stops: place, open findings, trouble with its label."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from backend import database
from backend.access import WITHIN, Member
from backend.database import reading
from backend.findings.queries_where import GRADE, IS_OPEN
from backend.trouble import Missing

Rows = list[dict[str, Any]]
_POINT = f"""
SELECT p.id, p.school, p.number, p.name, p.name_en, p.kind, p.state, p.place, p.position, p.position_en,
  pl.name AS place_name, pl.name_en AS place_name_en, up.name AS building_name, up.name_en AS building_name_en,
  pl.plan_sha256, p.pin_x, b.name AS school_name, b.name_en AS school_name_en, k.zh AS kind_zh, k.en AS kind_en,
  EXISTS (SELECT FROM visit v WHERE v.point = p.id) AS visited,
  (SELECT bool_or(revoked_at IS NULL) FROM label l WHERE l.point = p.id) AS label_works
FROM point p JOIN body b ON b.id = p.school LEFT JOIN point_kind k ON k.code = p.kind
  LEFT JOIN place pl ON pl.id = p.place LEFT JOIN place up ON up.id = pl.parent
WHERE p.id = $2 AND p.{WITHIN}
"""
_RECENT = """
SELECT day, state, sent_late FROM stop WHERE point = $1 AND day > $2 AND day <= $3 AND opens_at <= now()
ORDER BY opens_at, id
"""
_FINDINGS = f"""
SELECT f.id, f.number, f.title, f.title_en, f.found_at, {GRADE} = 'major' AS major FROM finding f
WHERE f.point = $1 AND {IS_OPEN} ORDER BY {GRADE} = 'major' DESC, f.found_at DESC LIMIT 20
"""
_TROUBLE = """
SELECT t.kind, t.words, t.created_at, t.settled_at, u.name, u.name_en FROM label_trouble t
  LEFT JOIN app_user u ON u.id = t.by
WHERE t.point = $1 ORDER BY t.settled_at IS NULL DESC, t.created_at DESC LIMIT 10
"""


@dataclass(frozen=True, slots=True)
class History:
    point: dict[str, Any]
    recent: Rows
    findings: Rows
    trouble: Rows


async def history(member: Member, point: UUID, first: date, last: date) -> History:
    """Stops after the day `first` until `last`. Raises Missing."""
    async with reading(member.scope):
        found = await database.row(_POINT, member.body, point)
        if found is None:
            raise Missing()
        return History(
            point=found,
            recent=await database.rows(_RECENT, point, first, last),
            findings=await database.rows(_FINDINGS, point),
            trouble=await database.rows(_TROUBLE, point),
        )
