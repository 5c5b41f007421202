"""Cleans an uploaded SVG floor plan: a new drawing is built from what is known to be harmless.

Style sheets and `style` attributes become plain attributes, because the pages' security policy would ignore them and
the walls turn black. Ids get a prefix of ours, so that a drawing in a page cannot take the name of something there.
"""

import math
import re
from typing import Final
from xml.etree import ElementTree as ET  # builds and writes only; reading is defusedxml's

import defusedxml.ElementTree as safe
from defusedxml.common import DefusedXmlException

LARGEST: Final = 2 << 20  # bytes
MOST_ELEMENTS: Final = 20_000  # also after every reference is followed
DEEPEST: Final = 100
LONGEST_STYLE: Final = 200  # characters of one declaration
SVG: Final = "{http://www.w3.org/2000/svg}"
XLINK: Final = "{http://www.w3.org/1999/xlink}href"
PREFIX: Final = "plan-"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ELEMENTS: Final = _words(
    "svg g defs symbol use title desc path rect circle ellipse line polyline polygon text tspan"
    " linearGradient radialGradient stop pattern clipPath"
)
TRANSPARENT: Final = {"a": "g", "switch": "g"}  # kept for what is inside
DRAWN: Final = _words("use path rect circle ellipse line polyline polygon text")
WORDY: Final = _words("text tspan title desc")
REFERRING: Final = _words("use linearGradient radialGradient pattern")

GEOMETRY: Final = _words(
    "x y x1 y1 x2 y2 cx cy r rx ry dx dy fx fy d points width height viewBox preserveAspectRatio transform offset"
    " rotate pathLength textLength lengthAdjust gradientUnits gradientTransform spreadMethod patternUnits"
    " patternContentUnits patternTransform clipPathUnits"
)
PAINT: Final = _words("fill stroke stop-color color clip-path")
LOOKS: Final = PAINT | _words(
    "fill-opacity fill-rule clip-rule stroke-width stroke-opacity stroke-linecap stroke-linejoin stroke-miterlimit"
    " stroke-dasharray stroke-dashoffset stop-opacity opacity display visibility font-family font-size font-weight"
    " font-style text-anchor dominant-baseline baseline-shift letter-spacing word-spacing writing-mode text-decoration"
    " vector-effect paint-order"
)

_VALUE = re.compile(r"[\w\s#.,%+\-()'\"]*")  # no colon, slash or backslash: no address, no comment, no CSS escape
_CALLS = _words("rgb rgba hsl hsla matrix translate scale rotate skewx skewy")
_LOCAL = re.compile(r"url\(\s*['\"]?#([\w.\-]+)['\"]?\s*\)(?:\s+[\w#]+)?")
_ID = re.compile(r"[\w.\-]{1,100}")
_LENGTH = re.compile(r"\s*([0-9.eE+\-]+)\s*(px|pt|pc|mm|cm|in)?\s*")
_UNITS = {None: 1.0, "px": 1.0, "pt": 4 / 3, "pc": 16.0, "mm": 96 / 25.4, "cm": 96 / 2.54, "in": 96.0}

Look = dict[str, str]


class BadDrawing(Exception):
    """The reason, in English, for the log."""


def clean(data: bytes) -> bytes:
    """The cleaned drawing as UTF-8, with `viewBox`, `width` and `height`. Raises `BadDrawing`."""
    if len(data) > LARGEST:
        raise BadDrawing("larger than 2 MB")
    if data.count(b"<") > 2 * MOST_ELEMENTS + 1000:  # before a tree of it is built
        raise BadDrawing("too many elements")
    try:
        root = safe.fromstring(data)
    except (ET.ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise BadDrawing(f"not readable: {error}") from error
    if _name(root) != "svg":
        raise BadDrawing("not an SVG")
    x, y, width, height = _box(root)
    drawing = _copy(root, _sheet(root), 0)
    drawing.set("xmlns", "http://www.w3.org/2000/svg")
    drawing.set("viewBox", f"{x:g} {y:g} {width:g} {height:g}")
    drawing.set("width", f"{width:g}")
    drawing.set("height", f"{height:g}")
    for attribute in ("x", "y", "transform"):
        drawing.attrib.pop(attribute, None)
    _check_references(drawing)
    if not any(element.tag in DRAWN for element in drawing.iter()):
        raise BadDrawing("nothing drawn")
    return bytes(ET.tostring(drawing, encoding="utf-8"))


def size_of(cleaned: bytes) -> tuple[float, float]:
    """Width and height of a cleaned drawing, in units of its viewBox."""
    root = safe.fromstring(cleaned)
    return float(root.get("width", "0")), float(root.get("height", "0"))


def _name(element: "ET.Element[str]") -> str | None:
    """The local name of an SVG element; None for comments and for other vocabularies."""
    tag = element.tag
    if not isinstance(tag, str):
        return None
    return tag.removeprefix(SVG) if tag.startswith(SVG) or not tag.startswith("{") else None


def _box(root: "ET.Element[str]") -> tuple[float, float, float, float]:
    try:
        numbers = [float(part) for part in re.split(r"[\s,]+", root.get("viewBox", "").strip()) if part]
    except ValueError:
        numbers = []
    if len(numbers) != 4:
        numbers = [0.0, 0.0, _length(root.get("width", "")), _length(root.get("height", ""))]
    if not all(math.isfinite(number) and abs(number) <= 1e6 for number in numbers) or min(numbers[2:]) <= 0:
        raise BadDrawing("no usable viewBox, width or height")
    return numbers[0], numbers[1], numbers[2], numbers[3]


def _length(text: str) -> float:
    match = _LENGTH.fullmatch(text) if len(text) < 40 else None
    try:
        return float(match[1]) * _UNITS[match[2]] if match else 0.0
    except ValueError:
        return 0.0


def _sheet(root: "ET.Element[str]") -> dict[str, Look]:
    """Class name -> what the style sheets say about it; other selectors are not followed."""
    looks: dict[str, Look] = {}
    for element in root.iter():
        if _name(element) == "style":
            first, *commented = "".join(element.itertext()).split("/*")  # no patterns here: they could be made slow
            text = first + "".join(part.partition("*/")[2] for part in commented)
            for rule in text.split("}"):
                selectors, _, body = rule.rpartition("{")
                for selector in selectors.split(","):
                    if re.fullmatch(r"\.[\w\-]+", selector.strip()):
                        looks.setdefault(selector.strip()[1:], {}).update(_declarations(body))
    return looks


def _declarations(text: str) -> Look:
    """The declarations of a style that could be kept; short ones, since a class repeats them in every element."""
    pairs = (part.split(":", 1) for part in text.split(";") if ":" in part)
    clear = ((name.strip().lower(), value.replace("!important", "").strip()) for name, value in pairs)
    return {name: value for name, value in clear if name in LOOKS and len(value) <= LONGEST_STYLE}


def _copy(element: "ET.Element[str]", sheet: dict[str, Look], depth: int) -> "ET.Element[str]":
    if depth > DEEPEST:
        raise BadDrawing("nested too deeply")
    name = str(_name(element))
    copy = ET.Element(TRANSPARENT.get(name, name), _attributes(element, name, sheet))
    if name in WORDY:
        copy.text = element.text
    for child in element:
        kind = _name(child)
        if kind in ELEMENTS or kind in TRANSPARENT:
            copy.append(_copy(child, sheet, depth + 1))
        if name in WORDY and child.tail:  # words go on after what was dropped
            if len(copy):
                copy[-1].tail = (copy[-1].tail or "") + child.tail
            else:
                copy.text = (copy.text or "") + child.tail
    return copy


def _attributes(element: "ET.Element[str]", name: str, sheet: dict[str, Look]) -> Look:
    """What is kept; a class outranks an attribute and `style` outranks both, as in a browser."""
    kept = {key: value for key, value in element.attrib.items() if key in GEOMETRY and _harmless(value)}
    look = {key: value for key, value in element.attrib.items() if key in LOOKS}
    for word in element.get("class", "").split():
        look.update(sheet.get(word, {}))
    look.update(_declarations(element.get("style", "")))
    for key, value in look.items():
        local = _LOCAL.fullmatch(value.strip()) if key in PAINT else None
        if local:
            kept[key] = f"url(#{PREFIX}{local[1]})"
        elif _harmless(value):
            kept[key] = value
        elif key in PAINT:
            kept[key] = "none"  # leaving it out would paint it black
    if _ID.fullmatch(element.get("id", "")):
        kept["id"] = PREFIX + element.get("id", "")
    target = element.get("href", element.get(XLINK, "")).strip()
    if name in REFERRING and target.startswith("#") and _ID.fullmatch(target[1:]):
        kept["href"] = f"#{PREFIX}{target[1:]}"
    return kept


def _harmless(value: str) -> bool:
    calls = (re.split(r"[^\w-]", before.rstrip()[-20:])[-1] for before in value.split("(")[:-1])
    return _VALUE.fullmatch(value) is not None and all(call.lower() in _CALLS for call in calls)


def _check_references(drawing: "ET.Element[str]") -> None:
    """Refuses circles and drawings that multiply themselves by references; paints that lead nowhere become none."""
    named: dict[str | None, ET.Element[str]] = {}
    costs: dict[ET.Element[str], int] = {}
    for element in drawing.iter():
        if "id" in element.attrib and named.setdefault(element.get("id"), element) is not element:
            del element.attrib["id"]  # a browser takes the first, and so must the count below
    for element in drawing.iter():
        for key in PAINT:
            value = element.get(key, "")
            if value.startswith("url(#") and value[5:-1] not in named:
                element.set(key, "none")
    if _cost(drawing, named, costs, 0) > MOST_ELEMENTS:
        raise BadDrawing("too many elements")


def _cost(
    element: "ET.Element[str]",
    named: "dict[str | None, ET.Element[str]]",
    costs: "dict[ET.Element[str], int]",
    depth: int,
) -> int:
    """How many elements a browser meets when it draws this one."""
    known = costs.get(element)
    if known == 0 or depth > 4 * DEEPEST:
        raise BadDrawing("refers to itself")
    if known is None:
        costs[element] = 0  # on the way
        names = [value[5:-1] for key in PAINT if (value := element.get(key, "")).startswith("url(#")]
        names += [element.get("href", "#")[1:]]
        inside = [*element, *(named[name] for name in names if name in named)]
        known = costs[element] = 1 + sum(_cost(child, named, costs, depth + 1) for child in inside)
    return known
