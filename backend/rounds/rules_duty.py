"""Whose turn it is: a rotation of people over days and shifts, told by nothing but its place in the order."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import gcd, lcm
from typing import Any, TypeVar

from backend.rounds.rules import Turn

Person = TypeVar("Person")
DAY = 24 * 60
ONE = timedelta(days=1)
MOST_SHIFTS = 6
MOST_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Shift:
    """A named time of a day: minutes, the end beyond 1440 when it lies in the next day; `people` stand in it at once.

    A shift that was changed or given up stays, `ended`: duties of the past name their shift by its place.
    """

    name: str
    name_en: str
    start: int
    end: int
    people: int = 1
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Slot:
    """One shift of one day."""

    day: date
    shift: int


def shifts_of(rows: Iterable[Mapping[str, Any]]) -> list[Shift]:
    """From the column of a roster."""
    return [
        Shift(
            str(row.get("name") or ""),
            str(row.get("name_en") or ""),
            int(row["start"]),
            int(row["end"]),
            int(row.get("people") or 1),
            bool(row.get("ended")),
        )
        for row in rows
    ]


def shift_row(shift: Shift) -> dict[str, Any]:
    """As a roster keeps it."""
    row: dict[str, Any] = {"name": shift.name, "name_en": shift.name_en, "start": shift.start, "end": shift.end}
    return row | ({"people": shift.people} if shift.people > 1 else {}) | ({"ended": True} if shift.ended else {})


def turns(
    people: Sequence[Person], days: Iterable[date], shifts: Sequence[Shift], turn: Turn | str = Turn.DAY
) -> dict[Slot, list[Person]]:
    """Who stands in each shift of each day, in the order of people, beginning with the first of each on the first day.

    A day that is not among `days` (a holiday) costs nobody his turn: it moves to the next one. By week: the same people
    stand on all days of a calendar week. The numbers of turns of two persons never differ by more than one. Where a
    shift would always stay with the same people, everybody moves on by one as often as the order is through. Nobody
    stands twice in a shift, nor twice a day where there are people enough.
    """
    open_ones = [(number, shift) for number, shift in enumerate(shifts) if not shift.ended]
    found: dict[Slot, list[Person]] = {}
    if not people or not open_ones:
        return found
    each = sum(min(shift.people, len(people)) for _, shift in open_ones)
    moves = len(open_ones) > 1 and gcd(each, len(people)) > 1
    for place, group in enumerate(_groups(sorted(set(days)), Turn(turn))):
        at = place * each
        for number, shift in open_ones:
            crew = min(shift.people, len(people))
            standing = [people[_whose(at + n, each, len(people), moves=moves)] for n in range(crew)]
            found |= {Slot(day, number): list(standing) for day in group}
            at += crew
    return found


def _whose(place: int, each: int, people: int, *, moves: bool) -> int:
    """Round robin. `moves`: by one more whenever it would begin to repeat itself; a round of all turns ends with a day
    (or week) and holds everybody equally often, so the move makes nobody stand twice in a day."""
    return (place + (place // lcm(each, people) if moves else 0)) % people


def _groups(days: Sequence[date], turn: Turn) -> list[list[date]]:
    """The days that one turn lasts."""
    if turn is Turn.DAY:
        return [[day] for day in days]
    weeks: dict[date, list[date]] = {}
    for day in days:
        weeks.setdefault(monday(day), []).append(day)
    return list(weeks.values())


def monday(day: date) -> date:
    return day - ONE * day.weekday()


def changed_shifts(old: Sequence[Shift], new: Sequence[Shift]) -> list[Shift]:
    """The list to keep: the old ones at their places, ended where the new ones do not hold them any more with the same
    times, and the others behind. A new name or number of people changes no yesterday's time, so it is written over.
    """
    kept: list[Shift] = []
    left = list(new)
    for shift in old:
        same = next((one for one in left if (one.start, one.end) == (shift.start, shift.end)), None)
        if shift.ended or same is None:
            kept.append(Shift(shift.name, shift.name_en, shift.start, shift.end, shift.people, True))
        else:
            left.remove(same)
            kept.append(same)
    return kept + left


def overlaps(one: tuple[date, Shift], other: tuple[date, Shift]) -> bool:
    """Whether somebody cannot stand in both."""
    (day, shift), (other_day, other_shift) = one, other
    away = (other_day - day).days * DAY
    return shift.start < other_shift.end + away and other_shift.start + away < shift.end


def clock_text(minutes: int) -> str:
    """08:00; what lies in the next day is the caller's to say."""
    return f"{minutes // 60 % 24:02}:{minutes % 60:02}"
