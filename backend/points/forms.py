"""Reads what a request of this slice says: whose school, which filter, what was typed; and keeps it for the form."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request
from litestar.datastructures import UploadFile

from backend.access import Member
from backend.language import N_, say
from backend.page import language_of
from backend.points import queries
from backend.points.queries import PAGE, Wanted
from backend.points.rules import NO_SUCH_PERSON, NO_SUCH_PLACE, LabelState, PointFacts, PointState, coordinates, texts
from backend.trouble import Invalid, Missing

R = Request[Any, Any, Any]


def uuid_of(text: object) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None


async def school_of(request: R, me: Member) -> UUID | None:
    """His own school, or the one below him that the address names; None when it names none. Raises Missing."""
    asked = request.query_params.get("school", "")
    if me.school is not None or not asked:
        return me.school
    wanted = uuid_of(asked)
    if wanted not in {row["id"] for row in await queries.schools(me)}:
        raise Missing()
    return wanted


def wanted(asked: Mapping[str, str], school: UUID | None = None, *, labels: bool = False) -> Wanted:
    """The filter of an address; words that mean nothing are passed over. Points in use are shown first."""
    known = {state.value for state in (LabelState if labels else PointState)}
    state = asked.get("state", "" if labels else PointState.ACTIVE.value)
    return Wanted(
        q=asked.get("q", "").replace("\0", "")[:100],
        kind=asked.get("kind", "")[:60].replace("\0", ""),
        area=asked.get("area", "")[:60].replace("\0", ""),
        place=uuid_of(asked.get("place")),
        state=state if state in known else "",
        school=school,
        unlabelled=asked.get("labels") == "none",
        unprinted=asked.get("printed") == "no",
    )


@dataclass(frozen=True, slots=True)
class Pages:
    """Where in a list the reader is, and the addresses beside it; filters stay in the address."""

    number: int
    newer: str
    older: str
    skip: int


def pages(request: R, total: int, size: int = PAGE) -> Pages:
    text = request.query_params.get("page", "1")
    last = max(1, -(-total // size))
    number = min(max(1, int(text) if text.isdecimal() and len(text) < 9 else 1), last)
    return Pages(
        number,
        link(request, page=number - 1) if number > 1 else "",
        link(request, page=number + 1) if number < last else "",
        (number - 1) * size,
    )


def link(request: R, **changes: object) -> str:
    """This list with some of its filters changed ("" takes one away); the page goes back to the first."""
    kept = {key: value for key, value in request.query_params.items() if key not in {"page", "done", "n"}}
    kept |= {key: str(value) for key, value in changes.items()}
    return f"{request.url.path}?{urlencode({k: v for k, v in kept.items() if v or k == 'state'})}"


def flash(request: R, words: Mapping[str, str]) -> list[dict[str, str]]:
    """What was just done, named by the address the page was sent to (`?done=retired&n=3`)."""
    said, n = words.get(request.query_params.get("done", "")), request.query_params.get("n", "0")
    if not said:
        return []
    return [{"tone": "ok", "text": say(language_of(request), said, n=n if n.isdecimal() and len(n) < 9 else "0")}]


def told(request: R, wrong: Invalid) -> dict[str, str]:
    """The errors of a form in the reader's language."""
    return {name: say(language_of(request), why, **wrong.facts) for name, why in wrong.fields.items()}


async def typed(request: R) -> dict[str, str]:
    """Texts of a posted form; a field that came twice has its last value."""
    form = await request.form()
    return {key: str(value).replace("\0", "") for key, value in form.items() if not isinstance(value, UploadFile)}


async def many(request: R, name: str) -> list[str]:
    form = await request.form()
    return [str(value) for value in form.getall(name, []) if not isinstance(value, UploadFile)]


async def upload(request: R, name: str) -> tuple[str, bytes]:
    """(file name, content) of an uploaded file; empty when none was chosen."""
    form = await request.form()
    value = form.get(name)
    return (value.filename, await value.read()) if isinstance(value, UploadFile) else ("", b"")


@dataclass(frozen=True, slots=True)
class PointForm:
    """A point as it was typed, and what came of it."""

    facts: PointFacts
    wrong: dict[str, str] = field(default_factory=dict)


def point_form(form: Mapping[str, str]) -> PointForm:
    """The point that a form describes; a chosen person outranks a typed name."""
    clean, wrong = texts(form)
    latitude, longitude, off = coordinates(form.get("latitude"), form.get("longitude"))
    wrong |= off
    place, responsible = uuid_of(form.get("place")), uuid_of(form.get("responsible"))
    if form.get("place") and place is None:
        wrong["place"] = NO_SUCH_PLACE
    if form.get("responsible") and responsible is None:
        wrong["responsible"] = NO_SUCH_PERSON
    if not form.get("kind"):
        wrong["kind"] = KIND_NEEDED
    if responsible:
        clean["responsible_name"] = ""
    facts = PointFacts(
        kind=form.get("kind", "")[:60],
        place=place,
        responsible=responsible,
        latitude=latitude,
        longitude=longitude,
        **clean,
    )
    return PointForm(facts, wrong)


KIND_NEEDED = N_("Please choose what kind of point this is.")
