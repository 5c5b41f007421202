"""When a label belongs on the reprint list: somebody said that it cannot be read, or people had to do without it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from backend.language import N_
from backend.points.rules import Trouble

OFTEN = 2
"""Visits without the label, since it was last read, before it is suspected: one may be a slip, two are not."""
LOOK_BACK_DAYS = 30
WITHOUT = ("typed", "list")
"""How a point was opened when its label did not help."""
READ = ("scan", "photo")
"""How it was opened when its label could be read: what was before says nothing any more."""
NOT_THE_LABEL = ("camera", "blocked")
"""Reasons for choosing from the list that say nothing about the label."""
WHY_TYPED = (Trouble.UNREAD.value, Trouble.DAMAGED.value)
"""Reasons that a typed code may carry; whoever can read its letters has the label before him."""

OFTEN_WITHOUT = "without"
WHY: dict[str, str] = {
    Trouble.MISSING.value: N_("Label missing"),
    Trouble.DAMAGED.value: N_("Label damaged or dirty"),
    Trouble.UNREAD.value: N_("The camera could not read it"),
    OFTEN_WITHOUT: N_("Often opened without scanning"),
}
"""Why a label stands on the list, the surest reason first."""


def reasons(troubles: Iterable[Mapping[str, Any]], without: int, since: datetime | None) -> list[dict[str, Any]]:
    """Each reason once: `why` (a word of WHY), how often (`n`), `since` when (aware), in the order of WHY.

    `troubles`: what was said (`kind`, `created_at`); `without`: visits without the label, the first of them at `since`.
    """
    found: dict[str, dict[str, Any]] = {}
    for one in troubles:
        line = found.setdefault(one["kind"], {"why": one["kind"], "n": 0, "since": one["created_at"]})
        line["n"] += 1
        line["since"] = min(line["since"], one["created_at"])
    if without >= OFTEN:
        found[OFTEN_WITHOUT] = {"why": OFTEN_WITHOUT, "n": without, "since": since}
    return [found[why] for why in WHY if why in found]
