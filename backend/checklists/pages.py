"""Kinds of point and what is asked there: the list, one kind, its versions, the paper form, dates that run out."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, Router, get, post
from litestar.response import Redirect

from backend.access import Do, Member, may
from backend.checklists import actions, pages_own, pages_pack, pages_plan, queries
from backend.checklists.pages_common import flash, rest, school_of, shown
from backend.checklists.rules_items import difference
from backend.language import N_
from backend.page import page
from backend.trouble import Missing

R = Request[Any, Any, Any]

DONE = {
    "on": N_("This kind is in use now."),
    "off": N_("This kind is switched off."),
    "added": N_("Your item is published. It is asked from the next visit on."),
    "withdrawn": N_("The item is withdrawn. What was answered stays."),
    "limits": N_("The limits are set. They count from the next visit on."),
    "published": N_("The new version is published. It is asked from the next visit on."),
}


@get("/checklists", guards=[may(Do.SEE_SCHOOL)])
async def index(request: R) -> Response[str]:
    """All kinds; what a school does not use is folded away."""
    me: Member = request.user
    school = await school_of(request, me)
    found = await queries.kinds(me, school["id"] if school else None)
    return page(
        request,
        "checklists/index.html",
        kinds=[one for one in found if one["in_use"]],
        idle=[one for one in found if not one["in_use"]],
        ending=len(await queries.dates_ending(me, school["id"] if school else None)),
        posts=shown()["posts"],
        school=school,
        schools=[] if me.school else await queries.schools(me),
        rest=rest(me, school),
    )


@get("/checklists/{kind:str}", guards=[may(Do.SEE_SCHOOL)])
async def show(request: R, kind: str) -> Response[str]:
    """One kind: its items in force with their basis, the versions before, what this member may change."""
    me: Member = request.user
    school = await school_of(request, me)
    own = school["id"] if school else None
    found = await queries.kind(me, kind, own)
    newer = await queries.newer_built_in(me, found)
    return page(
        request,
        "checklists/show.html",
        kind=found,
        items=await queries.items_in_force(me, kind, own),
        versions=await queries.versions(me, kind, own),
        newer=newer,
        news=difference(newer[0], newer[1]) if newer else None,
        school=school,
        rest=rest(me, school),
        may_switch=me.may(Do.CHECKLISTS) and me.school is not None,
        may_edit=pages_pack.is_editor(me),
        flash=flash(request, DONE),
        **shown(),
    )


@get("/checklists/{kind:str}/print", guards=[may(Do.SEE_SCHOOL)])
async def paper(request: R, kind: str) -> Response[str]:
    """The checklist as a paper form, for the day when no phone works."""
    me: Member = request.user
    school = await school_of(request, me)
    own = school["id"] if school else None
    found, items = await queries.kind(me, kind, own), await queries.items_in_force(me, kind, own)
    return page(request, "checklists/print.html", kind=found, items=items, school=school, rest=rest(me, school))


@get("/checklists/{kind:str}/versions/{checklist:uuid}", guards=[may(Do.SEE_SCHOOL)])
async def version(request: R, kind: str, checklist: UUID) -> Response[str]:
    """One version as it was published, and what it changed."""
    me: Member = request.user
    school = await school_of(request, me)
    own = school["id"] if school else None
    found = await queries.kind(me, kind, own)
    one = next((v for v in await queries.versions(me, kind, own) if v["id"] == checklist), None)
    if one is None:
        raise Missing()
    items = await queries.items_of(me, checklist)
    before = await queries.items_of(me, one["previous"]) if one["previous"] else []
    return page(
        request,
        "checklists/version.html",
        kind=found,
        version=one,
        items=items,
        changes=difference(before, items) if one["previous"] else None,
        school=school,
        rest=rest(me, school),
        **shown(),
    )


@post("/checklists/{kind:str}/use", guards=[may(Do.CHECKLISTS)])
async def use(request: R, kind: str) -> Redirect:
    """A school switches a kind on or off."""
    me: Member = request.user
    if me.school is None:
        raise Missing()
    form = await request.form()
    enabled = form.get("on") == "1"
    await actions.switch_kind(kind, enabled, me)
    return Redirect(f"/checklists/{kind}?done={'on' if enabled else 'off'}", status_code=303)


@get("/checklists/dates", guards=[may(Do.SEE_SCHOOL)])
async def dates(request: R) -> Response[str]:
    """Dates told at the points that are over or end within thirty days."""
    me: Member = request.user
    school = await school_of(request, me)
    found = await queries.dates_ending(me, school["id"] if school else None)
    return page(
        request, "checklists/dates.html", dates=found[:200], total=len(found), school=school, rest=rest(me, school)
    )


router = Router(
    "/",
    route_handlers=[
        *(index, dates, show, paper, version, use),
        *pages_own.HANDLERS,
        *pages_pack.HANDLERS,
        *pages_plan.HANDLERS,
    ],
)
