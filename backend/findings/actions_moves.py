"""One verb done to a finding: the row is locked, the machine asked, the change and its event written together."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from backend import clock, database
from backend.access import Member
from backend.database import Scope, writing
from backend.findings import actions_effects as effects
from backend.findings import rules_told as words
from backend.findings.queries_moves import facts_of, lock, school_of, worn
from backend.findings.rules import VERB_NAMES, State, Verb
from backend.findings.rules_machine import BAR_WORDS, Hat, Need
from backend.findings.rules_moves import ADDING, move_for, stands_in_the_way, way_to
from backend.language import N_
from backend.photos import WHY, Kept
from backend.record import actions as record
from backend.record.rules import canonical
from backend.row import uuid7
from backend.trouble import Forbidden, Invalid, Refused

FURTHEST_AHEAD = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Shot:
    """A photo that a verb names: kept on disk already, still on its way (a phone sends it later), or refused."""

    sha256: str
    kept: Kept | None = None
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """What was told with a verb. `event` is minted by whoever asks: the same again changes nothing. `version` is what
    he had seen; None (a phone without signal) lets the state alone decide. `at` is the phone's clock. `by_visit`: the
    answer of a visit, which needs no words."""

    words: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    photos: tuple[Shot, ...] = ()
    event: UUID = field(default_factory=uuid7)
    version: int | None = None
    at: datetime | None = None
    by_visit: bool = False


@dataclass(frozen=True, slots=True)
class Doer:
    """Who acts: a member, a contractor through a link (`link`; `user` answers for him), or nobody (the machine)."""

    user: UUID | None
    scope: Scope
    worn: frozenset[Hat]
    body: UUID | None = None
    name: str = ""
    name_en: str = ""
    link: UUID | None = None


@dataclass(frozen=True, slots=True)
class Done:
    finding: UUID
    event: UUID
    state: State
    replayed: bool = False


async def move(finding: UUID, verb: Verb, told: Told, by: Member) -> Done:
    """Do `verb`. Raises Missing, Forbidden (not his), Invalid (by field), Refused (state, or somebody first)."""
    school = await school_of(by, finding)
    scope = Scope(user=by.user, body=by.body, path=by.path, school=school)
    async with writing(scope):
        row = await lock(finding)
        return await do(row, verb, told, Doer(by.user, scope, worn(by, row), by.body, by.name, by.name_en))


async def do(row: dict[str, Any], verb: Verb, told: Told, doer: Doer) -> Done:
    """Inside the caller's transaction, on a row that `lock` gave."""
    seal = body_seal(verb, told)
    if known := await database.row("SELECT finding, by, body_hash, after FROM finding_event WHERE id = $1", told.event):
        if (known["finding"], known["by"], known["body_hash"]) != (row["id"], doer.user, seal):
            raise Refused(N_("This was sent already with other words. Open the finding again."), code="other_body")
        return Done(row["id"], told.event, State(known["after"]), replayed=True)
    await _nobody_was_first(row, verb, told)
    way = way_to(facts_of(row), verb)
    if not way:
        text = N_("This cannot be done now. Last: %(what)s by %(who)s, %(time)s.")
        raise Refused(text, code="state", **_last_facts(await _last(row["id"])))
    for step in way:
        await _step(row, step, told if step is verb else _on_the_way(told), doer, seal if step is verb else "")
    return Done(row["id"], told.event, State(row["state"]))


def _on_the_way(told: Told) -> Told:
    """What a prepared verb is told: the same fields, words and photos only with the verb that was asked for."""
    return Told(fields=told.fields, at=told.at)


def body_seal(verb: Verb, told: Told) -> str:
    said = {
        "verb": verb.value,
        "words": told.words,
        "fields": dict(told.fields),
        "photos": [s.sha256 for s in told.photos],
    }
    return hashlib.sha256(canonical(said).encode()).hexdigest()


async def _nobody_was_first(row: dict[str, Any], verb: Verb, told: Told) -> None:
    if told.version is None or told.version == row["version"] or verb in ADDING:
        return
    text = N_("%(who)s was first: %(what)s, %(time)s. Look at what it is now.")
    raise Refused(text, code="somebody_was_first", **_last_facts(await _last(row["id"])))


async def _last(finding: UUID) -> dict[str, Any] | None:
    return await database.row(
        """SELECT e.verb, e.at, u.name FROM finding_event e LEFT JOIN app_user u ON u.id = e.by
           WHERE e.finding = $1 AND e.verb NOT IN ('note', 'cost', 'escalate', 'sight')
           ORDER BY e.created_at DESC, e.id DESC LIMIT 1""",
        finding,
    )


def _last_facts(last: dict[str, Any] | None) -> dict[str, str]:
    if last is None:
        return {"who": "–", "what": "–", "time": "–"}
    return {
        "who": last["name"] or "–",
        "what": VERB_NAMES[last["verb"]],
        "time": f"{clock.local(last['at']):%m-%d %H:%M}",
    }


async def _step(row: dict[str, Any], verb: Verb, told: Told, doer: Doer, seal: str) -> None:
    facts = facts_of(row)
    move = move_for(facts, verb)
    if move is None:
        raise Refused(N_("This cannot be done now. Look at what it is now."), code="state")
    if not move.who & doer.worn:
        raise Forbidden(N_("This is for somebody else to do."), code="not_yours")
    needs = tuple(need for need in move.needs if not (told.by_visit and need is Need.WORDS))
    values = words.read(verb, needs, _known(row, told.fields), told.words, clock.today())
    faults = {**values.faults, **await effects.faults(row, verb, values.given, doer.worn)}
    if Need.PHOTO in move.needs and not any(not shot.refused for shot in told.photos):
        faults["photo"] = next((_why(shot) for shot in told.photos), N_("Please add a photo"))
    if faults:
        raise Invalid(faults)
    grade = str(values.given.get("grade", "major"))
    if bar := stands_in_the_way(facts, move, doer.user, doer.body, grade):
        raise Refused(BAR_WORDS[bar], code=bar.value)
    await _write(row, verb, move.after, told, values.given, doer, seal)


def _why(shot: Shot) -> str:
    return next((reason for code, reason in WHY.items() if code == shot.refused), N_("Please add a photo"))


def _known(row: dict[str, Any], fields: Mapping[str, str]) -> dict[str, str]:
    """What the finding knows already need not be typed again."""
    return {**({"area": row["area"]} if row["area"] else {}), **{k: v for k, v in fields.items() if v.strip()}}


async def _write(
    row: dict[str, Any], verb: Verb, after: State | None, told: Told, given: dict[str, Any], doer: Doer, seal: str
) -> None:
    """The one place that writes a finding's state, with its event, photos, notices and entry of the record."""
    before, received = State(row["state"]), clock.now()
    at = min(told.at, received) if told.at and told.at - received < FURTHEST_AHEAD else received
    after = after or before
    change = effects.change(row, verb, given, doer.user, doer.body, at)
    facts = {name: str(value) for name, value in given.items() if value not in {"", None} and name != "words"}
    if told.at and received - at > FURTHEST_AHEAD:
        facts["received_at"] = received.isoformat(timespec="seconds")
    elif told.at and told.at - received > FURTHEST_AHEAD:
        facts["phone_at"] = told.at.isoformat(timespec="seconds")
    if doer.link:
        facts["contractor"] = doer.name
    moved = verb not in ADDING
    await _update(row, change, before, after, moved)
    await database.run(
        """INSERT INTO finding_event (id, school, finding, verb, before, after, at, by, words, facts, link, body_hash)
           VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12)""",
        *(told.event, row["school"], row["id"], verb.value, before.value, after.value, at, doer.user),
        *(given.get("words", "") or _spoken(given), json.dumps(facts, ensure_ascii=False), doer.link, seal),
    )
    await _photos(row, verb, told, doer)
    await effects.also(row, verb, given, doer.user, told.event, at)
    await effects.tell(row, verb, given, doer.user, doer.name, doer.name_en)
    said = {"finding": str(row["id"]), "verb": verb.value, "before": before.value, "after": after.value}
    photos = [shot.sha256 for shot in told.photos]
    body = canonical({**said, "words": given.get("words", ""), "facts": facts, "photos": photos, "at": at.isoformat()})
    await record.append(row["school"], told.event, "event", body, doer.user)


def _spoken(given: dict[str, Any]) -> str:
    """What stands in the timeline when the form has fields of its own instead of words."""
    return " ".join(str(given[name]) for name in ("situation", "danger", "plan", "measures") if given.get(name))


async def _update(row: dict[str, Any], change: dict[str, Any], before: State, after: State, moved: bool) -> None:
    change = {**change, "state": after.value, "version": row["version"] + moved}
    parts = ", ".join(f'"{name}" = ${n}' for n, name in enumerate(change, start=4))
    done = await database.run(
        f"UPDATE finding SET {parts} WHERE id = $1 AND state = $2 AND version = $3",
        *(row["id"], before.value, row["version"], *change.values()),
    )
    if done != "UPDATE 1":
        raise Refused(N_("Somebody was first. Look at what it is now."), code="somebody_was_first")
    row.update(change)


async def _photos(row: dict[str, Any], verb: Verb, told: Told, doer: Doer) -> None:
    role = "after" if verb is Verb.MEND else "evidence"
    for shot in told.photos:
        kept = shot.kept
        taken = kept.taken_at if kept else None
        if taken is not None and taken.tzinfo is None:
            taken = taken.replace(tzinfo=clock.zone())
        state = "rejected" if shot.refused else "kept" if kept else "awaited"
        await database.run(
            """INSERT INTO photo (school, sha256, stored_sha256, state, reason, role, by, finding, event, taken_at,
                 bytes, width, height, phash, had_position, received_at)
               VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16)""",
            *(row["school"], shot.sha256, kept.stored_sha256 if kept else None, state, shot.refused, role, doer.user),
            *(row["id"], told.event, taken),
            *(
                (kept.bytes, kept.width, kept.height, kept.phash, kept.has_gps)
                if kept
                else (None, None, None, None, False)
            ),
            clock.now() if kept else None,
        )
