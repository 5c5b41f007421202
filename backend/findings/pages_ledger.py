"""The ledger of findings: the list, Excel, CSV, and the form for the wall or the file."""

from dataclasses import replace
from typing import Any
from urllib.parse import quote
from uuid import UUID

from litestar import Request, Response, get
from litestar.response import Stream

from backend import clock
from backend.access import Do, Member, Role, may
from backend.findings import export as exports
from backend.findings import ledger, rules
from backend.findings.queries import choices, findings, first_page, heading
from backend.findings.queries_views import named, offered, views
from backend.findings.rules_deadlines import REASON_NAMES
from backend.findings.rules_filters import ALL, ENDED, GROUP_NAMES, MINE, OPEN, Place, Wanted, place, wanted
from backend.language import N_, either, say
from backend.page import language_of, page
from backend.sheet_writer import XLSX, chunks, saved_as

R = Request[Any, Any, Any]
MOST_PRINTED = 500
_WORDS = {
    "states": rules.STATE_NAMES,
    "sources": rules.SOURCE_NAMES,
    "grades": rules.GRADE_NAMES,
    "areas": rules.AREA_NAMES,
    "severities": rules.SEVERITY_NAMES,
    "sights": rules.SIGHT_NAMES,
    "verbs": rules.VERB_NAMES,
    "reasons": REASON_NAMES,
    "groups": GROUP_NAMES,
}


def form_of(member: Member, asked: Wanted) -> str:
    """A bureau that looks at all its schools reads the district's form; one school is read in the school's own."""
    return ledger.DISTRICT if member.school is None and asked.school is None else ledger.SCHOOL


def asked_of(request: R) -> Wanted:
    """What the address asks for; a day that has not ended yet is now."""
    asked = wanted(request.query_params)
    return replace(asked, as_of=None) if asked.as_of and asked.as_of >= clock.today() else asked


def may_assign(member: Member) -> bool:
    """Ticking rows in order to assign them; the machine asks once more for each row."""
    return member.school is not None and member.role in {Role.MANAGER, Role.PRINCIPAL}


@get("/findings", guards=[may(Do.SEE_FINDINGS)])
async def index(request: R) -> Response[str]:
    return await shown(request, asked_of(request))


async def shown(request: R, asked: Wanted, errors: dict[str, str] | None = None, typed: str = "") -> Response[str]:
    """The list; `errors` and `typed` are of a view that could not be saved."""
    member: Member = request.user
    start, language = place(request.query_params), language_of(request)
    found, more, counts = await first_page(member, asked, start)
    form = form_of(member, asked)
    before = 0 if start is None else max(0, start.number - len(found)) if start.back else start.number
    return page(
        request,
        "findings/index.html",
        status=422 if errors else 200,
        wanted=asked,
        body=await heading(member, asked.school),
        findings=[line(form, row, before + i, language) for i, row in enumerate(found, start=1)],
        columns=ledger.columns(form, language),
        district=form == ledger.DISTRICT,
        counts=counts,
        most=counts.most,
        groups=_groups(member, asked, counts.groups),
        parts=_narrower(asked, counts, language),
        newer=_turn(asked, found, before, "before") if before else "",
        older=_turn(asked, found, before + len(found), "after") if found and (more or (start and start.back)) else "",
        last=before + len(found),
        first=before + 1,
        choices={**await choices(member), **await offered(member)},
        named=await named(member, asked),
        views=await views(member),
        words=said(language),
        query=asked.address(),
        links_now=asked.address(as_of=None),
        unasked=_unasked(asked),
        assigning=may_assign(member) and asked.as_of is None,
        errors=errors or {},
        typed=typed,
    )


def _groups(member: Member, asked: Wanted, counts: dict[str, int]) -> list[dict[str, Any]]:
    """The groups of states with their number (None: not counted) and where they lead; small ones only if not empty."""
    always = {OPEN, ENDED, ALL, asked.state}
    told = [{"word": word, "n": counts.get(word), "href": asked.address(state=word)} for word in GROUP_NAMES]
    shown = [one for one in told if one["word"] in always or one["n"] != 0]
    return [one for one in shown if one["word"] != MINE or member.school]


def _narrower(asked: Wanted, counts: Any, language: str) -> list[dict[str, Any]]:
    """Areas and grades of the list with their number and where they lead, those with something in them."""
    names = {**rules.AREA_NAMES, "none": N_("Not sure which area")}
    told = []
    for kind, words, numbers in (("grade", rules.GRADE_NAMES, counts.grades), ("area", names, counts.areas)):
        if numbers is None or getattr(asked, kind):
            continue
        told += [
            {
                "kind": kind,
                "word": word,
                "n": numbers[word],
                "name": say(language, name),
                "href": asked.address(**{kind: word}),
            }
            for word, name in words.items()
            if numbers[word]
        ]
    return told


def _unasked(asked: Wanted) -> list[tuple[str, str]]:
    """Filters that the form has no field of its own for, to be kept by it."""
    fields = ("state", "point", "closed_from", "closed_until", "mended_from", "mended_until", "open_on", "safe")
    pairs = [(name, getattr(asked, name)) for name in (*fields, "extended", "sent_back", "overdue")]
    return [(name, "1" if value is True else str(value)) for name, value in pairs if value]


def line(form: str, row: dict[str, Any], number: int, language: str) -> dict[str, Any]:
    cells = ledger.cells(form, row, number, language)
    grade = row["grade"] or row["grade_proposed"]
    return {
        **row,
        "cells": cells,
        "shots": ledger.photos(form, row),
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


def said(language: str) -> dict[str, dict[str, str]]:
    return {name: {word: say(language, text) for word, text in words.items()} for name, words in _WORDS.items()}


@get("/findings/export.xlsx", guards=[may(Do.SEE_FINDINGS)])
async def export_xlsx(request: R) -> Stream:
    member: Member = request.user
    asked, language = asked_of(request), language_of(request)
    form, head = form_of(member, asked), await _head(member, asked, language)
    file = await exports.as_xlsx(member, asked, form, language, head)
    return Stream(chunks(file), media_type=XLSX, headers=saved_as("findings", head[0], "xlsx"))


@get("/findings/export.csv", guards=[may(Do.SEE_FINDINGS)])
async def export_csv(request: R) -> Stream:
    member: Member = request.user
    asked, language = asked_of(request), language_of(request)
    form, head = form_of(member, asked), await _head(member, asked, language)
    sent = exports.as_csv(member, asked, form, language)
    title = f"{head[0]} {say(language, N_('at the end of %(day)s'), day=asked.as_of)}" if asked.as_of else head[0]
    return Stream(sent, media_type="text/csv; charset=utf-8", headers=saved_as("findings", title, "csv"))


async def _head(member: Member, asked: Wanted, language: str) -> list[str]:
    """Title and the line below it: whose ledger, as of when, which part of it."""
    body = await heading(member, asked.school)
    name = either(language, body["name"], body["name_en"])
    title = say(language, N_("%(body)s: %(form)s"), body=name, form=ledger.title(form_of(member, asked), language))
    made = f"{clock.local(clock.now()):%Y-%m-%d %H:%M}"
    as_of = say(language, N_("As of %(time)s"), time=made)
    if asked.as_of:
        as_of = say(language, N_("As it stood at the end of %(day)s (made %(time)s)"), day=asked.as_of, time=made)
    part = say(language, N_("All findings") if asked.state == ALL and not asked.narrowed else N_("Selected findings"))
    return [title, f"{as_of} · {part} · {either(language, member.name, member.name_en)}"]


@get("/findings/print", guards=[may(Do.SEE_FINDINGS)])
async def print_form(request: R) -> Response[str]:
    """The customary form on A4, to be signed and sealed."""
    member: Member = request.user
    asked, language = asked_of(request), language_of(request)
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


def ids_of(texts: list[str]) -> list[UUID]:
    """The ids among them, each once."""
    found = []
    for text in texts:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return list(dict.fromkeys(found))


HANDLERS = [index, export_xlsx, export_csv, print_form]
