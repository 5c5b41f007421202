"""Lists as Excel and CSV files: written line by line in constant memory, and never a formula in a cell."""

import asyncio
import csv
import io
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

import xlsxwriter

from backend import clock
from backend.language import N_
from backend.trouble import Refused

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_ROWS = 1_048_000
"""What one sheet of Excel can hold, less the heading."""
MOST_LINKS = 60_000
"""Excel takes 65,530 links in a sheet."""
LONGEST_CELL = 32_767
PICTURE_HEIGHT = 62
"""Points; a thumbnail is at most 160 pixels a side and is shown at half of it."""
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")
_WIDE = 34
_NARROW = 14


@dataclass(frozen=True, slots=True)
class Line:
    """The texts of a line; `link` opens what it is about (from its second cell), pictures stand over their columns."""

    cells: Sequence[str]
    link: str = ""
    pictures: dict[int, Path] = field(default_factory=dict)


def plain(text: str) -> str:
    """A cell that no spreadsheet takes for a formula (OWASP ASVS 1.2.10)."""
    return f"'{text}" if text.startswith(_DANGEROUS) else text


def as_lines(batch: Sequence[Sequence[str]]) -> bytes:
    """CSV of some lines in UTF-8."""
    out = io.StringIO()
    csv.writer(out).writerows([plain(text) for text in line] for line in batch)
    return out.getvalue().encode("utf-8", "replace")


async def as_csv(columns: Sequence[str], batches: AsyncIterator[list[Line]]) -> AsyncIterator[bytes]:
    """UTF-8 with the mark that Excel needs, columns in the first line."""
    yield b"\xef\xbb\xbf" + as_lines([columns])
    async for batch in batches:
        yield as_lines([line.cells for line in batch])


async def as_xlsx(columns: Sequence[str], heading: Sequence[str], batches: AsyncIterator[list[Line]]) -> IO[bytes]:
    """A workbook in a file without a name, which whoever streams it closes. Raises Refused."""
    out = tempfile.TemporaryFile()  # noqa: SIM115 - whoever streams it closes it
    sheet = Sheet(out, columns, heading)
    try:
        async for batch in batches:
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


def saved_as(kind: str, title: str, ending: str) -> dict[str, str]:
    """Headers of a download: a plain name for old programs, its title for the others."""
    name = quote(f"{title} {clock.today()}.{ending}")
    return {
        "Content-Disposition": f"attachment; filename=\"{kind}-{clock.today()}.{ending}\"; filename*=UTF-8''{name}",
        "Cache-Control": "no-store",
    }


class Sheet:
    """One sheet that is written line by line; every cell is typed as text."""

    def __init__(self, out: IO[bytes], columns: Sequence[str], heading: Sequence[str]) -> None:
        self.book: Any = xlsxwriter.Workbook(
            out, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        )
        self.sheet: Any = self.book.add_worksheet("Xunan")
        self.links = 0
        self.cell = self.book.add_format({"text_wrap": True, "valign": "top", "border": 1})
        self.linked = self.book.add_format({"valign": "top", "border": 1, "font_color": "#0A6558", "underline": 1})
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
        self._for_paper()

    def _for_paper(self) -> None:
        self.sheet.freeze_panes(self.next, 2)
        self.sheet.set_landscape()
        self.sheet.set_paper(9)
        self.sheet.fit_to_pages(1, 0)
        self.sheet.repeat_rows(self.next - 1)

    def add(self, batch: Sequence[Line]) -> None:
        for line in batch:
            if line.pictures:
                self.sheet.set_row(self.next, PICTURE_HEIGHT)
            for column, text in enumerate(line.cells):
                self._write(column, text, line.link)
            for column, file in line.pictures.items():
                place = {"x_scale": 0.5, "y_scale": 0.5, "x_offset": 2, "y_offset": 2, "object_position": 1}
                self.sheet.insert_image(self.next, column, str(file), place)
            self.next += 1

    def _write(self, column: int, text: str, link: str) -> None:
        if column == 1 and link and self.links < MOST_LINKS:
            self.links += 1
            self.sheet.write_url(self.next, column, link, self.linked, text[:LONGEST_CELL])
        else:
            self.sheet.write_string(self.next, column, text[:LONGEST_CELL], self.cell)

    def close(self) -> None:
        self.book.close()
