"""Points: the list, one point, adding and changing, retiring, its pin on the plan."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, Router, get, post
from litestar.response import Redirect

from backend.access import Do, Member, may
from backend.checklists.queries import kinds, kinds_in_use
from backend.language import N_
from backend.page import page
from backend.points import (
    actions,
    forms,
    pages_health,
    pages_labels,
    pages_places,
    pages_print,
    pages_rooms,
    pages_sheet,
    queries,
    queries_places,
)
from backend.points.rules import line, next_number, pin
from backend.trouble import Invalid, Missing
from backend.visits import queries_list
from qr import codes

R = Request[Any, Any, Any]

DONE = {
    "added": N_("The point is there. Next: put it on the plan and make its label."),
    "saved": N_("Saved."),
    "pinned": N_("The pin is placed."),
    "unpinned": N_("The pin is taken off."),
    "retired": N_("The point is retired. Its records stay."),
    "back": N_("The point is in use again."),
    "labelled": N_("A label was made. Print it when you are ready."),
    "bound": N_("The label leads here now."),
    "imported": N_("The sheet was taken in: %(n)s rows added or changed."),
}


@get("/points", guards=[may(Do.SEE_SCHOOL)])
async def index(request: R) -> Response[str]:
    me: Member = request.user
    school = await forms.school_of(request, me)
    wanted = forms.wanted(request.query_params, school)
    counts = await queries.counts(me, wanted)
    where = forms.pages(request, counts["here"])
    return page(
        request,
        "points/index.html",
        points=await queries.points_of(me, wanted, most=queries.PAGE, skip=where.skip),
        counts=counts,
        wanted=wanted,
        pages=where,
        link=lambda **changes: forms.link(request, **changes),
        query=urlencode({k: v for k, v in request.query_params.items() if k not in {"page", "done", "n"}}),
        kinds=await kinds_in_use(me, school),
        all_places=await queries_places.places_of(me, school) if school else [],
        schools=[] if me.school else await queries.schools(me),
        may_change=me.may(Do.SET_UP) and me.school is not None,
        flash=forms.flash(request, DONE),
    )


@get("/points/{point:uuid}", guards=[may(Do.SEE_SCHOOL)])
async def show(request: R, point: UUID) -> Response[str]:
    """The facts of a point, where it is, what happened there, and the labels that lead to it."""
    return await _show(request, await _found(request.user, point), {})


async def _show(request: R, found: dict[str, Any], errors: dict[str, str], status: int = 200) -> Response[str]:
    me: Member = request.user
    return page(
        request,
        "points/show.html",
        status=status,
        point=found,
        labels=await queries.labels_of_point(me, found["id"]),
        visits=await queries_list.last_visits(me, found["id"], 5),
        open_findings=await queries_list.open_findings(me, found["id"]),
        scanned=codes.normal(request.query_params.get("label", "")) or "",
        may_change=me.may(Do.SET_UP) and me.school is not None,
        flash=forms.flash(request, DONE),
        errors=errors,
    )


async def _found(me: Member, point: UUID, *, to_change: bool = False) -> dict[str, Any]:
    found = await queries.point(me, point)
    if found is None or (to_change and found["school"] != me.school):
        raise Missing()
    return found


@get("/points/new", guards=[may(Do.SET_UP)])
async def new(request: R) -> Response[str]:
    me: Member = request.user
    actions.own_school(me)
    taken, latest = await queries.numbers(me)
    asked = request.query_params
    typed = {"number": next_number(taken, latest), "kind": asked.get("kind", ""), "place": asked.get("place", "")}
    return await _form(request, "points/new.html", typed | {"label": asked.get("label", "")}, {})


@post("/points", guards=[may(Do.SET_UP)])
async def add(request: R) -> Response[Any]:
    me: Member = request.user
    typed = await forms.typed(request)
    label = await _claimed(me, typed.get("label", ""))
    form = forms.point_form(typed)
    try:
        if form.wrong:
            raise Invalid(form.wrong)
        point = await actions.add_point(form.facts, me, label=label["id"] if label else None)
    except Invalid as wrong:
        return await _form(request, "points/new.html", typed, forms.told(request, wrong), status=422)
    return Redirect(f"/points/{point}?done={'bound' if label else 'added'}", status_code=303)


async def _claimed(me: Member, code: str) -> dict[str, Any] | None:
    """The blank label that brought him here. Raises Missing when there is no such label of his."""
    found = await queries.label_by_code(me, code) if code else None
    if code and found is None:
        raise Missing()
    return found


@get("/points/{point:uuid}/edit", guards=[may(Do.SET_UP)])
async def edit(request: R, point: UUID) -> Response[str]:
    found = await _found(request.user, point, to_change=True)
    return await _form(request, "points/edit.html", found, {}, point=found)


@post("/points/{point:uuid}", guards=[may(Do.SET_UP)])
async def save(request: R, point: UUID) -> Response[Any]:
    me: Member = request.user
    found = await _found(me, point, to_change=True)
    typed = await forms.typed(request)
    form = forms.point_form(typed)
    try:
        if form.wrong:
            raise Invalid(form.wrong)
        await actions.edit_point(point, form.facts, me)
    except Invalid as wrong:
        return await _form(request, "points/edit.html", typed, forms.told(request, wrong), status=422, point=found)
    return Redirect(f"/points/{point}?done=saved", status_code=303)


async def _form(
    request: R, template: str, typed: Any, errors: dict[str, str], *, status: int = 200, **more: Any
) -> Response[str]:
    me: Member = request.user
    return page(
        request,
        template,
        status=status,
        form=typed,
        errors=errors,
        kinds=await kinds(me, actions.own_school(me)),
        all_places=await queries_places.places_of(me, actions.own_school(me)),
        people=await queries.people(me),
        **more,
    )


@get("/points/{point:uuid}/pin", guards=[may(Do.SET_UP)])
async def show_pin(request: R, point: UUID) -> Response[str]:
    """The plan of the point's place, to be tapped where the point is."""
    found = await _found(request.user, point, to_change=True)
    return await _pin(request, found, {"x": found["pin_x"], "y": found["pin_y"]}, {})


async def _pin(
    request: R, found: dict[str, Any], form: Any, errors: dict[str, str], status: int = 200
) -> Response[str]:
    others = await queries_places.points_there(request.user, found["place"]) if found["place"] else []
    beside = [other for other in others if other["id"] != found["id"] and other["pin_x"] is not None]
    return page(request, "points/pin.html", status=status, point=found, others=beside, form=form, errors=errors)


@post("/points/{point:uuid}/pin", guards=[may(Do.SET_UP)])
async def place_pin(request: R, point: UUID) -> Response[Any]:
    me: Member = request.user
    found = await _found(me, point, to_change=True)
    typed = await forms.typed(request)
    at = pin(typed.get("x"), typed.get("y")) if typed.get("act") != "clear" else None
    if isinstance(at, str):
        return await _pin(request, found, typed, forms.told(request, Invalid({"x": at})), status=422)
    await actions.place_pin(point, at, me)
    return Redirect(f"/points/{point}?done={'pinned' if at else 'unpinned'}", status_code=303)


@post("/points/{point:uuid}/retire", guards=[may(Do.SET_UP)])
async def retire(request: R, point: UUID) -> Response[Any]:
    me: Member = request.user
    found = await _found(me, point, to_change=True)
    typed = await forms.typed(request)
    try:
        await actions.retire(point, line(typed.get("why"))[:200], me)
    except Invalid as wrong:
        return await _show(request, found, forms.told(request, wrong), status=422)
    return Redirect(f"/points/{point}?done=retired", status_code=303)


@post("/points/{point:uuid}/bring-back", guards=[may(Do.SET_UP)])
async def bring_back(request: R, point: UUID) -> Redirect:
    await actions.bring_back(point, request.user)
    return Redirect(f"/points/{point}?done=back", status_code=303)


@post("/points/{point:uuid}/label", guards=[may(Do.LABELS)])
async def label(request: R, point: UUID) -> Redirect:
    """One more label for this point."""
    me: Member = request.user
    await actions.new_labels(actions.own_school(me), [point], 1, me)
    return Redirect(f"/points/{point}?done=labelled", status_code=303)


router = Router(
    "/",
    route_handlers=[
        *(index, show, new, add, edit, save, show_pin, place_pin, retire, bring_back, label),
        *pages_places.HANDLERS,
        *pages_sheet.HANDLERS,
        *pages_labels.HANDLERS,
        *pages_print.HANDLERS,
        *pages_health.HANDLERS,
        *pages_rooms.HANDLERS,
    ],
)
