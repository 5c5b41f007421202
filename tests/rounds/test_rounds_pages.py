"""The rounds of a day at the manager's desk."""

from datetime import timedelta
from html import unescape

from backend import clock, database
from backend.database import writing
from backend.row import uuid7
from tests.conftest import Browser
from tests.rounds import making
from tests.world import World


async def test_a_round_of_today_is_on_the_list(browser: Browser, world: World) -> None:
    points = [await making.point(world) for _ in range(2)]
    route = await making.route(world, points, windows=[{"start": 0, "end": 60}], next_at=None)
    client = browser("manager")
    answer = await client.post(f"/routes/{route}/open", data={"cause": "event", "id": str(uuid7())})
    key = answer.headers["location"].rpartition("/")[2]
    page = unescape((await client.get(f"/rounds?route={route}")).text)
    assert f"/rounds/{key}" in page
    assert "0/2" in page
    assert "Not started" in page
    assert "An event or an activity" in page
    for state, there in (("waiting", True), ("walking", False), ("done", False), ("missed", False)):
        listed = (await client.get(f"/rounds?route={route}&state={state}")).text
        assert (f"/rounds/{key}" in listed) is there, state


async def test_missed_points_are_counted_and_found(browser: Browser, world: World) -> None:
    point = await making.point(world)
    route = await making.route(world, [point])
    client = browser("manager")
    answer = await client.post(f"/routes/{route}/open", data={"cause": "weather", "id": str(uuid7())})
    key = answer.headers["location"].rpartition("/")[2]
    member = await world.member("manager")
    async with writing(member.scope):
        await database.run(
            "UPDATE stop SET state = 'excused', by = $2, why = '停电', said_at = now() WHERE round = $1::uuid",
            *(key, member.user),
        )
    page = unescape((await browser("manager", language="zh-CN").get(f"/rounds?route={route}")).text)
    assert "免检 1" in page
    assert "0/1" in page


async def test_days_before_and_after(browser: Browser, world: World) -> None:
    client, today = browser("manager"), clock.today()
    route = await making.route(world, [await making.point(world)])
    page = unescape((await client.get(f"/rounds?route={route}")).text)
    assert f"day={today - timedelta(days=1)}" in page
    assert f"day={today + timedelta(days=1)}" in page
    ahead = unescape((await client.get(f"/rounds?day={today + timedelta(days=40)}")).text)
    assert "Nothing is open for this day yet" in ahead or 'class="rows"' in ahead
    assert (await client.get("/rounds?day=soon&route=x&state=y")).status_code == 200


async def test_another_schools_route_filters_to_nothing(browser: Browser, world: World) -> None:
    route = await making.route(world, [await making.point(world)])
    page = await browser("neighbour_manager").get(f"/rounds?route={route}")
    assert page.status_code == 200
    assert "Nothing found" in page.text
