"""Raising a finding by hand: a new line of the ledger, or one more sighting of what is open already."""

import hashlib
import json
from dataclasses import replace
from typing import Any
from uuid import UUID

from backend import clock, database
from backend.access import Member, Role
from backend.database import writing
from backend.findings.actions import Fault, Raised, raise_from
from backend.findings.actions_moves import Shot
from backend.findings.actions_recheck import WAITING
from backend.findings.actions_recheck import said as said_again
from backend.findings.queries_raise import Spot
from backend.findings.rules import Sight, Source
from backend.findings.rules_raise import Raising
from backend.findings.rules_report import title
from backend.language import CHINESE, N_, say
from backend.record import actions as record
from backend.record.rules import canonical
from backend.trouble import Refused

ABOVE = frozenset({Role.OFFICER, Role.INSPECTOR})
PAPERS = frozenset({Role.MANAGER, Role.PRINCIPAL})
"""Who checks documents of his own school against the criteria."""


async def raise_by_hand(
    id: UUID,
    raising: Raising,
    spot: Spot,
    criterion: dict[str, Any] | None,
    photos: tuple[Shot, ...],
    after: tuple[Shot, ...],
    by: Member,
) -> Raised:
    """One transaction of finding (or sighting), photos, record entry and notices. The same id and words again: the same
    answer, nothing new; other words: Refused."""
    said = _said(raising, spot, photos, after)
    subject, scope = _subject(id, by), replace(by.scope, school=spot.school)
    async with writing(scope):
        if known := await _known(subject, said):
            return known
        fault = _fault(raising, spot, criterion, by)
        raised = await raise_from(fault)
        if raised.state in WAITING:  # it was called mended, and here somebody stands before it
            await said_again(fault, raised.finding, Sight.AGAIN, scope)
        if raised.new and criterion:
            await database.run("UPDATE finding SET criterion = $2 WHERE id = $1", raised.finding, criterion["code"])
        for role, shots in (("problem", photos), ("after", after)):
            for shot in shots:
                await _photo(spot.school, raised.finding, shot, role, by)
        made = {"finding": str(raised.finding), "number": raised.number, "new": raised.new, "back": raised.recurred}
        await record.append(spot.school, subject, "finding", canonical({"said": said, **made}), by.user)
    return raised


def source(spot: Spot, by: Member) -> Source:
    """How it came to light, by who says it and where."""
    if by.role in ABOVE:
        return Source.INSPECTION
    return Source.SELF_CHECK if spot.point is None and by.role in PAPERS else Source.HAND


def _said(raising: Raising, spot: Spot, photos: tuple[Shot, ...], after: tuple[Shot, ...]) -> dict[str, Any]:
    return {
        "point": str(spot.point_id or ""),
        "label": spot.code,
        **{"words": raising.words, "area": raising.area or "", "item": raising.item, "criterion": raising.criterion},
        **{"fixed": bool(raising.fixed), "measures": raising.measures},
        "photos": [shot.sha256 for shot in photos],
        "after": [shot.sha256 for shot in after],
    }


def _subject(id: UUID, by: Member) -> UUID:
    """The page's id in this person's hands: nobody can take an id away from somebody else."""
    return UUID(bytes=hashlib.sha256(f"raise|{by.user}|{id}".encode()).digest()[:16])


async def _known(subject: UUID, said: dict[str, Any]) -> Raised | None:
    """What the same form made before; a copy that comes in the same moment waits. Raises Refused for other words."""
    await database.run("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", str(subject))
    body = await database.value("SELECT body FROM record_entry WHERE subject = $1 AND kind = 'finding'", subject)
    if body is None:
        return None
    told = json.loads(body)
    if told["said"] != said:
        raise Refused(N_("This was sent already. If you want to add something, send it once more."), code="other_body")
    return Raised(UUID(told["finding"]), told["number"], told["new"], told["back"])


def _fault(raising: Raising, spot: Spot, criterion: dict[str, Any] | None, by: Member) -> Fault:
    item = next((one for one in spot.items if one.code == raising.item), None)
    if item is not None:
        named, named_en, severity, basis = item.zh, item.en, item.severity, item.basis
    elif criterion is not None:
        named, named_en, severity, basis = criterion["zh"], criterion["en"], "major_suspected", criterion["source"]
    else:
        named, named_en, severity, basis = title(raising.words) or say(CHINESE, N_("Raised by hand")), "", "general", ""
    return Fault(
        school=spot.school,
        point=spot.point_id,
        item_code=item.code if item else "",
        area=(item.area if item else raising.area) or None,
        title=named,
        title_en=named_en,
        words=raising.words,
        severity=severity or "general",
        basis=basis,
        at=clock.now(),
        source=source(spot, by),
        by=by.user,
        fixed_on_spot=bool(raising.fixed),
        measures=raising.measures,
    )


async def _photo(school: UUID, finding: UUID, shot: Shot, role: str, by: Member) -> None:
    kept = shot.kept
    taken = kept.taken_at if kept else None
    if taken is not None and taken.tzinfo is None:
        taken = taken.replace(tzinfo=clock.zone())
    facts = (kept.bytes, kept.width, kept.height, kept.phash, kept.has_gps) if kept else (None,) * 4 + (False,)
    await database.run(
        """INSERT INTO photo (school, sha256, stored_sha256, state, reason, role, by, finding, taken_at, bytes, width,
             height, phash, had_position, received_at) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15)""",
        *(school, shot.sha256, kept.stored_sha256 if kept else None, "kept" if kept else "rejected", shot.refused),
        *(role, by.user, finding, taken, *facts, clock.now() if kept else None),
    )
