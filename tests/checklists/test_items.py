"""Items as they are typed, compared and brought together."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.checklists.rules_items import difference, edited, merged, next_code, number_of, written

PLAIN = {"zh": "门锁完好", "en": "Lock intact", "frequency": "daily", "photo": "on_fail", "severity": "general"}


def item(code: str, **facts: Any) -> dict[str, Any]:
    made = written({**PLAIN, "answer": "ok_notok_na"}, code, "lab").item
    return {**made, "id": code, "position": 0, **facts}


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"zh": " "}, "zh"),
        ({"zh": "长" * 301}, "zh"),
        ({"en": "x" * 301}, "en"),
        ({"frequency": "hourly"}, "frequency"),
        ({"photo": ""}, "photo"),
        ({"severity": "fatal"}, "severity"),
        ({"answer": "smell"}, "answer"),
        ({"answer": ""}, "answer"),
        ({"answer": "number", "minimum": "abc"}, "minimum"),
        ({"answer": "number", "minimum": "nan"}, "minimum"),
        ({"answer": "number", "minimum": "5", "maximum": "4"}, "minimum"),
        ({"answer": "number", "unit": "x" * 21}, "unit"),
        ({"answer": "date"}, "date_rule"),
        ({"answer": "date", "date_rule": "since"}, "maximum"),
        ({"answer": "date", "date_rule": "since", "maximum": "0"}, "maximum"),
        ({"answer": "date", "date_rule": "since", "maximum": "51"}, "maximum"),
        ({"answer": "choice"}, "fine"),
        ({"answer": "choice", "fine": "好\n很好"}, "fine"),
        ({"answer": "choice", "bad": "坏\n很坏"}, "fine"),
        ({"answer": "choice", "fine": "好", "bad": "好"}, "fine"),
        ({"answer": "choice", "fine": "\n".join(map(str, range(12))), "bad": "坏"}, "fine"),
        ({"answer": "choice", "fine": "好" * 61, "bad": "坏"}, "fine"),
    ],
)
def test_what_cannot_be_asked_is_told_beside_its_field(typed: dict[str, str], field: str) -> None:
    assert field in written({**PLAIN, "answer": "ok_notok_na", **typed}, "lab.x01", "lab").wrong


def test_every_kind_of_answer_can_be_written() -> None:
    kinds: dict[str, dict[str, str]] = {
        "ok_notok_na": {},
        "text": {},
        "number": {"unit": "℃", "minimum": "－18,5", "maximum": "4"},
        "date": {"date_rule": "until"},
        "choice": {"fine": "绿区 | Green\n无表", "bad": "红区｜Red"},
    }
    made = {kind: written({**PLAIN, **more, "answer": kind}, "lab.x01", "lab") for kind, more in kinds.items()}
    assert all(not one.wrong for one in made.values())
    assert (made["number"].item["minimum"], made["number"].item["maximum"]) == (-18.5, 4)
    assert made["choice"].item["options"] == [
        {"zh": "绿区", "en": "Green", "ok": True},
        {"zh": "无表", "en": "无表", "ok": True},
        {"zh": "红区", "en": "Red", "ok": False},
    ]
    assert all(one.item["date_rule"] is None for kind, one in made.items() if kind != "date")


def test_limits_belong_to_numbers_only() -> None:
    made = written({**PLAIN, "answer": "text", "minimum": "1", "limits_by_school": "1"}, "lab.x01", "lab").item
    assert (made["minimum"], made["limits_by_school"]) == (None, False)


@given(st.text(max_size=20))
def test_any_text_is_a_number_or_none_or_told(text: str) -> None:
    number = number_of(text)
    assert number is None or math.isnan(number) or abs(number) < 1e10


def test_codes_are_never_given_twice() -> None:
    assert next_code("lab", "x", []) == "lab.x01"
    assert next_code("lab", "x", ["lab.01", "lab.x01", "lab.x07", "lab.c09", "labs.x88"]) == "lab.x08"
    assert next_code("lab", "c", ["lab.x99", "lab.c99"]) == "lab.c100"


def test_the_difference_names_what_came_went_changed_and_moved() -> None:
    before = [item("a"), item("b"), item("c")]
    after = [item("c", frequency="weekly"), item("a"), item("d")]
    found = difference(before, after)
    assert {(c.what, c.code) for c in found.changes} == {("added", "d"), ("retired", "b"), ("changed", "c")}
    assert next(c.fields for c in found.changes if c.code == "c") == (("frequency", "daily", "weekly"),)
    assert found.moved
    assert not difference(before, [dict(one, id="other", position=9) for one in before])


def test_news_of_the_built_in_pack_are_brought_into_ours_and_ours_stays() -> None:
    seen = [item("a"), item("b"), item("c")]
    newest = [item("a", zh="新的内容"), item("b"), item("d")]
    ours = [item("b", frequency="weekly"), item("a", frequency="monthly"), item("c"), item("own.c01")]
    found = merged(seen, newest, ours)
    assert [one["code"] for one in found] == ["b", "a", "own.c01", "d"]
    assert (found[1]["zh"], found[1]["frequency"]) == ("新的内容", "monthly")
    assert found[0]["frequency"] == "weekly"


def _typed(*items: dict[str, Any], **more: str) -> dict[str, str]:
    fields = ("zh", "en", "frequency", "photo", "severity")
    return {f"{one['code']}.{name}": one[name] for one in items for name in fields} | more


def test_a_whole_checklist_is_edited_at_once() -> None:
    a, b = item("lab.01"), item("lab.02")
    new = {f"new1.{name}": text for name, text in {**PLAIN, "answer": "text", "place": "5"}.items()}
    typed = _typed(a, b, **{"lab.01.place": "20", "lab.02.place": "10", "lab.02.frequency": "weekly"}, **new)
    found = edited(typed, [a, b], "lab", "lab", ["lab.c01"], 2)
    assert not found.wrong
    assert [one["code"] for one in found.items] == ["lab.c02", "lab.02", "lab.01"]
    assert found.items[1]["frequency"] == "weekly"


def test_retiring_wants_a_reason_and_leaves_something() -> None:
    a, b = item("lab.01"), item("lab.02")
    silent = edited(_typed(a, b, **{"lab.01.retire": "1"}), [a, b], "lab", "lab", [], 0)
    assert "lab.01.why" in silent.wrong
    told = edited(_typed(a, b, **{"lab.01.retire": "1", "lab.01.why": "重复"}), [a, b], "lab", "lab", [], 0)
    assert (told.wrong, told.retired, [one["code"] for one in told.items]) == ({}, {"lab.01": "重复"}, ["lab.02"])
    nothing = edited({"lab.01.retire": "1", "lab.01.why": "重复"}, [a], "lab", "lab", [], 0)
    assert "words" in nothing.wrong
    assert edited(_typed(a, **{"lab.01.place": "first"}), [a], "lab", "lab", [], 0).wrong
