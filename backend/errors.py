"""Every trouble as its page for people, or as application/problem+json for programs: decided here once."""

import asyncio
import logging
from typing import Any
from urllib.parse import quote

import asyncpg
import msgspec
from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.response import Redirect

from backend.language import N_, say
from backend.page import language_of, page
from backend.trouble import Invalid, SignInNeeded, TooMany, Trouble

log = logging.getLogger("xunan")

TITLES = {
    400: N_("The request could not be understood"),
    401: N_("Please sign in"),
    403: N_("Not for your role"),
    404: N_("Not found"),
    405: N_("Not possible here"),
    409: N_("That no longer fits"),
    413: N_("Too large"),
    415: N_("Not a format we read"),
    422: N_("Something is not right yet"),
    429: N_("Too many tries"),
    500: N_("Something broke on our side"),
    503: N_("The server is not ready"),
}
OWN_PAGE = frozenset({403, 404, 409, 500, 503})
"""Troubles with a page of their own; the others share one."""
AWAY = (
    ConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.ConnectionDoesNotExistError,
    asyncpg.InterfaceError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
)
"""What asyncpg raises while the database is away or restarts."""


def wants_json(request: Request[Any, Any, Any]) -> bool:
    path = request.url.path
    return path.startswith("/api/") or path == "/healthz" or "application/json" in request.headers.get("accept", "")


def of_trouble(request: Request[Any, Any, Any], error: Trouble) -> Response[Any]:
    if isinstance(error, SignInNeeded) and not wants_json(request):
        return to_sign_in(request)
    language = language_of(request)
    reason = say(language, error.reason, **error.facts) if error.reason else ""
    fields = {k: say(language, v, **error.facts) for k, v in error.fields.items()} if isinstance(error, Invalid) else {}
    headers = {"Retry-After": str(error.facts.get("seconds", 60))} if isinstance(error, TooMany) else {}
    return answer(request, error.status, error.code, reason, fields, headers)


def to_sign_in(request: Request[Any, Any, Any]) -> Response[Any]:
    """Back to where he wanted to go, after signing in; only a page that was read can be gone back to."""
    back = request.url.path + (f"?{request.url.query}" if request.url.query else "") if request.method == "GET" else "/"
    goal = f"/sign-in?next={quote(back, safe='')}"
    if request.headers.get("hx-request") == "true":
        return Response("", status_code=401, headers={"HX-Redirect": goal})
    return Redirect(goal, status_code=303)


def of_http(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    status = 422 if isinstance(error, ValidationException) else error.status_code
    if status >= 500:
        log.error("%s %s: %s", request.method, request.url.path, error.detail)
    headers = {k: v for k, v in (error.headers or {}).items() if k.lower() in {"allow", "retry-after"}}
    return answer(request, status if status in TITLES else 400, f"http_{status}", "", {}, headers)


def of_anything(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    if isinstance(error, (*AWAY, asyncio.TimeoutError)):
        log.warning("database away: %s", type(error).__name__)
        return answer(request, 503, "not_ready", "", {}, {"Retry-After": "5"})
    if isinstance(error, msgspec.ValidationError | msgspec.DecodeError):
        return answer(request, 422, "malformed", str(error)[:300], {}, {})
    if isinstance(error, asyncpg.DiskFullError):
        return answer(request, 503, "no_space", "", {}, {"Retry-After": "60"})
    log.exception("%s %s", request.method, request.url.path, exc_info=error)
    return answer(request, 500, "broken", "", {}, {})


def answer(
    request: Request[Any, Any, Any],
    status: int,
    code: str,
    reason: str,
    fields: dict[str, str],
    headers: dict[str, str],
) -> Response[Any]:
    title = TITLES.get(status, TITLES[400])
    if wants_json(request):
        body: dict[str, Any] = {"type": f"/problems/{code}", "title": title, "status": status, "code": code}
        body["detail"] = reason or say(language_of(request), title)
        if fields:
            body["fields"] = fields
        return Response(
            msgspec.json.encode(body),
            status_code=status,
            media_type="application/problem+json",
            headers={**headers, "Cache-Control": "no-store"},
        )
    try:
        return page(
            request,
            f"errors/{status}.html" if status in OWN_PAGE else "errors/error.html",
            status=status,
            headers=headers,
            title=say(language_of(request), title),
            text=reason,
            fields=fields,
            code=status,
            again=request.url.path if request.method == "GET" else "",
        )
    except Exception:  # the last resort must not need a template
        log.exception("error page")
        return Response(title, status_code=status, media_type=MediaType.TEXT, headers=headers)
