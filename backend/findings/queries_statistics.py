"""The figures of a school, a district or a city from the committed columns of its findings, in three statements.

Each figure has the same words as the filter of the ledger that opens its rows (see queries_where.py): list = figure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from backend import clock, database
from backend.access import Member
from backend.database import reading
from backend.findings.queries_where import AREA, CLOSED, GRADE, IS_OPEN, LATE, OWN, UNSAFE
from backend.findings.rules import Grade
from backend.findings.rules_statistics import Asked, Span, ages

Row = dict[str, Any]
MOST_NAMED = 8
"""How many major findings that were not made safe are named; their list holds all of them."""

PARTS = ("area", "grade", "source", "kind", "step", "closed_step", "over_step", "age")


_WHOSE = f"""{OWN} AND ($2::uuid IS NULL OR f.school = $2)
  AND ($3::uuid IS NULL OR f.school = ANY (ARRAY(SELECT id FROM body WHERE $3 = ANY (path))))"""
"""$1 the member's body, $2 a school, $3 a district."""

_COUNTS = f"""
WITH told AS (
  SELECT {AREA} AS area, {GRADE} AS grade, f.source, coalesce(p.kind, '') AS kind,
    width_bucket(f.found_at, $6::timestamptz[]) AS step,
    CASE WHEN {CLOSED} THEN width_bucket(f.closed_at, $6::timestamptz[]) END AS closed_step,
    CASE WHEN {CLOSED} THEN width_bucket(greatest(f.closed_at, f.found_at), $6::timestamptz[]) END AS over_step,
    width_bucket(f.found_at, $7::timestamptz[]) AS age,
    {CLOSED} AND f.closed_at >= $4 AND f.closed_at < $5 AS closed,
    {IS_OPEN} AS open, {CLOSED} AS over,
    f.state, f.closed_at, f.recurred > 0 AS recurred, f.extended > 0 AS extended,
    {LATE.replace("?", "$8")} AS late, {UNSAFE} AS unsafe, found,
    CASE WHEN found THEN EXISTS (SELECT FROM finding_event e WHERE e.finding = f.id AND e.verb = 'send_back')
    END AS sent_back
  FROM finding f LEFT JOIN point p ON p.id = f.point, LATERAL (SELECT f.found_at >= $4 AND f.found_at < $5 AS found) x
  WHERE {_WHOSE})
SELECT {", ".join(PARTS)}, grouping({", ".join(PARTS)}) AS part,
  count(*) FILTER (WHERE found) AS found,
  count(*) FILTER (WHERE closed) AS closed,
  count(*) FILTER (WHERE open) AS open,
  count(*) FILTER (WHERE late) AS overdue,
  count(*) FILTER (WHERE open AND grade = 'major') AS major,
  count(*) FILTER (WHERE open AND grade = 'major' AND unsafe) AS unsafe,
  count(*) FILTER (WHERE found AND open) AS still_open,
  count(*) FILTER (WHERE found AND over AND closed_at >= $4) AS over,
  count(*) FILTER (WHERE found AND state = 'rejected_report') AS rejected,
  count(*) FILTER (WHERE found AND state = 'merged') AS merged,
  count(*) FILTER (WHERE found AND recurred) AS recurred,
  count(*) FILTER (WHERE found AND extended) AS extended,
  count(*) FILTER (WHERE found AND state = 'extension_requested') AS asking,
  count(*) FILTER (WHERE sent_back) AS sent_back,
  count(*) FILTER (WHERE open OR over) AS real, count(*) AS every
FROM told GROUP BY GROUPING SETS ((), {", ".join(f"({part})" for part in PARTS)})
"""
_DAYS = f"""
SELECT area, grade, grouping(area, grade) AS part, count(to_close) AS closed, count(to_mend) AS mended,
  percentile_cont(0.5) WITHIN GROUP (ORDER BY to_close) AS to_close,
  percentile_cont(0.5) WITHIN GROUP (ORDER BY to_mend) AS to_mend
FROM (
  SELECT {AREA} AS area, {GRADE} AS grade,
    CASE WHEN {CLOSED} AND f.closed_at >= $4 AND f.closed_at < $5
      THEN greatest(extract(epoch FROM f.closed_at - f.found_at), 0)::float / 86400 END AS to_close,
    CASE WHEN f.assigned_at IS NOT NULL AND f.mended_at >= $4 AND f.mended_at < $5
      THEN greatest(extract(epoch FROM f.mended_at - f.assigned_at), 0)::float / 86400 END AS to_mend
  FROM finding f WHERE {_WHOSE} AND (f.closed_at >= $4 AND f.closed_at < $5 OR f.mended_at >= $4 AND f.mended_at < $5)
) took GROUP BY GROUPING SETS ((), (area), (grade))
"""
_SAFE = f"""
WITH major AS (
  SELECT f.id, f.number, f.title, f.title_en, f.school, f.controlled_at, {UNSAFE} AS unsafe,
    greatest(f.found_at, (SELECT max(e.at) FROM finding_event e WHERE e.finding = f.id
      AND e.at <= coalesce(f.controlled_at, 'infinity')
      AND (e.verb = 'reopen' OR e.verb = 'grade' AND f.grade_proposed <> '{Grade.MAJOR.value}'))) AS since
  FROM finding f WHERE {_WHOSE} AND {GRADE} = '{Grade.MAJOR.value}' AND f.found_at >= $4 AND f.found_at < $5),
took AS (SELECT *, CASE WHEN controlled_at IS NOT NULL
    THEN greatest(extract(epoch FROM controlled_at - since), 0)::float / 60 END AS minutes FROM major)
SELECT told.*, named.*, b.name AS school_name, b.name_en AS school_name_en
FROM (SELECT count(*) AS n, count(minutes) AS safe, count(*) FILTER (WHERE unsafe) AS unsafe,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY minutes) AS median FROM took) told
  LEFT JOIN ((SELECT id, number, title, title_en, school, since, minutes FROM took WHERE minutes IS NOT NULL
      ORDER BY minutes DESC, id LIMIT 1)
    UNION ALL (SELECT id, number, title, title_en, school, since, minutes FROM took WHERE unsafe
      ORDER BY since, id LIMIT {MOST_NAMED})) named ON true
  LEFT JOIN body b ON b.id = named.school
ORDER BY named.minutes DESC NULLS LAST, named.since
"""


@dataclass(frozen=True, slots=True)
class Safe:
    """Major findings of the period: how many, made safe, not made safe; minutes in the middle; rows that are named."""

    n: int
    safe: int
    unsafe: int
    median: float | None
    slowest: Row | None
    named: list[Row]


@dataclass(frozen=True, slots=True)
class Figures:
    """`parts[""]` holds the one row of the whole, the others a row for each value: `parts["area"]["fire"]["open"]`.

    `days` is the same for medians. `weeks` has found, closed and open for each step of the time axis, `ages` the
    open ones by age."""

    parts: dict[str, dict[Any, Row]]
    days: dict[str, dict[Any, Row]]
    safe: Safe
    weeks: list[Row]
    ages: list[int]

    @property
    def whole(self) -> Row:
        return self.parts[""][None]

    @property
    def took(self) -> Row:
        return self.days[""][None]


def statements(member: Member, asked: Asked, steps: Sequence[Span]) -> list[tuple[str, list[Any]]]:
    """The three statements with their values, for the page and for who measures them."""
    today = clock.today()
    begin, end = clock.midnight(asked.start), clock.day_range(asked.end)[1]
    values = [member.body, asked.school, asked.district, begin, end]
    edges = [clock.midnight(step.start) for step in steps if step.start] + [end]
    borders = [clock.midnight(span.start) for span in reversed(ages(today)) if span.start]
    return [(_COUNTS, [*values, edges, borders, today]), (_DAYS, values), (_SAFE, values)]


async def figures(member: Member, asked: Asked, steps: Sequence[Span]) -> Figures:
    async with reading(member.scope):
        counts, days, safe = [await database.rows(sql, *values) for sql, values in statements(member, asked, steps)]
    parts = _parted(counts, PARTS)
    return Figures(
        parts=parts,
        days=_parted(days, ("area", "grade")),
        safe=_safe(safe),
        weeks=_weeks(parts, len(steps)),
        ages=_ages(parts["age"]),
    )


def _parted(rows: list[Row], parts: Sequence[str]) -> dict[str, dict[Any, Row]]:
    """Rows of GROUPING SETS by what they are grouped by; grouping() has one bit for each column that was not."""
    all_bits = (1 << len(parts)) - 1
    names = {all_bits ^ (1 << (len(parts) - 1 - i)): part for i, part in enumerate(parts)} | {all_bits: ""}
    found: dict[str, dict[Any, Row]] = {name: {} for name in names.values()}
    for row in rows:
        name = names[row["part"]]
        found[name][row[name] if name else None] = row
    return found


def _weeks(parts: dict[str, dict[Any, Row]], n: int) -> list[Row]:
    """Steps are numbered from 1; 0 is all that was before. What is open at the end of a step: all that was found until
    then, less what was closed; what turned out to be no hazard, or the same as another one, never was open."""
    found, closed, over = parts["step"], parts["closed_step"], parts["over_step"]

    def count(rows: dict[Any, Row], step: int, name: str) -> int:
        return int(rows[step][name]) if step in rows else 0

    still = count(found, 0, "real") - count(over, 0, "every")
    weeks = []
    for step in range(1, n + 1):
        still += count(found, step, "real") - count(over, step, "every")
        weeks.append({"found": count(found, step, "found"), "closed": count(closed, step, "closed"), "open": still})
    return weeks


def _ages(rows: dict[Any, Row]) -> list[int]:
    """Open ones by age, the newest first; the borders of the database are in the order of time."""
    last = len(ages(date.min.replace(year=2000))) - 1
    return [int(rows[age]["open"]) if age in rows else 0 for age in range(last, -1, -1)]


def _safe(rows: list[Row]) -> Safe:
    told = rows[0]
    named = [row for row in rows if row["id"]]
    slowest = next((row for row in named if row["minutes"] is not None), None)
    rest = [row for row in named if row["minutes"] is None]
    return Safe(told["n"], told["safe"], told["unsafe"], told["median"], slowest, rest)
