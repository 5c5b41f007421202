"""Where names stand on the drawn map so that none covers a mark or another name; a name without room is left out, the
list has it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from backend.coverage.rules_map import WIDE

Box = tuple[float, float, float, float]
"""left, top, right, bottom in units of the drawing."""
SMALL, LARGE = 12.5, 17.0
"""Heights of the letters: of a school's name, of a district's."""
MARK: Box = (-16, -16, 24, 16)
"""Room of a mark with its badge around its middle."""


@dataclass(frozen=True, slots=True)
class Name:
    """The base line of a text and which end of it stands at x (SVG's text-anchor)."""

    x: float
    y: float
    anchor: str


def length(text: str, size: float) -> float:
    """About; Chinese signs are as wide as high."""
    return sum(size if unicodedata.east_asian_width(sign) in "WF" else 0.56 * size for sign in text)


def of_schools(marks: Sequence[tuple[float, float, str]], high: float) -> list[Name | None]:
    """A place below, above, right or left of each mark; no place for an empty name."""
    taken = [_moved(MARK, x, y) for x, y, _ in marks]
    found: list[Name | None] = []
    for x, y, text in marks:
        ways = (Name(x, y + 28, "middle"), Name(x, y - 19, "middle"), Name(x + 27, y + 4, "start"))
        free = _first((*ways, Name(x - 19, y + 4, "end")), text, SMALL, taken, high) if text else None
        found.append(free)
        taken += [_box(free, text, SMALL)] if free else []
    return found


def of_district(x: float, y: float, text: str, taken: Iterable[Box], high: float) -> Name:
    """As near to the middle of the district as there is room; the middle itself when there is none."""
    steps = [(dx, dy) for dx in range(-150, 151, 30) for dy in range(-150, 151, 15)]
    near = sorted(steps, key=lambda step: step[0] ** 2 + 2 * step[1] ** 2)
    ways = [Name(round(x + dx, 1), round(y + dy, 1), "middle") for dx, dy in near]
    return _first(ways, text, LARGE, list(taken), high) or ways[0]


def taken_by(marks: Sequence[tuple[float, float, str]], names: Sequence[Name | None]) -> list[Box]:
    """What marks and their names cover."""
    named = [_box(name, text, SMALL) for (_, _, text), name in zip(marks, names, strict=True) if name]
    return [_moved(MARK, x, y) for x, y, _ in marks] + named


def _first(ways: Iterable[Name], text: str, size: float, taken: list[Box], high: float) -> Name | None:
    for way in ways:
        box = _box(way, text, size)
        inside = box[0] >= 2 and box[1] >= 2 and box[2] <= WIDE - 2 and box[3] <= high - 2
        if inside and not any(_meet(box, other) for other in taken):
            return way
    return None


def _box(name: Name, text: str, size: float) -> Box:
    long = length(text, size)
    left = name.x - {"start": 0.0, "middle": long / 2, "end": long}[name.anchor]
    return left, name.y - 0.9 * size, left + long, name.y + 0.3 * size


def _moved(box: Box, x: float, y: float) -> Box:
    return box[0] + x, box[1] + y, box[2] + x, box[3] + y


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
