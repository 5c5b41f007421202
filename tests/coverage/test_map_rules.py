"""The map's pure parts: the shift between two coordinate systems, tiles, outlines, the drawing and its marks."""

import json
import math
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.coverage import rules_map as m
from backend.coverage.rules_datum import in_china, to_gcj02, to_wgs84
from backend.coverage.rules_map_names import of_district, of_schools, taken_by
from backend.coverage.rules_outlines import BadOutlines, outlines
from backend.coverage.rules_tiles import layer, layers, origins
from backend.language import CHINESE, say
from backend.settings import SettingsError, read
from fixtures import load_city

Place = tuple[float, float]


def metres(one: Place, other: Place) -> float:
    north, east = other[0] - one[0], (other[1] - one[1]) * math.cos(math.radians(one[0]))
    return math.hypot(north, east) * 111_195


CITIES = {
    "Beijing": (39.9042, 116.4074, 555),
    "Shanghai": (31.2304, 121.4737, 481),
    "Guangzhou": (23.1291, 113.2644, 621),
    "Chengdu": (30.5728, 104.0668, 363),
    "Urumqi": (43.8256, 87.6168, 265),
    "Harbin": (45.8038, 126.5349, 518),
}


@pytest.mark.parametrize("city", list(CITIES))
def test_a_city_is_shifted_by_what_was_measured(city: str) -> None:
    latitude, longitude, far = CITIES[city]
    assert metres((latitude, longitude), to_gcj02(latitude, longitude)) == pytest.approx(far, abs=2)


@given(st.floats(18, 53), st.floats(74, 134))
def test_there_and_back_is_the_same_place(latitude: float, longitude: float) -> None:
    assert metres((latitude, longitude), to_wgs84(*to_gcj02(latitude, longitude))) < 0.01
    assert 0 < metres((latitude, longitude), to_gcj02(latitude, longitude)) < 1000


@pytest.mark.parametrize("place", [(48.8566, 2.3522), (-33.86, 151.2), (0.0, 0.0), (35.68, 139.76), (37.77, -122.4)])
def test_outside_of_china_nothing_is_shifted(place: Place) -> None:
    assert not in_china(*place)
    assert to_gcj02(*place) == place == to_wgs84(*place)


TIANDITU = "https://t{s}.tianditu.gov.cn/vec_w/wmts?LAYER=vec&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}&tk={key}"


def test_tiles_and_their_hosts() -> None:
    assert origins((TIANDITU, TIANDITU.replace("vec", "cva"))) == [f"https://t{n}.tianditu.gov.cn" for n in range(8)]
    amap = layer("https://webrd0{1-4}.is.autonavi.com/appmaptile?x={x}&y={y}&z={z}")
    assert amap is not None
    assert (amap.hosts, amap.origins[0]) == ("1234", "https://webrd01.is.autonavi.com")
    assert origins(("http://127.0.0.1:8080/{z}/{x}/{y}.png",)) == ["http://127.0.0.1:8080"]
    assert layers((TIANDITU,), "k1")[0].url.endswith("&tk=k1")


@pytest.mark.parametrize(
    "bad",
    [
        *("tiles", "https://a.cn/{z}/{x}.png", "ftp://a.cn/{z}/{x}/{y}", "https://a.cn/{z}/{x}/{y}?{more}"),
        *("https://a.cn;script-src/{z}/{x}/{y}", "https://*/{z}/{x}/{y}", "https://u@a.cn/{z}/{x}/{y}"),
        *("https://{x}.a.cn/{z}/{y}/{x}", "https:///{z}/{x}/{y}", "https://a{4-1}.cn/{z}/{x}/{y}"),
        *("https://a.cn/{z}/{x}/{y};report-uri", 'https://a.cn/{z}/{x}/{y}"'),
    ],
)
def test_what_is_no_address_of_tiles(bad: str) -> None:
    assert layer(bad) is None
    with pytest.raises(SettingsError, match="XUNAN_MAP_TILES"):
        read({"XUNAN_MAP_TILES": bad, "XUNAN_MAP_CREDIT": "x"})


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("XUNAN_MAP_CREDIT", {"XUNAN_MAP_TILES": TIANDITU, "XUNAN_MAP_KEY": "geheim"}),
        ("XUNAN_MAP_KEY", {"XUNAN_MAP_TILES": TIANDITU, "XUNAN_MAP_CREDIT": "GS(2024)0001号"}),
        ("XUNAN_MAP_KEY", {"XUNAN_MAP_KEY": "geheim"}),
        ("XUNAN_MAP_KEY", {"XUNAN_MAP_TILES": TIANDITU, "XUNAN_MAP_CREDIT": "GS", "XUNAN_MAP_KEY": "geheim&x=1"}),
        ("XUNAN_MAP_DATUM", {"XUNAN_MAP_DATUM": "bd09"}),
        ("XUNAN_MAP_OUTLINES", {"XUNAN_MAP_OUTLINES": "/no/such/file.geojson"}),
    ],
)
def test_settings_that_do_not_fit(name: str, given: dict[str, str]) -> None:
    with pytest.raises(SettingsError) as refused:
        read(given)
    for sentence in (refused.value.english, refused.value.chinese):
        assert name in sentence
        assert "geheim" not in sentence


def test_settings_that_fit() -> None:
    it = read(
        {
            "XUNAN_MAP_TILES": f"{TIANDITU} {TIANDITU.replace('vec', 'cva')}",
            "XUNAN_MAP_KEY": "abc_1",
            "XUNAN_MAP_CREDIT": "天地图 GS(2024)0568号",
            "XUNAN_MAP_DATUM": "GCJ02",
        }
    )
    assert (len(it.map_tiles), it.map_key, it.map_datum, it.map_outlines) == (2, "abc_1", "gcj02", None)
    assert read({}).map_tiles == ()


SQUARE = [[118.0, 30.0], [118.1, 30.0], [118.1, 30.1], [118.0, 30.1], [118.0, 30.0]]


def feature(coordinates: object, kind: str = "Polygon", **facts: object) -> dict[str, object]:
    return {"type": "Feature", "properties": facts, "geometry": {"type": kind, "coordinates": coordinates}}


def collection(*features: object) -> str:
    return json.dumps({"type": "FeatureCollection", "features": features})


def test_outlines_are_read() -> None:
    found = outlines(collection(feature([SQUARE], name="青屏区", number="YC01"), feature([118, 30], "Point")))
    assert [(one.name, one.number) for one in found] == [("青屏区", "YC01")]
    assert found[0].rings[0][0] == (30.0, 118.0)
    assert len(outlines(json.dumps(feature([[SQUARE], [SQUARE]], "MultiPolygon")))[0].rings) == 2


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "null", "7", '{"type": "FeatureCollection"}', '{"type": "FeatureCollection", "features": 3}'),
        *(collection(), collection(feature([118, 30], "Point")), collection(None), "[" * 100_000),
        collection(feature([[[118, 91], [118, 30], [119, 30]]])),
        collection(feature([[[181, 30], [118, 30], [119, 30]]])),
        collection(feature([[["a", "b"], [118, 30], [119, 30]]])),
        collection(feature([[[118, 30], [119, 30]]])),
        collection(feature([[118, 30], [119, 30]])),
        *(collection(feature(None)), collection(feature([])), collection(feature([[[], [], []]]))),
        collection(feature([[[True, False], [118, 30], [119, 30]]])),
        '{"type":"Feature","geometry":{"type":"Polygon","coordinates":[[[NaN,1],[1,1],[1,2]]]}}',
        collection(feature([[[118.0, 30.0]] * 100_001])),
        collection(*[feature([SQUARE])] * 301),
    ],
    ids=range(23),
)
def test_a_broken_file_is_told_at_the_start(text: str, tmp_path: Path) -> None:
    with pytest.raises(BadOutlines):
        outlines(text)
    file = tmp_path / "outlines.geojson"
    file.write_text(text)
    with pytest.raises(SettingsError) as refused:
        read({"XUNAN_MAP_OUTLINES": str(file)})
    for sentence in (refused.value.english, refused.value.chinese):
        assert "XUNAN_MAP_OUTLINES" in sentence
        assert str(file) in sentence


def test_the_demo_has_outlines_of_its_own_that_hold_its_schools() -> None:
    file = read({"XUNAN_DEMO": "1"}).map_outlines
    assert file is not None
    found = outlines(file.read_text(encoding="utf-8"))
    numbers = {body.number for body in load_city().bodies if body.kind == "district"}
    assert {one.number for one in found} == numbers
    for school in load_city().schools():
        homes = [one for one in found if inside((school.lat, school.lon), one.rings[0])]
        assert len(homes) == 1, school.key


def inside(place: Place, ring: tuple[Place, ...]) -> bool:
    found = False
    for (a, b), (c, d) in zip(ring, [*ring[1:], ring[0]], strict=True):
        if (b > place[1]) != (d > place[1]) and place[0] < (c - a) * (place[1] - b) / (d - b) + a:
            found = not found
    return found


def school(latitude: float, longitude: float, seen: int = 9, due: int = 10, **more: object) -> dict[str, object]:
    told = {"id": uuid4(), "latitude": latitude, "longitude": longitude, "seen": seen, "due": due, "decided": due}
    return {**told, "open": 0, "major": 0, "visited_at": None, **more}


def test_the_drawing_holds_everything_and_north_is_up() -> None:
    places = [(30.57, 118.88), (30.64, 118.96), (30.60, 118.90)]
    view = m.frame(places)
    for place in places:
        x, y = view.point(*place)
        assert 0 <= x <= m.WIDE
        assert 0 <= y <= view.high
    assert view.point(*places[1])[1] < view.point(*places[0])[1]
    assert view.point(*places[1])[0] > view.point(*places[0])[0]
    assert m.frame([places[0]]).point(*places[0])[0] == m.WIDE / 2


def test_near_schools_are_one_mark_until_the_zoom_parts_them() -> None:
    rows = [school(30.60, 118.90), school(30.6005, 118.9005, seen=1), school(30.70, 119.00, due=0, seen=0)]
    places = [(float(str(r["latitude"])), float(str(r["longitude"]))) for r in rows]
    view = m.frame(places)
    found = m.marks(rows, view)
    assert sorted(len(mark.rows) for mark in found) == [1, 2]
    many = next(mark for mark in found if len(mark.rows) == 2)
    assert (many.total("seen"), many.total("due"), many.band) == (10, 20, m.POOR)
    z = many.nearer(view, 0)
    assert 0 < z <= m.NEAREST
    near = m.marks(rows, m.frame(places, z, many.middle))
    assert [len(mark.rows) for mark in near] == [1, 1]


def test_schools_on_one_spot_are_put_around_it_at_the_last_step() -> None:
    rows = [school(30.6, 118.9) for _ in range(5)] + [school(31.0, 119.2)]
    view = m.frame([(30.6, 118.9), (31.0, 119.2)], m.NEAREST, (30.6, 118.9))
    found = m.marks(rows, view, apart=True)
    assert [len(mark.rows) for mark in found] == [1] * 5
    assert len({(mark.x, mark.y) for mark in found}) == 5


@given(st.lists(st.tuples(st.floats(30, 31), st.floats(118, 119)), max_size=60), st.integers(0, m.NEAREST))
def test_no_school_is_lost_and_none_stands_twice(places: list[Place], z: int) -> None:
    rows = [school(*place) for place in places]
    view = m.frame(places, z)
    shown = [row["id"] for mark in m.marks(rows, view) for row in mark.rows]
    within = [row["id"] for row, place in zip(rows, places, strict=True) if view.holds(*view.point(*place))]
    assert sorted(map(str, shown)) == sorted(map(str, within))
    assert z or len(within) == len(rows)


def test_a_mistyped_position_does_not_make_the_city_a_dot() -> None:
    city = [(30.6 + n / 100, 118.9 + n / 100) for n in range(8)]
    assert m.usual([*city, (0.0, 0.0)]) == city
    assert m.usual(city) == city
    assert m.usual([(0.0, 0.0), (50.0, 50.0)]) == [(0.0, 0.0), (50.0, 50.0)]


@pytest.mark.parametrize(
    ("seen", "decided", "band"),
    [(0, 0, m.NOTHING), (10, 10, m.GOOD), (95, 100, m.GOOD), (94, 100, m.FAIR), (80, 100, m.FAIR), (0, 5, m.POOR)],
)
def test_bands(seen: int, decided: int, band: str) -> None:
    assert m.band(seen, decided) == band
    assert say(CHINESE, m.BAND_NAMES[band]) != m.BAND_NAMES[band]


def test_what_an_address_asks_for() -> None:
    district = uuid4()
    full = m.asked(
        {"period": "term", "area": "fire", "district": str(district), "sort": "-open", "z": "3", "at": "30,118"}
    )
    assert full == m.Asked("term", "fire", district, "-open", 3, (30.0, 118.0))
    assert m.asked(dict(part.split("=") for part in full.address()[1:].replace("%2C", ",").split("&"))) == full
    junk = {"period": "century", "area": "x", "district": "x", "sort": "drop", "z": "-1", "at": "nan,1"}
    assert m.asked(junk) == m.Asked()
    assert m.asked({"z": "99", "at": "91,0"}) == m.Asked(z=m.NEAREST)
    assert m.Asked().address() == "?"


def test_sorting_leaves_what_cannot_be_compared_at_the_end() -> None:
    rows = [school(0, 0, 5, 10, n=1), school(0, 0, 0, 0, n=2), school(0, 0, 9, 10, n=3)]
    assert [row["n"] for row in m.in_order(rows, "coverage")] == [1, 3, 2]
    assert [row["n"] for row in m.in_order(rows, "-coverage")] == [3, 1, 2]
    assert [row["n"] for row in m.in_order(rows, "")] == [1, 2, 3]


def test_names_cover_neither_marks_nor_each_other() -> None:
    marks = [
        (300.0, 200.0, "青屏区杏林里幼儿园"),
        (300.0, 226.0, "青屏区松涧小学"),
        (20.0, 340.0, "云川学院"),
        (9, 9, ""),
    ]
    names = of_schools(marks, 360)
    assert names[3] is None
    shown = [name for name in names if name]
    assert len({(name.x, name.y) for name in shown}) == len(shown) >= 2
    moved = of_district(300, 214, "青屏区", taken_by(marks, names), 360)
    assert (moved.x, moved.y) != (300, 214)
