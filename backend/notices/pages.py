"""The inbox of the signed-in person."""

from itertools import groupby
from typing import Any
from uuid import UUID

from litestar import Request, Response, Router, get, post
from litestar.response import Redirect

from backend import clock
from backend.access import Do, Member, may
from backend.forms import typed
from backend.notices import actions, pages_channels, pages_choices, queries
from backend.notices.rules_words import details, is_major, opens, sentence
from backend.page import day, language_of, page

R = Request[Any, Any, Any]


@get("/notices", guards=[may(Do.SIGNED_IN)])
async def index(request: R) -> Response[str]:
    member: Member = request.user
    only = request.query_params.get("only") == "unread"
    before = clock.parse(request.query_params.get("before", "").replace(" ", "+"))
    found, more = await queries.notices(member, before, only_unread=only)
    newest, oldest = (found[0]["created_at"].isoformat(), found[-1]["created_at"].isoformat()) if found else ("", "")
    return page(
        request,
        "notices/index.html",
        days=_days(language_of(request), found),
        unread=await queries.unread(member),
        only=only,
        newest=newest,
        older=oldest if more else "",
    )


def _days(language: str, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """By day, newest first; on each day what is urgent and unread stands on top."""
    for notice in found:
        notice["said"] = sentence(language, notice["kind"], notice["facts"])
        notice["more"] = details(language, notice["facts"])
        notice["major"] = is_major(notice["facts"])
        notice["href"] = opens(notice["kind"], notice["subject"], notice["facts"])
    return [
        {
            "name": day(language, when),
            "notices": sorted(those, key=lambda one: not (one["urgent"] and not one["read_at"])),
        }
        for when, those in groupby(found, key=lambda one: clock.local(one["created_at"]).date())
    ]


@post("/notices/read", guards=[may(Do.SIGNED_IN)])
async def read(request: R) -> Redirect:
    """All that the page showed; what came since stays unread."""
    until = clock.parse((await typed(request)).text("until")) or clock.now()
    await actions.read_all(until, request.user)
    return Redirect("/notices", status_code=303)


@post("/notices/{notice:uuid}/open", guards=[may(Do.SIGNED_IN)])
async def open_notice(request: R, notice: UUID) -> Redirect:
    """Opening is reading; a form's button, because a link must not change anything."""
    found = await queries.notice(request.user, notice)
    await actions.read(notice, found["school"], request.user)
    return Redirect(opens(found["kind"], found["subject"], found["facts"]), status_code=303)


router = Router(
    "/", route_handlers=[index, read, open_notice, *pages_channels.route_handlers, *pages_choices.route_handlers]
)
