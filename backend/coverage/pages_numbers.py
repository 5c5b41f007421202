"""Coverage in numbers: of a school by day, route, kind and area; of a bureau by district and school (pages_city.py).

Every percentage prints its fraction and opens its rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from litestar import Request, Response, get

from backend import clock
from backend.access import Do, Member, may
from backend.coverage import pages_city
from backend.coverage.pages_parts import drawn, head, span
from backend.coverage.queries_numbers import Numbers, numbers, terms
from backend.coverage.rules_numbers import (
    PERIOD_NAMES,
    Asked,
    Counts,
    Days,
    asked,
    by_steps,
    percent,
    period,
    steps,
    trend_of,
)
from backend.coverage.rules_stops import SEEN, Wanted
from backend.findings.queries import heading
from backend.findings.rules import AREA_NAMES
from backend.language import N_, either, say
from backend.page import language_of, page
from backend.rounds.rules import STATE_NAMES, StopState
from backend.trouble import Missing

R = Request[Any, Any, Any]
SENT_LATE = N_("Sent late")
COLUMNS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    *((word, STATE_NAMES[word], {"state": word}) for word in ("kept", "late", "missed", "excused", "unreachable")),
    ("sent_late", SENT_LATE, {"sent_late": True}),
    ("left", STATE_NAMES["due"], {"state": StopState.DUE.value}),
)
"""A count's name in Counts, its words, and the filter of the list that opens it."""


@dataclass(frozen=True, slots=True)
class Line:
    """`href` opens all stops of the line; `cells` in the order of COLUMNS: count and the list of exactly those."""

    name: str
    counts: Counts
    href: str
    cells: list[tuple[int, str]]
    area: str = ""

    @property
    def percent(self) -> str:
        return percent(self.counts.fraction)

    @property
    def decided(self) -> str:
        return percent(self.counts.decided)


@dataclass(frozen=True, slots=True)
class Table:
    title: str
    what: str
    lines: list[Line]


def line(name: str, counts: Counts, wanted: Wanted, area: str = "", *, root: str = "/coverage/stops") -> Line:
    cells = [(getattr(counts, word), root + wanted.address(**only)) for word, _, only in COLUMNS]
    return Line(name, counts, root + wanted.address(), cells, area)


def tables(found: Numbers, wanted: Wanted, language: str) -> dict[str, Table]:
    """By route, kind and area, each line with what it opens; lines that nothing was due of are left out."""
    routes = [(either(language, r["name"], r["name_en"]), r["id"]) for r in found.routes]
    kinds = [(either(language, k["zh"], k["en"]), k["code"]) for k in found.kinds]
    areas = [(say(language, name), word) for word, name in AREA_NAMES.items()]
    named = {
        "route": (N_("By route"), N_("Route"), routes),
        "kind": (N_("By kind of point"), N_("Kind of point"), kinds),
        "area": (N_("By area"), N_("Area"), areas),
    }
    shown = {}
    for part, (title, what, values) in named.items():
        lines = [
            line(name, counts, wanted_of(wanted, part, value), value if part == "area" else "")
            for name, value in values
            if (counts := found.parts[part].get(value)) and counts.due
        ]
        shown[part] = Table(say(language, title), say(language, what), lines)
    return shown


def wanted_of(wanted: Wanted, part: str, value: Any) -> Wanted:
    return Wanted(**{"school": wanted.school, "start": wanted.start, "end": wanted.end, part: value})


def trend(cut: Sequence[Days], counts: Sequence[Counts], wanted: Wanted, language: str) -> Table:
    lines = [
        line(span(one, language), n, Wanted(school=wanted.school, start=one.start, end=one.end))
        for one, n in zip(cut, counts, strict=True)
    ]
    return Table(say(language, N_("Over time")), say(language, N_("When")), lines)


@get("/coverage", guards=[may(Do.SEE_SCHOOL)])
async def index(request: R) -> Response[str]:
    """The school's numbers; for a bureau without ?school= those of the schools below it."""
    member: Member = request.user
    wished, errors = asked(request.query_params, clock.today())
    if member.school is None and wished.school is None:
        return await pages_city.show(request, member, wished, errors)
    return await _school(request, member, wished, errors)


async def body_of(member: Member, wished: Asked) -> dict[str, Any]:
    """The school whose numbers they are. Raises Missing."""
    found = await heading(member, wished.school)
    if found["kind"] != "school":
        raise Missing()
    return found


async def _school(request: R, member: Member, wished: Asked, errors: dict[str, str]) -> Response[str]:
    body, language = await body_of(member, wished), language_of(request)
    when = period(wished, clock.today(), await terms(member, wished))
    shown = trend_of(when.days, clock.today())
    found = await numbers(member, body["id"], when.days, shown)
    wanted = Wanted(school=wished.school, start=when.days.start, end=when.days.end)
    cut = steps(shown)
    by_step = by_steps(cut, found.by_day)
    return page(
        request,
        "coverage/index.html",
        status=422 if errors else 200,
        body=body,
        school=wished.school,
        school_query=f"?school={wished.school}" if wished.school else "",
        whole=line("", found.whole, wanted),
        seen="/coverage/stops" + wanted.address(state=SEEN),
        columns=[(word, say(language, name)) for word, name, _ in COLUMNS],
        tables=tables(found, wanted, language) if found.whole.due else {},
        trend=trend(cut, by_step, wanted, language),
        drawn=drawn(cut, by_step, language),
        trend_days=span(shown, language) if shown.start != when.days.start else "",
        routes=len([route for route in found.routes if route["state"] != "ended"]),
        **head(request, wished, when, errors, language, tuple(PERIOD_NAMES)),
    )


HANDLERS = [index]
