"""The people of a body and below: who there is, inviting, giving and ending posts."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.response import Redirect

from backend import clock
from backend.access import POSTS, Do, Member, may
from backend.accounts import actions, queries, rules
from backend.accounts.me_pages import flash
from backend.bodies import queries as bodies
from backend.forms import Typed, as_number, as_uuid, typed, words
from backend.language import N_, either, say, speaker
from backend.page import language_of, page
from backend.trouble import Invalid, Missing
from qr import pictures

Asked = Request[Member, Any, Any]
STATES = {
    "active": N_("In post"),
    "waiting": N_("Not signed in yet"),
    "ended": N_("Ended"),
    "all": N_("All"),
}


@get("/people", guards=[may(Do.PEOPLE)])
async def index(request: Asked) -> Response[str]:
    wished, language = request.query_params, language_of(request)
    state = wished.get("state", "") if wished.get("state", "") in STATES else "active"
    post_id = wished.get("post", "") if wished.get("post", "") in POSTS else ""
    body, start, looked_for = as_uuid(wished.get("body")), as_number(wished.get("start")), words(wished.get("q"))
    found = await queries.people(request.user, words=looked_for, post=post_id, state=state, body=body, start=start)
    _name_posts(found, language)
    form = {"q": looked_for, "post": post_id, "state": state, "body": str(body or "")}
    return page(
        request,
        "accounts/people.html",
        people=found[: queries.PAGE],
        form=form,
        posts=[
            (one, say(language, name)) for one, name in rules.POST_NAMES.items() if one in _posts_below(request.user)
        ],
        states=[(one, say(language, name)) for one, name in STATES.items()],
        newer=_other(form, start - queries.PAGE) if start else "",
        older=_other(form, start + queries.PAGE) if len(found) > queries.PAGE else "",
        filtered=bool(looked_for or post_id or state != "active"),
        flash=flash(request),
    )


def _other(form: dict[str, str], start: int) -> str:
    return "?" + urlencode({**{k: v for k, v in form.items() if v}, "start": max(start, 0)})


def _name_posts(people: list[dict[str, Any]], language: str) -> None:
    for one in people:
        rules.name_posts(one["members"], speaker(language))


def _posts_below(member: Member) -> set[str]:
    kinds = ("school",) if member.school else ("school", "district", "city")
    return {one for kind in kinds for one in rules.POSTS_OF[kind]}


@get("/people/new", guards=[may(Do.PEOPLE)])
async def new(request: Asked) -> Response[str]:
    return await _new(request, {"body": request.query_params.get("body", "")}, [])


@post("/people", guards=[may(Do.PEOPLE)])
async def invite(request: Asked) -> Response[Any]:
    """The invitation's link is shown as the answer itself: it is kept nowhere, so there is no page to go on to."""
    form, by = await typed(request), request.user
    body = as_uuid(form.get("body")) or by.body
    person = actions.Person(
        username=rules.account(form.text("username")),
        name=form.text("name"),
        name_en=form.text("name_en"),
        phone=rules.phone_number(form.text("phone")),
        posts=tuple(dict.fromkeys(form.all("posts"))),
        title=form.text("title"),
    )
    try:
        if body is None:
            raise Missing()
        user, token = await actions.invite(person, body, by)
    except Invalid as error:
        return await _new(request, dict(form), form.all("posts"), error.fields)
    return await _invited(request, user, token)


async def _new(
    request: Asked, form: dict[str, str], chosen: list[str], faults: dict[str, str] | None = None
) -> Response[str]:
    language, by = language_of(request), request.user
    wished = as_uuid(form.get("body"))
    found = [] if by.school or wished else await bodies.tree(by)
    body = await bodies.body(by, wished or by.body)
    kinds = {body["kind"]} if by.school or wished else {one["kind"] for one in found}
    groups = [
        {"kind": kind, "posts": [(one, say(language, rules.POST_NAMES[one])) for one in rules.grantable(by.post, kind)]}
        for kind in ("school", "district", "city")
        if kind in kinds
    ]
    return page(
        request,
        "accounts/new.html",
        status=422 if faults else 200,
        form=form,
        chosen=chosen,
        groups=groups,
        body=body,
        bodies=[(str(one["id"]), "　" * one["depth"] + either(language, one["name"], one["name_en"])) for one in found],
        errors={field: say(language, fault) for field, fault in (faults or {}).items()},
    )


async def _invited(request: Asked, user: UUID, token: str) -> Response[str]:
    person = await queries.person(request.user, user)
    address = actions.link(token)
    title = say(language_of(request), "QR code of the invitation")
    return page(
        request,
        "accounts/invited.html",
        status=201,
        person=person,
        link=address,
        qr=pictures.svg(address, title),
        until=clock.now() + rules.INVITATION_LIFE,
    )


@get("/people/{user:uuid}", guards=[may(Do.PEOPLE)])
async def show(request: Asked, user: UUID) -> Response[str]:
    return await _show(request, user)


async def _show(
    request: Asked, user: UUID, form: Typed | None = None, faults: dict[str, str] | None = None
) -> Response[str]:
    language, by = language_of(request), request.user
    person = await queries.person(by, user)
    _name_posts([person], language)
    manageable = rules.may_manage(by.post, [one["post"] for one in person["members"] if one["active"]])
    typed_again = {name: form.text(name) for name in ("name", "name_en", "phone") if form and name in form}
    return page(
        request,
        "accounts/person.html",
        status=422 if faults else 200,
        person=person,
        form={**person, **typed_again},
        manageable=manageable,
        own_member=by.member,
        bodies=await _places(person, by, language),
        posts=[(one, say(language, rules.POST_NAMES[one])) for one in _grantable_below(by)],
        errors={field: say(language, fault) for field, fault in (faults or {}).items()},
        flash=flash(request),
    )


def _grantable_below(by: Member) -> list[str]:
    kinds = ("school",) if by.school else ("school", "district", "city")
    return list(dict.fromkeys(one for kind in kinds for one in rules.grantable(by.post, kind)))


async def _places(person: dict[str, Any], by: Member, language: str) -> list[tuple[str, str]]:
    """Where a further post can be given: the own school, or for an administrator everything below."""
    if by.school:
        return [(str(by.body), either(language, by.body_name, by.body_name_en))]
    return [
        (str(one["id"]), "　" * one["depth"] + either(language, one["name"], one["name_en"]))
        for one in await bodies.tree(by)
    ]


@post("/people/{user:uuid}", guards=[may(Do.PEOPLE)])
async def change(request: Asked, user: UUID) -> Response[Any]:
    form = await typed(request)
    phone = rules.phone_number(form.text("phone"))
    try:
        await actions.change_person(user, form.text("name"), form.text("name_en"), phone, request.user)
    except Invalid as error:
        return await _show(request, user, form, error.fields)
    return _back(user, "saved")


@post("/people/{user:uuid}/invite", guards=[may(Do.PEOPLE)])
async def reinvite(request: Asked, user: UUID) -> Response[str]:
    return await _invited(request, user, await actions.reinvite(user, request.user))


@post("/people/{user:uuid}/invitations/{invitation:uuid}/withdraw", guards=[may(Do.PEOPLE)])
async def withdraw(request: Asked, user: UUID, invitation: UUID) -> Redirect:
    await actions.withdraw(user, invitation, request.user)
    return _back(user, "invited")


@post("/people/{user:uuid}/posts", guards=[may(Do.PEOPLE)])
async def add_post(request: Asked, user: UUID) -> Response[Any]:
    form = await typed(request)
    body = as_uuid(form.get("body")) or request.user.body
    if body is None:
        raise Missing()
    try:
        await actions.add_post(user, body, form.get("post", ""), request.user)
    except Invalid as error:
        return await _show(request, user, None, error.fields)
    return _back(user, "post")


@post("/people/{user:uuid}/posts/{member:uuid}/end", guards=[may(Do.PEOPLE)])
async def end_post(request: Asked, user: UUID, member: UUID) -> Redirect:
    await actions.end_post(user, member, request.user)
    return _back(user, "post-ended")


@post("/people/{user:uuid}/end-sessions", guards=[may(Do.PEOPLE)])
async def end_sessions(request: Asked, user: UUID) -> Redirect:
    await actions.end_sessions(user, request.user)
    return _back(user, "sessions")


def _back(user: UUID, done: str) -> Redirect:
    return Redirect(f"/people/{user}?done={done}", status_code=303)


HANDLERS = [index, new, invite, show, change, reinvite, withdraw, add_post, end_post, end_sessions]
