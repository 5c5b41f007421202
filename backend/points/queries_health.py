"""Which labels need printing anew, and why: one rule for the list, for the plan of coverage and for every count."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from backend import database
from backend.access import Member
from backend.database import reading
from backend.points.rules_health import LOOK_BACK_DAYS, NOT_THE_LABEL, OFTEN, READ, WITHOUT, reasons

Rows = list[dict[str, Any]]


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(f"'{word}'" for word in words)


_SINCE = f"""greatest(now() - interval '{LOOK_BACK_DAYS} days',
      (SELECT max(greatest(l.bound_at, l.printed_at)) FROM label l WHERE l.point = v.point AND l.revoked_at IS NULL),
      (SELECT max(t.settled_at) FROM label_trouble t WHERE t.point = v.point),
      (SELECT max(r.saved_at) FROM visit r WHERE r.point = v.point AND r.how IN ({_listed(READ)})
        AND r.saved_at > now() - interval '{LOOK_BACK_DAYS} days'))"""
"""Visits before a label was printed or hung there, was found to be well or was read, say nothing of how it is now."""
_WITHOUT = f"""
  SELECT v.point, count(*) AS n, min(v.saved_at) AS since, max(v.saved_at) AS latest FROM visit v
  WHERE v.school = $1 AND v.how IN ({_listed(WITHOUT)}) AND v.how_reason NOT IN ({_listed(NOT_THE_LABEL)})
    AND v.saved_at > now() - interval '{LOOK_BACK_DAYS} days' AND v.saved_at > {_SINCE}
    AND EXISTS (SELECT 1 FROM label l WHERE l.point = v.point AND l.revoked_at IS NULL)
    AND EXISTS (SELECT 1 FROM visit s WHERE s.school = v.school AND s.by = v.by AND s.how = 'scan'
      AND s.saved_at > now() - interval '{LOOK_BACK_DAYS} days')
  GROUP BY v.point HAVING count(*) >= {OFTEN}
"""
"""Points that were opened without their label by people whose phones do read labels elsewhere."""

BROKEN = f"""
  SELECT b.id AS point FROM point b WHERE b.school = $1 AND b.state = 'active' AND b.id IN (
    SELECT t.point FROM label_trouble t WHERE t.school = $1 AND t.settled_at IS NULL
    UNION SELECT w.point FROM ({_WITHOUT}) w)
"""
"""The points whose label needs printing anew, as `p.id IN ({BROKEN})` in any statement whose `$1` is the school."""


async def broken(member: Member, school: UUID) -> set[UUID]:
    """Ids of the points of this school whose label needs printing anew."""
    async with reading(member.scope):
        return {row["point"] for row in await database.rows(BROKEN, school)}


async def count(member: Member, school: UUID) -> int:
    """How long the reprint list is."""
    async with reading(member.scope):
        return int(await database.value(f"SELECT count(*) FROM ({BROKEN}) b", school))


_REPRINT = f"""
SELECT p.id, p.kind, p.number, p.name, p.name_en, p.position, p.position_en, pl.name AS place_name,
  pl.name_en AS place_name_en, up.name AS building_name, up.name_en AS building_name_en, w.n AS without, w.since,
  coalesce((SELECT json_agg(json_build_object('id', l.id, 'short', l.short, 'printed_at', l.printed_at)
    ORDER BY l.bound_at DESC, l.id) FROM label l WHERE l.point = p.id AND l.revoked_at IS NULL), '[]')::text AS labels,
  coalesce((SELECT json_agg(json_build_object('kind', t.kind, 'words', t.words, 'created_at', t.created_at,
    'by', u.name, 'by_en', u.name_en) ORDER BY t.created_at DESC) FROM label_trouble t
    LEFT JOIN app_user u ON u.id = t.by WHERE t.point = p.id AND t.settled_at IS NULL), '[]')::text AS troubles
FROM point p LEFT JOIN place pl ON pl.id = p.place LEFT JOIN place up ON up.id = pl.parent
  LEFT JOIN ({_WITHOUT}) w ON w.point = p.id
WHERE p.school = $1 AND p.id IN ({BROKEN}) ORDER BY p.number, p.id
"""


async def to_reprint(member: Member, school: UUID) -> Rows:
    """Points whose label needs printing anew, with `labels` that hang there now (`printed_at` aware or None), `why`
    (see `rules_health.reasons`) and `said`, the newest first."""
    async with reading(member.scope):
        found = await database.rows(_REPRINT, school)
    for row in found:
        row["labels"] = [one | {"printed_at": _moment(one["printed_at"])} for one in json.loads(row["labels"])]
        row["said"] = [one | {"created_at": _moment(one["created_at"])} for one in json.loads(row["troubles"])]
        row["why"] = reasons(row["said"], row["without"] or 0, row["since"])
    return found


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
