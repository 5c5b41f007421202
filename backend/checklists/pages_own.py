"""What a school may do to its checklists: add items of its own, withdraw them, set limits where they are left to it."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.response import Redirect

from backend.access import Do, Member, may
from backend.checklists import actions, queries
from backend.checklists.pages_common import told
from backend.checklists.rules import AnswerKind, DateRule
from backend.checklists.rules_items import NEEDED, TOO_LONG, limits, next_code, written, years_of
from backend.forms import Typed, as_number, as_uuid, typed
from backend.language import N_
from backend.page import page
from backend.trouble import Invalid, Missing

R = Request[Any, Any, Any]


def _school(me: Member) -> UUID:
    if me.school is None:
        raise Missing()
    return me.school


@get("/checklists/{kind:str}/own", guards=[may(Do.CHECKLISTS)])
async def new_item(request: R, kind: str) -> Response[str]:
    found = await queries.kind(request.user, kind, _school(request.user))
    fresh = {"frequency": found["frequency"], "photo": "on_fail", "severity": "general", "seen": found["own_version"]}
    return page(request, "checklists/own.html", kind=found, form=fresh, errors={})


@post("/checklists/{kind:str}/own", guards=[may(Do.CHECKLISTS)])
async def add_item(request: R, kind: str) -> Response[Any]:
    """Publishes the school's additions anew, with one item more."""
    me: Member = request.user
    found = await queries.kind(me, kind, _school(me))
    form = await typed(request)
    one = written(form, next_code(kind, "x", await queries.codes(me, kind)), found["area"])
    if one.wrong:
        return page(
            request,
            "checklists/own.html",
            status=422,
            kind=found,
            form=dict(form),
            errors=told(request, Invalid(one.wrong)),
        )
    items = [*await queries.items_of(me, found["own"]), one.item]
    await actions.publish(kind, items, f"+ {one.item['zh']}", as_number(form.text("seen")), me)
    return Redirect(f"/checklists/{kind}?done=added", status_code=303)


@post("/checklists/{kind:str}/own/{code:str}/withdraw", guards=[may(Do.CHECKLISTS)])
async def withdraw(request: R, kind: str, code: str) -> Response[Any]:
    """Publishes the school's additions without one of them; items of the pack cannot be reached from here."""
    me: Member = request.user
    found = await queries.kind(me, kind, _school(me))
    form = await typed(request)
    items = await queries.items_of(me, found["own"])
    gone = next((item for item in items if item["code"] == code), None)
    if gone is None:
        raise Missing()
    why = form.text("why")
    wrong = {"why": NEEDED if not why else TOO_LONG} if not 0 < len(why) <= 300 else {}
    if wrong or form.text("sure") != "1":
        return _ask(request, found, gone, form, told(request, Invalid(wrong)) if form.text("sure") else {})
    left = [item for item in items if item["code"] != code]
    await actions.publish(kind, left, f"− {gone['zh']}: {why}", as_number(form.text("seen")), me)
    return Redirect(f"/checklists/{kind}?done=withdrawn", status_code=303)


def _ask(request: R, kind: dict[str, Any], item: dict[str, Any], form: Typed, errors: dict[str, str]) -> Response[str]:
    """Shows what withdrawing means and asks for the reason."""
    status = 422 if errors else 200
    return page(
        request, "checklists/withdraw.html", status=status, kind=kind, item=item, form=dict(form), errors=errors
    )


@get("/checklists/{kind:str}/limits/{code:str}", guards=[may(Do.CHECKLISTS)])
async def show_limits(request: R, kind: str, code: str) -> Response[str]:
    return await _limits(request, kind, code, {}, {})


@post("/checklists/{kind:str}/limits/{code:str}", guards=[may(Do.CHECKLISTS)])
async def set_limits(request: R, kind: str, code: str) -> Response[Any]:
    """New limits for all points or for one; the former ones stay readable."""
    me: Member = request.user
    form, item = await typed(request), await _item(me, kind, code)
    back = form.text("back") == "1"
    point = as_uuid(form.text("point"))
    try:
        low, high = (None, None) if back else _numbers(form, item)
        if form.text("point") and point is None:
            raise Invalid({"point": N_("Please choose")})
    except Invalid as wrong:
        return await _limits(request, kind, code, dict(form), told(request, wrong), status=422)
    await actions.set_limits(kind, code, point, low, high, me)
    return Redirect(f"/checklists/{kind}?done=limits", status_code=303)


def _numbers(form: Typed, item: dict[str, Any]) -> tuple[float | None, float | None]:
    """Raises Invalid: no number, wrong order also with the limit that stays, nothing at all."""
    wrong: dict[str, str] = {}
    if item["answer"] == AnswerKind.DATE.value:
        low, high = None, years_of(form, wrong) if item["date_rule"] == DateRule.SINCE.value else None
    else:
        low, high = limits(form, wrong)
        lowest, highest = (low if low is not None else item["minimum"]), (high if high is not None else item["maximum"])
        if not wrong and lowest is not None and highest is not None and lowest > highest:
            wrong["minimum"] = N_("Together with the limit of the checklist, the lower limit is above the upper one.")
    if not wrong and low is None and high is None:
        wrong["maximum"] = N_("Please enter at least one limit, or take the former ones back.")
    if wrong:
        raise Invalid(wrong)
    return low, high


async def _item(me: Member, kind: str, code: str) -> dict[str, Any]:
    found = await queries.items_in_force(me, kind, _school(me))
    item = next((one for one in found if one["code"] == code and one["limits_by_school"]), None)
    if item is None:
        raise Missing()
    return item


async def _limits(
    request: R, kind: str, code: str, form: dict[str, Any], errors: dict[str, str], status: int = 200
) -> Response[str]:
    me: Member = request.user
    return page(
        request,
        "checklists/limits.html",
        status=status,
        kind=await queries.kind(me, kind, _school(me)),
        item=await _item(me, kind, code),
        points=await queries.points(me, kind),
        history=await queries.limits_of(me, code),
        form=form,
        errors=errors,
    )


HANDLERS = [new_item, add_item, withdraw, show_limits, set_limits]
