"""The crew's phone sends a verb as often as it takes: one event, one receipt, and a photo that may come later."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
import pytest_asyncio

from backend import clock
from backend.postgres_roles import Dsns
from backend.row import uuid7
from tests.conftest import Browser
from tests.findings.people import picture
from tests.findings.tickets import assigned
from tests.world import World


@pytest_asyncio.fixture
async def owner(dsns: Dsns, world: World) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(dsns.owner)
    yield connection
    await connection.close()


def body(verb: str, words: str = "", **others: Any) -> dict[str, Any]:
    return {"verb": verb, "words": words, "fields": {}, "photos": [], "at": clock.now().isoformat(), **others}


async def put(
    client: httpx.AsyncClient, finding: UUID, event: UUID, said: object, headers: dict[str, str] | None = None
) -> httpx.Response:
    return await client.put(f"/api/findings/{finding}/events/{event}", json=said, headers=headers)


async def events(owner: Any, finding: UUID, verb: str) -> list[Any]:
    return list(await owner.fetch("SELECT * FROM finding_event WHERE finding = $1 AND verb = $2", finding, verb))


async def test_the_same_again_is_the_same_receipt(browser: Browser, world: World, owner: Any) -> None:
    finding, event = await assigned(world), uuid7()
    said = body("start")
    async with browser("crew") as client:
        first = await put(client, finding, event, said)
        assert first.status_code == 201, first.text
        assert first.json()["state"] == "rectifying"
        assert first.json()["event"] == str(event)
        assert (await put(client, finding, uuid7(), body("note", "备件已到"))).status_code == 201
        again = await put(client, finding, event, {**said, "at": "2020-01-01T00:00:00Z", "device_seq": 9})
        assert again.status_code == 200
        assert again.json() == {**first.json(), "replayed": True}
        other = await put(client, finding, event, {**said, "words": "别的话"})
        assert other.status_code == 409
        assert other.json()["code"] == "other_body"
        assert other.headers["content-type"].startswith("application/problem+json")
    assert len(await events(owner, finding, "start")) == 1


async def test_a_receipt_outlives_the_sight_of_the_finding(browser: Browser, world: World, owner: Any) -> None:
    """Handed over and closed meanwhile: the crew no longer sees it, but what it said then stays said."""
    finding, event = await assigned(world), uuid7()
    said = body("hand_over", "今天请假", fields={"assignee": str(world.users["crew2"])})
    async with browser("crew") as client:
        assert (await put(client, finding, event, said)).status_code == 201
        await owner.execute("UPDATE finding SET state = 'closed', closed_at = now() WHERE id = $1", finding)
        assert (await client.get(f"/findings/{finding}")).status_code == 404
        again = await put(client, finding, event, said)
        assert again.status_code == 200
        assert again.json()["replayed"] is True
    async with browser("crew2") as client:  # the id is not his: he learns nothing of what was said under it
        assert (await put(client, finding, event, said)).status_code == 409


async def test_ten_at_once_are_one_event(browser: Browser, world: World, owner: Any) -> None:
    finding, event, said = await assigned(world), uuid7(), body("start")
    async with browser("crew") as client:
        answers = await asyncio.gather(*(put(client, finding, event, said) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [200] * 9 + [201]
    assert len({answer.json()["state"] for answer in answers}) == 1
    assert len(await events(owner, finding, "start")) == 1


async def test_one_id_for_two_findings_is_refused(browser: Browser, world: World) -> None:
    one, two, event = await assigned(world), await assigned(world), uuid7()
    async with browser("crew") as client:
        answers = await asyncio.gather(*(put(client, finding, event, body("start")) for finding in (one, two)))
    assert sorted(answer.status_code for answer in answers) == [201, 409]


async def test_a_photo_may_come_later(browser: Browser, world: World, owner: Any) -> None:
    finding, event, photo = await assigned(world), uuid7(), picture("green")
    sha = hashlib.sha256(photo).hexdigest()
    async with browser("crew") as client:
        assert (await put(client, finding, uuid7(), body("start"))).status_code == 201
        said = body("mend", "换了门锁", photos=[sha])
        first = await put(client, finding, event, said)
        assert first.json()["state"] == "submitted"
        assert first.json()["missing"] == [sha]
        row = await owner.fetchrow("SELECT * FROM photo WHERE event = $1", event)
        assert (row["state"], row["role"], row["by"]) == ("awaited", "after", world.users["crew"])
        sent = await client.put(f"/api/photos/{sha}", content=photo, headers={"content-type": "image/jpeg"})
        assert sent.status_code == 201, sent.text
        again = await put(client, finding, event, said)
        assert again.json()["missing"] == []
        shown = await client.get(f"/findings/{finding}")
        kept = await owner.fetchval("SELECT stored_sha256 FROM photo WHERE event = $1", event)
        assert kept in shown.text


async def test_a_photo_that_the_school_holds_is_there_at_once(browser: Browser, world: World, owner: Any) -> None:
    photo = picture("blue")
    sha = hashlib.sha256(photo).hexdigest()
    one, two = await assigned(world), await assigned(world)
    async with browser("crew") as client:
        await put(client, one, uuid7(), body("note", "看这张", photos=[sha]))
        await client.put(f"/api/photos/{sha}", content=photo, headers={"content-type": "image/jpeg"})
        event = uuid7()
        answer = await put(client, two, event, body("make_safe", "已围挡", photos=[sha]))
        assert answer.json()["missing"] == []
        assert await owner.fetchval("SELECT state FROM photo WHERE event = $1", event) == "kept"


async def test_a_verb_without_what_it_needs_says_why_in_one_sentence(browser: Browser, world: World) -> None:
    finding = await assigned(world)
    async with browser("crew", language="zh-CN") as client:
        answer = await put(client, finding, uuid7(), body("mend", "修好了"))
        assert answer.status_code == 422
        assert "photo" in answer.json()["fields"]
        assert answer.json()["detail"] == answer.json()["fields"]["photo"]
        late = await put(client, finding, uuid7(), body("wait", "等水泵", fields={"until": "2020-01-01"}))
        assert late.status_code == 422
        assert "until" in late.json()["fields"]


@pytest.mark.parametrize(
    "said",
    [
        {},
        [],
        {"verb": "escalate"},
        {"verb": ["note"]},
        {"verb": "note", "words": 7},
        {"verb": "note", "words": "x" * 5000},
        {"verb": "note", "words": "x", "fields": ["a"]},
        {"verb": "note", "words": "x", "fields": {"a": 1}},
        {"verb": "note", "words": "x", "photos": "abc"},
        {"verb": "note", "words": "x", "photos": ["abc"]},
        {"verb": "note", "words": "x", "photos": [f"{n:064x}" for n in range(9)]},
    ],
    ids=lambda said: str(said)[:40],
)
async def test_what_cannot_be_understood(browser: Browser, world: World, said: object) -> None:
    finding = await assigned(world)
    async with browser("crew") as client:
        answer = await put(client, finding, uuid7(), said)
    assert answer.status_code == 422
    assert answer.json()["detail"]


async def test_no_json_and_odd_signs(browser: Browser, world: World) -> None:
    finding = await assigned(world)
    async with browser("crew") as client:
        answer = await client.put(f"/api/findings/{finding}/events/{uuid7()}", content=b'{"verb": ')
        assert answer.status_code == 422
        odd = await client.put(
            f"/api/findings/{finding}/events/{uuid7()}", content=b'{"verb": "note", "words": "a\\u0000\\ud800b"}'
        )
        assert odd.status_code == 201


async def test_who_may_not(browser: Browser, world: World) -> None:
    finding = await assigned(world)
    async with browser("neighbour_manager") as client:
        assert (await put(client, finding, uuid7(), body("note", "x"))).status_code == 404
    async with browser("crew2") as client:
        refused = await put(client, finding, uuid7(), body("start"))
        assert (refused.status_code, refused.json()["code"]) == (403, "not_yours")
    async with browser("admin") as client:
        assert (await put(client, finding, uuid7(), body("note", "x"))).status_code == 403
    async with browser() as client:
        assert (await put(client, finding, uuid7(), body("note", "x"))).status_code == 401
    async with browser("crew") as client:
        other = await put(client, finding, uuid7(), body("start"), {"X-Xunan-User": str(world.users["crew2"])})
        assert (other.status_code, other.json()["code"]) == (403, "other_user")


async def test_somebody_was_first(browser: Browser, world: World) -> None:
    """Without a version the state decides; with one, whoever acted meanwhile is named."""
    finding = await assigned(world)
    async with browser("crew") as client:
        assert (await put(client, finding, uuid7(), body("start"))).status_code == 201
        twice = await put(client, finding, uuid7(), body("start"))
        assert twice.status_code == 409
        seen = await put(client, finding, uuid7(), body("wait", "等料", fields={"until": "2099-01-01"}, version=0))
        assert seen.status_code in {409, 422}
        assert (await put(client, finding, uuid7(), body("note", "都一样", version=0))).status_code == 201


async def test_a_phone_with_a_wrong_clock(browser: Browser, world: World, owner: Any) -> None:
    finding, now = await assigned(world), clock.now()
    ahead = now + timedelta(hours=5)
    async with browser("crew") as client:
        event = uuid7()  # said ten minutes ago, by a clock that is five hours ahead
        said = body("note", "一", at=(ahead - timedelta(minutes=10)).isoformat())
        await put(client, finding, event, said, {"X-Client-Now": ahead.isoformat()})
        at = await owner.fetchval("SELECT at FROM finding_event WHERE id = $1", event)
        assert abs(at - (now - timedelta(minutes=10))) < timedelta(minutes=1)
        for told in ("1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "yesterday", 7):
            event = uuid7()
            answer = await put(client, finding, event, body("note", "二", at=told))
            assert answer.status_code == 201, told
            at = await owner.fetchval("SELECT at FROM finding_event WHERE id = $1", event)
            assert abs(at - now) < timedelta(minutes=1), told
