"""The crew's phone: my tickets in the order of what burns, on the plan of a floor, and one ticket with its verbs."""

import hashlib
from typing import Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.response import File

from backend import clock
from backend.access import Do, Member, Role, may
from backend.findings import rules_tickets, rules_words
from backend.findings.pages_ledger import said
from backend.findings.queries_moves import hands, offered
from backend.findings.queries_tickets import DONE_DAYS, free, in_line, pin_of, plan_of, shown_line, tickets, time_left
from backend.findings.rules import ENDED, Verb
from backend.findings.rules_machine import BAR_WORDS, Bar
from backend.findings.rules_moves import Offer
from backend.findings.rules_tickets import FILTERS, TONES, URGENCY_NAMES, VERBS
from backend.forms import as_uuid
from backend.language import either, say
from backend.page import language_of, page
from backend.photos import SERVED_WITH, TYPES, store
from backend.row import uuid7
from backend.trouble import Missing

R = Request[Any, Any, Any]
Row = dict[str, Any]
KEPT = 30
"""How many tickets a phone keeps for where there is no signal."""
_ENDED = frozenset(state.value for state in ENDED)


def kept(member: Member) -> dict[str, str]:
    """The service worker may keep this page, for this person alone."""
    return {"X-Offline-Page": str(member.user)}


@get("/tickets", guards=[may(Do.WORK)])
async def index(request: R) -> Response[str]:
    """What is assigned to me; below it, folded, what nobody has yet."""
    member: Member = request.user
    language, today = language_of(request), clock.today()
    wanted = request.query_params.get("show", "")
    wanted = wanted if wanted in FILTERS else "all"
    rows = in_line([shown_line(row, language) for row in await tickets(member)])
    listed = [row for row in rows if rules_tickets.belongs(row, wanted, today)]
    keep = [row for row in rows if row["state"] not in _ENDED][:KEPT]
    pinned = [row for row in keep if row["plan_sha256"] and row["pin_x"] is not None]
    return page(
        request,
        "findings/tickets.html",
        headers=kept(member),
        wanted=wanted,
        counts={name: sum(rules_tickets.belongs(row, name, today) for row in rows) for name in FILTERS},
        groups=rules_tickets.by_building(listed),
        listed=listed,
        free=in_line([shown_line(row, language) for row in await free(member)]) if wanted == "all" else [],
        plan=bool(pinned),
        keep=keep,
        drawings={str(row["place"]): row["plan_sha256"] for row in pinned},
        plan_stamp=hashlib.sha256(" ".join(row["stamp"] for row in rows).encode()).hexdigest()[:12],
        done_days=DONE_DAYS,
        words=said(language),
    )


@get("/tickets/plan", guards=[may(Do.WORK)])
async def plan(request: R) -> Response[str]:
    """My tickets as pins on the plan of a floor, with the list beside it."""
    member: Member = request.user
    language = language_of(request)
    rows = [row for row in await tickets(member) if row["state"] not in _ENDED]
    rows = in_line([shown_line(row, language) for row in rows])
    floors = _floors(rows)
    asked = as_uuid(request.query_params.get("place")) or next(iter(floors), None)
    found = await plan_of(member, asked) if asked else None
    if asked and not found and request.query_params.get("place"):
        raise Missing()
    here = [row for row in rows if found and row["place"] == found["id"]]
    return page(
        request,
        "findings/ticket_plan.html",
        headers=kept(member),
        place=found,
        floors=list(floors.values()),
        pins=_pins(here),
        unpinned=[row for row in here if row["pin_x"] is None],
        elsewhere=sum(1 for row in rows if not row["plan_sha256"]),
        urgencies={word: say(language, name) for word, name in URGENCY_NAMES.items()},
        words=said(language),
    )


def _floors(rows: list[Row]) -> dict[UUID, Row]:
    """Places with a plan that hold tickets, the most burning first, with how many."""
    found: dict[UUID, Row] = {}
    for row in rows:
        if row["place"] and row["plan_sha256"]:
            floor = found.setdefault(row["place"], {**row, "tickets": 0})
            floor["tickets"] += 1
    return found


def _pins(rows: list[Row]) -> list[Row]:
    """One pin for each point, numbered, as loud as its most burning ticket."""
    found: dict[UUID, Row] = {}
    for row in rows:
        if row["pin_x"] is not None:
            found.setdefault(row["point"], {**row, "tickets": []})["tickets"].append(row)
    return [{**pin, "n": n} for n, pin in enumerate(found.values(), start=1)]


@get("/tickets/plans/{place:uuid}", guards=[may(Do.WORK)])
async def drawing(request: R, place: UUID) -> File:
    """The plan's picture for those who mend; its address carries its hash, so that it may be kept for ever."""
    found = await plan_of(request.user, place)
    file = store().path(found["plan_sha256"]) if found else None
    if file is None:
        raise Missing()
    return File(
        file,
        media_type=TYPES[file.suffix],
        headers=dict(SERVED_WITH),
        content_disposition_type="inline",
        filename="plan",
    )


def is_ticket(request: R, member: Member, found: Row) -> bool:
    """Whether a finding is shown as a ticket: to the crew, and on a phone to whoever is to mend it."""
    if request.query_params.get("view") == "finding" or member.school is None:
        return False
    on_a_phone = "Mobi" in request.headers.get("user-agent", "")
    return member.role is Role.CREW or (on_a_phone and found["assigned_to"] == member.user)


async def ticket_page(request: R, member: Member, shown: dict[str, Any]) -> Response[str]:
    """One finding for the person who mends it. `shown` is what every page of a finding says (pages.shown)."""
    found, language = shown["finding"], language_of(request)
    offers = {one.verb: one for one in offered(member, found) if one.mine}
    verbs = [_verb(offers[verb], language) for verb in VERBS if verb in offers and _possible(offers[verb])]
    verbs = [form for one in verbs for form in _forms(one)]
    main = [verb.value for verb in rules_tickets.main_verbs(found["state"], shown["unsafe"])]
    able = await hands(member, found["school"]) if Verb.HAND_OVER in offers else []
    urgency = rules_tickets.urgency(found, clock.today())
    context = {
        **shown,
        "verbs": verbs,
        "bar": [one for word in main for one in verbs if one["key"] == word],
        "further": [_verb(one, language) for verb, one in offers.items() if one.open and verb not in VERBS],
        "hands": [
            [one["id"], either(language, one["name"], one["name_en"])] for one in able if one["id"] != member.user
        ],
        "urgency": urgency.value,
        "urgency_said": say(language, rules_tickets.in_words(found, clock.today())),
        "tone": TONES[urgency],
        "left": time_left(found, language),
        "pin": await pin_of(member, found["point"]),
        "today": clock.today(),
    }
    return page(request, "findings/ticket.html", headers=kept(member), **context)


def _forms(verb: dict[str, Any]) -> list[dict[str, Any]]:
    """A note has a second button: the photo alone."""
    return [verb, {**verb, "key": "photo", "event": str(uuid7())}] if verb["verb"] == Verb.NOTE.value else [verb]


def _possible(offer: Offer) -> bool:
    """Open to him now, or as soon as he has made it safe (which may still wait on his phone)."""
    return offer.bar in {None, Bar.SAFE_FIRST}


def _verb(offer: Offer, language: str) -> dict[str, Any]:
    word = offer.verb.value
    return {
        "verb": word,
        "text": say(language, rules_words.BUTTONS[word]),
        "help": say(language, rules_words.HELP[word]) if word in rules_words.HELP else "",
        "needs": [need.value for need in offer.move.needs],
        "bar": say(language, BAR_WORDS[offer.bar]) if offer.bar else "",
        "key": word,
        "event": str(uuid7()),
    }


HANDLERS = [index, plan, drawing]
