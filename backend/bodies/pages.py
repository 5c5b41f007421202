"""What a school says about itself, the list of schools for a bureau, and the tree that administrators keep."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, Router, get, post
from litestar.response import Redirect

from backend.access import Do, Member, may
from backend.bodies import actions, pages_calendar, pages_terms, queries
from backend.bodies.rules import BELOW, DATUM_NAMES, KIND_NAMES, TYPE_NAMES, BodyFacts, body_facts
from backend.forms import as_number, as_uuid, typed, words
from backend.language import N_, say
from backend.page import language_of, page
from backend.trouble import Invalid, Missing

Asked = Request[Member, Any, Any]
CONVERTED = N_("Saved. The position was converted from GCJ-02 (Amap, Tencent Maps) to WGS-84.")
DONE = {"saved": N_("Saved."), "added": N_("Added. Now invite its first people."), "converted": CONVERTED}


def _flash(request: Asked) -> list[dict[str, str]]:
    done = DONE.get(request.query_params.get("done", ""))
    return [{"tone": "ok", "text": say(language_of(request), done)}] if done else []


def _saved(facts: BodyFacts) -> str:
    return "converted" if facts.converted else "saved"


def _datums(request: Asked) -> list[tuple[str, str]]:
    return [(one, say(language_of(request), name)) for one, name in DATUM_NAMES.items()]


def _types(request: Asked) -> list[tuple[str, str]]:
    return [(one, say(language_of(request), name)) for one, name in TYPE_NAMES.items()]


def _named(found: list[dict[str, Any]], language: str) -> list[dict[str, Any]]:
    for one in found:
        kind, school_type = one["kind"], one["school_type"]
        one["kind_name"] = say(language, KIND_NAMES[kind])
        one["type_name"] = say(language, TYPE_NAMES[school_type]) if school_type else ""
    return found


@get("/settings", guards=[may(Do.SCHOOL_SETTINGS)])
async def settings(request: Asked) -> Response[str]:
    return await _settings(request)


@post("/settings", guards=[may(Do.SCHOOL_SETTINGS)])
async def change_settings(request: Asked) -> Response[Any]:
    form = await typed(request)
    kept = await queries.body(request.user, request.user.school)
    facts = body_facts({**form, "number": kept["number"], "school_type": kept["school_type"]}, "school")
    try:
        await actions.change_school(facts, request.user)
    except Invalid as error:
        return await _settings(request, {**kept, "boarding": facts.boarding, **form}, error.fields)
    return Redirect(f"/settings?done={_saved(facts)}", status_code=303)


async def _settings(
    request: Asked, form: dict[str, Any] | None = None, faults: dict[str, str] | None = None
) -> Response[str]:
    body = await queries.body(request.user, request.user.school)
    language = language_of(request)
    return page(
        request,
        "bodies/settings.html",
        status=422 if faults else 200,
        body=_named([body], language)[0],
        form=form or body,
        datums=_datums(request),
        errors={field: say(language, fault) for field, fault in (faults or {}).items()},
        flash=_flash(request),
    )


@get("/schools", guards=[may(Do.SEE_BODIES)])
async def schools(request: Asked) -> Response[str]:
    wished, by = request.query_params, request.user
    form = {
        "q": words(wished.get("q")),
        "type": wished.get("type", "") if wished.get("type", "") in TYPE_NAMES else "",
        "district": str(as_uuid(wished.get("district")) or ""),
    }
    start = as_number(wished.get("start"))
    found, total = await queries.schools(
        by, words=form["q"], school_type=form["type"], district=as_uuid(form["district"]), start=start
    )
    return page(
        request,
        "bodies/schools.html",
        schools=_named(found, language_of(request)),
        total=total,
        form=form,
        types=_types(request),
        districts=await queries.districts(by),
        filtered=any(form.values()),
        newer=_other(form, start - queries.PAGE) if start else "",
        older=_other(form, start + queries.PAGE) if start + queries.PAGE < total else "",
    )


def _other(form: dict[str, str], start: int) -> str:
    return "?" + urlencode({**{k: v for k, v in form.items() if v}, "start": max(start, 0)})


@get("/bodies", guards=[may(Do.SEE_BODIES)])
async def index(request: Asked) -> Response[str]:
    tree = _named(await queries.tree(request.user), language_of(request))
    groups = [
        {
            "body": one,
            "schools": [school for school in tree if school["kind"] == "school" and school["parent"] == one["id"]],
        }
        for one in tree
        if one["kind"] != "school"
    ]
    return page(request, "bodies/index.html", groups=groups, below=BELOW, flash=_flash(request))


@get("/bodies/new", guards=[may(Do.BODIES)])
async def new(request: Asked) -> Response[str]:
    above = await queries.body(request.user, as_uuid(request.query_params.get("under")) or request.user.body)
    kinds = BELOW[above["kind"]]
    kind = request.query_params.get("kind", "")
    if not kinds:
        raise Missing()
    return _form(request, above, kind if kind in kinds else kinds[-1], {}, {})


@post("/bodies", guards=[may(Do.BODIES)])
async def add(request: Asked) -> Response[Any]:
    form, by = await typed(request), request.user
    above = await queries.body(by, as_uuid(form.get("under")))
    kind = form.get("kind", "")
    try:
        body = await actions.add_body(above["id"], kind, body_facts(form, kind), by)
    except Invalid as error:
        return _form(request, above, kind, dict(form), error.fields)
    return Redirect(f"/bodies/{body}?done=added", status_code=303)


@get("/bodies/{wanted:uuid}", guards=[may(Do.BODIES)])
async def show(request: Asked, wanted: UUID) -> Response[str]:
    found = await queries.body(request.user, wanted)
    return _form(request, None, found["kind"], found, {}, found)


@post("/bodies/{wanted:uuid}", guards=[may(Do.BODIES)])
async def change(request: Asked, wanted: UUID) -> Response[Any]:
    form, by = await typed(request), request.user
    found = await queries.body(by, wanted)
    facts = body_facts(form, found["kind"])
    try:
        await actions.change_body(wanted, facts, by)
    except Invalid as error:
        return _form(request, None, found["kind"], {**form, "boarding": facts.boarding}, error.fields, found)
    return Redirect(f"/bodies/{wanted}?done={_saved(facts)}", status_code=303)


def _form(
    request: Asked,
    above: dict[str, Any] | None,
    kind: str,
    form: dict[str, Any],
    faults: dict[str, str],
    body: dict[str, Any] | None = None,
) -> Response[str]:
    language = language_of(request)
    return page(
        request,
        "bodies/show.html" if body else "bodies/new.html",
        status=422 if faults else 200,
        body=body,
        above=above,
        kind=kind,
        kinds=[(one, say(language, KIND_NAMES[one])) for one in BELOW[above["kind"]]] if above else [],
        form=form,
        datums=_datums(request),
        types=_types(request),
        errors={field: say(language, fault) for field, fault in faults.items()},
        flash=_flash(request),
    )


router = Router(
    "/",
    route_handlers=[
        *(settings, change_settings, schools, index, new, add, show, change),
        *pages_calendar.HANDLERS,
        *pages_terms.HANDLERS,
    ],
)
