"""The ledger as a member may see it: a patroller what he met, the crew what is open, a school or a bureau all of it."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from backend import clock, database
from backend.access import WITHIN, Member, Role
from backend.database import reading
from backend.findings.rules import ENDED as ENDED_STATES
from backend.findings.rules_filters import ALL, ENDED, OPEN, Place, Wanted
from backend.trouble import Missing

Rows = list[dict[str, Any]]
PAGE = 50
BATCH = 1000
MOST_COUNTED = 20_000
"""Totals are counted up to here; beyond it a page says "more than"."""

_ENDED = ", ".join(f"'{state.value}'" for state in ENDED_STATES)

_COLUMNS = """
SELECT f.*, p.name AS point_name, p.name_en AS point_name_en, p.number AS point_number, p.kind AS point_kind,
  p.position AS point_position, p.position_en AS point_position_en, b.name AS school_name, b.name_en AS school_name_en,
  b.school_type, district.name AS district_name, district.name_en AS district_name_en,
  finder.name AS finder, finder.name_en AS finder_en, hand.name AS assigned, hand.name_en AS assigned_en,
  head.name AS leading, head.name_en AS leading_en, accepter.name AS accepter, accepter.name_en AS accepter_en,
  checker.name AS checker, checker.name_en AS checker_en,
  (SELECT count(*) FROM photo WHERE finding = f.id AND state = 'kept' AND role <> 'after') AS photos_before,
  (SELECT count(*) FROM photo WHERE finding = f.id AND state = 'kept' AND role = 'after') AS photos_after,
  (SELECT stored_sha256 FROM photo WHERE finding = f.id AND state = 'kept' AND role <> 'after'
    ORDER BY role = 'problem' DESC, created_at LIMIT 1) AS photo,
  (SELECT stored_sha256 FROM photo WHERE finding = f.id AND state = 'kept' AND role = 'after'
    ORDER BY created_at DESC LIMIT 1) AS photo_after,
  (SELECT max(at) FROM finding_event WHERE finding = f.id) AS updated_at,
  (SELECT count(*) FROM finding_event WHERE finding = f.id AND after = 'extension_requested') AS extensions
"""
_JOINS = """
JOIN body b ON b.id = f.school LEFT JOIN point p ON p.id = f.point
  LEFT JOIN body district ON cardinality(b.path) > 2 AND district.id = b.path[cardinality(b.path) - 1]
  LEFT JOIN app_user finder ON finder.id = f.found_by LEFT JOIN app_user hand ON hand.id = f.assigned_to
  LEFT JOIN app_user head ON head.id = f.leader LEFT JOIN app_user accepter ON accepter.id = f.accepted_by
  LEFT JOIN app_user checker ON checker.id = f.rechecked_by
"""
_OWN = "f.school = ANY (ARRAY(SELECT id FROM body WHERE kind = 'school' AND $1 = ANY (path)))"
"""The tenant's gate (access.WITHIN) as a list that is made once, so that the order of an index can be kept."""

_PEOPLE = "(SELECT id FROM app_user WHERE concat_ws(' ', name, name_en) ILIKE ?)"
_SEARCHED = f"""(concat_ws(' ', f.number, f.title, f.title_en, f.words) ILIKE ?
  OR f.point IN (SELECT id FROM point WHERE concat_ws(' ', number, name, name_en) ILIKE ?)
  OR f.found_by IN {_PEOPLE} OR f.assigned_to IN {_PEOPLE})"""
"""Points and persons are looked up once, not once for each finding."""


def _asked(member: Member, wanted: Wanted) -> tuple[str, list[Any]]:
    """The WHERE of a list and its values; the state is left out, because the totals need it apart."""
    values: list[Any] = [member.body]
    parts = [_OWN]

    def add(part: str, value: object) -> None:
        values.append(value)
        parts.append(part.replace("?", f"${len(values)}"))

    if member.role is Role.PATROL:
        add("(f.found_by = ? OR EXISTS (SELECT 1 FROM visit v WHERE v.point = f.point AND v.by = ?))", member.user)
    elif member.role is Role.CREW:
        add(f"(f.assigned_to = ? OR f.state NOT IN ({_ENDED}))", member.user)
    if wanted.area:
        add("coalesce(f.area, 'none') = ?", wanted.area)
    if wanted.grade:
        add("coalesce(f.grade, f.grade_proposed) = ?", wanted.grade)
    if wanted.source:
        add("f.source = ?", wanted.source)
    if wanted.kind:
        add("f.point IN (SELECT id FROM point WHERE kind = ?)", wanted.kind)
    if wanted.q:
        add(_SEARCHED, like(wanted.q))
    if wanted.start:
        add("f.found_at >= ?", clock.day_range(wanted.start)[0])
    if wanted.end:
        add("f.found_at < ?", clock.day_range(wanted.end)[1])
    if wanted.school:
        add("f.school = ?", wanted.school)
    if wanted.district:
        add("f.school = ANY (ARRAY(SELECT id FROM body WHERE ? = ANY (path)))", wanted.district)
    if wanted.point:
        add("f.point = ?", wanted.point)
    return " AND ".join(parts), values


def like(words: str) -> str:
    """Anywhere in the text; a person's % and _ mean themselves."""
    return "%" + words.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") + "%"


def _of_state(state: str) -> str:
    if state == OPEN:
        return f"f.state NOT IN ({_ENDED})"
    if state == ENDED:
        return f"f.state IN ({_ENDED})"
    return "true" if state == ALL else f"f.state = '{state}'"  # a word of State: filters.wanted() let nothing else in


async def findings(member: Member, wanted: Wanted, start: Place | None = None, most: int = PAGE) -> tuple[Rows, bool]:
    """A page of the ledger, newest first, and whether the list goes on in the direction asked for."""
    where, values = _asked(member, wanted)
    back = start is not None and start.back
    if start is not None:
        values += [start.at, start.id]
        where += f" AND (f.found_at, f.id) {'>' if back else '<'} (${len(values) - 1}, ${len(values)})"
    order = "ASC" if back else "DESC"
    sql = f"""WITH found AS MATERIALIZED (SELECT f.* FROM finding f WHERE {where} AND {_of_state(wanted.state)}
                ORDER BY f.found_at {order}, f.id {order} LIMIT {most + 1})
              {_COLUMNS} FROM found f {_JOINS} ORDER BY f.found_at {order}, f.id {order}"""
    async with reading(member.scope):
        found = await database.rows(sql, *values)
    more, found = len(found) > most, found[:most]
    return (found[::-1] if back else found), more


async def totals(member: Member, wanted: Wanted) -> dict[str, int]:
    """How many findings the list has in each of open, ended, all and `here` (its own state), up to MOST_COUNTED + 1."""
    where, values = _asked(member, wanted)
    states = dict.fromkeys((OPEN, ENDED, wanted.state))
    states.pop(ALL, None)
    most = MOST_COUNTED + 1
    some = f"SELECT FROM finding f WHERE {where}"
    counts = ", ".join(
        f"(SELECT count(*) FROM ({some} AND {_of_state(state)} LIMIT {most}) x) AS n_{state}" for state in states
    )
    async with reading(member.scope):
        found = await database.row(f"SELECT {counts}", *values)
    number = {state: int(n) for state, n in zip(states, (found or {}).values(), strict=True)}
    number[ALL] = min(number[OPEN] + number[ENDED], most)
    return {**number, "here": number[wanted.state]}


async def every(member: Member, wanted: Wanted) -> AsyncIterator[Rows]:
    """The whole list in batches, each in a transaction of its own: an export of any length in constant memory."""
    start: Place | None = None
    while True:
        found, more = await findings(member, wanted, start, BATCH)
        if found:
            yield found
        if not more:
            return
        start = Place(found[-1]["found_at"], found[-1]["id"], 0)


async def finding(member: Member, wanted: UUID) -> dict[str, Any]:
    """One finding with its photos, what happened to it, the visits that met it and the reports. Raises Missing."""
    where, values = _asked(member, Wanted(state=ALL))
    async with reading(member.scope):
        found = await database.row(
            f"{_COLUMNS} FROM finding f {_JOINS} WHERE {where} AND f.id = ${len(values) + 1}", *values, wanted
        )
        if found is None:
            raise Missing()
        found["photos"] = await database.rows(
            """SELECT stored_sha256, state, reason, role, taken_at, created_at FROM photo WHERE finding = $1
               ORDER BY created_at, id""",
            wanted,
        )
        found["events"] = await database.rows(_EVENTS, wanted)
        found["visits"] = await database.rows(_VISITS, wanted, found["visit"])
        found["reports"] = await _reports(member, wanted)
    return found


_EVENTS = """
SELECT at, verb AS word, 'verb' AS sort, before, after, e.words, u.name AS person, u.name_en AS person_en, e.by,
  NULL::uuid AS visit, NULL::uuid AS report, facts->>'source' AS source
FROM finding_event e LEFT JOIN app_user u ON u.id = e.by WHERE finding = $1 AND verb <> 'sight'
UNION ALL
SELECT at, kind, 'sight', NULL, NULL, s.words, u.name, u.name_en, s.by, s.visit, s.report, NULL
FROM sighting s LEFT JOIN app_user u ON u.id = s.by WHERE finding = $1
ORDER BY at, sort DESC
"""
_VISITS = """
SELECT v.id, v.saved_at, v.by, u.name AS person, u.name_en AS person_en FROM visit v LEFT JOIN app_user u ON u.id = v.by
WHERE v.id = $2 OR v.id IN (SELECT visit FROM sighting WHERE finding = $1) ORDER BY v.saved_at
"""


async def _reports(member: Member, finding: UUID) -> Rows:
    """What anyone reported of it; how to reach the reporter is for the school's managers alone."""
    contact = "contact" if member.role is Role.MANAGER else "''"
    return await database.rows(
        f"""SELECT id, created_at, area, words, label_code, {contact} AS contact FROM report WHERE finding = $1
            ORDER BY created_at""",
        finding,
    )


async def heading(member: Member, school: UUID | None) -> dict[str, Any]:
    """The body whose ledger it is: the school that was chosen, else his own. Raises Missing."""
    async with reading(member.scope):
        found = await database.row(
            "SELECT id, kind, name, name_en FROM body WHERE id = $2 AND $1 = ANY (path)",
            member.body,
            school or member.body,
        )
    if found is None:
        raise Missing()
    return found


async def choices(member: Member) -> dict[str, Rows]:
    """What the filters offer: kinds of points in use, and for a bureau its districts and schools."""
    async with reading(member.scope):
        kinds = await database.rows(
            f"""SELECT code, zh, en FROM point_kind k
                WHERE EXISTS (SELECT 1 FROM point WHERE kind = k.code AND {WITHIN})
                ORDER BY position, code""",
            member.body,
        )
        below = await database.rows(
            """SELECT id, kind, name, name_en FROM body WHERE $1 = ANY (path) AND id <> $1 ORDER BY kind, number""",
            member.body,
        )
    return {
        "kinds": kinds,
        "districts": [body for body in below if body["kind"] == "district"],
        "schools": [body for body in below if body["kind"] == "school"],
    }
