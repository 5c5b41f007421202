"""The ledger as a member may see it: a patroller what he met, the crew what is open, a school or a bureau all of it."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from backend import clock, database
from backend.access import WITHIN, Member
from backend.database import reading
from backend.findings.queries_where import AREA, GRADE, Where, where
from backend.findings.queries_where import CLOSED as CLOSED
from backend.findings.queries_where import ENDED_WORDS as ENDED_WORDS
from backend.findings.queries_where import LATE as LATE
from backend.findings.queries_where import OWN as OWN
from backend.findings.queries_where import UNSAFE as UNSAFE
from backend.findings.queries_where import seen_by as seen_by
from backend.findings.rules import AREA_NAMES, GRADE_NAMES
from backend.findings.rules_filters import ALL, GROUP_NAMES, Place, Wanted
from backend.trouble import Missing

Rows = list[dict[str, Any]]
PAGE = 50
BATCH = 1000
MOST_COUNTED = 5_000
"""Totals are counted up to here; beyond it a page says "more than"."""
MOST_IN_SCHOOL = 20_000
"""The same for one school: up to here all of them are counted."""
MOST_COMMON = 500
"""The same for a search that matches very many findings of a city."""


def columns(moment: str = "'infinity'") -> str:
    """What a line shows besides the finding's own columns, as far as it was there at a moment."""
    photos = f"FROM photo WHERE finding = f.id AND state = 'kept' AND created_at < {moment} AND role"
    return f"""
SELECT f.*, p.name AS point_name, p.name_en AS point_name_en, p.number AS point_number, p.kind AS point_kind,
  p.position AS point_position, p.position_en AS point_position_en, b.name AS school_name, b.name_en AS school_name_en,
  b.school_type, district.name AS district_name, district.name_en AS district_name_en,
  finder.name AS finder, finder.name_en AS finder_en, hand.name AS assigned, hand.name_en AS assigned_en,
  head.name AS leading, head.name_en AS leading_en, accepter.name AS accepter, accepter.name_en AS accepter_en,
  checker.name AS checker, checker.name_en AS checker_en,
  (SELECT number FROM finding m WHERE m.id = f.merged_into) AS merged_number,
  (SELECT count(*) {photos} <> 'after') AS photos_before, (SELECT count(*) {photos} = 'after') AS photos_after,
  (SELECT stored_sha256 {photos} <> 'after' ORDER BY role = 'problem' DESC, created_at LIMIT 1) AS photo,
  (SELECT stored_sha256 {photos} = 'after' ORDER BY created_at DESC LIMIT 1) AS photo_after,
  (SELECT max(at) FROM finding_event e WHERE e.finding = f.id AND e.at < {moment}) AS updated_at
"""


COLUMNS = columns()
JOINS = """
JOIN body b ON b.id = f.school LEFT JOIN point p ON p.id = f.point
  LEFT JOIN body district ON cardinality(b.path) > 2 AND district.id = b.path[cardinality(b.path) - 1]
  LEFT JOIN app_user finder ON finder.id = f.found_by LEFT JOIN app_user hand ON hand.id = f.assigned_to
  LEFT JOIN app_user head ON head.id = f.leader LEFT JOIN app_user accepter ON accepter.id = f.accepted_by
  LEFT JOIN app_user checker ON checker.id = f.rechecked_by
"""


_LIST_JOINS = JOINS.replace("app_user", "who")
"""The persons of a page looked up at once: five times through the wall of persons would take longer than the page."""


async def findings(member: Member, wanted: Wanted, start: Place | None = None, most: int = PAGE) -> tuple[Rows, bool]:
    """A page of the ledger, newest first, and whether the list goes on in the direction asked for."""
    async with reading(member.scope):
        return await _page(await where(member, wanted), start, most)


async def _page(it: Where, start: Place | None, most: int) -> tuple[Rows, bool]:
    it = it.copy()
    back, parts = start is not None and start.back, [str(it), it.state(it.wanted.state)]
    if start is not None:
        parts.append(f"(f.found_at, f.id) {'>' if back else '<'} ({it.value(start.at)}, {it.value(start.id)})")
    order, day = "ASC" if back else "DESC", it.wanted.as_of
    told = columns(it.value(clock.day_range(day)[1])) if day else COLUMNS
    found = await database.rows(
        f"""WITH found AS MATERIALIZED (SELECT f.* FROM {it.source} WHERE {" AND ".join(parts)}
              ORDER BY f.found_at {order}, f.id {order} LIMIT {most + 1}),
            who AS MATERIALIZED (SELECT id, name, name_en FROM app_user WHERE id = ANY (ARRAY(
              SELECT unnest(ARRAY[found_by, assigned_to, leader, accepted_by, rechecked_by]) FROM found)))
            {told} FROM found f {_LIST_JOINS} ORDER BY f.found_at {order}, f.id {order}""",
        *it.values,
    )
    more = len(found) > most
    found = [{**row, "today": day or clock.today()} for row in found[:most]]
    return (found[::-1] if back else found), more


async def totals(member: Member, wanted: Wanted) -> dict[str, int]:
    """How many findings the list has in each group of states and `here` (its own state), up to MOST_COUNTED + 1."""
    async with reading(member.scope):
        it = await where(member, wanted)
        return (await _counted(it)).groups


async def first_page(member: Member, wanted: Wanted, start: Place | None) -> tuple[Rows, bool, "Counts"]:
    """A page of the list with its totals: what is looked up for one serves the other."""
    async with reading(member.scope):
        it = await where(member, wanted)
        found, more = await _page(it, start, PAGE)
        return found, more, await _counted(it)


class Counts:
    """`groups` by group of states and `here`; `areas` and `grades` of the list itself, None when it is too long.

    A number above `most` means that there are more than `most`."""

    def __init__(self, groups: dict[str, int], parts: dict[str, Any] | None, most: int = MOST_COUNTED) -> None:
        self.groups, self.most = groups, most
        self.areas = {area: parts[f"area_{area}"] for area in (*AREA_NAMES, "none")} if parts else None
        self.grades = {grade: parts[f"grade_{grade}"] for grade in GRADE_NAMES} if parts else None


def _parts(given: str) -> str:
    """Counts by area and grade of the rows for which `given` is true."""
    by = {**{f"area_{area}": f"{AREA} = '{area}'" for area in (*AREA_NAMES, "none")}}
    by |= {f"grade_{grade}": f"{GRADE} = '{grade}'" for grade in GRADE_NAMES}
    return ", ".join(f"count(*) FILTER (WHERE {given} AND {part}) AS {name}" for name, part in by.items())


async def _counted(it: Where) -> Counts:
    """One school: everything in one pass. Above it each group by its own index, or with filters the list alone."""
    asked = it.wanted
    if it.common:
        return await _first_ones(it)
    if it.member.school is None and asked.school is None:
        groups = {} if asked != Wanted(state=asked.state) else await _bounded(it)
        return await _listed(it, groups)
    one, most = it.copy(), MOST_IN_SCHOOL + 1
    states = {word: one.state(word) for word in dict.fromkeys([*GROUP_NAMES, asked.state])}
    counts = ", ".join(f"count(*) FILTER (WHERE {sql}) AS n_{word}" for word, sql in states.items())
    some = f"SELECT {_COUNTED} FROM {one.source} WHERE {one} LIMIT {most}"
    told = f"SELECT {counts}, {_parts(states[asked.state])} FROM ({some}) f"
    found = await database.row(told, *one.values) or {}
    groups = {word: found[f"n_{word}"] for word in states}
    if groups[ALL] == most:
        return await _listed(it, {})
    return Counts({**groups, "here": groups[asked.state]}, found, MOST_IN_SCHOOL)


_COUNTED = "f.state, f.area, f.grade, f.grade_proposed, f.assigned_to, f.deadline, f.controlled_at, f.fixed_on_spot"
"""What the groups look at."""


async def _bounded(it: Where) -> dict[str, int]:
    one, most = it.copy(), MOST_COUNTED + 1
    some = f"SELECT count(*) FROM (SELECT FROM {one.source} WHERE {one} AND"
    counts = ", ".join(f"({some} {one.state(word)} LIMIT {most}) x) AS n_{word}" for word in GROUP_NAMES)
    found = await database.row(f"SELECT {counts}", *one.values) or {}
    return {word: found[f"n_{word}"] for word in GROUP_NAMES}


async def _listed(it: Where, groups: dict[str, int]) -> Counts:
    """The list itself, up to the bound, with its areas and grades if it is not longer."""
    asked, most = it.wanted.state, MOST_COUNTED + 1
    if groups.get(asked, 0) >= most:
        return Counts({**groups, "here": most}, None)
    one = it.copy()
    some = f"FROM {one.source} WHERE {one} AND {one.state(asked)}"
    n = int(await database.value(f"SELECT count(*) FROM (SELECT {some} LIMIT {most}) x", *one.values))
    groups = {**groups, asked: n, "here": n}
    if n >= most:
        return Counts(groups, None)
    return Counts(groups, await database.row(f"SELECT {_parts('true')} {some}", *one.values))


async def _first_ones(it: Where) -> Counts:
    """Of a list that may be very long only whether it has more than a few lines."""
    one = it.copy()
    some = f"SELECT FROM {one.source} WHERE {one} AND {one.state(it.wanted.state)} LIMIT {MOST_COMMON + 1}"
    n = int(await database.value(f"SELECT count(*) FROM ({some}) x", *one.values))
    return Counts({it.wanted.state: n, "here": n}, None, MOST_COMMON)


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
