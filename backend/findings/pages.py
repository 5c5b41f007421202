"""One finding: its photos before and after, what happened to it, what may be done next, and why something may not."""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Response, Router, get

from backend import clock
from backend.access import Do, Member, Role, may
from backend.findings import (
    ledger,
    pages_contractor,
    pages_criteria,
    pages_ledger,
    pages_links,
    pages_moves,
    pages_raise,
    pages_report,
    pages_settings,
    pages_tickets,
    pages_views,
    rules_drawing,
    rules_words,
)
from backend.findings.pages_ledger import line, said
from backend.findings.queries_moves import facts_of, offered
from backend.findings.queries_show import finding, version
from backend.findings.rules import ENDED, VERB_NAMES, State, Verb
from backend.findings.rules_deadlines import WHO_NAMES
from backend.findings.rules_machine import BAR_WORDS, HAT_NAMES, Hat
from backend.findings.rules_moves import LEADING, Offer, awaited
from backend.language import N_, say
from backend.page import language_of, page

R = Request[Any, Any, Any]
_ENDED = frozenset(state.value for state in ENDED)


@get("/findings/{id:uuid}", guards=[may(Do.SEE_FINDINGS)])
async def show(request: R, id: UUID) -> Response[Any]:
    member: Member = request.user
    found, language = await finding(member, id), language_of(request)
    if pages_tickets.is_ticket(request, member, found):
        return await pages_tickets.ticket_page(request, member, shown(member, found, language))
    return page(request, "findings/show.html", **shown(member, found, language))


def shown(member: Member, found: dict[str, Any], language: str) -> dict[str, Any]:
    """Everything that a page of one finding says, whichever layout it has."""
    for photo in found["photos"]:
        photo["after"] = photo["role"] == "after"
    for event in found["events"]:
        told = [WHO_NAMES[who] for who in str(event["facts"].get("to", "")).split(", ") if who in WHO_NAMES]
        event["received"] = clock.parse(event["facts"].get("received_at"))
        event["told"] = say(language, N_(", ")).join(say(language, name) for name in told)
    offers = offered(member, found) if member.may(Do.WORK) else []
    mine = [_button(one, found, language) for one in offers if one.open]
    been = frozenset(event["after"] for event in found["events"] if event["after"])
    grade = found["grade"] or found["grade_proposed"]
    return {
        "finding": line(ledger.SCHOOL, found, 1, language),
        "who": ledger.finder(found, language),
        "manager": member.role is Role.MANAGER,
        "own_school": member.school is not None,
        "mine": found["assigned_to"] == member.user,
        "words": said(language),
        "buttons": [one for one in mine if one["leading"]],
        "others": [one for one in mine if not one["leading"]],
        "barred": [
            {"button": say(language, rules_words.BUTTONS[one.verb.value]), "why": say(language, BAR_WORDS[one.bar])}
            for one in offers
            if one.mine and one.bar is not None and one.verb in LEADING
        ],
        "awaited": _awaited(found["state"], offers, language),
        "steps": [
            (word, mark, say(language, rules_drawing.STEP_NAMES[word]))
            for word, mark in rules_drawing.steps(found["state"], grade)
        ],
        "boxes": rules_drawing.boxes(found["state"], been),
        "arrows": rules_drawing.arrows(found["state"]),
        "drawing": (rules_drawing.WIDTH, rules_drawing.HEIGHT, rules_drawing.WIDE, rules_drawing.HIGH),
        "ended": found["state"] in _ENDED,
        "unsafe": facts_of(found).major and found["controlled_at"] is None and found["state"] not in _ENDED,
        "seen_version": seen_version(found),
        "now_at": clock.now(),
        "after_before": _pair(found["photos"]),
    }


def _pair(photos: list[dict[str, Any]]) -> dict[str, Any]:
    """The first photo of the problem and the last one after mending, for standing side by side."""
    kept = [photo for photo in photos if photo["state"] == "kept"]
    before = next((photo for photo in kept if not photo["after"] and photo["role"] == "problem"), None)
    before = before or next((photo for photo in kept if not photo["after"]), None)
    return {"before": before, "after": next((photo for photo in reversed(kept) if photo["after"]), None)}


def _button(offer: Offer, found: dict[str, Any], language: str) -> dict[str, Any]:
    """`leading` stand first and large: what brings it on now. Assigning it anew is no such thing."""
    word = offer.verb.value
    again = offer.verb in {Verb.GRADE, Verb.ASSIGN} and not awaited(State(found["state"]), offer.verb)
    safe = offer.verb is Verb.MAKE_SAFE and found["controlled_at"] is None
    return {
        "verb": word,
        "text": say(language, rules_words.BUTTONS[word]),
        "leading": safe or (offer.verb in LEADING and not again),
        "danger": word in rules_words.DANGER,
        "needs": [need.value for need in offer.move.needs],
    }


def _awaited(state: str, offers: list[Offer], language: str) -> list[dict[str, str]]:
    """What the finding waits for when it is not this person's turn: the verb and who may do it."""
    found = []
    for one in offers:
        if awaited(State(state), one.verb) and not one.mine:
            hats = [hat for hat in Hat if hat in one.move.who and hat not in {Hat.SYSTEM, Hat.CONTRACTOR}]
            who = say(language, N_(", ")).join(say(language, HAT_NAMES[hat.value]) for hat in hats)
            found.append({"what": say(language, VERB_NAMES[one.verb.value]), "who": who})
    return found[:3]


def seen_version(found: dict[str, Any]) -> str:
    """As queries_show.version counts it, from what was read already."""
    events = sum(1 for event in found["events"] if event["sort"] == "verb")
    return f"{found['version']}-{found['sightings']}-{events}-{sum(p['state'] != 'awaited' for p in found['photos'])}"


@get("/findings/{id:uuid}/version", guards=[may(Do.SEE_FINDINGS)])
async def changed(request: R, id: UUID) -> Response[dict[str, str]]:
    """A few bytes for a page that is open: whether somebody did something meanwhile."""
    told = {"version": await version(request.user, id), "at": _moment(clock.now())}
    return Response(told, headers={"Cache-Control": "no-store"})


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


router = Router(
    "/",
    route_handlers=[
        show,
        changed,
        *pages_moves.HANDLERS,
        *pages_links.HANDLERS,
        *pages_contractor.HANDLERS,
        *pages_raise.HANDLERS,
        *pages_ledger.HANDLERS,
        *pages_views.HANDLERS,
        *pages_report.HANDLERS,
        *pages_settings.HANDLERS,
        *pages_tickets.HANDLERS,
        *pages_criteria.HANDLERS,
    ],
)
