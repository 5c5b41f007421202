"""What a browser keeps of ours: the session's cookie and the device's, which groups the persons of a shared phone."""

import secrets
from typing import Any

from litestar import Request
from litestar.datastructures import Cookie

from backend.access import DEVICE_COOKIE, SESSION_COOKIE, hashed
from backend.accounts import rules
from backend.accounts.session_actions import Client, Entered
from backend.settings import settings

LONGEST = 400 * 86_400
"""The longest a browser keeps a cookie."""


def client_of(request: Request[Any, Any, Any]) -> Client:
    """The browser with its device cookie; one that has none, or a broken one, gets a new one."""
    device = request.cookies.get(DEVICE_COOKIE, "")
    return Client(
        device=device if 30 < len(device) < 100 and device.isascii() else secrets.token_urlsafe(32),
        address=request.client.host if request.client else "",
        agent=request.headers.get("user-agent", ""),
        old=request.scope.get("user"),
    )


def device_hash(request: Request[Any, Any, Any]) -> str:
    device = request.cookies.get(DEVICE_COOKIE, "")
    return hashed(device) if device else ""


def cookies(entered: Entered, client: Client) -> list[Cookie]:
    """The new session's cookie and the device's."""
    life = int(rules.SESSION_LIFE.total_seconds())
    return [_cookie(SESSION_COOKIE, entered.token, life), _cookie(DEVICE_COOKIE, client.device, LONGEST)]


def gone() -> Cookie:
    """Ends the session's cookie."""
    return _cookie(SESSION_COOKIE, "", 0)


def _cookie(name: str, value: str, seconds: int) -> Cookie:
    secure = settings().secure_cookies
    return Cookie(name, value=value, max_age=seconds, path="/", httponly=True, samesite="lax", secure=secure)
