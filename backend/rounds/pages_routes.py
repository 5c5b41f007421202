"""Routes: the list, one route with its history, pausing, resuming, ending, opening a round by hand."""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.response import Redirect

from backend import clock
from backend.access import Do, Member, may
from backend.accounts.rules import POST_NAMES
from backend.forms import as_uuid, typed
from backend.language import N_, either, say
from backend.page import day, language_of, page
from backend.points import forms
from backend.points import queries as points
from backend.rounds import actions_routes as actions
from backend.rounds import pages_rounds
from backend.rounds import queries_rounds as rounds
from backend.rounds import queries_routes as queries
from backend.rounds.actions_open import open_now
from backend.rounds.queries_norms import judged
from backend.rounds.rules import RouteVerb
from backend.rounds.rules_norm_words import in_words
from backend.rounds.rules_route_words import (
    CAUSES,
    CHOOSES_NAMES,
    ORDER_NAMES,
    ROUTE_STATES,
    VERB_NAMES,
    before_words,
    changed,
    date_words,
    slot_words,
    when_words,
    who_words,
)
from backend.rounds.rules_routes import CHOOSE, FILL_IN, LONGEST, TOO_LONG
from backend.rounds.rules_when import Slot
from backend.row import uuid7
from backend.trouble import Invalid, Missing

R = Request[Member, Any, Any]
DONE = {
    "made": N_("The route is set up. Its first round opens two hours before its time."),
    "saved": N_("Saved. Rounds that are open already stay as they are."),
    "pause": N_("The route is paused: no further rounds open until it is resumed."),
    "resume": N_("The route is in use again; what lay in the pause is not made up for."),
    "end": N_("The route has ended. Its rounds and its history stay."),
}


@get("/routes", guards=[may(Do.SEE_SCHOOL)])
async def index(request: R) -> Response[str]:
    me, language = request.user, language_of(request)
    school = await forms.school_of(request, me)
    ended = request.query_params.get("state") == "ended"
    found = await queries.routes_of(me, school, ended=ended) if school else []
    return page(
        request,
        "rounds/routes.html",
        routes=[told(language, row) for row in found],
        counts=await queries.counts(me, school) if school else {},
        ended=ended,
        school=school,
        schools=[] if me.school else await points.schools(me),
        link=lambda **changes: forms.link(request, **changes),
        plan=in_words(language, await judged(me, school)) if found and school and not ended else None,
        may_change=me.may(Do.ROUTES) and me.school is not None,
        flash=forms.flash(request, DONE),
    )


def told(language: str, row: dict[str, Any]) -> dict[str, Any]:
    """A route as a line shows it."""
    ordering, choice, state = ORDER_NAMES[row["ordering"]], CHOOSES_NAMES[row["chooses"]], ROUTE_STATES[row["state"]]
    return row | {
        "when": when_words(language, row),
        "who_said": who_words(language, row, lambda post: say(language, POST_NAMES.get(post, post))),
        "state_said": say(language, state),
        "next": slot_said(language, row["coming"]) if isinstance(row["coming"], Slot) else None,
        "open_said": end_said(language, row["open_until"]) if row["open_until"] else "",
        "order_said": say(language, ordering),
        "chooses_said": say(language, choice),
    }


def end_said(language: str, closes_at: datetime) -> str:
    """今天 8:30; what ends at midnight ends with its last day."""
    local = clock.local(closes_at)
    if f"{local:%H:%M}" == "00:00":
        return date_words(language, local)
    return f"{day(language, closes_at)} {local:%H:%M}"


def slot_said(language: str, slot: Slot) -> dict[str, Any]:
    opens, closes = clock.local(slot.opens_at), clock.local(slot.closes_at)
    name = either(language, slot.slot, slot.slot_en)
    weekday = pages_rounds.weekday(language, opens.date())
    return {"day": opens.date(), "weekday": weekday, "time": slot_words(language, opens, closes), "name": name}


@get("/routes/{route:uuid}", guards=[may(Do.SEE_SCHOOL)])
async def show(request: R, route: UUID) -> Response[str]:
    return await _show(request, await queries.route(request.user, route))


async def _show(
    request: R,
    found: dict[str, Any],
    *,
    form: dict[str, str] | None = None,
    verb: str = "",
    faults: dict[str, str] | None = None,
) -> Response[str]:
    me, language = request.user, language_of(request)
    places = found["all_places"]
    last = await rounds.of_route(me, found["school"], found["id"])
    return page(
        request,
        "rounds/route.html",
        status=422 if faults else 200,
        route=told(language, found),
        stops=[row | {"where": place_said(language, places.get(row["place"]))} for row in found["stops"]],
        kinds=list(dict.fromkeys(row["kind"] for row in found["stops"])),
        rule_places=[place_said(language, places.get(place)) for place in found["places"]],
        coming=[slot_said(language, slot) for slot in found["coming"]],
        last=[pages_rounds.told(language, row) for row in last],
        history=history(language, await queries.events(me, found["id"]), actions.recorded(await _now(me, found))),
        causes=[(key, say(language, name)) for key, name in CAUSES.items()],
        fresh=uuid7(),
        may_change=me.may(Do.ROUTES) and found["school"] == me.school,
        form=form or {},
        verb=verb,
        errors={field: say(language, fault) for field, fault in (faults or {}).items()},
        flash=forms.flash(request, DONE),
    )


async def _now(me: Member, found: dict[str, Any]) -> dict[str, Any]:
    by_hand, persons = await queries.chosen(me, found["id"])
    return found | {"points": by_hand, "persons": sorted(persons, key=str)}


def place_said(language: str, place: dict[str, Any] | None) -> str:
    """实验楼 2层."""
    if place is None:
        return ""
    names = (
        either(language, place["building"], place["building_en"]),
        either(language, place["name"], place["name_en"]),
    )
    return " ".join(name for name in names if name)


def history(language: str, events: list[dict[str, Any]], now: dict[str, Any]) -> list[dict[str, Any]]:
    """What was done to the route in words, the newest first."""
    lines = []
    afterwards = [*(later["facts"] for later in events[1:]), now]
    for event, after in zip(events, afterwards, strict=False):
        done = VERB_NAMES[event["verb"]]
        aspects = changed(event["facts"], after) if event["verb"] == RouteVerb.EDIT.value else []
        lines.append(
            {
                "at": event["created_at"],
                "verb": event["verb"],
                "said": say(language, done),
                "by": either(language, event["name"], event["name_en"]),
                "why": event["facts"].get("why", ""),
                "aspects": say(language, ", ").join(say(language, name) for name in aspects),
                "before": before_words(language, event["facts"], aspects),
            }
        )
    return lines[::-1]


async def _own(me: Member, route: UUID) -> dict[str, Any]:
    found = await queries.route(me, route)
    if found["school"] != me.school:
        raise Missing()
    return found


@post("/routes/{route:uuid}/pause", guards=[may(Do.ROUTES)])
async def pause(request: R, route: UUID) -> Response[Any]:
    return await _change(request, route, RouteVerb.PAUSE)


@post("/routes/{route:uuid}/resume", guards=[may(Do.ROUTES)])
async def resume(request: R, route: UUID) -> Response[Any]:
    return await _change(request, route, RouteVerb.RESUME)


@post("/routes/{route:uuid}/end", guards=[may(Do.ROUTES)])
async def end(request: R, route: UUID) -> Response[Any]:
    return await _change(request, route, RouteVerb.END)


async def _change(request: R, route: UUID, verb: RouteVerb) -> Response[Any]:
    form, found = await typed(request), await _own(request.user, route)
    try:
        await actions.change_state(route, verb, form.text("why"), request.user)
    except Invalid as wrong:
        faults = {f"{verb.value}_{field}": why for field, why in wrong.fields.items()}
        return await _show(request, found, form=dict(form), verb=verb.value, faults=faults)
    return Redirect(f"/routes/{route}?done={verb.value}", status_code=303)


@post("/routes/{route:uuid}/open", guards=[may(Do.ROUTES)])
async def open_round(request: R, route: UUID) -> Response[Any]:
    """A round now, by hand; sent twice with the same id it is the same round."""
    form, found = await typed(request), await _own(request.user, route)
    cause, words = form.text("cause"), " ".join(form.text("words").split())
    faults = {}
    if cause not in CAUSES:
        faults["cause"] = CHOOSE
    if len(words) > LONGEST["why"] or (cause == "other" and not words):
        faults["words"] = TOO_LONG if words else FILL_IN
    if faults:
        return await _show(request, found, form=dict(form), verb="open", faults=faults)
    opened = await open_now(route, words or cause, request.user, as_uuid(form.text("id")))
    return Redirect(f"/rounds/{opened}", status_code=303)


HANDLERS = [index, show, pause, resume, end, open_round]
