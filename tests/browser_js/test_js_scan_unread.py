"""The scanner that reads nothing for a while offers to type the code, and why it was typed goes with it."""

import pytest
from playwright.async_api import Page, expect

from tests.browser_js.fake_site import Site, markup

pytestmark = pytest.mark.browser
WHY = '<select name="why"><option value=""></option><option value="unread">x</option></select>'


async def test_after_a_while_without_a_read_the_code_can_be_typed(page: Page, site: Site) -> None:
    shown = markup("scan").replace(
        "</section>", "<button type=button data-scan-unread hidden>unread</button></section>"
    )
    shown = shown.replace("<section data-scanner", '<section data-patience="300" data-scanner')
    site.pages["/scan"] = shown.replace('<input name="code">', f'<input name="code">{WHY}')
    await page.goto("/scan")
    await page.wait_for_selector("[data-scanner][data-live]")
    offer = page.locator("[data-scan-unread]")
    await page.evaluate("document.querySelector('[data-scanner]').dataset.state = 'scan_refused'")
    await page.wait_for_timeout(500)
    await expect(offer).to_be_hidden()
    await page.evaluate("document.querySelector('[data-scanner]').dataset.state = 'scan_looking'")
    await page.evaluate("document.querySelector('[data-scanner]').dataset.state = 'scan_foreign'")
    await expect(offer).to_be_visible()
    await offer.click()
    assert await page.input_value("[name=why]") == "unread"
    await page.keyboard.type("7K3M 9QXF")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/p/7K3M9QXF?how=typed&why=unread")
