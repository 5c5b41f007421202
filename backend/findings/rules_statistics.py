"""What a page of statistics was asked for, as it stands in its address; the steps of its time axis, the ages of what is
open, and how a share and a lapse of time are told."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode
from uuid import UUID

from backend.language import N_, say

WEEK, MONTH, HALF, OWN = "week", "month", "half", "own"
PERIOD_NAMES = {WEEK: N_("This week"), MONTH: N_("This month"), HALF: N_("Last six months")}
LONGEST = 3 * 366
"""Days of the longest period that one page tells of."""
MOST_DAYS, MOST_WEEKS = 14, 27
"""Up to here the time axis goes by days, then by weeks, then by months."""
AGES = (7, 30, 90)
"""Days since it was found: the borders between the ages of what is open."""
NONE = "–"


@dataclass(frozen=True, slots=True)
class Span:
    """Days of the city, both included; None is without a border."""

    start: date | None
    end: date | None


@dataclass(frozen=True, slots=True)
class Asked:
    """A period and whose findings: a school, a district, or (neither) all that the member reads."""

    word: str
    start: date
    end: date
    school: UUID | None = None
    district: UUID | None = None

    def address(self, word: str = "") -> str:
        """The query of this page, or with another of the named periods."""
        told = {"period": word or self.word}
        if told["period"] == OWN:
            told |= {"start": str(self.start), "end": str(self.end)}
        told |= {name: str(body) for name, body in (("school", self.school), ("district", self.district)) if body}
        return f"?{urlencode(told)}"


def asked(query: Mapping[str, str], today: date) -> tuple[Asked, dict[str, str]]:
    """What the address asks for, and what is wrong with its own days (field: message id). An unknown word of a period
    is as if it were not there; so are a school and a district that are no ids."""
    school = _id(query.get("school"))
    district = None if school else _id(query.get("district"))
    word = query.get("period", "")
    if word == OWN:
        start, end = _day(query.get("start")), _day(query.get("end"))
        errors = _wrong(start, end, today)
        if not errors and start and end:
            return Asked(OWN, start, end, school, district), {}
        return Asked(HALF, *_named(HALF, today), school, district), errors
    word = word if word in PERIOD_NAMES else HALF
    return Asked(word, *_named(word, today), school, district), {}


def _wrong(start: date | None, end: date | None, today: date) -> dict[str, str]:
    """Why two days are no period; empty when they are one."""
    if start is None or end is None:
        lost = {"start": start, "end": end}
        return {name: N_("Please give a day.") for name, day in lost.items() if day is None}
    if start > today:
        return {"start": N_("This day is still to come.")}
    if end < start:
        return {"end": N_("The last day lies before the first.")}
    if (end - start).days >= LONGEST:
        return {"end": N_("At most three years at once.")}
    return {}


def _named(word: str, today: date) -> tuple[date, date]:
    """From Monday, from the first of the month, or from the Monday 25 weeks ago; until today."""
    monday = today - timedelta(days=today.weekday())
    return {WEEK: monday, MONTH: today.replace(day=1)}.get(word, monday - timedelta(weeks=25)), today


def steps(start: date, end: date) -> list[Span]:
    """The period cut into days, weeks that begin on Monday, or months; the outer ones end where the period does."""
    days = (end - start).days + 1
    found, first = [], start
    while first <= end:
        last = min(end, _last(first, days))
        found.append(Span(first, last))
        first = last + timedelta(days=1)
    return found


def _last(first: date, days: int) -> date:
    if days <= MOST_DAYS:
        return first
    if days <= MOST_WEEKS * 7:
        return first + timedelta(days=6 - first.weekday())
    return (first.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def ages(today: date) -> list[Span]:
    """What was found in the last 7 days, before that up to 30, up to 90, and before; newest first."""
    borders = [today - timedelta(days=days - 1) for days in AGES]
    ends: list[date | None] = [None, *(day - timedelta(days=1) for day in borders)]
    return [Span(start, end) for start, end in zip([*borders, None], ends, strict=True)]


def percent(part: int, whole: int) -> str:
    """The share in whole percent, never 0 % of something nor 100 % of not all; a dash when there is nothing."""
    if not whole:
        return NONE
    share = round(100 * part / whole)
    return f"{min(max(share, 1 if part else 0), 100 if part == whole else 99)} %"


def days(number: float | None, language: str) -> str:
    """A median of days: one decimal below ten."""
    if number is None:
        return NONE
    return say(language, N_("%(n)s days"), n=f"{number:.1f}".removesuffix(".0") if number < 10 else f"{number:.0f}")


def lasting(minutes: float | None, language: str) -> str:
    """38 min, 2 h 10 min, 3 days 4 h."""
    if minutes is None:
        return NONE
    whole = round(minutes)
    hours, rest = divmod(whole, 60)
    if hours < 1:
        return say(language, N_("%(n)s min"), n=rest)
    if hours < 24 and not rest:
        return say(language, N_("%(h)s h"), h=hours)
    if hours < 24:
        return say(language, N_("%(h)s h %(n)s min"), h=hours, n=rest)
    return say(language, N_("%(d)s days %(h)s h"), d=hours // 24, h=hours % 24)


def _day(text: str | None) -> date | None:
    try:
        found = date.fromisoformat(text or "")
    except ValueError:
        return None
    return found if 2000 <= found.year <= 2200 else None


def _id(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
