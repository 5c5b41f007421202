"""The terms in force at a school: its own before those of the bodies above."""

from collections import defaultdict
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from backend import database
from backend.access import Member
from backend.bodies.rules_terms import VACATION, Term, nearest
from backend.database import reading
from backend.trouble import Missing

Row = dict[str, Any]

_TERMS = """
SELECT t.name, t.name_en, t.starts, t.ends, array_position(b.path, t.body) AS depth
FROM body b JOIN term t ON t.body = ANY (b.path)
WHERE b.id = $1 AND t.dropped_at IS NULL AND t.starts <= $3 AND t.ends >= $2 ORDER BY t.starts
"""


async def terms_of(school: UUID, start: date, end: date) -> list[Term]:
    """Terms that touch the days from `start` to `end`, or whose vacation may; inside the current transaction."""
    by_depth: dict[int, list[Term]] = defaultdict(list)
    for row in await database.rows(_TERMS, school, start - VACATION - timedelta(days=1), end):
        by_depth[row["depth"]].append(Term(row["name"], row["name_en"], row["starts"], row["ends"]))
    return nearest(by_depth[depth] for depth in sorted(by_depth, reverse=True))


BEGAN = """
SELECT t.starts FROM term t WHERE t.body = ANY ({path}) AND t.dropped_at IS NULL AND NOT EXISTS (
  SELECT FROM term n WHERE n.body = ANY ({path}) AND n.dropped_at IS NULL AND n.starts <= t.ends AND t.starts <= n.ends
    AND array_position({path}, n.body) > array_position({path}, t.body))
"""
"""When the terms in force began, of a body with this path; more conditions may follow. For subselects."""

_LISTED = """
SELECT t.id, t.name, t.name_en, t.starts, t.ends, t.body, o.kind AS owner, o.name AS owner_name,
  o.name_en AS owner_name_en, array_position(b.path, t.body) AS depth
FROM body b JOIN term t ON t.body = ANY (b.path) JOIN body o ON o.id = t.body
WHERE b.id = $1 AND t.dropped_at IS NULL AND t.ends >= $2 ORDER BY t.starts DESC, depth DESC
"""


async def listed(member: Member, since: date) -> list[Row]:
    """Terms of his body and of those above it that end after `since`, newest first; `counts`: none nearer overlaps it,
    so it is in force at his body; `own`: he may change it."""
    async with reading(member.scope):
        found = await database.rows(_LISTED, member.body, since)
    for one in found:
        nearer = [other for other in found if other["depth"] > one["depth"]]
        one["counts"] = not any(o["starts"] <= one["ends"] and one["starts"] <= o["ends"] for o in nearer)
        one["own"] = one["body"] == member.body
    return found


async def own(member: Member, term: UUID) -> Row:
    """A term of his own body. Raises Missing."""
    async with reading(member.scope):
        found = await database.row(
            "SELECT id, name, name_en, starts, ends FROM term WHERE id = $1 AND body = $2 AND dropped_at IS NULL",
            *(term, member.body),
        )
    if found is None:
        raise Missing()
    return found
