"""What is held about one person: the numbers for his page, and all of it for his file. His own rows, nobody else's."""

import json
from collections.abc import AsyncIterator
from typing import Any

from backend import database
from backend.access import Member
from backend.database import reading

BATCH = 200

_HELD = """
SELECT
  (SELECT count(*) FROM visit WHERE by = $1) AS visits,
  (SELECT min(saved_at) FROM visit WHERE by = $1) AS first_visit,
  (SELECT max(saved_at) FROM visit WHERE by = $1) AS last_visit,
  (SELECT count(*) FROM visit WHERE by = $1 AND latitude IS NOT NULL) AS positions,
  (SELECT count(*) FROM visit WHERE by = $1 AND corrects IS NOT NULL) AS corrections,
  (SELECT count(*) FROM answer WHERE visit IN (SELECT id FROM visit WHERE by = $1)) AS answers,
  (SELECT count(*) FROM answer WHERE seconds IS NOT NULL AND visit IN (SELECT id FROM visit WHERE by = $1)) AS seconds,
  (SELECT count(*) FROM photo WHERE by = $1) AS photos,
  (SELECT coalesce(sum(bytes), 0) FROM photo WHERE by = $1 AND state = 'kept') AS photo_bytes,
  (SELECT count(*) FROM photo WHERE by = $1 AND phash IS NOT NULL) AS fingerprints,
  (SELECT count(*) FROM photo WHERE by = $1 AND had_position) AS photo_positions,
  (SELECT count(*) FROM finding WHERE found_by = $1) AS findings,
  (SELECT count(*) FROM finding_event WHERE by = $1) AS events,
  (SELECT count(*) FROM point WHERE responsible = $1) AS points,
  (SELECT count(*) FROM user_session WHERE "user" = $1) AS sessions,
  (SELECT count(*) FROM user_session WHERE "user" = $1 AND ended_at IS NULL AND expires_at > now()) AS open_sessions,
  (SELECT count(*) FROM notice WHERE "user" = $1) AS notices
"""


async def held(member: Member) -> dict[str, Any]:
    """How much of each sort is held about him in the body he is signed in for."""
    async with reading(member.scope):
        return await database.row(_HELD, member.user) or {}


_PARTS = {
    "person": """SELECT id, username, phone, name, name_en, language, created_at FROM app_user WHERE id = $1""",
    "posts": """SELECT m.post, m.title, m.active, m.created_at, m.ended_at, b.name AS body FROM member m
                JOIN body b ON b.id = m.body WHERE m."user" = $1 ORDER BY m.created_at""",
    "sessions": """SELECT created_at, seen_at, expires_at, ended_at, agent, address FROM user_session
                   WHERE "user" = $1 ORDER BY created_at""",
    "points": "SELECT number, name FROM point WHERE responsible = $1 ORDER BY number",
    "findings": "SELECT number, title, words, found_at, state FROM finding WHERE found_by = $1 ORDER BY found_at",
    "finding_events": "SELECT finding, verb, at, words FROM finding_event WHERE by = $1 ORDER BY at",
    "notices": 'SELECT * FROM notice WHERE "user" = $1 ORDER BY created_at',
}
_VISITS = f"""
SELECT row_to_json(x.*)::text AS line, x.id FROM (
  SELECT v.id, v.created_at AS received_at, v.point, p.name AS point_name, v.how, v.how_reason, v.opened_at, v.saved_at,
    v.sent_at, v.skew_ms, v.latitude, v.longitude, v.accuracy, v.distance, v.device, v.device_seq, v.corrects, v.note,
    v.annotations,
    (SELECT coalesce(json_agg(json_build_object('item', a.item_code, 'result', a.result, 'number', a.number,
       'text', a.text, 'choice', a.choice, 'date', a.date, 'reason', a.reason, 'words', a.words,
       'follow_up', a.follow_up, 'fixed_on_spot', a.fixed_on_spot, 'seconds', a.seconds)), '[]')
     FROM answer a WHERE a.visit = v.id) AS answers,
    (SELECT coalesce(json_agg(json_build_object('sha256', f.sha256, 'state', f.state, 'role', f.role,
       'taken_at', f.taken_at, 'in_page', f.in_page, 'bytes', f.bytes, 'perceptual_hash', f.phash,
       'had_position', f.had_position)), '[]') FROM photo f WHERE f.visit = v.id) AS photos
  FROM visit v JOIN point p ON p.id = v.point WHERE v.by = $1 AND ($2::uuid IS NULL OR v.id > $2)
  ORDER BY v.id LIMIT {BATCH}) x
"""


async def exported(member: Member) -> AsyncIterator[str]:
    """One JSON object, written piece by piece: person, posts, sessions ... and every visit with its answers."""
    async with reading(member.scope):
        parts = {name: await _part(sql, member) for name, sql in _PARTS.items()}
    yield "{" + ",\n".join(f"{json.dumps(name)}:{text}" for name, text in parts.items()) + ',\n"visits":['
    last, first = None, True
    while True:
        async with reading(member.scope):
            found = await database.rows(_VISITS, member.user, last)
        for line in found:
            yield ("\n" if first else ",\n") + line["line"]
            first = False
        if len(found) < BATCH:
            break
        last = found[-1]["id"]
    yield "\n]}\n"


async def _part(sql: str, member: Member) -> str:
    whole = f"SELECT coalesce(json_agg(row_to_json(x.*)), '[]')::text FROM ({sql}) x"
    return str(await database.value(whole, member.user))
