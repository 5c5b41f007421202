"""What may be typed about a point, and what a label's columns mean."""

import pytest

from backend.points import rules
from backend.points.rules import LabelState, coordinates, kind_of_place, label_state, next_number, pin, texts


def test_texts_are_cleaned_of_what_cannot_be_seen() -> None:
    clean, wrong = texts({"number": "Ａ－１０１\u200b", "name": " 化学 \t实验室\x00 ", "phone": "１３８ 0000 0000"})
    assert wrong == {}
    assert clean["number"] == "A-101"
    assert clean["name"] == "化学 实验室"
    assert clean["phone"] == "138 0000 0000"


@pytest.mark.parametrize(
    ("field", "text", "why"),
    [
        ("number", "", rules.GIVEN_NEEDED),
        ("name", "  \n ", rules.GIVEN_NEEDED),
        ("name", "长" * 81, rules.TOO_LONG),
        ("phone", "ask at the gate", rules.NOT_A_PHONE),
        ("note", "x" * 1001, rules.TOO_LONG),
    ],
)
def test_what_cannot_be_used_is_told_by_field(field: str, text: str, why: str) -> None:
    assert texts({"number": "1", "name": "a", field: text})[1] == {field: why}


def test_a_phone_may_have_an_extension() -> None:
    for phone in ("0571-8888 1234转602", "+86 138 0000 0000", "(010) 6655-4433", "110"):
        assert texts({"number": "1", "name": "a", "phone": phone})[1] == {}, phone


def test_coordinates_come_in_pairs_and_lie_on_earth() -> None:
    assert coordinates("", " ") == (None, None, {})
    assert coordinates("30.27415", "120.15515") == (30.27415, 120.15515, {})
    assert coordinates("30.2", "")[2] == {"longitude": rules.BOTH_OR_NONE}
    assert coordinates("91", "120")[2] == {"latitude": rules.NOT_A_LATITUDE}
    assert coordinates("nan", "inf")[2] == {"latitude": rules.NOT_A_LATITUDE, "longitude": rules.NOT_A_LONGITUDE}


def test_a_pin_lies_on_the_plan() -> None:
    assert pin("0", "1") == (0, 1)
    assert pin("", "") is None
    for x, y in (("1.01", "0"), ("-0.1", "0.5"), ("0.5", ""), ("nan", "0"), ("1e3", "0"), ("x", "y")):
        assert pin(x, y) == rules.PIN_OUTSIDE, (x, y)


def test_the_next_number_is_written_like_the_last() -> None:
    assert next_number([]) == "P001"
    assert next_number(["P001", "P002"], "P002") == "P003"
    assert next_number(["A-9", "A-10"], "A-9") == "A-11"
    assert next_number(["东门"], "东门") == "P001"


def test_the_state_of_a_label_follows_from_its_columns() -> None:
    blank = {"point": None, "revoked_at": None, "replaced_by": None}
    assert label_state(blank) is LabelState.BLANK
    assert label_state({**blank, "point": 1}) is LabelState.BOUND
    assert label_state({**blank, "point": 1, "revoked_at": 1}) is LabelState.REVOKED
    assert label_state({**blank, "point": 1, "revoked_at": 1, "replaced_by": 2}) is LabelState.REPLACED


def test_a_playground_has_no_floors_unless_the_sheet_gives_one() -> None:
    assert kind_of_place("操场", with_floor=False).value == "ground"
    assert kind_of_place("操场", with_floor=True).value == "building"
    assert kind_of_place("实验楼", with_floor=False).value == "building"
