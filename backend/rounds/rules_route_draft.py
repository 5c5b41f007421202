"""The draft of a route's form: empty, from a route that there is, and filled further by the form's own helpers."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from backend.rounds.rules import Chooses, Order, Who
from backend.rounds.rules_routes import HELPERS, PERIODS, UNITS, WEEKDAYS, Draft, in_order, minutes, weekly
from backend.rounds.rules_when import DAY, MOST_WINDOWS

BLANK_TIME = {"start": "", "end": "", "next": False, "name": "", "name_en": "", "was": ""}


def empty(today: date) -> Draft:
    """A new route: what most schools choose is chosen already, save for points, persons and times."""
    return {
        **{"name": "", "name_en": "", "note": "", "version": "", "chooses": Chooses.HAND.value, "points": {}},
        **{"kinds": [], "places": [], "ordering": Order.FREE.value, "who": Who.POST.value, "persons": []},
        **{"post": "", "roster": "", "preset": "school", "weekdays": [], "rule": "", "days": "school"},
        **{"moved": "skip", "windows": [], "grace": "30", "grace_unit": "minutes", "challenge": "0"},
        **{"starts_on": today.isoformat(), "ends_on": ""},
    }


def of_route(route: Mapping[str, Any], points: Iterable[UUID], persons: Iterable[UUID]) -> Draft:
    """A route's row (its windows parsed) as its form shows it."""
    unit = next(unit for unit in ("days", "hours", "minutes") if route["grace"] % UNITS[unit] == 0)
    unit = unit if route["grace"] else "minutes"
    preset = preset_of(route)
    same = ("name", "name_en", "note", "chooses", "ordering", "who", "post", "rule", "days", "moved")
    return {
        **{name: route[name] for name in same},
        **{"version": str(route["version"]), "kinds": list(route["kinds"]), "preset": preset, "grace_unit": unit},
        "points": {str(point): str(number) for number, point in enumerate(points, start=1)},
        "places": [str(place) for place in route["places"]],
        "persons": [str(person) for person in persons],
        "roster": str(route["roster"] or ""),
        "weekdays": weekdays_of(route["rule"]) if preset == "weekdays" else [],
        "windows": [_typed(window) for window in route["windows"]],
        "grace": str(route["grace"] // UNITS[unit]),
        "challenge": str(route["challenge"]),
        "starts_on": route["starts_on"].isoformat(),
        "ends_on": route["ends_on"].isoformat() if route["ends_on"] else "",
    }


def preset_of(route: Mapping[str, Any]) -> str:
    if route["span"] in PERIODS or route["span"] == "event":
        return str(route["span"])
    if not route["rule"]:
        return str(route["days"])
    return "weekdays" if weekly(weekdays_of(route["rule"])) == route["rule"] else "own"


def weekdays_of(rule: str) -> list[str]:
    """The weekdays of a rule of nothing else; those it names anyhow for any other."""
    named = rule.partition("BYDAY=")[2].partition(";")[0].split(",")
    return [day for day in WEEKDAYS if day in named]


def _typed(window: Mapping[str, Any]) -> dict[str, Any]:
    late = window["start"] >= DAY
    name, name_en = window.get("name", ""), window.get("name_en", "")
    start, end = (clock_face(window[side]) for side in ("start", "end"))
    return {"start": start, "end": end, "next": late, "name": name, "name_en": name_en, "was": name}


def clock_face(minute: int) -> str:
    """07:30 as a field for a time takes it; midnight is 00:00."""
    return f"{minute % DAY // 60:02}:{minute % 60:02}"


def helped(draft: Draft, act: str, points: Iterable[Mapping[str, Any]]) -> Draft:
    """The draft after one of the form's helpers: fill:NAME adds times, more adds lines, all:PLACE and kind:CODE tick
    points, none:PLACE unticks them. `points` have id, place, kind. Any other word changes nothing."""
    verb, _, what = act.partition(":")
    if verb == "fill" and what in HELPERS:
        return draft | {"windows": _with_times(draft["windows"], what)}
    if verb == "more":
        return draft | {"windows": [*draft["windows"], *(dict(BLANK_TIME) for _ in range(3))][:MOST_WINDOWS]}
    meant = {"all": "place", "none": "place", "kind": "kind"}.get(verb)
    if meant is None:
        return draft
    ticked = dict(draft["points"])
    for point in points:
        if str(point[meant] or "") == what:
            if verb == "none":
                ticked.pop(str(point["id"]), None)
            else:
                ticked.setdefault(str(point["id"]), "")
    return draft | {"points": ticked}


def _with_times(typed: list[dict[str, Any]], what: str) -> list[dict[str, Any]]:
    """What was typed stays; what begins when a line begins already is not added again."""
    kept = [one for one in typed if one["start"].strip() or one["end"].strip()]
    begun = {(minutes(one["start"]), bool(one["next"])) for one in kept}
    added = [_typed({"name": w.name, "name_en": w.name_en, "start": w.start, "end": w.end}) for w in HELPERS[what]]
    new = [one for one in added if (minutes(one["start"]), bool(one["next"])) not in begun]
    return [*kept, *new][:MOST_WINDOWS]


def lines_of(draft: Draft) -> list[dict[str, Any]]:
    """The lines for times that a form shows: what is there and a free one, at least two."""
    free = max(2 - len(draft["windows"]), 0 if any(not one["start"] for one in draft["windows"]) else 1)
    return [*draft["windows"], *(dict(BLANK_TIME) for _ in range(free))][:MOST_WINDOWS]


def numbered(draft: Draft) -> dict[str, int]:
    """Id of each ticked point -> its place in the order."""
    return {point: number for number, point in enumerate(in_order(draft["points"]), start=1)}
