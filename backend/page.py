"""Shows a template as a whole page, or only its part when htmx asked; knows the checksummed address of every asset."""

import hashlib
from datetime import date, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import brotli
import minijinja
from litestar import Request, Response
from litestar.enums import MediaType

from backend import clock
from backend.access import Do, Member
from backend.language import CHINESE, ENGLISH, LANGUAGES, N_, choose, either, say, speaker
from backend.settings import settings
from backend.static_files import STATIC, content, later

FRONTEND = Path(__file__).resolve().parent.parent / "frontend"
LANGUAGE_COOKIE = "xunan-language"


def language_of(request: Request[Any, Any, Any]) -> str:
    member: Member | None = request.scope.get("user")
    wished = request.cookies.get(LANGUAGE_COOKIE) or (member.language if member else "")
    return choose(request.headers.get("accept-language", ""), wished or "")


def page(
    request: Request[Any, Any, Any],
    template: str,
    *,
    part: str = "",
    status: int = 200,
    headers: dict[str, str] | None = None,
    **context: Any,
) -> Response[str]:
    """The template as a response. `part` is returned alone to htmx."""
    alone = bool(part) and request.headers.get("hx-request") == "true" and "hx-boosted" not in request.headers
    sent = {"Vary": "HX-Request, Accept-Language, Cookie", "Cache-Control": "no-store", **(headers or {})}
    html = render(part if alone else template, language_of(request), request, **context)
    return Response(html, status_code=status, media_type=MediaType.HTML, headers=sent)


def render(template: str, language: str, request: Request[Any, Any, Any] | None = None, **context: Any) -> str:
    member: Member | None = request.scope.get("user") if request else None
    return environment(language).render_template(
        template,
        me=_shown(member, language) | {"unread": request.scope.get("unread", 0)} if request and member else None,
        path=request.url.path if request else "",
        address=address_of(request) if request else "",
        now=clock.now(),
        theme=theme if (theme := request.cookies.get("theme", "") if request else "") in {"light", "dark"} else "",
        **{"flash": flashed(request, language) if request else [], **context},
    )


def address_of(request: Request[Any, Any, Any]) -> str:
    """Where to come back to after choosing a language: this page, or the one before it when this one was sent to."""
    try:
        shown = urlsplit(str(request.url) if request.method == "GET" else request.headers.get("referer", ""))
    except ValueError:  # what stands in a Referer is not ours
        return "/"
    return (shown.path or "/") + (f"?{shown.query}" if shown.query else "")


FLASHES = {
    "saved": N_("Saved."),
    "created": N_("Created."),
    "sent": N_("Sent."),
    "ended": N_("Ended."),
    "removed": N_("Taken away."),
}
"""What a redirect may say on the page it leads to: `?done=saved`."""


def flashed(request: Request[Any, Any, Any], language: str) -> list[dict[str, str]]:
    word = request.query_params.get("done", "")
    return [{"tone": "ok", "text": say(language, FLASHES[word])}] if word in FLASHES else []


def _shown(member: Member, language: str) -> dict[str, Any]:
    """What a template may know of the signed-in person."""
    return {
        "id": str(member.user),
        "name": either(language, member.name, member.name_en),
        "username": member.username,
        "role": member.role.value if member.role else "",
        "post": member.post,
        "body": str(member.body or ""),
        "body_kind": member.body_kind,
        "body_name": either(language, member.body_name, member.body_name_en),
        "school": str(member.school or ""),
        "may": {do.value: member.may(do) for do in Do},
    }


@cache
def environment(language: str) -> minijinja.Environment:
    """One environment per language, so that a template pays nothing for being translated."""
    environment = minijinja.Environment(loader=_load, undefined_behavior="chainable", debug=settings().demo)
    for name, tool in tools(language).items():
        environment.add_global(name, tool)
    for name, tool in filters(language).items():
        environment.add_filter(name, tool)
    return environment


def _load(name: str) -> str | None:
    path = (FRONTEND / "templates" / name).resolve()
    if not path.is_relative_to(FRONTEND / "templates") or not path.is_file():
        return None
    return path.read_text(encoding="utf-8")


def tools(language: str) -> dict[str, Any]:
    return {
        "_": speaker(language),
        "either": lambda zh="", en="": either(language, zh, en),
        "asset": asset,
        "lang": language,
        "other_lang": ENGLISH if language == CHINESE else CHINESE,
        "languages": LANGUAGES,
        "demo": settings().demo,
    }


def filters(language: str) -> dict[str, Any]:
    return {
        "day": lambda moment: day(language, moment),
        "clock": lambda moment: f"{clock.local(moment):%H:%M}" if moment else "",
        "moment": lambda moment: f"{day(language, moment)} {clock.local(moment):%H:%M}" if moment else "",
        "iso": lambda moment: moment.isoformat() if moment else "",
        "ago": lambda moment: ago(language, moment),
        "num": lambda number, digits=None: num(number, digits),
        "pct": lambda part, whole: f"{100 * part / whole:.0f}%" if whole else "–",
    }


def day(language: str, moment: datetime | date | None) -> str:
    """今天, 昨天, 11月23日, 2025年11月23日 - or their English."""
    if moment is None:
        return ""
    when = clock.local(moment).date() if isinstance(moment, datetime) else moment
    today = clock.today()
    if when == today:
        return say(language, "today")
    if (today - when).days == 1:
        return say(language, "yesterday")
    if language == CHINESE:
        return f"{when.month}月{when.day}日" if when.year == today.year else f"{when.year}年{when.month}月{when.day}日"
    return f"{when:%b} {when.day}" if when.year == today.year else f"{when:%b} {when.day}, {when.year}"


def ago(language: str, moment: datetime | None) -> str:
    if moment is None:
        return ""
    minutes = int((clock.now() - moment).total_seconds() // 60)
    if minutes < 1:
        return say(language, "just now")
    if minutes < 60:
        return say(language, "%(n)s min ago", n=minutes)
    if minutes < 48 * 60:
        return say(language, "%(n)s h ago", n=minutes // 60)
    return say(language, "%(n)s days ago", n=minutes // 1440)


def num(number: Any, digits: int | None = None) -> str:
    """A number without the zeros that nobody measured: 19.2, 5, 1,204."""
    if number is None:
        return ""
    text = f"{float(number):,.{2 if digits is None else digits}f}"
    return text.rstrip("0").rstrip(".") if digits is None and "." in text else text


@lru_cache(maxsize=512)
def asset(path: str) -> str:
    """The address of a static file that changes with its content, so that it may be cached for ever."""
    file = STATIC / path
    if not file.is_file():
        raise FileNotFoundError(path)
    name, dot, ending = path.rpartition(".")
    return f"/static/{name}.{_digest(file)}{dot}{ending}"


def _digest(file: Path) -> str:
    return hashlib.sha256(content(file)).hexdigest()[:12]


def publish(target: Path) -> Path:
    """Put the static files into `target` under both names, compressed once. Returns the folder to serve."""
    for file in sorted(STATIC.rglob("*")):
        if not file.is_file() or file.suffix in {".md"}:
            continue
        relative = file.relative_to(STATIC)
        hashed = relative.with_name(f"{relative.stem}.{_digest(file)}{relative.suffix}")
        if not (target / hashed).exists():
            _place(content(file), target / hashed)
        _place(content(file), target / relative)
    name, served = later()
    _place(served, target / name)
    return target


def _place(served: bytes, goal: Path) -> None:
    if goal.exists() and goal.read_bytes() == served:
        return
    goal.parent.mkdir(parents=True, exist_ok=True)
    if goal.suffix in {".css", ".js", ".mjs", ".svg", ".wasm", ".json", ".webmanifest", ".html"}:
        quality = 11 if len(served) < 300_000 else 9
        goal.with_name(goal.name + ".br").write_bytes(brotli.compress(served, quality=quality))
    scratch = goal.with_name(goal.name + ".part")
    scratch.write_bytes(served)
    scratch.replace(goal)
