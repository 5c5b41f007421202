"""Whoever holds the receipt of a report says that it is not mended: a sighting, an urgent notice, and what was closed
comes back by the machine's own verb."""

import hashlib
from datetime import datetime
from typing import Any
from uuid import UUID

from backend import clock, database
from backend.database import Scope, writing
from backend.findings import rules_report as rules
from backend.findings.actions import Fault, sight
from backend.findings.actions_moves import Doer, do
from backend.findings.actions_moves import Told as Moved
from backend.findings.actions_report import Sender, keep_photos, note_photos, pay_or_wait
from backend.findings.queries_moves import lock
from backend.findings.rules import Sight, Source, State, Verb
from backend.findings.rules_machine import Hat
from backend.language import N_
from backend.notices.actions import tell_posts
from backend.photos import Kept
from backend.record import actions as record
from backend.record.rules import canonical
from backend.trouble import Invalid, Refused

OFFICE = ("safety_director", "vice_principal")


async def not_mended(report: dict[str, Any], told: rules.Told, sender: Sender) -> None:
    """`report` is a row of `became`. The same id again changes nothing. Raises Invalid (no words), Refused (said today
    already, or it is not called mended any more), PuzzleNeeded and TooMany."""
    if not told.words:
        raise Invalid({"words": N_("Please say in a few words what is still wrong.")})
    if len(told.words) > rules.LONGEST_WORDS:
        raise Invalid({"words": N_("Please shorten this to 1000 characters.")})
    if report["denied_today"] and not await _same(report, told):
        raise Refused(_TODAY, code="today")
    label = {"code": report["label_code"], "point": report["point"], "label": report["report"]}
    await pay_or_wait(label, sender)
    photos = await keep_photos(told)
    async with writing(Scope(school=report["school"])):
        await _deny(report, told, photos)


_TODAY = N_("You said this already today. The school was told at once.")
_LATE = N_("It is not called mended any more: somebody is at it. Look at the steps above.")


async def _same(report: dict[str, Any], told: rules.Told) -> bool:
    """Whether this very form was taken already."""
    async with writing(Scope(school=report["school"])):
        return await _known(_subject(report["report"], told.id))


async def _known(subject: UUID) -> bool:
    sql = "SELECT 1 FROM record_entry WHERE subject = $1 AND kind = 'report'"
    return await database.value(sql, subject) is not None


def _subject(report: UUID, id: UUID) -> UUID:
    return UUID(bytes=hashlib.sha256(f"not mended|{report}|{id}".encode()).digest()[:16])


async def _deny(report: dict[str, Any], told: rules.Told, photos: list[tuple[str, Kept | str]]) -> None:
    """Inside one transaction, behind the finding's lock; what was read before it may have changed."""
    row, now, subject = await lock(report["finding"]), clock.now(), _subject(report["report"], told.id)
    if await _known(subject):
        return
    await _may_say_it(row, report, now)
    await sight(_fault(row, report, told, now), row["id"], Sight.NOT_MENDED)
    row["sightings"] += 1
    await _note(row, told, now)
    await note_photos(row["school"], row["id"], photos)
    said = {"not_mended": str(row["id"]), "report": str(report["report"]), "words": told.words}
    body = canonical({**said, "photos": [sha256 for sha256, _ in photos]})
    await record.append(row["school"], subject, "report", body, None)
    if row["state"] == State.CLOSED.value:
        machine = Doer(None, Scope(school=row["school"]), frozenset({Hat.SYSTEM}))
        await do(row, Verb.REOPEN, Moved(words=told.words), machine)


async def _may_say_it(row: dict[str, Any], report: dict[str, Any], now: datetime) -> None:
    last = await database.value(
        "SELECT max(at) FROM sighting WHERE report = $1 AND kind = $2", report["report"], Sight.NOT_MENDED.value
    )
    if last is not None and now - last < rules.NOT_MENDED_AGAIN:
        raise Refused(_TODAY, code="today")
    if not rules.may_deny(State(row["state"]), row["closed_at"], now):
        raise Refused(_LATE, code="state")


async def _note(row: dict[str, Any], told: rules.Told, now: datetime) -> None:
    """Its line of the timeline, and an urgent notice for the safety office."""
    await database.run(
        """INSERT INTO finding_event (school, finding, verb, before, after, at, words)
           VALUES ($1, $2, $3, $4, $4, $5, $6)""",
        *(row["school"], row["id"], Verb.SIGHT.value, row["state"], now, told.words),
    )
    facts = {name: row[name] for name in ("number", "title", "title_en", "severity")} | {"words": told.words}
    await tell_posts(row["school"], OFFICE, "report_not_mended", row["id"], facts, urgent=True)


def _fault(row: dict[str, Any], report: dict[str, Any], told: rules.Told, now: datetime) -> Fault:
    return Fault(
        school=row["school"],
        point=row["point"],
        item_code="",
        area=row["area"],
        title=row["title"],
        title_en=row["title_en"],
        words=told.words,
        severity=row["severity"],
        basis="",
        at=now,
        source=Source.REPORT,
        report=report["report"],
    )
