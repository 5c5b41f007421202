"""Whoever reported sees every step of it in his own words, and can say that it is not mended."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from backend import clock, database
from backend.database import reading, writing
from backend.findings.rules import State, Verb
from backend.findings.rules_report import STEP_NAMES, may_deny, step
from backend.row import uuid7
from tests.findings.lives import act, born, line
from tests.findings.people import picture, spot, stranger
from tests.world import World


async def reported(app: object, world: World, words: str = "路灯不亮") -> tuple[str, UUID]:
    """The path of a receipt and its finding."""
    here = await spot(world)
    async with stranger(app) as someone:
        sent = await someone.post(f"/report/{here.code}", data={"id": str(uuid7()), "words": words, "area": "fire"})
    assert sent.status_code == 303
    rows = await asked(world, "SELECT id FROM finding WHERE point = $1", here.point)
    return sent.headers["location"], rows[0]["id"]


async def asked(world: World, sql: str, *values: Any) -> list[dict[str, Any]]:
    async with reading((await world.member("manager")).scope):
        return await database.rows(sql, *values)


async def change(world: World, sql: str, *values: Any) -> None:
    async with writing((await world.member("manager")).scope):
        await database.run(sql, *values)


async def deny(client: httpx.AsyncClient, receipt: str, words: str = "还是不亮", **fields: str) -> httpx.Response:
    return await client.post(f"{receipt}/not-mended", data={"id": str(uuid7()), "words": words, **fields})


LIFE = (
    ("manager", Verb.ASSIGN),
    ("crew", Verb.MEND),
    ("manager", Verb.ACCEPT),
    ("duty", Verb.RECHECK),
    ("manager", Verb.CLOSE),
)


async def test_the_steps_are_shown_with_their_days_and_without_names(app: object, world: World) -> None:
    receipt, finding = await reported(app, world)
    marks = {
        None: "学校已收到",
        Verb.ASSIGN: "整改中",
        Verb.MEND: "整改完成",
        Verb.ACCEPT: "已由他人验收",
        Verb.CLOSE: "已销号",
    }
    for who, verb in ((None, None), *LIFE):
        if who and verb:
            await act(world, finding, who, verb)
        async with stranger(app, language="zh-CN") as someone:
            shown = await someone.get(receipt)
        assert shown.status_code == 200
        if verb in marks:
            reached = shown.text.split('aria-current="step"')[1].split("</li>")[0]
            assert marks[verb] in reached, (verb, reached)
        assert ("还没修好" in shown.text) is (verb in {Verb.MEND, Verb.ACCEPT, Verb.RECHECK, Verb.CLOSE}), verb
        for name in ("李师傅", "陈立", "王建国", "更换锁具"):
            assert name not in shown.text


async def test_what_was_told_is_repeated_in_the_readers_language(app: object, world: World) -> None:
    receipt, _ = await reported(app, world, "栏杆松动")
    for language, area in (("zh-CN", "消防安全"), ("en", "Fire safety")):
        async with stranger(app, language=language) as someone:
            shown = (await someone.get(receipt)).text
        assert area in shown
        assert "macro" not in shown
        assert "栏杆松动" in shown


async def test_a_refusal_is_shown_with_its_reason(app: object, world: World) -> None:
    receipt, finding = await reported(app, world)
    await act(world, finding, "manager", Verb.REJECT, words="该灯为感应灯，并未损坏")
    for language, said in (("zh-CN", "不属于隐患"), ("en", "not a hazard")):
        async with stranger(app, language=language) as someone:
            shown = await someone.get(receipt)
            assert said in shown.text
            assert "该灯为感应灯" in shown.text
            assert (await deny(someone, receipt)).status_code == 409


async def test_not_mended_is_a_sighting_and_an_urgent_notice(app: object, world: World) -> None:
    receipt, finding = await reported(app, world)
    async with stranger(app) as someone:
        early = await deny(someone, receipt, "too early words")
        assert early.status_code == 409
        for who, verb in LIFE[:2]:
            await act(world, finding, who, verb)
        silent = await deny(someone, receipt, "  ")
        assert silent.status_code == 422
        assert 'id="words-error"' in silent.text
        assert (await deny(someone, receipt, "x" * 1001)).status_code == 422
        said = await someone.post(
            f"{receipt}/not-mended",
            data={"id": str(uuid7()), "words": "还是<不>亮"},
            files={"photo": ("a.jpg", picture("black"), "image/jpeg")},
        )
        assert said.status_code == 303
        shown = await someone.get(said.headers["location"])
        assert "You said that it is not mended" in shown.text
        again = await deny(someone, receipt, "and again")
        assert again.status_code == 409
        assert "already today" in again.text
    row = await line(world, finding)
    assert (row["state"], row["sightings"]) == ("submitted", 1)
    seen = await asked(
        world, "SELECT kind, words, report IS NOT NULL AS told FROM sighting WHERE finding = $1", finding
    )
    assert seen == [{"kind": "not_mended", "words": "还是<不>亮", "told": True}]
    events = await asked(
        world, "SELECT before, after FROM finding_event WHERE finding = $1 AND verb = 'sight'", finding
    )
    assert events == [{"before": "submitted", "after": "submitted"}]
    told = await asked(
        world, "SELECT \"user\", urgent FROM notice WHERE subject = $1 AND kind = 'report_not_mended'", finding
    )
    here = {one["user"] for one in told} & set(world.users.values())  # other tests hire more managers
    assert here == {world.users["manager"], world.users["deputy"]}
    assert all(one["urgent"] for one in told)
    photos = await asked(world, "SELECT role, state FROM photo WHERE finding = $1 AND by IS NULL", finding)
    assert photos == [{"role": "problem", "state": "kept"}]
    entries = await asked(
        world,
        "SELECT body FROM record_entry WHERE kind = 'report' AND body LIKE '%not_mended%' AND body LIKE $1",
        f"%{finding}%",
    )
    assert len(entries) == 1


async def test_the_same_form_twice_is_one(app: object, world: World) -> None:
    receipt, finding = await reported(app, world)
    for who, verb in LIFE[:2]:
        await act(world, finding, who, verb)
    form = str(uuid7())
    async with stranger(app) as someone:
        sent = await asyncio.gather(*(deny(someone, receipt, id=form) for _ in range(3)))
        assert {one.status_code for one in sent} == {303}
        assert (await deny(someone, receipt, id=form)).status_code == 303
    assert (await line(world, finding))["sightings"] == 1


async def test_what_was_closed_comes_back_within_ninety_days(app: object, world: World) -> None:
    receipt, finding = await reported(app, world)
    for who, verb in LIFE:
        await act(world, finding, who, verb)
    async with stranger(app) as someone:
        assert (await deny(someone, receipt, "灯又灭了")).status_code == 303
    row = await line(world, finding)
    assert (row["state"], row["recurred"], row["sightings"], row["closed_at"]) == ("reopened", 1, 1, None)
    assert row["mended_by"] is None
    events = await asked(
        world, "SELECT id, by, words FROM finding_event WHERE finding = $1 AND verb = 'reopen'", finding
    )
    assert [(one["by"], one["words"]) for one in events] == [(None, "灯又灭了")]
    entries = await asked(world, "SELECT 1 FROM record_entry WHERE subject = $1 AND kind = 'event'", events[0]["id"])
    assert len(entries) == 1
    async with stranger(app, language="zh-CN") as someone:
        shown = (await someone.get(receipt)).text
    assert "已销号" not in shown.split('aria-current="step"')[1].split("</li>")[0]


async def test_after_ninety_days_it_is_a_new_report(app: object, world: World) -> None:
    receipt, finding = await reported(app, world)
    for who, verb in LIFE:
        await act(world, finding, who, verb)
    long_ago = "found_at = now() - interval '95 days', closed_at = now() - interval '91 days'"
    await change(world, f"UPDATE finding SET {long_ago} WHERE id = $1", finding)
    async with stranger(app) as someone:
        assert "not-mended" not in (await someone.get(receipt)).text
        assert (await deny(someone, receipt)).status_code == 409
    assert (await line(world, finding))["state"] == "closed"


async def test_a_report_that_was_merged_shows_what_becomes_of_the_other(app: object, world: World) -> None:
    receipt, finding = await reported(app, world)
    kept = await born(world)
    await act(world, finding, "manager", Verb.MERGE, target=str(kept))
    for who, verb in LIFE[:2]:
        await act(world, kept, who, verb)
    async with stranger(app, language="zh-CN") as someone:
        shown = await someone.get(receipt)
        assert "整改完成" in shown.text.split('aria-current="step"')[1].split("</li>")[0]
        assert "门打不开" not in shown.text, "the words of others are not his to read"
        assert (await deny(someone, receipt)).status_code == 303
    assert (await line(world, kept))["sightings"] == 2
    assert (await line(world, finding))["state"] == "merged"


async def test_a_receipt_that_is_none(app: object) -> None:
    async with stranger(app) as someone:
        for code in ("0000000000ZZ", "x", "7K3M9QX27K3M"):
            assert (await someone.get(f"/report/receipt/{code}")).status_code == 404
            assert (await deny(someone, f"/report/receipt/{code}")).status_code == 404


@pytest.mark.parametrize("state", list(State))
def test_every_state_has_its_step(state: State) -> None:
    assert 0 <= step(state) < len(STEP_NAMES)
    now = clock.now()
    assert may_deny(state, now - timedelta(days=1), now) is (
        state in {State.FIXED_ON_SPOT, State.SUBMITTED, State.ACCEPTED, State.RECHECKED, State.CLOSED}
    )
    assert not may_deny(State.CLOSED, now - timedelta(days=90), now)
