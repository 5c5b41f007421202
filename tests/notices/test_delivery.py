"""What was written with a finding reaches its receiver once, in order, whatever the receiver does meanwhile."""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from backend import database
from backend.database import writing
from backend.notices import actions_send, senders
from backend.notices.actions import tell, tell_above, tell_posts
from backend.notices.actions_channels import add_channel, end_channel
from backend.notices.rules_messages import webhook_sign
from backend.row import uuid7
from tests.findings.people import fault, spot
from tests.notices.conftest import Set, waiting
from tests.notices.receivers import http_receiver, postbox
from tests.world import World

SECRET = "a-secret-of-sixteen"
ALL = ["finding_opened", "finding_recurred", "finding_closed", "finding_major", "report_received"]
Turn = Callable[..., Any]


async def channel(world: World, address: str, kind: str = "webhook", who: str = "neighbour_manager") -> UUID:
    secret = SECRET if kind != "wecom" else ""
    return await add_channel(kind, f"群 {uuid7()}"[:20], address, secret, ALL, await world.member(who))


async def said(world: World, kind: str, subject: UUID, *, number: str = "26-1", urgent: bool = False) -> None:
    """A verb of the neighbouring school tells its managers."""
    by = await world.member("neighbour")
    assert by.school is not None
    async with writing(by.scope):
        facts = {"number": number, "title": "消火栓", "title_en": "Hydrant"}
        await tell_posts(by.school, ["safety_director"], kind, subject, facts, urgent=urgent)


async def test_a_finding_reaches_the_group_once_signed(world: World, owner: Any, turn: Turn, configured: Set) -> None:
    configured(XUNAN_OUTGOING_PRIVATE="127.0.0.1")
    async with http_receiver() as receiver:
        target = await channel(world, receiver.address)
        raised = await fault(world, "neighbour", (await spot(world, "neighbour_manager")).point, "坏了")
        assert "1 deliveries to 1 receivers, 0 failed" in await turn()
        assert await turn(later=True) == ""
        (got,) = receiver.got
    assert [one["finding"] for one in got.json["events"]] == [str(raised.finding)]
    stamp = int(got.headers["x-xunan-timestamp"])
    assert abs(stamp - time.time()) < 60
    assert got.headers["x-xunan-signature"] == webhook_sign(SECRET, stamp, got.body)
    (row,) = await waiting(owner, target)
    assert (row["state"], row["tries"], str(row["id"])) == ("sent", 1, got.json["events"][0]["id"])
    kept = await owner.fetchrow("SELECT * FROM notice_channel WHERE id = $1", target)
    assert kept["last_sent_at"] is not None
    assert kept["last_error"] == ""


@pytest.mark.parametrize("kind", ["wecom", "dingtalk", "feishu"])
async def test_bots_get_one_digest_for_all_that_is_due(
    kind: str, world: World, owner: Any, turn: Turn, configured: Set
) -> None:
    configured(XUNAN_OUTGOING_PRIVATE="127.0.0.1")
    async with http_receiver() as receiver:
        receiver.how = (200, '{"code":0,"errcode":0}', "")
        target = await channel(world, receiver.address, kind)
        for n in range(60):
            await said(world, "finding_opened", uuid7(), number=f"26-{n:04}")
        await turn()
        (got,) = receiver.got
    assert {row["state"] for row in await waiting(owner, target)} == {"sent"}
    text = got.body.decode()
    assert "26-0000" in text
    assert ("26-0059" in text) == (kind != "wecom")  # 4096 bytes
    assert "60" in text
    assert ("sign=" in got.path) == (kind == "dingtalk")
    assert ('"sign"' in text) == (kind == "feishu")


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ((500, "oh", ""), "status 500"),
        ((302, "", "Location: http://127.0.0.1:1/\r\n"), "redirect 302"),
        ((200, '{"errcode":93000,"errmsg":"invalid webhook url"}', ""), "answer 93000 invalid webhook url"),
        ((200, "<html>", ""), "unreadable"),
        ("garbage", "unreachable"),
        ("hang up", "unreachable"),
        ("endless", "unreadable"),
        ("slow", "slow"),
    ],
)
async def test_a_receiver_that_fails_gets_it_once_it_is_back(
    how: Any,
    code: str,
    world: World,
    owner: Any,
    turn: Turn,
    configured: Set,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    configured(XUNAN_OUTGOING_PRIVATE="127.0.0.1")
    monkeypatch.setattr(senders, "SECONDS", 0.7)
    subject = uuid7()
    async with http_receiver() as receiver:
        receiver.how = how
        target = await channel(world, receiver.address, "wecom")
        await said(world, "finding_opened", subject)
        await turn()
        (row,) = await waiting(owner, target)
        assert (row["state"], row["last_error"]) == ("waiting", code)
        assert row["due_at"] > await owner.fetchval("SELECT now() + interval '15 seconds'")
        await said(world, "finding_closed", subject)
        assert await turn() == ""  # what came later does not overtake what waits
        receiver.how, receiver.got = "ok", []
        await turn(later=True)
        assert await turn(later=True) == ""
        (got,) = receiver.got
    text = got.body.decode()
    assert text.index("新隐患") < text.index("已销号")
    assert [row["state"] for row in await waiting(owner, target)] == ["sent", "sent"]


async def test_a_receiver_that_is_down_and_comes_back(world: World, owner: Any, turn: Turn, configured: Set) -> None:
    configured(XUNAN_OUTGOING_PRIVATE="127.0.0.1")
    async with http_receiver() as gone:
        port = gone.port
    target = await channel(world, f"http://127.0.0.1:{port}/hook")
    one = uuid7()
    await said(world, "finding_opened", one)
    await turn()
    assert (await waiting(owner, target))[0]["last_error"] == "unreachable"
    await said(world, "finding_closed", one)
    async with http_receiver(port) as back:
        await turn(later=True)
        events = [event for got in back.got for event in got.json["events"]]
    assert [event["kind"] for event in events] == ["finding_opened", "finding_closed"]


async def test_throttling_is_a_pause_of_ten_minutes(world: World, owner: Any, turn: Turn, configured: Set) -> None:
    configured(XUNAN_OUTGOING_PRIVATE="127.0.0.1")
    async with http_receiver() as receiver:
        receiver.how = (200, '{"errcode":130101,"errmsg":"send too fast"}', "")
        target = await channel(world, receiver.address, "dingtalk")
        await said(world, "finding_opened", uuid7())
        await turn()
        await owner.execute("UPDATE delivery SET due_at = now() WHERE channel = $1", target)
        await said(world, "finding_opened", uuid7(), urgent=True)
        assert await turn() == ""
        assert len(receiver.got) == 1
    pause = await owner.fetchval("SELECT pause_until - now() FROM notice_channel WHERE id = $1", target)
    assert 590 < pause.total_seconds() <= 600


async def test_a_slow_receiver_keeps_nobody_waiting(
    world: World, owner: Any, turn: Turn, configured: Set, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither another channel nor a submission, nor a reading of the channel's own row."""
    configured(XUNAN_OUTGOING_PRIVATE="127.0.0.1")
    monkeypatch.setattr(senders, "SECONDS", 3.0)
    async with http_receiver() as slow, http_receiver() as quick:
        slow.how = "slow"
        first = await channel(world, slow.address)
        second = await channel(world, quick.address)
        await said(world, "finding_opened", uuid7())
        job = asyncio.create_task(turn())
        await asyncio.sleep(1)
        assert slow.got
        assert (await waiting(owner, second))[0]["state"] == "sent"
        busy = await owner.fetchval(
            """SELECT count(*) FROM pg_stat_activity
               WHERE state LIKE 'idle in transaction%' AND datname = current_database()"""
        )
        assert busy == 0
        started = time.monotonic()
        await owner.execute("UPDATE notice_channel SET name = name WHERE id = $1", first)
        await owner.execute(
            "INSERT INTO delivery (school, channel, kind, subject, due_at) VALUES ($1, $2, 'x', $1, now())",
            *(world.bodies["two"], first),
        )
        assert time.monotonic() - started < 1
        assert not job.done()
        await job
    assert (await waiting(owner, first))[0]["last_error"] == "slow"


async def test_two_workers_at_once_send_once(
    world: World, owner: Any, configured: Set, as_worker: Callable[[], Any]
) -> None:
    configured(XUNAN_OUTGOING_PRIVATE="127.0.0.1")
    async with http_receiver() as receiver:
        await channel(world, receiver.address)
        for _ in range(5):
            await said(world, "finding_opened", uuid7())
        async with as_worker():
            await asyncio.gather(*(actions_send.deliver() for _ in range(4)))
        events = [event["id"] for got in receiver.got for event in got.json["events"]]
    assert len(events) == len(set(events)) == 5


async def test_what_a_dead_worker_had_claimed_is_sent_later(
    world: World, owner: Any, turn: Turn, configured: Set, as_worker: Callable[[], Any]
) -> None:
    configured(XUNAN_OUTGOING_PRIVATE="127.0.0.1")
    async with http_receiver() as receiver:
        target = await channel(world, receiver.address)
        await said(world, "finding_opened", uuid7())
        async with as_worker():
            assert len(await actions_send._claim()) == 1  # and then it dies
        assert await turn() == ""
        left = (await waiting(owner, target))[0]["due_at"] - await owner.fetchval("SELECT now()")
        assert 60 < left.total_seconds() <= 120
        await turn(later=True)
        assert len(receiver.got) == 1


async def test_after_a_day_it_is_given_up_and_the_managers_know(
    world: World, owner: Any, turn: Turn, configured: Set
) -> None:
    configured(XUNAN_OUTGOING_PRIVATE="127.0.0.1")
    async with http_receiver() as receiver:
        receiver.how = (500, "", "")
        target = await channel(world, receiver.address)
        for _ in range(2):
            await said(world, "finding_opened", uuid7())
            await owner.execute(
                "UPDATE delivery SET created_at = now() - interval '25 hours' WHERE channel = $1 AND state = 'waiting'",
                target,
            )
            await turn(later=True)
    assert [row["state"] for row in await waiting(owner, target)] == ["given_up", "given_up"]
    told = await owner.fetch("SELECT * FROM notice WHERE kind = 'channel_failed' AND subject = $1", target)
    people = set(world.users.values())  # other tests hire more
    assert [row["user"] for row in told if row["user"] in people] == [world.users["neighbour_manager"]]  # once


async def test_at_night_only_what_is_urgent_and_then_everything(
    world: World, owner: Any, turn: Turn, configured: Set, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured(XUNAN_OUTGOING_PRIVATE="127.0.0.1")
    await owner.execute(
        "UPDATE finding_policy SET quiet_from = '22:00', quiet_until = '06:30' WHERE school = $1", world.bodies["two"]
    )
    night = datetime.fromisoformat("2026-11-23T23:30:00+08:00")
    monkeypatch.setattr("backend.clock.now", lambda: night)
    subject = uuid7()
    async with http_receiver() as receiver:
        await channel(world, receiver.address)
        await said(world, "finding_opened", subject)
        assert await turn() == ""
        await said(world, "finding_major", subject, urgent=True)
        assert await turn()
        assert [one["kind"] for one in receiver.got[0].json["events"]] == ["finding_opened", "finding_major"]
        await said(world, "finding_closed", subject)
        assert await turn() == ""
        monkeypatch.setattr("backend.clock.now", lambda: night.replace(hour=12))
        assert await turn()


async def test_one_event_told_to_many_is_one_delivery_for_a_channel(world: World, owner: Any, configured: Set) -> None:
    configured(XUNAN_OUTGOING_PRIVATE="127.0.0.1")
    target = await channel(world, "http://127.0.0.1:9/hook")
    by, subject = await world.member("neighbour"), uuid7()
    assert by.school is not None
    async with writing(by.scope):
        await tell(by.school, [by.user, by.user], "finding_closed", subject, {"number": "1"})
        await tell_posts(by.school, ["safety_director", "guard"], "finding_closed", subject, {}, but=by.user)
        await tell_posts(by.school, ["safety_director"], "finding_closed", subject, {})
        await tell_above(by.school, "district", "finding_closed", subject, {}, urgent=True)
        await tell_above(by.school, "school", "finding_closed", subject, {})
        await tell(by.school, [], "finding_overdue", subject, {})  # not a kind of this channel
    assert [row["kind"] for row in await waiting(owner, target)] == ["finding_closed"]
    told = await owner.fetch('SELECT "user", urgent FROM notice WHERE subject = $1', subject)
    people = set(world.users.values())  # other tests hire more
    assert {(row["user"], row["urgent"]) for row in told if row["user"] in people} == {
        (world.users["neighbour"], False),
        (world.users["neighbour_manager"], False),
        (world.users["district"], True),
    }
    assert len([row for row in told if row["user"] in people]) == 3


async def test_telling_is_one_statement_and_ends_with_its_transaction(
    world: World, owner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    by, subject = await world.member("neighbour"), uuid7()
    assert by.school is not None
    asked: list[str] = []
    real = database.run

    async def counted(sql: str, *values: Any) -> str:
        asked.append(sql)
        return await real(sql, *values)

    monkeypatch.setattr(database, "run", counted)

    async def broken() -> None:
        async with writing(by.scope):
            await tell_posts(by.school or uuid7(), ["safety_director"], "finding_opened", subject, {})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await broken()
    assert len(asked) == 1
    assert await owner.fetchval("SELECT count(*) FROM notice WHERE subject = $1", subject) == 0


async def test_mail_by_choice_urgent_only_without_one(world: World, owner: Any, turn: Turn, configured: Set) -> None:
    async with postbox() as box:
        configured(XUNAN_SMTP_URL=f"smtp://127.0.0.1:{box.port}", XUNAN_MAIL_FROM="xunan@school.cn")
        manager, officer = world.users["neighbour_manager"], world.users["district"]
        await owner.execute(
            "UPDATE app_user SET email = username || '@school.cn' WHERE id = ANY ($1)", [manager, officer]
        )
        await owner.execute("UPDATE app_user SET language = 'en' WHERE id = $1", officer)
        await owner.execute(
            """INSERT INTO notice_choice ("user", kind, mail) VALUES ($1, 'finding_closed', true),
                 ($1, 'finding_major', false)""",
            manager,
        )
        await said(world, "finding_opened", uuid7())
        await said(world, "finding_major", uuid7(), urgent=True)
        assert await turn() == ""  # the one is not urgent, the other not wanted
        await said(world, "finding_closed", uuid7(), number="26-7")
        await said(world, "finding_opened", uuid7(), number="26-8", urgent=True)
        by = await world.member("neighbour")
        assert by.school is not None
        async with writing(by.scope):
            for urgent in (True, False):
                facts = {"number": "26-9", "title": "门", "title_en": "Door"}
                await tell_above(by.school, "district", "finding_escalated", uuid7(), facts, urgent=urgent)
        await turn()
        box.got.sort(key=lambda mail: str(mail["To"]))
        officers, managers = box.got
        await owner.execute("UPDATE app_user SET language = '' WHERE id = $1", officer)
    assert managers["To"] == "neighbour_manager@school.cn"
    assert "26-7" in managers.get_content()
    assert managers.get_content().index("26-8") < managers.get_content().index("26-7")
    assert "/notices/choices" in managers.get_content()
    assert "Door" in officers["Subject"]
    stopped = await owner.fetch('SELECT last_error FROM delivery WHERE "user" = $1 AND state = $2', officer, "given_up")
    assert [row["last_error"] for row in stopped] == ["not_wanted"]


async def test_nobody_who_left_gets_mail(world: World, owner: Any, turn: Turn, configured: Set) -> None:
    manager = world.users["neighbour_manager"]
    async with postbox() as box:
        configured(XUNAN_SMTP_URL=f"smtp://127.0.0.1:{box.port}")
        await owner.execute("UPDATE app_user SET email = 'a@b.cn' WHERE id = $1", manager)
        await said(world, "finding_opened", uuid7(), urgent=True)
        await owner.execute('UPDATE member SET active = false WHERE "user" = $1', manager)
        try:
            assert await turn() == ""
        finally:
            await owner.execute('UPDATE member SET active = true WHERE "user" = $1', manager)
        assert (await waiting(owner, manager))[-1]["last_error"] == "left"
        box.refuse = True
        await said(world, "finding_opened", uuid7(), urgent=True)
        await turn()
        assert (await waiting(owner, manager))[-1]["last_error"].startswith("mail ")
        assert box.got == []


async def test_what_waits_for_an_ended_channel_is_given_up(
    world: World, owner: Any, turn: Turn, configured: Set
) -> None:
    configured(XUNAN_OUTGOING_PRIVATE="127.0.0.1")
    async with http_receiver() as receiver:
        target = await channel(world, receiver.address)
        await said(world, "finding_opened", uuid7())
        await end_channel(target, await world.member("neighbour_manager"))
        assert await turn() == ""
        assert receiver.got == []
    assert [(row["state"], row["last_error"]) for row in await waiting(owner, target)] == [("given_up", "ended")]


async def test_settings_that_became_stricter_hold_at_once(
    world: World, owner: Any, turn: Turn, configured: Set
) -> None:
    configured(XUNAN_OUTGOING_PRIVATE="127.0.0.1")
    async with http_receiver() as receiver:
        target = await channel(world, receiver.address)
        await said(world, "finding_opened", uuid7())
        configured(XUNAN_OUTGOING_PRIVATE="")
        await turn()
        assert receiver.got == []
    assert (await waiting(owner, target))[0]["last_error"] == "refused"
