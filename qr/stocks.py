"""Sticker stocks as data, in exact millimetres: page, grid, cell, and how much of the cell the symbol takes."""

from dataclasses import dataclass

from .labels import Cell, Style
from .marks import Tone

A4 = (210.0, 297.0)

TINY = Style(title=(3.0, 1.9, 3), short=2.9, place=1.7)
SMALL = Style(title=(3.6, 2.1, 3), short=3.4, place=2.0, school=1.8)
STANDARD = Style(title=(5.0, 2.5, 3), short=3.9, place=2.5, school=2.2, foot=2.1, report=2.5)
LARGE = Style(title=(7.4, 3.4, 4), short=5.0, place=3.4, school=2.9, foot=2.8, report=3.3)
TALL = Style(title=(5.2, 2.6, 2), short=4.2, place=2.5, school=2.2, report=2.7)
PLATE = Style(
    title=(13.0, 6.0, 2),
    short=9.0,
    place=6.0,
    school=6.0,
    foot=5.6,
    report=9.0,
    typed=3.4,
    headline=10.0,
    bar=Tone.ACCENT,
)


@dataclass(frozen=True, slots=True)
class Stock:
    """`name` is what is typed and stored, `titles` what is shown (Chinese, English), `also` what makers call the same.
    The grid stands in the middle of the page; `gap` is between columns; `cut` asks for marks on paper without cuts."""

    name: str
    titles: tuple[str, str]
    page: tuple[float, float]
    columns: int
    rows: int
    cell: Cell
    gap: float = 0.0
    cut: bool = False
    also: tuple[str, ...] = ()

    @property
    def cells(self) -> int:
        """Labels on one page."""
        return self.columns * self.rows

    @property
    def origin(self) -> tuple[float, float]:
        """Left and top of the first cell."""
        across = self.columns * self.cell.width + (self.columns - 1) * self.gap
        return (self.page[0] - across) / 2, (self.page[1] - self.rows * self.cell.height) / 2

    def corner(self, index: int) -> tuple[float, float]:
        """Left and top of cell `index` (from 0, row by row)."""
        row, column = divmod(index, self.columns)
        x, y = self.origin
        return x + column * (self.cell.width + self.gap), y + row * self.cell.height


def _sheet(
    columns: int, rows: int, cell: Cell, *also: str, gap: float = 0.0, name: str = "", cut: bool = False, kind: str = ""
) -> Stock:
    size = f"{cell.width:g}×{cell.height:g}"
    count = columns * rows
    zh, en = ("A4 普通纸裁切", "plain A4 to cut") if cut else ("A4 不干胶", "A4 stickers")
    titles = (f"{zh} {count} 枚 {size} mm{kind}", f"{en}, {count} of {size.replace('×', ' × ')} mm{kind}")
    return Stock(name or f"{cell.width:g}x{cell.height:g}", titles, A4, columns, rows, cell, gap, cut, also)


def _roll(cell: Cell) -> Stock:
    size = f"{cell.width:g}×{cell.height:g}"
    titles = (f"热敏卷纸 {size} mm，一枚一页", f"thermal roll, {size.replace('×', ' × ')} mm, one a page")
    return Stock(f"roll-{cell.width:g}x{cell.height:g}", titles, (cell.width, cell.height), 1, 1, cell)


# Where cells reach the edge of the page, `inset` and `pad` keep the ink 4.2 mm away from it, as office printers need.
_ALL = (
    _sheet(3, 8, Cell(70, 37, 33, 1.0, 4.2, STANDARD), "24", "3474"),
    _sheet(3, 7, Cell(70, 42.3, 35, 1.0, 4.2, STANDARD), "3652"),
    _sheet(3, 7, Cell(63.5, 38.1, 34, 0.8, 2.2, STANDARD), "21", "L7160", "J8160", gap=2.54),
    _sheet(4, 10, Cell(52.5, 29.7, 27, 1.4, 4.3, SMALL), "40", "3651"),
    _sheet(5, 13, Cell(38.1, 21.2, 20.2, 0.4, 1.6, TINY), "65", "L7651", "J8651", gap=2.5),
    _sheet(3, 4, Cell(63.5, 72, 45, 0.6, 2.4, TALL, below=True), "12", "L7164", gap=2.54),
    _sheet(2, 4, Cell(99.1, 67.7, 60, 1.2, 3.0, LARGE), "8", "60mm", "L7165", "J8165", gap=2.54),
    _sheet(2, 5, Cell(105, 57, 53, 1.2, 4.4, LARGE), "10", "3425"),
    _sheet(3, 7, Cell(65, 38, 34, 0.8, 2.2, STANDARD), "a4", name="a4-cut", cut=True),
    _sheet(2, 4, Cell(95, 66, 60, 0.8, 3.0, LARGE), name="a4-cut-60mm", cut=True),
    Stock(
        "a5-plate",
        ("A5 门牌，一页一块", "A5 gate plate, one a page"),
        (148, 210),
        1,
        1,
        Cell(148, 210, 86, 0, 8, PLATE),
        also=("plate", "a5"),
    ),
    Stock(
        "a4-plates",
        ("A4 横放两块 A5 门牌，裁切", "two A5 gate plates on A4 landscape, to cut"),
        (297, 210),
        2,
        1,
        Cell(148.5, 210, 86, 0, 8, PLATE),
        cut=True,
    ),
    _roll(Cell(40, 30, 24, 0.2, 1.5, TINY)),
    _roll(Cell(50, 30, 28.5, 0.2, 1.6, SMALL)),
    _roll(Cell(60, 40, 34, 0.2, 2.2, STANDARD)),
    _roll(Cell(60, 80, 53, 0.5, 2.4, TALL, below=True)),
)

STOCKS = {stock.name: stock for stock in _ALL}
"""By name, in the order to offer them."""

DEFAULT = "70x37"

_ALSO = {other.lower(): stock for stock in _ALL for other in (stock.name, *stock.also)}


def find_stock(name: str) -> Stock | None:
    """By its name or a maker's name for the same sheet, any letter case."""
    return _ALSO.get(name.strip().lower().replace("×", "x"))
