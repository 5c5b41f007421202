"""When somebody is told of a round and in which words, by rule."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from backend.language import CHINESE, ENGLISH
from backend.notices.rules_words import opens, sentence
from backend.rounds import rules_tell as rules
from backend.rounds.rules import Span
from backend.rounds.rules_tell import Missed

ZONE = ZoneInfo("Asia/Shanghai")
DAY = timedelta(days=1)
MONDAY = datetime(2026, 11, 23, tzinfo=ZONE)


def at(hour: int, minute: int = 0, day: datetime = MONDAY) -> datetime:
    return day.replace(hour=hour, minute=minute)


@pytest.mark.parametrize(
    ("span", "opens_at", "closes_at", "told"),
    [
        (Span.WINDOW, at(7), at(7, 20), at(7, 10)),
        (Span.WINDOW, at(7), at(8), at(7, 30)),
        (Span.WINDOW, at(7), at(17), at(7, 30)),
        (Span.EVENT, at(22), at(23, 30), at(22, 30)),
        (Span.WEEK, MONDAY, MONDAY + 5 * DAY, at(8, day=MONDAY + 3 * DAY)),
        (Span.WEEK, MONDAY, MONDAY + DAY, at(8)),
        (
            Span.MONTH,
            datetime(2026, 11, 1, tzinfo=ZONE),
            datetime(2026, 12, 1, tzinfo=ZONE),
            at(8, day=MONDAY - 6 * DAY),
        ),
    ],
)
def test_when_it_is_told_that_nobody_began(span: Span, opens_at: datetime, closes_at: datetime, told: datetime) -> None:
    assert rules.unbegun_from(span, opens_at, closes_at) == told


def test_long_rounds_wait_for_people_at_work() -> None:
    assert rules.may_tell_now(Span.WINDOW, at(3), school_day=False)
    assert rules.may_tell_now(Span.WEEK, at(8), school_day=True)
    assert not rules.may_tell_now(Span.WEEK, at(8), school_day=False)
    assert not rules.may_tell_now(Span.WEEK, at(7, 59), school_day=True)
    assert not rules.may_tell_now(Span.MONTH, at(18), school_day=True)


def test_a_few_digests_a_day_and_one_a_week_in_vacations() -> None:
    day = [at(0) + timedelta(minutes=n) for n in range(24 * 60)]
    assert {moment.hour for moment in day if rules.is_digest_time(moment, school_day=True)} == {7, 10, 14, 18}
    off = [moment + n * DAY for n in range(7) for moment in day]
    silent = [moment for moment in off if rules.is_digest_time(moment, school_day=False)]
    assert {(moment.weekday(), moment.hour) for moment in silent} == {(0, 7)}
    assert list(rules.DIGEST_AT) == sorted(rules.DIGEST_AT)
    assert time(7) in rules.DIGEST_AT


def test_a_digest_says_only_what_there_is() -> None:
    facts = Missed(rounds=6, unbegun=0, missed=40, late=3).facts()
    assert sentence(ENGLISH, "rounds_digest", facts) == "Rounds: 40 points missed, 3 late, in 6 rounds"
    said = sentence(CHINESE, "rounds_digest", facts)
    assert "40" in said
    assert not any(letter.isascii() and letter.isalpha() for letter in said), said
    assert Missed(4, 0, 0, 0).nothing
    assert opens("rounds_digest", "x", facts) == "/morning"
    assert opens("round_not_started", "x", {}) == opens("round_missed_night", "x", {}) == "/rounds/x"


def test_a_round_is_told_by_name_window_and_count() -> None:
    row = {
        "name": "宿舍夜巡",
        "name_en": "Dormitory",
        "slot": "",
        "slot_en": "",
        "span": "window",
        "missed": 3,
        "stops": 12,
    }
    told = rules.facts_of(row, at(23), at(1, day=MONDAY + DAY))
    assert told["title_en"] == "Dormitory, 11-23 23:00–01:00, 3 of 12 points missed"
    assert told["title"].startswith("宿舍夜巡，11-23 23:00–01:00，")
    long = rules.facts_of({**row, "span": "week", "missed": 0}, MONDAY, MONDAY + 5 * DAY)
    assert long["title_en"] == "Dormitory, 11-23 – 11-27"
