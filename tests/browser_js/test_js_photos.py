"""Photos on the phone: small, upright, without EXIF; what cannot be decoded is kept, what is no picture is refused."""

import io
from collections.abc import Awaitable, Callable

import pytest
from PIL import Image
from playwright.async_api import Browser, Page, Playwright, expect

from tests.browser_js.fake_site import CHROMIUM, FAKE_CAMERA, FINDING, FLAGS, ITEM, Site
from tests.browser_js.pictures import jpeg_with_exif

pytestmark = pytest.mark.browser
Open = Callable[[Page], Awaitable[None]]
A, B, _, _ = ITEM
HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + b"\x00" * 200


async def choose(page: Page, name: str, content: bytes) -> None:
    await page.set_input_files(f'[name="photo.{A}"]', {"name": name, "mimeType": "image/jpeg", "buffer": content})


async def finish(page: Page) -> None:
    await page.check(f'[name="now.{FINDING}"][value=still]')
    await page.check(f'[name="result.{B}"][value=ok]')
    await page.click("#save")
    await page.wait_for_url("**/visits/*")


async def test_a_photo_is_shrunk_upright_and_without_exif(page: Page, site: Site, open_visit: Open) -> None:
    await open_visit(page)
    await page.check(f'[name="result.{A}"][value=bad]')
    await choose(page, "a.jpg", jpeg_with_exif(3000, 2000))
    await finish(page)
    [content] = site.photos.values()
    photo = Image.open(io.BytesIO(content))
    assert photo.size == (1067, 1600)  # orientation 6: it stands now
    assert not photo.getexif()
    assert b"SecretMaker" not in content
    [about] = next(iter(site.visits.values()))["photos"]
    assert about["in_page"] is False
    assert about["bytes"] == len(content)
    assert about["taken_at"].endswith("Z")


async def test_heic_is_kept_and_other_files_are_refused(page: Page, site: Site, open_visit: Open) -> None:
    await open_visit(page)
    await page.check(f'[name="result.{A}"][value=bad]')
    box = page.locator(f'[data-item="{A}"] [data-photos]').first
    await choose(page, "a.jpg", b"%PDF-1.4 no picture")
    await expect(box.locator("[data-error]")).to_contain_text("not a photo")
    await choose(page, "b.heic", HEIC)
    await expect(box.locator("li")).to_have_count(1)
    await choose(page, "c.jpg", jpeg_with_exif(300, 200))
    await expect(box.locator("li")).to_have_count(2)
    await box.locator("li button").last.click()
    await expect(box.locator("li")).to_have_count(1)
    await finish(page)
    assert list(site.photos.values()) == [HEIC]


async def test_the_camera_in_the_page_says_so(
    playwright: Playwright, browser: Browser, served: tuple[Site, str], site: Site, open_visit: Open
) -> None:
    flags = FLAGS + FAKE_CAMERA
    fake = await playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
    context = await fake.new_context(base_url=served[1], service_workers="block")
    page = await context.new_page()
    try:
        await open_visit(page)
        await page.check(f'[name="result.{A}"][value=bad]')
        await page.click(f'[data-item="{A}"] [data-camera]:visible')
        await page.wait_for_timeout(500)
        await page.click("[data-camera-shoot]")
        await expect(page.locator("[data-photo-list] li")).to_have_count(1)
        await expect(page.locator("dialog")).to_have_count(0)
        await finish(page)
        [about] = next(iter(site.visits.values()))["photos"]
        assert about["in_page"] is True
    finally:
        await fake.close()
