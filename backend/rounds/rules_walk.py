"""Walking a round: which stop comes next, how far it is, how much time is left. Nothing here knows the database."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from uuid import UUID

from backend.language import N_
from backend.rounds.rules import SEEN, Fraction, Order, StopState


@dataclass(frozen=True, slots=True)
class Step:
    """A stop as the way sees it. `x`, `y` are fractions of the plan of `place`; `at`: when somebody was there."""

    id: UUID
    position: int
    state: StopState = StopState.DUE
    place: UUID | None = None
    house: UUID | None = None
    x: float | None = None
    y: float | None = None
    at: datetime | None = None


def way(steps: Iterable[Step], ordering: Order) -> list[Step]:
    """The stops still due in the order in which they are to be walked; the first is the next one.

    A shuffled round was shuffled when it opened, so its positions are the way. In a free one: from where somebody was
    last the rest of that floor, always the nearest pin, then the same building, then as the route names them.
    """
    known = sorted(steps, key=lambda step: (step.position, step.id))
    due = [step for step in known if step.state is StopState.DUE]
    return _free(due, last(known)) if ordering is Order.FREE else due


def last(steps: Iterable[Step]) -> Step | None:
    """Where somebody was last in this round."""
    return max((step for step in steps if step.at), key=lambda step: (step.at, step.position), default=None)


def _free(due: Sequence[Step], here: Step | None) -> list[Step]:
    floors: dict[UUID, list[Step]] = {}
    for step in due:
        floors.setdefault(step.place or step.id, []).append(step)
    walked: list[Step] = []
    while floors:
        floor = floors.pop(_floor(floors, here))
        while floor:
            here = _near(floor, here)
            floor.remove(here)
            walked.append(here)
    return walked


def _floor(floors: dict[UUID, list[Step]], here: Step | None) -> UUID:
    """The floor one stands on, else one of the same building, else the first."""
    if here and here.place in floors:
        return here.place
    same = (key for key, steps in floors.items() if here and here.house and steps[0].house == here.house)
    return next(same, next(iter(floors)))


def _near(floor: Sequence[Step], here: Step | None) -> Step:
    """By distance where both have a pin on this floor's plan, else the first of them."""
    if here is None or here.place != floor[0].place or here.x is None or here.y is None:
        return floor[0]
    x, y = here.x, here.y
    pinned = [step for step in floor if step.x is not None and step.y is not None]
    return min(pinned, key=lambda s: ((s.x or 0) - x) ** 2 + ((s.y or 0) - y) ** 2, default=floor[0])


@dataclass(frozen=True, slots=True)
class Progress:
    """Of all stops of a round: how many were seen (late ones among them), and what became of the others."""

    stops: int
    kept: int
    late: int
    due: int
    missed: int
    excused: int
    unreachable: int

    @property
    def seen(self) -> int:
        return self.kept + self.late

    @property
    def done(self) -> bool:
        return self.due == 0

    @property
    def percent(self) -> int | None:
        return Fraction(self.seen, self.stops).percent


def progress(states: Collection[StopState]) -> Progress:
    counts = {state: sum(one is state for one in states) for state in StopState}
    assert counts[StopState.KEPT] + counts[StopState.LATE] == sum(one in SEEN for one in states)
    return Progress(
        stops=len(states),
        kept=counts[StopState.KEPT],
        late=counts[StopState.LATE],
        due=counts[StopState.DUE],
        missed=counts[StopState.MISSED],
        excused=counts[StopState.EXCUSED],
        unreachable=counts[StopState.UNREACHABLE],
    )


class Phase(Enum):
    COMING = "coming"
    RUNNING = "running"
    GRACE = "grace"
    OVER = "over"


def phase(opens_at: datetime, closes_at: datetime, late_until: datetime, now: datetime) -> Phase:
    """Both ends of the window belong to it, as for a stop."""
    if now < opens_at:
        return Phase.COMING
    if now <= closes_at:
        return Phase.RUNNING
    return Phase.GRACE if now <= late_until else Phase.OVER


_LEFT = {
    "min": N_("%(n)s min left"),
    "h": N_("%(n)s h left"),
    "d": N_("%(n)s days left"),
}
_UNTIL = {
    "min": N_("begins in %(n)s min"),
    "h": N_("begins in %(n)s h"),
    "d": N_("begins in %(n)s days"),
}


def time_words(when: Phase, opens_at: datetime, closes_at: datetime, late_until: datetime, now: datetime) -> Words:
    """What is said of the time: a message id and its number; none for a round that is over."""
    if when is Phase.OVER:
        return Words(N_("over"), None)
    goal = {Phase.COMING: opens_at, Phase.RUNNING: closes_at, Phase.GRACE: late_until}[when]
    minutes = max(0, int((goal - now).total_seconds() // 60))
    unit, n = ("min", minutes) if minutes < 120 else ("h", minutes // 60) if minutes < 2880 else ("d", minutes // 1440)
    return Words((_UNTIL if when is Phase.COMING else _LEFT)[unit], n)


@dataclass(frozen=True, slots=True)
class Words:
    text: str
    n: int | None


def may_walk(holder: UUID | None, users: Collection[UUID], post: str, user: UUID, own_post: str) -> bool:
    """Whose round it is: the one it was handed to; before that, those it was opened for and who holds the post."""
    return holder == user if holder else user in users or (bool(post) and post == own_post)


REASONS = (
    N_("The door is locked"),
    N_("Nobody there with the key"),
    N_("The way is closed"),
    N_("Exam, lesson or event in the room"),
    N_("Building works"),
    N_("Too dangerous to go near"),
)
"""Why a point could not be reached, as it is usually said."""
EXCUSES = (N_("Closed today"), N_("Called away to an emergency"), N_("No classes there"), N_("Point is being rebuilt"))
EARLY = (N_("Called away to an emergency"), N_("Taken ill"), N_("Relieved by the next shift"), N_("Weather"))


def joined(reason: str, words: str) -> str:
    """The reason that was tapped and what was added to it, as one sentence."""
    return "；".join(part for part in (reason.strip(), words.strip()) if part)
