"""Every page of every role in Chromium: no complaint of axe, none of the console or the content policy, nothing asked of
another origin, no sideways scroll on the narrowest phone; light and dark, phone and desk, both languages."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Browser, Page

from backend.language import CHINESE, LANGUAGES
from tests.browser.conftest import BROKEN_RULE, DESK, PHONE, Ask, listen
from tests.browser.crawl import Shown, reach, starts
from tests.browser.serving import PEOPLE, City, Server

AXE = """dark => axe.run(document, dark ? {runOnly: ['color-contrast'], resultTypes: ['violations']}
    : {resultTypes: ['violations']})
  .then(found => found.violations.flatMap(it => it.nodes.map(node => `${it.id}: ${node.html.slice(0, 160)}`)))"""
SIDEWAYS = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
  [...document.body.querySelectorAll('*')].filter(it => it.getBoundingClientRect().right > innerWidth + 1)
    .slice(-3).map(it => `${document.documentElement.scrollWidth}px: ${it.outerHTML.slice(0, 140)}`)"""


@dataclass
class Seen:
    """What was found on the pages of one role in one language; each line names the page."""

    noise: list[str] = field(default_factory=list)
    sideways: list[str] = field(default_factory=list)
    axe: list[str] = field(default_factory=list)


def shape(page: Shown) -> str:
    """A page without its words: of two pages with the same tags, classes and hooks for scripts, one is looked at."""
    tags = re.findall(r"<(\w+)([^>]*)", page.html)
    marks = r'(?:class|role|type)="[^"]*"|(?:aria|data|hx)-[\w-]+(?==| |$)'
    return str(sorted({(tag, *sorted(re.findall(marks, rest))) for tag, rest in tags}))


@pytest.fixture(scope="module")
async def seen(chromium: Browser, site: Server, ask: Ask, city: City) -> AsyncIterator[dict[tuple[str, str], Seen]]:
    """Two at a time; each shape of page once in each language."""
    found = {(who, language): Seen() for who in PEOPLE for language in LANGUAGES}
    shapes, gate = set[tuple[str, str]](), asyncio.Semaphore(2)
    pages = {who: [page for page in reach(ask(who), starts(who, city)) if page.html] for who in PEOPLE}

    async def all_of(who: str, language: str) -> None:
        async with gate:
            context = await chromium.new_context(
                base_url=site.url, viewport=PHONE, locale=language, service_workers="block", reduced_motion="reduce"
            )
            await context.add_init_script(BROKEN_RULE)
            cookies = {**dict(ask(who).cookies), "xunan-language": language}
            await context.add_cookies([{"name": n, "value": v, "url": site.url} for n, v in cookies.items()])
            it = found[who, language]
            tab = listen(await context.new_page(), site.url, it.noise)
            for page in pages[who]:
                if (shape(page), language) not in shapes:
                    shapes.add((shape(page), language))
                    await look(tab, page, language, it)
            await context.close()

    await asyncio.gather(*(all_of(who, language) for who in PEOPLE for language in LANGUAGES))
    print(f"{sum(map(len, pages.values()))} pages, {len(shapes)} shapes")
    yield found


async def look(tab: Page, page: Shown, language: str, it: Seen) -> None:
    """At 320 pixels; Chinese then on a phone, English at a desk, so that each language and size meets each role."""
    await tab.set_viewport_size({"width": 320, "height": 640})
    await tab.goto(page.address)
    it.sideways += [f"{page.address} {line}" for line in await tab.evaluate(SIDEWAYS)]
    await tab.set_viewport_size(PHONE if language == CHINESE else DESK)
    await tab.evaluate(AXE_SCRIPT)
    for scheme in ("light", "dark"):
        await tab.emulate_media(color_scheme=scheme)
        it.axe += [f"{page.address} {scheme} {line}" for line in await tab.evaluate(AXE, scheme == "dark")]
    await tab.emulate_media(color_scheme="light")


everybody = pytest.mark.parametrize("who", list(PEOPLE), ids=lambda who: who or "stranger")
in_both = pytest.mark.parametrize("language", LANGUAGES)
All = dict[tuple[str, str], Seen]


@everybody
@in_both
async def test_nothing_is_complained_of(seen: All, who: str, language: str) -> None:
    """The console, the content policy, requests that leave the origin."""
    assert not seen[who, language].noise, "\n".join(seen[who, language].noise)


@everybody
@in_both
async def test_no_page_scrolls_sideways(seen: All, who: str, language: str) -> None:
    assert not seen[who, language].sideways, "\n".join(seen[who, language].sideways)


@everybody
@in_both
async def test_axe_finds_nothing(seen: All, who: str, language: str) -> None:
    assert not seen[who, language].axe, "\n".join(seen[who, language].axe)
