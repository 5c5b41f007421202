"""What became of the rounds since yesterday: each has one outcome, the worst that is true of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from backend.language import N_

Row = Mapping[str, Any]


class Outcome(Enum):
    """In the order in which the page shows them."""

    UNBEGUN = "unbegun"
    EARLY = "early"
    MISSED = "missed"
    WHOLE = "whole"
    RUNNING = "running"
    WAITING = "waiting"
    COMING = "coming"


OVER = (Outcome.UNBEGUN, Outcome.EARLY, Outcome.MISSED, Outcome.WHOLE)
NAMES: dict[str, str] = {
    Outcome.UNBEGUN.value: N_("Nobody began"),
    Outcome.EARLY.value: N_("Finished early"),
    Outcome.MISSED.value: N_("With missed points"),
    Outcome.WHOLE.value: N_("Nothing missed"),
    Outcome.RUNNING.value: N_("Under way"),
    Outcome.WAITING.value: N_("Not started"),
    Outcome.COMING.value: N_("Still to come"),
}


def outcome(row: Row, now: datetime) -> Outcome:
    """`row`: a round's moments with the counts `seen`, `left` (due or missed), `stops`, `finish_why`.

    A round is over when it was closed, its grace is past, or nothing is left of it. Finishing early needs a reason, so
    a reason with something left is what tells it; what was excused or could not be reached is not missed.
    """
    over = row["closed_at"] or row["late_until"] < now or not row["left"]
    if row["left"] and row["finished_at"] and row["finish_why"]:
        return Outcome.EARLY
    if over and row["left"]:
        return Outcome.MISSED if row["started_at"] or row["seen"] else Outcome.UNBEGUN
    if over:
        return Outcome.WHOLE
    if row["started_at"]:
        return Outcome.RUNNING
    return Outcome.COMING if row["opens_at"] > now else Outcome.WAITING


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over the rounds that are over; `rounds` counts them, `whole` those without a gap."""

    rounds: int
    whole: int
    unbegun: int
    early: int
    missed: int
    late: int
    sent_late: int


def totals(rows: Iterable[Row]) -> Totals:
    """`rows` carry their `outcome` (a word of Outcome)."""
    over = [row for row in rows if Outcome(row["outcome"]) in OVER]
    count = {one: sum(row["outcome"] == one.value for row in over) for one in OVER}
    return Totals(
        rounds=len(over),
        whole=count[Outcome.WHOLE],
        unbegun=count[Outcome.UNBEGUN],
        early=count[Outcome.EARLY],
        missed=sum(row["left"] for row in over if row["closed_at"]),
        late=sum(row["late"] for row in over),
        sent_late=sum(row["sent_late"] for row in over),
    )
