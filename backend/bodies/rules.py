"""Who there is above and below: a city, its districts, their schools."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from uuid import UUID

from backend.coverage.rules_datum import Datum, to_wgs84
from backend.language import N_


class BodyKind(Enum):
    CITY = "city"
    DISTRICT = "district"
    SCHOOL = "school"


class SchoolType(Enum):
    KINDERGARTEN = "kindergarten"
    PRIMARY = "primary"
    JUNIOR = "junior"
    SENIOR = "senior"
    VOCATIONAL = "vocational"
    UNIVERSITY = "university"
    SPECIAL = "special"


class DayKind(Enum):
    HOLIDAY = "holiday"
    WORKING = "working"
    EXAM = "exam"
    USUAL = "usual"


KIND_NAMES: dict[str, str] = {
    BodyKind.CITY.value: N_("City"),
    BodyKind.DISTRICT.value: N_("District"),
    BodyKind.SCHOOL.value: N_("School"),
}
TYPE_NAMES: dict[str, str] = {
    SchoolType.KINDERGARTEN.value: N_("Kindergarten"),
    SchoolType.PRIMARY.value: N_("Primary school"),
    SchoolType.JUNIOR.value: N_("Junior high school"),
    SchoolType.SENIOR.value: N_("Senior high school"),
    SchoolType.VOCATIONAL.value: N_("Vocational school"),
    SchoolType.UNIVERSITY.value: N_("University"),
    SchoolType.SPECIAL.value: N_("Special school"),
}
BELOW: dict[str, tuple[str, ...]] = {
    BodyKind.CITY.value: (BodyKind.DISTRICT.value, BodyKind.SCHOOL.value),
    BodyKind.DISTRICT.value: (BodyKind.SCHOOL.value,),
    BodyKind.SCHOOL.value: (),
}
"""What may be added below what."""

DEMO_CITY = UUID("d3300000-c17f-7000-8000-000000000000")
"""The one key that is the same in every demo, so that its sign-in page finds its people."""


@dataclass(frozen=True, slots=True)
class BodyFacts:
    """What a body's form says, cleaned; `faults` maps a field to the message id of what is wrong with it."""

    name: str
    name_en: str
    number: str
    school_type: str
    address: str
    emergency_phone: str
    boarding: bool
    latitude: float | None
    longitude: float | None
    faults: dict[str, str]
    converted: bool = False


DATUM_NAMES: dict[str, str] = {
    Datum.WGS84.value: N_("GPS, Tianditu (WGS-84, CGCS2000)"),
    Datum.GCJ02.value: N_("Amap, Tencent Maps (GCJ-02)"),
}


def body_facts(form: Mapping[str, str], kind: str) -> BodyFacts:
    """Reads a body's form. A position needs both numbers and is kept as WGS-84; a school needs a type."""
    faults = {}
    name, number = form.get("name", "").strip(), form.get("number", "").strip()
    for field, text, most in (("name", name, 100), ("number", number, 40)):
        if not text:
            faults[field] = N_("Please fill this in")
        elif len(text) > most:
            faults[field] = N_("This is too long")
    for field, most in (("name_en", 100), ("address", 200)):
        if len(form.get(field, "").strip()) > most:
            faults[field] = N_("This is too long")
    phone = re.sub(r"[\s()]", "", unicodedata.normalize("NFKC", form.get("emergency_phone", "")))
    if phone and not re.fullmatch(r"\+?[0-9]{3,15}(-[0-9]{1,8}){0,2}", phone):
        faults["emergency_phone"] = N_("Digits and dashes only, like 110 or 0519-12345678")
    school_type = form.get("school_type", "") if kind == BodyKind.SCHOOL.value else ""
    if kind == BodyKind.SCHOOL.value and school_type not in TYPE_NAMES:
        faults["school_type"] = N_("Please choose")
    latitude, longitude = (_degrees(form.get(field, ""), field, faults) for field in ("latitude", "longitude"))
    if "latitude" not in faults and "longitude" not in faults and (latitude is None) != (longitude is None):
        faults["longitude" if longitude is None else "latitude"] = N_("A position needs both numbers")
    converted = form.get("datum") == Datum.GCJ02.value and latitude is not None and longitude is not None
    if converted and latitude is not None and longitude is not None:
        latitude, longitude = (round(degrees, 6) for degrees in to_wgs84(latitude, longitude))
    return BodyFacts(
        name=name,
        name_en=form.get("name_en", "").strip(),
        number=number,
        school_type=school_type,
        address=form.get("address", "").strip(),
        emergency_phone=phone,
        boarding=form.get("boarding") == "1" and kind == BodyKind.SCHOOL.value,
        latitude=latitude,
        longitude=longitude,
        faults=faults,
        converted=converted,
    )


def _degrees(text: str, field: str, faults: dict[str, str]) -> float | None:
    plain = unicodedata.normalize("NFKC", text).strip().rstrip("°").replace(",", ".")
    if not plain:
        return None
    most = 90 if field == "latitude" else 180
    if not re.fullmatch(r"[+-]?[0-9]{1,3}(\.[0-9]{1,12})?", plain) or abs(float(plain)) > most:
        faults[field] = (
            N_("A number from -90 to 90, like 31.772") if most == 90 else N_("A number from -180 to 180, like 119.974")
        )
        return None
    return float(plain)
