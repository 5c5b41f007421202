"""Files as people really have them: any encoding, Excel's habits, and what was made to do harm."""

import io
import zipfile
from collections.abc import Sequence
from datetime import date

import openpyxl
import pytest

from backend.points import rules, rules_sheet, sheets
from backend.points.rules_sheet import COLUMNS, Sheet, SheetTrouble, check, plain, read

KINDS = {plain("实验室"): "lab", plain("灭火器设置点"): "fire_extinguisher"}
HEAD = "点位编号,点位名称,点位类型,楼栋,楼层,联系电话,备注"
ROW = "A-1,化学室,实验室,实验楼,1层,13800000000,好"


def from_text(text: str, encoding: str = "utf-8") -> Sheet:
    return read(sheets.grid(text.encode(encoding)))


def from_cells(*rows: Sequence[object], merge: str = "") -> Sheet:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(list(row))
    if merge:
        book.active.merge_cells(merge)
    out = io.BytesIO()
    book.save(out)
    return read(sheets.grid(out.getvalue()))


def reasons(sheet: Sheet) -> list[tuple[int, str, str]]:
    return [(it.row, it.column, it.reason) for it in check(sheet, KINDS)[1]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_a_csv_is_read_in_every_customary_encoding(encoding: str, delimiter: str) -> None:
    sheet = from_text(f"{HEAD}\r\n{ROW}\r\n\r\n".replace(",", delimiter), encoding)
    assert list(sheet.rows) == [2]
    assert sheet.rows[2]["name"] == "化学室"
    assert reasons(sheet) == []


def test_rare_characters_of_gb18030_survive() -> None:
    assert from_text(f"{HEAD}\nA-1,㐂𠮷楼,实验室,,,,", "gb18030").rows[2]["name"] == "㐂𠮷楼"


def test_the_heading_may_stand_below_a_title_and_above_its_english() -> None:
    english = "Point no.,Name,Kind,Building or area,Floor,Phone,Note"
    sheet = from_text(f"某某中学巡查点位表,,\n\n{HEAD}\n{english}\n（示例）A,例,实验室,,,,\n{ROW}\n")
    assert list(sheet.rows) == [6]
    assert sheet.examples == 1


def test_numbers_of_excel_are_read_as_they_were_typed() -> None:
    sheet = from_cells(HEAD.split(","), [101.0, "室", "实验室", 3, 2, 13800000000, None])
    assert sheet.rows[2] | {"number": "101", "building": "3", "floor": "2", "phone": "13800000000"} == sheet.rows[2]
    assert reasons(sheet) == []


def test_what_excel_spoilt_is_told_by_row_and_column() -> None:
    sheet = from_cells(
        HEAD.split(","),
        ["A-1", "室", "实验室", "楼", date(2026, 3, 1), "1.38E+10", "#REF!"],
    )
    assert reasons(sheet) == [
        (2, "floor", rules_sheet.IS_A_DATE),
        (2, "phone", rules_sheet.LOST_DIGITS),
        (2, "note", rules_sheet.BAD_CELL),
    ]


def test_merged_buildings_count_for_every_row_below() -> None:
    rows: list[list[object]] = [["A-1", "一", "实验室", "实验楼", "1层"], ["A-2", "二", "实验室", None, "2层"]]
    sheet = from_cells(HEAD.split(",")[:5], *rows, merge="D2:D3")
    assert [row["building"] for row in sheet.rows.values()] == ["实验楼", "实验楼"]


def test_errors_name_row_and_column() -> None:
    rows = ["A-1,a,没有这种,,,,", ",b,实验室,,,,", "A-3,,实验室,,3层,abc,", "A-3,d,实验室,,,,"]
    assert reasons(from_text("\n".join([HEAD, *rows]))) == [
        (2, "kind", rules.NO_SUCH_KIND),
        (3, "number", "Please fill this in."),
        (4, "name", "Please fill this in."),
        (4, "phone", "This does not look like a phone number."),
        (4, "floor", rules_sheet.FLOOR_WITHOUT_BUILDING),
        (5, "number", rules_sheet.TWICE),
    ]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", sheets.EMPTY),
        (b" \n ", sheets.EMPTY),
        (b"x" * (sheets.LARGEST + 1), sheets.TOO_LARGE),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, sheets.OLD_EXCEL),
        (b"PK\x03\x04 not a zip", sheets.DAMAGED),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), sheets.NOT_A_SHEET),
        ("姓名,年龄\n张三,40\n".encode(), rules_sheet.NO_HEADING),
        (f"{HEAD}\n".encode(), rules_sheet.NO_ROWS),
        (f"{HEAD},点位名称\n{ROW},b\n".encode(), rules_sheet.TWICE_HEADED),
        (("\n".join([HEAD] + [f"A-{n},a,实验室,,,," for n in range(5001)])).encode(), rules_sheet.MANY_ROWS),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_the_reason(content: bytes, why: str) -> None:
    with pytest.raises(SheetTrouble) as told:
        read(sheets.grid(content))
    assert told.value.reason == why


def zipped(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name.replace("__", "/"), content)
    return out.getvalue()


def test_bombs_are_refused_before_they_are_unpacked() -> None:
    big = {"xl__workbook.xml": b"<x/>", "xl__sheet.xml": b" " * (sheets.LARGEST_UNPACKED + 1)}
    many = {"xl__workbook.xml": b"<x/>"} | {f"xl__{n}": b"" for n in range(sheets.MOST_FILES)}
    laughs = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'
    for bomb in (zipped(**big), zipped(**many), zipped(**{"xl__workbook.xml": laughs})):
        with pytest.raises(SheetTrouble) as told:
            sheets.grid(bomb)
        assert told.value.reason == sheets.DAMAGED
    with pytest.raises(SheetTrouble) as told:
        sheets.grid(zipped(word__document=b""))
    assert told.value.reason == sheets.NOT_A_SHEET


FORMULAS = {"number": "=1+1", "name": "@SUM(A1)", "note": "-2+3", "phone": "+86 138"}


def test_formulas_are_harmless_in_both_exports_and_come_back_as_they_were() -> None:
    row = {column.key: "" for column in COLUMNS} | FORMULAS | {"kind": "实验室", "longitude": "-70.5", "latitude": "1"}
    text = sheets.to_csv([row]).decode("utf-8-sig")
    assert "'=1+1" in text
    assert ",-70.5," in text
    for exported in (sheets.to_csv([row]), sheets.to_xlsx([row], ["实验室"], [])):
        found = next(iter(read(sheets.grid(exported)).rows.values()))
        assert {key: found[key] for key in FORMULAS} == FORMULAS
    book = openpyxl.load_workbook(io.BytesIO(sheets.to_xlsx([row], ["实验室"], [])))
    assert {cell.data_type for line in book.worksheets[0].iter_rows(min_row=3) for cell in line} <= {"s", "n"}


def test_the_model_offers_kinds_and_buildings_and_its_example_is_passed_over() -> None:
    made = sheets.to_xlsx([], ["实验室", "操场"], ["实验楼"], example=sheets.example())
    sheet = openpyxl.load_workbook(io.BytesIO(made)).worksheets[0]
    offered = {rule.formula1 for rule in sheet.data_validations.dataValidation}
    assert offered == {"选项!$A$1:$A$2", "选项!$B$1:$B$1", "选项!$C$1:$C$2"}
    with pytest.raises(SheetTrouble) as told:
        read(sheets.grid(made))
    assert told.value.reason == rules_sheet.NO_ROWS
