"""The life of a finding by its verbs: who may, what it needs, who was first, what the database refuses."""

import asyncio
import secrets
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from backend import clock
from backend.database import rows, run, value, writing
from backend.findings.actions import Fault, raise_from
from backend.findings.actions_moves import Shot, Told, move
from backend.findings.rules import Source, Verb
from backend.row import uuid7
from backend.trouble import Forbidden, Invalid, Missing, Refused
from tests.findings.lives import act, born, brought, line, shot, told
from tests.world import World

pytestmark = pytest.mark.usefixtures("app")


async def test_a_general_finding_goes_from_report_to_closing_by_three_persons(world: World) -> None:
    finding = await brought(world)
    done = await act(world, finding, "manager", Verb.CLOSE)
    found = await line(world, finding)
    assert done.state.value == found["state"] == "closed"
    assert found["mended_by"] == world.users["crew"]
    assert found["accepted_by"] == world.users["manager"]
    assert found["rechecked_by"] == world.users["guard"]
    assert found["closed_at"] is not None
    assert found["recheck_due"] > clock.today()
    member = await world.member("manager")
    async with writing(member.scope):
        verbs = [r["verb"] for r in await rows("SELECT verb FROM finding_event WHERE finding = $1", finding)]
        recorded = await value(
            """SELECT count(*) FROM record_entry WHERE kind = 'event'
                 AND subject IN (SELECT id FROM finding_event WHERE finding = $1)""",
            finding,
        )
    assert {"raise", "register", "grade", "assign", "start", "mend", "accept", "recheck", "close"} == set(verbs)
    assert recorded == 8, "every verb but the raising, which its visit recorded"


async def test_who_mended_it_never_accepts_it_not_even_past_the_application(world: World) -> None:
    finding = await born(world)
    await act(world, finding, "manager", Verb.ASSIGN, assignee=str(world.users["manager"]))
    await act(world, finding, "manager", Verb.MEND)
    with pytest.raises(Refused) as refused:
        await act(world, finding, "manager", Verb.ACCEPT)
    assert refused.value.code == "not_mender"
    member = await world.member("manager")
    with pytest.raises(asyncpg.CheckViolationError):
        async with writing(member.scope):
            await run("UPDATE finding SET accepted_by = mended_by WHERE id = $1", finding)
    await act(world, finding, "duty", Verb.ACCEPT)
    assert (await line(world, finding))["state"] == "accepted"


async def test_a_major_hazard_is_made_safe_and_reported_first_and_closed_by_the_bureau(world: World) -> None:
    finding = await born(world, severity="major_suspected")
    await act(world, finding, "manager", Verb.GRADE, grade="major")
    await act(world, finding, "manager", Verb.ASSIGN)
    with pytest.raises(Refused):
        await act(world, finding, "crew", Verb.MEND)
    await act(world, finding, "crew", Verb.MAKE_SAFE)
    await act(world, finding, "principal", Verb.CONFIRM)
    await act(world, finding, "principal", Verb.REPORT_UP)
    await act(world, finding, "crew", Verb.MEND)
    with pytest.raises(Forbidden):
        await act(world, finding, "manager", Verb.ACCEPT)
    await act(world, finding, "principal", Verb.ACCEPT)
    await act(world, finding, "guard", Verb.RECHECK)
    for who in ("manager", "principal"):
        with pytest.raises(Forbidden):
            await act(world, finding, who, Verb.CLOSE)
    await act(world, finding, "district", Verb.CLOSE)
    found = await line(world, finding)
    assert (found["state"], found["confirmed_by"]) == ("closed", world.users["principal"])
    member = await world.member("district")
    async with writing(member.scope):
        kinds = {r["kind"] for r in await rows("SELECT kind FROM notice WHERE subject = $1", finding)}
    assert "finding_reported_up" in kinds


async def test_grading_lower_needs_a_reason_and_leaves_the_closing_to_the_bureau(world: World) -> None:
    finding = await born(world, severity="major_suspected")
    member = await world.member("manager")
    with pytest.raises(Invalid) as wrong:
        await move(finding, Verb.GRADE, Told(fields={"grade": "general"}), member)
    assert set(wrong.value.fields) == {"grade_reason"}
    await act(world, finding, "manager", Verb.GRADE, grade="general", grade_reason="已核对，不构成")
    found = await line(world, finding)
    assert found["lowered"] is True
    async with writing((await world.member("district")).scope):
        assert await value("SELECT count(*) FROM notice WHERE subject = $1 AND kind = 'grade_lowered'", finding) > 0
    for who, verb in (("manager", Verb.ASSIGN), ("crew", Verb.MEND), ("manager", Verb.ACCEPT), ("guard", Verb.RECHECK)):
        await act(world, finding, who, verb)
    with pytest.raises(Forbidden):
        await act(world, finding, "manager", Verb.CLOSE)
    await act(world, finding, "district", Verb.CLOSE)


async def test_a_finding_that_may_be_major_cannot_be_waved_away_by_the_school(world: World) -> None:
    finding = await born(world, severity="major_suspected")
    with pytest.raises(Forbidden):
        await act(world, finding, "manager", Verb.REJECT)
    plain = await born(world)
    with pytest.raises(Invalid) as wrong:
        await act(world, finding=plain, who="manager", verb=Verb.MERGE, target=str(plain))
    assert "target" in wrong.value.fields
    with pytest.raises(Invalid) as wrong:
        await act(world, finding, "manager", Verb.MERGE, target=str(plain))
    assert "target" in wrong.value.fields
    await act(world, finding, "district", Verb.REJECT)
    assert (await line(world, finding))["state"] == "rejected_report"


async def test_two_people_at_once_one_wins_and_the_other_hears_who_and_what(world: World) -> None:
    finding = await brought(world, Verb.MEND)
    version = int(str((await line(world, finding))["version"]))
    manager, principal = await world.member("manager"), await world.member("principal")
    accept, back = told(Verb.ACCEPT, world), told(Verb.SEND_BACK, world)
    outcomes = await asyncio.gather(
        move(finding, Verb.ACCEPT, Told(accept.words, accept.fields, (), version=version), manager),
        move(finding, Verb.SEND_BACK, Told(back.words, back.fields, back.photos, version=version), principal),
        return_exceptions=True,
    )
    lost = [one for one in outcomes if isinstance(one, Refused)]
    assert len(lost) == 1, outcomes
    assert lost[0].code == "somebody_was_first"
    assert lost[0].facts["who"] in {"陈立", "吴校长"}
    assert lost[0].facts["what"] in {"Accepted in the school", "Not accepted, mend again"}


async def test_the_same_event_twice_is_done_once_and_other_words_are_refused(world: World) -> None:
    finding = await brought(world, Verb.ASSIGN)
    crew, event = await world.member("crew"), uuid7()
    photo = (shot(),)
    first = await move(finding, Verb.MEND, Told("修好了", {}, photo, event), crew)
    again = await move(finding, Verb.MEND, Told("修好了", {}, photo, event), crew)
    assert (first.replayed, again.replayed, again.event) == (False, True, event)
    with pytest.raises(Refused) as refused:
        await move(finding, Verb.MEND, Told("别的话", {}, photo, event), crew)
    assert refused.value.code == "other_body"
    burst = await asyncio.gather(
        *(move(finding, Verb.NOTE, Told("备注", {}, (), event_), crew) for event_ in [uuid7()] * 8)
    )
    assert sum(not done.replayed for done in burst) == 1


async def test_bad_input_is_named_by_field(world: World) -> None:
    finding = await born(world)
    yesterday = (clock.today() - timedelta(days=1)).isoformat()
    for fields, wrong in (
        ({"deadline": yesterday}, "deadline"),
        ({"deadline": "2026-02-30"}, "deadline"),
        ({"funds": "viel"}, "funds"),
        ({"funds": "-1"}, "funds"),
        ({"assignee": str(world.users["neighbour"])}, "assignee"),
        ({"assignee": "nobody"}, "assignee"),
        ({"measures": " "}, "measures"),
        ({"measures": "长" * 2001}, "measures"),
    ):
        with pytest.raises(Invalid) as refused:
            await act(world, finding, "manager", Verb.ASSIGN, **fields)
        assert wrong in refused.value.fields, fields
    assert (await line(world, finding))["state"] == "reported", "nothing of a refused chain stays"


async def test_a_person_who_left_cannot_be_given_work(world: World) -> None:
    finding = await born(world)
    async with writing((await world.member("manager")).scope):
        await run('UPDATE member SET active = false WHERE "user" = $1', world.users["keeper"])
    try:
        with pytest.raises(Invalid) as refused:
            await act(world, finding, "manager", Verb.ASSIGN, assignee=str(world.users["keeper"]))
        assert "assignee" in refused.value.fields
    finally:
        async with writing((await world.member("manager")).scope):
            await run('UPDATE member SET active = true WHERE "user" = $1', world.users["keeper"])


async def test_a_photo_that_fails_keeps_the_words_and_a_needed_photo_is_asked_for(world: World) -> None:
    finding = await brought(world, Verb.ASSIGN)
    crew = await world.member("crew")
    refused = Shot("0" * 64, refused="not_a_picture")
    with pytest.raises(Invalid) as wrong:
        await move(finding, Verb.MEND, Told("修好", {}, (refused,)), crew)
    assert "photo" in wrong.value.fields
    await move(finding, Verb.NOTE, Told("看过了", {}, (refused,)), crew)
    async with writing(crew.scope):
        state = await value("SELECT state FROM photo WHERE finding = $1 AND sha256 = $2", finding, "0" * 64)
        assert state == "rejected"
        assert await value("SELECT words FROM finding_event WHERE finding = $1 AND verb = 'note'", finding) == "看过了"


async def test_a_wrong_clock_of_a_phone_is_noted_and_never_the_future(world: World) -> None:
    finding = await brought(world, Verb.ASSIGN)
    crew = await world.member("crew")
    ahead = clock.now() + timedelta(days=3)
    behind = clock.now() - timedelta(hours=7)
    for at in (ahead, behind):
        event = uuid7()
        await move(finding, Verb.NOTE, Told("时钟", {}, (), event, at=at), crew)
        async with writing(crew.scope):
            noted = (await rows("SELECT at, facts::text AS facts FROM finding_event WHERE id = $1", event))[0]
        assert noted["at"] <= clock.now()
        assert ("phone_at" if at is ahead else "received_at") in noted["facts"]


async def test_more_time_is_asked_and_decided_by_others_and_twice_tells_the_level_above(world: World) -> None:
    finding = await brought(world, Verb.ASSIGN)
    first = (await line(world, finding))["deadline"]
    await act(world, finding, "crew", Verb.REQUEST_EXTENSION)
    with pytest.raises(Forbidden):
        await act(world, finding, "crew", Verb.GRANT_EXTENSION)
    with pytest.raises(Forbidden):
        await act(world, finding, "manager", Verb.GRANT_EXTENSION)
    await act(world, finding, "deputy", Verb.GRANT_EXTENSION)
    found = await line(world, finding)
    assert found["deadline"] > first
    assert found["extended"] == 1
    later = (clock.today() + timedelta(days=60)).isoformat()
    await act(world, finding, "crew", Verb.REQUEST_EXTENSION, wish=later)
    async with writing((await world.member("district")).scope):
        assert await value("SELECT count(*) FROM notice WHERE subject = $1 AND kind = 'extension_asked'", finding) > 0
    await act(world, finding, "principal", Verb.REFUSE_EXTENSION)
    assert (await line(world, finding))["deadline"] == found["deadline"]


async def test_only_the_bureau_that_listed_a_hazard_can_delist_it(world: World) -> None:
    finding = await born(world, severity="major_suspected")
    await act(world, finding, "manager", Verb.GRADE, grade="major")
    for who, verb in (
        ("manager", Verb.ASSIGN),
        ("guard", Verb.MAKE_SAFE),
        ("principal", Verb.REPORT_UP),
        ("city", Verb.LIST),
        ("crew", Verb.MEND),
        ("principal", Verb.ACCEPT),
        ("principal", Verb.REQUEST_DELISTING),
    ):
        await act(world, finding, who, verb)
    with pytest.raises(Refused) as refused:
        await act(world, finding, "district", Verb.DELIST)
    assert refused.value.code == "lister"
    await act(world, finding, "city", Verb.DELIST)
    assert (await line(world, finding))["state"] == "delisted"


async def test_merging_keeps_both_lines_and_splitting_makes_one(world: World) -> None:
    one, two = await born(world), await born(world)
    await act(world, one, "manager", Verb.MERGE, target=str(two))
    merged, kept = await line(world, one), await line(world, two)
    assert (merged["state"], merged["merged_into"], kept["sightings"]) == ("merged", two, 1)
    with pytest.raises(Refused):
        await act(world, one, "manager", Verb.NOTE)
    await act(world, two, "manager", Verb.SPLIT, title="门轴断裂")
    async with writing((await world.member("manager")).scope):
        child = (await rows("SELECT * FROM finding WHERE split_from = $1", two))[0]
    assert (child["state"], child["title"], child["number"] != kept["number"]) == ("reported", "门轴断裂", True)


async def test_a_bad_answer_of_a_merged_item_is_a_sighting_of_where_it_went(world: World) -> None:
    item = f"test.{secrets.token_hex(6)}"
    one, two = await born(world, item=item), await born(world)
    await act(world, one, "manager", Verb.MERGE, target=str(two))
    assert await born(world, item=item) == two


async def test_inspections_are_closed_by_the_bureau(world: World) -> None:
    finding = await born(world, source=Source.INSPECTION)
    for who, verb in (("manager", Verb.ASSIGN), ("crew", Verb.MEND), ("manager", Verb.ACCEPT), ("guard", Verb.RECHECK)):
        await act(world, finding, who, verb)
    with pytest.raises(Forbidden):
        await act(world, finding, "principal", Verb.CLOSE)
    await act(world, finding, "city", Verb.CLOSE)


async def test_a_foreign_finding_is_not_there(world: World) -> None:
    finding = await born(world)
    for who in ("neighbour_manager", "far_manager", "other_district", "inspector"):
        with pytest.raises(Missing):
            await act(world, finding, who, Verb.NOTE)
    with pytest.raises(Missing):
        await act(world, UUID(int=7), "manager", Verb.NOTE)


async def test_seen_before_it_was_mended_does_not_open_it_again(world: World) -> None:
    item = f"test.{secrets.token_hex(6)}"
    early = clock.now()
    finding = await born(world, item=item)
    for who, verb in (("manager", Verb.ASSIGN), ("crew", Verb.MEND), ("manager", Verb.ACCEPT), ("guard", Verb.RECHECK)):
        await act(world, finding, who, verb)
    await act(world, finding, "manager", Verb.CLOSE)
    common = {"school": world.bodies["one"], "point": world.points["exit"], "item_code": item, "area": "fire"}
    said = {"title": "x", "title_en": "", "words": "", "severity": "general", "basis": ""}
    late = Fault(**common, **said, at=early, source=Source.PATROL)
    async with writing((await world.member("guard")).scope):
        raised = await raise_from(late)
    assert (raised.finding, raised.recurred, (await line(world, finding))["state"]) == (finding, False, "closed")
    assert await born(world, item=item) == finding
    found = await line(world, finding)
    assert (found["state"], found["recurred"], found["assigned_to"]) == ("reopened", 1, world.users["crew"])


async def test_a_major_hazard_that_comes_back_is_neither_safe_nor_smaller(world: World) -> None:
    """What made it safe last time says nothing of today, and calling it general now is for the bureau to close."""
    item = f"test.{secrets.token_hex(6)}"
    finding = await born(world, item=item)
    await act(world, finding, "manager", Verb.GRADE, grade="major")
    for who, verb in (
        ("manager", Verb.ASSIGN),
        ("crew", Verb.MAKE_SAFE),
        ("principal", Verb.REPORT_UP),
        ("crew", Verb.MEND),
        ("principal", Verb.ACCEPT),
        ("guard", Verb.RECHECK),
        ("district", Verb.CLOSE),
    ):
        await act(world, finding, who, verb)
    assert await born(world, item=item) == finding
    found = await line(world, finding)
    assert (found["state"], found["controlled_at"], found["confirmed_by"]) == ("reopened", None, None)
    member = await world.member("manager")
    with pytest.raises(Invalid) as wrong:
        await move(finding, Verb.GRADE, Told(fields={"grade": "general", "area": "fire"}), member)
    assert set(wrong.value.fields) == {"grade_reason"}
    await act(world, finding, "manager", Verb.GRADE, grade="general", grade_reason="范围小了")
    assert (await line(world, finding))["lowered"] is True
    by_hand = await brought(world)
    await act(world, by_hand, "manager", Verb.CLOSE)
    await act(world, by_hand, "manager", Verb.REOPEN)
    assert (await line(world, by_hand))["state"] == "reopened"
