"""What a page of coverage was asked for, the period that follows from it, and how stops are counted and told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from backend.bodies.rules_terms import Term
from backend.findings.rules import Area
from backend.language import N_
from backend.rounds.rules import Fraction
from backend.rounds.rules import Span as Lasting
from backend.rounds.rules_when import periods
from backend.visits.rules import date_of, uuid_of

DAY, WEEK, TERM, OWN = "day", "week", "term", "own"
PERIOD_NAMES = {DAY: N_("Day"), WEEK: N_("Week"), TERM: N_("Term")}
LONGEST = 2 * 366
"""Days of the longest period that one page counts."""
FEWEST_STEPS = 14
"""A short period is shown with the days before it: one bar is no trend."""
FEWEST_WEEKS = 12
MOST_DAYS, MOST_WEEKS = 31, 54
"""Up to here a trend goes by days, then by weeks, then by months."""
TERM_BACK = timedelta(days=200)
ONE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Counts:
    """Stops of a period. `due` is the frozen denominator; the other five states and what is left add up to it."""

    due: int = 0
    kept: int = 0
    late: int = 0
    missed: int = 0
    excused: int = 0
    unreachable: int = 0
    sent_late: int = 0

    @property
    def seen(self) -> int:
        return self.kept + self.late

    @property
    def left(self) -> int:
        """Still to do."""
        return self.due - self.seen - self.missed - self.excused - self.unreachable

    @property
    def decided(self) -> Fraction:
        """Of the stops that were seen or whose time is over; what is still to do says nothing yet."""
        return Fraction(self.seen, self.due - self.left)

    @property
    def fraction(self) -> Fraction:
        return Fraction(self.seen, self.due)

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


NAMES = tuple(f.name for f in fields(Counts))


def counts_of(row: Mapping[str, Any] | None) -> Counts:
    """From a row with these columns; nothing of no row."""
    return Counts(*(int(row[name] or 0) for name in NAMES)) if row else Counts()


def percent(fraction: Fraction) -> str:
    return "–" if fraction.percent is None else f"{fraction.percent} %"


@dataclass(frozen=True, slots=True)
class Asked:
    """As the address says it: a kind of period, a day in it (`on`), or own days; whose; one area of a bureau's."""

    word: str = WEEK
    on: date | None = None
    start: date | None = None
    end: date | None = None
    school: UUID | None = None
    district: UUID | None = None
    area: str = ""

    def address(self, **changes: object) -> str:
        """The query of this page with some of it changed."""
        other = replace(self, **changes)  # type: ignore[arg-type]
        told = {"period": other.word}
        days = ("start", "end") if other.word == OWN else ("on",)
        told |= {name: str(value) for name in (*days, "school", "district", "area") if (value := getattr(other, name))}
        return f"?{urlencode(told)}"


def asked(query: Mapping[str, str], today: date) -> tuple[Asked, dict[str, str]]:
    """What the address asks for, and what is wrong with its own days (field: message id); what cannot be understood
    otherwise is as if it were not there."""
    area, on = query.get("area", ""), day_of(query.get("on"))
    found = Asked(
        on=min(on, today) if on else None,
        school=uuid_of(query.get("school")),
        district=uuid_of(query.get("district")),
        area=area if area in {one.value for one in Area} else "",
    )
    word = query.get("period", "")
    if word != OWN:
        return replace(found, word=word if word in PERIOD_NAMES else WEEK), {}
    start, end = day_of(query.get("start")), day_of(query.get("end"))
    errors = _wrong(start, end, today)
    return (found if errors else replace(found, word=OWN, start=start, end=end)), errors


def _wrong(start: date | None, end: date | None, today: date) -> dict[str, str]:
    """Why two days are no period; empty when they are one."""
    if start is None or end is None:
        return {name: N_("Please give a day.") for name, day in (("start", start), ("end", end)) if day is None}
    if start > today:
        return {"start": N_("This day is still to come.")}
    if end < start:
        return {"end": N_("The last day lies before the first.")}
    return {"end": N_("At most two years at once.")} if (end - start).days >= LONGEST else {}


def day_of(text: str | None) -> date | None:
    found = date_of(text)
    return found if found and 2000 <= found.year <= 2200 else None


@dataclass(frozen=True, slots=True)
class Days:
    """Days of the city, both included."""

    start: date
    end: date

    @property
    def long(self) -> int:
        return (self.end - self.start).days + 1


@dataclass(frozen=True, slots=True)
class Period:
    """What is counted; a day in the period before it and, unless it is still running, in the next."""

    days: Days
    earlier: date | None = None
    later: date | None = None
    term: Term | None = None


def period(asked: Asked, today: date, terms: Sequence[Term] = ()) -> Period:
    """The period asked for. `terms`: those of the school or bureau around that day."""
    if asked.word == OWN and asked.start and asked.end:
        return Period(Days(asked.start, asked.end))
    on = min(asked.on or today, today)
    if asked.word == TERM:
        return _term(on, today, terms)
    start = on if asked.word == DAY else monday(on)
    end = on if asked.word == DAY else start + 6 * ONE
    return _named(Days(start, end), today)


def _named(days: Days, today: date, term: Term | None = None) -> Period:
    after = days.end + ONE
    return Period(days, days.start - ONE, after if after <= today else None, term)


def _term(on: date, today: date, terms: Sequence[Term]) -> Period:
    """The term of that day, in a vacation the one before; where no calendar names one, the usual half year."""
    start, end = max(pair for pair in periods(Lasting.TERM, terms, on - TERM_BACK, on) if pair[0] <= on)
    named = next((term for term in terms if (term.starts, term.ends) == (start, end)), None)
    found = _named(Days(start, end), today, named)
    following = [pair[0] for pair in periods(Lasting.TERM, terms, end + ONE, today) if pair[0] > end]
    return replace(found, later=min(following) if following else None)


def monday(day: date) -> date:
    return day - day.weekday() * ONE


def weeks(days: Days) -> Days:
    """Whole weeks, from a Monday to a Sunday, that hold these days: what a bureau counts."""
    return Days(monday(days.start), monday(days.end) + 6 * ONE)


def trend_of(days: Days, today: date) -> Days:
    """What the trend shows: the period until today, or when that is short the days up to its end."""
    end = min(days.end, today)
    return Days(min(days.start, end - (FEWEST_STEPS - 1) * ONE), end)


def trend_of_weeks(days: Days) -> Days:
    return Days(min(days.start, monday(days.end) - (FEWEST_WEEKS - 1) * 7 * ONE), days.end)


def steps(days: Days) -> list[Days]:
    """The trend's days, weeks that begin on Monday, or months; the outer ones end where the trend does."""
    found, first = [], days.start
    while first <= days.end:
        last = min(days.end, _last(first, days.long))
        found.append(Days(first, last))
        first = last + ONE
    return found


def _last(first: date, long: int) -> date:
    if long <= MOST_DAYS:
        return first
    if long <= MOST_WEEKS * 7:
        return monday(first) + 6 * ONE
    return (first.replace(day=1) + 31 * ONE).replace(day=1) - ONE


def steps_of_weeks(days: Days) -> list[Days]:
    """Whole weeks, or four of them at once when there are very many; the last step may hold fewer."""
    each = (7 if days.long <= MOST_WEEKS * 7 else 28) * ONE
    found, first = [], days.start
    while first <= days.end:
        found.append(Days(first, min(days.end, first + each - ONE)))
        first += each
    return found


def by_steps(cut: Sequence[Days], by_day: Mapping[date, Counts]) -> list[Counts]:
    """Counts of each step from those of its days."""
    found = []
    for step in cut:
        total = Counts()
        for n in range(step.long):
            total += by_day.get(step.start + n * ONE, Counts())
        found.append(total)
    return found
