"""The form of each verb and what happens when it is sent. What may be done comes from the machine."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.response import Redirect

from backend import clock
from backend.access import Do, Member, Role, may
from backend.findings import rules_words
from backend.findings.actions_moves import move
from backend.findings.posted import Posted, posted
from backend.findings.queries_moves import facts_of, hands, offered, suggestions
from backend.findings.queries_show import finding, mergeable
from backend.findings.rules import AREA_NAMES, GRADE_NAMES, State, Verb
from backend.findings.rules_machine import BAR_WORDS, Need
from backend.findings.rules_moves import MOVES, move_for, way_to
from backend.language import either, say
from backend.page import language_of, page
from backend.row import uuid7
from backend.trouble import Forbidden, Invalid, Missing, Refused
from backend.visits.queries import Item, point_to_visit

R = Request[Any, Any, Any]
FORM = 80_000_000
OWN_PAGES = {Verb.INVITE: "links", Verb.WITHDRAW: "links"}
"""Verbs whose forms stand on a page of their own."""


def _verb(word: str) -> Verb:
    if word not in rules_words.BUTTONS:
        raise Missing()
    return Verb(word)


@get("/findings/{id:uuid}/do/{verb:str}", guards=[may(Do.WORK)])
async def ask(request: R, id: UUID, verb: str) -> Response[Any]:
    """What the verb needs, or why it cannot be done now. Writes nothing."""
    wished = _verb(verb)
    if wished in OWN_PAGES:
        return Redirect(f"/findings/{id}/{OWN_PAGES[wished]}", status_code=303)
    return await _form(request, id, wished)


@post("/findings/{id:uuid}/do/{verb:str}", guards=[may(Do.WORK)], request_max_body_size=FORM)
async def act(request: R, id: UUID, verb: str) -> Response[Any]:
    """Does it; what is missing, or came too late, comes back with everything that was typed and chosen."""
    wished = _verb(verb)
    told = await posted(request)
    try:
        await move(id, wished, told.told(), request.user)
    except (Invalid, Refused, Forbidden) as trouble:
        return await _form(request, id, wished, told, trouble)
    return Redirect(f"/findings/{id}?done=saved", status_code=303)


async def _form(
    request: R, id: UUID, verb: Verb, told: Posted | None = None, trouble: Invalid | Refused | Forbidden | None = None
) -> Response[Any]:
    member: Member = request.user
    found, language = await finding(member, id), language_of(request)
    offer = next((one for one in offered(member, found) if one.verb is verb and one.mine), None)
    way = way_to(facts_of(found), verb)
    needs = _needs(found, way) if offer else []
    hints = await suggestions(member, found) if {"assignee", "grade"} & set(needs) else {}
    able = await hands(member, found["school"]) if "assignee" in needs else []
    items = await _items(member, found, way)
    others = await mergeable(member, found) if "target" in needs else []
    note = rules_words.BUTTONS[Verb.NOTE.value]
    return page(
        request,
        "findings/do.html",
        status=trouble.status if trouble else 200,
        finding=found,
        verb=verb.value,
        button=say(language, rules_words.BUTTONS[verb.value]),
        help=say(language, rules_words.HELP[verb.value]) if verb.value in rules_words.HELP else "",
        danger=verb.value in rules_words.DANGER,
        possible=offer is not None,
        note=any(one.verb is Verb.NOTE and one.open for one in offered(member, found)),
        note_text=say(language, note),
        saved=_typed(told),
        bar=say(language, BAR_WORDS[offer.bar]) if offer and offer.bar else "",
        needs=needs,
        words_needed=Need.WORDS.value in needs,
        hints=hints,
        hands=[[one["id"], either(language, one["name"], one["name_en"])] for one in able],
        leaders=[[one["id"], either(language, one["name"], one["name_en"])] for one in hints.get("leaders", [])],
        items=[[one.code, either(language, one.zh, one.en)] for one in items],
        targets=[[one["id"], _target(one, language)] for one in others],
        grades={word: say(language, name) for word, name in GRADE_NAMES.items()},
        areas={word: say(language, name) for word, name in AREA_NAMES.items()},
        today=clock.today(),
        typed=told.texts if told else {},
        held=told.held if told else [],
        photos_lost=bool(told and told.texts.get("photos") == "1"),
        event=str(told.event if told and isinstance(trouble, Invalid) else uuid7()),
        version=found["version"],
        errors={k: say(language, v) for k, v in trouble.fields.items()} if isinstance(trouble, Invalid) else {},
        reason=_reason(trouble, language),
        title=either(language, found["title"], found["title_en"]),
        crew=member.role in {Role.CREW, Role.PATROL},
    )


def _typed(told: Posted | None) -> str:
    """What was told with a verb that cannot be done any more, as the words of a note: nothing typed is lost."""
    if told is None:
        return ""
    long = ("words", "measures", "contingency", "situation", "danger", "plan", "grade_reason", "title")
    return "\n".join(text for name in long if (text := told.texts.get(name, "").strip()))


async def _items(member: Member, found: dict[str, Any], way: tuple[Verb, ...]) -> list[Item]:
    """What a report may turn out to be: the items of its point, asked once, when it is entered in the ledger."""
    if Verb.REGISTER not in way or found["item_code"] or found["point"] is None:
        return []
    return (await point_to_visit(member, found["point"])).items


def _target(other: dict[str, Any], language: str) -> str:
    where = either(language, other["point_name"], other["point_name_en"])
    return " ".join(
        part for part in (other["number"], where, either(language, other["title"], other["title_en"])) if part
    )


def _needs(found: dict[str, Any], way: tuple[Verb, ...]) -> list[str]:
    """Every need on the way, once, in the order of the form. An area that is known is not asked again."""
    state, needs = State(found["state"]), dict[str, None]()
    for verb in way:
        moves = MOVES.get((state, verb), ())
        here = move_for(facts_of({**found, "state": state.value}), verb) or moves[0]
        needs |= {need.value: None for need in here.needs}
        state = here.after or state
    if found["area"]:
        needs.pop("area", None)
    return list(needs)


def _reason(trouble: Invalid | Refused | Forbidden | None, language: str) -> str:
    """Why it was refused; names of verbs inside it in the reader's language."""
    if trouble is None or not trouble.reason:
        return ""
    facts = {key: say(language, str(value)) if key == "what" else value for key, value in trouble.facts.items()}
    return say(language, trouble.reason, **facts)


HANDLERS = [ask, act]
