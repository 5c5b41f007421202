"""Kinds and their checklists as a member may see them: what is in force, whose it is, what was in force before."""

from datetime import date
from typing import Any
from uuid import UUID

import msgspec

from backend import clock, database
from backend.access import WITHIN, Member
from backend.checklists.rules import EXPIRY_WARNING, MANY_A_DAY, DateRule, ends
from backend.database import reading
from backend.trouble import Missing

Rows = list[dict[str, Any]]

LIMITS_IN_FORCE = """
  SELECT minimum, maximum FROM (SELECT DISTINCT ON (l.point) l.point, l.minimum, l.maximum FROM "limit" l
    WHERE i.limits_by_school AND l.school = p.school AND l.item_code = i.code AND (l.point = p.id OR l.point IS NULL)
    ORDER BY l.point, l.created_at DESC, l.id DESC) newest
  WHERE minimum IS NOT NULL OR maximum IS NOT NULL ORDER BY point IS NULL LIMIT 1
"""
"""The school's limits of item `i` at point `p`: the newest of this point, else the newest for all points; the newest
without numbers takes the earlier ones back."""

_DAILY = ", ".join(f"'{word.value}'" for word in sorted(MANY_A_DAY, key=lambda word: word.value))

_IN_FORCE = """
  (SELECT id, body, version, published_at, built_in FROM checklist
    WHERE kind = k.code AND (body IS NULL OR (body = ANY (coalesce(s.path, $3::uuid[])) AND body IS DISTINCT FROM s.id))
    ORDER BY body IS NULL, version DESC LIMIT 1)
"""
_KINDS = f"""
  SELECT k.*, c.id AS checklist, c.body AS owner, c.version, c.published_at, c.built_in, owner.name AS owner_name,
    owner.name_en AS owner_name_en, own.id AS own, coalesce(own.version, 0) AS own_version,
    n.items, n.daily, n.own_items, switch.enabled,
    s.school_type = ANY (k.school_types) AND (s.boarding OR NOT k.boarding_only) AS proposed,
    (SELECT count(*) FROM point p WHERE p.kind = k.code AND p.state = 'active' AND ($2::uuid IS NULL OR p.school = $2)
      AND p.{WITHIN}) AS points
  FROM point_kind k LEFT JOIN body s ON s.id = $2 AND $1 = ANY (s.path)
    LEFT JOIN school_kind switch ON switch.kind = k.code AND switch.school = s.id
    LEFT JOIN LATERAL {_IN_FORCE} c ON true LEFT JOIN body owner ON owner.id = c.body
    LEFT JOIN LATERAL (SELECT id, version FROM checklist WHERE kind = k.code AND body = s.id
      ORDER BY version DESC LIMIT 1) own ON true
    LEFT JOIN LATERAL (SELECT count(*) AS items, count(*) FILTER (WHERE frequency IN ({_DAILY})) AS daily,
      count(*) FILTER (WHERE checklist = own.id) AS own_items FROM item WHERE checklist IN (c.id, own.id)) n ON true
"""


async def kinds(member: Member, school: UUID | None = None) -> Rows:
    """All kinds with the version in force; for a school also `in_use`, what its type proposes, its own switch."""
    return await _kinds(member, school, "")


async def kinds_in_use(member: Member, school: UUID | None = None) -> Rows:
    """Kinds a school uses: proposed by its type and not switched off, or switched on, or with points in use."""
    return [one for one in await kinds(member, school or member.school) if one["in_use"]]


async def kind(member: Member, code: str, school: UUID | None = None) -> dict[str, Any]:
    """One kind as in `kinds`. Raises Missing."""
    found = await _kinds(member, school, code)
    if not found:
        raise Missing()
    return found[0]


async def _kinds(member: Member, school: UUID | None, code: str) -> Rows:
    sql = _KINDS + " WHERE $4 = '' OR k.code = $4 ORDER BY k.position, k.code"
    async with reading(member.scope):
        found = await database.rows(sql, member.body, school, list(member.path), code)
    for one in found:
        wanted = one["enabled"] if one["enabled"] is not None else one["proposed"]
        one["in_use"] = school is None or bool(wanted) or one["points"] > 0
    return found


async def schools(member: Member) -> Rows:
    """Schools he may look at."""
    async with reading(member.scope):
        return await database.rows(
            """SELECT id, name, name_en, school_type, boarding FROM body WHERE kind = 'school' AND $1 = ANY (path)
               ORDER BY name, id""",
            member.body,
        )


async def items_in_force(member: Member, code: str, school: UUID | None = None) -> Rows:
    """Items asked at a kind, the school's own last; with the school's limits for all points where it set any."""
    found = await kind(member, code, school)
    async with reading(member.scope):
        rows = await database.rows(
            f"""SELECT i.*, i.options::text AS options, i.follow_up::text AS follow_up, c.body AS owner,
                  lim.minimum AS school_minimum, lim.maximum AS school_maximum, lim.minimum IS NOT NULL
                    OR lim.maximum IS NOT NULL AS limits_set
                FROM item i JOIN checklist c ON c.id = i.checklist
                  CROSS JOIN (SELECT $3::uuid AS school, NULL::uuid AS id) p
                  LEFT JOIN LATERAL ({LIMITS_IN_FORCE}) lim ON true
                WHERE c.id IN ($1, $2) ORDER BY c.id = $2, i.position""",
            *(found["checklist"], found["own"] or found["checklist"], school),
        )
    rows.sort(key=lambda row: (row["checklist"] != found["checklist"], row["position"]))
    return [_read(row) for row in rows]


async def items_of(member: Member, checklist: UUID | None) -> Rows:
    """The items of one version, in their order."""
    async with reading(member.scope):
        found = await database.rows(
            """SELECT *, options::text AS options, follow_up::text AS follow_up FROM item WHERE checklist = $1
               ORDER BY position""",
            checklist,
        )
    return [_read(row) for row in found]


def _read(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, **{name: msgspec.json.decode(row[name]) for name in ("options", "follow_up")}}


async def versions(member: Member, code: str, school: UUID | None = None) -> Rows:
    """Every version he may see of a kind: built in, his bureau's, the school's own; the newest first."""
    async with reading(member.scope):
        return await database.rows(
            """SELECT c.id, c.kind, c.body, c.version, c.published_at, c.words, c.built_in, b.kind AS body_kind,
                 b.name AS body_name, b.name_en AS body_name_en, u.name AS person, u.name_en AS person_en,
                 (SELECT count(*) FROM item WHERE checklist = c.id) AS items,
                 (SELECT p.id FROM checklist p WHERE p.kind = c.kind AND p.body IS NOT DISTINCT FROM c.body
                    AND p.version < c.version ORDER BY p.version DESC LIMIT 1) AS previous
               FROM checklist c LEFT JOIN body b ON b.id = c.body LEFT JOIN app_user u ON u.id = c.published_by
               WHERE c.kind = $1 AND (c.body IS NULL OR b.kind <> 'school' OR c.body = $2)
               ORDER BY c.published_at DESC, c.version DESC""",
            *(code, school),
        )


async def newer_built_in(member: Member, found: dict[str, Any]) -> tuple[Rows, Rows, int] | None:
    """For a kind whose version in force is a bureau's: the built-in items it has seen, the newest built-in items and
    their version; None when there is nothing new."""
    if found["owner"] is None:
        return None
    async with reading(member.scope):
        all_ = await database.rows(
            "SELECT id, version FROM checklist WHERE kind = $1 AND body IS NULL ORDER BY version DESC", found["code"]
        )
        if not all_ or all_[0]["version"] <= (found["built_in"] or 0):
            return None
        seen = next((one["id"] for one in all_ if one["version"] == found["built_in"]), None)
        return await items_of(member, seen), await items_of(member, all_[0]["id"]), int(all_[0]["version"])


async def newest_built_in(member: Member, code: str) -> int:
    async with reading(member.scope):
        return int(
            await database.value(
                "SELECT coalesce(max(version), 0) FROM checklist WHERE kind = $1 AND body IS NULL", code
            )
        )


async def codes(member: Member, kind_code: str) -> set[str]:
    """Every item code a kind has ever had, as far as he can see: none is given twice."""
    async with reading(member.scope):
        found = await database.rows(
            "SELECT DISTINCT i.code FROM item i JOIN checklist c ON c.id = i.checklist WHERE c.kind = $1", kind_code
        )
    return {row["code"] for row in found}


async def points(member: Member, kind_code: str) -> Rows:
    """Points in use of a kind in his school."""
    async with reading(member.scope):
        return await database.rows(
            """SELECT id, number, name, name_en FROM point WHERE school = $1 AND kind = $2 AND state = 'active'
               ORDER BY number""",
            *(member.school, kind_code),
        )


async def limits_of(member: Member, item_code: str) -> Rows:
    """Every limit his school ever set for an item, the newest first; `counts` marks those in force."""
    async with reading(member.scope):
        return await database.rows(
            """SELECT l.minimum, l.maximum, l.created_at, l.point, p.name AS point_name, p.name_en AS point_name_en,
                 p.number, u.name AS person, u.name_en AS person_en,
                 row_number() OVER (PARTITION BY l.point ORDER BY l.created_at DESC, l.id DESC) = 1 AS counts
               FROM "limit" l LEFT JOIN point p ON p.id = l.point LEFT JOIN app_user u ON u.id = l.by
               WHERE l.school = $1 AND l.item_code = $2 ORDER BY l.created_at DESC, l.id DESC""",
            *(member.school, item_code),
        )


async def dates_ending(member: Member, school: UUID | None = None, *, today: date | None = None) -> Rows:
    """The last date told at each point in use whose last good day is over or near, the most urgent first."""
    day = today or clock.today()
    async with reading(member.scope):
        found = await database.rows(
            f"""SELECT a.date, a.maximum, a.saved_at, i.zh, i.en, i.date_rule, p.id AS point, p.name, p.name_en,
                  p.number, p.kind, p.school, b.name AS school_name, b.name_en AS school_name_en
                FROM point p JOIN body b ON b.id = p.school
                  JOIN (SELECT DISTINCT c.kind, i.code FROM item i JOIN checklist c ON c.id = i.checklist
                    WHERE i.answer = 'date') asked ON asked.kind = p.kind
                  CROSS JOIN LATERAL (SELECT * FROM answer WHERE point = p.id AND item_code = asked.code
                    AND date IS NOT NULL ORDER BY saved_at DESC LIMIT 1) a
                  JOIN item i ON i.id = a.item
                WHERE p.state = 'active' AND i.date_rule IS NOT NULL AND ($2::uuid IS NULL OR p.school = $2)
                  AND p.{WITHIN}""",
            *(member.body, school),
        )
    for one in found:
        one["ends"] = ends(one["date"], DateRule(one["date_rule"]), one["maximum"])
        one["over"] = one["ends"] is not None and one["ends"] < day
    near = [one for one in found if one["ends"] is not None and one["ends"] <= day + EXPIRY_WARNING]
    return sorted(near, key=lambda one: (one["ends"], one["number"]))


async def serving(member: Member, school: UUID | None = None) -> Rows:
    """Items in force of all kinds that serve a check of the plan."""
    async with reading(member.scope):
        return await database.rows(
            f"""SELECT i.code, i.zh, i.en, i.serves, i.frequency, k.code AS kind, k.zh AS kind_zh, k.en AS kind_en
                FROM point_kind k LEFT JOIN body s ON s.id = $2 AND $1 = ANY (s.path)
                  LEFT JOIN LATERAL {_IN_FORCE} c ON true
                  JOIN item i ON i.checklist = c.id WHERE i.serves <> '{{}}' ORDER BY k.position, i.position""",
            *(member.body, school, list(member.path)),
        )
