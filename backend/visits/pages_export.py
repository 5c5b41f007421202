"""The list of visits as Excel and CSV: the same lines and words as the page, and no second per item."""

from collections.abc import AsyncIterator
from typing import IO, Any

from litestar import Request, get
from litestar.response import Stream

from backend import clock, sheet_writer
from backend.access import Do, Member, may
from backend.findings.queries import heading
from backend.findings.rules import AREA_NAMES
from backend.language import N_, either, say
from backend.page import language_of
from backend.sheet_writer import XLSX, Line, chunks, saved_as
from backend.visits.queries_list import every
from backend.visits.rules_filters import Wanted, wanted

R = Request[Any, Any, Any]
HOW_NAMES = {
    "scan": N_("Scanned in the app"),
    "photo": N_("Photo of the label"),
    "typed": N_("Code typed"),
    "list": N_("Chosen from the list"),
    "link": N_("Opened by the label"),
}
REASON_NAMES = {
    "damaged": N_("Label damaged or dirty"),
    "missing": N_("Label missing"),
    "unread": N_("The camera could not read it"),
    "camera": N_("Camera does not work"),
    "blocked": N_("Cannot get near it"),
    "other": N_("Other reason"),
}
_COLUMNS = (
    *(N_("No."), N_("School"), N_("Time"), N_("Person"), N_("Point number"), N_("Point"), N_("Kind of point")),
    *(
        N_("Area"),
        N_("Items answered"),
        N_("Problems"),
        N_("How it was opened"),
        N_("Reason"),
        N_("Note"),
        N_("Correction"),
    ),
)


def columns(language: str) -> list[str]:
    return [say(language, name) for name in _COLUMNS]


def _cells(row: dict[str, Any], number: int, language: str) -> list[str]:
    def both(name: str) -> str:
        return either(language, row[name], row[f"{name}_en"])

    corrects = N_("Corrects an earlier record") if row["corrects"] else ""
    corrected = N_("Has been corrected") if row["corrected_by"] else ""
    area, how, reason = AREA_NAMES[row["area"]], HOW_NAMES[row["how"]], row["how_reason"]
    return [
        *(str(number), both("school_name"), f"{clock.local(row['saved_at']):%Y-%m-%d %H:%M}", both("person")),
        *(row["point_number"], both("point_name"), either(language, row["kind_zh"], row["kind_en"])),
        *(say(language, area), str(row["answered"]), str(row["bad"])),
        *(say(language, how), say(language, REASON_NAMES.get(reason, reason)) if reason else ""),
        *(row["note"], "; ".join(say(language, word) for word in (corrects, corrected) if word)),
    ]


async def lines(member: Member, wanted: Wanted, language: str) -> AsyncIterator[list[Line]]:
    """The lines, batch by batch, numbered from 1."""
    number = 0
    async for batch in every(member, wanted):
        yield [Line(_cells(row, number + i, language)) for i, row in enumerate(batch, start=1)]
        number += len(batch)


def as_csv(member: Member, wanted: Wanted, language: str) -> AsyncIterator[bytes]:
    return sheet_writer.as_csv(columns(language), lines(member, wanted, language))


async def as_xlsx(member: Member, wanted: Wanted, language: str, heading: list[str]) -> IO[bytes]:
    """A workbook that whoever streams it closes. Raises Refused."""
    return await sheet_writer.as_xlsx(columns(language), heading, lines(member, wanted, language))


@get("/visits/export.xlsx", guards=[may(Do.SEE_SCHOOL)])
async def export_xlsx(request: R) -> Stream:
    member: Member = request.user
    asked, language = wanted(request.query_params), language_of(request)
    head = await _head(member, asked, language)
    file = await as_xlsx(member, asked, language, head)
    return Stream(chunks(file), media_type=XLSX, headers=saved_as("visits", head[0], "xlsx"))


@get("/visits/export.csv", guards=[may(Do.SEE_SCHOOL)])
async def export_csv(request: R) -> Stream:
    member: Member = request.user
    asked, language = wanted(request.query_params), language_of(request)
    head = await _head(member, asked, language)
    sent = as_csv(member, asked, language)
    return Stream(sent, media_type="text/csv; charset=utf-8", headers=saved_as("visits", head[0], "csv"))


async def _head(member: Member, asked: Wanted, language: str) -> list[str]:
    """Title and the line below it: whose visits, as of when, which part of them."""
    body = await heading(member, asked.school)
    title = f"{either(language, body['name'], body['name_en'])} {say(language, N_('Visits'))}"
    as_of = say(language, N_("As of %(time)s"), time=f"{clock.local(clock.now()):%Y-%m-%d %H:%M}")
    part = say(language, N_("Selected visits") if asked.narrowed else N_("All visits"))
    return [title, f"{as_of} · {part} · {member.name}"]


HANDLERS = [export_xlsx, export_csv]
