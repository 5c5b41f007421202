"""What a list of findings was asked for, as it stands in its address: the same for page, export, print and totals."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from urllib.parse import urlencode
from uuid import UUID

from backend.findings.rules import Area, Grade, Source, State

OPEN, ENDED, ALL = "open", "ended", "all"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Empty means any; `state` is open, ended, all or one state. `start` and `end` are days, both included."""

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

    def address(self, **changes: object) -> str:
        """The query of this list with some filters changed: "?state=ended&area=fire"."""
        other = replace(self, **changes)  # type: ignore[arg-type]
        pairs = [(f.name, getattr(other, f.name)) for f in fields(other)]
        told = {name: str(value) for name, value in pairs if value and (name, value) != ("state", OPEN)}
        return f"?{urlencode(told)}" if told else "?"

    @property
    def narrowed(self) -> bool:
        """Whether anything besides the state was asked for."""
        return self != Wanted(state=self.state)


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
    states = {OPEN, ENDED, ALL} | {state.value for state in State}
    state = query.get("state", "")
    return Wanted(
        state=state if state in states else OPEN,
        area=_one(query.get("area"), {area.value for area in Area} | {"none"}),
        grade=_one(query.get("grade"), {grade.value for grade in Grade}),
        source=_one(query.get("source"), {source.value for source in Source}),
        kind=query.get("kind", "").replace("\0", "")[:60],
        q=query.get("q", "").replace("\0", "").strip()[:100],
        start=_day(query.get("start")),
        end=_day(query.get("end")),
        school=_id(query.get("school")),
        district=_id(query.get("district")),
        point=_id(query.get("point")),
    )


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
