"""Raising by hand, merging and splitting: one fault is one line of the ledger, whoever says it and however often."""

import asyncio
import json
import re
import secrets
from typing import Any
from uuid import UUID

import httpx

from backend import database
from backend.database import reading, writing
from backend.findings.actions import Raised
from backend.findings.actions_report import address_hash
from backend.findings.rules import State, Verb
from backend.row import uuid7
from tests.conftest import Browser
from tests.findings.lives import act, born, brought, line
from tests.findings.people import fault, picture, spot
from tests.world import World


async def asked(world: World, sql: str, *values: Any) -> list[dict[str, Any]]:
    async with reading((await world.member("manager")).scope):
        return await database.rows(sql, *values)


async def send(client: httpx.AsyncClient, photo: str = "", after: str = "", **fields: str) -> httpx.Response:
    files = [
        (name, ("a.jpg", picture(colour), "image/jpeg"))
        for name, colour in (("photo", photo), ("after", after))
        if colour
    ]
    said = {"event": str(uuid7()), "fixed": "no", "words": "扶手松了", **fields}
    return await client.post("/findings/new", data=said, files=files or None)


def finding_of(sent: httpx.Response) -> UUID:
    assert sent.status_code == 303, sent.text
    found = re.fullmatch(r"/findings/([0-9a-f-]{36})\?done=created", sent.headers["location"])
    assert found is not None, sent.headers["location"]
    return UUID(found[1])


async def test_everybody_of_the_school_raises_at_a_point(browser: Browser, world: World) -> None:
    here = await spot(world)
    for who in ("guard", "crew", "manager", "principal"):
        async with browser(who) as client:
            form = await client.get(f"/findings/new?point={here.point}")
            assert form.status_code == 200, who
            assert 'name="fixed"' in form.text
            assert " checked" not in form.text, "nothing is answered beforehand"
            finding = finding_of(
                await send(client, "red", point=str(here.point), words=f"{who}：扶手松了", area="building")
            )
            shown = await client.get(f"/findings/{finding}?done=created")
            assert shown.status_code == 200, who
            assert f"{who}：扶手松了" in shown.text
        row = await line(world, finding)
        assert (row["source"], row["state"], row["area"]) == ("hand", "reported", "building")
        assert (row["point"], row["found_by"]) == (here.point, world.users[who])
        photos = await asked(world, "SELECT role, state, by FROM photo WHERE finding = $1", finding)
        assert photos == [{"role": "problem", "state": "kept", "by": world.users[who]}]
        entries = await asked(
            world, "SELECT body, by FROM record_entry WHERE kind = 'finding' AND body LIKE $1", f"%{finding}%"
        )
        assert len(entries) == 1
        assert json.loads(entries[0]["body"])["said"]["words"] == f"{who}：扶手松了"
        told = await asked(world, 'SELECT "user", urgent FROM notice WHERE subject = $1', finding)
        assert world.users["manager"] in {one["user"] for one in told}
        assert not any(one["urgent"] for one in told)


async def test_the_place_is_chosen_first_by_search_list_or_label(browser: Browser, world: World) -> None:
    here = await spot(world, name="独一无二的楼梯口")
    foreign = world.points["lab_two"]
    async with browser("guard", language="zh-CN") as client:
        where = await client.get("/findings/new?q=独一无二")
        assert f"/findings/new?point={here.point}" in where.text
        assert (await client.get("/findings/new?q=nowhere%20at%20all")).text.count("/findings/new?point=") == 1
        labelled = await client.get(f"/findings/new?code={here.code.lower()}")
        assert "独一无二的楼梯口" in labelled.text
        unknown = await client.get("/findings/new?code=7K3M-9QX2")
        assert unknown.status_code == 422
        assert (await client.get(f"/findings/new?point={foreign}")).status_code == 404
        assert (await client.get(f"/findings/new?code={world.codes['lab_two']}")).status_code == 422
        assert (await send(client, point=str(foreign))).status_code == 404
        assert (await send(client)).status_code == 422
        assert (await client.get("/findings/new?point=rubbish")).status_code == 200
    async with browser() as client:
        assert (await client.get("/findings/new")).status_code == 303
    async with browser("admin") as client:
        assert (await client.get("/findings/new")).status_code == 403
        assert (await send(client, point="none")).status_code == 403


async def test_what_is_missing_keeps_words_choices_and_photos(browser: Browser, world: World) -> None:
    here = await spot(world)
    async with browser("guard", language="en") as client:
        silent = await send(client, "red", point=str(here.point), words=" ", area="fire")
        assert silent.status_code == 422
        assert 'value="fire" selected' in silent.text
        held = re.search(r'name="held" value="([^"]+)"', silent.text)
        assert held is not None
        undecided = await send(client, point=str(here.point), words="<b>loose</b>", fixed="")
        assert undecided.status_code == 422
        assert "&lt;b&gt;loose" in undecided.text
        assert "mended at once" in undecided.text
        unproved = await send(client, point=str(here.point), fixed="yes")
        assert unproved.status_code == 422
        assert 'id="after"' in unproved.text
        broken = await client.post(
            "/findings/new",
            data={"point": str(here.point), "words": "x", "fixed": "yes"},
            files={"after": ("a.jpg", b"no picture", "image/jpeg")},
        )
        assert broken.status_code == 422
        assert "not a photo we can read" in broken.text
        for name, value in (("area", "moon"), ("item", "lab.99"), ("words", "x" * 2001)):
            wrong = await send(client, point=str(here.point), **{name: value})
            assert wrong.status_code == 422, name
        kept = await client.post(
            "/findings/new", data={"point": str(here.point), "words": "ok", "fixed": "no", "held": held[1]}
        )
        finding = finding_of(kept)
    assert await asked(world, "SELECT state FROM photo WHERE finding = $1", finding) == [{"state": "kept"}]
    assert len(await asked(world, "SELECT id FROM finding WHERE point = $1", here.point)) == 1


async def test_a_broken_photo_hinders_nobody(browser: Browser, world: World) -> None:
    here = await spot(world)
    async with browser("guard") as client:
        sent = await client.post(
            "/findings/new",
            data={"point": str(here.point), "words": "x", "fixed": "no"},
            files={"photo": ("a.jpg", b"no picture", "image/jpeg")},
        )
        finding = finding_of(sent)
    photos = await asked(world, "SELECT state, reason FROM photo WHERE finding = $1", finding)
    assert photos == [{"state": "rejected", "reason": "not_a_picture"}]


async def test_mended_on_the_spot_waits_for_somebody_else(browser: Browser, world: World) -> None:
    here = await spot(world)
    async with browser("manager") as client:
        sent = await send(client, "red", "green", point=str(here.point), fixed="yes", measures="拧紧了")
        finding = finding_of(sent)
        assert (await client.post(f"/findings/{finding}/do/accept", data={"words": "好"})).status_code == 409
    row = await line(world, finding)
    assert (row["state"], row["mended_by"], row["measures"]) == ("fixed_on_spot", world.users["manager"], "拧紧了")
    photos = await asked(world, "SELECT role FROM photo WHERE finding = $1 ORDER BY role", finding)
    assert [one["role"] for one in photos] == ["after", "problem"]


async def test_the_same_form_twice_is_one_finding(browser: Browser, world: World) -> None:
    here = await spot(world)
    event = str(uuid7())
    async with browser("guard") as client:
        sent = await asyncio.gather(*(send(client, event=event, point=str(here.point)) for _ in range(4)))
        assert len({finding_of(one) for one in sent}) == 1
        other = await send(client, event=event, point=str(here.point), words="something else")
        assert other.status_code == 409
        assert "something else" in other.text
        assert event not in other.text
    async with browser("guard2") as client:
        finding_of(await send(client, event=event, point=str(here.point), words="another person"))
    assert len(await asked(world, "SELECT id FROM finding WHERE point = $1", here.point)) == 2


async def test_what_is_known_gets_the_words_and_says_so(browser: Browser, world: World) -> None:
    point, item = (await spot(world)).point, "evacuation_route.09"
    async with browser("keeper") as client:
        first = finding_of(await send(client, point=str(point), item=item, words="踏步松动"))
    async with browser("guard", language="zh-CN") as client:
        again = await send(client, "blue", point=str(point), item=item, words="又松了")
        assert again.status_code == 200
        number = (await line(world, first))["number"]
        assert f"该隐患已在台账中：{number}" in again.text
        replay = await send(client, point=str(point), item=item, words="又松了", event=str(uuid7()))
        assert replay.status_code == 200
    row = await line(world, first)
    assert (row["sightings"], row["title"], row["area"]) == (2, "楼梯踏步、防滑条、扶手、照明完好", "building")
    seen = await asked(world, "SELECT kind, by, words FROM sighting WHERE finding = $1 ORDER BY at", first)
    assert seen[0] == {"kind": "again", "by": world.users["guard"], "words": "又松了"}
    assert len(await asked(world, "SELECT id FROM photo WHERE finding = $1", first)) == 1


async def test_a_criterion_of_a_document_check_proposes_major(browser: Browser, world: World) -> None:
    async with browser("manager", language="zh-CN") as client:
        form = await client.get("/findings/new?point=none")
        assert "未建立消防安全责任体系" in form.text
        assert 'value="mj-05"' not in form.text, "items of checklists touch that one"
        finding = finding_of(await send(client, point="none", criterion="mj-01", words="没有签责任书"))
        assert (await send(client, point="none", criterion="mj-05")).status_code == 422
        plain = finding_of(await send(client, point="none", words="培训记录缺签名"))
    row = await line(world, finding)
    assert (row["source"], row["point"], row["criterion"]) == ("self_check", None, "mj-01")
    assert (row["grade_proposed"], row["title"]) == ("major", "未建立消防安全责任体系、未落实各级各岗位责任")
    told = await asked(world, "SELECT urgent FROM notice WHERE subject = $1", finding)
    assert told
    assert all(one["urgent"] for one in told)
    row = await line(world, plain)
    assert (row["source"], row["grade_proposed"], row["criterion"]) == ("self_check", "general", "")
    async with browser("guard") as client:
        assert "mj-01" not in (await client.get("/findings/new?point=none")).text
        row = await line(world, finding_of(await send(client, point="none", words="围墙外有施工")))
    assert row["source"] == "hand"


async def test_an_officer_raises_below_him_and_the_school_hears_at_once(browser: Browser, world: World) -> None:
    point = (await spot(world)).point
    async with browser("district") as client:
        assert str(world.bodies["one"]) in (await client.get("/findings/new")).text
        assert str(world.bodies["three"]) not in (await client.get("/findings/new")).text
        assert str(point) in (await client.get(f"/findings/new?school={world.bodies['one']}")).text
        form = await client.get(f"/findings/new?point={point}")
        assert 'name="fixed"' not in form.text, "a bureau finds, it does not mend"
        finding = finding_of(await send(client, "red", point=str(point), words="岗亭无人", fixed="yes"))
        papers = finding_of(
            await send(client, point="none", school=str(world.bodies["one"]), words="无预案", criterion="mj-01")
        )
        far = world.points["gate_three"]
        assert (await send(client, point=str(far))).status_code == 404
        nowhere = await send(client, point="none", school=str(world.bodies["three"]))
        assert nowhere.status_code == 404
    row = await line(world, finding)
    assert (row["source"], row["state"], row["mended_by"]) == ("inspection", "reported", None)
    assert (await line(world, papers))["grade_proposed"] == "major"
    told = await asked(world, 'SELECT "user", urgent FROM notice WHERE subject = $1', finding)
    assert {world.users["manager"], world.users["principal"]} <= {one["user"] for one in told}
    assert all(one["urgent"] for one in told)
    async with browser("manager") as client:
        assert (await client.post(f"/findings/{finding}/do/reject", data={"words": "不是"})).status_code == 403
    async with browser("neighbour_manager") as client:
        assert (await client.get(f"/findings/{finding}")).status_code == 404


async def test_an_inspector_names_the_label_in_front_of_him(browser: Browser, world: World) -> None:
    here = await spot(world)
    known = await fault(world, "guard", here.point, "门卫自己记的毛病")
    async with browser("inspector", language="zh-CN") as client:
        scanned = await client.get(f"/p/{here.code}")
        assert scanned.headers["location"] == f"/findings/new?code={here.code}"
        assert 'name="code"' in (await client.get("/findings/new")).text
        assert 'name="words"' not in (await client.get(f"/findings/new?point={here.point}")).text
        assert (await send(client, point=str(here.point))).status_code == 422
        form = await client.get(scanned.headers["location"])
        assert "门卫自己记的毛病" not in form.text
        finding = finding_of(await send(client, code=here.code, words="通道堵塞"))
        assert (await client.get(f"/findings/{finding}")).status_code == 200
        assert (await client.get(f"/findings/{known.finding}")).status_code == 404
        member = await world.member("manager")
        async with writing(member.scope):
            await database.run("UPDATE label SET revoked_at = now(), revoked_why = 'torn' WHERE code = $1", here.code)
        assert (await client.get(f"/findings/new?code={here.code}")).status_code == 422
        assert (await send(client, code=here.code)).status_code == 422
    row = await line(world, finding)
    assert (row["source"], row["point"], row["found_by"]) == ("inspection", here.point, world.users["inspector"])


async def test_an_inspectors_known_finding_stays_hidden_from_him(browser: Browser, world: World) -> None:
    here, item = await spot(world), "evacuation_route.03"
    point = here.point
    async with browser("keeper") as client:
        first = finding_of(await send(client, point=str(point), item=item, words="柜里操作不规范的内部说法"))
    async with browser("inspector") as client:
        again = await send(client, code=here.code, item=item, words="seen too")
        assert again.status_code == 200
        assert (await line(world, first))["number"] in again.text
        assert f"/findings/{first}" not in again.text
        assert "内部说法" not in again.text


async def test_what_was_called_mended_and_is_seen_again_goes_back_to_mending(browser: Browser, world: World) -> None:
    point, item = (await spot(world)).point, "evacuation_route.03"
    async with browser("keeper") as client:
        finding = finding_of(await send(client, point=str(point), item=item, words="闭门器坏了"))
        for who, verb in (("manager", Verb.ASSIGN), ("crew", Verb.MEND), ("manager", Verb.ACCEPT)):
            await act(world, finding, who, verb)
        again = await send(client, point=str(point), item=item, words="还是坏的")
        assert again.status_code == 200
    row = await line(world, finding)
    assert (row["state"], row["sightings"], row["mended_by"]) == ("accept_failed", 1, None)


# Two phones, and what people put together or take apart.


async def test_two_phones_with_the_same_fault_make_one_finding_and_one_sighting(world: World) -> None:
    here, item = await spot(world), f"x.{secrets.token_hex(4)}"
    before = await asked(world, "SELECT last FROM finding_count WHERE school = $1", world.bodies["one"])
    both: list[Raised] = await asyncio.gather(
        fault(world, "guard", here.point, "第一部手机", item_code=item),
        fault(world, "guard2", here.point, "第二部手机", item_code=item),
    )
    assert len({one.finding for one in both}) == 1
    assert sorted(one.new for one in both) == [False, True]
    found = await asked(world, "SELECT sightings FROM finding WHERE point = $1", here.point)
    assert found == [{"sightings": 1}]
    seen = await asked(world, "SELECT words FROM sighting WHERE finding = $1", both[0].finding)
    assert len(seen) == 1
    events = await asked(
        world, "SELECT verb, words FROM finding_event WHERE finding = $1 ORDER BY created_at", both[0].finding
    )
    assert {one["verb"] for one in events} == {"raise", "sight"}
    assert {one["words"] for one in events} == {"第一部手机", "第二部手机"}
    after = await asked(world, "SELECT last FROM finding_count WHERE school = $1", world.bodies["one"])
    assert after[0]["last"] == (before[0]["last"] if before else 0) + 1, "no number is lost"


async def test_eight_hands_at_once_make_one_finding(browser: Browser, world: World) -> None:
    point, item = (await spot(world)).point, "evacuation_route.03"

    async def raise_(who: str, n: int) -> httpx.Response:
        async with browser(who) as client:
            return await send(client, point=str(point), item=item, words=f"{who} {n}")

    sent = await asyncio.gather(*(raise_(who, n) for who in ("guard", "keeper", "crew", "manager") for n in (1, 2)))
    assert sorted(one.status_code for one in sent) == [200] * 7 + [303]
    found = await asked(world, "SELECT sightings FROM finding WHERE point = $1 AND item_code = $2", point, item)
    assert found == [{"sightings": 7}]


async def test_merging_keeps_both_lines_and_tells_both_timelines(browser: Browser, world: World) -> None:
    here = await spot(world)
    async with browser("guard") as client:
        one = finding_of(await send(client, "red", point=str(here.point), words="扶手松"))
        two = finding_of(await send(client, "blue", point=str(here.point), words="栏杆晃"))
    first, second = await line(world, one), await line(world, two)
    async with browser("manager", language="zh-CN") as client:
        form = await client.get(f"/findings/{two}/do/merge")
        assert str(one) in form.text
        said = {"target": str(one), "words": ""}
        assert (await client.post(f"/findings/{two}/do/merge", data=said)).status_code == 422
        done = await client.post(f"/findings/{two}/do/merge", data={**said, "words": "同一处"})
        assert done.status_code == 303, done.text
        kept, gone = (await client.get(f"/findings/{one}")).text, (await client.get(f"/findings/{two}")).text
    row = await line(world, two)
    assert (row["state"], row["merged_into"]) == (State.MERGED.value, one)
    row = await line(world, one)
    assert (row["state"], row["sightings"]) == ("reported", 1)
    assert "同一处" in kept
    assert str(second["number"]) in kept
    assert "同一处" in gone
    assert str(first["number"]) in gone
    photos = await asked(world, "SELECT stored_sha256 FROM photo WHERE finding = ANY ($1)", [one, two])
    assert len(photos) == 2
    assert all(photo["stored_sha256"] in kept for photo in photos), "the photos of both stand in the one that is kept"
    entries = await asked(
        world, "SELECT 1 FROM record_entry WHERE kind = 'event' AND body LIKE $1", f'%{two}%"verb":"merge"%'
    )
    assert len(entries) == 1


async def test_what_cannot_be_merged(browser: Browser, world: World) -> None:
    one, closed = await born(world), await brought(world)
    await act(world, closed, "manager", Verb.CLOSE)
    major = await born(world, severity="major_suspected")
    async with browser("neighbour_manager") as client:
        here = await spot(world, "neighbour_manager")
        foreign = finding_of(await send(client, point=str(here.point)))
    async with browser("manager") as client:
        for finding, target in ((one, one), (one, closed), (one, foreign), (one, uuid7()), (major, one)):
            sent = await client.post(f"/findings/{finding}/do/merge", data={"target": str(target), "words": "same"})
            assert sent.status_code == 422, (finding, target)
        assert (
            await client.post(f"/findings/{closed}/do/merge", data={"target": str(one), "words": "x"})
        ).status_code == 409
        assert (
            await client.post(f"/findings/{one}/do/merge", data={"target": "rubbish", "words": "x"})
        ).status_code == 422
    for who in ("guard", "crew", "principal", "district"):
        async with browser(who) as client:
            sent = await client.post(f"/findings/{one}/do/merge", data={"target": str(major), "words": "x"})
            assert sent.status_code == 403, who
    assert (await line(world, one))["state"] == "reported"


async def test_two_people_merge_into_each_other_at_once(browser: Browser, world: World) -> None:
    one, two = await born(world), await born(world)

    async def merge(who: str, finding: UUID, target: UUID) -> int:
        async with browser(who) as client:
            sent = await client.post(f"/findings/{finding}/do/merge", data={"target": str(target), "words": "same"})
        return sent.status_code

    codes = await asyncio.gather(merge("manager", one, two), merge("deputy", two, one))
    states = sorted([str((await line(world, one))["state"]), str((await line(world, two))["state"])])
    assert states == ["merged", "reported"], codes


async def test_a_merged_finding_seen_again_counts_for_the_one_that_is_kept(world: World) -> None:
    here, item = await spot(world), f"x.{secrets.token_hex(4)}"
    gone = (await fault(world, "guard", here.point, "甲", item_code=item)).finding
    kept = (await fault(world, "guard", here.point, "乙")).finding
    await act(world, gone, "manager", Verb.MERGE, target=str(kept))
    again = await fault(world, "guard2", here.point, "又见到", item_code=item)
    assert (again.finding, again.new) == (kept, False)
    assert (await line(world, kept))["sightings"] == 2


async def test_splitting_makes_a_second_line_with_its_own_life(browser: Browser, world: World) -> None:
    finding = await brought(world, Verb.ASSIGN)
    async with browser("manager", language="zh-CN") as client:
        for said in (
            {"title": "", "words": "还有一处"},
            {"title": "灯坏", "words": ""},
            {"title": "x" * 121, "words": "y"},
        ):
            assert (await client.post(f"/findings/{finding}/do/split", data=said)).status_code == 422
        done = await client.post(f"/findings/{finding}/do/split", data={"title": "灯坏", "words": "门边的灯也不亮"})
        assert done.status_code == 303
        old = (await client.get(f"/findings/{finding}")).text
        rows = await asked(world, "SELECT * FROM finding WHERE split_from = $1", finding)
        assert len(rows) == 1
        new = (await client.get(f"/findings/{rows[0]['id']}")).text
    origin = await line(world, finding)
    assert (rows[0]["title"], rows[0]["state"], rows[0]["point"]) == ("灯坏", "reported", origin["point"])
    assert rows[0]["number"] != origin["number"]
    assert origin["state"] == "assigned"
    assert "门边的灯也不亮" in old
    assert str(rows[0]["number"]) in old
    assert str(origin["number"]) in new
    async with browser("crew") as client:
        assert (
            await client.post(f"/findings/{finding}/do/split", data={"title": "x", "words": "y"})
        ).status_code == 403
    await act(world, rows[0]["id"], "manager", Verb.ASSIGN)


def test_an_address_is_kept_as_something_else() -> None:
    assert "203.0.113.7" not in address_hash("203.0.113.7")
    assert address_hash("203.0.113.7") != address_hash("203.0.113.8")
