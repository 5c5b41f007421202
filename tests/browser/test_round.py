"""A round on a phone: from the page of today over its stops to the end; without scripts; without the server."""

import asyncio
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from playwright.async_api import Page, expect

from backend.row import uuid7
from tests.browser.conftest import LANGUAGES, NAMES, Open, words_of
from tests.browser.eyes import flawless
from tests.browser.serving import PEOPLE, City, Server
from tests.browser.test_offline import until
from tests.browser.test_patrol import NARROW, TOO_SMALL
from tests.browser.thumb import PRIMARY, Thumb

MOST = 30 * 1024
ROUND = """
INSERT INTO round (id, school, route, day, name, name_en, slot, slot_en, ordering, opens_at, closes_at, late_until,
  users, stops)
VALUES ($1, $2, $3, (now() AT TIME ZONE 'Asia/Shanghai')::date, $4, $4, '早', 'early', $5, now() - interval '1 hour',
  now() + interval '1 hour', now() + interval '2 hours', ARRAY[$6::uuid], $7)
"""
STOPS = """
INSERT INTO stop (id, school, round, route, point, kind, area, position, day, opens_at, closes_at, late_until,
  challenge)
SELECT gen_random_uuid(), r.school, r.id, r.route, (x->>'point')::uuid, 'playground', 'building', (x->>'n')::int, r.day,
  r.opens_at, r.closes_at, r.late_until, CASE WHEN x->>'n' = '1' THEN $3 ELSE '' END
FROM jsonb_array_elements($2::jsonb) x, round r WHERE r.id = $1
"""


def make_round(city: City, name: str, n: int = 3, *, ordering: str = "ordered", challenge: str = "") -> UUID:
    """A running round of the demo's guard over `n` new points; each has a label."""
    who = city.value("SELECT id FROM app_user WHERE username = $1", PEOPLE["patrol"])
    school = city.value('SELECT body FROM member WHERE "user" = $1', who)
    route, made = uuid7(), uuid7()
    points = [{"n": at, "point": str(point(city, f"{name} {at}"))} for at in range(1, n + 1)]
    city.rows(
        """INSERT INTO route (id, school, name, post, starts_on, opened_until)
           VALUES ($1, $2, $3, 'guard', current_date, now())""",
        *(route, school, name),
    )
    city.rows(ROUND, made, school, route, name, ordering, who, n)
    city.rows(STOPS, made, json.dumps(points), challenge)
    return made


def point(city: City, name: str) -> UUID:
    code = city.point("playground", name)
    found = city.value("SELECT point FROM label WHERE code = $1", code)
    assert isinstance(found, UUID)
    return found


def states(city: City, made: UUID) -> list[str]:
    return [row["state"] for row in city.rows("SELECT state FROM stop WHERE round = $1 ORDER BY position", made)]


async def become(city: City, made: UUID, wanted: list[str]) -> None:
    for _ in range(200):
        if states(city, made) == wanted:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(states(city, made))


async def awake(page: Page) -> None:
    """A phone that never kept anything loads the rest of its scripts with the first touch."""
    await page.get_by_role("heading", level=1).tap()
    await page.wait_for_selector("[data-round][data-live]")


async def answer_all_well(page: Page, thumb: Thumb) -> None:
    """Opened from the list: the reason is asked first."""
    await page.wait_for_selector("form[data-ready]")
    if await page.locator("select[name=how_reason]").count():
        await page.locator("select[name=how_reason]").select_option("missing")
    for item in await page.locator("fieldset[data-required]").all():
        if await item.locator(".seg label.ok").count():
            await thumb.tap(item.locator(".seg label.ok"))
        else:
            await item.locator("label.cannot:not(.bad)").tap()
            await item.locator(".why input").fill("没带尺")
    await thumb.tap(page.locator("button[form=visit]"))


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_round_from_today_to_its_end(phone: Open, city: City, language: str) -> None:
    _ = words_of(language)
    name = f"晨巡 {NAMES[language]}"
    made = make_round(city, name, 3)
    page = await phone("patrol", language)
    thumb = Thumb(page)
    await page.goto("/today")
    await flawless(page)
    await thumb.tap(page.locator(f'a[href="/rounds/{made}"]'), PRIMARY)
    await awake(page)
    await flawless(page)
    await expect(page.locator("[data-round-count]")).to_have_text("0/3")
    await expect(page.locator("[data-round-next] h2")).to_have_text(f"{name} 1")
    await thumb.tap(page.locator("[data-round-open]"), PRIMARY)
    await answer_all_well(page, thumb)
    await page.wait_for_url("**/visits/*")
    await become(city, made, ["kept", "due", "due"])
    await flawless(page)
    await thumb.tap(page.get_by_role("link", name=f"{name} 2"))
    await expect(page.get_by_role("heading", level=1)).to_have_text(f"{name} 2")
    await thumb.tap(page.get_by_role("link", name=_("Locked door, or cannot get there?")))
    form = page.locator("form[data-round-verb=unreachable][data-ready]")
    await expect(form.locator("select")).to_have_value(str(stop_at(city, made, 2)))
    await thumb.tap(form.get_by_text(_("The door is locked")))
    await form.locator("textarea").fill("钥匙在后勤")
    await flawless(page)
    await thumb.tap(form.locator("button"), PRIMARY)
    await become(city, made, ["kept", "unreachable", "due"])
    await expect(page.locator("[data-round-next] h2")).to_have_text(f"{name} 3")
    await page.wait_for_selector("[data-round][data-live]")
    await page.locator("#finish > summary").tap()
    finish = page.locator("form[data-round-verb=finish][data-ready]")
    await thumb.tap(finish.locator("button"), PRIMARY)
    await expect(finish.locator("[data-form-error]")).to_have_text(_("Please fill this in."))
    await thumb.tap(finish.get_by_text(_("Taken ill")))
    await finish.locator("textarea").fill("去了医务室")
    await thumb.tap(finish.locator("button"), PRIMARY)
    await expect(page.get_by_role("main")).to_contain_text(_("Finished early"))
    await flawless(page)
    why = city.value("SELECT finish_why FROM round WHERE id = $1", made)
    assert why == f"{_('Taken ill')}；去了医务室"
    words = city.value("SELECT why FROM stop WHERE round = $1 AND state = 'unreachable'", made)
    assert words == f"{_('The door is locked')}；钥匙在后勤"


def stop_at(city: City, made: UUID, position: int) -> object:
    return city.value("SELECT id FROM stop WHERE round = $1 AND position = $2", made, position)


async def test_a_round_without_scripts(phone: Open, city: City, picture: Path) -> None:
    made = make_round(city, "无脚本轮次", 2, challenge="post_base")
    page = await phone("patrol", java_script_enabled=False)
    await page.goto("/today")
    await page.locator(f'a[href="/rounds/{made}"]').tap()
    await expect(page.locator("[data-round-count]")).to_have_text("0/2")
    await page.locator("[data-round-open]").tap()
    await expect(page.get_by_role("main")).to_contain_text("请拍一张：篮球架底座")
    await page.locator("select[name=how_reason]").select_option("damaged")
    for item in await page.locator("fieldset[data-required]").all():
        await item.locator("label.cannot:not(.bad)").tap()
        await item.locator(".why input").fill("天黑")
    await page.locator("input[name=challenge]").set_input_files(picture)
    await page.get_by_role("button", name="提交").tap()
    await page.wait_for_url("**/visits/*")
    assert states(city, made) == ["kept", "due"]
    visit = page.url.rsplit("/", 1)[1]
    assert city.value("SELECT role FROM photo WHERE visit = $1 AND state = 'kept'", UUID(visit)) == "challenge"
    assert city.value("SELECT kind FROM label_trouble WHERE visit = $1", UUID(visit)) == "damaged"
    await (
        page.get_by_role("link", name="无脚本轮次：还剩 1 点")
        .or_(page.locator(f'a[href="/rounds/{made}"]'))
        .first.tap()
    )
    await page.locator("#cannot > summary").tap()
    form = page.locator("form[data-round-verb=unreachable]")
    await form.get_by_role("button").tap()
    await expect(page.get_by_role("alert").first).to_be_visible()
    await page.locator("form[data-round-verb=unreachable]").get_by_text("路不通").tap()
    await form.locator("textarea").fill("东门在修路")
    await page.locator("form[data-round-verb=unreachable]").get_by_role("button").tap()
    await expect(page.get_by_role("main")).to_contain_text("本轮已完成")
    assert states(city, made) == ["kept", "unreachable"]


@pytest.fixture
def mortal(city: City) -> Iterator[Server]:
    server = Server(city.environment)
    server.start()
    yield server
    server.stop()


async def test_a_round_without_the_server(phone: Open, city: City, mortal: Server) -> None:
    made = make_round(city, "地下室轮次", 3)
    page = await phone("patrol", url=mortal.url, service_workers="allow")
    thumb = Thumb(page)
    await page.goto(f"/rounds/{made}")
    await until(page, "navigator.serviceWorker.controller !== null")
    await page.reload()
    await page.wait_for_selector("[data-keep-tickets][data-kept]", state="attached")
    for at in (1, 2, 3):
        found = city.rows(
            """SELECT s.point, l.code FROM stop s JOIN label l ON l.point = s.point
               WHERE s.round = $1 AND s.position = $2""",
            *(made, at),
        )[0]
        await until(page, f"caches.match('/points/{found['point']}/visit').then(Boolean)")
        await until(page, f"caches.match('/p/{found['code']}').then(Boolean)")
    mortal.stop()
    await page.goto(f"/rounds/{made}")
    await page.wait_for_selector("[data-round][data-live]")
    await thumb.tap(page.locator("[data-round-open]"), PRIMARY)
    await answer_all_well(page, thumb)
    await page.wait_for_url("**/saved*")
    await expect(page.locator("[data-saved-next] a")).to_contain_text("地下室轮次 2")
    await thumb.tap(page.locator("[data-saved-round] a"), PRIMARY)
    await expect(page.locator("[data-round-count]")).to_have_text("1/3")
    await expect(page.locator("[data-here] [data-stop]")).to_have_count(1)
    await expect(page.locator("[data-round-next] h2")).to_have_text("地下室轮次 2")
    await thumb.tap(page.locator("[data-open-part=cannot]"), PRIMARY)
    form = page.locator("form[data-round-verb=unreachable][data-ready]")
    await thumb.tap(form.get_by_text("门锁着"))
    await form.locator("textarea").fill("钥匙在后勤")
    await thumb.tap(form.locator("button"), PRIMARY)
    await expect(page.locator("[data-here] [data-stop]")).to_have_count(2)
    await expect(page.locator("[data-round-next] h2")).to_have_text("地下室轮次 3")
    await page.goto("/unsent")
    await expect(page.locator("[data-outbox-list]")).to_contain_text("到不了")
    await expect(page.locator("[data-outbox-list] article")).to_have_count(2)
    assert states(city, made) == ["due", "due", "due"]
    mortal.start()
    await page.goto(f"/rounds/{made}")
    await become(city, made, ["kept", "unreachable", "due"])
    await expect(page.locator("[data-unsent]")).to_be_hidden(timeout=30_000)
    events = city.rows("SELECT verb, at FROM round_event WHERE round = $1 AND verb = 'unreachable'", made)
    assert len(events) == 1
    assert datetime.now(events[0]["at"].tzinfo) - events[0]["at"] < timedelta(minutes=10)


async def test_every_target_is_large_enough(phone: Open, city: City) -> None:
    made = make_round(city, "够大的按钮轮次", 4)
    page = await phone("patrol", viewport=NARROW)
    await page.goto(f"/rounds/{made}")
    await page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true })")
    looked_at, small = await page.evaluate(TOO_SMALL)
    assert small == []
    assert looked_at >= 20


async def test_a_round_page_is_light(phone: Open, city: City) -> None:
    made = make_round(city, "轻的轮次", 12)
    page = await phone("patrol")
    session = await page.context.new_cdp_session(page)
    await session.send("Network.enable")
    sizes: list[int] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    await page.goto(f"/rounds/{made}")
    await page.wait_for_load_state("networkidle")
    await page.wait_for_timeout(1000)
    assert sum(sizes) <= MOST, sizes
