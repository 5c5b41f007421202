"""The year before today in the demo city, written in bulk from the seeded stories of `fixtures/history.py`."""

import asyncio
import hashlib
import io
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from PIL import Image, ImageEnhance

import fixtures
from backend import database
from backend.database import DB
from backend.demo import Loaded, Progress
from backend.photos import Kept, Store
from backend.record.rules import START, canonical, hash_of
from backend.row import uuid7
from fixtures.events import Answer, Event, Finding, Photo, Report, Said, Step, Visit

VARIANTS = 3
"""How many pictures are made of each drawn one; the rest of the year shows them again."""
CHUNK = 400
CONTINGENCY = "停用并设警示，专人看守，直至验收"
LOWERED = "可立即整改，按一般隐患登记"

VERBS = {
    "registered": "register",
    "rejected_report": "reject",
    "fixed_on_spot": "fix_on_spot",
    "graded": "grade",
    "assigned": "assign",
    "controlled": "make_safe",
    "reported_up": "report_up",
    "gov_requested": "request_gov",
    "rectifying": "start",
    "extension_requested": "request_extension",
    "submitted": "mend",
    "accept_failed": "send_back",
    "accepted": "accept",
    "rechecked": "recheck",
    "closed": "close",
    "listed": "list",
    "delist_requested": "request_delisting",
    "delisted": "delist",
    "reopened": "reopen",
}


@dataclass(slots=True)
class History:
    """Rows that wait to be copied, and what later events need of earlier ones."""

    loaded: Loaded
    store: Store | None
    items: dict[str, dict[str, Any]]
    criteria: dict[str, str] = field(default_factory=dict)
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    heads: dict[str, tuple[int, str]] = field(default_factory=dict)
    findings: dict[str, dict[str, Any]] = field(default_factory=dict)
    ids: dict[str, UUID] = field(default_factory=dict)
    counts: dict[tuple[str, int], int] = field(default_factory=dict)
    kept: dict[tuple[str, str, int], Kept] = field(default_factory=dict)
    visits: int = 0


async def load_history(
    events: Iterable[Event], loaded: Loaded, store: Store | None, progress: Progress, of: int
) -> int:
    """Write everything that happened before now; returns the number of visits. One transaction."""
    async with DB.transaction():
        items = await database.rows("SELECT id, code, minimum, maximum, zh, en, area, severity, basis FROM item")
        touched = await database.rows("SELECT code, jsonb_array_elements_text(items) AS item FROM criterion")
        history = History(loaded, store, {row["code"]: row for row in items})
        history.criteria = {row["item"]: row["code"] for row in touched}
        await _develop(history, progress)
        for event in events:
            if event.at > loaded.now:
                break
            await _tell(history, event)
            if history.visits % CHUNK == 0 and isinstance(event, Visit):
                progress("visits", history.visits, of)
        await _write(history)
    return history.visits


async def _tell(history: History, event: Event) -> None:
    if isinstance(event, Visit):
        await _visit(history, event)
    elif isinstance(event, Report):
        await _report(history, event)
    elif isinstance(event, Finding):
        await _finding(history, event)
    else:
        await _step(history, event)


async def _visit(history: History, visit: Visit) -> None:
    loaded, key = history.loaded, uuid7(int(visit.opened.timestamp() * 1000))
    history.ids[visit.key] = key
    history.visits += 1
    school, user = loaded.bodies[visit.school], loaded.users[visit.person]
    point, code = loaded.points[visit.point], loaded.codes.get(visit.point)
    body = _body(history, visit, point, code)
    history.rows["visit"].append(
        {
            **{"id": key, "created_at": visit.received, "school": school, "point": point, "by": user},
            "label": loaded.labels.get(code or "") if visit.how != "list" else None,
            "member": loaded.members[visit.person, visit.school],
            **{"how": visit.how, "how_reason": visit.how_reason, "opened_at": visit.opened, "saved_at": visit.saved},
            **{"sent_at": visit.sent, "skew_ms": visit.skew_ms, "latitude": visit.lat, "longitude": visit.lon},
            **{"accuracy": visit.accuracy, "bad": sum(a.result == "bad" for a in visit.answers)},
            **{"answered": len(visit.answers), "note": "", "annotations": "[]"},
            "body_hash": hashlib.sha256(canonical(body).encode()).hexdigest(),
        }
    )
    for answer in visit.answers:
        await _answer(history, visit, answer, school, key, point)
    for said in visit.said:
        _sight(history, said, school, key, visit, user)
    _record(history, visit.school, key, "visit", body, user, visit.received)


def _body(history: History, visit: Visit, point: UUID, code: str | None) -> dict[str, Any]:
    answers = [
        {
            **{"item": str(history.items[a.item]["id"]), "result": a.result, "number": a.number, "text": a.text},
            **{"choice": a.choice, "date": a.day.isoformat() if a.day else None, "reason": a.reason, "words": a.words},
            **{"fixed_on_spot": a.fixed_on_spot, "seconds": a.seconds},
        }
        for a in visit.answers
    ]
    return {
        **{"point": str(point), "label": code, "how": visit.how, "how_reason": visit.how_reason, "answers": answers},
        **{"opened_at": visit.opened.isoformat(), "saved_at": visit.saved.isoformat(), "note": "", "corrects": None},
    }


async def _answer(history: History, visit: Visit, answer: Answer, school: UUID, key: UUID, point: UUID) -> None:
    item = history.items[answer.item]
    finding = history.ids.setdefault(answer.finding, uuid7()) if answer.finding else None
    history.rows["answer"].append(
        {
            **{"id": uuid7(), "school": school, "visit": key, "point": point, "item": item["id"]},
            **{"item_code": answer.item, "result": answer.result, "number": answer.number},
            **{"minimum": item["minimum"], "maximum": item["maximum"], "text": answer.text, "choice": answer.choice},
            **{"date": answer.day, "reason": answer.reason, "words": answer.words, "seconds": answer.seconds},
            "follow_up": json.dumps(dict(answer.follow_up), ensure_ascii=False) if answer.follow_up else None,
            **{"fixed_on_spot": answer.fixed_on_spot, "saved_at": visit.saved, "finding": finding},
        }
    )
    if answer.finding and answer.sight in {"again", "recurred"}:
        said = Said(answer.finding, "again")
        _sight(history, said, school, key, visit, history.loaded.users[visit.person], answer.words)
        if answer.sight == "recurred":
            history.findings[answer.finding]["recurred"] += 1
    for photo in answer.photos:
        await _photo(history, photo, school, visit=key, item=answer.item, finding=finding, by=visit.person)


def _sight(history: History, said: Said, school: UUID, key: UUID, visit: Visit, user: UUID, words: str = "") -> None:
    row = {"id": uuid7(), "school": school, "finding": history.ids[said.finding], "kind": said.now, "visit": key}
    history.rows["sighting"].append({**row, "at": visit.saved, "by": user, "words": words})
    finding = history.findings[said.finding]
    finding["sightings"] += 1
    finding["worse"] = finding["worse"] or said.now == "worse"


async def _report(history: History, report: Report) -> None:
    key = history.ids[report.key] = uuid7(int(report.at.timestamp() * 1000))
    school = history.loaded.bodies[report.school]
    finding = history.ids.setdefault(report.finding, uuid7())
    code = history.loaded.codes.get(report.point, "")
    history.rows["report"].append(
        {
            **{"id": key, "created_at": report.at, "school": school, "finding": finding, "label_code": code},
            **{"point": history.loaded.points[report.point], "area": report.area or None, "words": report.words},
            "receipt_hash": hashlib.sha256(f"demo {report.key}".encode()).hexdigest(),
            **{"contact": report.contact, "language": "zh-CN", "address_hash": "", "body_hash": ""},
        }
    )
    if report.same and report.finding in history.findings:
        history.rows["sighting"].append(
            {
                "id": uuid7(),
                "school": school,
                "finding": finding,
                "kind": "me_too",
                "report": key,
                "at": report.at,
                "words": "",
            }
        )
        history.findings[report.finding]["sightings"] += 1
    told = {
        "point": str(history.loaded.points[report.point]),
        "label": code,
        "area": report.area,
        "words": report.words,
    }
    _record(history, report.school, key, "report", told, None, report.at)


async def _finding(history: History, finding: Finding) -> None:
    key = history.ids.setdefault(finding.key, uuid7())
    loaded, item = history.loaded, history.items.get(finding.item, {})
    count = history.counts[finding.school, finding.at.year] = (
        history.counts.get((finding.school, finding.at.year), 0) + 1
    )
    row = {
        **{"id": key, "created_at": finding.at, "school": loaded.bodies[finding.school], "area": finding.area or None},
        **{"number": f"{finding.at.year % 100:02}-{count:04}", "point": loaded.points[finding.point]},
        **{"visit": history.ids.get(finding.visit or ""), "item_code": finding.item, "source": finding.source},
        **{"state": "reported", "grade": None, "severity": finding.severity, "basis": item.get("basis", "")},
        "grade_proposed": "major" if finding.severity == "major_suspected" else "general",
        **{"title": item.get("zh", finding.words), "title_en": item.get("en", finding.words_en)},
        **{"words": finding.words, "found_at": finding.at, "found_by": loaded.users.get(finding.found_by or "")},
        **dict.fromkeys(("fixed_on_spot", "worse", "listed"), False),
        **dict.fromkeys(("sightings", "recurred"), 0),
        **dict.fromkeys(("interim_measures", "measures", "contingency", "recheck_words", "remarks"), ""),
        **dict.fromkeys(("assigned_to", "leader", "cost", "deadline", "mended_by", "mended_at", "accepted_by")),
        **dict.fromkeys(("accepted_at", "rechecked_by", "rechecked_at", "closed_at", "controlled_by", "controlled_at")),
        **dict.fromkeys(("confirmed_by", "confirmed_at", "assigned_at", "funds", "wished_deadline", "listed_by")),
        **{"extended": 0, "version": 0, "criterion": history.criteria.get(finding.item, "")},
        **{"lowered": False, "grade_reason": ""},
    }
    if row["criterion"]:
        row["grade_proposed"] = "major"
    history.findings[finding.key] = row
    verb = "report" if finding.source == "report" else "raise"
    _event(history, row, verb, None, "reported", finding.at, row["found_by"], finding.words)
    if finding.report:  # a visit's photos came with its answer
        for photo in finding.photos:
            await _photo(history, photo, row["school"], finding=key)


async def _step(history: History, step: Step) -> None:
    row, by = history.findings[step.finding], history.loaded.users[step.by]
    row["state"] = step.after
    _facts(history, row, step, by)
    _event(history, row, VERBS[step.after], step.before, step.after, step.at, by, step.words)
    for photo in step.photos:
        await _photo(history, photo, row["school"], finding=row["id"], by=step.by)


def _facts(history: History, row: dict[str, Any], step: Step, by: UUID) -> None:
    told = dict(step.facts)
    for name in ("assigned_to", "leader"):
        if told.get(name):
            row[name] = history.loaded.users[told[name]]
    if told.get("deadline"):
        row["deadline"] = datetime.fromisoformat(told["deadline"]).date()
    row.update(
        {
            k: v
            for k, v in told.items()
            if k in {"grade", "cost", "measures", "interim_measures", "listed", "contingency"}
        }
    )
    row["version"] += 1
    if told.get("grade") == "general" and row["grade_proposed"] == "major":
        row.update(lowered=True, grade_reason=step.words or LOWERED)
    if step.after == "assigned":
        row["measures"] = row["measures"] or step.words
    if row["assigned_to"] and row["assigned_at"] is None:
        row.update(assigned_at=step.at, funds=row["cost"] or 0, contingency=row["contingency"] or CONTINGENCY)
    if step.after == "controlled":
        row.update(controlled_by=by, controlled_at=step.at)
    elif step.after == "reported_up":
        row.update(confirmed_by=by, confirmed_at=step.at)
    elif step.after == "extension_requested":
        row["wished_deadline"] = (row["deadline"] or step.at.date()) + timedelta(days=14)
    elif step.before == "extension_requested":
        row.update(wished_deadline=None, extended=row["extended"] + ("deadline" in told))
    elif step.after == "listed":
        posts = (body for person, body in history.loaded.members if person == step.by)
        row["listed_by"] = history.loaded.bodies[next(posts)]
    if step.after in {"submitted", "fixed_on_spot"}:
        row.update(mended_by=by, mended_at=step.at, measures=row["measures"] or step.words)
    if step.after == "fixed_on_spot":
        row["fixed_on_spot"] = True
    elif step.after == "accepted":
        row.update(accepted_by=by, accepted_at=step.at)
    elif step.after == "rechecked":
        row.update(rechecked_by=by, rechecked_at=step.at, recheck_words=step.words)
    elif step.after in {"closed", "delisted"}:
        row["closed_at"] = step.at
    elif step.after == "reopened":
        row.update(
            dict.fromkeys(("mended_by", "mended_at", "accepted_by", "accepted_at", "rechecked_by", "rechecked_at"))
        )
        row["closed_at"] = None


def _event(
    history: History, row: dict[str, Any], verb: str, before: str | None, after: str, at: datetime, by: Any, words: str
) -> None:
    event = {
        "id": uuid7(),
        "school": row["school"],
        "finding": row["id"],
        "verb": verb,
        "before": before,
        "after": after,
    }
    history.rows["finding_event"].append({**event, "at": at, "by": by, "words": words, "facts": "{}"})


async def _photo(
    history: History,
    photo: Photo,
    school: UUID,
    *,
    finding: UUID | None = None,
    visit: UUID | None = None,
    item: str = "",
    by: str = "",
) -> None:
    kept = await _kept(history, photo)
    if kept is None:
        return
    history.rows["photo"].append(
        {
            **{"id": uuid7(), "school": school, "sha256": kept.sha256, "stored_sha256": kept.stored_sha256},
            **{"state": "kept", "role": photo.role, "by": history.loaded.users.get(by), "visit": visit},
            **{"item_code": item, "finding": finding, "taken_at": photo.taken_at, "in_page": photo.in_page},
            **{"bytes": kept.bytes, "width": kept.width, "height": kept.height, "phash": kept.phash},
            **{"received_at": photo.taken_at, "reason": ""},
        }
    )


async def _kept(history: History, photo: Photo) -> Kept | None:
    return history.kept.get((photo.picture, photo.side, photo.variant % VARIANTS))


async def _develop(history: History, progress: Progress) -> None:
    """The drawn pictures, each in a few lights, through the same door as every photo."""
    store = history.store
    drawn = sorted(PICTURES.glob("*.*.jpg")) if store else []
    wanted = [(file, variant) for file in drawn for variant in range(VARIANTS)]
    done = 0

    async def keep(file: Path, variant: int) -> None:
        nonlocal done
        out = io.BytesIO()
        ImageEnhance.Brightness(Image.open(file).convert("RGB")).enhance(0.85 + 0.15 * variant).save(out, "JPEG")
        picture, side, _ = file.name.split(".")
        content = out.getvalue()
        assert store is not None
        history.kept[picture, side, variant] = await store.keep(content, hashlib.sha256(content).hexdigest())
        done += 1
        progress("photos", done, len(wanted))

    for at in range(0, len(wanted), 8):
        await asyncio.gather(*(keep(file, variant) for file, variant in wanted[at : at + 8]))


PICTURES = Path(fixtures.__file__).parent / "pictures"


def _record(
    history: History, school: str, subject: UUID, kind: str, body: dict[str, Any], by: UUID | None, at: datetime
) -> None:
    seq, prev = history.heads.get(school, (0, START))
    told = {"id": str(subject), "kind": kind, "by": str(by or ""), "prev": prev, "body": canonical(body)}
    when = at.astimezone(None).isoformat(timespec="milliseconds")
    hashed = hash_of(school=str(history.loaded.bodies[school]), seq=seq + 1, at=when, **told)
    history.heads[school] = (seq + 1, hashed)
    history.rows["record_entry"].append(
        {
            **{"id": uuid7(), "created_at": at, "school": history.loaded.bodies[school], "seq": seq + 1},
            **{
                "subject": subject,
                "kind": kind,
                "body": told["body"],
                "by": by,
                "at": when,
                "prev": prev,
                "hash": hashed,
            },
        }
    )


ORDER = ("visit", "finding", "answer", "report", "sighting", "finding_event", "photo", "record_entry")


async def _write(history: History) -> None:
    """Copy the rows, referenced ones first."""
    history.rows["finding"] = list(history.findings.values())
    for table in ORDER:
        rows = history.rows[table]
        names = sorted({name for row in rows for name in row})
        if rows:
            records = ([row.get(name) for name in names] for row in rows)
            await database.connection().copy_records_to_table(table, records=records, columns=names)
    for school, (seq, head) in history.heads.items():
        await database.run(
            "INSERT INTO record_head (school_id, school, seq, hash) VALUES ($1, $1, $2, $3)",
            *(history.loaded.bodies[school], seq, head),
        )
    for (school, year), count in history.counts.items():
        key = history.loaded.bodies[school]
        await database.run(
            "INSERT INTO finding_count (key, school, last) VALUES ($1, $2, $3)", f"{key}:{year}", key, count
        )
