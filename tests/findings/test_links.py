"""A contractor's link: made by who answers for the work, opens one finding and nothing else, ends at once."""

import asyncio
import re
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import UUID

import httpx
import pytest

from backend import clock, database
from backend.access import hashed
from backend.database import reading, writing
from backend.findings.rules import Verb
from backend.findings.rules_links import End, end_of, invitation
from backend.row import uuid7
from tests.conftest import Browser
from tests.findings.lives import act, born, brought, line
from tests.findings.people import fault, picture, stranger
from tests.world import World

NAME, FIRM = "马师傅", "安泰消防工程"


async def made(browser: Browser, finding: UUID, who: str = "crew", **fields: str) -> str:
    """The path of a fresh link."""
    async with browser(who) as client:
        form = (await client.get(f"/findings/{finding}/links")).text
        event = re.search(r'name="event" value="([^"]+)"', form)
        assert event is not None, form[-2000:]
        said = {"event": event[1], "name": NAME, "firm": FIRM, "phone": "138 0013 8000", "days": "7", **fields}
        sent = await client.post(f"/findings/{finding}/links", data=said)
    assert sent.status_code == 201, sent.text
    found = re.search(r'id="link" value="([^"]+)"', sent.text)
    assert found is not None
    return "/c/" + unescape(found[1]).rsplit("/c/", 1)[1]


async def asked(world: World, sql: str, *values: Any) -> list[dict[str, Any]]:
    async with reading((await world.member("manager")).scope):
        return await database.rows(sql, *values)


async def uses(world: World, finding: UUID) -> list[str]:
    sql = """SELECT u.what FROM contractor_use u JOIN contractor_link l ON l.id = u.link WHERE l.finding = $1
             ORDER BY u.created_at, u.id"""
    return [row["what"] for row in await asked(world, sql, finding)]


async def send(client: httpx.AsyncClient, link: str, verb: str, words: str = "已处理", *, photo: str = "") -> Any:
    files = {"photo": ("a.jpg", picture(photo), "image/jpeg")} if photo else None
    return await client.post(f"{link}/do/{verb}", data={"event": str(uuid7()), "words": words}, files=files)


async def test_the_secret_is_shown_once_and_only_its_hash_is_kept(browser: Browser, world: World) -> None:
    finding = await brought(world, Verb.ASSIGN)
    link = await made(browser, finding)
    token = link.removeprefix("/c/")
    assert len(token) >= 43, "256 bits"
    rows = await asked(world, "SELECT * FROM contractor_link WHERE finding = $1", finding)
    assert [row["token_hash"] for row in rows] == [hashed(token)]
    assert rows[0]["made_by"] == world.users["crew"]
    assert 6.9 < (rows[0]["expires_at"] - clock.now()).total_seconds() / 86400 <= 7
    async with browser("crew") as client:
        shown = await client.get(f"/findings/{finding}/links")
    assert NAME in shown.text
    assert token not in shown.text
    async with browser("manager", language="zh-CN") as client:
        timeline = (await client.get(f"/findings/{finding}")).text
    assert f"{NAME}（{FIRM}）" in timeline


async def test_the_same_form_sent_twice_makes_one_link(browser: Browser, world: World) -> None:
    finding = await brought(world, Verb.ASSIGN)
    said = {"event": str(uuid7()), "name": NAME, "days": "3"}
    async with browser("crew") as client:
        sent = [await client.post(f"/findings/{finding}/links", data=said) for _ in range(2)]
    assert [one.status_code for one in sent] == [201, 409]
    assert len(await asked(world, "SELECT id FROM contractor_link WHERE finding = $1", finding)) == 1


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        *(({"name": " "}, "name"), ({"firm": "x" * 61}, "firm"), ({"phone": "call me"}, "phone")),
        *(({"days": "31"}, "days"), ({"days": "0"}, "days"), ({"days": "七"}, "days")),
    ],
)
async def test_bad_input_comes_back_with_its_reason(
    fields: dict[str, str], field: str, browser: Browser, world: World
) -> None:
    finding = await brought(world, Verb.ASSIGN)
    said = {"name": NAME, "firm": FIRM, "phone": "13800138000", "days": "7", **fields}
    assert set(invitation(said).faults) == {field}
    async with browser("crew") as client:
        sent = await client.post(f"/findings/{finding}/links", data=said)
    assert sent.status_code == 422
    assert f'id="{field}-error"' in sent.text
    assert (NAME in sent.text) is (field != "name")
    assert await asked(world, "SELECT id FROM contractor_link WHERE finding = $1", finding) == []


async def test_only_who_answers_for_the_work_makes_and_withdraws(browser: Browser, world: World) -> None:
    finding = await brought(world, Verb.ASSIGN)
    await made(browser, finding, "manager")
    link = (await asked(world, "SELECT id FROM contractor_link WHERE finding = $1", finding))[0]["id"]
    said = {"name": NAME, "days": "7"}
    for who, status in (("crew2", 403), ("principal", 403), ("district", 403), ("neighbour_manager", 404)):
        async with browser(who) as client:
            assert (await client.post(f"/findings/{finding}/links", data=said)).status_code == status, who
            ended = await client.post(f"/findings/{finding}/links/withdraw", data={"link": str(link)})
            assert ended.status_code == status, who
            shown = await client.get(f"/findings/{finding}/links")
            assert shown.status_code == (404 if status == 404 else 200), who
            assert 'name="days"' not in shown.text, who
    async with browser() as client:
        assert (await client.get(f"/findings/{finding}/links")).status_code == 303
    fresh = await born(world)
    async with browser("manager") as client:
        assert (await client.post(f"/findings/{fresh}/links", data=said)).status_code == 409
        assert 'name="days"' not in (await client.get(f"/findings/{fresh}/links")).text


async def test_the_page_shows_one_finding_and_nothing_else_of_the_school(
    app: object, browser: Browser, world: World
) -> None:
    other = await fault(world, "guard", world.points["exit"], "另一处的秘密毛病")
    finding = await brought(world, Verb.ASSIGN)
    link = await made(browser, finding)
    for language, words in (("zh-CN", "该怎么做"), ("en", "What to do")):
        async with stranger(app, language=language) as someone:
            shown = await someone.get(link)
        assert shown.status_code == 200
        assert words in shown.text
        assert "更换锁具" in shown.text
        assert "tel:110" in shown.text
        assert "李师傅" in shown.text, "whom to call: who made the link"
        for hidden in ("另一处的秘密毛病", other.number, "王建国", "陈立", "吴校长", str(finding), "刘洋"):
            assert hidden not in shown.text, hidden
        assert shown.headers["x-robots-tag"] == "noindex, nofollow"
        assert shown.headers["referrer-policy"] == "same-origin"
        assert shown.headers["cache-control"] == "no-store"
    async with stranger(app, language="zh-CN") as someone:
        token = link.removeprefix("/c/")
        back = await someone.post("/language", data={"next": link, "lang": "en"})
        assert back.headers["location"].endswith(token)
        assert "What to do" in (await someone.get(link)).text
    for path in (f"/findings/{finding}", "/findings", f"/findings/{finding}/links"):
        async with stranger(app) as someone:
            assert (await someone.get(path)).status_code == 303


async def test_the_contractor_works_and_who_made_the_link_cannot_accept(
    app: object, browser: Browser, world: World
) -> None:
    finding = await brought(world, Verb.ASSIGN)
    link = await made(browser, finding, "manager")
    async with stranger(app) as someone:
        await someone.get(link)
        await someone.get(link)
        for verb, words, photo in (
            ("note", "带了新锁", ""),
            ("note", "", "white"),
            ("make_safe", "围起来了", "yellow"),
            ("start", "", ""),
            ("mend", "换好了", "green"),
        ):
            sent = await send(someone, link, verb, words, photo=photo)
            assert sent.status_code == 303, (verb, sent.text)
            assert sent.headers["location"].startswith(link)
        shown = await someone.get(sent.headers["location"])
    assert "换好了" in shown.text
    row = await line(world, finding)
    assert (row["state"], row["mended_by"]) == ("submitted", world.users["manager"])
    assert await uses(world, finding) == ["open", "note", "note", "make_safe", "start", "mend"]
    events = await asked(
        world,
        "SELECT verb, by, link, facts->>'contractor' AS who FROM finding_event WHERE finding = $1 AND link IS NOT NULL",
        finding,
    )
    assert len(events) == 5
    assert {(one["by"], one["who"]) for one in events} == {(world.users["manager"], f"{NAME}（{FIRM}）")}
    told = await asked(
        world,
        "SELECT kind, \"user\" FROM notice WHERE subject = $1 AND kind IN ('contractor_mended', 'finding_submitted')",
        finding,
    )
    assert ("contractor_mended", world.users["manager"]) in {(one["kind"], one["user"]) for one in told}
    assert ("finding_submitted", world.users["deputy"]) in {(one["kind"], one["user"]) for one in told}
    async with browser("manager") as client:
        assert (await client.post(f"/findings/{finding}/do/accept", data={"words": "好"})).status_code == 409
        timeline = (await client.get(f"/findings/{finding}")).text
        assert NAME in timeline
        assert FIRM in timeline
        assert "said to be mended" in (await client.get(f"/findings/{finding}/links")).text
    async with browser("deputy") as client:
        assert (await client.post(f"/findings/{finding}/do/accept", data={"words": "好"})).status_code == 303


async def test_what_is_missing_keeps_words_and_photos(app: object, browser: Browser, world: World) -> None:
    finding = await brought(world, Verb.ASSIGN)
    link = await made(browser, finding)
    async with stranger(app, language="zh-CN") as someone:
        nothing = await send(someone, link, "note", " ")
        assert nothing.status_code == 422
        without = await send(someone, link, "mend", "换了<锁>")
        assert without.status_code == 422
        assert "换了&lt;锁&gt;" in without.text
        assert "请添加照片" in without.text or "照片" in without.text
        broken = await someone.post(
            f"{link}/do/mend", data={"words": "换了锁"}, files={"photo": ("a.jpg", b"no picture", "image/jpeg")}
        )
        assert broken.status_code == 422
        assert "我们无法识别" in broken.text or "JPEG" in broken.text
        wordless = await send(someone, link, "mend", "", photo="blue")
        assert wordless.status_code == 422
        held = re.search(r'name="held" value="([^"]+)"', wordless.text)
        assert held is not None
        done = await someone.post(f"{link}/do/mend", data={"words": "换了锁", "held": held[1]})
        assert done.status_code == 303
        forged = await someone.post(f"{link}/do/note", data={"words": "", "held": "é.é"})
        assert forged.status_code == 422
    assert (await line(world, finding))["state"] == "submitted"


async def test_an_event_sent_twice_is_one(app: object, browser: Browser, world: World) -> None:
    finding = await brought(world, Verb.ASSIGN)
    link = await made(browser, finding)
    said = {"event": str(uuid7()), "words": "看过了"}
    async with stranger(app) as someone:
        sent = await asyncio.gather(*(someone.post(f"{link}/do/note", data=said) for _ in range(3)))
    assert {one.status_code for one in sent} == {303}
    assert await uses(world, finding) == ["note"]


async def test_unknown_secrets_and_verbs_are_not_there(app: object, browser: Browser, world: World) -> None:
    finding = await brought(world, Verb.ASSIGN)
    link = await made(browser, finding)
    async with stranger(app) as someone:
        for path in ("/c/x", "/c/" + "A" * 43, "/c/" + "A" * 500):
            assert (await someone.get(path)).status_code == 404
            assert (await someone.post(f"{path}/do/note", data={"words": "x"})).status_code == 404
            assert (await someone.get(f"{path}/photos/{'0' * 64}")).status_code == 404
        for verb in ("accept", "close", "assign", "invite", "nonsense"):
            assert (await send(someone, link, verb)).status_code == 404
    assert (await line(world, finding))["state"] == "assigned"


async def test_who_tries_very_many_secrets_has_to_wait(app: object) -> None:
    async with stranger(app, "198.51.100.9") as someone:
        seen = [(await someone.get(f"/c/guess{n}")).status_code for n in range(125)]
    assert seen[:100] == [404] * 100
    assert seen[-1] == 429
    async with stranger(app) as another:
        assert (await another.get("/c/guess")).status_code == 404


async def test_photos_of_this_finding_only(app: object, browser: Browser, world: World) -> None:
    finding, other = await brought(world, Verb.ASSIGN), await brought(world, Verb.ASSIGN)
    link, elsewhere = await made(browser, finding), await made(browser, other)
    async with stranger(app) as someone:
        await send(someone, elsewhere, "make_safe", "x", photo="purple")
        await send(someone, link, "make_safe", "x", photo="orange")
        own = re.findall(rf'"({re.escape(link)}/photos/[0-9a-f]+)"', unescape((await someone.get(link)).text))
        assert own
        seen = await someone.get(own[0] + "?size=640")
        assert seen.headers["content-type"] == "image/jpeg"
        assert "no-store" in seen.headers["cache-control"]
        foreign = re.findall(
            rf'"{re.escape(elsewhere)}/photos/([0-9a-f]+)"', unescape((await someone.get(elsewhere)).text)
        )
        assert foreign
        assert (await someone.get(f"{link}/photos/{foreign[0]}")).status_code == 404
        async with browser("crew") as client:
            row = (await asked(world, "SELECT id FROM contractor_link WHERE finding = $1", finding))[0]
            await client.post(f"/findings/{finding}/links/withdraw", data={"link": str(row["id"])})
        assert (await someone.get(own[0])).status_code == 404


async def test_a_link_withdrawn_while_the_form_is_open(app: object, browser: Browser, world: World) -> None:
    finding = await brought(world, Verb.ASSIGN)
    link = await made(browser, finding)
    row = (await asked(world, "SELECT id FROM contractor_link WHERE finding = $1", finding))[0]
    async with stranger(app, language="zh-CN") as someone:
        assert (await someone.get(link)).status_code == 200
        async with browser("manager") as client:
            for _ in range(2):
                sent = await client.post(f"/findings/{finding}/links/withdraw", data={"link": str(row["id"])})
                assert sent.status_code == 303
            assert (
                await client.post(f"/findings/{finding}/links/withdraw", data={"link": str(uuid7())})
            ).status_code == 404
        late = await send(someone, link, "mend", "换好了", photo="green")
        assert late.status_code == 410
        shown = await someone.get(link)
    assert shown.status_code == 410
    assert "已被收回" in shown.text
    for hidden in (NAME, "更换锁具", "安全出口上锁", "李师傅", "测试one"):
        assert hidden not in shown.text
    assert (await line(world, finding))["state"] == "assigned"
    assert await uses(world, finding) == ["open", "refused"]
    events = await asked(world, "SELECT verb FROM finding_event WHERE finding = $1 AND verb = 'withdraw'", finding)
    assert len(events) == 1


async def test_withdrawing_and_mending_in_the_same_moment(app: object, browser: Browser, world: World) -> None:
    finding = await brought(world, Verb.ASSIGN)
    link = await made(browser, finding)
    row = (await asked(world, "SELECT id FROM contractor_link WHERE finding = $1", finding))[0]
    async with stranger(app) as someone, browser("manager") as client:
        mended, withdrawn = await asyncio.gather(
            send(someone, link, "mend", photo="green"),
            client.post(f"/findings/{finding}/links/withdraw", data={"link": str(row["id"])}),
        )
        assert withdrawn.status_code == 303
        assert mended.status_code in {303, 410}
        assert (await someone.get(link)).status_code == 410
    state = (await line(world, finding))["state"]
    assert state == ("submitted" if mended.status_code == 303 else "assigned")


async def test_a_link_dies_with_its_finding_with_time_and_with_who_made_it(
    app: object, browser: Browser, world: World
) -> None:
    finding = await brought(world, Verb.ASSIGN)
    link = await made(browser, finding)
    async with stranger(app) as someone:
        for who, verb in (("crew", Verb.MEND), ("manager", Verb.ACCEPT), ("guard", Verb.RECHECK)):
            await act(world, finding, who, verb)
            assert (await someone.get(link)).status_code == 200, verb
            assert (await send(someone, link, "mend", photo="red")).status_code == 409
        await act(world, finding, "manager", Verb.CLOSE)
        assert (await send(someone, link, "note")).status_code == 410
        assert "finished" in (await someone.get(link)).text
    member = await world.member("manager")
    second = await brought(world, Verb.ASSIGN)
    link = await made(browser, second)
    async with writing(member.scope):
        await database.run(
            "UPDATE contractor_link SET expires_at = now() - interval '1 second' WHERE finding = $1", second
        )
    async with stranger(app) as someone:
        assert "expired" in (await someone.get(link)).text
        assert (await send(someone, link, "note")).status_code == 410
    now = clock.now()
    later = now + timedelta(days=1)
    assert end_of("assigned", later, None, now, maker_here=False) is End.LEFT
    assert end_of("assigned", later, None, now, maker_here=True) is None
    assert end_of("assigned", now, None, now, maker_here=True) is End.EXPIRED
    assert end_of("merged", later, None, now, maker_here=True) is End.FINISHED
    assert end_of("closed", later, now, now, maker_here=True) is End.WITHDRAWN


async def test_a_verb_that_came_too_late_names_nobody_and_loses_no_words(
    app: object, browser: Browser, world: World
) -> None:
    finding = await brought(world, Verb.ASSIGN)
    link = await made(browser, finding)
    await act(world, finding, "crew", Verb.MEND)
    async with stranger(app) as someone:
        late = await send(someone, link, "mend", "my long explanation", photo="green")
    assert late.status_code == 409
    assert "my long explanation" in late.text, "the words wait in the form that is still there"
    assert "held" in late.text
    assert "changed meanwhile" in late.text
    assert await uses(world, finding) == ["refused"]


async def test_a_deadline_that_has_passed_is_said_and_hinders_nobody(
    app: object, browser: Browser, world: World
) -> None:
    finding = await brought(world, Verb.ASSIGN)
    link = await made(browser, finding)
    async with writing((await world.member("manager")).scope):
        await database.run("UPDATE finding SET deadline = current_date - 3 WHERE id = $1", finding)
    async with stranger(app) as someone:
        shown = await someone.get(link)
        assert re.search(r'class="pill bad">.{0,200}mend by', shown.text, re.S)
        assert (await send(someone, link, "mend", photo="green")).status_code == 303


async def test_a_major_hazard_is_made_safe_before_it_is_mended(app: object, browser: Browser, world: World) -> None:
    finding = await born(world, severity="major_suspected")
    await act(world, finding, "manager", Verb.GRADE, grade="major")
    await act(world, finding, "manager", Verb.MAKE_SAFE)
    await act(world, finding, "manager", Verb.ASSIGN, grade="major")
    link = await made(browser, finding, "manager")
    async with stranger(app) as someone:
        shown = await someone.get(link)
        assert "Major hazard" in shown.text
        assert (await send(someone, link, "mend", photo="green")).status_code == 409, "not before it is reported up"
        assert (await send(someone, link, "note", "measured the door")).status_code == 303


async def test_ten_links_are_enough(browser: Browser, world: World) -> None:
    finding = await brought(world, Verb.ASSIGN)
    for _ in range(10):
        await made(browser, finding)
    async with browser("crew") as client:
        more = await client.post(f"/findings/{finding}/links", data={"name": NAME, "days": "1"})
    assert more.status_code == 409
    assert NAME in more.text
