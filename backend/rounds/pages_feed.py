"""My rounds in my own calendar: the page that makes the secret address, and what a calendar program reads there.

Reading writes nothing, so when an address was last asked is not noted.
"""

from datetime import UTC, timedelta
from typing import Any

from icalendar import Calendar, Event
from litestar import Request, Response, get, post
from litestar.response import Redirect

from backend import clock
from backend.access import Do, may
from backend.accounts.throttle import spend
from backend.findings.actions_report import address_hash
from backend.language import CHINESE, N_, either, say
from backend.page import language_of, page
from backend.rounds import actions_feed as actions
from backend.rounds import queries_feed as queries
from backend.rounds.pages_duty import flash
from backend.rounds.queries_feed import Entry, Feed
from backend.settings import settings
from backend.trouble import Missing

R = Request[Any, Any, Any]
MOST_TRIES = 60
ENDING = ".ics"
DONE = {"ended": N_("The address opens nothing any more.")}
HEADERS = {
    "Cache-Control": "private, max-age=600",
    "Content-Disposition": 'inline; filename="xunan.ics"',
    "X-Robots-Tag": "noindex, nofollow",
    "Referrer-Policy": "no-referrer",
}
NAME = N_("Patrol rounds, %(school)s")


@get("/me/feed", guards=[may(Do.VISIT)])
async def show(request: R) -> Response[str]:
    found = await queries.feed_of(request.user)
    return page(request, "rounds/duty_feed.html", feed=found, link="", flash=flash(request, DONE))


@post("/me/feed", guards=[may(Do.VISIT)])
async def make(request: R) -> Response[str]:
    """The address is the answer itself: it is kept nowhere, so there is no page to go on to."""
    link = actions.address(await actions.open_feed(request.user))
    found = await queries.feed_of(request.user)
    return page(request, "rounds/duty_feed.html", status=201, feed=found, link=link)


@post("/me/feed/withdraw", guards=[may(Do.VISIT)])
async def withdraw(request: R) -> Redirect:
    await actions.withdraw(request.user)
    return Redirect("/me/feed?done=ended", status_code=303)


@get("/ics/{token:str}", guards=[may(Do.PUBLIC)])
async def read(request: R, token: str) -> Response[bytes]:
    """An address that is wrong, withdrawn or of somebody who left answers like one that never was."""
    found = await queries.door(token.removesuffix(ENDING)) if token.endswith(ENDING) else None
    if found is None:
        await spend(f"feed:{address_hash(request.client.host if request.client else '')}", MOST_TRIES)
        raise Missing()
    feed = await queries.opened(found)
    language = feed.language or language_of(request)
    return Response(calendar(feed, language), media_type="text/calendar; charset=utf-8", headers=HEADERS)


def calendar(feed: Feed, language: str) -> bytes:
    """RFC 5545, all moments in UTC: every program shows them in its own zone, which is what a wall clock needs."""
    school = either(language, feed.school_name, feed.school_name_en)
    found = Calendar()
    found.add("prodid", "-//Xun'an//Rounds//" + ("ZH" if language == CHINESE else "EN"))
    found.add("version", "2.0")
    found.add("calscale", "GREGORIAN")
    found.add("x-wr-calname", say(language, NAME, school=school))
    found.add("x-wr-timezone", settings().time_zone)
    found.add("refresh-interval", timedelta(hours=6), parameters={"VALUE": "DURATION"})
    stamp = clock.now().astimezone(UTC).replace(microsecond=0)
    for entry in feed.entries:
        found.add_component(_event(entry, school, language, stamp))
    return bytes(found.to_ical())


def _event(entry: Entry, school: str, language: str, stamp: Any) -> Event:
    event = Event()
    part = either(language, entry.part, entry.part_en)
    event.add("uid", entry.uid)
    event.add("dtstamp", stamp)
    event.add("dtstart", entry.begins.astimezone(UTC))
    event.add("dtend", entry.ends.astimezone(UTC))
    event.add("summary", either(language, entry.name, entry.name_en) + (f" · {part}" if part else ""))
    event.add("location", school)
    event.add("url", settings().public_url + entry.path)
    event.add("transp", "TRANSPARENT" if entry.whole else "OPAQUE")
    return event


HANDLERS = [show, make, withdraw, read]
