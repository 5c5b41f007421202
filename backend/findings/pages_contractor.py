"""What the holder of a contractor's link sees and does: one finding, without an account, for a limited time."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.response import Redirect

from backend import clock
from backend.access import Do, may
from backend.accounts.throttle import spend
from backend.findings import actions_links as actions
from backend.findings import queries_links as queries
from backend.findings import rules_links as rules
from backend.findings.actions_links import LinkEnded
from backend.findings.actions_report import address_hash
from backend.findings.posted import Posted, posted
from backend.findings.queries_moves import facts_of
from backend.findings.rules import STATE_NAMES, LinkUse, Verb
from backend.findings.rules_machine import BAR_WORDS, Hat
from backend.findings.rules_moves import offers
from backend.language import N_, say
from backend.page import language_of, page
from backend.photos import SERVED_WITH, TYPES, WHY, store
from backend.row import uuid7
from backend.trouble import Forbidden, Invalid, Missing, Refused

R = Request[Any, Any, Any]
FORM = 80_000_000
MOST_TRIES = 120
QUIET = {"X-Robots-Tag": "noindex, nofollow", "Referrer-Policy": "same-origin"}
"""No search engine keeps it, and no other site hears its address."""
WHY_NOT: dict[str, str] = {str(code): text for code, text in WHY.items()}
_CHANGED = N_("This cannot be done any more: it has changed meanwhile. Look at what it is now.")


async def _link(request: R, token: str, *, writes: bool = False) -> dict[str, Any]:
    """The link of this secret. An address that tries many secrets, or writes very often, has to wait."""
    link = await queries.door(token)
    if link is None or writes:
        await spend(f"contractor:{address_hash(_address(request))}", MOST_TRIES)
    if link is None:
        raise Missing()
    return link


def _address(request: R) -> str:
    return request.client.host if request.client else ""


@get("/c/{token:str}", guards=[may(Do.PUBLIC)])
async def show(request: R, token: str) -> Response[str]:
    """The one finding. That it was opened is noted, at most once an hour."""
    link = await _link(request, token)
    found = await queries.opened(link)
    await actions.used(link, LinkUse.REFUSED if found["end"] else LinkUse.OPEN, _address(request))
    return _page(request, token, found)


def _page(
    request: R,
    token: str,
    found: dict[str, Any],
    verb: Verb | None = None,
    told: Posted | None = None,
    trouble: Invalid | Refused | Forbidden | None = None,
) -> Response[str]:
    if found["end"]:
        return _over(request, found["end"])
    language, said = language_of(request), STATE_NAMES[found["state"]]
    ways = _ways(found, language)
    back = verb.value if verb and any(way["verb"] == verb.value for way in ways) else Verb.NOTE.value
    return page(
        request,
        "contractor/show.html",
        status=trouble.status if trouble else 200,
        headers=QUIET,
        token=token,
        finding=_public(found),
        photos=found["photos"],
        done=found["done"],
        state=say(language, said),
        ways=ways,
        opened=back if trouble else "",
        typed=told.texts if told else {},
        today=clock.today(),
        held=told.held if told else [],
        event=str(told.event if told and isinstance(trouble, Invalid) else uuid7()),
        errors={k: say(language, WHY_NOT.get(v, v)) for k, v in trouble.fields.items()}
        if isinstance(trouble, Invalid)
        else {},
        reason=say(language, _CHANGED) if isinstance(trouble, Refused | Forbidden) else "",
    )


_SHOWN = (
    *("title", "title_en", "words", "area", "severity", "measures", "interim_measures", "deadline", "number"),
    *("point_name", "point_name_en", "point_number", "point_kind", "point_position", "point_position_en", "point_note"),
    *("floor", "floor_en", "house", "house_en", "school_name", "school_name_en", "emergency_phone", "address"),
    *("contact", "contact_en", "contact_phone"),
)


def _public(found: dict[str, Any]) -> dict[str, Any]:
    """What a stranger with a link may read, and whether it is dangerous; nothing else reaches the template."""
    major = (found["grade"] or found["grade_proposed"]) == "major"
    return {**{name: found[name] for name in _SHOWN}, "major": major}


def _ways(found: dict[str, Any], language: str) -> list[dict[str, Any]]:
    """The contractor's verbs that the machine knows from here, each with what stands in its way."""
    known = {one.verb: one for one in offers(facts_of(found), frozenset({Hat.CONTRACTOR}), None) if one.mine}
    return [
        {"verb": verb.value, "bar": say(language, BAR_WORDS[bar]) if (bar := known[verb].bar) else ""}
        for verb in rules.VERBS
        if verb in known
    ]


def _over(request: R, end: rules.End) -> Response[str]:
    words = say(language_of(request), rules.END_WORDS[end.value])
    return page(request, "contractor/over.html", status=410, headers=QUIET, words=words)


@post("/c/{token:str}/do/{verb:str}", guards=[may(Do.PUBLIC)], request_max_body_size=FORM)
async def act(request: R, token: str, verb: str) -> Response[Any]:
    """Does it; what is missing or came too late brings everything back that was typed and chosen."""
    link = await _link(request, token, writes=True)
    wished = next((one for one in rules.VERBS if one.value == verb), None)
    if wished is None:
        raise Missing()
    if end := (await queries.opened(link))["end"]:
        await actions.used(link, LinkUse.REFUSED, _address(request))
        return _over(request, end)
    told = await posted(request)
    try:
        await actions.act(link, wished, told.told(), _address(request))
    except LinkEnded as over:
        return _over(request, over.end)
    except (Invalid, Refused, Forbidden) as trouble:
        return _page(request, token, await queries.opened(link), wished, told, trouble)
    return Redirect(f"/c/{token}?done=saved", status_code=303, headers=QUIET)


@get("/c/{token:str}/photos/{sha256:str}", guards=[may(Do.PUBLIC)])
async def photo(request: R, token: str, sha256: str, size: int = 0) -> Response[bytes]:
    """A photo of this finding, for as long as the link opens it."""
    link = await _link(request, token)
    file = None
    if await queries.photo(link, sha256):
        file = store().path(sha256, size if size in {640, 160} else None)  # type: ignore[arg-type]
    if file is None:
        raise Missing()
    headers = {**SERVED_WITH, **QUIET, "Cache-Control": "private, no-store"}
    return Response(file.read_bytes(), media_type=TYPES[file.suffix], headers=headers)


HANDLERS = [show, act, photo]
