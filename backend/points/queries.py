"""Points and their labels as a member may see them; every query asks within his school or the schools below him."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from backend import database
from backend.access import Member
from backend.database import DB, reading
from backend.points.rules import label_state
from qr import codes

Rows = list[dict[str, Any]]
PAGE = 50


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which points or labels of a list; empty means all. `place` takes a building with its floors."""

    q: str = ""
    kind: str = ""
    area: str = ""
    place: UUID | None = None
    state: str = ""
    school: UUID | None = None
    unlabelled: bool = False
    unprinted: bool = False


_POINT = """
  SELECT p.*, k.zh AS kind_zh, k.en AS kind_en, k.area, pl.name AS place_name, pl.name_en AS place_name_en,
    pl.kind AS place_kind, up.id AS building, up.name AS building_name, up.name_en AS building_name_en,
    pl.plan_sha256, pl.plan_width, pl.plan_height, u.name AS responsible_user, u.name_en AS responsible_user_en,
    b.name AS school_name, b.name_en AS school_name_en,
    (SELECT count(*) FROM label l WHERE l.point = p.id AND l.revoked_at IS NULL) AS labels
"""
_POINTS = """
  FROM point p JOIN point_kind k ON k.code = p.kind JOIN body b ON b.id = p.school
    LEFT JOIN place pl ON pl.id = p.place LEFT JOIN place up ON up.id = pl.parent
    LEFT JOIN app_user u ON u.id = p.responsible
  WHERE p.school IN (SELECT id FROM body WHERE kind = 'school' AND $1 = ANY (path))
"""
_POINTS_WANTED = """
    AND ($2::uuid IS NULL OR p.school = $2) AND ($3 = '' OR p.kind = $3) AND ($4 = '' OR k.area = $4)
    AND ($5::uuid IS NULL OR p.place = $5 OR pl.parent = $5) AND ($6 = '' OR p.state = $6)
    AND ($7 = '' OR concat_ws(' ', p.number, p.name, p.name_en, p.position, up.name, pl.name, u.name,
      p.responsible_name) ILIKE $7 OR EXISTS (SELECT 1 FROM label l WHERE l.point = p.id AND l.short = $8))
    AND (NOT $9 OR NOT EXISTS (SELECT 1 FROM label l WHERE l.point = p.id AND l.revoked_at IS NULL))
"""


def _asked(member: Member, wanted: Wanted) -> tuple[Any, ...]:
    place, short = wanted.place, codes.check_short(wanted.q) or ""
    return (
        *(member.body, wanted.school, wanted.kind, wanted.area, place, wanted.state),
        *(like(wanted.q), short, wanted.unlabelled),
    )


def like(words: str) -> str:
    """What a person searches for, anywhere in the text; his % and _ mean themselves."""
    words = words.strip()[:100]
    return "%" + words.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") + "%" if words else ""


async def points_of(member: Member, wanted: Wanted | None = None, *, most: int = 10_000, skip: int = 0) -> Rows:
    """Points in the order of their numbers within their school."""
    asked = _asked(member, wanted or Wanted())
    sql = _POINT + _POINTS + _POINTS_WANTED + " ORDER BY b.name, p.school, p.number, p.id LIMIT $10 OFFSET $11"
    async with reading(member.scope):
        return await database.rows(sql, *asked, most, skip)


async def counts(member: Member, wanted: Wanted) -> dict[str, int]:
    """How many points the list has, and how many of them in each state were there no filter by state."""
    asked = list(_asked(member, wanted))
    state, asked[5] = asked[5], ""
    async with reading(member.scope):
        sql = "SELECT p.state, count(*) AS n " + _POINTS + _POINTS_WANTED + " GROUP BY p.state"
        found = {row["state"]: int(row["n"]) for row in await database.rows(sql, *asked)}
    by_state = {"active": found.get("active", 0), "retired": found.get("retired", 0)}
    return {**by_state, "all": sum(by_state.values()), "here": by_state.get(state, sum(by_state.values()))}


async def point(member: Member, point_id: UUID) -> dict[str, Any] | None:
    """One point with its kind, place, plan, responsible person and school; None when it is not there for him."""
    async with reading(member.scope):
        return await database.row(_POINT + _POINTS + " AND p.id = $2", member.body, point_id)


async def numbers(member: Member) -> tuple[list[str], str]:
    """Every number of his school, and the one given last."""
    async with reading(member.scope):
        found = await database.rows(
            "SELECT number FROM point WHERE school = $1 ORDER BY created_at DESC, id DESC", member.school
        )
    taken = [row["number"] for row in found]
    return taken, next(iter(taken), "")


async def people(member: Member) -> Rows:
    """Active members of his school, once each."""
    async with reading(member.scope):
        return await database.rows(
            """SELECT u.id, u.name, u.name_en FROM app_user u
               WHERE u.disabled_at IS NULL
                 AND EXISTS (SELECT 1 FROM member m WHERE m."user" = u.id AND m.body = $1 AND m.active)
               ORDER BY u.name, u.id""",
            member.school,
        )


async def schools(member: Member) -> Rows:
    async with reading(member.scope):
        return await database.rows(
            "SELECT id, name, name_en, number FROM body WHERE kind = 'school' AND $1 = ANY (path) ORDER BY name, id",
            member.body,
        )


_LABEL = """
  SELECT l.*, p.name AS point_name, p.name_en AS point_name_en, p.number AS point_number, p.kind AS point_kind,
    p.position, p.position_en, p.state AS point_state, pl.name AS place_name, pl.name_en AS place_name_en,
    up.name AS building_name, up.name_en AS building_name_en, n.short AS successor,
    b.name AS school_name, b.name_en AS school_name_en, b.emergency_phone
  FROM label l JOIN body b ON b.id = l.school LEFT JOIN point p ON p.id = l.point
    LEFT JOIN place pl ON pl.id = p.place LEFT JOIN place up ON up.id = pl.parent
    LEFT JOIN label n ON n.id = l.replaced_by
"""
_LABELS_WANTED = """
  WHERE l.school = $1
    AND ($2 = '' OR $2 = CASE WHEN l.replaced_by IS NOT NULL THEN 'replaced'
      WHEN l.revoked_at IS NOT NULL THEN 'revoked' WHEN l.point IS NOT NULL THEN 'bound' ELSE 'blank' END)
    AND (NOT $3 OR (l.printed_at IS NULL AND l.revoked_at IS NULL))
    AND ($4::uuid IS NULL OR p.place = $4 OR pl.parent = $4)
    AND ($5 = '' OR concat_ws(' ', p.number, p.name, p.name_en, p.position) ILIKE $5 OR l.short = $6 OR l.code = $7)
"""
_LABELS_ORDER = " ORDER BY l.point IS NULL, p.number, l.created_at, l.id"


def _labels_asked(member: Member, wanted: Wanted) -> tuple[Any, ...]:
    short, code = codes.check_short(wanted.q) or "", codes.normal(wanted.q) or ""
    return (member.school, wanted.state, wanted.unprinted, wanted.place, like(wanted.q), short, code)


async def labels_of(member: Member, wanted: Wanted | None = None, *, most: int = 10_000, skip: int = 0) -> Rows:
    """Labels of his school with where they hang; `now` is the LabelState."""
    asked = _labels_asked(member, wanted or Wanted())
    async with reading(member.scope):
        found = await database.rows(_LABEL + _LABELS_WANTED + _LABELS_ORDER + " LIMIT $8 OFFSET $9", *asked, most, skip)
    return [_with_state(row) for row in found]


async def label_counts(member: Member, wanted: Wanted) -> dict[str, int]:
    """How many labels the list has, and how many in each state."""
    asked = list(_labels_asked(member, wanted))
    asked[1] = ""
    sql = """SELECT count(*) AS "all", count(*) FILTER (WHERE l.replaced_by IS NOT NULL) AS replaced,
        count(*) FILTER (WHERE l.replaced_by IS NULL AND l.revoked_at IS NOT NULL) AS revoked,
        count(*) FILTER (WHERE l.revoked_at IS NULL AND l.point IS NOT NULL) AS bound,
        count(*) FILTER (WHERE l.revoked_at IS NULL AND l.point IS NULL) AS blank
      FROM label l LEFT JOIN point p ON p.id = l.point LEFT JOIN place pl ON pl.id = p.place"""
    async with reading(member.scope):
        found = await database.row(sql + _LABELS_WANTED, *asked) or {}
    return {**found, "here": found[wanted.state or "all"]}


async def label(member: Member, label_id: UUID) -> dict[str, Any] | None:
    found = await labels_by_id(member, [label_id])
    return found[0] if found else None


async def labels_by_id(member: Member, ids: Sequence[UUID]) -> Rows:
    async with reading(member.scope):
        found = await database.rows(
            _LABEL + " WHERE l.school = $1 AND l.id = ANY ($2)" + _LABELS_ORDER, member.school, list(ids)
        )
    return [_with_state(row) for row in found]


async def label_by_code(member: Member, code: str) -> dict[str, Any] | None:
    """The label of a code (any way of writing it), if it belongs to a school he may see; `now` is its LabelState."""
    within = " AND l.school IN (SELECT id FROM body WHERE kind = 'school' AND $2 = ANY (path))"
    async with reading(member.scope):
        found = await database.row(_LABEL + " WHERE l.code = $1" + within, codes.normal(code) or "", member.body)
    return _with_state(found) if found else None


async def labels_of_point(member: Member, point_id: UUID) -> Rows:
    async with reading(member.scope):
        sql = _LABEL + " WHERE l.point = $1 ORDER BY l.revoked_at DESC NULLS FIRST, l.created_at DESC, l.id"
        return [_with_state(row) for row in await database.rows(sql, point_id)]


async def label_events(member: Member, label_id: UUID) -> Rows:
    """The life of a label, the latest first."""
    async with reading(member.scope):
        return await database.rows(
            """SELECT e.*, u.name AS by_name, u.name_en AS by_name_en, p.name AS point_name, p.name_en AS point_name_en
               FROM label_event e LEFT JOIN app_user u ON u.id = e.by LEFT JOIN point p ON p.id = e.point
               WHERE e.label = $1 ORDER BY e.created_at DESC, e.id DESC""",
            label_id,
        )


async def every_label(school: UUID | None = None) -> Rows:
    """Labels that are not revoked, of one school or of all: for the command line, as the owner of the database."""
    async with DB.transaction():
        found = await database.rows(
            _LABEL
            + " WHERE l.revoked_at IS NULL AND ($1::uuid IS NULL OR l.school = $1) ORDER BY b.name, l.school,"
            + _LABELS_ORDER.removeprefix(" ORDER BY"),
            school,
        )
    return [_with_state(row) for row in found]


def _with_state(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "now": label_state(row).value}
