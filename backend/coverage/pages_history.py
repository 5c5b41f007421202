"""The history of one point: its fortnight, every stop with when it was seen and when that was known, what is open."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from litestar import Request, Response, get

from backend import clock
from backend.access import Do, Member, may
from backend.coverage.pages_parts import short
from backend.coverage.pages_stops import turns
from backend.coverage.queries_history import history
from backend.coverage.queries_stops import stops, totals
from backend.coverage.rules_history import DAYS, Day, fortnight
from backend.coverage.rules_numbers import percent
from backend.coverage.rules_plan import MARK_NAMES
from backend.coverage.rules_stops import Wanted, place, wanted
from backend.database import reading
from backend.language import N_, say
from backend.page import language_of, page
from backend.rounds.rules import STATE_NAMES

R = Request[Any, Any, Any]
TROUBLE_NAMES = {"damaged": N_("Damaged"), "missing": N_("Missing"), "unread": N_("Could not be read")}


@get("/coverage/points/{point:uuid}", guards=[may(Do.SEE_SCHOOL)])
async def point_history(request: R, point: UUID) -> Response[str]:
    member: Member = request.user
    language, today = language_of(request), clock.today()
    typed, start = wanted(request.query_params), place(request.query_params)
    asked = Wanted(point=point, state=typed.state, start=typed.start, end=typed.end)
    async with reading(member.scope):
        found = await history(member, point, today - timedelta(days=DAYS), today)
        school = found.point["school"]
        listed, more = await stops(member, school, asked, start)
        total = await totals(member, school, asked)
    newer, older = turns(listed, more, start)
    own = Wanted(state=asked.state, start=asked.start, end=asked.end)
    root = f"/coverage/points/{point}{own.address()}"
    return page(
        request,
        "coverage/history.html",
        point=found.point,
        days=[_day(day, language) for day in fortnight(found.recent, today)],
        findings=found.findings,
        trouble=found.trouble,
        troubles={word: say(language, name) for word, name in TROUBLE_NAMES.items()},
        stops=listed,
        total=total,
        percent=percent(total.fraction),
        states={word: say(language, name) for word, name in STATE_NAMES.items()},
        newer=f"{root}&{newer}" if newer else "",
        older=f"{root}&{older}" if older else "",
        narrowed=own != Wanted(),
        school_query=f"?school={school}" if member.school is None else "",
    )


def _day(day: Day, language: str) -> dict[str, Any]:
    names = [say(language, MARK_NAMES[mark]) for mark in day.marks]
    marks = list(zip(day.marks, names, strict=True))
    return {"name": short(day.day, language), "number": day.day.day, "date": day.day, "marks": marks}


HANDLERS = [point_history]
