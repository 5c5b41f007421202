"""Every page of every role in Chromium: no complaint of axe, of the console or the content policy, nothing asked of
another origin, no sideways scroll on the narrowest phone; light and dark, phone and desk, both languages."""

import asyncio
import re
from dataclasses import dataclass, field
from typing import Literal

import pytest
from playwright.async_api import Browser, Page

from backend.language import CHINESE, ENGLISH, LANGUAGES
from tests.browser.conftest import BROKEN_RULE, DESK, PHONE, Ask, Reached, listen
from tests.browser.crawl import Shown
from tests.browser.eyes import sideways, violations
from tests.browser.serving import PEOPLE, Server

SCHEMES: dict[str, tuple[Literal["light", "dark"], ...]] = {CHINESE: ("light", "dark"), ENGLISH: ("dark", "light")}
"""All rules in the first, in the other those about colours."""


@dataclass
class Seen:
    """What was found on the pages of one role in one language; each line names the page."""

    noise: list[str] = field(default_factory=list)
    sideways: list[str] = field(default_factory=list)
    axe: list[str] = field(default_factory=list)


def shapes_of(page: Shown) -> set[str]:
    """The page without its words, and its frame likewise: of those with the same tags, classes and hooks for scripts,
    one is looked at."""
    marks = r'(?:class|role|type)="[^"]*"|(?:aria|data|hx)-[\w-]+(?==| |$)'
    before, main, after = [*re.split(r"</?main\b", page.html), "", ""][:3]
    return {
        str(sorted({(tag, *sorted(re.findall(marks, rest))) for tag, rest in re.findall(r"<(\w+)([^>]*)", part)}))
        for part in (main, before + after)
    }


@pytest.fixture(scope="module")
async def seen(chromium: Browser, site: Server, ask: Ask, shown: Reached) -> dict[tuple[str, str], Seen]:
    """Two at a time; each shape once in each language."""
    found = {(who, language): Seen() for who in PEOPLE for language in LANGUAGES}
    looks: list[str] = []
    shapes, gate = set[tuple[str, str]](), asyncio.Semaphore(2)
    pages = {who: [page for page in shown(who, CHINESE) if page.html] for who in PEOPLE}

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
                new = {(shape, language) for shape in shapes_of(page)} - shapes
                shapes.update(new)
                if new:
                    looks.append(page.address)
                    await look(tab, page, language, it)
            await context.close()

    await asyncio.gather(*(all_of(who, language) for who in PEOPLE for language in LANGUAGES))
    print(f"{sum(map(len, pages.values()))} pages, {len(looks)} looks")
    return found


async def look(tab: Page, page: Shown, language: str, it: Seen) -> None:
    """At 320 pixels; Chinese then on a phone, English at a desk, so that each language and size meets each role."""
    await tab.goto(page.address)
    it.sideways += [f"{page.address} {line}" for line in await sideways(tab)]
    await tab.set_viewport_size(PHONE if language == CHINESE else DESK)
    for place, scheme in enumerate(SCHEMES[language]):
        await tab.emulate_media(color_scheme=scheme)
        it.axe += [f"{page.address} {scheme} {line}" for line in await violations(tab, colours=place > 0)]


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
