"""The patroller's round on the phone: what is next and left, the plan, what is said where a stop cannot be kept.

Whoever reads the school sees the same page without the patroller's forms; the manager excuses stops there.
"""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.response import Redirect

from backend import clock, forms
from backend.access import Do, Member, may
from backend.language import say
from backend.page import language_of, page
from backend.rounds import queries_walk as walks
from backend.rounds import rules_walk as rules
from backend.rounds.actions import Told, excuse
from backend.rounds.api import Sent, act
from backend.rounds.rules import STATE_NAMES, RoundVerb, StopState
from backend.row import uuid7
from backend.trouble import Forbidden, Invalid, Missing, Refused
from backend.visits.rules import uuid_of

R = Request[Any, Any, Any]
Row = dict[str, Any]
Trouble = Invalid | Refused | Forbidden
MOST_KEPT = 120
"""Stops whose pages a phone keeps; each has two addresses, and the worker keeps 300 pages."""
EXCUSABLE = {StopState.DUE.value, StopState.MISSED.value, StopState.UNREACHABLE.value}


@get("/rounds/{round:uuid}", guards=[may(Do.SIGNED_IN)])
async def show(request: R, round: UUID) -> Response[str]:
    """One round: the next stop, what is left, what was done. Kept on the phone for where there is no signal."""
    return await shown(request, round)


@get("/rounds/{round:uuid}/plan", guards=[may(Do.SIGNED_IN)])
async def plan(request: R, round: UUID) -> Response[str]:
    """The stops of a round as pins on the plan of one floor; `?place=` chooses it."""
    member: Member = request.user
    found, stops = await _found(member, round)
    left = walks.in_way(stops, found["ordering"])
    floors = floors_of(left + [one for one in stops if one not in left])
    asked = request.query_params.get("place")
    place = uuid_of(asked) if asked else next(iter(floors), None)
    if asked and place not in floors:
        raise Missing()
    here = [one for one in stops if one["place"] == place]
    return page(
        request,
        "rounds/round_plan.html",
        headers=kept(member),
        round=found,
        floors=list(floors.values()),
        floor=floors.get(place) if place else None,
        own=walks_here(member, found),
        drawing="/tickets/plans" if member.school else "/plans",
        stops=here,
        next=left[0] if left else None,
        without=sum(1 for one in stops if not one["plan_sha256"] or one["pin_x"] is None),
        **_always(request, member),
    )


def floors_of(stops: list[Row]) -> dict[UUID, Row]:
    """Places with a plan that hold stops with pins, the next stop's first, with how many are `due` there."""
    found: dict[UUID, Row] = {}
    for one in stops:
        if one["plan_sha256"] and one["pin_x"] is not None:
            floor = found.setdefault(one["place"], {**one, "due": 0})
            floor["due"] += one["state"] == StopState.DUE.value
    return found


async def _found(member: Member, round_id: UUID) -> tuple[Row, list[Row]]:
    """The round and its stops, for who patrols in its school or reads it; raises Missing."""
    if not (member.may(Do.VISIT) or member.may(Do.SEE_SCHOOL)):
        raise Missing()
    found = await walks.round_of(member, round_id)
    return found, await walks.stops_of(member, round_id)


def walks_here(member: Member, found: Row) -> bool:
    """Whether the patroller's buttons are for him: whose round it is, and every patroller of the school, who may help
    out; who reads the whole school only reads here."""
    if not member.may(Do.VISIT) or member.school != found["school"]:
        return False
    own = rules.may_walk(found["holder"], found["users"], found["post"], member.user, member.post)
    return own or not member.may(Do.SEE_SCHOOL)


def kept(member: Member) -> dict[str, str]:
    return {"X-Offline-Page": str(member.user)}


def _always(request: R, member: Member) -> Row:
    language = language_of(request)
    return {
        "layout": "layouts/desk.html" if member.may(Do.SEE_SCHOOL) else "layouts/phone.html",
        "names": {word: say(language, name) for word, name in STATE_NAMES.items()},
    }


async def shown(
    request: R, round_id: UUID, typed: Row | None = None, trouble: Trouble | None = None, verb: str = ""
) -> Response[str]:
    """The page, after a form that failed with everything that was typed and the reason beside it."""
    member: Member = request.user
    found, stops = await _found(member, round_id)
    language, now = language_of(request), clock.now()
    times = found["opens_at"], found["closes_at"], found["late_until"]
    when = rules.phase(*times, now)
    words = rules.time_words(when, *times, now)
    left = walks.in_way(stops, found["ordering"])
    for one in stops:
        one["asked"] = walks.thing(one["kind"], one["challenge"])
    alive = when is not rules.Phase.OVER and found["closed_at"] is None
    here, own = member.school == found["school"], walks_here(member, found)
    due = await walks.items_due(member, found["school"], [one["point"] for one in left]) if alive else {}
    return page(
        request,
        "rounds/round.html",
        status=trouble.status if trouble else 200,
        headers=kept(member) if not trouble else {},
        round=found,
        phase=when.value,
        time=say(language, words.text, n=words.n) if words.n is not None else say(language, words.text),
        progress=rules.progress([StopState(one["state"]) for one in stops]),
        left=left,
        next=left[0] if left and alive else None,
        done=[one for one in stops if one["state"] != StopState.DUE.value],
        due=due,
        alive=alive,
        own=own,
        floors=list(floors_of(stops).values()),
        keep=left[:MOST_KEPT] if own and alive else [],
        people=await walks.colleagues(member) if own and alive and not found["finished_at"] else [],
        excusable=[one for one in stops if one["state"] in EXCUSABLE] if member.may(Do.ROUTES) and here else [],
        reasons=[say(language, text) for text in rules.REASONS],
        excuses=[say(language, text) for text in rules.EXCUSES],
        early=[say(language, text) for text in rules.EARLY],
        events={word.value: str(uuid7()) for word in RoundVerb},
        typed=typed or {},
        failed=verb,
        errors={k: say(language, v) for k, v in trouble.fields.items()} if isinstance(trouble, Invalid) else {},
        reason=_reason(trouble, language),
        made=now,
        **_always(request, member),
    )


def _reason(trouble: Trouble | None, language: str) -> str:
    if trouble is None:
        return ""
    text = trouble.reason or (next(iter(trouble.fields.values()), "") if isinstance(trouble, Invalid) else "")
    return say(language, text, **trouble.facts) if text else ""


@post("/rounds/{round:uuid}/unreachable", guards=[may(Do.VISIT)])
async def unreachable(request: R, round: UUID) -> Response[Any]:
    """A locked door, a closed way: the stop is left with a reason."""
    return await _do(request, round, RoundVerb.UNREACHABLE)


@post("/rounds/{round:uuid}/finish", guards=[may(Do.VISIT)])
async def finish(request: R, round: UUID) -> Response[Any]:
    """No further; with stops still due it needs a reason."""
    return await _do(request, round, RoundVerb.FINISH)


@post("/rounds/{round:uuid}/hand_over", guards=[may(Do.VISIT)])
async def hand_over(request: R, round: UUID) -> Response[Any]:
    """A colleague goes on."""
    return await _do(request, round, RoundVerb.HAND_OVER)


async def _do(request: R, round_id: UUID, verb: RoundVerb) -> Response[Any]:
    member: Member = request.user
    typed = await _typed(request)
    words = rules.joined(typed.get("reason", ""), typed.get("words", ""))
    sent = Sent(verb, words, uuid_of(typed.get("stop")), uuid_of(typed.get("to")), clock.now(), "")
    try:
        await act(round_id, sent, uuid_of(typed.get("event")) or uuid7(), member)
    except (Invalid, Refused) as trouble:
        return await shown(request, round_id, typed, trouble, verb.value)
    return Redirect(f"/rounds/{round_id}?done=saved", status_code=303)


@post("/rounds/{round:uuid}/excuse", guards=[may(Do.ROUTES)])
async def excused(request: R, round: UUID) -> Response[Any]:
    """The manager says that these stops need not be kept, and why."""
    typed = await _typed(request)
    words = rules.joined(typed.get("reason", ""), typed.get("words", ""))
    told = Told(words, uuid_of(typed.get("event")) or uuid7(), clock.now())
    try:
        await excuse(round, [stop for one in typed["stops"] if (stop := uuid_of(one))], told, request.user)
    except (Invalid, Refused) as trouble:
        return await shown(request, round, typed, trouble, RoundVerb.EXCUSE.value)
    return Redirect(f"/rounds/{round}?done=saved", status_code=303)


async def _typed(request: R) -> Row:
    """The fields as they came; `stops` are all that were ticked."""
    typed = await forms.typed(request)
    return {**typed, "stops": typed.all("stop")}


HANDLERS = [show, plan, unreachable, finish, hand_over, excused]
