"""What a person wants by mail."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.response import Redirect

from backend.access import Do, Member, may
from backend.forms import Typed, typed
from backend.language import say
from backend.notices import actions_channels as actions
from backend.notices import queries_channels as queries
from backend.notices.rules import CHANNEL_NAMES, ChannelKind
from backend.notices.rules_words import KIND_GROUPS, KIND_NAMES
from backend.page import language_of, page
from backend.settings import settings
from backend.trouble import Invalid

Asked = Request[Member, Any, Any]


@get("/notices/choices", guards=[may(Do.SIGNED_IN)])
async def choices(request: Asked) -> Response[str]:
    return await _show(request)


@post("/notices/choices", guards=[may(Do.SIGNED_IN)])
async def choose(request: Asked) -> Response[Any]:
    form = await typed(request)
    try:
        await actions.choose(form.text("email") if "email" in form else None, _chosen(form), request.user)
    except Invalid as error:
        return await _show(request, form, error.fields)
    return Redirect("/notices/choices?done=saved", status_code=303)


def _chosen(form: Typed) -> dict[str, bool]:
    """Kinds about which he said yes or no; silence is no answer."""
    return {kind: form[kind] == "yes" for kind in KIND_NAMES if form.get(kind) in {"yes", "no"}}


async def _show(request: Asked, form: Typed | None = None, faults: dict[str, str] | None = None) -> Response[str]:
    language, member = language_of(request), request.user
    chosen = {**await queries.choices(member), **(_chosen(form) if form else {})}
    there = await queries.channel_kinds(member)
    return page(
        request,
        "notices/choices.html",
        status=422 if faults else 200,
        email=form["email"] if form and "email" in form else await queries.mail_address(member),
        groups=[
            {
                "name": say(language, name),
                "kinds": [(kind, say(language, KIND_NAMES[kind]), chosen.get(kind)) for kind in kinds],
            }
            for name, kinds in KIND_GROUPS.items()
        ],
        mail_works=bool(settings().smtp_url),
        ways=[
            (say(language, name), kind in there)
            for kind, name in CHANNEL_NAMES.items()
            if kind != ChannelKind.WEBHOOK.value
        ]
        if member.school
        else [],
        errors={field: say(language, fault) for field, fault in (faults or {}).items()},
    )


route_handlers = [choices, choose]
