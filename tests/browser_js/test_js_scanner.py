"""The scanner: a moving label from a fake camera, a photo of a label, typed codes; foreign codes lead nowhere."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from playwright.async_api import FilePayload, Page, Playwright, expect

from tests.browser_js.fake_site import CHROMIUM, FAKE_CAMERA, FLAGS, Site, markup
from tests.browser_js.pictures import film, label_png

pytestmark = pytest.mark.browser
CODE = "7K3M9QX2TV5A"
Scan = Callable[[str], Awaitable[Page]]


@pytest.fixture
async def scan(playwright: Playwright, served: tuple[Site, str], site: Site, tmp_path: Path) -> AsyncIterator[Scan]:
    """Opens the scanner with a film of this code in front of the camera."""
    site.pages["/scan"] = markup("scan")
    async with AsyncExitStack() as stack:

        async def open_it(text: str) -> Page:
            camera = [*FAKE_CAMERA, f"--use-file-for-fake-video-capture={film(tmp_path / 'film.y4m', text)}"]
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS + camera)
            stack.push_async_callback(browser.close)
            context = await browser.new_context(base_url=served[1], service_workers="block")
            page = await context.new_page()
            await page.goto("/scan")
            await page.wait_for_selector("[data-scanner][data-live]")
            return page

        yield open_it


async def test_a_moving_label_opens_its_point_on_our_own_origin(scan: Scan) -> None:
    page = await scan(f"https://XC.EXAMPLE.CN/P/{CODE}")
    await page.evaluate("document.querySelector('[data-scan-start]').click()")  # as a person's tap would
    await page.wait_for_url(f"**/p/{CODE}?how=scan", timeout=15_000)
    assert page.url.startswith("http://127.0.0.1")


async def test_a_foreign_code_never_navigates(scan: Scan) -> None:
    page = await scan(f"https://evil.example.org/P/{CODE}")
    await page.evaluate("document.querySelector('[data-scan-start]').click()")  # as a person's tap would
    await page.wait_for_selector('[data-scanner][data-state="scan_foreign"]', timeout=15_000)
    await expect(page.locator("[data-scan-status]")).to_contain_text("not one of our labels")
    await page.wait_for_timeout(300)
    assert page.url.endswith("/scan")


async def show(page: Page, text: str) -> None:
    picture: FilePayload = {"name": "l.png", "mimeType": "image/png", "buffer": label_png(text)}
    await page.set_input_files("[data-scan-photo]", picture)


@pytest.mark.parametrize("text", [f"https://xc.example.cn/p/{CODE}", CODE])
async def test_a_photo_of_a_label(page: Page, site: Site, text: str) -> None:
    site.pages["/scan"] = markup("scan")
    await page.goto("/scan")
    await page.wait_for_selector("[data-scanner][data-live]")
    await show(page, text)
    await page.wait_for_url(f"**/p/{CODE}?how=photo")


async def test_a_photo_of_a_foreign_code(page: Page, site: Site) -> None:
    site.pages["/scan"] = markup("scan")
    await page.goto("/scan")
    await page.wait_for_selector("[data-scanner][data-live]")
    for text in (f"https://xc.example.cn@evil.org/p/{CODE}", "javascript:alert(1)", "WIFI:S:school;P:secret;;"):
        await page.evaluate("document.querySelector('[data-scanner]').dataset.state = ''")
        await show(page, text)
        await page.wait_for_selector('[data-scanner][data-state="scan_foreign"]')
        assert page.url.endswith("/scan")


async def test_typed_codes_are_checked_on_the_phone(page: Page, site: Site) -> None:
    site.pages["/scan"] = markup("scan")
    await page.goto("/scan")
    await page.wait_for_selector("form[data-live]")
    await page.fill("[name=code]", "7k3m-9qxg")
    await page.click("#go")
    await expect(page.locator("[data-code-form] [data-error]")).to_contain_text("not a whole code")
    await page.fill("[name=code]", "7k3m 9qxf")
    await page.click("#go")
    await page.wait_for_url("**/p/7K3M9QXF?how=typed")
