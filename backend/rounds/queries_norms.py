"""A school's plan of routes held against the norms: its kinds, points and coming rounds, and what they lack."""

import json
import re
from collections.abc import Iterable
from datetime import date, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from backend import clock, database
from backend.access import Member
from backend.checklists.queries import kinds_in_use
from backend.checklists.queries_content import posts, sources
from backend.database import reading
from backend.rounds.queries_calendar import calendar_of
from backend.rounds.queries_points import points_of_routes
from backend.rounds.rules import RouteState, Span
from backend.rounds.rules_norm_list import Norm, norms_for
from backend.rounds.rules_norms import Planned, Unmet, Weeks, is_often, uncovered, unmet
from backend.rounds.rules_proposal import Kind, Spot
from backend.rounds.rules_when import Calendar, Plan, occurrences, plan_of
from fixtures.packs import read

Row = dict[str, Any]
WEEKS = 4
LOOK_FOR_SCHOOL = 130
"""Days within which the first school day is looked for, so that a vacation is not judged."""
FAR = timedelta(days=370)


async def school_of(member: Member, school: UUID) -> Row | None:
    """The school's type, and whether pupils sleep there."""
    async with reading(member.scope):
        return await database.row(
            """SELECT id, name, name_en, school_type, boarding FROM body
               WHERE id = $2 AND kind = 'school' AND $1 = ANY (path)""",
            *(member.body, school),
        )


async def kinds_of(member: Member, school: UUID) -> list[tuple[Kind, Row]]:
    """Kinds that the school uses, each with its row; its `basis` names the sources ("[S4]")."""
    names, rhythms = posts(), read("frequencies")
    rows = [{**row, "basis": _with_sources(row)} for row in await kinds_in_use(member, school)]
    return [(_kind(row, names.get(row["usual_post"], {}), rhythms), row) for row in rows]


@cache
def _built_in() -> dict[str, str]:
    return {one["id"]: one["frequency_basis"] for one in read("kinds")}


def _with_sources(row: Row) -> str:
    """The table leaves the sources out; they hold as long as it is still the built-in text."""
    tagged, plain = _built_in().get(row["code"], ""), str(row["basis"])
    return tagged if re.sub(r"\s*\[S[^\]]*\]", "", tagged) == plain else plain


def _kind(row: Row, post: Row, rhythms: Any) -> Kind:
    words = rhythms.get(row["frequency"], {})
    return Kind(
        *(row["code"], row["frequency"], row["usual_post"], row["area"]),
        *(post.get("zh", ""), post.get("en", ""), words.get("zh", ""), words.get("en", "")),
    )


async def spots_of(member: Member, school: UUID) -> dict[UUID, Row]:
    """Active points by id: what a list of them shows, and `house`, the building of their floor or their place."""
    async with reading(member.scope):
        found = await database.rows(
            """SELECT p.id, p.number, p.name, p.name_en, p.kind, k.zh AS kind_zh, k.en AS kind_en, p.place,
                 coalesce(pl.parent, pl.id) AS house, pl.name AS place_name, pl.name_en AS place_name_en,
                 up.name AS building_name, up.name_en AS building_name_en, p.position, p.position_en
               FROM point p JOIN point_kind k ON k.code = p.kind
                 LEFT JOIN place pl ON pl.id = p.place LEFT JOIN place up ON up.id = pl.parent
               WHERE p.school = $1 AND p.state = 'active' ORDER BY p.number, p.id""",
            school,
        )
    return {row["id"]: row for row in found}


async def active_routes(school: UUID) -> list[Row]:
    """Routes that open rounds, inside the current transaction."""
    found = await database.rows(
        "SELECT *, windows::text AS windows FROM route WHERE school = $1 AND state = $2 ORDER BY name, id",
        *(school, RouteState.ACTIVE.value),
    )
    return [{**row, "windows": json.loads(row["windows"])} for row in found]


async def judged(member: Member, school: UUID) -> Row:
    """What the plan lacks: {"routes": number of active ones, "points": number of active points, "uncovered": rows of
    points, "unmet": [{"norm", "gets", "points": rows}]}."""
    found, kinds, spots = (
        await school_of(member, school),
        await kinds_of(member, school),
        await spots_of(member, school),
    )
    if found is None:
        return {"routes": 0, "points": 0, "uncovered": [], "unmet": []}
    planned, weeks, _ = await planned_of(member, school)
    marks = [Spot(row["id"], row["kind"], row["house"]) for row in spots.values()]
    qualities = {one["id"]: one["quality"] for one in sources().values()}
    norms = norms_for(
        [(kind, row["basis"], row["basis_en"]) for kind, row in kinds], qualities, boarding=bool(found["boarding"])
    )
    return {
        "routes": len(planned),
        "points": len(spots),
        "uncovered": [spots[point] for point in uncovered(marks, planned)],
        "unmet": [
            _told(one, spots, {row["code"]: row for _, row in kinds}) for one in unmet(norms, marks, planned, weeks)
        ],
    }


def _told(one: Unmet, spots: dict[UUID, Row], kinds: dict[str, Row]) -> Row:
    kind = kinds.get(one.norm.kinds[0], {}) if not one.norm.name else {}
    return {
        **{
            "id": one.norm.id,
            "name": one.norm.name,
            "note": one.norm.note,
            "gets": one.gets,
            "asks": one.norm.need.times,
        },
        **{"per": one.norm.need.per.value, "standing": one.norm.standing.value, "kind": kind},
        **{"basis": one.norm.basis, "basis_en": one.norm.basis_en},
        "sources": titles(one.norm),
        "points": [spots[point] for point in one.points],
    }


def titles(norm: Norm) -> list[str]:
    """Names of a norm's sources; that it was a reprint or a report stands beside them as the norm's standing."""
    known = [sources()[source]["title"] for source in norm.sources if source in sources()]
    return [re.sub(r"\s*\((?:news on the standard|reprints?)\)", "", title) for title in known]


async def planned_of(member: Member, school: UUID) -> tuple[list[Planned], Weeks, Calendar]:
    """Every active route with its coming rounds, from the first school day on; and what they were judged by."""
    today = clock.today()
    async with reading(member.scope):
        routes = await active_routes(school)
        points = await points_of_routes(school, [route["id"] for route in routes])
        calendar = await calendar_of(school, today, today + FAR + timedelta(days=LOOK_FOR_SCHOOL))
    weeks = weeks_from(today + timedelta(days=1), calendar)
    found = [
        rounds_of(route["id"], plan_of(route), [point["id"] for point in points.get(route["id"], [])], calendar, weeks)
        for route in routes
    ]
    return found, weeks, calendar


def weeks_from(first: date, calendar: Calendar) -> Weeks:
    """Four weeks and the rest of the first one, beginning with the first school day from `first` on."""
    ahead = (first + timedelta(days=n) for n in range(LOOK_FOR_SCHOOL))
    start = next((day for day in ahead if calendar.is_school_day(day)), first)
    days = tuple(start + timedelta(days=n) for n in range(7 * WEEKS + 7 - start.weekday()))
    return Weeks(days, frozenset(day for day in days if calendar.is_school_day(day)), clock.zone())


def rounds_of(route: UUID, plan: Plan, points: Iterable[UUID], calendar: Calendar, weeks: Weeks) -> Planned:
    """A night's second half belongs to the day before: one more day of moments, so that the last night is whole."""
    start = clock.midnight(weeks.days[0])
    until = clock.midnight(weeks.days[-1] + timedelta(days=3))
    near = tuple(occurrences(plan, calendar, start, until, clock.zone()))
    often = plan.span in {Span.WINDOW, Span.WEEK} and plan.ends_on is None and is_often(near, weeks)
    far = () if often else tuple(occurrences(plan, calendar, start, start + FAR, clock.zone()))
    return Planned(route, frozenset(points), near, far, often)
