"""Where a school is told outside of the application: groups, a mailbox, another program."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.response import Redirect

from backend.access import Do, Member, may
from backend.forms import Typed, typed
from backend.language import N_, say
from backend.notices import actions_channels as actions
from backend.notices import queries_channels as queries
from backend.notices.rules import CHANNEL_NAMES, ChannelKind
from backend.notices.rules_addresses import BOT_EXAMPLES
from backend.notices.rules_answers import answer_words
from backend.notices.rules_words import KIND_GROUPS, KIND_NAMES, PROPOSED
from backend.page import language_of, page
from backend.settings import settings
from backend.trouble import Invalid

Asked = Request[Member, Any, Any]

DONE = {
    "added": N_("The channel is added. Try it with the test button."),
    "saved": N_("Saved."),
    "ended": N_("The channel has ended."),
}
HINTS: dict[str, str] = {
    ChannelKind.WECOM.value: N_("In the group: add a group bot, then copy its webhook address."),
    ChannelKind.DINGTALK.value: N_("In the group: settings, bots, custom. Choose “sign” as its security setting."),
    ChannelKind.FEISHU.value: N_("In the group: settings, bots, custom bot. Switch the signature check on."),
    ChannelKind.WEBHOOK.value: N_(
        "Every notice is posted as JSON, signed with the secret (HMAC-SHA256). The manual describes how to check it."
    ),
    ChannelKind.MAIL.value: N_("All due notices go in one mail to this address."),
}


@get("/notices/channels", guards=[may(Do.SCHOOL_SETTINGS)])
async def channels(request: Asked) -> Response[str]:
    language = language_of(request)
    found = [_shown(language, one) for one in await queries.channels(request.user)]
    return page(
        request,
        "notices/channels.html",
        channels=[one for one in found if not one["ended_at"]],
        ended=[one for one in found if one["ended_at"]],
        kinds=[(kind, say(language, name)) for kind, name in CHANNEL_NAMES.items()],
        mail_works=bool(settings().smtp_url),
        flash=_flash(request),
    )


@get("/notices/channels/new", guards=[may(Do.SCHOOL_SETTINGS)])
async def new_channel(request: Asked) -> Response[Any]:
    kind = request.query_params.get("kind", "")
    if kind not in CHANNEL_NAMES:
        return Redirect("/notices/channels")
    return _new(request, kind, {"name": "", "address": "", "kinds": list(PROPOSED)})


@post("/notices/channels", guards=[may(Do.SCHOOL_SETTINGS)])
async def add_channel(request: Asked) -> Response[Any]:
    form = await typed(request)
    kind, kinds = form.text("kind"), form.all("kinds")
    try:
        channel = await actions.add_channel(
            *(kind, form.text("name"), form.text("address"), form.text("secret"), kinds), request.user
        )
    except Invalid as error:
        return _new(request, kind, {**form, "kinds": kinds}, error.fields)
    return Redirect(f"/notices/channels/{channel}?done=added", status_code=303)


def _new(request: Asked, kind: str, form: dict[str, Any], faults: dict[str, str] | None = None) -> Response[str]:
    language = language_of(request)
    return page(
        request,
        "notices/channel_new.html",
        status=422 if faults else 200,
        kind=kind,
        kind_name=say(language, CHANNEL_NAMES[kind]),
        hint=say(language, HINTS[kind]),
        example=BOT_EXAMPLES[kind],
        signed=kind in actions.SIGNED,
        must_sign=kind == ChannelKind.WEBHOOK.value,
        by_mail=kind == ChannelKind.MAIL.value,
        mail_works=bool(settings().smtp_url),
        form=form,
        groups=_groups(language, form["kinds"]),
        errors={field: say(language, fault) for field, fault in (faults or {}).items()},
    )


@get("/notices/channels/{channel:uuid}", guards=[may(Do.SCHOOL_SETTINGS)])
async def show_channel(request: Asked, channel: UUID) -> Response[str]:
    return await _show(request, channel)


@post("/notices/channels/{channel:uuid}", guards=[may(Do.SCHOOL_SETTINGS)])
async def change_channel(request: Asked, channel: UUID) -> Response[Any]:
    form = await typed(request)
    try:
        await actions.change_channel(channel, form.text("name"), form.all("kinds"), request.user)
    except Invalid as error:
        return await _show(request, channel, form, error.fields)
    return Redirect(f"/notices/channels/{channel}?done=saved", status_code=303)


@post("/notices/channels/{channel:uuid}/test", guards=[may(Do.SCHOOL_SETTINGS)])
async def test_channel(request: Asked, channel: UUID) -> Redirect:
    reply = await actions.test_channel(channel, request.user)
    return Redirect(f"/notices/channels/{channel}?tested={'yes' if reply.ok else 'no'}", status_code=303)


@post("/notices/channels/{channel:uuid}/end", guards=[may(Do.SCHOOL_SETTINGS)])
async def end_channel(request: Asked, channel: UUID) -> Redirect:
    await actions.end_channel(channel, request.user)
    return Redirect("/notices/channels?done=ended", status_code=303)


async def _show(
    request: Asked, channel: UUID, typed_in: Typed | None = None, faults: dict[str, str] | None = None
) -> Response[str]:
    language = language_of(request)
    found = _shown(language, await queries.channel(request.user, channel))
    form: dict[str, Any] = found
    if typed_in is not None:
        form = {"name": typed_in.get("name", ""), "kinds": typed_in.all("kinds")}
    hint = HINTS[found["kind"]]
    return page(
        request,
        "notices/channel.html",
        status=422 if faults else 200,
        channel=found,
        form=form,
        groups=_groups(language, form["kinds"]),
        hint=say(language, hint),
        tested=request.query_params.get("tested", ""),
        errors={field: say(language, fault) for field, fault in (faults or {}).items()},
        flash=_flash(request),
    )


def _shown(language: str, row: dict[str, Any]) -> dict[str, Any]:
    names = [say(language, KIND_NAMES[kind]) for kind in row["kinds"] if kind in KIND_NAMES]
    name = CHANNEL_NAMES[row["kind"]]
    return {
        **row,
        "kind_name": say(language, name),
        "kind_names": names,
        "error": answer_words(language, row["last_error"]),
    }


def _groups(language: str, chosen: Sequence[str]) -> list[dict[str, Any]]:
    return [
        {
            "name": say(language, name),
            "kinds": [{"kind": kind, "name": say(language, KIND_NAMES[kind]), "on": kind in chosen} for kind in kinds],
        }
        for name, kinds in KIND_GROUPS.items()
    ]


def _flash(request: Asked) -> list[dict[str, str]]:
    done = DONE.get(request.query_params.get("done", ""))
    return [{"tone": "ok", "text": say(language_of(request), done)}] if done else []


route_handlers = [channels, new_channel, add_channel, show_channel, change_channel, test_channel, end_channel]
