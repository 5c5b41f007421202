"""The list of labels and the sheets printed from it. Printing marks the labels, so it is a POST that answers a PDF."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.background_tasks import BackgroundTask
from litestar.response import File

from backend import clock
from backend.access import Do, Member, may
from backend.language import N_
from backend.page import page
from backend.points import actions, forms, printing, queries, queries_health, queries_places
from backend.points.actions import own_school
from backend.points.queries import Wanted
from backend.points.rules import LabelState
from backend.settings import settings
from backend.trouble import Invalid, Refused
from qr.stocks import STOCKS

R = Request[Any, Any, Any]

DONE = {"made": N_("%(n)s labels were made. Choose the sheet below and print them.")}
NOTHING = N_("Please choose at least one label.")
REVOKED = N_("A revoked label is not printed again: replace it instead.")


@get("/labels", guards=[may(Do.LABELS)])
async def index(request: R) -> Response[str]:
    return await _index(request, forms.wanted(request.query_params, labels=True), {}, {})


async def _index(
    request: R, wanted: Wanted, form: dict[str, str], errors: dict[str, str], status: int = 200, chosen: Any = ()
) -> Response[str]:
    me: Member = request.user
    school = own_school(me)
    counts = await queries.label_counts(me, wanted)
    where = forms.pages(request, counts["here"])
    without = await queries.counts(me, Wanted(state="active", unlabelled=True, school=school))
    return page(
        request,
        "points/labels.html",
        status=status,
        labels=await queries.labels_of(me, wanted, most=queries.PAGE, skip=where.skip),
        counts=counts,
        wanted=wanted,
        without=without["here"],
        reprint=await queries_health.count(me, school),
        pages=where,
        link=lambda **changes: forms.link(request, **changes),
        all_places=await queries_places.places_of(me, school),
        stocks=list(STOCKS.values()),
        host=settings().public_url,
        form=form,
        chosen=set(chosen),
        errors=errors,
        flash=forms.flash(request, DONE),
    )


@post("/labels/print", guards=[may(Do.LABELS)], status_code=200)
async def print_sheet(request: R) -> Response[Any]:
    """A PDF of the chosen labels, or of all that the list shows; each is marked as printed."""
    me: Member = request.user
    own_school(me)
    typed, chosen = await forms.typed(request), await forms.many(request, "label")
    wanted = forms.wanted(typed, labels=True)
    try:
        return await sheet_of(me, wanted, typed, chosen)
    except Invalid as wrong:
        return await _index(request, wanted, typed, forms.told(request, wrong), status=422, chosen=chosen)


async def sheet_of(me: Member, wanted: Wanted, typed: dict[str, str], chosen: list[str]) -> File:
    """The PDF; its labels are marked as printed. Raises Invalid, and then leaves nothing behind."""
    out = printing.scratch()
    try:
        how = printing.setup(typed)
        rows = await _chosen(me, wanted, typed, chosen)
        await printing.sheet(rows, how, out)
        await actions.mark_printed([row["id"] for row in rows], printing.stock_name(how), me)
    except BaseException:
        out.unlink()
        raise
    return _pdf(out, f"labels-{clock.today():%Y%m%d}.pdf")


async def _chosen(me: Member, wanted: Wanted, typed: dict[str, str], chosen: list[str]) -> list[dict[str, Any]]:
    """Ids of other schools are passed over as if they were not there; what is revoked is not printed."""
    if typed.get("which") == "all":
        rows = [row for row in await queries.labels_of(me, wanted, most=actions.MOST_LABELS + 1) if _counts(row)]
    else:
        ids: Iterator[UUID | None] = (forms.uuid_of(text) for text in chosen)
        rows = await queries.labels_by_id(me, [it for it in ids if it])
        if rows and not all(_counts(row) for row in rows):
            raise Refused(REVOKED)
    if not rows:
        raise Invalid({"label": NOTHING})
    return rows


def _counts(row: dict[str, Any]) -> bool:
    return row["now"] in {LabelState.BOUND.value, LabelState.BLANK.value}


@get("/labels/calibration.pdf", guards=[may(Do.LABELS)])
async def calibration(request: R) -> Response[Any]:
    """Only the page that shows what the printer does to millimetres; no label, nothing is written."""
    asked = dict(request.query_params)
    out = printing.scratch()
    try:
        await printing.sheet([], printing.setup({**asked, "calibration": "1"}), out)
    except Invalid as wrong:
        out.unlink()
        wanted = forms.wanted(asked, labels=True)
        return await _index(request, wanted, asked, forms.told(request, wrong), status=422)
    except BaseException:
        out.unlink()
        raise
    return _pdf(out, "calibration.pdf")


def _pdf(out: Any, name: str) -> File:
    return File(
        out,
        filename=name,
        media_type="application/pdf",
        headers={"Cache-Control": "no-store"},
        background=BackgroundTask(out.unlink),
    )


HANDLERS = [index, print_sheet, calibration]
