"""What may be typed about a body."""

import json
from pathlib import Path

import pytest

from backend.bodies.rules import BELOW, KIND_NAMES, TYPE_NAMES, BodyKind, SchoolType, body_facts
from backend.language import CHINESE, say

PACK = Path(__file__).resolve().parents[2] / "fixtures" / "pack"
FINE = {"name": "第一中学", "number": "n1", "school_type": "senior"}


def test_every_kind_and_type_has_its_names() -> None:
    assert {kind.value for kind in BodyKind} == set(KIND_NAMES) == set(BELOW)
    assert {kind.value for kind in SchoolType} == set(TYPE_NAMES)
    for one in json.loads((PACK / "school_types.json").read_text()):
        assert say(CHINESE, TYPE_NAMES[one["id"]]) == one["zh"]


def test_a_complete_form() -> None:
    facts = body_facts(
        {
            **FINE,
            "latitude": " 31.772 ",
            "longitude": "119,974",
            "emergency_phone": "０５１９-12345678",
            "boarding": "1",
        },
        "school",
    )
    assert facts.faults == {}
    assert (facts.latitude, facts.longitude, facts.emergency_phone) == (31.772, 119.974, "0519-12345678")
    assert facts.boarding


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"number": ""}, "number"),
        ({"school_type": "castle"}, "school_type"),
        ({"latitude": "31.7"}, "longitude"),
        ({"longitude": "119"}, "latitude"),
        ({"latitude": "91", "longitude": "0"}, "latitude"),
        ({"latitude": "nan", "longitude": "0"}, "latitude"),
        ({"latitude": "1e400", "longitude": "0"}, "latitude"),
        ({"longitude": "-181", "latitude": "0"}, "longitude"),
        ({"emergency_phone": "call me"}, "emergency_phone"),
        ({"address": "x" * 201}, "address"),
    ],
)
def test_what_is_wrong_is_named(form: dict[str, str], field: str) -> None:
    assert set(body_facts({**FINE, **form}, "school").faults) == {field}


def test_a_district_is_no_school() -> None:
    facts = body_facts({**FINE, "boarding": "1"}, "district")
    assert (facts.school_type, facts.boarding, facts.faults) == ("", False, {})
