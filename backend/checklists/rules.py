"""What can be asked, what counts as bad, and when a question is due again."""

from calendar import monthrange
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from enum import Enum


class AnswerKind(Enum):
    OK_BAD_NA = "ok_notok_na"
    NUMBER = "number"
    TEXT = "text"
    DATE = "date"
    CHOICE = "choice"


class Result(Enum):
    OK = "ok"
    BAD = "bad"
    NA = "na"
    UNCHECKED = "unchecked"


class DateRule(Enum):
    """How a date is judged: it names the last good day, or the day something was made or done."""

    UNTIL = "until"
    SINCE = "since"


class PhotoRule(Enum):
    ALWAYS = "always"
    ON_BAD = "on_fail"
    NONE = "none"


class Severity(Enum):
    GENERAL = "general"
    FIX_NOW = "fix_now"
    STOP_USE = "stop_use"
    REPORT_NOW = "report_now"
    MAJOR_SUSPECTED = "major_suspected"


class Frequency(Enum):
    DAILY = "daily"
    TWICE_DAILY = "twice_daily"
    PER_MEAL = "per_meal"
    PER_TRIP = "per_trip"
    PER_SHIFT = "per_shift"
    PER_USE = "per_use"
    PER_EVENT = "per_event"
    SCHOOL_PEAKS = "school_peaks"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    TERMLY = "termly"
    HALF_YEARLY = "half_yearly"
    YEARLY = "yearly"


ALWAYS_DUE = frozenset({Frequency.PER_TRIP, Frequency.PER_USE, Frequency.PER_EVENT})
"""Asked at every visit: only the patroller knows that a trip, a use or an event began."""

MANY_A_DAY = frozenset(
    {Frequency.DAILY, Frequency.TWICE_DAILY, Frequency.PER_MEAL, Frequency.PER_SHIFT, Frequency.SCHOOL_PEAKS}
)
"""Asked at least once on every school day."""

_MEALS = (time(5), time(9, 30), time(15))
_SHIFTS = (time(0), time(8), time(16))
_HALVES = (time(0), time(12))


TERM_LASTS = timedelta(days=240)
"""A term with its vacation. What began longer ago is not the present one: the calendar was not kept."""


def term_began(starts: Iterable[date], today: date) -> date | None:
    """The beginning of the present term, of those the calendar names; None when it does not know."""
    begun = [day for day in starts if day <= today and today - day <= TERM_LASTS]
    return max(begun, default=None)


def window_start(frequency: Frequency, now: datetime, term_start: date | None = None) -> datetime | None:
    """When the period began in which one answer is enough; None when every visit asks anew.

    `now` is the wall clock of the city. `term_start` as `term_began` finds it; without it terms begin on 1 February and
    1 September.
    """
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if frequency in ALWAYS_DUE:
        return None
    parts = {
        Frequency.TWICE_DAILY: _HALVES,
        Frequency.SCHOOL_PEAKS: _HALVES,
        Frequency.PER_MEAL: _MEALS,
        Frequency.PER_SHIFT: _SHIFTS,
    }.get(frequency)
    if parts:
        return _part_of_day(parts, now)
    starts = {
        Frequency.DAILY: day,
        Frequency.WEEKLY: day - timedelta(days=day.weekday()),
        Frequency.MONTHLY: day.replace(day=1),
        Frequency.QUARTERLY: day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1),
        Frequency.HALF_YEARLY: day.replace(month=1 if day.month < 7 else 7, day=1),
        Frequency.YEARLY: day.replace(month=1, day=1),
    }
    return starts.get(frequency) or _term_start(day, term_start)


def _part_of_day(parts: tuple[time, ...], now: datetime) -> datetime:
    begun = [part for part in parts if part <= now.time()]
    day = now.date() if begun else now.date() - timedelta(days=1)
    return datetime.combine(day, begun[-1] if begun else parts[-1], now.tzinfo)


def _term_start(day: datetime, said: date | None) -> datetime:
    if said is not None:
        return datetime.combine(said, time(), day.tzinfo)
    if day.month >= 9:
        return day.replace(month=9, day=1)
    if day.month >= 2:
        return day.replace(month=2, day=1)
    return day.replace(year=day.year - 1, month=9, day=1)


def is_due(frequency: Frequency, last: datetime | None, now: datetime, term_start: date | None = None) -> bool:
    """Whether an item last answered at `last` is asked again. Both moments are aware."""
    start = window_start(frequency, now, term_start)
    return last is None or start is None or last < start


EXPIRY_WARNING = timedelta(days=30)


def judge_number(number: float | None, minimum: float | None, maximum: float | None) -> Result | None:
    """Out of limits is bad by itself; None without a number."""
    if number is None:
        return None
    low = minimum is not None and number < minimum
    high = maximum is not None and number > maximum
    return Result.BAD if low or high else Result.OK


def ends(value: date, rule: DateRule = DateRule.UNTIL, years: float | None = None) -> date | None:
    """The last good day of what the date says; None where it was made or done without a known length of life."""
    if rule is DateRule.UNTIL:
        return value
    return _later(value, round(years * 12)) if years is not None else None


def _later(day: date, months: int) -> date:
    """The same day some months later, the last of the month where there is none (29 February)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year > date.max.year:
        return date.max
    return day.replace(year=year, month=month + 1, day=min(day.day, monthrange(year, month + 1)[1]))


def judge_date(
    value: date | None, today: date, rule: DateRule = DateRule.UNTIL, years: float | None = None
) -> Result | None:
    """Past its last good day is bad, and so is a day of making or doing that has not come yet; None without a date."""
    if value is None:
        return None
    last = ends(value, rule, years)
    unborn = rule is DateRule.SINCE and value > today
    return Result.BAD if unborn or (last is not None and last < today) else Result.OK


def ends_soon(value: date, today: date, rule: DateRule = DateRule.UNTIL, years: float | None = None) -> bool:
    """Still good, but not for longer than the warning."""
    last = ends(value, rule, years)
    return last is not None and today <= last <= today + EXPIRY_WARNING
