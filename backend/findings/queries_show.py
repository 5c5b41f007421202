"""One finding with everything that its page shows, each part one statement."""

from typing import Any
from uuid import UUID

import msgspec

from backend import database
from backend.access import Member, Role
from backend.database import reading
from backend.findings.queries import COLUMNS, JOINS, OWN, seen_by
from backend.trouble import Missing

Rows = list[dict[str, Any]]

_ONE = f"""
{COLUMNS}, mender.name AS mender, mender.name_en AS mender_en, safe.name AS controller, safe.name_en AS controller_en,
  sure.name AS confirmer, sure.name_en AS confirmer_en, p.state AS point_state, p.note AS point_note,
  p.phone AS point_phone, p.place AS place, floor.name AS floor, floor.name_en AS floor_en, house.name AS house,
  house.name_en AS house_en,
  coalesce(p.responsible_name, keeper.name) AS keeper, b.emergency_phone,
  into_.number AS merged_number, old.number AS follows_number, origin.number AS split_number,
  c.zh AS criterion_zh, c.en AS criterion_en, c.source AS criterion_source, c.verified AS criterion_verified,
  EXISTS (SELECT FROM member m JOIN app_user u ON u.id = m."user" WHERE m.body = f.school AND m."user" = f.assigned_to
    AND m.active AND u.disabled_at IS NULL) AS hand_is_here
FROM finding f {JOINS}
  LEFT JOIN app_user mender ON mender.id = f.mended_by LEFT JOIN app_user safe ON safe.id = f.controlled_by
  LEFT JOIN app_user sure ON sure.id = f.confirmed_by LEFT JOIN app_user keeper ON keeper.id = p.responsible
  LEFT JOIN place floor ON floor.id = p.place LEFT JOIN place house ON house.id = floor.parent
  LEFT JOIN finding into_ ON into_.id = f.merged_into LEFT JOIN finding old ON old.id = f.follows
  LEFT JOIN finding origin ON origin.id = f.split_from
  LEFT JOIN LATERAL (SELECT * FROM criterion WHERE code = f.criterion AND f.criterion <> ''
    ORDER BY version DESC LIMIT 1) c ON true
WHERE f.id = $2 AND {OWN}
"""
_PHOTOS = """
SELECT ph.id, ph.stored_sha256, ph.state, ph.reason, ph.role, ph.taken_at, ph.created_at, ph.event, ph.finding,
  u.name AS person, u.name_en AS person_en
FROM photo ph LEFT JOIN app_user u ON u.id = ph.by
WHERE ph.finding = $1 OR ph.finding IN (SELECT id FROM finding WHERE merged_into = $1) ORDER BY ph.created_at, ph.id
"""
_EVENTS = """
SELECT e.id, e.at, e.verb AS word, 'verb' AS sort, e.before, e.after, e.words, u.name AS person, u.name_en AS person_en,
  e.by, NULL::uuid AS visit, NULL::uuid AS report, e.facts::text AS facts, l.name AS contractor,
  l.firm AS contractor_firm, e.created_at
FROM finding_event e LEFT JOIN app_user u ON u.id = e.by LEFT JOIN contractor_link l ON l.id = e.link
WHERE e.finding = $1 AND e.verb <> 'sight'
UNION ALL
SELECT s.id, s.at, s.kind, 'sight', NULL, NULL, s.words, u.name, u.name_en, s.by, s.visit, s.report, NULL, NULL, NULL,
  s.created_at
FROM sighting s LEFT JOIN app_user u ON u.id = s.by WHERE s.finding = $1
ORDER BY at, created_at, sort DESC, id
"""
_VISITS = """
SELECT v.id, v.saved_at, v.by, u.name AS person, u.name_en AS person_en FROM visit v LEFT JOIN app_user u ON u.id = v.by
WHERE v.id = $2 OR v.id IN (SELECT visit FROM sighting WHERE finding = $1) ORDER BY v.saved_at
"""
_KIN = """
SELECT id, number, title, title_en, state, CASE WHEN merged_into = $1 THEN 'merged' ELSE 'split' END AS kin
FROM finding WHERE merged_into = $1 OR split_from = $1 ORDER BY number
"""


async def finding(member: Member, wanted: UUID) -> dict[str, Any]:
    """One finding with its photos, what happened to it, the visits that met it, reports and kin. Raises Missing."""
    own = seen_by(member).replace("?", "$3")
    values = (member.body, wanted, *((member.user,) if own else ()))
    async with reading(member.scope):
        found = await database.row(_ONE + (f" AND {own}" if own else ""), *values)
        if found is None:
            raise Missing()
        found["photos"] = await database.rows(_PHOTOS, wanted)
        found["events"] = [_event(row) for row in await database.rows(_EVENTS, wanted)]
        found["visits"] = await database.rows(_VISITS, wanted, found["visit"])
        found["reports"] = await _reports(member, wanted)
        found["kin"] = await database.rows(_KIN, wanted)
    for event in found["events"]:
        event["photos"] = [photo for photo in found["photos"] if photo["event"] == event["id"]]
    return found


def _event(row: dict[str, Any]) -> dict[str, Any]:
    facts = msgspec.json.decode(row["facts"] or "{}", type=dict[str, Any])
    return {**row, "facts": facts, "source": facts.get("source")}


async def _reports(member: Member, finding: UUID) -> Rows:
    """What anyone reported of it; how to reach the reporter is for the school's managers alone."""
    contact = "contact" if member.role is Role.MANAGER else "''"
    return await database.rows(
        f"""SELECT id, created_at, area, words, label_code, {contact} AS contact FROM report WHERE finding = $1
            ORDER BY created_at""",
        finding,
    )


async def version(member: Member, wanted: UUID) -> str:
    """What changes whenever the finding's page would look different. Raises Missing."""
    own = seen_by(member).replace("?", "$3")
    values = (member.body, wanted, *((member.user,) if own else ()))
    async with reading(member.scope):
        found = await database.row(
            f"""SELECT f.version, f.sightings, (SELECT count(*) FROM finding_event WHERE finding = f.id) AS events,
                  (SELECT count(*) FROM photo WHERE finding = f.id AND state <> 'awaited') AS photos
                FROM finding f WHERE f.id = $2 AND {OWN}"""
            + (f" AND {own}" if own else ""),
            *values,
        )
    if found is None:
        raise Missing()
    return "-".join(str(number) for number in found.values())


async def mergeable(member: Member, found: dict[str, Any]) -> Rows:
    """Open findings of the same school that it could be merged into, those of the same point first."""
    async with reading(member.scope):
        return await database.rows(
            """SELECT f.id, f.number, f.title, f.title_en, p.name AS point_name, p.name_en AS point_name_en
               FROM finding f LEFT JOIN point p ON p.id = f.point
               WHERE f.school = $1 AND f.id <> $2 AND f.state NOT IN ('closed', 'delisted', 'rejected_report', 'merged')
               ORDER BY f.point IS NOT DISTINCT FROM $3 DESC, f.area IS NOT DISTINCT FROM $4 DESC, f.found_at DESC
               LIMIT 100""",
            *(found["school"], found["id"], found["point"], found["area"]),
        )
