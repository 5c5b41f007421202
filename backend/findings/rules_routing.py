"""Who is proposed to mend what: a school's rules in their order, the first that fits."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from backend.findings.rules import AREA_NAMES, GRADE_NAMES
from backend.language import N_


@dataclass(frozen=True, slots=True)
class Route:
    """`area`, `kind` and `grade` None: any. `here`: whoever it names still belongs to the school."""

    id: UUID
    position: int
    area: str | None
    kind: str | None
    grade: str | None
    assignee: UUID
    leader: UUID | None = None
    here: bool = True
    leader_here: bool = True

    def fits(self, area: str | None, kind: str | None, grade: str | None) -> bool:
        return self.area in {None, area} and self.kind in {None, kind} and self.grade in {None, grade}


def first(routes: Iterable[Route], area: str | None, kind: str | None, grade: str | None) -> Route | None:
    """The rule that proposes somebody. A rule whose person has left proposes nobody: the next one is asked."""
    return next((route for route in routes if route.here and route.fits(area, kind, grade)), None)


def uncovered(
    routes: Sequence[Route], areas: Iterable[str], kinds: Mapping[str, str | None]
) -> tuple[list[str], list[str]]:
    """Areas, and kinds of point (kind -> its area), for which a hazard of some grade finds no rule.

    An area counts as covered when a rule takes its hazards wherever they are found."""
    bare = [area for area in areas if not all(first(routes, area, None, grade) for grade in GRADE_NAMES)]
    return bare, [
        kind for kind, area in kinds.items() if not all(first(routes, area, kind, grade) for grade in GRADE_NAMES)
    ]


@dataclass(frozen=True, slots=True)
class RouteFacts:
    """What the form of a rule says; `faults` maps a field to the message id of what is wrong with it."""

    area: str | None
    kind: str | None
    grade: str | None
    assignee: str
    leader: str
    faults: Mapping[str, str]


def route_facts(
    form: Mapping[str, str], kinds: Iterable[str], hands: Iterable[str], leaders: Iterable[str]
) -> RouteFacts:
    """Reads the form; `kinds`, `hands` and `leaders` (ids of people) are those the school may choose."""
    faults = {}
    area, kind, grade = (form.get(field, "") for field in ("area", "kind", "grade"))
    assignee, leader = (form.get(field, "") for field in ("assignee", "leader"))
    for field, value, allowed in (("area", area, set(AREA_NAMES)), ("kind", kind, set(kinds))):
        if value and value not in allowed:
            faults[field] = N_("Please choose")
    if grade and grade not in GRADE_NAMES:
        faults["grade"] = N_("Please choose")
    if assignee not in set(hands):
        faults["assignee"] = N_("Please choose somebody of the school")
    if leader and leader not in set(leaders):
        faults["leader"] = N_("Please choose somebody of the school")
    return RouteFacts(area or None, kind or None, grade or None, assignee, leader, faults)
