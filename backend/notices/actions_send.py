"""Sending what waits: claimed in one short transaction, sent with none open, settled in another.

Whoever has claimed a receiver's deliveries holds it (they are due again later), so one sender at a time writes to it
and the order of what happened to a finding is kept. A receiver that is down or slow keeps nobody else waiting.
"""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec

from backend import clock, database
from backend.database import DB
from backend.findings.rules_deadlines import Policy, quiet
from backend.language import CHINESE, ENGLISH
from backend.notices.actions_carry import Carrier, carry
from backend.notices.rules import KEEP_TRYING, LEASE, PAUSE, ChannelKind, Event, Reply, back_off

AT_ONCE = 50
RECEIVERS = 100
"""In one turn: even if every one of them is slow, the turn is over before the claims are."""
MOST = 2000
_MANAGERS = ["safety_director", "vice_principal"]


@dataclass(slots=True)
class Batch:
    """Everything that is due for one channel or one person."""

    carrier: Carrier
    target: UUID
    events: list[Event] = field(default_factory=list)
    tries: int = 0


async def deliver() -> str:
    """One turn: every receiver with something due gets one message. Says what it did."""
    batches = await _claim()
    gate = asyncio.Semaphore(AT_ONCE)
    replies = await asyncio.gather(*(_one(batch, gate) for batch in batches))
    count = sum(len(batch.events) for batch in batches)
    failed = sum(not reply.ok for reply in replies)
    return f"{count} deliveries to {len(batches)} receivers, {failed} failed" if batches else ""


async def _one(batch: Batch, gate: asyncio.Semaphore) -> Reply:
    async with gate:
        reply = await carry(batch.carrier, batch.events)
    async with DB.transaction():
        await _settle(batch, reply)
    return reply


async def _claim() -> list[Batch]:
    async with DB.transaction():
        await database.run("SELECT pg_advisory_xact_lock(hashtext('claim deliveries'))")
        ready = await _ready()
        if not ready:
            return []
        claimed = await database.rows(
            """UPDATE delivery SET tries = tries + 1, due_at = now() + $2 WHERE id IN (
                 SELECT id FROM delivery WHERE state = 'waiting' AND due_at <= now()
                   AND (channel = ANY ($1) OR "user" = ANY ($1))
                 ORDER BY created_at, id LIMIT $3 FOR UPDATE SKIP LOCKED)
               RETURNING id""",
            *(ready, LEASE, MOST),
        )
        rows = await database.rows(_CLAIMED, [row["id"] for row in claimed])
        stopped: dict[str, list[UUID]] = {}
        for row in rows:
            if row["stop"]:
                stopped.setdefault(row["stop"], []).append(row["id"])
        for code, ids in stopped.items():
            await database.run("UPDATE delivery SET state = 'given_up', last_error = $2 WHERE id = ANY ($1)", ids, code)
    return _batches([row for row in rows if not row["stop"]])


async def _ready() -> list[UUID]:
    """Channels and persons that may be written to now: nobody is at it, no pause, and something due that may disturb.

    What waits for the morning goes along when something urgent is sent at night."""
    waiting = await database.rows(
        """SELECT coalesce(d.channel, d."user") AS target, bool_or(d.due_at > now() AND d.tries > 0) AS held,
             bool_or(d.urgent AND d.due_at <= now()) AS urgent, bool_or(d.due_at <= now()) AS due,
             bool_or(c.pause_until > now()) AS paused, p.quiet_from, p.quiet_until
           FROM delivery d LEFT JOIN notice_channel c ON c.id = d.channel
             LEFT JOIN finding_policy p ON p.school = d.school
           WHERE d.state = 'waiting' GROUP BY 1, p.quiet_from, p.quiet_until ORDER BY min(d.due_at)"""
    )
    here = clock.local(clock.now())
    never = {row["target"] for row in waiting if row["held"] or row["paused"]}
    may = (
        row["target"]
        for row in waiting
        if row["due"] and row["target"] not in never and (row["urgent"] or not quiet(here, _policy(row)))
    )
    return list(dict.fromkeys(may))[:RECEIVERS]


def _policy(row: dict[str, Any]) -> Policy:
    if row["quiet_from"] is None:
        return Policy()
    return Policy(quiet_from=row["quiet_from"], quiet_until=row["quiet_until"])


_CLAIMED = """
SELECT d.id, d.channel, d."user", d.kind, d.subject, d.facts::text AS facts, d.urgent, d.created_at, d.tries,
  s.name AS school_name, s.name_en AS school_name_en, u.email, coalesce(u.language, b.language, '') AS language,
  c.kind AS channel_kind, c.address, c.secret,
  CASE WHEN c.ended_at IS NOT NULL THEN 'ended' WHEN u.id IS NULL THEN ''
    WHEN u.disabled_at IS NOT NULL OR NOT EXISTS (SELECT 1 FROM member m WHERE m."user" = u.id AND m.active
      AND (m.body = s.id OR m.body = ANY (s.path))) THEN 'left'
    WHEN coalesce(u.email, '') = '' THEN 'no_address'
    WHEN NOT coalesce(n.mail, d.urgent) THEN 'not_wanted' ELSE '' END AS stop
FROM delivery d JOIN body s ON s.id = d.school LEFT JOIN app_user u ON u.id = d."user"
  LEFT JOIN notice_choice n ON n."user" = d."user" AND n.kind = d.kind
  LEFT JOIN notice_channel c ON c.id = d.channel LEFT JOIN app_user b ON b.id = c.by
WHERE d.id = ANY ($1) ORDER BY d.created_at, d.id"""


def _batches(rows: Sequence[dict[str, Any]]) -> list[Batch]:
    found: dict[UUID, Batch] = {}
    for row in rows:
        target = row["channel"] or row["user"]
        batch = found.setdefault(target, Batch(_carrier(row), target))
        batch.tries = max(batch.tries, row["tries"])
        facts = msgspec.json.decode(row["facts"], type=dict[str, Any])
        at = clock.local(row["created_at"])
        batch.events.append(
            Event(
                *(row["id"], row["kind"], row["subject"], facts, row["urgent"], at),
                *(row["school_name"], row["school_name_en"]),
            )
        )
    return list(found.values())


def _carrier(row: dict[str, Any]) -> Carrier:
    if row["channel"] is not None:
        return Carrier.of({**row, "id": row["channel"], "kind": row["channel_kind"]})
    return Carrier(ChannelKind.MAIL.value, row["email"], ENGLISH if row["language"] == ENGLISH else CHINESE)


async def _settle(batch: Batch, reply: Reply) -> None:
    """What came of it, in one transaction; what is too old is given up and somebody is told."""
    ids, channel = [event.id for event in batch.events], batch.carrier.channel
    if reply.ok:
        await database.run(
            "UPDATE delivery SET state = 'sent', sent_at = now(), last_error = '' WHERE id = ANY ($1)", ids
        )
    else:
        again = PAUSE if reply.throttled else back_off(batch.tries, random.random())  # noqa: S311 - only spreads load
        gone = await database.rows(
            """UPDATE delivery SET last_error = $2, due_at = now() + $3,
                 state = CASE WHEN created_at < now() - $4::interval THEN 'given_up' ELSE 'waiting' END
               WHERE id = ANY ($1) RETURNING state, school""",
            *(ids, reply.code, again, KEEP_TRYING),
        )
        for school in {row["school"] for row in gone if row["state"] == "given_up"}:
            await _tell(school, batch)
    if channel is not None:
        await database.run(
            """UPDATE notice_channel SET last_error = $2, pause_until = CASE WHEN $3 THEN now() + $4::interval END,
                 last_sent_at = CASE WHEN $2 = '' THEN now() ELSE last_sent_at END WHERE id = $1""",
            *(channel, reply.code, reply.throttled, PAUSE),
        )


async def _tell(school: UUID, batch: Batch) -> None:
    """A notice for who runs the school's safety, once until it is read; by the inbox only."""
    await database.run(
        """INSERT INTO notice (school, "user", kind, subject, facts)
           SELECT DISTINCT $1::uuid, m."user", 'channel_failed', $2::uuid, jsonb_build_object('title',
             coalesce((SELECT name FROM notice_channel WHERE id = $2), (SELECT name FROM app_user WHERE id = $2)),
             'person', NOT EXISTS (SELECT 1 FROM notice_channel WHERE id = $2))
           FROM member m WHERE m.body = $1 AND m.active AND m.post = ANY ($3) AND NOT EXISTS (
             SELECT 1 FROM notice n WHERE n."user" = m."user" AND n.read_at IS NULL AND n.subject = $2
               AND n.kind = 'channel_failed')""",
        *(school, batch.target, _MANAGERS),
    )
