"""Saved views of the ledger, and assigning several findings at once with a check for each of them."""

from datetime import date
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.response import Redirect

from backend import clock
from backend.access import Do, Member, may
from backend.accounts.rules import POST_NAMES
from backend.findings import ledger
from backend.findings.actions_moves import Told, move
from backend.findings.actions_views import remove_view, save_view
from backend.findings.pages_ledger import ids_of, may_assign, shown
from backend.findings.queries_views import MOST_TICKED, people, ticked
from backend.findings.rules import Verb, tone
from backend.findings.rules_filters import Wanted, wanted
from backend.forms import Typed, as_uuid, typed
from backend.language import N_, either, say
from backend.page import language_of, page
from backend.trouble import Invalid, Missing, Trouble

R = Request[Any, Any, Any]
FIELDS = ("assignee", "leader", "measures", "deadline", "funds", "contingency")


@post("/findings/views", guards=[may(Do.SIGNED_IN)])
async def save(request: R) -> Response[Any]:
    """Keep the filters of the list under a name."""
    member: Member = request.user
    told = await typed(request)
    asked = _filters(told.text("query"))
    if not member.may(Do.SEE_FINDINGS):
        raise Missing()
    try:
        await save_view(told.text("name"), asked, member)
    except Invalid as wrong:
        language = language_of(request)
        errors = {name: say(language, reason, **wrong.facts) for name, reason in wrong.fields.items()}
        return await shown(request, asked, errors, told.text("name")[:200])
    return Redirect(f"/findings{_with(asked, 'done=saved')}", status_code=303)


@post("/findings/views/remove", guards=[may(Do.SIGNED_IN)])
async def remove(request: R) -> Redirect:
    told = await typed(request)
    view = as_uuid(told.text("view"))
    if view is None:
        raise Missing()
    await remove_view(view, request.user)
    return Redirect(f"/findings{_with(_filters(told.text('query')), 'done=removed')}", status_code=303)


def _filters(query: str) -> Wanted:
    return wanted(dict(parse_qsl(query.lstrip("?")[:2000])))


def _with(asked: Wanted, more: str) -> str:
    address = asked.address()
    return f"{address}{more}" if address == "?" else f"{address}&{more}"


@get("/findings/assign", guards=[may(Do.WORK)])
async def assigning(request: R) -> Response[str]:
    """The form for the ticked rows."""
    rows = await _rows(request, ids_of(request.query_params.getall("finding", [])))
    return await _form(request, rows, Typed([]), {}, {str(row["id"]): row["version"] for row in rows})


async def _rows(request: R, ids: list[UUID]) -> list[dict[str, Any]]:
    member: Member = request.user
    if not may_assign(member):
        raise Missing()
    return await ticked(member, ids)


async def _form(
    request: R, rows: list[dict[str, Any]], told: Typed, errors: dict[str, str], versions: dict[str, int]
) -> Response[str]:
    member, language = request.user, language_of(request)
    everybody = await people(member)
    return page(
        request,
        "findings/assign.html",
        status=422 if errors else 200,
        rows=[_row(row, language) for row in rows],
        versions=versions,
        people=[(one["id"], _titled(one, language)) for one in everybody if one["hand"]],
        heads=[(one["id"], _titled(one, language)) for one in everybody if one["head"]],
        typed={name: told.text(name) for name in (*FIELDS, "proposed")},
        ungraded=any(row["grade"] is None for row in rows),
        errors=errors,
        today=clock.today(),
        most=MOST_TICKED,
        back=_back(told.text("back") or request.query_params.get("back", "")),
    )


def _back(query: str) -> str:
    return "/findings" + _filters(query).address()


def _row(row: dict[str, Any], language: str) -> dict[str, Any]:
    return {
        **row,
        "tone": tone(row["state"], row["grade"] or row["grade_proposed"]),
        "what": ledger.what(row, language),
        "where": ledger.where(row, language),
        "said_state": ledger.state(row, language),
        "said_grade": ledger.grade(row, language),
    }


def _titled(one: dict[str, Any], language: str) -> str:
    posts = [say(language, POST_NAMES[post]) for post in one["posts"] if post in POST_NAMES]
    name = either(language, one["name"], one["name_en"])
    return f"{name} ({', '.join(posts)})" if posts else name


@post("/findings/assign", guards=[may(Do.WORK)])
async def assign(request: R) -> Response[str]:
    """Each row by itself: what is done stays done, and of the others it is told why not."""
    told, language = await typed(request), language_of(request)
    rows = await _rows(request, ids_of(told.all("finding")))
    versions = {str(row["id"]): _number(told.text(f"version-{row['id']}"), row["version"]) for row in rows}
    errors = _faults(rows, told, language)
    if errors:
        return await _form(request, rows, told, errors, versions)
    results = [await _one(request, row, Told(fields=_of(row, told), version=versions[str(row["id"])])) for row in rows]
    faults = [one["fields"] for one in results]
    if faults[0] and all(fault == faults[0] for fault in faults) and set(faults[0]) <= set(FIELDS):
        return await _form(request, rows, told, faults[0], versions)
    return page(
        request,
        "findings/assigned.html",
        results=results,
        done=sum(one["done"] for one in results),
        back=_back(told.text("back")),
    )


def _of(row: dict[str, Any], told: Typed) -> dict[str, str]:
    """The fields of the form; for a row without a grade also the proposed one, if that was wished for."""
    fields = {name: told.text(name) for name in FIELDS}
    return fields | ({"grade": row["grade_proposed"]} if told.text("proposed") and row["grade"] is None else {})


def _faults(rows: list[dict[str, Any]], told: Typed, language: str) -> dict[str, str]:
    """What is wrong with the form whichever row it is for."""
    found = {}
    if not rows:
        found["finding"] = N_("Tick at least one finding that you can see.")
    if as_uuid(told.text("assignee")) is None:
        found["assignee"] = N_("Please choose who is responsible.")
    if not told.text("measures"):
        found["measures"] = N_("Please say what is to be done.")
    try:
        day = date.fromisoformat(told.text("deadline"))
        if day < clock.today():
            found["deadline"] = N_("This day has passed.")
    except ValueError:
        found["deadline"] = N_("Please give a day.")
    return {name: say(language, reason) for name, reason in found.items()}


def _number(text: str, else_: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else else_


async def _one(request: R, row: dict[str, Any], told: Told) -> dict[str, Any]:
    """A row after it was tried: done, or the reason in words, with the fields that were wrong for it."""
    language = language_of(request)
    try:
        done = await move(row["id"], Verb.ASSIGN, told, request.user)
    except Trouble as no:
        facts = {name: say(language, value) if isinstance(value, str) else value for name, value in no.facts.items()}
        fields = no.fields if isinstance(no, Invalid) else {}
        wrong = {name: say(language, reason, **facts) for name, reason in fields.items()}
        why = [say(language, no.reason, **facts)] if no.reason else []
        return {**_row(row, language), "done": False, "why": " ".join([*why, *wrong.values()]), "fields": wrong}
    after = {**row, "state": done.state.value}
    return {**_row(after, language), "done": True, "why": "", "fields": {}}


HANDLERS = [save, remove, assigning, assign]
