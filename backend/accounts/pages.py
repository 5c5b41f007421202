"""The doors: signing in and out, joining by invitation, the persons of a shared phone; where each post lands."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, Router, get, post
from litestar.response import Redirect

from backend.access import POSTS, Do, Member, Role, hashed, may
from backend.accounts import actions, me_pages, people_pages, queries, rules, session_actions
from backend.accounts.cookies import client_of, cookies, device_hash, gone
from backend.accounts.session_actions import Client, Entered, WrongSignIn
from backend.bodies.rules import DEMO_CITY
from backend.database import door
from backend.errors import wants_json
from backend.forms import as_uuid, typed
from backend.language import N_, say, speaker
from backend.page import language_of, page
from backend.settings import settings
from backend.shell import own_address
from backend.trouble import Invalid, Missing, TooMany, Trouble

Asked = Request[Any, Any, Any]

LANDING: dict[Role, str] = {
    Role.PATROL: "/today",
    Role.CREW: "/tickets",
    Role.MANAGER: "/overview",
    Role.PRINCIPAL: "/overview",
    Role.OFFICER: "/schools",
    Role.INSPECTOR: "/me",
    Role.ADMINISTRATOR: "/people",
}


@get("/", guards=[may(Do.PUBLIC)])
async def home(request: Asked) -> Redirect:
    """Everybody's start: what his post does first."""
    return Redirect(landing(request.scope.get("user")), status_code=303)


def landing(member: Member | None) -> str:
    if member is None:
        return "/sign-in"
    return LANDING[member.role] if member.role else "/switch-body"


@get("/sign-in", guards=[may(Do.PUBLIC)])
async def sign_in_page(request: Asked) -> Response[str]:
    return await _sign_in_page(request, request.query_params.get("username", ""), request.query_params.get("next", ""))


@post("/sign-in", guards=[may(Do.PUBLIC)], status_code=200)
async def sign_in(request: Asked) -> Response[Any]:
    """User name (or phone number) and password; a browser goes on to `next`, a program gets its session's cookie."""
    form = await typed(request)
    client = client_of(request)
    try:
        if faults := {name: N_("Please fill this in") for name in ("username", "password") if not form.get(name)}:
            raise Invalid(faults)
        entered = await session_actions.sign_in(form["username"], form["password"], client)
    except (WrongSignIn, TooMany, Invalid) as error:
        if wants_json(request):
            raise
        return await _sign_in_page(request, form.get("username", ""), form.get("next", ""), error)
    if wants_json(request):
        told = {"user": str(entered.user), "member": str(entered.member) if entered.member else None}
        return Response(told, cookies=cookies(entered, client), headers={"Cache-Control": "no-store"})
    return arrive(own_address(form.get("next", "") or "/"), entered, client)


async def _sign_in_page(request: Asked, username: str, goal: str, error: Trouble | None = None) -> Response[str]:
    language = language_of(request)
    return page(
        request,
        "accounts/sign_in.html",
        status=error.status if error else 200,
        headers={"Retry-After": str(error.facts["seconds"])} if isinstance(error, TooMany) else None,
        form={"username": username, "next": own_address(goal or "/")},
        reason=say(language, error.reason, **error.facts) if error and error.reason else "",
        errors={k: say(language, v) for k, v in error.fields.items()} if isinstance(error, Invalid) else {},
        people=await _demo_people(language),
        persons=len(await queries.on_device(device_hash(request))),
    )


async def _demo_people(language: str) -> list[dict[str, Any]]:
    """The invented people, body by body; nobody outside of the demo."""
    if not settings().demo:
        return []
    groups: dict[Any, dict[str, Any]] = {}
    found = await queries.demo_people(DEMO_CITY)
    rules.name_posts(found, speaker(language))
    for one in found:
        if one["post"] in POSTS:  # other departments have a post, but no work of their own here yet
            groups.setdefault(one["body"], {"body": one, "people": []})["people"].append(one)
    return list(groups.values())


@post("/sign-out", guards=[may(Do.PUBLIC)])
async def sign_out(request: Asked) -> Response[Any]:
    if (member := request.scope.get("user")) is not None:
        await session_actions.sign_out(member)
    return _leave(request)


@post("/sign-out-everywhere", guards=[may(Do.SIGNED_IN)])
async def sign_out_everywhere(request: Asked) -> Response[Any]:
    await session_actions.sign_out_everywhere(request.user)
    return _leave(request)


def _leave(request: Asked) -> Response[Any]:
    if wants_json(request):
        return Response(None, status_code=204, cookies=[gone()])
    return Redirect("/sign-in", status_code=303, cookies=[gone()])


@get("/switch", guards=[may(Do.PUBLIC)])
async def switch_page(request: Asked) -> Response[str]:
    """The persons of a shared phone; `who` is the one that was tapped."""
    return await _switch_page(request, as_uuid(request.query_params.get("who")), request.query_params.get("with", ""))


@post("/switch", guards=[may(Do.PUBLIC)])
async def switch(request: Asked) -> Response[Any]:
    form, client = await typed(request), client_of(request)
    who, password = as_uuid(form.get("who")), form.get("password", "")
    if who is None:
        raise Missing()
    try:
        entered = await session_actions.switch(who, form.text("pin"), password, client)
    except (WrongSignIn, TooMany) as error:
        if wants_json(request):
            raise
        used_up = error.reason == session_actions.PIN_USED_UP
        return await _switch_page(request, who, "password" if password or used_up else "", error)
    return arrive("/", entered, client)


async def _switch_page(request: Asked, who: UUID | None, way: str, error: Trouble | None = None) -> Response[str]:
    persons = await queries.on_device(device_hash(request))
    chosen = next((one for one in persons if one["user_id"] == who), None)
    return page(
        request,
        "accounts/switch.html",
        status=error.status if error else 200,
        persons=persons,
        chosen=chosen,
        by_password=way == "password" or not (chosen and chosen["has_pin"]),
        reason=say(language_of(request), error.reason, **error.facts) if error else "",
    )


@get("/switch-body", guards=[may(Do.SIGNED_IN)])
async def switch_body_page(request: Asked) -> Response[str]:
    found = await queries.memberships(request.user.user)
    rules.name_posts(found, speaker(language_of(request)))
    return page(
        request,
        "accounts/switch_body.html",
        layout=me_pages.layout(request.user),
        members=found,
        now_in=request.user.member,
    )


@post("/switch-body", guards=[may(Do.SIGNED_IN)])
async def switch_body(request: Asked) -> Redirect:
    form = await typed(request)
    member = as_uuid(form.get("member"))
    if member is None:
        raise Missing()
    await session_actions.choose_body(member, request.user)
    return Redirect("/", status_code=303)


@get("/join/{token:str}", guards=[may(Do.PUBLIC)])
async def join_page(request: Asked, token: str) -> Response[str]:
    return await _join_page(request, token)


@post("/join/{token:str}", guards=[may(Do.PUBLIC)])
async def join(request: Asked, token: str) -> Response[Any]:
    form, client = await typed(request), client_of(request)
    try:
        entered = await actions.join(token, form.get("password", ""), client)
    except (Invalid, Missing) as error:
        return await _join_page(request, token, error.fields if isinstance(error, Invalid) else {})
    return arrive("/", entered, client)


async def _join_page(request: Asked, token: str, faults: dict[str, str] | None = None) -> Response[str]:
    found = await door("SELECT * FROM invitation_door($1)", hashed(token)) if len(token) < 200 else None
    if found is None:
        return page(request, "accounts/join_gone.html", status=404)
    language = language_of(request)
    errors = {name: say(language, fault) for name, fault in (faults or {}).items()}
    return page(
        request, "accounts/join.html", status=422 if errors else 200, invitation=found, token=token, errors=errors
    )


def arrive(goal: str, entered: Entered, client: Client) -> Redirect:
    return Redirect(goal, status_code=303, cookies=cookies(entered, client))


router = Router(
    "/",
    route_handlers=[
        *(home, sign_in_page, sign_in, sign_out, sign_out_everywhere, switch_page, switch, switch_body_page),
        *(switch_body, join_page, join, *me_pages.HANDLERS, *people_pages.HANDLERS),
    ],
)
