"""The first page of a safety manager or a principal: what happened today, what is due, what is open."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, Router, get
from litestar.response import Redirect

from backend import clock
from backend.access import Do, Member, may
from backend.findings.queries import findings, heading
from backend.findings.rules import AREA_NAMES
from backend.findings.rules_filters import ALL, GROUP_NAMES
from backend.findings.rules_filters import Wanted as WantedFindings
from backend.forms import as_uuid
from backend.language import say
from backend.overview import pages_morning, queries
from backend.page import language_of, page
from backend.trouble import Missing
from backend.visits.queries_list import visits
from backend.visits.queries_today import by_place
from backend.visits.rules_filters import Wanted as WantedVisits

R = Request[Any, Any, Any]
LATEST = 6


async def _school(request: R) -> dict[str, Any] | None:
    """His own school; above schools the one of `?school=`. None when a bureau named none; raises Missing."""
    member: Member = request.user
    wished = as_uuid(request.query_params.get("school"))
    if member.school is None and wished is None:
        return None
    found = await heading(member, wished)
    if found["kind"] != "school":
        raise Missing()
    return found


@get("/overview", guards=[may(Do.SEE_SCHOOL)])
async def overview(request: R) -> Response[Any]:
    """Every number opens its rows. A bureau that names no school is led to its schools."""
    member: Member = request.user
    school = await _school(request)
    if school is None:
        return Redirect("/schools", status_code=303)
    language, today = language_of(request), clock.today()
    asked = WantedVisits(start=today, end=today, school=_named(member, school["id"]))
    latest, _ = await findings(member, WantedFindings(state=ALL, school=school["id"]), most=LATEST)
    seen, _ = await visits(member, WantedVisits(school=school["id"]), most=LATEST)
    of_school = _named(member, school["id"])
    return page(
        request,
        "overview/index.html",
        school=school,
        day=await queries.day(member, school["id"]),
        groups={word: say(language, text) for word, text in GROUP_NAMES.items()},
        area_names={word: say(language, text) for word, text in AREA_NAMES.items()},
        links={
            "today": "/visits" + asked.address(),
            "bad": "/visits" + asked.address(bad=True),
            "due": "/overview/due" + (f"?school={of_school}" if of_school else ""),
            "open": "/findings" + WantedFindings(school=of_school).address(),
            "major": "/findings" + WantedFindings(school=of_school, grade="major").address(),
            "visits": "/visits" + WantedVisits(school=of_school).address(),
            "findings": "/findings" + WantedFindings(state=ALL, school=of_school).address(),
            **{word: "/findings" + WantedFindings(school=of_school, state=word).address() for word in queries.PRESSING},
            **{
                area: "/findings" + WantedFindings(school=of_school, area=area).address()
                for area in (*AREA_NAMES, "none")
            },
        },
        findings=latest,
        visits=seen,
    )


def _named(member: Member, school: UUID) -> UUID | None:
    """A school's own people need not name it in an address."""
    return None if member.school else school


@get("/overview/due", guards=[may(Do.SEE_SCHOOL)])
async def due(request: R) -> Response[Any]:
    """The points behind the number: asked every school day, not answered yet."""
    member: Member = request.user
    school = await _school(request)
    if school is None:
        return Redirect("/schools", status_code=303)
    points = await queries.due_today(member, school["id"])
    return page(request, "overview/due.html", school=school, groups=by_place(points), due=len(points))


router = Router("/", route_handlers=[overview, due, *pages_morning.HANDLERS])
