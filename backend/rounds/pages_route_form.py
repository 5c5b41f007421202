"""The form of a route: new, changed, filled by its helpers, with its next rounds shown before anything is saved."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.response import Redirect

from backend import clock
from backend.access import Do, Member, may
from backend.accounts.rules import POST_NAMES
from backend.checklists.queries import kinds
from backend.forms import Typed, as_number, as_uuid, typed
from backend.language import either, say
from backend.page import language_of, page
from backend.rounds import actions_routes as actions
from backend.rounds import queries_routes as queries
from backend.rounds.pages_routes import place_said, slot_said
from backend.rounds.rules_route_draft import empty, helped, lines_of, numbered, of_route
from backend.rounds.rules_route_words import (
    CHOOSES_NAMES,
    DAY_CHOICES,
    HELPER_NAMES,
    ORDER_NAMES,
    PRESET_NAMES,
    WEEKDAY_NAMES,
    WHO_CHOICES,
    when_words,
)
from backend.rounds.rules_routes import WHEN_FIELDS, Draft, Known, RouteFacts, route_facts
from backend.rounds.rules_when import MOST_WINDOWS
from backend.row import uuid7
from backend.trouble import Forbidden, Invalid, Missing, Refused

R = Request[Member, Any, Any]
SHOWN = 10
TEXTS = (
    *("name", "name_en", "note", "version", "chooses", "ordering", "who", "post", "roster", "preset", "rule", "days"),
    *("moved", "grace", "grace_unit", "challenge", "starts_on", "ends_on"),
)


@get("/routes/new", guards=[may(Do.ROUTES)])
async def new(request: R) -> Response[str]:
    return await _form(request, empty(clock.today()), await _choices(request.user), fresh=uuid7())


@post("/routes", guards=[may(Do.ROUTES)])
async def make(request: R) -> Response[Any]:
    form, me = await typed(request), request.user
    draft, offered, fresh = draft_of(form), await _choices(me), as_uuid(form.text("id")) or uuid7()
    try:
        route = await actions.make(_facts(draft, offered), me, fresh)
    except Invalid as wrong:
        return await _form(request, draft, offered, fresh=fresh, wrong=wrong)
    return Redirect(f"/routes/{route}?done=made", status_code=303)


@get("/routes/{route:uuid}/edit", guards=[may(Do.ROUTES)])
async def edit(request: R, route: UUID) -> Response[str]:
    found = await _own(request.user, route)
    draft = of_route(found, *await queries.chosen(request.user, route))
    return await _form(request, draft, await _choices(request.user), route=found)


@post("/routes/{route:uuid}", guards=[may(Do.ROUTES)])
async def save(request: R, route: UUID) -> Response[Any]:
    """Who comes second sees what he typed and that the route is another one by now; saving again is his decision."""
    form, me = await typed(request), request.user
    found, draft, offered = await _own(me, route), draft_of(form), await _choices(me)
    try:
        await actions.edit(route, as_number(form.text("version")), _facts(draft, offered), me)
    except Invalid as wrong:
        return await _form(request, draft, offered, route=found, wrong=wrong)
    except Refused as refused:
        if refused.code != "changed":
            raise
        latest = draft | {"version": str(found["version"])}
        return await _form(request, latest, offered, route=found, refused=refused.reason)
    return Redirect(f"/routes/{route}?done=saved", status_code=303)


@post("/routes/preview", guards=[may(Do.ROUTES)])
async def preview(request: R) -> Response[str]:
    """The form as it stands with its next rounds, or filled by one of its helpers; nothing is written."""
    form, me = await typed(request), request.user
    offered, route = await _choices(me), as_uuid(form.text("route"))
    found = await _own(me, route) if route else None
    act = form.text("act")
    draft = helped(draft_of(form), act, offered["points"])
    fresh = None if found else as_uuid(form.text("id")) or uuid7()
    return await _form(request, draft, offered, route=found, fresh=fresh, act=act or "preview")


async def _own(me: Member, route: UUID) -> dict[str, Any]:
    found = await queries.route(me, route)
    if found["school"] != me.school:
        raise Missing()
    return found


async def _choices(me: Member) -> dict[str, Any]:
    if me.school is None:
        raise Forbidden()
    return await queries.choices(me, me.school) | {"all_kinds": await kinds(me, me.school)}


def draft_of(form: Typed) -> Draft:
    """What was typed, as it was typed."""
    chosen = [point for point in dict.fromkeys(form.all("point")) if as_uuid(point)]
    windows = [
        {
            **{side: form.text(f"w{n}_{side}") for side in ("start", "end", "name", "name_en", "was")},
            "next": form.text(f"w{n}_next") == "1",
        }
        for n in range(MOST_WINDOWS)
        if form.text(f"w{n}_start") or form.text(f"w{n}_end") or form.text(f"w{n}_name")
    ]
    lists = {"kinds": "kind", "places": "place", "persons": "person", "weekdays": "weekday"}
    return {
        **{name: form.text(name) for name in TEXTS},
        **{name: form.all(field) for name, field in lists.items()},
        "places": [place for place in form.all("place") if as_uuid(place)],
        "points": {point: form.text(f"n_{point}") for point in chosen},
        "windows": windows,
    }


def _facts(draft: Draft, offered: Mapping[str, Sequence[Mapping[str, Any]]]) -> RouteFacts:
    ids = {name: {str(one["id"]) for one in offered[name]} for name in ("points", "places", "persons", "rosters")}
    known = Known(**ids, kinds={kind["code"] for kind in offered["all_kinds"]}, posts=set(queries.WALKERS))
    return route_facts(draft, known, clock.today())


async def _form(
    request: R,
    draft: Draft,
    offered: dict[str, Any],
    *,
    route: dict[str, Any] | None = None,
    fresh: UUID | None = None,
    wrong: Invalid | None = None,
    refused: str = "",
    act: str = "",
) -> Response[str]:
    language, facts = language_of(request), _facts(draft, offered)
    faults = wrong.fields if wrong else {}
    return page(
        request,
        "rounds/route_form.html",
        part="rounds/_preview.html",
        status=422 if wrong else 409 if refused else 200,
        form=draft | {"lines": lines_of(draft)},
        numbers=numbered(draft),
        route=route,
        fresh=fresh,
        act=act,
        groups=_groups(language, offered, draft),
        offered=_words(language, offered, draft),
        preview=await _preview(request.user, language, facts, asked=bool(act or wrong or route)),
        errors={field: say(language, why, n=facts.bad_line) for field, why in faults.items()},
        refused=say(language, refused) if refused else "",
    )


def _groups(language: str, offered: dict[str, Any], draft: Draft) -> list[dict[str, Any]]:
    """Points by their place, in the order of the buildings; how many of each group are ticked."""
    places = {place["id"]: place for place in offered["places"]}
    groups: dict[str, dict[str, Any]] = {}
    for point in offered["points"]:
        key = str(point["place"] or "")
        name = place_said(language, places.get(point["place"]))
        group = groups.setdefault(key, {"id": key, "name": name, "points": [], "ticked": 0})
        group["points"].append(point)
        group["ticked"] += str(point["id"]) in draft["points"]
    return list(groups.values())


def _words(language: str, offered: dict[str, Any], draft: Draft) -> dict[str, list[tuple[str, str]]]:
    """Every choice of the form as (value, words); `there`: kinds that have points, `kinds`: those the school uses."""
    used = [kind for kind in offered["all_kinds"] if kind["in_use"] or kind["code"] in draft["kinds"]]
    holders = [post for person in offered["persons"] for post in person["posts"]]
    posts = sorted(set(holders), key=list(POST_NAMES).index)
    rest = [post for post in POST_NAMES if post in queries.WALKERS and post not in posts]
    named = {
        **{"chooses": CHOOSES_NAMES, "ordering": ORDER_NAMES, "who": WHO_CHOICES, "preset": PRESET_NAMES},
        **{"days": DAY_CHOICES, "weekdays": WEEKDAY_NAMES, "helpers": HELPER_NAMES},
    }
    return {
        **{key: [(value, say(language, name)) for value, name in names.items()] for key, names in named.items()},
        "kinds": [(kind["code"], either(language, kind["zh"], kind["en"])) for kind in used],
        "there": [(kind["code"], either(language, kind["zh"], kind["en"])) for kind in offered["kinds"]],
        "places": [(str(place["id"]), place_said(language, place)) for place in offered["places"]],
        "persons": [(str(one["id"]), either(language, one["name"], one["name_en"])) for one in offered["persons"]],
        "rosters": [(str(one["id"]), either(language, one["name"], one["name_en"])) for one in offered["rosters"]],
        "posts": [
            (post, say(language, "%(name)s (%(n)s)", name=say(language, POST_NAMES[post]), n=holders.count(post)))
            for post in [*posts, *rest]
        ],
    }


async def _preview(me: Member, language: str, facts: RouteFacts, *, asked: bool) -> dict[str, Any] | None:
    """The route in words and its next rounds; `faults` where what was typed does not say them."""
    if not asked or me.school is None:
        return None
    faults = [say(language, facts.faults[name], n=facts.bad_line) for name in WHEN_FIELDS if name in facts.faults]
    if faults:
        return {"faults": faults, "slots": [], "words": "", "event": False}
    windows = [{"start": one.start, "end": one.end} for one in facts.windows]
    plan = facts.plan
    row = {"span": plan.span.value, "rule": plan.rule, "days": plan.days.value, "moved": plan.moved.value}
    slots = await queries.next_rounds(me, me.school, plan, SHOWN)
    return {
        "faults": [],
        "event": plan.span.value == "event",
        "words": when_words(language, row | {"windows": windows, "grace": plan.grace}),
        "slots": [slot_said(language, slot) for slot in slots],
    }


HANDLERS = [new, make, edit, save, preview]
