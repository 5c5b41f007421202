"""Telling people, inside the transaction of what happened: one row for the inbox, one for each way out of the house.

Sending is the worker's (`actions_send`); here nothing waits for anybody. Reading a notice is a verb too.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from backend import database
from backend.access import Member
from backend.database import reading, writing
from backend.settings import settings

Facts = Mapping[str, object]

_TOLD = """INSERT INTO notice (school, "user", kind, subject, facts, urgent)
  SELECT DISTINCT $1::uuid, t.id, $2::text, $3::uuid, $4::jsonb, $5::boolean FROM ({people}) t WHERE t.id IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM notice n WHERE n."user" = t.id AND n.read_at IS NULL AND n.created_at = now()
      AND n.kind = $2 AND n.subject = $3)
  RETURNING "user" """
_MAILED = """INSERT INTO delivery (school, "user", kind, subject, facts, urgent, due_at, created_at)
  SELECT $1, told."user", $2, $3, $4, $5, now(), clock_timestamp() FROM told {wanted}"""
_WANTED = """JOIN app_user u ON u.id = told."user" AND u.email <> '' AND u.disabled_at IS NULL
  LEFT JOIN notice_choice c ON c."user" = u.id AND c.kind = $2 WHERE coalesce(c.mail, $5)"""
_CHANNELS = """INSERT INTO delivery (school, channel, kind, subject, facts, urgent, due_at, created_at)
  SELECT $1, c.id, $2, $3, $4, $5, now(), clock_timestamp() FROM notice_channel c
  WHERE c.school = $1 AND c.active AND c.ended_at IS NULL AND c.kinds ? $2
    AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.state = 'waiting' AND d.due_at = now()
      AND d.channel = c.id AND d.kind = $2 AND d.subject = $3)"""
"""`now()` is the beginning of the transaction: whom it told already, by whichever of these, is not told twice."""


async def tell(
    school: UUID, users: Collection[UUID], kind: str, subject: UUID, facts: Facts, *, urgent: bool = False
) -> None:
    """These people, and the school's channels that want this kind; inside the caller's transaction, one statement."""
    await _tell("SELECT unnest($6::uuid[]) AS id", school, kind, subject, facts, urgent, list(users))


async def tell_posts(
    school: UUID,
    posts: Collection[str],
    kind: str,
    subject: UUID,
    facts: Facts,
    *,
    urgent: bool = False,
    but: UUID | None = None,
) -> None:
    """Everybody who holds one of these posts in the school, without `but` (who did it himself)."""
    people = """SELECT m."user" AS id FROM member m WHERE m.body = $1 AND m.active AND m.post = ANY ($6::text[])
      AND m."user" IS DISTINCT FROM $7::uuid"""
    await _tell(people, school, kind, subject, facts, urgent, list(posts), but)


async def tell_above(school: UUID, level: str, kind: str, subject: UUID, facts: Facts, *, urgent: bool = False) -> None:
    """The officers of the school's "district" or "city". Whether they want mail cannot be seen from a school: the
    sender finds out."""
    people = "SELECT user_id AS id FROM above_door($1, $6::text)"
    await _tell(people, school, kind, subject, facts, urgent, level, wanted="")


async def _tell(
    people: str, school: UUID, kind: str, subject: UUID, facts: Facts, urgent: bool, *who: Any, wanted: str = _WANTED
) -> None:
    mailed = f", mailed AS ({_MAILED.format(wanted=wanted)})" if settings().smtp_url else ""
    await database.run(
        f"WITH told AS ({_TOLD.format(people=people)}){mailed} {_CHANNELS}",
        *(school, kind, subject, json.dumps(facts, ensure_ascii=False, default=str), urgent, *who),
    )


async def read_all(until: datetime, by: Member) -> int:
    """Mark as read what he had been shown: everything up to `until`. Returns how many."""
    async with reading(by.scope):
        schools = await database.rows(
            'SELECT DISTINCT school FROM notice WHERE "user" = $1 AND read_at IS NULL AND created_at <= $2',
            *(by.user, until),
        )
    count = 0
    for row in schools:
        async with writing(replace(by.scope, school=row["school"])):
            done = await database.run(
                """UPDATE notice SET read_at = now()
                   WHERE school = $3 AND "user" = $1 AND read_at IS NULL AND created_at <= $2""",
                *(by.user, until, row["school"]),
            )
        count += int(done.split()[-1])
    return count


async def read(notice: UUID, school: UUID, by: Member) -> None:
    """He opened this notice of his."""
    async with writing(replace(by.scope, school=school)):
        await database.run(
            'UPDATE notice SET read_at = now() WHERE id = $1 AND school = $2 AND "user" = $3 AND read_at IS NULL',
            *(notice, school, by.user),
        )
