"""Takes a checked sheet into a school, all or nothing: what it would do is worked out by the same code that does it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg

from backend import clock, database
from backend.database import Scope, reading, writing
from backend.language import N_
from backend.points.rules import PlaceKind, kind_of_place
from backend.points.rules_sheet import (
    FLOORS_NAME,
    GROUND_HAS_NO_FLOOR,
    Sheet,
    Wrong,
    check,
    kind_words,
)
from backend.row import uuid7
from backend.trouble import Refused

RETIRED_BY_SHEET = N_("Retired by an imported sheet")
SOMEBODY_WAS_FIRST = N_("Somebody added the same place at this moment. Please import again.")

_COMPARED = ("name", "name_en", "kind", "position", "position_en", "phone", "note", "latitude", "longitude")
_WRITTEN = (*_COMPARED, "number", "responsible_name", "state", "retired_why")


@dataclass(slots=True)
class Change:
    """A row that differs from what is known: column -> (before, after), as shown to people."""

    row: int
    number: str
    name: str
    kind: tuple[str, str]
    columns: dict[str, tuple[Any, Any]] = field(default_factory=dict)


@dataclass(slots=True)
class Plan:
    """What a sheet would do. With anything in `wrong`, nothing of it is done."""

    wrong: list[Wrong] = field(default_factory=list)
    new: list[Change] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)
    unchanged: int = 0
    places: list[str] = field(default_factory=list)
    points: list[dict[str, Any]] = field(default_factory=list)
    make: list[dict[str, Any]] = field(default_factory=list)


async def plan_import(school: UUID, sheet: Sheet, scope: Scope) -> Plan:
    """What taking the sheet in would do; writes nothing."""
    async with reading(scope):
        return await _plan(school, sheet)


async def take_in(school: UUID, sheet: Sheet, scope: Scope) -> Plan:
    """Takes the sheet in, in one transaction, unless anything is wrong. The same sheet again changes nothing."""
    async with writing(scope):
        await database.run("SELECT pg_advisory_xact_lock(hashtext('points of ' || $1::text))", str(school))
        plan = await _plan(school, sheet)
        if not plan.wrong:
            try:
                await _make_places(school, plan.make)
                await _write_points(school, plan.points)
            except asyncpg.UniqueViolationError:
                raise Refused(SOMEBODY_WAS_FIRST) from None
        return plan


async def _plan(school: UUID, sheet: Sheet) -> Plan:
    kinds = await database.rows("SELECT code, zh, en FROM point_kind")
    values, wrong = check(sheet, kind_words(kinds))
    names = {kind["code"]: (kind["zh"], kind["en"]) for kind in kinds}
    plan, places, people = Plan(wrong), _Places(school), await _people(school)
    await places.load()
    known = {row["number"]: row for row in await database.rows(_KNOWN, school)}
    places.name_all(values)
    for row, given in values.items():
        before = known.get(given["number"])
        wanted = _merged(given, before, people)
        if "building" in given:
            wanted["place"] = places.find(row, given, plan)
        change = Change(row, wanted["number"], wanted["name"], names.get(wanted["kind"], ("", "")))
        _weigh(plan, change, wanted, before, places)
        if "kind" in change.columns:
            change.columns["kind"] = tuple(names.get(code, ("", "")) for code in change.columns["kind"])  # type: ignore[assignment]
    plan.make = list(places.made.values())
    plan.wrong.sort(key=lambda it: it.row)
    plan.places = [places.title(place["id"]) for place in plan.make]
    return plan


_KNOWN = (
    """SELECT p.*, u.name AS person FROM point p LEFT JOIN app_user u ON u.id = p.responsible WHERE p.school = $1"""
)


async def _people(school: UUID) -> dict[str, UUID]:
    """Name -> user, of names that only one active member has."""
    rows = await database.rows(
        """SELECT u.name, min(u.id::text) AS id FROM app_user u
           WHERE EXISTS (SELECT 1 FROM member m WHERE m."user" = u.id AND m.body = $1 AND m.active)
           GROUP BY u.name HAVING count(*) = 1""",
        school,
    )
    return {row["name"]: UUID(row["id"]) for row in rows}


def _merged(given: Mapping[str, Any], before: Mapping[str, Any] | None, people: Mapping[str, UUID]) -> dict[str, Any]:
    """The point as it shall be: a column the sheet has not stays as it is."""
    empty = {key: None if key in ("latitude", "longitude") else "" for key in _WRITTEN}
    start = {**empty, "state": "active", "place": None, "responsible": None, "person": None, "id": uuid7()}
    wanted = {**start, **(before or {})}
    wanted |= {key: given[key] for key in (*_COMPARED, "number") if key in given}
    if given.get("state"):
        wanted["state"] = given["state"]
    name = given.get("responsible")
    if name is not None and name != (wanted["person"] or wanted["responsible_name"]):
        wanted["responsible"] = people.get(name)
        wanted["responsible_name"] = "" if name in people else name
        wanted["person"] = name if name in people else None
    return wanted


def _weigh(
    plan: Plan, change: Change, wanted: dict[str, Any], before: Mapping[str, Any] | None, places: "_Places"
) -> None:
    if before is None:
        plan.new.append(change)
        plan.points.append(wanted)
        return
    for key in (*_COMPARED, "state"):
        if wanted[key] != before[key]:
            change.columns[key] = (before[key], wanted[key])
    if wanted["place"] != before["place"]:
        change.columns["building"] = (places.title(before["place"]), places.title(wanted["place"]))
    was, now = (it["person"] or it["responsible_name"] for it in (before, wanted))
    if was != now:
        change.columns["responsible"] = (was, now)
    if change.columns:
        plan.changed.append(change)
        plan.points.append(wanted)
    else:
        plan.unchanged += 1


class _Places:
    """The places of the school, and those the sheet names for the first time."""

    def __init__(self, school: UUID) -> None:
        self.school = school
        self.by_id: dict[UUID, dict[str, Any]] = {}
        self.by_name: dict[tuple[UUID | None, str], dict[str, Any]] = {}
        self.made: dict[UUID, dict[str, Any]] = {}
        self.with_floors: set[str] = set()

    async def load(self) -> None:
        for row in await database.rows("SELECT id, kind, parent, name FROM place WHERE school = $1", self.school):
            self._keep(row)

    def _keep(self, row: dict[str, Any]) -> None:
        self.by_id[row["id"]] = row
        self.by_name[row["parent"], row["name"]] = row

    def name_all(self, values: Mapping[int, Mapping[str, Any]]) -> None:
        self.with_floors = {it["building"] for it in values.values() if it.get("building") and it.get("floor")}

    def find(self, row: int, given: Mapping[str, Any], plan: Plan) -> UUID | None:
        """The place a row names, made if it is missing; what does not fit is told in `plan.wrong`."""
        name, floor = given["building"], given.get("floor", "")
        if not name:
            return None
        top = self.by_name.get((None, name))
        if top is None:
            top = self._make(kind_of_place(name, with_floor=name in self.with_floors), None, name)
        if not floor:
            return UUID(str(top["id"]))
        if top["kind"] != "building":
            reason = FLOORS_NAME if top["kind"] == "floor" else GROUND_HAS_NO_FLOOR
            plan.wrong.append(Wrong(row, "floor", reason, {"name": name}))
            return None
        below = self.by_name.get((top["id"], floor)) or self._make(PlaceKind.FLOOR, top["id"], floor)
        return UUID(str(below["id"]))

    def _make(self, kind: PlaceKind, parent: UUID | None, name: str) -> dict[str, Any]:
        new: dict[str, Any] = {"id": uuid7(), "kind": kind.value, "parent": parent, "name": name}
        self.made[new["id"]] = new
        self._keep(new)
        return new

    def title(self, place: UUID | None) -> str:
        row = self.by_id.get(place) if place else None
        if row is None:
            return ""
        return f"{self.title(row['parent'])} {row['name']}".strip()


async def _make_places(school: UUID, places: list[dict[str, Any]]) -> None:
    for row in places:
        await database.run(
            """INSERT INTO place (id, school, kind, parent, name, position)
               SELECT $1, $2, $3, $4, $5, coalesce(max(position), 0) + 1 FROM place
               WHERE school = $2 AND parent IS NOT DISTINCT FROM $4""",
            *(row["id"], school, row["kind"], row["parent"], row["name"]),
        )


async def _write_points(school: UUID, points: list[dict[str, Any]]) -> None:
    """One statement for all rows; a moved point loses its pin as when it is moved by hand."""
    columns = (*_WRITTEN, "place", "responsible")
    for point in points:
        point["retired_why"] = (point["retired_why"] or RETIRED_BY_SHEET) if point["state"] == "retired" else ""
    sent = [{key: point[key] for key in ("id", *columns)} for point in points]
    names = ", ".join(columns)
    fresh = ", ".join(f"{key} = excluded.{key}" for key in columns if key != "number")
    kept = "CASE WHEN point.place IS NOT DISTINCT FROM excluded.place THEN point.{0} END"
    await database.run(
        f"""INSERT INTO point (id, school, {names}, retired_at)
            SELECT id, $1, {names}, CASE WHEN state = 'retired' THEN $3::timestamptz END
            FROM jsonb_to_recordset($2::jsonb) AS r (id uuid, name text, name_en text, kind text, position text,
              position_en text, phone text, note text, latitude double precision, longitude double precision,
              number text, responsible_name text, state text, retired_why text, place uuid, responsible uuid)
            ON CONFLICT (school, number) DO UPDATE SET {fresh}, pin_x = {kept.format("pin_x")},
              pin_y = {kept.format("pin_y")}, retired_at = CASE WHEN excluded.state = 'retired'
                THEN coalesce(point.retired_at, excluded.retired_at) END""",
        *(school, json.dumps(sent, default=str, ensure_ascii=False), clock.now()),
    )
