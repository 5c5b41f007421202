"""The end of a round: when its grace is over, what is still due is missed; the school's chain keeps how it ended."""

import logging
from datetime import datetime
from typing import Any
from uuid import UUID

from backend import clock, database
from backend.database import DB
from backend.record import actions as record
from backend.record.rules import canonical
from backend.rounds import actions_tell

log = logging.getLogger("xunan.rounds")
Row = dict[str, Any]
AT_ONCE = 2000

_COUNTS = """
SELECT count(*) FILTER (WHERE state = 'kept') AS kept, count(*) FILTER (WHERE state = 'late') AS late,
  count(*) FILTER (WHERE state = 'missed') AS missed, count(*) FILTER (WHERE state = 'excused') AS excused,
  count(*) FILTER (WHERE state = 'unreachable') AS unreachable, count(*) AS due,
  coalesce(array_agg(point::text ORDER BY point) FILTER (WHERE state NOT IN ('kept', 'late')), '{}') AS unseen
FROM stop WHERE round = $1
"""


async def close_over(now: datetime | None = None) -> str:
    """Closes every round whose grace is over, each in its own transaction. For the worker (owner)."""
    now = now or clock.now()
    async with DB.transaction():
        over = await database.rows(
            "SELECT id FROM round WHERE closed_at IS NULL AND late_until < $1 ORDER BY late_until LIMIT $2",
            now,
            AT_ONCE,
        )
    closed = 0
    for row in over:
        try:
            closed += await close(row["id"], now)
        except Exception:  # one round must not keep the others open
            log.exception("round %s", row["id"])
    return f"{closed} rounds closed" if closed else ""


async def close(round_id: UUID, now: datetime, *, quietly: bool = False) -> bool:
    """Whether this call closed it; `quietly` tells nobody. The stops are locked before the round, as by a visit that
    comes at this moment."""
    async with DB.transaction():
        if not await database.value("SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))", f"round {round_id}"):
            return False
        await database.run(
            """UPDATE stop s SET state = 'missed', missed_at = greatest(s.late_until, r.created_at) FROM round r
               WHERE s.round = $1 AND r.id = s.round AND s.state = 'due' AND r.closed_at IS NULL""",
            round_id,
        )
        found = await database.row(
            "UPDATE round SET closed_at = $2 WHERE id = $1 AND closed_at IS NULL RETURNING *", round_id, now
        )
        if found is None:
            return False
        counts = await database.row(_COUNTS, round_id) or {}
        if not quietly:
            await actions_tell.closed({**found, **counts})
        told = {key: counts[key] for key in ("due", "kept", "late", "missed", "excused", "unreachable", "unseen")}
        await record.append(found["school"], round_id, "round_close", canonical(told), None)
        return True
