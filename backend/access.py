"""Who is asking and what his role allows: posts fold into seven roles, a role is a set of `Do`."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from piccolo.columns import Column
from piccolo.columns.combination import CombinableMixin

from backend import database
from backend.bodies.tables import Body
from backend.database import Scope
from backend.trouble import Forbidden, SignInNeeded


class Role(Enum):
    PATROL = "patrol"
    CREW = "crew"
    MANAGER = "manager"
    PRINCIPAL = "principal"
    OFFICER = "officer"
    INSPECTOR = "inspector"
    ADMINISTRATOR = "administrator"


class Do(Enum):
    """One permission. Every handler states exactly one."""

    PUBLIC = "public"
    SIGNED_IN = "signed_in"
    VISIT = "visit"
    SEE_SCHOOL = "see_school"
    SEE_FINDINGS = "see_findings"
    WORK = "work"
    SET_UP = "set_up"
    LABELS = "labels"
    CHECKLISTS = "checklists"
    EDIT_PACK = "edit_pack"
    RECORD = "record"
    PEOPLE = "people"
    SCHOOL_SETTINGS = "school_settings"
    CALENDAR = "calendar"
    ROUTES = "routes"
    BODIES = "bodies"
    SEE_BODIES = "see_bodies"


_ALL = {Do.PUBLIC, Do.SIGNED_IN}
_SEE = _ALL | {Do.SEE_SCHOOL, Do.SEE_FINDINGS, Do.WORK, Do.RECORD}

MAY: dict[Role, frozenset[Do]] = {
    Role.PATROL: frozenset(_ALL | {Do.VISIT, Do.SEE_FINDINGS, Do.WORK}),
    Role.CREW: frozenset(_ALL | {Do.VISIT, Do.SEE_FINDINGS, Do.WORK}),
    Role.MANAGER: frozenset(
        _SEE | {Do.VISIT, Do.SET_UP, Do.LABELS, Do.CHECKLISTS, Do.PEOPLE, Do.SCHOOL_SETTINGS, Do.CALENDAR, Do.ROUTES}
    ),
    Role.PRINCIPAL: frozenset(_SEE | {Do.VISIT}),
    Role.OFFICER: frozenset(_SEE | {Do.EDIT_PACK, Do.SEE_BODIES, Do.CALENDAR}),
    Role.INSPECTOR: frozenset(_ALL | {Do.SEE_FINDINGS, Do.WORK}),
    Role.ADMINISTRATOR: frozenset(_ALL | {Do.PEOPLE, Do.BODIES, Do.SEE_BODIES}),
}

CITY_ONLY = frozenset({Do.EDIT_PACK})
"""What an officer of a district cannot do: the pack is one for the whole city."""

POSTS: dict[str, Role] = {
    **dict.fromkeys(("guard", "class_teacher", "duty_leader", "canteen_manager", "lab_manager"), Role.PATROL),
    **dict.fromkeys(("workshop_manager", "dorm_manager", "bus_attendant", "fire_operator"), Role.PATROL),
    **dict.fromkeys(("equipment_operator", "place_keeper"), Role.PATROL),
    "logistics": Role.CREW,
    "safety_director": Role.MANAGER,
    "vice_principal": Role.MANAGER,
    "principal": Role.PRINCIPAL,
    **dict.fromkeys(("district_bureau", "bureau_safety", "bureau_leader", "supervision_committee"), Role.OFFICER),
    "inspector": Role.INSPECTOR,
    "auditor": Role.ADMINISTRATOR,
}
"""Posts of fixtures/pack/roles.json; without those that have no account (the public, other departments)."""

SESSION_COOKIE = "xunan"
DEVICE_COOKIE = "xunan-device"


@dataclass(frozen=True, slots=True)
class Member:
    """A person acting for a body. Rights come from the membership row at each request, never from the cookie."""

    user: UUID
    username: str
    name: str
    name_en: str
    member: UUID | None
    post: str
    role: Role | None
    body: UUID | None
    body_kind: str
    body_name: str
    body_name_en: str
    path: tuple[UUID, ...]
    school_type: str = ""
    language: str = ""
    session: UUID | None = None
    device_hash: str = ""
    seen_at: datetime | None = None
    allowed: frozenset[Do] = field(default=frozenset())

    def may(self, do: Do) -> bool:
        return do in self.allowed

    @property
    def school(self) -> UUID | None:
        """His school; None for those above schools."""
        return self.body if self.body_kind == "school" else None

    @property
    def scope(self) -> Scope:
        return Scope(user=self.user, body=self.body, path=self.path, school=self.school)


def hashed(secret: str) -> str:
    """How a random secret (cookie, invitation, receipt) is kept: 256 random bits need no salt."""
    return hashlib.sha256(secret.encode()).hexdigest()


def member_from(row: dict[str, Any]) -> Member:
    """A member from a row of `session_door`."""
    role = POSTS.get(row["post"] or "")
    allowed = MAY[role] if role else frozenset(_ALL)
    if row["body_kind"] != "city":
        allowed -= CITY_ONLY
    return Member(
        user=row["user_id"],
        username=row["username"],
        name=row["name"],
        name_en=row["name_en"],
        member=row["member"],
        post=row["post"] or "",
        role=role,
        body=row["body"],
        body_kind=row["body_kind"] or "",
        body_name=row["body_name"] or "",
        body_name_en=row["body_name_en"] or "",
        path=tuple(row["path"] or ()),
        school_type=row["school_type"] or "",
        language=row["language"],
        session=row["session"],
        device_hash=row["device_hash"],
        seen_at=row["seen_at"],
        allowed=allowed,
    )


async def identify(token: str | None) -> Member | None:
    """Who holds this session cookie, as of now; None for a stranger and for an ended session."""
    if not token or len(token) > 200:
        return None
    row = await database.door("SELECT * FROM session_door($1)", hashed(token))
    return member_from(row) if row else None


Guard = Callable[[ASGIConnection[Any, Any, Any, Any], BaseRouteHandler], Awaitable[None]]


def may(do: Do) -> Guard:
    """The guard that states a handler's permission; a handler without one fails a test.

    It waits for nothing, yet it is a coroutine: Litestar would send a plain function to a thread at each request.
    """

    async def guard(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        if do is Do.PUBLIC:
            return
        member: Member | None = connection.scope.get("user")
        if member is None:
            raise SignInNeeded()
        if do is not Do.SIGNED_IN and do not in member.allowed:
            raise Forbidden()

    guard.do = do  # type: ignore[attr-defined]
    return guard


def within(member: Member, column: Column) -> CombinableMixin:
    """The tenant's gate in a query: rows of his school, or of every school below his bureau."""
    if member.school is not None:
        return column == member.school
    return column.is_in(Body.select(Body.id).where(Body.kind == "school", Body.path.any(member.body)))


WITHIN = "school IN (SELECT id FROM body WHERE kind = 'school' AND $1 = ANY (path))"
"""The same gate for a statement in SQL whose first value is `member.body`."""
