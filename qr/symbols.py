"""The QR symbol of an address as rows of dark runs: level Q, quiet zone of four modules, nothing drawn yet."""

import re
from dataclasses import dataclass

import qrcode
from qrcode.constants import ERROR_CORRECT_Q
from qrcode.exceptions import DataOverflowError

QUIET = 4
"""Modules that stay white on every side; scanners in chat programs and cheap printers cut less than this."""

_MASK = 4
"""A fixed mask is eight times faster than trying all eight and reads as well above the resolution limit; this one has
the lowest mean penalty for addresses of our form."""

_DARK = re.compile(rb"\x01+")


@dataclass(frozen=True, slots=True)
class Symbol:
    """`size` modules a side without the quiet zone; `runs` are (column, row, length) of dark modules, row by row."""

    size: int
    runs: tuple[tuple[int, int, int], ...]

    @property
    def span(self) -> int:
        """Modules a side with the quiet zone."""
        return self.size + 2 * QUIET


def symbol(text: str) -> Symbol:
    """The symbol that carries `text`. The library splits it into a byte segment (`https`) and an alphanumeric one.
    Raises ValueError when it is too long for any symbol."""
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_Q, box_size=1, border=0, mask_pattern=_MASK)
    code.add_data(text)
    try:
        code.make(fit=True)
    except (DataOverflowError, ValueError):
        raise ValueError("too long for a symbol") from None
    runs = tuple(
        (found.start(), row, found.end() - found.start())
        for row, modules in enumerate(code.modules)
        for found in _DARK.finditer(bytes(modules))
    )
    return Symbol(len(code.modules), runs)


def span(text: str) -> int:
    """Modules a side, quiet zone included, without drawing: cheap enough to ask before printing."""
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_Q, border=0)
    code.add_data(text)
    try:
        return 17 + 4 * int(code.best_fit()) + 2 * QUIET
    except (DataOverflowError, ValueError):
        raise ValueError("too long for a symbol") from None
