"""The ledger as Excel and CSV: the same lines and words as the page, with photos as thumbnails or links."""

from collections.abc import AsyncIterator
from typing import IO, Any

from backend import sheet_writer
from backend.access import Member
from backend.findings import ledger
from backend.findings.queries import every
from backend.findings.rules_filters import Wanted
from backend.language import N_, say
from backend.photos import store
from backend.settings import settings
from backend.sheet_writer import Line
from backend.sheet_writer import plain as plain

MOST_PICTURES = 500
"""Lines of a workbook that show thumbnails; beyond them photos are links."""


def columns(form: str, language: str) -> list[str]:
    """The customary ones, and the address of each finding."""
    return [*ledger.columns(form, language), say(language, N_("Link"))]


async def lines(
    member: Member, wanted: Wanted, form: str, language: str, pictures: int = 0
) -> AsyncIterator[list[Line]]:
    """The ledger's lines, batch by batch, numbered from 1; the first `pictures` of them with thumbnails."""
    number = 0
    async for batch in every(member, wanted):
        yield [_line(form, row, number + i, language, number + i <= pictures) for i, row in enumerate(batch, start=1)]
        number += len(batch)


def _line(form: str, row: dict[str, Any], number: int, language: str, thumbnails: bool) -> Line:
    cells, address = ledger.cells(form, row, number, language), f"{settings().public_url}/findings/{row['id']}"
    found = {}
    for column, stored in ledger.photos(form, row).items():
        file = store().path(stored, 160) if thumbnails else None
        if file is None:
            cells[column] += f" {settings().public_url}/photos/{stored}"
        else:
            found[column] = file
    return Line([*cells, address], address, found)


def as_csv(member: Member, wanted: Wanted, form: str, language: str) -> AsyncIterator[bytes]:
    return sheet_writer.as_csv(columns(form, language), lines(member, wanted, form, language))


async def as_xlsx(member: Member, wanted: Wanted, form: str, language: str, heading: list[str]) -> IO[bytes]:
    """`heading` is the title and what stands below it. Raises Refused."""
    told = lines(member, wanted, form, language, MOST_PICTURES)
    return await sheet_writer.as_xlsx(columns(form, language), heading, told)
