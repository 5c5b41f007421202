"""What a manager asks in the morning: everything since the beginning of yesterday, in five statements."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from backend import clock, database
from backend.access import Member
from backend.database import reading
from backend.findings.queries_where import CLOSED, GRADE, IS_OPEN, LATE, STATES
from backend.findings.rules_filters import UNASSIGNED, UNSAFE_MAJOR, WAITING
from backend.overview.rules_morning import Outcome, outcome
from backend.points.queries_health import BROKEN
from backend.rounds.queries_duty import HERE

Row = dict[str, Any]
Rows = list[Row]
MOST_FINDINGS = 8
MOST_SAID = 50

_ROUNDS = """
SELECT r.id, r.day, r.name, r.name_en, r.slot, r.slot_en, r.span, r.opens_at, r.closes_at, r.late_until, r.night,
  r.stops, r.started_at, r.finished_at, r.finish_why, r.closed_at, s.name AS starter, s.name_en AS starter_en,
  f.name AS finisher, f.name_en AS finisher_en, n.*
FROM round r LEFT JOIN app_user s ON s.id = r.started_by LEFT JOIN app_user f ON f.id = r.finished_by
  CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE state IN ('kept', 'late')) AS seen,
    count(*) FILTER (WHERE state = 'late') AS late, count(*) FILTER (WHERE state IN ('due', 'missed')) AS "left",
    count(*) FILTER (WHERE state = 'excused') AS excused, count(*) FILTER (WHERE state = 'unreachable') AS unreachable,
    count(*) FILTER (WHERE sent_late) AS sent_late FROM stop WHERE stop.round = r.id) n
WHERE r.id IN (SELECT id FROM round WHERE school = $1 AND day BETWEEN $2 AND $3 AND span IN ('window', 'event')
  UNION ALL SELECT id FROM round WHERE school = $1 AND span NOT IN ('window', 'event')
    AND opens_at > $4::timestamptz - interval '400 days' AND opens_at < $5 AND late_until >= $4)
ORDER BY r.opens_at, r.name, r.id
"""
"""Windows of yesterday and today, and the weeks, months and terms that run now or ended since."""

_SAID = f"""
SELECT s.id, s.round, s.state, s.why, s.said_at, r.name AS round_name, r.name_en AS round_name_en, p.name, p.name_en,
  p.number, u.name AS "by", u.name_en AS by_en, count(*) OVER (PARTITION BY s.state) AS total
FROM stop s JOIN round r ON r.id = s.round JOIN point p ON p.id = s.point LEFT JOIN app_user u ON u.id = s.by
WHERE s.school = $1 AND s.state IN ('excused', 'unreachable') AND s.day > $2::date - 120
  AND (s.day BETWEEN $2 AND $3 OR s.said_at >= $4) ORDER BY s.state DESC, s.said_at DESC, s.id LIMIT {MOST_SAID}
"""

_FIGURES = f"""
SELECT f.new, f.major, f.closed, f.overdue, f.{UNSAFE_MAJOR}, f.{UNASSIGNED}, f.{WAITING}, l.labels FROM (SELECT
  count(*) FILTER (WHERE f.found_at >= $2) AS new,
  count(*) FILTER (WHERE f.found_at >= $2 AND {GRADE} = 'major') AS major,
  count(*) FILTER (WHERE {CLOSED} AND f.closed_at >= $2) AS closed,
  count(*) FILTER (WHERE {LATE.replace("?", "$3")}) AS overdue,
  count(*) FILTER (WHERE {STATES[UNSAFE_MAJOR]}) AS {UNSAFE_MAJOR},
  count(*) FILTER (WHERE {STATES[UNASSIGNED]}) AS {UNASSIGNED},
  count(*) FILTER (WHERE {STATES[WAITING]}) AS {WAITING}
  FROM finding f WHERE f.school = $1 AND (f.found_at >= $2 OR {IS_OPEN} OR f.closed_at >= $2)) f,
  (SELECT count(*) AS labels FROM ({BROKEN}) b) l
"""

_FOUND = f"""
SELECT f.id, f.number, f.title, f.title_en, f.area, f.found_at, {GRADE} = 'major' AS major, p.name AS point_name,
  p.name_en AS point_name_en FROM finding f LEFT JOIN point p ON p.id = f.point
WHERE f.school = $1 AND f.found_at >= $2 ORDER BY {GRADE} = 'major' DESC, f.found_at DESC, f.id LIMIT {MOST_FINDINGS}
"""

_DUTY = f"""
SELECT t.id, t.name, t.name_en, u.name AS who, u.name_en AS who_en, t.shifts -> d.shift::int ->> 'name'
    AS shift, t.shifts -> d.shift::int ->> 'name_en' AS shift_en, (t.shifts -> d.shift::int ->> 'start')::int AS starts,
  (t.shifts -> d.shift::int ->> 'end')::int AS ends
FROM duty d JOIN roster t ON t.id = d.roster JOIN app_user u ON u.id = d."user"
WHERE d.school = $1 AND d.day = $2 AND d.ended_at IS NULL AND {HERE}
ORDER BY t.name, starts, who
"""


@dataclass(frozen=True, slots=True)
class Morning:
    """`rounds` carry their `outcome`; `said`: stops excused or not reachable; `duty`: of today."""

    since: date
    rounds: Rows
    said: Rows
    figures: dict[str, int]
    findings: Rows
    duty: Rows


async def morning(member: Member, school: UUID) -> Morning:
    today, now = clock.today(), clock.now()
    since = today - timedelta(days=1)
    begin, end = clock.midnight(since), clock.day_range(today)[1]
    async with reading(member.scope):
        rounds = await database.rows(_ROUNDS, school, since, today, begin, end)
        said = await database.rows(_SAID, school, since, today, begin)
        figures = await database.row(_FIGURES, school, begin, today) or {}
        found = await database.rows(_FOUND, school, begin)
        duty = await database.rows(_DUTY, school, today)
    return Morning(
        since=since,
        rounds=[row for row in _judged(rounds, now) if not _long_done(row, begin)],
        said=said,
        figures={name: int(n) for name, n in figures.items()},
        findings=found,
        duty=duty,
    )


def _judged(rounds: Rows, now: datetime) -> Rows:
    return [row | {"outcome": outcome(row, now).value} for row in rounds]


def _long_done(row: Row, begin: datetime) -> bool:
    """A month whose last point was seen a week ago is no news, however long it still runs."""
    done = row["finished_at"] or row["closed_at"]
    return row["outcome"] == Outcome.WHOLE.value and done is not None and done < begin
