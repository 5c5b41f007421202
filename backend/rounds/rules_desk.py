"""Where a round stands, for the manager's list of a day."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from backend.language import N_

ROUND_STATES: dict[str, str] = {
    "coming": N_("Still to come"),
    "waiting": N_("Not started"),
    "walking": N_("Under way"),
    "done": N_("Finished"),
    "over": N_("Time is over"),
}
FILTERS: dict[str, str] = {
    "walking": N_("Under way"),
    "waiting": N_("Not started"),
    "done": N_("Finished"),
    "missed": N_("With missed points"),
}
TONES = {"coming": "", "waiting": "warn", "walking": "info", "done": "ok", "over": "bad"}
SIGNS = {"coming": "clock", "waiting": "warn", "walking": "refresh", "done": "check", "over": "stop"}


def round_state(round_row: Mapping[str, Any], now: datetime) -> str:
    """`round_row`: opens_at, started_at, finished_at, closed_at, late_until, stops, seen. All seen is finished, even if
    nobody said so; "over": its grace is past and something is left."""
    if round_row["finished_at"] or round_row["seen"] >= round_row["stops"]:
        return "done"
    if round_row["closed_at"] or round_row["late_until"] < now:
        return "over"
    if round_row["started_at"]:
        return "walking"
    return "coming" if round_row["opens_at"] > now else "waiting"


def fits(round_row: Mapping[str, Any], state: str, wanted: str) -> bool:
    """Whether a filter shows the round; "waiting" also shows those that nobody ever started."""
    if wanted == "missed":
        return bool(round_row["missed"])
    if wanted == "waiting":
        return state == "waiting" or (state == "over" and not round_row["started_at"])
    return not wanted or state == wanted
