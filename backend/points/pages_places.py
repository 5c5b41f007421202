"""Places: buildings with their floors, open ground, and the plan of each with its points as pins."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.response import File, Redirect

from backend.access import Do, Member, may
from backend.language import N_, either
from backend.page import language_of, page
from backend.photos import SERVED_WITH, TYPES, NotAPicture, store
from backend.points import actions_places as actions
from backend.points import forms, queries
from backend.points import queries_places as places
from backend.points.rules import PlaceKind, line
from backend.trouble import Invalid, Missing

R = Request[Any, Any, Any]

DONE = {
    "added": N_("Added."),
    "saved": N_("Saved."),
    "plan": N_("The plan is there. Tap a point below to put it on the plan."),
}
NO_FILE = N_("Please choose a file.")


@get("/places", guards=[may(Do.SEE_SCHOOL)])
async def index(request: R) -> Response[str]:
    return await _index(request, {}, {})


async def _index(request: R, form: dict[str, str], errors: dict[str, str], status: int = 200) -> Response[str]:
    me: Member = request.user
    language, school = language_of(request), await forms.school_of(request, me)
    found = await places.places_of(me, school) if school else []
    return page(
        request,
        "points/places.html",
        status=status,
        tops=[row for row in found if row["parent"] is None],
        floors=[row for row in found if row["parent"] is not None],
        school=school,
        schools=[] if me.school else await queries.schools(me),
        choices=[
            (row["id"], either(language, row["name"], row["name_en"])) for row in found if row["kind"] == "building"
        ],
        asked_kind=request.query_params.get("kind", ""),
        asked_parent=request.query_params.get("parent", ""),
        form=form,
        errors=errors,
        may_change=me.may(Do.SET_UP) and me.school is not None,
        flash=forms.flash(request, DONE),
    )


@post("/places", guards=[may(Do.SET_UP)])
async def add(request: R) -> Response[Any]:
    """A building, a ground, or a floor of a building."""
    typed = await forms.typed(request)
    kinds = {kind.value: kind for kind in PlaceKind}
    kind = kinds.get(typed.get("kind", ""), PlaceKind.BUILDING)
    parent = forms.uuid_of(typed.get("parent")) if kind is PlaceKind.FLOOR else None
    try:
        name, name_en = line(typed.get("name")), line(typed.get("name_en"))
        await actions.add_place(kind, parent, name, name_en, request.user)
    except Invalid as wrong:
        return await _index(request, typed, forms.told(request, wrong), status=422)
    return Redirect("/places?done=added", status_code=303)


@get("/places/{place:uuid}", guards=[may(Do.SEE_SCHOOL)])
async def show(request: R, place: UUID) -> Response[str]:
    """The plan with its pins, and every point of the place as a list."""
    return await _show(request, await _found(request.user, place), {})


async def _found(me: Member, place: UUID, *, to_change: bool = False) -> dict[str, Any]:
    found = await places.place(me, place)
    if found is None or (to_change and found["school"] != me.school):
        raise Missing()
    return found


async def _show(request: R, found: dict[str, Any], errors: dict[str, str], status: int = 200) -> Response[str]:
    me: Member = request.user
    siblings = await places.places_of(me, found["school"])
    return page(
        request,
        "points/place.html",
        status=status,
        place=found,
        points=await places.points_there(me, found["id"]),
        floors=[row for row in siblings if row["parent"] == (found["parent"] or found["id"])],
        errors=errors,
        may_change=me.may(Do.SET_UP) and found["school"] == me.school,
        flash=forms.flash(request, DONE),
    )


@post("/places/{place:uuid}", guards=[may(Do.SET_UP)])
async def rename(request: R, place: UUID) -> Response[Any]:
    me: Member = request.user
    found = await _found(me, place, to_change=True)
    typed = await forms.typed(request)
    name, name_en = line(typed.get("name")), line(typed.get("name_en"))
    try:
        await actions.rename_place(place, name, name_en, me)
    except Invalid as wrong:
        shown = {**found, "name": name, "name_en": name_en}
        return await _show(request, shown, forms.told(request, wrong), status=422)
    return Redirect(f"/places/{place}?done=saved", status_code=303)


@post("/places/{place:uuid}/move", guards=[may(Do.SET_UP)])
async def move(request: R, place: UUID) -> Redirect:
    typed = await forms.typed(request)
    await actions.move_place(place, "up" if typed.get("direction") == "up" else "down", request.user)
    return Redirect("/places", status_code=303)


@post("/places/{place:uuid}/plan", guards=[may(Do.SET_UP)])
async def plan(request: R, place: UUID) -> Response[Any]:
    """Takes a picture or a drawing as the plan; it is written anew before anybody sees it."""
    me: Member = request.user
    found = await _found(me, place, to_change=True)
    _, content = await forms.upload(request, "plan")
    try:
        if not content:
            raise Invalid({"plan": NO_FILE})
        kept = await store().plan_picture(content)
    except NotAPicture as bad:
        return await _show(request, found, forms.told(request, Invalid({"plan": bad.why})), status=422)
    except Invalid as wrong:
        return await _show(request, found, forms.told(request, wrong), status=422)
    await actions.set_plan(place, kept, me)
    return Redirect(f"/places/{place}?done=plan", status_code=303)


@get("/plans/{place:uuid}", guards=[may(Do.SEE_SCHOOL)])
async def picture(request: R, place: UUID) -> File:
    """The plan itself; its address on pages carries its hash, so that it may be kept for ever."""
    found = await _found(request.user, place)
    file = store().path(found["plan_sha256"] or "")
    if file is None:
        raise Missing()
    return File(
        file,
        media_type=TYPES[file.suffix],
        headers=dict(SERVED_WITH),
        content_disposition_type="inline",
        filename="plan",
    )


HANDLERS = [index, add, show, rename, move, plan, picture]
