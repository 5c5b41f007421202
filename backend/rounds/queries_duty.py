"""Who is on duty, and whose turn it will be."""

import json
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from backend import clock, database
from backend.access import POSTS, Member, Role
from backend.database import reading
from backend.rounds.rules_duty import shifts_of
from backend.trouble import Missing

Row = dict[str, Any]
WALKERS = sorted(
    post for post, role in POSTS.items() if role in {*(Role.PATROL, Role.CREW), Role.MANAGER, Role.PRINCIPAL}
)
"""Posts whose holders can be on duty."""

HERE = """EXISTS (SELECT FROM member m JOIN app_user u ON u.id = m."user" WHERE m.body = d.school
  AND m."user" = d."user" AND m.active AND u.disabled_at IS NULL)"""
"""Whether whoever holds the duty `d` still acts for its school."""

_ON_DUTY = f"""
SELECT DISTINCT d."user" FROM duty d JOIN roster r ON r.id = d.roster AND r.school = d.school
  CROSS JOIN LATERAL (SELECT (x.shift->>'start')::int AS begins, (x.shift->>'end')::int AS ends,
    $5 + ($3::date - d.day) * 1440 AS minute FROM (SELECT r.shifts -> d.shift::int AS shift) x) s
WHERE d.school = $1 AND d.roster = $2 AND d.ended_at IS NULL AND d.day BETWEEN $4::date AND $3::date
  AND s.begins <= s.minute AND s.minute < s.ends AND {HERE}
ORDER BY 1
"""


async def on_duty(school: UUID, roster: UUID, at: datetime) -> list[UUID]:
    """The users whose shift covers `at` (aware) on the city's wall clock; inside the current transaction.

    Both ends of a shift that touches another belong to the later one; whoever left the school is not named.
    """
    local = clock.local(at)
    day, minute = local.date(), local.hour * 60 + local.minute
    rows = await database.rows(_ON_DUTY, school, roster, day, day - timedelta(days=1), minute)
    return [row["user"] for row in rows]


_ROSTER = """
SELECT r.id, r.name, r.name_en, r.shifts::text AS shifts, r.days, r.turn, r.starts_on, r.ended_at,
  (SELECT count(*) FROM roster_person p WHERE p.roster = r.id AND p.dropped_at IS NULL) AS people,
  (SELECT max(d.day) FROM duty d WHERE d.roster = r.id AND d.ended_at IS NULL) AS filled_until,
  (SELECT array_agg(t.name ORDER BY t.name) FROM route t WHERE t.roster = r.id AND t.state <> 'ended') AS routes
FROM roster r WHERE r.school = $1"""


async def rosters(member: Member) -> list[Row]:
    """Rosters of his school that have not ended, by name; `shifts` as rules_duty.Shift."""
    async with reading(member.scope):
        found = await database.rows(f"{_ROSTER} AND r.ended_at IS NULL ORDER BY r.name", member.school)
    return [row | {"shifts": shifts_of(json.loads(row["shifts"]))} for row in found]


async def roster(member: Member, wanted: UUID) -> Row:
    """One roster of his school with its people in order (`persons`). Raises Missing."""
    async with reading(member.scope):
        found = await database.row(f"{_ROSTER} AND r.id = $2", member.school, wanted)
        if found is None:
            raise Missing()
        found["persons"] = await database.rows(
            f"""SELECT d."user", u.name, u.name_en, d.position, {HERE} AS here FROM roster_person d
                JOIN app_user u ON u.id = d."user" WHERE d.roster = $1 AND d.dropped_at IS NULL
                ORDER BY d.position, d.id""",
            wanted,
        )
    return found | {"shifts": shifts_of(json.loads(found["shifts"]))}


async def staff(member: Member) -> list[Row]:
    """Who of his school can be on duty, by name."""
    async with reading(member.scope):
        return await database.rows(
            """SELECT DISTINCT ON (u.name, u.id) u.id, u.name, u.name_en, m.post FROM member m
               JOIN app_user u ON u.id = m."user" WHERE m.body = $1 AND m.active AND u.disabled_at IS NULL
                 AND m.post = ANY ($2::text[]) ORDER BY u.name, u.id""",
            *(member.school, WALKERS),
        )


DUTY = f"""
SELECT d.id, d.roster, d.day, d.shift, d."user", d.ended_at, u.name, u.name_en, r.name AS roster_name,
  r.name_en AS roster_name_en, r.shifts::text AS shifts, r.ended_at AS roster_ended, {HERE} AS here,
  coalesce((SELECT e.verb FROM duty_event e WHERE e.duty = d.id ORDER BY e.created_at DESC, e.id DESC LIMIT 1),
    'assign') AS last
FROM duty d JOIN roster r ON r.id = d.roster JOIN app_user u ON u.id = d."user" """


async def table(member: Member, first: date, last: date, wanted: UUID | None = None) -> list[Row]:
    """Who is on duty from `first` to `last`, in order; without `wanted` of every roster that goes on."""
    async with reading(member.scope):
        found = await database.rows(
            f"""{DUTY} WHERE d.school = $1 AND d.day BETWEEN $2 AND $3 AND d.ended_at IS NULL
                  AND CASE WHEN $4::uuid IS NULL THEN r.ended_at IS NULL ELSE r.id = $4 END
                ORDER BY d.day, r.name, d.shift, u.name, d.id""",
            *(member.school, first, last, wanted),
        )
    return parsed(found)


def parsed(rows: list[Row]) -> list[Row]:
    """Each with `times`, the shift it is in."""
    for row in rows:
        row["times"] = shifts_of(json.loads(row.pop("shifts")))[row["shift"]]
    return rows


async def mine(member: Member, first: date, last: date) -> list[Row]:
    """His own duties from `first` to `last`; `asked`: a swap of it waits for an answer."""
    async with reading(member.scope):
        found = await database.rows(
            f"""SELECT x.*,
                  EXISTS (SELECT FROM duty_swap s WHERE s.state = 'asked' AND x.id IN (s.duty, s.other)) AS asked
                FROM ({DUTY} WHERE d.school = $1 AND d."user" = $2 AND d.day BETWEEN $3 AND $4
                  AND d.ended_at IS NULL AND r.ended_at IS NULL) x
                ORDER BY x.day, x.shift, x.roster_name""",
            *(member.school, member.user, first, last),
        )
    return parsed(found)


async def duty(member: Member, wanted: UUID) -> Row:
    """One duty of his school, whatever became of it, with its `events`. Raises Missing."""
    async with reading(member.scope):
        found = await database.rows(f"{DUTY} WHERE d.school = $1 AND d.id = $2", member.school, wanted)
        if not found:
            raise Missing()
        found[0]["events"] = await database.rows(
            """SELECT e.verb, e.words, e.created_at, u.name AS by_name, u.name_en AS by_name_en, o.name AS other_name,
                 o.name_en AS other_name_en
               FROM duty_event e LEFT JOIN app_user u ON u.id = e.by LEFT JOIN app_user o ON o.id = e.other
               WHERE e.duty = $1 ORDER BY e.created_at, e.id""",
            wanted,
        )
    return parsed(found)[0]


_SWAPS = """
SELECT s.id, s.words, s.created_at, s.by, s.asked, asker.name AS asker, asker.name_en AS asker_en,
  other.name AS holder, other.name_en AS holder_en, one.id AS one, two.id AS two
FROM duty_swap s JOIN app_user asker ON asker.id = s.by JOIN app_user other ON other.id = s.asked
  JOIN duty one ON one.id = s.duty AND one.ended_at IS NULL JOIN duty two ON two.id = s.other AND two.ended_at IS NULL
WHERE s.school = $1 AND s.state = 'asked' AND $2 IN (s.by, s.asked) AND least(one.day, two.day) >= $3
ORDER BY s.created_at, s.id
"""


async def swaps(member: Member) -> list[Row]:
    """Swaps he asks or is asked for that can still be answered; `give` is the asker's duty, `take` the other."""
    async with reading(member.scope):
        found = await database.rows(_SWAPS, member.school, member.user, clock.today() - timedelta(days=1))
        wanted = [row[side] for row in found for side in ("one", "two")]
        duties = {row["id"]: row for row in parsed(await database.rows(f"{DUTY} WHERE d.id = ANY ($1)", wanted))}
    return [row | {"give": duties[row["one"]], "take": duties[row["two"]]} for row in found]
