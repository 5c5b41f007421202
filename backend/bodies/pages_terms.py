"""The terms of a body: whose word counts, add, change, drop."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.response import Redirect

from backend import clock
from backend.access import Do, Member, may
from backend.bodies import actions_terms, queries_terms
from backend.bodies.rules import KIND_NAMES
from backend.bodies.rules_sheet import term_draft
from backend.forms import typed
from backend.language import named, say
from backend.page import language_of, page
from backend.trouble import Invalid, Missing

R = Request[Member, Any, Any]
SHOWN = timedelta(days=730)


@get("/calendar/terms", guards=[may(Do.SEE_FINDINGS)])
async def index(request: R) -> Response[str]:
    return await _index(request)


async def _index(request: R, form: dict[str, Any] | None = None, trouble: Invalid | None = None) -> Response[str]:
    member, language, today = request.user, language_of(request), clock.today()
    if member.body is None:
        raise Missing()
    found = await queries_terms.listed(member, today - SHOWN)
    for one in found:
        one["said_owner"] = named(language, KIND_NAMES, one["owner"])
        one["now"] = one["counts"] and one["starts"] <= today <= one["ends"]
    return page(
        request,
        "bodies/terms.html",
        status=422 if trouble else 200,
        terms=found,
        known=any(one["counts"] and one["ends"] >= today for one in found),
        form=form or {},
        errors=_errors(language, trouble),
    )


def _errors(language: str, trouble: Invalid | None) -> dict[str, str]:
    return {field: say(language, text, **trouble.facts) for field, text in trouble.fields.items()} if trouble else {}


@post("/calendar/terms", guards=[may(Do.CALENDAR)])
async def add(request: R) -> Response[Any]:
    form = await typed(request)
    try:
        await actions_terms.add(term_draft(form), request.user)
    except Invalid as trouble:
        return await _index(request, dict(form), trouble)
    return Redirect("/calendar/terms?done=created", status_code=303)


@get("/calendar/terms/{term:uuid}", guards=[may(Do.CALENDAR)])
async def edit(request: R, term: UUID) -> Response[str]:
    return _edit(request, term, await queries_terms.own(request.user, term))


def _edit(request: R, term: UUID, form: dict[str, Any], trouble: Invalid | None = None) -> Response[str]:
    errors = _errors(language_of(request), trouble)
    return page(request, "bodies/terms_edit.html", status=422 if trouble else 200, term=term, form=form, errors=errors)


@post("/calendar/terms/{term:uuid}", guards=[may(Do.CALENDAR)])
async def change(request: R, term: UUID) -> Response[Any]:
    form = await typed(request)
    try:
        await actions_terms.change(term, term_draft(form), request.user)
    except Invalid as trouble:
        return _edit(request, term, dict(form), trouble)
    return Redirect("/calendar/terms?done=saved", status_code=303)


@post("/calendar/terms/{term:uuid}/drop", guards=[may(Do.CALENDAR)])
async def drop(request: R, term: UUID) -> Redirect:
    await actions_terms.drop(term, request.user)
    return Redirect("/calendar/terms?done=removed", status_code=303)


HANDLERS = [index, add, edit, change, drop]
