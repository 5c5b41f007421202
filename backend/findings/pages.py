"""The ledger of findings: list, one finding, Excel, CSV, and the form for the wall or the file."""

from typing import Any
from urllib.parse import quote
from uuid import UUID

from litestar import Request, Response, Router, get
from litestar.response import Stream

from backend import clock
from backend.access import Do, Member, Role, may
from backend.findings import export as exports
from backend.findings import ledger, pages_report, rules
from backend.findings.queries import MOST_COUNTED, choices, finding, findings, heading, totals
from backend.findings.rules_filters import ALL, Place, Wanted, place, wanted
from backend.language import N_, either, say
from backend.page import language_of, page

R = Request[Any, Any, Any]
MOST_PRINTED = 500
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_WORDS = {
    "states": rules.STATE_NAMES,
    "sources": rules.SOURCE_NAMES,
    "grades": rules.GRADE_NAMES,
    "areas": rules.AREA_NAMES,
    "severities": rules.SEVERITY_NAMES,
    "sights": rules.SIGHT_NAMES,
    "verbs": rules.VERB_NAMES,
}


def form_of(member: Member, asked: Wanted) -> str:
    """A bureau that looks at all its schools reads the district's form; one school is read in the school's own."""
    return ledger.DISTRICT if member.school is None and asked.school is None else ledger.SCHOOL


@get("/findings", guards=[may(Do.SEE_FINDINGS)])
async def index(request: R) -> Response[str]:
    member: Member = request.user
    asked, start, language = wanted(request.query_params), place(request.query_params), language_of(request)
    found, more = await findings(member, asked, start)
    count = await totals(member, asked)
    form = form_of(member, asked)
    before = 0 if start is None else max(0, start.number - len(found)) if start.back else start.number
    return page(
        request,
        "findings/index.html",
        wanted=asked,
        body=await heading(member, asked.school),
        findings=[_line(form, row, before + i, language) for i, row in enumerate(found, start=1)],
        columns=ledger.columns(form, language),
        district=form == ledger.DISTRICT,
        total=count,
        most=MOST_COUNTED,
        links=_links(asked),
        newer=_turn(asked, found, before, "before") if before else "",
        older=_turn(asked, found, before + len(found), "after") if found and (more or (start and start.back)) else "",
        last=before + len(found),
        first=before + 1,
        choices=await choices(member),
        words=_said(language),
        query=asked.address(),
    )


def _line(form: str, row: dict[str, Any], number: int, language: str) -> dict[str, Any]:
    cells = ledger.cells(form, row, number, language)
    grade = row["grade"] or row["grade_proposed"]
    return {
        **row,
        "cells": cells,
        "tone": rules.tone(row["state"], grade),
        "said_grade": ledger.grade(row, language),
        "said_state": ledger.state(row, language),
        "where": ledger.where(row, language),
        "what": ledger.what(row, language),
        "overdue": ledger.overdue(row),
    }


def _turn(asked: Wanted, found: list[dict[str, Any]], number: int, way: str) -> str:
    edge = found[-1 if way == "after" else 0]
    there = quote(Place(edge["found_at"], edge["id"], number).word())
    return f"{asked.address()}&{way}={there}"


def _links(asked: Wanted) -> dict[str, str]:
    return {state: asked.address(state=state) for state in ("open", "ended", "all")}


def _said(language: str) -> dict[str, dict[str, str]]:
    return {name: {word: say(language, text) for word, text in words.items()} for name, words in _WORDS.items()}


@get("/findings/{id:uuid}", guards=[may(Do.SEE_FINDINGS)])
async def show(request: R, id: UUID) -> Response[str]:
    member: Member = request.user
    found, language = await finding(member, id), language_of(request)
    for photo in found["photos"]:
        photo["after"] = photo["role"] == "after"
    return page(
        request,
        "findings/show.html",
        finding=_line(ledger.SCHOOL, found, 1, language),
        who=ledger.finder(found, language),
        manager=member.role is Role.MANAGER,
        own_school=member.school is not None,
        words=_said(language),
    )


@get("/findings/export.xlsx", guards=[may(Do.SEE_FINDINGS)])
async def export_xlsx(request: R) -> Stream:
    member: Member = request.user
    asked, language = wanted(request.query_params), language_of(request)
    form, head = form_of(member, asked), await _head(member, asked, language)
    file = await exports.as_xlsx(member, asked, form, language, head)
    return Stream(exports.chunks(file), media_type=XLSX, headers=_saved_as(head[0], "xlsx"))


@get("/findings/export.csv", guards=[may(Do.SEE_FINDINGS)])
async def export_csv(request: R) -> Stream:
    member: Member = request.user
    asked, language = wanted(request.query_params), language_of(request)
    form, head = form_of(member, asked), await _head(member, asked, language)
    sent = exports.as_csv(member, asked, form, language)
    return Stream(sent, media_type="text/csv; charset=utf-8", headers=_saved_as(head[0], "csv"))


async def _head(member: Member, asked: Wanted, language: str) -> list[str]:
    """Title and the line below it: whose ledger, as of when, which part of it."""
    body = await heading(member, asked.school)
    name = either(language, body["name"], body["name_en"])
    title = say(language, N_("%(body)s: %(form)s"), body=name, form=ledger.title(form_of(member, asked), language))
    as_of = say(language, N_("As of %(time)s"), time=f"{clock.local(clock.now()):%Y-%m-%d %H:%M}")
    part = say(language, N_("All findings") if asked.state == ALL and not asked.narrowed else N_("Selected findings"))
    return [title, f"{as_of} · {part} · {either(language, member.name, member.name_en)}"]


def _saved_as(title: str, ending: str) -> dict[str, str]:
    name = quote(f"{title} {clock.today()}.{ending}")
    return {
        "Content-Disposition": f"attachment; filename=\"findings-{clock.today()}.{ending}\"; filename*=UTF-8''{name}",
        "Cache-Control": "no-store",
    }


@get("/findings/print", guards=[may(Do.SEE_FINDINGS)])
async def print_form(request: R) -> Response[str]:
    """The customary form on A4, to be signed and sealed."""
    member: Member = request.user
    asked, language = wanted(request.query_params), language_of(request)
    form = form_of(member, asked)
    found, more = await findings(member, asked, most=MOST_PRINTED)
    return page(
        request,
        "findings/print.html",
        heading=await _head(member, asked, language),
        columns=ledger.columns(form, language),
        lines=[ledger.cells(form, row, i, language) for i, row in enumerate(found, start=1)],
        more=more,
        most=MOST_PRINTED,
        district=form == ledger.DISTRICT,
        back="/findings" + asked.address(),
    )


router = Router("/", route_handlers=[index, show, export_xlsx, export_csv, print_form, *pages_report.HANDLERS])
