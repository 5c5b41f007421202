"""Blind spots: what nobody looks at, and the seven kinds of key places that a school has or says it has not."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.response import Redirect

from backend.access import Do, Member, may
from backend.coverage import queries_blind as queries
from backend.coverage.actions_blind import declare
from backend.forms import typed
from backend.language import N_, say
from backend.page import language_of, page
from backend.points import forms
from backend.rounds.queries_norms import judged, school_of
from backend.rounds.rules_norm_words import in_words
from backend.trouble import Forbidden, Invalid, Missing

R = Request[Member, Any, Any]
Row = dict[str, Any]
SHOWN = 30
"""Rows of a list before the rest is folded away."""
DONE = {"declared": N_("Noted. It stands in the record with your name."), "back": N_("Taken back.")}


@get("/coverage/blind", guards=[may(Do.SEE_SCHOOL)])
async def show(request: R) -> Response[str]:
    me = request.user
    school = await forms.school_of(request, me)
    if school is None:
        return page(request, "coverage/blind_schools.html", schools=await queries.schools(me))
    return await _shown(request, school)


async def _shown(
    request: R, school: UUID, form: Row | None = None, faults: dict[str, str] | None = None
) -> Response[str]:
    me, language = request.user, language_of(request)
    body = await school_of(me, school)
    if body is None:
        raise Missing()
    found, plan = await queries.blind(me, school), in_words(language, await judged(me, school))
    return page(
        request,
        "coverage/blind.html",
        status=422 if faults else 200,
        school=body,
        school_query="" if me.school else f"?school={school}",
        **found,
        plan=plan,
        unmet=plan["unmet"],
        unsaid=sum(one.state.value == "unsaid" for one in found["key_places"]),
        place_names={one.kind.key: say(language, one.kind.name) for one in found["key_places"]},
        shown=SHOWN,
        form=form or {},
        errors={field: say(language, fault) for field, fault in (faults or {}).items()},
        may_plan=me.may(Do.ROUTES) and me.school is not None,
        may_set_up=me.may(Do.SET_UP) and me.school is not None,
        flash=forms.flash(request, DONE),
    )


@post("/coverage/key-places", guards=[may(Do.ROUTES)])
async def key_place(request: R) -> Response[Any]:
    """Declares that there is none of a kind of key place (`there` is 0), or takes that back."""
    me, form = request.user, await typed(request)
    if me.school is None:
        raise Forbidden()
    there, key = form.text("there") == "1", form.text("key")
    try:
        await declare(key, there, "" if there else " ".join(form.text("words").split()), me)
    except Invalid as wrong:
        return await _shown(request, me.school, dict(form), {f"words-{key}": wrong.fields["words"]})
    return Redirect(f"/coverage/blind?done={'back' if there else 'declared'}#places", status_code=303)


HANDLERS = [show, key_place]
