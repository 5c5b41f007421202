"""What a stranger may learn: whose label it is, of what area others reported there, what became of his own report."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from backend import clock, database
from backend.access import hashed
from backend.database import Scope, reading
from backend.findings.rules import ENDED, Source, State
from backend.findings.rules_report import MOST_SIMILAR, NOT_MENDED_AGAIN, SIMILAR_DAYS, is_over, may_deny, step
from backend.trouble import Missing

_ENDED = ", ".join(f"'{state.value}'" for state in ENDED)


async def place(code: str) -> dict[str, Any]:
    """The label and what may be said of it to anyone: school, its emergency number, the name that stands on the label,
    similar reports. `code` is the scanned or the short one. Raises Missing."""
    label = await database.door("SELECT * FROM label_door($1)", code)
    if label is None:
        raise Missing()
    async with reading(Scope(school=label["school"])):
        point = await database.row("SELECT name, name_en, kind FROM point WHERE id = $1", label["point"])
        label["similar"] = await similar(label["point"])
    return {**label, "name": "", "name_en": "", "kind": "", **(point or {})}


async def similar(point: UUID | None) -> list[dict[str, Any]]:
    """The newest open report of each area at this point: what he could have said himself, not another's words."""
    return await database.rows(
        f"""SELECT * FROM (SELECT DISTINCT ON (area) id, area, found_at FROM finding
              WHERE point = $1 AND source = $2 AND state NOT IN ({_ENDED}) AND found_at > $3
              ORDER BY area, found_at DESC) newest ORDER BY found_at DESC LIMIT {MOST_SIMILAR}""",
        *(point, Source.REPORT.value, clock.now() - timedelta(days=SIMILAR_DAYS)),
    )


async def known(school: UUID, report: UUID) -> str | None:
    """The hash of a report that is already here, for whoever sends it again."""
    async with reading(Scope(school=school)):
        found = await database.value("SELECT body_hash FROM report WHERE id = $1", report)
    return str(found) if found is not None else None


async def load(keys: Mapping[str, str]) -> dict[str, int]:
    """How many reports each key has counted in its present window."""
    async with reading(Scope()):
        found = await database.rows(
            "SELECT key, count FROM throttle WHERE key = ANY ($1) AND window_ends > now()", list(keys.values())
        )
    counts = {row["key"]: int(row["count"]) for row in found}
    return {name: counts.get(key, 0) for name, key in keys.items()}


KEPT_IN = """WITH RECURSIVE kin AS (
  SELECT id, merged_into FROM finding WHERE id = $2
  UNION SELECT f.id, f.merged_into FROM finding f JOIN kin ON f.id = kin.merged_into),
  kept AS (SELECT id FROM kin WHERE merged_into IS NULL LIMIT 1)"""
"""The finding ($2) itself, or the one that it was merged into at last."""


async def became(receipt: str) -> dict[str, Any]:
    """What became of the report with this receipt, without anything internal. Raises Missing."""
    door = await database.door("SELECT * FROM receipt_door($1)", hashed(receipt))
    if door is None:
        raise Missing()
    async with reading(Scope(school=door["school"])):
        found = await database.row(
            f"""{KEPT_IN} SELECT r.id AS report, r.school, r.label_code, r.point, r.created_at, r.area, r.words,
                 r.contact <> '' AS reachable, f.id AS finding, f.state, f.closed_at, b.name AS school_name,
                 b.name_en AS school_name_en, b.emergency_phone, p.name, p.name_en, f.found_at < r.created_at AS joined,
                 (SELECT count(*) FROM photo ph WHERE ph.finding = r.finding AND by IS NULL
                   AND ph.state = 'rejected') AS refused,
                 (SELECT max(at) FROM sighting WHERE report = r.id AND kind = 'not_mended') AS denied_at
               FROM report r JOIN kept ON true JOIN finding f ON f.id = kept.id JOIN body b ON b.id = r.school
                 LEFT JOIN point p ON p.id = r.point WHERE r.id = $1""",
            *(door["report"], door["finding"]),
        )
        if found is None:
            raise Missing()
        events = await database.rows(
            "SELECT after, at, words FROM finding_event WHERE finding = $1 ORDER BY at, created_at", found["finding"]
        )
    now = clock.now()
    found["deniable"] = may_deny(State(found["state"]), found["closed_at"], now)
    found["denied_today"] = found["denied_at"] is not None and now - found["denied_at"] < NOT_MENDED_AGAIN
    return {**found, **_steps(State(found["state"]), found["created_at"], events)}


def _steps(state: State, received: datetime, events: list[dict[str, Any]]) -> dict[str, Any]:
    """The steps reached, each with the moment it was reached last; what came back begins again."""
    reached = step(state)
    times: dict[int, datetime] = {0: received}
    for event in events:
        if 0 < step(State(event["after"])) <= reached:
            times[step(State(event["after"]))] = max(event["at"], received)
    why = next((e["words"] for e in reversed(events) if e["after"] == State.REJECTED.value), "")
    rejected = state is State.REJECTED
    return {
        "reached": reached,
        "times": times,
        "over": is_over(state),
        "rejected": rejected,
        "why": why if rejected else "",
    }
