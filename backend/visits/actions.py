"""Submitting a visit: visit, answers, findings, photos, record entry and notices commit together or not at all."""

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

import msgspec

from backend import clock, database
from backend.access import Member
from backend.checklists.queries import LIMITS_IN_FORCE
from backend.checklists.rules import Result
from backend.database import writing
from backend.findings import actions as findings
from backend.findings import actions_recheck as recheck
from backend.findings.rules import Sight, Source
from backend.points.actions_health import tell_trouble
from backend.record import actions as record
from backend.record.rules import canonical
from backend.rounds import actions as rounds
from backend.trouble import Missing, Refused
from backend.visits.rules import Now, PhotoRole, Sent, distance
from backend.visits.rules_judging import Asked, Judged, judge_all, lacks_photo


@dataclass(frozen=True, slots=True)
class Receipt:
    """What makes a visit acknowledged. All receipts of one id are equal but for `replayed` and `missing`."""

    id: UUID
    school: UUID
    seq: int
    hash: str
    replayed: bool
    missing: list[str]
    opened: int = 0
    merged: int = 0


@dataclass(frozen=True)
class Sending:
    """How a visit came: its body, when the server got it, the phone's clock at that moment. A plain form that is sent
    twice differs in its times, so it is not compared."""

    body: dict[str, Any]
    received_at: datetime
    phone_now: datetime | None = None
    compare: bool = True

    @cached_property
    def salt(self) -> str:
        """Kept with the visit, never in the chain."""
        return secrets.token_hex(16) if self.body.get("position") else ""

    @cached_property
    def canonical(self) -> str:
        return canonical(self.body)

    @cached_property
    def hash(self) -> str:
        return hashlib.sha256(self.canonical.encode()).hexdigest()


CONTEXT = f"""
WITH p AS (SELECT id, school, kind, state, latitude, longitude FROM point WHERE id = $1 AND school = $2)
SELECT p.state, p.latitude, p.longitude,
  (SELECT coalesce(json_agg(row_to_json(x.*)), '[]')::text FROM (
    SELECT i.id, i.code, i.zh, i.en, i.area, i.answer, i.options, i.photo, i.severity, i.basis, i.date_rule,
      coalesce(lim.minimum, i.minimum) AS minimum, coalesce(lim.maximum, i.maximum) AS maximum
    FROM item i LEFT JOIN LATERAL ({LIMITS_IN_FORCE}) lim ON true
    WHERE i.id = ANY ($3)) x) AS items,
  (SELECT row_to_json(l.*)::text FROM (SELECT id, revoked_at IS NOT NULL OR point IS DISTINCT FROM p.id AS old
    FROM label WHERE code = $4 AND school = p.school) l) AS label
FROM p
"""

INSERT = """
INSERT INTO visit (id, school, point, label, by, member, how, how_reason, opened_at, saved_at, sent_at, skew_ms,
  latitude, longitude, accuracy, position_salt, distance, device, device_seq, corrects, note, bad, answered,
  annotations, body_hash)
VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,
  (SELECT id FROM visit WHERE id = $20 AND school = $2 AND point = $3),$21,$22,$23,$24,$25)
ON CONFLICT DO NOTHING RETURNING id
"""

ANSWERS = """
INSERT INTO answer (school, visit, point, item, item_code, result, number, minimum, maximum, text, choice, date, reason,
  words, follow_up, fixed_on_spot, seconds, saved_at, finding)
SELECT $1, $2, $3, item, item_code, result, number, minimum, maximum, text, choice, date, reason, words, follow_up,
  fixed_on_spot, seconds, $4, finding
FROM jsonb_to_recordset($5::jsonb) AS a(item uuid, item_code text, result text, number float8, minimum float8,
  maximum float8, text text, choice text, date date, reason text, words text, follow_up jsonb, fixed_on_spot boolean,
  seconds real, finding uuid)
"""

PHOTOS = """
INSERT INTO photo (school, sha256, stored_sha256, state, role, by, visit, item_code, finding, taken_at, in_page, bytes,
  width, height, phash, had_position, received_at)
SELECT $1, n.sha256, k.stored_sha256, coalesce(k.state, 'awaited'), n.role, $2, $3, n.item_code, n.finding, n.taken_at,
  n.in_page, k.bytes, k.width, k.height, k.phash, coalesce(k.had_position, false), k.received_at
FROM jsonb_to_recordset($4::jsonb) AS n(sha256 text, role text, item_code text, finding uuid, taken_at timestamptz,
  in_page boolean)
LEFT JOIN LATERAL (SELECT * FROM photo o WHERE o.sha256 = n.sha256 AND o.school = $1 AND o.state = 'kept' LIMIT 1) k
  ON true
"""


async def submit(visit: UUID, sent: Sent, sending: Sending, by: Member) -> Receipt:
    """One transaction. Same id and body: the same receipt again; same id and another body: Refused, nothing changes."""
    if by.school is None or by.member is None:
        raise Missing()
    async with writing(by.scope, hot=True):
        items = [said.item for said in sent.answers]
        context = await database.row(CONTEXT, sent.point, by.school, items, sent.label)
        if context is None:
            raise Missing()
        items_known = msgspec.json.decode(context["items"], type=list[Asked])
        judged, unknown = judge_all(sent.answers, items_known, clock.today())
        notes = [*sent.notes, *(f"item {item}" for item in unknown), *_notes(sent, judged, context)]
        if not await _insert(visit, sent, sending, by, context, judged, notes):
            return await _replay(visit, sending, by)
        raised = await _raise(visit, sent, sending, judged, by)
        await _answers(visit, sent, sending, judged, raised, by.school)
        await _pictures(visit, sent, judged, raised, by)
        await rounds.keep(visit, sent.point, _own_time(sent, sending), sending.received_at, by.user)
        if sent.label_trouble:
            label = await _hanging(sent)
            await tell_trouble(by.school, sent.point, label, sent.label_trouble, sent.label_words, by.user, visit)
        entry = await record.append(by.school, visit, "visit", _recorded(sending), by.user)
        awaited = await missing(visit) if sent.photos or _hashes(sent) else []
    opened = sum(one.new or one.recurred for one in raised.values())
    return Receipt(
        visit,
        by.school,
        entry["seq"],
        entry["hash"],
        False,
        awaited,
        opened,
        len(raised) - opened + len(sent.open_findings),
    )


async def _hanging(sent: Sent) -> UUID | None:
    """The label that hangs at the point: the one whose trouble is told."""
    found: UUID | None = await database.value(
        "SELECT id FROM label WHERE point = $1 AND revoked_at IS NULL ORDER BY bound_at DESC LIMIT 1", sent.point
    )
    return found


def _own_time(sent: Sent, sending: Sending) -> datetime:
    """When the visit was: the phone's time, put right by what its clock showed when it was sent."""
    saved = sent.saved_at or sending.received_at
    skew = sending.phone_now - sending.received_at if sending.phone_now else timedelta()
    try:
        return min(saved - skew, sending.received_at)
    except OverflowError:
        return sending.received_at


def _recorded(sending: Sending) -> str:
    """The body as the chain keeps it. A position is sensitive and must be erasable later: the chain holds a salted
    commitment to it; once value and salt are gone from the visit's row nobody can tell it, and the chain holds."""
    body = sending.body
    if not body.get("position"):
        return sending.canonical
    told = canonical(body["position"])
    commitment = hashlib.sha256(f"{sending.salt}|{told}".encode()).hexdigest()
    return canonical({**body, "position": {"commitment": commitment}})


def _notes(sent: Sent, judged: list[Judged], context: dict[str, Any]) -> list[str]:
    """What a reader of the visit should know; none of it is a reason to turn honest work away."""
    label = msgspec.json.decode(context["label"]) if context["label"] else None
    notes = ["retired point"] if context["state"] == "retired" else []
    if sent.label and label is None:
        notes.append("unknown label")
    elif label and label["old"]:
        notes.append("old label")
    lacking = [j.item.code for j in judged if lacks_photo(j.item.photo, j.result, bool(j.said.photos))]
    return [*notes, *(f"no photo {code}" for code in lacking)]


async def _insert(
    visit: UUID,
    sent: Sent,
    sending: Sending,
    by: Member,
    context: dict[str, Any],
    judged: list[Judged],
    notes: list[str],
) -> bool:
    """Whether the visit is new; a concurrent copy waits here until the first one has committed."""
    label = msgspec.json.decode(context["label"]) if context["label"] else None
    far = None
    if sent.latitude is not None and sent.longitude is not None and context["latitude"] is not None:
        far = distance(sent.latitude, sent.longitude, context["latitude"], context["longitude"])
    skew = sending.phone_now - sending.received_at if sending.phone_now else None
    saved = sent.saved_at or sending.received_at
    inserted = await database.value(
        INSERT,
        *(visit, by.school, sent.point, UUID(label["id"]) if label else None, by.user, by.member, sent.how.value),
        *(sent.how_reason, sent.opened_at or saved, saved, sending.phone_now),
        int(skew.total_seconds() * 1000) if skew is not None else None,
        *(sent.latitude, sent.longitude, sent.accuracy, sending.salt, far, sent.device, sent.device_seq),
        *(sent.corrects, sent.note),
        *(sum(j.result is Result.BAD for j in judged), len(judged), json.dumps(notes), sending.hash),
    )
    return inserted is not None


async def _replay(visit: UUID, sending: Sending, by: Member) -> Receipt:
    known = await database.row(
        """SELECT v.school, v.by, v.body_hash, e.seq, e.hash,
             (SELECT count(*) FROM finding_event WHERE facts->>'visit' = v.id::text AND verb IN ('raise', 'reopen')
               AND finding IN (SELECT finding FROM answer WHERE visit = v.id)) AS opened,
             (SELECT count(*) FROM sighting WHERE visit = v.id) AS seen
           FROM visit v JOIN record_entry e ON e.subject = v.id AND e.kind = 'visit' WHERE v.id = $1""",
        visit,
    )
    if known is None or known["by"] != by.user or (sending.compare and known["body_hash"] != sending.hash):
        raise Refused("This id already belongs to another record.", code="other_body")
    awaited = await missing(visit)
    return Receipt(visit, known["school"], known["seq"], known["hash"], True, awaited, known["opened"], known["seen"])


async def missing(visit: UUID) -> list[str]:
    """Hashes of photos of a visit that have not arrived."""
    found = await database.rows(
        "SELECT DISTINCT sha256 FROM photo WHERE visit = $1 AND state = 'awaited' ORDER BY sha256", visit
    )
    return [row["sha256"] for row in found]


async def _raise(
    visit: UUID, sent: Sent, sending: Sending, judged: list[Judged], by: Member
) -> dict[str, findings.Raised]:
    """What each bad answer opened or met, by item code; then what was said of findings that were open before."""
    raised = {}
    for one in sorted((j for j in judged if j.result is Result.BAD), key=lambda j: j.item.code):
        fault = _fault(visit, sent, sending, one, by)
        met = raised[one.item.code] = await findings.raise_from(fault)
        if met.state in recheck.WAITING:
            await recheck.said(fault, met.finding, Sight.AGAIN, by.scope)
    known = {one.finding for one in raised.values()}
    for said in sent.open_findings:
        if said.finding in known or not await _open_here(said.finding, sent.point):
            continue
        fault = _about(visit, sent, sending, said.words, by)
        kind = {Now.STILL: Sight.STILL, Now.WORSE: Sight.WORSE}.get(said.now, Sight.GONE)
        if await findings.sight(fault, said.finding, kind) in recheck.WAITING:
            await recheck.said(fault, said.finding, kind, by.scope)
    return raised


async def _open_here(finding: UUID, point: UUID) -> bool:
    return await database.value("SELECT 1 FROM finding WHERE id = $1 AND point = $2", finding, point) is not None


def _fault(visit: UUID, sent: Sent, sending: Sending, judged: Judged, by: Member) -> findings.Fault:
    said, item = judged.said, judged.item
    figure = (
        f"{said.number:g}" if said.number is not None else said.choice or (said.date.isoformat() if said.date else "")
    )
    words = " ".join(part for part in (figure, said.words or said.text) if part)
    about = _about(visit, sent, sending, words, by)
    return findings.Fault(
        **{
            **{name: getattr(about, name) for name in about.__slots__},
            "item_code": item.code,
            "area": item.area,
            "title": item.zh,
            "title_en": item.en,
            "severity": item.severity,
            "basis": item.basis,
            "fixed_on_spot": said.fixed_on_spot,
        }
    )


def _about(visit: UUID, sent: Sent, sending: Sending, words: str, by: Member) -> findings.Fault:
    assert by.school is not None
    saved = min(sent.saved_at or sending.received_at, sending.received_at)
    return findings.Fault(
        school=by.school,
        point=sent.point,
        item_code="",
        area=None,
        title="",
        title_en="",
        words=words,
        severity="general",
        basis="",
        at=saved,
        source=Source.PATROL,
        by=by.user,
        visit=visit,
    )


async def _answers(
    visit: UUID, sent: Sent, sending: Sending, judged: list[Judged], raised: dict[str, findings.Raised], school: UUID
) -> None:
    if not judged:
        return
    rows = [_answer(one, raised.get(one.item.code)) for one in judged]
    saved = sent.saved_at or sending.received_at
    await database.run(ANSWERS, school, visit, sent.point, saved, json.dumps(rows))


def _answer(one: Judged, finding: findings.Raised | None) -> dict[str, Any]:
    said = one.said
    return {
        "item": str(one.item.id),
        "item_code": one.item.code,
        "result": one.result.value,
        "number": said.number,
        "minimum": one.item.minimum,
        "maximum": one.item.maximum,
        "text": said.text,
        "choice": said.choice,
        "date": said.date.isoformat() if said.date else None,
        "reason": said.reason,
        "words": said.words,
        "follow_up": said.follow_up,
        "fixed_on_spot": said.fixed_on_spot,
        "seconds": said.seconds,
        "finding": str(finding.finding) if finding else None,
    }


def _hashes(sent: Sent) -> set[str]:
    named = {sha for said in sent.answers for sha in (*said.photos, *said.after_photos)}
    named |= {sha for said in sent.open_findings for sha in said.photos}
    return named | set(sent.challenge.photos if sent.challenge else ())


async def _pictures(
    visit: UUID, sent: Sent, judged: list[Judged], raised: dict[str, findings.Raised], by: Member
) -> None:
    """A row for each photo the visit names; one that this school already holds is there at once."""
    rows = []
    for one in judged:
        finding = raised.get(one.item.code)
        problem = PhotoRole.PROBLEM if one.result is Result.BAD else PhotoRole.EVIDENCE
        for role, hashes in ((problem, one.said.photos), (PhotoRole.AFTER, one.said.after_photos)):
            rows += [_picture(sent, sha, role, one.item.code, finding.finding if finding else None) for sha in hashes]
    for said in sent.open_findings:
        if await _open_here(said.finding, sent.point):
            rows += [_picture(sent, sha, PhotoRole.EVIDENCE, "", said.finding) for sha in said.photos]
    if sent.challenge:
        rows += [_picture(sent, sha, PhotoRole.CHALLENGE, "", None) for sha in sent.challenge.photos]
    named = {row["sha256"] for row in rows}
    rows += [_picture(sent, sha, PhotoRole.EVIDENCE, "", None) for sha in sent.photos if sha not in named]
    if rows:
        await database.run(PHOTOS, by.school, by.user, visit, json.dumps(rows))


def _picture(sent: Sent, sha256: str, role: PhotoRole, item_code: str, finding: UUID | None) -> dict[str, Any]:
    told = sent.photos.get(sha256)
    return {
        "sha256": sha256,
        "role": role.value,
        "item_code": item_code,
        "finding": str(finding) if finding else None,
        "taken_at": told.taken_at.isoformat() if told and told.taken_at else None,
        "in_page": bool(told and told.in_page),
    }
