"""What the phone needs around every page: manifest, service worker, the pages that work without the server."""

import hashlib
import json
from functools import cache
from typing import Any

from litestar import Request, Response, get, post
from litestar.datastructures import Cookie
from litestar.response import Redirect

from backend import photos
from backend.access import Do, may
from backend.language import LANGUAGES, say
from backend.page import LANGUAGE_COOKIE, asset, language_of, page
from backend.static_files import STATIC, beside, inside, later_name

SHELL = (
    "css/base.css",
    "css/phone.css",
    "css/ticket.css",
    "css/round.css",
    "css/round_plan.css",
    "css/plan.css",
    "icons/sprite.svg",
    "icons/favicon.svg",
    "js/main.js",
)

KEPT = ("js/", "vendor/")
DESK_ONLY = ("js/sw.js", "js/city_map.js", "vendor/leaflet/")
"""What no phone keeps: the worker itself, and the map of the city that bureaus look at."""


@get("/manifest.webmanifest", guards=[may(Do.PUBLIC)])
async def manifest(request: Request[Any, Any, Any]) -> Response[bytes]:
    language = language_of(request)
    icons = [("icons/icon-192.png", "192x192", "any"), ("icons/icon-512.png", "512x512", "any")]
    icons += [("icons/maskable-192.png", "192x192", "maskable"), ("icons/maskable-512.png", "512x512", "maskable")]
    body = {
        "id": "/",
        "name": say(language, "Xun'an school safety patrol"),
        "short_name": say(language, "Xun'an"),
        "lang": language,
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#f3f5f2",
        "theme_color": "#0a6558",
        "icons": [
            {"src": asset(path), "sizes": sizes, "type": "image/png", "purpose": purpose}
            for path, sizes, purpose in icons
            if (STATIC / path).is_file()
        ],
    }
    return Response(
        json.dumps(body, ensure_ascii=False).encode(),
        media_type="application/manifest+json",
        headers={"Cache-Control": "no-cache", "Vary": "Accept-Language, Cookie"},
    )


@get("/sw.js", guards=[may(Do.PUBLIC)])
async def service_worker() -> Response[bytes]:
    return Response(
        _worker(), media_type="text/javascript", headers={"Cache-Control": "no-cache", "Service-Worker-Allowed": "/"}
    )


@cache
def _worker() -> bytes:
    """The worker with its build: the version is the content of every static file, so that builds never mix."""
    files = sorted(file for file in STATIC.rglob("*") if file.is_file() and file.suffix != ".md")
    version = hashlib.sha256(b"".join(hashlib.sha256(file.read_bytes()).digest() for file in files)).hexdigest()[:16]
    names = [file.relative_to(STATIC).as_posix() for file in files if file in beside() or file not in inside()]
    scripts = [f"/static/{name}" for name in names if name.startswith(KEPT) and not name.startswith(DESK_ONLY)]
    shell = [
        *(asset(path) for path in SHELL if (STATIC / path).is_file()),
        *scripts,
        f"/static/{later_name()}",
        "/offline",
        "/saved",
        "/unsent",
    ]
    build = json.dumps({"version": version, "shell": shell})
    return f"self.XUNAN_BUILD={build};\n".encode() + (STATIC / "js/sw.js").read_bytes()


@get("/offline", guards=[may(Do.PUBLIC)])
async def offline(request: Request[Any, Any, Any]) -> Response[str]:
    return page(request, "shell/offline.html", headers={"X-Offline-Page": "public"}, everybody=True)


@get("/saved", guards=[may(Do.PUBLIC)])
async def saved(request: Request[Any, Any, Any]) -> Response[str]:
    return page(request, "shell/saved.html", headers={"X-Offline-Page": "public"}, everybody=True)


@get("/unsent", guards=[may(Do.PUBLIC)])
async def unsent(request: Request[Any, Any, Any]) -> Response[str]:
    return page(request, "shell/unsent.html", headers={"X-Offline-Page": "public"}, everybody=True)


@post("/language", guards=[may(Do.PUBLIC)])
async def language(request: Request[Any, Any, Any]) -> Redirect:
    """Chooses the language of this browser; a plain form, so that it works without scripts."""
    form = await request.form()
    wished = str(form.get("lang", ""))
    cookies = [Cookie(LANGUAGE_COOKIE, value=wished, max_age=31_536_000, samesite="lax")] if wished in LANGUAGES else []
    return Redirect(own_address(str(form.get("next", "/"))), status_code=303, cookies=cookies)


@post("/theme", guards=[may(Do.PUBLIC)])
async def theme(request: Request[Any, Any, Any]) -> Redirect:
    form = await request.form()
    wished = str(form.get("theme", ""))
    cookies = [Cookie("theme", value=wished, max_age=31_536_000, samesite="lax")] if wished in THEMES else []
    return Redirect(own_address(str(form.get("next", "/"))), status_code=303, cookies=cookies)


THEMES = ("system", "light", "dark")


def own_address(text: str) -> str:
    """`text` if it is an address of this site, else the start: nobody is led away by a link."""
    safe = text.startswith("/") and not text.startswith(("//", "/\\")) and "\n" not in text and "\r" not in text
    return text if safe and len(text) < 2000 else "/"


async def close() -> None:
    """Ends what runs beside the requests."""
    await photos.close()


HANDLERS = [manifest, service_worker, offline, saved, unsent, language, theme]
