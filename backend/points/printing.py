"""From rows of labels to what `qr` prints: the words on a label, the PDF of a sheet, the errors in people's words.

A sixth file of this slice: the adapter to the printing package, used by the pages and by the command line.
"""

import asyncio
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backend.language import CHINESE, N_, either
from backend.points.rules import decimal, narrow
from backend.settings import settings
from backend.trouble import Invalid
from qr.codes import BadHost, address
from qr.labels import Label
from qr.pictures import label_png
from qr.sheets import MOST, Printed, SheetError, write_sheet
from qr.stocks import DEFAULT, find_stock
from qr.texts import EN, ZH

REASONS = {
    "unknown_stock": ("stock", N_("Please choose a stock from the list.")),
    "start_outside": ("start", N_("The first label must be from 1 to %(cells)s on this sheet.")),
    "shift_too_far": ("dx", N_("A correction is at most %(most)s mm.")),
    "scale_outside": ("scale", N_("The scale is from %(least)s to %(most)s.")),
    "nothing": ("label", N_("Please choose at least one label.")),
    "too_many": ("label", N_("At most %(most)s labels fit in one file.")),
    "address_too_long": ("stock", N_("The address of this site is too long for a label.")),
    "symbol_too_small": ("stock", N_("This stock is too small for the address of this site: choose a larger one.")),
}
NOT_A_NUMBER = N_("Please give a number.")
BAD_HOST = N_("The address that labels shall carry cannot be printed: check XUNAN_PUBLIC_URL.")


@dataclass(frozen=True, slots=True)
class Setup:
    """How a sheet is printed: the stock, the first cell that is not used up, the printer's correction, the words."""

    stock: str = DEFAULT
    start: int = 1
    dx: float = 0.0
    dy: float = 0.0
    scale: float = 1.0
    calibration: bool = False
    words: str = "zh"


def setup(form: Mapping[str, object]) -> Setup:
    """The setup that a form asks for. Raises Invalid with the fields that are no numbers."""
    given = {key: narrow(form.get(key)) or default for key, default in _DEFAULTS.items()}
    numbers = {key: decimal(given[key]) for key in ("start", "dx", "dy", "scale")}
    wrong = {key: NOT_A_NUMBER for key, number in numbers.items() if number is None}
    start = numbers["start"] or 0.0
    if "start" not in wrong and not start.is_integer():
        wrong["start"] = NOT_A_NUMBER
    if wrong:
        raise Invalid(wrong)
    dx, dy, scale = (numbers[key] or 0.0 for key in ("dx", "dy", "scale"))
    calibration = str(form.get("calibration", "")) == "1"
    return Setup(given["stock"], int(start), dx, dy, scale, calibration, "en" if form.get("words") == "en" else "zh")


_DEFAULTS = {"stock": DEFAULT, "start": "1", "dx": "0", "dy": "0", "scale": "1"}


def printed(row: Mapping[str, Any], words: str = "zh") -> Label:
    """The label of a row of `queries.labels_of`. Raises Invalid when the public address cannot be printed."""
    language = CHINESE if words == "zh" else "en"
    try:
        url = address(settings().public_url, row["code"])
    except BadHost:
        raise Invalid({"stock": BAD_HOST}) from None
    school = either(language, row["school_name"], row["school_name_en"])
    if not row["point"]:
        return Label(row["code"], row["short"], url, school=school)
    building = either(language, row["building_name"], row["building_name_en"])
    place = either(language, row["place_name"], row["place_name_en"])
    position = either(language, row["position"], row["position_en"])
    phone, call = row["emergency_phone"], "紧急电话 " if words == "zh" else "Emergency "
    return Label(
        code=row["code"],
        short=row["short"],
        url=url,
        title=either(language, row["point_name"], row["point_name_en"]),
        place=" ".join(part for part in (building, place, position) if part),
        school=school,
        foot=f"{call}{phone}" if phone else "",
    )


async def sheet(
    rows: list[dict[str, Any]], how: Setup, out: Path, progress: Callable[[int], None] | None = None, most: int = MOST
) -> Printed:
    """Writes the PDF in a thread, so that other requests go on. Raises Invalid with the field that does not fit."""
    labels: Iterator[Label] = (printed(row, how.words) for row in rows)
    texts = EN if how.words == "en" else ZH
    try:
        return await asyncio.to_thread(
            write_sheet,
            *(out, labels, how.stock),
            start=how.start,
            shift=(how.dx, how.dy),
            scale=how.scale,
            calibration=how.calibration,
            texts=texts,
            most=most,
            progress=progress,
        )
    except SheetError as error:
        where, reason = REASONS[error.code]
        raise Invalid({where: reason}, **error.params) from None


def stock_name(how: Setup) -> str:
    """The one name of a stock that was called by a maker's name."""
    found = find_stock(how.stock)
    return found.name if found else how.stock


async def picture(row: dict[str, Any], stock: str, words: str) -> bytes:
    found = find_stock(stock) or find_stock(DEFAULT)
    assert found is not None
    return await asyncio.to_thread(label_png, printed(row, words), found, texts=EN if words == "en" else ZH)


def scratch() -> Path:
    """An empty file for a sheet; whoever asks removes it."""
    with tempfile.NamedTemporaryFile(prefix="xunan-labels-", suffix=".pdf", delete=False) as file:
        return Path(file.name)
