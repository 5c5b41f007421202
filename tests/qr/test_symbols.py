"""A symbol carries its address, is as small as level Q allows, and its runs are exactly its dark modules."""

import pytest
import qrcode
from qrcode.constants import ERROR_CORRECT_Q

from qr.symbols import QUIET, span, symbol

URL = "https://XC.EXAMPLE.CN/P/7K3M9QX2TV5A"


def test_two_segments_keep_it_at_29_modules() -> None:
    assert symbol(URL).size == 29
    assert symbol(URL.lower()).size == 33
    assert symbol(URL).span == 29 + 2 * QUIET == span(URL)


def test_runs_are_the_dark_modules() -> None:
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_Q, border=0, mask_pattern=4)
    code.add_data(URL)
    code.make()
    drawn = symbol(URL)
    dark = {(x, row) for column, row, length in drawn.runs for x in range(column, column + length)}
    assert dark == {(x, y) for y, row in enumerate(code.modules) for x, on in enumerate(row) if on}
    assert sum(length for _, _, length in drawn.runs) == len(dark)  # no module twice
    ends = {(column + length, row) for column, row, length in drawn.runs}
    assert not ends & {(column, row) for column, row, _ in drawn.runs}  # runs are merged


def test_too_long() -> None:
    for ask in (symbol, span):
        with pytest.raises(ValueError, match="too long"):
            ask("x" * 4000)
