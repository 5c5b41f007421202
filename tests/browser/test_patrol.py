"""The main job on a phone: open the label, answer what is due, photograph what is wrong; the manager sees both."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Page, ViewportSize, expect

from tests.browser.conftest import DESK, LANGUAGES, NAMES, Open, words_of
from tests.browser.eyes import flawless
from tests.browser.serving import City
from tests.browser.thumb import PRIMARY, Thumb

KIND = "playground"
"""Six items, each answered by one tap, and due at a point that was never visited."""
NARROW: ViewportSize = {"width": 360, "height": 800}


async def answer_all_but(page: Page, bad: int, thumb: Thumb) -> None:
    """OK to every due item, except number `bad` (-1: none)."""
    items = page.locator("fieldset[data-required]")
    assert await items.count() == 6
    for number in range(6):
        side = ".seg label.bad" if number == bad else ".seg label.ok"
        await thumb.tap(items.nth(number).locator(side))


async def is_in_the_books(phone: Open, name: str, words: str, language: str) -> None:
    """What the manager sees: the visit in the list, the finding with its words and its photo in the ledger."""
    page = await phone("manager", language, viewport=DESK)
    await page.goto("/visits")
    await expect(page.get_by_role("main")).to_contain_text(name)
    await page.goto(f"/findings?q={name}")
    await page.get_by_role("region").get_by_role("link").first.click()
    await expect(page.get_by_role("main")).to_contain_text(name)
    await expect(page.get_by_role("main")).to_contain_text(words)
    photo = page.get_by_role("main").locator("img[src*='/photos/']").first
    await expect(photo).to_be_visible()
    assert await photo.evaluate("async image => { await image.decode(); return image.naturalWidth }") > 0


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_visit_with_a_photo(phone: Open, city: City, picture: Path, language: str) -> None:
    _ = words_of(language)
    name, words = f"操场 {NAMES[language]}", f"篮球架底座松动 {NAMES[language]}"
    page = await phone("patrol", language)
    thumb = Thumb(page)
    await page.goto(f"/p/{city.point(KIND, name)}")
    await expect(page.get_by_role("heading", level=1)).to_contain_text(name)
    await answer_all_but(page, 0, thumb)
    item = page.locator("fieldset[data-required]").first
    await item.locator("input[type=file][capture]").first.set_input_files(picture)
    await expect(item.locator("[data-photo-list] img").first).to_be_visible()
    await item.get_by_label(_("What is wrong"), exact=True).fill(words)
    await flawless(page)
    await thumb.tap(page.get_by_role("button", name=_("Submit")), PRIMARY)
    await page.wait_for_url("**/visits/*")
    await expect(page.get_by_role("heading", level=1)).to_have_text(_("Recorded"))
    await expect(page.get_by_text(_("opened now"))).to_be_visible()
    await flawless(page)
    assert city.value("SELECT count(*) FROM photo WHERE state = 'kept' AND visit = $1::uuid", visit_in(page)) == 1
    await is_in_the_books(phone, name, words, language)


def visit_in(page: Page) -> str:
    found = re.search(r"/visits/([0-9a-f-]{36})", page.url)
    assert found, page.url
    return found[1]


async def test_an_all_well_stop_of_six_items(phone: Open, city: City) -> None:
    """At most eight taps from the opened label to the confirmation, with one thumb, on a narrow phone."""
    page = await phone("patrol", viewport=NARROW)
    thumb = Thumb(page)
    await page.goto(f"/p/{city.point(KIND, '一切正常')}")
    await answer_all_but(page, -1, thumb)
    await thumb.tap(page.get_by_role("button", name="提交"), PRIMARY)
    await page.wait_for_url("**/visits/*")
    assert thumb.taps <= 8


async def test_every_target_is_large_enough(phone: Open, city: City) -> None:
    """Whatever a thumb may press on the point page, also what unfolds when something is wrong."""
    page = await phone("patrol", viewport=NARROW)
    await page.goto(f"/p/{city.point('lab', '够大')}")
    for side in await page.locator("fieldset[data-required] label.bad").all():
        await side.tap()
    looked_at, small = await page.evaluate(TOO_SMALL)
    assert small == []
    assert looked_at > 40


TOO_SMALL = """() => {
  const seen = [...document.querySelectorAll('a, button, summary, select, input, textarea, label:has(input)')]
    .filter(it => it.checkVisibility({visibilityProperty: true, opacityProperty: true}))
    .filter(it => !it.closest('label:has(input) *, p') && !it.matches('.skip'))
    .map(it => [it.outerHTML.slice(0, 120), it.getBoundingClientRect()]).filter(([_, box]) => box.width > 1)
  return [seen.length, seen.filter(([_, box]) => box.height < 47.5 || box.width < 47.5)
    .map(([text, box]) => `${text} ${Math.round(box.width)}x${Math.round(box.height)}`)]
}"""
"""A label is the target of the input in it; a link within a sentence is as high as its line."""


@pytest.mark.parametrize("language", LANGUAGES)
async def test_without_scripts(phone: Open, city: City, picture: Path, language: str) -> None:
    """The plain form: what is missing is said beside its item, nothing typed is lost, and the photo arrives."""
    _ = words_of(language)
    name, words = f"无脚本 {NAMES[language]}", f"旗杆晃动 {NAMES[language]}"
    page = await phone("patrol", language, java_script_enabled=False)
    await page.goto(f"/p/{city.point(KIND, name)}")
    items = page.locator("fieldset[data-required]")
    for number in range(1, 6):
        await items.nth(number).locator(".seg label.ok").tap()
    await page.get_by_role("button", name=_("Submit")).tap()
    await expect(page.get_by_role("alert")).to_be_visible()
    await expect(items.nth(1).locator("input[value=ok]")).to_be_checked()
    await expect(items.first.locator("[data-error]").last).to_be_visible()
    await items.first.locator(".seg label.bad").tap()
    await items.first.get_by_label(_("What is wrong"), exact=True).fill(words)
    await items.first.locator("input[type=file][capture]").first.set_input_files(picture)
    await page.get_by_role("button", name=_("Submit")).tap()
    await page.wait_for_url("**/visits/*")
    await expect(page.get_by_role("heading", level=1)).to_have_text(_("Recorded"))
    await is_in_the_books(phone, name, words, language)


async def test_by_keyboard_alone(phone: Open, city: City) -> None:
    """Tab and space answer the whole point; Enter on the button sends it."""
    page = await phone("patrol", viewport=DESK, has_touch=False)
    await page.goto(f"/p/{city.point(KIND, '键盘')}")
    await page.wait_for_selector("form[data-ready]")
    for _ in range(80):
        await page.keyboard.press("Tab")
        what = await page.evaluate(
            "(it => [it.type || '', it.name || '', it.form ? it.form.id : ''])(document.activeElement)"
        )
        if what[0] == "radio" and what[1].startswith("result."):
            await page.keyboard.press("Space")
        if what[0] == "submit" and what[2] == "visit":
            break
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/visits/*")
    assert city.value("SELECT count(*) FROM answer WHERE result = 'ok' AND visit = $1::uuid", visit_in(page)) == 6
