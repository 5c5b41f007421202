"""What a person sets for himself: name, language, PIN, password, and which browsers are signed in as him."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import Cookie
from litestar.response import Redirect

from backend.access import Do, Member, Role, may
from backend.accounts import queries, rules, session_actions
from backend.accounts.cookies import client_of, cookies
from backend.forms import Typed, typed
from backend.language import LANGUAGES, N_, say
from backend.page import LANGUAGE_COOKIE, language_of, page
from backend.shell import THEMES
from backend.trouble import Invalid, TooMany, Trouble

Asked = Request[Member, Any, Any]

DONE = {
    "saved": N_("Saved."),
    "password": N_("The password is changed. Other devices are signed out."),
    "pin": N_("The PIN is set."),
    "no-pin": N_("The PIN is removed."),
    "session": N_("That device is signed out."),
    "invited": N_("The invitation is withdrawn."),
    "post": N_("The post is given."),
    "post-ended": N_("The post has ended."),
    "sessions": N_("This person is signed out of every device."),
}
"""What is said once after a redirect, by the word in its address; words that are not here say nothing."""


def flash(request: Request[Any, Any, Any]) -> list[dict[str, str]]:
    done = DONE.get(request.query_params.get("done", ""))
    return [{"tone": "ok", "text": say(language_of(request), done)}] if done else []


def layout(member: Member) -> str:
    """Patrol and crew live in the phone's tabs, everybody else at the desk."""
    at_desk = member.role not in {Role.PATROL, Role.CREW, None}
    return "layouts/desk.html" if at_desk else "layouts/phone.html"


@get("/me", guards=[may(Do.SIGNED_IN)])
async def show(request: Asked) -> Response[str]:
    return await _show(request)


async def _show(request: Asked, error: Trouble | None = None, form: Typed | None = None) -> Response[str]:
    language, member = language_of(request), request.user
    found = await queries.me(member)
    faults = error.fields if isinstance(error, Invalid) else {}
    return page(
        request,
        "accounts/me.html",
        status=error.status if error else 200,
        layout=layout(member),
        person={**found, **({k: form[k] for k in ("name", "name_en") if k in form} if form else {})},
        post_name=say(language, rules.POST_NAMES.get(member.post, member.post)),
        several=len(await queries.memberships(member.user)) > 1,
        theme_now=request.cookies.get("theme", "system"),
        themes=THEMES,
        errors={field: say(language, fault) for field, fault in faults.items()},
        reason=say(language, error.reason, **error.facts) if error and error.reason else "",
        flash=flash(request),
    )


@post("/me", guards=[may(Do.SIGNED_IN)])
async def change(request: Asked) -> Response[Any]:
    form = await typed(request)
    language = form.get("language", "")
    language = language if language in LANGUAGES else language_of(request)
    try:
        await session_actions.change_me(form.text("name"), form.text("name_en"), language, request.user)
    except Invalid as error:
        return await _show(request, error, form)
    chosen = Cookie(LANGUAGE_COOKIE, value=language, max_age=31_536_000, samesite="lax")
    return Redirect("/me?done=saved", status_code=303, cookies=[chosen])


@post("/me/password", guards=[may(Do.SIGNED_IN)])
async def password(request: Asked) -> Response[Any]:
    form, client = await typed(request), client_of(request)
    try:
        entered = await session_actions.change_password(
            form.get("old", ""), form.get("password", ""), client, request.user
        )
    except (Invalid, TooMany) as error:
        return await _show(request, error)
    return Redirect("/me?done=password", status_code=303, cookies=cookies(entered, client))


@post("/me/pin", guards=[may(Do.SIGNED_IN)])
async def pin(request: Asked) -> Response[Any]:
    """Six digits and the password; `remove` takes the PIN away."""
    form = await typed(request)
    removing = "remove" in form
    try:
        if not removing and not form.text("pin"):
            raise Invalid({"pin": N_("Six digits")})
        digits = "" if removing else form.text("pin")
        await session_actions.set_pin(digits, form.get("pin_password", ""), client_of(request), request.user)
    except (Invalid, TooMany) as error:
        return await _show(request, error)
    return Redirect(f"/me?done={'no-pin' if removing else 'pin'}", status_code=303)


@get("/me/sessions", guards=[may(Do.SIGNED_IN)])
async def sessions(request: Asked) -> Response[str]:
    found = await queries.sessions(request.user)
    language = language_of(request)
    for one in found:
        browser, system = rules.device_name(one["agent"])
        one["device"] = " · ".join(say(language, part) for part in (browser, system) if part)
        one["here"] = one["id"] == request.user.session
    return page(request, "accounts/sessions.html", layout=layout(request.user), sessions=found, flash=flash(request))


@post("/me/sessions/{session:uuid}/end", guards=[may(Do.SIGNED_IN)])
async def end_session(request: Asked, session: UUID) -> Redirect:
    await session_actions.end_session(session, request.user)
    return Redirect("/me/sessions?done=session", status_code=303)


HANDLERS = [show, change, password, pin, sessions, end_session]
