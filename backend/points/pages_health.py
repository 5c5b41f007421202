"""The reprint list: labels that could not be read, why and since when; printing them, or saying that one is well."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.response import Redirect

from backend.access import Do, Member, may
from backend.language import N_
from backend.page import page
from backend.points import actions_health, forms, queries_health
from backend.points.actions import own_school
from backend.points.pages_print import sheet_of
from backend.points.queries import Wanted
from backend.points.rules import line
from backend.points.rules_health import WHY
from backend.trouble import Invalid
from qr.stocks import STOCKS

R = Request[Any, Any, Any]

DONE = {"well": N_("It is off the list. Who cannot read it again puts it back.")}


@get("/labels/reprint", guards=[may(Do.LABELS)])
async def reprint(request: R) -> Response[str]:
    return await _show(request, {}, {})


async def _show(
    request: R, form: dict[str, str], errors: dict[str, str], status: int = 200, chosen: Any = None, asked: Any = None
) -> Response[str]:
    """`chosen`: ids of labels that were ticked, None before the first try; `asked`: the point that lacks a reason."""
    me: Member = request.user
    points = await queries_health.to_reprint(me, own_school(me))
    return page(
        request,
        "points/reprint.html",
        status=status,
        points=points,
        printable=sum(1 for point in points if point["labels"]),
        why_names=WHY,
        stocks=list(STOCKS.values()),
        form=form,
        errors=errors,
        chosen=None if chosen is None else set(chosen),
        asked=str(asked or ""),
        flash=forms.flash(request, DONE),
    )


@post("/labels/reprint", guards=[may(Do.LABELS)], status_code=200)
async def print_again(request: R) -> Response[Any]:
    """A PDF of the ticked labels. Being printed takes them off the list."""
    me: Member = request.user
    own_school(me)
    typed, chosen = await forms.typed(request), await forms.many(request, "label")
    try:
        return await sheet_of(me, Wanted(), {**typed, "which": "chosen"}, chosen)
    except Invalid as wrong:
        return await _show(request, typed, forms.told(request, wrong), status=422, chosen=chosen)


@post("/labels/reprint/{point:uuid}/well", guards=[may(Do.LABELS)])
async def is_well(request: R, point: UUID) -> Response[Any]:
    """Somebody looked: the label can be read."""
    me: Member = request.user
    own_school(me)
    typed = await forms.typed(request)
    try:
        await actions_health.is_well(point, line(typed.get("why")), me)
    except Invalid as wrong:
        return await _show(request, typed, forms.told(request, wrong), status=422, asked=point)
    return Redirect("/labels/reprint?done=well", status_code=303)


HANDLERS = [reprint, print_again, is_well]
