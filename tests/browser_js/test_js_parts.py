"""The smaller behaviours: a stranger's report with its puzzle, a pin on a plan, a question before something final."""

import hashlib
import re

import pytest
from playwright.async_api import Page, expect

from tests.browser_js.fake_site import Site, markup
from tests.browser_js.pictures import jpeg_with_exif

pytestmark = pytest.mark.browser


async def test_a_report_pays_its_puzzle_and_posts_once_with_a_small_photo(page: Page, site: Site) -> None:
    site.user = ""
    site.pages["/report"] = markup("report")
    await page.goto("/report")
    await expect(page.locator("[name=id]")).not_to_have_value("server")
    await page.set_input_files("[name=photo]", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": jpeg_with_exif()})
    await page.fill("[name=words]", "broken step")
    await page.evaluate("for (let i = 0; i < 3; i += 1) document.querySelector('#send').click()")
    await page.wait_for_url("**/reports")
    [(_, body)] = site.posts
    nonce = re.search(rb'name="puzzle_answer"\r\n\r\n(\d+)', body)
    assert nonce
    digest = hashlib.sha256(b"c0ffee:" + nonce[1]).digest()
    assert int.from_bytes(digest) >> (256 - 14) == 0
    assert b"SecretMaker" not in body
    assert b"\xff\xd8" in body


async def test_a_pin_by_tap_and_by_keys(page: Page, site: Site) -> None:
    site.pages["/plan"] = markup("plan")
    await page.goto("/plan")
    await page.wait_for_selector("[data-plan-pin][tabindex]")
    await page.click("svg", position={"x": 50, "y": 25})
    await expect(page.locator("[name=x]")).to_have_value("0.2500")
    await expect(page.locator("[name=y]")).to_have_value("0.2500")
    await expect(page.locator("[data-pin]")).to_be_visible()
    await expect(page.locator("[data-pin-text]")).to_have_text("Pin at 25 % from the left, 25 % from the top")
    await page.focus("[data-plan-pin]")
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("Shift+ArrowUp")
    await expect(page.locator("[name=x]")).to_have_value("0.2600")
    await expect(page.locator("[name=y]")).to_have_value("0.2480")
    await page.click("[data-pin-clear]")
    await expect(page.locator("[name=x]")).to_have_value("")
    await expect(page.locator("[data-pin]")).to_be_hidden()


async def test_a_question_before_something_final(page: Page, site: Site) -> None:
    site.pages["/ask"] = '<form method="post" action="/end"><button id="end" data-confirm="Really?">end</button></form>'
    await page.goto("/ask")
    await page.wait_for_selector("#end[data-live]")
    await page.click("#end")
    await page.click("[data-confirm-no]")
    assert site.posts == []
    await page.click("#end")
    await expect(page.locator("dialog [data-slot=question]")).to_have_text("Really?")
    await page.click("[data-confirm-yes]")
    await page.wait_for_url("**/end")
    assert len(site.posts) == 1


async def test_the_theme_is_kept_in_a_cookie(page: Page, site: Site) -> None:
    options = "".join(f"<option>{value}</option>" for value in ("system", "light", "dark"))
    site.pages["/theme"] = f"<select data-theme-choice>{options}</select>"
    await page.goto("/theme")
    await page.wait_for_selector("select[data-live]")
    await page.select_option("[data-theme-choice]", "dark")
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert [c["value"] for c in await page.context.cookies() if c["name"] == "theme"] == ["dark"]


async def test_our_own_hash_is_sha256(page: Page, site: Site) -> None:
    site.pages["/empty"] = ""
    await page.goto("/empty")
    sizes = [0, 1, 55, 56, 63, 64, 65, 119, 1000, 100_003]
    found = await page.evaluate(
        """async (sizes) => {
          const { sha256Words } = await import('/static/js/sha256.js');
          return sizes.map((size) => [...sha256Words(new Uint8Array(size).map((_, i) => i * 7))]);
        }""",
        sizes,
    )
    for size, words in zip(sizes, found, strict=True):
        content = bytes(i * 7 % 256 for i in range(size))
        assert "".join(f"{word:08x}" for word in words) == hashlib.sha256(content).hexdigest()
