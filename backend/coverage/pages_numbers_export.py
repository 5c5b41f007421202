"""The tables of the numbers as Excel and CSV: one line each, with every count, its fraction and percentage."""

from collections.abc import AsyncIterator
from typing import Any

from litestar import Request, Response, get
from litestar.response import Stream

from backend import clock, sheet_writer
from backend.access import Do, Member, may
from backend.coverage.pages_city import figures, whose
from backend.coverage.pages_numbers import COLUMNS, body_of
from backend.coverage.queries_numbers import numbers, terms
from backend.coverage.rules_numbers import Asked, Counts, Days, asked, percent, period
from backend.findings.rules import AREA_NAMES
from backend.language import N_, either, say
from backend.page import language_of
from backend.sheet_writer import XLSX, Line, as_lines, chunks, saved_as

R = Request[Any, Any, Any]
Told = tuple[list[str], list[list[str]]]
"""Title and the line below it; the lines of the file."""
WHOLE, DAY, WEEK = N_("All stops"), N_("Day"), N_("Week")
ROUTE, KIND, AREA = N_("Route"), N_("Kind of point"), N_("Area")
DISTRICT, SCHOOL = N_("District"), N_("School")


def columns(language: str) -> list[str]:
    heads = (N_("Table"), N_("Line"), N_("Coverage"), N_("Seen"), N_("Due"))
    more = (N_("Open findings"), N_("Major ones"), N_("Last visit"))
    return [say(language, name) for name in (*heads, *(name for _, name, _ in COLUMNS), *more)]


def _line(language: str, table: str, name: str, counts: Counts, *more: str) -> list[str]:
    numbers = (counts.seen, counts.due, *(getattr(counts, word) for word, _, _ in COLUMNS))
    return [say(language, table), name, percent(counts.fraction), *map(str, numbers), *more]


async def told(member: Member, wished: Asked, language: str) -> Told:
    """Everything the page of these numbers shows. Raises Missing."""
    if member.school is None and wished.school is None:
        return await _bureau(member, whose(wished), language)
    body = await body_of(member, wished)
    days = period(wished, clock.today(), await terms(member, wished)).days
    found = await numbers(member, body["id"], days, days)
    lines = [_line(language, WHOLE, "", found.whole)]
    named = (
        (ROUTE, "route", [(r["id"], either(language, r["name"], r["name_en"])) for r in found.routes]),
        (KIND, "kind", [(k["code"], either(language, k["zh"], k["en"])) for k in found.kinds]),
        (AREA, "area", [(word, say(language, name)) for word, name in AREA_NAMES.items()]),
    )
    for table, part, values in named:
        lines += [_line(language, table, n, found.parts[part][v]) for v, n in values if v in found.parts[part]]
    lines += [_line(language, DAY, str(day), counts) for day, counts in sorted(found.by_day.items())]
    return _title(member, body, days, language), lines


async def _bureau(member: Member, wished: Asked, language: str) -> Told:
    found = await figures(member, wished)
    lines = [_line(language, WHOLE, "", found.whole)]
    for one in found.districts:
        if one["id"] in found.by_district:
            name = either(language, one["name"], one["name_en"])
            lines.append(_line(language, DISTRICT, name, found.by_district[one["id"]]))
    for school in found.schools:
        more = (str(school.open), str(school.major))
        visit = f"{clock.local(school.visited_at):%Y-%m-%d %H:%M}" if school.visited_at else ""
        name = either(language, school.name, school.name_en)
        lines.append(_line(language, SCHOOL, name, school.counts, *more, visit))
    areas = ((AREA_NAMES[area], found.areas[area]) for area in AREA_NAMES if area in found.areas)
    lines += [_line(language, AREA, say(language, name), counts) for name, counts in areas]
    weeks = sorted((week, n) for week, n in found.by_week.items() if found.days.start <= week)
    lines += [_line(language, WEEK, str(week), counts) for week, counts in weeks]
    return _title(member, found.body, found.days, language), lines


def _title(member: Member, body: dict[str, Any], days: Days, language: str) -> list[str]:
    name = f"{either(language, body['name'], body['name_en'])} {say(language, N_('Coverage'))}"
    as_of = say(language, N_("As of %(time)s"), time=f"{clock.local(clock.now()):%Y-%m-%d %H:%M}")
    return [name, f"{days.start} – {days.end} · {as_of} · {member.name}"]


@get("/coverage/numbers/export.csv", guards=[may(Do.SEE_SCHOOL)])
async def export_csv(request: R) -> Response[bytes]:
    """A period that is none is the week: the page says what is wrong with it."""
    language = language_of(request)
    title, lines = await told(request.user, asked(request.query_params, clock.today())[0], language)
    return Response(
        b"\xef\xbb\xbf" + as_lines([columns(language), *lines]),
        media_type="text/csv; charset=utf-8",
        headers=saved_as("coverage", title[0], "csv"),
    )


@get("/coverage/numbers/export.xlsx", guards=[may(Do.SEE_SCHOOL)])
async def export_xlsx(request: R) -> Stream:
    language = language_of(request)
    title, lines = await told(request.user, asked(request.query_params, clock.today())[0], language)
    file = await sheet_writer.as_xlsx(columns(language), title, _batches(lines))
    return Stream(chunks(file), media_type=XLSX, headers=saved_as("coverage", title[0], "xlsx"))


async def _batches(lines: list[list[str]]) -> AsyncIterator[list[Line]]:
    yield [Line(line) for line in lines]


HANDLERS = [export_csv, export_xlsx]
