"""The counts of a school, from those that are kept with its stops: one statement for the tables, one for the trend."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from backend import clock, database
from backend.access import Member
from backend.bodies.queries_terms import terms_of
from backend.bodies.rules_terms import Term
from backend.coverage.rules_numbers import NAMES, TERM, TERM_BACK, Asked, Counts, Days, counts_of
from backend.database import reading

Row = dict[str, Any]
PARTS = ("route", "kind", "area")
SUMS = ", ".join(f"coalesce(sum({name}), 0)::bigint AS {name}" for name in NAMES)
_WITHIN = "WHERE school = $1 AND day >= $2 AND day <= $3"
TABLES = f"""
SELECT route, kind, area, grouping(route, kind, area) AS part, {SUMS}
FROM coverage_day {_WITHIN} GROUP BY GROUPING SETS ((), (route), (kind), (area))
"""
TREND = f"SELECT day, {SUMS} FROM coverage_day {_WITHIN} GROUP BY day"
_ROUTES = "SELECT id, name, name_en, state FROM route WHERE school = $1 ORDER BY state = 'ended', name, id"
KINDS = "SELECT code, zh, en, area FROM point_kind ORDER BY position, code"


@dataclass(frozen=True, slots=True)
class Numbers:
    """`parts["route"][id]`, `parts["kind"][code]`, `parts["area"][area]`; `routes` and `kinds` in their usual order,
    also those that nothing was due of."""

    whole: Counts
    parts: dict[str, dict[Any, Counts]]
    by_day: dict[date, Counts]
    routes: list[Row] = field(default_factory=list)
    kinds: list[Row] = field(default_factory=list)


async def terms(member: Member, asked: Asked) -> list[Term]:
    """The terms around the day asked for, of the school, district or bureau; none when no term was asked for."""
    body = asked.school or asked.district or member.body
    if asked.word != TERM or body is None:
        return []
    on = asked.on or clock.today()
    async with reading(member.scope):
        return await terms_of(body, on - TERM_BACK, on + timedelta(days=400))


async def numbers(member: Member, school: UUID, days: Days, trend: Days) -> Numbers:
    """Counts of a school that the member may read (see findings.queries.heading) from its daily counts."""
    async with reading(member.scope):
        rows = await database.rows(TABLES, school, days.start, days.end)
        by_day = await database.rows(TREND, school, trend.start, trend.end)
        routes = await database.rows(_ROUTES, school)
        kinds = await database.rows(KINDS)
    names = {(1 << len(PARTS)) - 1 - (1 << (len(PARTS) - 1 - i)): name for i, name in enumerate(PARTS)}
    parts: dict[str, dict[Any, Counts]] = {name: {} for name in PARTS}
    whole = Counts()
    for row in rows:
        if name := names.get(row["part"]):
            parts[name][row[name]] = counts_of(row)
        else:
            whole = counts_of(row)
    return Numbers(whole, parts, {row["day"]: counts_of(row) for row in by_day}, routes, kinds)
