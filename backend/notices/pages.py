"""The inbox of the signed-in person."""

from typing import Any

from litestar import Request, Response, Router, get, post
from litestar.response import Redirect

from backend import clock
from backend.access import Do, Member, may
from backend.forms import typed
from backend.language import N_, either, say
from backend.notices.actions import read_all
from backend.notices.queries import notices, unread
from backend.page import language_of, page

R = Request[Any, Any, Any]

SENTENCES: dict[str, str] = {
    "finding_opened": N_("New finding %(number)s: %(title)s"),
    "finding_recurred": N_("Came back after it was closed: %(number)s %(title)s"),
    "report_received": N_("Somebody reported by label, %(number)s: %(title)s"),
}
"""What a notice says, by its kind."""


@get("/notices", guards=[may(Do.SIGNED_IN)])
async def index(request: R) -> Response[str]:
    member: Member = request.user
    language = language_of(request)
    found, more = await notices(member, clock.parse(request.query_params.get("before", "").replace(" ", "+")))
    for notice in found:
        facts = notice["facts"]
        title = either(language, facts.get("title", ""), facts.get("title_en", ""))
        sentence = SENTENCES.get(notice["kind"], "%(number)s %(title)s")
        notice["said"] = say(language, sentence, number=facts.get("number", ""), title=title).strip()
        notice["major"] = facts.get("severity") == "major_suspected"
    return page(
        request,
        "notices/index.html",
        notices=found,
        unread=await unread(member),
        newest=found[0]["created_at"].isoformat() if found else "",
        older=found[-1]["created_at"].isoformat() if more else "",
    )


@post("/notices/read", guards=[may(Do.SIGNED_IN)])
async def read(request: R) -> Redirect:
    """All that the page showed; what came since stays unread."""
    until = clock.parse((await typed(request)).text("until")) or clock.now()
    await read_all(until, request.user)
    return Redirect("/notices", status_code=303)


router = Router("/", route_handlers=[index, read])
