"""The map of the city: drawn without tiles, by keyboard and without scripts; with tiles that come or do not come."""

import io
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from PIL import Image
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import BROKEN_RULE, DESK, LANGUAGES, PHONE, Ask, Open, words_of
from tests.browser.eyes import flawless
from tests.browser.serving import City, Server

CREDIT = "测试瓦片 GS(2024)0000号 <i>x</i>"


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_drawn_map_asks_nobody_else(phone: Open, language: str) -> None:
    """`phone` itself complains about each request that leaves the origin and each broken rule."""
    asked: list[str] = []
    page = await phone("city", language, viewport=DESK)
    page.on("request", lambda request: asked.append(request.url))
    await page.goto("/map")
    await expect(page.locator("a.mark")).to_have_count(1)
    await page.wait_for_load_state("networkidle")
    assert asked
    assert not [url for url in asked if "leaflet" in url or "city_map" in url]
    await flawless(page)


async def test_by_keyboard(phone: Open) -> None:
    page = await phone("city", "en", viewport=DESK)
    await page.goto("/map")
    await expect(page.locator(".plan-buttons button")).to_have_count(3)
    view = page.locator("[data-plan-view]")
    await view.focus()
    await page.keyboard.press("+")
    await page.keyboard.press("+")
    await expect(view).to_have_attribute("data-zoom", "2.25")
    before = await view.evaluate("it => it.scrollLeft")
    await page.keyboard.press("ArrowRight")
    await page.wait_for_function("before => document.querySelector('[data-plan-view]').scrollLeft > before", arg=before)
    mark = page.locator("a.mark")
    await mark.focus()
    assert "Songjian" in (await mark.get_attribute("aria-label") or "")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/coverage?**school=*")


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
async def test_without_scripts(phone: Open, viewport: object) -> None:
    page = await phone("city", "en", viewport=viewport, java_script_enabled=False)
    await page.goto("/map")
    await page.get_by_role("link", name="Nearer").click()
    assert "z=1" in page.url
    assert page.url.endswith("#map")
    await page.get_by_role("link", name="To the north").click()
    await page.get_by_role("link", name="All of it").click()
    await page.locator("select[name=area]").select_option("fire")
    await page.get_by_role("button", name="Show").click()
    assert "area=fire" in page.url
    await page.locator("select[name=sort]").select_option("open")
    await page.get_by_role("button", name="Show").click()
    await expect(page.locator("th[aria-sort=ascending]")).to_have_count(1)
    await page.locator("th[scope=row] a").first.click()
    assert "/coverage?" in page.url


@dataclass
class Tiles:
    """A tile server of our own; `works` decides how it answers."""

    works: bool = True
    asked: list[tuple[str, str]] = field(default_factory=list)
    port: int = 0


@pytest.fixture(scope="module")
def tiles() -> Iterator[Tiles]:
    told = Tiles()
    picture = io.BytesIO()
    Image.new("RGB", (256, 256), "#cfe3d8").save(picture, "PNG")

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.asked.append((self.path, self.headers.get("referer", "")))
            self.send_response(200 if told.works else 404)
            self.send_header("Content-Type", "image/png")
            self.end_headers()
            self.wfile.write(picture.getvalue() if told.works else b"")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    told.port = server.server_port
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield told
    server.shutdown()


@pytest.fixture(scope="module")
def mapped(city: City, tiles: Tiles) -> Iterator[Server]:
    base = f"http://127.0.0.1:{tiles.port}"
    layers = f"{base}/vec/{{z}}/{{x}}/{{y}}.png?tk={{key}} {base}/cva/{{z}}/{{x}}/{{y}}.png?tk={{key}}"
    settings = {"XUNAN_MAP_TILES": layers, "XUNAN_MAP_KEY": "abc", "XUNAN_MAP_CREDIT": CREDIT}
    server = Server(city.environment | settings)
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def desk(chromium: Browser, mapped: Server, ask: Ask, tiles: Tiles) -> AsyncIterator[Page]:
    """The city's officer at the server with tiles; nothing but our own server and the tiles is asked."""
    noise: list[str] = []
    context = await chromium.new_context(base_url=mapped.url, viewport=DESK, locale="en", service_workers="block")
    await context.add_init_script(BROKEN_RULE)
    cookies = {**dict(ask("city").cookies), "xunan-language": "en"}
    await context.add_cookies([{"name": n, "value": v, "url": mapped.url} for n, v in cookies.items()])
    page = await context.new_page()
    fine = (mapped.url + "/", f"http://127.0.0.1:{tiles.port}/", "data:", "blob:")
    page.on("request", lambda request: None if request.url.startswith(fine) else noise.append(request.url))
    page.on("pageerror", lambda error: noise.append(str(error)))
    page.on(
        "console", lambda it: noise.append(it.text) if it.type == "error" and "Failed to load" not in it.text else None
    )
    yield page
    await context.close()
    assert noise == []


async def test_with_tiles(desk: Page, tiles: Tiles, mapped: Server) -> None:
    tiles.works = True
    tiles.asked.clear()
    await desk.goto("/map")
    await expect(desk.locator("[data-city-map][data-tiles-came]")).to_be_visible()
    await expect(desk.locator("[data-city-drawn]")).to_be_hidden()
    await expect(desk.locator(".leaflet-control-attribution")).to_have_text(CREDIT)
    await desk.wait_for_load_state("networkidle")
    assert {path.split("/")[1] for path, _ in tiles.asked} == {"vec", "cva"}
    assert all(path.endswith("?tk=abc") for path, _ in tiles.asked)
    assert {referer for _, referer in tiles.asked} == {mapped.url + "/"}, "the key is bound to our name, not to a page"
    mark = desk.locator(".leaflet-marker-icon")
    await expect(mark).to_have_count(1)
    await mark.focus()
    await desk.keyboard.press("Enter")
    card = desk.locator(".leaflet-popup-content")
    await expect(card).to_contain_text("Songjian")
    await expect(card).to_contain_text("Coverage")
    await expect(desk.locator(".leaflet-popup-close-button")).to_have_attribute("aria-label", words_of("en")("Close"))
    await flawless(desk)
    await card.get_by_role("link").click()
    await desk.wait_for_url("**/coverage?**school=*")


async def test_a_name_is_no_markup(desk: Page, tiles: Tiles, city: City) -> None:
    tiles.works = True
    before = city.value("SELECT name_en FROM body WHERE kind = 'school' ORDER BY number LIMIT 1")
    bad = "<img src=x onerror=alert(1)>"
    rename = "UPDATE body SET name_en = $1 WHERE kind = 'school' RETURNING 1"
    city.rows(rename, bad)
    try:
        await desk.goto("/map")
        await desk.locator(".leaflet-marker-icon").press("Enter")
        await expect(desk.locator(".leaflet-popup-content a")).to_have_text(bad)
        assert await desk.locator(".leaflet-popup-content img, .leaflet-marker-icon img").count() == 0
    finally:
        city.rows(rename, before)


async def test_tiles_that_do_not_come(desk: Page, tiles: Tiles) -> None:
    tiles.works = False
    await desk.goto("/map")
    await expect(desk.locator("[data-city-map-failed]")).to_be_visible()
    await expect(desk.locator("[data-city-map]")).to_be_hidden()
    await expect(desk.locator("[data-city-drawn] a.mark")).to_be_visible()
    await flawless(desk)
