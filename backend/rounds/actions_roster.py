"""Verbs on a duty roster: made, changed, filled by its rotation until a day, ended. Nothing is deleted."""

import json
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from backend import clock, database
from backend.access import Member
from backend.bodies.rules_calendar import FIRST
from backend.database import writing
from backend.language import N_
from backend.rounds.queries_calendar import calendar_of
from backend.rounds.rules import Days
from backend.rounds.rules_duty import Shift, Slot, changed_shifts, shift_row, shifts_of, turns
from backend.rounds.rules_roster import RosterDraft
from backend.row import uuid7
from backend.trouble import Invalid, Missing, Refused

Row = dict[str, Any]
FURTHEST = timedelta(days=190)
"""Half a year and a little: a term in one go."""

_LOCK = """SELECT id, name, shifts::text AS shifts, days, turn, starts_on, ended_at FROM roster
  WHERE id = $1 AND school = $2 FOR UPDATE"""
_PEOPLE = 'SELECT "user" FROM roster_person WHERE roster = $1 AND dropped_at IS NULL ORDER BY position, id'
_SPOKEN = """
SELECT d.day, d.shift, bool_or(d.ended_at IS NULL OR e.words <> '') AS spoken FROM duty d LEFT JOIN LATERAL (
  SELECT words FROM duty_event WHERE duty = d.id ORDER BY created_at DESC, id DESC LIMIT 1) e ON true
WHERE d.roster = $1 AND d.day >= $2 GROUP BY 1, 2
"""
"""A slot is spoken for where somebody stands, or where somebody said why nobody does. What the rotation itself has
taken back has no words, and it may give it again."""
_FILL = """
WITH added AS (
  INSERT INTO duty (id, school, roster, day, shift, "user")
  SELECT gen_random_uuid(), $1, $2, * FROM unnest($3::date[], $4::smallint[], $5::uuid[])
  ON CONFLICT (roster, day, shift, "user") DO UPDATE SET ended_at = NULL WHERE duty.ended_at IS NOT NULL RETURNING id)
INSERT INTO duty_event (school, duty, verb, "by", words) SELECT $1, id, 'assign', $6, '' FROM added
"""
_TAKE_BACK = """
WITH gone AS (
  UPDATE duty d SET ended_at = now() WHERE d.roster = $1 AND d.ended_at IS NULL AND d.day >= $2
    AND (d.shift = ANY ($4::smallint[]) OR coalesce((SELECT e.verb || e.words FROM duty_event e WHERE e.duty = d.id
      ORDER BY e.created_at DESC, e.id DESC LIMIT 1), 'assign') = 'assign')
  RETURNING id, school)
INSERT INTO duty_event (school, duty, verb, "by", words) SELECT school, id, 'take_off', $3, '' FROM gone
"""
"""What the rotation planned and nobody touched; and what stood in a shift that there is no more."""


async def make(draft: RosterDraft, by: Member) -> UUID:
    """A new roster; its table is filled afterwards. Raises Invalid, Refused for a name that is there already."""
    _sound(draft)
    roster = uuid7()
    async with writing(by.scope):
        await _name_free(draft.name, roster, by)
        await database.run(
            """INSERT INTO roster (id, school, name, name_en, shifts, days, turn, starts_on)
               VALUES ($1,$2,$3,$4,$5,$6,$7,$8)""",
            *(roster, by.school, draft.name, draft.name_en, _json(draft.shifts), draft.days, draft.turn),
            draft.starts_on,
        )
        await _people(roster, draft.people, by)
    return roster


async def edit(roster: UUID, draft: RosterDraft, by: Member) -> int:
    """Changes what comes: from its first day on the rotation begins anew, and what was planned from there is planned
    again as far as it reached. What people changed by hand stays, and so does everything before. Other names alone
    move nobody. Returns how many duties are new. Raises Missing, Invalid, Refused."""
    _sound(draft)
    async with writing(by.scope):
        old = await _locked(roster, by)
        await _name_free(draft.name, roster, by)
        shifts = changed_shifts(shifts_of(json.loads(old["shifts"])), draft.shifts)
        anew = await _turns_differ(old, draft, shifts)
        if anew and (draft.starts_on or FIRST) < clock.today():
            raise Invalid({"starts_on": N_("What is past stays as it was: choose today or a later day")})
        await database.run(
            """UPDATE roster SET name = $2, name_en = $3, shifts = $4, days = $5, turn = $6, starts_on = $7
               WHERE id = $1""",
            *(roster, draft.name, draft.name_en, _json(shifts), draft.days, draft.turn, draft.starts_on),
        )
        if not anew:
            return 0
        await _people(roster, draft.people, by)
        until = await database.value("SELECT max(day) FROM duty WHERE roster = $1 AND ended_at IS NULL", roster)
        gone = [number for number, shift in enumerate(shifts) if shift.ended]
        await database.run(_TAKE_BACK, roster, draft.starts_on, by.user, gone)
        return await _fill(roster, until, by) if until and until >= clock.today() else 0


async def _turns_differ(old: Row, draft: RosterDraft, shifts: list[Shift]) -> bool:
    """Whether the rotation itself changes, not only what things are called."""

    def times(some: Iterable[Shift]) -> list[tuple[int, int, int, bool]]:
        return [(one.start, one.end, one.people, one.ended) for one in some]

    people = [row["user"] for row in await database.rows(_PEOPLE, old["id"])]
    before = (old["days"], old["turn"], old["starts_on"], people, times(shifts_of(json.loads(old["shifts"]))))
    return before != (draft.days, draft.turn, draft.starts_on, list(draft.people), times(shifts))


async def fill(roster: UUID, until: date | None, by: Member) -> int:
    """The table from today up to `until`; what is there stays, so that doing it twice does nothing the second time.
    Returns how many duties are new. Raises Missing, Refused, Invalid."""
    if until is None or not clock.today() <= until <= clock.today() + FURTHEST:
        raise Invalid({"until": N_("Please give a day from today to half a year ahead")})
    async with writing(by.scope):
        return await _fill(roster, until, by)


async def _fill(roster: UUID, until: date, by: Member) -> int:
    found = await _locked(roster, by)
    people = await database.rows(_PEOPLE, roster)
    said = await database.rows(_SPOKEN, roster, found["starts_on"])
    spoken = {Slot(row["day"], row["shift"]) for row in said if row["spoken"]}
    days = await _days(by, found, until) | {slot.day for slot in spoken}
    wanted = turns([row["user"] for row in people], days, shifts_of(json.loads(found["shifts"])), found["turn"])
    first = max(clock.today(), found["starts_on"])
    new = [
        (slot, user)
        for slot, users in wanted.items()
        if slot not in spoken and first <= slot.day <= until
        for user in users
    ]
    await database.run(
        _FILL,
        *(by.school, roster, [slot.day for slot, _ in new], [slot.shift for slot, _ in new]),
        *([user for _, user in new], by.user),
    )
    return len(new)


async def _days(by: Member, roster: Row, until: date) -> set[date]:
    """The days of the calendar on which somebody of this roster is on duty."""
    assert by.school is not None
    start = roster["starts_on"]
    calendar = await calendar_of(by.school, start, max(start, until))
    days = (start + timedelta(days=n) for n in range((until - start).days + 1))
    return {day for day in days if calendar.runs(day, Days(roster["days"]))}


async def end(roster: UUID, by: Member) -> None:
    """The roster goes on no more; its table stays to be read. Raises Missing, Refused while a route needs it."""
    async with writing(by.scope):
        await _locked(roster, by)
        used = await database.value(
            "SELECT name FROM route WHERE roster = $1 AND state <> 'ended' ORDER BY name LIMIT 1", roster
        )
        if used:
            raise Refused(N_("The route %(name)s needs this roster. Change the route first."), name=used)
        await database.run("UPDATE roster SET ended_at = now() WHERE id = $1", roster)
        await database.run(
            """UPDATE duty_swap s SET state = 'withdrawn', answered_at = now() FROM duty d
               WHERE s.state = 'asked' AND d.id IN (s.duty, s.other) AND d.roster = $1""",
            roster,
        )


def _sound(draft: RosterDraft) -> None:
    if draft.faults:
        raise Invalid(draft.faults)


def _json(shifts: Iterable[Any]) -> str:
    return json.dumps([shift_row(shift) for shift in shifts], ensure_ascii=False)


async def _name_free(name: str, roster: UUID, by: Member) -> None:
    sql = "SELECT 1 FROM roster WHERE school = $1 AND name = $2 AND id <> $3 AND ended_at IS NULL"
    if await database.value(sql, by.school, name, roster):
        raise Invalid({"name": N_("There is a roster with this name already")})


async def _locked(roster: UUID, by: Member) -> Row:
    found = await database.row(_LOCK, roster, by.school)
    if found is None:
        raise Missing()
    if found["ended_at"]:
        raise Refused(N_("This roster has ended."))
    return found


async def _people(roster: UUID, people: Iterable[UUID], by: Member) -> None:
    users = list(people)
    await database.run(
        """UPDATE roster_person SET dropped_at = now()
           WHERE roster = $1 AND dropped_at IS NULL AND "user" <> ALL ($2::uuid[])""",
        *(roster, users),
    )
    await database.run(
        """INSERT INTO roster_person (school, roster, "user", position)
           SELECT $1, $2, * FROM unnest($3::uuid[], $4::smallint[])
           ON CONFLICT (roster, "user") DO UPDATE SET position = excluded.position, dropped_at = NULL""",
        *(by.school, roster, users, list(range(len(users)))),
    )
