"""The patroller's own pages: what is due today, the scanner, his visits."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.response import Redirect

from backend import clock
from backend.access import Do, Member, may
from backend.findings.rules_filters import Place, place
from backend.language import N_, say
from backend.page import language_of, page
from backend.points.rules_health import WHY_TYPED
from backend.rounds import queries_walk, rules_walk
from backend.settings import settings
from backend.visits import queries_list, queries_today
from qr import codes

R = Request[Any, Any, Any]
MOST_FINDINGS = 20


@get("/today", guards=[may(Do.VISIT)])
async def today(request: R) -> Response[str]:
    """His rounds, what else is due now, what he has done, what is open; kept on the phone for where no signal is."""
    member: Member = request.user
    rounds = [_round(language_of(request), one) for one in await queries_walk.my_rounds(member)]
    points = await queries_today.points_due(member, _school(member))
    walked = {point for one in rounds if one["phase"] != "over" for point in one["points"] or ()}
    due = [one for one in points if one["due"] and one["id"] not in walked]
    return page(
        request,
        "visits/today.html",
        headers={"X-Offline-Page": str(member.user)},
        rounds=rounds,
        groups=queries_today.by_place(due),
        due=len(due),
        mine=len(points),
        occasional=[one for one in points if not one["due"] and one["on_occasion"]],
        others=[one for one in points if not one["due"] and not one["on_occasion"]],
        open=[one for one in points if one["open"]][:MOST_FINDINGS],
        done=await queries_today.done_today(member),
    )


def _round(language: str, one: dict[str, Any]) -> dict[str, Any]:
    """A round with its `phase` and its time in words."""
    times = one["opens_at"], one["closes_at"], one["late_until"]
    when = rules_walk.phase(*times, clock.now())
    words = rules_walk.time_words(when, *times, clock.now())
    said = say(language, words.text, n=words.n) if words.n is not None else say(language, words.text)
    return {**one, "phase": when.value, "time": said}


def _school(member: Member) -> UUID:
    """Whoever may visit acts for a school; a body without one has no points."""
    return member.school or UUID(int=0)


@get("/scan", guards=[may(Do.PUBLIC)])
async def scan(request: R) -> Response[Any]:
    """The scanner; without scripts the typed code comes back here as `?code=`. Writes nothing."""
    typed, why = request.query_params.get("code", "").strip(), request.query_params.get("why", "")
    code = codes.normal(typed) or codes.check_short(typed)
    if code:
        said = f"&why={why}" if why in WHY_TYPED else ""
        return Redirect(f"/p/{code}?how=typed{said}", status_code=303)
    wrong = N_("This is not a whole code. Compare it with the label: 8 or 12 letters and digits.")
    member: Member | None = request.scope.get("user")
    return page(
        request,
        "visits/scan.html",
        status=422 if typed else 200,
        headers={} if typed else {"X-Offline-Page": str(member.user) if member else "public"},
        typed=typed[:40],
        why=why,
        error=say(language_of(request), wrong) if typed else "",
        hosts=codes.site(settings().public_url).split("//")[1],
        may_list=member is not None and member.may(Do.VISIT),
    )


@get("/mine", guards=[may(Do.SIGNED_IN)])
async def mine(request: R) -> Response[str]:
    """His own visits, newest first, page by page."""
    member: Member = request.user
    start = place(request.query_params)
    found, more = await queries_list.mine(member, start)
    newer, older = turns(found, more, start)
    return page(request, "visits/mine.html", visits=found, newer=newer, older=older)


def turns(found: list[dict[str, Any]], more: bool, start: Place | None) -> tuple[str, str]:
    """The words of the page before and the page after; empty at either end."""
    if not found:
        return "", ""
    first, last = (Place(found[at]["saved_at"], found[at]["id"], 0).word() for at in (0, -1))
    back = start is not None and start.back
    newer = f"before={first}" if start is not None and (more or not back) else ""
    older = f"after={last}" if more or back else ""
    return newer.replace("+", "%2B"), older.replace("+", "%2B")


HANDLERS = [today, scan, mine]
