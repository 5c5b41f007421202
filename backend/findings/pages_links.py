"""Links for contractors on a finding: made (the secret is shown once), watched, withdrawn."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.response import Redirect

from backend import clock
from backend.access import Do, Member, may
from backend.findings import actions_links as actions
from backend.findings import rules_links as rules
from backend.findings.queries_links import links_of
from backend.findings.queries_moves import facts_of, offered, worn
from backend.findings.rules import Verb
from backend.findings.rules_moves import move_for
from backend.forms import Typed, as_uuid, typed
from backend.language import say
from backend.page import language_of, page
from backend.row import uuid7
from backend.trouble import Invalid, Missing, Refused
from qr import pictures

R = Request[Any, Any, Any]


@get("/findings/{id:uuid}/links", guards=[may(Do.WORK)])
async def index(request: R, id: UUID) -> Response[str]:
    return await _index(request, id, {"days": str(rules.USUAL_DAYS)})


async def _index(request: R, id: UUID, form: dict[str, str], trouble: Invalid | Refused | None = None) -> Response[str]:
    member: Member = request.user
    found, links = await links_of(member, id)
    language = language_of(request)
    move = move_for(facts_of(found), Verb.WITHDRAW)
    offer = next((one for one in offered(member, found) if one.verb is Verb.INVITE), None)
    return page(
        request,
        "findings/links.html",
        status=trouble.status if trouble else 200,
        finding=found,
        links=[{**link, "end": link["end"].value if link["end"] else ""} for link in links],
        may_invite=offer is not None and offer.mine,
        mine=bool(move and move.who & worn(member, found)),
        ways={word: say(language, name) for word, name in rules.USE_NAMES.items()},
        ends={word: say(language, name) for word, name in rules.END_NAMES.items()},
        form=form,
        longest=rules.LONGEST_DAYS,
        event=str(uuid7()),
        errors={k: say(language, v) for k, v in trouble.fields.items()} if isinstance(trouble, Invalid) else {},
        reason=say(language, trouble.reason, **trouble.facts) if trouble and trouble.reason else "",
    )


@post("/findings/{id:uuid}/links", guards=[may(Do.WORK)])
async def invite(request: R, id: UUID) -> Response[Any]:
    """The link is the answer itself: it is kept nowhere, so there is no page to go on to."""
    form = await typed(request)
    invitation = rules.invitation(form)
    await links_of(request.user, id)
    if invitation.faults:
        return await _index(request, id, dict(form), Invalid(invitation.faults))
    try:
        token = await actions.invite(id, invitation, _event(form), request.user)
    except Refused as trouble:
        return await _index(request, id, dict(form), trouble)
    found, links = await links_of(request.user, id)
    link = actions.address(token)
    return page(
        request,
        "findings/links_made.html",
        status=201,
        finding=found,
        contractor=invitation,
        link=link,
        qr=pictures.svg(link, say(language_of(request), "QR code of the link")),
        until=links[0]["expires_at"] if links else clock.now(),
    )


def _event(form: Typed) -> UUID:
    return as_uuid(form.get("event")) or uuid7()


@post("/findings/{id:uuid}/links/withdraw", guards=[may(Do.WORK)])
async def withdraw(request: R, id: UUID) -> Redirect:
    link = as_uuid((await typed(request)).get("link"))
    if link is None:
        raise Missing()
    await actions.withdraw(id, link, request.user)
    return Redirect(f"/findings/{id}/links?done=ended", status_code=303)


HANDLERS = [index, invite, withdraw]
