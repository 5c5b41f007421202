"""What happens to a round and its stops: a visit keeps stops; people say why one cannot be kept, excuse it, finish a
round or hand it over. Each word of a person is an event and an entry of the school's chain."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from backend import clock, database
from backend.access import POSTS, Member, Role
from backend.database import writing
from backend.language import N_
from backend.record import actions as record
from backend.record.rules import canonical
from backend.rounds.rules import RoundVerb, StopState
from backend.trouble import Invalid, Missing, Refused

Row = dict[str, Any]
LONGEST = 500
WALKERS = frozenset(
    post for post, role in POSTS.items() if role in {Role.PATROL, Role.CREW, Role.MANAGER, Role.PRINCIPAL}
)
"""Posts whose holders may walk a round."""

_KEEP = """
WITH kept AS (
  UPDATE stop SET state = CASE WHEN $3 <= closes_at THEN 'kept' ELSE 'late' END, visit = $1, at = $3, recorded_at = $4,
    sent_late = missed_at IS NOT NULL
  WHERE point = $2 AND state <> 'kept' AND opens_at <= $3 AND late_until >= $3
    AND (state <> 'late' OR $3 <= closes_at)
  RETURNING id, round)
UPDATE round r SET started_at = coalesce(r.started_at, $3), started_by = coalesce(r.started_by, $5),
  finished_at = CASE WHEN r.finished_at IS NULL AND f.done THEN $3 ELSE r.finished_at END,
  finished_by = CASE WHEN r.finished_at IS NULL AND f.done THEN $5 ELSE r.finished_by END
FROM (SELECT k.round, NOT EXISTS (SELECT FROM stop s WHERE s.round = k.round AND s.state IN ('due', 'missed')
    AND s.id NOT IN (SELECT id FROM kept)) AS done FROM kept k) f
WHERE r.id = f.round AND (r.started_at IS NULL OR f.done)
"""
"""$1 visit, $2 point, $3 the visit's own time, $4 when it was received, $5 who. A stop is kept by the first visit that
comes in its window; one in the grace gives way to an earlier one that arrives later. Windows may overlap: a visit keeps
every stop it satisfies."""


async def keep(visit: UUID, point: UUID, at: datetime, received: datetime, user: UUID) -> None:
    """Part of submitting a visit: one statement in that transaction. `at` is the visit's own time, put right."""
    await database.run(_KEEP, visit, point, min(at, received), received, user)


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody says; id and moment are his phone's."""

    words: str
    event: UUID
    at: datetime
    body_hash: str = ""


@dataclass(frozen=True, slots=True)
class Did:
    """What came of it; `state` is that of the stop, or of the round (running, finished)."""

    round: UUID
    event: UUID
    state: str
    replayed: bool = False


async def unreachable(round_id: UUID, stop: UUID, told: Told, by: Member) -> Did:
    """The door was locked, the way was closed. What comes too late, or after a visit, stays a word."""
    async with writing(by.scope):
        if done := await _before(round_id, told, by):
            return done
        found = await _round(round_id, by)
        seen = await database.row("SELECT state, late_until FROM stop WHERE id = $1 AND round = $2", stop, round_id)
        if seen is None:
            raise Missing()
        words = _reason(told.words, N_("Say why this point could not be reached"))
        changed = await database.value(
            """UPDATE stop SET state = 'unreachable', "by" = $2, why = $3, said_at = $4
               WHERE id = $1 AND state IN ('due', 'missed') AND opens_at <= $5 AND late_until >= $5 RETURNING state""",
            *(stop, by.user, words, clock.now(), told.at),
        )
        await _started(found, told, by)
        await _event(found, RoundVerb.UNREACHABLE, told, by, stop=stop)
        return Did(round_id, told.event, changed or seen["state"])


async def excuse(round_id: UUID, stops: Collection[UUID], told: Told, by: Member) -> Did:
    """The manager says that these stops need not be kept, before or afterwards. They stay in the denominator."""
    async with writing(by.scope):
        if done := await _before(round_id, told, by):
            return done
        found = await _round(round_id, by)
        if not stops:
            raise Invalid({"stops": N_("Choose at least one point")})
        words = _reason(told.words, N_("Say why these points need not be visited"))
        changed = await database.rows(
            """UPDATE stop SET state = 'excused', "by" = $3, why = $4, said_at = $5
               WHERE round = $1 AND id = ANY ($2::uuid[]) AND state IN ('due', 'missed', 'unreachable') RETURNING id""",
            *(round_id, list(stops), by.user, words, clock.now()),
        )
        if not changed:
            raise Refused(N_("None of these can be excused any more: they were visited or excused already."))
        await _event(found, RoundVerb.EXCUSE, told, by, facts={"stops": sorted(str(row["id"]) for row in changed)})
        return Did(round_id, told.event, StopState.EXCUSED.value)


async def finish(round_id: UUID, told: Told, by: Member) -> Did:
    """He goes no further. With stops still due it needs a reason; they stay due until their grace is over."""
    async with writing(by.scope):
        if done := await _before(round_id, told, by):
            return done
        found = await _round(round_id, by, lock=True)
        if found["finished_at"]:
            raise Refused(N_("This round was finished already."), code="finished")
        left = await database.value("SELECT count(*) FROM stop WHERE round = $1 AND state = 'due'", round_id)
        words = _reason(told.words, N_("Points are left: say why you finish early")) if left else told.words[:LONGEST]
        await database.run(
            """UPDATE round SET finished_at = $2, finished_by = $3, finish_why = $4,
                 started_at = coalesce(started_at, $2), started_by = coalesce(started_by, $3) WHERE id = $1""",
            *(round_id, told.at, by.user, words),
        )
        await _event(found, RoundVerb.FINISH, told, by, facts={"left": left})
        return Did(round_id, told.event, "finished")


async def hand_over(round_id: UUID, to: UUID, told: Told, by: Member) -> Did:
    """A colleague goes on; from then on the round is his."""
    async with writing(by.scope):
        if done := await _before(round_id, told, by):
            return done
        found = await _round(round_id, by, lock=True)
        if found["finished_at"] or found["closed_at"]:
            raise Refused(N_("This round is over."), code="finished")
        fit = await database.value(
            'SELECT 1 FROM member WHERE "user" = $1 AND body = $2 AND active AND post = ANY ($3::text[])',
            *(to, by.school, sorted(WALKERS)),
        )
        if not fit:
            raise Invalid({"to": N_("Choose somebody of this school who patrols")})
        await database.run("UPDATE round SET holder = $2 WHERE id = $1", round_id, to)
        await _event(found, RoundVerb.HAND_OVER, told, by, other=to)
        return Did(round_id, told.event, "running")


def _reason(words: str, lacking: str) -> str:
    """Raises Invalid beside `words` when there are none."""
    said = words.strip()[:LONGEST]
    if not said:
        raise Invalid({"words": lacking})
    return said


async def _round(round_id: UUID, by: Member, *, lock: bool = False) -> Row:
    found = await database.row(
        f"SELECT * FROM round WHERE id = $1 AND school = $2{' FOR NO KEY UPDATE' if lock else ''}", round_id, by.school
    )
    if found is None:
        raise Missing()
    return found


async def _before(round_id: UUID, told: Told, by: Member) -> Did | None:
    """The same word again: the same answer. The same id for another word is refused."""
    known = await database.row(
        """SELECT e.round, e.by, e.body_hash, e.verb, s.state, r.finished_at FROM round_event e
             JOIN round r ON r.id = e.round LEFT JOIN stop s ON s.id = e.stop WHERE e.id = $1""",
        told.event,
    )
    if known is None:
        return None
    if (known["round"], known["by"], known["body_hash"]) != (round_id, by.user, told.body_hash):
        raise Refused(N_("This was sent already with other words. Open the round again."), code="other_body")
    return Did(round_id, told.event, known["state"] or ("finished" if known["finished_at"] else "running"), True)


async def _started(found: Row, told: Told, by: Member) -> None:
    if found["started_at"] is None:
        await database.run(
            "UPDATE round SET started_at = $2, started_by = $3 WHERE id = $1 AND started_at IS NULL",
            *(found["id"], told.at, by.user),
        )


async def _event(
    found: Row,
    verb: RoundVerb,
    told: Told,
    by: Member,
    *,
    stop: UUID | None = None,
    other: UUID | None = None,
    facts: Row | None = None,
) -> None:
    words = told.words.strip()[:LONGEST]
    facts = facts or {}
    await database.run(
        """INSERT INTO round_event (id, school, round, stop, verb, by, other, at, words, facts, body_hash)
           VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11)""",
        *(told.event, found["school"], found["id"], stop, verb.value, by.user, other, told.at, words),
        *(canonical(facts), told.body_hash),
    )
    said = {
        **{"round": str(found["id"]), "verb": verb.value, "stop": str(stop) if stop else None, "words": words},
        **{"other": str(other) if other else None, "at": told.at.isoformat(), "facts": facts},
    }
    await record.append(found["school"], told.event, "round", canonical(said), by.user)
