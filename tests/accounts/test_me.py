"""What a person sets for himself, the shared phone with its PINs, and working for several bodies."""

from uuid import UUID, uuid4

import httpx
import pytest

from backend.postgres_roles import Dsns
from tests.accounts.people import PASSWORD, owner, somebody
from tests.accounts.test_sign_in import enter
from tests.conftest import Browser
from tests.world import World

PIN = "274915"


async def with_pin(client: httpx.AsyncClient, username: str) -> None:
    await enter(client, username)
    answer = await client.post("/me/pin", data={"pin": PIN, "pin_password": PASSWORD})
    assert answer.status_code == 303


async def shared_phone(browser: Browser, dsns: Dsns, world: World) -> tuple[httpx.AsyncClient, UUID, UUID]:
    """A phone on which two guards with a PIN have signed in, the second last."""
    phone = browser()
    users = []
    for _ in range(2):
        username, user = await somebody(dsns, world, ("one", "guard"))
        await with_pin(phone, username)
        users.append(user)
    return phone, users[0], users[1]


async def test_name_and_language(browser: Browser, dsns: Dsns, world: World) -> None:
    username, user = await somebody(dsns, world, ("one", "guard"))
    client = browser()
    await enter(client, username)
    answer = await client.post("/me", data={"name": "老王", "name_en": "Old Wang", "language": "zh-CN"})
    assert answer.status_code == 303
    page = await client.get(answer.headers["location"])
    assert "已保存" in page.text
    assert "老王" in page.text
    kept = (await owner(dsns, "SELECT * FROM app_user WHERE id = $1", user))[0]
    assert (kept["name"], kept["name_en"], kept["language"]) == ("老王", "Old Wang", "zh-CN")
    bad = await client.post("/me", data={"name": " ", "name_en": "Old Wang 2", "language": "xx"})
    assert bad.status_code == 422
    assert "Old Wang 2" in bad.text


async def test_the_password_changes_with_the_old_one_only(browser: Browser, dsns: Dsns, world: World) -> None:
    username, _ = await somebody(dsns, world, ("one", "guard"))
    here, there = browser(), browser()
    await enter(here, username)
    await enter(there, username)
    wrong = await here.post("/me/password", data={"old": "wrong", "password": "brand new words"})
    assert wrong.status_code == 422
    assert "This is not your password" in wrong.text
    assert (await here.post("/me/password", data={"old": PASSWORD, "password": "short"})).status_code == 422
    before = here.cookies["xunan"]
    answer = await here.post("/me/password", data={"old": PASSWORD, "password": "brand new words"})
    assert answer.status_code == 303
    assert here.cookies["xunan"] != before
    assert (await here.get("/me")).status_code == 200
    assert (await there.get("/me")).status_code == 303
    assert (await enter(there, username)).status_code == 401
    assert (await enter(there, username, "brand new words")).status_code == 303


async def test_a_pin_needs_the_password_and_is_not_simple(browser: Browser, dsns: Dsns, world: World) -> None:
    username, user = await somebody(dsns, world, ("one", "guard"))
    client = browser()
    await enter(client, username)
    for form in (
        {"pin": PIN, "pin_password": "no"},
        {"pin": "123456", "pin_password": PASSWORD},
        {"pin": "", "pin_password": PASSWORD},
    ):
        assert (await client.post("/me/pin", data=form)).status_code == 422
    await with_pin(client, username)
    kept = (await owner(dsns, "SELECT pin_hash FROM app_user WHERE id = $1", user))[0]["pin_hash"]
    assert kept.startswith("$argon2id$")
    assert (await client.post("/me/pin", data={"remove": "1", "pin_password": PASSWORD})).status_code == 303
    assert (await owner(dsns, "SELECT pin_hash FROM app_user WHERE id = $1", user))[0]["pin_hash"] is None


async def test_changing_the_person_is_two_taps_and_a_pin(browser: Browser, dsns: Dsns, world: World) -> None:
    phone, first, second = await shared_phone(browser, dsns, world)
    before = phone.cookies["xunan"]
    page = (await phone.get("/switch")).text
    assert f"who={first}" in page
    assert f"who={second}" in page
    chosen = (await phone.get(f"/switch?who={first}")).text
    assert 'name="pin"' in chosen
    answer = await phone.post("/switch", data={"who": str(first), "pin": PIN})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert f'data-user="{first}"' in (await phone.get("/me")).text
    old = browser()
    old.cookies.set("xunan", before)
    assert (await old.get("/me")).status_code == 303


async def test_a_pin_works_after_signing_out_but_on_no_other_phone(browser: Browser, dsns: Dsns, world: World) -> None:
    phone, first, _ = await shared_phone(browser, dsns, world)
    await phone.post("/sign-out")
    assert (await phone.post("/switch", data={"who": str(first), "pin": PIN})).status_code == 303
    other = browser()
    assert "Nobody has signed in on this phone yet" in (await other.get("/switch")).text
    assert (await other.post("/switch", data={"who": str(first), "pin": PIN})).status_code == 404
    assert (await phone.post("/switch", data={"who": str(uuid4()), "pin": PIN})).status_code == 404
    assert (await phone.post("/switch", data={"who": "x"})).status_code == 404


async def test_five_wrong_pins_and_the_password_is_needed(browser: Browser, dsns: Dsns, world: World) -> None:
    phone, first, _ = await shared_phone(browser, dsns, world)
    for _ in range(5):
        wrong = await phone.post("/switch", data={"who": str(first), "pin": "000000"})
        assert wrong.status_code == 401
        assert "This PIN is not right" in wrong.text
    locked = await phone.post("/switch", data={"who": str(first), "pin": PIN})
    assert locked.status_code == 429
    assert "Sign in with your password" in locked.text
    assert 'name="password"' in locked.text
    assert (await phone.post("/switch", data={"who": str(first), "password": "wrong"})).status_code == 401
    assert (await phone.post("/switch", data={"who": str(first), "password": PASSWORD})).status_code == 303
    assert (await phone.post("/switch", data={"who": str(first), "pin": PIN})).status_code == 303


async def test_signing_out_everywhere_takes_a_person_off_the_phone(browser: Browser, dsns: Dsns, world: World) -> None:
    phone, first, second = await shared_phone(browser, dsns, world)
    await phone.post("/sign-out-everywhere")
    page = (await phone.get("/switch")).text
    assert str(first) in page
    assert str(second) not in page


async def test_several_bodies_one_at_a_time(browser: Browser, dsns: Dsns, world: World) -> None:
    username, user = await somebody(dsns, world, ("one", "guard"), ("two", "safety_director"))
    client = browser()
    await enter(client, username)
    assert (await client.get("/")).headers["location"] == "/switch-body"
    assert (await client.get("/people")).status_code == 403
    page = (await client.get("/switch-body")).text
    assert "Test one" in page
    assert "Test two" in page
    held = await owner(dsns, 'SELECT id, body FROM member WHERE "user" = $1', user)
    two = next(row["id"] for row in held if row["body"] == world.bodies["two"])
    foreign = (await owner(dsns, 'SELECT id FROM member WHERE "user" = $1', world.users["admin"]))[0]["id"]
    for wrong in (str(foreign), str(uuid4()), "x", ""):
        assert (await client.post("/switch-body", data={"member": wrong})).status_code == 404
    assert (await client.post("/switch-body", data={"member": str(two)})).status_code == 303
    assert (await client.get("/")).headers["location"] == "/overview"
    people = (await client.get("/people")).text
    assert "赵门卫" in people
    assert "王建国" not in people
    await enter(client, username)
    assert (await client.get("/")).headers["location"] == "/overview"
    await owner(dsns, "UPDATE member SET active = false WHERE id = $1", two)
    assert (await client.get("/people")).status_code == 403


@pytest.mark.parametrize("path", ["/me", "/me/sessions", "/switch-body"])
@pytest.mark.parametrize("who", ["guard", "manager", "district", "inspector", "admin"])
async def test_everybody_has_his_own_pages_in_both_languages(browser: Browser, path: str, who: str) -> None:
    for language in ("en", "zh-CN"):
        assert (await browser(who, language=language).get(path)).status_code == 200
    assert (await browser().get(path)).status_code == 303
