"""Reads points from the files people have (xlsx, CSV in any of the customary encodings) and writes them the same way.

A sixth file of this slice because the formats are outside: everything here turns bytes into a grid of texts and back,
and trusts no byte of it.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import openpyxl
import xlsxwriter
from openpyxl.utils import column_index_from_string

from backend.language import N_
from backend.points import rules_sheet as rules
from backend.points.rules_sheet import BAD_CELL, COLUMNS, EXAMPLE, IS_A_DATE, LOST_DIGITS, Damaged, SheetTrouble

assert openpyxl.DEFUSEDXML, "openpyxl must read with defusedxml"

LARGEST = 2 << 20
LARGEST_UNPACKED = 40 << 20
MOST_FILES = 300
MOST_COLUMNS = 60
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

EMPTY = N_("The file is empty.")
TOO_LARGE = N_("The file is larger than 2 MB.")
OLD_EXCEL = N_("This is an old or locked Excel file. Please save it as .xlsx without a password.")
NOT_A_SHEET = N_("This file is neither an Excel sheet (.xlsx) nor a CSV file.")
DAMAGED = N_("The file is damaged or was made to be unreadable.")


def grid(data: bytes) -> list[list[object]]:
    """Rows of cells (texts, or Damaged with a reason). Raises SheetTrouble. Takes seconds: use a thread."""
    if not data.strip():
        raise SheetTrouble(EMPTY)
    if len(data) > LARGEST:
        raise SheetTrouble(TOO_LARGE)
    if data[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise SheetTrouble(OLD_EXCEL)
    return list(_xlsx(data)) if data[:4] == b"PK\x03\x04" else list(_csv(data))


def _xlsx(data: bytes) -> Iterator[list[object]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            parts = packed.infolist()
            if len(parts) > MOST_FILES or sum(part.file_size for part in parts) > LARGEST_UNPACKED:
                raise SheetTrouble(DAMAGED)
            if "xl/workbook.xml" not in packed.namelist():
                raise SheetTrouble(NOT_A_SHEET)
            book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
            sheet = book.worksheets[0]
            path = getattr(sheet, "_worksheet_path", "")
            spans = _merged(packed.read(path)) if path in packed.namelist() else {}
            rows = sheet.iter_rows(max_row=rules.MOST_ROWS + 20, max_col=MOST_COLUMNS, values_only=True)
            yield from _filled([[_cell(cell) for cell in row] for row in rows], spans)
    except SheetTrouble:
        raise
    except Exception as error:  # whatever a crafted workbook makes the reader stumble over
        raise SheetTrouble(DAMAGED) from error


_MERGE = re.compile(rb'<mergeCell[^>]*\bref="([A-Z]{1,2})(\d{1,5}):([A-Z]{1,2})(\d{1,5})"')


def _merged(xml: bytes) -> dict[tuple[int, int], int]:
    """(first row, column) -> last row of cells merged downwards, as sheets of buildings usually have them."""
    spans: dict[tuple[int, int], int] = {}
    for left, top, right, bottom in _MERGE.findall(xml):
        if left == right and len(spans) < rules.MOST_ROWS:
            column = column_index_from_string(left.decode())
            spans[int(top) - 1, column - 1] = min(int(bottom) - 1, rules.MOST_ROWS + 20)
    return spans


def _filled(rows: list[list[object]], spans: Mapping[tuple[int, int], int]) -> list[list[object]]:
    for (top, column), bottom in spans.items():
        if top < len(rows) and column < len(rows[top]):
            for row in rows[top + 1 : bottom + 1]:
                row.extend([""] * (column + 1 - len(row)))
                row[column] = rows[top][column]
    return rows


def _cell(value: Any) -> object:
    match value:
        case None | bool():
            return "" if value is None else str(value)
        case int() | float():
            return rules.number_text(value)
        case datetime() | date() | time() | timedelta():
            return Damaged(IS_A_DATE)
        case str() if value.startswith("#") and value.rstrip("!?").strip("#") in _ERRORS:
            return Damaged(BAD_CELL)
        case str() if rules.shortened(value):
            return Damaged(LOST_DIGITS)
    return rules.unguarded(str(value))


_ERRORS = {"N/A", "REF", "VALUE", "NAME", "DIV/0", "NUM", "NULL"}


def _csv(data: bytes) -> Iterator[list[object]]:
    text = _decoded(data)
    if "\0" in text:
        raise SheetTrouble(NOT_A_SHEET)
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",\t;", key=first.count)
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            yield [_cell(cell) for cell in row[:MOST_COLUMNS]]
    except csv.Error as error:
        raise SheetTrouble(DAMAGED) from error


def _decoded(data: bytes) -> str:
    """UTF-8 (with or without its mark), Excel's "Unicode text", else GB 18030, which contains GBK and GB 2312."""
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"", "utf-8-sig"), (b"", "gb18030")):
        if data.startswith(mark):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                continue
    raise SheetTrouble(NOT_A_SHEET)


def to_csv(rows: Iterable[Mapping[str, str]], extra: Sequence[tuple[str, str]] = ()) -> bytes:
    """UTF-8 with the mark that makes Excel read it as such; formulas are made harmless."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    keys = [key for key, _ in extra] + [column.key for column in COLUMNS]
    writer.writerow([title for _, title in extra] + [column.zh for column in COLUMNS])
    for row in rows:
        writer.writerow([_safe(key, row.get(key, "")) for key in keys])
    return out.getvalue().encode("utf-8-sig")


def _safe(key: str, text: str) -> str:
    return text if key in ("latitude", "longitude") else rules.guarded(text)


def to_xlsx(
    rows: Iterable[Mapping[str, str]],
    kinds: Sequence[str],
    buildings: Sequence[str],
    extra: Sequence[tuple[str, str]] = (),
    *,
    example: Mapping[str, str] | None = None,
) -> bytes:
    """A workbook with two heading rows, drop-downs, every cell a text; `example` makes the model."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet("点位")
        lists = book.add_worksheet("选项")
        head = book.add_format(
            {"bold": True, "bg_color": "#DCF0EB", "border": 1, "text_wrap": True, "valign": "vcenter"}
        )
        small = book.add_format({"italic": True, "font_color": "#475653", "bg_color": "#F3F5F2", "border": 1})
        text = book.add_format({"num_format": "@", "valign": "top", "text_wrap": True})
        grey = book.add_format({"num_format": "@", "font_color": "#7D8B87", "italic": True})
        columns = [*(rules.Column(key, zh, zh) for key, zh in extra), *COLUMNS]
        for place, column in enumerate(columns):
            sheet.set_column(place, place, column.width, text)
            sheet.write_string(0, place, column.zh, head)
            sheet.write_string(1, place, column.en, small)
            if column.hint:
                sheet.write_comment(0, place, column.hint)
        sheet.freeze_panes(2, len(extra) + 2)
        filled = [(dict(example), grey)] if example else []
        for number, (row, look) in enumerate([*filled, *((dict(row), text) for row in rows)], start=2):
            for place, column in enumerate(columns):
                sheet.write_string(number, place, row.get(column.key, ""), look)
        _lists(sheet, lists, [column.key for column in columns], {"kind": kinds, "building": buildings})
    return out.getvalue()


def _lists(sheet: Any, lists: Any, keys: Sequence[str], offered: Mapping[str, Sequence[str]]) -> None:
    """Drop-downs that refer to cells: a list written into the rule itself may hold 255 characters only."""
    for place, (key, words) in enumerate({**offered, "state": list(rules.STATE_WORDS.values())}.items()):
        for number, word in enumerate(words):
            lists.write_string(number, place, word)
        if words:
            letter = "ABC"[place]
            source = f"=选项!${letter}$1:${letter}${len(words)}"
            rule = {"validate": "list", "source": source, "error_type": "stop" if key == "kind" else "information"}
            column = keys.index(key)
            sheet.data_validation(2, column, rules.MOST_ROWS + 2, column, rule)
    lists.set_column(0, 2, 30)


def example() -> dict[str, str]:
    """The row of the model that shows how it is meant; it is passed over when the sheet comes back."""
    return {
        "number": f"{EXAMPLE}A-101",
        "name": "化学实验室一",
        "kind": "实验室（含准备室）",
        "building": "实验楼",
        "floor": "1层",
        "position": "101室",
        "responsible": "张老师",
        "phone": "13800000000",
        "state": "在用",
        "note": "每学期更换一次灭火毯",
        "name_en": "Chemistry laboratory 1",
        "position_en": "Room 101",
    }
