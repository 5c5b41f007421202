"""Labels one by one: making them, the life of one, claiming a blank one at its point with a phone."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.response import Redirect

from backend.access import Do, Member, may
from backend.language import N_
from backend.page import page
from backend.points import actions, forms, printing, queries
from backend.points.actions import own_school
from backend.points.queries import Wanted
from backend.points.rules import line, narrow
from backend.trouble import Invalid, Missing, Refused
from qr import codes
from qr.stocks import DEFAULT, STOCKS

R = Request[Any, Any, Any]

DONE = {
    "bound": N_("The label leads to its point now."),
    "revoked": N_("The label is revoked. Who scans it is told so, and can still report a hazard."),
    "replaced": N_("Here is the new label. Print it and take the old one off."),
}
NO_POINT = N_("Please choose a point.")


@post("/labels/new", guards=[may(Do.LABELS)])
async def missing(request: R) -> Redirect:
    """A label for every point in use that has none."""
    me: Member = request.user
    without = await queries.points_of(me, Wanted(state="active", unlabelled=True, school=own_school(me)))
    if without:
        await actions.new_labels(own_school(me), [point["id"] for point in without], len(without), me)
    return Redirect(f"/labels?printed=no&done=made&n={len(without)}", status_code=303)


@post("/labels/blank", guards=[may(Do.LABELS)])
async def blank(request: R) -> Redirect:
    """Labels in advance, to be claimed at their points."""
    me: Member = request.user
    typed = await forms.typed(request)
    text = narrow(typed.get("count"))
    count = int(text) if text.isdecimal() and len(text) < 6 else 0
    await actions.new_labels(own_school(me), None, count, me)
    return Redirect(f"/labels?state=blank&printed=no&done=made&n={count}", status_code=303)


@get("/labels/{name:str}", guards=[may(Do.LABELS)])
async def show(request: R, name: str) -> Response[Any]:
    """`/labels/<id>` is its page with its history, `/labels/<id>.png` the label as a picture."""
    me: Member = request.user
    found = await _found(me, forms.uuid_of(name.removesuffix(".png")))
    if not name.endswith(".png"):
        return await _show(request, found, {}, {})
    stock = request.query_params.get("stock") or found["stock"] or DEFAULT
    drawn = await printing.picture(found, stock, "en" if request.query_params.get("words") == "en" else "zh")
    headers = {"Cache-Control": "no-store", "Content-Disposition": f'inline; filename="{found["short"]}.png"'}
    return Response(drawn, media_type="image/png", headers=headers)


async def _found(me: Member, label: UUID | None) -> dict[str, Any]:
    own_school(me)
    found = await queries.label(me, label) if label else None
    if found is None:
        raise Missing()
    return found


async def _show(
    request: R, found: dict[str, Any], form: dict[str, str], errors: dict[str, str], status: int = 200
) -> Response[str]:
    me: Member = request.user
    return page(
        request,
        "points/label.html",
        status=status,
        label=found,
        shown=codes.show_short(found["short"]),
        events=await queries.label_events(me, found["id"]),
        points=await queries.points_of(me, Wanted(state="active", school=me.school), most=5_000),
        stocks=list(STOCKS.values()),
        form=form,
        errors=errors,
        flash=forms.flash(request, DONE),
    )


@post("/labels/{label:uuid}/bind", guards=[may(Do.LABELS)])
async def bind(request: R, label: UUID) -> Response[Any]:
    """Hangs the label at a point; from the claim page (`claim`) only if nobody was faster."""
    me: Member = request.user
    found = await _found(me, label)
    typed = await forms.typed(request)
    point = forms.uuid_of(typed.get("point"))
    claim = typed.get("claim") == "1"
    if point is None:
        told = forms.told(request, Invalid({"point": NO_POINT}))
        if claim:
            return await _claim(request, found, typed.get("q", ""), told, status=422)
        return await _show(request, found, typed, told, status=422)
    await actions.bind(label, point, me, claim=claim)
    return Redirect(f"/points/{point}?done=bound" if claim else f"/labels/{label}?done=bound", status_code=303)


@post("/labels/{label:uuid}/revoke", guards=[may(Do.LABELS)])
async def revoke(request: R, label: UUID) -> Response[Any]:
    me: Member = request.user
    found = await _found(me, label)
    typed = await forms.typed(request)
    try:
        await actions.revoke(label, line(typed.get("why"))[:200], me)
    except Invalid as wrong:
        return await _show(request, found, typed, forms.told(request, wrong), status=422)
    return Redirect(f"/labels/{label}?done=revoked", status_code=303)


@post("/labels/{label:uuid}/replace", guards=[may(Do.LABELS)])
async def replace(request: R, label: UUID) -> Response[Any]:
    me: Member = request.user
    found = await _found(me, label)
    typed = await forms.typed(request)
    try:
        new = await actions.replace(label, line(typed.get("why"))[:200], me)
    except Invalid as wrong:
        return await _show(request, found, typed, forms.told(request, wrong), status=422)
    return Redirect(f"/labels/{new}?done=replaced", status_code=303)


@get("/labels/claim/{code:str}", guards=[may(Do.LABELS)])
async def claim(request: R, code: str) -> Response[Any]:
    """Standing at the point with a blank label in hand: which point is this?"""
    me: Member = request.user
    own_school(me)
    found = await queries.label_by_code(me, code)
    if found is None:
        raise Missing()
    if found["now"] == "bound":
        return Redirect(f"/points/{found['point']}", status_code=303)
    if found["now"] != "blank":
        raise Refused(actions.IS_REVOKED)
    return await _claim(request, found, request.query_params.get("q", ""), {})


async def _claim(
    request: R, found: dict[str, Any], words: str, errors: dict[str, str], status: int = 200
) -> Response[str]:
    """Points without a label come first: one of them is most likely the one."""
    me: Member = request.user
    points = await queries.points_of(me, Wanted(q=words, state="active", school=me.school), most=2_000)
    return page(
        request,
        "points/claim.html",
        status=status,
        label=found,
        shown=codes.show_short(found["short"]),
        without=[point for point in points if not point["labels"]],
        others=[point for point in points if point["labels"]],
        q=words,
        errors=errors,
    )


HANDLERS = [missing, blank, show, bind, revoke, replace, claim]
