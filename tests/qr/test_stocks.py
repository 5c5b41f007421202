"""Stocks are exact: grids fit their pages, symbols fit their cells, ink stays where printers can print."""

import pytest

from qr.stocks import DEFAULT, STOCKS, Stock, find_stock


@pytest.fixture(params=STOCKS)
def stock(request: pytest.FixtureRequest) -> Stock:
    return STOCKS[request.param]


def test_the_grid_is_on_the_page_and_in_its_middle(stock: Stock) -> None:
    left, top = stock.corner(0)
    x, y = stock.corner(stock.cells - 1)
    right, bottom = stock.page[0] - x - stock.cell.width, stock.page[1] - y - stock.cell.height
    assert (left, top) == pytest.approx((right, bottom))
    assert left >= -1e-9
    assert top >= -1e-9


def test_the_symbol_is_on_the_cell(stock: Stock) -> None:
    cell = stock.cell
    assert cell.symbol + cell.inset <= (cell.height if cell.below else cell.width)
    assert cell.symbol <= min(cell.width, cell.height)
    assert cell.module(37) >= 0.5


@pytest.mark.parametrize("name", [name for name, stock in STOCKS.items() if stock.page[0] != stock.cell.width])
def test_ink_keeps_off_the_edge_of_the_page(name: str) -> None:
    """Office printers leave about 4.2 mm blank; the quiet zone may lie there, words and modules may not."""
    cell, (left, top) = STOCKS[name].cell, STOCKS[name].origin
    quiet = 4 * cell.module(37)
    assert left + cell.inset + quiet >= 4.2 or cell.style.headline
    assert top + (cell.height - cell.symbol) / 2 + quiet >= 4.2
    assert min(left, top) + cell.pad >= 4.2


def test_exact_places() -> None:
    sheet = STOCKS["63.5x38.1"]
    assert sheet.corner(0) == pytest.approx((7.21, 15.15))
    assert sheet.corner(4) == pytest.approx((7.21 + 66.04, 15.15 + 38.1))
    assert STOCKS["70x37"].corner(23) == pytest.approx((140, 0.5 + 7 * 37))
    assert STOCKS["38.1x21.2"].cells == 65


@pytest.mark.parametrize(
    ("asked", "name"),
    [("L7160", "63.5x38.1"), ("l7651", "38.1x21.2"), ("70×37", "70x37"), (" 24 ", "70x37"), ("plate", "a5-plate")],
)
def test_makers_names(asked: str, name: str) -> None:
    assert find_stock(asked) is STOCKS[name]


def test_unknown_and_default() -> None:
    assert find_stock("L0000") is None
    assert DEFAULT in STOCKS
    names = [other.lower() for stock in STOCKS.values() for other in (stock.name, *stock.also)]
    assert len(names) == len(set(names))
    assert len({stock.titles for stock in STOCKS.values()}) == len(STOCKS)
