"""The service worker: a page once seen opens with the server dead, a visit saved there arrives later."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser_js.conftest import PHONE
from tests.browser_js.fake_site import FINDING, ITEM, Site

pytestmark = pytest.mark.browser
Open = Callable[[Page], Awaitable[None]]
A, B, _, _ = ITEM


@pytest.fixture
async def installed(browser: Browser, served: tuple[Site, str], site: Site) -> AsyncIterator[Page]:
    """A page under the control of an active worker."""
    site.pages["/today"] = "<h1>today</h1>"
    site.pages["/offline"] = "<!-- everybody --><h1>not on this phone</h1>"
    context = await browser.new_context(base_url=served[1], viewport=PHONE)
    context.set_default_timeout(10_000)
    page = await context.new_page()
    await page.goto("/today")
    await page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    yield page
    site.offline = False
    await context.close()


async def test_a_visit_with_the_server_dead(installed: Page, site: Site, open_visit: Open) -> None:
    page = installed
    await page.goto("/saved")
    await open_visit(page)
    await page.wait_for_timeout(300)
    site.offline = True
    await page.reload()
    await page.wait_for_selector("form[data-ready]")
    await page.check(f'[name="now.{FINDING}"][value=gone]')
    await page.check(f'[name="result.{A}"][value=ok]')
    await page.check(f'[name="result.{B}"][value=ok]')
    await page.click("#save")
    await expect(page.locator(".saved h1")).to_have_text("Saved on this phone")
    await page.reload()
    await expect(page.locator(".saved h1")).to_have_text("Saved on this phone")
    assert site.visits == {}
    site.offline = False
    await page.evaluate("document.querySelector('[data-send-now]').click()")  # unless the worker was quicker
    await page.wait_for_selector('[data-unsent][data-n="0"]', state="attached")
    assert len(site.visits) == 1


async def test_an_unknown_page_and_another_person(installed: Page, site: Site, open_visit: Open) -> None:
    page = installed
    await page.goto("/offline")
    await open_visit(page)
    await page.wait_for_timeout(300)
    site.offline = True
    await page.goto("/never-seen")  # a page for everybody says nothing about who is here, and drops nothing
    await expect(page.locator("h1")).to_have_text("not on this phone")
    await page.goto("/point")
    await page.wait_for_selector("form[data-ready]")
    site.offline, site.user = False, "0192f0c0-0000-7000-8000-0000000000bb"
    await page.goto("/today")
    await page.wait_for_timeout(300)
    site.offline = True
    for address in ("/never-seen", "/point"):
        await page.goto(address)
        await expect(page.locator("h1")).to_have_text("not on this phone")
