"""Draws marks on the pages of a PDF: millimetres from the top left corner, one path per symbol, one font as subset."""

from collections.abc import Iterable
from typing import IO

from fpdf import FPDF
from fpdf.prefs import ViewerPreferences

from .fonts import BOLD, font_path
from .marks import Bar, Code, Mark, Tone, Words
from .symbols import QUIET

_POINTS = 72 / 25.4
_ROUND = 0.4477  # 1 minus the Bezier constant of a quarter circle
_FONT = "sans"


def _colour(tone: Tone) -> str:
    red, green, blue = (round(part / 255, 3) for part in tone.value)
    return f"{red:g} g" if red == green == blue else f"{red:g} {green:g} {blue:g} rg"


_FILL = {tone: _colour(tone) for tone in Tone}
_STROKE = {tone: colour.upper() for tone, colour in _FILL.items()}


class Paper:
    """One document. `shift` (right, down; mm) and `scale` (about the middle of the page) correct a printer's error.

    fpdf2 keeps pages, fonts and the file format; the marks go into its page stream directly, because drawing a symbol
    by its public `rect` takes several times as long as computing the symbol."""

    def __init__(
        self, page: tuple[float, float], title: str, lang: str, shift: tuple[float, float], scale: float
    ) -> None:
        width, height = page
        self._pdf = FPDF(unit="mm", format=page)
        self._pdf.set_auto_page_break(False)
        self._pdf.set_title(title)
        self._pdf.set_lang(lang)
        self._pdf.viewer_preferences = ViewerPreferences(print_scaling="None")
        self._pdf.add_font(_FONT, fname=font_path())
        self._pdf.set_font(_FONT, size=10)
        self._font = self._pdf.fonts[_FONT]
        k = _POINTS * scale
        left = (width * (1 - scale) / 2 + shift[0]) * _POINTS
        top = (height * (1 + scale) / 2 - shift[1]) * _POINTS
        self._base = f"q {k:.6f} 0 0 {-k:.6f} {left:.4f} {top:.4f} cm"

    @property
    def pages(self) -> int:
        """How many there are."""
        return int(self._pdf.pages_count)

    def page(self) -> None:
        """A new, empty page."""
        self._pdf.add_page()
        self._pdf._out(self._pdf._set_font_for_page(self._font, 10))

    def draw(self, marks: Iterable[Mark], x: float = 0.0, y: float = 0.0) -> None:
        """Draws the marks with their corner at (x, y) of the newest page."""
        drawn = [self._base]
        for mark in marks:
            match mark:
                case Words():
                    drawn.append(self._words(mark, x, y))
                case Bar():
                    drawn.append(_bar(mark, x, y))
                case Code():
                    drawn.append(_code(mark, x, y))
        drawn.append("Q")
        self._pdf._out("\n".join(drawn))

    def save(self, out: IO[bytes]) -> None:
        """Writes the document; it cannot be drawn on any more."""
        out.write(self._pdf.output())

    def _words(self, mark: Words, x: float, y: float) -> str:
        encode = self._font.encode_text
        parts = [f"BT /F{self._font.i} {mark.size:.3f} Tf {_FILL[mark.tone]}"]
        if mark.bold:
            parts.append(f"2 Tr {mark.size * BOLD:.3f} w {_STROKE[mark.tone]}")
        for left, text in mark.parts():
            parts.append(f"1 0 0 -1 {x + left:.3f} {y + mark.y:.3f} Tm {encode(text)}")
        parts.append("0 Tr ET" if mark.bold else "ET")
        return " ".join(parts)


def _bar(mark: Bar, x: float, y: float) -> str:
    left, top, colour = x + mark.x, y + mark.y, _FILL[mark.tone]
    if not mark.radius:
        return f"{colour} {left:.3f} {top:.3f} {mark.w:.3f} {mark.h:.3f} re f"
    right, bottom, r = left + mark.w, top + mark.h, mark.radius
    c = r * _ROUND
    corners = (
        f"{left + r:.3f} {top:.3f} m {right - r:.3f} {top:.3f} l",
        f"{right - c:.3f} {top:.3f} {right:.3f} {top + c:.3f} {right:.3f} {top + r:.3f} c",
        f"{right:.3f} {bottom - r:.3f} l",
        f"{right:.3f} {bottom - c:.3f} {right - c:.3f} {bottom:.3f} {right - r:.3f} {bottom:.3f} c",
        f"{left + r:.3f} {bottom:.3f} l",
        f"{left + c:.3f} {bottom:.3f} {left:.3f} {bottom - c:.3f} {left:.3f} {bottom - r:.3f} c",
        f"{left:.3f} {top + r:.3f} l {left:.3f} {top + c:.3f} {left + c:.3f} {top:.3f} {left + r:.3f} {top:.3f} c",
    )
    return f"{colour} {' '.join(corners)} f"


def _code(mark: Code, x: float, y: float) -> str:
    """All runs are one path: as separate ones, viewers would show hairlines between the rows."""
    module = mark.side / mark.symbol.span
    left, top = x + mark.x + QUIET * module, y + mark.y + QUIET * module
    runs = "\n".join([f"{column} {row} {length} 1 re" for column, row, length in mark.symbol.runs])
    return f"q 0 g {module:.6f} 0 0 {module:.6f} {left:.4f} {top:.4f} cm\n{runs}\nf Q"
