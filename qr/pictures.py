"""The same marks as pictures: a PNG of one label, a PNG or an SVG of a symbol alone, modules always on whole pixels."""

import io
from collections.abc import Iterable
from functools import lru_cache
from html import escape

from PIL import Image, ImageDraw, ImageFont

from .fonts import BOLD, font_path
from .labels import Label, compose
from .marks import Bar, Code, Mark, Tone, Words
from .stocks import DEFAULT, Stock, find_stock
from .symbols import QUIET, Symbol, symbol
from .texts import ZH, Texts

_INCH = 25.4


def label_png(label: Label, stock: Stock | str = DEFAULT, *, dpi: int = 300, texts: Texts = ZH) -> bytes:
    """One label as a picture of its cell. Raises ValueError for an unknown stock, an address too long
    or too few dots an inch."""
    found = find_stock(stock) if isinstance(stock, str) else stock
    if found is None:
        raise ValueError(f"unknown stock {stock!r}")
    cell = found.cell
    scale = dpi / _INCH
    image = Image.new("RGB", (round(cell.width * scale), round(cell.height * scale)), Tone.PAPER.value)
    _paint(ImageDraw.Draw(image), compose(label, cell, texts), scale)
    if cell.style.bar is Tone.INK:
        image = image.convert("L")
    return _png(image, dpi)


def symbol_png(url: str, *, module: int = 10, dpi: int = 300) -> bytes:
    """Only the symbol with its quiet zone, `module` pixels a module, black and white."""
    drawn = symbol(url)
    image = Image.new("1", (drawn.span * module,) * 2, 1)
    _modules(ImageDraw.Draw(image), drawn, QUIET * module, QUIET * module, module, 0)
    return _png(image, dpi)


def svg(url: str, title: str = "") -> str:
    """Only the symbol, for a page: no style attributes, scales to its container. Without `title` it is decoration."""
    drawn = symbol(url)
    runs = "".join(f"M{column + QUIET} {row + QUIET}h{length}v1h-{length}z" for column, row, length in drawn.runs)
    spoken = f'role="img"><title>{escape(title)}</title>' if title else 'aria-hidden="true">'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {drawn.span} {drawn.span}" '
        f'shape-rendering="crispEdges" {spoken}'
        f'<path fill="#fff" d="M0 0h{drawn.span}v{drawn.span}h-{drawn.span}z"/><path fill="#000" d="{runs}"/></svg>'
    )


def _paint(draw: ImageDraw.ImageDraw, marks: Iterable[Mark], scale: float) -> None:
    for mark in marks:
        match mark:
            case Words():
                _words(draw, mark, scale)
            case Bar():
                box = [round(value * scale) for value in (mark.x, mark.y, mark.x + mark.w, mark.y + mark.h)]
                box[2:] = max(box[0], box[2] - 1), max(box[1], box[3] - 1)
                draw.rounded_rectangle(box, mark.radius * scale, fill=mark.tone.value)
            case Code():
                module = int(mark.side * scale / mark.symbol.span)
                if module < 2:
                    raise ValueError("too few dots an inch for the symbol")
                spare = (mark.side * scale - module * mark.symbol.size) / 2
                left, top = round(mark.x * scale + spare), round(mark.y * scale + spare)
                _modules(draw, mark.symbol, left, top, module, Tone.INK.value)


def _modules(
    draw: ImageDraw.ImageDraw, drawn: Symbol, left: int, top: int, module: int, fill: int | tuple[int, ...]
) -> None:
    for column, row, length in drawn.runs:
        x, y = left + column * module, top + row * module
        draw.rectangle((x, y, x + length * module - 1, y + module - 1), fill=fill)


def _words(draw: ImageDraw.ImageDraw, mark: Words, scale: float) -> None:
    size = mark.size * scale
    for x, text in mark.parts():
        draw.text(
            (x * scale, mark.y * scale),
            text,
            fill=mark.tone.value,
            font=_font(round(size, 1)),
            anchor="ls",
            stroke_width=size * BOLD / 2 if mark.bold else 0,
        )


@lru_cache(maxsize=32)
def _font(size: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(font_path()), size, layout_engine=ImageFont.Layout.BASIC)


def _png(image: Image.Image, dpi: int) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG", dpi=(dpi, dpi))
    return out.getvalue()
