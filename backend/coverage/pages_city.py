"""Coverage of the schools below a bureau by district, school, area and week; each number opens what it is made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from litestar import Request, Response

from backend import clock
from backend.access import Member
from backend.coverage import queries_city
from backend.coverage.pages_parts import drawn, head, span
from backend.coverage.queries_numbers import terms
from backend.coverage.rules_city import PAGE, School, by_district, in_order, page_of, sort_of, turned
from backend.coverage.rules_numbers import (
    DAY,
    OWN,
    TERM,
    WEEK,
    Asked,
    Counts,
    Days,
    Period,
    percent,
    period,
    steps_of_weeks,
    trend_of_weeks,
    weeks,
)
from backend.findings.queries import heading
from backend.findings.rules import AREA_NAMES
from backend.language import N_, either, say
from backend.page import language_of, page
from backend.rounds.rules import STATE_NAMES
from backend.trouble import Missing

R = Request[Any, Any, Any]
HEADS = {
    "coverage": N_("Coverage"),
    "missed": N_("Missed"),
    "open": N_("Open findings"),
    "major": N_("Major ones"),
    "visit": N_("Last visit"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """A name with its counts and the page that is about it."""

    name: str
    counts: Counts
    href: str
    area: str = ""

    @property
    def percent(self) -> str:
        return percent(self.counts.fraction)

    @property
    def decided(self) -> str:
        return percent(self.counts.decided)


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything a bureau's page and file tell, from the rows of the weeks and of the schools."""

    body: dict[str, Any]
    when: Period
    days: Days
    whole: Counts
    schools: list[School]
    districts: list[dict[str, Any]]
    by_district: dict[UUID | None, Counts]
    areas: dict[str, Counts]
    by_week: dict[date, Counts]


async def figures(member: Member, wished: Asked) -> Figures:
    """Counts of whole weeks below the member's bureau, or the district that was chosen. Raises Missing."""
    body = await heading(member, wished.district)
    if body["kind"] == "school":
        raise Missing()
    when = period(wished, clock.today(), await terms(member, wished))
    days = weeks(when.days)
    rows = await queries_city.weeks(member, body["id"], trend_of_weeks(days))
    schools = await queries_city.schools(member, body["id"], days, wished.area)
    districts = await queries_city.districts(member)
    areas: dict[str, Counts] = {}
    by_week: dict[date, Counts] = {}
    for (week, area), counts in rows.items():
        if days.start <= week <= days.end:
            areas[area] = areas.get(area, Counts()) + counts
        if not wished.area or area == wished.area:
            by_week[week] = by_week.get(week, Counts()) + counts
    whole = sum((one.counts for one in schools), Counts())
    return Figures(body, when, days, whole, schools, districts, by_district(schools), areas, by_week)


def whose(wished: Asked) -> Asked:
    """A bureau counts whole weeks, so a day is the week it is in."""
    return replace(wished, word=WEEK) if wished.word == DAY else wished


async def show(request: R, member: Member, wished: Asked, errors: dict[str, str]) -> Response[str]:
    wished, language, query = whose(wished), language_of(request), request.query_params
    found, sort = await figures(member, wished), sort_of(query)
    at = page_of(query.get("page"), len(found.schools))
    cut = steps_of_weeks(trend_of_weeks(found.days))
    here = "/coverage" + wished.address()
    sorted_by = f"&sort={sort}" if sort else ""
    last = -(-len(found.schools) // PAGE)
    return page(
        request,
        "coverage/city.html",
        status=422 if errors else 200,
        body=found.body,
        whole=Told("", found.whole, here),
        districts=_districts(found, wished, language) if not wished.district else [],
        schools=in_order(found.schools, sort)[(at - 1) * PAGE : at * PAGE],
        number=len(found.schools),
        first=(at - 1) * PAGE + 1,
        newer=f"{here}{sorted_by}&page={at - 1}#schools" if at > 1 else "",
        older=f"{here}{sorted_by}&page={at + 1}#schools" if at < last else "",
        heads=_heads(here, sort, language),
        areas=_areas(found, wished, language),
        weeks=_weeks(found, wished, cut, language),
        drawn=drawn(cut, [_counts(found.by_week, step) for step in cut], language),
        links=_Links(wished, found.days),
        facts=[(say(language, name), n) for name, n in _facts(found.whole)],
        area_names={word: say(language, name) for word, name in AREA_NAMES.items()},
        choices=found.districts,
        sort=sort,
        area_name=say(language, AREA_NAMES[wished.area]) if wished.area else "",
        running=found.days.end >= clock.today(),
        **head(request, wished, replace(found.when, days=found.days), errors, language, (WEEK, TERM)),
    )


class _Links:
    """Addresses of a school's page of the same days; of the whole page without its area or district."""

    def __init__(self, wished: Asked, days: Days) -> None:
        weeks = wished if wished.word == WEEK else replace(wished, word=OWN, start=days.start, end=days.end)
        self.school = "/coverage" + weeks.address(district=None, area="") + "&school="
        self.no_area = "/coverage" + wished.address(area="")
        self.no_district = "/coverage" + wished.address(district=None)


def _facts(whole: Counts) -> list[tuple[str, int]]:
    words = ("kept", "late", "missed", "excused", "unreachable")
    return [*((STATE_NAMES[word], getattr(whole, word)) for word in words), (STATE_NAMES["due"], whole.left)]


def _heads(here: str, sort: str, language: str) -> list[dict[str, str]]:
    """The columns that can be sorted by, each with the address that does it; `way` is how it is sorted now."""
    return [
        {
            "word": word,
            "name": say(language, name),
            "href": here + (f"&sort={turn}" if (turn := turned(sort, word)) else "") + "#schools",
            "way": {word: "ascending", f"-{word}": "descending"}.get(sort, ""),
        }
        for word, name in HEADS.items()
    ]


def _districts(found: Figures, wished: Asked, language: str) -> list[Told]:
    named = [
        Told(
            either(language, one["name"], one["name_en"]),
            found.by_district[one["id"]],
            "/coverage" + wished.address(district=one["id"]),
        )
        for one in found.districts
        if one["id"] in found.by_district
    ]
    if len(found.by_district) < 2:
        return []
    direct = found.by_district.get(None)
    return [*named, Told(say(language, N_("Directly below the city")), direct, "#schools")] if direct else named


def _areas(found: Figures, wished: Asked, language: str) -> list[Told]:
    return [
        Told(say(language, name), found.areas[area], "/coverage" + wished.address(area=area) + "#schools", area)
        for area, name in AREA_NAMES.items()
        if area in found.areas
    ]


def _weeks(found: Figures, wished: Asked, cut: Sequence[Days], language: str) -> list[Told]:
    """The steps of the trend, each with the page of its weeks."""
    told = []
    for step in cut:
        one = replace(wished, word=WEEK, on=step.start)
        many = replace(wished, word=OWN, start=step.start, end=step.end, on=None)
        href = "/coverage" + (one if step.long == 7 else many).address()
        told.append(Told(span(step, language), _counts(found.by_week, step), href))
    return told


def _counts(by_week: Mapping[date, Counts], step: Days) -> Counts:
    """Of the weeks that begin in these days."""
    return sum((counts for week, counts in by_week.items() if step.start <= week <= step.end), Counts())
