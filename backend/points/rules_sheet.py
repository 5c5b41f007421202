"""The customary sheet of points: its columns, what a row means, and what is wrong with it. Knows no file format."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from backend.points.rules import LONGEST, NO_SUCH_KIND, coordinates, narrow, texts

MOST_ROWS = 5_000


@dataclass(frozen=True, slots=True)
class Column:
    """`also` are headings that schools' own sheets use for the same thing."""

    key: str
    zh: str
    en: str
    also: tuple[str, ...] = ()
    width: int = 14
    hint: str = ""


COLUMNS = (
    Column("number", "点位编号", "Point no.", ("编号", "点位号", "number", "no"), 12, "必填，校内唯一 / unique"),
    Column("name", "点位名称", "Name", ("名称", "点位", "巡查点", "巡查点名称", "point"), 26, "必填"),
    Column(
        "kind",
        "点位类型",
        "Kind",
        ("类型", "类别", "点位类别", "type"),
        24,
        "必填，从列表选 / from the list",
    ),
    Column("building", "楼栋（区域）", "Building or area", ("楼栋", "楼宇", "建筑", "区域", "building", "area"), 18),
    Column("floor", "楼层", "Floor", ("层", "floor no"), 8),
    Column("position", "具体位置", "Position", ("位置", "房间", "房间号", "room"), 24),
    Column("responsible", "责任人", "Person responsible", ("负责人", "管理人", "安全责任人", "responsible"), 12),
    Column("phone", "联系电话", "Phone", ("电话", "手机", "手机号", "联系方式", "tel"), 16),
    Column("longitude", "经度", "Longitude", ("lon", "lng"), 12, "WGS-84"),
    Column("latitude", "纬度", "Latitude", ("lat",), 12, "WGS-84"),
    Column("state", "状态", "State", (), 8, "在用 / 停用"),
    Column("note", "备注", "Note", ("说明", "备注说明", "remarks", "notes"), 30),
    Column("name_en", "英文名称", "Name in English", ("英文名",), 26),
    Column("position_en", "英文位置", "Position in English", (), 24),
)
NEEDED = ("number", "name", "kind")
STATES = {"": "", "在用": "active", "启用": "active", "active": "active", "停用": "retired", "retired": "retired"}
STATE_WORDS = {"active": "在用", "retired": "停用"}
EXAMPLE = "（示例）"

MANY_ROWS = "There are more than %(most)s rows. Please split the sheet."
NO_HEADING = "No heading row was found. The sheet needs the columns %(columns)s."
TWICE_HEADED = "Two columns mean the same: %(column)s."
NO_ROWS = "The sheet has headings but no rows."
BAD_CELL = "Excel shows an error in this cell."
IS_A_DATE = "Excel made a date of this. Please format the column as text and type it again."
LOST_DIGITS = "Excel shortened this number (1.38E+10). Please format the column as text and type it again."
TWICE = "This number stands in row %(row)s already."
NO_SUCH_STATE = "The state is either 在用 or 停用."
FLOOR_WITHOUT_BUILDING = "A floor needs its building."
GROUND_HAS_NO_FLOOR = "%(name)s is open ground here and has no floors."
FLOORS_NAME = "%(name)s is a floor here. Please write the building in its own column."

Cell = str | float | int | bool | None
Grid = Sequence[Sequence[object]]


class SheetTrouble(Exception):
    """The whole file cannot be used; `reason` is a message id with %(name)s places for `facts`."""

    def __init__(self, reason: str, **facts: object) -> None:
        super().__init__(reason)
        self.reason, self.facts = reason, facts


class Damaged(str):
    """A cell whose value the program that wrote the sheet has spoilt; the text is the reason."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong in a row, in a column (by its key), as a message id with facts."""

    row: int
    column: str
    reason: str
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(slots=True)
class Sheet:
    """What was read: `rows` maps a row's number in the file to its texts by column; `columns` are those present."""

    columns: list[str]
    rows: dict[int, dict[str, str]] = field(default_factory=dict)
    wrong: list[Wrong] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    examples: int = 0


def plain(text: object) -> str:
    """A heading or a kind as it is compared: width, case, spaces and brackets do not matter."""
    folded = unicodedata.normalize("NFKC", str(text or "")).casefold()
    return re.sub(r"[\s*:：()（）\[\]【】_.\-/、,，]+", "", folded)


_HEADINGS = {plain(word): column.key for column in COLUMNS for word in (column.zh, column.en, *column.also)}


def read(grid: Iterable[Sequence[object]]) -> Sheet:
    """The rows below the heading row, which may stand below a title. Raises SheetTrouble."""
    rows = enumerate(grid, start=1)
    sheet, places = _heading(rows)
    for number, cells in rows:
        texts_, wrong = _row(number, cells, places)
        if not any(texts_.values()) and not wrong:
            continue
        if _is_heading(cells) or texts_.get("number", "").startswith((EXAMPLE, "(示例)", "(example)")):
            sheet.examples += not _is_heading(cells)
            continue
        if len(sheet.rows) >= MOST_ROWS:
            raise SheetTrouble(MANY_ROWS, most=MOST_ROWS)
        sheet.rows[number] = texts_
        sheet.wrong += wrong
    if not sheet.rows:
        raise SheetTrouble(NO_ROWS)
    return sheet


def _heading(rows: Iterable[tuple[int, Sequence[object]]]) -> tuple[Sheet, dict[int, str]]:
    for number, cells in rows:
        places = {place: _HEADINGS[plain(cell)] for place, cell in enumerate(cells) if plain(cell) in _HEADINGS}
        if {"number", "name"} <= set(places.values()):
            twice = [key for key in places.values() if list(places.values()).count(key) > 1]
            if twice:
                raise SheetTrouble(TWICE_HEADED, column=heading(twice[0]))
            missing = [key for key in NEEDED if key not in places.values()]
            if missing:
                raise SheetTrouble(NO_HEADING, columns="、".join(heading(key) for key in missing))
            unknown = [str(c).strip()[:40] for p, c in enumerate(cells) if p not in places and str(c or "").strip()]
            return Sheet(list(places.values()), unknown=unknown[:20]), places
        if number >= 10:
            break
    raise SheetTrouble(NO_HEADING, columns="、".join(heading(key) for key in NEEDED))


def heading(key: str) -> str:
    return next((column.zh for column in COLUMNS if column.key == key), key)


def _is_heading(cells: Sequence[object]) -> bool:
    """The English headings stand in a second row."""
    given = [plain(cell) for cell in cells if plain(cell)]
    return len(given) > 2 and all(word in _HEADINGS for word in given)


def _row(number: int, cells: Sequence[object], places: Mapping[int, str]) -> tuple[dict[str, str], list[Wrong]]:
    found, wrong = {}, []
    for place, key in places.items():
        cell = cells[place] if place < len(cells) else None
        if isinstance(cell, Damaged):
            wrong.append(Wrong(number, key, str(cell)))
            found[key] = ""
        else:
            found[key] = str(cell or "").strip()
    return found, wrong


def check(sheet: Sheet, kinds: Mapping[str, str]) -> tuple[dict[int, dict[str, Any]], list[Wrong]]:
    """(values by row, everything wrong). `kinds` maps `plain` words of a kind to its code."""
    values, wrong, seen = {}, list(sheet.wrong), dict[str, int]()
    spoilt = {(it.row, it.column) for it in wrong}
    for row, typed in sheet.rows.items():
        found, mistakes = _values(typed, kinds)
        number = found["number"]
        if number and number in seen:
            wrong.append(Wrong(row, "number", TWICE, {"row": seen[number]}))
        seen.setdefault(number, row)
        wrong += [Wrong(row, column, why) for column, why in mistakes.items() if (row, column) not in spoilt]
        values[row] = {key: found[key] for key in sheet.columns}
    return values, sorted(wrong, key=lambda it: it.row)


def _values(typed: Mapping[str, str], kinds: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    clean, wrong = texts({**typed, "responsible_name": typed.get("responsible", "")})
    if "responsible_name" in wrong:
        wrong["responsible"] = wrong.pop("responsible_name")
    latitude, longitude, off = coordinates(typed.get("latitude"), typed.get("longitude"))
    found: dict[str, Any] = {**clean, "responsible": clean.pop("responsible_name")}
    found |= {"latitude": latitude, "longitude": longitude, "kind": kinds.get(plain(typed.get("kind")), "")}
    found |= {"building": narrow(typed.get("building")), "floor": narrow(typed.get("floor"))}
    found["state"] = STATES.get(narrow(typed.get("state")).lower(), "?")
    wrong |= off
    if not found["kind"]:
        wrong["kind"] = NO_SUCH_KIND
    if found["floor"] and not found["building"]:
        wrong["floor"] = FLOOR_WITHOUT_BUILDING
    if found["state"] == "?":
        wrong["state"] = NO_SUCH_STATE
    for key in ("building", "floor"):
        if len(found[key]) > LONGEST["name"]:
            wrong[key] = "This is too long."
    return found, wrong


def kind_words(kinds: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Every way to write a kind -> its code: its names, each of "疏散通道、楼梯间", the name without its brackets, and
    its beginning from three characters on (灭火器 for 灭火器设置点), where only one kind has it."""
    words: dict[str, set[str]] = {}
    exact: dict[str, str] = {}
    for kind in kinds:
        short = kind["zh"].partition("（")[0]
        exact |= dict.fromkeys(map(plain, (kind["code"], kind["zh"], kind["en"])), kind["code"])
        parts = [*short.split("、"), short]
        for word in (*parts, *(part[:length] for part in parts for length in range(3, len(part)))):
            words.setdefault(plain(word), set()).add(kind["code"])
    return {word: next(iter(found)) for word, found in words.items() if len(found) == 1} | exact


def number_text(value: float | int) -> str:
    """A number of a cell as somebody typed it: 101, not 101.0."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return f"{value:.7f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def shortened(text: str) -> bool:
    return re.fullmatch(r"\d(\.\d+)?[Ee]\+\d{1,2}", text.strip()) is not None


_ACTS = ("=", "+", "-", "@", "\t", "\r")


def guarded(text: str) -> str:
    """What a spreadsheet would run as a formula gets the apostrophe with which Excel itself marks text."""
    return "'" + text if text.startswith(_ACTS) else text


def unguarded(text: str) -> str:
    return text[1:] if text[:1] == "'" and text[1:2] in _ACTS else text
