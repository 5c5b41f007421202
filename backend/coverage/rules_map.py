"""The drawn map of a city: what its address asks for, where a place lies in the drawing, which marks stand for which
schools. The drawing is 640 units wide, like the floor plans; positions come in WGS-84 degrees."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from backend.coverage.rules_numbers import PERIOD_NAMES, WEEK
from backend.findings.rules import AREA_NAMES
from backend.language import N_
from backend.rounds.rules import Fraction

Row = dict[str, Any]
Place = tuple[float, float]

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
SORTS = ("coverage", "open", "visit")
"""What a reader may sort the list by; a minus before it turns the order round."""
ORDER_NAMES = {
    "": N_("District and number"),
    "coverage": N_("Lowest coverage first"),
    "-coverage": N_("Highest coverage first"),
    "-open": N_("Most open findings first"),
    "open": N_("Fewest open findings first"),
    "visit": N_("Longest without a visit first"),
    "-visit": N_("Latest visit first"),
}
GOOD, FAIR, POOR, NOTHING = "good", "fair", "poor", "nothing"
BAND_NAMES = {
    GOOD: N_("95 % or more of the stops whose time is over"),
    FAIR: N_("80 to 94 %"),
    POOR: N_("less than 80 %"),
    NOTHING: N_("no stops due so far"),
}
"""Our own borders, not those of a norm; a school's percentage always stands beside its mark."""

WIDE, LEAST_HIGH, MOST_HIGH = 640, 360, 560
NEAREST = 6
"""Steps of the zoom, each twice as near as the one before."""
REACH = 30.0
"""Units: marks whose middles are nearer to each other become one."""
SMALLEST = 0.02
"""Degrees that a drawing shows at least, about two kilometres: a single school does not fill it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """`z` and `at` are the step of the zoom and the middle of the view as (latitude, longitude)."""

    period: str = WEEK
    area: str = ""
    district: UUID | None = None
    sort: str = ""
    z: int = 0
    at: Place | None = None

    def address(self, **changes: object) -> str:
        """The query of this page with some of it changed: "?area=fire&z=2&at=30.6,118.9"."""
        other = replace(self, **changes)  # type: ignore[arg-type]
        told = {f.name: getattr(other, f.name) for f in fields(other) if getattr(other, f.name) != f.default}
        if other.at:
            told["at"] = f"{other.at[0]:.5f},{other.at[1]:.5f}"
        return f"?{urlencode(told)}" if told else "?"


def asked(query: Mapping[str, str]) -> Asked:
    """What cannot be understood is as if it were not there."""
    try:
        district = UUID(query["district"]) if query.get("district") else None
    except ValueError:
        district = None
    z = query.get("z", "")
    return Asked(
        period=query.get("period", "") if query.get("period") in PERIOD_NAMES else WEEK,
        area=query.get("area", "") if query.get("area") in AREA_NAMES else "",
        district=district,
        sort=query.get("sort", "") if query.get("sort", "").removeprefix("-") in SORTS else "",
        z=min(int(z), NEAREST) if z.isascii() and z.isdigit() and len(z) < 3 else 0,
        at=_place(query.get("at", "")),
    )


def _place(text: str) -> Place | None:
    try:
        latitude, longitude = (float(part) for part in text.split(","))
    except ValueError:
        return None
    fine = abs(latitude) <= 90 and abs(longitude) <= 180  # false for what is no number
    return (latitude, longitude) if fine else None


def band(seen: int, decided: int) -> str:
    """Of the stops that were seen or whose time is over: in the morning of a day nobody is behind yet."""
    percent = Fraction(seen, decided).percent
    if percent is None:
        return NOTHING
    return GOOD if percent >= 95 else FAIR if percent >= 80 else POOR


def in_order(rows: Sequence[Row], sort: str) -> list[Row]:
    """Rows that come by district and number, in another order; what has nothing to compare comes last."""
    word = sort.removeprefix("-")
    if word not in SORTS:
        return list(rows)
    keys: dict[str, Callable[[Row], Any]] = {
        "coverage": lambda row: row["seen"] / row["due"] if row["due"] else None,
        "open": lambda row: (row["major"], row["open"]),
        "visit": lambda row: row["visited_at"] or NEVER,
    }
    key = keys[word]
    told = sorted((row for row in rows if key(row) is not None), key=key, reverse=sort.startswith("-"))
    return told + [row for row in rows if key(row) is None]


@dataclass(frozen=True, slots=True)
class Frame:
    """A part of the earth as a drawing of WIDE x `high` units; `scale` in units for a degree of latitude."""

    middle: Place
    scale: float
    high: float

    def point(self, latitude: float, longitude: float) -> Place:
        """x to the right, y down; a city is small enough for a plane."""
        narrow = math.cos(math.radians(self.middle[0]))
        x = WIDE / 2 + (longitude - self.middle[1]) * narrow * self.scale
        return round(x, 1), round(self.high / 2 - (latitude - self.middle[0]) * self.scale, 1)

    def moved(self, right: float, down: float) -> Place:
        """The middle of a view that lies so many widths and heights beside this one."""
        narrow = math.cos(math.radians(self.middle[0]))
        latitude = self.middle[0] - down * self.high / self.scale
        return max(-90.0, min(90.0, latitude)), self.middle[1] + right * WIDE / self.scale / narrow

    def holds(self, x: float, y: float, margin: float = REACH) -> bool:
        return -margin <= x <= WIDE + margin and -margin <= y <= self.high + margin

    def kilometre(self) -> float:
        """Units of a kilometre."""
        return self.scale / 111.2


def frame(places: Sequence[Place], z: int = 0, at: Place | None = None) -> Frame:
    """The view that holds all of the places, or a nearer one around `at`."""
    if not places:
        return Frame(at or (0.0, 0.0), WIDE / SMALLEST * 2**z, LEAST_HIGH)
    south, north = min(p[0] for p in places), max(p[0] for p in places)
    west, east = min(p[1] for p in places), max(p[1] for p in places)
    middle = (south + north) / 2, (west + east) / 2
    tall = max(north - south, SMALLEST)
    broad = max((east - west) * math.cos(math.radians(middle[0])), SMALLEST)
    high = round(min(max(WIDE * tall / broad, LEAST_HIGH), MOST_HIGH), 1)
    scale = min(WIDE / broad, high / tall) * 0.88
    return Frame(at or middle, scale * 2**z, high)


@dataclass(frozen=True, slots=True)
class Mark:
    """One school, or several that lie too near to each other to be told apart at this zoom."""

    x: float
    y: float
    rows: tuple[Row, ...]

    def total(self, name: str) -> int:
        return sum(int(row[name]) for row in self.rows)

    @property
    def band(self) -> str:
        return band(self.total("seen"), self.total("decided"))

    @property
    def middle(self) -> Place:
        n = len(self.rows)
        return sum(row["latitude"] for row in self.rows) / n, sum(row["longitude"] for row in self.rows) / n

    def nearer(self, view: Frame, z: int) -> int:
        """The step of the zoom at which these schools come apart, or the last one."""
        places = [view.point(row["latitude"], row["longitude"]) for row in self.rows]
        wide = max(math.dist(one, other) for one in places[:1] for other in places)
        return min(NEAREST, z + max(1, math.ceil(math.log2(1.2 * REACH / wide)) if wide else NEAREST))


def usual(places: Sequence[Place]) -> list[Place]:
    """Without those that lie so far from the others that somebody must have mistyped them: ten times as far from the
    middle as three quarters are."""
    if len(places) < 4:
        return list(places)
    middle = tuple(sorted(place[i] for place in places)[len(places) // 2] for i in (0, 1))
    far = [math.dist(place, middle) for place in places]
    most = 10 * max(sorted(far)[len(far) * 3 // 4], SMALLEST)
    return [place for place, distance in zip(places, far, strict=True) if distance <= most]


def marks(rows: Iterable[Row], view: Frame, *, apart: bool = False) -> list[Mark]:
    """Marks inside the view; each takes in what is within REACH of its first school. `apart`: none stands for several,
    those that lie on one spot are put around it."""
    groups: list[tuple[float, float, list[Row]]] = []
    cells: dict[tuple[int, int], list[int]] = {}
    for row in rows:
        x, y = view.point(row["latitude"], row["longitude"])
        if not view.holds(x, y):
            continue
        cell = int(x // REACH), int(y // REACH)
        near = [i for dx in (-1, 0, 1) for dy in (-1, 0, 1) for i in cells.get((cell[0] + dx, cell[1] + dy), ())]
        best = min(near, key=lambda i: math.hypot(groups[i][0] - x, groups[i][1] - y), default=None)
        if best is not None and math.hypot(groups[best][0] - x, groups[best][1] - y) < REACH:
            groups[best][2].append(row)
        else:
            cells.setdefault(cell, []).append(len(groups))
            groups.append((x, y, [row]))
    return list(_apart(groups)) if apart else [_merged(view, found) for _, _, found in groups]


def _merged(view: Frame, rows: list[Row]) -> Mark:
    mark = Mark(0, 0, tuple(rows))
    return Mark(*view.point(*mark.middle), tuple(rows))


def _apart(groups: Iterable[tuple[float, float, list[Row]]]) -> Iterator[Mark]:
    for x, y, rows in groups:
        for number, row in enumerate(rows):
            turn, far = number * 2.4, (0 if len(rows) == 1 else 14 + 9 * math.sqrt(number))  # a sunflower's turn
            yield Mark(round(x + far * math.cos(turn), 1), round(y + far * math.sin(turn), 1), (row,))
