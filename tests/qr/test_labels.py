"""Whatever a label says, its words stay on its cell, off its symbol and off each other."""

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qr.codes import show_short
from qr.fonts import ASCENT
from qr.labels import Label, compose
from qr.marks import Bar, Code, Mark, Words
from qr.stocks import STOCKS
from qr.texts import EN, ZH, Texts
from tests.qr.sample import labels

text = st.text(st.sampled_from("监控探头实验室一二（）、 A7-㛃𠅤🧯Wi\n"), max_size=60)


def box(mark: Mark) -> tuple[float, float, float, float]:
    match mark:
        case Words():
            return mark.x, mark.y - ASCENT * mark.size, mark.x + mark.width, mark.y + (1 - ASCENT) * mark.size
        case Bar():
            return mark.x, mark.y, mark.x + mark.w, mark.y + mark.h
        case Code():
            return mark.x, mark.y, mark.x + mark.side, mark.y + mark.side


def overlap(one: Mark, other: Mark) -> float:
    """How deep two marks lie in each other, in mm."""
    a, b = box(one), box(other)
    return min(min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1]))


def assert_tidy(marks: list[Mark], width: float, height: float) -> None:
    for mark in marks:
        left, top, right, bottom = box(mark)
        assert min(left, top, width - right, height - bottom) >= -0.01, mark
    for one, other in combinations(marks, 2):
        on_a_bar = isinstance(one, Bar) and isinstance(other, Words)
        written = isinstance(one, Words) and isinstance(other, Bar) and other.h < 1
        assert overlap(one, other) <= 0.35 or (on_a_bar and overlap(one, other) > 0) or written, (one, other)


@pytest.mark.parametrize("texts", [ZH, EN])
@pytest.mark.parametrize("name", STOCKS)
def test_samples_are_tidy(name: str, texts: Texts) -> None:
    cell = STOCKS[name].cell
    for label in labels(8):
        assert_tidy(compose(label, cell, texts), cell.width, cell.height)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(list(STOCKS)), text, text, text, text)
def test_any_text_is_tidy(name: str, title: str, place: str, school: str, foot: str) -> None:
    cell = STOCKS[name].cell
    sample = next(labels(1))
    label = Label(sample.code, sample.short, sample.url, title, place, school, foot)
    assert_tidy(compose(label, cell, ZH), cell.width, cell.height)


@pytest.mark.parametrize("name", STOCKS)
def test_every_label_shows_symbol_short_code_and_name(name: str) -> None:
    label = next(labels(1))
    marks = compose(label, STOCKS[name].cell, ZH)
    said = "".join(mark.text for mark in marks if isinstance(mark, Words))
    assert sum(isinstance(mark, Code) for mark in marks) == 1
    assert show_short(label.short) in said
    assert label.title in said


@pytest.mark.parametrize("name", STOCKS)
def test_letters_can_be_read(name: str) -> None:
    for label in labels(8):
        for mark in compose(label, STOCKS[name].cell, ZH):
            if isinstance(mark, Words):
                assert mark.size >= (1.15 if mark.text.isascii() or "·" in mark.text else 1.7), mark


def test_a_blank_label_says_so_and_leaves_room_to_write() -> None:
    sample = next(labels(1))
    marks = compose(Label(sample.code, sample.short, sample.url), STOCKS["99.1x67.7"].cell, ZH)
    said = " ".join(mark.text for mark in marks if isinstance(mark, Words))
    assert "空白标签" in said
    assert "claim at the point" in said
    assert any(isinstance(mark, Bar) and mark.h < 1 and mark.w > 20 for mark in marks)


def test_public_sizes_ask_for_reports_and_name_the_site() -> None:
    label = next(labels(1))
    for name in ("70x37", "99.1x67.7", "63.5x72", "a5-plate", "roll-60x40"):
        said = " ".join(mark.text for mark in compose(label, STOCKS[name].cell, ZH) if isinstance(mark, Words))
        assert "发现隐患？扫码上报" in said
        assert "Report a hazard" in said
        assert "xc.example.cn" in said
        assert "江城市第一高级中学" in said


def test_english_first() -> None:
    label = next(labels(1))
    marks = [mark for mark in compose(label, STOCKS["a5-plate"].cell, EN) if isinstance(mark, Words)]
    sizes = {mark.text: mark.size for mark in marks}
    assert sizes["Report a hazard"] > sizes["发现隐患？扫码上报"]
