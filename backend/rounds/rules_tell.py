"""When somebody is told of a round, and in which words: at once what cannot wait, everything else in a digest."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from backend.language import CHINESE, ENGLISH, N_, either, say
from backend.rounds.rules import Span

DIGEST_AT = (time(7), time(10), time(14), time(18))
"""Wall-clock times of a school's digests; that of the morning tells the night and the evening before."""
DIGEST_FOR = timedelta(minutes=15)
"""So long after its time a digest is still made. Who missed that (a pause of the worker) is told by the next one."""
LOOK_BACK_DAYS = 10
"""A digest reaches back over the longest holiday; what is older stands on the pages and in no notice."""
FRESH = timedelta(hours=12)
"""Rounds that were closed later than that after their end (a pause of the worker) are told by the digest only."""

SOON = timedelta(minutes=30)
"""A window that nobody began is told after half of it, and after this at the latest."""
LONG_SPANS_FROM, LONG_SPANS_UNTIL = time(8), time(18)
_DAY = timedelta(days=1)
SHORT = frozenset({Span.WINDOW, Span.EVENT})


def unbegun_from(span: Span, opens_at: datetime, closes_at: datetime) -> datetime:
    """From when it is told that nobody began a round; aware moments in the city's zone.

    Windows: after half of them, at the latest SOON after their beginning. Weeks, months and longer: on the day after
    their middle, or on their last day if that is sooner, when people are at work.
    """
    half = (closes_at - opens_at) / 2
    if span in SHORT:
        return opens_at + min(half, SOON)
    day = min((opens_at + half).date() + _DAY, (closes_at - timedelta(minutes=1)).date())
    return datetime.combine(day, LONG_SPANS_FROM, opens_at.tzinfo)


def may_tell_now(span: Span, now: datetime, *, school_day: bool) -> bool:
    """Windows only open on days on which they are walked, so they are told at any time; longer ones wait for a school
    day and its working hours. `now` is the city's wall clock."""
    return span in SHORT or (school_day and LONG_SPANS_FROM <= now.time() < LONG_SPANS_UNTIL)


def is_digest_time(now: datetime, *, school_day: bool) -> bool:
    """Whether a digest is made at this wall-clock moment. Days off are silent but for Monday morning, so that a
    vacation is told week by week (night rounds are told at once on any day)."""
    due = any(begin <= now < begin + DIGEST_FOR for begin in _times(now))
    return due and (school_day or (now.weekday() == 0 and now.hour == DIGEST_AT[0].hour))


def _times(now: datetime) -> list[datetime]:
    return [now.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0) for at in DIGEST_AT]


@dataclass(frozen=True, slots=True)
class Missed:
    """What a digest counts: rounds with a fault, those of them that nobody began, stops missed and stops kept late."""

    rounds: int
    unbegun: int
    missed: int
    late: int

    @property
    def nothing(self) -> bool:
        return not (self.unbegun or self.missed or self.late)

    def facts(self) -> dict[str, Any]:
        return {
            **{"rounds": self.rounds, "unbegun": self.unbegun, "missed": self.missed, "late": self.late},
            **{"title": _digest(CHINESE, self), "title_en": _digest(ENGLISH, self)},
        }


def _digest(language: str, told: Missed) -> str:
    """Only what there is: 14 points missed, 3 late, in 6 rounds, 2 of them not begun."""
    parts = [
        (N_("%(n)s points missed"), told.missed),
        (N_("%(n)s late"), told.late),
        (N_("in %(n)s rounds"), told.rounds),
        (N_("%(n)s of them not begun"), told.unbegun),
    ]
    return _joined(language, [say(language, text, n=n) for text, n in parts if n])


def facts_of(round_row: Mapping[str, Any], opens: datetime, closes: datetime) -> dict[str, Any]:
    """What a notice about one round needs; `opens` and `closes` on the city's wall clock."""
    window = _window(Span(round_row["span"]), opens, closes)
    return {"title": _title(CHINESE, round_row, window), "title_en": _title(ENGLISH, round_row, window)}


def _title(language: str, round_row: Mapping[str, Any], window: str) -> str:
    name = either(language, round_row["name"], round_row["name_en"])
    slot = either(language, round_row["slot"], round_row["slot_en"])
    said = _joined(language, [" ".join(part for part in (name, slot) if part), window])
    if not round_row.get("missed"):
        return said
    counts = say(language, N_("%(n)s of %(m)s points missed"), n=round_row["missed"], m=round_row["stops"])
    return _joined(language, [said, counts])


def _joined(language: str, parts: list[str]) -> str:
    return ("，" if language == CHINESE else ", ").join(parts)


def _window(span: Span, opens: datetime, closes: datetime) -> str:
    if span in SHORT:
        return f"{opens:%m-%d %H:%M}–{closes:%H:%M}"
    return f"{opens:%m-%d} – {closes - timedelta(minutes=1):%m-%d}"
