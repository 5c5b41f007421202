"""Duty of a school as its people see it: their own turns, who asks to swap, the table; and one turn with its verbs."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.response import Redirect

from backend import clock
from backend.access import Do, Member, may
from backend.forms import as_uuid, typed
from backend.language import N_, named, say
from backend.page import language_of, page
from backend.rounds import actions_duty as actions
from backend.rounds import queries_duty as queries
from backend.rounds.rules import DutyVerb
from backend.rounds.rules_duty import DAY, clock_text, monday
from backend.trouble import Invalid, Missing

R = Request[Member, Any, Any]
Row = dict[str, Any]
AHEAD = timedelta(days=28)
SWAPPED_WITHIN = timedelta(days=60)
ONE = timedelta(days=1)
WEEKDAYS = (
    *(N_("Monday"), N_("Tuesday"), N_("Wednesday"), N_("Thursday"), N_("Friday"), N_("Saturday"), N_("Sunday")),
)
EVENT_NAMES: dict[str, str] = {
    DutyVerb.ASSIGN.value: N_("Put on duty"),
    DutyVerb.SUBSTITUTE.value: N_("Somebody else stepped in"),
    DutyVerb.TAKE_OFF.value: N_("Taken off"),
    DutyVerb.SWAP.value: N_("Swapped"),
}
DONE = {
    "asked": N_("Asked. Nothing changes before the answer."),
    "agree": N_("Swapped. Both turns have changed."),
    "refuse": N_("Refused."),
    "withdraw": N_("Withdrawn."),
    "changed": N_("The duty has changed, and those concerned are told."),
}


def flash(request: R, words: dict[str, str], **facts: object) -> list[dict[str, str]]:
    done = words.get(request.query_params.get("done", ""))
    return [{"tone": "ok", "text": say(language_of(request), done, **facts)}] if done else []


@get("/duty", guards=[may(Do.VISIT)])
async def index(request: R) -> Response[str]:
    """His turns of the next four weeks, swaps that wait, who is on duty now and this week."""
    member, language, today = request.user, language_of(request), clock.today()
    own = [_told(row, language) for row in await queries.mine(member, today - ONE, today + AHEAD)]
    asked = await queries.swaps(member)
    for one in asked:
        one["give"], one["take"] = _told(one["give"], language), _told(one["take"], language)
    first = monday(today)
    rows = await queries.table(member, first - ONE, first + 6 * ONE)
    found = await queries.rosters(member)
    return page(
        request,
        "rounds/duty.html",
        mine=[row for row in own if not row["over"]],
        asked=[one for one in asked if one["asked"] == member.user],
        asking=[one for one in asked if one["by"] == member.user],
        now_on=[_told(row, language) for row in rows if covers(row)],
        tables=[grid(one, rows, first, first + 6 * ONE, language) for one in found],
        flash=flash(request, DONE),
    )


def covers(row: Row) -> bool:
    """Whether somebody is on duty at this moment."""
    local = clock.local(clock.now())
    minute = (local.date() - row["day"]).days * DAY + local.hour * 60 + local.minute
    return bool(row["times"].start <= minute < row["times"].end)


def _told(row: Row, language: str) -> Row:
    """A duty as a line says it."""
    weekday = row["day"].weekday()
    return row | {
        "weekday": say(language, WEEKDAYS[weekday]),
        "begins": clock_text(row["times"].start),
        "ends": clock_text(row["times"].end),
        "next_day": row["times"].end > DAY,
        "over": actions.over(row),
        "stepped": row["last"] in {DutyVerb.SUBSTITUTE.value, DutyVerb.SWAP.value},
    }


def grid(roster: Row, rows: list[Row], first: date, last: date, language: str) -> Row:
    """A roster's days as rows and its shifts as columns; a shift that was given up shows where somebody stood in it."""
    own = [row for row in rows if row["roster"] == roster["id"] and first <= row["day"] <= last]
    used = {row["shift"] for row in own}
    columns = [number for number, one in enumerate(roster["shifts"]) if not one.ended or number in used]
    filled = roster["filled_until"]
    lines = []
    for day in (first + n * ONE for n in range((last - first).days + 1)):
        cells = [[_told(row, language) for row in own if (row["day"], row["shift"]) == (day, one)] for one in columns]
        lines.append(
            {
                "day": day,
                "weekday": say(language, WEEKDAYS[day.weekday()]),
                "today": day == clock.today(),
                "cells": cells,
                "planned": bool(filled) and day <= filled,
                "empty": not any(cells),
            }
        )
    heads = [_head(roster["shifts"][number]) for number in columns]
    return {"roster": roster, "heads": heads, "lines": lines, "any": bool(own)}


def _head(shift: Any) -> Row:
    times = f"{clock_text(shift.start)}–{clock_text(shift.end)}"
    return {"name": shift.name, "name_en": shift.name_en, "times": times, "next_day": shift.end > DAY}


@get("/duty/turns/{duty:uuid}", guards=[may(Do.VISIT)])
async def turn(request: R, duty: UUID) -> Response[str]:
    return await _turn(request, duty)


async def _turn(request: R, duty: UUID, form: Row | None = None, trouble: Invalid | None = None) -> Response[str]:
    member, language = request.user, language_of(request)
    found = _told(await queries.duty(member, duty), language)
    open_still = not (found["ended_at"] or found["roster_ended"] or found["over"])
    own = open_still and found["user"] == member.user
    today = clock.today()
    others = await queries.table(member, today, today + SWAPPED_WITHIN, found["roster"]) if own else []
    staff = await queries.staff(member) if own or (open_still and member.may(Do.ROUTES)) else []
    return page(
        request,
        "rounds/duty_turn.html",
        status=422 if trouble else 200,
        duty=found,
        own=own,
        open_still=open_still,
        others=[
            (row["id"], _line(row, language))
            for row in others
            if row["user"] != member.user and row["here"] and not actions.over(row)
        ],
        staff=[(one["id"], _name(one, language)) for one in staff if one["id"] != found["user"]],
        events=[{**one, "said": named(language, EVENT_NAMES, one["verb"])} for one in found["events"]],
        form=form or {},
        errors={field: say(language, fault) for field, fault in trouble.fields.items()} if trouble else {},
        flash=flash(request, DONE),
    )


def _name(one: Row, language: str) -> str:
    return str(one["name"] if language != "en" else one["name_en"] or one["name"])


def _line(row: Row, language: str) -> str:
    times = row["times"]
    when = f"{row['day']:%m-%d} {say(language, WEEKDAYS[row['day'].weekday()])}"
    return f"{when} {clock_text(times.start)}–{clock_text(times.end)} · {_name(row, language)}"


@post("/duty/turns/{duty:uuid}/swap", guards=[may(Do.VISIT)])
async def swap(request: R, duty: UUID) -> Response[Any]:
    form = await typed(request)
    try:
        await actions.ask(duty, as_uuid(form.get("other")), form.text("swap_words"), request.user)
    except Invalid as trouble:
        return await _turn(request, duty, dict(form), trouble)
    return Redirect("/duty?done=asked", status_code=303)


@post("/duty/turns/{duty:uuid}/substitute", guards=[may(Do.VISIT)])
async def substitute(request: R, duty: UUID) -> Response[Any]:
    form = await typed(request)
    try:
        new = await actions.substitute(duty, as_uuid(form.get("user")), form.text("words"), request.user)
    except Invalid as trouble:
        return await _turn(request, duty, dict(form), trouble)
    return Redirect(f"/duty/turns/{new}?done=changed", status_code=303)


@post("/duty/turns/{duty:uuid}/take-off", guards=[may(Do.ROUTES)])
async def take_off(request: R, duty: UUID) -> Response[Any]:
    form = await typed(request)
    try:
        await actions.take_off(duty, form.text("off_words"), request.user)
    except Invalid as trouble:
        off = Invalid({"off_words": trouble.fields["words"]})
        return await _turn(request, duty, dict(form), off)
    return Redirect(f"/duty/turns/{duty}?done=changed", status_code=303)


@post("/duty/swaps/{swap:uuid}/{verb:str}", guards=[may(Do.VISIT)])
async def answer(request: R, swap: UUID, verb: str) -> Redirect:
    """Agree, refuse or withdraw, with words if he has some."""
    act = actions.ANSWERS.get(verb)
    if act is None:
        raise Missing()
    await act(swap, (await typed(request)).text("words"), request.user)
    return Redirect(f"/duty?done={verb}", status_code=303)


HANDLERS = [index, turn, swap, substitute, take_off, answer]
