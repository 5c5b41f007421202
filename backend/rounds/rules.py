"""Words of routes, rounds, stops and duty, and what follows from a stop's columns."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from uuid import UUID

from backend.language import N_


class Chooses(Enum):
    """How a route names its points: one by one, or by kind and place, so that new points join by themselves."""

    HAND = "hand"
    RULE = "rule"


class Order(Enum):
    ORDERED = "ordered"
    FREE = "free"
    SHUFFLED = "shuffled"


class Who(Enum):
    PERSONS = "persons"
    POST = "post"
    ROSTER = "roster"


class Span(Enum):
    """What one round covers: a window of a day, or a whole period; EVENT is opened by hand (an event, a warning)."""

    WINDOW = "window"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    TERM = "term"
    HALF_YEAR = "half_year"
    YEAR = "year"
    EVENT = "event"


class Days(Enum):
    """Which days of the calendar a route runs on."""

    SCHOOL = "school"
    EVERY = "every"
    OFF = "off"
    EXAM = "exam"


class Moved(Enum):
    """What becomes of an occurrence on a day the route does not run."""

    SKIP = "skip"
    NEXT = "next"


class RouteState(Enum):
    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"


class RouteVerb(Enum):
    MAKE = "make"
    EDIT = "edit"
    PAUSE = "pause"
    RESUME = "resume"
    END = "end"


class StopState(Enum):
    DUE = "due"
    KEPT = "kept"
    LATE = "late"
    MISSED = "missed"
    EXCUSED = "excused"
    UNREACHABLE = "unreachable"


class RoundVerb(Enum):
    OPEN = "open"
    START = "start"
    UNREACHABLE = "unreachable"
    EXCUSE = "excuse"
    FINISH = "finish"
    HAND_OVER = "hand_over"
    CLOSE = "close"


class DutyVerb(Enum):
    ASSIGN = "assign"
    SUBSTITUTE = "substitute"
    TAKE_OFF = "take_off"
    SWAP = "swap"


class SwapState(Enum):
    ASKED = "asked"
    AGREED = "agreed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Turn(Enum):
    """How long somebody of a roster is on duty before the next one's turn."""

    DAY = "day"
    WEEK = "week"


STATE_NAMES: dict[str, str] = {
    StopState.DUE.value: N_("Still to do"),
    StopState.KEPT.value: N_("Kept"),
    StopState.LATE.value: N_("Late"),
    StopState.MISSED.value: N_("Missed"),
    StopState.EXCUSED.value: N_("Excused"),
    StopState.UNREACHABLE.value: N_("Not reachable"),
}
SEEN = frozenset({StopState.KEPT, StopState.LATE})
"""What coverage counts; everything else of a round's stops is only in the denominator."""
NIGHT_BEGINS, NIGHT_ENDS = 22 * 60, 6 * 60
"""Minutes of the day (GB/T 40248-2021 7.3.5 as read in the pack: 22:00 to 6:00)."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a visit makes of a stop, judged by the visit's own time."""

    state: StopState
    sent_late: bool


def kept(opens_at: datetime, closes_at: datetime, late_until: datetime, at: datetime, *, missed: bool) -> Kept | None:
    """None when the visit lies outside of the stop's window and its grace; `missed`: it had been called missed."""
    if not opens_at <= at <= late_until:
        return None
    return Kept(StopState.KEPT if at <= closes_at else StopState.LATE, missed)


@dataclass(frozen=True, slots=True)
class Seen:
    """A stop's moments: what is known of it, and since when. All aware."""

    opens_at: datetime
    state: StopState
    said_at: datetime | None
    recorded_at: datetime | None
    missed_at: datetime | None


def known_at(stop: Seen, at: datetime) -> StopState | None:
    """What the house knew of the stop at a moment: "missed" until the phone that kept it found a signal.

    None before the stop was due at all.
    """
    if at < stop.opens_at:
        return None
    told = stop.recorded_at if stop.state in SEEN else stop.said_at
    if stop.state in {StopState.KEPT, StopState.LATE, StopState.EXCUSED, StopState.UNREACHABLE} and told and told <= at:
        return stop.state
    return StopState.MISSED if stop.missed_at and stop.missed_at <= at else StopState.DUE


@dataclass(frozen=True, slots=True)
class Fraction:
    """A percentage that shows where it comes from."""

    seen: int
    due: int

    @property
    def percent(self) -> int | None:
        """Whole per cent, never rounded up to 100 or down to 0; None of nothing."""
        if not self.due:
            return None
        share = self.seen * 100 / self.due
        return (
            min(99, round(share)) if self.seen < self.due and share > 50 else max(1 if self.seen else 0, round(share))
        )


Hands = frozenset[UUID]
