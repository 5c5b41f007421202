"""The rooms of a floor: the list, reading them from the plan, which point is in which, and rooms that need none."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.response import Redirect

from backend.access import Do, Member, may
from backend.forms import as_uuid
from backend.language import N_, say
from backend.page import language_of, page
from backend.points import actions_rooms as actions
from backend.points import forms, queries_places
from backend.points import queries_rooms as queries
from backend.points.rules import line
from backend.trouble import Invalid, Missing, Refused

R = Request[Any, Any, Any]
Row = dict[str, Any]

DONE = {
    "added": N_("Added."),
    "saved": N_("Saved."),
    "away": N_("Taken away."),
    "read": N_("Saved. New rooms: %(n)s."),
    "without": N_("Noted for %(n)s rooms: nothing there needs a point."),
    "with": N_("Taken back for %(n)s rooms."),
}
CHANGED = N_("The plan was changed in the meantime. Please look at the rooms again.")
NONE_CHOSEN = N_("Please tick the rooms that are meant.")
WHY_NEEDED = N_("Please say why nothing there needs a point.")


async def _found(me: Member, place: UUID) -> Row:
    found = await queries_places.place(me, place)
    if found is None or found["school"] != me.school:
        raise Missing()
    return found


@get("/places/{place:uuid}/rooms", guards=[may(Do.SET_UP)])
async def index(request: R, place: UUID) -> Response[str]:
    return await _shown(request, await _found(request.user, place))


async def _shown(
    request: R, place: Row, form: dict[str, str] | None = None, errors: dict[str, str] | None = None, status: int = 200
) -> Response[str]:
    me: Member = request.user
    there, named = await queries.rooms(me, place["id"]), await queries.on_plan(place)
    gone, points = await queries.gone_names(me, place["id"]), await queries.points_there(me, place["id"])
    offered, typed = queries.fresh(named, there), form or {}
    shape = (place["plan_height"] or 1) / (place["plan_width"] or 1)
    chosen = {f"point-{one['id']}": queries.guess(one, there, offered, shape) for one in points}
    return page(
        request,
        "points/rooms.html",
        status=status,
        place=place,
        rooms=there,
        offered=[(f"plan-{n}", room[0], room[0] not in gone) for n, room in offered.items()],
        points=[{**one, "choice": typed.get(f"point-{one['id']}", chosen[f"point-{one['id']}"])} for one in points],
        plan_sha=place["plan_sha256"] or "",
        form=typed,
        errors=errors or {},
        flash=forms.flash(request, DONE),
    )


@post("/places/{place:uuid}/rooms", guards=[may(Do.SET_UP)])
async def add(request: R, place: UUID) -> Response[Any]:
    found, typed = await _found(request.user, place), await forms.typed(request)
    try:
        await actions.add_room(place, line(typed.get("name")), line(typed.get("name_en")), request.user)
    except Invalid as wrong:
        return await _shown(request, found, typed, forms.told(request, wrong), 422)
    return Redirect(f"/places/{place}/rooms?done=added", status_code=303)


@post("/places/{place:uuid}/rooms/read", guards=[may(Do.SET_UP)])
async def read(request: R, place: UUID) -> Response[Any]:
    """Takes over the ticked rooms of the drawing, and puts each point into its room."""
    me: Member = request.user
    found, typed = await _found(me, place), await forms.typed(request)
    named = {f"plan-{n}": room for n, room in enumerate(await queries.on_plan(found))}
    ticked = await forms.many(request, "room")
    choices = {key.removeprefix("point-"): value for key, value in typed.items() if key.startswith("point-")}
    try:
        if typed.get("plan", "") != (found["plan_sha256"] or ""):
            raise Invalid({"points": CHANGED})
        new = await actions.take_over(place, named, ticked, _points(choices), me)
    except Invalid as wrong:
        return await _shown(request, found, typed, forms.told(request, wrong), 422)
    return Redirect(f"/places/{place}/rooms?done=read&n={new}", status_code=303)


def _points(choices: dict[str, str]) -> dict[UUID, str]:
    found = {as_uuid(point): choice for point, choice in choices.items()}
    if None in found:
        raise Missing()
    return {point: choice for point, choice in found.items() if point is not None}


@post("/places/{place:uuid}/rooms/without", guards=[may(Do.SET_UP)])
async def without(request: R, place: UUID) -> Response[Any]:
    """Nothing in the ticked rooms needs a point; `act=back` takes that back."""
    found, typed = await _found(request.user, place), await forms.typed(request)
    rooms = [one for one in map(as_uuid, await forms.many(request, "room")) if one]
    why, back = line(typed.get("why")), typed.get("act") == "back"
    wrong = {"chosen": NONE_CHOSEN} if not rooms else {} if why or back else {"why": WHY_NEEDED}
    try:
        if wrong:
            raise Invalid(wrong)
        n = await actions.say_without(place, rooms, "" if back else why, request.user)
    except Invalid as told:
        kept = {**typed, **{f"room-{room}": "1" for room in rooms}}
        return await _shown(request, found, kept, forms.told(request, told), 422)
    return Redirect(f"/places/{place}/rooms?done={'with' if back else 'without'}&n={n}", status_code=303)


@get("/places/{place:uuid}/rooms/{room:uuid}", guards=[may(Do.SET_UP)])
async def edit(request: R, place: UUID, room: UUID) -> Response[str]:
    found = await _found(request.user, place)
    return await _edit(request, found, await _room(request.user, place, room))


async def _room(me: Member, place: UUID, room: UUID) -> Row:
    found = next((one for one in await queries.rooms(me, place) if one["id"] == room), None)
    if found is None:
        raise Missing()
    return found


async def _edit(
    request: R, place: Row, room: Row, errors: dict[str, str] | None = None, status: int = 200
) -> Response[str]:
    points = [one for one in await queries.points_there(request.user, place["id"]) if one["room"] == room["id"]]
    return page(request, "points/room.html", status=status, place=place, room=room, points=points, errors=errors or {})


@post("/places/{place:uuid}/rooms/{room:uuid}", guards=[may(Do.SET_UP)])
async def rename(request: R, place: UUID, room: UUID) -> Response[Any]:
    me: Member = request.user
    found, known, typed = await _found(me, place), await _room(me, place, room), await forms.typed(request)
    name, name_en = line(typed.get("name")), line(typed.get("name_en"))
    try:
        await actions.rename_room(place, room, name, name_en, me)
    except Invalid as wrong:
        shown = {**known, "name": name, "name_en": name_en}
        return await _edit(request, found, shown, forms.told(request, wrong), 422)
    return Redirect(f"/places/{place}/rooms?done=saved", status_code=303)


@post("/places/{place:uuid}/rooms/{room:uuid}/away", guards=[may(Do.SET_UP)])
async def away(request: R, place: UUID, room: UUID) -> Response[Any]:
    me: Member = request.user
    found, known = await _found(me, place), await _room(me, place, room)
    try:
        await actions.take_away(place, room, me)
    except Refused as no:
        told = say(language_of(request), no.reason, **no.facts)
        return await _edit(request, found, known, {"away": told}, 409)
    return Redirect(f"/places/{place}/rooms?done=away", status_code=303)


HANDLERS = [index, add, read, without, edit, rename, away]
