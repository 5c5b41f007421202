"""The visits of a school, or of all schools below a bureau: the list; one visit for each who may read it."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get

from backend import clock
from backend.access import Do, Member, may
from backend.findings.queries import heading
from backend.findings.rules import AREA_NAMES
from backend.findings.rules_filters import place
from backend.language import N_, say
from backend.page import language_of, page
from backend.rounds.queries_walk import after_visit
from backend.trouble import Missing
from backend.visits import pages_export
from backend.visits import queries_list as lists
from backend.visits.pages_today import turns
from backend.visits.queries import receipt
from backend.visits.queries_today import next_point
from backend.visits.rules_filters import Wanted, wanted

R = Request[Any, Any, Any]


@get("/visits", guards=[may(Do.SEE_SCHOOL)])
async def index(request: R) -> Response[str]:
    """Newest first; every filter stands in the address, nobody is ranked."""
    member: Member = request.user
    asked, start, language = wanted(request.query_params), place(request.query_params), language_of(request)
    found, more = await lists.visits(member, asked, start)
    newer, older = (f"/visits{asked.address()}&{word}" if word else "" for word in turns(found, more, start))
    return page(
        request,
        "visits/index.html",
        body=await heading(member, asked.school),
        visits=found,
        total=await lists.totals(member, asked),
        most=lists.MOST_COUNTED,
        wanted=asked,
        links={word: asked.address(**{word: not getattr(asked, word)}) for word in ("bad", "corrected")},
        today=asked.address(start=clock.today(), end=clock.today()),
        clear=Wanted(school=asked.school).address(),
        choices=await lists.choices(member, asked.school),
        areas={word: say(language, text) for word, text in AREA_NAMES.items()},
        newer=newer,
        older=older,
        query=asked.address(),
    )


@get("/visits/{visit:uuid}", guards=[may(Do.SIGNED_IN)])
async def show(request: R, visit: UUID) -> Response[str]:
    """The receipt for the person who was there, the record for those who read the school."""
    member: Member = request.user
    found, language = await receipt(member, visit), language_of(request)
    own = found["by"] == member.user
    if not own and not member.may(Do.SEE_SCHOOL):
        raise Missing()
    fresh = own and found["corrected_by"] is None and (clock.now() - found["created_at"]).total_seconds() < 3600
    goes_on = fresh and member.may(Do.VISIT)
    walk = await after_visit(member, visit, found["point"]) if goes_on else None
    onward = walk["next"] if walk else None
    at_desk, how = member.may(Do.SEE_SCHOOL), pages_export.HOW_NAMES[found["how"]]
    return page(
        request,
        "visits/show.html",
        layout="layouts/desk.html" if at_desk else "layouts/phone.html",
        visit=found,
        own=own,
        desk=at_desk,
        walk=walk,
        next=onward or (await next_point(member, found["point"]) if goes_on and not walk else None),
        fresh=fresh,
        how=say(language, how),
        how_reason=say(language, pages_export.REASON_NAMES.get(found["how_reason"], found["how_reason"])),
        notes=[_note(language, word) for word in found["annotations"]],
    )


_NOTES = {
    "no challenge photo": N_("the thing that was to be photographed was not"),
    "retired point": N_("the point was no longer on the rounds"),
    "unknown label": N_("the label is not one of this school's"),
    "old label": N_("an old label was scanned"),
    "no photo": N_("%(what)s: the photo it wants is missing"),
    "item": N_("an item that is not known: %(what)s"),
}


def _note(language: str, word: str) -> str:
    """What stands beside the visit, in words; what has none is shown as it is kept."""
    if word in _NOTES:
        return say(language, _NOTES[word])
    head, _, what = word.rpartition(" ")
    return say(language, _NOTES[head], what=what) if head in _NOTES else word


HANDLERS = [index, show]
