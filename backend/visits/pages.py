"""Opening a point by its label or from a list, sending a visit from a plain form."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, Router, get, post
from litestar.response import Redirect

from backend import clock
from backend.access import Do, Member, Role, may
from backend.findings.queries_raise import school_below
from backend.findings.queries_tickets import tickets_of_point
from backend.page import language_of, page
from backend.points.queries import point as seen
from backend.points.rules_health import WHY_TYPED
from backend.rounds.queries_walk import thing
from backend.row import uuid7
from backend.trouble import Invalid, Missing
from backend.visits import form as forms
from backend.visits import pages_export, pages_list, pages_me, pages_today
from backend.visits.actions import Sending, submit
from backend.visits.queries import PointToVisit, label_of, point_by_code, point_to_visit, to_correct
from backend.visits.rules import How, uuid_of, word_of
from qr import codes

R = Request[Any, Any, Any]


@get(["/p/{code:str}", "/P/{code:str}"], guards=[may(Do.PUBLIC)])
async def open_point(request: R, code: str) -> Response[Any]:
    """A label opens the checklist for those who patrol here, and a report form for everybody else. Writes nothing."""
    member: Member | None = request.scope.get("user")
    if member is not None and member.school is not None:
        found = await point_by_code(member, codes.normal(code), codes.check_short(code))
        if found is not None:
            return await shown(request, member, found.visit, found.label, found.code)
    return await elsewhere(request, member, code)


async def shown(request: R, member: Member, found: Any, label: dict[str, Any], code: str) -> Response[Any]:
    """The point as the member's role wants it first; `?view=checklist` is there for each of them."""
    asked = request.query_params.get("view")
    if found is None:
        return page(request, "visits/blank.html", label=label, code=code)
    if member.role is Role.MANAGER and asked != "checklist":
        return Redirect(f"/points/{found.point['id']}?{urlencode({'label': code})}", status_code=303)
    how = word_of(How, request.query_params.get("how")) or How.LINK
    if member.role is Role.CREW and asked != "checklist":
        tickets = await tickets_of_point(member, UUID(found.point["id"]), language_of(request))
        return page(
            request,
            "visits/crew_point.html",
            headers=kept(member),
            found=found,
            label=label,
            code=code,
            tickets=tickets,
        )
    why = request.query_params.get("why", "") if how is How.TYPED else ""
    return blank_form(request, found, label=label, code=code, how=how, why=why if why in WHY_TYPED else "")


def kept(member: Member) -> dict[str, str]:
    """The service worker may keep this page, for this person alone."""
    return {"X-Offline-Page": str(member.user)}


def blank_form(request: R, found: PointToVisit, *, how: How, **context: Any) -> Response[Any]:
    """The checklist with nothing answered; `before` holds what a record that is being corrected said."""
    asked = {"label": {}, "code": "", "why": "", "typed": {}, "wrong": {}, "corrects": "", "before": {}} | context
    return page(
        request,
        "visits/point.html",
        headers=kept(request.user),
        found=found,
        how=how.value,
        id=uuid7(),
        opened_at=clock.now(),
        challenge=challenge(found),
        **asked,
    )


def challenge(found: PointToVisit) -> dict[str, str] | None:
    """What the stop that is due here asks to be photographed."""
    return thing(found.point["kind"], found.stop["challenge"]) if found.stop else None


async def elsewhere(request: R, member: Member | None, code: str) -> Response[Any]:
    """A label of another school, or nobody signed in: what anyone may do there; an inspector of a bureau above it
    raises a finding. Unknown codes are told so."""
    normal = codes.normal(code)
    label = await label_of(normal) if normal else None
    if label is None:
        return page(request, "visits/unknown_label.html", status=404, code=code[:40])
    if member is not None and label["point"] and member.may(Do.SEE_SCHOOL) and await seen(member, label["point"]):
        return Redirect(f"/points/{label['point']}", status_code=303)
    if member is not None and member.role is Role.INSPECTOR and await school_below(member, label["school"]):
        return Redirect(f"/findings/new?code={normal}", status_code=303)
    return Redirect(f"/report/{normal}", status_code=303)


@get("/points/{point:uuid}/visit", guards=[may(Do.VISIT)])
async def from_list(request: R, point: UUID) -> Response[Any]:
    """The checklist of a point chosen from a list, for a label that is missing or unreadable; the reason is asked.

    `?corrects=` names a record of his own that this one is to correct: then nothing is due and no reason is asked.
    """
    member: Member = request.user
    found = await point_to_visit(member, point)
    named = request.query_params.get("corrects", "")
    if not named:
        return blank_form(request, found, how=How.LIST)
    old = uuid_of(named)
    if old is None:
        raise Missing()
    before = await to_correct(member, point, old)
    return blank_form(request, corrected(found, before), how=How.LINK, corrects=str(old), before=before)


def corrected(found: PointToVisit, before: dict[str, Any]) -> PointToVisit:
    """The items the old record answered first, none of them demanded."""
    again = [item for item in found.items if item.code in before]
    return replace(found, due=again, rest=[item for item in found.items if item.code not in before])


@post("/visits", guards=[may(Do.VISIT)])
async def send(request: R) -> Response[Any]:
    """The form without scripts: the same fields, the same action; nothing typed is lost when something is missing."""
    member: Member = request.user
    typed = await forms.read(request)
    try:
        sent, body, kept = await forms.understood(typed, member)
    except Invalid as wrong:
        return await again(request, member, typed, wrong.fields)
    visit = forms.id_of(typed)
    await submit(visit, sent, Sending(body, clock.now(), compare=False), member)
    await forms.attach(kept, member)
    return Redirect(f"/visits/{visit}", status_code=303)


async def again(request: R, member: Member, typed: forms.Typed, wrong: dict[str, str]) -> Response[Any]:
    """The form once more, as it was filled in."""
    found = await point_to_visit(member, typed.point)
    old = uuid_of(typed.first("corrects"))
    before = await to_correct(member, typed.point, old) if old else {}
    return page(
        request,
        "visits/point.html",
        status=422,
        found=corrected(found, before) if old else found,
        challenge=challenge(found),
        label={},
        code=typed.first("label"),
        how=typed.first("how") or "link",
        id=typed.first("id"),
        opened_at=clock.parse(typed.first("opened_at")) or clock.now(),
        typed=typed.texts,
        wrong=wrong,
        corrects=typed.first("corrects"),
        before=before,
    )


router = Router(
    "/",
    route_handlers=[
        open_point,
        from_list,
        send,
        *pages_today.HANDLERS,
        *pages_export.HANDLERS,
        *pages_list.HANDLERS,
        *pages_me.HANDLERS,
    ],
)
