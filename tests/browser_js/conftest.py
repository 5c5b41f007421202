"""Chromium at phone size against the throw-away site."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest
from playwright.async_api import Browser, BrowserContext, Page, Playwright, ViewportSize, async_playwright

from tests.browser_js.fake_site import CHROMIUM, FLAGS, Site, markup, start

PHONE: ViewportSize = {"width": 390, "height": 800}


@pytest.fixture(scope="session")
def served() -> Iterator[tuple[Site, str]]:
    site = Site()
    server, url = start(site)
    yield site, url
    server.shutdown()


@pytest.fixture
def site(served: tuple[Site, str]) -> Site:
    served[0].reset()
    served[0].offline = False
    return served[0]


@pytest.fixture(scope="session")
async def playwright() -> AsyncIterator[Playwright]:
    async with async_playwright() as running:
        yield running


@pytest.fixture(scope="session")
async def browser(playwright: Playwright) -> AsyncIterator[Browser]:
    browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    yield browser
    await browser.close()


@pytest.fixture
async def context(browser: Browser, served: tuple[Site, str], site: Site) -> AsyncIterator[BrowserContext]:
    """Without the service worker, which has tests of its own."""
    context = await browser.new_context(base_url=served[1], viewport=PHONE, service_workers="block")
    context.set_default_timeout(10_000)
    yield context
    await context.close()


class Noise(list[str]):
    """What the page complained about; a test that expects complaints clears it."""


@pytest.fixture
def noise() -> Noise:
    return Noise()


def listen(page: Page, noise: Noise) -> Page:
    def heard(text: str) -> None:
        if "Failed to load resource" not in text:
            noise.append(text)

    page.on("console", lambda message: heard(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: heard(str(error)))
    return page


@pytest.fixture
async def page(context: BrowserContext, noise: Noise) -> AsyncIterator[Page]:
    yield listen(await context.new_page(), noise)
    assert noise == []


@pytest.fixture
def open_visit(site: Site) -> Callable[[Page], Awaitable[None]]:
    everybody = {"/saved": "<div data-saved-page>…</div>", "/unsent": "<div data-outbox-list></div>"}
    site.pages |= {"/point": markup("visit")} | {url: f"<!-- everybody -->{main}" for url, main in everybody.items()}

    async def open_it(page: Page) -> None:
        await page.goto("/point")
        await page.wait_for_selector("form[data-ready]")

    return open_it
