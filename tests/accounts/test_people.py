"""Inviting, joining, giving and ending posts: who may, for whom, how often, and what strangers learn (nothing)."""

import asyncio
import os
import re
import secrets
import subprocess
import sys
from html import unescape
from uuid import UUID, uuid4

import httpx
import pytest

from backend.accounts import actions, queries
from backend.database import DB, Scope
from backend.postgres_roles import Dsns
from backend.settings import UserError
from backend.trouble import Missing
from tests.accounts.people import PASSWORD, owner, somebody
from tests.accounts.test_sign_in import enter
from tests.conftest import Browser
from tests.world import World


async def invite(client: httpx.AsyncClient, **form: object) -> httpx.Response:
    plain = {"name": "小红", "username": f"n{secrets.token_hex(5)}", "posts": ["guard"]}
    return await client.post("/people", data={**plain, **form})


def path_of(answer: httpx.Response) -> str:
    found = re.search(r'value="(http[^"]*/join/[\w-]+)"', unescape(answer.text))
    assert found, answer.text
    return "/" + found[1].split("/", 3)[3]


async def invited(client: httpx.AsyncClient, **form: object) -> tuple[str, UUID]:
    """The invitation's path and the person's id."""
    answer = await invite(client, **form)
    assert answer.status_code == 201, answer.text
    found = re.search(r"/people/([0-9a-f-]{36})", unescape(answer.text))
    assert found
    return path_of(answer), UUID(found[1])


async def test_an_invitation_from_the_first_click_to_the_first_password(browser: Browser) -> None:
    manager, new = browser("manager"), browser()
    assert 'value="guard"' in (await manager.get("/people/new")).text
    answer = await invite(manager, username="Xiao.Hong", name="小红", phone="139 3333 4444")
    assert answer.status_code == 201
    assert "<svg" in answer.text
    assert answer.headers["cache-control"] == "no-store"
    path = path_of(answer)
    page = await new.get(path)
    assert page.status_code == 200
    assert "xiao.hong" in page.text
    weak = await new.post(path, data={"password": "12345678"})
    assert weak.status_code == 422
    assert "Too easy to guess" in weak.text
    same = await new.post(path, data={"password": "xiao.hong"})
    assert same.status_code == 422
    joined = await new.post(path, data={"password": PASSWORD})
    assert (joined.status_code, joined.headers["location"]) == (303, "/")
    assert (await new.get("/")).headers["location"] == "/today"
    assert (await enter(browser(), "13933334444")).status_code == 303
    for again in (await new.get(path), await browser().post(path, data={"password": "another good one"})):
        assert again.status_code == 404
        assert "no longer valid" in again.text
    assert (await enter(browser(), "xiao.hong", "another good one")).status_code == 401


async def test_two_who_join_at_once_are_one(browser: Browser, dsns: Dsns) -> None:
    path, user = await invited(browser("manager"))
    answers = await asyncio.gather(*(browser().post(path, data={"password": f"{PASSWORD} {n}"}) for n in range(4)))
    assert sorted(answer.status_code for answer in answers) == [303, 404, 404, 404]
    assert len(await owner(dsns, 'SELECT 1 FROM user_session WHERE "user" = $1', user)) == 1


async def test_the_secret_is_not_kept(browser: Browser, dsns: Dsns) -> None:
    path, user = await invited(browser("manager"))
    row = (await owner(dsns, 'SELECT * FROM invitation WHERE "user" = $1', user))[0]
    assert path.rsplit("/", 1)[1] not in str(dict(row))
    assert 6.9 < (row["expires_at"] - row["created_at"]).total_seconds() / 86_400 < 7.1
    assert path.rsplit("/", 1)[1] not in (await browser("manager").get(f"/people/{user}")).text


async def test_expired_withdrawn_and_replaced_invitations_are_gone(browser: Browser, dsns: Dsns) -> None:
    manager = browser("manager")
    path, user = await invited(manager)
    await owner(dsns, 'UPDATE invitation SET expires_at = now() WHERE "user" = $1', user)
    assert (await browser().get(path)).status_code == 404
    assert (await browser().post(path, data={"password": PASSWORD})).status_code == 404
    second = path_of(await manager.post(f"/people/{user}/invite"))
    third = path_of(await manager.post(f"/people/{user}/invite"))
    assert (await browser().get(second)).status_code == 404
    assert (await browser().get(third)).status_code == 200
    open_one = (
        await owner(
            dsns, 'SELECT id FROM invitation WHERE "user" = $1 AND withdrawn_at IS NULL ORDER BY created_at DESC', user
        )
    )[0]["id"]
    assert (await browser("far_manager").post(f"/people/{user}/invitations/{open_one}/withdraw")).status_code == 404
    assert (await manager.post(f"/people/{user}/invitations/{open_one}/withdraw")).status_code == 303
    assert (await manager.post(f"/people/{user}/invitations/{open_one}/withdraw")).status_code == 404
    assert (await browser().post(third, data={"password": PASSWORD})).status_code == 404


async def test_a_lost_password_is_mended_by_a_new_invitation(browser: Browser, dsns: Dsns, world: World) -> None:
    username, user = await somebody(dsns, world, ("one", "guard"))
    thief = browser()
    await enter(thief, username)
    path = path_of(await browser("manager").post(f"/people/{user}/invite"))
    assert (await enter(browser(), username)).status_code == 303
    assert (await browser().post(path, data={"password": "quite another one"})).status_code == 303
    assert (await thief.get("/me")).status_code == 303
    assert (await enter(browser(), username)).status_code == 401
    assert (await enter(browser(), username, "quite another one")).status_code == 303


@pytest.mark.parametrize(
    ("who", "body", "post", "status"),
    [
        ("manager", "one", "guard", 201),
        ("manager", "one", "vice_principal", 201),
        ("manager", "one", "principal", 422),
        ("manager", "one", "auditor", 422),
        ("manager", "two", "guard", 404),
        ("manager", "east", "district_bureau", 404),
        ("admin", "one", "principal", 201),
        ("admin", "east", "auditor", 201),
        ("admin", "city", "inspector", 201),
        ("admin", "city", "guard", 422),
        ("admin", "one", "district_bureau", 422),
        ("principal", "one", "guard", 403),
        ("guard", "one", "guard", 403),
        ("district", "one", "guard", 403),
        ("", "one", "guard", 303),
    ],
)
async def test_who_may_invite_whom(browser: Browser, world: World, who: str, body: str, post: str, status: int) -> None:
    answer = await invite(browser(who), body=str(world.bodies[body]), posts=[post])
    assert answer.status_code == status


async def test_a_bad_form_comes_back_as_it_was(browser: Browser, dsns: Dsns, world: World) -> None:
    taken, _ = await somebody(dsns, world, ("two", "guard"), phone="13755556666")
    manager = browser("manager")
    answer = await invite(manager, username="", name="", phone="abc", posts=[], title="east gate")
    text = unescape(answer.text)
    assert answer.status_code == 422
    for words in ("Please fill this in", "Choose at least one post", "Digits only", 'value="east gate"', 'value="abc"'):
        assert words in text
    assert "This user name is taken" in (await invite(manager, username=taken.upper())).text
    assert "already used by somebody" in (await invite(manager, phone="+86 13755556666")).text
    assert "13755556666" in unescape((await invite(manager, phone="13755556666")).text)


async def test_an_ended_post_ends_at_the_next_request(browser: Browser, dsns: Dsns, world: World) -> None:
    username, user = await somebody(dsns, world, ("one", "safety_director"))
    client, manager = browser(), browser("manager")
    await enter(client, username)
    assert (await client.get("/people")).status_code == 200
    held = (await owner(dsns, 'SELECT id FROM member WHERE "user" = $1', user))[0]["id"]
    path = path_of(await manager.post(f"/people/{user}/invite"))
    for foreign in ("far_manager", "neighbour_manager"):
        assert (await browser(foreign).post(f"/people/{user}/posts/{held}/end")).status_code == 404
    assert (await manager.post(f"/people/{user}/posts/{held}/end")).status_code == 303
    assert (await client.get("/people")).status_code == 403
    assert (await client.get("/")).headers["location"] == "/switch-body"
    assert "You have no post at present" in (await client.get("/switch-body")).text
    assert (await browser().get(path)).status_code == 404
    assert (await manager.post(f"/people/{user}/posts/{held}/end")).status_code == 409
    assert (await manager.post(f"/people/{user}/invite")).status_code == 409
    assert "ended today" in (await manager.get(f"/people/{user}")).text
    assert (await owner(dsns, "SELECT ended_at, active FROM member WHERE id = $1", held))[0]["ended_at"]
    assert (await manager.post(f"/people/{user}/posts", data={"post": "safety_director"})).status_code == 303
    assert (await enter(client, username)).status_code == 303
    assert (await client.get("/people")).status_code == 200


async def test_nobody_ends_his_own_post_or_one_above(browser: Browser, dsns: Dsns, world: World) -> None:
    manager = browser("manager")
    sql = 'SELECT id FROM member WHERE "user" = $1'
    own = (await owner(dsns, sql, world.users["manager"]))[0]["id"]
    above = (await owner(dsns, sql, world.users["principal"]))[0]["id"]
    assert (await manager.post(f"/people/{world.users['manager']}/posts/{own}/end")).status_code == 409
    principal = world.users["principal"]
    for tail in (f"posts/{above}/end", "invite", "end-sessions"):
        assert (await manager.post(f"/people/{principal}/{tail}")).status_code == 403
    assert (await manager.post(f"/people/{principal}/posts", data={"post": "guard"})).status_code == 403
    assert (await manager.post(f"/people/{principal}", data={"name": "x"})).status_code == 403
    assert "above yours" in (await manager.get(f"/people/{principal}")).text


async def test_an_account_that_also_acts_elsewhere_cannot_be_taken_over(
    browser: Browser, dsns: Dsns, world: World
) -> None:
    username, user = await somebody(dsns, world, ("one", "guard"), ("two", "safety_director"))
    manager = browser("manager")
    assert (await manager.post(f"/people/{user}/invite")).status_code == 403
    assert (await manager.post(f"/people/{user}", data={"name": "x", "phone": "13600000000"})).status_code == 403
    page = (await manager.get(f"/people/{user}")).text
    assert "测试two" not in page
    assert "Test two" not in page
    assert "Head of the school safety office</b>" not in page
    assert (await manager.post(f"/people/{user}/end-sessions")).status_code == 303
    assert (await browser("admin").post(f"/people/{user}/invite")).status_code == 201
    assert (await enter(browser(), username)).status_code == 303


async def test_foreign_people_are_as_if_they_were_not(browser: Browser, world: World) -> None:
    manager = browser("manager")
    foreign, nobody = world.users["neighbour"], uuid4()
    for path in ("", "/invite", "/end-sessions", "/posts", f"/posts/{uuid4()}/end", f"/invitations/{uuid4()}/withdraw"):
        answers = [
            await manager.post(f"/people/{one}{path}", data={"post": "guard", "name": "x"}) for one in (foreign, nobody)
        ]
        assert [answer.status_code for answer in answers] == [404, 404]
    seen, unseen = await manager.get(f"/people/{foreign}"), await manager.get(f"/people/{nobody}")
    assert seen.status_code == unseen.status_code == 404
    assert seen.text.replace(str(foreign), "") == unseen.text.replace(str(nobody), "")
    assert (await manager.get("/people/not-an-id")).status_code == 404


async def test_the_list_shows_own_people_and_filters(browser: Browser, dsns: Dsns, world: World) -> None:
    manager = browser("manager")
    page = (await manager.get("/people?state=all")).text
    assert "王建国" in page
    assert "赵门卫" not in page
    assert "郑科长" not in page
    assert "王建国" not in (await manager.get("/people?q=%E5%88%98")).text
    assert "刘洋" in (await manager.get("/people?q=%E5%88%98&post=guard")).text
    assert "Nobody like that" in (await manager.get("/people?q=zzz%25_'")).text
    for junk in ("start=-1&post=x&state=y&body=z", "q=%00", "q=%ff%fe", "q=%ed%a0%80", "start=99999999999"):
        assert (await manager.get(f"/people?{junk}")).status_code == 200
    assert "never" in (await manager.get("/people?state=waiting")).text
    district = (await browser("admin").get("/people")).text
    assert "赵门卫" in district
    below = (await browser("admin").get(f"/people?body={world.bodies['west']}")).text
    assert "孙主任" in below
    assert "赵门卫" not in below


async def test_a_district_administrator_reaches_his_district_only(browser: Browser, dsns: Dsns, world: World) -> None:
    username, _ = await somebody(dsns, world, ("east", "auditor"))
    client = browser()
    await enter(client, username)
    assert (await client.get("/people/new")).status_code == 200
    assert (await invite(client, body=str(world.bodies["one"]), posts=["principal"])).status_code == 201
    for foreign in ("three", "west", "city"):
        assert (await invite(client, body=str(world.bodies[foreign]), posts=["guard"])).status_code == 404
    assert (await client.get(f"/people/{world.users['far_manager']}")).status_code == 404


async def test_who_left_is_no_longer_watched(browser: Browser, dsns: Dsns, world: World) -> None:
    username, user = await somebody(dsns, world, ("one", "guard"), ("two", "guard"), phone="13122223333")
    await enter(browser(), username)
    gone = 'UPDATE member SET active = false, ended_at = now() WHERE "user" = $1 AND body = $2'
    await owner(dsns, gone, user, world.bodies["one"])
    manager = browser("manager")
    for path in (f"/people/{user}", f"/people?state=ended&q={username}"):
        page = (await manager.get(path)).text
        assert username in page
        assert "13122223333" not in page
        assert "just now" not in page
    assert (await manager.post(f"/people/{user}/end-sessions")).status_code == 409


async def test_name_and_phone_can_be_changed(browser: Browser, dsns: Dsns, world: World) -> None:
    _, user = await somebody(dsns, world, ("one", "guard"))
    manager = browser("manager")
    answer = await manager.post(f"/people/{user}", data={"name": "新名", "name_en": "New", "phone": "135 0000 1111"})
    assert answer.status_code == 303
    assert "13500001111" in (await manager.get(answer.headers["location"])).text
    bad = await manager.post(f"/people/{user}", data={"name": "", "phone": "13500001111"})
    assert bad.status_code == 422


async def test_the_walls_hold_without_the_filter(world: World) -> None:
    """What the queries ask for again is already refused by the database itself."""
    from backend import database

    manager = await world.member("manager")
    async with database.reading(manager.scope):
        users = {row["username"] for row in await database.rows("SELECT username FROM app_user")}
    assert "guard" in users
    assert not users & {"neighbour", "far_manager", "district", "city"}
    async with database.reading(Scope()):
        assert await database.value("SELECT count(*) FROM app_user") == 0
    with pytest.raises(Missing):
        await queries.person(manager, world.users["neighbour"])


async def test_the_first_administrator_comes_in_by_the_command(dsns: Dsns, world: World, browser: Browser) -> None:
    await DB.close()
    await DB.open(dsns.owner, size=2)
    try:
        link = await actions.add_member("Boss.One", "张主任", "auditor", "city", "")
        again = await actions.add_member("boss.one", "张主任", "auditor", "city", "")
        for wrong in (("a b", "x", "auditor", "city"), ("c", "x", "auditor", "city"), ("cc", "x", "king", "city")):
            with pytest.raises(UserError):
                await actions.add_member(*wrong)
        with pytest.raises(UserError):
            await actions.add_member("boss.two", "x", "guard", "city")
        with pytest.raises(UserError):
            await actions.add_member("boss.two", "x", "auditor", "no-such-number")
    finally:
        await DB.close()
        await DB.open(dsns.app)
    client = browser()
    assert (await client.get("/" + link.split("/", 3)[3])).status_code == 404
    answer = await client.post("/" + again.split("/", 3)[3], data={"password": PASSWORD})
    assert answer.status_code == 303
    assert (await client.get("/")).headers["location"] == "/people"


def xunan(dsns: Dsns, *words: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "XUNAN_DATABASE_URL": dsns.owner, "XUNAN_APP_DATABASE_URL": dsns.app}
    program = [sys.executable, "-m", "backend.command", "member", *words]
    return subprocess.run(program, capture_output=True, text=True, env=environment, check=False, timeout=60)


async def test_the_command_prints_a_link(dsns: Dsns, world: World, browser: Browser) -> None:
    words = ("--name", "王主任", "--body", "city")
    done = await asyncio.to_thread(xunan, dsns, f"c{secrets.token_hex(4)}", *words)
    assert done.returncode == 0, done.stderr
    link = done.stdout.split()[-1]
    assert (await browser().get("/" + link.split("/", 3)[3])).status_code == 200
    wrong = await asyncio.to_thread(xunan, dsns, "someone", "--name", "x", "--body", "nowhere")
    assert wrong.returncode == 2
    assert "Traceback" not in wrong.stderr
