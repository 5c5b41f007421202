"""Sensible routes in one click: what is proposed to a school and why, and making what it ticks."""

from collections.abc import Collection, Mapping
from typing import Any

from litestar import Request, Response, get, post
from litestar.response import Redirect

from backend.access import Do, Member, may
from backend.accounts.rules import POST_NAMES
from backend.forms import as_number, typed
from backend.language import N_, either, say
from backend.page import language_of, page
from backend.rounds import queries_proposal as queries
from backend.rounds.actions_proposal import make_proposed
from backend.rounds.queries_norms import titles
from backend.rounds.queries_proposal import Offer
from backend.rounds.rules import Order
from backend.rounds.rules_norm_list import Norm, Standing
from backend.rounds.rules_norm_words import STANDINGS
from backend.rounds.rules_route_words import when_words
from backend.trouble import Forbidden, Invalid

R = Request[Member, Any, Any]
Row = dict[str, Any]
MADE = N_("Routes set up: %(n)s. Their first rounds open two hours before their time.")
NOTHING = N_("Nothing was ticked, or the school has all of it already.")


@get("/routes/proposal", guards=[may(Do.ROUTES)])
async def show(request: R) -> Response[str]:
    return await _shown(request)


async def _shown(
    request: R,
    ticked: Collection[str] | None = None,
    posts: Mapping[str, str] | None = None,
    faults: Mapping[str, str] | None = None,
) -> Response[str]:
    me, language = request.user, language_of(request)
    if me.school is None:
        raise Forbidden()
    offered, holders = await queries.offers(me, me.school), await queries.holders(me, me.school)
    shown = [_line(language, one, holders) for one in offered]
    for one in shown:
        one["ticked"] = one["adds"] and not one["ended"] if ticked is None else one["key"] in ticked
        one["chosen"] = (posts or {}).get(one["key"], one["post"])
    return page(
        request,
        "rounds/proposal.html",
        status=422 if faults else 200,
        offers=shown,
        posts=_posts(language, holders),
        unheld=sum(one["ticked"] and not one["holders"] for one in shown),
        errors={field: say(language, fault) for field, fault in (faults or {}).items()},
        standings={word: say(language, name) for word, name in STANDINGS.items()},
        flash=_flash(request),
    )


def _flash(request: R) -> list[dict[str, str]]:
    if "made" not in request.query_params:
        return []
    n, language = as_number(request.query_params.get("made")), language_of(request)
    return [{"tone": "ok", "text": say(language, MADE, n=n)} if n else {"tone": "warn", "text": say(language, NOTHING)}]


def _posts(language: str, holders: Mapping[str, int]) -> list[tuple[str, str]]:
    """Posts that may walk, those that somebody holds first."""

    def named(post: str) -> str:
        name, n = say(language, POST_NAMES.get(post, post)), holders.get(post, 0)
        return say(language, N_("%(post)s (%(n)s people)"), post=name, n=n) if n else _nobody(language, name)

    return [(post, named(post)) for post in sorted(queries.WALKERS, key=lambda post: (not holders.get(post), post))]


def _nobody(language: str, name: str) -> str:
    return say(language, N_("%(post)s (nobody)"), post=name)


def _line(language: str, one: Offer, holders: Mapping[str, int]) -> Row:
    route = one.route
    windows = [{"name": w.name, "name_en": w.name_en, "start": w.start, "end": w.end} for w in route.windows]
    when: Row = {"span": route.span.value, "rule": "", "days": route.days.value, "moved": "skip", "windows": windows}
    return {
        **{"key": route.key, "name": either(language, route.name, route.name_en), "post": route.post},
        **{
            "points": len(route.points),
            "kinds": one.kinds,
            "ended": one.ended,
            "adds": one.adds,
            "span": route.span.value,
        },
        **{"when": when_words(language, {**when, "grace": route.grace}), "shuffled": route.ordering is Order.SHUFFLED},
        **{"holders": holders.get(route.post, 0), "post_name": say(language, POST_NAMES.get(route.post, route.post))},
        "why": [_norm(language, norm) for norm in one.norms],
        "unverified": any(norm.standing is Standing.USUAL for norm in one.norms),
    }


def _norm(language: str, norm: Norm) -> Row:
    return {
        "name": say(language, norm.name) if norm.name else "",
        "basis": either(language, norm.basis, norm.basis_en),
        "standing": norm.standing.value,
        "note": say(language, norm.note) if norm.note else "",
        "sources": titles(norm),
    }


@post("/routes/proposal", guards=[may(Do.ROUTES)])
async def make(request: R) -> Response[Any]:
    """Makes the ticked ones; the same form again makes nothing twice."""
    me, form = request.user, await typed(request)
    if me.school is None:
        raise Forbidden()
    ticked = form.all("key")
    posts = {key.removeprefix("post-"): form.text(key) for key in form if key.startswith("post-")}
    offered = {one.route.key: one.route for one in await queries.offers(me, me.school)}
    chosen = {key: posts.get(key) or offered[key].post for key in ticked if key in offered}
    try:
        made = await make_proposed(chosen, offered, me)
    except Invalid as wrong:
        return await _shown(request, ticked, posts, wrong.fields)
    return Redirect(f"/routes/proposal?made={made}", status_code=303)


HANDLERS = [show, make]
