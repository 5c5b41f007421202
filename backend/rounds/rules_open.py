"""Opening a round: which point comes when, and at which a named thing is to be photographed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any, TypeVar

from backend.rounds.rules import Order, Span

T = TypeVar("T")
Things = Mapping[str, Sequence[Mapping[str, str]]]

LEAD = timedelta(hours=2)
"""A round is opened that long before its window, so that a phone can take it along to where no signal is."""
FURTHEST_BACK = timedelta(days=31)
"""After a pause, rounds of that many days are still made; nobody would look for older ones."""
LOOK_AGAIN = timedelta(hours=6)
"""A route is looked at that often even if its next round is far: its calendar may have changed."""
AHEAD = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Place:
    """One stop to be: a point, its turn, the thing to be photographed there ("" mostly)."""

    point: dict[str, Any]
    position: int
    challenge: str


def stops_of(
    points: Sequence[dict[str, Any]], ordering: Order, challenge: int, things: Things, chance: Random
) -> list[Place]:
    """A stop for each point, once, in the order in which it is to be walked; `challenge` in per cent of the stops."""
    ordered = list({point["id"]: point for point in points}.values())
    if ordering is Order.SHUFFLED:
        chance.shuffle(ordered)
    return [
        Place(point, turn, _thing(point["kind"], challenge, things, chance))
        for turn, point in enumerate(ordered, start=1)
    ]


def _thing(kind: str, challenge: int, things: Things, chance: Random) -> str:
    named = things.get(kind, ())
    return chance.choice(list(named))["id"] if named and chance.random() * 100 < challenge else ""


def begins_from(span: Span, now: datetime, midnight: datetime) -> datetime:
    """From when a route that begins now has rounds: windows that are not over yet begin later; a week or a month that
    is running counts from today."""
    return now if span in {Span.WINDOW, Span.EVENT} else midnight
