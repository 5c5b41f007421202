"""Verbs on kinds and checklists."""

import json
from typing import Any

from backend import database


async def load_pack(pack: dict[str, Any]) -> bool:
    """Put the built-in pack into the database as its version, unless it is there. Run by the owner of the database.

    `pack` is {"version": n, "kinds": [...]} as in fixtures/pack; returns whether anything was added. Earlier versions
    stay: visits are tied to them.
    """
    version = int(pack["version"])
    async with database.DB.transaction():
        if await database.value("SELECT 1 FROM checklist WHERE body IS NULL AND version >= $1 LIMIT 1", version):
            return False
        for position, kind in enumerate(pack["kinds"]):
            await _kind(kind, position)
            checklist = await database.value(
                "INSERT INTO checklist (kind, version, words) VALUES ($1, $2, $3) RETURNING id",
                kind["id"],
                version,
                "built in",
            )
            await add_items(checklist, kind["items"])
    return True


async def _kind(kind: dict[str, Any], position: int) -> None:
    await database.run(
        """INSERT INTO point_kind (code, zh, en, area, icon, frequency, basis, usual_post, core, note, school_types,
             position) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
           ON CONFLICT (code) DO UPDATE SET zh = excluded.zh, en = excluded.en, area = excluded.area,
             icon = excluded.icon, frequency = excluded.frequency, basis = excluded.basis,
             usual_post = excluded.usual_post, core = excluded.core, note = excluded.note,
             school_types = excluded.school_types, position = excluded.position""",
        *(kind["id"], kind["zh"], kind["en"], kind["area"], kind.get("icon", ""), kind["frequency"]),
        *(kind.get("frequency_basis", ""), kind["usual_patroller"], kind["core"], kind.get("note", "")),
        *(kind.get("school_types", []), position),
    )


async def add_items(checklist: Any, items: list[dict[str, Any]]) -> None:
    """Items of a new version, in their order; `items` as in fixtures/pack/kinds.json."""
    for position, item in enumerate(items):
        await database.run(
            """INSERT INTO item (checklist, code, position, zh, en, area, answer, unit, minimum, maximum,
                 limits_by_school, options, follow_up, photo, frequency, severity, basis, verified, sources, serves,
                 note)
               VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20,$21)""",
            *(checklist, item["id"], position, item["zh"], item["en"], item["area"], item["answer"]),
            *(item.get("unit") or "", item.get("min"), item.get("max"), bool(item.get("limits_set_by_school"))),
            *(json.dumps(_options(item), ensure_ascii=False), json.dumps(item.get("follow_up", []), ensure_ascii=False)),
            *(item["photo"], item["frequency"], item["severity_hint"], item.get("basis", ""), item["verified"]),
            *(item.get("sources", []), item.get("serves", []), item.get("note", "")),
        )


def _options(item: dict[str, Any]) -> list[dict[str, Any]]:
    """[{"zh", "en", "ok"}] of a choice."""
    zh, en = item.get("options") or [], item.get("options_en") or item.get("options") or []
    fine = set(item.get("ok_options") or [])
    return [{"zh": a, "en": b, "ok": a in fine} for a, b in zip(zh, en, strict=True)]
