"""Checks chains from outside the application: of the database as its owner, or of a file that was exported earlier."""

import json
from collections.abc import Iterable
from typing import Any

from backend import database
from backend.database import DB
from backend.record.rules import Fault, faults

Checked = list[tuple[str, int, list[Fault]]]
"""(school, number of entries, faults) of each chain."""


async def of_database(owner_dsn: str, number: str | None = None) -> Checked:
    """Every school's chain, or that of one by its number; the head must be the last entry."""
    await DB.open(owner_dsn, size=2)
    try:
        async with DB.transaction():
            schools = await database.rows(
                """SELECT b.id, b.name, h.seq, h.hash FROM body b LEFT JOIN record_head h ON h.school_id = b.id
                   WHERE b.kind = 'school' AND ($1::text IS NULL OR b.number = $1) ORDER BY b.number""",
                number,
            )
            return [await _school(school) for school in schools]
    finally:
        await DB.close()


async def _school(school: dict[str, Any]) -> tuple[str, int, list[Fault]]:
    """In pages, so that a chain of years fits into memory."""
    found: list[Fault] = []
    state: dict[str, Any] = {"prev": None, "seq": 0}
    while rows := await _page(school["id"], state["seq"]):
        before = state["prev"]
        chunk = [{**row, "body": json.loads(row["body"])} for row in rows]
        found += faults(str(school["id"]), chunk, after=(state["seq"], before) if before else None)
        state.update(prev=rows[-1]["hash"], seq=rows[-1]["seq"])
    if (school["seq"] or 0) != state["seq"] or (school["hash"] or state["prev"]) != state["prev"]:
        found.append(Fault(state["seq"], "not the head"))
    return school["name"], state["seq"], found


async def _page(school: Any, after: int) -> list[dict[str, Any]]:
    return await database.rows(
        """SELECT seq, subject::text AS id, kind, body, coalesce(by::text, '') AS by, at, prev, hash FROM record_entry
           WHERE school = $1 AND seq > $2 ORDER BY seq LIMIT 2000""",
        *(school, after),
    )


def of_file(lines: Iterable[str], school: str) -> Checked:
    """A record as GET /api/record/{school} gave it."""
    entries = [json.loads(line) for line in lines if line.strip()]
    return [(school, len(entries), list(faults(school, entries)))]
