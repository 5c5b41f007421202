"""What is wrong with the page that is open: what axe finds, and what sticks out at the side."""

from axe_playwright_python.base import AXE_SCRIPT  # type: ignore[import-untyped]
from playwright.async_api import Page

NARROWEST = 320
AXE = """colours => axe.run(document, colours ? {runOnly: ['color-contrast'], resultTypes: ['violations']}
    : {resultTypes: ['violations']})
  .then(found => found.violations.flatMap(it => it.nodes.map(node => `${it.id}: ${node.html.slice(0, 160)}`)))"""
SIDEWAYS = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
  [...document.body.querySelectorAll('*')].filter(it => it.getBoundingClientRect().right > innerWidth + 1)
    .slice(-3).map(it => `${document.documentElement.scrollWidth}px: ${it.outerHTML.slice(0, 140)}`)"""


async def sideways(page: Page) -> list[str]:
    """At the width of the narrowest phone, which the page keeps."""
    await page.set_viewport_size({"width": NARROWEST, "height": 640})
    return list(await page.evaluate(SIDEWAYS))


async def violations(page: Page, *, colours: bool = False) -> list[str]:
    """Of all rules, or only of those about colours."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE_SCRIPT)
    return list(await page.evaluate(AXE, colours))


async def flawless(page: Page) -> None:
    """For pages that no link leads to: light and dark, as wide as they are and as narrow as can be."""
    size = page.viewport_size
    await page.emulate_media(reduced_motion="reduce")  # colours on their way to others would be judged as they pass
    found = await violations(page)
    await page.emulate_media(color_scheme="dark")
    found += await violations(page, colours=True)
    await page.emulate_media(color_scheme="light")
    found += await sideways(page)
    if size:
        await page.set_viewport_size(size)
    assert not found, f"{page.url}\n" + "\n".join(found)
