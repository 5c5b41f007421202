"""Adding to a school's chain, inside the transaction of what is recorded."""

from typing import Any
from uuid import UUID

from backend import clock, database

APPEND = """
WITH head AS (SELECT seq, hash FROM record_head WHERE school_id = $1 FOR UPDATE),
entry AS (
  INSERT INTO record_entry (school, seq, subject, kind, body, by, at, prev, hash)
  SELECT $1, head.seq + 1, $2, $3, $4, $5, $6, head.hash,
    encode(sha256(convert_to('v1|' || $1::uuid::text
      || '|' || (head.seq + 1)::text || '|' || $2::uuid::text
      || '|' || $3 || '|' || $6 || '|' || coalesce($5::uuid::text, '')
      || '|' || head.hash || '|' || $4, 'UTF8')), 'hex')
  FROM head RETURNING seq, hash)
UPDATE record_head SET seq = entry.seq, hash = entry.hash FROM entry WHERE school_id = $1
RETURNING entry.seq, entry.hash
"""
"""One round trip; the row lock on the head puts the submissions of a school in order (I6, I9)."""


async def append(school: UUID, subject: UUID, kind: str, body: str, by: UUID | None) -> dict[str, Any]:
    """{"seq", "hash"} of the new entry. `body` is canonical JSON; call it last: it holds the chain until COMMIT."""
    values = (school, subject, kind, body, by, clock.now().isoformat(timespec="milliseconds"))
    found = await database.row(APPEND, *values)
    if found is None:
        await database.run(
            "INSERT INTO record_head (school_id, school) VALUES ($1, $1) ON CONFLICT (school_id) DO NOTHING", school
        )
        found = await database.row(APPEND, *values)
    if found is None:
        raise RuntimeError("the record has no head")
    return found
