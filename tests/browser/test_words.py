"""Both languages on every page of every role: no Chinese page with forgotten English, no English page with our Chinese,
no link that leads nowhere."""

import re
from functools import cache

import pytest

from backend.language import CHINESE, ENGLISH, LANGUAGES, catalogue
from fixtures import load_city
from tests.browser.conftest import Reached
from tests.browser.crawl import Shown, route_of, routes, starts, words
from tests.browser.serving import PEOPLE, City

FINE = re.compile(
    r"""https?://\S+ | \b[\w.-]+@[\w.-]+ | \bxunan-demo\b | \bwangjianguo\b | \|\s?Green\szone
    | \b[0-9A-HJKMNP-TV-Z]{8}\b | \b(?:GB|GA|JGJ|TSG|WS|DB|AQ|XF|CJJ|YY|HJ|RR|T)(?:/T|-T)?\s?[A-Z]?\d[\d.\-–—:/]*
    | \b[A-Z0-9-]*\d[A-Z0-9-]*\b | \.(?:xlsx|csv|txt|pdf)\b
    | \b(?:MPa|kPa|Pa|mm|cm|km|kg|mg|lx|ppm|kW|min|ml|pH|dB)\b
    | \b(?:Excel|CSV|PDF|PNG|JPEG|WebP|HEIC|SVG|WGS|English|JSON|MB|KB|QR|HTTPS?|WPS|Chrome|Linux|Ctrl|PIN|App|GPS)\b
    | \b(?:RFC|RRULE)\b | \bFREQ=[A-Z]+(?:;[A-Z]+=[A-Z0-9,]+)*
    """,
    re.X,
)
"""Latin letters that a Chinese school writes too: standards, codes, units, file formats, user names."""
NAMES = [person.username for person in load_city().people] + [body.number for body in load_city().bodies]
NAME = re.compile(r"\b(?:" + "|".join(map(re.escape, NAMES)) + r")\b")
LATIN = re.compile(r"[A-Za-z]{2,}")
CHINESE_CHARACTER = re.compile(r"[\u4e00-\u9fff]")
KEY = re.compile(r"\b[a-z]+(?:_[a-z]+)+\b|%\(\w+\)s|\{\{|\bundefined\b|\bnull\b")


def without_names(text: str) -> str:
    """What is left when names that are written in Latin letters everywhere are taken away."""
    return NAME.sub("", FINE.sub("", re.sub(r"\{\w+\}", "", text)))


def listed(left: dict[str, str]) -> str:
    return "\n".join(f"{address}: {text}" for text, address in sorted(left.items()))


@pytest.fixture
def pages(shown: Reached, who: str, language: str) -> list[Shown]:
    return shown(who, language)


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
        text: page.address
        for page in pages
        for text in words(page)
        if text in ours(language) or LATIN.search(without_names(text)) or KEY.search(text)
    }
    assert not left, listed(left)


@everybody
@pytest.mark.parametrize("language", [ENGLISH])
def test_english_pages_say_nothing_of_ours_in_chinese(pages: list[Shown], language: str) -> None:
    left = {text: page.address for page in pages for text in words(page) if text in ours(language) or KEY.search(text)}
    assert not left, listed(left)


@everybody
@pytest.mark.parametrize("language", [CHINESE])
def test_every_link_leads_somewhere(pages: list[Shown], who: str, language: str, city: City) -> None:
    meant = set(starts(who, city))
    dead = {
        f"{page.status} {page.address}": page.linked_from
        for page in pages
        if page.status >= (500 if page.address in meant else 400)
    }
    assert not dead, listed(dead)


@everybody
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_names_its_language(pages: list[Shown], language: str) -> None:
    other = {page.address: "" for page in pages if page.html and f'<html lang="{language}"' not in page.html}
    assert not other, listed(other)


UNLINKED = {
    "/healthz": "for machines",
    "/sw.js": "asked for by the browser",
    "/manifest.webmanifest": "asked for by the browser",
    "/api/openapi.json": "for machines",
    "/api/record/{school:uuid}": "for machines",
    "/P/{code:str}": "what labels print; the same page as /p/",
    "/findings/{id:uuid}/version": "a page that is open asks for it",
    "/notices/channels/{channel:uuid}": "the demo's schools have set up no channel; tests/notices looks at it",
    "/ics/{token:str}": "calendar programs ask at a secret address; tests/rounds/test_feed.py",
    "/findings/assign": "the button below the ticked rows of the ledger leads there",
}


def test_every_route_is_met_by_somebody(shown: Reached) -> None:
    """A page that no link leads to is a page that nobody finds, and that no test here has looked at."""
    met = {route_of(page.address) for who in PEOPLE for page in shown(who, CHINESE)}
    lost = {name: "" for name, _ in routes() if name not in met | set(UNLINKED)}
    assert not lost, listed(lost)
