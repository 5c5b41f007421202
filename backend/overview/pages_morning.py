"""The morning page: what became of everything since yesterday, the worst first; each number opens its rows."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.response import Redirect

from backend import clock
from backend.access import Do, Member, may
from backend.findings.queries import heading
from backend.findings.rules_filters import ALL, ENDED, GROUP_NAMES, UNASSIGNED, UNSAFE_MAJOR, WAITING, Wanted
from backend.forms import as_uuid
from backend.language import N_, say
from backend.overview.queries_morning import MOST_SAID, Morning, morning
from backend.overview.rules_morning import NAMES, OVER, Outcome, Totals, totals
from backend.page import language_of, page
from backend.rounds.rules_route_words import slot_words
from backend.trouble import Missing

R = Request[Any, Any, Any]


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its words, the rows it opens, and whether it is good or bad."""

    n: str
    words: str
    href: str
    tone: str


@get("/morning", guards=[may(Do.SEE_SCHOOL)])
async def since_yesterday(request: R) -> Response[Any]:
    """A bureau names the school (`?school=`), or is led to its schools."""
    member: Member = request.user
    school = await _school(request)
    if school is None:
        return Redirect("/schools", status_code=303)
    told, language = await morning(member, school["id"]), language_of(request)
    named = None if member.school else school["id"]
    rounds = [_shown(language, row) for row in told.rounds]
    return page(
        request,
        "overview/morning.html",
        school=school,
        query=f"?school={named}" if named else "",
        told=told,
        duty=[row | _shift(row) for row in told.duty],
        figures=_of_rounds(language, totals(told.rounds)) + _of_findings(language, told, named, member),
        groups=[(one.value, say(language, NAMES[one.value]), _with(rounds, one)) for one in OVER],
        late=[row for row in rounds if row["late"] or row["sent_late"]],
        now_groups=[
            (say(language, NAMES[one.value]), _with(rounds, one))
            for one in (Outcome.WAITING, Outcome.RUNNING, Outcome.COMING)
        ],
        since_zero=not told.rounds and not any(told.figures.values()) and not told.said,
        cut=len(told.said) == MOST_SAID,
    )


async def _school(request: R) -> dict[str, Any] | None:
    """His own school without asking for it; above schools the one of `?school=`. Raises Missing."""
    member: Member = request.user
    wished = as_uuid(request.query_params.get("school"))
    if member.school is not None and wished in {None, member.school}:
        return {"id": member.school, "name": member.body_name, "name_en": member.body_name_en}
    if wished is None:
        return None
    found = await heading(member, wished)
    if found["kind"] != "school":
        raise Missing()
    return found


def _shown(language: str, row: dict[str, Any]) -> dict[str, Any]:
    opens, closes = clock.local(row["opens_at"]), clock.local(row["closes_at"])
    return row | {"opens": opens, "when": slot_words(language, opens, closes), "missed": row["left"]}


def _shift(row: dict[str, Any]) -> dict[str, str]:
    """Until when beyond midnight is the next day's wall clock."""
    return {
        name: f"{row[word] // 60 % 24}:{row[word] % 60:02}" for name, word in (("begins", "starts"), ("until", "ends"))
    }


def _with(rounds: list[dict[str, Any]], wanted: Outcome) -> list[dict[str, Any]]:
    return [row for row in rounds if row["outcome"] == wanted.value]


def _of_rounds(language: str, sums: Totals) -> list[Figure]:
    """Those of nothing are left out, but for how many rounds had no gap."""
    found = [
        (sums.unbegun, N_("rounds that nobody began"), "#unbegun", "bad"),
        (sums.missed, N_("points missed"), "#gaps", "bad"),
        (sums.early, N_("rounds finished early"), "#early", "warn"),
        (sums.late, N_("points late"), "#late", "warn"),
        (sums.sent_late, N_("points sent late"), "#late", "info"),
    ]
    whole = Figure(
        f"{sums.whole}/{sums.rounds}", say(language, N_("rounds with nothing missed")), "#whole", _whole_tone(sums)
    )
    return [whole] * bool(sums.rounds) + [
        Figure(str(n), say(language, text), href, tone) for n, text, href, tone in found if n
    ]


def _whole_tone(sums: Totals) -> str:
    return "ok" if sums.whole == sums.rounds else ""


def _of_findings(language: str, told: Morning, school: UUID | None, member: Member) -> list[Figure]:
    n, since = told.figures, told.since
    found = [
        ("major", N_("new findings major or perhaps major"), Wanted(ALL, grade="major", start=since), "bad"),
        (UNSAFE_MAJOR, GROUP_NAMES[UNSAFE_MAJOR], Wanted(UNSAFE_MAJOR), "bad"),
        ("overdue", N_("findings overdue"), Wanted("overdue"), "bad"),
        ("new", N_("new findings"), Wanted(ALL, start=since), ""),
        (UNASSIGNED, GROUP_NAMES[UNASSIGNED], Wanted(UNASSIGNED), "warn"),
        (WAITING, GROUP_NAMES[WAITING], Wanted(WAITING), "warn"),
        ("closed", N_("findings closed"), Wanted(ENDED, closed_from=since), "ok"),
    ]
    figures = [
        Figure(str(n[name]), say(language, text), "/findings" + asked.address(school=school), tone)
        for name, text, asked, tone in found
        if n[name]
    ]
    if n["labels"] and member.may(Do.LABELS):
        text = say(language, N_("labels to print again"))
        figures.append(Figure(str(n["labels"]), text, "/labels/reprint", "warn"))
    return figures


HANDLERS = [since_yesterday]
