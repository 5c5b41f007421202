"""Which findings a list shows, as SQL: the tenant's gate, what the member may see, and every filter of its address.

Points, persons and signs of the words that are searched for are looked up first, so that the planner knows how many
rows to expect of each way."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from backend import clock, database
from backend.access import Member, Role
from backend.findings.rules import ENDED as ENDED_STATES
from backend.findings.rules import State
from backend.findings.rules_filters import (
    ALL,
    ENDED,
    MINE,
    NEVER_LATE,
    OPEN,
    OVERDUE,
    TO_ACCEPT,
    TO_ASSIGN,
    UNASSIGNED,
    UNSAFE_MAJOR,
    WAITING,
    Wanted,
)
from backend.findings.tables import Finding

MOST_LOOKED_UP = 500
"""Points or persons that are named one by one in a statement; more are left to the database."""
MOST_FOUND = 5000
"""The same for findings with a word in their text."""


def _listed(states: tuple[State, ...]) -> str:
    return ", ".join(f"'{state.value}'" for state in states)


OWN = "f.school = ANY (ARRAY(SELECT id FROM body WHERE kind = 'school' AND $1 = ANY (path)))"
"""The tenant's gate (access.WITHIN) as a list that is made once, so that the order of an index can be kept."""
ENDED_WORDS = _listed(ENDED_STATES)
CLOSED = "f.state IN ('closed', 'delisted')"
IS_OPEN = f"f.state NOT IN ({ENDED_WORDS})"
LATE = f"f.deadline < ? AND f.state NOT IN ({_listed(NEVER_LATE)})"
"""With ? for the day that is looked at."""
UNSAFE = "f.controlled_at IS NULL AND NOT f.fixed_on_spot AND f.state NOT IN ('rejected_report', 'merged')"
GRADE = "coalesce(f.grade, f.grade_proposed)"
AREA = "coalesce(f.area, 'none')"

STATES = {
    OPEN: IS_OPEN,
    ENDED: f"f.state IN ({ENDED_WORDS})",
    ALL: "true",
    OVERDUE: LATE,
    UNASSIGNED: f"f.assigned_to IS NULL AND f.state IN ({_listed(TO_ASSIGN)})",
    UNSAFE_MAJOR: f"{GRADE} = 'major' AND {IS_OPEN} AND {UNSAFE}",
    WAITING: f"f.state IN ({_listed(TO_ACCEPT)})",
    MINE: f"f.assigned_to = ? AND {IS_OPEN}",
}
_TEXT = "f.number || ' ' || f.title || ' ' || f.title_en || ' ' || f.words"
_POINT = "number || ' ' || name || ' ' || name_en"
_NAME = "name || ' ' || name_en"


def seen_by(member: Member) -> str:
    """Which findings of his school a member sees, as SQL on `f` with ? for himself; empty for all of them."""
    if member.role is Role.PATROL and member.post != "duty_leader":
        met = "EXISTS (SELECT FROM visit v WHERE v.point = f.point AND v.by = ?)"
        return f"(f.found_by = ? OR f.assigned_to = ? OR {met})"
    if member.role is Role.INSPECTOR:
        return "f.found_by = ?"
    return f"(f.assigned_to = ? OR {IS_OPEN})" if member.role is Role.CREW else ""


@dataclass
class Where:
    """A statement in the making: `source` is what `f` stands for, `parts` what must be true of it but for the state.

    `common`: very many findings may match, so that only the first of them can be counted in time;
    `walk`: what the planner takes for rare is dense, so that a page is met at once from the newest on."""

    member: Member
    wanted: Wanted
    values: list[Any] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    source: str = "finding f"
    common: bool = False
    walk: bool = False

    def value(self, value: object) -> str:
        self.values.append(value)
        return f"${len(self.values)}"

    def add(self, part: str, value: object) -> None:
        self.parts.append(part.replace("?", self.value(value)) if "?" in part else part)

    def copy(self) -> "Where":
        """For a statement with further values."""
        return replace(self, values=list(self.values), parts=list(self.parts))

    def state(self, word: str) -> str:
        """A group or a single state: filters.wanted() let nothing else in."""
        if word == OPEN and self.wanted.overdue:
            return "true"  # what is late is open; said twice the planner would expect too few
        if word not in STATES:
            return f"f.state = '{State(word).value}'"
        sql = STATES[word]
        if "?" not in sql:
            return sql
        day = self.wanted.as_of or clock.today()
        return sql.replace("?", self.value(day if word == OVERDUE else self.member.user))

    def __str__(self) -> str:
        return " AND ".join(f"({part})" for part in self.parts)


_PLAN = """
SELECT set_config('jit', 'off', true), set_config('plan_cache_mode', 'force_custom_plan', true),
  set_config('max_parallel_workers_per_gather', '0', true)
"""
"""Every list is planned for its own values; compiling it or sharing it out would take longer than running it."""


async def where(member: Member, wanted: Wanted) -> Where:
    """Everything but the state, which totals need apart. Inside the caller's transaction."""
    await database.value(_PLAN)
    found = Where(member, wanted)
    _gate(found)
    if wanted.as_of:
        found.source = _as_of(found, found.value(clock.day_range(wanted.as_of)[1]))
        found.common = found.walk = member.school is None and wanted.school is None
    _columns(found)
    _days(found)
    await _place(found)
    for word in wanted.words:
        await _word(found, word)
    if found.walk:
        await database.value("SELECT set_config('enable_sort', 'off', true)")
    return found


def _gate(it: Where) -> None:
    """A hashed list for those above schools: IS TRUE keeps the planner from making a join of it."""
    if it.member.school is not None:
        it.add("f.school = ?", it.member.school)
    else:
        it.add("(f.school IN (SELECT id FROM body WHERE kind = 'school' AND ? = ANY (path))) IS TRUE", it.member.body)
    if own := seen_by(it.member):
        it.add(own, it.member.user)


def _columns(it: Where) -> None:
    asked = it.wanted
    plain = {"area": f"{AREA} = ?", "grade": f"{GRADE} = ?", "source": "f.source = ?", "school": "f.school = ?"}
    plain |= {"point": "f.point = ?", "person": "(f.found_by = ? OR f.assigned_to = ?)"}
    plain |= {"district": "(f.school IN (SELECT id FROM body WHERE ? = ANY (path))) IS TRUE"}
    plain |= {"recurred": "f.recurred > 0", "listed": "f.listed", "extended": "f.extended > 0"}
    plain |= {"sent_back": "EXISTS (SELECT FROM finding_event e WHERE e.finding = f.id AND e.verb = 'send_back')"}
    for name, part in plain.items():
        if value := getattr(asked, name):
            it.add(part, value)
    if asked.overdue:
        it.add(LATE, asked.as_of or clock.today())
    if asked.safe:
        it.parts.append(UNSAFE if asked.safe == "no" else "f.controlled_at IS NOT NULL")


def _days(it: Where) -> None:
    asked = it.wanted
    for column, first, last in (
        ("f.found_at", asked.start, asked.end),
        ("f.closed_at", asked.closed_from, asked.closed_until),
        ("f.mended_at", asked.mended_from, asked.mended_until),
    ):
        if first:
            it.add(f"{column} >= ?", clock.day_range(first)[0])
        if last:
            it.add(f"{column} < ?", clock.day_range(last)[1])
    last_days = [day for day in (asked.closed_until, asked.mended_until, asked.due_until) if day]
    if last_days:  # nothing is closed, mended or due before it was found: there the list begins
        it.add("f.found_at < ?", clock.day_range(min(last_days) + timedelta(days=1))[1])
    if asked.closed_from or asked.closed_until:
        it.parts.append(CLOSED)
    if asked.mended_from or asked.mended_until:  # who mends on the spot was never made responsible
        it.parts.append("f.assigned_at IS NOT NULL")
    if asked.due_from:
        it.add("f.deadline >= ?", asked.due_from)
    if asked.due_until:
        it.add("f.deadline <= ?", asked.due_until)
    if asked.open_on:
        it.add(f"f.found_at < ? AND ({IS_OPEN} OR {CLOSED} AND f.closed_at >= ?)", clock.day_range(asked.open_on)[1])


async def _place(it: Where) -> None:
    """Kinds of points, and a building or floor with what lies in it."""
    if it.wanted.kind:
        _one_of(it, await _points("kind = $1", it.wanted.kind), "kind = ?", it.wanted.kind)
    if it.wanted.place:
        inside = "(place = {0} OR place IN (SELECT id FROM place WHERE parent = {0}))"
        found = await _points(inside.format("$1"), it.wanted.place)
        _one_of(it, found, inside.format("?"), it.wanted.place)


def _one_of(it: Where, points: list[UUID], sql: str, value: object) -> None:
    if len(points) > MOST_LOOKED_UP:
        it.add(f"(f.point IN (SELECT id FROM point WHERE {sql})) IS TRUE", value)
    else:
        it.add("f.point = ANY (?::uuid[])", points)


async def _points(sql: str, *values: object) -> list[UUID]:
    limit = f"LIMIT {MOST_LOOKED_UP + 1}"
    return [row["id"] for row in await database.rows(f"SELECT id FROM point WHERE {sql} {limit}", *values)]


_LOOK_UP = f"""
SELECT 'point' AS what, id FROM point WHERE ({_POINT}) ILIKE $1 UNION ALL
SELECT 'person', id FROM app_user WHERE ({_NAME}) ILIKE $1
"""


async def _word(it: Where, word: str) -> None:
    """The word stands in the finding, in the name or number of its point, or in the name of its finder or mender.

    In a school every text is read; above it an index names the rows, unless there are very many of them."""
    if it.member.school is None:
        found, most = await _by_index(word), MOST_FOUND
    else:
        found, most = await database.rows(_LOOK_UP, like(word)), 0
    ids: dict[str, list[UUID]] = {what: [] for what in ("finding", "point", "person", "common")}
    for row in found:
        ids[row["what"]].append(row["id"])
    it.parts.append(" OR ".join(_ways(it, word, ids, most)))


async def _by_index(word: str) -> list[dict[str, Any]]:
    signs = await database.value("SELECT grams($1)", word)
    asked = [sign for sign in signs if len(sign) == 3 or (len(sign) == 2 and not sign.isascii())]
    asked = asked or [sign for sign in signs if len(sign) == 2] or signs
    return await database.rows("SELECT * FROM search_door($1, $2, $3)", asked, like(word), MOST_FOUND + 1)


def _ways(it: Where, word: str, ids: dict[str, list[UUID]], most: int) -> list[str]:
    above, ways = it.member.school is None, []
    if above and not ids["common"] and len(ids["finding"]) <= most:
        named = ids["finding"] or not (ids["point"] or ids["person"])
        ways += [f"f.id = ANY ({it.value(ids['finding'])}::uuid[])"] if named else []
    else:
        same = "LIKE" if word.lower() == word.upper() else "ILIKE"
        ways.append(f"({_TEXT}) {same} {it.value(like(word))}")
        it.common, it.walk = it.common or above, it.walk or bool(above and ids["common"])
    for what, columns in (("point", ("f.point",)), ("person", ("f.found_by", "f.assigned_to"))):
        if above and len(ids[what]) > most:
            table, text = ("point", _POINT) if what == "point" else ("app_user", _NAME)
            some = f"SELECT id FROM {table} WHERE ({text}) ILIKE {it.value(like(word))}"
            ways += [f"({column} IN ({some})) IS TRUE" for column in columns]
        elif ids[what]:
            some = it.value(ids[what])
            ways += [f"{column} = ANY ({some}::uuid[])" for column in columns]
        it.common = it.common or (above and len(ids[what]) > MOST_LOOKED_UP)
    return ways


def like(words: str) -> str:
    """Anywhere in the text; a person's % and _ mean themselves."""
    return "%" + words.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") + "%"


_LATER = {
    **dict.fromkeys(("mended_at", "mended_by"), "f.mended_at"),
    **dict.fromkeys(("accepted_at", "accepted_by"), "f.accepted_at"),
    **dict.fromkeys(("rechecked_at", "rechecked_by"), "f.rechecked_at"),
    **dict.fromkeys(("controlled_at", "controlled_by"), "f.controlled_at"),
    **dict.fromkeys(("confirmed_at", "confirmed_by"), "f.confirmed_at"),
    **dict.fromkeys(("assigned_at", "assigned_to", "leader", "deadline", "funds"), "f.assigned_at"),
    "closed_at": "f.closed_at",
}
"""Columns that were empty as long as this moment had not come."""
_LATER_TEXTS = {"recheck_words": "f.rechecked_at", "measures": "f.assigned_at", "contingency": "f.assigned_at"}


def _as_of(it: Where, moment: str) -> str:
    """Findings as they stood at a moment: those found later left out, the state from the last event before it, without
    what was written later. `version` and words that carry no time are as they are now."""
    counted = "(SELECT count(*) FROM finding_event e WHERE e.finding = f.id AND e.at < {0} AND e.verb = '{1}')::integer"
    changed = {
        **{name: f"CASE WHEN ({at} >= {moment}) IS NOT TRUE THEN f.{name} END" for name, at in _LATER.items()},
        **{
            name: f"CASE WHEN ({at} >= {moment}) IS NOT TRUE THEN f.{name} ELSE '' END"
            for name, at in _LATER_TEXTS.items()
        },
        "state": "coalesce(last.after, 'reported')",
        "merged_into": "CASE WHEN last.after = 'merged' THEN f.merged_into END",
        "extended": counted.format(moment, "grant_extension"),
        "recurred": counted.format(moment, "reopen"),
        "listed": f"f.listed AND {counted.format(moment, 'list')} > 0",
    }
    names = [column._meta.name for column in Finding._meta.columns]
    columns = ", ".join(f"{changed.get(name, f'f.{name}')} AS {name}" for name in names)
    gate = " AND ".join(f"({part})" for part in it.parts[:1])
    return f"""(SELECT {columns} FROM finding f LEFT JOIN LATERAL (SELECT e.after FROM finding_event e
      WHERE e.finding = f.id AND e.at < {moment} ORDER BY e.at DESC, e.created_at DESC, e.id DESC LIMIT 1) last ON true
      WHERE f.found_at < {moment} AND {gate}) f"""
