"""The form of a route: what it says, what is wrong with it, and its words in both languages."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.language import CHINESE, ENGLISH, catalogue
from backend.rounds import rules_desk, rules_route_words
from backend.rounds.rules import Chooses, Days, Moved, Order, Span, Who
from backend.rounds.rules_desk import fits, round_state
from backend.rounds.rules_route_draft import empty, helped, lines_of, numbered, of_route, preset_of
from backend.rounds.rules_route_words import changed, times_words, when_words
from backend.rounds.rules_routes import HELPERS, PRESETS, Known, RouteFacts, in_order, minutes, route_facts
from backend.rounds.rules_when import MOST_WINDOWS, Window, rule_fault

TODAY = date(2026, 11, 23)
ONE, TWO, PERSON, ROSTER, PLACE = (str(UUID(int=n)) for n in range(1, 6))
KNOWN = Known({ONE, TWO}, {"lab"}, {PLACE}, {PERSON}, {"guard"}, {ROSTER})
TIME = {"start": "07:00", "end": "8:30", "next": False, "name": "", "name_en": "", "was": ""}


def draft(**said: Any) -> dict[str, Any]:
    whole = {"name": "晨检", "points": {ONE: ""}, "post": "guard", "windows": [TIME]}
    return empty(TODAY) | whole | said


def facts(**said: Any) -> RouteFacts:
    return route_facts(draft(**said), KNOWN, TODAY)


def row(found: RouteFacts) -> dict[str, Any]:
    """The facts as a row of the table has them."""
    names = ("name", "name_en", "note", "rule", "grace", "challenge", "starts_on", "ends_on", "post", "kinds", "places")
    enums = ("chooses", "ordering", "who", "span", "days", "moved")
    windows = [{"name": w.name, "name_en": w.name_en, "start": w.start, "end": w.end} for w in found.windows]
    return {
        **{name: getattr(found, name) for name in names},
        **{name: getattr(found, name).value for name in enums},
        **{"windows": windows, "roster": found.roster, "version": 3},
    }


def test_a_plain_route() -> None:
    found = facts()
    assert not found.faults
    assert (found.span, found.days, found.rule) == (Span.WINDOW, Days.SCHOOL, "")
    assert found.windows == (Window("", "", 420, 510),)
    assert (found.points, found.who, found.post) == ((UUID(ONE),), Who.POST, "guard")
    assert (found.grace, found.challenge, found.starts_on, found.ends_on) == (30, 0, TODAY, None)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "长" * 61}, "name"),
        ({"points": {}}, "points"),
        ({"points": {str(uuid4()): ""}}, "points"),
        ({"chooses": "rule"}, "kinds"),
        ({"chooses": "rule", "kinds": ["submarine"]}, "kinds"),
        ({"chooses": "stars"}, "chooses"),
        ({"ordering": "up"}, "ordering"),
        ({"who": "god"}, "who"),
        ({"post": "auditor"}, "post"),
        ({"who": "persons"}, "persons"),
        ({"who": "persons", "persons": [str(uuid4())]}, "persons"),
        ({"who": "roster"}, "roster"),
        ({"preset": "sometimes"}, "preset"),
        ({"preset": "weekdays"}, "weekdays"),
        ({"preset": "weekdays", "weekdays": ["XX"]}, "weekdays"),
        ({"preset": "own", "rule": "FREQ=HOURLY"}, "rule"),
        ({"preset": "own", "rule": ""}, "rule"),
        ({"preset": "week", "days": "blue"}, "days"),
        ({"windows": []}, "windows"),
        ({"windows": [TIME | {"start": "25:00"}]}, "windows"),
        ({"windows": [TIME | {"end": ""}]}, "windows"),
        ({"windows": [TIME, TIME | {"start": "08:00", "end": "09:00"}]}, "windows"),
        ({"grace": "-1"}, "grace"),
        ({"grace": "31", "grace_unit": "days"}, "grace"),
        ({"challenge": "21"}, "challenge"),
        ({"challenge": "few"}, "challenge"),
        ({"starts_on": "soon"}, "starts_on"),
        ({"ends_on": "2026-11-22"}, "ends_on"),
        ({"ends_on": "then"}, "ends_on"),
        ({"note": "x" * 501}, "note"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(said: dict[str, Any], field: str) -> None:
    found = facts(**said)
    assert set(found.faults) == {field}
    assert found.faults[field] in catalogue()


def test_the_line_that_cannot_be_read_is_named() -> None:
    assert facts(windows=[TIME, TIME | {"start": "x", "end": "9"}]).bad_line == 2


def test_only_what_was_chosen_counts() -> None:
    by_rule = facts(chooses="rule", kinds=["lab"], places=[PLACE], persons=[PERSON], roster=ROSTER)
    assert (by_rule.chooses, by_rule.kinds, by_rule.points) == (Chooses.RULE, ("lab",), ())
    assert (by_rule.persons, by_rule.roster) == ((), None)
    weekly = facts(preset="week", days="every", windows=[TIME])
    assert (weekly.span, weekly.windows, weekly.days) == (Span.WEEK, (), Days.EVERY)
    event = facts(preset="event", windows=[])
    assert (event.span, event.faults) == (Span.EVENT, {})


def test_weekdays_and_an_own_rule() -> None:
    found = facts(preset="weekdays", weekdays=["FR", "MO"], days="school", moved="next")
    assert (found.rule, found.moved) == ("FREQ=WEEKLY;BYDAY=MO,FR", Moved.NEXT)
    own = facts(preset="own", rule=" rrule:freq=monthly;byday=1mo ")
    assert (own.rule, own.faults) == ("FREQ=MONTHLY;BYDAY=1MO", {})
    assert rule_fault(own.rule) is None


def test_a_night_belongs_to_its_evening() -> None:
    late = TIME | {"start": "22:00", "end": "06:00"}
    assert facts(windows=[late]).windows == (Window("", "", 1320, 1800),)
    second = TIME | {"start": "00:00", "end": "02:00", "next": True}
    assert facts(windows=[second]).windows == (Window("", "", 1440, 1560),)


@pytest.mark.parametrize(
    ("text", "found"),
    [("7:05", 425), ("０７：０５", 425), ("0705", 425), ("24:00", 1440), ("24:01", None), ("7:60", None), ("", None)],
)
def test_times_as_people_write_them(text: str, found: int | None) -> None:
    assert minutes(text) == found


def test_order_by_number() -> None:
    assert in_order({"a": "", "b": "2", "c": "1", "d": "x"}) == ["c", "b", "a", "d"]
    assert numbered(draft(points={ONE: "2", TWO: "1"})) == {TWO: 1, ONE: 2}


@pytest.mark.parametrize("what", list(HELPERS))
def test_a_helper_adds_times_once_and_keeps_what_was_typed(what: str) -> None:
    once = helped(draft(), f"fill:{what}", [])
    assert once["windows"][0] == TIME
    assert helped(once, f"fill:{what}", [])["windows"] == once["windows"]
    alone = route_facts(helped(draft(windows=[]), f"fill:{what}", []), KNOWN, TODAY)
    assert not alone.faults
    assert alone.windows == HELPERS[what]


def test_an_english_name_goes_with_its_chinese_one() -> None:
    meals = helped(draft(windows=[]), "fill:meals", [])
    meals["windows"][0]["name"] = "开餐"
    assert [w.name_en for w in route_facts(meals, KNOWN, TODAY).windows] == ["", "Before lunch", "Before supper"]
    typed = facts(windows=[TIME | {"name": "早餐前"}])
    assert typed.windows[0].name_en == "Before breakfast"


def test_helpers_tick_points_of_a_place_or_kind() -> None:
    points: list[dict[str, Any]] = [
        {"id": ONE, "place": PLACE, "kind": "lab"},
        {"id": TWO, "place": None, "kind": "hall"},
    ]
    assert set(helped(draft(points={}), f"all:{PLACE}", points)["points"]) == {ONE}
    assert set(helped(draft(points={}), "all:", points)["points"]) == {TWO}
    assert set(helped(draft(points={ONE: "4"}), "kind:hall", points)["points"]) == {ONE, TWO}
    assert helped(draft(points={ONE: "4", TWO: ""}), f"none:{PLACE}", points)["points"] == {TWO: ""}
    assert helped(draft(), "fly:away", points) == draft()


def test_there_is_always_a_free_line() -> None:
    assert len(lines_of(draft(windows=[]))) == 2
    assert len(lines_of(draft())) == 2
    assert len(lines_of(helped(draft(), "more", []))) == 4
    full = draft(windows=[TIME] * MOST_WINDOWS)
    assert len(lines_of(helped(full, "more", []))) == MOST_WINDOWS


@given(
    preset=st.sampled_from(PRESETS),
    days=st.sampled_from(("school", "every", "off", "exam")),
    moved=st.sampled_from(("skip", "next")),
    weekdays=st.lists(st.sampled_from(("MO", "TH", "SU")), min_size=1),
    starts=st.lists(st.integers(0, 47), min_size=1, max_size=8, unique=True),
    grace=st.sampled_from(("0", "30", "90", "1440")),
    ordering=st.sampled_from([one.value for one in Order]),
)
def test_a_saved_route_shows_the_form_that_made_it(**said: Any) -> None:
    """Facts -> row -> draft -> facts are the same facts."""
    starts = said.pop("starts")
    windows = [
        TIME | {"start": f"{n % 24}:00", "end": f"{n % 24}:45", "next": n > 23, "name": "早班" if n % 2 else ""}
        for n in starts
    ]
    found = facts(**said, windows=windows, rule="FREQ=MONTHLY;BYMONTHDAY=1", points={TWO: "1", ONE: "2"})
    assert not found.faults
    again = of_route(row(found), found.points, found.persons)
    assert preset_of(row(found)) == said["preset"]
    assert route_facts(again, KNOWN, TODAY) == found


def told(language: str, **said: Any) -> str:
    return when_words(language, row(facts(**said)))


TWICE = [TIME, TIME | {"start": "16:00", "end": "17:30"}]


@pytest.mark.parametrize(
    ("said", "chinese", "english"),
    [
        (
            {"windows": TWICE},
            "每个上学日 7:00–8:30、16:00–17:30，宽限 30 分钟",
            "On every school day 7:00–8:30, 16:00–17:30, grace 30 min",
        ),
        ({"preset": "week", "grace": "0"}, "每周一次，哪天都行", "Once a week, any day"),
        (
            {"preset": "weekdays", "weekdays": ["MO", "WE"], "grace": "2", "grace_unit": "hours"},
            "每星期一、星期三 7:00–8:30，节假日不巡查，宽限 2 小时",
            "Every Monday, Wednesday 7:00–8:30, none on holidays, grace 2 h",
        ),
        ({"preset": "month", "grace": "3", "grace_unit": "days"}, "每月一次，宽限 3 天", "Once a month, grace 3 days"),
        (
            {"preset": "own", "rule": "FREQ=MONTHLY;BYDAY=1MO", "moved": "next", "grace": "0"},
            "按规则 FREQ=MONTHLY;BYDAY=1MO 7:00–8:30，遇休顺延",
            "By the rule FREQ=MONTHLY;BYDAY=1MO 7:00–8:30, moved to the next day that counts",
        ),
        (
            {"preset": "event", "grace": "0"},
            "有活动或预警时人工开启，每轮 90 分钟",
            "When something happens, opened by hand, lasting 90 min",
        ),
    ],
)
def test_when_in_words(said: dict[str, Any], chinese: str, english: str) -> None:
    assert told(CHINESE, **said) == chinese
    assert told(ENGLISH, **said) == english


def test_many_times_are_told_in_short() -> None:
    night = [{"start": w.start, "end": w.end} for w in HELPERS["night"]]
    assert times_words(CHINESE, night) == "22:00–次日 6:00 每 2 小时一次"
    assert times_words(ENGLISH, night) == "22:00–6:00 the next day, every 2 h"
    many = [{"start": n * 100, "end": n * 100 + 30} for n in range(6)]
    assert times_words(CHINESE, many) == "6 次，0:00–8:50"
    assert times_words(CHINESE, [{"start": 960, "end": 1440}]) == "16:00–24:00"
    assert times_words(ENGLISH, [{"start": 1440, "end": 1920}]) == "0:00 the next day–8:00"


def test_what_was_changed() -> None:
    before = {"name": "a", "name_en": "", "grace": 30, "points": ["x"], "chooses": "hand"}
    assert changed(before, before) == []
    assert changed(before, before | {"name": "b", "points": []}) == ["name", "points"]
    assert changed({}, before) == [], "who does not know how it was says nothing"


NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def a_round(**said: Any) -> Mapping[str, Any]:
    later = NOON.replace(hour=13)
    blank = {"opens_at": NOON.replace(hour=11), "late_until": later, "started_at": None, "finished_at": None}
    return {**blank, "closed_at": None, "stops": 3, "seen": 0, "missed": 0, **said}


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ({}, "waiting"),
        ({"opens_at": NOON.replace(hour=13)}, "coming"),
        ({"started_at": NOON, "seen": 1}, "walking"),
        ({"seen": 3}, "done"),
        ({"finished_at": NOON, "started_at": NOON}, "done"),
        ({"closed_at": NOON}, "over"),
        ({"late_until": NOON.replace(hour=11)}, "over"),
    ],
)
def test_where_a_round_stands(said: dict[str, Any], state: str) -> None:
    assert round_state(a_round(**said), NOON) == state


def test_filters() -> None:
    assert fits(a_round(missed=1), "over", "missed")
    assert not fits(a_round(), "waiting", "missed")
    assert fits(a_round(), "over", "waiting"), "nobody ever started it"
    assert not fits(a_round(started_at=NOON), "over", "waiting")
    assert fits(a_round(), "done", "")


def test_every_choice_has_its_words() -> None:
    assert set(rules_route_words.PRESET_NAMES) == set(PRESETS)
    assert set(rules_route_words.HELPER_NAMES) == set(HELPERS)
    assert set(rules_desk.ROUND_STATES) == set(rules_desk.TONES) == set(rules_desk.SIGNS)
    for names in (rules_route_words.PRESET_NAMES, rules_route_words.CAUSES, rules_desk.FILTERS):
        assert set(names.values()) <= set(catalogue())
