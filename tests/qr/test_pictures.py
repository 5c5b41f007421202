"""Pictures of labels and symbols decode, have whole pixels, and fit into pages with a strict policy."""

import xml.etree.ElementTree as ET

import pytest

from qr.pictures import label_png, svg, symbol_png
from qr.stocks import STOCKS
from tests.qr.sample import decoded, labels, picture

URL = "https://XC.EXAMPLE.CN/P/7K3M9QX2TV5A"


@pytest.mark.parametrize("name", STOCKS)
def test_a_picture_of_one_label_decodes(name: str) -> None:
    for label in labels(2):
        image = picture(label_png(label, name))
        assert decoded(image) == {label.url}
        cell = STOCKS[name].cell
        assert image.size == pytest.approx((cell.width / 25.4 * 300, cell.height / 25.4 * 300), abs=1)
        assert image.info["dpi"] == pytest.approx((300, 300), abs=1)


def test_an_unknown_stock() -> None:
    with pytest.raises(ValueError, match="unknown stock"):
        label_png(next(labels(1)), "L0000")


def test_too_few_dots() -> None:
    with pytest.raises(ValueError, match="too few dots"):
        label_png(next(labels(1)), "L7651", dpi=72)


def test_a_symbol_alone_has_whole_pixels() -> None:
    image = picture(symbol_png(URL, module=7))
    assert image.mode == "1"
    assert image.size == (37 * 7, 37 * 7)
    assert decoded(image.convert("L")) == {URL}
    small = image.convert("L").resize((37, 37), 0)
    assert small.resize(image.size, 0).tobytes() == image.convert("L").tobytes()


def test_svg_has_no_styles_and_is_well_formed() -> None:
    root = ET.fromstring(svg(URL, title="点位码 <西门>"))
    assert root.get("viewBox") == "0 0 37 37"
    assert root.get("role") == "img"
    assert root[0].text == "点位码 <西门>"
    for element in root.iter():
        assert not set(element.keys()) & {"style", "class", "id"}
    assert "aria-hidden" in svg(URL)


def test_svg_draws_the_same_modules_as_the_png() -> None:
    path = ET.fromstring(svg(URL))[1].get("d") or ""
    image = picture(symbol_png(URL, module=1))
    dark = set()
    for run in path.split("z")[:-1]:
        column, row = run[1 : run.index("h")].split()
        length = int(run[run.index("h") + 1 : run.index("v")])
        dark |= {(int(column) + step, int(row)) for step in range(length)}
    assert dark == {(x, y) for x in range(37) for y in range(37) if not image.getpixel((x, y))}
