"""What is printed besides labels: the calibration page that shows what a printer does to millimetres, and cut marks."""

from collections.abc import Iterator
from dataclasses import replace

from .fonts import ASCENT, clean
from .labels import LEADING
from .lines import fit
from .marks import Bar, Mark, Tone, Words, outline
from .stocks import Stock
from .texts import Texts

_HAIR = 0.15
_TICK = 4.0
_CARD = 130.0


def cut_marks(stock: Stock) -> Iterator[Mark]:
    """Ticks where to lay the ruler: outside the grid, or where the grid fills the page, on the cut itself; and small
    faint crosses where cells meet."""
    left, top = stock.origin
    xs = [left + column * stock.cell.width for column in range(stock.columns + 1)]
    ys = [top + row * stock.cell.height for row in range(stock.rows + 1)]
    for x in xs:
        for start in _ticks(ys[0], ys[-1], x in (xs[0], xs[-1])):
            yield Bar(x - _HAIR / 2, start, _HAIR, _TICK)
        for y in ys:
            yield Bar(x - 1, y - _HAIR / 2, 2, _HAIR, 0, Tone.FAINT)
            yield Bar(x - _HAIR / 2, y - 1, _HAIR, 2, 0, Tone.FAINT)
    for y in ys:
        for start in _ticks(xs[0], xs[-1], y in (ys[0], ys[-1])):
            yield Bar(start, y - _HAIR / 2, _TICK, _HAIR)


def _ticks(first: float, last: float, border: bool) -> tuple[float, ...]:
    """Where the two ticks of a cut from `first` to `last` start; none on the page's own edge."""
    if first > _TICK + 1:
        return first - _TICK - 1, last + 1
    return () if border else (first + 6, last - 6 - _TICK)


def calibration_marks(stock: Stock, texts: Texts, shift: tuple[float, float], scale: float) -> Iterator[Mark]:
    """Frames of all cells with their numbers, rulers, and, if the page has room, in words what to do with them."""
    cell = stock.cell
    for index in range(stock.cells):
        x, y = stock.corner(index)
        yield from outline(x, y, cell.width, cell.height, _HAIR, Tone.INK)
        yield Words(x + 2, y + 5.5, 4.0, str(index + 1), True)
        if stock.cells > 1:
            yield Words(x + cell.width - 9, y + cell.height - 2, 4.0, str(index + 1), True, Tone.FAINT)
    if stock.page[0] < 140:
        length = int((min(stock.page) - 8) / 10) * 10
        yield from _ruler(3, stock.page[1] - 9, length, across=True)
        yield from _ruler(stock.page[0] - 14, 3, length, across=False)
        return
    yield from _panel(stock, texts, shift, scale)


def _panel(stock: Stock, texts: Texts, shift: tuple[float, float], scale: float) -> Iterator[Mark]:
    """What to do, in words, above the rulers: a white card in the middle of the page."""
    said = list(_instructions(stock, texts, shift, scale))
    ruler = max(words.y for words in said) + 5.0
    w, h = _CARD, ruler + 42.0
    x, y = (stock.page[0] - w) / 2, (stock.page[1] - h) / 2
    yield Bar(x, y, w, h, 0, Tone.PAPER)
    yield from outline(x, y, w, h, 0.4, Tone.INK)
    yield from (replace(words, x=words.x + x, y=words.y + y) for words in said)
    yield from _ruler(x + 15, y + ruler, 100, across=True)
    yield from _ruler(x + 15, y + ruler + 7, 30, across=False)


def _instructions(stock: Stock, texts: Texts, shift: tuple[float, float], scale: float) -> Iterator[Words]:
    """From the corner of the card."""
    name, other = stock.titles if texts.lang != "en" else stock.titles[::-1]
    values = {"dx": f"{shift[0]:g}", "dy": f"{shift[1]:g}", "scale": f"{scale:g}"}
    values |= {"length": "100", "ratio": f"{100 * scale:g}"}
    blocks = [(texts.calibration, 6.0), *((pair, 3.4) for pair in (texts.stock, *texts.steps, texts.current))]
    top = 5.0
    for (large, small), size in blocks:
        for text, share, title in ((large, 1.0, name), (small, 0.75, other)):
            for words in _block(text.format(name=title, **values), 6, top, _CARD - 12, size * share, bold=size > 5):
                yield words
                top = words.y + size * share * (LEADING - ASCENT)
        top += 1.2


def _block(text: str, x: float, top: float, w: float, size: float, *, bold: bool) -> Iterator[Words]:
    size, lines = fit(clean(text), w, 99.0, (size, size * 0.8), 2, LEADING)
    for number, line in enumerate(lines):
        yield Words(x, top + size * (ASCENT + number * LEADING), size, line, bold)


def _ruler(x: float, y: float, length: int, *, across: bool) -> Iterator[Mark]:
    """A ruler of `length` mm from (x, y), exact at the outer edges of its end ticks."""
    yield Bar(x, y, length, 0.2) if across else Bar(x, y, 0.2, length)
    for tick in range(length + 1):
        long = 5.0 if tick % 10 == 0 else 3.5 if tick % 5 == 0 else 2.0
        at = tick - 0.1 + (0.1 if tick == 0 else -0.1 if tick == length else 0.0)
        yield Bar(x + at, y, 0.2, long) if across else Bar(x, y + at, long, 0.2)
        if tick % 10 == 0:
            text = f"{tick}" if tick < length else f"{tick} mm"
            yield Words(x + at + 0.5, y + 5.5, 2.4, text) if across else Words(x + 5.5, y + at + 0.9, 2.4, text)
