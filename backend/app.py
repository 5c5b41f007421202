"""The whole application on one screen: how a request comes in, which routers there are, how an answer goes out."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from litestar import Litestar, Request, Response, get
from litestar.config.compression import CompressionConfig
from litestar.datastructures import Headers
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from servestatic import ServeStaticASGI

from backend import errors, shell
from backend.access import SESSION_COOKIE, Do, Member, Role, identify, may
from backend.accounts.session_actions import touch
from backend.coverage.rules_tiles import origins
from backend.database import DB
from backend.notices.queries import unread
from backend.origin import SAFE, is_foreign, names_a_host
from backend.page import publish
from backend.proxy import behind
from backend.routers import ROUTERS
from backend.settings import settings
from backend.trouble import Forbidden, Trouble

log = logging.getLogger("xunan")
logging.getLogger("asyncpg.pool").setLevel(logging.ERROR)  # or each lost connection prints a traceback on a restart

CSP = (
    "default-src 'none'; script-src 'self'{wasm}; style-src 'self'; img-src 'self' blob: data:{tiles}; "
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; media-src 'self' blob:; worker-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "cache-control": "no-store",
    "server": "",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(self), geolocation=(self), microphone=(), payment=(), usb=()",
}
NEEDS_WASM = frozenset({"/scan"})
"""The scanner decodes with WebAssembly; no other page may compile it."""
SHOWS_TILES = "/map"
"""The one page that may ask other servers for anything: pictures, of exactly the tile servers that were configured."""

JSON_LIMIT, FORM_LIMIT = 1_000_000, 60_000_000
SILENCE = 30.0
"""Seconds between two complaints that the database is away."""


def create(dsn: str | None = None) -> ASGIApp:
    """The ASGI application. It starts without its database and waits for it; `/healthz` tells which."""
    folder = publish(settings().data / "static")
    served = ServeStaticASGI(
        application(dsn or settings().app_database_url or ""),
        root=str(folder),
        prefix="/static/",
        max_age=60,
        immutable_file_test=r"^.+\.[0-9a-f]{12}\.[a-z0-9]+$",
    )
    return behind(guarded(served), settings().trusted_proxies)


def application(dsn: str) -> Litestar:
    """The routes and what stands around each of them."""
    return Litestar(
        route_handlers=[healthz, *shell.HANDLERS, *ROUTERS],
        middleware=[who],
        exception_handlers={
            Trouble: errors.of_trouble,
            HTTPException: errors.of_http,
            Exception: errors.of_anything,
        },
        lifespan=[database(dsn)],
        compression_config=CompressionConfig(
            backend="brotli", brotli_quality=5, minimum_size=600, brotli_gzip_fallback=True
        ),
        request_max_body_size=FORM_LIMIT,
        openapi_config=None,
    )


@get("/healthz", guards=[may(Do.PUBLIC)])
async def healthz() -> Response[dict[str, str]]:
    """200 while the database answers, 503 while it is away."""
    try:
        if DB.pool is None:
            raise ConnectionRefusedError
        await asyncio.wait_for(DB.pool.fetchval("SELECT 1"), 3)
    except (*errors.AWAY, OSError, TimeoutError):
        return Response(
            {"status": "waiting", "why": "database"}, status_code=503, headers={"Cache-Control": "no-store"}
        )
    return Response({"status": "ok"}, headers={"Cache-Control": "no-store"})


def database(dsn: str) -> Any:
    """Opens the pool as soon as the database is there, for as long as the application lives."""

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        opening = asyncio.create_task(_open(dsn))
        done, _pending = await asyncio.wait([opening], timeout=5)
        if opening in done:
            opening.result()
        try:
            yield
        finally:
            opening.cancel()
            await DB.close()
            await shell.close()

    return lifespan


async def _open(dsn: str) -> None:
    said = -SILENCE
    while True:
        try:
            await DB.open(dsn)
            return
        except (*errors.AWAY, OSError, asyncpg.PostgresError) as error:  # our role may not have been made yet
            if time.monotonic() - said >= SILENCE:
                said = time.monotonic()
                log.warning("waiting for the database: %s", type(error).__name__)
            await asyncio.sleep(0.5)


def who(app: ASGIApp) -> ASGIApp:
    """Puts the signed-in member into the scope and refuses writes that another site made a browser send."""

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        request: Request[Any, Any, Any] = Request(scope)
        scope["user"] = None
        if is_foreign(request.method, Headers(request.headers), frozenset()):
            raise Forbidden("This was sent by another website.", code="cross_site")
        token = request.cookies.get(SESSION_COOKIE)
        if token and scope["path"] != "/healthz":
            scope["user"] = await identify(token)
        if hears_notices(request, scope["user"]):
            scope["unread"] = await unread(scope["user"])  # type: ignore[typeddict-unknown-key]
        await app(scope, receive, send)
        if scope["user"] is not None and request.method not in SAFE:
            with contextlib.suppress(Exception):  # the answer is out already, and this is only "last seen"
                await touch(scope["user"])

    return middleware


def hears_notices(request: Request[Any, Any, Any], member: Member | None) -> bool:
    """Whether the answer may be a page with the bell; who patrols gets no notices and pays nothing for them."""
    if member is None or request.method != "GET" or "hx-request" in request.headers:
        return False
    page = "text/html" in request.headers.get("accept", "") and not request.url.path.startswith(("/photos/", "/plans/"))
    return page and member.role is not Role.PATROL and member.may(Do.SEE_FINDINGS)


def guarded(app: ASGIApp) -> ASGIApp:
    """The header set of every answer, whoever made it: page, problem, static file, photo."""
    plain, wasm = CSP.format(wasm="", tiles=""), CSP.format(wasm=" 'wasm-unsafe-eval'", tiles="")

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        policy = wasm if scope["path"] in NEEDS_WASM else plain
        if scope["path"] == SHOWS_TILES:
            policy = CSP.format(wasm="", tiles="".join(f" {origin}" for origin in origins(settings().map_tiles)))
        extra = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
        if settings().secure_cookies:
            extra.append((b"strict-transport-security", b"max-age=31536000; includeSubDomains"))

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                names = {name.lower() for name, _ in message["headers"]}
                own = [] if b"content-security-policy" in names else [(b"content-security-policy", policy.encode())]
                kept = [(k, v) for k, v in message["headers"] if k.lower() != b"server"]
                message["headers"] = [*kept, *own, *((k, v) for k, v in extra if k not in names)]
            await send(message)

        if names_a_host(scope["headers"]):
            await app(scope, receive, with_headers)
        else:
            refused = Response("Bad Host", status_code=400).to_asgi_response(None, Request(scope))
            await refused(scope, receive, with_headers)

    return middleware
