"""The whole life of a finding on phones: found, assigned, mended, accepted, and closed by the next visit's answer."""

from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import LANGUAGES, NAMES, Open, words_of
from tests.browser.eyes import flawless
from tests.browser.serving import City

KIND = "playground"


async def answer(page: Page, bad: int) -> None:
    items = page.locator("fieldset[data-required]")
    for number in range(await items.count()):
        await items.nth(number).locator(".seg label.bad" if number == bad else ".seg label.ok").click()


async def finds(phone: Open, code: str, words: str, picture: Path, language: str, scripts: bool) -> None:
    _ = words_of(language)
    page = await phone("patrol", language, java_script_enabled=scripts)
    await page.goto(f"/p/{code}")
    await answer(page, 0)
    item = page.locator("fieldset[data-required]").first
    await item.locator("input[type=file][capture]").first.set_input_files(picture)
    await item.get_by_label(_("What is wrong"), exact=True).fill(words)
    await page.get_by_role("button", name=_("Submit")).click()
    await page.wait_for_url("**/visits/*")


async def does(page: Page, finding: UUID, verb: str, fields: dict[str, str], scripts: bool) -> None:
    """Presses the verb's button on the finding's page and fills in its form."""
    await page.goto(f"/findings/{finding}")
    await page.locator(f"main a[href$='/do/{verb}']").first.click()
    for name, text in fields.items():
        if name == "grade":
            await page.locator(f"#do [name={name}][value={text}]").check()
        elif name == "assignee":
            await page.locator(f"#do [name={name}]").select_option(index=1)
        else:
            await page.locator(f"#do [name={name}]").fill(text)
    if scripts:
        await flawless(page)
    await page.locator("#do button:not([type=button])").last.click()
    await page.wait_for_url(f"**/findings/{finding}?done=saved")


@pytest.mark.parametrize(("language", "scripts"), [(LANGUAGES[0], True), (LANGUAGES[1], True), (LANGUAGES[0], False)])
async def test_from_report_to_closing(phone: Open, city: City, picture: Path, language: str, scripts: bool) -> None:
    _ = words_of(language)
    name = f"回路 {NAMES[language]} {'有脚本' if scripts else '无脚本'}"
    code = city.point(KIND, name)
    await finds(phone, code, f"护栏松动 {name}", picture, language, scripts)
    finding = city.value("SELECT f.id FROM finding f JOIN point p ON p.id = f.point WHERE p.name = $1", name)
    assert isinstance(finding, UUID)
    today = city.value("SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date")
    assert isinstance(today, date)
    deadline = (today + timedelta(days=4)).isoformat()

    manager = await phone("manager", language, java_script_enabled=scripts)
    five = {"grade": "general", "assignee": "", "measures": "加固护栏", "funds": "80", "deadline": deadline}
    await does(manager, finding, "assign", {**five, "contingency": "围挡并设警示"}, scripts)
    hand = "UPDATE finding SET assigned_to = (SELECT id FROM app_user WHERE username = 'sj-houqin') WHERE id = $1"
    city.rows(hand, finding)

    crew = await phone("crew", language, java_script_enabled=scripts)
    await crew.goto("/tickets")
    await expect(crew.get_by_role("main")).to_contain_text(name)
    await crew.goto(f"/findings/{finding}/do/mend")
    await crew.locator("#do [name=words]").fill("已焊接加固")
    await crew.locator("#do input[type=file]").first.set_input_files(picture)
    if scripts:
        await expect(crew.locator("#do [data-photo-list] img").first).to_be_visible()
        await flawless(crew)
    await crew.locator("#do button:not([type=button])").last.click()
    await crew.wait_for_url("**/findings/*?done=saved")

    await manager.goto(f"/findings/{finding}")
    if scripts:
        await flawless(manager)
    await does(manager, finding, "accept", {}, scripts)
    await expect(manager.locator(".timeline")).to_contain_text("已焊接加固")
    assert await manager.locator(".pair img").count() == 2

    other = await phone("principal", language, java_script_enabled=scripts)
    await other.goto(f"/p/{code}")
    await answer(other, -1)
    await other.get_by_text(_("Yes, it is mended"), exact=True).click()
    await other.get_by_role("button", name=_("Submit")).click()
    await other.wait_for_url("**/visits/*")
    assert city.value("SELECT state FROM finding WHERE id = $1", finding) == "closed"
    await manager.goto(f"/findings/{finding}")
    await expect(manager.get_by_role("main")).to_contain_text(_("Closed"))


async def test_a_page_that_is_open_shows_what_others_do(phone: Open, city: City) -> None:
    finding = city.value(
        "SELECT id FROM finding WHERE state NOT IN ('closed', 'delisted', 'rejected_report', 'merged') LIMIT 1"
    )
    manager = await phone("manager")
    await manager.goto(f"/findings/{finding}")
    await expect(manager.locator("[data-follow][data-live]")).to_have_count(1)
    other = await phone("principal")
    await other.goto(f"/findings/{finding}/do/note")
    await other.locator("#do [name=words]").fill("校长看过现场")
    await other.locator("#do button:not([type=button])").last.click()
    await other.wait_for_url("**/findings/*?done=saved")
    await expect(manager.locator(".timeline")).to_contain_text("校长看过现场", timeout=20_000)
    await expect(manager.locator("[data-follow-said]")).to_be_visible()
