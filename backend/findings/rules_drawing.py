"""The machine of a finding as a picture: where each state stands, and the arrows that MOVES draws between them."""

from dataclasses import dataclass

from backend.findings.rules import Grade, State
from backend.findings.rules_moves import ways_of
from backend.language import N_

S = State
PLACES: dict[State, tuple[int, int]] = {
    **{S.REPORTED: (1, 0), S.REGISTERED: (1, 1), S.GRADED: (1, 2), S.ASSIGNED: (1, 3), S.RECTIFYING: (1, 5)},
    **{S.SUBMITTED: (1, 6), S.ACCEPTED: (1, 7), S.RECHECKED: (1, 8), S.CLOSED: (1, 9)},
    **{S.REJECTED: (0, 0), S.FIXED_ON_SPOT: (0, 1), S.REOPENED: (0, 3), S.EXTENSION_REQUESTED: (0, 5)},
    **{S.ACCEPT_FAILED: (0, 6), S.MERGED: (0, 9)},
    **{S.CONTROLLED: (2, 2), S.REPORTED_UP: (2, 3), S.GOV_REQUESTED: (2, 4), S.LISTED: (2, 5)},
    **{S.DELIST_REQUESTED: (2, 7), S.DELISTED: (2, 9)},
}
"""Column and row: the way of every finding in the middle, that of a major one to the right, side ways to the left."""

WIDE, HIGH, COLUMN, ROW = 150, 34, 190, 58
WIDTH, HEIGHT = 2 * COLUMN + WIDE + 40, 9 * ROW + HIGH + 8


@dataclass(frozen=True, slots=True)
class Box:
    state: str
    x: int
    y: int
    mark: str
    """now, done (it was here) or empty."""


def boxes(now: str, been: frozenset[str]) -> list[Box]:
    return [
        Box(
            state.value,
            column * COLUMN + 4,
            row * ROW + 4,
            "now" if state.value == now else "done" if state.value in been else "",
        )
        for state, (column, row) in PLACES.items()
    ]


def arrows(now: str) -> list[dict[str, str]]:
    """Each change of state once, as the `d` of a path; `mark` is "next" for those that lead on from `now`.

    Merging is possible from everywhere and drawn from nowhere."""
    drawn = []
    for state in PLACES:
        goals = {goal for _, goal in ways_of(state) if goal is not S.MERGED and goal is not state}
        drawn += [
            {"d": _path(state, goal), "mark": "next" if state.value == now else ""}
            for goal in sorted(goals, key=lambda one: one.value)
        ]
    return drawn


def _path(start: State, goal: State) -> str:
    (c1, r1), (c2, r2) = PLACES[start], PLACES[goal]
    x1, y1, x2, y2 = (c1 * COLUMN + 4, r1 * ROW + 4, c2 * COLUMN + 4, r2 * ROW + 4)
    middle = WIDE // 2
    if c1 == c2 and r2 == r1 + 1:
        return f"M{x1 + middle} {y1 + HIGH}V{y2}"
    if c1 == c2:  # beside the column
        side = x1 + WIDE
        return f"M{side} {y1 + HIGH - 8}C{side + 26} {y1 + HIGH} {side + 26} {y2} {side} {y2 + 8}"
    right = c2 > c1
    a, b = (x1 + WIDE, x2) if right else (x1, x2 + WIDE)
    bend = 20 if right else -20
    return f"M{a} {y1 + HIGH // 2}C{a + bend} {y1 + HIGH // 2} {b - bend} {y2 + HIGH // 2} {b} {y2 + HIGH // 2}"


WAYS = {
    Grade.GENERAL.value: (S.REPORTED, S.ASSIGNED, S.RECTIFYING, S.SUBMITTED, S.ACCEPTED, S.CLOSED),
    Grade.MAJOR.value: (
        *(S.REPORTED, S.GRADED, S.CONTROLLED, S.REPORTED_UP, S.RECTIFYING, S.SUBMITTED, S.ACCEPTED, S.CLOSED),
    ),
}
STEP_NAMES: dict[str, str] = {
    S.REPORTED.value: N_("Found"),
    S.GRADED.value: N_("Graded"),
    S.ASSIGNED.value: N_("Assigned"),
    S.CONTROLLED.value: N_("Safe now"),
    S.REPORTED_UP.value: N_("Reported up"),
    S.RECTIFYING.value: N_("Mending now"),
    S.SUBMITTED.value: N_("To verify"),
    S.ACCEPTED.value: N_("Verified"),
    S.CLOSED.value: N_("Closed"),
}
"""Short names, because eight of them stand beside each other on a phone."""
_STANDS_AT: dict[State, State] = {
    **{S.REOPENED: S.REPORTED, S.REGISTERED: S.REPORTED, S.FIXED_ON_SPOT: S.SUBMITTED, S.RECHECKED: S.ACCEPTED},
    **{S.EXTENSION_REQUESTED: S.RECTIFYING, S.ACCEPT_FAILED: S.RECTIFYING, S.DELIST_REQUESTED: S.ACCEPTED},
    **{S.GOV_REQUESTED: S.REPORTED_UP, S.LISTED: S.REPORTED_UP},
    **{S.DELISTED: S.CLOSED, S.REJECTED: S.CLOSED, S.MERGED: S.CLOSED},
}


def steps(state: str, grade: str) -> list[tuple[str, str]]:
    """The few steps of the bar on top: (state, "done" | "now" | "")."""
    way = WAYS[grade]
    here = State(state)
    here = here if here in way else _STANDS_AT.get(here, way[0])
    at = way.index(here) if here in way else 0
    return [(one.value, "done" if n < at else "now" if n == at else "") for n, one in enumerate(way)]
