"""The stops behind a number: a list with filters, and the same list as Excel and CSV."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.response import Stream

from backend import clock, sheet_writer
from backend.access import Do, Member, may
from backend.coverage import queries_stops as lists
from backend.coverage.pages_parts import span
from backend.coverage.rules_numbers import Days, percent
from backend.coverage.rules_stops import LISTS, SEEN, Place, Wanted, place, wanted
from backend.findings.queries import heading
from backend.findings.rules import AREA_NAMES
from backend.language import N_, either, named, say
from backend.page import language_of, page
from backend.rounds.rules import STATE_NAMES
from backend.sheet_writer import XLSX, Line, chunks, saved_as
from backend.trouble import Missing

R = Request[Any, Any, Any]
_COLUMNS = (
    *(N_("No."), N_("Point"), N_("Point number"), N_("Kind of point"), N_("Area"), N_("Day"), N_("Round")),
    *(N_("From"), N_("Until"), N_("State"), N_("Seen at"), N_("Person"), N_("Reached the server"), N_("Sent late")),
    *(N_("Called missed at"), N_("Reason"), N_("Said by"), N_("Said at")),
)


async def school_of(member: Member, asked: Wanted) -> dict[str, Any] | None:
    """The school whose stops they are; None for a bureau that named none. Raises Missing."""
    if member.school is None and asked.school is None:
        return None
    found = await heading(member, asked.school)
    if found["kind"] != "school":
        raise Missing()
    return found


@get("/coverage/stops", guards=[may(Do.SEE_SCHOOL)])
async def index(request: R) -> Response[str]:
    """Newest day first; every filter stands in the address."""
    member: Member = request.user
    asked, start, language = wanted(request.query_params), place(request.query_params), language_of(request)
    body = await school_of(member, asked)
    if body is None:
        return page(request, "coverage/stops.html", body=None, wanted=asked)
    school: UUID = body["id"]
    total = await lists.totals(member, school, asked)
    found, more = await lists.stops(member, school, asked, start)
    newer, older = turns(found, more, start)
    numbers = {"": total.due, SEEN: total.seen, **{word: getattr(total, word, total.left) for word in STATE_NAMES}}
    numbers["due"] = total.left
    return page(
        request,
        "coverage/stops.html",
        body=body,
        stops=found,
        total=total,
        percent=percent(total.fraction),
        wanted=asked,
        lists=[
            (say(language, name), numbers[word], asked.address(state=word, sent_late=False), word)
            for word, name in LISTS.items()
        ],
        late=asked.address(state="", sent_late=not asked.sent_late),
        states={word: say(language, name) for word, name in STATE_NAMES.items()},
        areas={word: say(language, text) for word, text in AREA_NAMES.items()},
        point=await lists.point_of(member, school, asked.point) if asked.point else None,
        choices=await lists.choices(member, school),
        clear=Wanted(school=asked.school).address(),
        newer=f"/coverage/stops{asked.address()}&{newer}" if newer else "",
        older=f"/coverage/stops{asked.address()}&{older}" if older else "",
        query=asked.address(),
        school_query=f"?school={asked.school}" if asked.school else "",
        said=_said(asked, language),
    )


def _said(asked: Wanted, language: str) -> str:
    """The days of the list in words; empty when it has no border."""
    if asked.start and asked.end and asked.start <= asked.end:
        return span(Days(asked.start, asked.end), language)
    return " – ".join(str(day or "…") for day in (asked.start, asked.end)) if asked.start or asked.end else ""


def turns(found: list[dict[str, Any]], more: bool, start: Place | None) -> tuple[str, str]:
    """The words of the page before and the page after; empty at either end."""
    if not found:
        return "", ""
    back = start is not None and start.back
    newer = f"before={lists.place_of(found[0]).word()}" if start is not None and (more or not back) else ""
    return newer, f"after={lists.place_of(found[-1]).word()}" if more or back else ""


def columns(language: str) -> list[str]:
    return [say(language, name) for name in _COLUMNS]


def _cells(row: dict[str, Any], number: int, language: str) -> list[str]:
    def both(name: str) -> str:
        return either(language, row[name] or "", row[f"{name}_en"] or "")

    round_name = " · ".join(part for part in (both("round_name"), both("slot")) if part)
    area = AREA_NAMES.get(row["area"], row["area"])
    return [
        *(str(number), both("point_name"), row["point_number"]),
        *(either(language, row["kind_zh"] or row["kind"], row["kind_en"] or row["kind"]), say(language, area)),
        *(str(row["day"]), round_name, _moment(row["opens_at"]), _moment(row["closes_at"])),
        *(named(language, STATE_NAMES, row["state"]), _moment(row["at"]), both("person"), _moment(row["recorded_at"])),
        *(say(language, N_("yes")) if row["sent_late"] else "", _moment(row["missed_at"])),
        *(row["why"], both("said_by"), _moment(row["said_at"])),
    ]


def _moment(moment: Any) -> str:
    return f"{clock.local(moment):%Y-%m-%d %H:%M}" if moment else ""


async def lines(member: Member, school: UUID, asked: Wanted, language: str) -> AsyncIterator[list[Line]]:
    """The lines, batch by batch, numbered from 1."""
    number = 0
    async for batch in lists.every(member, school, asked):
        yield [Line(_cells(row, number + i, language)) for i, row in enumerate(batch, start=1)]
        number += len(batch)


@get("/coverage/stops/export.csv", guards=[may(Do.SEE_SCHOOL)])
async def export_csv(request: R) -> Stream:
    member: Member = request.user
    asked, language = wanted(request.query_params), language_of(request)
    body, title = await _head(member, asked, language)
    sent = sheet_writer.as_csv(columns(language), lines(member, body["id"], asked, language))
    return Stream(sent, media_type="text/csv; charset=utf-8", headers=saved_as("stops", title[0], "csv"))


@get("/coverage/stops/export.xlsx", guards=[may(Do.SEE_SCHOOL)])
async def export_xlsx(request: R) -> Stream:
    member: Member = request.user
    asked, language = wanted(request.query_params), language_of(request)
    body, title = await _head(member, asked, language)
    file = await sheet_writer.as_xlsx(columns(language), title, lines(member, body["id"], asked, language))
    return Stream(chunks(file), media_type=XLSX, headers=saved_as("stops", title[0], "xlsx"))


async def _head(member: Member, asked: Wanted, language: str) -> tuple[dict[str, Any], list[str]]:
    """The school, and its heading: title, days, the fraction of the list, as of when. Raises Missing."""
    body = await school_of(member, asked)
    if body is None:
        raise Missing()
    total = await lists.totals(member, body["id"], asked)
    name = say(language, N_("Stops of rounds"))
    as_of = say(language, N_("As of %(time)s"), time=f"{clock.local(clock.now()):%Y-%m-%d %H:%M}")
    seen = say(
        language,
        N_("seen %(seen)s of %(due)s, %(percent)s"),
        seen=total.seen,
        due=total.due,
        percent=percent(total.fraction),
    )
    parts = [part for part in (_said(asked, language), seen, as_of, member.name) if part]
    return body, [f"{either(language, body['name'], body['name_en'])} {name}", " · ".join(parts)]


HANDLERS = [index, export_csv, export_xlsx]
