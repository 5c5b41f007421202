"""Points by days: which points are seen every day, which now and then, which never."""

from datetime import date, timedelta
from html import escape
from typing import Any
from uuid import UUID

from litestar import Request, Response, get

from backend import clock
from backend.access import Do, Member, may
from backend.coverage import queries_heat as lists
from backend.coverage.pages_parts import short, span
from backend.coverage.pages_stops import school_of
from backend.coverage.queries_numbers import terms
from backend.coverage.queries_stops import choices
from backend.coverage.rules_heat import BAND_NAMES, PAGE, PERIOD_NAMES, SORT_NAMES, TERM, Cell, View, columns, view
from backend.coverage.rules_heat import cells as unpacked
from backend.coverage.rules_heat import days_of as last_days
from backend.coverage.rules_numbers import Asked as Wished
from backend.coverage.rules_numbers import Days, Period, percent, period
from backend.coverage.rules_plan import DUE, EXCUSED, KEPT, LATE, MARK_NAMES, MISSED, NOTHING, UNREACHABLE
from backend.coverage.rules_stops import Wanted
from backend.database import reading
from backend.findings.rules import AREA_NAMES
from backend.language import CHINESE, N_, either, say
from backend.page import language_of, page
from backend.rounds.queries_calendar import calendar_of
from backend.rounds.rules import Fraction

R = Request[Any, Any, Any]
LOOKS = (KEPT, LATE, MISSED, UNREACHABLE, EXCUSED, DUE)
WEEKDAYS = {CHINESE: "一二三四五六日", "en": ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")}


@get("/coverage/points", guards=[may(Do.SEE_SCHOOL)])
async def heat(request: R) -> Response[str]:
    member: Member = request.user
    wished, language = view(request.query_params), language_of(request)
    async with reading(member.scope):
        body = await school_of(member, Wanted(school=wished.school))
        if body is None:
            return page(request, "coverage/heat.html", body=None, school_query="")
        when = await _when(member, body["id"], wished)
        found = await lists.table(member, body["id"], wished, when.days, clock.now())
        calendar = await calendar_of(body["id"], when.days.start, when.days.end)
        offered = await choices(member, body["id"])
    cut = columns(wished, when.days, clock.today())
    off = [wished.word != TERM and not calendar.is_school_day(one.start) for one in cut]
    return page(
        request,
        "coverage/heat_print.html" if "print" in request.query_params else "coverage/heat.html",
        body=body,
        view=wished,
        choices=offered,
        areas={word: say(language, text) for word, text in AREA_NAMES.items()},
        lines=[_line(row, len(cut), off, wished, language) for row in found.rows],
        whole=Fraction(found.seen, found.due),
        percent=percent(Fraction(found.seen, found.due)),
        heads=[_head(one, n, wished, language) for one, n in zip(cut, off, strict=True)],
        **_words(wished, when, found.points, language),
    )


async def _when(member: Member, school: UUID, wished: View) -> Period:
    today = clock.today()
    if wished.word == TERM:
        asked = Wished(word="term", on=wished.on, school=school)
        return period(asked, today, await terms(member, asked))
    days = last_days(wished, today)
    later = days.end + timedelta(days=days.long)
    return Period(days, days.start - timedelta(days=1), min(later, today) if days.end < today else None)


def _line(row: Any, n: int, off: list[bool], wished: View, language: str) -> dict[str, Any]:
    seen_of = Fraction(row["seen"], row["due"])
    words = [either(language, row[name] or "", row[f"{name}_en"] or "") for name in ("building_name", "place_name")]
    told = unpacked(row["cells"], n, weeks=wished.word == TERM)
    return {
        "id": row["id"],
        "number": row["number"],
        "name": either(language, row["name"], row["name_en"]),
        "place": " ".join(word for word in words if word),
        "share": seen_of,
        "percent": percent(seen_of),
        "cells": "".join(_cell(cell, hatched, language) for cell, hatched in zip(told, off, strict=True)),
    }


def _cell(cell: Cell, off: bool, language: str) -> str:
    """One cell: its shape and colour come from the class, its words are for who hears the table."""
    hatched = " off" if off else ""
    if not cell.look:
        return f'<td class="o{hatched}"></td>' if hatched else "<td></td>"
    name = BAND_NAMES[cell.look] if cell.look.isdigit() else MARK_NAMES[cell.look]
    look = f"b{cell.look}" if cell.look.isdigit() else cell.look
    text = f"{escape(say(language, name))} {cell.seen}/{cell.due}"
    return f'<td class="{look}{hatched}" title="{text}"><i>{text}</i></td>'


def _head(one: Days, off: bool, wished: View, language: str) -> dict[str, Any]:
    """A column's head; a day opens its plan, a week that of the week."""
    word = "week" if wished.word == TERM else "day"
    query = f"?period={word}&on={one.end}" + (f"&school={wished.school}" if wished.school else "")
    return {
        "name": span(one, language) if word == "week" else short(one.start, language),
        "day": f"{one.start.month}/{one.start.day}" if word == "week" else str(one.start.day),
        "week": "" if word == "week" else WEEKDAYS.get(language, WEEKDAYS["en"])[one.start.weekday()],
        "first": one.start.day == 1 or word == "week",
        "month": _month(one.start, language),
        "href": f"/coverage/plan{query}",
        "off": off,
    }


def _month(day: date, language: str) -> str:
    return f"{day.month}月" if language == CHINESE else f"{day:%b}"


def _words(wished: View, when: Period, points: int, language: str) -> dict[str, Any]:
    """The choices of the page as addresses, the legend, the pager."""
    term = either(language, when.term.name, when.term.name_en) if when.term else ""
    said, last = span(when.days, language), -(-points // PAGE)
    names = BAND_NAMES if wished.word == TERM else {word: MARK_NAMES[word] for word in LOOKS}
    root = "/coverage/points"
    first = (wished.page - 1) * PAGE
    return {
        "said": f"{term} · {said}" if term else said,
        "periods": [
            (word, say(language, name), wished.address(word=word, page=1)) for word, name in PERIOD_NAMES.items()
        ],
        "sorts": [(word, say(language, name), wished.address(sort=word, page=1)) for word, name in SORT_NAMES.items()],
        "earlier": wished.address(on=when.earlier, page=1) if when.earlier else "",
        "later": wished.address(on=when.later, page=1) if when.later else "",
        "clear": wished.address(route=None, kind="", area="", place=None, page=1),
        "legend": [(f"b{word}" if word.isdigit() else word, say(language, name)) for word, name in names.items()],
        "off_name": say(language, N_("No school day")),
        "none_name": say(language, MARK_NAMES[NOTHING]),
        "points": points,
        "newer": root + wished.address(page=wished.page - 1) if wished.page > 1 else "",
        "older": root + wished.address(page=wished.page + 1) if wished.page < last else "",
        "list_text": f"{first + 1}–{min(first + PAGE, points)} / {points}" if points > PAGE else "",
        "printed": f"{wished.address()}&print=1",
        "school_query": f"?school={wished.school}" if wished.school else "",
    }


HANDLERS = [heat]
