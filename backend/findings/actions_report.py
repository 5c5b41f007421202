"""A report of anyone: limits first, then one transaction of finding, report, photos, record entry and notices."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from backend import clock, database
from backend.access import hashed
from backend.database import Scope, writing
from backend.findings import rules_report as rules
from backend.findings.actions import Fault, raise_from, sight
from backend.findings.queries_report import known, load, similar
from backend.findings.rules import AREA_NAMES, Sight, Source
from backend.findings.secret import sealed
from backend.language import CHINESE, N_, say
from backend.photos import Kept, NotAPicture, NotStored, store
from backend.record import actions as record
from backend.record.rules import canonical
from backend.trouble import Invalid, Refused, TooMany, Trouble

LIMITS = {"point": rules.PER_POINT, "address": rules.PER_ADDRESS}


@dataclass(frozen=True, slots=True)
class Sender:
    """Whoever sends, as far as it is noticed: an address for the limits, a language for the answer, a solved puzzle."""

    address: str
    language: str
    puzzle: str = ""
    answer: str = ""


class PuzzleNeeded(Trouble):
    """Too many reports at once: this one has to be paid for with a little work (429)."""

    status = 429
    code = "puzzle"


async def report(label: Mapping[str, Any], told: rules.Told, sender: Sender) -> str:
    """The receipt. The same id and the same words again: the same receipt, nothing new.

    Raises Invalid, Refused (the id belongs to other words), PuzzleNeeded and TooMany; nothing is kept then.
    """
    if faults := rules.wrong(told):
        raise Invalid(faults)
    body = _seal_of(told, "", label)
    if await known(label["school"], told.id) is None:
        await pay_or_wait(label, sender)
    photos = await keep_photos(told)
    async with writing(Scope(school=label["school"])):
        if not await _again(told.id, body):
            raised = await raise_from(_fault(label, told))
            await _note(label, told, sender, raised.finding, body)
            await note_photos(label["school"], raised.finding, photos)
            await _record(label, told, photos)
    return receipt(told.id)


async def me_too(label: Mapping[str, Any], finding: UUID, told: rules.Told, sender: Sender) -> str:
    """One more person sees what was reported here: a sighting with a receipt of his own. Raises like `report`."""
    body = _seal_of(told, str(finding), label)
    if await known(label["school"], told.id) is None:
        await pay_or_wait(label, sender)
    async with writing(Scope(school=label["school"])):
        if await _again(told.id, body):
            return receipt(told.id)
        if finding not in {one["id"] for one in await similar(label["point"])}:
            raise Refused(N_("This is no longer in the list. Please tell us yourself what you see."))
        await _note(label, told, sender, finding, body)
        await sight(_fault(label, told), finding, Sight.ME_TOO)
        await _record(label, told, [], finding)
    return receipt(told.id)


def receipt(report: UUID) -> str:
    """The receipt of a report: always the same, and nobody can make it from the id alone."""
    return rules.receipt_of(sealed("receipt", str(report)))


def _seal_of(told: rules.Told, finding: str, label: Mapping[str, Any]) -> str:
    """What makes two reports the same. Keyed, because a telephone number can be guessed from a plain hash."""
    photos = ",".join(hashlib.sha256(photo).hexdigest() for photo in told.photos)
    area = told.area.value if told.area else ""
    return sealed("report", "\0".join((str(label["label"]), finding, area, told.words, told.contact, photos))).hex()


# Limits


def _keys(label: Mapping[str, Any], address: str) -> dict[str, str]:
    """What is counted. The address is never kept: its key changes every day and means nothing elsewhere."""
    return {
        "point": f"report:point:{label['point'] or label['label']}",
        "address": f"report:address:{address_hash(address)}",
    }


def address_hash(address: str) -> str:
    return sealed("address", f"{clock.today()}|{rules.network(address)}").hex()[:32]


async def puzzle(label: Mapping[str, Any], address: str) -> rules.Puzzle:
    """A fresh puzzle for this label, as hard as the load is now. It is demanded only when the load is high."""
    bits = rules.difficulty(await load(_keys(label, address)), LIMITS)
    expires = int((clock.now() + rules.PUZZLE_LIFE).timestamp())
    return rules.challenge(label["code"], bits, expires, secrets.token_hex(12), _seal)


def _seal(text: str) -> bytes:
    return sealed("puzzle", text)


_COUNT = """
INSERT INTO throttle AS t (key, count, window_ends) SELECT key, 1, now() + seconds * interval '1 second'
FROM unnest($1::text[], $2::float8[]) AS wanted(key, seconds) ORDER BY key
ON CONFLICT (key) DO UPDATE SET
  count = CASE WHEN t.window_ends <= now() THEN 1 ELSE t.count + 1 END,
  window_ends = CASE WHEN t.window_ends <= now() THEN excluded.window_ends ELSE t.window_ends END
RETURNING key, count, window_ends
"""


async def pay_or_wait(label: Mapping[str, Any], sender: Sender) -> None:
    """Count this try for its point and its address; raises TooMany or PuzzleNeeded.

    Tries make the puzzle harder, but only what was paid for fills a point: nobody can silence a label by knocking.
    """
    keys = _keys(label, sender.address)
    tries = await _count({keys[name]: LIMITS[name] for name in keys})
    counts = {name: tries[key][0] for name, key in keys.items()}
    if counts["address"] > rules.PER_ADDRESS.hard:
        raise _too_many(tries[keys["address"]][1])
    above = [tries[keys[name]][1] for name, limit in LIMITS.items() if counts[name] > limit.soft]
    if above:
        await _pay(label, sender, rules.difficulty(counts, LIMITS), max(above))
    taken = f"report:taken:{label['point'] or label['label']}"
    count, until = (await _count({taken: rules.PER_POINT}))[taken]
    if count > rules.PER_POINT.hard:
        raise _too_many(until)


async def _count(limits: Mapping[str, rules.Limit]) -> dict[str, tuple[int, datetime]]:
    """One more for each key, in one statement: how many there are in its window now, and when that ends."""
    windows = [limit.window.total_seconds() for limit in limits.values()]
    async with writing(Scope()):
        found = await database.rows(_COUNT, list(limits), windows)
    return {row["key"]: (int(row["count"]), row["window_ends"]) for row in found}


async def _pay(label: Mapping[str, Any], sender: Sender, bits: int, until: datetime) -> None:
    """The puzzle must be ours, fresh, solved, about as hard as the load asks for, and used only once."""
    done = rules.solved(sender.puzzle, sender.answer, label["code"], int(clock.now().timestamp()), _seal)
    if done is not None and done.difficulty >= bits - 1:
        async with writing(Scope()):
            await database.run(
                """DELETE FROM throttle WHERE (key LIKE 'puzzle:%' OR key LIKE 'report:%')
                     AND window_ends < now() - interval '1 day'"""
            )
            fresh = await database.value(
                """INSERT INTO throttle (key, count, window_ends) VALUES ($1, 1, to_timestamp($2) + interval '1 minute')
                   ON CONFLICT (key) DO NOTHING RETURNING 1""",
                *(f"puzzle:{done.nonce}", float(done.expires)),
            )
        if fresh:
            return
    text = N_(
        "Many reports are arriving at this moment. Please send yours once more (without scripts: after %(time)s)."
    )
    raise PuzzleNeeded(text, time=f"{clock.local(until):%H:%M}")


def _too_many(until: datetime) -> TooMany:
    seconds = max(1, int((until - clock.now()).total_seconds()) + 1)
    text = N_(
        "Very many reports have come from here. Please send yours again after %(time)s. If it is dangerous, call now."
    )
    return TooMany(text, time=f"{clock.local(until):%H:%M}", seconds=seconds)


# Writing


async def _again(report: UUID, body: str) -> bool:
    """Whether it is here already; a copy that comes in the same moment waits. Raises Refused for other words."""
    await database.run("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", str(report))
    found = await database.value("SELECT body_hash FROM report WHERE id = $1", report)
    if found is not None and found != body:
        raise Refused(N_("This was sent already. If you want to add something, send it once more."), code="other_body")
    return found is not None


async def keep_photos(told: rules.Told) -> list[tuple[str, Kept | str]]:
    """Each photo by its hash, kept on disk or refused with the reason; a report is not lost for its photo's sake."""
    done: dict[str, Kept | str] = {}
    for photo in told.photos:
        sha256 = hashlib.sha256(photo).hexdigest()
        try:
            done[sha256] = await store().keep(photo, sha256)
        except (NotAPicture, NotStored) as error:
            if not (told.words or told.area):
                raise Invalid({"photo": error.reason}) from error
            done[sha256] = error.code
    return list(done.items())


def _fault(label: Mapping[str, Any], told: rules.Told) -> Fault:
    area = told.area.value if told.area else None
    named = AREA_NAMES[area] if area else N_("Not sure which area")
    title = rules.title(told.words)
    return Fault(
        school=label["school"],
        point=label["point"],
        item_code="",
        area=area,
        title=title or say(CHINESE, N_("Reported by label: %(area)s"), area=say(CHINESE, named)),
        title_en="" if title else f"Reported by label: {named}",
        words=told.words,
        severity="general",
        basis="",
        at=clock.now(),
        source=Source.REPORT,
        report=told.id,
    )


async def _note(label: Mapping[str, Any], told: rules.Told, sender: Sender, finding: UUID, body: str) -> None:
    inserted = await database.value(
        """INSERT INTO report (id, school, finding, point, label_code, receipt_hash, area, words, contact, language,
             address_hash, body_hash) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12)
           ON CONFLICT DO NOTHING RETURNING 1""",
        *(told.id, label["school"], finding, label["point"], label["code"], hashed(receipt(told.id))),
        *(told.area.value if told.area else None, told.words, told.contact, sender.language),
        *(address_hash(sender.address), body),
    )
    if inserted is None:  # the id is taken by a report of another school, which must not be seen from here
        raise Refused(N_("This was sent already. If you want to add something, send it once more."), code="other_body")


async def note_photos(school: UUID, finding: UUID, photos: list[tuple[str, Kept | str]]) -> None:
    for sha256, kept in photos:
        if isinstance(kept, str):
            await database.run(
                """INSERT INTO photo (school, sha256, state, reason, role, finding)
                   VALUES ($1, $2, 'rejected', $3, 'problem', $4)""",
                *(school, sha256, kept, finding),
            )
            continue
        taken = kept.taken_at
        if taken is not None and taken.tzinfo is None:
            taken = taken.replace(tzinfo=clock.zone())
        await database.run(
            """INSERT INTO photo (school, sha256, stored_sha256, state, role, finding, taken_at, bytes, width, height,
                 phash, had_position, received_at) VALUES ($1,$2,$3,'kept','problem',$4,$5,$6,$7,$8,$9,$10,now())""",
            *(school, sha256, kept.stored_sha256, finding, taken, kept.bytes, kept.width, kept.height, kept.phash),
            kept.has_gps,
        )


async def _record(
    label: Mapping[str, Any], told: rules.Told, photos: list[tuple[str, Kept | str]], same_as: UUID | None = None
) -> None:
    """The chain keeps what was said; of the way to reach the reporter only a keyed hash, which can be forgotten."""
    body = {
        "point": str(label["point"] or ""),
        "label": label["code"],
        "area": told.area.value if told.area else "",
        "words": told.words,
        "photos": [sha256 for sha256, _ in photos],
        "contact": sealed("contact", f"{told.id}|{told.contact}").hex() if told.contact else "",
        **({"same_as": str(same_as)} if same_as else {}),
    }
    await record.append(label["school"], told.id, "report", canonical(body), None)
