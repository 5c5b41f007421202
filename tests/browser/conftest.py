"""Chromium against the real application: one server and one browser for all, a session per person and language."""

from collections.abc import AsyncIterator, Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest
from playwright.async_api import Browser, BrowserContext, Page, Playwright, ViewportSize, async_playwright

from backend.language import say
from backend.postgres_roles import Dsns
from tests.browser.crawl import Shown, reach, starts
from tests.browser.serving import PASSWORD, PEOPLE, City, Server, build

CHROMIUM = "/usr/bin/chromium" if Path("/usr/bin/chromium").exists() else None
FLAGS = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]
PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1280, "height": 800}
LANGUAGES = ["zh-CN", "en"]
NAMES = {"zh-CN": "中文", "en": "英文"}
"""Of the languages, for the names of what a test makes: they are looked at on Chinese pages too."""
BROKEN_RULE = (
    "document.addEventListener('securitypolicyviolation', e => console.error('CSP', e.violatedDirective, e.blockedURI))"
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def city(dsns: Dsns, tmp_path_factory: pytest.TempPathFactory) -> City:
    return build(dsns, tmp_path_factory.mktemp("city"))


@pytest.fixture(scope="session")
def site(city: City) -> Iterator[Server]:
    server = Server(city.environment)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
async def playwright() -> AsyncIterator[Playwright]:
    async with async_playwright() as running:
        yield running


@pytest.fixture(scope="session")
async def chromium(playwright: Playwright) -> AsyncIterator[Browser]:
    browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    yield browser
    await browser.close()


Ask = Callable[[str], httpx.Client]


@pytest.fixture(scope="session")
def ask(site: Server) -> Iterator[Ask]:
    """`ask("manager")` is a client without a browser, signed in as the manager; "" is a stranger."""
    clients: dict[str, httpx.Client] = {}

    def make(who: str) -> httpx.Client:
        if who not in clients:
            headers = {"accept": "text/html", "accept-language": "zh-CN", "sec-fetch-site": "same-origin"}
            client = clients[who] = httpx.Client(base_url=site.url, headers=headers, timeout=30)
            if who:
                form = {"username": PEOPLE[who], "password": PASSWORD, "next": "/me"}
                assert client.post("/sign-in", data=form).status_code == 303, who
                choose_post(client, who)
        return clients[who]

    yield make
    for client in clients.values():
        client.close()


def choose_post(client: httpx.Client, who: str) -> None:
    """Who holds several posts says first for which he works now: the manager of the demo is also a keeper."""
    shown = client.get("/switch-body")
    offered = [part.split('"')[0] for part in shown.text.split('name="member" value="')[1:]]
    if client.get("/me").status_code == 303 or (who == "manager" and client.get("/labels").status_code != 200):
        for member in offered:
            client.post("/switch-body", data={"member": member})
            if who != "manager" or client.get("/labels").status_code == 200:
                return


Reached = Callable[[str, str], list[Shown]]


@pytest.fixture(scope="session")
def shown(ask: Ask, city: City) -> Reached:
    """`shown("manager", "en")`: every page that the manager can reach, as the server sends it in English."""

    @cache
    def crawled(who: str, language: str) -> list[Shown]:
        client = ask(who)
        client.cookies.set("xunan-language", language)
        try:
            return reach(client, starts(who, city))
        finally:
            client.cookies.delete("xunan-language")

    return crawled


class Open(Protocol):
    """`await phone("patrol", "en")` is a new page of that person in that language, which may complain of nothing."""

    async def __call__(self, who: str = "", language: str = "zh-CN", **options: Any) -> Page: ...


@pytest.fixture
async def phone(chromium: Browser, site: Server, ask: Ask) -> AsyncIterator[Open]:
    contexts: list[BrowserContext] = []
    noise: list[str] = []

    async def open_page(who: str = "", language: str = "zh-CN", **options: Any) -> Page:
        base = options.pop("url", site.url)
        settings: dict[str, Any] = {
            "viewport": PHONE,
            "locale": language,
            "service_workers": "block",
            "has_touch": True,
        } | options
        context = await chromium.new_context(base_url=base, **settings)
        context.set_default_timeout(20_000)
        contexts.append(context)
        await context.add_init_script(BROKEN_RULE)
        if who:
            await context.add_cookies([{"name": n, "value": v, "url": base} for n, v in ask(who).cookies.items()])
        return listen(await context.new_page(), base, noise)

    yield open_page
    for context in contexts:
        await context.close()
    assert noise == []


def listen(page: Page, base: str, noise: list[str]) -> Page:
    """What the page complains about, and every request that leaves its own origin."""

    def heard(text: str) -> None:
        if "Failed to load resource" not in text:  # the status of a page that is meant to refuse
            noise.append(f"{page.url}: {text}")

    def asked(url: str) -> None:
        if not url.startswith((base + "/", "data:", "blob:")):
            noise.append(f"{page.url} asked for {url}")

    page.on("console", lambda message: heard(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: heard(str(error)))
    page.on("request", lambda request: asked(request.url))
    return page


Words = Callable[..., str]


def words_of(language: str) -> Words:
    """What the application says for a message id."""
    return partial(say, language)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A photo as a phone makes it."""
    from PIL import Image

    file = tmp_path / "photo.jpg"
    Image.effect_noise((1200, 900), 60).convert("RGB").save(file, quality=85)
    return file
