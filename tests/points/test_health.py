"""Label health: the reprint list makes itself and empties itself; the plan of coverage asks the same rule."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from backend import clock, database
from backend.database import reading, writing
from backend.points import queries_health
from backend.points.actions_health import tell_trouble
from backend.points.queries_health import BROKEN, broken
from backend.points.rules import Trouble
from backend.points.rules_health import WHY, reasons
from backend.row import uuid7
from backend.visits.actions import Sending, submit
from backend.visits.rules import understand
from tests.conftest import Browser
from tests.findings.people import Spot, spot
from tests.points.test_labels import read_pdf
from tests.world import World

DAY = timedelta(days=1)
SHEET = {"start": "1", "dx": "0", "dy": "0", "scale": "1", "words": "zh"}


async def visited(
    world: World, who: str, point: UUID, how: str, *, reason: str = "", ago: timedelta = timedelta()
) -> UUID:
    key = uuid7()
    body = {"point": str(point), "how": how, "how_reason": reason, "saved_at": (clock.now() - ago).isoformat()}
    await submit(key, understand(body, clock.parse), Sending(body, clock.now()), await world.member(who))
    return key


async def said(world: World, one: Spot, kind: Trouble, words: str = "", visit: UUID | None = None) -> None:
    member = await world.member("guard")
    assert member.school is not None
    async with writing(member.scope):
        await tell_trouble(member.school, one.point, None, kind, words, member.user, visit)


async def hung(world: World, one: Spot, ago: timedelta) -> None:
    """The label has hung there for that long."""
    async with writing((await world.member("manager")).scope):
        await database.run("UPDATE label SET bound_at = $2 WHERE point = $1", one.point, clock.now() - ago)


async def is_broken(world: World, one: Spot) -> bool:
    manager = await world.member("manager")
    assert manager.school is not None
    return one.point in await broken(manager, manager.school)


def test_each_reason_stands_once_with_how_often_and_since_when() -> None:
    at = datetime(2026, 11, 23, tzinfo=UTC)
    told = [{"kind": "damaged", "created_at": at}, {"kind": "damaged", "created_at": at - DAY}]
    told += [{"kind": "missing", "created_at": at}]
    found = reasons(told, 2, at - 3 * DAY)
    assert [(one["why"], one["n"]) for one in found] == [("missing", 1), ("damaged", 2), ("without", 2)]
    assert [one["since"] for one in found] == [at, at - DAY, at - 3 * DAY]
    assert reasons([], 1, at) == [], "one may be a slip"
    assert set(WHY) == {kind.value for kind in Trouble} | {"without"}


async def test_what_was_said_puts_a_label_on_the_list(world: World, app: object) -> None:
    one = await spot(world)
    assert not await is_broken(world, one)
    member, visit = await world.member("guard"), await visited(world, "guard", one.point, "scan")
    for _ in range(2):
        await said(world, one, Trouble.DAMAGED, "scratched", visit)
    assert await is_broken(world, one)
    async with reading(member.scope):
        n = await database.value("SELECT count(*) FROM label_trouble WHERE point = $1", one.point)
    assert n == 1, "the same visit says the same once"


@pytest.mark.parametrize(
    ("how", "reason", "counts"),
    [
        ("typed", "", True),
        ("list", "other", True),
        ("list", "camera", False),
        ("photo", "", False),
        ("link", "", False),
    ],
)
async def test_doing_without_the_label_twice(world: World, app: object, how: str, reason: str, counts: bool) -> None:
    one = await spot(world)
    await hung(world, one, 20 * DAY)
    await visited(world, "guard2", (await spot(world)).point, "scan")
    await visited(world, "guard2", one.point, how, reason=reason, ago=2 * DAY)
    assert not await is_broken(world, one)
    await visited(world, "guard2", one.point, how, reason=reason, ago=DAY)
    assert await is_broken(world, one) is counts


async def test_only_whose_phone_reads_labels_elsewhere_and_only_lately(world: World, app: object) -> None:
    old, new, phone = await spot(world), await spot(world), await spot(world)
    for one in (old, phone):
        await hung(world, one, 90 * DAY)
    await hung(world, new, DAY)
    await visited(world, "guard", (await spot(world)).point, "scan")
    for _ in range(2):
        await visited(world, "guard", old.point, "typed", ago=40 * DAY)
        await visited(world, "guard", new.point, "typed", ago=2 * DAY)
        await visited(world, "duty", phone.point, "typed", ago=DAY)
    assert not await is_broken(world, old), "long ago"
    assert not await is_broken(world, new), "another label hung there"
    assert not await is_broken(world, phone), "it may be his phone"


async def test_a_label_that_was_read_since_is_well(world: World, app: object) -> None:
    one = await spot(world)
    await hung(world, one, 20 * DAY)
    await visited(world, "guard", (await spot(world)).point, "scan")
    for ago in (3, 2):
        await visited(world, "guard", one.point, "typed", ago=ago * DAY)
    assert await is_broken(world, one)
    await visited(world, "guard2", one.point, "scan", ago=DAY)
    assert not await is_broken(world, one)
    await visited(world, "guard", one.point, "typed")
    assert not await is_broken(world, one), "one since then"


async def test_the_list_says_why_and_printing_empties_it(browser: Browser, world: World) -> None:
    one, other = await spot(world, name="实验室东门"), await spot(world)
    await said(world, one, Trouble.MISSING, "fell <b>off</b>")
    await said(world, other, Trouble.UNREAD)
    async with browser("manager", language="zh-CN") as manager:
        shown = (await manager.get("/labels/reprint")).text
        assert "实验室东门" in shown
        assert "标签丢失" in shown or "标签不见" in shown or "标签缺失" in shown
        assert "<b>off</b>" not in shown
        assert f"{one.short[:4]}-{one.short[4:]}" in shown
        assert "/labels/reprint" in (await manager.get("/labels")).text
    async with browser("manager") as manager:
        label = str(await _label(world, one))
        wrong = await manager.post("/labels/reprint", data={**SHEET, "label": label, "start": "99"})
        assert wrong.status_code == 422
        assert 'value="99"' in wrong.text
        assert f'value="{label}" form="sheet" checked' in wrong.text
        assert (await manager.post("/labels/reprint", data=SHEET)).status_code == 422, "none was ticked"
        made = await manager.post("/labels/reprint", data={**SHEET, "label": label})
        assert made.headers["content-type"] == "application/pdf"
        assert any(one.code in text for text in read_pdf(made.content))
    assert not await is_broken(world, one)
    assert await is_broken(world, other), "only those that were printed"


async def _label(world: World, one: Spot) -> UUID:
    async with reading((await world.member("manager")).scope):
        return UUID(str(await database.value("SELECT id FROM label WHERE point = $1", one.point)))


async def test_hanging_another_label_settles(browser: Browser, world: World) -> None:
    one, blank = await spot(world), await spot(world, blank=True)
    await said(world, one, Trouble.DAMAGED)
    async with writing((await world.member("manager")).scope):
        label = await database.value("SELECT id FROM label WHERE short = $1", blank.short)
    async with browser("manager") as manager:
        done = await manager.post(f"/labels/{label}/bind", data={"point": str(one.point)})
        assert done.status_code == 303
    assert not await is_broken(world, one)


async def test_replacing_waits_until_the_new_one_is_printed(browser: Browser, world: World) -> None:
    one = await spot(world)
    await said(world, one, Trouble.MISSING)
    async with browser("manager") as manager:
        done = await manager.post(f"/labels/{await _label(world, one)}/replace", data={"why": "gone"})
        new = done.headers["location"].split("/")[2].partition("?")[0]
        assert await is_broken(world, one)
        assert f'value="{new}"' in (await manager.get("/labels/reprint")).text
        await manager.post("/labels/print", data={**SHEET, "which": "chosen", "label": new})
    assert not await is_broken(world, one)


async def test_a_manager_says_that_it_is_well(browser: Browser, world: World) -> None:
    one = await spot(world)
    await hung(world, one, 20 * DAY)
    await visited(world, "guard", (await spot(world)).point, "scan")
    for _ in range(2):
        await visited(world, "guard", one.point, "typed", ago=timedelta(minutes=5))
    assert await is_broken(world, one)
    address = f"/labels/reprint/{one.point}/well"
    async with browser("manager") as manager:
        empty = await manager.post(address, data={"why": " "})
        assert empty.status_code == 422
        assert 'id="why-error"' in empty.text
        assert (await manager.post(f"/labels/reprint/{uuid7()}/well", data={"why": "x"})).status_code == 404
        assert (await manager.post(address, data={"why": "wiped clean"})).status_code == 303
    assert not await is_broken(world, one)
    async with reading((await world.member("manager")).scope):
        row = await database.row("SELECT words, settled_by, by FROM label_trouble WHERE point = $1", one.point)
    assert row is not None
    assert (row["words"], row["settled_by"]) == ("wiped clean", world.users["manager"])
    async with browser("neighbour_manager") as stranger:
        assert (await stranger.post(address, data={"why": "x"})).status_code == 404


@pytest.mark.parametrize("who", ["guard", "crew", "principal", "district", "inspector"])
async def test_the_list_is_for_who_prints_labels(browser: Browser, who: str) -> None:
    async with browser(who) as someone:
        assert (await someone.get("/labels/reprint")).status_code == 403


async def test_retired_points_and_other_schools_are_not_there(browser: Browser, world: World) -> None:
    one = await spot(world)
    await said(world, one, Trouble.DAMAGED)
    manager = await world.member("manager")
    assert manager.school is not None
    async with browser("neighbour_manager") as stranger:
        assert str(one.point) not in (await stranger.get("/labels/reprint")).text
    listed = await queries_health.to_reprint(manager, manager.school)
    assert len(listed) == await queries_health.count(manager, manager.school)
    async with writing(manager.scope):
        await database.run("UPDATE point SET state = 'retired', retired_at = now() WHERE id = $1", one.point)
    assert not await is_broken(world, one)
    async with reading(manager.scope):
        sql = f"SELECT count(*) FROM point p WHERE p.school = $1 AND p.id IN ({BROKEN})"
        assert await database.value(sql, manager.school) == len(await broken(manager, manager.school))


async def test_a_typed_code_carries_why(browser: Browser, world: World) -> None:
    one = await spot(world)
    async with browser("guard") as guard:
        led = await guard.get("/scan", params={"code": one.short, "why": "unread"})
        assert led.headers["location"].endswith("?how=typed&why=unread")
        shown = (await guard.get(led.headers["location"])).text
        assert 'name="how_reason" value="unread"' in shown
        odd = (await guard.get(f"/p/{one.code}?how=typed&why=<x>")).text
        assert 'name="how_reason" value=""' in odd
        scanned = (await guard.get(f"/p/{one.code}?how=scan&why=unread")).text
        assert 'name="how_reason" value=""' in scanned


@pytest.mark.parametrize(("how", "reason"), [("typed", "unread"), ("list", "missing")])
async def test_a_visit_that_says_why_puts_the_label_on_the_list(
    world: World, app: object, how: str, reason: str
) -> None:
    one = await spot(world)
    await visited(world, "guard", one.point, how, reason=reason)
    assert await is_broken(world, one)
