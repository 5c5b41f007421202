"""One thumb on a phone: every tap is counted, and every target must be large enough for it."""

from dataclasses import dataclass

from playwright.async_api import Locator, Page

SMALLEST, PRIMARY = 48, 56
"""Pixels a target must have in both directions."""


@dataclass
class Thumb:
    page: Page
    taps: int = 0

    async def tap(self, target: Locator, least: int = SMALLEST) -> None:
        await target.scroll_into_view_if_needed()
        box = await target.bounding_box()
        assert box is not None
        assert box["height"] >= least, f"{await target.inner_text()!r} is {box['height']} high"
        assert box["width"] >= least, f"{await target.inner_text()!r} is {box['width']} wide"
        await target.tap()
        self.taps += 1
