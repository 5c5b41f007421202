"""Signing in and out over HTTP: right and wrong, lock-out, fixation, sessions, language of the answers."""

import asyncio
import secrets
from html import unescape
from uuid import uuid4

import httpx
import pytest

from backend.accounts import hashing, rules
from backend.accounts import pages as accounts_pages
from backend.database import door
from backend.postgres_roles import Dsns
from tests.accounts.people import PASSWORD, owner, somebody
from tests.conftest import Browser
from tests.world import World


async def enter(client: httpx.AsyncClient, username: str, password: str = PASSWORD, **more: str) -> httpx.Response:
    return await client.post("/sign-in", data={"username": username, "password": password, **more})


async def test_signing_in_lands_where_the_post_works(browser: Browser, dsns: Dsns, world: World) -> None:
    username, user = await somebody(dsns, world, ("one", "guard"))
    client = browser()
    answer = await enter(client, f" {username.upper()} ")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookies = answer.headers.get_list("set-cookie")
    assert len(cookies) == 2
    assert all("HttpOnly" in one and "SameSite=lax" in one and "Path=/;" in one for one in cookies)
    assert (await client.get("/")).headers["location"] == "/today"
    assert (await client.get("/me")).status_code == 200
    row = (await owner(dsns, 'SELECT * FROM user_session WHERE "user" = $1', user))[0]
    assert client.cookies["xunan"] not in str(dict(row))
    assert row["member"] is not None


@pytest.mark.parametrize(
    ("who", "goal"),
    [
        ("guard", "/today"),
        ("crew", "/tickets"),
        ("manager", "/overview"),
        ("principal", "/overview"),
        ("district", "/schools"),
        ("admin", "/people"),
        ("inspector", "/me"),
        ("", "/sign-in"),
    ],
)
async def test_start_page_of_each_post(browser: Browser, who: str, goal: str) -> None:
    answer = await browser(who).get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, goal)


async def test_by_phone_number(browser: Browser, dsns: Dsns, world: World) -> None:
    await somebody(dsns, world, ("one", "guard"), phone="13911112222")
    assert (await enter(browser(), "+86 139 1111-2222")).status_code == 303


async def test_a_wrong_password_and_an_unknown_name_look_alike(browser: Browser, dsns: Dsns, world: World) -> None:
    username, _ = await somebody(dsns, world, ("one", "guard"))
    invited, _ = await somebody(dsns, world, ("one", "guard"), password=False)
    pages = []
    for name in (username, invited, "no-such-person"):
        answer = await enter(browser(), name, "wrong password")
        assert answer.status_code == 401
        assert "set-cookie" not in answer.headers
        pages.append(answer.text.replace(name, "NAME"))
    assert pages[0] == pages[1] == pages[2]
    assert "The user name or password is not right." in pages[0]
    chinese = await enter(browser(language="zh-CN"), username, "wrong password")
    assert "用户名或密码不正确" in chinese.text


async def test_an_unknown_name_costs_a_whole_verification(
    browser: Browser, monkeypatch: pytest.MonkeyPatch, dsns: Dsns, world: World
) -> None:
    username, _ = await somebody(dsns, world, ("one", "guard"))
    checked = []
    real = hashing.HASHER.verify
    monkeypatch.setattr(
        hashing,
        "HASHER",
        type("Hasher", (), {"verify": staticmethod(lambda kept, typed: (checked.append(kept), real(kept, typed))[1])}),
    )
    await enter(browser(), "nobody-at-all", "x")
    await enter(browser(), username, "x")
    assert len(checked) == 2
    assert checked[0].split("$")[:4] == checked[1].split("$")[:4]


async def test_empty_fields_are_named_and_the_name_is_kept(browser: Browser) -> None:
    answer = await enter(browser(), "wang", "", next="/points")
    assert answer.status_code == 422
    assert 'value="wang"' in answer.text
    assert 'value="/points"' in unescape(answer.text)
    assert "Please fill this in" in answer.text


async def test_five_failures_lock_this_account_from_this_address(browser: Browser, dsns: Dsns, world: World) -> None:
    username, _ = await somebody(dsns, world, ("one", "guard"))
    client = browser()
    for name in (username, f"unknown-{username}"):
        for _ in range(rules.SIGN_IN_TRIES):
            assert (await enter(client, name, "wrong")).status_code == 401
        locked = await enter(client, name, PASSWORD)
        assert locked.status_code == 429
        assert 800 < int(locked.headers["retry-after"]) <= 901
        assert "You can try again at" in locked.text
    other, _ = await somebody(dsns, world, ("one", "guard"))
    assert (await enter(client, other)).status_code == 303


async def test_the_lock_grows_and_is_forgotten(browser: Browser, dsns: Dsns, world: World) -> None:
    username, _ = await somebody(dsns, world, ("one", "guard"))
    client = browser()
    for _ in range(5):
        await enter(client, username, "wrong")
    later = "UPDATE throttle SET window_ends = now() - $1::interval WHERE key LIKE 'sign-in:%:%' AND count >= 5"
    waits = []
    for _ in range(2):
        await owner(dsns, later.replace("$1", "'1 second'"))
        assert (await enter(client, username, "wrong")).status_code == 401
        waits.append(int((await enter(client, username)).headers["retry-after"]))
    assert 1700 < waits[0] <= 1801
    assert 3500 < waits[1] <= 3601
    await owner(dsns, later.replace("$1", "'2 days'"))
    for _ in range(4):
        assert (await enter(client, username, "wrong")).status_code == 401
    assert (await enter(client, username)).status_code == 303


async def test_tries_at_once_do_not_pass_together(browser: Browser, dsns: Dsns, world: World) -> None:
    username, _ = await somebody(dsns, world, ("one", "guard"))
    answers = await asyncio.gather(*(enter(browser(), username, f"wrong {n}") for n in range(8)))
    assert sorted(answer.status_code for answer in answers) == [401] * 5 + [429] * 3


async def test_a_right_password_forgives_the_failures(browser: Browser, dsns: Dsns, world: World) -> None:
    username, _ = await somebody(dsns, world, ("one", "guard"))
    for _ in range(3):
        for _ in range(4):
            assert (await enter(browser(), username, "wrong")).status_code == 401
        assert (await enter(browser(), username)).status_code == 303


@pytest.mark.parametrize(
    "goal",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "\\\\evil",
        "/a\r\nX: y",
    ],
)
async def test_nobody_is_led_away(browser: Browser, dsns: Dsns, world: World, goal: str) -> None:
    username, _ = await somebody(dsns, world, ("one", "guard"))
    answer = await enter(browser(), username, next=goal)
    assert answer.status_code == 303
    location = answer.headers["location"]
    assert location.startswith("/")
    assert not location.startswith(("//", "/\\", "/\t"))
    assert "X" not in answer.headers


async def test_goes_on_to_the_page_that_was_asked_for(browser: Browser, dsns: Dsns, world: World) -> None:
    username, _ = await somebody(dsns, world, ("one", "guard"))
    client = browser()
    asked = await client.get("/me/sessions?x=1")
    assert asked.headers["location"] == "/sign-in?next=%2Fme%2Fsessions%3Fx%3D1"
    page = await client.get(asked.headers["location"])
    assert 'value="/me/sessions?x=1"' in unescape(page.text)
    assert (await enter(client, username, next="/me/sessions?x=1")).headers["location"] == "/me/sessions?x=1"


async def test_programs_get_json(browser: Browser, dsns: Dsns, world: World) -> None:
    username, user = await somebody(dsns, world, ("one", "guard"))
    client = browser()
    client.headers["accept"] = "application/json"
    wrong = await enter(client, username, "wrong")
    assert (wrong.status_code, wrong.headers["content-type"]) == (401, "application/problem+json")
    assert wrong.json()["code"] == "wrong_sign_in"
    empty = await client.post("/sign-in", data={})
    assert (empty.status_code, set(empty.json()["fields"])) == (422, {"username", "password"})
    broken = await client.post("/sign-in", content=b"[1", headers={"content-type": "application/json"})
    assert broken.status_code == 422
    right = await client.post("/sign-in", json={"username": username, "password": PASSWORD})
    assert right.status_code == 200
    assert right.json()["user"] == str(user)
    assert (await client.get("/me")).status_code == 200
    assert (await client.post("/sign-out")).status_code == 204
    assert (await client.get("/me")).status_code == 401


async def test_the_session_changes_at_sign_in_and_the_old_one_ends(browser: Browser, dsns: Dsns, world: World) -> None:
    username, _ = await somebody(dsns, world, ("one", "guard"))
    planted = browser()
    planted.cookies.set("xunan", "planted-by-somebody")
    assert (await enter(planted, username)).status_code == 303
    client = browser()
    await enter(client, username)
    first = client.cookies["xunan"]
    assert first not in {"", "planted-by-somebody"}
    await enter(client, username)
    assert client.cookies["xunan"] != first
    old = browser()
    old.cookies.set("xunan", first)
    assert (await old.get("/me")).status_code == 303
    stranger = browser()
    stranger.cookies.set("xunan", "planted-by-somebody")
    assert (await stranger.get("/me")).status_code == 303


async def test_signing_out_ends_the_session_for_a_kept_cookie_too(browser: Browser, dsns: Dsns, world: World) -> None:
    username, _ = await somebody(dsns, world, ("one", "guard"))
    client, kept = browser(), browser()
    await enter(client, username)
    kept.cookies.set("xunan", client.cookies["xunan"])
    answer = await client.post("/sign-out")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert (await kept.get("/me")).status_code == 303
    assert (await browser().post("/sign-out")).status_code == 303


async def test_signing_out_everywhere(browser: Browser, dsns: Dsns, world: World) -> None:
    username, _ = await somebody(dsns, world, ("one", "guard"))
    here, there = browser(), browser()
    await enter(here, username)
    await enter(there, username)
    assert (await here.post("/sign-out-everywhere")).status_code == 303
    assert (await there.get("/me")).status_code == 303
    assert (await enter(there, username)).status_code == 303


async def test_sessions_are_listed_and_ended_one_by_one(browser: Browser, dsns: Dsns, world: World) -> None:
    username, user = await somebody(dsns, world, ("one", "guard"))
    here, there = browser(), browser()
    there.headers["user-agent"] = "Mozilla/5.0 (iPhone) MicroMessenger/8"
    await enter(here, username)
    await enter(there, username)
    page = (await here.get("/me/sessions")).text
    assert "WeChat · iPhone" in page
    other = (await owner(dsns, "SELECT id FROM user_session WHERE \"user\" = $1 AND agent LIKE '%Micro%'", user))[0][
        "id"
    ]
    assert (await browser("guard").post(f"/me/sessions/{other}/end")).status_code == 404
    assert (await browser("manager").post(f"/me/sessions/{other}/end")).status_code == 404
    assert (await here.post(f"/me/sessions/{uuid4()}/end")).status_code == 404
    assert (await here.post(f"/me/sessions/{other}/end")).status_code == 303
    assert (await there.get("/me")).status_code == 303
    assert (await here.post(f"/me/sessions/{other}/end")).status_code == 404


async def test_seen_is_noted_by_writes_only(browser: Browser, dsns: Dsns, world: World) -> None:
    username, user = await somebody(dsns, world, ("one", "guard"))
    client = browser()
    await enter(client, username)
    await owner(dsns, "UPDATE user_session SET seen_at = now() - interval '2 hours' WHERE \"user\" = $1", user)
    ask = "SELECT now() - seen_at > interval '1 hour' AS old FROM user_session WHERE \"user\" = $1"
    await client.get("/me")
    assert (await owner(dsns, ask, user))[0]["old"]
    await client.post("/theme", data={"theme": "dark", "next": "/me"})
    assert not (await owner(dsns, ask, user))[0]["old"]


async def test_a_disabled_person_is_out_at_once(browser: Browser, dsns: Dsns, world: World) -> None:
    username, user = await somebody(dsns, world, ("one", "guard"))
    client = browser()
    await enter(client, username)
    await owner(dsns, "UPDATE app_user SET disabled_at = now() WHERE id = $1", user)
    assert (await client.get("/me")).status_code == 303
    assert (await enter(client, username)).status_code == 401


async def test_an_expired_session_is_none(browser: Browser, dsns: Dsns, world: World) -> None:
    username, user = await somebody(dsns, world, ("one", "guard"))
    client = browser()
    await enter(client, username)
    await owner(dsns, 'UPDATE user_session SET expires_at = now() WHERE "user" = $1', user)
    assert (await client.get("/me")).status_code == 303


async def test_a_foreign_site_cannot_sign_anybody_in(browser: Browser, dsns: Dsns, world: World) -> None:
    username, _ = await somebody(dsns, world, ("one", "guard"))
    client = browser()
    client.headers["sec-fetch-site"] = "cross-site"
    assert (await enter(client, username)).status_code == 403


@pytest.mark.parametrize("junk", ["\0", "' OR 1=1 --", "x" * 5000, "😀" * 50, "%00", "a\nb"])
async def test_junk_is_only_wrong(browser: Browser, junk: str) -> None:
    assert (await enter(browser(), junk, junk)).status_code in {401, 422, 429}


async def test_a_password_kept_with_weaker_settings_is_renewed(browser: Browser, dsns: Dsns, world: World) -> None:
    username, user = await somebody(dsns, world, ("one", "guard"))
    weak = hashing.PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    await owner(dsns, "UPDATE app_user SET password_hash = $2 WHERE id = $1", user, weak)
    assert (await enter(browser(), username)).status_code == 303
    kept = (await door("SELECT * FROM sign_in_door($1)", username) or {})["password_hash"]
    assert kept != weak
    assert (await enter(browser(), username)).status_code == 303


async def test_the_demo_shows_its_people_as_buttons(
    browser: Browser, monkeypatch: pytest.MonkeyPatch, dsns: Dsns, world: World
) -> None:
    body = await owner(
        dsns,
        "INSERT INTO body (id, kind, path, name, number, school_type)"
        " SELECT $1::uuid, 'school', path || $1::uuid, '演示小学', $2, 'primary' FROM body WHERE number = 'west'"
        " RETURNING id",
        *(uuid4(), secrets.token_hex(4)),
    )
    world.bodies["demo"] = body[0]["id"]
    username, _ = await somebody(dsns, world, ("demo", "bus_attendant"))
    second, _ = await somebody(dsns, world, ("demo", "guard"))
    assert username not in (await browser().get("/sign-in")).text
    monkeypatch.setattr(accounts_pages, "DEMO_CITY", world.bodies["city"])
    page = (await browser().get("/sign-in")).text
    assert f'value="{username}"' in page
    assert f'value="{second}"' not in page
    assert 'href="/demo"' in page
    assert "随车照管员" in (await browser(language="zh-CN").get("/sign-in")).text
