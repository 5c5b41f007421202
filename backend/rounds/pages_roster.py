"""Setting up duty rosters: new, its table, changing it, filling it, printing it."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.response import Redirect

from backend import clock
from backend.access import Do, Member, may
from backend.accounts.rules import POST_NAMES
from backend.bodies.queries_terms import terms_of
from backend.bodies.rules_calendar import as_day
from backend.bodies.rules_terms import term_of
from backend.database import reading
from backend.forms import Typed, as_number, as_uuid, typed
from backend.language import N_, named, say
from backend.page import language_of, page
from backend.rounds import actions_duty, actions_roster
from backend.rounds import queries_duty as queries
from backend.rounds.pages_duty import flash, grid
from backend.rounds.rules import Days, Turn
from backend.rounds.rules_duty import Shift, clock_text, monday
from backend.rounds.rules_roster import (
    DAYS_NAMES,
    PLACE,
    SHIFT_FIELDS,
    TURN_NAMES,
    RosterDraft,
    roster_draft,
    shift_form,
)
from backend.trouble import Invalid, Missing

R = Request[Member, Any, Any]
Row = dict[str, Any]
SHOWN = timedelta(days=27)
MOST_PRINTED = timedelta(days=190)
DONE = {
    "created": N_("Created. Now fill the table."),
    "saved": N_("Saved."),
    "filled": N_("Filled: %(n)s new turns."),
    "assigned": N_("The duty has changed, and those concerned are told."),
}
USUAL = Shift("", "", 7 * 60, 18 * 60)


@get("/duty/new", guards=[may(Do.ROUTES)])
async def new(request: R) -> Response[str]:
    form = {"days": Days.SCHOOL.value, "turn": Turn.DAY.value, "starts_on": clock.today().isoformat()}
    return await _form(request, None, form, shift_form([USUAL]))


@post("/duty", guards=[may(Do.ROUTES)])
async def make(request: R) -> Response[Any]:
    form = await typed(request)
    try:
        roster = await actions_roster.make(await _draft(request, form), request.user)
    except Invalid as trouble:
        return await _form(request, None, dict(form), _typed_shifts(form), trouble)
    return Redirect(f"/duty/{roster}?done=created", status_code=303)


async def _draft(request: R, form: Typed) -> RosterDraft:
    staff = [one["id"] for one in await queries.staff(request.user)]
    return roster_draft(form, {field: form.all(field) for field in SHIFT_FIELDS}, staff)


def _typed_shifts(form: Typed) -> list[dict[str, str]]:
    columns = [form.all(field) for field in SHIFT_FIELDS]
    names = [field.removeprefix("shift_") for field in SHIFT_FIELDS]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=False)] or shift_form([USUAL])


async def _form(
    request: R, roster: Row | None, form: Row, shifts: list[dict[str, str]], trouble: Invalid | None = None
) -> Response[str]:
    language = language_of(request)
    staff = await queries.staff(request.user)
    return page(
        request,
        "rounds/duty_form.html",
        status=422 if trouble else 200,
        roster=roster,
        form=form,
        shifts=shifts,
        staff=[
            one | {"place": form.get(f"{PLACE}{one['id']}", ""), "said_post": named(language, POST_NAMES, one["post"])}
            for one in staff
        ],
        days=[(one, say(language, name)) for one, name in DAYS_NAMES.items()],
        turns=[(one, say(language, name)) for one, name in TURN_NAMES.items()],
        errors={field: say(language, fault) for field, fault in trouble.fields.items()} if trouble else {},
    )


@get("/duty/{roster:uuid}/edit", guards=[may(Do.ROUTES)])
async def edit(request: R, roster: UUID) -> Response[str]:
    found = await queries.roster(request.user, roster)
    if found["ended_at"]:
        raise Missing()
    form = {name: found[name] for name in ("name", "name_en", "days", "turn", "starts_on")}
    places = {f"{PLACE}{one['user']}": str(place) for place, one in enumerate(found["persons"], start=1)}
    return await _form(request, found, form | places, shift_form(found["shifts"]))


@post("/duty/{roster:uuid}/edit", guards=[may(Do.ROUTES)])
async def change(request: R, roster: UUID) -> Response[Any]:
    found, form = await queries.roster(request.user, roster), await typed(request)
    try:
        await actions_roster.edit(roster, await _draft(request, form), request.user)
    except Invalid as trouble:
        return await _form(request, found, dict(form), _typed_shifts(form), trouble)
    return Redirect(f"/duty/{roster}?done=saved", status_code=303)


@get("/duty/{roster:uuid}", guards=[may(Do.VISIT)])
async def show(request: R, roster: UUID) -> Response[str]:
    return await _show(request, roster)


async def _show(request: R, roster: UUID, form: Row | None = None, trouble: Invalid | None = None) -> Response[str]:
    """Four weeks from a Monday on, earlier and later ones by their links."""
    member, language = request.user, language_of(request)
    found = await queries.roster(member, roster)
    first = monday(as_day(request.query_params.get("from", "")) or clock.today())
    rows = await queries.table(member, first, first + SHOWN, roster)
    may_set_up = member.may(Do.ROUTES) and not found["ended_at"]
    staff = await queries.staff(member) if may_set_up else []
    return page(
        request,
        "rounds/duty_roster.html",
        status=422 if trouble else 200,
        roster=found,
        table=grid(found, rows, first, first + SHOWN, language),
        first=first,
        last=first + SHOWN,
        earlier=first - SHOWN - timedelta(days=1),
        later=first + SHOWN + timedelta(days=1),
        may_set_up=may_set_up,
        said_days=named(language, DAYS_NAMES, found["days"]),
        said_turn=named(language, TURN_NAMES, found["turn"]),
        staff=[(one["id"], one["name"] if language != "en" else one["name_en"] or one["name"]) for one in staff],
        shifts=[(n, _named(one, language)) for n, one in enumerate(found["shifts"]) if not one.ended],
        until=await _until(request),
        form=form or {},
        errors={field: say(language, fault) for field, fault in trouble.fields.items()} if trouble else {},
        flash=flash(request, DONE, n=as_number(request.query_params.get("n"))),
    )


def _named(shift: Shift, language: str) -> str:
    name = shift.name if language != "en" else shift.name_en or shift.name
    return f"{name} {clock_text(shift.start)}–{clock_text(shift.end)}".strip()


async def _until(request: R) -> date:
    """Proposed for filling: the end of the term, else eight weeks."""
    today, school = clock.today(), request.user.school
    if school is None:
        raise Missing()
    async with reading(request.user.scope):
        term = term_of(today, await terms_of(school, today, today))
    return min(term.ends if term else today + timedelta(days=56), today + actions_roster.FURTHEST)


@post("/duty/{roster:uuid}/fill", guards=[may(Do.ROUTES)])
async def fill(request: R, roster: UUID) -> Response[Any]:
    form = await typed(request)
    try:
        count = await actions_roster.fill(roster, as_day(form.get("until", "")), request.user)
    except Invalid as trouble:
        return await _show(request, roster, dict(form), trouble)
    return Redirect(f"/duty/{roster}?done=filled&n={count}", status_code=303)


@post("/duty/{roster:uuid}/assign", guards=[may(Do.ROUTES)])
async def assign(request: R, roster: UUID) -> Response[Any]:
    form, shift = await typed(request), -1
    if form.get("shift", "").isdecimal():
        shift = as_number(form["shift"], 1000)
    wanted = (as_day(form.get("day", "")), shift, as_uuid(form.get("user")), form.text("words"))
    try:
        await actions_duty.assign(roster, *wanted, request.user)
    except Invalid as trouble:
        return await _show(request, roster, dict(form), trouble)
    return Redirect(f"/duty/{roster}?done=assigned&from={wanted[0]}", status_code=303)


@post("/duty/{roster:uuid}/end", guards=[may(Do.ROUTES)])
async def end(request: R, roster: UUID) -> Redirect:
    await actions_roster.end(roster, request.user)
    return Redirect("/duty?done=ended", status_code=303)


@get("/duty/{roster:uuid}/print", guards=[may(Do.VISIT)])
async def printed(request: R, roster: UUID) -> Response[str]:
    """A sheet to hang up: `from` and `to`, without them this week and the three after it."""
    member = request.user
    found = await queries.roster(member, roster)
    asked = request.query_params
    first = as_day(asked.get("from", "")) or monday(clock.today())
    last = as_day(asked.get("to", "")) or first + SHOWN
    last = min(max(last, first), first + MOST_PRINTED)
    rows = await queries.table(member, first, last, roster)
    table = grid(found, rows, first, last, language_of(request))
    return page(request, "rounds/duty_print.html", roster=found, table=table, first=first, last=last)


HANDLERS = [new, make, edit, change, show, fill, assign, end, printed]
