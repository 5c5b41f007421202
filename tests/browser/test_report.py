"""A stranger reports what he sees, with scripts and without, and finds out later what became of it."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.conftest import DESK, NAMES, Open, words_of
from tests.browser.eyes import flawless
from tests.browser.serving import City


@pytest.mark.parametrize(("language", "scripts"), [("zh-CN", True), ("zh-CN", False), ("en", True), ("en", False)])
async def test_a_stranger_reports(phone: Open, city: City, picture: Path, language: str, scripts: bool) -> None:
    _ = words_of(language)
    name, words = f"报告点 {NAMES[language]}{scripts:d}", f"安全出口被堵 {NAMES[language]}{scripts:d}"
    page = await phone(language=language, java_script_enabled=scripts)
    await page.goto(f"/p/{city.point('evacuation_route', name)}")
    await expect(page.get_by_role("heading", level=1)).to_have_text(_("Report a hazard"))
    await page.locator("input[type=file][name=photo]").first.set_input_files(picture)
    if scripts:
        await expect(page.locator("[data-photo-list] img").first).to_be_visible()
    await page.get_by_label(_("In a few words")).fill(words)
    await page.locator("label.tile").nth(1).tap()
    await page.get_by_role("button", name=_("Send the report")).tap()
    await page.wait_for_url("**/report/receipt/*")
    await expect(page.get_by_role("heading", level=1)).to_have_text(_("Your report has arrived. Thank you."))
    if scripts:
        await flawless(page)
    receipt = await page.locator(".figures").inner_text()
    await page.goto("/report")
    await page.get_by_label(_("Receipt (12 letters and digits)")).fill(receipt.lower())
    await page.get_by_role("button", name=_("Look"), exact=True).tap()
    await expect(page.get_by_role("main")).to_contain_text(name)
    manager = await phone("manager", language, viewport=DESK)
    await manager.goto(f"/findings?q={name}")
    await manager.get_by_role("region").get_by_role("link").first.click()
    await expect(manager.get_by_role("main")).to_contain_text(words)
    await expect(manager.locator("main img[src*='/photos/']").first).to_be_visible()


async def test_i_see_it_too(phone: Open, city: City) -> None:
    """The second who comes is offered the first report, without the words of the first."""
    code, secret = city.point("evacuation_route", "也看到了"), "只有学校能看的话"
    first = await phone()
    await first.goto(f"/report/{code}")
    await first.get_by_label("简单说明").or_(first.locator("#words")).first.fill(secret)
    await first.locator("label.tile").nth(1).tap()
    await first.get_by_role("button", name="提交").or_(first.locator("button[form=report]")).first.tap()
    await first.wait_for_url("**/report/receipt/*")
    second = await phone()
    await second.goto(f"/report/{code}")
    await expect(second.locator("body")).not_to_contain_text(secret)
    await second.locator("form[action$='/too'] button").first.tap()
    await second.wait_for_url("**/report/receipt/*")
    assert second.url != first.url
    assert city.value("SELECT count(*) FROM finding f JOIN point p ON p.id = f.point WHERE p.name = '也看到了'") == 1
