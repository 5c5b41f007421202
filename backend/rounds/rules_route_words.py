"""A route in words: when it is walked, by whom, what was changed about it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from backend.language import CHINESE, N_, either, say
from backend.rounds.rules import Chooses, Moved, Order, RouteState, RouteVerb, Who
from backend.rounds.rules_route_draft import preset_of, weekdays_of
from backend.rounds.rules_routes import WEEKDAYS
from backend.rounds.rules_when import DAY

Row = Mapping[str, Any]

PRESET_NAMES: dict[str, str] = {
    "school": N_("On every school day"),
    "every": N_("Every day"),
    "off": N_("On days off"),
    "exam": N_("On exam days"),
    "weekdays": N_("On certain weekdays"),
    "week": N_("Once a week, any day"),
    "month": N_("Once a month"),
    "quarter": N_("Once a quarter"),
    "term": N_("Once a term"),
    "half_year": N_("Once in half a year"),
    "year": N_("Once a year"),
    "event": N_("When something happens, opened by hand"),
    "own": N_("By a rule of our own"),
}
DAY_CHOICES: dict[str, str] = {
    "school": N_("school days only"),
    "every": N_("every day, holidays too"),
    "off": N_("days off only"),
    "exam": N_("exam days only"),
}
ORDER_NAMES: dict[str, str] = {
    Order.FREE.value: N_("In any order"),
    Order.ORDERED.value: N_("In the order given"),
    Order.SHUFFLED.value: N_("Shuffled anew each time, for night rounds"),
}
WHO_CHOICES: dict[str, str] = {
    Who.POST.value: N_("Everybody who holds a post"),
    Who.PERSONS.value: N_("Certain persons"),
    Who.ROSTER.value: N_("Whoever is on duty by a roster"),
}
CHOOSES_NAMES: dict[str, str] = {
    Chooses.HAND.value: N_("Points ticked by hand"),
    Chooses.RULE.value: N_("All points of a kind or place, new ones too"),
}
ROUTE_STATES: dict[str, str] = {
    RouteState.ACTIVE.value: N_("In use"),
    RouteState.PAUSED.value: N_("Paused"),
    RouteState.ENDED.value: N_("Route ended"),
}
VERB_NAMES: dict[str, str] = {
    RouteVerb.MAKE.value: N_("Set up"),
    RouteVerb.EDIT.value: N_("Changed"),
    RouteVerb.PAUSE.value: N_("Paused"),
    RouteVerb.RESUME.value: N_("Resumed"),
    RouteVerb.END.value: N_("Route ended"),
}
HELPER_NAMES: dict[str, str] = {
    "peaks": N_("At school peaks"),
    "meals": N_("Before each meal"),
    "shifts": N_("Per shift (3 × 8 h)"),
    "night": N_("Every two hours at night, 22:00–6:00"),
}
CAUSES: dict[str, str] = {
    "event": N_("An event or an activity"),
    "weather": N_("A weather warning"),
    "other": N_("Another reason"),
}


def cause_words(language: str, cause: str) -> str:
    """Why a round was opened by hand: one of CAUSES, or words that somebody typed."""
    return say(language, CAUSES[cause]) if cause in CAUSES else cause


WEEKDAY_NAMES = dict(
    zip(
        WEEKDAYS,
        (
            *(N_("Monday"), N_("Tuesday"), N_("Wednesday"), N_("Thursday"), N_("Friday")),
            *(N_("Saturday"), N_("Sunday")),
        ),
        strict=True,
    )
)
MOST_TIMES = 4
"""Times of a day that are told one by one."""


def when_words(language: str, route: Row) -> str:
    """每个上学日 7:00–8:30、16:00–17:30，宽限 30 分钟. `route`: span, rule, days, moved, windows, grace."""
    preset = preset_of(route)
    if preset == "weekdays":
        days = [say(language, WEEKDAY_NAMES[day]) for day in weekdays_of(route["rule"])]
        told = say(language, N_("Every %(days)s"), days=say(language, ", ").join(days))
    elif preset == "own":
        told = say(language, N_("By the rule %(rule)s"), rule=route["rule"])
    else:
        told = say(language, PRESET_NAMES[preset])
    event = preset == "event"
    times = "" if event else times_words(language, route["windows"])
    parts = [" ".join(part for part in (told, times) if part)]
    if event and route["windows"]:
        long = route["windows"][0]["end"] - route["windows"][0]["start"]
        parts.append(say(language, N_("lasting %(time)s"), time=span_words(language, long)))
    if route["rule"] and route["days"] != "every":
        away = N_("moved to the next day that counts") if route["moved"] == Moved.NEXT.value else N_("none on holidays")
        parts.append(say(language, away))
    if route["grace"]:
        parts.append(say(language, N_("grace %(time)s"), time=span_words(language, route["grace"])))
    told = parts[0]
    for part in parts[1:]:
        told = say(language, N_("%(when)s, %(more)s"), when=told, more=part)
    return told


def times_words(language: str, windows: Sequence[Row]) -> str:
    """7:00–8:30、16:00–17:30; a whole night of even steps, and more times than fit, are told in short."""
    if len(windows) < 3:
        return say(language, ", ").join(window_words(language, one["start"], one["end"]) for one in windows)
    whole = window_words(language, windows[0]["start"], windows[-1]["end"])
    steps = {one["end"] - one["start"] for one in windows}
    if len(steps) == 1 and all(one["end"] == other["start"] for one, other in pairwise(windows)):
        return say(language, N_("%(whole)s, every %(step)s"), whole=whole, step=span_words(language, steps.pop()))
    if len(windows) <= MOST_TIMES:
        return say(language, ", ").join(window_words(language, one["start"], one["end"]) for one in windows)
    return say(language, N_("%(n)s times, %(whole)s"), n=len(windows), whole=whole)


def window_words(language: str, start: int, end: int) -> str:
    return f"{_face(language, start)}–{_face(language, end, start)}"


def _face(language: str, minute: int, after: int | None = None) -> str:
    """7:30; a later day than that of `after` is said, midnight at the end of a day is 24:00."""
    if minute == DAY and after is not None:
        return "24:00"
    shown = f"{minute % DAY // 60}:{minute % 60:02}"
    late = minute >= DAY and (after is None or after < DAY)
    return say(language, N_("%(time)s the next day"), time=shown) if late else shown


def span_words(language: str, minutes: int) -> str:
    """30 min, 2 h, 3 days."""
    if minutes and minutes % DAY == 0:
        return say(language, N_("%(n)s days"), n=minutes // DAY)
    if minutes and minutes % 60 == 0:
        return say(language, N_("%(n)s h"), n=minutes // 60)
    return say(language, N_("%(n)s min"), n=minutes)


def slot_words(language: str, opens: datetime, closes: datetime) -> str:
    """7:00–8:30 of one day; a round of several days ends on the last of them. Both in the city's time."""
    if closes.date() == opens.date():
        return f"{opens:%H:%M}–{closes:%H:%M}"
    if (closes - opens).total_seconds() <= DAY * 60:
        end = (
            "24:00"
            if f"{closes:%H:%M}" == "00:00"
            else say(language, N_("%(time)s the next day"), time=f"{closes:%H:%M}")
        )
        return f"{opens:%H:%M}–{end}"
    return say(language, N_("until %(day)s"), day=date_words(language, closes))


def date_words(language: str, moment: datetime) -> str:
    """The last day of what ends at `moment`: midnight belongs to the day before."""
    day = datetime.fromtimestamp(moment.timestamp() - 60, moment.tzinfo)
    return f"{day.month}月{day.day}日" if language == CHINESE else f"{day:%b} {day.day}"


def who_words(language: str, route: Row, post_name: Callable[[str], str]) -> str:
    """`route` with `roster_name`, `roster_name_en` and `persons` [{name, name_en}]."""
    if route["who"] == Who.POST.value:
        return post_name(route["post"])
    if route["who"] == Who.ROSTER.value:
        return say(
            language, N_("Duty roster %(name)s"), name=either(language, route["roster_name"], route["roster_name_en"])
        )
    return say(language, ", ").join(either(language, one["name"], one["name_en"]) for one in route["persons"])


ASPECTS: dict[str, tuple[str, ...]] = {
    N_("name"): ("name", "name_en"),
    N_("points"): ("chooses", "points", "kinds", "places"),
    N_("order"): ("ordering",),
    N_("who walks it"): ("who", "post", "roster", "persons"),
    N_("when"): ("span", "rule", "days", "moved", "windows"),
    N_("grace"): ("grace",),
    N_("photo challenges"): ("challenge",),
    N_("from and until"): ("starts_on", "ends_on"),
    N_("note"): ("note",),
}
RECORDED = tuple(field for fields in ASPECTS.values() for field in fields)
"""What an event keeps of the route as it was."""


def changed(before: Row, after: Row) -> list[str]:
    """Message ids of what differs. Facts that one of both does not hold are not compared."""
    return [
        name
        for name, fields in ASPECTS.items()
        if any(field in before and field in after and before[field] != after[field] for field in fields)
    ]


def before_words(language: str, before: Row, aspects: Iterable[str]) -> list[str]:
    """What can be told in short of how it was."""
    told = []
    if "name" in aspects:
        told.append(either(language, before["name"], before.get("name_en", "")))
    if "when" in aspects or "grace" in aspects:
        told.append(when_words(language, before))
    if "points" in aspects and before.get("chooses") == Chooses.HAND.value:
        told.append(say(language, N_("%(n)s points"), n=len(before.get("points", ()))))
    return told
