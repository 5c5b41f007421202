"""What a visit needs to know and what was recorded; each a single statement."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from backend import clock, database
from backend.access import WITHIN, Member
from backend.bodies.queries_terms import BEGAN
from backend.checklists.queries import LIMITS_IN_FORCE
from backend.checklists.rules import Frequency, is_due, term_began
from backend.database import reading
from backend.findings.rules import ENDED
from backend.trouble import Missing

_ENDED = ", ".join(f"'{state.value}'" for state in ENDED)

ITEMS = f"""
  SELECT i.id, i.code, i.position, i.zh, i.en, i.area, i.answer, i.unit, i.unit_en, i.options, i.follow_up, i.photo,
    i.frequency, i.severity, i.basis, i.basis_en, i.verified, i.serves, i.limits_by_school, i.date_rule,
    c.body AS owner, coalesce(lim.minimum, i.minimum) AS minimum, coalesce(lim.maximum, i.maximum) AS maximum,
    last.saved_at AS last_at, last.result AS last_result, last.number AS last_number, last.text AS last_text,
    last.choice AS last_choice, last.date AS last_date
  FROM p
  JOIN LATERAL (
    (SELECT id, body FROM checklist WHERE kind = p.kind AND (body IS NULL OR (body = ANY (p.path) AND body <> p.school))
      ORDER BY body IS NULL, version DESC LIMIT 1)
    UNION ALL
    (SELECT id, body FROM checklist WHERE kind = p.kind AND body = p.school ORDER BY version DESC LIMIT 1)
  ) c ON true
  JOIN item i ON i.checklist = c.id
  LEFT JOIN LATERAL ({LIMITS_IN_FORCE}) lim ON true
  LEFT JOIN LATERAL (SELECT saved_at, result, number, text, choice, date FROM answer a
    WHERE a.point = p.id AND a.item_code = i.code AND a.result <> 'unchecked' ORDER BY a.saved_at DESC LIMIT 1) last
    ON true
  ORDER BY c.body IS NOT NULL AND c.body = p.school, i.position
"""
"""The items in force at a point: the bureau's version before the built-in one, then the school's own additions, with
the school's limits where the pack leaves them to it, and what was said last."""

_POINT = f"""
WITH p AS (
  SELECT point.id, point.school, point.kind, point.number, point.name, point.name_en, point.position, point.position_en,
    point.state, point.note, point.phone, point.latitude, point.longitude, point.place, k.area, k.icon, k.zh AS kind_zh,
    k.en AS kind_en, k.frequency, b.path, b.name AS school_name, b.name_en AS school_name_en, b.emergency_phone,
    coalesce(u.name, point.responsible_name) AS responsible, u.name_en AS responsible_en,
    floor.name AS floor, floor.name_en AS floor_en, house.name AS house, house.name_en AS house_en
  FROM point JOIN point_kind k ON k.code = point.kind JOIN body b ON b.id = point.school
    LEFT JOIN app_user u ON u.id = point.responsible
    LEFT JOIN place floor ON floor.id = point.place LEFT JOIN place house ON house.id = floor.parent
  WHERE point.id = {{which}} AND point.{WITHIN})
SELECT row_to_json(p.*)::text AS point,
  (SELECT coalesce(json_agg(row_to_json(x.*)), '[]')::text FROM ({ITEMS}) x) AS items,
  (SELECT coalesce(json_agg(row_to_json(f.*) ORDER BY f.found_at), '[]')::text FROM (
    SELECT f.id, f.number, f.title, f.title_en, f.words, f.state, f.grade, f.grade_proposed, f.severity, f.found_at,
      f.item_code, f.worse, f.sightings, f.recurred, f.said_gone_at, f.interim_measures, f.mended_at,
      u.name AS assigned,
      f.state IN ('accepted', 'rechecked') AND f.mended_by IS DISTINCT FROM (SELECT own_user()) AS ask,
      (SELECT stored_sha256 FROM photo WHERE photo.finding = f.id AND state = 'kept' AND role = 'problem'
        ORDER BY created_at LIMIT 1) AS photo
    FROM finding f LEFT JOIN app_user u ON u.id = f.assigned_to
    WHERE f.point = p.id AND f.school = p.school AND f.state NOT IN ({_ENDED})) f) AS findings,
  (SELECT row_to_json(v.*)::text FROM (SELECT v.saved_at, v.bad, u.name AS by FROM visit v
    JOIN app_user u ON u.id = v.by WHERE v.point = p.id ORDER BY v.saved_at DESC LIMIT 1) v) AS last_visit,
  (SELECT row_to_json(s.*)::text FROM (SELECT s.id, s.round, s.challenge, r.name, r.name_en FROM stop s
    JOIN round r ON r.id = s.round
    WHERE s.point = p.id AND s.state = 'due' AND s.opens_at <= now() AND s.late_until >= now()
    ORDER BY (r.holder = (SELECT own_user())) IS TRUE DESC, (SELECT own_user()) = ANY (r.users) DESC,
      s.challenge = '', s.closes_at LIMIT 1) s) AS stop,
  ARRAY({BEGAN.format(path="p.path")} AND t.starts BETWEEN current_date - 241 AND current_date + 1) AS terms
FROM p
"""
# The braces of `which` survive the first formatting: by its id, or by the label that hangs there.
BY_ID = _POINT.replace("{which}", "$2")
BY_LABEL = f"""
WITH l AS (SELECT id, code, short, point, revoked_at, replaced_by FROM label
  WHERE school = $1 AND ($2::text IS NOT NULL AND code = $2 OR $3::text IS NOT NULL AND short = $3) LIMIT 1)
SELECT row_to_json(l.*)::text AS label, found.* FROM l LEFT JOIN LATERAL (
{_POINT.replace("{which}", "l.point")}) found ON true
"""


class Item(msgspec.Struct, frozen=True):
    """An item in force at a point, with its last reading."""

    id: UUID
    code: str
    position: int
    zh: str
    en: str
    area: str
    answer: str
    unit: str
    unit_en: str
    options: list[dict[str, Any]]
    follow_up: list[dict[str, Any]]
    photo: str
    frequency: str
    severity: str
    basis: str
    basis_en: str
    verified: bool
    serves: list[str]
    limits_by_school: bool
    date_rule: str | None
    owner: UUID | None
    minimum: float | None
    maximum: float | None
    last_at: datetime | None
    last_result: str | None
    last_number: float | None
    last_text: str | None
    last_choice: str | None
    last_date: str | None


@dataclass(frozen=True, slots=True)
class PointToVisit:
    """A point as a visit needs it: where it is, what is asked (due now, and the rest), what is still wrong there, and
    the stop of a running round that a visit would keep."""

    point: dict[str, Any]
    items: list[Item]
    due: list[Item]
    rest: list[Item]
    findings: list[dict[str, Any]]
    last_visit: dict[str, Any] | None
    stop: dict[str, Any] | None = None


async def point_to_visit(member: Member, point: UUID) -> PointToVisit:
    """One round trip; raises Missing for a point that is not there or not his."""
    async with reading(member.scope, hot=True):
        found = await database.row(BY_ID, member.body, point)
    if found is None:
        raise Missing()
    return _ready(found)


@dataclass(frozen=True, slots=True)
class Labelled:
    """A label of the member's school and the point it leads to; None while the label is blank."""

    label: dict[str, Any]
    code: str
    visit: PointToVisit | None


async def point_by_code(member: Member, code: str | None, short: str | None) -> Labelled | None:
    """By the scanned code or the short one for the eye, in the member's own school; one round trip."""
    if not code and not short:
        return None
    async with reading(member.scope, hot=True):
        found = await database.row(BY_LABEL, member.school, code, short)
    if found is None:
        return None
    label = msgspec.json.decode(found["label"])
    return Labelled(label, label["code"], _ready(found) if found["point"] else None)


async def label_of(code: str) -> dict[str, Any] | None:
    """What the code alone tells anybody: which school hangs it, whether it still counts."""
    return await database.door("SELECT * FROM label_door($1)", code)


def _ready(found: dict[str, Any]) -> PointToVisit:
    items = msgspec.json.decode(found["items"], type=list[Item])
    now = clock.local(clock.now())
    term = term_began(found["terms"], now.date())
    due = [item for item in items if is_due(Frequency(item.frequency), item.last_at, now, term)]
    asked = {item.id for item in due}
    findings = msgspec.json.decode(found["findings"])
    for finding in findings:
        finding["found_at"] = datetime.fromisoformat(finding["found_at"])
        finding["mended_at"] = datetime.fromisoformat(finding["mended_at"]) if finding["mended_at"] else None
    last = msgspec.json.decode(found["last_visit"]) if found["last_visit"] else None
    if last:
        last["saved_at"] = datetime.fromisoformat(last["saved_at"])
    return PointToVisit(
        point=msgspec.json.decode(found["point"]),
        items=items,
        due=due,
        rest=[item for item in items if item.id not in asked],
        findings=findings,
        last_visit=last,
        stop=msgspec.json.decode(found["stop"]) if found["stop"] else None,
    )


async def receipt(member: Member, visit: UUID) -> dict[str, Any]:
    """A visit with its place in the record and what it opened; raises Missing."""
    async with reading(member.scope):
        found = await database.row(
            f"""SELECT v.id, v.school, v.point, v.saved_at, v.created_at, v.bad, v.answered, v.by, v.corrects, v.how,
                  v.how_reason, v.note, v.distance, v.accuracy, v.annotations::text AS annotations, p.name, p.name_en,
                  p.number, p.kind, u.name AS person, u.name_en AS person_en, b.name AS school_name,
                  b.name_en AS school_name_en, e.seq, e.hash, old.saved_at AS corrects_at,
                  (SELECT count(*) FROM photo WHERE visit = v.id AND state = 'awaited') AS awaited,
                  (SELECT id FROM visit c WHERE c.corrects = v.id ORDER BY c.saved_at LIMIT 1) AS corrected_by
                FROM visit v JOIN point p ON p.id = v.point JOIN app_user u ON u.id = v.by
                  JOIN body b ON b.id = v.school LEFT JOIN visit old ON old.id = v.corrects
                  JOIN record_entry e ON e.subject = v.id AND e.kind = 'visit'
                WHERE v.id = $2 AND v.{WITHIN}""",
            *(member.body, visit),
        )
        if found is None:
            raise Missing()
        found["annotations"] = msgspec.json.decode(found["annotations"])
        found["answers"] = await database.rows(
            """SELECT a.item_code, a.result, a.number, a.text, a.choice, a.date, a.reason, a.words, a.fixed_on_spot,
                 a.finding, a.minimum, a.maximum, a.follow_up::text AS follow_up, i.zh, i.en, i.unit, i.unit_en,
                 i.answer, i.options::text AS options, i.follow_up::text AS questions
               FROM answer a JOIN item i ON i.id = a.item WHERE a.visit = $1 ORDER BY i.position""",
            visit,
        )
        found["photos"] = await database.rows(
            """SELECT sha256, stored_sha256, state, reason, role, item_code, finding FROM photo WHERE visit = $1
               ORDER BY created_at""",
            visit,
        )
        found["findings"] = await database.rows(
            """SELECT DISTINCT f.id, f.number, f.title, f.title_en, f.state, f.grade_proposed, f.visit = $1 AS opened
               FROM finding f WHERE f.school = $2 AND (f.visit = $1 OR f.id IN
                 (SELECT finding FROM sighting WHERE visit = $1)) ORDER BY f.number""",
            *(visit, found["school"]),
        )
    for answer in found["answers"]:
        _in_words(answer)
    return found


def _in_words(answer: dict[str, Any]) -> None:
    """A choice and the follow-up questions in both languages, as they were asked then."""
    options = msgspec.json.decode(answer.pop("options"))
    chosen: dict[str, Any] = next((one for one in options if answer["choice"] in {one.get("zh"), one.get("en")}), {})
    answer["choice_en"] = chosen.get("en") or answer["choice"]
    said = msgspec.json.decode(answer.pop("follow_up") or "null") or {}
    questions = {one["id"]: one for one in msgspec.json.decode(answer.pop("questions"))}
    answer["followed"] = [{"zh": key, "en": key, "said": text, **questions.get(key, {})} for key, text in said.items()]


async def to_correct(member: Member, point: UUID, visit: UUID) -> dict[str, dict[str, Any]]:
    """What he said himself in a visit to this point, by item; raises Missing for any other visit."""
    async with reading(member.scope):
        found = await database.rows(
            """SELECT v.id AS visit, a.item_code, a.result, a.number, a.text, a.choice, a.date FROM visit v
               LEFT JOIN answer a ON a.visit = v.id WHERE v.id = $1 AND v.point = $2 AND v.by = $3""",
            *(visit, point, member.user),
        )
    if not found:
        raise Missing()
    return {row["item_code"]: row for row in found if row["item_code"]}


async def photo_known(member: Member, sha256: str) -> str | None:
    """The state of a photo that records of this person name, `awaited` first; None when none does."""
    async with reading(member.scope):
        found = await database.value(
            "SELECT state FROM photo WHERE sha256 = $1 AND by = $2 ORDER BY (state = 'kept') LIMIT 1",
            sha256,
            member.user,
        )
    return str(found) if found is not None else None


_epochs: dict[int, str] = {}


async def epoch() -> str:
    """The epoch of this database; another one tells phones that it was restored from a backup. It cannot change under
    an open pool, so it is read once for each."""
    key = id(database.DB.pool)
    if key not in _epochs:
        found = await database.door("SELECT id::text AS id FROM recovery_epoch ORDER BY since DESC LIMIT 1")
        _epochs[key] = found["id"] if found else ""
    return _epochs[key]
