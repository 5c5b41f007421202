"""The map of the schools below a bureau: drawn here, with the list beside it; tiles come to it only when configured."""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from litestar import Request, Response, get
from litestar.response import Redirect

from backend import clock
from backend.access import Do, Member, may
from backend.coverage import queries_map, rules_map
from backend.coverage.pages_parts import span
from backend.coverage.queries_numbers import terms
from backend.coverage.rules_city import turned
from backend.coverage.rules_datum import Datum, to_gcj02
from backend.coverage.rules_map import Asked, Frame, Mark, Place, Row, asked
from backend.coverage.rules_map_names import Box, Name, of_district, of_schools, taken_by
from backend.coverage.rules_numbers import DAY, OWN, PERIOD_NAMES, TERM, Days, percent, period, weeks
from backend.coverage.rules_numbers import Asked as AskedNumbers
from backend.coverage.rules_outlines import Outline, outlines
from backend.coverage.rules_stops import Wanted as WantedStops
from backend.coverage.rules_tiles import layers
from backend.findings.rules import AREA_NAMES
from backend.findings.rules_filters import Wanted as WantedFindings
from backend.language import N_, either, say
from backend.page import language_of, page
from backend.rounds.rules import Fraction
from backend.settings import settings
from backend.trouble import Missing

R = Request[Any, Any, Any]
HEADS = {"coverage": N_("Coverage"), "open": N_("Open findings"), "visit": N_("Last visit")}
MOST_NAMED = 24
"""Up to so many marks have their names written beside them."""


@dataclass(frozen=True, slots=True)
class Shape:
    """An outline in the drawing: `path` for SVG, its name and where that stands; `href` brings the district near."""

    path: str
    name: str
    at: Name
    href: str
    own: bool


@lru_cache(maxsize=2)
def _outlines(file: Path | None) -> tuple[Outline, ...]:
    """Read once; it was found to be readable when the settings were."""
    return outlines(file.read_text(encoding="utf-8-sig")) if file else ()


@get("/map", guards=[may(Do.SEE_SCHOOL)])
async def show(request: R) -> Response[Any]:
    """A school's own people have no city to look at and are led to their coverage."""
    member: Member = request.user
    if member.school is not None:
        return Redirect("/coverage", status_code=303)
    wished, districts = asked(request.query_params), await queries_map.districts(member)
    if wished.district and wished.district not in {one["id"] for one in districts}:
        raise Missing()
    language = language_of(request)
    days = await _days(member, wished)
    by_day = wished.period == DAY
    rows = await queries_map.schools(member, days, wished.area, wished.district, by_day=by_day)
    for row in rows:
        _tell(row, wished, days, language)
    drawn = _drawn(rows, wished, _whose(districts), language)
    return page(
        request,
        "coverage/map.html",
        asked=wished,
        rows=rules_map.in_order(rows, wished.sort),
        periods=[(word, say(language, name), wished.address(period=word)) for word, name in PERIOD_NAMES.items()],
        said=span(Days(days.start, min(days.end, clock.today())), language),
        heads=[_head(word, wished, language) for word in HEADS],
        areas=[(word, say(language, name)) for word, name in AREA_NAMES.items()],
        districts=districts,
        orders=[(word, say(language, name)) for word, name in rules_map.ORDER_NAMES.items()],
        bands=[(word, say(language, name)) for word, name in rules_map.BAND_NAMES.items()],
        unplaced=sum(row["latitude"] is None for row in rows),
        tiles=_tiles(rows),
        **drawn,
    )


async def _days(member: Member, wished: Asked) -> Days:
    """A bureau counts whole weeks, like the numbers do."""
    numbers = AskedNumbers(word=wished.period, district=wished.district)
    found = period(numbers, clock.today(), await terms(member, numbers)).days
    return found if wished.period == DAY else weeks(found)


def _tell(row: Row, wished: Asked, days: Days, language: str) -> None:
    """Adds what is shown of a school and where its numbers lead."""
    school, last = row["id"], min(days.end, clock.today())
    row["name"] = either(language, row["name"], row["name_en"])
    row["above"] = either(language, row["above"], row["above_en"])
    row["percent"] = percent(Fraction(row["seen"], row["due"]))
    row["band"] = rules_map.band(row["seen"], row["decided"])
    numbers = AskedNumbers(wished.period, school=school)
    if wished.period == TERM:  # the weeks that were counted here, so that the numbers agree
        numbers = AskedNumbers(OWN, start=days.start, end=last, school=school)
    row["href"] = "/coverage" + numbers.address()
    row["stops"] = "/coverage/stops" + WantedStops(school, days.start, last, area=wished.area).address()
    row["findings"] = "/findings" + WantedFindings(school=school, area=wished.area).address()
    row["majors"] = "/findings" + WantedFindings(school=school, area=wished.area, grade="major").address()


def _head(word: str, wished: Asked, language: str) -> tuple[str, str, str]:
    """Name of a column, the address that sorts by it, and how it is sorted now."""
    order = {word: "ascending", f"-{word}": "descending"}.get(wished.sort, "")
    return say(language, HEADS[word]), wished.address(sort=turned(wished.sort, word)), order


def _whose(districts: list[Row]) -> list[tuple[Outline, Row | None]]:
    """Every outline with the district it belongs to, if the member may see that one."""
    found = []
    for outline in _outlines(settings().map_outlines):
        mine = [one for one in districts if outline.number and one["number"] == outline.number]
        mine += [one for one in districts if not outline.number and outline.name and outline.name in one["name"]]
        found.append((outline, mine[0] if mine else None))
    return found


def _drawn(rows: list[Row], wished: Asked, near: list[tuple[Outline, Row | None]], language: str) -> dict[str, Any]:
    """The drawing: outlines, marks, the view and the ways to other views. Empty without anything to draw."""
    placed = [row for row in rows if row["latitude"] is not None]
    own = [(line, one) for line, one in near if one and wished.district in (None, one["id"])]
    drawn = own or ([] if wished.district else near)
    corners = [corner for line, _ in drawn for ring in line.rings for corner in ring]
    places = rules_map.usual([(row["latitude"], row["longitude"]) for row in placed])
    if not placed and not corners:
        return {"view": None, "marks": [], "shapes": [], "ways": [], "outside": 0}
    whole = rules_map.frame(corners + places)
    view = rules_map.frame(corners + places, wished.z, wished.at if wished.z else None)
    marks = rules_map.marks(placed, view, apart=wished.z == rules_map.NEAREST)
    few = len(marks) <= MOST_NAMED
    signs = [(mark.x, mark.y, mark.rows[0]["name"] if few and len(mark.rows) == 1 else "") for mark in marks]
    names = of_schools(signs, view.high)
    taken = taken_by(signs, names)
    return {
        "view": view,
        "marks": [_mark(mark, view, wished) for mark in marks],
        "names": [(name, text) for name, (_, _, text) in zip(names, signs, strict=True) if name],
        "shapes": [_shape(line, one, view, wished, language, taken) for line, one in near],
        "ways": _ways(view, wished),
        "outside": sum(not whole.holds(*whole.point(row["latitude"], row["longitude"])) for row in placed),
        "bar": _bar(view),
    }


def _bar(view: Frame) -> tuple[float, float]:
    """Kilometres that look well below a map of this scale, and how long they are in it."""
    one = view.kilometre()
    n = next((n for n in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500) if n * one > 60), 1000)
    return n, round(n * one, 1)


def _mark(mark: Mark, view: Frame, wished: Asked) -> dict[str, Any]:
    n, seen, due = len(mark.rows), mark.total("seen"), mark.total("due")
    near = wished.address(z=mark.nearer(view, wished.z), at=mark.middle) + "#map" if n > 1 else ""
    return {
        **{"x": mark.x, "y": mark.y, "n": n, "band": mark.band, "seen": seen, "due": due},
        **{"open": mark.total("open"), "major": mark.total("major"), "percent": percent(Fraction(seen, due))},
        **{"name": mark.rows[0]["name"], "href": near or mark.rows[0]["href"]},
    }


def _shape(line: Outline, one: Row | None, view: Frame, wished: Asked, language: str, taken: list[Box]) -> Shape:
    points = [[view.point(*corner) for corner in ring] for ring in line.rings]
    path = "".join("M" + "L".join(f"{x} {y}" for x, y in ring) + "Z" for ring in points)
    middle = _middle(max(points, key=len))
    href = wished.address(district=one["id"], z=0, at=None) + "#map" if one and wished.district is None else ""
    name = either(language, line.name, line.name_en)
    at = of_district(*middle, name, taken, view.high)
    return Shape(path, name, at, href, one is not None and wished.district in (None, one["id"]))


def _middle(ring: list[Place]) -> Place:
    return round(sum(x for x, _ in ring) / len(ring), 1), round(sum(y for _, y in ring) / len(ring), 1)


def _ways(view: Frame, wished: Asked) -> list[tuple[str, str, str]]:
    """(symbol, name, address) of the views beside, above and below this one; they need no scripts."""
    if not wished.z:
        return [("plus", N_("Nearer"), wished.address(z=1, at=view.middle))]
    out = wished.z - 1
    return [
        *(
            [("plus", N_("Nearer"), wished.address(z=wished.z + 1, at=view.middle))]
            if wished.z < rules_map.NEAREST
            else []
        ),
        ("minus", N_("Farther"), wished.address(z=out, at=view.middle if out else None)),
        ("left", N_("To the west"), wished.address(at=view.moved(-0.5, 0))),
        ("right", N_("To the east"), wished.address(at=view.moved(0.5, 0))),
        ("up", N_("To the north"), wished.address(at=view.moved(0, -0.5))),
        ("down", N_("To the south"), wished.address(at=view.moved(0, 0.5))),
        ("map", N_("All of it"), wished.address(z=0, at=None)),
    ]


def _tiles(rows: list[Row]) -> dict[str, Any] | None:
    """What the map with tiles is told, and each school's position as those tiles have it; None without tiles."""
    it = settings()
    if not it.map_tiles:
        return None
    for row in rows:
        if row["latitude"] is not None:
            place = row["latitude"], row["longitude"]
            shown = to_gcj02(*place) if it.map_datum == Datum.GCJ02.value else place
            row["at"] = f"{shown[0]:.6f},{shown[1]:.6f}"
    told = [{"url": one.url, "hosts": one.hosts} for one in layers(it.map_tiles, it.map_key)]
    return {"layers": json.dumps(told), "credit": it.map_credit}


HANDLERS = [show]
