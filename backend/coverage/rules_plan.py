"""What a floor plan shows of a point, and since when that was known.

The rule, as the legend says it. Of a day a point shows the worst of its stops whose window has begun, so that a missed
morning is not hidden by a kept noon. Of a week or a term nearly every point has missed once; there the shape is that of
the last stop that is over, and a ring around it says what share of its stops was seen, in quarters. A point that nobody
ever visited shows that in place of "missed" and of nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from backend.coverage.rules_numbers import DAY, PERIOD_NAMES, Days, day_of
from backend.findings.rules import Area
from backend.language import N_
from backend.rounds.rules import SEEN, STATE_NAMES, Seen, StopState, known_at
from backend.visits.rules import uuid_of

KEPT, SENT, LATE, LATE_SENT, MISSED = "k", "K", "l", "L", "m"
EXCUSED, UNREACHABLE, DUE, NEVER, NOTHING = "x", "u", "d", "n", "o"
MARK_NAMES: dict[str, str] = {
    KEPT: STATE_NAMES["kept"],
    SENT: N_("Kept, sent late"),
    LATE: STATE_NAMES["late"],
    LATE_SENT: N_("Late, sent late too"),
    MISSED: STATE_NAMES["missed"],
    UNREACHABLE: STATE_NAMES["unreachable"],
    EXCUSED: STATE_NAMES["excused"],
    DUE: STATE_NAMES["due"],
    NEVER: N_("Never visited"),
    NOTHING: N_("Nothing due so far"),
}
"""Marks by the letter that stands in pages and attributes, in the order of the legend."""
LETTER = {
    StopState.KEPT: KEPT,
    StopState.LATE: LATE,
    StopState.MISSED: MISSED,
    StopState.EXCUSED: EXCUSED,
    StopState.UNREACHABLE: UNREACHABLE,
    StopState.DUE: DUE,
}
RANK = {MISSED: 9, UNREACHABLE: 8, DUE: 7, LATE_SENT: 6, LATE: 5, EXCUSED: 4, SENT: 3, KEPT: 2, NOTHING: 0}
"""The worst is shown. Still to do stands above late: there somebody can act."""
BY_RANK = {rank: letter for letter, rank in RANK.items()}
WORST_FIRST = (MISSED, NEVER, UNREACHABLE, DUE, LATE_SENT, LATE, EXCUSED, SENT, KEPT, NOTHING)

AFTER_DAY = timedelta(hours=12)
"""A day's slider goes on until noon: nights end then, and most phones have found a signal."""
STEP = 10
"""Minutes of one step of the slider."""
MOST_MOVED = 300
"""Points whose moments travel with the page of a week; with more the slider asks the server."""


@dataclass(frozen=True, slots=True)
class View:
    """What the address asks for: a period (`word`, `on`), a moment of it, one place, filters; `show`: one mark only."""

    word: str = DAY
    on: date | None = None
    minute: int | None = None
    school: UUID | None = None
    place: UUID | None = None
    nowhere: bool = False
    route: UUID | None = None
    kind: str = ""
    area: str = ""
    show: str = ""

    def address(self, **changes: object) -> str:
        other = replace(self, **changes)  # type: ignore[arg-type]
        told = {"period": other.word}
        if other.nowhere:
            told["place"] = "none"
        for f in fields(other):
            value = getattr(other, f.name)
            if f.name not in {"word", "nowhere"} and value not in (None, ""):
                told[f.name] = str(value)
        return f"?{urlencode(told)}"


def view(query: Mapping[str, str]) -> View:
    """From an address; what cannot be understood is as if it were not there. `at` (18:30) is the same as `minute`."""
    word, area, show = query.get("period", ""), query.get("area", ""), query.get("show", "")
    return View(
        word=word if word in PERIOD_NAMES else DAY,
        on=day_of(query.get("on")),
        minute=_minute(query.get("minute", "")) if query.get("minute") else clock_minute(query.get("at", "")),
        school=uuid_of(query.get("school")),
        place=uuid_of(query.get("place")),
        nowhere=query.get("place") == "none",
        route=uuid_of(query.get("route")),
        kind=query.get("kind", "").replace("\0", "")[:60],
        area=area if area in {one.value for one in Area} else "",
        show=show if show in MARK_NAMES or show in FLAG_NAMES else "",
    )


FLAG_NAMES: dict[str, str] = {
    "major": N_("Major hazard, open"),
    "open": N_("Open finding"),
    "label": N_("Label broken or missing"),
}


def _minute(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 5 else None


def clock_minute(text: str) -> int | None:
    """Minutes from midnight of "18:30"; hours beyond 24 lie in the next day. None when it is no time."""
    hours, _, minutes = text.partition(":")
    told = [_minute(part) for part in (hours, minutes)]
    if told[0] is None or told[1] is None or told[0] > 24 * 8 or told[1] > 59:
        return None
    return told[0] * 60 + told[1]


def slider_end(word: str, days: Days, begin: datetime, now: datetime) -> int:
    """The last minute of the slider, from `begin` (midnight of the first day): never beyond now, in whole steps."""
    last = timedelta(days=days.long) + AFTER_DAY if word != DAY else timedelta(days=1) + AFTER_DAY
    return max(0, int(min(last, now - begin).total_seconds() // 60) // STEP * STEP)


@dataclass(frozen=True, slots=True)
class Moments:
    """A stop with what the slider needs of it."""

    seen: Seen
    sent_late: bool


def mark_of(stop: Moments, at: datetime) -> str:
    """The letter of what was known of one stop; NOTHING before its window."""
    state = known_at(stop.seen, at)
    if state is None:
        return NOTHING
    return LETTER[state].upper() if state in SEEN and stop.sent_late else LETTER[state]


def worst(marks: Iterable[str]) -> str:
    return max(marks, key=RANK.__getitem__, default=NOTHING)


def last_over(marks: Iterable[str]) -> str:
    """Of marks in the order of their windows: the last that is decided, else still to do, else nothing."""
    found = NOTHING
    for mark in marks:
        if mark not in {DUE, NOTHING} or found == NOTHING:
            found = mark
    return found


def or_never(mark: str, visited: bool) -> str:
    return NEVER if not visited and mark in {MISSED, NOTHING} else mark


def quarter(seen: int, due: int) -> int | None:
    """0 to 4 quarters of the ring: 4 only of all, 0 only of none; None where nothing was due."""
    if not due:
        return None
    return 4 if seen >= due else 0 if not seen else min(3, max(1, round(4 * seen / due)))


@dataclass(frozen=True, slots=True)
class Known:
    """What was known of a point at a moment."""

    mark: str
    seen: int
    due: int


def known_then(stops: Iterable[Moments], at: datetime, *, of_day: bool, visited: bool) -> Known:
    """What the plan showed at `at`, of stops in the order of their windows. `visited`: before `at`."""
    marks = [mark_of(stop, at) for stop in stops]
    found = worst(marks) if of_day else last_over(marks)
    due = sum(mark != NOTHING for mark in marks)
    return Known(or_never(found, visited), sum(mark.lower() in (KEPT, LATE) for mark in marks), due)


def packed(stops: Iterable[Moments], begin: datetime) -> str:
    """Moments for js/plan_time.js: "k480,495,;..." = letter, then whole minutes from `begin` at which the window began,
    the state was told and it was called missed."""
    return ";".join(
        f"{LETTER[s.state].upper() if stop.sent_late else LETTER[s.state]}{_after(s.opens_at, begin)},"
        f"{_after(s.recorded_at if s.state in SEEN else s.said_at, begin)},{_after(s.missed_at, begin)}"
        for stop in stops
        for s in (stop.seen,)
    )


def _after(moment: datetime | None, begin: datetime) -> str:
    return "" if moment is None else str(-((begin - moment) // timedelta(minutes=1)))
