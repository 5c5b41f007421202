"""The rounds of a school's day for its desk, and those of one route."""

from datetime import date
from typing import Any
from uuid import UUID

from backend import clock, database
from backend.access import Member
from backend.database import reading

Rows = list[dict[str, Any]]

_ROUNDS = """
SELECT r.id, r.route, r.day, r.name, r.name_en, r.slot, r.slot_en, r.span, r.opens_at, r.closes_at, r.late_until,
  r.night, r.post, r.stops, r.cause, r.started_at, r.finished_at, r.finish_why, r.closed_at,
  s.name AS starter, s.name_en AS starter_en, h.name AS holder_name, h.name_en AS holder_name_en,
  (SELECT jsonb_agg(jsonb_build_object('name', u.name, 'name_en', u.name_en) ORDER BY u.name)
     FROM app_user u WHERE u.id = ANY (r.users))::text AS persons, n.*
FROM round r LEFT JOIN app_user s ON s.id = r.started_by LEFT JOIN app_user h ON h.id = r.holder
  CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE state IN ('kept', 'late')) AS seen,
    count(*) FILTER (WHERE state = 'late') AS late, count(*) FILTER (WHERE state = 'missed') AS missed,
    count(*) FILTER (WHERE state = 'excused') AS excused,
    count(*) FILTER (WHERE state = 'unreachable') AS unreachable, count(*) FILTER (WHERE sent_late) AS sent_late
    FROM stop WHERE stop.round = r.id) n
WHERE r.school IN (SELECT id FROM body WHERE kind = 'school' AND $1 = ANY (path)) AND r.school = $2
"""
MOST = 500


async def of_day(member: Member, school: UUID, day: date, route: UUID | None = None) -> Rows:
    """Rounds of this day, and those of a whole period that runs through it, by their beginning."""
    begin, end = clock.day_range(day)
    asked = """ AND ($4::uuid IS NULL OR r.route = $4) AND r.id IN (
        SELECT id FROM round WHERE school = $2 AND day = $3
        UNION ALL SELECT id FROM round WHERE school = $2 AND span NOT IN ('window', 'event')
          AND opens_at < $6 AND opens_at > $5::timestamptz - interval '400 days' AND closes_at > $5)
      ORDER BY r.span NOT IN ('window', 'event'), r.opens_at, r.name, r.id LIMIT $7"""
    async with reading(member.scope):
        return await database.rows(_ROUNDS + asked, member.body, school, day, route, begin, end, MOST)


async def of_route(member: Member, school: UUID, route: UUID, most: int = 10) -> Rows:
    """The last rounds of a route, those that are open or still to come too; the newest first."""
    async with reading(member.scope):
        return await database.rows(
            _ROUNDS + " AND r.route = $3 ORDER BY r.opens_at DESC, r.id DESC LIMIT $4",
            *(member.body, school, route, most),
        )


async def route_names(member: Member, school: UUID) -> Rows:
    async with reading(member.scope):
        return await database.rows(
            "SELECT id, name, name_en, state FROM route WHERE school = $1 ORDER BY state = 'ended', name, id", school
        )
