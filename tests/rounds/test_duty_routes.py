"""A roster and the routes that need it."""

from datetime import timedelta
from uuid import uuid4

from backend import clock
from backend.postgres_roles import Dsns
from backend.row import uuid7
from tests.accounts.people import owner
from tests.conftest import Browser
from tests.rounds.test_duty import end, filled, made, turn_of
from tests.world import World


async def test_a_roster_that_a_route_needs_does_not_end(browser: Browser, world: World, dsns: Dsns) -> None:
    roster = await made(browser, world)
    route = await owner(
        dsns,
        """INSERT INTO route (school, name, who, roster, starts_on, opened_until, windows)
           VALUES ($1, $2, 'roster', $3, current_date, now(), '[]') RETURNING id""",
        *(world.bodies["one"], f"R{uuid4()}", roster),
    )
    answer = await browser("manager").post(f"/duty/{roster}/end")
    assert answer.status_code == 409
    await owner(dsns, "UPDATE route SET state = 'ended' WHERE id = $1", route[0]["id"])
    await end(browser, roster)


async def test_a_round_that_is_open_goes_over_with_the_duty(browser: Browser, world: World, dsns: Dsns) -> None:
    """The substitute finds today's round, and the round says who handed it to whom and why."""
    roster = await filled(browser, world)
    duty = await turn_of(dsns, roster, world.users["guard"], clock.today())
    day = (await owner(dsns, "SELECT day FROM duty WHERE id = $1", duty))[0]["day"]
    opens = clock.midnight(day) + timedelta(hours=10)
    route = (
        await owner(
            dsns,
            """INSERT INTO route (school, name, who, roster, starts_on, opened_until, windows)
               VALUES ($1, $2, 'roster', $3, current_date, now() + interval '40 days', '[]') RETURNING id""",
            *(world.bodies["one"], f"R{uuid4()}", roster),
        )
    )[0]["id"]
    walk = uuid7()
    await owner(
        dsns,
        """INSERT INTO round (id, school, route, day, name, opens_at, closes_at, late_until, users)
           VALUES ($1, $2, $3, $4, 'x', $5, $6, $6, $7)""",
        *(walk, world.bodies["one"], route, day, opens, opens + timedelta(hours=1), [world.users["guard"]]),
    )
    sent = {"user": str(world.users["keeper"]), "words": "生病"}
    assert (await browser("guard").post(f"/duty/turns/{duty}/substitute", data=sent)).status_code == 303
    found = (await owner(dsns, "SELECT holder FROM round WHERE id = $1", walk))[0]
    assert found["holder"] == world.users["keeper"]
    event = (await owner(dsns, "SELECT verb, words FROM round_event WHERE round = $1", walk))[0]
    assert (event["verb"], event["words"]) == ("hand_over", "生病")
    await owner(dsns, "UPDATE route SET state = 'ended' WHERE id = $1", route)
    await owner(dsns, "UPDATE round SET closed_at = now() WHERE id = $1", walk)
    await end(browser, roster)
