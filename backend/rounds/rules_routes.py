"""What the form of a route says: a draft of everything as it was typed, and the facts that follow from it."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Any
from uuid import UUID

from backend.bodies.rules_calendar import as_day
from backend.language import N_
from backend.rounds.rules import Chooses, Days, Moved, Order, Span, Who
from backend.rounds.rules_when import DAY, MOST_WINDOWS, Calendar, Plan, Slot, Window, occurrences, rule_fault

Draft = dict[str, Any]
"""A form as it was typed: texts; `points` {id: number}; `windows` [{start, end, next, name, name_en, was}]; lists."""

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
DAYS_OF = {"school": Days.SCHOOL, "every": Days.EVERY, "off": Days.OFF, "exam": Days.EXAM}
"""Presets that are walked on every day of one sort."""
PERIODS = ("week", "month", "quarter", "term", "half_year", "year")
PRESETS = (*DAYS_OF, "weekdays", *PERIODS, "event", "own")
UNITS = {"minutes": 1, "hours": 60, "days": DAY}
LONGEST = {"name": 60, "name_en": 100, "note": 500, "why": 200}
MOST_GRACE, MOST_CHALLENGE = 43_200, 20

CHOOSE = N_("Please choose")
FILL_IN = N_("Please fill this in")
TOO_LONG = N_("This is too long")
NO_POINT = N_("Choose at least one point")
NO_RULE = N_("Choose at least one kind or place")
NO_PERSON = N_("Choose at least one person")
NO_ROSTER = N_("Choose a duty roster; it is made under Duty")
NO_WEEKDAY = N_("Choose at least one weekday")
NO_TIME = N_("Give at least one time, from and to")
BAD_TIME = N_("Times are like 7:30; line %(n)s cannot be read")
SAME_TIMES = N_("Two of the times overlap")
BAD_GRACE = N_("A whole number; at most 30 days")
BAD_SHARE = N_("A whole number from 0 to 20")
BAD_DAY = N_("Please give a day, like 2026-10-01")
TURNED = N_("The last day is before the first")

HELPERS: dict[str, tuple[Window, ...]] = {
    "meals": (
        Window("早餐前", "Before breakfast", 360, 420),
        Window("午餐前", "Before lunch", 630, 690),
        Window("晚餐前", "Before supper", 960, 1020),
    ),
    "shifts": (
        Window("早班", "Morning shift", 480, 960),
        Window("中班", "Evening shift", 960, 1440),
        Window("夜班", "Night shift", 1440, 1920),
    ),
    "peaks": (Window("上学", "Arrival", 420, 480), Window("放学", "Going home", 990, 1050)),
    "night": tuple(
        Window(f"夜间 {n}", f"Night {n}", start, start + 120) for n, start in enumerate(range(1320, 1800, 120), start=1)
    ),
}
"""Times a form can be filled with, as minutes from the midnight of the day."""
KNOWN_NAMES = {window.name: window.name_en for windows in HELPERS.values() for window in windows}


@dataclass(frozen=True, slots=True)
class Known:
    """Ids (as text) and codes that this school may choose."""

    points: Collection[str]
    kinds: Collection[str]
    places: Collection[str]
    persons: Collection[str]
    posts: Collection[str]
    rosters: Collection[str]


@dataclass(frozen=True, slots=True)
class RouteFacts:
    """A route as its row holds it, with its points in order and its persons; `faults`: field -> what is wrong."""

    name: str
    span: Span
    starts_on: date
    name_en: str = ""
    chooses: Chooses = Chooses.HAND
    points: tuple[UUID, ...] = ()
    kinds: tuple[str, ...] = ()
    places: tuple[UUID, ...] = ()
    ordering: Order = Order.FREE
    who: Who = Who.POST
    persons: tuple[UUID, ...] = ()
    post: str = ""
    roster: UUID | None = None
    rule: str = ""
    days: Days = Days.SCHOOL
    moved: Moved = Moved.SKIP
    windows: tuple[Window, ...] = ()
    grace: int = 30
    challenge: int = 0
    ends_on: date | None = None
    note: str = ""
    faults: Mapping[str, str] = field(default_factory=dict)
    bad_line: int = 0

    @property
    def plan(self) -> Plan:
        return Plan(self.span, self.rule, self.days, self.moved, self.windows, self.grace, self.starts_on, self.ends_on)


WHEN_FIELDS = ("preset", "weekdays", "rule", "days", "moved", "windows", "grace", "starts_on", "ends_on")
"""Faults that keep a preview of the next rounds from being made."""


def route_facts(draft: Mapping[str, Any], known: Known, today: date) -> RouteFacts:
    """Reads a draft. What was not chosen (persons of a route that a post walks) is not taken over."""
    faults: dict[str, str] = {}
    words: dict[str, Any] = {name: _line(draft.get(name), name, faults) for name in ("name", "name_en", "note")}
    if not words["name"]:
        faults["name"] = FILL_IN
    when = _when(draft, faults)
    first, last = _dates(draft, today, faults)
    rest = _where(draft, known, faults) | _who(draft, known, faults) | when
    bad = faults.pop("_line", "")
    return RouteFacts(**words, starts_on=first, ends_on=last, faults=faults, bad_line=int(bad or 0), **rest)


def _line(value: object, name: str, faults: dict[str, str]) -> str:
    kept = "".join(" " if unicodedata.category(c) == "Cc" else c for c in str(value or ""))
    text = " ".join(kept.split())
    if len(text) > LONGEST[name]:
        faults[name] = TOO_LONG
    return text


def _where(draft: Mapping[str, Any], known: Known, faults: dict[str, str]) -> dict[str, Any]:
    chooses, ordering = (draft.get(name, "") for name in ("chooses", "ordering"))
    if ordering not in {one.value for one in Order}:
        faults["ordering"] = CHOOSE
    found: dict[str, Any] = {"ordering": Order(ordering) if "ordering" not in faults else Order.FREE}
    if chooses == Chooses.RULE.value:
        kinds = tuple(kind for kind in draft.get("kinds", ()) if kind in known.kinds)
        places = tuple(UUID(place) for place in draft.get("places", ()) if place in known.places)
        if not kinds and not places:
            faults["kinds"] = NO_RULE
        return {**found, "chooses": Chooses.RULE, "kinds": kinds, "places": places}
    points = tuple(UUID(point) for point in in_order(draft.get("points", {})) if point in known.points)
    if chooses != Chooses.HAND.value:
        faults["chooses"] = CHOOSE
    elif not points:
        faults["points"] = NO_POINT
    return {**found, "chooses": Chooses.HAND, "points": points}


def in_order(points: Mapping[str, str]) -> list[str]:
    """Ids by the number typed beside them; those without a number follow as they come."""
    numbers = {point: _whole(number) for point, number in points.items()}
    return sorted(points, key=lambda point: (numbers[point] is None, numbers[point] or 0))


def _who(draft: Mapping[str, Any], known: Known, faults: dict[str, str]) -> dict[str, Any]:
    who = draft.get("who", "")
    if who == Who.PERSONS.value:
        persons = tuple(UUID(person) for person in draft.get("persons", ()) if person in known.persons)
        if not persons:
            faults["persons"] = NO_PERSON
        return {"who": Who.PERSONS, "persons": persons}
    if who == Who.ROSTER.value:
        roster = draft.get("roster", "")
        if roster not in known.rosters:
            faults["roster"] = NO_ROSTER
        return {"who": Who.ROSTER, "roster": UUID(roster) if roster in known.rosters else None}
    if who != Who.POST.value:
        faults["who"] = CHOOSE
    elif draft.get("post", "") not in known.posts:
        faults["post"] = CHOOSE
    return {"who": Who.POST, "post": draft.get("post", "")}


def _when(draft: Mapping[str, Any], faults: dict[str, str]) -> dict[str, Any]:
    preset, rule = draft.get("preset", ""), ""
    if preset not in PRESETS:
        faults["preset"] = CHOOSE
    days, moved = DAYS_OF.get(preset), Moved.SKIP
    if days is None:
        asked = draft.get("days", "")
        days = DAYS_OF.get(asked, Days.SCHOOL)
        if asked not in DAYS_OF and preset != "event":
            faults["days"] = CHOOSE
    if preset == "weekdays":
        rule = weekly(draft.get("weekdays", ()))
        if not rule:
            faults["weekdays"] = NO_WEEKDAY
    elif preset == "own":
        rule = str(draft.get("rule", "")).strip().upper().removeprefix("RRULE:")
        if wrong := rule_fault(rule):
            faults["rule"] = wrong
    if rule:
        moved = Moved.NEXT if draft.get("moved") == Moved.NEXT.value else Moved.SKIP
    span = Span(preset) if preset in PERIODS or preset == "event" else Span.WINDOW
    windows = () if preset in PERIODS else _windows(draft, faults, needed=span is Span.WINDOW)
    numbers = {"grace": _grace(draft, faults), "challenge": _share(draft, faults)}
    return {"span": span, "rule": rule, "days": days, "moved": moved, "windows": windows, **numbers}


def weekly(weekdays: Iterable[str]) -> str:
    """The RRULE of some weekdays; empty for none."""
    chosen = [day for day in WEEKDAYS if day in set(weekdays)]
    return f"FREQ=WEEKLY;BYDAY={','.join(chosen)}" if chosen else ""


def _windows(draft: Mapping[str, Any], faults: dict[str, str], *, needed: bool) -> tuple[Window, ...]:
    found = []
    for number, one in enumerate(draft.get("windows", ()), start=1):
        if not (one["start"].strip() or one["end"].strip()):
            continue
        start, end = minutes(one["start"]), minutes(one["end"])
        if start is None or end is None or start == DAY:
            faults["windows"], faults["_line"] = BAD_TIME, str(number)
            return ()
        end += DAY if end <= start else 0
        later = DAY if one["next"] else 0
        found.append(Window(one["name"].strip()[:40], _english(one), start + later, end + later))
    found.sort(key=lambda window: (window.start, window.end))
    if any(one.end > other.start for one, other in pairwise(found)):
        faults["windows"] = SAME_TIMES
    if (needed and not found) or len(found) > MOST_WINDOWS:
        faults["windows"] = TOO_LONG if found else NO_TIME
    return tuple(found)


def _english(window: Mapping[str, str]) -> str:
    name = window["name"].strip()
    return window["name_en"] if name == window["was"].strip() else KNOWN_NAMES.get(name, "")


def minutes(text: str) -> int | None:
    """Minutes of the day of 7:30, 07：30, 0730 or 24:00; None for anything else."""
    found = re.fullmatch(r"(\d{1,2}):?(\d{2})", unicodedata.normalize("NFKC", text).strip())
    if not found or int(found[2]) > 59:
        return None
    total = int(found[1]) * 60 + int(found[2])
    return total if total <= DAY else None


def _whole(text: object) -> int | None:
    plain = unicodedata.normalize("NFKC", str(text or "")).strip()
    return int(plain) if re.fullmatch(r"[0-9]{1,6}", plain) else None


def _grace(draft: Mapping[str, Any], faults: dict[str, str]) -> int:
    number, unit = _whole(draft.get("grace")), UNITS.get(draft.get("grace_unit", ""), 1)
    if number is None or number * unit > MOST_GRACE:
        faults["grace"] = BAD_GRACE
        return 0
    return number * unit


def _share(draft: Mapping[str, Any], faults: dict[str, str]) -> int:
    number = _whole(draft.get("challenge") or "0")
    if number is None or number > MOST_CHALLENGE:
        faults["challenge"] = BAD_SHARE
        return 0
    return number


def _dates(draft: Mapping[str, Any], today: date, faults: dict[str, str]) -> tuple[date, date | None]:
    first, last = as_day(draft.get("starts_on", "")), None
    if first is None:
        faults["starts_on"] = BAD_DAY
    if str(draft.get("ends_on") or "").strip():
        last = as_day(draft["ends_on"])
        if last is None:
            faults["ends_on"] = BAD_DAY
        elif first and last < first:
            faults["ends_on"] = TURNED
    return first or today, last


def coming(plan: Plan, calendar: Calendar, now: datetime, zone: tzinfo, most: int) -> Sequence[Slot]:
    """The next rounds that begin after `now`, at most `most`, within 400 days."""
    found: list[Slot] = []
    for days in (3, 21, 120, 400):
        found = occurrences(plan, calendar, now, now + timedelta(days=days), zone)
        if len(found) >= most:
            break
    return found[:most]
