"""Finds every page that each role can reach: along the links that pages show him, a few of each kind."""

import html
import re
from collections import Counter, deque
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser

import httpx

from backend.access import hashed
from backend.app import application
from tests.browser.serving import City

VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
SAID = ("aria-label", "placeholder", "title", "alt", "data-confirm")
"""Attributes whose words people see or hear."""


@cache
def routes() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Every address that can be read, and what it looks like."""
    kinds = {"uuid": r"[0-9a-fA-F-]{36}", "str": r"[^/]+", "int": r"\d+"}
    found = []
    for route in application("").routes:
        if "GET" in {method for handler in getattr(route, "route_handlers", []) for method in handler.http_methods}:
            shape = re.sub(r"\{\w+:(\w+)\}", lambda part: kinds[part[1]], route.path)
            found.append((route.path, re.compile(shape + "/?")))
    return tuple(sorted(found, key=lambda row: (row[0].count("{"), row[0])))


def route_of(address: str) -> str:
    """The route an address belongs to; "" for none."""
    path = address.partition("?")[0]
    return next((name for name, shape in routes() if shape.fullmatch(path)), "")


@dataclass(frozen=True)
class Shown:
    """A page as the server sent it."""

    address: str
    linked_from: str
    status: int
    html: str = field(repr=False)


MOST_OF_A_KIND = 2
"""How many pages of one route are looked at, each asked with other names in its query."""


def reach(client: httpx.Client, starts: list[str]) -> list[Shown]:
    """A few pages of each route, in the order they are met."""
    queue = deque((address, "") for address in starts)
    seen, known, found = set[str](), Counter[str](), list[Shown]()
    asked = set[tuple[str, str]]()
    while queue:
        address, linked_from = queue.popleft()
        path, _, query = address.partition("?")
        names = "&".join(sorted({part.partition("=")[0] for part in query.split("&")}))
        route = route_of(path) or path
        is_new = (route, names) not in asked and known[route] < MOST_OF_A_KIND
        if address in seen or not (is_new or address in starts):
            continue
        seen.add(address)
        asked.add((route, names))
        known[route] += 1
        answer = client.get(address)
        if answer.is_redirect:
            queue.appendleft((answer.headers["location"], address))
        is_page = "html" in answer.headers.get("content-type", "")
        found.append(Shown(address, linked_from, answer.status_code, answer.text if is_page else ""))
        queue.extend((link, address) for link in links_of(found[-1]) if not link.startswith("/static/"))
    return found


def links_of(page: Shown) -> list[str]:
    """The page for lost connections names ways for those who patrol, to whom alone it is shown in place of another."""
    text = "" if page.address == "/offline" else html.unescape(page.html)
    text = re.sub(r"<template.*?</template>", "", text, flags=re.S)
    return re.findall(r'<(?:a|img|image|button)\b[^>]*?(?:href|src|formmethod="get" formaction)="(/[^"#]*)', text)


def starts(who: str, city: City) -> list[str]:
    """Where this person may come from besides his start page: labels, a receipt, a page that is not there."""
    codes = ["P6XHTHBYQ9JM", "5CPPJQZW88Z1", "NHAZYKNY4SKD", "719NTVSQKCC8", "0000000000ZZ"]
    own = ["/", "/switch", "/report", "/offline", "/saved", "/unsent", "/notices", "/no-such-page", "/join/nothing"]
    own += [f"/p/{code}" for code in codes]
    if not who:
        return [*own, *(f"/report/{code}" for code in codes), *secrets_of(city)]
    if who == "patrol":
        return [*own, *(f"/visits/{row['id']}" for row in city.rows("SELECT id FROM visit ORDER BY id DESC LIMIT 1"))]
    if who == "crew":
        return [*own, *(f"/p/{code}?view=checklist" for code in codes[:2])]
    if who == "manager":
        nothing = ["/points?q=zzzz", "/findings?q=zzzz", "/visits?q=zzzz"]
        return [*own, *nothing, "/labels/claim/NHAZYKNY4SKD", "/checklists/hydrant", "/checklists/dates"]
    return own


def secrets_of(city: City) -> list[str]:
    """Addresses that only those know to whom they were given: an invitation, a receipt, a contractor's link."""
    token, receipt, link = "an-invitation-of-the-tests", "0123456789AB", "a-link-of-the-tests"
    if not city.rows("SELECT 1 FROM contractor_link WHERE token_hash = $1", hashed(link)):
        city.rows(
            """INSERT INTO contractor_link (school, finding, token_hash, name, made_by, expires_at)
               SELECT f.school, f.id, $1, '马师傅', m."user", now() + interval '1 day' FROM finding f
               JOIN member m ON m.body = f.school AND m.post = 'logistics'
               WHERE f.state NOT IN ('closed', 'delisted', 'rejected_report', 'merged')
               ORDER BY EXISTS (SELECT FROM photo p WHERE p.finding = f.id AND p.state = 'kept') DESC, f.id LIMIT 1""",
            hashed(link),
        )
    if not city.rows("SELECT 1 FROM invitation WHERE token_hash = $1", hashed(token)):
        city.rows(
            """INSERT INTO invitation (body, "user", token_hash, invited_by, expires_at)
               SELECT body, "user", $1, "user", now() + interval '1 day' FROM member WHERE post = 'guard' LIMIT 1""",
            hashed(token),
        )
    return [f"/join/{token}", f"/report/receipt/{receipt}", f"/c/{link}"]


class Words(HTMLParser):
    """The words of a page that somebody sees or hears, without those marked as another language or as no language."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, bool]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        quiet = tag in {"script", "style", "code", "kbd", "svg", "textarea"} or given.get("translate") == "no"
        quiet = quiet or (tag != "html" and "lang" in given) or "mono" in (given.get("class") or "").split()
        hidden = quiet or any(hush for _, hush in self.open)
        if not hidden:
            self.texts += [text for name in SAID if (text := given.get(name))]
        if tag not in VOID:
            self.open.append((tag, quiet))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if data.strip() and not any(hush for _, hush in self.open):
            self.texts.append(" ".join(data.split()))


def words(page: Shown) -> list[str]:
    parser = Words()
    parser.feed(page.html)
    return parser.texts
