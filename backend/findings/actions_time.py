"""What time does to findings: who is told when nothing happens (the ladder), which re-check is due.

The worker runs these as the owner of the database, over all schools. Each finding is one small transaction of its own,
and what was told stands in its row: a second worker, or a worker after a pause, tells nothing twice.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from backend import clock, database
from backend.bodies.queries_calendar import marks_of
from backend.bodies.rules_calendar import Marks
from backend.database import Scope, writing
from backend.findings import rules_deadlines as rules
from backend.findings.queries_settings import HANDS, policy_of
from backend.findings.rules import ENDED, SEEN_OFTEN, Grade, State, Verb
from backend.findings.rules_deadlines import LADDER, MENDED, SETTLED, Policy, Reason, Standing, Step, Who
from backend.notices.actions import tell, tell_above, tell_posts
from backend.record import actions as record
from backend.record.rules import canonical
from backend.row import uuid7

PAGE = 500
MOST_TOLD = 2000
"""Findings of which one run tells somebody; the next run goes on."""
LOOK_BACK = timedelta(days=400)

OFFICE = ("safety_director", "vice_principal")
HEAD = ("principal",)
KINDS = {
    Reason.OVERDUE: "finding_overdue",
    Reason.UNASSIGNED: "finding_unassigned",
    Reason.UNSAFE: "finding_unsafe",
    Reason.UNACCEPTED: "finding_unaccepted",
}
"""The notice of a ladder's first step; of the others it is that the level above was told."""

_LISTED = ", ".join(f"'{state.value}'" for state in ENDED)
_STILL = ", ".join(f"'{state.value}'" for state in SETTLED)
_MENDED = ", ".join(f"'{state.value}'" for state in MENDED)
_HERE = """EXISTS (SELECT 1 FROM member m JOIN app_user u ON u.id = m."user" WHERE m.body = f.school
    AND m."user" = f.assigned_to AND m.active AND u.disabled_at IS NULL AND m.post = ANY ($1))"""
_SEEN_TOO_OFTEN = f"""greatest((SELECT created_at FROM sighting WHERE finding = f.id ORDER BY created_at
      OFFSET {SEEN_OFTEN - 1} LIMIT 1),
    (SELECT min(created_at) FROM sighting WHERE finding = f.id AND kind = 'worse' AND f.severity = 'general'))"""
"""When its sightings made it a major one: before that nobody had to make it safe."""
_FINDING = f"""
SELECT f.id, f.school, f.number, f.state, coalesce(f.grade, f.grade_proposed) AS grade, f.grade_proposed, f.severity,
  f.title, f.title_en, f.deadline, f.assigned_to, f.controlled_at, f.mended_at, f.recheck_due, f.told::text AS told,
  f.found_at,
  greatest(f.created_at, (SELECT max(at) FROM finding_event WHERE finding = f.id AND verb = 'reopen')) AS arrived,
  CASE WHEN f.grade_proposed <> 'major' THEN (SELECT max(at) FROM finding_event WHERE finding = f.id AND verb = 'grade')
    WHEN f.severity <> 'major_suspected' AND f.criterion = '' THEN {_SEEN_TOO_OFTEN} END AS graded,
  {_HERE} AS assigned,
  (SELECT max(ended_at) FROM member m WHERE m.body = f.school AND m."user" = f.assigned_to) AS alone_from
FROM finding f
"""
_CANDIDATES = f"""{_FINDING}
WHERE f.state NOT IN ({_LISTED}) AND f.state NOT IN ({_STILL})
  AND (f.deadline < $4::date OR f.assigned_to IS NULL OR f.state IN ({_MENDED}) OR f.controlled_at IS NULL
    AND coalesce(f.grade, f.grade_proposed) = 'major' OR NOT {_HERE})
  AND ($2::timestamptz IS NULL OR (f.found_at, f.id) < ($2, $3::uuid))
ORDER BY f.found_at DESC, f.id DESC LIMIT {PAGE}
"""
_RECHECKS = f"""
SELECT id FROM finding WHERE state = 'accepted' AND recheck_due <= $1
  AND told #>> '{{recheck,since}}' IS DISTINCT FROM recheck_due::text ORDER BY recheck_due LIMIT {PAGE}
"""
Row = dict[str, Any]


@dataclass(slots=True)
class _School:
    policy: Policy
    marks: Marks


@dataclass(slots=True)
class _Round:
    """One run: its moment on the city's clock, and what was looked up of the schools on the way."""

    now: datetime
    schools: dict[UUID, _School] = field(default_factory=dict)

    async def school(self, school: UUID) -> _School:
        if school not in self.schools:
            today = self.now.date()
            self.schools[school] = _School(await policy_of(school), await marks_of(school, today - LOOK_BACK, today))
        return self.schools[school]


async def escalate() -> str:
    """Tell whoever is next on the ladder of everything that waits too long."""
    round, told, place = _Round(clock.local(clock.now())), 0, (None, None)
    while told < MOST_TOLD:
        async with database.DB.transaction():
            rows = await database.rows(_CANDIDATES, HANDS, *place, round.now.date())
            due = [row["id"] for row in rows if _due(row, await round.school(row["school"]), round.now)]
        for finding in due:
            told += await _tell_of(finding, round)
        if len(rows) < PAGE:
            break
        place = (rows[-1]["found_at"], rows[-1]["id"])
    return f"{told} findings told to the next level" if told else ""


def _due(row: Row, school: _School, now: datetime) -> list[tuple[Reason, str, Step]]:
    """(why, since when, step) of what has to be told now. Another clock (`since`) starts its ladder anew."""
    grade = Grade(row["grade"])
    if grade is not Grade.MAJOR and rules.quiet(now, school.policy):
        return []
    told, found = json.loads(row["told"]), []
    for reason, since in rules.clocks(_standing(row), now).items():
        ladder = LADDER.get((reason, grade))
        if ladder is None:
            continue
        since = clock.local(since)
        name = f"{grade.value} {since.isoformat(timespec='seconds')}"
        before = told.get(reason.value, {})
        already = int(before.get("steps", 0)) if before.get("since") == name else 0
        waited = rules.waited(ladder.unit, since, now, school.marks)
        found += [
            (reason, name, step) for step in rules.steps_due(reason.value, grade.value, waited, already, school.policy)
        ]
    return found


def _standing(row: Row) -> Standing:
    deadline = row["deadline"]
    return Standing(
        state=State(row["state"]),
        grade=Grade(row["grade"]),
        arrived=row["arrived"],
        graded=row["graded"],
        assigned=row["assigned"],
        alone_from=row["alone_from"],
        safe=row["controlled_at"] is not None,
        mended=row["mended_at"],
        late_from=clock.day_range(deadline)[1] if deadline else None,
    )


async def _tell_of(finding: UUID, round: _Round) -> int:
    """Tell what is due of one finding, looked at again under its lock. Returns 1 when somebody was told."""
    async with writing(Scope()):
        row = await database.row(f"{_FINDING} WHERE f.id = $2 FOR UPDATE OF f", HANDS, finding)
        due = _due(row, await round.school(row["school"]), round.now) if row else []
        if row is None or not due:
            return 0
        told = json.loads(row["told"])
        for reason, since, step in due:
            told[reason.value] = {"since": since, "steps": step.number + 1}
        await database.run("UPDATE finding SET told = $2 WHERE id = $1", finding, json.dumps(told))
        for reason, _, step in due:
            await _tell_step(row, reason, step)
        for reason, _, step in due:
            await _write(row, reason, step)
    return 1


async def _tell_step(row: Row, reason: Reason, step: Step) -> None:
    kind = KINDS[reason] if step.number == 0 else "finding_escalated"
    school, finding, urgent = row["school"], row["id"], row["grade"] == Grade.MAJOR.value
    facts = {name: row[name] for name in ("number", "title", "title_en", "severity", "grade")}
    facts |= {"until": str(row["deadline"] or ""), "reason": reason.value}
    if reason is Reason.OVERDUE:
        facts["days"] = (clock.today() - row["deadline"]).days
    posts = [*(OFFICE if Who.MANAGER in step.to else ()), *(HEAD if Who.PRINCIPAL in step.to else ())]
    if posts:
        await tell_posts(school, posts, kind, finding, facts, urgent=urgent)
    if Who.ASSIGNEE in step.to and row["assigned"] and not await _holds(school, row["assigned_to"], posts):
        await tell(school, [row["assigned_to"]], kind, finding, facts, urgent=urgent)
    for level in (Who.DISTRICT, Who.CITY):
        if level in step.to:
            await tell_above(school, level.value, kind, finding, facts, urgent=urgent)


async def _holds(school: UUID, user: UUID, posts: list[str]) -> bool:
    """Whether he was told already as the holder of a post."""
    sql = 'SELECT 1 FROM member WHERE body = $1 AND "user" = $2 AND active AND post = ANY ($3) LIMIT 1'
    return await database.value(sql, school, user, posts) is not None


async def _write(row: Row, reason: Reason, step: Step) -> None:
    """The line of the timeline and the entry of the record; last, because the record's head stays locked."""
    event, at = uuid7(), clock.now()
    facts = {"reason": reason.value, "step": step.number + 1, "to": ", ".join(who.value for who in step.to)}
    await database.run(
        """INSERT INTO finding_event (id, school, finding, verb, before, after, at, facts)
           VALUES ($1, $2, $3, $4, $5, $5, $6, $7)""",
        *(event, row["school"], row["id"], Verb.ESCALATE.value, row["state"], at, json.dumps(facts)),
    )
    said = {"finding": str(row["id"]), "verb": Verb.ESCALATE.value, "before": row["state"], "after": row["state"]}
    body = canonical({**said, "words": "", "facts": facts, "photos": [], "at": at.isoformat()})
    await record.append(row["school"], event, "event", body, None)


async def remind_rechecks() -> str:
    """Tell a school's managers once of each re-check whose day has come; not in its quiet hours."""
    round = _Round(clock.local(clock.now()))
    async with database.DB.transaction():
        due = [row["id"] for row in await database.rows(_RECHECKS, round.now.date())]
    told = 0
    for finding in due:
        told += await _remind(finding, round)
    return f"{told} re-checks are due" if told else ""


async def _remind(finding: UUID, round: _Round) -> int:
    async with writing(Scope()):
        row = await database.row(f"{_FINDING} WHERE f.id = $2 FOR UPDATE OF f", HANDS, finding)
        if row is None or row["state"] != State.ACCEPTED.value or not row["recheck_due"]:
            return 0
        told, since = json.loads(row["told"]), str(row["recheck_due"])
        if told.get("recheck", {}).get("since") == since or rules.quiet(
            round.now, (await round.school(row["school"])).policy
        ):
            return 0
        told["recheck"] = {"since": since, "steps": 1}
        await database.run("UPDATE finding SET told = $2 WHERE id = $1", finding, json.dumps(told))
        facts = {name: row[name] for name in ("number", "title", "title_en", "severity", "grade")}
        await tell_posts(row["school"], OFFICE, "recheck_due", finding, {**facts, "until": since})
    return 1
