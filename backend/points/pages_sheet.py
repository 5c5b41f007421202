"""Points in and out as a sheet: the model, the upload with its preview, the export in the same columns."""

import asyncio
import json
from datetime import date
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.response import Redirect

from backend import clock
from backend.access import Do, Member, may
from backend.checklists.queries import kinds as kinds_of
from backend.language import N_, either, say
from backend.page import language_of, page
from backend.points import actions_sheet, forms, queries, queries_places, rules_sheet, sheets
from backend.points.actions import own_school
from backend.points.rules_sheet import COLUMNS, STATE_WORDS, Sheet, SheetTrouble, Wrong, number_text
from backend.points.sheets import XLSX

R = Request[Any, Any, Any]

MOST_SHOWN = 200
NO_FILE = N_("Please choose a file.")
STALE = N_("The preview could not be read any more. Please choose the file again.")


@get("/points/import", guards=[may(Do.SET_UP)])
async def show(request: R) -> Response[str]:
    own_school(request.user)
    return page(request, "points/import.html", errors={}, columns=COLUMNS)


@get("/points/import/model.xlsx", guards=[may(Do.SET_UP)])
async def model(request: R) -> Response[bytes]:
    """The empty sheet with its drop-downs and one example row."""
    me: Member = request.user
    kinds, tops = await _lists(me, own_school(me))
    made = await asyncio.to_thread(sheets.to_xlsx, [], kinds, tops, example=sheets.example())
    return _download(made, XLSX, "points-model.xlsx")


async def _lists(me: Member, school: UUID | None) -> tuple[list[str], list[str]]:
    kinds = sorted(await kinds_of(me, school), key=lambda kind: not kind["in_use"])
    tops = [row["name"] for row in await queries_places.places_of(me, school) if not row["parent"]] if school else []
    return [kind["zh"] for kind in kinds], tops


def _download(content: bytes, media_type: str, name: str) -> Response[bytes]:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, media_type=media_type, headers=headers)


@post("/points/import", guards=[may(Do.SET_UP)])
async def preview(request: R) -> Response[str]:
    """What the uploaded sheet would do; nothing is written yet."""
    me: Member = request.user
    school = own_school(me)
    _, content = await forms.upload(request, "sheet")
    try:
        if not content:
            raise SheetTrouble(NO_FILE)
        sheet = await asyncio.to_thread(lambda: rules_sheet.read(sheets.grid(content)))
    except SheetTrouble as bad:
        return _refused(request, bad)
    return _preview(request, sheet, await actions_sheet.plan_import(school, sheet, me.scope))


def _refused(request: R, bad: SheetTrouble) -> Response[str]:
    told = {"sheet": say(language_of(request), bad.reason, **bad.facts)}
    return page(request, "points/import.html", status=422, errors=told, columns=COLUMNS)


def _preview(request: R, sheet: Sheet, plan: actions_sheet.Plan, status: int = 200) -> Response[str]:
    language = language_of(request)
    return page(
        request,
        "points/preview.html",
        status=422 if plan.wrong else status,
        plan=plan,
        sheet=sheet,
        wrong=[_told(language, it) for it in plan.wrong[:MOST_SHOWN]],
        changed=[_shown(language, change) for change in plan.changed[:MOST_SHOWN]],
        new=plan.new[:MOST_SHOWN],
        most=MOST_SHOWN,
        carried=json.dumps({"columns": sheet.columns, "rows": sheet.rows}, ensure_ascii=False)
        if not plan.wrong
        else "",
    )


def _told(language: str, it: Wrong) -> dict[str, Any]:
    return {"row": it.row, "column": _heading(language, it.column), "why": say(language, it.reason, **it.facts)}


def _heading(language: str, key: str) -> str:
    column = next(column for column in COLUMNS if column.key == key)
    return column.en if language == "en" else column.zh


def _shown(language: str, change: actions_sheet.Change) -> dict[str, Any]:
    columns = [
        (_heading(language, key), *(_text(language, value) for value in pair)) for key, pair in change.columns.items()
    ]
    return {"row": change.row, "number": change.number, "name": change.name, "columns": columns}


def _text(language: str, value: object) -> str:
    if isinstance(value, tuple):
        return either(language, *value)
    if isinstance(value, float):
        return number_text(value)
    return STATE_WORDS.get(str(value), str(value)) if value else "–"


@post("/points/import/confirm", guards=[may(Do.SET_UP)])
async def confirm(request: R) -> Response[Any]:
    """Takes the previewed rows in, checked once more: the page has carried them, and pages can be changed."""
    me: Member = request.user
    school = own_school(me)
    typed = await forms.typed(request)
    try:
        sheet = carried(typed.get("rows", ""))
    except SheetTrouble as bad:
        return _refused(request, bad)
    plan = await actions_sheet.take_in(school, sheet, me.scope)
    if plan.wrong:
        return _preview(request, sheet, plan)
    return Redirect(f"/points?done=imported&n={len(plan.points)}", status_code=303)


def carried(text: str) -> Sheet:
    """The rows that the preview carried. Raises SheetTrouble for anything that is not of that shape."""
    try:
        found: Any = json.loads(text) if len(text) < 12_000_000 else None
        known = {column.key for column in COLUMNS}
        columns = [key for key in found["columns"] if key in known]
        rows = {int(row): {key: str(cells[key]) for key in columns} for row, cells in found["rows"].items()}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise SheetTrouble(STALE) from None
    if not rows or len(rows) > rules_sheet.MOST_ROWS or not set(rules_sheet.NEEDED) <= set(columns):
        raise SheetTrouble(STALE)
    return Sheet(columns, rows)


@get("/points/export.xlsx", guards=[may(Do.SEE_SCHOOL)])
async def export_xlsx(request: R) -> Response[bytes]:
    me: Member = request.user
    school = await forms.school_of(request, me)
    kinds, tops = await _lists(me, school)
    rows, extra = await _exported(request, me, school)
    made = await asyncio.to_thread(sheets.to_xlsx, rows, kinds, tops, extra)
    return _download(made, XLSX, f"points-{_today():%Y%m%d}.xlsx")


@get("/points/export.csv", guards=[may(Do.SEE_SCHOOL)])
async def export_csv(request: R) -> Response[bytes]:
    me: Member = request.user
    rows, extra = await _exported(request, me, await forms.school_of(request, me))
    made = await asyncio.to_thread(sheets.to_csv, rows, extra)
    return _download(made, "text/csv; charset=utf-8", f"points-{_today():%Y%m%d}.csv")


def _today() -> date:
    return clock.today()


async def _exported(request: R, me: Member, school: UUID | None) -> tuple[list[dict[str, str]], list[tuple[str, str]]]:
    """The rows of the list as it is filtered, without pages; who stands above schools gets the school's name too."""
    found = await queries.points_of(me, forms.wanted(request.query_params, school), most=100_000)
    return [_row(point) for point in found], ([] if me.school else [("school", "学校")])


def _row(point: dict[str, Any]) -> dict[str, str]:
    same = ("number", "name", "name_en", "position", "position_en", "phone", "note")
    degrees = {key: number_text(point[key]) if point[key] is not None else "" for key in ("latitude", "longitude")}
    return {
        **{key: point[key] for key in same},
        **degrees,
        "kind": point["kind_zh"],
        "building": point["building_name"] or point["place_name"] or "",
        "floor": point["place_name"] if point["building_name"] else "",
        "responsible": point["responsible_user"] or point["responsible_name"],
        "state": STATE_WORDS[point["state"]],
        "school": point["school_name"],
    }


HANDLERS = [show, model, preview, confirm, export_xlsx, export_csv]
