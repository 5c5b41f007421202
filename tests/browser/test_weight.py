"""What a point page costs a phone, as Chromium's network log counts it: headers and all."""

from playwright.async_api import Page

from tests.browser.conftest import Open
from tests.browser.serving import City

FIRST, LATER = 30 * 1024, 6 * 1024
KIND = "lab"
"""Twelve items."""


async def transferred(page: Page, address: str) -> int:
    session = await page.context.new_cdp_session(page)
    await session.send("Network.enable")
    sizes: list[int] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    await page.goto(address)
    await page.wait_for_selector("form[data-ready]")
    await page.wait_for_load_state("networkidle")
    await page.wait_for_timeout(1500)
    return sum(sizes)


async def test_a_point_page_is_light(phone: Open, city: City) -> None:
    address = f"/p/{city.point(KIND, '化学实验室 201', 'Chemistry laboratory 201')}"
    page = await phone("patrol")
    first = await transferred(page, address)
    assert await page.locator("[data-item]").count() >= 12
    later = await transferred(await page.context.new_page(), address)
    assert first <= FIRST, first
    assert later <= LATER, later
