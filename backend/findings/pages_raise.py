"""Raising a finding by hand: where it is, then what is wrong. What is known gets the words as a sighting."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.response import Redirect

from backend.access import Do, Member, Role, may
from backend.findings import actions_raise as actions
from backend.findings import queries_raise as queries
from backend.findings.actions import Raised
from backend.findings.posted import Posted, posted
from backend.findings.queries_moves import school_of
from backend.findings.queries_raise import Spot
from backend.findings.rules import AREA_NAMES, STATE_NAMES
from backend.findings.rules_raise import NO_POINT, Raising, raising
from backend.forms import as_uuid, words
from backend.language import N_, say
from backend.page import language_of, page
from backend.photos import WHY
from backend.points.queries import Wanted, points_of, schools
from backend.row import uuid7
from backend.trouble import Invalid, Missing, Refused

R = Request[Any, Any, Any]
FORM = 120_000_000
MOST_POINTS = 60


@get("/findings/new", guards=[may(Do.WORK)])
async def new(request: R) -> Response[str]:
    """The form for a place that is named in the address; else the place is chosen first. Writes nothing."""
    asked = request.query_params
    try:
        spot = await queries.spot(request.user, asked.get("point", ""), asked.get("code", ""), asked.get("school", ""))
    except Invalid as trouble:
        return await _where(request, trouble)
    return await (_where(request) if spot is None else _form(request, spot))


async def _where(request: R, trouble: Invalid | None = None) -> Response[str]:
    member: Member = request.user
    language, asked = language_of(request), request.query_params
    school = as_uuid(asked.get("school")) or member.school
    inspector = member.role is Role.INSPECTOR
    q = words(asked.get("q"))
    found = (
        await points_of(member, Wanted(q=q, state="active", school=school), most=MOST_POINTS + 1)
        if school and not inspector
        else []
    )
    return page(
        request,
        "findings/raise_where.html",
        status=trouble.status if trouble else 200,
        inspector=inspector,
        school=school,
        schools=await schools(member) if member.school is None and not inspector else [],
        points=found[:MOST_POINTS],
        more=len(found) > MOST_POINTS,
        most=MOST_POINTS,
        q=q,
        code=words(asked.get("code"), 40),
        papers=member.role in actions.PAPERS,
        errors={k: say(language, v) for k, v in trouble.fields.items()} if trouble else {},
    )


async def _form(
    request: R, spot: Spot, told: Posted | None = None, trouble: Invalid | Refused | None = None
) -> Response[str]:
    member: Member = request.user
    language = language_of(request)
    papers = spot.point is None and member.role in {*actions.PAPERS, *actions.ABOVE}
    return page(
        request,
        "findings/raise.html",
        status=trouble.status if trouble else 200,
        spot=spot,
        no_point=NO_POINT,
        items=[{"code": one.code, "zh": one.zh, "en": one.en} for one in spot.items],
        areas={word: say(language, name) for word, name in AREA_NAMES.items()},
        criteria=await queries.document_criteria(member) if papers else [],
        asks=_asks(member),
        typed=told.texts if told else {"area": spot.area},
        held=told.held if told else [],
        held_after=told.held_after if told else [],
        event=str(told.event if told and isinstance(trouble, Invalid) else uuid7()),
        errors={k: say(language, v) for k, v in trouble.fields.items()} if isinstance(trouble, Invalid) else {},
        reason=say(language, trouble.reason, **trouble.facts) if trouble and trouble.reason else "",
    )


def _asks(member: Member) -> bool:
    """Whether "mended on the spot" is his to say: a bureau finds, it does not mend."""
    return member.role not in actions.ABOVE


@post("/findings/new", guards=[may(Do.WORK)], request_max_body_size=FORM)
async def add(request: R) -> Response[Any]:
    """A new line of the ledger, or one more sighting; what is missing comes back with all that was typed and chosen."""
    member: Member = request.user
    told = await posted(request)
    try:
        spot = await _spot(member, told)
    except Invalid as trouble:
        return await _where(request, trouble)
    criteria = {one["code"]: one for one in await queries.document_criteria(member)} if spot.point is None else {}
    said = _said(member, spot, told, frozenset(criteria))
    try:
        if said.faults:
            raise Invalid(said.faults)
        criterion = criteria.get(said.criterion)
        raised = await actions.raise_by_hand(told.event, said, spot, criterion, told.shots, told.after, member)
    except (Invalid, Refused) as trouble:
        return await _form(request, spot, told, trouble)
    if raised.new:
        return Redirect(f"/findings/{raised.finding}?done=created", status_code=303)
    return await _known(request, raised)


async def _spot(member: Member, told: Posted) -> Spot:
    named = (told.texts.get(name, "") for name in ("point", "code", "school"))
    if spot := await queries.spot(member, *named):
        return spot
    raise Invalid({"point": N_("Please say where it is first.")})


def _said(member: Member, spot: Spot, told: Posted, criteria: frozenset[str]) -> Raising:
    said = raising(
        told.texts,
        photos=len(told.held),
        after=len(told.held_after),
        items=frozenset(one.code for one in spot.items),
        criteria=criteria,
        asks=_asks(member),
    )
    if "after" in said.faults and told.after:  # one was chosen, and could not be read
        said.faults["after"] = next(WHY[code] for shot in told.after for code in WHY if code == shot.refused)
    return said


async def _known(request: R, raised: Raised) -> Response[str]:
    member: Member = request.user
    found = await queries.is_raised(member, raised.finding)
    if found is None:
        raise Missing()
    try:
        await school_of(member, raised.finding)
        his = True
    except Missing:
        his = False
    said, language = STATE_NAMES[found["state"]], language_of(request)
    context: dict[str, Any] = {"back": raised.recurred, "his": his, "state": say(language, said)}
    return page(request, "findings/raise_known.html", finding=found, **context)


HANDLERS = [new, add]
