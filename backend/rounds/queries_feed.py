"""What a calendar program may read with a secret address: when its owner walks a round or is on duty. No findings."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from backend import clock, database
from backend.access import Member, hashed
from backend.database import Scope, reading
from backend.rounds.queries_calendar import calendar_of
from backend.rounds.queries_duty import DUTY, parsed
from backend.rounds.rules import Span, Who
from backend.rounds.rules_when import moment, occurrences, plan_of
from backend.trouble import Missing

Row = dict[str, Any]
BACK, AHEAD = timedelta(days=7), timedelta(days=28)


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing in a calendar. `uid` stays the same when a coming round opens; `path` is where it leads in the house;
    `whole`: it lasts a whole period, in which one may choose."""

    uid: str
    name: str
    name_en: str
    part: str
    part_en: str
    begins: datetime
    ends: datetime
    path: str
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Feed:
    school_name: str
    school_name_en: str
    language: str
    entries: tuple[Entry, ...]


async def feed_of(member: Member) -> Row | None:
    """When his address was made; None when he has none."""
    async with reading(member.scope):
        return await database.row(
            """SELECT created_at FROM calendar_feed WHERE "user" = $1 AND school = $2 AND withdrawn_at IS NULL
               ORDER BY created_at DESC LIMIT 1""",
            *(member.user, member.school),
        )


async def door(token: str) -> Row | None:
    """Whose address this secret is, as long as he still acts for the school; None for every other."""
    if not token or len(token) > 100:
        return None
    return await database.door("SELECT * FROM feed_door($1)", hashed(token))


async def opened(feed: Row) -> Feed:
    """The rounds and duties of the last week and the next four, read as their owner."""
    user, school, now = feed["user_id"], feed["school"], clock.now()
    start, end = now - BACK, now + AHEAD
    async with reading(Scope(user=user, body=school, school=school)):
        body = await database.row("SELECT name, name_en FROM body WHERE id = $1", school)
        if body is None:
            raise Missing()
        duties = parsed(await database.rows(_DUTIES, school, user, clock.local(start).date(), clock.local(end).date()))
        rounds = await database.rows(_ROUNDS, school, user, feed["post"], start, end)
        coming = [entry async for entry in _coming(feed, duties, now, end)]
    open_ones = {entry.uid: entry for entry in map(_round, rounds)}
    found = [*open_ones.values(), *(one for one in coming if one.uid not in open_ones), *map(_duty, duties)]
    return Feed(body["name"], body["name_en"], feed["language"], tuple(sorted(found, key=lambda e: (e.begins, e.uid))))


_DUTIES = f"""{DUTY} WHERE d.school = $1 AND d."user" = $2 AND d.day BETWEEN $3 AND $4 AND d.ended_at IS NULL
  AND r.ended_at IS NULL ORDER BY d.day, d.shift"""
_ROUNDS = """
SELECT id, route, name, name_en, slot, slot_en, opens_at, closes_at, span FROM round
WHERE school = $1 AND opens_at BETWEEN $4 AND $5
  AND (holder = $2 OR holder IS NULL AND ($2 = ANY (users) OR post <> '' AND post = $3))
ORDER BY opens_at
"""
_ROUTES = """
SELECT r.id, r.name, r.name_en, r.span, r.rule, r.days, r.moved, r.windows::text AS windows, r.grace, r.starts_on,
  r.ends_on, r.who, r.roster, r.opened_until FROM route r
WHERE r.school = $1 AND r.state = 'active' AND (r.who = 'post' AND r.post = $3 OR r.who = 'persons' AND EXISTS
    (SELECT FROM route_person p WHERE p.route = r.id AND p."user" = $2 AND p.dropped_at IS NULL)
  OR r.who = 'roster' AND r.roster = ANY ($4::uuid[]))
ORDER BY r.name, r.id
"""


async def _coming(feed: Row, duties: list[Row], now: datetime, end: datetime) -> AsyncIterator[Entry]:
    """Rounds that will open: of his post, of himself, and of his turns."""
    rosters = list({row["roster"] for row in duties})
    routes = await database.rows(_ROUTES, feed["school"], feed["user_id"], feed["post"], rosters)
    if not routes:
        return
    calendar = await calendar_of(feed["school"], clock.local(now).date(), clock.local(end).date())
    for route in routes:
        plan = plan_of(route | {"windows": json.loads(route["windows"])})
        for slot in occurrences(plan, calendar, max(now, route["opened_until"]), end, clock.zone()):
            if route["who"] == Who.ROSTER.value and not _stands(route["roster"], duties, slot.opens_at):
                continue
            yield Entry(
                *(_uid(route["id"], slot.opens_at), route["name"], route["name_en"], slot.slot, slot.slot_en),
                *(slot.opens_at, slot.closes_at, "/today", plan.span is not Span.WINDOW),
            )


def _stands(roster: UUID, duties: list[Row], at: datetime) -> bool:
    return any(begins <= at < ends for row in duties if row["roster"] == roster for begins, ends in [_span(row)])


def _span(duty: Row) -> tuple[datetime, datetime]:
    zone = clock.zone()
    return moment(duty["day"], duty["times"].start, zone), moment(duty["day"], duty["times"].end, zone)


def _uid(route: UUID, opens_at: datetime) -> str:
    return f"{route}-{opens_at:%Y%m%dT%H%M}@xunan"


def _round(row: Row) -> Entry:
    return Entry(
        *(_uid(row["route"], row["opens_at"]), row["name"], row["name_en"], row["slot"], row["slot_en"]),
        *(row["opens_at"], row["closes_at"], f"/rounds/{row['id']}", row["span"] != Span.WINDOW.value),
    )


def _duty(row: Row) -> Entry:
    names = (row["roster_name"], row["roster_name_en"], row["times"].name, row["times"].name_en)
    return Entry(f"duty-{row['id']}@xunan", *names, *_span(row), f"/duty/turns/{row['id']}")
