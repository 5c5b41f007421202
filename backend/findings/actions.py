"""Verbs on findings. A bad answer or a report becomes a finding, or a sighting of the one that is already open."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from backend import clock, database
from backend.findings.queries_settings import CRITERION_OF
from backend.findings.rules import ENDED, RECURRENCE_DAYS, SEEN_OFTEN, Grade, Sight, Source, State, Verb
from backend.notices.actions import tell_posts
from backend.row import uuid7


@dataclass(frozen=True, slots=True)
class Fault:
    """What somebody found wrong. `item_code` empty = not tied to an item (a report): nothing is merged by itself."""

    school: UUID
    point: UUID | None
    item_code: str
    area: str | None
    title: str
    title_en: str
    words: str
    severity: str
    basis: str
    at: datetime
    source: Source
    by: UUID | None = None
    visit: UUID | None = None
    report: UUID | None = None
    fixed_on_spot: bool = False
    measures: str = ""


@dataclass(frozen=True, slots=True)
class Raised:
    finding: UUID
    number: str
    new: bool
    recurred: bool = False
    state: str = State.REPORTED.value


_ENDED = ", ".join(f"'{state.value}'" for state in ENDED)


async def raise_from(fault: Fault) -> Raised:
    """Inside the caller's transaction: a new finding, a sighting of the open one, or the closed one come back.

    The same item of the same point still open is a sighting; closed less than 90 days ago it reopens as recurred.
    """
    if fault.item_code:
        known = await database.row(
            f"""SELECT id, number, state, closed_at, mended_at, merged_into FROM finding
                WHERE school = $1 AND point = $2 AND item_code = $3 AND (state NOT IN ({_ENDED})
                  OR (state IN ('closed', 'delisted') AND closed_at > $4::timestamptz - make_interval(days => $5))
                  OR state = 'merged')
                ORDER BY (state IN ({_ENDED})), found_at DESC LIMIT 1 FOR UPDATE""",
            *(fault.school, fault.point, fault.item_code, fault.at, RECURRENCE_DAYS),
        )
        if known is not None:
            known = await _kept_in(known)
        if known is not None:
            return await _again(known, fault)
    return await _new(fault)


async def _kept_in(known: dict[str, Any]) -> dict[str, Any] | None:
    """The finding itself, or the open one that it was merged into; None when that one has ended."""
    found: dict[str, Any] | None = known
    while found is not None and found["state"] == State.MERGED.value:
        found = await database.row(
            f"""SELECT id, number, state, closed_at, mended_at, merged_into FROM finding
                WHERE id = $1 AND (state NOT IN ({_ENDED}) OR state = 'merged') FOR UPDATE""",
            found["merged_into"],
        )
    return found


async def _new(fault: Fault) -> Raised:
    finding, state = uuid7(), State.FIXED_ON_SPOT if fault.fixed_on_spot else State.REPORTED
    major = fault.severity == "major_suspected"
    number = await next_number(fault.school, clock.local(fault.at).year)
    inserted = await database.value(
        f"""WITH touched AS (SELECT ({CRITERION_OF.format("$6")}) AS code)
            INSERT INTO finding (id, school, number, point, visit, item_code, area, source, state, grade_proposed,
              severity, basis, title, title_en, words, found_at, found_by, fixed_on_spot, measures, mended_by,
              mended_at, criterion, follows)
            VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,(SELECT CASE WHEN code IS NULL THEN $10 ELSE 'major' END FROM touched),
              $11,$12,$13,$14,$15,$16,$17,$18,$19,$20,$21,(SELECT coalesce(code, '') FROM touched),
              (SELECT id FROM finding WHERE $6 <> '' AND point = $4 AND item_code = $6 ORDER BY found_at DESC LIMIT 1))
            ON CONFLICT (point, item_code) WHERE item_code <> '' AND state NOT IN ({_ENDED}) DO NOTHING RETURNING id""",
        *(finding, fault.school, number, fault.point, fault.visit, fault.item_code, fault.area, fault.source.value),
        *(state.value, (Grade.MAJOR if major else Grade.GENERAL).value, fault.severity, fault.basis, fault.title),
        *(fault.title_en, fault.words, fault.at, fault.by, fault.fixed_on_spot, fault.measures),
        *((fault.by, fault.at) if fault.fixed_on_spot else (None, None)),
    )
    if inserted is None:  # another phone was first, in this very moment: its finding is ours too
        await _give_back_number(fault.school, clock.local(fault.at).year)
        return await raise_from(fault)
    await _event(fault, finding, Verb.REPORT if fault.source is Source.REPORT else Verb.RAISE, None, state)
    await _tell_managers(
        fault, finding, number, "report_received" if fault.source is Source.REPORT else "finding_opened"
    )
    return Raised(finding, number, new=True)


async def _again(known: dict[str, Any], fault: Fault) -> Raised:
    """One more sighting; a closed finding comes back first."""
    before = State(known["state"])
    recurred = before in ENDED and (
        known["mended_at"] is None or fault.at > known["mended_at"]
    )  # a phone may come late
    after = State.REOPENED if recurred else before
    await sight(fault, known["id"], Sight.AGAIN)
    if recurred:
        await database.run(
            """UPDATE finding SET state = $3, recurred = recurred + 1, version = version + 1, told = '{}',
                 closed_at = NULL, recheck_due = NULL, mended_at = NULL, mended_by = NULL, accepted_at = NULL,
                 accepted_by = NULL, rechecked_at = NULL, rechecked_by = NULL, recheck_words = '',
                 controlled_at = NULL, controlled_by = NULL, confirmed_at = NULL, confirmed_by = NULL,
                 listed = false, listed_by = NULL
               WHERE id = $1 AND state = $2""",
            *(known["id"], before.value, after.value),
        )
        await _tell_managers(fault, known["id"], known["number"], "finding_recurred")
    await _event(fault, known["id"], Verb.REOPEN if recurred else Verb.SIGHT, before, after)
    return Raised(known["id"], known["number"], new=False, recurred=recurred, state=after.value)


async def sight(fault: Fault, finding: UUID, kind: Sight) -> str:
    """Note that a finding was seen once more, inside the caller's transaction. Returns the state it is in.

    What is dangerous and keeps being seen before anybody graded it is proposed as a major hazard."""
    await database.run(
        "INSERT INTO sighting (school, finding, kind, visit, report, at, by, words) VALUES ($1,$2,$3,$4,$5,$6,$7,$8)",
        *(fault.school, finding, kind.value, fault.visit, fault.report, fault.at, fault.by, fault.words),
    )
    return str(
        await database.value(
            """UPDATE finding SET sightings = sightings + 1, worse = worse OR $2,
                 said_gone_at = CASE WHEN $3 THEN $4::timestamptz ELSE said_gone_at END,
                 grade_proposed = CASE WHEN grade IS NULL AND sightings + 1 >= $5 AND (worse OR $2 OR
                   severity <> 'general') THEN 'major' ELSE grade_proposed END WHERE id = $1 RETURNING state""",
            *(finding, kind is Sight.WORSE, kind is Sight.GONE, fault.at, SEEN_OFTEN),
        )
    )


async def _event(fault: Fault, finding: UUID, verb: Verb, before: State | None, after: State) -> None:
    await database.run(
        """INSERT INTO finding_event (school, finding, verb, before, after, at, by, words, facts)
           VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9)""",
        *(fault.school, finding, verb.value, before.value if before else None, after.value, fault.at, fault.by),
        *(fault.words, json.dumps({"visit": str(fault.visit or ""), "source": fault.source.value})),
    )


async def _tell_managers(fault: Fault, finding: UUID, number: str, kind: str) -> None:
    """A notice for everybody who runs the school's safety, in the same transaction; of what an inspection found the
    principal hears at once too."""
    facts = {"number": number, "title": fault.title, "title_en": fault.title_en, "severity": fault.severity}
    inspected = fault.source is Source.INSPECTION
    await tell_posts(
        fault.school,
        ("safety_director", "vice_principal", *(("principal",) if inspected else ())),
        kind,
        finding,
        facts,
        urgent=inspected or fault.severity == "major_suspected",
    )


async def next_number(school: UUID, year: int) -> str:
    """The next number of the school's ledger: year and running number, 26-0317."""
    count = await database.value(
        """INSERT INTO finding_count (key, school, last) VALUES ($1, $2, 1)
           ON CONFLICT (key) DO UPDATE SET last = finding_count.last + 1 RETURNING last""",
        *(f"{school}:{year}", school),
    )
    return f"{year % 100:02}-{count:04}"


async def _give_back_number(school: UUID, year: int) -> None:
    """The counter's row is still locked by this transaction, so the ledger gets no gap that looks like a deletion."""
    await database.run("UPDATE finding_count SET last = last - 1 WHERE key = $1", f"{school}:{year}")
