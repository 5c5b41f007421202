"""The list of visits as Excel and CSV: the same lines and words as the page, and no second per item."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from typing import IO, Any
from urllib.parse import quote

from litestar import Request, get
from litestar.response import Stream

from backend import clock
from backend.access import Do, Member, may
from backend.findings.export import MOST_ROWS, _csv, _Sheet, chunks
from backend.findings.queries import heading
from backend.findings.rules import AREA_NAMES
from backend.language import N_, either, say
from backend.page import language_of
from backend.trouble import Refused
from backend.visits.queries_list import every
from backend.visits.rules_filters import Wanted, wanted

R = Request[Any, Any, Any]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
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


async def lines(member: Member, wanted: Wanted, language: str) -> AsyncIterator[list[list[str]]]:
    """The lines, batch by batch, numbered from 1."""
    number = 0
    async for batch in every(member, wanted):
        yield [_cells(row, number + i, language) for i, row in enumerate(batch, start=1)]
        number += len(batch)


async def as_csv(member: Member, wanted: Wanted, language: str) -> AsyncIterator[bytes]:
    """UTF-8 with the mark that Excel needs, columns in the first line."""
    yield b"\xef\xbb\xbf" + _csv([columns(language)])
    async for batch in lines(member, wanted, language):
        yield _csv(batch)


async def as_xlsx(member: Member, wanted: Wanted, language: str, heading: list[str]) -> IO[bytes]:
    """A workbook in a file without a name; whoever streams it closes it. Raises Refused."""
    out = tempfile.TemporaryFile()  # noqa: SIM115 - whoever streams it closes it
    sheet = _Sheet(out, columns(language), heading)
    try:
        async for batch in lines(member, wanted, language):
            if sheet.next + len(batch) > MOST_ROWS:
                raise Refused(N_("Too many lines for one Excel sheet. Narrow the list, or take the CSV file."))
            await asyncio.to_thread(sheet.add, batch)
        await asyncio.to_thread(sheet.close)
    except BaseException:
        out.close()
        raise
    out.seek(0)
    return out


@get("/visits/export.xlsx", guards=[may(Do.SEE_SCHOOL)])
async def export_xlsx(request: R) -> Stream:
    member: Member = request.user
    asked, language = wanted(request.query_params), language_of(request)
    head = await _head(member, asked, language)
    file = await as_xlsx(member, asked, language, head)
    return Stream(chunks(file), media_type=XLSX, headers=_saved_as(head[0], "xlsx"))


@get("/visits/export.csv", guards=[may(Do.SEE_SCHOOL)])
async def export_csv(request: R) -> Stream:
    member: Member = request.user
    asked, language = wanted(request.query_params), language_of(request)
    head = await _head(member, asked, language)
    sent = as_csv(member, asked, language)
    return Stream(sent, media_type="text/csv; charset=utf-8", headers=_saved_as(head[0], "csv"))


async def _head(member: Member, asked: Wanted, language: str) -> list[str]:
    """Title and the line below it: whose visits, as of when, which part of them."""
    body = await heading(member, asked.school)
    title = f"{either(language, body['name'], body['name_en'])} {say(language, N_('Visits'))}"
    as_of = say(language, N_("As of %(time)s"), time=f"{clock.local(clock.now()):%Y-%m-%d %H:%M}")
    part = say(language, N_("Selected visits") if asked.narrowed else N_("All visits"))
    return [title, f"{as_of} · {part} · {member.name}"]


def _saved_as(title: str, ending: str) -> dict[str, str]:
    name = quote(f"{title} {clock.today()}.{ending}")
    return {
        "Content-Disposition": f"attachment; filename=\"visits-{clock.today()}.{ending}\"; filename*=UTF-8''{name}",
        "Cache-Control": "no-store",
    }


HANDLERS = [export_xlsx, export_csv]
