"""What makes a hazard a major one: everybody reads the criteria, the city's bureau adds to them, version by version."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.response import Redirect

from backend.access import Do, Member, may
from backend.checklists.queries_content import checks
from backend.findings import actions_settings as actions
from backend.findings import queries_settings as queries
from backend.findings.rules_criteria import FIELDS, Change, CriterionFacts, criterion_facts, difference
from backend.forms import Typed, as_number, typed
from backend.language import N_, either, say
from backend.page import language_of, page
from backend.trouble import Invalid

R = Request[Member, Any, Any]
Row = dict[str, Any]
DONE = {
    "published": N_("Published. It holds for findings from now on."),
    "withdrawn": N_("Withdrawn. Findings keep the grade they have."),
}


@get("/criteria", guards=[may(Do.SEE_FINDINGS)])
async def index(request: R) -> Response[str]:
    found, language = await queries.criteria(request.user), language_of(request)
    names = await _names(request.user, language)
    return page(
        request,
        "findings/settings/criteria.html",
        criteria=[_line(one, names, language) for one in found],
        flash=_flash(request),
    )


@get("/criteria/new", guards=[may(Do.EDIT_PACK)])
async def new(request: R) -> Response[str]:
    return await _form(request, None, {}, [])


@post("/criteria", guards=[may(Do.EDIT_PACK)])
async def add(request: R) -> Response[Any]:
    form = await typed(request)
    try:
        code = await actions.write_criterion("", await _read(request.user, form, new=True), 0, request.user)
    except Invalid as error:
        return await _form(request, None, dict(form), form.all("items"), error.fields)
    return Redirect(f"/criteria/{code}?done=published", status_code=303)


@get("/criteria/{code:str}", guards=[may(Do.SEE_FINDINGS)])
async def show(request: R, code: str) -> Response[str]:
    found, language = await queries.versions(request.user, code), language_of(request)
    names = await _names(request.user, language)
    before = [*found[1:], None]
    newer = (one for one in found if found[0]["body"] and not one["body"] and one["version"] > found[0]["version"])
    return page(
        request,
        "findings/settings/criterion.html",
        criterion=_line(found[0], names, language),
        newer=next((one["version"] for one in newer), 0),
        versions=[
            {**one, "changes": _changes(difference(old, one), names, language) if old else []}
            for one, old in zip(found, before, strict=True)
        ],
        flash=_flash(request),
    )


@get("/criteria/{code:str}/edit", guards=[may(Do.EDIT_PACK)])
async def edit(request: R, code: str) -> Response[str]:
    found = (await queries.versions(request.user, code))[0]
    return await _form(request, found, _kept(found))


@post("/criteria/{code:str}", guards=[may(Do.EDIT_PACK)])
async def change(request: R, code: str) -> Response[Any]:
    form, found = await typed(request), (await queries.versions(request.user, code))[0]
    try:
        facts = await _read(request.user, form, new=False)
        await actions.write_criterion(code, facts, as_number(form.get("seen")), request.user)
    except Invalid as error:
        return await _form(request, found, {**form, "seen": form.get("seen")}, form.all("items"), error.fields)
    return Redirect(f"/criteria/{code}?done=published", status_code=303)


@post("/criteria/{code:str}/withdraw", guards=[may(Do.EDIT_PACK)])
async def withdraw(request: R, code: str) -> Response[Any]:
    form, found = await typed(request), (await queries.versions(request.user, code))[0]
    try:
        await actions.withdraw_criterion(code, form.text("why"), as_number(form.get("seen")), request.user)
    except Invalid as error:
        return await _form(request, found, {**_kept(found), "why": form.get("why", "")}, None, error.fields)
    return Redirect(f"/criteria/{code}?done=withdrawn", status_code=303)


def _kept(found: Row) -> Row:
    """The form as a version is opened in it: whoever checked a built-in text was not this bureau."""
    return {**found, "words": "", "verified": "1" if found["verified"] and found["body"] else ""}


async def _read(member: Member, form: Typed, *, new: bool) -> CriterionFacts:
    known = [item["code"] for item in await queries.items(member)]
    return criterion_facts(form, form.all("items"), known, new=new)


async def _form(
    request: R,
    found: Row | None,
    form: Row,
    chosen: list[str] | None = None,
    faults: dict[str, str] | None = None,
) -> Response[str]:
    language = language_of(request)
    ticked = set(form.get("items", ()) if chosen is None else chosen)
    kinds: dict[str, Row] = {}
    for item in await queries.items(request.user):
        kind = kinds.setdefault(item["kind"], {"zh": item["kind_zh"], "en": item["kind_en"], "items": [], "ticked": 0})
        kind["items"].append({**item, "ticked": item["code"] in ticked})
        kind["ticked"] += item["code"] in ticked
    return page(
        request,
        "findings/settings/criterion_form.html",
        status=422 if faults else 200,
        criterion=found,
        form=form,
        seen=form.get("seen") or (found["version"] if found else 0),
        kinds=kinds,
        errors={field: say(language, fault) for field, fault in (faults or {}).items()},
    )


def _flash(request: R) -> list[dict[str, str]]:
    told = DONE.get(request.query_params.get("done", ""))
    return [{"tone": "ok", "text": say(language_of(request), told)}] if told else []


async def _names(member: Member, language: str) -> dict[str, str]:
    """Codes of items and of the plan's checks -> what they are called."""
    named = {item["code"]: either(language, item["zh"], item["en"]) for item in await queries.items(member)}
    return named | {check["id"]: either(language, check["zh"], check["en"]) for check in checks().values()}


def _line(one: Row, names: dict[str, str], language: str) -> Row:
    owner = either(language, one["body_name"], one["body_name_en"]) if one["body"] else say(language, N_("Built in"))
    return {
        **one,
        "owner": owner,
        "touching": [(code, names.get(code, code)) for code in one["items"]],
        "checks": [(code, names.get(code, code)) for code in one["plan_checks"]],
    }


def _changes(changes: list[Change], names: dict[str, str], language: str) -> list[Row]:
    def said(value: object) -> str:
        return say(language, N_("yes") if value else N_("no")) if isinstance(value, bool) else str(value or "–")

    return [
        {
            "field": say(language, FIELDS[one.field]),
            "before": said(one.before),
            "after": said(one.after),
            "added": [names.get(code, code) for code in one.added],
            "removed": [names.get(code, code) for code in one.removed],
        }
        for one in changes
    ]


HANDLERS = [index, new, add, show, edit, change, withdraw]
