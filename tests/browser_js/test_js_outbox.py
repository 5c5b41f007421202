"""The outbox: a row leaves only for a receipt that names it; two tabs send once; other people's rows wait for them."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import BrowserContext, FilePayload, Page, expect

from tests.browser_js.fake_site import FINDING, ITEM, Answer, Site, json_answer, problem
from tests.browser_js.pictures import jpeg_with_exif

pytestmark = pytest.mark.browser
Open = Callable[[Page], Awaitable[None]]
A, B, _, _ = ITEM
HTML = {"Content-Type": "text/html"}
OTHER_ID = json_answer(200, {"id": "0192f0c0-0000-7000-8000-00000000dead", "seq": 1, "hash": "x", "missing": []})


def only_api(answer: Answer) -> Callable[[str, str], Answer | None]:
    return lambda method, path: answer if path.startswith("/api/") else None


async def fill(page: Page, photo: bool = False) -> None:
    await page.check(f'[name="now.{FINDING}"][value=still]')
    await page.check(f'[name="result.{A}"][value={"bad" if photo else "ok"}]')
    if photo:
        picture: FilePayload = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": jpeg_with_exif(800, 600)}
        await page.set_input_files(f'[name="photo.{A}"]', picture)
    await page.check(f'[name="result.{B}"][value=ok]')


async def save(page: Page, open_visit: Open, photo: bool = False) -> None:
    await open_visit(page)
    await fill(page, photo)
    await page.click("#save")
    await page.wait_for_selector(".saved")


async def send_now(page: Page) -> None:
    """Taps the button, unless the page's own sender was quicker and took the bar away."""
    await page.evaluate("document.querySelector('[data-send-now]').click()")


@pytest.mark.parametrize(
    "answer",
    [
        (500, HTML, b"oops"),
        (302, {"Location": "/point"}, b""),
        (200, HTML, b"<h1>Welcome to the hotel Wi-Fi</h1>"),
        (403, HTML, b"blocked by the hotel"),
        OTHER_ID,
        (200, {"Content-Type": "application/json"}, b'{"id": "0192'),
    ],
    ids=["500", "302", "captive 200", "captive 403", "other id", "cut off"],
)
async def test_what_is_no_receipt_keeps_the_row(page: Page, site: Site, open_visit: Open, answer: Answer) -> None:
    site.fault = only_api(answer)
    await save(page, open_visit)
    await expect(page.locator(".saved h1")).to_have_text("Saved on this phone")
    await expect(page.locator('[data-unsent][data-n="1"]')).to_be_visible()
    assert "/saved#" in page.url
    site.fault = only_api((503, HTML, b"")) if answer[0] == 500 else lambda method, path: None
    await page.goto("/unsent")
    if answer[0] == 500:
        await expect(page.locator("[data-outbox-list] article")).to_have_count(1)
        site.fault = lambda method, path: None
        await send_now(page)
    await page.wait_for_selector('[data-unsent][data-n="0"]', state="attached")
    assert len(site.visits) == 1


async def test_an_expired_session_parks_and_a_later_page_sends(page: Page, site: Site, open_visit: Open) -> None:
    site.fault = only_api(problem(401, "no_session"))
    await save(page, open_visit)
    await expect(page.locator('[data-unsent][data-state="parked"]')).to_contain_text("sign in again to send")
    sent = len(site.puts("/api/"))
    await page.evaluate("dispatchEvent(new Event('online'))")
    await page.wait_for_timeout(200)
    assert len(site.puts("/api/")) == sent
    site.fault = lambda method, path: None
    await page.reload()
    await page.wait_for_selector('[data-unsent][data-n="0"]', state="attached")
    await expect(page.locator(".saved")).to_contain_text("Recorded by the server as No. 1")


async def test_a_refusal_goes_to_the_attention_list_and_can_be_saved_as_a_file(
    page: Page, site: Site, open_visit: Open
) -> None:
    site.fault = only_api(problem(409, "other_body", "The same visit with other words."))
    await save(page, open_visit, photo=True)
    await page.wait_for_selector('[data-unsent][data-state="attention"]')
    await page.goto("/unsent")
    row = page.locator("[data-outbox-list] article")
    await expect(row).to_contain_text("The same visit with other words.")
    async with page.expect_download() as download:
        await row.locator("[data-row-save]").click()
    content = (await (await download.value).path()).read_text()
    assert '"photos"' in content
    assert '"base64": "/9j/' in content
    await row.locator("[data-row-discard]").click()
    await page.click("[data-confirm-no]")
    await expect(row).to_have_count(1)
    site.fault = lambda method, path: None
    await row.locator("[data-row-again]").click()
    await expect(row).to_have_count(0)
    assert len(site.visits) == 1
    assert len(site.photos) == 1


async def test_only_missing_photos_are_sent_again(page: Page, site: Site, open_visit: Open) -> None:
    site.fault = lambda method, path: (500, HTML, b"") if path.startswith("/api/photos") else None
    await open_visit(page)
    await fill(page, photo=True)
    await page.click("#save")
    await page.wait_for_url("**/visits/*")  # the words are in: the person may go on
    await expect(page.locator('[data-unsent][data-n="1"]')).to_be_visible()
    site.fault = lambda method, path: None
    await send_now(page)
    await page.wait_for_selector('[data-unsent][data-n="0"]', state="attached")
    assert len(site.puts("/api/visits")) == 1
    assert len(site.photos) == 1


async def test_three_taps_are_one_visit(page: Page, site: Site, open_visit: Open) -> None:
    await open_visit(page)
    await fill(page)
    await page.evaluate("for (let i = 0; i < 3; i += 1) document.querySelector('#save').click()")
    await page.wait_for_url("**/visits/*")
    assert len(site.puts("/api/visits")) == 1


async def test_two_tabs_send_once(context: BrowserContext, site: Site, open_visit: Open) -> None:
    site.fault = only_api((500, HTML, b""))
    one = await context.new_page()
    await save(one, open_visit)
    two = await context.new_page()
    await two.goto("/unsent")
    await two.wait_for_selector("[data-outbox-list] article")
    site.seen.clear()
    site.fault = lambda method, path: None
    await asyncio.gather(*(tab.evaluate("document.querySelector('[data-send-now]').click()") for tab in (one, two)))
    for tab in (one, two):
        await tab.wait_for_selector('[data-unsent][data-n="0"]', state="attached")
    assert len(site.puts("/api/visits")) == 1


async def test_two_tabs_of_one_point_are_two_visits(context: BrowserContext, site: Site, open_visit: Open) -> None:
    tabs = [await context.new_page(), await context.new_page()]
    for tab in tabs:
        await open_visit(tab)
    for tab in tabs:
        await tab.bring_to_front()
        await fill(tab)
        await tab.click("#save")
        await tab.wait_for_url("**/visits/*")
    assert len(site.visits) == 2


async def test_a_full_phone_says_so_and_the_plain_form_still_goes(page: Page, site: Site, open_visit: Open) -> None:
    full = "() => { throw new DOMException('full', 'QuotaExceededError') }"
    await page.add_init_script(f"IDBObjectStore.prototype.add = {full}")
    await open_visit(page)
    await fill(page)
    await page.click("#save")
    await expect(page.locator("[data-form-error]")).to_contain_text("no room left")
    await page.click("#save")
    await page.wait_for_url("**/visits")
    assert len(site.posts) == 1


async def test_rows_of_another_person_are_held(page: Page, site: Site, open_visit: Open) -> None:
    site.fault = only_api((500, HTML, b""))
    await save(page, open_visit)
    owner, site.user = site.user, "0192f0c0-0000-7000-8000-0000000000bb"
    site.fault = lambda method, path: None
    site.seen.clear()
    site.pages["/unsent"] = "<div data-outbox-list></div>"
    await page.goto("/unsent")
    await expect(page.locator("[data-outbox-list] article")).to_contain_text("Belongs to another person")
    await send_now(page)
    await page.wait_for_timeout(200)
    assert site.puts("/api/") == []
    site.user = owner
    site.pages["/today"] = "<h1>today</h1>"
    await page.goto("/today")
    await page.wait_for_selector('[data-unsent][data-n="0"]', state="attached")
    assert len(site.visits) == 1


async def test_signing_out_with_unsent_work_warns_and_keeps_it(page: Page, site: Site, open_visit: Open) -> None:
    site.pages["/me"] = '<form method="post" action="/sign-out" data-sign-out><button id="out">out</button></form>'
    site.fault = only_api((500, HTML, b""))
    await save(page, open_visit)
    await page.goto("/me")
    await page.wait_for_selector("form[data-live]")
    await page.click("#out")
    await expect(page.locator("dialog")).to_contain_text("1 on this phone have not been sent")
    await page.click("[data-confirm-yes]")
    await page.wait_for_url("**/sign-out")
    site.fault = lambda method, path: None
    await page.goto("/unsent")
    await page.wait_for_selector('[data-unsent][data-state="held"]')
    await page.goto("/me")  # signed in again
    await page.wait_for_selector('[data-unsent][data-n="0"]', state="attached")
    assert len(site.visits) == 1
