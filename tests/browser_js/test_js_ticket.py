"""Verbs of a ticket in the outbox: kept first, sent in their order, refused with words, and nothing typed is lost."""

import re
from pathlib import Path

import pytest
from playwright.async_api import FilePayload, Page, expect

from tests.browser_js.fake_site import FINDING, STATIC, Answer, Site, json_answer, markup, problem
from tests.browser_js.pictures import jpeg_with_exif

pytestmark = pytest.mark.browser
HTML = {"Content-Type": "text/html"}
BROKEN: Answer = (500, HTML, b"oops")
ROWS = "[data-ticket-rows] li"


@pytest.fixture
async def ticket(page: Page, site: Site) -> Page:
    site.pages |= {"/ticket": markup("ticket"), "/unsent": "<!-- everybody --><div data-outbox-list></div>"}
    await page.goto("/ticket")
    await ready(page)
    return page


async def ready(page: Page) -> None:
    await page.wait_for_selector("#form-note[data-ready]", state="attached")
    await page.wait_for_selector("[data-ticket-page][data-live]")


async def note(page: Page, words: str, verb: str = "note") -> None:
    await page.evaluate(f"document.querySelector('#act-{verb}').open = true")
    await page.fill(f"#form-{verb} textarea", words)
    await page.click(f"#form-{verb} button")


def said(site: Site) -> list[tuple[str, str]]:
    return [(one["verb"], one["words"]) for one in site.verbs.values()]


async def until_sent(page: Page) -> None:
    await page.wait_for_selector('[data-unsent][data-n="0"]', state="attached")


async def test_a_verb_is_kept_then_sent_and_the_page_renewed(ticket: Page, site: Site) -> None:
    await ticket.evaluate("document.querySelector('#act-wait').open = true")
    await ticket.fill("#form-wait textarea", "  等轴封 ")
    await ticket.fill("#form-wait input[type=date]", "2030-01-02")
    async with ticket.expect_navigation():
        await ticket.click("#wait")
    await ready(ticket)
    ((event, body),) = site.verbs.items()
    assert (body["verb"], body["words"], body["fields"]) == ("wait", "等轴封", {"until": "2030-01-02"})
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", body["at"])
    assert body["photos"] == []
    assert site.puts("/api/findings") == [f"/api/findings/{FINDING}/events/{event}"]
    await expect(ticket.locator("[data-ticket-waits]")).to_be_hidden()
    await expect(ticket.locator(ROWS)).to_contain_text("sent")  # this page does not know of it
    site.pages["/ticket"] = markup("ticket").replace('data-told="', f'data-told="{event} ')
    await ticket.reload()
    await ready(ticket)
    await expect(ticket.locator("[data-ticket-unsent]")).to_be_hidden()


async def test_the_same_tap_three_times_is_one_verb(ticket: Page, site: Site) -> None:
    async with ticket.expect_navigation():
        await ticket.evaluate("for (let n = 0; n < 3; n += 1) document.querySelector('#start').click()")
    await until_sent(ticket)
    assert said(site) == [("start", "")]


@pytest.mark.parametrize(
    "answer",
    [
        BROKEN,
        (200, HTML, b"<h1>Welcome to the hotel Wi-Fi</h1>"),
        json_answer(200, {"id": "x", "seq": 1, "hash": "y", "missing": []}),
        json_answer(200, {"event": "0192f0c0-0000-7000-8000-00000000dead", "finding": FINDING, "state": "x"}),
    ],
    ids=["500", "captive 200", "a visit's receipt", "another event"],
)
async def test_what_is_no_receipt_keeps_it_and_says_so(ticket: Page, site: Site, answer: Answer) -> None:
    site.fault = lambda method, path: answer if path.startswith("/api/") else None
    await note(ticket, "阀门已换")
    await expect(ticket.locator(ROWS)).to_contain_text("24-0317 note")
    await expect(ticket.locator(ROWS)).to_contain_text("Waiting to be sent")
    site.fault = lambda method, path: None
    await ticket.reload()
    await until_sent(ticket)
    assert said(site) == [("note", "阀门已换")]


async def test_what_waits_is_not_offered_twice_and_opens_the_way(ticket: Page, site: Site) -> None:
    site.fault = lambda method, path: BROKEN if path.startswith("/api/") else None
    await expect(ticket.locator("[data-act-bar=make_safe]")).to_be_visible()
    await note(ticket, "已围挡", "make_safe")
    await expect(ticket.locator("[data-act-bar=mend]")).to_be_visible()
    await expect(ticket.locator("[data-act-bar=make_safe]")).to_be_hidden()
    await expect(ticket.locator("[data-act=make_safe]")).to_be_hidden()
    await ticket.click("[data-act-bar=mend]")
    await ticket.fill("#form-mend textarea", "换好了")
    await ticket.click("#mend")
    await expect(ticket.locator("#form-mend [data-form-error]")).to_have_text("Please add a photo.")
    picture: FilePayload = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": jpeg_with_exif(800, 600)}
    await ticket.set_input_files("#form-mend input[type=file]", picture)
    await ticket.wait_for_selector("#form-mend [data-photo-list] img")
    await ticket.click("#mend")
    await expect(ticket.locator(ROWS)).to_have_count(2)
    await expect(ticket.locator("[data-act-bar]:visible")).to_have_count(0)
    await expect(ticket.locator("[data-act=wait]")).to_be_hidden()  # it is somebody else's turn
    await expect(ticket.locator("[data-act=note]")).to_be_visible()
    site.fault = lambda method, path: None
    await ticket.reload()
    await until_sent(ticket)
    assert [verb for verb, _ in said(site)] == ["make_safe", "mend"]
    assert len(site.photos) == 1


async def test_nothing_overtakes_on_one_ticket(ticket: Page, site: Site) -> None:
    """The first is being held back for a while, the second is due: it waits behind the first all the same."""
    first: list[str] = []

    def fault(method: str, path: str) -> Answer | None:
        if not path.startswith("/api/"):
            return None
        if not first:
            first.append(path)
        return BROKEN if path == first[0] else None

    site.fault = fault
    await note(ticket, "一")
    await expect(ticket.locator(ROWS)).to_have_count(1)
    await note(ticket, "二")
    await expect(ticket.locator(ROWS)).to_have_count(2)
    for _ in range(3):
        await ticket.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        await ticket.wait_for_timeout(150)
    assert site.verbs == {}
    site.fault = lambda method, path: None
    await ticket.reload()
    await until_sent(ticket)
    assert said(site) == [("note", "一"), ("note", "二")]


async def test_a_refusal_is_told_on_the_ticket_and_stays(ticket: Page, site: Site) -> None:
    site.fault = lambda method, path: (
        problem(409, "state", "This was done by 陈立 already.") if path.startswith("/api/") else None
    )
    await ticket.click("#start")
    await expect(ticket.locator(ROWS)).to_contain_text("This was done by 陈立 already.")
    await expect(ticket.locator("[data-act=start]")).to_be_visible()  # it may be said anew
    await ticket.goto("/unsent")
    row = ticket.locator("[data-outbox-list] article")
    await expect(row).to_contain_text("This was done by 陈立 already.")
    async with ticket.expect_download() as download:
        await row.locator("[data-row-save]").click()
    assert "start" in (await (await download.value).path()).read_text()


async def test_what_was_typed_outlives_the_page(ticket: Page, site: Site) -> None:
    await ticket.evaluate("document.querySelector('#act-note').open = true")
    await ticket.locator("#form-note textarea").press_sequentially("备件明天到")
    await ticket.wait_for_timeout(300)
    await ticket.reload()
    await ready(ticket)
    await expect(ticket.locator("#form-note textarea")).to_be_visible()
    await expect(ticket.locator("#form-note textarea")).to_have_value("备件明天到")
    await expect(ticket.locator("#form-make_safe textarea")).to_have_value("")


async def test_a_full_phone_says_so_and_the_plain_form_still_goes(page: Page, site: Site) -> None:
    full = "() => { throw new DOMException('full', 'QuotaExceededError') }"
    await page.add_init_script(f"IDBObjectStore.prototype.add = {full}")
    site.pages["/ticket"] = markup("ticket")
    await page.goto("/ticket")
    await ready(page)
    await note(page, "满了")
    await expect(page.locator("#form-note [data-form-error]")).to_contain_text("no room left")
    await page.click("#note")
    await page.wait_for_url("**/do/note")
    assert len(site.posts) == 1


def test_the_camera_and_the_keeper_share_no_state_with_the_rest() -> None:
    """They are files of their own as they are served: a module with a memory would be there twice."""
    for name in ("ticket_camera", "ticket_keep"):
        text = Path(STATIC / f"js/{name}.js").read_text("utf-8")
        assert set(re.findall(r"from '\./(\w+)\.js'", text)) <= {"texts"}
