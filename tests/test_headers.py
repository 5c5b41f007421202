"""What goes with every answer, whoever made it and however it ended: the header set, cookies, what may be stored,
errors that tell nothing of the inside."""

import re
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from backend import settings as settings_module
from backend.accounts import queries as account_queries
from backend.database import DB
from backend.language import CHINESE, ENGLISH, LANGUAGES, say
from backend.page import asset
from backend.postgres_roles import Dsns
from backend.settings import settings
from tests.accounts.people import PASSWORD, somebody
from tests.conftest import Browser
from tests.test_access import parameters, routes
from tests.world import World

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' blob: data:",
    "connect-src": "'self'",
    "font-src": "'self'",
    "manifest-src": "'self'",
    "media-src": "'self' blob:",
    "worker-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
FOR_EVERYBODY = {"/sw.js", "/manifest.webmanifest", "/api/openapi.json"}
"""The same for all, and asked again each time."""
TRACES = re.compile(r"Traceback|File \"|\.py\b|asyncpg|litestar|minijinja|[a-z]Exception|[a-z]Error\b|SELECT .* FROM")


def check(answer: httpx.Response) -> None:
    """The whole set; scripts may come from here only, and only the scanner may compile WebAssembly."""
    path = answer.request.url.path
    told = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    wasm = {"script-src": "'self' 'wasm-unsafe-eval'"} if path == "/scan" else {}
    assert told == POLICY | wasm, path
    assert {name: answer.headers.get(name) for name in ALWAYS} == ALWAYS, path
    allowed = dict(part.strip().split("=", 1) for part in answer.headers["permissions-policy"].split(","))
    assert {name for name, who in allowed.items() if who != "()"} == {"camera", "geolocation"}, path
    assert "x-powered-by" not in answer.headers
    assert not answer.headers.get("server"), "the kind of server is nobody's business"


def anything(path: str) -> str:
    """An address of this route whose ids are nobody's."""
    for name in parameters(path):
        path = re.sub(r"\{" + name + r":uuid\}", str(uuid4()), path)
        path = re.sub(r"\{" + name + r":\w+\}", "0000000000ZZ", path)
    return path


@pytest.fixture
async def site(app: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A stranger to whom even an unexpected error is answered."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://xunan.test", headers={"accept": "text/html"}
    ) as client:
        yield client


@pytest.mark.parametrize("who", ["", "guard", "manager", "city", "admin"], ids=lambda who: who or "stranger")
async def test_every_route_and_every_outcome(browser: Browser, who: str) -> None:
    """What is allowed, what is not there, what is forbidden, what leads elsewhere: all carry the set."""
    outcomes = set[int]()
    async with browser(who) as client:
        for method, path, _ in routes():
            if path == "/sign-out-everywhere" or (method == "POST" and path == "/sign-out"):
                continue  # the sessions are needed by other tests
            sent = {} if method == "GET" else {"data": {"x": "1"}}
            answer = await client.request(method, anything(path), **sent)  # type: ignore[arg-type]
            check(answer)
            outcomes.add(answer.status_code // 100)
            assert answer.status_code < 500, answer.text
            assert not (answer.status_code >= 400 and TRACES.search(answer.text)), answer.text
    assert outcomes == {2, 3, 4}


async def test_what_is_signed_in_is_not_stored(browser: Browser) -> None:
    """Pages and data of a person are gone when he has signed out; pictures may stay with his own browser alone."""
    for who in ("guard", "manager", "city", "admin"):
        async with browser(who) as client:
            for method, path, _ in routes():
                if method != "GET" or parameters(path) or path in FOR_EVERYBODY:
                    continue
                answer = await client.get(path)
                assert "no-store" in answer.headers.get("cache-control", ""), path


async def test_static_files(site: httpx.AsyncClient) -> None:
    """What is named by its content may be kept for ever; all of it carries the set."""
    for path in ("css/base.css", "js/main.js", "icons/sprite.svg", "vendor/zxing-wasm/zxing_reader.wasm"):
        answer = await site.get(asset(path))
        assert answer.status_code == 200, path
        check(answer)
        assert "immutable" in answer.headers["cache-control"]
    assert (await site.get(asset("vendor/zxing-wasm/zxing_reader.wasm"))).headers["content-type"] == "application/wasm"
    missing = await site.get("/static/nothing.js")
    assert missing.status_code == 404
    check(missing)
    for path in ("/static/../backend/app.py", "/static/%2e%2e/pyproject.toml", "/static//etc/passwd"):
        assert (await site.get(path)).status_code == 404


async def test_the_database_is_away(site: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DB, "pool", None)
    health = await site.get("/healthz")
    assert (health.status_code, health.json()["status"]) == (503, "waiting")
    check(health)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_something_breaks(site: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    """The page says so in the reader's language and tells nothing of the inside; programs get a problem."""

    async def broken(*_: object) -> None:
        raise RuntimeError("secret of the inside")

    monkeypatch.setattr(account_queries, "on_device", broken)
    answer = await site.get("/sign-in", headers={"accept-language": language})
    assert answer.status_code == 500
    check(answer)
    assert f'<html lang="{language}"' in answer.text
    assert "secret of the inside" not in answer.text
    assert not TRACES.search(answer.text)
    problem = await site.get("/sign-in", headers={"accept": "application/json"})
    assert problem.headers["content-type"].startswith("application/problem+json")
    assert "secret" not in problem.text
    check(problem)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/no/such/page", 404), ("DELETE", "/sign-in", 405)])
async def test_pages_of_errors(site: httpx.AsyncClient, language: str, method: str, path: str, status: int) -> None:
    answer = await site.request(method, path, headers={"accept-language": language})
    assert answer.status_code == status
    check(answer)
    assert f'<html lang="{language}"' in answer.text
    title = {404: "Not found", 405: "Not possible here"}[status]
    assert say(language, title) in answer.text or status == 404
    assert say(CHINESE if language == ENGLISH else ENGLISH, title) not in answer.text
    if status == 405:
        assert "POST" in answer.headers["allow"]
    problem = await site.request(method, path, headers={"accept": "application/json"})
    assert problem.headers["content-type"].startswith("application/problem+json")
    assert problem.json()["status"] == status


async def test_a_foreign_host_is_harmless(browser: Browser, world: World) -> None:
    """Whatever host a request names, no page and no redirect leads there."""
    for who in ("", "manager"):
        async with browser(who) as client:
            for path in (
                "/",
                "/sign-in",
                "/report",
                "/scan",
                "/me",
                "/labels",
                f"/p/{world.codes['gate']}",
                "/nothing",
            ):
                answer = await client.get(path, headers={"host": "evil.example"})
                assert "evil.example" not in answer.text, path
                assert "evil.example" not in answer.headers.get("location", ""), path
                check(answer)


@pytest.mark.parametrize("host", ["", "a b", "evil.example:99999999", "[::", "x" * 5000, "höst"])
async def test_a_broken_host_is_harmless(site: httpx.AsyncClient, host: str) -> None:
    answer = await site.get("/sign-in", headers=[(b"host", host.encode("latin-1"))])
    assert answer.status_code == 400
    check(answer)
    broken = await site.post("/sign-in", headers={"referer": "http://[::/x"}, data={"username": "", "password": ""})
    assert broken.status_code == 422


@pytest.fixture(params=["http", "https"])
def secure(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[bool]:
    monkeypatch.setenv("XUNAN_SECURE_COOKIES", "1" if request.param == "https" else "0")
    settings.cache_clear()
    yield request.param == "https"
    monkeypatch.undo()
    settings_module.settings.cache_clear()


async def test_cookies(browser: Browser, dsns: Dsns, world: World, secure: bool) -> None:
    """No script reads them, no other site sends them, and behind TLS they never travel without."""
    username, _ = await somebody(dsns, world, ("one", "guard"))
    async with browser() as client:
        answer = await client.post("/sign-in", data={"username": username, "password": PASSWORD, "next": "/"})
        language = await client.post("/language", data={"lang": "en", "next": "/"})
    set_cookies = answer.headers.get_list("set-cookie")
    assert set_cookies
    for cookie in set_cookies:
        flags = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert {"httponly", "samesite=lax", "path=/"} <= flags, cookie
        assert ("secure" in flags) is secure, cookie
    assert all("samesite=lax" in cookie.lower() for cookie in language.headers.get_list("set-cookie"))
    assert ("strict-transport-security" in answer.headers) is secure
