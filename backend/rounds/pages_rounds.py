"""The desk's list of rounds: one day of one school, by route and state."""

import json
from datetime import date, timedelta
from typing import Any

from litestar import Request, Response, get

from backend import clock
from backend.access import Do, Member, may
from backend.accounts.rules import POST_NAMES
from backend.bodies.rules_calendar import as_day
from backend.forms import as_uuid
from backend.language import either, say
from backend.page import language_of, page
from backend.points import forms
from backend.points import queries as points
from backend.rounds import queries_rounds as queries
from backend.rounds.rules import Fraction
from backend.rounds.rules_desk import FILTERS, ROUND_STATES, SIGNS, TONES, fits, round_state
from backend.rounds.rules_route_words import WEEKDAY_NAMES, cause_words, slot_words

R = Request[Member, Any, Any]
BY_DAY = {"window", "event"}
"""Spans of rounds that belong to one day; the others run through several."""


@get("/rounds", guards=[may(Do.SEE_SCHOOL)])
async def index(request: R) -> Response[str]:
    me, asked, language = request.user, request.query_params, language_of(request)
    school = await forms.school_of(request, me)
    day = as_day(asked.get("day", "")) or clock.today()
    route, state = as_uuid(asked.get("route")), asked.get("state", "")
    state = state if state in FILTERS else ""
    found = await queries.of_day(me, school, day, route) if school else []
    lines = [told(language, row) for row in found]
    return page(
        request,
        "rounds/index.html",
        day=day,
        weekday=weekday(language, day),
        today=clock.today(),
        earlier=forms.link(request, day=day - timedelta(days=1)),
        later=forms.link(request, day=day + timedelta(days=1)),
        to_today=forms.link(request, day=""),
        lines=[line for line in lines if fits(line, line["state"], state)],
        total=_total(lines),
        counts={key: sum(fits(line, line["state"], key) for line in lines) for key in ("", *FILTERS)},
        filters=[("", ""), *((key, say(language, name)) for key, name in FILTERS.items())],
        state=state,
        route=route,
        routes=await queries.route_names(me, school) if school else [],
        school=school,
        schools=[] if me.school else await points.schools(me),
        link=lambda **changes: forms.link(request, **changes),
        cut=len(found) == queries.MOST,
    )


def weekday(language: str, day: date) -> str:
    return say(language, list(WEEKDAY_NAMES.values())[day.weekday()])


def _total(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """The day as one: windows only, for a week's round belongs to no day."""
    begun = [line for line in lines if line["state"] != "coming" and line["daily"]]
    seen, due = sum(line["seen"] for line in begun), sum(line["stops"] for line in begun)
    numbers = {key: sum(line[key] for line in begun) for key in ("late", "missed", "sent_late", "excused")}
    return {"seen": seen, "due": due, "percent": Fraction(seen, due).percent, **numbers}


def told(language: str, row: dict[str, Any]) -> dict[str, Any]:
    """A round as a line shows it: `state`, `when`, `who`, `percent` beside its own columns."""
    state = round_state(row, clock.now())
    opens, closes = clock.local(row["opens_at"]), clock.local(row["closes_at"])
    return row | {
        "state": state,
        "said": say(language, ROUND_STATES[state]),
        "tone": TONES[state],
        "sign": SIGNS[state],
        "when": slot_words(language, opens, closes),
        "opens": opens,
        "daily": row["span"] in BY_DAY,
        "who": _who(language, row),
        "cause_words": cause_words(language, row["cause"]),
        "percent": Fraction(row["seen"], row["stops"]).percent,
    }


def _who(language: str, row: dict[str, Any]) -> str:
    if row["holder_name"]:
        return either(language, row["holder_name"], row["holder_name_en"])
    if post := row["post"]:
        return say(language, POST_NAMES.get(post, post))
    persons = json.loads(row["persons"]) if row["persons"] else []
    return say(language, ", ").join(either(language, one["name"], one["name_en"]) for one in persons)


HANDLERS = [index]
