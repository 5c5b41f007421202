"""Printed sheets, looked at as a camera would: every code decodes, everything stands where the stock says."""

import io
from collections.abc import Iterator
from pathlib import Path

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pytest

from qr.guides import calibration_marks
from qr.labels import Label
from qr.marks import Bar, Words
from qr.sheets import Printed, SheetError, write_sheet
from qr.stocks import STOCKS, Stock
from qr.symbols import QUIET
from qr.texts import EN, ZH, Texts
from tests.qr.sample import dark_box, decoded, labels, pages, words

DPI = 300


@pytest.fixture(params=STOCKS)
def stock(request: pytest.FixtureRequest) -> Stock:
    return STOCKS[request.param]


def printed(count: int, stock: Stock | str, host: str = "https://xc.example.cn", **how: object) -> bytes:
    out = io.BytesIO()
    write_sheet(out, labels(count, host), stock, **how)  # type: ignore[arg-type]
    return out.getvalue()


def symbol_box(stock: Stock, index: int, span: int = 37) -> tuple[float, float, float, float]:
    """Where the dark modules of the symbol in cell `index` must be (plates: see their own test)."""
    cell, (x, y) = stock.cell, stock.corner(index)
    left = x + ((cell.width - cell.symbol) / 2 if cell.below else cell.inset)
    top = y + (cell.inset if cell.below else (cell.height - cell.symbol) / 2)
    quiet = QUIET * cell.module(span)
    return left + quiet, top + quiet, left + cell.symbol - quiet, top + cell.symbol - quiet


@pytest.mark.parametrize("host", ["https://xc.example.cn", "http://127.0.0.1:8000", "https://patrol.hangzhou.edu.cn"])
def test_every_code_decodes_from_a_100_dpi_picture_of_the_page(stock: Stock, host: str) -> None:
    count = max(stock.cells, 4)
    found = [decoded(page) for page in pages(printed(count, stock, host), 100)]
    assert set().union(*found) == {label.url for label in labels(count, host)}


def test_two_pages_of_the_default_stock_decode_page_by_page() -> None:
    first, second = (decoded(page) for page in pages(printed(30, "70x37"), 100))
    urls = [label.url for label in labels(30)]
    assert first == set(urls[:24])
    assert second == set(urls[24:])


@pytest.mark.parametrize("name", [name for name, stock in STOCKS.items() if not stock.cell.style.headline])
def test_symbols_stand_where_the_stock_says(name: str) -> None:
    """On plates words move the symbol; see the next test."""
    stock = STOCKS[name]
    page = pages(printed(stock.cells, stock), DPI)[0]
    for index in {0, stock.columns - 1, stock.cells - 1}:
        left, top, right, bottom = symbol_box(stock, index)
        quiet = QUIET * stock.cell.module(37) * 0.9
        around = (left - quiet, top - quiet, right + quiet, bottom + quiet)
        assert dark_box(page, around, DPI) == pytest.approx((left, top, right, bottom), abs=0.3)


def test_the_plate() -> None:
    page = pages(printed(1, "a5-plate"), DPI)[0]
    assert page.size == pytest.approx((148 / 25.4 * DPI, 210 / 25.4 * DPI), abs=1.5)
    everything = dark_box(page, (0, 0, 148, 210), DPI)
    assert everything[0] == pytest.approx(8, abs=0.3)
    assert everything[1] == pytest.approx(8, abs=0.3)
    assert everything[2] == pytest.approx(140, abs=0.3)
    middle = dark_box(page, (24, 70, 124, 140), DPI)
    assert middle[2] - middle[0] == pytest.approx(86 * 29 / 37, abs=0.3)


def test_everything_stays_in_its_cell(stock: Stock) -> None:
    """One label alone, in the last cell: nothing is printed anywhere else."""
    page = pages(printed(1, stock, start=stock.cells), DPI)[0]
    x, y = stock.corner(stock.cells - 1)
    inside = (x, y, x + stock.cell.width, y + stock.cell.height)
    assert dark_box(page, inside, DPI)
    if not stock.cut:
        left, top, right, bottom = dark_box(page, (0, 0, *stock.page), DPI)
        assert left >= x
        assert top >= y
        assert right <= inside[2]
        assert bottom <= inside[3]


def test_start_cell() -> None:
    out = io.BytesIO()
    done = write_sheet(out, labels(2), "70x37", start=24)
    assert done == Printed(labels=2, pages=2)
    urls = [label.url for label in labels(2)]
    first, second = pages(out.getvalue(), DPI)
    assert decoded(first) == {urls[0]}
    assert decoded(second) == {urls[1]}
    stock = STOCKS["70x37"]
    for page, index in ((first, 23), (second, 0)):
        x, y = stock.corner(index)
        found = dark_box(page, (0, 0, x + stock.cell.inset + stock.cell.symbol, 297), DPI)
        assert found == pytest.approx(symbol_box(stock, index), abs=0.3)
        assert y <= found[1]


@pytest.mark.parametrize("shift", [(0.0, 0.0), (2.5, -1.5), (-1.0, 3.0)])
@pytest.mark.parametrize("scale", [1.0, 0.98, 1.03])
def test_correction_moves_everything(shift: tuple[float, float], scale: float) -> None:
    stock = STOCKS["63.5x38.1"]
    page = pages(printed(21, stock, shift=shift, scale=scale), DPI)[0]
    for index in (0, 20):
        box = symbol_box(stock, index)
        sizes = (stock.page[0], stock.page[1]) * 2
        moved = [(v - s / 2) * scale + s / 2 + d for v, s, d in zip(box, sizes, shift * 2, strict=True)]
        around = (moved[0] - 2, moved[1] - 2, moved[2] + 2, moved[3] + 2)
        assert dark_box(page, around, DPI) == pytest.approx(moved, abs=0.3)


def test_shifted_and_scaled_codes_still_decode() -> None:
    """Modules meet the pixels of a picture differently wherever the sheet lies."""
    urls = {label.url for label in labels(65, "https://patrol.hangzhou.edu.cn")}
    for shift, scale in (((0.1, 0.07), 0.99), ((0.13, -0.19), 1.01), ((0.05, 0.05), 1.0)):
        sheet = printed(65, "38.1x21.2", "https://patrol.hangzhou.edu.cn", shift=shift, scale=scale)
        assert decoded(pages(sheet, 100)[0]) == urls


def test_rare_characters_are_printed_and_can_be_copied() -> None:
    sample = next(labels(1))
    title = "㛃㼆䶮𬭎𬘡"
    out = io.BytesIO()
    write_sheet(out, [Label(sample.code, sample.short, sample.url, title, "𫓹𠅤楼")], "99.1x67.7")
    said = words(out.getvalue()).replace("\r", "").replace("\n", "")
    assert title in said
    assert "𫓹𠅤楼" in said


def test_calibration_page_comes_first(stock: Stock) -> None:
    sheet = printed(1, stock, calibration=True)
    first, second = pages(sheet, DPI)
    assert decoded(first) == set()
    assert len(decoded(second)) == 1
    for index in (0, stock.cells - 1):  # the frame of the cell
        x, y = stock.corner(index)
        frame = dark_box(first, (x - 0.2, y - 0.2, x + stock.cell.width + 0.2, y + stock.cell.height + 0.2), DPI)
        edges = (x, y, x + stock.cell.width, y + stock.cell.height)
        assert frame == pytest.approx(edges, abs=0.3)


def test_calibration_alone_and_its_words() -> None:
    out = io.BytesIO()
    assert write_sheet(out, [], "70x37", calibration=True, shift=(1.5, -2), scale=1.01) == Printed(0, 1)
    said = words(out.getvalue())
    for expected in ("校准页", "Calibration page", "横向 1.5，纵向 -2，缩放 1.01", "101 ÷"):
        assert expected in said
    out = io.BytesIO()
    write_sheet(out, [], "70x37", calibration=True, texts=EN)
    assert words(out.getvalue()).index("Calibration page") < words(out.getvalue()).index("校准页")


@pytest.mark.parametrize("texts", [ZH, EN])
def test_the_ruler_is_100_mm(texts: Texts) -> None:
    marks = list(calibration_marks(STOCKS["70x37"], texts, (0, 0), 1.0))
    ruler = next(mark for mark in marks if isinstance(mark, Bar) and mark.w == 100)
    page = pages(printed(1, "70x37", calibration=True, texts=texts), DPI)[0]
    left, _, right, _ = dark_box(page, (ruler.x - 5, ruler.y, ruler.x + 105, ruler.y + 1.5), DPI)
    assert (left, right) == pytest.approx((ruler.x, ruler.x + 100), abs=0.2)
    assert all(mark.y < ruler.y or mark.size < 3 or mark.bold for mark in marks if isinstance(mark, Words))


def test_printers_are_told_not_to_scale() -> None:
    assert b"/PrintScaling /None" in printed(1, "70x37")


def test_cut_marks_only_on_plain_paper() -> None:
    plain = pages(printed(1, "a4-cut"), DPI)[0]
    x, y = STOCKS["a4-cut"].corner(20)
    assert dark_box(plain, (x + 65 + 0.5, y + 38 - 1, 210, y + 39), DPI) == pytest.approx(
        (x + 66, y + 38, x + 70, y + 38), abs=0.3
    )
    plates = pages(printed(1, "a4-plates"), DPI)[0]
    assert dark_box(plates, (148, 0, 149, 12), DPI) == pytest.approx((148.5, 6, 148.5, 10), abs=0.3)


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"stock": "L0000"}, "unknown_stock"),
        ({"start": 0}, "start_outside"),
        ({"start": 25}, "start_outside"),
        ({"start": -3}, "start_outside"),
        ({"shift": (21, 0)}, "shift_too_far"),
        ({"shift": (0, float("nan"))}, "shift_too_far"),
        ({"scale": 0.5}, "scale_outside"),
        ({"scale": float("nan")}, "scale_outside"),
        ({"count": 0}, "nothing"),
        ({"count": 6, "most": 5}, "too_many"),
        ({"stock": "L7651", "host": f"https://{'x' * 60}.cn"}, "symbol_too_small"),
        ({"url": "https://XC.EXAMPLE.CN/" + "x" * 3000}, "address_too_long"),
    ],
)
def test_bad_input_is_refused_with_a_code(how: dict[str, object], code: str, tmp_path: Path) -> None:
    target = tmp_path / "labels.pdf"
    target.write_bytes(b"as it was")
    given: dict[str, object] = {"stock": "70x37", "count": 1, "host": "https://xc.example.cn", **how}
    some: list[Label] = list(labels(int(str(given.pop("count"))), str(given.pop("host"))))
    if url := given.pop("url", None):
        some = [Label(some[0].code, some[0].short, str(url), "西校门")]
    with pytest.raises(SheetError) as refused:
        write_sheet(target, some, **given)  # type: ignore[arg-type]
    assert refused.value.code == code
    assert isinstance(refused.value, ValueError)
    assert target.read_bytes() == b"as it was"
    assert list(tmp_path.iterdir()) == [target]


def test_small_labels_say_which_one_does_not_fit() -> None:
    with pytest.raises(SheetError) as refused:
        printed(1, "38.1x21.2", f"https://{'x' * 60}.cn")
    assert refused.value.params["number"] == 1
    assert refused.value.params["module"] < refused.value.params["least"]


def test_labels_are_taken_one_by_one_and_progress_is_told() -> None:
    taken, heard = 0, []

    def source() -> Iterator[Label]:
        nonlocal taken
        for label in labels(50):
            taken += 1
            yield label

    def progress(done: int) -> None:
        assert taken <= done + 1
        heard.append(done)

    write_sheet(io.BytesIO(), source(), "70x37", progress=progress, start=5)
    assert heard == [20, 44, 50]


def test_a_file_is_written_whole(tmp_path: Path) -> None:
    target = tmp_path / "标签.pdf"
    assert write_sheet(target, labels(3), "roll-50x30") == Printed(3, 3)
    assert len(pages(target.read_bytes())) == 3
    assert list(tmp_path.iterdir()) == [target]


def test_a_source_that_fails_leaves_the_file_alone(tmp_path: Path) -> None:
    def source() -> Iterator[Label]:
        yield next(labels(1))
        raise RuntimeError("the database went away")

    with pytest.raises(RuntimeError):
        write_sheet(tmp_path / "labels.pdf", source(), "70x37")
    assert list(tmp_path.iterdir()) == []


def test_page_size_is_the_stocks(stock: Stock) -> None:
    document = pdfium.PdfDocument(printed(1, stock))
    size = document[0].get_size()
    assert size == pytest.approx([side * 72 / 25.4 for side in stock.page], abs=0.02)
