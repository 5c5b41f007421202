"""Names break where people would break them: never inside a number or a Latin word, the number at the end survives."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qr.fonts import clean, width
from qr.lines import fit, pieces, wrap

NAMES = st.lists(
    st.sampled_from(
        [
            "监控探头",
            "110号",
            "3号楼",
            "A-17",
            "化学实验室",
            "（一）",
            " ",
            "、",
            "Route 7",
            "1.5t",
            "灭火器",
            "十二层",
            "B2",
        ]
    ),
    min_size=1,
    max_size=12,
).map(lambda parts: clean("".join(parts)))


def texts(text: str) -> list[str]:
    return [piece.text for piece in pieces(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("探头110号", ["探", "头", "110号"]),
        ("3号楼2层", ["3号楼", "2层"]),
        ("十二层", ["十二层"]),
        ("A-17 柜", ["A-17", "柜"]),
        ("（一）室", ["（一）", "室"]),
        ("水、电", ["水、", "电"]),
        ("1.5 t/h", ["1.5", "t/h"]),
        ("École n° 5", ["École", "n°", "5"]),
        ("１１０号", ["１１０号"]),
        ("", []),
        ("（（", ["（（"]),
    ],
)
def test_pieces(text: str, expected: list[str]) -> None:
    assert texts(text) == expected


@settings(max_examples=200)
@given(NAMES, st.floats(10, 60), st.floats(4, 30), st.integers(1, 4))
def test_fit_keeps_its_promises(text: str, room: float, height: float, most: int) -> None:
    size, lines = fit(text, room, height, (5.0, 2.5), most, 1.2)
    assert 2.5 <= size <= 5.0
    assert len(lines) <= most
    assert len(lines) == 1 or len(lines) * size * 1.2 <= height + 1e-6
    assert all(width(line) * size <= room + 1e-6 for line in lines)
    if not any("…" in line for line in lines):
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")


@settings(max_examples=200)
@given(NAMES, st.floats(12, 60), st.integers(1, 4))
def test_numbers_and_words_are_whole(text: str, room: float, most: int) -> None:
    _, lines = fit(text, room, 40.0, (5.0, 2.5), most, 1.2)
    whole = set(re.findall(r"[0-9A-Za-z.\-]+", text))
    for line in lines:
        for found in re.findall(r"[0-9A-Za-z.\-]+", line):
            assert found in whole or f"{found}…" in line


def test_a_line_breaks_before_the_number_and_keeps_school_words() -> None:
    assert fit("监控探头110号", 26, 20, (5.0, 2.5), 3, 1.2)[1] == ["监控探头", "110号"]
    assert fit("化学实验室通风柜", 34, 20, (5.0, 2.5), 3, 1.2)[1] == ["化学实验室", "通风柜"]


def test_shrinks_before_anything_is_left_out() -> None:
    size, lines = fit("危化品库房双人双锁药品柜", 34, 6, (5.0, 2.5), 1, 1.2)
    assert 2.5 <= size < 5.0
    assert lines == ["危化品库房双人双锁药品柜"]


def test_the_middle_gives_way() -> None:
    _, lines = fit("学生公寓3号楼二层东侧安全疏散通道旁边的监控探头110号", 30, 4, (5.0, 2.5), 1, 1.2)
    assert len(lines) == 1
    assert lines[0].startswith("学生公寓")
    assert lines[0].endswith("110号")
    assert "…" in lines[0]


def test_one_endless_word_is_cut_as_the_last_resort() -> None:
    size, lines = fit("x" * 200, 30, 10, (5.0, 2.5), 2, 1.2)
    assert size == 2.5
    assert len(lines) == 1
    assert lines[0].endswith("x…")


def test_nothing_to_say() -> None:
    assert fit("", 30, 10, (5.0, 2.5), 2, 1.2) == (5.0, [])


def test_wrap_says_when_a_piece_is_too_wide() -> None:
    assert wrap(pieces("110号"), 1.0) is None
