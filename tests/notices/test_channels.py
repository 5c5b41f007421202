"""A school's channels and a person's choices, as pages: who may, what is kept, what is never shown."""

import asyncio
import re
from typing import Any

import pytest

from backend.notices.queries_channels import channels
from backend.notices.rules_words import KIND_NAMES
from backend.notices.seal import seal, unseal
from backend.row import uuid7
from tests.conftest import Browser
from tests.notices.conftest import Set
from tests.notices.receivers import http_receiver, postbox
from tests.world import World

WECOM = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-a-very-secret-key-9f3c"
FORM = {"kind": "wecom", "name": "安全群", "address": WECOM, "kinds": ["finding_major", "finding_overdue"]}


async def added(browser: Browser, **changes: Any) -> str:
    """The address of a new channel of school one."""
    async with browser("manager") as manager:
        done = await manager.post("/notices/channels", data={**FORM, **changes})
    assert done.status_code == 303, done.text
    return str(done.headers["location"]).partition("?")[0]


async def test_a_channel_is_added_changed_and_ended_but_never_deleted(
    browser: Browser, world: World, owner: Any
) -> None:
    path = await added(browser)
    async with browser("manager") as manager:
        shown = await manager.get(path)
        assert "安全群" in shown.text
        assert (await manager.post(path, data={"name": "新群", "kinds": ["finding_closed"]})).status_code == 303
        (kept,) = [one for one in await channels(await world.member("manager")) if one["name"] == "新群"]
        assert kept["kinds"] == ["finding_closed"]
        assert (await manager.post(f"{path}/end")).status_code == 303
        assert (await manager.post(f"{path}/end")).status_code == 409
        assert (await manager.post(f"{path}/test")).status_code == 409
        assert (await manager.post(path, data={"name": "x", "kinds": ["finding_closed"]})).status_code == 409
        assert "新群" in (await manager.get("/notices/channels")).text
    assert await owner.fetchval("SELECT ended_at IS NOT NULL FROM notice_channel WHERE id = $1", kept["id"])


async def test_address_and_secret_are_sealed_and_never_shown(browser: Browser, world: World, owner: Any) -> None:
    secret = "SEC-a-secret-nobody-sees"
    address = "https://oapi.dingtalk.com/robot/send?access_token=token-nobody-sees-77aa"
    path = await added(browser, kind="dingtalk", address=address, secret=secret)
    row = await owner.fetchrow("SELECT * FROM notice_channel WHERE id = $1::text::uuid", path.rsplit("/", 1)[1])
    for text in (row["address"], row["secret"]):
        assert "nobody-sees" not in text
    assert unseal(row["address"], row["id"]) == address
    assert unseal(row["secret"], row["id"]) == secret
    assert unseal(row["secret"], uuid7()) is None  # moved to another row
    async with browser("manager") as manager:
        for page in (path, "/notices/channels"):
            text = (await manager.get(page)).text
            assert "oapi.dingtalk.com …77aa" in text
            assert "nobody-sees" not in text
        refused = await manager.post(
            "/notices/channels", data={**FORM, "kind": "dingtalk", "name": "", "address": address, "secret": secret}
        )
        assert refused.status_code == 422
        assert secret not in refused.text
        assert "token-nobody-sees" in refused.text  # what was typed and not yet saved is kept
    assert seal("x", row["id"]) != seal("x", row["id"])


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 61}, "name"),
        ({"kinds": []}, "kinds"),
        ({"kinds": ["nonsense"]}, "kinds"),
        ({"address": ""}, "address"),
        ({"address": "http://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=x"}, "address"),
        ({"address": "https://127.0.0.1/"}, "address"),
        ({"kind": "webhook", "address": "https://a.cn/x", "secret": "short"}, "secret"),
        ({"kind": "webhook", "address": "https://a.cn/x", "secret": "密" * 20}, "secret"),
        ({"kind": "mail", "address": "nobody"}, "address"),
    ],
)
async def test_what_cannot_be_used_is_said_beside_its_field(
    browser: Browser, owner: Any, change: dict[str, Any], field: str, language: str
) -> None:
    there = await owner.fetchval("SELECT count(*) FROM notice_channel")
    async with browser("manager", language=language) as manager:
        answer = await manager.post("/notices/channels", data={**FORM, **change})
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    if "name" not in change:
        assert 'value="安全群"' in answer.text
    assert await owner.fetchval("SELECT count(*) FROM notice_channel") == there


async def test_ten_channels_are_enough(browser: Browser, owner: Any) -> None:
    await owner.execute("UPDATE notice_channel SET ended_at = now() WHERE ended_at IS NULL")
    for n in range(10):
        await added(browser, name=f"群{n}")
    async with browser("manager") as manager:
        assert (await manager.post("/notices/channels", data=FORM)).status_code == 422
        assert (await manager.post("/notices/channels", data={**FORM, "kind": "pigeon"})).status_code == 404


async def test_siblings_bureaus_and_others_see_no_channel(browser: Browser, world: World, owner: Any) -> None:
    path = await added(browser, name="只有本校")
    nothing = f"/notices/channels/{uuid7()}"
    for who in ("neighbour_manager", "far_manager"):
        async with browser(who) as other:
            assert "只有本校" not in (await other.get("/notices/channels")).text
            assert [one["name"] for one in await channels(await world.member(who)) if one["name"] == "只有本校"] == []
            for method, tail in (("GET", ""), ("POST", ""), ("POST", "/test"), ("POST", "/end")):
                data = {"name": "x", "kinds": ["finding_closed"]}
                real = await other.request(method, path + tail, data=data if method == "POST" else None)
                none = await other.request(method, nothing + tail, data=data if method == "POST" else None)
                assert real.status_code == none.status_code == 404, (who, method, tail)
    for who in ("guard", "crew", "principal", "district", "city", "inspector", "admin"):
        async with browser(who) as other:
            assert (await other.get("/notices/channels")).status_code == 403, who
            assert (await other.post(f"{path}/test")).status_code == 403, who
    assert await owner.fetchval("SELECT count(*) FROM notice_channel WHERE name = '只有本校' AND ended_at IS NULL") == 1


@pytest.mark.parametrize(
    ("how", "english", "chinese"),
    [
        ("ok", "took the test message", "对方已收下测试消息"),
        ((500, "", ""), "answered with an error (500)", "对方返回错误（500）"),
        ((200, '{"errcode":93000,"errmsg":"invalid webhook url"}', ""), "93000 invalid webhook url", "93000 invalid"),
        ((302, "", "Location: https://a.cn/\r\n"), "sends on to another address", "转到了别的地址"),
        ((200, '{"errcode":45009}', ""), "pause of ten minutes", "暂停十分钟"),
    ],
)
async def test_the_test_button_says_what_the_receiver_said(
    browser: Browser, owner: Any, configured: Set, how: Any, english: str, chinese: str
) -> None:
    configured(XUNAN_OUTGOING_PRIVATE="127.0.0.1")
    async with http_receiver() as receiver:
        receiver.how = how
        path = await added(browser, address=receiver.address)
        for language, words in (("en", english), ("zh-CN", chinese)):
            async with browser("manager", language=language) as manager:
                done = await manager.post(f"{path}/test")
                assert done.status_code == 303
                assert words in (await manager.get(done.headers["location"])).text
        assert len(receiver.got) == 2
        assert "测试消息" in receiver.got[0].body.decode()


async def test_the_test_button_does_not_reach_inside_nor_endlessly(
    browser: Browser, owner: Any, configured: Set
) -> None:
    async with http_receiver() as receiver:
        configured(XUNAN_OUTGOING_PRIVATE="127.0.0.1")
        path = await added(browser, address=receiver.address)
        async with browser("manager") as manager:
            answers = [await manager.post(f"{path}/test") for _ in range(7)]
            assert [one.status_code for one in answers].count(429) == 2
            configured(XUNAN_OUTGOING_PRIVATE="")
            other = await added(browser)
            await owner.execute(
                "UPDATE notice_channel SET address = $2 WHERE id = $1::text::uuid",
                *(other.rsplit("/", 1)[1], "not sealed"),
            )
            done = await manager.post(f"{other}/test")
            assert "key of the data folder has changed" in (await manager.get(done.headers["location"])).text
        assert len(receiver.got) == 5


async def test_a_group_address_gets_mail(browser: Browser, owner: Any, configured: Set) -> None:
    async with postbox() as box:
        path = await added(browser, kind="mail", address="safety@school.cn")
        async with browser("manager") as manager:
            assert "no mail server" in (await manager.get("/notices/channels/new?kind=mail")).text
            done = await manager.post(f"{path}/test")
            assert "no mail server" in (await manager.get(done.headers["location"])).text
            configured(XUNAN_SMTP_URL=f"smtp://127.0.0.1:{box.port}", XUNAN_MAIL_FROM="xunan@school.cn")
            done = await manager.post(f"{path}/test")
            assert "took the test message" in (await manager.get(done.headers["location"])).text
        assert [mail["To"] for mail in box.got] == ["safety@school.cn"]
        assert box.got[0]["Auto-Submitted"] == "auto-generated"
        await asyncio.sleep(0)


@pytest.mark.parametrize("language", ["en", "zh-CN"])
async def test_every_kind_of_channel_has_its_form(browser: Browser, language: str) -> None:
    async with browser("manager", language=language) as manager:
        listed = (await manager.get("/notices/channels")).text
        for address in re.findall(r'href="(/notices/channels/new\?kind=\w+)"', listed):
            form = await manager.get(address)
            assert form.status_code == 200
            assert form.text.count('name="kinds"') == len(KIND_NAMES)
        assert (await manager.get("/notices/channels/new?kind=pigeon")).status_code in {302, 303, 307}
        assert 'href="/notices/channels"' in (await manager.get("/settings")).text
        assert 'href="/notices/channels"' in (await manager.get("/notices")).text


async def test_a_person_chooses_by_kind_and_silence_is_no_choice(browser: Browser, world: World, owner: Any) -> None:
    async with browser("crew") as crew:
        shown = (await crew.get("/notices/choices")).text
        assert "no mail server configured" in shown
        assert " checked" not in shown.split('action="/notices/choices"')[1]
        sent = {"email": "li@school.cn", "finding_assigned": "yes", "finding_closed": "no", "nonsense": "yes"}
        assert (await crew.post("/notices/choices", data=sent)).status_code == 303
        assert (await crew.post("/notices/choices", data={"finding_closed": "yes"})).status_code == 303
        again = (await crew.get("/notices/choices")).text
        assert 'value="li@school.cn"' in again
        bad = await crew.post("/notices/choices", data={"email": "li@", "finding_overdue": "no"})
        assert bad.status_code == 422
        assert 'value="li@"' in bad.text
        assert re.search(r'name="finding_overdue" value="no" checked', bad.text)
    kept = await owner.fetch('SELECT kind, mail FROM notice_choice WHERE "user" = $1', world.users["crew"])
    assert {row["kind"]: row["mail"] for row in kept} == {"finding_assigned": True, "finding_closed": True}
    assert await owner.fetchval("SELECT email FROM app_user WHERE id = $1", world.users["crew"]) == "li@school.cn"
    assert await owner.fetchval("SELECT count(*) FROM app_user WHERE email IS NOT NULL") == 1


async def test_what_the_school_has_is_said(browser: Browser, owner: Any) -> None:
    await owner.execute("UPDATE notice_channel SET ended_at = now() WHERE ended_at IS NULL")
    async with browser("crew", language="zh-CN") as crew:
        assert "已设置" not in (await crew.get("/notices/choices")).text
        await added(browser)
        assert (await crew.get("/notices/choices")).text.count("已设置") == 1
    async with browser("district") as officer:
        assert "WeCom" not in (await officer.get("/notices/choices")).text
