"""Prints labels on sheets of stickers: any number of labels into one PDF, exact to the millimetre, page after page."""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import IO, Any, BinaryIO

from .guides import calibration_marks, cut_marks
from .labels import Label, compose
from .paper import Paper
from .stocks import Stock, find_stock
from .symbols import span
from .texts import ZH, Texts

MOST = 10_000
"""Labels in one file; more would take more memory than a small server has."""

LEAST_MODULE = 0.48
"""Millimetres: below this a symbol is lost in a picture of the page at 100 dots an inch, and to older phones."""

FARTHEST = 20.0
SCALES = (0.9, 1.1)


class SheetError(ValueError):
    """A sheet cannot be printed as asked. `code` and `params` are for whoever says so to people:
    unknown_stock(stock) · start_outside(start, cells) · shift_too_far(most) · scale_outside(least, most) · nothing() ·
    too_many(most) · address_too_long(number, short) · symbol_too_small(number, short, stock, module, least)"""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(f"{code}: {params}" if params else code)
        self.code = code
        self.params = params


@dataclass(frozen=True, slots=True)
class Printed:
    """How much was written."""

    labels: int
    pages: int


def write_sheet(
    out: BinaryIO | IO[bytes] | Path,
    labels: Iterable[Label],
    stock: Stock | str,
    *,
    start: int = 1,
    shift: tuple[float, float] = (0.0, 0.0),
    scale: float = 1.0,
    calibration: bool = False,
    texts: Texts = ZH,
    most: int = MOST,
    progress: Callable[[int], None] | None = None,
) -> Printed:
    """Writes a PDF of `labels` (taken one by one) on `stock`, from cell `start` (1 is the first) of the first page.
    `shift` is (right, down) in millimetres and `scale` a factor: the correction found with the page that `calibration`
    puts first. `progress` hears the number of labels done, once a page. Raises SheetError; a file at `out` is then left
    as it was."""
    sheet = _stock(stock)
    _check(sheet, start, shift, scale)
    paper = Paper(sheet.page, _title(texts, sheet), texts.lang, shift, scale)
    if calibration:
        paper.page()
        paper.draw(calibration_marks(sheet, texts, shift, scale))
    done = _draw(paper, labels, sheet, start, texts, most, progress)
    if not paper.pages:
        raise SheetError("nothing")
    with _opened(out) as file:
        paper.save(file)
    return Printed(done, paper.pages)


def _draw(
    paper: Paper,
    labels: Iterable[Label],
    stock: Stock,
    start: int,
    texts: Texts,
    most: int,
    progress: Callable[[int], None] | None,
) -> int:
    done = 0
    for done, label in enumerate(labels, 1):
        if done > most:
            raise SheetError("too_many", most=most)
        _check_label(label, stock, done)
        index = (start - 2 + done) % stock.cells
        if done == 1 or index == 0:
            if progress is not None and done > 1:
                progress(done - 1)
            paper.page()
            if stock.cut:
                paper.draw(cut_marks(stock))
        paper.draw(compose(label, stock.cell, texts), *stock.corner(index))
    if progress is not None and done:
        progress(done)
    return done


def _stock(stock: Stock | str) -> Stock:
    found = find_stock(stock) if isinstance(stock, str) else stock
    if found is None:
        raise SheetError("unknown_stock", stock=stock)
    return found


def _check(stock: Stock, start: int, shift: tuple[float, float], scale: float) -> None:
    if not 1 <= start <= stock.cells:
        raise SheetError("start_outside", start=start, cells=stock.cells)
    if not all(isfinite(part) and abs(part) <= FARTHEST for part in shift):
        raise SheetError("shift_too_far", most=FARTHEST)
    if not SCALES[0] <= scale <= SCALES[1]:
        raise SheetError("scale_outside", least=SCALES[0], most=SCALES[1])


def _check_label(label: Label, stock: Stock, number: int) -> None:
    try:
        module = stock.cell.module(span(label.url))
    except ValueError:
        raise SheetError("address_too_long", number=number, short=label.short) from None
    if module < LEAST_MODULE:
        raise SheetError(
            "symbol_too_small",
            number=number,
            short=label.short,
            stock=stock.name,
            module=round(module, 2),
            least=LEAST_MODULE,
        )


def _title(texts: Texts, stock: Stock) -> str:
    return f"{texts.sheet[0]} {stock.titles[texts.lang == 'en']}"


@contextmanager
def _opened(out: BinaryIO | IO[bytes] | Path) -> Iterator[IO[bytes]]:
    """A file is replaced only when the whole new one is there."""
    if not isinstance(out, Path):
        yield out
        return
    with tempfile.NamedTemporaryFile(dir=out.parent, prefix=out.name, suffix=".part", delete=False) as file:
        part = Path(file.name)
        try:
            yield file
        except BaseException:
            part.unlink()
            raise
    part.chmod(0o644)
    part.replace(out)
