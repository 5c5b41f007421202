"""Findings of one person as tickets: his own with where they are, those of a point, those that nobody has yet."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from backend import clock, database
from backend.access import Member
from backend.database import reading
from backend.findings import rules_tickets, rules_words
from backend.findings.queries_moves import facts_of, offered
from backend.findings.queries_where import seen_by
from backend.findings.rules import ENDED, Grade
from backend.findings.rules_tickets import OVER, TONES
from backend.language import N_, say
from backend.photos import Kept

Row = dict[str, Any]
Rows = list[Row]
MOST, MOST_FREE = 500, 100
DONE_DAYS = 30

_ENDED = ", ".join(f"'{state.value}'" for state in ENDED)
_TICKET = """
SELECT f.id, f.number, f.title, f.title_en, f.words, f.state, f.grade, f.grade_proposed, f.severity, f.area, f.source,
  f.found_at, f.found_by, f.deadline, f.controlled_at, f.waiting_for, f.waiting_until, f.wished_deadline, f.assigned_to,
  f.assigned_at, f.mended_by, f.mended_at, f.accepted_at, f.closed_at, f.version, f.sightings, f.recurred, f.worse,
  f.lowered, f.listed, f.listed_by, f.fixed_on_spot, f.measures, f.contingency, f.funds, f.point,
  p.name AS point_name, p.name_en AS point_name_en, p.number AS point_number, p.kind AS point_kind, p.position,
  p.position_en, p.pin_x, p.pin_y, p.place, floor.name AS floor, floor.name_en AS floor_en, floor.plan_sha256,
  coalesce(house.id, floor.id) AS building, house.name AS house, house.name_en AS house_en,
  (SELECT stored_sha256 FROM photo WHERE finding = f.id AND state = 'kept' AND role <> 'after'
    ORDER BY role = 'problem' DESC, created_at LIMIT 1) AS photo,
  (SELECT max(created_at) FROM finding_event e WHERE e.finding = f.id) AS updated_at
FROM finding f LEFT JOIN point p ON p.id = f.point
  LEFT JOIN place floor ON floor.id = p.place LEFT JOIN place house ON house.id = floor.parent
WHERE f.school = $1
"""
_FIRST = " ORDER BY coalesce(f.grade, f.grade_proposed) = 'major' DESC, f.deadline NULLS LAST, f.found_at, f.id"


def _school(member: Member) -> UUID:
    """Tickets belong to a school; whoever acts for a bureau has none."""
    return member.school or UUID(int=0)


async def tickets(member: Member) -> Rows:
    """What is assigned to him and has not ended, or ended in the last days; at most MOST, the major ones first."""
    since = clock.now() - timedelta(days=DONE_DAYS)
    async with reading(member.scope):
        return await database.rows(
            f"""{_TICKET} AND f.assigned_to = $2
                AND (f.state NOT IN ({_ENDED}) OR coalesce(f.closed_at, f.mended_at) >= $3)
                {_FIRST} LIMIT {MOST}""",
            *(_school(member), member.user, since),
        )


async def free(member: Member) -> Rows:
    """Open findings that he may see and nobody is responsible for yet."""
    own = seen_by(member).replace("?", "$2")
    async with reading(member.scope):
        return await database.rows(
            f"""{_TICKET} AND f.assigned_to IS NULL AND f.state NOT IN ({_ENDED}){f" AND {own}" if own else ""}
                {_FIRST} LIMIT {MOST_FREE}""",
            *(_school(member), *((member.user,) if own else ())),
        )


async def tickets_of_point(member: Member, point: UUID, language: str) -> Rows:
    """Open findings of one point that are assigned to him, each with the verb that comes next."""
    async with reading(member.scope):
        found = await database.rows(
            f"{_TICKET} AND f.point = $2 AND f.assigned_to = $3 AND f.state NOT IN ({_ENDED}) {_FIRST}",
            *(_school(member), point, member.user),
        )
    return in_line([{**shown_line(row, language), "next": _next(member, row, language)} for row in found])


def _next(member: Member, row: Row, language: str) -> dict[str, str] | None:
    """The big button of a ticket's page."""
    facts = facts_of(row)
    open_to_him = {one.verb for one in offered(member, row) if one.open}
    ways = rules_tickets.main_verbs(row["state"], facts.major and not facts.controlled)
    verb = next((verb for verb in ways if verb in open_to_him), None)
    return {"verb": verb.value, "text": say(language, rules_words.BUTTONS[verb.value])} if verb else None


def in_line(rows: list[Row]) -> list[Row]:
    today = clock.today()
    return sorted(rows, key=lambda row: rules_tickets.place_in_line(row, today))


def shown_line(row: Row, language: str) -> Row:
    """A ticket as a list shows it: how much it burns, in words and by its tone, and the time left."""
    urgency = rules_tickets.urgency(row, clock.today())
    return {
        **row,
        "urgency": urgency.value,
        "urgency_said": say(language, rules_tickets.in_words(row, clock.today())),
        "tone": TONES[urgency],
        "major": (row["grade"] or row["grade_proposed"]) == Grade.MAJOR.value,
        "left": time_left(row, language),
        "is_late": row["deadline"] is not None and row["deadline"] < clock.today() and urgency not in OVER,
        "stamp": _stamp(row),
    }


def _stamp(row: Row) -> str:
    """Changes whenever the ticket's page would look different."""
    updated = row.get("updated_at")
    return f"{row['version']}.{row['sightings']}.{int(updated.timestamp()) if updated else 0}"


def time_left(row: Row, language: str) -> str:
    """ "6 hours left", "3 days overdue"; empty without a deadline and when it is in other hands."""
    if row["deadline"] is None or rules_tickets.urgency(row, clock.today()) in OVER:
        return ""
    over = clock.day_range(row["deadline"])[1]
    left = rules_tickets.left(row["deadline"], over, clock.now(), clock.today())
    if left.late:
        return say(language, N_("%(n)s days overdue"), n=left.late)
    return say(language, N_("%(n)s h left"), n=left.hours) if left.hours else say(language, _DAYS, n=left.days)


_DAYS = N_("%(n)s days left")


async def plan_of(member: Member, place: UUID) -> dict[str, Any] | None:
    """A place of his school with its drawing; None when it is not there."""
    async with reading(member.scope):
        return await database.row(
            """SELECT pl.id, pl.name, pl.name_en, pl.plan_sha256, pl.plan_width, pl.plan_height,
                 up.name AS building_name, up.name_en AS building_name_en
               FROM place pl LEFT JOIN place up ON up.id = pl.parent
               WHERE pl.id = $2 AND pl.school = $1 AND pl.plan_sha256 IS NOT NULL""",
            *(_school(member), place),
        )


async def pin_of(member: Member, point: UUID | None) -> dict[str, Any] | None:
    """Where a finding's point is drawn: its pin and the plan it stands on; None when there is none."""
    async with reading(member.scope):
        return await database.row(
            """SELECT p.place, p.pin_x, p.pin_y, pl.plan_sha256, pl.plan_width, pl.plan_height
               FROM point p JOIN place pl ON pl.id = p.place
               WHERE p.id = $2 AND p.school = $1 AND p.pin_x IS NOT NULL AND pl.plan_sha256 IS NOT NULL""",
            *(_school(member), point),
        )


async def told_before(member: Member, event: UUID) -> dict[str, Any] | None:
    """The event of this id, whatever became of its finding since."""
    async with reading(member.scope):
        return await database.row('SELECT finding, after, body_hash, "by" FROM finding_event WHERE id = $1', event)


async def held(member: Member, hashes: list[str]) -> dict[str, Kept]:
    """Photos of these names that his school holds already."""
    async with reading(member.scope):
        found = await database.rows(
            """SELECT DISTINCT ON (sha256) sha256, stored_sha256, width, height, bytes, phash, taken_at, had_position
               FROM photo WHERE sha256 = ANY ($2) AND school = $1 AND state = 'kept' ORDER BY sha256, created_at""",
            *(_school(member), hashes),
        )
    return {
        row["sha256"]: Kept(
            sha256=row["sha256"],
            stored_sha256=row["stored_sha256"],
            width=row["width"] or 0,
            height=row["height"] or 0,
            bytes=row["bytes"] or 0,
            phash=row["phash"] or 0,
            taken_at=row["taken_at"],
            has_gps=row["had_position"],
        )
        for row in found
    }


async def awaited(member: Member, event: UUID) -> list[str]:
    """Names of photos of an event that have not arrived."""
    async with reading(member.scope):
        found = await database.rows(
            "SELECT DISTINCT sha256 FROM photo WHERE event = $1 AND state = 'awaited' ORDER BY sha256", event
        )
    return [row["sha256"] for row in found]
