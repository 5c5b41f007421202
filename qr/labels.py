"""One label: what it says, and where on its cell every word and the symbol stand. Nothing is drawn here."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from .codes import show_short
from .fonts import ASCENT, CAP, clean, width
from .lines import fit
from .marks import Bar, Code, Mark, Tone, Words
from .symbols import Symbol, symbol
from .texts import Texts

LEADING = 1.2


@dataclass(frozen=True, slots=True)
class Label:
    """`url` goes into the symbol, `short` (canonical) under it. `title` is the point's name, `place` its building and
    floor, `foot` what to do or whom to call. Without a title it is a blank label, to be claimed at the point."""

    code: str
    short: str
    url: str
    title: str = ""
    place: str = ""
    school: str = ""
    foot: str = ""

    @property
    def blank(self) -> bool:
        """Printed in advance, not yet bound to a point."""
        return not self.title.strip()

    @property
    def host(self) -> str:
        """The printed address of the site, as people type it."""
        return urlsplit(self.url).netloc.lower()


@dataclass(frozen=True, slots=True)
class Style:
    """Sizes of letters in millimetres (0: not on this label). `title` is (largest, smallest, most lines)."""

    title: tuple[float, float, int]
    short: float
    place: float = 0.0
    school: float = 0.0
    foot: float = 0.0
    report: float = 0.0
    typed: float = 0.0
    headline: float = 0.0
    bar: Tone = Tone.INK


@dataclass(frozen=True, slots=True)
class Cell:
    """A label's area: `symbol` is the side of the symbol with its quiet zone, `inset` its distance from the left edge
    (or from the top one where the words stand below it), `pad` the distance of words from the edges."""

    width: float
    height: float
    symbol: float
    inset: float
    pad: float
    style: Style
    below: bool = False

    def module(self, span: int) -> float:
        """Millimetres of one module of a symbol that is `span` modules wide."""
        return self.symbol / span


def compose(label: Label, cell: Cell, texts: Texts) -> list[Mark]:
    """Every mark of the label on its cell. Raises ValueError when the address is too long for any symbol."""
    drawn = symbol(label.url)
    if cell.style.headline:
        return _plate(label, cell, texts, drawn)
    if cell.below:
        code = Code((cell.width - cell.symbol) / 2, cell.inset, cell.symbol, drawn)
        top = cell.inset + cell.symbol
        column = _Column(cell.pad, top, cell.width - 2 * cell.pad, cell.height - cell.pad - top, centred=True)
    else:
        code = Code(cell.inset, (cell.height - cell.symbol) / 2, cell.symbol, drawn)
        left = cell.inset + cell.symbol
        column = _Column(left, cell.pad, cell.width - cell.pad - left, cell.height - 2 * cell.pad, centred=False)
    _about(column, label, cell.style, texts)
    return [code, *column.marks]


def _about(column: "_Column", label: Label, style: Style, texts: Texts) -> None:
    """School, name and place from the top; call to report, code and phone from the bottom."""
    if style.report:
        column.banner(texts.report[0], f"{texts.report[1]} · {label.host}", style.report, style.bar)
    column.short(label.short, style.short)
    if style.foot and label.foot and not label.blank:
        column.below(label.foot, style.foot)
    if style.school and label.school:
        column.line(label.school, style.school)
    _name(column, label, style, texts)


def _name(column: "_Column", label: Label, style: Style, texts: Texts) -> None:
    """The name takes all the room that is left."""
    small = style.place or style.short * 0.6
    if label.blank:
        column.line(texts.blank[0], style.title[0] * 0.8, bold=True)
        column.line(texts.blank[1], small, most=2)
        column.write_in(texts.name[0], small)
        return
    place = clean(label.place) if style.place else ""
    column.paragraph(label.title, style.title, spare=style.place * 1.3 if place else 0.0)
    if place:
        column.line(place, style.place)


def _plate(label: Label, cell: Cell, texts: Texts, drawn: Symbol) -> list[Mark]:
    style = cell.style
    column = _Column(cell.pad, cell.pad, cell.width - 2 * cell.pad, cell.height - 2 * cell.pad, centred=True)
    column.banner(*texts.headline, style.headline, style.bar, at_foot=False)
    if label.foot:
        column.below(label.foot, style.foot, bold=True)
        column.reserve(1.2)
    for text in reversed(texts.typed):
        column.below(text.format(host=label.host), style.typed)
    column.short(label.short, style.short)
    column.reserve(1.2)
    column.banner(*texts.report, style.report, style.bar)
    column.reserve(cell.symbol)
    if label.school:
        column.line(label.school, style.school)
    _name(column, label, style, texts)
    code = Code((cell.width - cell.symbol) / 2, column.bottom, cell.symbol, drawn)
    return [code, *column.marks]


class _Column:
    """A box filled from both ends; what is put in moves the end it was put at."""

    def __init__(self, x: float, y: float, w: float, h: float, *, centred: bool) -> None:
        self.x, self.w, self.top, self.bottom, self.centred = x, w, y, y + h, centred
        self.marks: list[Mark] = []

    def reserve(self, height: float) -> None:
        """Keeps room at the bottom end."""
        self.bottom -= height

    def line(self, text: str, size: float, *, bold: bool = False, most: int = 1) -> None:
        """One line at the top end, smaller if it must be."""
        size, lines = fit(clean(text), self.w, size * LEADING * most, (size, size * 0.7), most, LEADING)
        self._put(lines, size, self.top, bold, Tone.INK)
        self.top += size * (LEADING * len(lines) + 0.15)

    def below(self, text: str, size: float, *, bold: bool = False) -> None:
        """One line at the bottom end, smaller if it must be."""
        size, lines = fit(clean(text), self.w, size * LEADING, (size, size * 0.7), 1, LEADING)
        self.bottom -= size * LEADING
        self._put(lines, size, self.bottom, bold, Tone.INK)

    def paragraph(self, text: str, sizes: tuple[float, float, int], spare: float) -> None:
        """The name: as large as the room that is left (less `spare`) allows."""
        largest, smallest, most = sizes
        room = self.bottom - self.top - spare
        size, lines = fit(clean(text), self.w, room, (largest, smallest), most, LEADING)
        height = len(lines) * size * LEADING
        if self.centred:
            self.top += max(0.0, min(size * 0.3, (room - height) / 3))
        self._put(lines, size, self.top, True, Tone.INK)
        self.top += height

    def short(self, short: str, size: float) -> None:
        """The short code in cells of equal width at the bottom end."""
        code = Words(0, 0, size, show_short(short), True, typed=True)
        code = replace(code, size=min(size, size * self.w / code.width))
        self.bottom -= code.size * 1.2
        x = self.x + (self.w - code.width) / 2 * self.centred
        self.marks.append(replace(code, x=x, y=self.bottom + code.size * (CAP + 0.2)))

    def banner(self, large: str, small: str, size: float, tone: Tone, *, at_foot: bool = True) -> None:
        """White words on a dark bar with round corners across the column: on one line if there is room for it."""
        room = self.w - size
        wide = size * (width(large) + 0.5 + 0.6 * width(small))
        short = at_foot and self.centred and wide <= room
        height = size * (1.5 if short else 2.15)
        top = self.bottom - height if at_foot else self.top
        self.marks.append(Bar(self.x, top, self.w, height, size * 0.35, tone))
        if short:
            x, y = self.x + (self.w - wide) / 2, top + size * 1.12
            self.marks.append(Words(x, y, size, large, True, Tone.PAPER))
            self.marks.append(Words(x + size * (width(large) + 0.5), y, size * 0.6, small, False, Tone.PAPER))
        else:
            inner = _Column(self.x + size / 2, top, room, height, centred=self.centred)
            for text, share, y in ((large, 1.0, 0.22), (small, 0.56, 1.36)):
                fitted, lines = fit(clean(text), room, size * 2, (size * share, size * share * 0.5), 1, LEADING)
                inner._put(lines, fitted, top + size * y, share == 1.0, Tone.PAPER)
            self.marks.extend(inner.marks)
        if at_foot:
            self.bottom = top - size * 0.15
        else:
            self.top += height + size * 0.5

    def write_in(self, caption: str, size: float) -> None:
        """A line to write the point's name on by hand, where there is room for a hand."""
        if self.bottom - self.top < 5.5:
            return
        y = min(self.bottom - 1.0, self.top + 9.0)
        text = clean(caption)
        self.marks.append(Words(self.x, y - 0.3, size, text))
        start = size * (width(text) + 0.4)
        self.marks.append(Bar(self.x + start, y, self.w - start, 0.2))

    def _put(self, lines: Iterable[str], size: float, top: float, bold: bool, tone: Tone) -> None:
        for number, text in enumerate(lines):
            x = self.x + (self.w - size * width(text)) / 2 * self.centred
            self.marks.append(Words(x, top + size * (ASCENT + number * LEADING), size, text, bold, tone))
