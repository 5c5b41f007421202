"""Which days are school days: working days inside a term. `marks` as in rules_calendar."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from backend.bodies.rules import DayKind
from backend.bodies.rules_calendar import Marks, is_working

VACATION = timedelta(days=75)
"""A term is followed by a vacation of at most this length; days later than that count as school days again, because a
calendar that nobody kept must not end the patrols."""


@dataclass(frozen=True, slots=True)
class Term:
    """Both days included."""

    name: str
    name_en: str
    starts: date
    ends: date

    def holds(self, day: date) -> bool:
        return self.starts <= day <= self.ends


def is_school_day(day: date, marks: Marks, terms: Iterable[Term]) -> bool:
    """An exam day always; else a working day that is not known to lie in a vacation. Without terms, any working day."""
    if marks.get(day) == DayKind.EXAM.value:
        return True
    return is_working(day, marks) and not in_vacation(day, terms)


def in_vacation(day: date, terms: Iterable[Term]) -> bool:
    known = list(terms)
    if any(term.holds(day) for term in known):
        return False
    ended = [term.ends for term in known if term.ends < day]
    return bool(ended) and day - max(ended) <= VACATION


def nearest(by_body: Iterable[Sequence[Term]]) -> list[Term]:
    """Terms in force, in order: those of the nearest body first, of the others only what overlaps none nearer."""
    found: list[Term] = []
    for terms in by_body:
        found += [one for one in terms if not any(one.starts <= t.ends and t.starts <= one.ends for t in found)]
    return sorted(found, key=lambda term: term.starts)


def term_of(day: date, terms: Iterable[Term]) -> Term | None:
    return next((term for term in terms if term.holds(day)), None)
