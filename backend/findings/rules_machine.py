"""The words of a finding's machine: who meets it (hats), which findings a move is for, what it needs, what bars it."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from uuid import UUID

from backend.findings.rules import ENDED, Grade, Source, State
from backend.language import N_


class Hat(Enum):
    """In which quality somebody meets a finding; one person may wear several."""

    PATROL = "patrol"
    CREW = "crew"
    ASSIGNEE = "assignee"
    DUTY_LEADER = "duty_leader"
    MANAGER = "manager"
    DEPUTY = "deputy"
    PRINCIPAL = "principal"
    DISTRICT = "district"
    CITY = "city"
    INSPECTOR = "inspector"
    CONTRACTOR = "contractor"
    SYSTEM = "system"


HAT_NAMES: dict[str, str] = {
    Hat.PATROL.value: N_("patrol staff"),
    Hat.CREW.value: N_("the maintenance crew"),
    Hat.ASSIGNEE.value: N_("the person responsible"),
    Hat.DUTY_LEADER.value: N_("the duty leader"),
    Hat.MANAGER.value: N_("the safety office"),
    Hat.DEPUTY.value: N_("the vice-principal for safety"),
    Hat.PRINCIPAL.value: N_("the principal"),
    Hat.DISTRICT.value: N_("the district bureau"),
    Hat.CITY.value: N_("the city bureau"),
    Hat.INSPECTOR.value: N_("the inspector who found it"),
    Hat.CONTRACTOR.value: N_("the contractor"),
    Hat.SYSTEM.value: N_("by itself"),
}

SCHOOL_HATS = frozenset(
    {Hat.PATROL, Hat.CREW, Hat.ASSIGNEE, Hat.DUTY_LEADER, Hat.MANAGER, Hat.DEPUTY, Hat.PRINCIPAL, Hat.CONTRACTOR}
)
BUREAU = frozenset({Hat.DISTRICT, Hat.CITY})
BUREAU_POSTS = frozenset({"district_bureau", "bureau_safety", "bureau_leader"})
"""The supervision office and the auditor read; they move nothing."""


def hats(role: str, post: str, body_kind: str, *, assignee: bool, found: bool) -> frozenset[Hat]:
    """What a member is to a finding that he may see."""
    worn: set[Hat] = {Hat.ASSIGNEE} if assignee and body_kind == "school" else set()
    if body_kind != "school":
        if role == "officer" and post in BUREAU_POSTS:
            worn.add(Hat.CITY if body_kind == "city" else Hat.DISTRICT)
        elif role == "inspector" and found:
            worn.add(Hat.INSPECTOR)
        return frozenset(worn)
    worn |= {Hat(role)} if role in {"patrol", "crew", "manager", "principal"} else set()
    worn |= {Hat.DEPUTY} if post == "vice_principal" else {Hat.DUTY_LEADER} if post == "duty_leader" else set()
    return frozenset(worn)


class Case(Enum):
    """Which findings a move is for; `bureaus`: major, found by an inspection, or graded below what was proposed."""

    ANY = "any"
    GENERAL = "general"
    MAJOR = "major"
    SCHOOLS = "schools"
    BUREAUS = "bureaus"
    ON_SPOT = "on_spot"
    ON_SPOT_BUREAUS = "on_spot_bureaus"
    LISTED = "listed"
    UNLISTED = "unlisted"


class Bar(Enum):
    """What must be so before a move, whoever wants it."""

    NOT_MENDER = "not_mender"
    NOT_ASSIGNEE = "not_assignee"
    SAFE_FIRST = "safe_first"
    SETTLED = "settled"
    LISTER = "lister"
    NO_RAISING = "no_raising"


class Need(Enum):
    """What a move's form must bring."""

    WORDS = "words"
    PHOTO = "photo"
    AREA = "area"
    GRADE = "grade"
    ASSIGNEE = "assignee"
    MEASURES = "measures"
    FUNDS = "funds"
    DEADLINE = "deadline"
    CONTINGENCY = "contingency"
    WISH = "wish"
    UNTIL = "until"
    COST = "cost"
    TARGET = "target"
    TITLE = "title"
    REPORT = "report"


FIVE = (Need.ASSIGNEE, Need.MEASURES, Need.FUNDS, Need.DEADLINE, Need.CONTINGENCY)
"""五落实: responsibility, measures, funds, deadline, contingency plan (安监总局令第16号 art. 15)."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the machine looks at of a finding."""

    state: State
    grade: str | None = None
    grade_proposed: str = Grade.GENERAL.value
    source: str = Source.PATROL.value
    lowered: bool = False
    listed: bool = False
    fixed_on_spot: bool = False
    controlled: bool = False
    settled: bool = False
    assigned_to: UUID | None = None
    mended_by: UUID | None = None
    mended_at: datetime | None = None
    listed_by: UUID | None = None

    @property
    def ended(self) -> bool:
        return self.state in ENDED

    @property
    def major(self) -> bool:
        return (self.grade or self.grade_proposed) == Grade.MAJOR.value

    @property
    def bureaus(self) -> bool:
        """Whether the level above has the last word on it."""
        return self.major or self.lowered or self.source == Source.INSPECTION.value

    def fits(self, case: Case) -> bool:
        graded_major = self.grade == Grade.MAJOR.value
        return {
            Case.ANY: True,
            Case.GENERAL: not graded_major,
            Case.MAJOR: graded_major,
            Case.SCHOOLS: not self.bureaus,
            Case.BUREAUS: self.bureaus,
            Case.ON_SPOT: self.fixed_on_spot and not self.bureaus,
            Case.ON_SPOT_BUREAUS: self.fixed_on_spot and self.bureaus,
            Case.LISTED: self.listed,
            Case.UNLISTED: not self.listed,
        }[case]


@dataclass(frozen=True, slots=True)
class Move:
    """`after` None: the state stays. `who` may do it; `needs` is asked for; `bars` must not stand in the way."""

    after: State | None
    who: frozenset[Hat]
    needs: tuple[Need, ...] = ()
    bars: tuple[Bar, ...] = ()
    case: Case = Case.ANY


BAR_WORDS: dict[Bar, str] = {
    Bar.NOT_MENDER: N_("Who mended it cannot verify it. Somebody else has to."),
    Bar.NOT_ASSIGNEE: N_("Nobody decides on his own request."),
    Bar.SAFE_FIRST: N_("A major hazard is made safe first: stop it, fence it off or have it watched, with a photo."),
    Bar.SETTLED: N_("Person, measures, funds, deadline and contingency plan have to be settled first."),
    Bar.LISTER: N_("Only the bureau that listed it can delist it."),
    Bar.NO_RAISING: N_("It is graded already. Only a higher grade can be given here."),
}
