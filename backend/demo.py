"""Puts the demo city of `fixtures/` into an empty database: bodies, people, places, points, labels, then its history.

Runs as the owner of the database, in bulk; what it writes has the same shape as what the verbs write.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from backend import clock, database
from backend.accounts.hashing import hash_secret
from backend.bodies.rules import DEMO_CITY
from backend.checklists.actions import load_pack
from backend.database import DB
from backend.findings.actions_settings import load_criteria
from backend.photos import Store
from backend.row import uuid7
from fixtures.cities import City, Label, Point
from fixtures.packs import read
from qr import codes

Progress = Callable[[str, int, int], None]
"""(what, done, of) for the progress bar."""


@dataclass(slots=True)
class Loaded:
    """Keys of the fixtures -> ids of the rows; needed by the history."""

    now: datetime
    bodies: dict[str, UUID] = field(default_factory=dict)
    users: dict[str, UUID] = field(default_factory=dict)
    members: dict[tuple[str, str], UUID] = field(default_factory=dict)
    places: dict[str, UUID] = field(default_factory=dict)
    points: dict[str, UUID] = field(default_factory=dict)
    labels: dict[str, UUID] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)


def builtin_pack() -> dict[str, Any]:
    """The pack in the shape `load_pack` takes."""
    return {"version": read("version")["version"], "kinds": read("kinds")}


async def load_builtin() -> bool:
    """The pack's checklists and its criteria of major hazards; whether anything was added."""
    packed = await load_pack(builtin_pack())
    return bool(await load_criteria(read("major_criteria"), read("sources"))) or packed


async def is_empty() -> bool:
    async with DB.transaction():
        return await database.value("SELECT 1 FROM body LIMIT 1") is None


_ROUTING = """
INSERT INTO routing_rule (school, position, area, assignee, leader)
SELECT s.id, r.position, r.area, hand."user", head."user"
FROM unnest($1::uuid[]) AS s(id)
  CROSS JOIN (VALUES (1, 'food', 'canteen_manager'), (2, 'lab', 'lab_manager'), (3, NULL, 'logistics'))
    AS r(position, area, post)
  JOIN LATERAL (SELECT "user" FROM member WHERE body = s.id AND post = r.post ORDER BY id LIMIT 1) hand ON true
  LEFT JOIN LATERAL (SELECT "user" FROM member WHERE body = s.id AND post = 'vice_principal' ORDER BY id LIMIT 1) head
    ON true
"""
"""Each school sends food to its canteen, laboratories to their keeper, the rest to its crew."""


async def load_city(city: City, store: Store | None, progress: Progress) -> Loaded:
    """The city without its history, in one transaction. `store` keeps the floor plans; without it floors have none."""
    await load_builtin()
    plans = await _plans(city, store, progress) if store else {}
    loaded = Loaded(clock.now())
    async with DB.transaction():
        await _bodies(city, loaded)
        await _people(city, loaded)
        await database.run(_ROUTING, [loaded.bodies[body.key] for body in city.bodies if body.kind == "school"])
        await _places(city, loaded, plans)
        for done, point in enumerate(city.points, start=1):
            await _point(point, loaded)
            progress("points", done, len(city.points))
        for label in city.labels:
            await _label(label, loaded)
        for label in city.labels:
            if label.replaced_by:
                await database.run(
                    "UPDATE label SET replaced_by = $2 WHERE id = $1",
                    *(loaded.labels[label.code], loaded.labels[label.replaced_by]),
                )
    return loaded


async def _plans(city: City, store: Store, progress: Progress) -> dict[str, Any]:
    floors = [floor for building in city.buildings for floor in building.floors]
    found = {}
    for done, floor in enumerate(floors, start=1):
        found[floor.key] = await store.plan_picture(floor.plan.read_bytes())
        progress("plans", done, len(floors))
    return found


async def _bodies(city: City, loaded: Loaded) -> None:
    paths: dict[str | None, list[UUID]] = {None: []}
    for body in city.bodies:
        loaded.bodies[body.key] = DEMO_CITY if body.parent is None else uuid7()
        paths[body.key] = [*paths[body.parent], loaded.bodies[body.key]]
        await database.run(
            """INSERT INTO body (id, kind, path, name, name_en, number, school_type, boarding, address, emergency_phone,
                 latitude, longitude) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12)""",
            *(loaded.bodies[body.key], body.kind, paths[body.key], body.name, body.name_en, body.number),
            *(body.school_type, body.boarding, body.address, body.emergency_phone, body.lat, body.lon),
        )


async def _people(city: City, loaded: Loaded) -> None:
    password = await hash_secret(city.password)
    for person in city.people:
        user = loaded.users[person.username] = uuid7()
        await database.run(
            "INSERT INTO app_user (id, username, phone, name, name_en, password_hash) VALUES ($1,$2,$3,$4,$5,$6)",
            *(user, person.username, person.phone or None, person.name, person.name_en, password),
        )
        for member in person.members:
            loaded.members[person.username, member.body] = await database.value(
                'INSERT INTO member ("user", body, post, title) VALUES ($1,$2,$3,$4) RETURNING id',
                *(user, loaded.bodies[member.body], member.post, person.title),
            )


async def _places(city: City, loaded: Loaded, plans: dict[str, Any]) -> None:
    for position, building in enumerate(city.buildings):
        school = loaded.bodies[building.school]
        ground = building.kind == "ground"
        if not ground:
            loaded.places[building.key] = await _place(school, "building", None, building, position, None)
        for floor in building.floors:
            parent = None if ground else loaded.places[building.key]
            kind, plan = ("ground" if ground else "floor"), plans.get(floor.key)
            loaded.places[floor.key] = await _place(school, kind, parent, floor, floor.number, plan)


async def _place(school: UUID, kind: str, parent: UUID | None, named: Any, position: int, plan: Any) -> UUID:
    place = uuid7()
    drawn = (
        (plan.stored_sha256, "svg" if "svg" in plan.media_type else "picture", plan.width, plan.height) if plan else ()
    )
    sha256, plan_kind, width, height = drawn or (None, None, None, None)
    await database.run(
        """INSERT INTO place (id, school, kind, parent, name, name_en, position, plan_sha256, plan_kind, plan_width,
             plan_height) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11)""",
        *(place, school, kind, parent, named.name, named.name_en, position, sha256, plan_kind),
        *(round(width) if width else None, round(height) if height else None),
    )
    return place


async def _point(point: Point, loaded: Loaded) -> None:
    key = loaded.points[point.key] = uuid7()
    school, retired = loaded.bodies[point.school], point.retired
    gone = loaded.now - timedelta(days=retired.days_ago) if retired else None
    await database.run(
        """INSERT INTO point (id, school, kind, number, name, name_en, place, position, position_en, pin_x, pin_y,
             latitude, longitude, responsible, phone, note, state, retired_at)
           VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18)""",
        *(key, school, point.kind, point.number, point.name, point.name_en, loaded.places.get(point.floor or "")),
        *(point.position, point.position_en, point.x, point.y, point.lat, point.lon, loaded.users[point.responsible]),
        *(point.phone, point.note, "retired" if gone else "active", gone),
    )
    for item, limits in point.limits.items():
        await database.run(
            'INSERT INTO "limit" (school, item_code, point, minimum, maximum, by) VALUES ($1,$2,$3,$4,$5,$6)',
            *(school, item, key, limits.get("min"), limits.get("max"), loaded.users[point.responsible]),
        )


async def _label(label: Label, loaded: Loaded) -> None:
    key = loaded.labels[label.code] = uuid7()
    school = loaded.bodies[label.school]
    point = loaded.points[label.point] if label.point else None
    if point and label.state == "bound" and label.point:
        loaded.codes[label.point] = label.code

    def days_ago(days: int | None) -> datetime | None:
        return loaded.now - timedelta(days=days) if days is not None else None

    await database.run(
        """INSERT INTO label (id, school, point, code, short, printed_at, bound_at, revoked_at, revoked_why)
           VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9)""",
        *(key, school, point, label.code, codes.with_check(_short(label.code)), days_ago(label.printed_days_ago)),
        *((days_ago(label.bound_days_ago) or loaded.now) if point else None, days_ago(label.revoked_days_ago)),
        label.revoked_why,
    )
    events = [("print", label.printed_days_ago), ("bind", label.bound_days_ago), ("revoke", label.revoked_days_ago)]
    for verb, days in events:
        if days is not None:
            await database.run(
                "INSERT INTO label_event (school, label, verb, point, words, created_at) VALUES ($1,$2,$3,$4,$5,$6)",
                *(school, key, verb, point, label.revoked_why if verb == "revoke" else "", days_ago(days)),
            )


def _short(code: str) -> str:
    """Seven letters of the demo's own for its short code: the same in every demo, so that printed walls stay right."""
    return code[5:]


def json_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
