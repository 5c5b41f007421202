"""A check that the kept counts of coverage agree with the stops, school by school; mends them only when told to.

The counts follow the stops in the same statement (a trigger), so a difference is a fault or a hand in the database.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from backend import clock, database
from backend.database import DB

BACK = 35
"""Days that the daily check looks back: a phone may bring yesterday's visits weeks later, older ones hardly ever."""
NAMES = ("due", "kept", "late", "missed", "excused", "unreachable", "sent_late")
_COUNTS = ", ".join(
    ["count(*) AS due"]
    + [f"count(*) FILTER (WHERE state = '{name}') AS {name}" for name in NAMES[1:-1]]
    + ["count(*) FILTER (WHERE sent_late) AS sent_late"]
)
KEYS = {"coverage_day": ("day", "route", "kind"), "coverage_week": ("week", "area")}
_WEEK = "date_trunc('week', day)::date"


@dataclass(frozen=True, slots=True)
class Difference:
    """One line of a table of counts that is not what its stops say; `kept` None: it is missing, `fresh` None: it has no
    stops. Both in the order of NAMES."""

    table: str
    school: UUID
    number: str
    school_name: str
    key: dict[str, Any]
    kept: tuple[int, ...] | None
    fresh: tuple[int, ...] | None

    @property
    def words(self) -> str:
        """table, school and key with each count that differs: "coverage_day S12 2026-11-20 …: missed 3 -> 4"."""
        key = " ".join(str(part) for part in self.key.values())
        if self.kept is None or self.fresh is None:
            what = "no counts of stops that are there" if self.kept is None else "counts of stops that are not there"
        else:
            pairs = zip(NAMES, self.kept, self.fresh, strict=True)
            what = ", ".join(f"{name} {kept} -> {fresh}" for name, kept, fresh in pairs if kept != fresh)
        return f"{self.table} {self.number} {key}: {what}"


def _statement(table: str) -> str:
    """$1 a school, $2 a day, for weeks a Monday; every line of either side that has no equal one on the other."""
    own = "school, " + ", ".join(KEYS[table])
    first = KEYS[table][0]
    key = own.replace("week", f"{_WEEK} AS week")
    plain = own.replace("week", _WEEK)
    sums = ", ".join(NAMES)
    area = ", min(area) AS area" if table == "coverage_day" else ""
    return f"""
    WITH fresh AS (SELECT {key}{area}, {_COUNTS} FROM stop WHERE school = $1 AND day >= $2 GROUP BY {plain}),
    held AS (SELECT {own}, {sums} FROM {table} WHERE school = $1 AND {first} >= $2)
    SELECT {own}{", fresh.area AS fresh_area" if area else ""},
      {", ".join(f"held.{name} AS held_{name}, fresh.{name} AS fresh_{name}" for name in NAMES)}
    FROM fresh FULL JOIN held USING ({own})
    WHERE ({", ".join(f"held.{name}" for name in NAMES)}) IS DISTINCT FROM ({", ".join(f"fresh.{n}" for n in NAMES)})
    ORDER BY {own}"""


async def recount(since: date | None = None, *, repair: bool = False) -> list[Difference]:
    """What differs from `since` on (else everything), each school in a transaction of its own; as the owner.

    With `repair` the counts are set to what the stops say; whoever writes stops waits meanwhile, for one school.
    """
    begin = since - timedelta(days=since.weekday()) if since else date(1970, 1, 5)
    async with DB.transaction():
        schools = await database.rows("SELECT id, number, name FROM body WHERE kind = 'school' ORDER BY number, id")
    found: list[Difference] = []
    for school in schools:
        async with DB.transaction():
            if repair:
                await database.run("LOCK TABLE stop IN SHARE MODE")
            for table in KEYS:
                rows = await database.rows(_statement(table), school["id"], begin)
                found += [_difference(table, school, row) for row in rows]
                if repair:
                    for row in rows:
                        await _mend(table, row)
    return found


def _difference(table: str, school: dict[str, Any], row: dict[str, Any]) -> Difference:
    def side(name: str) -> tuple[int, ...] | None:
        counts = tuple(row[f"{name}_{one}"] for one in NAMES)
        return None if counts[0] is None else counts

    key = {name: row[name] for name in KEYS[table]}
    return Difference(table, school["id"], school["number"], school["name"], key, side("held"), side("fresh"))


async def _mend(table: str, row: dict[str, Any]) -> None:
    key = ("school", *KEYS[table])
    values = [row[name] for name in key]
    if row["fresh_due"] is None:
        where = " AND ".join(f"{name} = ${n}" for n, name in enumerate(key, start=1))
        await database.run(f"DELETE FROM {table} WHERE {where}", *values)
        return
    names, counts = [*key, *NAMES], [row[f"fresh_{name}"] for name in NAMES]
    if table == "coverage_day":
        names, counts = [*names, "area"], [*counts, row["fresh_area"]]
    await database.run(
        f"""INSERT INTO {table} ({", ".join(names)}) VALUES ({", ".join(f"${n + 1}" for n in range(len(names)))})
            ON CONFLICT ({", ".join(key)}) DO UPDATE SET {", ".join(f"{n} = excluded.{n}" for n in NAMES)}""",
        *(*values, *counts),
    )


async def agree() -> str:
    """The worker's daily check of the last weeks: says what differs and mends nothing."""
    found = await recount(clock.today() - timedelta(days=BACK))
    if not found:
        return ""
    told = "; ".join(one.words for one in found[:20])
    return f"{len(found)} counts of coverage differ from their stops (xunan recount --repair mends them): {told}"


async def of_database(owner_dsn: str, *, repair: bool) -> list[Difference]:
    """For the command line."""
    await DB.open(owner_dsn, size=2)
    try:
        return await recount(repair=repair)
    finally:
        await DB.close()
