"""What a label is made of before anybody draws it: words, bars and symbols in millimetres from the top left corner."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from .fonts import width
from .symbols import Symbol


class Tone(Enum):
    """Red, green, blue. Words are black (a printer's own black is sharpest), ACCENT is the product's colour."""

    INK = (0, 0, 0)
    PAPER = (255, 255, 255)
    ACCENT = (10, 107, 94)
    FAINT = (176, 184, 182)


@dataclass(frozen=True, slots=True)
class Words:
    """One line of text; `y` is the baseline, `size` the height of the em. `typed` sets every character in a cell of
    one width, like a typewriter, for codes that are read letter by letter."""

    x: float
    y: float
    size: float
    text: str
    bold: bool = False
    tone: Tone = Tone.INK
    typed: bool = False

    @property
    def width(self) -> float:
        """In millimetres."""
        return self.size * (sum(map(_cell, self.text)) if self.typed else width(self.text))

    def parts(self) -> Iterator[tuple[float, str]]:
        """(x, text) of what is set in one go: the whole line, or letter by letter."""
        if not self.typed:
            yield self.x, self.text
            return
        left = self.x
        for character in self.text:
            cell = self.size * _cell(character)
            yield left + (cell - self.size * width(character)) / 2, character
            left += cell


def _cell(character: str) -> float:
    return 0.46 if character == "-" else 0.82  # as wide as W


@dataclass(frozen=True, slots=True)
class Bar:
    """A filled rectangle, with round corners if `radius`."""

    x: float
    y: float
    w: float
    h: float
    radius: float = 0.0
    tone: Tone = Tone.INK


@dataclass(frozen=True, slots=True)
class Code:
    """A symbol in a square of `side` millimetres, quiet zone included."""

    x: float
    y: float
    side: float
    symbol: Symbol


Mark = Words | Bar | Code


def outline(x: float, y: float, w: float, h: float, line: float, tone: Tone) -> Iterable[Bar]:
    """The four sides of a rectangle, centred on its edge."""
    half = line / 2
    yield Bar(x - half, y - half, w + line, line, 0, tone)
    yield Bar(x - half, y + h - half, w + line, line, 0, tone)
    yield Bar(x - half, y - half, line, h + line, 0, tone)
    yield Bar(x + w - half, y - half, line, h + line, 0, tone)
