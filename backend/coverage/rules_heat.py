"""Points by days: which columns the table has, and how its cells are read.

A cell shows the worst stop of its day, as the plan does; of a week of a term the share seen decides: all, most (three
quarters or more), some, none.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from urllib.parse import urlencode
from uuid import UUID

from backend.coverage.rules_numbers import Days, day_of, monday
from backend.coverage.rules_plan import BY_RANK, KEPT, NOTHING
from backend.findings.rules import Area
from backend.language import N_
from backend.visits.rules import uuid_of

FORTNIGHT, MONTH, TERM = "14", "30", "term"
PERIOD_NAMES = {FORTNIGHT: N_("14 days"), MONTH: N_("30 days"), TERM: N_("A term by weeks")}
WORST, PLACE = "worst", "place"
SORT_NAMES = {WORST: N_("Worst first"), PLACE: N_("By place")}
BAND_NAMES = {"4": N_("All seen"), "3": N_("Most seen"), "1": N_("Some seen"), "0": N_("None seen")}
PAGE = 200
"""Points of one page of the table."""


@dataclass(frozen=True, slots=True)
class View:
    word: str = FORTNIGHT
    on: date | None = None
    school: UUID | None = None
    place: UUID | None = None
    nowhere: bool = False
    route: UUID | None = None
    kind: str = ""
    area: str = ""
    sort: str = WORST
    page: int = 1

    def address(self, **changes: object) -> str:
        other = replace(self, **changes)  # type: ignore[arg-type]
        told = {"period": other.word, "sort": other.sort}
        for name in (f.name for f in fields(other) if f.name not in {"word", "sort", "nowhere", "page"}):
            if value := getattr(other, name):
                told[name] = str(value)
        if other.page > 1:
            told["page"] = str(other.page)
        return f"?{urlencode(told)}"


def view(query: Mapping[str, str]) -> View:
    """From an address; what cannot be understood is as if it were not there."""
    area, number = query.get("area", ""), query.get("page", "")
    return View(
        word=word if (word := query.get("period", "")) in PERIOD_NAMES else FORTNIGHT,
        on=day_of(query.get("on")),
        school=uuid_of(query.get("school")),
        place=uuid_of(query.get("place")),
        route=uuid_of(query.get("route")),
        kind=query.get("kind", "").replace("\0", "")[:60],
        area=area if area in {one.value for one in Area} else "",
        sort=sort if (sort := query.get("sort", "")) in SORT_NAMES else WORST,
        page=min(9999, max(1, int(number))) if number.isascii() and number.isdigit() and len(number) < 5 else 1,
    )


def days_of(view: View, today: date) -> Days:
    """The last 14 or 30 days up to the day asked for."""
    last = min(view.on or today, today)
    return Days(last - timedelta(days=int(view.word) - 1), last)


def columns(view: View, days: Days, today: date | None = None) -> list[Days]:
    """Days, or of a term its weeks from Monday until `today`; the outer ones end where the term does."""
    if view.word != TERM:
        return [Days(day, day) for n in range(days.long) for day in (days.start + timedelta(days=n),)]
    found, first, end = [], days.start, min(days.end, today or days.end)
    while first <= end:
        last = min(end, monday(first) + timedelta(days=6))
        found.append(Days(first, last))
        first = last + timedelta(days=1)
    return found


@dataclass(frozen=True, slots=True)
class Cell:
    """`look`: the letter of a mark, or of a week the band "0" to "4"; "" where nothing was due."""

    look: str
    seen: int
    due: int


NONE = Cell("", 0, 0)


def band(seen: int, due: int) -> str:
    """Of a week: 4 all, 3 three quarters or more, 1 some, 0 none."""
    return "4" if seen >= due else "0" if not seen else "3" if 4 * seen >= 3 * due else "1"


def cells(packed: str, n: int, *, weeks: bool) -> list[Cell]:
    """The cells of a row from what the statement packed: "column,rank,seen,due;..."; columns count from 0."""
    found = [NONE] * n
    for part in packed.split(";") if packed else ():
        column, rank, seen, due = map(int, part.split(","))
        mark = BY_RANK.get(rank, KEPT)
        if 0 <= column < n:
            look = band(seen, due) if weeks else mark if mark != NOTHING else ""
            found[column] = Cell(look, seen, due)
    return found
