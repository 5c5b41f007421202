"""The crew's phone: from my tickets to "mended" with a photo, with a connection, without one, and without scripts."""

import asyncio
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from playwright.async_api import Page, expect

from backend.row import uuid7
from tests.browser.conftest import FLAGS, LANGUAGES, NAMES, Open, words_of
from tests.browser.eyes import flawless
from tests.browser.serving import PEOPLE, City, Server
from tests.browser.test_patrol import NARROW, TOO_SMALL
from tests.browser.thumb import PRIMARY, Thumb

FAKE_CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]


def ticket(city: City, title: str, *, state: str = "assigned", grade: str = "general", days: int = 5) -> UUID:
    """A finding at a pinned point of the demo's school that the crew has to mend, with a photo of the problem."""
    finding, number = uuid7(), f"T{len(city.numbers) + 1:03}"
    city.numbers.append(len(city.numbers) + 1)
    who = [city.value("SELECT id FROM app_user WHERE username = $1", PEOPLE[name]) for name in ("crew", "manager")]
    point = city.rows("SELECT id, school FROM point WHERE pin_x IS NOT NULL ORDER BY number LIMIT 1")[0]
    today = city.value("SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date")
    assert isinstance(today, date)
    city.rows(
        """INSERT INTO finding (id, school, number, point, area, source, state, grade, grade_proposed, severity, title,
             words, found_at, assigned_to, assigned_at, measures, deadline, contingency, funds, found_by)
           VALUES ($1, $2, $3, $4, 'fire', 'patrol', $5, $6, $6, 'general', $7, $7, now() - interval '3 hours', $8,
             now(), '打开检修阀，查泵房出口压力', $9, '改用东侧消火栓', 300, $10)""",
        *(
            finding,
            point["school"],
            number,
            point["id"],
            state,
            grade,
            title,
            who[0],
            today + timedelta(days=days),
            who[1],
        ),
    )
    city.rows(
        """INSERT INTO finding_event (id, school, finding, verb, before, after, at, "by")
           VALUES ($1, $2, $3, 'assign', 'graded', $4, now(), $5)""",
        *(uuid7(), point["school"], finding, state, who[1]),
    )
    city.rows(
        """INSERT INTO photo (school, sha256, stored_sha256, state, role, "by", finding, bytes, width, height)
           SELECT school, sha256, stored_sha256, 'kept', 'problem', $2, $1, bytes, width, height FROM photo
           WHERE state = 'kept' LIMIT 1""",
        *(finding, who[1]),
    )
    return finding


def told(city: City, finding: UUID) -> list[str]:
    return [row["verb"] for row in city.rows("SELECT verb FROM finding_event WHERE finding = $1 ORDER BY at", finding)]


def photos(city: City, finding: UUID, role: str) -> object:
    return city.value(
        "SELECT count(*) FROM photo WHERE finding = $1 AND role = $2 AND state = 'kept' AND event IS NOT NULL",
        *(finding, role),
    )


def awaited(city: City, finding: UUID) -> object:
    return city.value("SELECT count(*) FROM photo WHERE finding = $1 AND state = 'awaited'", finding)


async def is_over(city: City, finding: UUID, count: int) -> None:
    """Until the server has as many events of the finding and waits for no photo of it."""
    for _ in range(200):
        if len(told(city, finding)) >= count and not awaited(city, finding):  # in this order
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{told(city, finding)}, awaited {awaited(city, finding)}")


async def is_ready(page: Page) -> None:
    await page.wait_for_selector("#form-note[data-ready]", state="attached")
    await page.wait_for_selector("[data-ticket-page][data-live]")


async def mend(page: Page, thumb: Thumb, picture: Path, words: str) -> None:
    await thumb.tap(page.locator("[data-act-bar=mend]"), PRIMARY)
    form = page.locator("#form-mend")
    await form.locator("input[type=file]").first.set_input_files(picture)
    await expect(form.locator("[data-photo-list] img")).to_be_visible()
    await form.locator("textarea").fill(words)
    await thumb.tap(form.locator("button.send"), PRIMARY)


async def make_safe(page: Page, thumb: Thumb, picture: Path, words: str) -> None:
    await thumb.tap(page.locator("#act-make_safe > summary"))
    form = page.locator("#form-make_safe")
    await form.locator("input[type=file]").first.set_input_files(picture)
    await expect(form.locator("[data-photo-list] img")).to_be_visible()
    await form.locator("textarea").fill(words)
    await thumb.tap(form.locator("button.send"), PRIMARY)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_start_made_safe_mended(phone: Open, city: City, picture: Path, language: str) -> None:
    _ = words_of(language)
    title = f"消火栓无水压 {NAMES[language]}"
    finding = ticket(city, title)
    page = await phone("crew", language)
    thumb = Thumb(page)
    await page.goto("/tickets")
    await expect(page.get_by_role("heading", level=1)).to_contain_text(_("My tickets"))
    await flawless(page)
    await page.get_by_role("link", name=title).tap()
    await is_ready(page)
    await flawless(page)
    await thumb.tap(page.locator("[data-act-bar=start]"), PRIMARY)
    await is_over(city, finding, 2)
    await expect(page.locator("[data-act-bar=start]")).to_have_count(0)
    await is_ready(page)
    await make_safe(page, thumb, picture, "已围挡并挂牌")
    await is_over(city, finding, 3)
    await expect(page.get_by_role("main")).to_contain_text("已围挡并挂牌")
    await expect(page.get_by_role("img", name=_("Photo"), exact=True)).to_be_visible()  # renewed when it has arrived
    await is_ready(page)
    await mend(page, thumb, picture, "更换阀芯，水压恢复")
    await is_over(city, finding, 4)
    await expect(page.locator("[data-act-bar]")).to_have_count(0)
    await expect(page.get_by_role("main")).to_contain_text("更换阀芯，水压恢复")
    await flawless(page)
    assert told(city, finding) == ["assign", "start", "make_safe", "mend"]
    assert (photos(city, finding, "evidence"), photos(city, finding, "after")) == (1, 1)
    await page.goto("/tickets?show=submitted")
    await expect(page.get_by_role("link", name=title)).to_be_visible()


async def test_every_target_is_large_enough(phone: Open, city: City) -> None:
    """Also what unfolds: each form is opened."""
    finding = ticket(city, "够大的按钮", state="rectifying")
    page = await phone("crew", viewport=NARROW)
    for address, least in (("/tickets", 10), (f"/findings/{finding}", 40)):
        await page.goto(address)
        await page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true })")
        looked_at, small = await page.evaluate(TOO_SMALL)
        assert small == []
        assert looked_at >= least


async def test_what_is_missing_is_said_and_nothing_is_lost(phone: Open, city: City) -> None:
    finding = ticket(city, "缺照片", state="rectifying")
    page = await phone("crew")
    await page.goto(f"/findings/{finding}")
    await is_ready(page)
    await page.locator("[data-act-bar=mend]").tap()
    await page.locator("#form-mend textarea").fill("修好了，照片稍后")
    await page.locator("#form-mend button.send").tap()
    await expect(page.locator("#form-mend [data-form-error]")).to_have_text("请添加照片。")
    await page.wait_for_timeout(300)
    await page.reload()  # as after the camera's own application
    await is_ready(page)
    await expect(page.locator("#form-mend textarea")).to_have_value("修好了，照片稍后")
    assert told(city, finding) == ["assign"]


@pytest.fixture
def mortal(city: City) -> Iterator[Server]:
    """A second server on the same database, for tests that end it."""
    server = Server(city.environment)
    server.start()
    yield server
    server.stop()


async def until(page: Page, truth: str) -> None:
    for _ in range(150):
        if await page.evaluate(truth):
            return
        await asyncio.sleep(0.1)
    raise AssertionError(truth)


async def test_a_whole_repair_without_the_server_arrives_once(
    phone: Open, city: City, mortal: Server, picture: Path
) -> None:
    """Only the list was opened: the ticket and its photo were fetched with it. Everything goes off in its order."""
    finding = ticket(city, "地下室水泵渗漏", grade="major")
    page = await phone("crew", url=mortal.url, service_workers="allow")
    thumb = Thumb(page)
    await page.goto("/tickets")
    await until(page, "navigator.serviceWorker.controller !== null")
    await page.reload()
    await until(page, "caches.match('/tickets').then(Boolean)")
    await until(page, f"caches.match('/findings/{finding}').then(Boolean)")
    photo = city.value("SELECT stored_sha256 FROM photo WHERE finding = $1", finding)
    await until(page, f"caches.match('/photos/{photo}?size=640').then(Boolean)")
    mortal.stop()
    await page.goto("/tickets")
    await page.get_by_role("link", name="地下室水泵渗漏").tap()
    await is_ready(page)
    before = page.locator("figure.before img").first
    assert await before.evaluate("async image => { await image.decode(); return image.naturalWidth }") > 0
    await expect(page.locator("[data-act-bar=start]")).to_be_hidden()  # safe first
    await thumb.tap(page.locator("[data-act-bar=make_safe]"), PRIMARY)
    await page.locator("#form-make_safe input[type=file]").first.set_input_files(picture)
    await expect(page.locator("#form-make_safe [data-photo-list] img")).to_be_visible()
    await page.locator("#form-make_safe textarea").fill("断电挂牌，专人值守")
    await thumb.tap(page.locator("#form-make_safe button.send"), PRIMARY)
    await expect(page.locator("[data-ticket-unsent]")).to_contain_text("已存在本机，尚未上传")
    await thumb.tap(page.locator("[data-act-bar=start]"), PRIMARY)
    await expect(page.locator("[data-ticket-rows] li")).to_have_count(2)
    await mend(page, thumb, picture, "更换轴封")
    await expect(page.locator("[data-ticket-rows] li")).to_have_count(3)
    await expect(page.locator("[data-act-bar]:visible")).to_have_count(0)
    await page.goto(f"/findings/{finding}")  # still said after the page was left
    await expect(page.locator("[data-ticket-rows] li")).to_have_count(3)
    assert told(city, finding) == ["assign"]
    mortal.start()
    await page.goto("/tickets")
    await expect(page.locator("[data-unsent]")).to_be_hidden(timeout=30_000)
    await is_over(city, finding, 4)
    await page.goto(f"/findings/{finding}")
    await expect(page.locator("[data-ticket-unsent]")).to_be_hidden()
    assert sorted(told(city, finding)) == ["assign", "make_safe", "mend", "start"]
    assert city.value("SELECT state FROM finding WHERE id = $1", finding) == "submitted"
    assert photos(city, finding, "after") == 1


async def test_what_the_server_refuses_stays_on_the_phone_with_its_words(
    phone: Open, city: City, mortal: Server
) -> None:
    finding = ticket(city, "被转走的工单")
    page = await phone("crew", url=mortal.url, service_workers="allow")
    await page.goto(f"/findings/{finding}")
    await until(page, "navigator.serviceWorker.controller !== null")
    await page.reload()
    await until(page, f"caches.match('/findings/{finding}').then(Boolean)")
    await is_ready(page)
    mortal.stop()
    await page.locator("[data-act-bar=start]").tap()
    await expect(page.locator("[data-ticket-rows] li")).to_have_count(1)
    city.rows(
        "UPDATE finding SET assigned_to = (SELECT id FROM app_user WHERE username = $2) WHERE id = $1",
        *(finding, PEOPLE["manager"]),
    )
    mortal.start()
    await page.goto("/unsent")
    row = page.locator("[data-outbox-list] article")
    await expect(row).to_contain_text("被转走的工单", timeout=30_000)
    await expect(row).to_have_attribute("data-state", "attention", timeout=30_000)
    async with page.expect_download() as download:
        await row.locator("[data-row-save]").tap()
    assert '"verb\\":\\"start' in (await (await download.value).path()).read_text()
    assert told(city, finding) == ["assign"]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_without_scripts(phone: Open, city: City, picture: Path, language: str) -> None:
    finding = ticket(city, f"无脚本的工单 {NAMES[language]}")
    page = await phone("crew", language, java_script_enabled=False)
    await page.goto("/tickets")
    await page.get_by_role("link", name=f"无脚本的工单 {NAMES[language]}").tap()
    await page.locator("[data-act-bar=start]").tap()
    await page.wait_for_url("**/findings/*?done=saved")
    await page.locator("#act-note > summary").tap()
    await page.locator("#form-note textarea").fill("已订料")
    await page.locator("#form-note button.send").tap()
    await expect(page.get_by_role("main")).to_contain_text("已订料")
    await page.locator("[data-act-bar=mend]").tap()
    await page.wait_for_url("**/do/mend")
    await page.locator("textarea[name=words]").fill("修好了")
    await page.locator("main form button.btn").last.tap()
    await expect(page.locator("textarea[name=words]")).to_have_value("修好了")
    await page.locator("input[type=file]").first.set_input_files(picture)
    await page.locator("main form button.btn").last.tap()
    await page.wait_for_url("**/findings/*?done=saved")
    assert told(city, finding) == ["assign", "start", "note", "mend"]
    assert photos(city, finding, "after") == 1


async def test_the_plan_and_the_label(phone: Open, city: City) -> None:
    ticket(city, "图上的工单", days=-2)
    page = await phone("crew")
    await page.goto("/tickets/plan")
    await expect(page.locator("svg a.pin").first).to_be_visible()
    await flawless(page)
    code = city.value(
        """SELECT code FROM label WHERE revoked_at IS NULL AND point =
           (SELECT id FROM point WHERE pin_x IS NOT NULL ORDER BY number LIMIT 1) LIMIT 1"""
    )
    await page.goto(f"/p/{code}")
    card = page.locator("section.card", has=page.get_by_role("link", name="图上的工单"))
    await expect(card).to_contain_text("逾期")
    await flawless(page)
    await card.locator("a.btn").tap()
    await is_ready(page)


async def test_the_photo_after_is_framed_by_the_one_before(
    phone: Open, city: City, playwright: object, site: Server, ask: object
) -> None:
    """With a camera (a pretended one): the ghost lies over the picture, and the frame is kept."""
    finding = ticket(city, "对齐拍照", state="rectifying")
    browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=[*FLAGS, *FAKE_CAMERA])  # type: ignore[attr-defined]
    try:
        context = await browser.new_context(
            base_url=site.url, viewport={"width": 390, "height": 844}, locale="zh-CN", permissions=["camera"]
        )
        cookies = ask("crew").cookies.items()  # type: ignore[operator]
        await context.add_cookies([{"name": name, "value": value, "url": site.url} for name, value in cookies])
        page = await context.new_page()
        await page.goto(f"/findings/{finding}")
        await is_ready(page)
        await page.locator("[data-act-bar=mend]").click()
        await page.locator("#form-mend [data-ghost]").click()
        await page.wait_for_selector("dialog.ghost[data-live]")
        await page.locator("[data-ghost-strength]").fill("70")
        assert await page.locator("[data-ghost-before]").evaluate("image => image.style.opacity") == "0.7"
        await page.locator("[data-ghost-shoot]").click()
        await page.locator("[data-ghost-again]").click()
        await page.locator("[data-ghost-shoot]").click()
        await page.locator("[data-ghost-use]").click()
        await expect(page.locator("#form-mend [data-photo-list] img")).to_be_visible()
        await page.locator("#form-mend textarea").fill("对齐拍好了")
        await page.locator("#form-mend button.send").click()
        await is_over(city, finding, 2)
        assert photos(city, finding, "after") == 1
    finally:
        await browser.close()
