"""What a list of stops was asked for, as it stands in its address: the same for page, totals and exports."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from backend.coverage.rules_numbers import day_of
from backend.findings.rules import Area
from backend.language import N_
from backend.rounds.rules import STATE_NAMES
from backend.visits.rules import uuid_of

_EPOCH, _TICK = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
SEEN = "seen"
LISTS = {"": N_("All"), SEEN: N_("Seen"), **STATE_NAMES}
"""Which stops a list holds: by state, or those that were seen (kept or late)."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Empty means any. `start` and `end` are days that stops belong to, both included."""

    school: UUID | None = None
    start: date | None = None
    end: date | None = None
    route: UUID | None = None
    kind: str = ""
    area: str = ""
    point: UUID | None = None
    state: str = ""
    sent_late: bool = False

    def address(self, **changes: object) -> str:
        """The query of this list with some filters changed: "?start=2026-11-16&state=missed"."""
        other = replace(self, **changes)  # type: ignore[arg-type]
        pairs = [(field.name, getattr(other, field.name)) for field in fields(other)]
        told = {name: "1" if value is True else str(value) for name, value in pairs if value}
        return f"?{urlencode(told)}" if told else "?"

    @property
    def narrowed(self) -> bool:
        """Whether anything besides the school was asked for."""
        return self != Wanted(school=self.school)


def wanted(query: Mapping[str, str]) -> Wanted:
    """The filters of an address; what cannot be understood is as if it were not there."""
    area, state = query.get("area", ""), query.get("state", "")
    return Wanted(
        school=uuid_of(query.get("school")),
        start=day_of(query.get("start") or query.get("from")),
        end=day_of(query.get("end") or query.get("to")),
        route=uuid_of(query.get("route")),
        kind=query.get("kind", "").replace("\0", "")[:60],
        area=area if area in {one.value for one in Area} else "",
        point=uuid_of(query.get("point")),
        state=state if state in LISTS else "",
        sent_late=query.get("sent_late") == "1",
    )


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the list a page begins: after (or, going back, before) the stop of this key."""

    day: date
    opens_at: datetime
    position: int
    id: UUID
    back: bool = False

    def word(self) -> str:
        return f"{self.day}_{(self.opens_at - _EPOCH) // _TICK}_{self.position}_{self.id}"


def place(query: Mapping[str, str]) -> Place | None:
    """From `after=` or `before=`; None for the first page and for what is no place."""
    back = "before" in query
    parts = query.get("before" if back else "after", "").split("_")
    if len(parts) != 4:
        return None
    day, stop = day_of(parts[0]), uuid_of(parts[3])
    try:
        at, position = _EPOCH + int(parts[1]) * _TICK, int(parts[2])
    except (ValueError, OverflowError):
        return None
    return Place(day, at, position, stop, back) if day and stop and abs(position) < 1 << 31 else None
