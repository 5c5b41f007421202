"""Duty as people meet it: rosters made and filled, turns swapped, given to a substitute, taken off; nothing deleted."""

import re
from collections.abc import Sequence
from datetime import date, timedelta
from html import unescape
from typing import Any
from uuid import UUID, uuid4

import pytest

from backend import clock
from backend.database import reading
from backend.postgres_roles import Dsns
from backend.rounds.queries_duty import on_duty
from backend.rounds.rules_when import moment
from tests.accounts.people import owner
from tests.conftest import Browser
from tests.world import World

ONE = timedelta(days=1)


def form(world: World, people: Sequence[str] = ("guard", "guard2"), **others: Any) -> dict[str, Any]:
    filled = {
        **{"name": f"值班{uuid4().hex[:8]}", "name_en": "Gate", "days": "every", "turn": "day"},
        **{"starts_on": clock.today().isoformat(), "shift_name": ["白班", ""], "shift_name_en": ["day", ""]},
        **{"shift_start": ["08:00", ""], "shift_end": ["20:00", ""], "shift_people": ["1", ""]},
    }
    filled |= {f"place-{world.users[who]}": str(n) for n, who in enumerate(people, start=1)}
    return filled | others


async def made(browser: Browser, world: World, people: Sequence[str] = ("guard", "guard2"), **others: Any) -> UUID:
    answer = await browser("manager").post("/duty", data=form(world, people, **others))
    assert answer.status_code == 303, answer.text
    found = re.match(r"/duty/([0-9a-f-]{36})", answer.headers["location"])
    assert found
    return UUID(found[1])


async def filled(browser: Browser, world: World, days: int = 9, **others: Any) -> UUID:
    roster = await made(browser, world, **others)
    until = clock.today() + days * ONE
    answer = await browser("manager").post(f"/duty/{roster}/fill", data={"until": until.isoformat()})
    assert answer.status_code == 303, answer.text
    return roster


async def standing(dsns: Dsns, roster: UUID) -> dict[tuple[date, int], list[UUID]]:
    found: dict[tuple[date, int], list[UUID]] = {}
    rows = await owner(
        dsns, 'SELECT * FROM duty WHERE roster = $1 AND ended_at IS NULL ORDER BY day, shift, "user"', roster
    )
    for row in rows:
        found.setdefault((row["day"], row["shift"]), []).append(row["user"])
    return found


async def turn_of(dsns: Dsns, roster: UUID, user: UUID, after: date) -> UUID:
    rows = await owner(
        dsns,
        """SELECT id FROM duty WHERE roster = $1 AND "user" = $2 AND day > $3 AND ended_at IS NULL ORDER BY day""",
        *(roster, user, after),
    )
    return UUID(str(rows[0]["id"]))


async def end(browser: Browser, roster: UUID) -> None:
    assert (await browser("manager").post(f"/duty/{roster}/end")).status_code == 303


async def test_a_roster_is_filled_by_turns_and_filling_twice_does_nothing(
    browser: Browser, world: World, dsns: Dsns
) -> None:
    roster, today = await filled(browser, world), clock.today()
    found = await standing(dsns, roster)
    users = [world.users["guard"], world.users["guard2"]]
    assert [found[today + n * ONE, 0] for n in range(10)] == [[users[n % 2]] for n in range(10)]
    again = await browser("manager").post(f"/duty/{roster}/fill", data={"until": (today + 9 * ONE).isoformat()})
    assert again.headers["location"].endswith("n=0")
    more = await browser("manager").post(f"/duty/{roster}/fill", data={"until": (today + 13 * ONE).isoformat()})
    assert more.headers["location"].endswith("n=4")
    longer = await standing(dsns, roster)
    assert {slot: longer[slot] for slot in found} == found
    events = await owner(dsns, "SELECT verb FROM duty_event e JOIN duty d ON d.id = e.duty WHERE d.roster = $1", roster)
    assert [event["verb"] for event in events] == ["assign"] * 14
    await end(browser, roster)


async def test_a_day_without_school_moves_the_turn(browser: Browser, world: World, dsns: Dsns) -> None:
    """On school days only: a weekend costs nobody his turn."""
    roster = await made(browser, world, ("guard", "guard2", "duty"), days="school")
    until = clock.today() + 27 * ONE
    await browser("manager").post(f"/duty/{roster}/fill", data={"until": until.isoformat()})
    found = await standing(dsns, roster)
    order = [world.users[who] for who in ("guard", "guard2", "duty")]
    assert [found[slot] for slot in sorted(found)] == [[order[n % 3]] for n in range(len(found))]
    assert len(found) < 28
    await end(browser, roster)


async def test_who_is_on_duty_now_and_over_midnight(browser: Browser, world: World) -> None:
    night: dict[str, Any] = {
        "shift_name": ["夜班"],
        "shift_name_en": [""],
        "shift_start": ["22:00"],
        "shift_end": ["06:00"],
    }
    roster = await filled(browser, world, **night, shift_people=["1"])
    member, day = await world.member("manager"), clock.today() + ONE

    async def at(minute: int) -> list[UUID]:
        async with reading(member.scope):
            return await on_duty(world.bodies["one"], roster, moment(day, minute, clock.zone()))

    assert await at(21 * 60 + 59) == []
    assert await at(22 * 60) == [world.users["guard2"]]
    assert await at(24 * 60 + 5 * 60 + 59) == [world.users["guard2"]]
    assert await at(24 * 60 + 6 * 60) == []
    assert await at(2 * 60) == [world.users["guard"]], "the night before"
    await end(browser, roster)


async def test_a_swap_changes_both_at_once(browser: Browser, world: World, dsns: Dsns) -> None:
    roster, today = await filled(browser, world), clock.today()
    give = await turn_of(dsns, roster, world.users["guard"], today)
    take = await turn_of(dsns, roster, world.users["guard2"], today)
    shown = unescape((await browser("guard").get(f"/duty/turns/{give}")).text)
    assert str(take) in shown
    asked = await browser("guard").post(f"/duty/turns/{give}/swap", data={"other": str(take), "swap_words": "孩子发烧"})
    assert asked.status_code == 303
    assert "孩子发烧" in (await browser("guard2").get("/duty")).text
    assert "孩子发烧" not in (await browser("keeper").get("/duty")).text
    assert "Swap of duty asked for" in (await browser("guard2").get("/notices")).text
    again = await browser("guard").post(f"/duty/turns/{give}/swap", data={"other": str(take)})
    assert again.status_code == 409, "one swap of a duty waits at a time"
    swap = (await owner(dsns, "SELECT id FROM duty_swap WHERE duty = $1", give))[0]["id"]
    assert (await browser("guard").post(f"/duty/swaps/{swap}/agree")).status_code == 404, "not his to answer"
    before = await standing(dsns, roster)
    assert (await browser("guard2").post(f"/duty/swaps/{swap}/agree", data={"words": "好"})).status_code == 303
    after = await standing(dsns, roster)
    changed = {slot for slot in before if before[slot] != after[slot]}
    assert len(changed) == 2
    assert all(len(after[slot]) == 1 for slot in after)
    assert (await browser("guard2").post(f"/duty/swaps/{swap}/refuse")).status_code == 409
    rows = await owner(dsns, "SELECT id FROM duty WHERE roster = $1 AND ended_at IS NOT NULL", roster)
    assert {row["id"] for row in rows} == {give, take}, "who stood there before stays to be read"
    page = (await browser("guard2", language="zh-CN").get(f"/duty/turns/{give}")).text
    assert "已换班" in page
    told = (await browser("guard", language="zh-CN").get("/notices")).text
    assert "已同意" in told
    await end(browser, roster)


@pytest.mark.parametrize(
    ("who", "verb", "state"), [("guard2", "refuse", "refused"), ("guard", "withdraw", "withdrawn")]
)
async def test_a_swap_that_is_not_agreed_changes_nothing(
    browser: Browser, world: World, dsns: Dsns, who: str, verb: str, state: str
) -> None:
    roster, today = await filled(browser, world), clock.today()
    give = await turn_of(dsns, roster, world.users["guard"], today)
    take = await turn_of(dsns, roster, world.users["guard2"], today)
    await browser("guard").post(f"/duty/turns/{give}/swap", data={"other": str(take)})
    before = await standing(dsns, roster)
    swap = (await owner(dsns, "SELECT id FROM duty_swap WHERE duty = $1", give))[0]["id"]
    assert (await browser(who).post(f"/duty/swaps/{swap}/{verb}")).status_code == 303
    assert (await owner(dsns, "SELECT state FROM duty_swap WHERE id = $1", swap))[0]["state"] == state
    assert await standing(dsns, roster) == before
    await end(browser, roster)


async def test_a_swap_of_a_turn_that_changed_meanwhile_is_refused(browser: Browser, world: World, dsns: Dsns) -> None:
    roster, today = await filled(browser, world), clock.today()
    give = await turn_of(dsns, roster, world.users["guard"], today)
    take = await turn_of(dsns, roster, world.users["guard2"], today)
    await browser("guard").post(f"/duty/turns/{give}/swap", data={"other": str(take)})
    swap = (await owner(dsns, "SELECT id FROM duty_swap WHERE duty = $1", give))[0]["id"]
    sent = {"user": str(world.users["keeper"]), "words": "培训"}
    assert (await browser("manager").post(f"/duty/turns/{take}/substitute", data=sent)).status_code == 303
    assert (await browser("guard2").post(f"/duty/swaps/{swap}/agree")).status_code == 409
    await end(browser, roster)


async def test_a_substitute_by_the_person_himself_and_by_the_manager(
    browser: Browser, world: World, dsns: Dsns
) -> None:
    roster, today = await filled(browser, world), clock.today()
    own = await turn_of(dsns, roster, world.users["guard"], today)
    sent = {"user": str(world.users["keeper"]), "words": "生病"}
    assert (await browser("guard2").post(f"/duty/turns/{own}/substitute", data=sent)).status_code == 403
    lacking = await browser("guard").post(f"/duty/turns/{own}/substitute", data={**sent, "words": " "})
    assert lacking.status_code == 422
    assert 'id="words-error"' in lacking.text
    answer = await browser("guard").post(f"/duty/turns/{own}/substitute", data=sent)
    assert answer.status_code == 303
    page = await browser("keeper").get(answer.headers["location"])
    assert "生病" in page.text
    assert "A duty has changed" in (await browser("keeper").get("/notices")).text
    assert (await browser("guard").post(f"/duty/turns/{own}/substitute", data=sent)).status_code == 409
    twice = await turn_of(dsns, roster, world.users["guard2"], today)
    day = (await owner(dsns, "SELECT day FROM duty WHERE id = $1", twice))[0]["day"]
    put = {"day": day.isoformat(), "shift": "0", "user": str(world.users["keeper"]), "words": "加强"}
    assert (await browser("manager").post(f"/duty/{roster}/assign", data=put)).status_code == 303
    clash = {"user": str(world.users["keeper"]), "words": "忙"}
    answer = await browser("manager").post(f"/duty/turns/{twice}/substitute", data=clash)
    assert answer.status_code == 409, "nobody stands twice at a time"
    await end(browser, roster)


async def test_who_is_taken_off_stays_off_when_the_table_is_filled_again(
    browser: Browser, world: World, dsns: Dsns
) -> None:
    roster, today = await filled(browser, world), clock.today()
    own = await turn_of(dsns, roster, world.users["guard"], today)
    assert (await browser("guard").post(f"/duty/turns/{own}/take-off", data={"off_words": "x"})).status_code == 403
    assert (await browser("manager").post(f"/duty/turns/{own}/take-off", data={})).status_code == 422
    assert (await browser("manager").post(f"/duty/turns/{own}/take-off", data={"off_words": "停课"})).status_code == 303
    before = await standing(dsns, roster)
    await browser("manager").post(f"/duty/{roster}/fill", data={"until": (today + 9 * ONE).isoformat()})
    assert await standing(dsns, roster) == before
    assert len(before) == 9
    await end(browser, roster)


async def test_a_changed_rotation_plans_anew_from_its_day_and_keeps_what_people_did(
    browser: Browser, world: World, dsns: Dsns
) -> None:
    roster, today = await filled(browser, world), clock.today()
    kept = await turn_of(dsns, roster, world.users["guard"], today + 4 * ONE)
    day = (await owner(dsns, "SELECT day FROM duty WHERE id = $1", kept))[0]["day"]
    sent = {"user": str(world.users["keeper"]), "words": "培训"}
    await browser("manager").post(f"/duty/turns/{kept}/substitute", data=sent)
    name = (await owner(dsns, "SELECT name FROM roster WHERE id = $1", roster))[0]["name"]
    past = form(world, ("duty", "guard2"), name=name, starts_on=(today - ONE).isoformat())
    assert 'id="starts_on-error"' in (await browser("manager").post(f"/duty/{roster}/edit", data=past)).text
    anew = form(world, ("duty", "guard2"), name=name, starts_on=(today + 3 * ONE).isoformat())
    assert (await browser("manager").post(f"/duty/{roster}/edit", data=anew)).status_code == 303
    found = await standing(dsns, roster)
    assert found[day, 0] == [world.users["keeper"]]
    assert [found[today + n * ONE, 0] for n in range(3)] == [
        [world.users[("guard", "guard2")[n % 2]]] for n in range(3)
    ]
    later = [found[today + n * ONE, 0][0] for n in range(3, 10) if today + n * ONE != day]
    assert set(later) == {world.users["duty"], world.users["guard2"]}
    assert found[today + 3 * ONE, 0] == [world.users["duty"]]
    assert len(found) == 10
    await end(browser, roster)


async def test_another_name_alone_moves_nobody(browser: Browser, world: World, dsns: Dsns) -> None:
    roster = await filled(browser, world)
    before = await standing(dsns, roster)
    await owner(dsns, "UPDATE roster SET starts_on = starts_on - 6 WHERE id = $1", roster)
    renamed = form(world, starts_on=(clock.today() - 6 * ONE).isoformat())
    assert (await browser("manager").post(f"/duty/{roster}/edit", data=renamed)).status_code == 303
    assert await standing(dsns, roster) == before
    await end(browser, roster)


async def test_a_bad_form_comes_back_with_everything(browser: Browser, world: World) -> None:
    wrong = form(world, name="", shift_end=["25:00", ""])
    answer = await browser("manager").post("/duty", data=wrong)
    page = unescape(answer.text)
    assert answer.status_code == 422
    for part in ('id="name-error"', 'id="shifts-error"', 'value="白班"', 'value="25:00"', 'value="2"'):
        assert part in page, part
    twin = form(world)
    await browser("manager").post("/duty", data=twin)
    assert "already" in (await browser("manager").post("/duty", data=twin)).text


async def test_the_pages_of_each_role_in_both_languages(browser: Browser, world: World) -> None:
    roster = await filled(browser, world)
    for who in ("guard", "crew", "manager", "principal"):
        for path in ("/duty", f"/duty/{roster}", f"/duty/{roster}/print", "/me/feed"):
            for language in ("zh-CN", "en"):
                answer = await browser(who, language=language).get(path)
                assert answer.status_code == 200, (who, path)
    for who in ("guard", "principal"):
        for path in ("/duty/new", f"/duty/{roster}/edit"):
            assert (await browser(who).get(path)).status_code == 403
    assert (await browser("manager").get(f"/duty/{roster}/edit")).status_code == 200
    assert (await browser("neighbour").get(f"/duty/{roster}")).status_code == 404
    assert (await browser("neighbour_manager").get(f"/duty/{roster}/edit")).status_code == 404
    for who in ("district", "city", "inspector"):
        assert (await browser(who).get("/duty")).status_code == 403
    printed = (await browser("guard", language="zh-CN").get(f"/duty/{roster}/print?from=2026-01-01&to=2025-01-01")).text
    assert "值班表" in printed
    await end(browser, roster)
    assert (await browser("manager").get(f"/duty/{roster}/edit")).status_code == 404
