"""Verbs on kinds and checklists: the built-in pack, a school's switches and limits. A version, once there, stays."""

import json
import re
from typing import Any
from uuid import UUID

from backend import clock, database
from backend.access import Member
from backend.checklists import queries
from backend.checklists.rules import AnswerKind, DateRule
from backend.database import writing
from backend.language import N_
from backend.row import uuid7
from backend.trouble import Missing, Refused


async def load_pack(pack: dict[str, Any]) -> bool:
    """Put the built-in pack into the database as its version, unless it is there. Run by the owner of the database.

    `pack` is {"version": n, "kinds": [...]} as in fixtures/pack; returns whether anything was added. Earlier versions
    stay: visits are tied to them, and a bureau's own version stays in force until the bureau takes the news over.
    """
    version = int(pack["version"])
    async with database.DB.transaction():
        if await database.value("SELECT 1 FROM checklist WHERE body IS NULL AND version >= $1 LIMIT 1", version):
            return False
        for position, kind in enumerate(pack["kinds"]):
            await _kind(kind, position)
            checklist = await database.value(
                "INSERT INTO checklist (kind, version, words) VALUES ($1, $2, 'built in') RETURNING id",
                *(kind["id"], version),
            )
            await add_items(checklist, [_row(item) for item in kind["items"]])
    return True


async def _kind(kind: dict[str, Any], position: int) -> None:
    await database.run(
        """INSERT INTO point_kind (code, zh, en, area, icon, frequency, basis, basis_en, usual_post, core, note,
             note_en, school_types, boarding_only, position)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
           ON CONFLICT (code) DO UPDATE SET zh = excluded.zh, en = excluded.en, area = excluded.area,
             icon = excluded.icon, frequency = excluded.frequency, basis = excluded.basis,
             basis_en = excluded.basis_en, usual_post = excluded.usual_post, core = excluded.core,
             note = excluded.note, note_en = excluded.note_en, school_types = excluded.school_types,
             boarding_only = excluded.boarding_only, position = excluded.position""",
        *(kind["id"], kind["zh"], kind["en"], kind["area"], kind.get("icon", ""), kind["frequency"]),
        *(
            _plain(kind.get("frequency_basis", "")),
            kind.get("frequency_basis_en", ""),
            kind["usual_patroller"],
            kind["core"],
        ),
        *(kind.get("note", ""), kind.get("note_en", ""), kind.get("school_types", [])),
        *(kind.get("boarding_only", False), position),
    )


def _plain(basis: str) -> str:
    """Without the marks of its sources, [S19], which items name in a list of their own."""
    return re.sub(r"\s*\[S[^\]]*\]", "", basis)


COLUMNS = {
    **dict.fromkeys(("code", "zh", "en", "area", "answer", "unit", "unit_en"), "text"),
    **{"minimum": "float8", "maximum": "float8", "limits_by_school": "boolean", "date_rule": "text"},
    **{"options": "jsonb", "follow_up": "jsonb"},
    **dict.fromkeys(("photo", "frequency", "severity", "basis", "basis_en", "quality"), "text"),
    **{"verified": "boolean", "sources": "text[]", "serves": "text[]", "note": "text", "note_en": "text"},
}
"""What an item holds besides its version and its place in it."""

_ADD = f"""
INSERT INTO item (checklist, position, {", ".join(COLUMNS)})
SELECT $1, position, {", ".join(COLUMNS)}
FROM jsonb_to_recordset($2::jsonb) AS i(position int2, {", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())})
"""


async def add_items(checklist: UUID, items: list[dict[str, Any]]) -> None:
    """Items of a new version, in their order."""
    rows = [{"position": n, **{name: item[name] for name in COLUMNS}} for n, item in enumerate(items)]
    await database.run(_ADD, checklist, json.dumps(rows, ensure_ascii=False))


def _row(item: dict[str, Any]) -> dict[str, Any]:
    """An item of fixtures/pack/kinds.json as a row."""
    told = item.get("date_rule") or {}
    since = told.get("rule") in {"made", "done"}
    years = told.get("years_default") or (told["valid_days"] / 365 if "valid_days" in told else None)
    same: tuple[str, ...] = ("zh", "en", "area", "answer", "photo", "frequency", "verified")
    return {
        **{name: item[name] for name in same},
        **{name: item.get(name) or "" for name in ("unit_en", "basis", "basis_en", "note", "note_en")},
        "code": item["id"],
        "unit": item.get("unit") or "",
        "minimum": item.get("min"),
        "maximum": years if since else item.get("max"),
        # A life that depends on the model (an extinguisher's filling) is the school's to say, point by point.
        "limits_by_school": bool(item.get("limits_set_by_school") or told.get("years")),
        "date_rule": _date_rule(item["answer"], since),
        "options": _options(item),
        "follow_up": item.get("follow_up", []),
        "severity": item["severity_hint"],
        "quality": item.get("source_quality", ""),
        "sources": item.get("sources", []),
        "serves": item.get("serves", []),
    }


def _date_rule(answer: str, since: bool) -> str | None:
    if answer != AnswerKind.DATE.value:
        return None
    return str((DateRule.SINCE if since else DateRule.UNTIL).value)


def _options(item: dict[str, Any]) -> list[dict[str, Any]]:
    """[{"zh", "en", "ok"}] of a choice."""
    zh, en = item.get("options") or [], item.get("options_en") or item.get("options") or []
    fine = set(item.get("ok_options") or [])
    return [{"zh": a, "en": b, "ok": a in fine} for a, b in zip(zh, en, strict=True)]


async def switch_kind(kind: str, enabled: bool, by: Member) -> None:
    """A school says whether it uses a kind. Raises Refused while points of a kind to be switched off are in use."""
    async with writing(by.scope):
        found = await queries.kind(by, kind, by.school)
        if not enabled and found["points"]:
            raise Refused(N_("%(n)s points of this kind are in use. Retire them first."), n=found["points"])
        await database.run(
            """INSERT INTO school_kind (school, kind, enabled, by) VALUES ($1, $2, $3, $4)
               ON CONFLICT (school, kind) DO UPDATE SET enabled = excluded.enabled, by = excluded.by""",
            *(by.school, kind, enabled, by.user),
        )


async def set_limits(
    kind: str, code: str, point: UUID | None, minimum: float | None, maximum: float | None, by: Member
) -> None:
    """Limits of the school for one item, at all its points or at one; both None: the former ones no longer count.

    Raises Missing for an item or a point that is not there, Refused where the pack does not leave them to the school.
    """
    async with writing(by.scope):
        item = next((one for one in await queries.items_in_force(by, kind, by.school) if one["code"] == code), None)
        known = {one["id"] for one in await queries.points(by, kind)}
        if item is None or (point is not None and point not in known):
            raise Missing()
        if not item["limits_by_school"]:
            raise Refused(N_("The checklist does not leave the limits of this item to schools."))
        await database.run(
            'INSERT INTO "limit" (school, item_code, point, minimum, maximum, by) VALUES ($1, $2, $3, $4, $5, $6)',
            *(by.school, code, point, minimum, maximum, by.user),
        )


STALE = N_("Somebody published a newer version meanwhile. Please look at it first.")


async def publish(
    kind: str, items: list[dict[str, Any]], words: str, seen: int, by: Member, built_in: int | None = None
) -> UUID:
    """A new version of his body. `seen` is the version it was made from (0: none); Refused when one is newer."""
    async with writing(by.scope):
        await database.run("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"publish {kind} {by.body}")
        latest = await database.value(
            "SELECT coalesce(max(version), 0) FROM checklist WHERE kind = $1 AND body = $2", kind, by.body
        )
        if latest != seen:
            raise Refused(STALE)
        checklist = uuid7()
        await database.run(
            """INSERT INTO checklist (id, kind, body, version, published_at, published_by, words, built_in)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)""",
            *(checklist, kind, by.body, latest + 1, clock.now(), by.user, words, built_in),
        )
        await add_items(checklist, items)
    return checklist
