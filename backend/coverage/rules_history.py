"""A point's fortnight at a glance: its stops day by day."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from backend.coverage.rules_plan import LETTER
from backend.rounds.rules import StopState

DAYS = 14


@dataclass(frozen=True, slots=True)
class Day:
    """`marks`: letters of rules_plan in the order of the windows; nothing begins later than now."""

    day: date
    marks: tuple[str, ...]


def fortnight(stops: Iterable[Mapping[str, Any]], last: date) -> list[Day]:
    """The DAYS days up to `last`. `stops` with day and state, in the order of their windows."""
    found: dict[date, list[str]] = defaultdict(list)
    for stop in stops:
        found[stop["day"]].append(LETTER[StopState(stop["state"])])
    return [Day(day, tuple(found[day])) for n in range(DAYS) for day in (last - timedelta(days=DAYS - 1 - n),)]
