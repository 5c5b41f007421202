"""A report without an account: the form at a label, "I see it too", the receipt and what became of it."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.response import Redirect

from backend.access import Do, may
from backend.findings import actions_report as actions
from backend.findings import queries_report as queries
from backend.findings import rules_report as rules
from backend.findings.actions_receipt import not_mended as deny
from backend.findings.actions_report import PuzzleNeeded, Sender
from backend.findings.rules import AREA_NAMES, Area
from backend.language import N_, say
from backend.page import language_of, page
from backend.row import uuid7
from backend.trouble import Invalid, Missing, Refused, TooMany, Trouble
from qr import codes

R = Request[Any, Any, Any]
LARGEST_PHOTO = 13 << 20
UNSURE = "unsure"


@get("/report", guards=[may(Do.PUBLIC)])
async def start(request: R) -> Response[Any]:
    """How to report, and where a label's code or a receipt can be typed."""
    code, receipt = request.query_params.get("code", ""), request.query_params.get("receipt", "")
    if found := codes.normal(receipt):
        return Redirect(f"/report/receipt/{found}", status_code=303)
    if found := codes.normal(code) or codes.check_short(code):
        return Redirect(f"/report/{found}", status_code=303)
    errors = {name: _NOT_A_CODE[name] for name, typed in (("code", code), ("receipt", receipt)) if typed.strip()}
    return _start(request, errors, {"code": code[:40], "receipt": receipt[:40]})


_NOT_A_CODE = {
    "code": N_("This is not a whole code. Compare it with the label: 8 or 12 letters and digits."),
    "receipt": N_("A receipt has 12 letters and digits. Please compare."),
}


def _start(request: R, errors: dict[str, str], typed: dict[str, str], status: int = 0) -> Response[str]:
    told = {name: say(language_of(request), text) for name, text in errors.items()}
    status = status or (422 if errors else 200)
    return page(request, "reports/index.html", status=status, errors=told, typed=typed)


@get("/report/{code:str}", guards=[may(Do.PUBLIC)])
async def form(request: R, code: str) -> Response[str]:
    """The form at a label: bound, blank, revoked or replaced, it reaches the school."""
    label = await _label(code)
    if label is None:
        return _unknown(request, code)
    return await _form(request, label, {})


async def _label(code: str) -> dict[str, Any] | None:
    found = codes.normal(code) or codes.check_short(code)
    try:
        return await queries.place(found) if found else None
    except Missing:
        return None


def _unknown(request: R, code: str) -> Response[str]:
    errors = {"code": N_("This label is not known. Perhaps a character was misread.")}
    return _start(request, errors, {"code": code[:40]}, status=404)


async def _form(
    request: R, label: dict[str, Any], typed: dict[str, str], trouble: Trouble | None = None
) -> Response[str]:
    """The form with everything that was typed, a fresh id and a fresh puzzle, and what was the matter."""
    language = language_of(request)
    puzzles = [await actions.puzzle(label, _address(request)) for _ in range(1 + len(label["similar"]))]
    return page(
        request,
        "reports/form.html",
        status=trouble.status if trouble else 200,
        headers={"Retry-After": str(trouble.facts["seconds"])} if isinstance(trouble, TooMany) else None,
        label=label,
        typed=typed,
        errors={k: say(language, v) for k, v in trouble.fields.items()} if isinstance(trouble, Invalid) else {},
        reason=say(language, trouble.reason, **trouble.facts) if trouble and trouble.reason else "",
        puzzle=puzzles[0],
        similar=[
            {**one, "id": str(one["id"]), "puzzle": puzzle, "report": str(uuid7())}
            for one, puzzle in zip(label["similar"], puzzles[1:], strict=True)
        ],
        id=str(uuid7()),
        areas=[area.value for area in Area],
        area_names={area: say(language, name) for area, name in rules.AREA_TILES.items()},
        unsure=UNSURE,
        most_photos=rules.MOST_PHOTOS,
        longest=rules.LONGEST_WORDS,
        photos_lost=bool(trouble) and typed.get("photos") == "1",
    )


@post("/report/{code:str}", guards=[may(Do.PUBLIC)])
async def send(request: R, code: str) -> Response[Any]:
    label = await _label(code)
    if label is None:
        return _unknown(request, code)
    told, typed = await _told(request)
    try:
        receipt = await actions.report(label, told, _sender(request, typed))
    except (Invalid, Refused, PuzzleNeeded, TooMany) as trouble:  # whatever it is, the words come back with the form
        return await _form(request, label, typed, trouble)
    return Redirect(f"/report/receipt/{receipt}", status_code=303)


@post("/report/{code:str}/too", guards=[may(Do.PUBLIC)])
async def too(request: R, code: str) -> Response[Any]:
    """ "I see it too": nothing has to be typed twice."""
    label = await _label(code)
    if label is None:
        return _unknown(request, code)
    told, typed = await _told(request)
    try:
        finding = UUID(typed.get("finding", ""))
    except ValueError:
        raise Missing() from None
    try:
        receipt = await actions.me_too(label, finding, told, _sender(request, typed))
    except (Refused, PuzzleNeeded, TooMany) as trouble:
        return await _form(request, label, {}, trouble)
    return Redirect(f"/report/receipt/{receipt}", status_code=303)


async def _told(request: R) -> tuple[rules.Told, dict[str, str]]:
    """What was sent, and its texts for showing the form again. Fields of any other name are not looked at."""
    posted = await request.form()
    typed: dict[str, str] = {}
    photos: list[bytes] = []
    for name, value in posted.multi_items():
        if not isinstance(value, UploadFile):
            typed[name] = rules.clean(str(value))
        elif name == "photo" and len(photos) < rules.MOST_PHOTOS and (content := await value.read(LARGEST_PHOTO)):
            typed["photos"] = "1"
            if content not in photos:
                photos.append(content)
    area = typed.get("area", "")
    told = rules.Told(
        id=_id(typed.get("id", "")),
        area=Area(area) if area in AREA_NAMES else None,
        words=typed.get("words", ""),
        contact=typed.get("contact", ""),
        photos=tuple(photos),
        not_sure=area == UNSURE,
    )
    return told, typed


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return uuid7()


def _sender(request: R, typed: dict[str, str]) -> Sender:
    return Sender(_address(request), language_of(request), typed.get("puzzle", ""), typed.get("puzzle_answer", ""))


def _address(request: R) -> str:
    return request.client.host if request.client else ""


@get("/report/receipt/{code:str}", guards=[may(Do.PUBLIC)])
async def show_receipt(request: R, code: str) -> Response[str]:
    """What became of a report, for whoever holds its receipt."""
    found = await _reported(code)
    return _no_receipt(request, code) if found is None else await _receipt(request, code, found)


async def _reported(code: str) -> dict[str, Any] | None:
    try:
        return await queries.became(codes.normal(code) or "")
    except Missing:
        return None


def _no_receipt(request: R, code: str) -> Response[str]:
    errors = {"receipt": N_("There is no report with this receipt. Please compare the characters.")}
    return _start(request, errors, {"receipt": code[:40]}, status=404)


async def _receipt(
    request: R,
    code: str,
    found: dict[str, Any],
    typed: dict[str, str] | None = None,
    trouble: Trouble | None = None,
) -> Response[str]:
    """The steps, and the form to say that it is not mended, with what was the matter with it."""
    language, area = language_of(request), AREA_NAMES.get(found["area"] or "", "")
    normal = codes.normal(code) or ""
    label = {"code": found["label_code"], "point": found["point"], "label": found["report"]}
    return page(
        request,
        "reports/receipt.html",
        status=trouble.status if trouble else 200,
        headers={"Retry-After": str(trouble.facts["seconds"])} if isinstance(trouble, TooMany) else None,
        report=found,
        code=normal,
        receipt=rules.show_receipt(normal),
        link=f"{str(request.base_url).rstrip('/')}/report/receipt/{normal}",
        steps=[say(language, name) for name in rules.STEP_NAMES],
        area=say(language, area) if area else "",
        id=str(uuid7()),
        typed=typed or {},
        puzzle=await actions.puzzle(label, _address(request)) if found["deniable"] else None,
        longest=rules.LONGEST_WORDS,
        errors={k: say(language, v) for k, v in trouble.fields.items()} if isinstance(trouble, Invalid) else {},
        reason=say(language, trouble.reason, **trouble.facts) if trouble and trouble.reason else "",
    )


@post("/report/receipt/{code:str}/not-mended", guards=[may(Do.PUBLIC)])
async def not_mended(request: R, code: str) -> Response[Any]:
    """The reporter looked again: it is not mended. Words come back whatever is the matter."""
    found = await _reported(code)
    if found is None:
        return _no_receipt(request, code)
    told, typed = await _told(request)
    try:
        await deny(found, told, _sender(request, typed))
    except (Invalid, Refused, PuzzleNeeded, TooMany) as trouble:
        return await _receipt(request, code, await queries.became(codes.normal(code) or ""), typed, trouble)
    return Redirect(f"/report/receipt/{codes.normal(code)}?done=sent", status_code=303)


HANDLERS = [start, form, send, too, show_receipt, not_mended]
