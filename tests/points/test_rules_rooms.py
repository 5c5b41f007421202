"""Rooms read from drawings: those of the demo, drawings of other programs, and what is no drawing at all."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.plan_svg import clean
from backend.points.rules_rooms import nearest_room, rooms_of_plan

PLANS = sorted((Path(__file__).resolve().parents[2] / "fixtures" / "city" / "plans").glob("*.svg"))


def names(svg: bytes) -> list[str]:
    return [name for name, _, _ in rooms_of_plan(svg)]


def drawing(inside: str, box: str = "0 0 1000 500") -> bytes:
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}">{inside}</svg>'.encode()


@pytest.mark.parametrize("plan", PLANS, ids=lambda path: path.stem)
def test_every_plan_of_the_demo_names_its_rooms_and_nothing_else(plan: Path) -> None:
    found = rooms_of_plan(plan.read_bytes())
    assert found == rooms_of_plan(clean(plan.read_bytes()))
    assert 4 <= len(found) <= 20
    assert all(0 < x < 1 and 0 < y < 1 for _, x, y in found)
    words = " ".join(name for name, _, _ in found)
    assert not any(other in words for other in ("疏散", "出口", "平面图", "119", "北", "学校", "中学"))


def test_a_floor_of_the_demo_room_by_room() -> None:
    found = names(next(plan for plan in PLANS if plan.stem == "wangjiang-shiyan-2").read_bytes())
    assert found[1:4] == ["化学实验室一", "化学实验室二", "准备室"]
    assert {"化学药品室", "气瓶间", "危废暂存间", "卫生间"} <= set(found)


def test_numbers_of_dormitory_rooms_are_rooms_and_others_are_not() -> None:
    cells = "".join(f'<rect x="{n * 100}" y="100" width="100" height="100"/>' for n in range(4))
    labels = "".join(
        f'<text x="{n * 100 + 50}" y="150" text-anchor="middle">{w}</text>'
        for n, w in enumerate(["101", "7", "3.5m", "北"])
    )
    assert names(drawing(cells + labels)) == ["101"]


def middle(words: str, x: float, y: float) -> str:
    return f'<text x="{x}" y="{y}" font-size="16" text-anchor="middle">{words}</text>'


def test_two_lines_in_one_room_are_one_name() -> None:
    walls = '<rect x="100" y="100" width="90" height="200"/>'
    assert names(drawing(walls + middle("教师", 145, 190) + middle("办公室", 145, 210))) == ["教师办公室"]


def test_groups_that_are_moved_and_scaled_are_followed() -> None:
    cell = '<rect x="0" y="0" width="100" height="100"/>' + middle("书库", 50, 56)
    ((name, x, y),) = rooms_of_plan(drawing(f'<g transform="translate(100 50) scale(2)">{cell}</g>'))
    assert name == "书库"
    assert x == pytest.approx(0.2)
    assert y == pytest.approx(0.3016, abs=0.002)


def test_a_drawing_without_shapes_keeps_the_words_that_may_be_rooms() -> None:
    title = '<text x="10" y="40" font-size="40">某某中学一层</text>'
    assert names(drawing(title + middle("档案室", 100, 200) + middle("储藏室", 300, 200))) == ["档案室", "储藏室"]


@pytest.mark.parametrize(
    "svg", [b"", b"<svg", b"\x89PNG", b"<!DOCTYPE x><svg/>", b'<svg xmlns="http://www.w3.org/2000/svg"/>']
)
def test_what_is_no_drawing_names_nothing(svg: bytes) -> None:
    assert rooms_of_plan(svg) == []


@given(st.text(max_size=60), st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_no_label_breaks_the_reading(words: str, x: float, y: float) -> None:
    shown = words.encode("utf-8", "ignore").decode().translate({ord(c): " " for c in "<>&\0"})
    svg = drawing(f'<rect x="1" y="1" width="400" height="400"/><text x="{x}" y="{y}">{shown}</text>')
    assert all(0 <= a <= 1 and 0 <= b <= 1 and len(name) <= 40 for name, a, b in rooms_of_plan(svg))


def test_a_pin_lies_in_the_room_that_is_near_or_in_none() -> None:
    rooms = [("左", 0.2, 0.5), ("右", 0.4, 0.5)]
    assert nearest_room((0.25, 0.5), rooms) == "左"
    assert nearest_room((0.36, 0.55), rooms) == "右"
    assert nearest_room((0.9, 0.9), rooms) is None
    assert nearest_room((0.5, 0.5), []) is None
    assert nearest_room((0.2, 0.66), rooms, shape=0.7) == "左"
    assert nearest_room((0.2, 0.66), rooms, shape=1.4) is None
