"""What a visit says of a finding that was mended: the next visit's answer is the re-check."""

from uuid import UUID

from backend.database import Scope
from backend.findings.actions import Fault
from backend.findings.actions_moves import Doer, Told, do
from backend.findings.queries_moves import facts_of, lock
from backend.findings.rules import Sight, State, Verb
from backend.findings.rules_machine import Hat
from backend.findings.rules_moves import move_for

WAITING = frozenset({State.ACCEPTED.value, State.RECHECKED.value})
"""States in which somebody's eyes are awaited."""


async def said(fault: Fault, finding: UUID, kind: Sight, scope: Scope) -> None:
    """Inside the visit's transaction, after its sighting. "Gone" by somebody else re-checks and closes what the school
    may close; anything else sends it back. Who mended it decides nothing, nor does what was seen before that."""
    row = await lock(finding)
    if row["state"] not in WAITING or fault.by is None:
        return
    if row["mended_at"] and fault.at <= row["mended_at"]:
        return
    patrol = Doer(fault.by, scope, frozenset({Hat.PATROL}))
    if kind is not Sight.GONE:
        await do(row, Verb.FAIL_RECHECK, Told(words=fault.words, at=fault.at, by_visit=True), patrol)
        return
    if fault.by == row["mended_by"] or move_for(facts_of(row), Verb.RECHECK) is None:
        return
    await do(row, Verb.RECHECK, Told(words=fault.words, at=fault.at, by_visit=True), patrol)
    close = move_for(facts_of(row), Verb.CLOSE)
    if close is not None and Hat.SYSTEM in close.who:
        await do(row, Verb.CLOSE, Told(at=fault.at), Doer(None, scope, frozenset({Hat.SYSTEM})))
