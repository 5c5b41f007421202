"""The bureau edits a checklist for all below: one form for the whole version, a preview of the difference, publishing.
Nothing is kept in between: the preview carries the form on."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.response import Redirect

from backend.access import Do, Member, may
from backend.bodies.rules import BodyKind
from backend.checklists import actions, queries
from backend.checklists.actions import STALE
from backend.checklists.pages_common import shown, told
from backend.checklists.rules_items import LONGEST, NEEDED, TOO_LONG, Edited, difference, edited, merged
from backend.forms import Typed, as_number, typed
from backend.page import page
from backend.trouble import Forbidden, Invalid, Refused

R = Request[Any, Any, Any]
Items = list[dict[str, Any]]
MOST_NEW = 10


def is_editor(me: Member) -> bool:
    """A district reads what the city's bureau decides."""
    return me.may(Do.EDIT_PACK) and me.body_kind == BodyKind.CITY.value


async def _opened(request: R, kind: str, take: bool) -> tuple[dict[str, Any], Items, Any]:
    """The kind, the items to edit (with the built-in news taken over when asked), those news. Raises Forbidden."""
    me: Member = request.user
    if not is_editor(me):
        raise Forbidden()
    found = await queries.kind(me, kind)
    items = await queries.items_of(me, found["checklist"])
    newer = await queries.newer_built_in(me, found)
    if newer and take:
        items = merged(newer[0], newer[1], items)
    return found, items, newer


def _seen(kind: dict[str, Any]) -> int:
    """The bureau's version a form was made from; 0 while there is none."""
    return int(kind["version"]) if kind["owner"] else 0


@get("/checklists/{kind:str}/edit", guards=[may(Do.EDIT_PACK)])
async def edit(request: R, kind: str) -> Response[str]:
    take = request.query_params.get("take") == "1"
    found, items, newer = await _opened(request, kind, take)
    start: dict[str, Any] = {"take": "1" if take else "", "seen": _seen(found), "new": 0}
    for number, item in enumerate(items, start=1):
        start |= {f"{item['code']}.{name}": _field(item[name]) for name in _ASKED} | {
            f"{item['code']}.place": number * 10
        }
    return _form(request, found, items, newer, start, {})


_ASKED = ("zh", "en", "frequency", "photo", "severity", "minimum", "maximum", "limits_by_school")


def _field(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else ""
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _form(
    request: R, kind: dict[str, Any], items: Items, newer: Any, form: dict[str, Any], errors: dict[str, str]
) -> Response[str]:
    new = min(as_number(str(form.get("new", ""))), MOST_NEW)
    return page(
        request,
        "checklists/edit.html",
        status=422 if errors else 200,
        kind=kind,
        items=items,
        news=difference(newer[0], newer[1]) if newer else None,
        newest=newer[2] if newer else 0,
        form=form,
        new=[f"new{number}" for number in range(1, new + 1)],
        most_new=MOST_NEW,
        errors=errors,
        **shown(),
    )


@post("/checklists/{kind:str}/edit", guards=[may(Do.EDIT_PACK)])
async def edit_again(request: R, kind: str) -> Response[str]:
    """The form as it was typed, with one more empty item when asked. Writes nothing."""
    form = await typed(request)
    found, items, newer = await _opened(request, kind, form.text("take") == "1")
    more = 1 if form.text("more") else 0
    return _form(request, found, items, newer, {**form, "new": as_number(form.text("new"), MOST_NEW) + more}, {})


async def _read(request: R, kind: str) -> tuple[Typed, dict[str, Any], Items, Any, Edited]:
    """The typed version. Raises Refused when it was made from a version that is no longer in force."""
    form = await typed(request)
    found, items, newer = await _opened(request, kind, form.text("take") == "1")
    if as_number(form.text("seen")) != _seen(found):
        raise Refused(STALE)
    known = await queries.codes(request.user, kind)
    new = as_number(form.text("new"), MOST_NEW)
    return form, found, items, newer, edited(form, items, kind, found["area"], known, new)


@post("/checklists/{kind:str}/preview", guards=[may(Do.EDIT_PACK)])
async def preview(request: R, kind: str) -> Response[str]:
    """What the new version would change. Writes nothing."""
    form, found, items, newer, wanted = await _read(request, kind)
    if wanted.wrong:
        return _form(request, found, items, newer, dict(form), told(request, Invalid(wanted.wrong)))
    return await _preview(request, form, found, wanted, {})


async def _preview(
    request: R, form: Typed, kind: dict[str, Any], wanted: Edited, errors: dict[str, str]
) -> Response[str]:
    before = await queries.items_of(request.user, kind["checklist"])
    return page(
        request,
        "checklists/preview.html",
        status=422 if errors else 200,
        kind=kind,
        changes=difference(before, wanted.items),
        retired=wanted.retired,
        count=len(wanted.items),
        next=_seen(kind) + 1,
        carried=[pair for pair in form.items() if pair[0] != "words"],
        words=form.text("words"),
        errors=errors,
        **shown(),
    )


@post("/checklists/{kind:str}/publish", guards=[may(Do.EDIT_PACK)])
async def publish(request: R, kind: str) -> Response[Any]:
    """The new version for all schools below; 409 when another was published since the form was opened."""
    me: Member = request.user
    form, found, items, newer, wanted = await _read(request, kind)
    if wanted.wrong:
        return _form(request, found, items, newer, dict(form), told(request, Invalid(wanted.wrong)))
    words = form.text("words")
    if not 0 < len(words) <= LONGEST:
        wrong = Invalid({"words": TOO_LONG if words else NEEDED})
        return await _preview(request, form, found, wanted, told(request, wrong))
    told_why = "\n".join([words, *(f"{code}: {why}" for code, why in wanted.retired.items())])
    newest = await queries.newest_built_in(me, kind)
    await actions.publish(kind, wanted.items, told_why, as_number(form.text("seen")), me, built_in=newest)
    return Redirect(f"/checklists/{kind}?done=published", status_code=303)


HANDLERS = [edit, edit_again, preview, publish]
