"""What each verb changes in a finding's row and writes beside it, and who is told of it."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from backend import clock, database
from backend.bodies.queries_calendar import marks_of
from backend.bodies.rules_calendar import working_days_after
from backend.findings.actions import next_number
from backend.findings.queries_moves import facts_of
from backend.findings.queries_settings import CRITERION_OF, HANDS, policy_of
from backend.findings.queries_where import ENDED_WORDS
from backend.findings.rules import ENDED, Grade, Sight, State, Verb
from backend.findings.rules_machine import Hat
from backend.language import N_
from backend.notices.actions import tell as tell_people
from backend.notices.actions import tell_above, tell_posts
from backend.row import uuid7

V = Verb
Row = dict[str, Any]
OFFICE = ("safety_director", "vice_principal")
LEADERS = ("vice_principal", "principal")
HEAD = ("principal",)
CLEARED = {"mended_by": None, "mended_at": None, "accepted_by": None, "accepted_at": None, "recheck_due": None}
UNCHECKED = {"rechecked_by": None, "rechecked_at": None, "recheck_words": ""}
AGAIN = {
    **CLEARED,
    **UNCHECKED,
    **dict.fromkeys(("closed_at", "controlled_by", "controlled_at", "confirmed_by", "confirmed_at", "listed_by")),
    **{"listed": False, "told": "{}"},
}
"""What does not hold any more when it comes back: what once made it safe says nothing of today."""
LOOK_AHEAD = 366
"""Days of the calendar that the longest time until a re-check may need."""


# What may be wrong beyond the form


async def faults(row: Row, verb: Verb, given: Mapping[str, Any], worn: frozenset[Hat]) -> dict[str, str]:
    """Faults that only the database knows: who left, which finding cannot be merged into, why a lower grade."""
    found = {}
    for name in ("assignee", "leader"):
        if given.get(name) and not await _works_here(row["school"], given[name], leader=name == "leader"):
            found[name] = N_("This person is no longer in the school, or has no post for it.")
    if verb is V.REGISTER and given.get("item"):
        found |= await _no_such_item(row, given["item"])
    if verb is V.HAND_OVER and given.get("assignee") == row["assigned_to"]:
        found["assignee"] = N_("This person has it already.")
    if verb is V.GRADE and _lowers(row, given) and not given.get("grade_reason"):
        found["grade_reason"] = N_("The criteria propose a major hazard. Say why it is not; the bureau reads it.")
    if verb is V.REQUEST_EXTENSION and row["deadline"] and given.get("wish") and given["wish"] <= row["deadline"]:
        found["wish"] = N_("This is not later than the deadline of now.")
    if verb is V.MERGE and given.get("target"):
        found |= await _cannot_merge(row, given["target"])
    return found


async def _no_such_item(row: Row, code: str) -> dict[str, str]:
    """A report is tied to an item of its point's checklist; what is open for that item already is merged instead."""
    if row["item_code"] and row["item_code"] != code:
        return {"item": N_("It belongs to another item already.")}
    known = await database.value(
        """SELECT 1 FROM item i JOIN checklist c ON c.id = i.checklist JOIN point p ON p.kind = c.kind
           WHERE p.id = $1 AND i.code = $2 LIMIT 1""",
        *(row["point"], code),
    )
    if known is None:
        return {"item": N_("The checklist of this point has no such item.")}
    other = await database.value(
        f"""SELECT 1 FROM finding WHERE point = $1 AND item_code = $2 AND id <> $3
            AND state NOT IN ({ENDED_WORDS})""",
        *(row["point"], code, row["id"]),
    )
    return {"item": N_("There is an open finding of this item here already. Merge this one into it.")} if other else {}


def _lowers(row: Row, given: Mapping[str, Any]) -> bool:
    """Below what the criteria propose, or below what it was before: a major hazard that came back is no smaller."""
    return Grade.MAJOR.value in {row["grade"], row["grade_proposed"]} and given.get("grade") == Grade.GENERAL.value


async def _works_here(school: UUID, user: UUID, *, leader: bool) -> bool:
    posts = [*HANDS, "principal"] if leader else HANDS
    return (
        await database.value(
            """SELECT 1 FROM member m JOIN app_user u ON u.id = m."user"
           WHERE m.body = $1 AND m."user" = $2 AND m.active AND u.disabled_at IS NULL AND m.post = ANY ($3) LIMIT 1""",
            *(school, user, posts),
        )
        is not None
    )


async def _cannot_merge(row: Row, target: UUID) -> dict[str, str]:
    other = await database.row("SELECT * FROM finding WHERE id = $1 AND school = $2 FOR UPDATE", target, row["school"])
    if other is None or other["id"] == row["id"] or State(other["state"]) in ENDED:
        return {"target": N_("It can only be merged into another open finding of this school.")}
    if facts_of(row).bureaus and not facts_of(other).bureaus:
        return {"target": N_("What the bureau closes can only be merged into what the bureau closes too.")}
    return {}


# What changes in the row


def change(row: Row, verb: Verb, given: Mapping[str, Any], user: UUID | None, body: UUID | None, at: datetime) -> Row:
    """Columns and their new values; state and version are the caller's."""
    done: Row = {}
    match verb:
        case V.REGISTER:
            done = {"area": given["area"]}
        case V.GRADE:
            done = {"grade": given["grade"], "grade_reason": given["grade_reason"], "lowered": _lowers(row, given)}
            done |= {"criterion": given["criterion"] or row["criterion"], "confirmed_by": None, "confirmed_at": None}
        case V.CONFIRM:
            done = {"confirmed_by": user, "confirmed_at": at}
        case V.MAKE_SAFE:
            done = {"controlled_by": user, "controlled_at": at, "interim_measures": given["words"]}
        case V.ASSIGN:
            done = {name: given[name] for name in ("measures", "funds", "deadline", "contingency", "leader")}
            done |= {"assigned_to": given["assignee"], "assigned_at": at, "waiting_for": "", "waiting_until": None}
        case V.HAND_OVER:
            done = {"assigned_to": given["assignee"], "assigned_at": at}
        case V.START:
            done = {"wished_deadline": None}
        case V.WAIT:
            done = {"waiting_for": given["words"], "waiting_until": given["until"]}
        case V.COST:
            done = {"cost": (row["cost"] or Decimal(0)) + given["cost"]}
        case V.REQUEST_EXTENSION:
            done = {"wished_deadline": given["wish"]}
        case V.GRANT_EXTENSION:
            done = {"deadline": given.get("deadline") or row["wished_deadline"], "wished_deadline": None}
            done |= {"extended": row["extended"] + 1, "told": "{}"}
        case V.REFUSE_EXTENSION:
            done = {"wished_deadline": None}
        case V.MEND:
            done = {"mended_by": user, "mended_at": at, "waiting_for": "", "waiting_until": None}
        case V.SEND_BACK | V.FAIL_RECHECK:
            done = {**CLEARED, **UNCHECKED}
        case V.ACCEPT:
            done = {"accepted_by": user, "accepted_at": at}
        case V.RECHECK:
            done = {"rechecked_by": user, "rechecked_at": at, "recheck_words": given["words"]}
        case V.CLOSE | V.DELIST:
            done = {"closed_at": at}
        case V.REPORT_UP if row["confirmed_by"] is None:
            done = {"confirmed_by": user, "confirmed_at": at}
        case V.LIST:
            done = {"listed": True, "listed_by": body, "deadline": given["deadline"]}
        case V.MERGE:
            done = {"merged_into": given["target"]}
        case V.REOPEN:
            done = {**AGAIN, "recurred": row["recurred"] + 1}
    return done


# What else is written

_OF_ITEM = f"""
UPDATE finding f SET item_code = $2, basis = i.basis, severity = i.severity, criterion = coalesce(c.code, f.criterion),
  grade_proposed = CASE WHEN i.severity = 'major_suspected' OR c.code IS NOT NULL THEN 'major' ELSE f.grade_proposed END
FROM (SELECT basis, severity FROM item WHERE code = $2 ORDER BY created_at DESC LIMIT 1) i,
  (SELECT ({CRITERION_OF.format("$2")}) AS code) c WHERE f.id = $1
"""
"""The item that a report turned out to be brings its basis and its weight."""


async def also(row: Row, verb: Verb, given: Mapping[str, Any], user: UUID | None, event: UUID, at: datetime) -> None:
    """Rows beside the finding's own: the sighting that a merged one becomes, the finding that is split off, a date."""
    if verb is V.REGISTER and given.get("item"):
        await database.run(_OF_ITEM, row["id"], given["item"])
    elif verb is V.MERGE:
        await _merged(row, given, user, at)
    elif verb is V.SPLIT:
        await _split(row, given, user, event, at)
    elif verb is V.ACCEPT:
        await database.run("UPDATE finding SET recheck_due = $2 WHERE id = $1", row["id"], await _recheck_due(row, at))


async def _recheck_due(row: Row, at: datetime) -> date:
    policy, start = await policy_of(row["school"]), clock.local(at).date()
    marks = await marks_of(row["school"], start, date.fromordinal(start.toordinal() + LOOK_AHEAD))
    return working_days_after(start, policy.recheck_days, marks)


async def _merged(row: Row, given: Mapping[str, Any], user: UUID | None, at: datetime) -> None:
    """The target was seen once more; what the merged one weighed, it weighs too."""
    await database.run(
        "INSERT INTO sighting (school, finding, kind, visit, at, by, words) VALUES ($1,$2,$3,$4,$5,$6,$7)",
        *(row["school"], given["target"], Sight.AGAIN.value, row["visit"], row["found_at"], row["found_by"]),
        f"{row['number']} {row['words'] or row['title']}"[:2000],
    )
    await database.run(
        """UPDATE finding SET sightings = sightings + 1 + $2, worse = worse OR $3, recurred = recurred + $4,
             grade_proposed = CASE WHEN $5 = 'major' THEN 'major' ELSE grade_proposed END WHERE id = $1""",
        *(given["target"], row["sightings"], row["worse"], row["recurred"], row["grade_proposed"]),
    )
    await _beside(row, given["target"], V.MERGE, f"{row['number']}: {given['words']}", user, at)


async def _split(row: Row, given: Mapping[str, Any], user: UUID | None, event: UUID, at: datetime) -> None:
    """A second fault that stood in the same finding gets a line of its own."""
    new = uuid7()
    number = await next_number(row["school"], clock.local(at).year)
    await database.run(
        """INSERT INTO finding (id, school, number, point, item_code, area, source, state, grade_proposed, severity,
             basis, title, words, found_at, found_by, split_from)
           SELECT $2, school, $3, point, '', area, source, 'reported', grade_proposed, severity, '', $4, $5, found_at,
             found_by, id FROM finding WHERE id = $1""",
        *(row["id"], new, number, given["title"], given["words"]),
    )
    await _beside(row, new, V.SPLIT, f"{row['number']}: {given['words']}", user, at)


async def _beside(row: Row, finding: UUID, verb: Verb, said: str, user: UUID | None, at: datetime) -> None:
    """The other finding's own line of the same act."""
    await database.run(
        """INSERT INTO finding_event (school, finding, verb, before, after, at, by, words)
           SELECT school, id, $2, state, state, $3, $4, $5 FROM finding WHERE id = $1""",
        *(finding, verb.value, at, user, said[:2000]),
    )


# Who is told


async def tell(row: Row, verb: Verb, given: Mapping[str, Any], user: UUID | None, name: str, name_en: str) -> None:
    """Notices in the same transaction; nobody is told of what he did himself."""
    facts = {
        **{key: row[key] for key in ("number", "title", "title_en", "severity")},
        **{
            "grade": row["grade"] or row["grade_proposed"],
            "words": given.get("words", ""),
            "who": name,
            "who_en": name_en,
        },
        "until": str(row["deadline"] or ""),
    }
    major = facts_of(row).major
    school, finding = row["school"], row["id"]
    hand = [row["assigned_to"]] if row["assigned_to"] and row["assigned_to"] != user else []

    async def people(users: list[UUID], kind: str, urgent: bool = False) -> None:
        if users:
            await tell_people(school, users, kind, finding, facts, urgent=urgent)

    async def posts(names: tuple[str, ...], kind: str, urgent: bool = False) -> None:
        await tell_posts(school, names, kind, finding, facts, urgent=urgent, but=user)

    async def above(level: str, kind: str, urgent: bool = False) -> None:
        await tell_above(school, level, kind, finding, facts, urgent=urgent)

    match verb:
        case V.GRADE if row["grade"] == Grade.MAJOR.value:
            await posts((*OFFICE, *HEAD), "finding_major", True)
        case V.GRADE if row["lowered"]:
            await above("district", "grade_lowered")
        case V.ASSIGN:
            await people(hand, "finding_assigned", major)
        case V.HAND_OVER:
            await people(hand, "finding_handed_over", major)
            await posts(OFFICE, "finding_handed_over")
        case V.MEND:
            await posts((*OFFICE, *(HEAD if major else ())), "finding_submitted")
        case V.SEND_BACK:
            await people(hand, "finding_sent_back", major)
        case V.FAIL_RECHECK:
            await people(hand, "finding_recheck_failed", True)
            await posts(OFFICE, "finding_recheck_failed", True)
        case V.ACCEPT:
            await people(hand, "finding_accepted")
        case V.RECHECK if facts_of(row).bureaus:
            await above("district", "recheck_due")
        case V.CLOSE | V.DELIST:
            await posts(OFFICE, "finding_closed")
        case V.REQUEST_EXTENSION:
            await (above("district", "extension_asked", True) if major else posts(LEADERS, "extension_asked"))
            if row["extended"]:
                await (above("city", "extension_asked", True) if major else above("district", "extension_asked"))
        case V.GRANT_EXTENSION | V.REFUSE_EXTENSION:
            await people(hand, "extension_granted" if verb is V.GRANT_EXTENSION else "extension_refused")
        case V.REPORT_UP:
            await above("district", "finding_reported_up", True)
            await above("city", "finding_reported_up", True)
        case V.LIST:
            await posts((*OFFICE, *HEAD), "finding_listed", True)
        case V.REOPEN:
            await posts((*OFFICE, *HEAD), "finding_recurred", major)
            await people(hand, "finding_recurred", major)
        case V.NOTE:
            await people(hand, "finding_noted")
