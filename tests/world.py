"""The small world of the tests: one city, two districts, three schools, a person of every role, a few points."""

import json
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from backend import clock, database
from backend.access import Member, hashed, identify
from backend.checklists.actions import load_pack
from backend.database import DB, migrate
from backend.findings.actions_settings import load_criteria
from backend.postgres_roles import Dsns
from backend.row import uuid7
from qr import codes

PACK = Path(__file__).resolve().parent.parent / "fixtures" / "pack"
PASSWORD = "xunan-demo"


@dataclass
class World:
    """Ids by name: bodies, users, points (lab, gate, extinguisher... of school one), labels' codes, session cookies."""

    bodies: dict[str, UUID] = field(default_factory=dict)
    users: dict[str, UUID] = field(default_factory=dict)
    points: dict[str, UUID] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)

    async def member(self, who: str) -> Member:
        member = await identify(self.sessions[who])
        assert member is not None
        return member


PEOPLE = {  # name: (body, post, Chinese name)
    "guard": ("one", "guard", "王建国"),
    "guard2": ("one", "guard", "刘洋"),
    "keeper": ("one", "lab_manager", "周敏"),
    "crew": ("one", "logistics", "李师傅"),
    "crew2": ("one", "logistics", "孙电工"),
    "duty": ("one", "duty_leader", "何老师"),
    "manager": ("one", "safety_director", "陈立"),
    "deputy": ("one", "vice_principal", "徐副校长"),
    "principal": ("one", "principal", "吴校长"),
    "neighbour": ("two", "guard", "赵门卫"),
    "neighbour_manager": ("two", "safety_director", "钱主任"),
    "far_manager": ("three", "safety_director", "孙主任"),
    "district": ("east", "district_bureau", "郑科长"),
    "other_district": ("west", "district_bureau", "冯科长"),
    "city": ("city", "bureau_safety", "韩处长"),
    "inspector": ("city", "inspector", "督查员"),
    "admin": ("city", "auditor", "管理员"),
}
POINTS = [
    ("lab", "lab"),
    ("gate", "gate_guard_room"),
    ("extinguisher", "fire_extinguisher"),
    ("exit", "evacuation_route"),
]


async def build(dsns: Dsns) -> World:
    """Migrate and fill the database of `dsns` as its owner."""
    world = World()
    await migrate(dsns.owner, dsns.app_role)
    await DB.open(dsns.owner, size=2)
    try:
        await load_pack(_pack())
        await load_criteria(
            *(json.loads((PACK / f"{name}.json").read_text()) for name in ("major_criteria", "sources"))
        )
        async with DB.transaction():
            await _bodies(world)
            await _people(world)
            await _points(world)
    finally:
        await DB.close()
    return world


def _pack() -> dict[str, object]:
    return {"version": 1, "kinds": json.loads((PACK / "kinds.json").read_text())}


async def _bodies(world: World) -> None:
    tree = [("city", None, "city", None), ("east", "city", "district", None), ("west", "city", "district", None)]
    tree += [("one", "east", "school", "senior"), ("two", "east", "school", "primary")]
    tree += [("three", "west", "school", "kindergarten")]
    paths: dict[str, list[UUID]] = {}
    for name, parent, kind, school_type in tree:
        world.bodies[name] = uuid7()
        paths[name] = [*paths.get(parent or "", []), world.bodies[name]]
        await database.run(
            "INSERT INTO body (id, kind, path, name, name_en, number, school_type, emergency_phone)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, '110')",
            *(world.bodies[name], kind, paths[name], f"测试{name}", f"Test {name}", name, school_type),
        )


async def _people(world: World) -> None:
    for name, (body, post, chinese) in PEOPLE.items():
        world.users[name] = uuid7()
        await database.run(
            "INSERT INTO app_user (id, username, name) VALUES ($1, $2, $3)", world.users[name], name, chinese
        )
        member = await database.value(
            'INSERT INTO member ("user", body, post) VALUES ($1, $2, $3) RETURNING id',
            *(world.users[name], world.bodies[body], post),
        )
        world.sessions[name] = secrets.token_urlsafe(32)
        await database.run(
            'INSERT INTO user_session ("user", member, token_hash, expires_at) VALUES ($1, $2, $3, $4)',
            *(world.users[name], member, hashed(world.sessions[name]), clock.now() + timedelta(days=1)),
        )


async def _points(world: World) -> None:
    for school in ("one", "two", "three"):
        for number, (name, kind) in enumerate(POINTS, start=1):
            key = name if school == "one" else f"{name}_{school}"
            world.points[key] = uuid7()
            await database.run(
                "INSERT INTO point (id, school, kind, number, name, name_en) VALUES ($1, $2, $3, $4, $5, $6)",
                *(world.points[key], world.bodies[school], kind, f"P{number:03}", f"{name}点", f"The {name}"),
            )
            world.codes[key] = codes.new_code()
            await database.run(
                "INSERT INTO label (school, point, code, short, bound_at) VALUES ($1, $2, $3, $4, now())",
                *(world.bodies[school], world.points[key], world.codes[key], codes.new_short()),
            )
