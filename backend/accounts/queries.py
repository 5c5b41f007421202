"""Who there is and who is signed in, seen by a member."""

from collections import defaultdict
from typing import Any
from uuid import UUID

from backend import database
from backend.access import POSTS, Member
from backend.database import Scope, reading
from backend.trouble import Missing

PAGE = 50

_PERSON = """
SELECT u.id, u.username, u.name, u.name_en, u.phone, u.created_at, u.password_hash IS NOT NULL AS joined,
  u.pin_hash IS NOT NULL AS has_pin,
  (SELECT max(s.seen_at) FROM user_session s WHERE s."user" = u.id) AS seen_at,
  (SELECT max(i.expires_at) FROM invitation i WHERE i."user" = u.id AND i.used_at IS NULL AND i.withdrawn_at IS NULL
    AND i.expires_at > now()) AS invited_until
FROM app_user u
"""
_MEMBERS = """
SELECT m.id, m."user", m.post, m.title, m.active, m.ended_at, m.created_at, b.id AS body, b.name AS body_name,
  b.name_en AS body_name_en, b.kind AS body_kind
FROM member m JOIN body b ON b.id = m.body
WHERE $1 = ANY (b.path)
"""


async def people(
    member: Member, *, words: str = "", post: str = "", state: str = "active", body: UUID | None = None, start: int = 0
) -> list[dict[str, Any]]:
    """Up to PAGE + 1 persons of his body and below, by name; each with `members` within that tree.

    `state`: active, waiting (invited, never signed in), ended, all. `words` looks in names, user name and phone.
    """
    async with reading(member.scope):
        found = await database.rows(
            f"""{_PERSON} WHERE EXISTS (SELECT 1 FROM member m JOIN body b ON b.id = m.body
                WHERE m."user" = u.id AND $1 = ANY (b.path) AND ($2 = '' OR m.post = $2)
                  AND ($5::uuid IS NULL OR $5 = ANY (b.path))
                  AND CASE $3 WHEN 'ended' THEN NOT m.active WHEN 'all' THEN true ELSE m.active END)
              AND ($3 <> 'waiting' OR u.password_hash IS NULL)
              AND ($4 = '' OR position($4 in lower(u.name || ' ' || u.name_en || ' ' || u.username || ' '
                || coalesce(u.phone, ''))) > 0)
            ORDER BY u.name, u.id LIMIT {PAGE + 1} OFFSET $6""",
            *(member.body, post, state, words.strip().lower(), body, start),
        )
        return await _with_members(member, found)


async def person(member: Member, user: UUID) -> dict[str, Any]:
    """One person of his body or below with all memberships there, the ended ones too. Raises Missing."""
    async with reading(member.scope):
        found = await database.rows(f"{_PERSON} WHERE u.id = $1", user)
        await _with_members(member, found)
        if not found or not found[0]["members"]:
            raise Missing()
        found[0]["invitations"] = await database.rows(
            """SELECT i.id, i.created_at, i.expires_at, i.used_at, i.withdrawn_at, i.expires_at <= now() AS expired,
                 u.name AS by_name, u.name_en AS by_name_en
               FROM invitation i LEFT JOIN app_user u ON u.id = i.invited_by
               WHERE i."user" = $1 ORDER BY i.created_at DESC LIMIT 20""",
            user,
        )
        found[0]["sessions"] = await database.value(
            """SELECT count(*) FROM user_session s JOIN app_user u ON u.id = s."user"
               WHERE u.id = $1 AND s.ended_at IS NULL AND s.expires_at > now() AND s.epoch = u.epoch
                 AND EXISTS (SELECT 1 FROM member m JOIN body b ON b.id = m.body
                   WHERE m."user" = u.id AND m.active AND $2 = ANY (b.path))""",
            *(user, member.body),
        )
        return found[0]


async def _with_members(member: Member, people: list[dict[str, Any]]) -> list[dict[str, Any]]:
    members: defaultdict[UUID, list[dict[str, Any]]] = defaultdict(list)
    wanted = [one["id"] for one in people]
    sql = f'{_MEMBERS} AND m."user" = ANY ($2) ORDER BY m.active DESC, m.created_at'
    for row in await database.rows(sql, member.body, wanted):
        members[row["user"]].append(row)
    for one in people:
        one["members"] = members[one["id"]]
        if not any(held["active"] for held in one["members"]):
            one["phone"] = one["seen_at"] = None  # he may work elsewhere by now, which is nobody's business here
    return people


async def elsewhere(member: Member, user: UUID) -> bool:
    """Whether the person also acts for a body that is not his or below his (which he must not learn more about)."""
    found = await database.door("SELECT elsewhere FROM elsewhere_door($1, $2)", user, member.body)
    return bool(found and found["elsewhere"])


async def memberships(user: UUID) -> list[dict[str, Any]]:
    """The active memberships of a person, with their bodies' names."""
    async with reading(Scope(user=user)):
        bodies = [row["body"] for row in await database.rows('SELECT body FROM member WHERE "user" = $1', user)]
    async with reading(Scope(user=user, path=tuple(bodies))):
        return await database.rows(
            """SELECT m.id, m.post, m.title, b.id AS body, b.name AS body_name, b.name_en AS body_name_en, b.kind
               FROM member m JOIN body b ON b.id = m.body WHERE m."user" = $1 AND m.active ORDER BY b.path, m.post""",
            user,
        )


async def sessions(member: Member) -> list[dict[str, Any]]:
    """His own signed-in browsers, the last used first."""
    async with reading(member.scope):
        return await database.rows(
            """SELECT s.id, s.agent, s.address, s.created_at, s.seen_at, s.expires_at
               FROM user_session s JOIN app_user u ON u.id = s."user"
               WHERE s."user" = $1 AND s.ended_at IS NULL AND s.expires_at > now() AND s.epoch = u.epoch
               ORDER BY s.seen_at DESC""",
            member.user,
        )


async def me(member: Member) -> dict[str, Any]:
    """His own row, as /me shows it."""
    async with reading(member.scope):
        found = await database.row(
            "SELECT username, name, name_en, phone, language, pin_hash IS NOT NULL AS has_pin FROM app_user"
            " WHERE id = $1",
            member.user,
        )
    if found is None:
        raise Missing()
    return found


async def on_device(device_hash: str) -> list[dict[str, Any]]:
    """Who signed in on this device within thirty days: the persons of a shared duty phone."""
    if not device_hash or database.DB.pool is None:
        return []
    async with database.DB.pool.acquire() as connection:
        found = await connection.fetch("SELECT * FROM device_door($1) ORDER BY last_seen DESC", device_hash)
    return [dict(row) for row in found]


async def demo_people(city: UUID) -> list[dict[str, Any]]:
    """People of the demo city for the buttons of its sign-in page: of each body the first of each role."""
    async with reading(Scope(body=city)):
        found = await database.rows(
            """SELECT u.username, u.name, u.name_en, m.post, b.id AS body, b.name AS body_name,
                 b.name_en AS body_name_en, b.kind
               FROM member m JOIN app_user u ON u.id = m."user" JOIN body b ON b.id = m.body
               WHERE m.active AND u.password_hash IS NOT NULL AND u.disabled_at IS NULL
               ORDER BY b.kind = 'school' DESC, b.path, u.id LIMIT 1000"""
        )
    chosen = {(row["body"], POSTS.get(row["post"])): row for row in reversed(found)}
    return [row for row in found if row in chosen.values()][:40]
