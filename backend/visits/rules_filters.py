"""What a list of visits was asked for, as it stands in its address: the same for page, totals and exports."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from urllib.parse import urlencode
from uuid import UUID

from backend.findings.rules import Area
from backend.visits.rules import date_of, uuid_of


@dataclass(frozen=True, slots=True)
class Wanted:
    """Empty means any. `start` and `end` are days of the city, both included."""

    start: date | None = None
    end: date | None = None
    person: UUID | None = None
    kind: str = ""
    area: str = ""
    point: UUID | None = None
    bad: bool = False
    corrected: bool = False
    school: UUID | None = None

    def address(self, **changes: object) -> str:
        """The query of this list with some filters changed: "?kind=lab&bad=1"."""
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
    area = query.get("area", "")
    return Wanted(
        start=_day(query.get("start")),
        end=_day(query.get("end")),
        person=uuid_of(query.get("person")),
        kind=query.get("kind", "").replace("\0", "")[:60],
        area=area if area in {one.value for one in Area} else "",
        point=uuid_of(query.get("point")),
        bad=query.get("bad") == "1",
        corrected=query.get("corrected") == "1",
        school=uuid_of(query.get("school")),
    )


def _day(text: str | None) -> date | None:
    found = date_of(text)
    return found if found and 2000 <= found.year <= 2200 else None
