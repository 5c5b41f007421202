"""Rooms of a floor: read from the labels of its drawing, and which room a pin lies in."""

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeVar
from xml.etree import ElementTree as ET  # only drawings that plan_svg wrote anew, and our own

Room = tuple[str, float, float]
"""Name and middle of its label, as fractions of the plan's width and height."""
Affine = tuple[float, float, float, float, float, float]
T = TypeVar("T")

LONGEST_NAME = 40
NEAR = 0.12
"""How far a pin may lie from a room's label, as a part of the plan's width, to be proposed for it."""
WHOLE_SHEET = 0.55
"""A shape that covers more of the drawing is its paper, not a wall."""
SAME: Affine = (1, 0, 0, 1, 0, 0)
NO_ROOM = re.compile(
    r"[东西南北上下NSEW]|\d{1,2}|.*[\d.]\s*(?:m|㎡|m²|米|mm|cm)|.*(?:出口|入口|通道|走廊|平面图|示意图|图例|比例|方向|集合点|门)"
    r"|.*(?:119|110|120|火警|报警|急救|电梯内)[\s\S]*|exit|legend|north|scale.*|.*\bplan|.*\bentrance",
    re.IGNORECASE,
)
"""Labels that name no room: directions, exits, gates, legends, numbers of one or two digits, measures."""
PASSAGE_KINDS = frozenset(
    {
        *("evacuation_route", "hydrant", "fire_extinguisher", "gate_peak_post", "bollards", "perimeter", "car_park"),
        *("classroom_building", "dormitory"),
    }
)
"""Points of these kinds mostly hang in a passage, stand outside or mean a whole floor: no room is proposed for them by
their pin alone."""


@dataclass(frozen=True, slots=True)
class _Label:
    words: str
    x: float
    y: float
    size: float


@dataclass(frozen=True, slots=True)
class _Box:
    left: float
    top: float
    right: float
    bottom: float

    def holds(self, label: _Label) -> bool:
        return self.left < label.x < self.right and self.top < label.y < self.bottom

    @property
    def area(self) -> float:
        return (self.right - self.left) * (self.bottom - self.top)


def rooms_of_plan(svg: bytes) -> list[Room]:
    """Rooms that a cleaned drawing names, from top to bottom; empty for what is no drawing. Labels inside of walls
    count; where the drawing has no shapes around its words, all words that could be a room's name do."""
    if b"<!DOCTYPE" in svg[:4096] or b"<!ENTITY" in svg[:4096]:
        return []
    try:
        root = ET.fromstring(svg)  # noqa: S314
    except ET.ParseError:
        return []
    sheet = _sheet(root)
    if sheet is None:
        return []
    labels: list[_Label] = []
    boxes: list[_Box] = []
    for element, place in _walk(root, SAME):
        labels += _labels(element, place)
        boxes += _boxes(element, place)
    width = sheet.right - sheet.left
    walls = [box for box in boxes if box.area < WHOLE_SHEET * sheet.area and box.right - box.left < 0.97 * width]
    return sorted(_named(labels, walls, sheet), key=lambda room: (round(room[2], 2), room[1]))


def _named(labels: Sequence[_Label], walls: Sequence[_Box], sheet: _Box) -> Iterator[Room]:
    inside: dict[_Box, list[_Label]] = {}
    for label in labels:
        around = min((box for box in walls if box.holds(label)), key=lambda box: box.area, default=None)
        if around is not None and _is_room(label.words):
            inside.setdefault(around, []).append(label)
    if inside:
        groups = [group for found in inside.values() for group in _lines(found)]
    else:
        usual = median(label.size for label in labels) if labels else 0
        groups = [[one] for one in labels if one.size <= 1.4 * usual and _is_room(one.words) and sheet.holds(one)]
    for group in groups:
        x, y = (sum(one.x for one in group) / len(group), sum(one.y for one in group) / len(group))
        name = "".join(one.words for one in group)[:LONGEST_NAME]
        at = ((x - sheet.left) / (sheet.right - sheet.left), (y - sheet.top) / (sheet.bottom - sheet.top))
        yield name, round(min(max(at[0], 0), 1), 4), round(min(max(at[1], 0), 1), 4)


def _is_room(words: str) -> bool:
    return bool(words) and not NO_ROOM.fullmatch(words)


def _lines(labels: Sequence[_Label]) -> Iterator[list[_Label]]:
    """Labels in one room: those right below each other are the lines of one name."""
    group: list[_Label] = []
    for label in sorted(labels, key=lambda one: (one.y, one.x)):
        last = group[-1] if group else None
        if last and abs(label.x - last.x) < last.size and label.y - last.y < 2 * last.size:
            group.append(label)
            continue
        if group:
            yield group
        group = [label]
    if group:
        yield group


def _sheet(root: "ET.Element[str]") -> _Box | None:
    numbers = _numbers(root.get("viewBox", "")) or [
        0,
        0,
        *_numbers(f"{root.get('width', '')} {root.get('height', '')}"),
    ]
    if len(numbers) != 4 or numbers[2] <= 0 or numbers[3] <= 0:
        return None
    return _Box(numbers[0], numbers[1], numbers[0] + numbers[2], numbers[1] + numbers[3])


def _walk(element: "ET.Element[str]", place: Affine) -> Iterator[tuple["ET.Element[str]", Affine]]:
    """Every element with where its coordinates lie; definitions are drawn nowhere by themselves."""
    here = _times(place, _affine(element.get("transform", "")))
    yield element, here
    for child in element:
        if isinstance(child.tag, str) and child.tag.rpartition("}")[2] not in {"defs", "symbol", "pattern", "clipPath"}:
            yield from _walk(child, here)


def _labels(element: "ET.Element[str]", place: Affine) -> Iterator[_Label]:
    if element.tag.rpartition("}")[2] != "text":
        return
    words = " ".join("".join(element.itertext()).split())
    first = next((one for one in (element, *element) if one.get("x") is not None), element)
    x, y = (_number(first.get("x", "0")), _number(first.get("y", "0")))
    size = _number(element.get("font-size", "16")) or 16
    long = sum(1.0 if ord(letter) > 0x2E7F else 0.55 for letter in words) * size
    x += {"middle": 0.0, "end": -long / 2}.get(element.get("text-anchor", ""), long / 2)
    at = _apply(place, x, y - 0.35 * size)
    yield _Label(words, *at, size * math.sqrt(abs(place[0] * place[3] - place[1] * place[2])))


def _boxes(element: "ET.Element[str]", place: Affine) -> Iterator[_Box]:
    name = element.tag.rpartition("}")[2]
    if name == "rect":
        x, y, w, h = (_number(element.get(key, "0")) for key in ("x", "y", "width", "height"))
        corners = [(x, y), (x + w, y), (x, y + h), (x + w, y + h)]
    elif name in {"polygon", "polyline"}:
        numbers = _numbers(element.get("points", ""))
        corners = list(zip(numbers[::2], numbers[1::2], strict=False))
    else:
        return
    seen = [_apply(place, *corner) for corner in corners]
    if len(seen) > 2:
        across, down = [x for x, _ in seen], [y for _, y in seen]
        yield _Box(min(across), min(down), max(across), max(down))


def _numbers(text: str) -> list[float]:
    return [_number(part) for part in re.split(r"[\s,]+", text.strip()) if part]


def _number(text: str) -> float:
    match = re.match(r"\s*(-?\d{0,9}\.?\d{0,9}(?:[eE]-?\d{1,2})?)", text)
    try:
        return float(match[1]) if match and match[1] else 0.0
    except ValueError:
        return 0.0


def _affine(text: str) -> Affine:
    """What a transform attribute says; unknown parts say nothing."""
    found = SAME
    for name, inside in re.findall(r"(matrix|translate|scale|rotate)\s*\(([^)]*)\)", text[:500]):
        found = _times(found, _step(name, _numbers(inside)))
    return found


def _step(name: str, n: Sequence[float]) -> Affine:
    if name == "matrix" and len(n) == 6:
        return (n[0], n[1], n[2], n[3], n[4], n[5])
    if name == "translate" and n:
        return (1, 0, 0, 1, n[0], n[1] if len(n) > 1 else 0)
    if name == "scale" and n:
        return (n[0], 0, 0, n[1] if len(n) > 1 else n[0], 0, 0)
    if name == "rotate" and n:
        turn, cx, cy = math.radians(n[0]), *(n[1:3] if len(n) > 2 else (0.0, 0.0))
        c, s = math.cos(turn), math.sin(turn)
        return (c, s, -s, c, cx - c * cx + s * cy, cy - s * cx - c * cy)
    return SAME


def _times(a: Affine, b: Affine) -> Affine:
    return (
        *(a[0] * b[0] + a[2] * b[1], a[1] * b[0] + a[3] * b[1], a[0] * b[2] + a[2] * b[3]),
        *(a[1] * b[2] + a[3] * b[3], a[0] * b[4] + a[2] * b[5] + a[4], a[1] * b[4] + a[3] * b[5] + a[5]),
    )


def _apply(m: Affine, x: float, y: float) -> tuple[float, float]:
    return m[0] * x + m[2] * y + m[4], m[1] * x + m[3] * y + m[5]


def nearest_room(
    pin: tuple[float, float], rooms: Iterable[tuple[T, float, float]], *, shape: float = 0.7, far: float = NEAR
) -> T | None:
    """The room (name, id, whatever stands first) whose label is nearest to a pin, if near enough; `shape` is the
    plan's height by its width, so that up counts like across. None when all are too far."""
    best, least = None, far
    for room, x, y in rooms:
        away = math.hypot(x - pin[0], (y - pin[1]) * shape)
        if away < least:
            best, least = room, away
    return best
