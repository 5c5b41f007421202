"""What a list of findings was asked for, as it stands in its address: the same for page, export, print and totals."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from backend.findings.rules import ENDED as ENDED_STATES
from backend.findings.rules import Area, Grade, Source, State
from backend.language import N_

OPEN, ENDED, ALL = "open", "ended", "all"
OVERDUE, UNASSIGNED, UNSAFE_MAJOR, WAITING, MINE = "overdue", "unassigned", "unsafe", "waiting", "mine"
GROUP_NAMES: dict[str, str] = {
    OPEN: N_("Still open"),
    OVERDUE: N_("Overdue"),
    UNASSIGNED: N_("Not assigned yet"),
    UNSAFE_MAJOR: N_("Major, not made safe"),
    WAITING: N_("Waiting for acceptance"),
    MINE: N_("For me to mend"),
    ENDED: N_("Ended"),
    ALL: N_("All"),
}
"""Groups of states that a list can be asked for besides each single state, in the order of the page."""
STOPPED = (State.SUBMITTED, State.ACCEPTED, State.RECHECKED, State.DELIST_REQUESTED)
"""Mended and in the hands of others: the clock of the deadline stands still."""
NEVER_LATE = (*ENDED_STATES, *STOPPED)
TO_ACCEPT = (State.SUBMITTED, State.FIXED_ON_SPOT)
TO_ASSIGN = (
    *(State.REPORTED, State.REGISTERED, State.GRADED, State.CONTROLLED, State.REPORTED_UP, State.GOV_REQUESTED),
    *(State.LISTED, State.REOPENED),
)
"""Open, not mended yet: somebody has to be made responsible."""
MOST_WORDS = 5


@dataclass(frozen=True, slots=True)
class Wanted:
    """Empty means any; `state` is a group or one state. Days are days of the city, first and last included.

    `safe` is yes or no; `open_on` what was open at the end of a day by what is known now; `as_of` the ledger as it
    stood at the end of a day."""

    state: str = OPEN
    area: str = ""
    grade: str = ""
    source: str = ""
    kind: str = ""
    q: str = ""
    start: date | None = None
    end: date | None = None
    school: UUID | None = None
    district: UUID | None = None
    point: UUID | None = None
    place: UUID | None = None
    person: UUID | None = None
    due_from: date | None = None
    due_until: date | None = None
    closed_from: date | None = None
    closed_until: date | None = None
    mended_from: date | None = None
    mended_until: date | None = None
    open_on: date | None = None
    safe: str = ""
    overdue: bool = False
    recurred: bool = False
    listed: bool = False
    extended: bool = False
    sent_back: bool = False
    as_of: date | None = None

    def address(self, **changes: object) -> str:
        """The query of this list with some filters changed: "?state=ended&area=fire"."""
        other = replace(self, **changes)  # type: ignore[arg-type]
        pairs = [(f.name, getattr(other, f.name)) for f in fields(other)]
        told = {name: "1" if value is True else str(value) for name, value in pairs if value}
        if told.get("state") == OPEN:
            del told["state"]
        return f"?{urlencode(told)}" if told else "?"

    @property
    def narrowed(self) -> bool:
        """Whether anything besides the state and the day was asked for."""
        return self != Wanted(state=self.state, as_of=self.as_of)

    @property
    def words(self) -> list[str]:
        """What is searched for; a word needs two letters or digits, or one sign that is none of them."""
        return [word for word in self.q.split() if _SEARCHABLE.search(word)][:MOST_WORDS]


_SEARCHABLE = re.compile(r"[A-Za-z0-9]{2}|[^\W_A-Za-z0-9]")


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the list a page begins: after (or, going back, before) the finding of this moment and id; `number` is
    how many lines come before it."""

    at: datetime
    id: UUID
    number: int
    back: bool = False

    def word(self) -> str:
        return f"{self.at.isoformat()}_{self.id}_{self.number}"


def wanted(query: Mapping[str, str]) -> Wanted:
    """The filters of an address; what cannot be understood is as if it were not there."""
    states = set(GROUP_NAMES) | {state.value for state in State}
    state = query.get("state", "")
    read: dict[str, Any] = {
        **{name: _id(query.get(name)) for name in ("school", "district", "point", "place", "person")},
        **{name: _day(query.get(name)) for name in _DAYS},
        **{name: query.get(name) == "1" for name in ("overdue", "recurred", "listed", "extended", "sent_back")},
    }
    return Wanted(
        state=state if state in states else OPEN,
        area=_one(query.get("area"), {area.value for area in Area} | {"none"}),
        grade=_one(query.get("grade"), {grade.value for grade in Grade}),
        source=_one(query.get("source"), {source.value for source in Source}),
        kind=_plain(query.get("kind"))[:60],
        q=_plain(query.get("q"))[:100],
        safe=_one(query.get("safe"), {"yes", "no"}),
        **read,
    )


_DAYS = (
    *("start", "end", "due_from", "due_until", "closed_from", "closed_until", "mended_from", "mended_until"),
    *("open_on", "as_of"),
)


def _plain(text: str | None) -> str:
    """Without what no table can hold."""
    return (text or "").replace("\0", "").encode("utf-8", "ignore").decode().strip()


def place(query: Mapping[str, str]) -> Place | None:
    for name in ("after", "before"):
        parts = query.get(name, "").split("_")
        if len(parts) == 3 and parts[2].isascii() and parts[2].isdigit() and len(parts[2]) < 9:
            found, at = _id(parts[1]), _moment(parts[0])
            if found is not None and at is not None:
                return Place(at, found, int(parts[2]), back=name == "before")
    return None


def _one(word: str | None, known: set[str]) -> str:
    return word if word in known else ""


def _day(text: str | None) -> date | None:
    try:
        found = date.fromisoformat(text or "")
    except ValueError:
        return None
    return found if 2000 <= found.year <= 2200 else None


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        return None
    return found if found.tzinfo else None


def _id(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
