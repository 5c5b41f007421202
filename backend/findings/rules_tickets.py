"""The crew's tickets: findings of one person in the order of what burns, and how long there is left."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any

from backend.findings.rules import ENDED, Grade, State, Verb
from backend.language import N_

Row = Mapping[str, Any]
NEAR_DAYS = 2
HOURS_UNTIL = 48
"""Below this a deadline is counted in hours."""


class Urgency(Enum):
    """In the order in which a crew should look at them."""

    UNSAFE = "unsafe"
    MAJOR = "major"
    OVERDUE = "overdue"
    NEAR = "near"
    WAITING = "waiting"
    PLANNED = "planned"
    HANDED_IN = "handed_in"
    DONE = "done"


URGENCY_NAMES: dict[str, str] = {
    Urgency.UNSAFE.value: N_("major, not made safe"),
    Urgency.MAJOR.value: N_("major hazard"),
    Urgency.OVERDUE.value: N_("overdue"),
    Urgency.NEAR.value: N_("due soon"),
    Urgency.WAITING.value: N_("waiting for parts"),
    Urgency.PLANNED.value: N_("in time"),
    Urgency.HANDED_IN.value: N_("mended, with others now"),
    Urgency.DONE.value: N_("finished"),
}
NO_DEADLINE = N_("no deadline yet")
TONES = {
    **dict.fromkeys((Urgency.UNSAFE, Urgency.MAJOR, Urgency.OVERDUE), "bad"),
    **{Urgency.NEAR: "warn", Urgency.WAITING: "info", Urgency.HANDED_IN: "ok", Urgency.DONE: "ok", Urgency.PLANNED: ""},
}
ORDER = {urgency: place for place, urgency in enumerate(Urgency)}
BURNING = frozenset({Urgency.UNSAFE, Urgency.MAJOR, Urgency.OVERDUE, Urgency.NEAR})

_ENDED = frozenset(state.value for state in ENDED)
_HANDED_IN = frozenset(
    state.value
    for state in (State.SUBMITTED, State.ACCEPTED, State.RECHECKED, State.DELIST_REQUESTED, State.FIXED_ON_SPOT)
)
_DONE = _HANDED_IN - {State.SUBMITTED.value} | {State.CLOSED.value, State.DELISTED.value}
FILTERS = ("all", "burning", "waiting", "submitted", "done")
"""The lists as they stand in an address; `all` is everything that has not ended."""


def urgency(row: Row, today: date) -> Urgency:
    """How much a finding burns for the person who is to mend it."""
    if row["state"] in _HANDED_IN or row["state"] in _ENDED:
        return Urgency.DONE if row["state"] in _ENDED else Urgency.HANDED_IN
    if (row["grade"] or row["grade_proposed"]) == Grade.MAJOR.value:
        return Urgency.MAJOR if row["controlled_at"] else Urgency.UNSAFE
    days = (row["deadline"] - today).days if row["deadline"] else None
    if days is not None and days <= NEAR_DAYS:
        return Urgency.OVERDUE if days < 0 else Urgency.NEAR
    return Urgency.WAITING if _waits(row, today) else Urgency.PLANNED


def in_words(row: Row, today: date) -> str:
    """The message id for how much it burns."""
    found = urgency(row, today)
    return NO_DEADLINE if found is Urgency.PLANNED and row["deadline"] is None else URGENCY_NAMES[found.value]


OVER = frozenset({Urgency.HANDED_IN, Urgency.DONE})
"""Where time does not run for him any more."""


def belongs(row: Row, wanted: str, today: date) -> bool:
    """Whether a ticket stands in one of FILTERS."""
    if wanted == "done":
        return row["state"] in _DONE
    if row["state"] in _ENDED:
        return False
    if wanted == "waiting":
        return _waits(row, today)
    if wanted == "submitted":
        return bool(row["state"] == State.SUBMITTED.value)
    return wanted == "all" or urgency(row, today) in BURNING


def _waits(row: Row, today: date) -> bool:
    """For parts that are not due yet, while it is his to mend."""
    return row["waiting_until"] is not None and row["waiting_until"] >= today and row["state"] not in _HANDED_IN


def place_in_line(row: Row, today: date) -> tuple[int, date, datetime]:
    """What sorts tickets: what burns first, then by deadline, then the oldest."""
    return ORDER[urgency(row, today)], row["deadline"] or date.max, row["found_at"]


def by_building(rows: list[dict[str, Any]]) -> list[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Rows in their order, put together by building; the building with the first of them comes first."""
    groups: dict[object, list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(row["building"], []).append(row)
    return [(group[0], group) for group in groups.values()]


@dataclass(frozen=True, slots=True)
class Left:
    """Time until a day is over: one of `late` days (beyond it), `hours` or `days`; all 0 when there is no deadline."""

    late: int = 0
    hours: int = 0
    days: int = 0


def left(deadline: date | None, over: datetime | None, now: datetime, today: date) -> Left:
    """`over` is the moment at which the day of the deadline ends."""
    if deadline is None or over is None:
        return Left()
    if deadline < today:
        return Left(late=(today - deadline).days)
    if over - now <= timedelta(hours=HOURS_UNTIL):
        return Left(hours=max(1, int((over - now).total_seconds() // 3600)))
    return Left(days=(deadline - today).days)


VERBS = (
    *(Verb.START, Verb.MAKE_SAFE, Verb.MEND, Verb.NOTE, Verb.COST, Verb.WAIT, Verb.REQUEST_EXTENSION, Verb.HAND_OVER),
)
"""What a ticket's page does by itself, with or without a connection."""
_FIRST = {State.ASSIGNED, State.ACCEPT_FAILED, State.EXTENSION_REQUESTED, State.REPORTED_UP, State.LISTED}


def main_verbs(state: str, unsafe: bool) -> tuple[Verb, ...]:
    """Which verb the big button is, the first that is open to him: safe first, then start, then mended."""
    safe = (Verb.MAKE_SAFE,) if unsafe else ()
    return (*safe, Verb.START, Verb.MEND) if State(state) in _FIRST else (*safe, Verb.MEND)
