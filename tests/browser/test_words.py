"""Both languages on every page of every role: no Chinese page with forgotten English, no English page with our Chinese,
no link that leads nowhere."""

import re
from functools import cache

import pytest

from backend.language import CHINESE, ENGLISH, LANGUAGES, catalogue
from tests.browser.conftest import Ask
from tests.browser.crawl import Shown, reach, route_of, routes, starts, words
from tests.browser.serving import PEOPLE, City

FINE = re.compile(
    r"""https?://\S+ | \b[\w.-]+@[\w.-]+ | \b(?:GB|GA|JGJ|TSG|WS|DB|AQ|XF|CJJ|YY|HJ|RR|T)(?:/T|-T)?\s?[A-Z]?\d[\d.\-–—:/]*
    | \b[A-Z0-9-]*\d[A-Z0-9-]*\b | \b[a-z]{2,3}-[a-z]{3,12}\b | \.(?:xlsx|csv|txt|pdf)\b
    | \b(?:MPa|kPa|Pa|mm|cm|km|kg|mg|lx|ppm|kW|min|ml|pH|dB)\b
    | \b(?:Excel|CSV|PDF|PNG|JPEG|WebP|HEIC|WGS|English|JSON|MB|KB|QR|HTTPS?|WPS|Ctrl|UV|LED|POS|App|PPE|MSDS|SDS|COD|GPS)\b
    """,
    re.X,
)
"""Latin letters that a Chinese school writes too: standards, codes, units, file formats, user names."""
LATIN = re.compile(r"[A-Za-z]{2,}")
CHINESE_CHARACTER = re.compile(r"[\u4e00-\u9fff]")
KEY = re.compile(r"\b[a-z]+(?:_[a-z]+)+\b|%\(\w+\)s|\{\{|\bNone\b|\bundefined\b|\bnull\b")

_pages: dict[tuple[str, str], list[Shown]] = {}


@pytest.fixture
def pages(ask: Ask, city: City, who: str, language: str) -> list[Shown]:
    if (who, language) not in _pages:
        client = ask(who)
        client.cookies.set("xunan-language", language)
        _pages[who, language] = reach(client, starts(who, city))
        client.cookies.delete("xunan-language")
    return _pages[who, language]


@cache
def ours(language: str) -> frozenset[str]:
    """Whole texts that only a page of the other language may show."""
    if language == CHINESE:
        return frozenset(en for en, zh in catalogue().items() if en != zh and LATIN.search(FINE.sub("", en)))
    return frozenset(zh for en, zh in catalogue().items() if en != zh and CHINESE_CHARACTER.search(zh))


everybody = pytest.mark.parametrize("who", list(PEOPLE), ids=lambda who: who or "stranger")


@everybody
@pytest.mark.parametrize("language", [CHINESE])
def test_chinese_pages_are_chinese(pages: list[Shown], language: str) -> None:
    left = {
        (page.address, text)
        for page in pages
        for text in words(page)
        if text in ours(language) or LATIN.search(FINE.sub("", text)) or KEY.search(text)
    }
    assert left == set()


@everybody
@pytest.mark.parametrize("language", [ENGLISH])
def test_english_pages_say_nothing_of_ours_in_chinese(pages: list[Shown], language: str) -> None:
    left = {
        (page.address, text) for page in pages for text in words(page) if text in ours(language) or KEY.search(text)
    }
    assert left == set()


@everybody
@pytest.mark.parametrize("language", [CHINESE])
def test_every_link_leads_somewhere(pages: list[Shown], who: str, language: str, city: City) -> None:
    meant = set(starts(who, city))
    assert {(page.address, page.status) for page in pages if page.status >= 400 and page.address not in meant} == set()
    assert {page.address for page in pages if page.status >= 500} == set()


@everybody
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_names_its_language(pages: list[Shown], language: str) -> None:
    assert {page.address for page in pages if page.html and f'<html lang="{language}"' not in page.html} == set()


UNLINKED = {
    "/healthz": "for machines",
    "/sw.js": "asked for by the browser",
    "/manifest.webmanifest": "asked for by the browser",
}


def test_every_route_is_met_by_somebody() -> None:
    """A page that no link leads to is a page that nobody finds, and that no test here has looked at."""
    met = {route_of(page.address) for pages in _pages.values() for page in pages}
    assert {name for name, _ in routes()} - met - set(UNLINKED) == set()
