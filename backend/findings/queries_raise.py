"""Where a finding is raised: a point, a label that hangs there, or a school; what may be named there."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from backend import database
from backend.access import Member, Role
from backend.database import reading
from backend.findings.queries_settings import criteria_in_force
from backend.findings.rules_raise import NO_POINT
from backend.forms import as_uuid
from backend.language import N_
from backend.trouble import Invalid, Missing
from backend.visits.queries import Item, label_of, point_to_visit
from qr import codes

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Spot:
    """A place that he may raise a finding at; `point` None: at no point. `code` is the label that he stood before."""

    school: UUID
    school_name: str
    school_name_en: str
    point: Row | None = None
    items: list[Item] = field(default_factory=list)
    code: str = ""

    @property
    def area(self) -> str:
        return str(self.point["area"]) if self.point else ""

    @property
    def point_id(self) -> UUID | None:
        return UUID(str(self.point["id"])) if self.point else None


async def school_below(member: Member, school: UUID | None) -> Row | None:
    """A school that is his or below his bureau; None for any other."""
    async with reading(member.scope):
        return await database.row(
            "SELECT id, name, name_en FROM body WHERE id = $2 AND kind = 'school' AND $1 = ANY (path)",
            *(member.body, school),
        )


async def spot(member: Member, point: str, code: str, school: str) -> Spot | None:
    """The place named in an address or a form; None while none is named. An inspector names it by a label on the spot.

    Raises Invalid (a code that does not lead anywhere) and Missing (not there, or not his)."""
    if code.strip():
        return await _labelled(member, code)
    if member.role is Role.INSPECTOR:
        return None
    if wanted := as_uuid(point):
        found = await point_to_visit(member, wanted)
        return await _spot(member, UUID(str(found.point["school"])), found.point, found.items)
    if point != NO_POINT:
        return None
    where = member.school or as_uuid(school)
    return await _spot(member, where) if where else None


async def _labelled(member: Member, code: str) -> Spot:
    typed = codes.normal(code) or codes.check_short(code)
    label = await label_of(typed) if typed else None
    if label is None or await school_below(member, label["school"]) is None:
        raise Invalid({"code": N_("This label is not known. Perhaps a character was misread.")})
    if label["revoked_at"] is not None and member.role is Role.INSPECTOR:
        raise Invalid({"code": N_("This label is no longer in use. Please take another one of this place.")})
    if label["point"] is None:
        return await _spot(member, label["school"], code=label["code"])
    found = await point_to_visit(member, label["point"])
    return await _spot(member, label["school"], found.point, found.items, label["code"])


async def _spot(
    member: Member, school: UUID, point: Row | None = None, items: list[Item] | None = None, code: str = ""
) -> Spot:
    body = await school_below(member, school)
    if body is None:
        raise Missing()
    return Spot(school, body["name"], body["name_en"], point, items or [], code)


async def document_criteria(member: Member) -> list[Row]:
    """Criteria that no checklist item touches: what makes them true stands in papers, not at a point."""
    async with reading(member.scope):
        return [one for one in await criteria_in_force() if not one["items"]]


async def is_raised(member: Member, finding: UUID) -> Row | None:
    """Number and state of a finding that his own words were just added to."""
    async with reading(member.scope):
        return await database.row("SELECT id, number, title, title_en, state FROM finding WHERE id = $1", finding)
