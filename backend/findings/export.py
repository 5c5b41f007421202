"""The ledger as Excel and CSV: the same lines and words as the page, in constant memory, and never a formula."""

import asyncio
import csv
import io
import tempfile
from collections.abc import AsyncIterator, Iterator
from typing import IO, Any

import xlsxwriter

from backend.access import Member
from backend.findings import ledger
from backend.findings.queries import every
from backend.findings.rules_filters import Wanted
from backend.language import N_
from backend.trouble import Refused

MOST_ROWS = 1_048_000
"""What one sheet of Excel can hold, less the heading."""
LONGEST_CELL = 32_767
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")
_WIDE = 34
_NARROW = 14


async def lines(member: Member, wanted: Wanted, form: str, language: str) -> AsyncIterator[list[list[str]]]:
    """The ledger's lines, batch by batch, numbered from 1."""
    number = 0
    async for batch in every(member, wanted):
        yield [ledger.cells(form, row, number + i, language) for i, row in enumerate(batch, start=1)]
        number += len(batch)


def plain(text: str) -> str:
    """A cell that no spreadsheet takes for a formula (OWASP ASVS 1.2.10)."""
    return f"'{text}" if text.startswith(_DANGEROUS) else text


async def as_csv(member: Member, wanted: Wanted, form: str, language: str) -> AsyncIterator[bytes]:
    """UTF-8 with the mark that Excel needs, columns in the first line."""
    yield b"\xef\xbb\xbf" + _csv([ledger.columns(form, language)])
    async for batch in lines(member, wanted, form, language):
        yield _csv(batch)


def _csv(batch: list[list[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([plain(text) for text in line] for line in batch)
    return out.getvalue().encode("utf-8", "replace")


async def as_xlsx(member: Member, wanted: Wanted, form: str, language: str, heading: list[str]) -> IO[bytes]:
    """A workbook in a file without a name; `heading` is the title and what stands below it. Raises Refused."""
    out = tempfile.TemporaryFile()  # noqa: SIM115 - whoever streams it closes it
    sheet = _Sheet(out, ledger.columns(form, language), heading)
    try:
        async for batch in lines(member, wanted, form, language):
            if sheet.next + len(batch) > MOST_ROWS:
                raise Refused(N_("Too many lines for one Excel sheet. Narrow the list, or take the CSV file."))
            await asyncio.to_thread(sheet.add, batch)
        await asyncio.to_thread(sheet.close)
    except BaseException:
        out.close()
        raise
    out.seek(0)
    return out


def chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(1 << 16):
            yield chunk


class _Sheet:
    """One sheet that is written line by line; every cell is typed as text."""

    def __init__(self, out: IO[bytes], columns: list[str], heading: list[str]) -> None:
        self.book: Any = xlsxwriter.Workbook(out, {"constant_memory": True, "strings_to_formulas": False})
        self.sheet: Any = self.book.add_worksheet("Xunan")
        self.cell = self.book.add_format({"text_wrap": True, "valign": "top", "border": 1})
        head = self.book.add_format(
            {"bold": True, "text_wrap": True, "valign": "vcenter", "border": 1, "bg_color": "#E9EDEA"}
        )
        title = self.book.add_format({"bold": True, "font_size": 16})
        for column, name in enumerate(columns):
            self.sheet.set_column(column, column, 6 if column == 0 else _WIDE if len(name) > 12 else _NARROW)
        for row, text in enumerate(heading):
            self.sheet.write_string(row, 0, text[:LONGEST_CELL], title if row == 0 else None)
        self.next = len(heading)
        for column, name in enumerate(columns):
            self.sheet.write_string(self.next, column, name, head)
        self.next += 1
        self.sheet.freeze_panes(self.next, 2)
        self.sheet.set_landscape()
        self.sheet.set_paper(9)
        self.sheet.fit_to_pages(1, 0)
        self.sheet.repeat_rows(self.next - 1)

    def add(self, batch: list[list[str]]) -> None:
        for line in batch:
            for column, text in enumerate(line):
                self.sheet.write_string(self.next, column, text[:LONGEST_CELL], self.cell)
            self.next += 1

    def close(self) -> None:
        self.book.close()
