"""Words of places, points and labels, and what may be typed about a point."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any
from uuid import UUID


class PlaceKind(Enum):
    BUILDING = "building"
    FLOOR = "floor"
    GROUND = "ground"


class PointState(Enum):
    ACTIVE = "active"
    RETIRED = "retired"


class LabelVerb(Enum):
    PRINT = "print"
    BIND = "bind"
    REVOKE = "revoke"
    REPLACE = "replace"


class Trouble(Enum):
    """What was said of a label that could not be read."""

    DAMAGED = "damaged"
    MISSING = "missing"
    UNREAD = "unread"


class LabelState(Enum):
    """Follows from the label's columns, so that it cannot disagree with them."""

    BLANK = "blank"
    BOUND = "bound"
    REVOKED = "revoked"
    REPLACED = "replaced"


def label_state(label: Mapping[str, Any]) -> LabelState:
    if label["replaced_by"]:
        return LabelState.REPLACED
    if label["revoked_at"]:
        return LabelState.REVOKED
    return LabelState.BOUND if label["point"] else LabelState.BLANK


LONGEST = {
    "number": 40,
    "name": 80,
    "name_en": 120,
    "position": 120,
    "position_en": 160,
    "responsible_name": 40,
    "phone": 40,
    "note": 1000,
}
"""Characters a text of a point may have: what fits on a label, in a column of the ledger, in a note."""

GIVEN_NEEDED = "Please fill this in."
TOO_LONG = "This is too long."
NOT_A_PHONE = "This does not look like a phone number."
NOT_A_LATITUDE = "Latitude is a number from -90 to 90."
NOT_A_LONGITUDE = "Longitude is a number from -180 to 180."
BOTH_OR_NONE = "Latitude and longitude belong together: give both or none."
NUMBER_TAKEN = "Another point of this school has this number."
NO_SUCH_KIND = "Please choose a kind from the list."
NO_SUCH_PLACE = "Please choose a place from the list."
NO_SUCH_PERSON = "Please choose a person from the list."
NAME_TAKEN = "There is one of this name already."
PIN_OUTSIDE = "The pin must lie on the plan: both numbers from 0 to 1."

_PHONE = re.compile(r"(?=.*\d.*\d.*\d)[0-9+()\-\s转ext.,;#*、/]+", re.IGNORECASE)
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))


@dataclass(frozen=True, slots=True)
class PointFacts:
    """What is known of a point besides its state, its pin and its labels."""

    number: str
    name: str
    kind: str
    name_en: str = ""
    place: UUID | None = None
    position: str = ""
    position_en: str = ""
    responsible: UUID | None = None
    responsible_name: str = ""
    phone: str = ""
    note: str = ""
    latitude: float | None = None
    longitude: float | None = None


def line(text: object) -> str:
    """One line of what was typed: no control or invisible characters, single spaces."""
    kept = "".join(" " if unicodedata.category(c) == "Cc" else c for c in str(text or "").translate(_INVISIBLE))
    return " ".join(kept.split())


def lines(text: object) -> str:
    """Several lines of what was typed."""
    return "\n".join(line(part) for part in str(text or "").splitlines()).strip()


def narrow(text: object) -> str:
    """Full-width digits and letters as plain ones: numbers, phones and coordinates are compared by machines."""
    return line(unicodedata.normalize("NFKC", str(text or "")))


def decimal(text: str) -> float | None:
    """A finite number, None for anything else."""
    return float(text) if re.fullmatch(r"[+-]?\d{1,4}(\.\d{0,12})?", text) else None


def texts(typed: Mapping[str, object]) -> tuple[dict[str, str], dict[str, str]]:
    """(clean texts, errors by field) of the texts that a form and a row of a sheet share."""
    clean = {name: line(typed.get(name)) for name in LONGEST}
    clean["note"] = lines(typed.get("note"))
    clean["number"], clean["phone"] = narrow(typed.get("number")), narrow(typed.get("phone"))
    wrong = {name: TOO_LONG for name, most in LONGEST.items() if len(clean[name]) > most}
    wrong |= {name: GIVEN_NEEDED for name in ("number", "name") if not clean[name]}
    if clean["phone"] and not _PHONE.fullmatch(clean["phone"]):
        wrong["phone"] = NOT_A_PHONE
    return clean, wrong


def coordinates(latitude: object, longitude: object) -> tuple[float | None, float | None, dict[str, str]]:
    """WGS-84 degrees rounded to 7 places (a centimetre), and errors by field."""
    given = narrow(latitude), narrow(longitude)
    if given == ("", ""):
        return None, None, {}
    if "" in given:
        return None, None, {"latitude" if not given[0] else "longitude": BOTH_OR_NONE}
    north, east = decimal(given[0]), decimal(given[1])
    wrong = {}
    if north is None or abs(north) > 90:
        wrong["latitude"] = NOT_A_LATITUDE
    if east is None or abs(east) > 180:
        wrong["longitude"] = NOT_A_LONGITUDE
    if wrong or north is None or east is None:
        return None, None, wrong
    return round(north, 7), round(east, 7), {}


def pin(x: object, y: object) -> tuple[float, float] | str | None:
    """The pin as fractions of the plan's width and height, None when it is taken off, or the reason."""
    given = narrow(x), narrow(y)
    if given == ("", ""):
        return None
    across, down = decimal(given[0]), decimal(given[1])
    if across is None or down is None or not (0 <= across <= 1 and 0 <= down <= 1):
        return PIN_OUTSIDE
    return round(across, 4), round(down, 4)


def next_number(taken: Iterable[str], latest: str = "") -> str:
    """The number after `latest`, written like it, that nobody has: P009 -> P010."""
    known = set(taken)
    match = re.fullmatch(r"(.*?)(\d{1,9})", latest) or re.fullmatch(r"(.*?)(\d+)", "P000")
    assert match is not None
    count = int(match[2])
    while True:
        count += 1
        number = f"{match[1]}{count:0{len(match[2])}d}"
        if number not in known:
            return number


_GROUNDS = re.compile(
    r"操场|校门|大门|广场|停车场|球场|田径场|庭院|花园|道路|围墙|校外|\b(yard|ground|field|gate|car park)", re.I
)


def kind_of_place(name: str, *, with_floor: bool) -> PlaceKind:
    """What a place that a sheet names for the first time most likely is."""
    return PlaceKind.GROUND if not with_floor and _GROUNDS.search(name) else PlaceKind.BUILDING
