"""The calendar feed: a secret address of one's own, parsed back with the library that calendar programs use."""

import re
from datetime import UTC, date, datetime, timedelta
from html import unescape
from urllib.parse import unquote
from uuid import UUID

from icalendar import Calendar, Component, Event

from backend import clock
from backend.postgres_roles import Dsns
from backend.rounds.pages_feed import calendar
from backend.rounds.queries_feed import Entry, Feed
from tests.accounts.people import owner
from tests.conftest import Browser
from tests.rounds.test_duty import end, filled
from tests.world import World

NOW = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)


async def address(browser: Browser, who: str) -> str:
    answer = await browser(who).post("/me/feed")
    assert answer.status_code == 201
    found = re.search(r'value="[^"]*(/ics/[\w-]+\.ics)"', unescape(answer.text))
    assert found
    return found[1]


async def read(browser: Browser, path: str) -> Component:
    answer = await browser().get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/calendar")
    assert "private" in answer.headers["cache-control"]
    assert all(len(line) <= 75 for line in answer.content.split(b"\r\n")), "folded"
    return Calendar.from_ical(answer.content)


def events_of(found: Component) -> list[Event]:
    return [one for one in found.walk("VEVENT") if isinstance(one, Event)]


def local(start: date) -> datetime:
    assert isinstance(start, datetime)
    return clock.local(start)


async def test_my_duties_and_rounds_are_in_it_and_nobody_elses(browser: Browser, world: World, dsns: Dsns) -> None:
    roster, today = await filled(browser, world), clock.today()
    await owner(dsns, "UPDATE roster SET name_en = 'Gate, duty; \\n' WHERE id = $1", roster)
    route = await _route(dsns, world, roster)
    found = await read(browser, await address(browser, "guard"))
    events = {str(event["uid"]): event for event in events_of(found)}
    rows = await owner(
        dsns,
        'SELECT id, "user" FROM duty WHERE roster = $1 AND ended_at IS NULL AND day >= $2',
        *(roster, today),
    )
    mine = {f"duty-{row['id']}@xunan" for row in rows if row["user"] == world.users["guard"]}
    others = {f"duty-{row['id']}@xunan" for row in rows} - mine
    assert mine <= set(events)
    assert not others & set(events)
    one = events[min(mine)]
    assert str(one["summary"]).startswith("Gate, duty; \\n")
    assert str(one["location"]) == "Test one"
    assert str(one["url"]).endswith(f"/duty/turns/{min(mine)[5:41]}")
    assert (one.end - one.start) == timedelta(hours=12)
    assert local(one.start).hour == 8
    coming = [event for uid, event in events.items() if uid.startswith(str(route))]
    days = {local(event.start).date() for event in coming}
    turns = await owner(dsns, 'SELECT day FROM duty WHERE roster = $1 AND "user" = $2', roster, world.users["guard"])
    assert days <= {row["day"] for row in turns}
    assert days, "rounds of my turns"
    again = await read(browser, await address(browser, "guard"))
    assert {str(event["uid"]) for event in events_of(again)} == set(events), "ids stay"
    await owner(dsns, "UPDATE route SET state = 'ended' WHERE id = $1", route)
    await end(browser, roster)


async def _route(dsns: Dsns, world: World, roster: UUID) -> UUID:
    rows = await owner(
        dsns,
        """INSERT INTO route (school, name, who, roster, days, starts_on, opened_until, windows)
           VALUES ($1, 'ICS ' || gen_random_uuid(), 'roster', $2, 'every', current_date - 1, now(),
             '[{"name": "早", "start": 600, "end": 660}]') RETURNING id""",
        *(world.bodies["one"], roster),
    )
    return UUID(str(rows[0]["id"]))


async def test_a_wrong_a_withdrawn_and_a_replaced_address_look_the_same(browser: Browser) -> None:
    first = await address(browser, "keeper")
    second = await address(browser, "keeper")
    assert (await browser().get(second)).status_code == 200
    assert (await browser("keeper").post("/me/feed/withdraw")).status_code == 303
    pages = [await browser().get(path) for path in (first, second, "/ics/nothing.ics", second.removesuffix(".ics"))]
    assert {page.status_code for page in pages} == {404}
    assert len({re.sub(r"/ics/[\w.-]+", "", unquote(unescape(page.text))) for page in pages}) == 1
    assert "Make an address" in (await browser("keeper").get("/me/feed")).text


async def test_the_secret_is_kept_nowhere_and_reading_writes_nothing(
    browser: Browser, world: World, dsns: Dsns
) -> None:
    path = await address(browser, "crew")
    row = (
        await owner(dsns, 'SELECT * FROM calendar_feed WHERE "user" = $1 AND withdrawn_at IS NULL', world.users["crew"])
    )[0]
    assert path[5:-4] not in str(dict(row))
    await browser().get(path)
    after = await owner(dsns, "SELECT * FROM calendar_feed WHERE id = $1", row["id"])
    assert dict(after[0]) == dict(row)
    assert path[5:-4] not in (await browser("crew").get("/me/feed")).text, "shown once"


async def test_who_left_reads_nothing_more(browser: Browser, world: World, dsns: Dsns) -> None:
    path = await address(browser, "crew2")
    await owner(dsns, 'UPDATE member SET active = false WHERE "user" = $1', world.users["crew2"])
    try:
        assert (await browser().get(path)).status_code == 404
    finally:
        await owner(dsns, 'UPDATE member SET active = true WHERE "user" = $1', world.users["crew2"])


def test_texts_are_escaped_and_folded() -> None:
    name = "很长的名字，" * 20 + "; , \\ \r\nBEGIN:VALARM"
    entry = Entry("u@xunan", name, "", "夜", "night", NOW, NOW + timedelta(hours=2), "/rounds/1", True)
    raw = calendar(Feed("学校", "School", "zh-CN", (entry,)), "zh-CN")
    assert b"\r\nBEGIN:VALARM" not in raw
    assert all(len(line) <= 75 for line in raw.split(b"\r\n"))
    events = events_of(Calendar.from_ical(raw))
    assert len(events) == 1
    assert str(events[0]["summary"]) == name.replace("\r\n", "\n") + " · 夜"
    assert events[0].start == NOW
    assert str(events[0]["transp"]) == "TRANSPARENT"


def test_in_english_it_is_english() -> None:
    entry = Entry("u@xunan", "门卫", "Gate", "", "", NOW, NOW + timedelta(hours=2), "/x")
    raw = calendar(Feed("学校", "School", "en", (entry,)), "en").decode()
    assert "SUMMARY:Gate\r\n" in raw
    assert "LOCATION:School\r\n" in raw
    assert "DTSTART:20261123T220000Z" in raw
