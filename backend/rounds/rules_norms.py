"""What a plan of routes lacks, held against the norms: judged by counting the rounds that it will really have."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta, tzinfo
from functools import cache
from uuid import UUID

from backend.rounds.rules_norm_list import Need, Norm, Per
from backend.rounds.rules_proposal import Spot
from backend.rounds.rules_when import DAY, Slot

NIGHT_PARTS = tuple((hour * 60, (hour + 2) * 60) for hour in (22, 24, 26, 28))
LONG = {Per.MONTH: 32, Per.QUARTER: 93, Per.TERM: 215, Per.HALF_YEAR: 215, Per.YEAR: 368}
"""Days within which a round must begin; the half year is stretched by a vacation in which nobody could walk."""


@dataclass(frozen=True, slots=True)
class Planned:
    """An active route: where it leads, its rounds of the coming weeks (`near`) and of the coming year (`far`, only of
    routes with few rounds; a route whose `near` shows it every week is taken to go on)."""

    route: UUID
    points: frozenset[UUID]
    near: tuple[Slot, ...] = ()
    far: tuple[Slot, ...] = ()
    often: bool = False


@dataclass(frozen=True, slots=True)
class Weeks:
    """The days that are judged: `days` in a row, those of them with school, and the city's time zone."""

    days: tuple[date, ...]
    school: frozenset[date]
    zone: tzinfo


@dataclass(frozen=True, slots=True)
class Unmet:
    """A norm that points do not meet: what the worst of them gets of what is asked."""

    norm: Norm
    points: tuple[UUID, ...]
    gets: int


def uncovered(spots: Iterable[Spot], planned: Iterable[Planned]) -> list[UUID]:
    """Points that no active route leads to."""
    led = frozenset[UUID]().union(*(plan.points for plan in planned))
    return [spot.id for spot in spots if spot.id not in led]


def unmet(norms: Iterable[Norm], spots: Sequence[Spot], planned: Sequence[Planned], weeks: Weeks) -> list[Unmet]:
    """Norms that the plan does not meet, each with its points; a kind without points is no matter of the plan."""
    routes: dict[UUID, set[int]] = defaultdict(set)
    for place, plan in enumerate(planned):
        for point in plan.points:
            routes[point].add(place)

    @cache
    def gets(which: frozenset[int], need: Need) -> int:
        return least([planned[place] for place in sorted(which)], need, weeks)

    found = []
    for norm in norms:
        counts = {spot.id: gets(frozenset(routes[spot.id]), norm.need) for spot in spots if spot.kind in norm.kinds}
        short = {point: count for point, count in counts.items() if count < norm.need.times}
        if short:
            found.append(Unmet(norm, tuple(short), min(short.values())))
    return found


def least(planned: Sequence[Planned], need: Need, weeks: Weeks) -> int:
    """How many rounds the worst stretch has that these routes make together. Nothing to judge counts as enough."""
    if need.per is Per.PLAN:
        return need.times if planned else 0
    near = {(slot.day, slot.opens_at): slot for plan in planned for slot in plan.near}
    if need.per is Per.DAY:
        days = weeks.days if need.always else [day for day in weeks.days if day in weeks.school]
        by_day = Counter(slot.day for slot in near.values())
        return min((by_day[day] for day in days), default=need.times)
    if need.per is Per.NIGHT:
        return _nights(near.values(), weeks, need.times)
    if need.per is Per.WEEK:
        return _weeks(near.values(), weeks, need.times)
    return _long(planned, LONG[need.per], need.times, weeks)


def _nights(slots: Iterable[Slot], weeks: Weeks, enough: int) -> int:
    """Of the four parts of the night after each school day, how many have a round that begins in them."""
    begun: dict[date, set[int]] = defaultdict(set)
    for slot in slots:
        minute = _minute(slot, weeks.zone)
        begun[slot.day] |= {n for n, (start, end) in enumerate(NIGHT_PARTS) if start <= minute < end}
    nights = [day for day in weeks.days if day in weeks.school]
    return min((len(begun[day]) for day in nights), default=enough)


def _minute(slot: Slot, zone: tzinfo) -> int:
    """When the round begins, in minutes of the wall clock from the midnight at which its day began."""
    wall = slot.opens_at.astimezone(zone)
    return (wall.date() - slot.day).days * DAY + wall.hour * 60 + wall.minute


def _weeks(slots: Iterable[Slot], weeks: Weeks, enough: int) -> int:
    """Rounds of each whole week with a school day."""
    by_week = Counter(slot.day - timedelta(days=slot.day.weekday()) for slot in slots)
    whole = Counter(day - timedelta(days=day.weekday()) for day in weeks.days)
    taught = {day - timedelta(days=day.weekday()) for day in weeks.school}
    judged = [week for week, days in whole.items() if days == 7 and week in taught]
    return min((by_week[week] for week in judged), default=enough)


def _long(planned: Sequence[Planned], days: int, enough: int, weeks: Weeks) -> int:
    if any(plan.often for plan in planned):
        return enough
    until = weeks.days[0] + timedelta(days=days)
    return len({slot.opens_at for plan in planned for slot in plan.far if slot.day < until})


def is_often(slots: Iterable[Slot], weeks: Weeks) -> bool:
    """Whether a route has a round in every whole week that is judged."""
    return _weeks(slots, weeks, 0) > 0
