"""A contractor's link: what is said when it is made, what it lets him do, why it does not open any more."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from backend.accounts.rules import phone_fault, phone_number
from backend.findings.rules import ENDED, LinkUse, State, Verb
from backend.language import N_

USUAL_DAYS, LONGEST_DAYS = 7, 30
MOST_AT_ONCE = 10
VERBS = (Verb.MAKE_SAFE, Verb.START, Verb.MEND, Verb.NOTE)
"""What a contractor may do, in the order of his page."""
USES = {Verb.MAKE_SAFE: LinkUse.MAKE_SAFE, Verb.START: LinkUse.START, Verb.MEND: LinkUse.MEND, Verb.NOTE: LinkUse.NOTE}
USE_NAMES: dict[str, str] = {
    LinkUse.OPEN.value: N_("opened"),
    LinkUse.NOTE.value: N_("note added"),
    LinkUse.START.value: N_("mending began"),
    LinkUse.MAKE_SAFE.value: N_("made safe"),
    LinkUse.MEND.value: N_("said to be mended"),
    LinkUse.REFUSED.value: N_("refused"),
}


class End(Enum):
    """Why a link that was once good opens nothing any more."""

    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    FINISHED = "finished"
    LEFT = "left"


END_WORDS: dict[str, str] = {
    End.WITHDRAWN.value: N_("This link was withdrawn. Please ask whoever gave it to you."),
    End.EXPIRED.value: N_("This link has expired. If the work is not finished, ask for a new one."),
    End.FINISHED.value: N_("This work is finished. Nothing more needs to be done here. Thank you."),
    End.LEFT.value: N_("Whoever gave you this link no longer works there. Please ask the school for a new one."),
}
END_NAMES: dict[str, str] = {
    End.WITHDRAWN.value: N_("Link withdrawn"),
    End.EXPIRED.value: N_("Expired"),
    End.FINISHED.value: N_("The finding has ended"),
    End.LEFT.value: N_("Who made it has left"),
}


def end_of(
    state: str, expires_at: datetime, withdrawn_at: datetime | None, now: datetime, *, maker_here: bool
) -> End | None:
    """None while the link opens its finding in this state."""
    if withdrawn_at is not None:
        return End.WITHDRAWN
    if State(state) in ENDED:
        return End.FINISHED
    if expires_at <= now:
        return End.EXPIRED
    return None if maker_here else End.LEFT


@dataclass(frozen=True, slots=True)
class Invitation:
    """Who gets a link and for how many days; `faults` by field."""

    name: str
    firm: str
    phone: str
    days: int
    faults: dict[str, str] = field(default_factory=dict)

    @property
    def called(self) -> str:
        return called(self.name, self.firm)


def called(name: str, firm: str) -> str:
    """How a contractor is named in timelines and notices."""
    return f"{name}（{firm}）" if firm else name


def invitation(form: Mapping[str, str]) -> Invitation:
    said = {name: " ".join(form.get(name, "").split()) for name in ("name", "firm", "phone", "days")}
    phone, faults = phone_number(said["phone"]), {}
    if not said["name"]:
        faults["name"] = N_("Please fill this in")
    for name in ("name", "firm"):
        if len(said[name]) > 60:
            faults[name] = N_("At most 60 characters")
    if fault := phone_fault(phone):
        faults["phone"] = fault
    days = int(said["days"]) if said["days"].isascii() and said["days"].isdigit() and len(said["days"]) < 4 else 0
    if not 1 <= days <= LONGEST_DAYS:
        faults["days"] = N_("From 1 to 30 days")
    return Invitation(said["name"], said["firm"], phone, days, faults)
