"""The customary columns of the ledger (fixtures/pack/ledger_columns.json) and what a finding says in each: the same
words on the page, in the printed form and in every export."""

import json
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any

from backend import clock
from backend.bodies.rules import TYPE_NAMES
from backend.findings.rules import AREA_NAMES, GRADE_NAMES, SOURCE_NAMES, STATE_NAMES
from backend.findings.rules_filters import NEVER_LATE
from backend.language import CHINESE, N_, either, say
from backend.settings import ROOT

SCHOOL, DISTRICT = "hazard_ledger", "district_ledger"
PHOTO_BEFORE, PHOTO_AFTER = 8, 20
"""Columns of the school's form that show a photo."""
LONGEST_HEAD = 40

Row = dict[str, Any]
Cell = Callable[[Row, str], str]


@cache
def _forms() -> dict[str, dict[str, Any]]:
    found = json.loads((ROOT / "fixtures" / "pack" / "ledger_columns.json").read_text(encoding="utf-8"))
    return {form["id"]: form for form in found}


def title(form: str, language: str) -> str:
    return str(_forms()[form]["zh" if language == CHINESE else "en"])


def columns(form: str, language: str) -> list[str]:
    """The heads of the columns; explanations in brackets are left out where they would make a column of their own."""
    names = [str(column["zh" if language == CHINESE else "en"]) for column in _forms()[form]["columns"]]
    return [name if len(name) <= LONGEST_HEAD else name.split(" (")[0] for name in names]


def cells(form: str, row: Row, number: int, language: str) -> list[str]:
    """A line of the form; `number` is its place in the list."""
    return [str(number), *(cell(row, language) for cell in _CELLS[form])]


def _day(moment: datetime | None) -> str:
    return f"{clock.local(moment):%Y-%m-%d}" if moment else ""


def moment(at: datetime | None) -> str:
    return f"{clock.local(at):%Y-%m-%d %H:%M}" if at else ""


def _both(zh: str, en: str) -> Cell:
    return lambda row, language: either(language, row[zh], row[en])


def _name(words: dict[str, str], column: str) -> Cell:
    def cell(row: Row, language: str) -> str:
        word = words.get(row[column] or "", "")
        return say(language, word) if word else ""

    return cell


def finder(row: Row, language: str) -> str:
    if row["finder"]:
        return either(language, row["finder"], row["finder_en"])
    return say(language, N_("Anyone (by label)")) if row["source"] == "report" else ""


def area(row: Row, language: str) -> str:
    name = AREA_NAMES[row["area"]] if row["area"] else N_("Not sure which area")
    return say(language, name)


def where(row: Row, language: str) -> str:
    name = either(language, row["point_name"], row["point_name_en"])
    return f"{name} ({row['point_number']})" if name else say(language, N_("No point (blank label)"))


def what(row: Row, language: str) -> str:
    """The item that failed and what was said of it; a report's title is its own first words."""
    head, words = either(language, row["title"], row["title_en"]), row["words"]
    return words if words.startswith(head) or not head else f"{head}: {words}" if words else head


def grade(row: Row, language: str) -> str:
    name = GRADE_NAMES[row["grade"] or row["grade_proposed"]]
    said = say(language, name)
    return said if row["grade"] else say(language, N_("%(grade)s (proposed)"), grade=said)


def state(row: Row, language: str) -> str:
    name = STATE_NAMES[row["state"]]
    return say(language, name)


def _photos(column: str) -> Cell:
    return lambda row, language: say(language, N_("Photos: %(n)s"), n=row[column]) if row[column] else ""


def _signed(row: Row, language: str, who: str, at: str, words: str = "") -> str:
    parts = [either(language, row[who], row[f"{who}_en"]), moment(row[at]), row[words] if words else ""]
    return " ".join(part for part in parts if part)


def _remarks(row: Row, language: str) -> str:
    parts = [row["remarks"]]
    if row["recurred"]:
        parts.append(say(language, N_("came back ×%(n)s"), n=row["recurred"]))
    if row["sightings"]:
        parts.append(say(language, N_("seen again ×%(n)s"), n=row["sightings"]))
    if row.get("merged_number"):
        parts.append(say(language, N_("merged into %(number)s"), number=row["merged_number"]))
    return "; ".join(part for part in parts if part)


def overdue(row: Row) -> int:
    """Days beyond the deadline while it waits to be mended, on the day the ledger shows; 0 for none."""
    if row["deadline"] is None or row["state"] in {state.value for state in NEVER_LATE}:
        return 0
    late: int = (row.get("today", clock.today()) - row["deadline"]).days
    return max(0, late)


def photos(form: str, row: Row) -> dict[int, str]:
    """Column of the form -> the photo that stands for it."""
    found = {PHOTO_BEFORE: row["photo"], PHOTO_AFTER: row["photo_after"]} if form == SCHOOL else {}
    return {column: stored for column, stored in found.items() if stored}


def _money(row: Row, language: str) -> str:
    """What was set aside, and what was spent."""
    if row["cost"] is None:
        return str(row["funds"]) if row["funds"] is not None else ""
    if row["funds"] is None:
        return say(language, N_("spent: %(n)s"), n=row["cost"])
    return say(language, N_("%(funds)s (spent: %(n)s)"), funds=row["funds"], n=row["cost"])


def _progress(row: Row, language: str) -> str:
    parts = [state(row, language)]
    if row["waiting_for"] and row["state"] not in {state.value for state in NEVER_LATE}:
        until = row["waiting_until"] or ""
        parts.append(say(language, N_("waiting for %(what)s %(until)s"), what=row["waiting_for"], until=until).strip())
    if row["extended"]:
        parts.append(say(language, N_("more time given ×%(n)s"), n=row["extended"]))
    return "; ".join(parts)


def _basis(row: Row, _: str) -> str:
    return "; ".join(part for part in (row["basis"], row["grade_reason"]) if part)


def _yes(row: Row, language: str) -> str:
    name = N_("Listed") if row["listed"] else N_("Not listed")
    return say(language, name)


def _text(column: str) -> Cell:
    return lambda row, _: str(row[column] if row[column] is not None else "")


_CELLS: dict[str, list[Cell]] = {
    SCHOOL: [
        _text("number"),
        lambda row, _: moment(row["found_at"]),
        finder,
        _name(SOURCE_NAMES, "source"),
        area,
        where,
        what,
        _photos("photos_before"),
        _basis,
        grade,
        _text("interim_measures"),
        _text("measures"),
        _both("assigned", "assigned_en"),
        _both("leading", "leading_en"),
        _money,
        _text("deadline"),
        _text("contingency"),
        _progress,
        lambda row, _: moment(row["mended_at"]),
        _photos("photos_after"),
        lambda row, language: _signed(row, language, "accepter", "accepted_at"),
        lambda row, language: _signed(row, language, "checker", "rechecked_at", "recheck_words"),
        lambda row, _: _day(row["closed_at"]),
        _yes,
        _remarks,
    ],
    DISTRICT: [
        lambda row, language: (
            either(language, row["district_name"], row["district_name_en"])
            or say(language, N_("Directly under the city"))
        ),
        _both("school_name", "school_name_en"),
        _name(TYPE_NAMES, "school_type"),
        _text("number"),
        area,
        where,
        what,
        grade,
        _name(SOURCE_NAMES, "source"),
        lambda row, _: moment(row["found_at"]),
        _text("deadline"),
        state,
        lambda row, _: str(overdue(row) or ""),
        lambda row, _: str(row["extended"] or ""),
        _both("assigned", "assigned_en"),
        _yes,
        lambda row, _: moment(row["updated_at"]),
        lambda row, _: _day(row["closed_at"]),
    ],
}
