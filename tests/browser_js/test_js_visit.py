"""The visit form on the phone: nothing chosen beforehand, what is missing is told in place, what was typed survives."""

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, expect

from tests.browser_js.fake_site import FINDING, ITEM, POINT, USER, Site
from tests.browser_js.pictures import jpeg_with_exif

pytestmark = pytest.mark.browser
Open = Callable[[Page], Awaitable[None]]
A, B, C, D = ITEM


async def answer_all_well(page: Page) -> None:
    await page.check(f'[name="now.{FINDING}"][value=still]')
    await page.check(f'[name="result.{A}"][value=ok]')
    await page.fill(f'[name="number.{B}"]', "19.2")


async def test_a_visit_is_saved_and_arrives_as_the_contract_says(page: Page, site: Site, open_visit: Open) -> None:
    await open_visit(page)
    await expect(page.locator("[data-progress]")).to_have_text("answered 0 / 3")
    await answer_all_well(page)
    await expect(page.locator("[data-progress]")).to_have_text("answered 3 / 3")
    await page.click("#save")
    await page.wait_for_url("**/visits/*")
    [(key, body)] = site.visits.items()
    assert key[14] == "7"
    assert (body["point"], body["label"], body["how"]) == (POINT, "7K3M9QX2TV5A", "link")
    assert body["device_seq"] == 1
    assert body["opened_at"] < body["saved_at"]
    assert body["position"] is None
    assert [a["item"] for a in body["answers"]] == [A, B]
    assert body["answers"][1]["number"] == 19.2
    assert body["answers"][1]["result"] == "ok"
    assert body["open_findings"] == [{"finding": FINDING, "now": "still", "words": "", "photos": []}]
    headers = next(h for m, p, h in site.seen if m == "PUT")
    assert headers["X-Requested-With"] == "xunan"
    assert headers["X-Xunan-User"] == USER
    assert "X-Client-Now" in headers


async def test_seconds_of_each_item_are_kept(page: Page, site: Site, open_visit: Open) -> None:
    await open_visit(page)
    await page.check(f'[name="now.{FINDING}"][value=gone]')
    await page.wait_for_timeout(600)
    await page.check(f'[name="result.{A}"][value=ok]')
    await page.check(f'[name="result.{B}"][value=na]')
    await page.click("#save")
    await page.wait_for_url("**/visits/*")
    seconds = {a["item"]: a["seconds"] for a in next(iter(site.visits.values()))["answers"]}
    assert 0.6 <= seconds[A] < 5
    assert seconds[B] < seconds[A]


async def test_what_is_missing_is_told_beside_the_item(page: Page, site: Site, open_visit: Open) -> None:
    await open_visit(page)
    await page.click("#save")
    first = page.locator(f'[data-finding="{FINDING}"] > [data-error]')
    await expect(first).to_have_text("Please answer this item.")
    await expect(page.locator(f'[name="now.{FINDING}"][value=still]')).to_be_focused()
    await page.check(f'[name="now.{FINDING}"][value=still]')
    await expect(first).to_be_hidden()
    await page.check(f'[name="result.{A}"][value=unchecked]')
    await page.fill(f'[name="number.{B}"]', "warm")
    await page.click("#save")
    await expect(page.locator(f'[data-item="{A}"] > [data-error]')).to_have_text("Please fill this in.")
    await expect(page.locator(f'[data-item="{B}"] > [data-error]')).to_have_text("Please enter a number.")
    assert site.visits == {}


async def test_out_of_limits_is_bad_by_itself(page: Page, open_visit: Open) -> None:
    await open_visit(page)
    await page.fill(f'[name="number.{B}"]', "３１，５")
    await expect(page.locator(f'[data-item="{B}"]')).to_have_attribute("data-state", "bad")
    await expect(page.locator("[data-limit]")).to_have_text("out of range")
    await expect(page.locator(f'[name="result.{B}"][value=bad]')).to_be_checked()
    await page.fill(f'[name="number.{B}"]', "20")
    await expect(page.locator(f'[name="result.{B}"][value=ok]')).to_be_checked()
    await expect(page.locator("[data-limit]")).to_have_text("in range")


async def test_follow_ups_appear_and_are_sent_only_when_shown(page: Page, site: Site, open_visit: Open) -> None:
    await open_visit(page)
    await answer_all_well(page)
    follow = page.locator(f'[data-item="{C}"]')
    await expect(follow).to_be_hidden()
    await page.check(f'[name="result.{A}"][value=bad]')
    await page.select_option(f'[name="choice.{C}"]', "no")
    await expect(follow).to_have_attribute("data-state", "bad")
    await page.fill(f'[name="words.{A}"]', "lid broken")
    await page.click("#save")
    await expect(page.locator(f'[data-item="{A}"] > [data-error]')).to_have_text("Please add a photo.")
    await page.check(f'[name="result.{A}"][value=ok]')
    await expect(follow).to_be_hidden()
    await page.click("#save")
    await page.wait_for_url("**/visits/*")
    answers = next(iter(site.visits.values()))["answers"]
    assert [a["item"] for a in answers] == [A, B]
    assert answers[0]["words"] == ""


async def test_the_draft_with_its_photo_survives_a_reload(page: Page, site: Site, open_visit: Open) -> None:
    await open_visit(page)
    await page.check(f'[name="result.{A}"][value=bad]')
    await page.fill(f'[name="words.{A}"]', "lid broken")
    await page.set_input_files(
        f'[name="photo.{A}"]', {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": jpeg_with_exif()}
    )
    await page.wait_for_selector("[data-photo-list] li")
    opened = await page.input_value('[name="opened_at"]')
    await page.wait_for_timeout(200)
    await open_visit(page)
    await expect(page.locator("[data-draft]")).to_be_visible()
    await expect(page.locator(f'[name="words.{A}"]')).to_have_value("lid broken")
    await expect(page.locator(f'[data-item="{A}"] [data-photo-list] li')).to_have_count(1)
    assert await page.input_value('[name="opened_at"]') == opened
    await answer_all_well(page)
    await page.check(f'[name="result.{A}"][value=bad]')
    await page.click("#save")
    await page.wait_for_url("**/visits/*")
    body = next(iter(site.visits.values()))
    assert body["answers"][0]["photos"] == [body["photos"][0]["sha256"]]
    assert list(site.photos) == body["answers"][0]["photos"]
    await open_visit(page)
    await expect(page.locator("[data-draft]")).to_be_hidden()


async def test_a_draft_can_be_dropped(page: Page, open_visit: Open) -> None:
    await open_visit(page)
    await page.check(f'[name="result.{A}"][value=na]')
    await page.wait_for_timeout(200)
    await open_visit(page)
    await page.click("[data-draft-discard]")
    await page.wait_for_selector("form[data-ready]")
    await expect(page.locator("[data-draft]")).to_be_hidden()
    await expect(page.locator(f'[name="result.{A}"]:checked')).to_have_count(0)


async def test_position_is_taken_only_where_it_was_allowed(page: Page, site: Site, open_visit: Open) -> None:
    await page.context.grant_permissions(["geolocation"])
    await page.context.set_geolocation({"latitude": 31.23, "longitude": 121.47, "accuracy": 12})
    await open_visit(page)
    await answer_all_well(page)
    await page.wait_for_selector('[name="latitude"][value="31.230000"]', state="attached")
    await page.click("#save")
    await page.wait_for_url("**/visits/*")
    position = next(iter(site.visits.values()))["position"]
    assert position == {"latitude": 31.23, "longitude": 121.47, "accuracy": 12}


async def test_without_a_database_the_plain_form_posts(page: Page, site: Site, open_visit: Open) -> None:
    broken = "{value: {open() { throw new Error('private') }}}"
    await page.add_init_script(f"Object.defineProperty(globalThis, 'indexedDB', {broken})")
    await open_visit(page)
    await answer_all_well(page)
    await page.click("#save")
    await page.wait_for_url("**/visits")
    [(path, body)] = site.posts
    assert path == "/visits"
    assert f'name="result.{A}"'.encode() in body


async def test_an_answer_can_be_taken_back(page: Page, open_visit: Open) -> None:
    await open_visit(page)
    box = page.locator(f'[data-item="{B}"]')
    await page.check(f'[name="result.{B}"][value=na]')
    await page.click(f'[name="result.{B}"][value=na]')
    await expect(box).to_have_attribute("data-state", "")
    await page.check(f'[name="result.{B}"][value=na]')
    await page.fill(f'[name="number.{B}"]', "12")
    await expect(box).to_have_attribute("data-state", "ok")
    await page.check(f'[name="result.{B}"][value=bad]')
    await page.fill(f'[name="number.{B}"]', "13")  # the person's own word stays
    await expect(box).to_have_attribute("data-state", "bad")
