"""Who is told of rounds: a night's misses and a round that nobody began at once, everything else by a digest.

The worker runs these as the owner of the database. `round.told_at` remembers it: set before the round was closed, its
people were told that nobody began; set at or after its closing, the digest has counted it (or had nothing to count). A
row is claimed by the statement that sets it, so nothing is told twice, however many workers there are.
"""

import logging
from datetime import datetime
from typing import Any
from uuid import UUID

from backend import clock, database
from backend.database import DB
from backend.findings.actions_time import HEAD, OFFICE
from backend.notices.actions import tell, tell_posts
from backend.rounds import rules_tell as rules
from backend.rounds.queries_calendar import calendar_of
from backend.rounds.rules import Span
from backend.rounds.rules_tell import FRESH, LOOK_BACK_DAYS, Missed

log = logging.getLogger("xunan.rounds")
Row = dict[str, Any]
AT_ONCE = 2000

_UNBEGUN = f"""
SELECT r.id, r.school, r.span, r.opens_at, r.closes_at FROM round r
WHERE r.started_at IS NULL AND r.closed_at IS NULL AND r.told_at IS NULL AND r.opens_at <= $1 AND r.late_until > $1
  AND $1 >= r.opens_at + CASE WHEN r.span IN ('window', 'event') THEN
    least((r.closes_at - r.opens_at) / 2, interval '{int(rules.SOON.total_seconds())} seconds')
    ELSE least((r.closes_at - r.opens_at) / 2, r.closes_at - r.opens_at - interval '1 day') END
ORDER BY r.opens_at LIMIT {AT_ONCE}
"""
"""Candidates; `rules_tell.unbegun_from` decides."""
_CLAIM_UNBEGUN = """
UPDATE round r SET told_at = $2 WHERE r.id = $1 AND r.told_at IS NULL AND r.started_at IS NULL AND r.closed_at IS NULL
  AND EXISTS (SELECT 1 FROM stop s WHERE s.round = r.id AND s.state = 'due') RETURNING r.*
"""
_SPAN_DAYS = """CASE t.span WHEN 'window' THEN 2 WHEN 'event' THEN 2 WHEN 'week' THEN 8 WHEN 'month' THEN 32
  WHEN 'quarter' THEN 93 WHEN 'year' THEN 367 ELSE 260 END"""
_OVER = f"""
FROM route t CROSS JOIN LATERAL (SELECT o.id, o.closed_at, o.told_at FROM round o WHERE o.route = t.id
  AND o.opens_at > $1::timestamptz - make_interval(days => {LOOK_BACK_DAYS} + {_SPAN_DAYS}, mins => t.grace)) r
WHERE r.closed_at <= $1 AND r.closed_at > $1::timestamptz - interval '{LOOK_BACK_DAYS} days'
  AND (r.told_at IS NULL OR r.told_at < r.closed_at)
"""
"""Rounds that are over and in no digest yet, found by the route and its times, whatever the history holds."""
_CLAIM_OVER = f"""
WITH claimed AS (
  UPDATE round SET told_at = greatest($1, closed_at) WHERE id IN (SELECT r.id {_OVER} AND t.school = $2)
    AND (told_at IS NULL OR told_at < closed_at) RETURNING id, started_at)
SELECT count(*) FILTER (WHERE s.missed + s.late > 0) AS rounds, coalesce(sum(s.missed), 0) AS missed,
  coalesce(sum(s.late), 0) AS late,
  count(*) FILTER (WHERE c.started_at IS NULL AND s.seen = 0 AND s.missed > 0) AS unbegun
FROM claimed c CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE state = 'missed') AS missed,
  count(*) FILTER (WHERE state = 'late') AS late, count(*) FILTER (WHERE state IN ('kept', 'late')) AS seen
  FROM stop WHERE round = c.id) s
"""


async def closed(round_row: Row) -> None:
    """A round is over; inside the transaction that closes it. A night round with a stop missed is told at once, to the
    principal too when nobody came at all. One without a fault needs no digest."""
    now = clock.now()
    if not round_row["missed"] and not round_row["late"]:
        await database.run("UPDATE round SET told_at = greatest($2, closed_at) WHERE id = $1", round_row["id"], now)
    elif round_row["missed"] and round_row["night"] and now - round_row["late_until"] < FRESH:
        wholly = not round_row["kept"] and not round_row["late"]
        posts = [*OFFICE, *(HEAD if wholly else ())]
        about = round_row["school"], posts, "round_missed_night", round_row["id"], _facts(round_row)
        await tell_posts(*about, urgent=True)


async def look() -> str:
    """Tells what nobody began, and makes the digests when it is their time."""
    now = clock.now()
    told, made = await _unbegun(now), await _digests(now)
    said = [f"{told} rounds were not begun"] if told else []
    return ", ".join([*said, f"{made} digests"] if made else said)


def _facts(round_row: Row) -> Row:
    return rules.facts_of(round_row, clock.local(round_row["opens_at"]), clock.local(round_row["closes_at"]))


async def _school_day(school: UUID, now: datetime) -> bool:
    today = clock.local(now).date()
    return (await calendar_of(school, today, today)).is_school_day(today)


async def _unbegun(now: datetime) -> int:
    """How many rounds were told of; each is one transaction of its own."""
    local, told = clock.local(now), 0
    days: dict[UUID, bool] = {}
    async with DB.transaction():
        rows = await database.rows(_UNBEGUN, now)
        due = []
        for row in rows:
            span, school = Span(row["span"]), row["school"]
            if now < rules.unbegun_from(span, clock.local(row["opens_at"]), clock.local(row["closes_at"])):
                continue
            if span not in rules.SHORT and school not in days:
                days[school] = await _school_day(school, now)
            if rules.may_tell_now(span, local, school_day=days.get(school, True)):
                due.append(row["id"])
    for one in due:
        try:
            told += await _tell_unbegun(one, now)
        except Exception:  # one round must not keep the others' people waiting
            log.exception("telling of round %s", one)
    return told


async def _tell_unbegun(round_id: UUID, now: datetime) -> int:
    """Its people; of a night round the manager too. What is left of its misses comes when it is over."""
    async with DB.transaction():
        row = await database.row(_CLAIM_UNBEGUN, round_id, now)
        if row is None:
            return 0
        school, kind, facts, night = row["school"], "round_not_started", _facts(row), row["night"]
        if row["holder"]:
            await tell(school, [row["holder"]], kind, round_id, facts, urgent=night)
        else:
            await tell(school, row["users"] or [], kind, round_id, facts, urgent=night)
            if row["post"]:
                await tell_posts(school, [row["post"]], kind, round_id, facts, urgent=night)
        if night:
            await tell_posts(school, OFFICE, kind, round_id, facts, urgent=True)
    return 1


async def _digests(now: datetime) -> int:
    """How many schools were told; each is one transaction of its own."""
    local, made = clock.local(now), 0
    if not rules.is_digest_time(local, school_day=True):
        return 0
    async with DB.transaction():
        found = await database.rows(f"SELECT DISTINCT t.school {_OVER}", now)
        schools = [
            row["school"]
            for row in found
            if rules.is_digest_time(local, school_day=await _school_day(row["school"], now))
        ]
    for school in schools:
        try:
            made += await _digest(school, now)
        except Exception:  # one school must not keep the others waiting
            log.exception("digest of %s", school)
    return made


async def _digest(school: UUID, now: datetime) -> int:
    async with DB.transaction():
        row = await database.row(_CLAIM_OVER, now, school)
        told = Missed(**{name: int(n) for name, n in (row or {}).items()}) if row else None
        if told is None or told.nothing:
            return 0
        await tell_posts(school, OFFICE, "rounds_digest", school, told.facts())
    return 1
