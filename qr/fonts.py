"""The one font of labels, with its widths: the full Noto Sans SC, which has the rare characters of names."""

import unicodedata
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

NOTICE = "Noto Sans SC, (c) Adobe and Google, SIL Open Font License 1.1"
"""A printed document may carry the glyphs freely; whoever hands on the font file itself hands on its licence too."""

ASCENT = 0.88
CAP = 0.733
BOLD = 0.03
"""Fractions of the size: above the baseline a Chinese glyph, a capital letter; the outline that makes a stroke bold."""

UNKNOWN = "〓"
"""What Chinese printers set for a character they have no type for."""


@cache
def font_path() -> Path:
    """The OTF inside the installed package of fonts."""
    spec = find_spec("pylopdf_fonts_zh_cn")
    for folder in (spec.submodule_search_locations if spec else None) or []:
        path = Path(folder) / "NotoSansSC-Regular.otf"
        if path.is_file():
            return path
    raise RuntimeError("the package pylopdf-fonts-zh-cn with NotoSansSC-Regular.otf is not installed")


@cache
def _widths() -> Mapping[int, float]:
    with TTFont(font_path(), lazy=True) as font:
        em = font["head"].unitsPerEm
        advance = font["hmtx"].metrics
        return {point: advance[glyph][0] / em for point, glyph in font.getBestCmap().items()}


def width(text: str) -> float:
    """Width of one line in multiples of the font size. Every character must be known: see `clean`."""
    widths = _widths()
    return sum(widths[ord(character)] for character in text)


def clean(text: str, longest: int = 200) -> str:
    """One line of printable text: no control characters, single spaces, unknown characters as 〓, at most `longest`."""
    widths = _widths()
    kept = []
    for character in " ".join(unicodedata.normalize("NFC", text).split())[:longest]:
        if ord(character) in widths:
            kept.append(character)
        elif unicodedata.category(character)[0] not in "CM":  # marks and selectors alone print nothing
            kept.append(UNKNOWN)
    return "".join(kept).strip()
