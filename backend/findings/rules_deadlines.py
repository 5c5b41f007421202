"""A school's times for findings: which deadline is proposed, when nobody is disturbed, who is told of what waits.

Deadlines of general hazards are fixed by no law; the defaults are proposals of the guide (not verified), a school
changes them.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any

from backend.bodies.rules_calendar import Marks, working_days_after, working_days_between
from backend.findings.rules import ENDED, Grade, State
from backend.language import N_


@dataclass(frozen=True, slots=True)
class Policy:
    """A school's own times. Days are working days of its calendar; `safe_minutes` is the clock of a major hazard."""

    general_days: int = 7
    works_days: int = 30
    register_days: int = 1
    accept_days: int = 3
    recheck_days: int = 7
    safe_minutes: int = 60
    quiet_from: str = "22:00"
    quiet_until: str = "06:30"


def proposed_deadline(grade: str, works: bool, today: date, policy: Policy, marks: Marks) -> date:
    """The last day to mend it. A major hazard is mended at once: by the next working day, unless it needs works."""
    if works:
        return working_days_after(today, policy.works_days, marks)
    return working_days_after(today, 1 if grade == Grade.MAJOR.value else policy.general_days, marks)


def quiet(moment_local: datetime, policy: Policy) -> bool:
    """Whether only what is urgent may disturb at this wall-clock time. The same two times: never quiet."""
    now, start, end = f"{moment_local:%H:%M}", policy.quiet_from, policy.quiet_until
    if start <= end:
        return start <= now < end
    return now >= start or now < end


POLICY_DAYS = {"general_days": 366, "works_days": 366, "register_days": 30, "accept_days": 60, "recheck_days": 366}
"""The most that may be chosen, in working days."""


def policy_from(form: Mapping[str, str]) -> tuple[Policy, dict[str, str]]:
    """A policy as it was typed, and field -> what is wrong with it; a wrong field keeps its default in the policy."""
    found: dict[str, Any] = {}
    faults: dict[str, str] = {}
    for name, most in {**POLICY_DAYS, "safe_minutes": 1440}.items():
        text = unicodedata.normalize("NFKC", form.get(name, "")).strip()
        if re.fullmatch("[0-9]{1,4}", text) and 1 <= int(text) <= most:
            found[name] = int(text)
        else:
            faults[name] = _NUMBER[most]
    for name in ("quiet_from", "quiet_until"):
        text = unicodedata.normalize("NFKC", form.get(name, "")).strip().zfill(5)
        if re.fullmatch("([01][0-9]|2[0-3]):[0-5][0-9]", text):
            found[name] = text
        else:
            faults[name] = N_("Please give a time, like 22:00")
    return Policy(**found), faults


_NUMBER = {
    30: N_("A whole number from 1 to 30"),
    60: N_("A whole number from 1 to 60"),
    366: N_("A whole number from 1 to 366"),
    1440: N_("A whole number from 1 to 1440"),
}


class Reason(Enum):
    """Why somebody above is told."""

    OVERDUE = "overdue"
    UNASSIGNED = "unassigned"
    UNSAFE = "unsafe"
    UNACCEPTED = "unaccepted"


class Unit(Enum):
    DAYS = "days"
    WORKING_DAYS = "working_days"
    HOURS = "hours"


class Who(Enum):
    ASSIGNEE = "assignee"
    MANAGER = "manager"
    PRINCIPAL = "principal"
    DISTRICT = "district"
    CITY = "city"


REASON_NAMES: dict[str, str] = {
    Reason.OVERDUE.value: N_("The deadline is over"),
    Reason.UNASSIGNED.value: N_("Nobody is responsible yet"),
    Reason.UNSAFE.value: N_("A major hazard is not made safe"),
    Reason.UNACCEPTED.value: N_("Mended, but not accepted yet"),
}
WHO_NAMES: dict[str, str] = {
    Who.ASSIGNEE.value: N_("who is to mend it"),
    Who.MANAGER.value: N_("safety managers"),
    Who.PRINCIPAL.value: N_("principal"),
    Who.DISTRICT.value: N_("district bureau"),
    Who.CITY.value: N_("city bureau"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """`to` is told when it has been waiting for `after` units, or for the policy's own time (`given`) and `after`."""

    number: int
    to: tuple[Who, ...]
    after: int = 0
    given: str = ""

    def threshold(self, policy: Policy) -> float:
        """In units of its ladder."""
        own = {"": 0.0, "safe_hours": policy.safe_minutes / 60}.get(self.given)
        return self.after + (float(getattr(policy, self.given)) if own is None else own)


@dataclass(frozen=True, slots=True)
class Ladder:
    unit: Unit
    steps: tuple[Step, ...]


def _ladder(unit: Unit, *steps: tuple[tuple[Who, ...], int, str]) -> Ladder:
    return Ladder(unit, tuple(Step(n, to, after, given) for n, (to, after, given) in enumerate(steps)))


_BOTH = (Who.MANAGER, Who.PRINCIPAL)
LADDER: Mapping[tuple[Reason, Grade], Ladder] = {
    (Reason.OVERDUE, Grade.GENERAL): _ladder(
        Unit.DAYS,
        ((Who.ASSIGNEE, Who.MANAGER), 0, ""),
        ((Who.PRINCIPAL,), 3, ""),
        ((Who.DISTRICT,), 7, ""),
        ((Who.CITY,), 14, ""),
    ),
    (Reason.OVERDUE, Grade.MAJOR): _ladder(
        Unit.DAYS, ((Who.ASSIGNEE, *_BOTH), 0, ""), ((Who.DISTRICT,), 1, ""), ((Who.CITY,), 3, "")
    ),
    (Reason.UNASSIGNED, Grade.GENERAL): _ladder(
        Unit.WORKING_DAYS, ((Who.MANAGER,), 0, "register_days"), ((Who.PRINCIPAL,), 2, "register_days")
    ),
    (Reason.UNASSIGNED, Grade.MAJOR): _ladder(Unit.HOURS, ((Who.PRINCIPAL,), 1, ""), ((Who.DISTRICT,), 24, "")),
    (Reason.UNSAFE, Grade.MAJOR): _ladder(
        Unit.HOURS, (_BOTH, 0, "safe_hours"), ((Who.DISTRICT,), 4, ""), ((Who.CITY,), 24, "")
    ),
    **{
        (Reason.UNACCEPTED, grade): _ladder(
            Unit.WORKING_DAYS, ((Who.MANAGER,), 0, "accept_days"), ((Who.PRINCIPAL,), 3, "accept_days")
        )
        for grade in Grade
    },
}
"""After how long of nothing who is told. The steps are ours (not verified); a general hazard need not be made safe."""


def thresholds(ladder: Ladder, policy: Policy) -> list[float]:
    """When each step is due; a higher step never comes before a lower one, whatever the policy says."""
    found: list[float] = []
    for step in ladder.steps:
        found.append(max([step.threshold(policy), *found[-1:]]))
    return found


def steps_due(reason: str, grade: str, waited: float, already: int, policy: Policy | None = None) -> list[Step]:
    """Steps to tell now. `waited`: in the unit of that ladder; `already`: how many steps were told before."""
    ladder = LADDER.get((Reason(reason), Grade(grade)))
    if ladder is None:
        return []
    due = zip(ladder.steps, thresholds(ladder, policy or Policy()), strict=True)
    return [step for step, at in due if step.number >= already and waited >= at]


MENDED = frozenset({State.SUBMITTED, State.FIXED_ON_SPOT})
"""Somebody says that it is mended; it waits for another person's word."""
SETTLED = frozenset({State.ACCEPTED, State.RECHECKED, State.DELIST_REQUESTED, *ENDED})


@dataclass(frozen=True, slots=True)
class Standing:
    """What the clocks look at. `assigned`: to somebody who is still there; `arrived`: when the school could know of it
    (again, when it came back); `late_from`: when the deadline was over; `alone_from`: when its person left."""

    state: State
    grade: Grade
    arrived: datetime
    graded: datetime | None = None
    assigned: bool = False
    alone_from: datetime | None = None
    safe: bool = False
    mended: datetime | None = None
    late_from: datetime | None = None


def clocks(one: Standing, now: datetime) -> dict[Reason, datetime]:
    """What it waits for, each since when."""
    if one.state in SETTLED:
        return {}
    if one.state in MENDED:
        return {Reason.UNACCEPTED: one.mended or one.arrived}
    found = {}
    if one.late_from and one.late_from <= now:
        found[Reason.OVERDUE] = one.late_from
    if not one.assigned:
        found[Reason.UNASSIGNED] = max(one.arrived, one.alone_from or one.arrived)
    if one.grade is Grade.MAJOR and not one.safe:
        found[Reason.UNSAFE] = max(one.arrived, one.graded or one.arrived)
    return found


def waited(unit: Unit, since: datetime, now: datetime, marks: Marks) -> float:
    """How long, in units of a ladder; both moments on the city's clock. A working day is over when the next begins."""
    if unit is Unit.WORKING_DAYS:
        return working_days_between(since.date(), now.date(), marks)
    return (now - since) / timedelta(days=1 if unit is Unit.DAYS else 0, hours=1 if unit is Unit.HOURS else 0)
