"""A body's calendar: a year as months, what it marks itself, a year taken in from a file."""

import calendar
import csv
import io
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.response import Redirect

from backend import clock
from backend.access import Do, Member, may
from backend.bodies import actions_calendar, queries_calendar, queries_terms
from backend.bodies.rules import KIND_NAMES, DayKind
from backend.bodies.rules_calendar import DAY_NAMES, FIRST, LAST, is_working, marked
from backend.bodies.rules_sheet import TERM, Sheet, Wrong, read_sheet
from backend.forms import as_number, typed
from backend.language import CHINESE, N_, say
from backend.page import language_of, page
from backend.trouble import Invalid, Missing

R = Request[Member, Any, Any]
MONTHS = (
    *(N_("January"), N_("February"), N_("March"), N_("April"), N_("May"), N_("June"), N_("July")),
    *(N_("August"), N_("September"), N_("October"), N_("November"), N_("December")),
)
WEEKDAYS = (
    (N_("Mo"), N_("Monday")),
    (N_("Tu"), N_("Tuesday")),
    (N_("We"), N_("Wednesday")),
    (N_("Th"), N_("Thursday")),
    (N_("Fr"), N_("Friday")),
    (N_("Sa"), N_("Saturday")),
    (N_("Su"), N_("Sunday")),
)
MOST_SHOWN = 50
MOST_BYTES = 1_000_000
TOO_LARGE = N_("The file is larger than 1 MB.")
NO_FILE = N_("Please choose a file.")
DONE = {
    "marked": N_("Marked: %(n)s days."),
    "imported": N_("Taken in: %(n)s days."),
    "terms": N_("Taken in: %(n)s days, %(terms)s terms."),
}


@get("/calendar", guards=[may(Do.SEE_FINDINGS)])
async def show(request: R) -> Response[str]:
    return await _shown(request)


@post("/calendar", guards=[may(Do.CALENDAR)])
async def mark(request: R) -> Response[Any]:
    form = await typed(request)
    found = marked(form)
    if found.faults:
        return await _shown(request, form=dict(form), faults=dict(found.faults))
    count = await actions_calendar.mark(found, request.user)
    return Redirect(f"/calendar?year={found.start.year}&done=marked&n={count}", status_code=303)


@post("/calendar/import", guards=[may(Do.CALENDAR)])
async def take_in(request: R) -> Response[Any]:
    """All of the file or nothing; what is wrong is named by its row."""
    sent = (await request.form()).get("file")
    content = await sent.read(MOST_BYTES + 1) if isinstance(sent, UploadFile) else b""
    if not content or len(content) > MOST_BYTES:
        return await _shown(request, faults={"file": TOO_LARGE if content else NO_FILE})
    sheet = read_sheet(content)
    if sheet.wrong:
        return await _shown(request, faults={"file": N_("Nothing was taken in. Please correct:")}, sheet=sheet)
    try:
        count = await actions_calendar.take_in(sheet, request.user)
    except Invalid as trouble:
        [reason] = trouble.fields.values()
        return await _shown(request, faults={"file": say(language_of(request), reason, **trouble.facts)})
    year = min([day.start.year for day in sheet.days] + [term.starts.year for term in sheet.terms])
    done = f"terms&terms={len(sheet.terms)}" if sheet.terms else "imported"
    return Redirect(f"/calendar?year={year}&done={done}&n={count}", status_code=303)


@get("/calendar/export.csv", guards=[may(Do.SEE_FINDINGS)])
async def export(request: R) -> Response[bytes]:
    """What the body says itself of a year, its terms too, in the columns that can be taken in again."""
    year = _year(request)
    first, last = date(year, 1, 1), date(year, 12, 31)
    terms = [one for one in await queries_terms.listed(request.user, first) if one["own"] and one["starts"] <= last]
    rows = [
        (row["day"], "", row["kind"], row["name"], row["name_en"])
        for row in await queries_calendar.own_marks(request.user, first, last)
    ]
    rows = [(one["starts"], one["ends"], TERM, one["name"], one["name_en"]) for one in reversed(terms)] + rows
    return _file([row if terms else row[:1] + row[2:] for row in rows], f"calendar-{year}.csv", ends=bool(terms))


@get("/calendar/template.csv", guards=[may(Do.SEE_FINDINGS)])
async def template(request: R) -> Response[bytes]:
    """A file to begin with: two terms and one day of each kind, to be written over."""
    year, chinese = _year(request), language_of(request) == CHINESE
    rows = [
        (f"{year}-09-01", f"{year + 1}-01-22", "学期", "第一学期", "First term"),
        (f"{year + 1}-02-20", f"{year + 1}-07-05", "学期", "第二学期", "Second term"),
        (f"{year}-10-08", f"{year}-10-09", "假日", "校运动会", "Sports days"),
        (f"{year}-10-11", "", "补班", "补课", "Make-up day"),
        (f"{year + 1}-01-14", f"{year + 1}-01-15", "考试", "期末考试", "Final exams"),
    ]
    words = {"学期": TERM, "假日": "holiday", "补班": "working", "考试": "exam"}
    rows = rows if chinese else [(*row[:2], words[row[2]], *row[3:]) for row in rows]
    return _file(rows, f"calendar-template-{year}.csv", ends=True, chinese=chinese)


def _file(rows: list[Any], name: str, *, ends: bool, chinese: bool = False) -> Response[bytes]:
    text = io.StringIO(newline="")
    out = csv.writer(text)
    heads = (
        ("开始日期", "结束日期", "类别", "名称", "英文名称") if chinese else ("date", "end", "kind", "name", "name_en")
    )
    out.writerow(heads if ends else heads[:1] + heads[2:])
    out.writerows([_tame(str(cell)) for cell in row] for row in rows)
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(text.getvalue().encode("utf-8-sig"), media_type="text/csv; charset=utf-8", headers=headers)


def _tame(text: str) -> str:
    """A spreadsheet must not take a name for a formula."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


def _year(request: R) -> int:
    wished = as_number(request.query_params.get("year"))
    return wished if FIRST.year <= wished <= LAST.year else clock.today().year


async def _shown(
    request: R, *, form: dict[str, Any] | None = None, faults: dict[str, str] | None = None, sheet: Sheet | None = None
) -> Response[str]:
    member, language, year = request.user, language_of(request), _year(request)
    if member.body is None:
        raise Missing()
    said = await queries_calendar.days(member, member.body, date(year, 1, 1), date(year, 12, 31))
    terms = [one for one in await queries_terms.listed(member, date(year, 1, 1)) if one["counts"]]
    runs = list(_runs(said.values(), member.body, language))
    return page(
        request,
        "bodies/calendar.html",
        status=422 if faults else 200,
        year=year,
        earlier=year - 1 if year > FIRST.year else 0,
        later=year + 1 if year < LAST.year else 0,
        known=queries_calendar.national(year) is not None,
        months=[_month(year, month, said, language) for month in range(1, 13)],
        weekdays=[(say(language, short), say(language, name)) for short, name in WEEKDAYS],
        runs=runs,
        terms=[one for one in reversed(terms) if one["starts"].year <= year],
        working=sum(is_working(day, {d: row["kind"] for d, row in said.items()}) for day in _days(year)),
        kinds=[(kind, say(language, name)) for kind, name in DAY_NAMES.items()],
        form=form or {"kind": DayKind.HOLIDAY.value},
        errors={field: say(language, fault) for field, fault in (faults or {}).items()},
        wrong=[_told(language, one) for one in sheet.wrong[:MOST_SHOWN]] if sheet else [],
        more=max(0, len(sheet.wrong) - MOST_SHOWN) if sheet else 0,
        flash=_flash(request),
    )


def _flash(request: R) -> list[dict[str, str]]:
    done = DONE.get(request.query_params.get("done", ""))
    number, terms = (as_number(request.query_params.get(name)) for name in ("n", "terms"))
    told = say(language_of(request), done, n=number, terms=terms) if done and (number or terms) else ""
    return [{"tone": "ok", "text": told}] if told else []


def _told(language: str, one: Wrong) -> str:
    said = say(language, one.reason)
    return say(language, N_("Row %(n)s: %(why)s"), n=one.row, why=said) if one.row else said


def _days(year: int) -> list[date]:
    return [date(year, 1, 1) + timedelta(days=n) for n in range(366 if calendar.isleap(year) else 365)]


def _month(year: int, month: int, said: dict[date, dict[str, Any]], language: str) -> dict[str, Any]:
    """Weeks from Monday to Sunday; days of other months are None."""
    weeks = [
        [_day(day, said.get(day)) if day.month == month else None for day in week]
        for week in calendar.Calendar().monthdatescalendar(year, month)
    ]
    return {"name": say(language, MONTHS[month - 1]), "weeks": weeks, "number": month}


def _day(day: date, row: dict[str, Any] | None) -> dict[str, Any]:
    """`mark`: off (a holiday), work (a working Saturday or Sunday, or marked as one), exam, weekend, or nothing."""
    kind = row["kind"] if row else ""
    mark = {"holiday": "off", "working": "work", "exam": "exam"}.get(kind, "weekend" if day.weekday() > 4 else "")
    name = (row["name"], row["name_en"]) if row else ("", "")
    return {"day": day, "number": day.day, "mark": mark, "name": name, "today": day == clock.today()}


def _runs(said: Iterable[dict[str, Any]], body: UUID, language: str) -> Iterable[dict[str, Any]]:
    """Days in a row of which the same is said by the same."""
    run: dict[str, Any] | None = None
    for row in sorted(said, key=lambda row: row["day"]):
        same = ("kind", "name", "name_en", "owner", "body")
        if run and row["day"] - run["end"] == timedelta(days=1) and all(row[key] == run[key] for key in same):
            run["end"], run["days"] = row["day"], run["days"] + 1
            continue
        if run:
            yield run
        owner = N_("National calendar") if row["owner"] == "national" else KIND_NAMES[row["owner"]]
        run = {**{key: row[key] for key in same}, "start": row["day"], "end": row["day"], "days": 1}
        kind = DAY_NAMES[row["kind"]]
        run |= {"own": row["body"] == body, "said_kind": say(language, kind), "said_owner": say(language, owner)}
    if run:
        yield run


HANDLERS = [show, mark, take_in, export, template]
