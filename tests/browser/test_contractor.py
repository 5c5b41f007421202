"""Raised by hand, then mended by a contractor from a link: on phones, in both languages, without scripts too."""

from pathlib import Path
from uuid import UUID

import pytest
from playwright.async_api import expect

from tests.browser.conftest import NAMES, Open, words_of
from tests.browser.eyes import flawless
from tests.browser.serving import City

ASSIGNED = """
UPDATE finding SET state = 'assigned', area = 'building', grade = 'general', measures = '更换扶手', funds = 0,
  deadline = current_date + 5, contingency = '围挡', assigned_at = now(),
  assigned_to = (SELECT id FROM app_user WHERE username = 'sj-houqin') WHERE id = $1
"""


@pytest.mark.parametrize(("language", "scripts"), [("zh-CN", True), ("en", True), ("zh-CN", False)])
async def test_raised_by_hand_and_mended_from_a_link(
    phone: Open, city: City, picture: Path, language: str, scripts: bool
) -> None:
    _ = words_of(language)
    name = f"外包点 {NAMES[language]}{scripts:d}"
    city.point("playground", name)
    point = city.value("SELECT id FROM point WHERE name = $1", name)
    guard = await phone("patrol", language, java_script_enabled=scripts)
    await guard.goto(f"/findings/new?q={name}")
    if scripts:
        await flawless(guard)
    await guard.locator(f"main a[href$='{point}']").click()
    await guard.locator("input[type=file][name=photo]").first.set_input_files(picture)
    await guard.get_by_label(_("What is wrong?")).fill("扶手断了")
    await guard.get_by_label(_("No, it is still so")).check()
    if scripts:
        await flawless(guard)
    await guard.get_by_role("button", name=_("Raise it")).click()
    await guard.wait_for_url("**/findings/*?done=created")
    finding = UUID(guard.url.split("/findings/")[1].split("?")[0])
    city.rows(ASSIGNED, finding)

    crew = await phone("crew", language, java_script_enabled=scripts)
    await crew.goto(f"/findings/{finding}/links")
    await crew.get_by_label(_("Name"), exact=True).fill("马师傅")
    if scripts:
        await flawless(crew)
    await crew.get_by_role("button", name=_("Make the link")).click()
    link = await crew.locator("#link").input_value()
    await expect(crew.locator("article.label svg")).to_be_visible()
    if scripts:
        await flawless(crew)

    page = await phone(language=language, java_script_enabled=scripts)
    await page.goto("/c/" + link.rsplit("/c/", 1)[1])
    await expect(page.get_by_role("main")).to_contain_text("更换扶手")
    if scripts:
        await flawless(page)
    mending = page.locator("#work-mend")
    await mending.locator("input[type=file]").first.set_input_files(picture)
    if scripts:
        await expect(mending.locator("[data-photo-list] img").first).to_be_visible()
    await mending.locator("textarea").fill("换了新扶手")
    await mending.get_by_role("button", name=_("It is mended")).click()
    await page.wait_for_url("**/c/*?done=saved")
    await expect(page.get_by_role("main")).to_contain_text("换了新扶手")
    assert city.value("SELECT state FROM finding WHERE id = $1", finding) == "submitted"

    await crew.goto(f"/findings/{finding}/links")
    await crew.locator("main .fold summary").first.click()
    await expect(crew.get_by_role("main")).to_contain_text(_("said to be mended"))
    await crew.get_by_role("button", name=_("Withdraw the link")).click()
    await crew.wait_for_url("**/links?done=ended")
    answer = await page.goto(page.url)
    assert answer is not None
    assert answer.status == 410
