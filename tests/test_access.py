"""The access matrix, made from the application's own routes: each route x role x whose rows.

A route without a stated permission, or without a row in SUBJECTS when its address names something, fails.
"""

import re
import secrets
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from functools import cache
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
import pytest_asyncio

from backend import clock
from backend.access import CITY_ONLY, MAY, POSTS, Do, Role, hashed
from backend.app import application
from backend.database import Scope, writing
from backend.findings.rules_machine import BUREAU
from backend.findings.rules_moves import MOVES
from backend.postgres_roles import Dsns
from backend.record.actions import append
from backend.row import uuid7
from tests.world import PEOPLE, World

SCHOOLS = {"own": "one", "neighbour": "two", "far": "three"}
WHO = ["", "guard", "crew", "manager", "principal", "district", "city", "inspector", "admin"]

SUBJECTS = {
    "point": "point",
    "place": "place",
    "room": "room",
    "label": "label",
    "visit": "visit",
    "finding": "finding",
    "user": "user",
    "member": "member",
    "invitation": "invitation",
    "session": "session",
    "school": "school",
    "checklist": "checklist",
    "wanted": "school",
    "stored": "stored",
    "sha256": "sha256",
    "code": "code",
    "token": "token",
    "kind": "kind",
    "name": "name",
    "stock": "name",
    "notice": "notice",
    "rule": "rule",
    "channel": "channel",
    "event": "event",
    "verb": "verb",
    "route": "route",
    "round": "round",
    "stop": "stop",
    "roster": "roster",
    "duty": "duty",
    "swap": "swap",
    "term": "term",
}
"""What the parameter of an address stands for; `id` is named by the folder it is in."""

NOT_TENANT = {"code", "token", "kind", "name", "sha256", "event", "verb"}
"""Names that are not rows of a school: codes and tokens are secrets of their own, tested with their slices."""

FOLDERS = {"/findings": "finding", "/visits": "visit", "/points": "point", "/places": "place", "/labels": "label"}


@cache
def routes() -> tuple[tuple[str, str, Do], ...]:
    """(method, path with {parameters}, permission) of every handler."""
    found = []
    for route in application("").routes:
        for handler in getattr(route, "route_handlers", []):
            methods = set(handler.http_methods) - {"OPTIONS", "HEAD"}
            stated = [guard.do for guard in handler.guards or [] if hasattr(guard, "do")]
            assert not methods or len(stated) == 1, f"{route.path} states {stated}"
            found += [(method, route.path, stated[0]) for method in methods]
    return tuple(sorted(found, key=str))


def parameters(path: str) -> list[str]:
    return re.findall(r"\{(\w+):", path)


def subject(path: str, name: str) -> str:
    if name == "id":
        return next(word for folder, word in FOLDERS.items() if path.startswith(folder))
    return SUBJECTS[name]


def test_every_handler_states_its_permission_and_every_address_has_its_subject() -> None:
    for _, path, _ in routes():
        for name in parameters(path):
            subject(path, name)


def test_changing_needs_more_than_reading() -> None:
    """A write behind the permission to read is how rights are lost (each handler states its own)."""
    reading = {Do.SEE_SCHOOL, Do.SEE_FINDINGS, Do.RECORD}
    assert [path for method, path, do in routes() if method != "GET" and do in reading] == []


def test_an_officer_writes_nothing_of_a_school() -> None:
    writes = {do for method, _, do in routes() if method != "GET"}
    assert MAY[Role.OFFICER] & writes <= {Do.PUBLIC, Do.SIGNED_IN, Do.EDIT_PACK, Do.CALENDAR, Do.WORK}
    own = {verb.value for (_, verb), moves in MOVES.items() for move in moves if move.who & BUREAU}
    assert own.isdisjoint({"register", "assign", "hand_over", "make_safe", "start", "mend", "accept", "merge", "split"})


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def owner(dsns: Dsns, app: object) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(dsns.owner)
    yield connection
    await connection.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def things(owner: Any, world: World) -> dict[tuple[str, str], str]:
    """(kind of thing, whose) -> its id: one of each in each school."""
    found: dict[tuple[str, str], str] = {}
    for whose, school in SCHOOLS.items():
        body = world.bodies[school]
        found["school", whose] = str(body)
        found["point", whose] = str(world.points["gate" if school == "one" else f"gate_{school}"])
        found.update(
            {(kind, whose): value for kind, value in (await _rows(owner, world, body, found["point", whose])).items()}
        )
    return found


async def _rows(owner: Any, world: World, body: UUID, point: str) -> dict[str, str]:
    manager = await owner.fetchrow(
        """SELECT id, "user" FROM member m WHERE body = $1 AND post = 'safety_director'
             AND NOT EXISTS (SELECT 1 FROM member o WHERE o."user" = m."user" AND o.body <> m.body)""",
        body,
    )
    place = await owner.fetchval(
        "INSERT INTO place (school, kind, name) VALUES ($1, 'ground', $2) RETURNING id", body, f"G{uuid4()}"
    )
    room = await owner.fetchval("INSERT INTO room (school, place, name) VALUES ($1, $2, 'R') RETURNING id", body, place)
    label = await owner.fetchval("SELECT id FROM label WHERE school = $1 LIMIT 1", body)
    visit = await owner.fetchval(
        """INSERT INTO visit (id, school, point, by, member, how, body_hash)
           VALUES ($1, $2, $3::uuid, $4, $5, 'scan', '')
           RETURNING id""",
        *(uuid7(), body, UUID(point), manager["user"], manager["id"]),
    )
    async with writing(Scope(school=body)):
        await append(body, visit, "visit", "{}", None)
    finding = await owner.fetchval(
        """INSERT INTO finding (school, number, point, source, state, title, found_at)
           VALUES ($1, $2, $3::uuid, 'patrol', 'reported', 'x', now()) RETURNING id""",
        *(body, f"99-{secrets.randbelow(10**6)}", UUID(point)),
    )
    stored = secrets.token_hex(32)
    await owner.execute(
        """INSERT INTO photo (school, sha256, stored_sha256, state, role, visit)
           VALUES ($1, $2, $2, 'kept', 'problem', $3)""",
        *(body, stored, visit),
    )
    invitation = await owner.fetchval(
        """INSERT INTO invitation (body, "user", token_hash, invited_by, expires_at)
           VALUES ($1,$2,$3,$2,now()) RETURNING id""",
        *(body, manager["user"], secrets.token_hex(32)),
    )
    session = await owner.fetchval('SELECT id FROM user_session WHERE "user" = $1 LIMIT 1', manager["user"])
    checklist = await owner.fetchval(
        "INSERT INTO checklist (kind, body, version) VALUES ('hall', $1, $2) RETURNING id",
        *(body, 1000 + secrets.randbelow(10**6)),
    )
    notice = await owner.fetchval(
        """INSERT INTO notice (school, "user", kind, subject) VALUES ($1, $2, 'finding_opened', $3) RETURNING id""",
        *(body, manager["user"], finding),
    )
    channel = await owner.fetchval(
        """INSERT INTO notice_channel (school, kind, name, address, by) VALUES ($1, 'wecom', 'x', '', $2)
           RETURNING id""",
        *(body, manager["user"]),
    )
    rule = await owner.fetchval(
        "INSERT INTO routing_rule (school, assignee) VALUES ($1, $2) RETURNING id", body, manager["user"]
    )
    ids = {
        **await _duty(owner, body, manager["user"]),
        **await _round(owner, body, UUID(point)),
        "term": await owner.fetchval(
            "INSERT INTO term (body, name, starts, ends) VALUES ($1, 'x', '2090-02-20', '2090-07-01') RETURNING id",
            body,
        ),
        "rule": rule,
        "notice": notice,
        "channel": channel,
        "checklist": checklist,
        "place": place,
        "room": room,
        "label": label,
        "visit": visit,
        "finding": finding,
        "invitation": invitation,
        "session": session,
    }
    return {
        **{k: str(v) for k, v in ids.items()},
        "stored": stored,
        "user": str(manager["user"]),
        "member": str(manager["id"]),
    }


async def _duty(owner: Any, body: UUID, user: UUID) -> dict[str, UUID]:
    """A roster with two turns of one person and a swap between them, which ends nothing."""
    roster = await owner.fetchval(
        """INSERT INTO roster (school, name, shifts, starts_on) VALUES ($1, $2, '[{"start": 480, "end": 960}]', $3)
           RETURNING id""",
        *(body, f"D{uuid4()}", clock.today()),
    )
    duties = [
        await owner.fetchval(
            'INSERT INTO duty (school, roster, day, shift, "user") VALUES ($1,$2,$3,0,$4) RETURNING id',
            *(body, roster, clock.today() + timedelta(days=n), user),
        )
        for n in (1, 2)
    ]
    swap = await owner.fetchval(
        'INSERT INTO duty_swap (school, duty, other, "by", asked) VALUES ($1,$2,$3,$4,$4) RETURNING id',
        *(body, *duties, user),
    )
    return {"roster": roster, "duty": duties[0], "swap": swap}


async def _round(owner: Any, body: UUID, point: UUID) -> dict[str, UUID]:
    """A paused route with one round long ago and its one stop."""
    route = await owner.fetchval(
        """INSERT INTO route (school, name, post, starts_on, opened_until, state)
           VALUES ($1, $2, 'guard', '2020-01-01', '2020-01-01', 'paused') RETURNING id""",
        *(body, f"R{uuid4()}"),
    )
    at = clock.now() - timedelta(days=700)
    round_id = await owner.fetchval(
        """INSERT INTO round (school, route, day, name, opens_at, closes_at, late_until, closed_at, post, stops)
           VALUES ($1, $2, $3, 'x', $4, $5, $5, $5, 'guard', 1) RETURNING id""",
        *(body, route, at.date(), at, at + timedelta(hours=1)),
    )
    stop = await owner.fetchval(
        """INSERT INTO stop (school, round, route, point, kind, area, day, opens_at, closes_at, late_until, state,
             missed_at)
           VALUES ($1, $2, $3, $4, 'gate_guard_room', 'security', $5, $6, $7, $7, 'missed', $7) RETURNING id""",
        *(body, round_id, route, point, at.date(), at, at + timedelta(hours=1)),
    )
    return {"route": route, "round": round_id, "stop": stop}


def filled(path: str, things: dict[tuple[str, str], str], whose: str) -> str:
    """The address with the ids of one school in it; `nobody` gives ids that do not exist."""
    for name in parameters(path):
        kind = subject(path, name)
        if kind in NOT_TENANT:
            value = {"code": "0000000000ZZ", "sha256": "0" * 64, "kind": "lab", "event": str(UUID(int=7))}.get(
                kind, "x"
            )
        elif whose == "nobody":
            value = "f" * 64 if kind == "stored" else str(uuid4())
        else:
            value = things[kind, whose]
        path = re.sub(r"\{" + name + r":\w+\}", value, path)
    return path


async def visitor(app: object, owner: Any, world: World, who: str) -> httpx.AsyncClient:
    """A browser with a session of its own, which a test may end."""
    cookies = {}
    if who:
        cookies["xunan"] = secrets.token_urlsafe(32)
        member = await owner.fetchval('SELECT id FROM member WHERE "user" = $1', world.users[who])
        epoch = await owner.fetchval("SELECT epoch FROM app_user WHERE id = $1", world.users[who])
        await owner.execute(
            'INSERT INTO user_session ("user", member, token_hash, epoch, expires_at) VALUES ($1, $2, $3, $4, $5)',
            *(world.users[who], member, hashed(cookies["xunan"]), epoch, clock.now() + timedelta(hours=1)),
        )
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app),  # type: ignore[arg-type]
        base_url="http://xunan.test",
        cookies=cookies,
        headers={"accept": "text/html", "accept-language": "en", "sec-fetch-site": "same-origin"},
    )


async def ask(client: httpx.AsyncClient, method: str, path: str) -> httpx.Response:
    """An empty form is sent for a write: what is allowed may then say what is missing, never that it is forbidden."""
    if method == "GET":
        return await client.get(path)
    return await client.request(method, path, data={"x": "1"})


def may(who: str, do: Do) -> bool:
    """What the role of this person of the world allows."""
    if not who or do is Do.PUBLIC:
        return do is Do.PUBLIC
    body, post, _ = PEOPLE[who]
    return do is Do.SIGNED_IN or (do in MAY[POSTS[post]] and (do not in CITY_ONLY or body == "city"))


def matrix() -> Iterator[Any]:
    for method, path, do in routes():
        for who in WHO:
            yield pytest.param(method, path, do, who, id=f"{method} {path} {who or 'stranger'}")


ENDS_THE_SESSIONS = {"/sign-out-everywhere"}


@pytest.mark.parametrize(("method", "path", "do", "who"), list(matrix()))
async def test_matrix(
    method: str, path: str, do: Do, who: str, app: object, owner: Any, world: World, things: dict[tuple[str, str], str]
) -> None:
    allowed = may(who, do)
    if allowed and path in ENDS_THE_SESSIONS:
        return  # tested with the accounts; here it would end everybody's
    whose = "nobody" if method != "GET" else "own"  # a write must not change the world of the other tests
    async with await visitor(app, owner, world, who) as client:
        answer = await ask(client, method, filled(path, things, whose))
    assert answer.status_code < 500, answer.text
    if allowed:
        assert answer.status_code != 403, answer.text
        assert "/sign-in" not in answer.headers.get("location", "") or path == "/" or do is Do.PUBLIC
    elif who:
        assert answer.status_code == 403
    else:
        turned_away = answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")
        assert turned_away or answer.status_code == 401


def foreign() -> Iterator[Any]:
    for method, path, do in routes():
        kinds = {subject(path, name) for name in parameters(path)} - NOT_TENANT
        if kinds and do is not Do.PUBLIC:
            for whose in ("neighbour", "far"):
                yield pytest.param(method, path, do, whose, id=f"{method} {path} {whose}")


@pytest.mark.parametrize(("method", "path", "do", "whose"), list(foreign()))
async def test_a_foreign_row_answers_exactly_like_none(
    method: str,
    path: str,
    do: Do,
    whose: str,
    app: object,
    owner: Any,
    world: World,
    things: dict[tuple[str, str], str],
) -> None:
    people = [
        who
        for who in ("guard", "crew", "manager", "principal")
        if do is Do.SIGNED_IN or do in MAY[POSTS[PEOPLE[who][1]]]
    ]
    for who in people:
        theirs, nothing = filled(path, things, whose), filled(path, things, "nobody")
        async with await visitor(app, owner, world, who) as client:
            one, other = await ask(client, method, theirs), await ask(client, method, nothing)
        assert one.status_code == other.status_code, (who, one.text[:300])
        assert one.status_code in {404, 409, 422, 303}, (who, one.status_code)
        assert _plain(one.text) == _plain(other.text), who
        if one.status_code == 303:
            assert _plain(one.headers["location"]) == _plain(other.headers["location"])


def _plain(text: str) -> str:
    """Without the ids, which differ by what was asked."""
    return re.sub(r"[0-9a-f]{64}|[0-9a-f]{8}-[0-9a-f-]{27}|\d{2}:\d{2}", "…", text)


async def test_an_ended_membership_ends_at_the_next_request(app: object, owner: Any, world: World) -> None:
    async with await visitor(app, owner, world, "guard2") as client:
        assert (await client.get(f"/p/{world.codes['gate']}")).status_code == 200
        await owner.execute('UPDATE member SET active = false WHERE "user" = $1', world.users["guard2"])
        try:
            assert (await client.get(f"/points/{world.points['gate']}/visit")).status_code == 403
        finally:
            await owner.execute('UPDATE member SET active = true WHERE "user" = $1', world.users["guard2"])


async def test_reading_everything_as_everybody_changes_nothing(
    app: object, owner: Any, world: World, things: dict[tuple[str, str], str]
) -> None:
    """A GET never writes: the whole database is the same after every page was asked for by everybody."""
    visitors = [await visitor(app, owner, world, who) for who in WHO]
    before = await everything(owner)
    for client in visitors:
        async with client:
            for method, path, _ in routes():
                if method == "GET":
                    await client.get(filled(path, things, "own"))
    assert await everything(owner) == before


async def everything(owner: Any) -> dict[str, tuple[int, int]]:
    """Rows of each table and the newest transaction that wrote one; equal means that nothing was written."""
    tables = await owner.fetch(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'throttle'"
    )
    found = {}
    for table in tables:
        sql = f'SELECT count(*) AS rows, coalesce(max(xmin::text::bigint), 0) AS newest FROM "{table["tablename"]}"'
        found[table["tablename"]] = tuple(await owner.fetchrow(sql))
    return found
