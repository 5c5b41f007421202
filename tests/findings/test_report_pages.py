"""A stranger reports at a label: bound, blank, revoked, unknown; twice; too often; and sees what became of it."""

import asyncio
import json
import re
from uuid import UUID

from backend import database
from backend.database import reading, writing
from backend.findings.queries import every
from backend.findings.rules_filters import Wanted
from backend.row import uuid7
from tests.conftest import Browser
from tests.findings.people import answer_to, picture, puzzle_in, spot, stranger
from tests.world import World

SECRET_PHONE = "13812345678"


async def receipt_of(client: object, code: str, **fields: str) -> str:
    sent = await client.post(f"/report/{code}", data={"id": str(uuid7()), **fields})  # type: ignore[attr-defined]
    assert sent.status_code == 303, sent.text
    return str(sent.headers["location"])


async def test_a_stranger_sees_the_school_the_form_and_the_emergency_number(app: object, world: World) -> None:
    here = await spot(world)
    for language, words in (("zh-CN", "上报隐患"), ("en", "Report a hazard")):
        async with stranger(app, language=language) as someone:
            shown = await someone.get(f"/report/{here.code.lower()}")
        assert shown.status_code == 200
        assert words in shown.text
        assert "tel:110" in shown.text
        assert " checked" not in shown.text


async def test_a_report_with_a_photo_becomes_a_finding_a_record_entry_and_a_notice(app: object, world: World) -> None:
    here = await spot(world)
    report = uuid7()
    fields = {"id": str(report), "area": "fire", "words": "消防通道被堵\n第二行", "contact": SECRET_PHONE}
    async with stranger(app, language="zh-CN") as someone:
        sent = await someone.post(
            f"/report/{here.code}", data=fields, files={"photo": ("a.jpg", picture(), "image/jpeg")}
        )
        assert sent.status_code == 303, sent.text
        shown = await someone.get(sent.headers["location"])
    assert shown.status_code == 200
    code = sent.headers["location"].rsplit("/", 1)[1]
    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{12}", code)
    assert f"{code[:4]}-{code[4:8]}-{code[8:]}" in shown.text
    assert "已收到您的上报" in shown.text
    assert SECRET_PHONE not in shown.text
    async with reading((await world.member("manager")).scope):
        row = await database.row(
            "SELECT f.*, r.contact, r.address_hash FROM finding f JOIN report r ON r.finding = f.id WHERE r.id = $1",
            report,
        )
        assert row is not None
        photos = await database.rows("SELECT state, role FROM photo WHERE finding = $1", row["id"])
        entry = await database.row("SELECT kind, body FROM record_entry WHERE subject = $1", report)
        told = await database.rows('SELECT kind, "user" FROM notice WHERE subject = $1', row["id"])
    assert (row["source"], row["state"], row["title"], row["area"]) == ("report", "reported", "消防通道被堵", "fire")
    assert row["contact"] == SECRET_PHONE
    assert "10." not in row["address_hash"]
    assert photos == [{"state": "kept", "role": "problem"}]
    assert entry is not None
    assert entry["kind"] == "report"
    assert SECRET_PHONE not in entry["body"]
    assert len(json.loads(entry["body"])["contact"]) == 64
    assert {notice["kind"] for notice in told} == {"report_received"}
    assert world.users["manager"] in {notice["user"] for notice in told}


async def test_the_phone_number_is_shown_to_managers_only(app: object, browser: Browser, world: World) -> None:
    here = await spot(world)
    async with stranger(app) as someone:
        await receipt_of(someone, here.code, words="lamp hangs loose", contact=SECRET_PHONE)
    async with reading((await world.member("manager")).scope):
        finding = await database.value("SELECT id FROM finding WHERE point = $1", here.point)
    for who, shows in (("manager", True), ("principal", False), ("crew", False), ("district", False), ("city", False)):
        async with browser(who) as reader:
            shown = await reader.get(f"/findings/{finding}")
            exported = await reader.get("/findings/export.csv?state=all")
            listed = await reader.get("/findings?state=all")
            chain = await reader.get(f"/api/record/{world.bodies['one']}")
        assert shown.status_code == 200, who
        assert (SECRET_PHONE in shown.text) is shows, who
        assert SECRET_PHONE not in exported.text + listed.text + chain.text
    for who in ("neighbour_manager", "other_district", "far_manager"):
        async with browser(who) as foreign:
            assert (await foreign.get(f"/findings/{finding}")).status_code == 404


async def test_something_must_be_said_and_what_was_typed_comes_back(app: object, world: World) -> None:
    here = await spot(world)
    async with stranger(app) as someone:
        empty = await someone.post(f"/report/{here.code}", data={"words": "  ", "contact": "<b>me</b>"})
        assert empty.status_code == 422
        assert "&lt;b&gt;me" in empty.text
        assert "<b>me" not in empty.text
        long = await someone.post(f"/report/{here.code}", data={"words": "x" * 1001})
        assert long.status_code == 422
        unsure = await someone.post(f"/report/{here.code}", data={"area": "unsure"})
        assert unsure.status_code == 303
        raw = {
            "content": b"area=%27--&words=%00%ED%A0%BD+ok",
            "headers": {"content-type": "application/x-www-form-urlencoded"},
        }
        nonsense = await someone.post(f"/report/{here.code}", **raw)
        assert nonsense.status_code == 303


async def test_a_broken_photo_loses_nothing_else(app: object, world: World) -> None:
    here = await spot(world)
    async with stranger(app) as someone:
        alone = await someone.post(f"/report/{here.code}", files={"photo": ("a.jpg", b"no picture", "image/jpeg")})
        assert alone.status_code == 422
        sent = await someone.post(
            f"/report/{here.code}", data={"words": "broken"}, files={"photo": ("a.jpg", b"no picture", "image/jpeg")}
        )
        assert sent.status_code == 303
        assert "could not be read" in (await someone.get(sent.headers["location"])).text


async def test_the_same_id_gives_the_same_receipt_and_one_finding(app: object, world: World) -> None:
    here = await spot(world)
    fields = {"id": str(uuid7()), "words": "door locked"}
    async with stranger(app) as someone:
        sent = await asyncio.gather(*(someone.post(f"/report/{here.code}", data=fields) for _ in range(4)))
        assert {answer.status_code for answer in sent} == {303}
        assert len({answer.headers["location"] for answer in sent}) == 1
        other = await someone.post(f"/report/{here.code}", data={**fields, "words": "other words"})
        assert other.status_code == 409
        assert "other words" in other.text
        assert fields["id"] not in other.text
    async with reading((await world.member("manager")).scope):
        assert await database.value("SELECT count(*) FROM finding WHERE point = $1", here.point) == 1
    elsewhere = await spot(world, "neighbour_manager")
    async with stranger(app) as someone:
        foreign = await someone.post(f"/report/{elsewhere.code}", data=fields)
    assert foreign.status_code == 409


async def test_unknown_blank_revoked_and_replaced_labels(app: object, world: World) -> None:
    async with stranger(app) as someone:
        for code in ("0000000000ZZ", "nonsense", "%00", "x" * 600):
            assert (await someone.get(f"/report/{code}")).status_code == 404
            assert (await someone.post(f"/report/{code}", data={"words": "x"})).status_code == 404
        blank = await spot(world, blank=True)
        shown = await someone.get(f"/report/{blank.code}")
        assert "does not hang at a point yet" in shown.text
        assert "See what became" not in shown.text
        await receipt_of(someone, blank.code, words="in the cellar")
        old = await spot(world)
        fresh = await spot(world)
        async with writing((await world.member("manager")).scope):
            await database.run("UPDATE label SET revoked_at = now() WHERE code = $1", old.code)
        assert "no longer in use" in (await someone.get(f"/report/{old.code}")).text
        async with writing((await world.member("manager")).scope):
            await database.run(
                "UPDATE label SET replaced_by = (SELECT id FROM label WHERE code = $2) WHERE code = $1",
                old.code,
                fresh.code,
            )
        assert "was replaced" in (await someone.get(f"/report/{old.code}")).text
        await receipt_of(someone, old.code, words="still arrives")
        assert (await someone.get(f"/report/{fresh.short.lower()}")).status_code == 200
    async with reading((await world.member("manager")).scope):
        found = await database.rows(
            "SELECT point FROM finding WHERE words IN ('in the cellar', 'still arrives') ORDER BY words"
        )
    assert [row["point"] for row in found] == [None, old.point]


async def test_similar_reports_show_their_area_and_never_their_words(app: object, world: World) -> None:
    here = await spot(world)
    async with stranger(app) as first:
        mine = await receipt_of(first, here.code, area="fire", words="SECRET WORDS <x>", contact=SECRET_PHONE)
    async with stranger(app) as second:
        shown = await second.get(f"/report/{here.code}")
        assert "Somebody has already reported here" in shown.text
        assert "SECRET" not in shown.text
        assert SECRET_PHONE not in shown.text
        finding = re.search(r'name="finding" value="([^"]+)"', shown.text)
        assert finding is not None
        fields = {"id": str(uuid7()), "finding": finding[1]}
        too = await second.post(f"/report/{here.code}/too", data=fields)
        again = await second.post(f"/report/{here.code}/too", data=fields)
        assert too.status_code == again.status_code == 303
        assert too.headers["location"] == again.headers["location"] != mine
        theirs = await second.get(too.headers["location"])
        assert theirs.status_code == 200
        assert "SECRET" not in theirs.text
    async with reading((await world.member("manager")).scope):
        kinds = await database.rows("SELECT kind FROM sighting WHERE finding = $1", UUID(finding[1]))
        assert await database.value("SELECT sightings FROM finding WHERE id = $1", UUID(finding[1])) == 1
    assert [row["kind"] for row in kinds] == ["me_too"]
    elsewhere = await spot(world, "neighbour_manager")
    async with stranger(app) as third:
        foreign = await third.post(f"/report/{elsewhere.code}/too", data={"finding": finding[1]})
        assert foreign.status_code == 409
        assert (await third.post(f"/report/{here.code}/too", data={"finding": "x"})).status_code == 404


async def test_when_the_rate_rises_a_puzzle_must_be_solved_once(app: object, world: World) -> None:
    here = await spot(world)
    for n in range(5):
        async with stranger(app) as someone:
            await receipt_of(someone, here.code, words=f"report {n}")
    async with stranger(app) as someone:
        fields = {"id": str(uuid7()), "words": "the sixth", "area": "food"}
        asked = await someone.post(f"/report/{here.code}", data=fields)
        assert asked.status_code == 429
        assert "the sixth" in asked.text
        challenge, bits = puzzle_in(asked.text)
        right = {"puzzle": challenge, "puzzle_answer": answer_to(challenge, bits)}
        for broken in (
            {"puzzle_answer": ""},
            {"puzzle_answer": "1x"},
            {"puzzle": challenge[:-1] + "-"},
            {"puzzle": "x"},
        ):
            refused = await someone.post(f"/report/{here.code}", data={**fields, **right, **broken, "id": str(uuid7())})
            assert refused.status_code == 429, broken
        challenge, bits = puzzle_in((await someone.get(f"/report/{here.code}")).text)
        right = {"puzzle": challenge, "puzzle_answer": answer_to(challenge, bits)}
        assert (await someone.post(f"/report/{here.code}", data={**fields, **right})).status_code == 303
        assert (await someone.post(f"/report/{here.code}", data=fields)).status_code == 303  # a replay costs nothing
        used = await someone.post(f"/report/{here.code}", data={**fields, **right, "id": str(uuid7())})
        assert used.status_code == 429
        other = await spot(world)
        for n in range(5):
            await someone.post(f"/report/{other.code}", data={"words": f"{n}"})
        foreign = await someone.post(f"/report/{other.code}", data={**fields, **right, "id": str(uuid7())})
        assert foreign.status_code == 429


async def test_over_the_hard_limit_the_words_come_back_with_the_time(app: object, world: World) -> None:
    here = await spot(world)
    async with writing((await world.member("manager")).scope):
        await database.run(
            "INSERT INTO throttle (key, count, window_ends) VALUES ($1, 40, now() + interval '5 minutes')",
            f"report:taken:{here.point}",
        )
    async with stranger(app) as someone:
        sent = await someone.post(
            f"/report/{here.code}", data={"words": "<script>alert(1)</script> smoke", "contact": "1"}
        )
    assert sent.status_code == 429
    assert int(sent.headers["retry-after"]) > 200
    assert "&lt;script&gt;" in sent.text
    assert "<script>alert" not in sent.text
    assert "tel:110" in sent.text


async def test_the_receipt_tells_the_steps_and_nothing_internal(app: object, browser: Browser, world: World) -> None:
    here = await spot(world)
    async with stranger(app) as someone:
        address = await receipt_of(someone, here.code, words="stairs wet")
        shown = (await someone.get(address)).text
        assert "Being mended" in shown
        assert "陈立" not in shown
        for wrong in ("000000000000", "x", "%00"):
            assert (await someone.get(f"/report/receipt/{wrong}")).status_code == 404
        manager = await world.member("manager")
        async with writing(manager.scope):
            await database.run("UPDATE finding SET state = 'rejected_report' WHERE point = $1", here.point)
            await database.run(
                """INSERT INTO finding_event (school, finding, verb, before, after, at, by, words)
                   SELECT school, id, 'note', 'reported', 'rejected_report', now(), $2, '地面是清洁后未干' FROM finding
                   WHERE point = $1""",
                *(here.point, manager.user),
            )
        done = (await someone.get(address)).text
        assert "not a hazard" in done
        assert "地面是清洁后未干" in done
        assert "陈立" not in done
        typed = await someone.get("/report", params={"receipt": address.rsplit("/", 1)[1].lower()})
        assert typed.headers["location"] == address
        start = await someone.get("/report")
        assert start.status_code == 200
        assert (await someone.get("/report?code=zzz")).status_code == 422
        led = await someone.get("/report", params={"code": f"{here.short[:4]}-{here.short[4:]}"})
        assert led.headers["location"] == f"/report/{here.short}"


async def test_what_strangers_write_is_escaped_wherever_it_is_shown(
    app: object, browser: Browser, world: World
) -> None:
    here = await spot(world)
    payload = "\"><img src=x onerror=alert(1)>{{7*7}}'--"
    async with stranger(app) as someone:
        address = await receipt_of(someone, here.code, words=payload, contact=payload)
        pages = [(await someone.get(address)).text]
    async with reading((await world.member("manager")).scope):
        finding = await database.value("SELECT id FROM finding WHERE point = $1", here.point)
    async with browser("manager") as manager:
        for path in (f"/findings/{finding}", "/findings?state=all", "/findings/print?state=all", "/notices"):
            answer = await manager.get(path)
            assert answer.status_code == 200
            pages.append(answer.text)
    for html in pages:
        assert "<img src=x" not in html
        assert "{{7*7}}" in html.replace("&#x2f;", "/") or "7*7" in html


async def test_reports_are_in_the_ledger_of_those_who_may_see_them(app: object, world: World) -> None:
    here = await spot(world)
    async with stranger(app) as someone:
        await receipt_of(someone, here.code, words="只在本校台账")
    seen = {}
    for who in ("manager", "neighbour_manager", "far_manager", "district", "other_district", "guard"):
        found = [row async for batch in every(await world.member(who), Wanted(state="all")) for row in batch]
        seen[who] = any(row["point"] == here.point for row in found)
    assert seen == {
        **dict.fromkeys(("manager", "district"), True),
        **dict.fromkeys(("neighbour_manager", "far_manager", "other_district", "guard"), False),
    }
