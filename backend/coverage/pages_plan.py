"""Coverage on the floor plan: every point of a floor by what its stops say, now or as it was known at a moment."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from litestar import Request, Response, get

from backend import clock
from backend.access import Do, Member, may
from backend.coverage import queries_plan as lists
from backend.coverage.pages_parts import span
from backend.coverage.pages_stops import school_of
from backend.coverage.queries_numbers import terms
from backend.coverage.queries_plan import Asked
from backend.coverage.queries_stops import choices
from backend.coverage.rules_numbers import DAY, PERIOD_NAMES, TERM, Days, Period, percent, period
from backend.coverage.rules_numbers import Asked as Wished
from backend.coverage.rules_pins import Pin, counted, drawn, worst_first
from backend.coverage.rules_plan import (
    BY_RANK,
    FLAG_NAMES,
    MARK_NAMES,
    MOST_MOVED,
    NOTHING,
    STEP,
    WORST_FIRST,
    Known,
    Moments,
    View,
    known_then,
    or_never,
    quarter,
    slider_end,
    view,
)
from backend.coverage.rules_stops import Wanted
from backend.database import reading
from backend.findings.rules import AREA_NAMES
from backend.language import either, say
from backend.page import language_of, page
from backend.rounds.rules import Fraction, Seen, StopState
from backend.trouble import Missing

R = Request[Any, Any, Any]
Rows = list[dict[str, Any]]
LISTED = 100
"""Points of one page of the list beside the plan."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the database said. `end` and `minute`: of the slider; no minute: as of now."""

    when: Period
    begin: datetime
    places: Rows
    place: dict[str, Any] | None
    points: list[Any]
    end: int
    minute: int | None
    known: dict[UUID, Known] | None
    choices: dict[str, Rows]


@get("/coverage/plan", guards=[may(Do.SEE_SCHOOL)])
async def plan(request: R) -> Response[str]:
    member: Member = request.user
    wished, language = view(request.query_params), language_of(request)
    async with reading(member.scope):
        body = await school_of(member, Wanted(school=wished.school))
        it = await _find(member, body["id"], wished) if body else None
    if body is None or it is None:
        return page(request, "coverage/plan.html", body=None, school_query="")
    pins = [_pin(row, wished, it.begin, language, it.known[row["id"]] if it.known else None) for row in it.points]
    return page(
        request,
        "coverage/plan_print.html" if "print" in request.query_params else "coverage/plan.html",
        body=body,
        place=it.place,
        tabs=_tabs(it.places, it.place, wished, language),
        choices=it.choices,
        areas={word: say(language, text) for word, text in AREA_NAMES.items()},
        slider=_slider(wished, it, language),
        **_head(wished, it.when, language),
        **_shown(request, pins, it.place, wished, language),
    )


async def _find(member: Member, school: UUID, wished: View) -> Found:
    async with reading(member.scope):
        when = await _when(member, school, wished)
        asked = Asked(school, wished, when.days, clock.now(), clock.midnight(when.days.start))
        places = await lists.places(member, asked)
        place = _place(places, wished)
        points = await lists.pins(member, asked, place["id"]) if place else []
        end = slider_end(wished.word, when.days, asked.begin, asked.now) if wished.word != TERM else 0
        minute = min(wished.minute, end) if wished.minute is not None and end else None
        then = asked.begin + timedelta(minutes=minute) if minute is not None else None
        known = await _known(member, asked, points, then) if then else None
        offered = await choices(member, school)
    return Found(when, asked.begin, places, place, points, end, minute, known, offered)


async def _when(member: Member, school: UUID, wished: View) -> Period:
    asked = Wished(word=wished.word, on=wished.on, school=school)
    return period(asked, clock.today(), await terms(member, asked))


def _place(places: list[dict[str, Any]], wished: View) -> dict[str, Any] | None:
    """The place asked for, else the first one that has a plan and points. Raises Missing for one that is not there."""
    if wished.nowhere:
        return next((row for row in places if row["id"] is None), None)
    if wished.place is not None:
        found = next((row for row in places if row["id"] == wished.place), None)
        if found is None:
            raise Missing()
        return found
    drawn_ones = [row for row in places if row["plan_sha256"] and row["points"]]
    return next(iter(drawn_ones or [row for row in places if row["points"]] or places), None)


async def _known(member: Member, asked: Asked, found: list[Any], then: datetime) -> dict[UUID, Known]:
    """What was known of each point at an earlier moment."""
    stops: dict[UUID, list[Moments]] = defaultdict(list)
    for row in await lists.stops_then(member, asked, [row["id"] for row in found]):
        seen = Seen(row["opens_at"], StopState(row["state"]), row["said_at"], row["recorded_at"], row["missed_at"])
        stops[row["point"]].append(Moments(seen, row["sent_late"]))
    return {
        row["id"]: known_then(
            stops[row["id"]],
            then,
            of_day=asked.view.word == DAY,
            visited=row["first_visit"] is not None and row["first_visit"] <= then,
        )
        for row in found
    }


def _pin(row: Any, wished: View, begin: datetime, language: str, known: Known | None) -> Pin:
    first = row["first_visit"]
    if known is None:
        known = Known(or_never(BY_RANK.get(row["rank"], NOTHING), first is not None), row["seen"], row["due"])
    return Pin(
        id=row["id"],
        number=row["number"],
        name=either(language, row["name"], row["name_en"]),
        kind=row["kind"],
        position=either(language, row["position"], row["position_en"]),
        x=row["pin_x"],
        y=row["pin_y"],
        mark=known.mark,
        seen=known.seen,
        due=known.due,
        ring=None if wished.word == DAY else quarter(known.seen, known.due),
        open=row["open"] or 0,
        major=row["major"],
        label=row["label"],
        moments=row["moments"] or "",
        first_visit="" if first is None else str(-((begin - first) // timedelta(minutes=1))),
    )


def _tabs(places: list[dict[str, Any]], place: dict[str, Any] | None, wished: View, language: str) -> dict[str, Any]:
    """Buildings and grounds, then the floors of the building that is open, each with its points."""

    def tab(row: dict[str, Any]) -> dict[str, Any]:
        name = either(language, row["name"] or "", row["name_en"] or "")
        address = wished.address(place=row["id"], nowhere=row["id"] is None, show="")
        return {"name": name, "address": address, "points": row["points"], "missed": row["missed"], "row": row}

    tops: dict[Any, dict[str, Any]] = {}
    for row in places:
        top = tops.setdefault(row["parent"] or row["id"], tab(row) | {"points": 0, "missed": 0, "here": False})
        if row["parent"]:
            top["name"] = either(language, row["building_name"], row["building_name_en"])
        top["points"] += row["points"]
        top["missed"] += row["missed"]
        top["here"] = top["here"] or row is place
    building = place and (place["parent"] or place["id"])
    floors = [tab(row) | {"here": row is place} for row in places if building and building == row["parent"]]
    return {"tops": list(tops.values()), "floors": floors}


def _head(wished: View, when: Period, language: str) -> dict[str, Any]:
    """The choice of a period and the filters, each as an address."""
    term = either(language, when.term.name, when.term.name_en) if when.term else ""
    said = span(when.days, language)
    return {
        "view": wished,
        "days": when.days,
        "said": f"{term} · {said}" if term else said,
        "periods": [
            (word, say(language, name), wished.address(word=word, minute=None)) for word, name in PERIOD_NAMES.items()
        ],
        "earlier": wished.address(on=when.earlier, minute=None) if when.earlier else "",
        "later": wished.address(on=when.later, minute=None) if when.later else "",
        "clear": wished.address(route=None, kind="", area="", show=""),
        "printed": f"{wished.address()}&print=1",
        "school_query": f"?school={wished.school}" if wished.school else "",
    }


def _slider(wished: View, it: Found, language: str) -> dict[str, Any] | None:
    """The way through time: its length, where it stands, and plain links for who has no scripts."""
    when, end, minute = it.when, it.end, it.minute
    if not end:
        return None
    day = wished.word == DAY
    stops = range(6 * 60, min(end, 36 * 60) + 1, 120 if end <= 24 * 60 else 180) if day else range(1440, end + 1, 1440)
    dates = [when.days.start + timedelta(days=n) for n in range(end // 1440 + 1)]
    names = [span(Days(date, date), language) for date in dates]
    at = end if minute is None else minute

    def name(n: int) -> str:
        text = f"{n % 1440 // 60:02}:{n % 60:02}"
        return text if day and n < 1440 else f"{names[min(n // 1440, len(names) - 1)]} {text}"

    links = [(name(n) if day else names[n // 1440 - 1], wished.address(minute=n), n == minute) for n in stops]
    return {
        "end": end,
        "step": STEP,
        "minute": at,
        "moved": minute is not None,
        "said": name(at),
        "names": "|".join(names),
        "links": links,
        "now": wished.address(minute=None),
    }


def _shown(request: R, pins: list[Pin], place: dict[str, Any] | None, wished: View, language: str) -> dict[str, Any]:
    """The pins, the legend with its counts, and the list beside the plan."""
    marks = {word: say(language, name) for word, name in MARK_NAMES.items()}
    flags = {word: say(language, name) for word, name in FLAG_NAMES.items()}
    is_drawn = bool(place and place["plan_sha256"])
    unpinned = [pin for pin in pins if pin.x is None or not is_drawn]
    listed = worst_first([pin for pin in pins if not wished.show or pin.shows(wished.show)], "".join(WORST_FIRST))
    number = min(max(1, int(text)), 999) if (text := request.query_params.get("list", "")).isdecimal() else 1
    moving = wished.word == DAY or (wished.word != TERM and len(pins) <= MOST_MOVED)
    if unpinned and (wished.show or len(pins) > LISTED):  # scripts count what is on the page: all must be there
        moving = False
    first = (number - 1) * LISTED
    whole = Fraction(sum(pin.seen for pin in pins), sum(pin.due for pin in pins))

    def legend(names: dict[str, str]) -> list[tuple[str, str, int, str]]:
        return [
            (word, names[word], n, wished.address(show="" if wished.show == word else word))
            for word, n in counted(pins, names)
        ]

    return {
        "pins": drawn(pins, marks, flags, wished.show, moving=moving) if is_drawn else "",
        "points": pins,
        "dense": len(pins) > 150,
        "moving": moving,
        "marks": legend(marks),
        "flags": legend(flags),
        "names": marks,
        "whole": whole,
        "percent": percent(whole),
        "unpinned": len(unpinned) if is_drawn else 0,
        "listed": listed[first : first + LISTED],
        "all_listed": len(listed),
        "newer": f"{wished.address()}&list={number - 1}#points" if number > 1 else "",
        "older": f"{wished.address()}&list={number + 1}#points" if len(listed) > first + LISTED else "",
        "list_text": f"{first + 1}–{min(first + LISTED, len(listed))} / {len(listed)}" if len(listed) > LISTED else "",
    }


HANDLERS = [plan]
