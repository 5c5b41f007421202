"""Nobody inside the house can be reached by what a school types: by the form of the address, by what its name resolves
to, and by a name that changes in between."""

import asyncio
import ipaddress
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from backend.notices import senders
from backend.notices.rules import Reply
from backend.notices.rules_addresses import Inside, address_fault, refused, shown, split
from backend.notices.rules_messages import Message

NOBODY = Inside()
PRIVATE = [
    *("127.0.0.1", "127.8.9.1", "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.254"),
    *("192.168.0.1", "169.254.169.254", "169.254.0.1", "100.64.0.1", "100.127.255.254", "192.0.0.1", "192.0.2.1"),
    *("198.18.0.1", "198.51.100.7", "203.0.113.7", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
    *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "ff02::1", "fec0::1", "::ffff:127.0.0.1"),
    *("::ffff:10.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::"),
    *("2002:a00:1::1", "2001:0:7f00:1::", "2001:db8::1", "not an address", "", "100.100.100.200"),
]
PUBLIC = ["8.8.8.8", "1.1.1.1", "223.5.5.5", "101.91.37.1", "2400:3200::1", "2606:4700::1111"]
FORMS = [
    *(
        "http://127.0.0.1/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://127.0.1/",
        "https://0/",
        "https://0.0.0.0/",
    ),
    *(
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.0.0.1/",
        "https://0177.0.0.1/",
        "https://017700000001/",
    ),
    *("https://127.0.0.1:443/", "https://127.0.0.1./", "https://[::1]/", "https://[::]/", "https://[0:0:0:0:0:0:0:1]/"),
    *("https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/", "https://[fe80::1%25eth0]/", "https://[fd00::1]/"),
    *("https://localhost/", "https://LOCALHOST/", "https://localhost./", "https://10.0.0.1/", "https://192.168.1.1/"),
    *("https://172.16.0.1/", "https://169.254.169.254/latest/meta-data/", "https://100.64.0.1/", "https://8.8.8.8/"),
    *("https://user@example.com/", "https://user:pass@example.com/", "https://example.com@127.0.0.1/"),
    *("https://127.0.0.1#@example.com/", "https://example.com#frag", "https://127.0.0.1\\@example.com/"),
    *("https://example.com\\.evil.cn/", "https:\\\\127.0.0.1/", "https:/127.0.0.1/", "https:///127.0.0.1/", "https://"),
    *(
        "//127.0.0.1/",
        "127.0.0.1",
        "example.com/hook",
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://a.cn:70/_x",
    ),
    *(
        "dict://a.cn:11211/",
        "unix:///var/run/docker.sock",
        "javascript:alert(1)",
        "data:text/plain,x",
        "jar:https://a.cn!/",
    ),
    *("https://exa mple.com/", "https://example.com/\r\nHost: x", "https://example.com/\tx", "https://example.com:0/"),
    *("https://example.com:99999/", "https://example.com:abc/", "https://ｅxample.com/", "https://127。0。0。1/"),
    *("https://①②⑦.0.0.1/", "https://%31%32%37.0.0.1/", "https://127%2e0%2e0%2e1/", "https://example.com%00.evil.cn/"),
    *("https://[127.0.0.1]/", "https://[::1", "https://::1/", "https://-a.cn/", "https://a..cn/", "https://.cn/"),
    *(
        "https://intranet/",
        "https://a.cn/" + "x" * 1000,
        "https://1.2.3.4.5/",
        "https://a.0x7f/",
        "https://$(id).a.cn/",
    ),
]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_refused(address: str) -> None:
    assert refused(address, NOBODY)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_not(address: str) -> None:
    assert not refused(address, NOBODY)


def test_the_settings_open_exactly_what_they_name() -> None:
    inside = Inside.of(("10.1.0.0/16", "fd00:1::/32", "hooks.school.local"))
    assert not refused("10.1.2.3", inside)
    assert not refused("fd00:1::5", inside)
    assert refused("10.2.0.1", inside)
    assert refused("::ffff:10.1.2.3", inside)
    assert inside.knows("hooks.school.local")
    assert not inside.knows("x.hooks.school.local")
    assert address_fault("webhook", "http://hooks.school.local:8080/in", inside) == ""
    assert address_fault("webhook", "http://10.1.2.3/in", inside) == ""
    assert address_fault("webhook", "http://10.2.0.1/in", inside)
    assert address_fault("webhook", "http://example.com/in", inside)


def test_there_are_enough_forms() -> None:
    assert len(set(FORMS)) >= 60


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def knocks() -> AsyncIterator[tuple[int, list[str]]]:
    """A listener on loopback, on IPv4 and IPv6, that notes whoever connects."""
    seen: list[str] = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(str(writer.get_extra_info("peername")))
        writer.close()

    server = await asyncio.start_server(note, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1], seen
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form[:40])
async def test_no_form_of_an_address_connects(form: str, knocks: tuple[int, list[str]]) -> None:
    """Refused where it is typed; and sent all the same, with the port of the listener in it, it connects nowhere."""
    port, seen = knocks
    for kind in ("webhook", "wecom", "dingtalk", "feishu"):
        assert address_fault(kind, form, NOBODY), form

    async def loopback(host: str, _: int) -> list[str]:
        """Whatever a system's resolver would make of it at worst."""
        return ["127.0.0.1"]

    for address in {form, form.replace("127.0.0.1/", f"127.0.0.1:{port}/").replace("localhost/", f"localhost:{port}/")}:
        reply = await senders.post("webhook", Message(address, b"{}"), NOBODY, loopback)
        assert not reply.ok
    assert seen == []


@pytest.mark.parametrize(
    "answers",
    [
        [["127.0.0.1"]],
        [["8.8.8.8", "127.0.0.1"]],
        [["127.0.0.1", "8.8.8.8"]],
        [["::1"]],
        [["::ffff:127.0.0.1"]],
        [["169.254.169.254"]],
        [["fe80::1%lo"]],
        [[]],
        [["10.0.0.1"], ["127.0.0.1"]],
    ],
)
async def test_a_name_that_leads_inside_connects_nowhere(
    answers: list[list[str]], knocks: tuple[int, list[str]]
) -> None:
    port, seen = knocks
    turns = iter(answers * 9)

    async def resolver(host: str, _: int) -> list[str]:
        return next(turns)

    for _ in range(3):
        sent = await senders.post("webhook", Message(f"https://rebind.example.cn:{port}/", b"{}"), NOBODY, resolver)
        assert sent == Reply("refused")
    assert seen == []


async def test_a_name_is_resolved_once_and_the_socket_is_asked_again(
    monkeypatch: pytest.MonkeyPatch, knocks: tuple[int, list[str]]
) -> None:
    """A rebinding name: public when checked, loopback when asked again; and a network that reaches another address than
    the one it was told is found out at the socket, before a byte is sent."""
    port, seen = knocks
    asked: list[str] = []
    turns = iter([["8.8.8.8"], ["127.0.0.1"], ["127.0.0.1"]])
    reached: list[str] = []
    real = senders.httpcore.AnyIOBackend.connect_tcp

    async def rebinding(host: str, _: int) -> list[str]:
        asked.append(host)
        return next(turns)

    async def crooked(self: object, host: str, _: int, *others: object) -> object:
        reached.append(host)
        return await real(self, "127.0.0.1", port)  # type: ignore[arg-type]

    monkeypatch.setattr(senders.httpcore.AnyIOBackend, "connect_tcp", crooked)
    sent = await senders.post("webhook", Message(f"https://rebind.example.cn:{port}/", b"{}"), NOBODY, rebinding)
    assert sent == Reply("refused")
    assert asked == ["rebind.example.cn"]
    assert reached == ["8.8.8.8"]  # by address, never by name
    for _ in range(50):
        if seen:
            break
        await asyncio.sleep(0.01)
    seen.clear()  # the crooked network did connect; nothing was said there


def test_bots_are_at_home_where_they_are() -> None:
    wecom = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"
    dingtalk = "https://oapi.dingtalk.com/robot/send?access_token=566cc69da782ec"
    feishu = "https://open.feishu.cn/open-apis/bot/v2/hook/xxxxxxxx-xxxx"
    for kind, own in (("wecom", wecom), ("dingtalk", dingtalk), ("feishu", feishu)):
        for address in (wecom, dingtalk, feishu, "https://example.cn/hook", own.replace("https", "http")):
            assert (address_fault(kind, address, NOBODY) == "") == (address == own), (kind, address)
        assert address_fault("webhook", own, NOBODY) == ""
    assert address_fault("wecom", wecom.replace("qq.com", "qq.com.evil.cn"), NOBODY)
    assert address_fault("webhook", "https://hooks.example.cn:8443/in?a=1", NOBODY) == ""
    assert address_fault("mail", "a@b.cn", NOBODY) == ""
    assert address_fault("mail", "https://a.cn", NOBODY)


def test_only_host_and_last_signs_are_shown() -> None:
    assert (
        shown("wecom", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=secret-abcd")
        == "qyapi.weixin.qq.com …abcd"
    )
    assert shown("mail", "wang@school.cn") == "w…@school.cn"
    assert split("https://A.example.cn/x") is not None
    assert ipaddress.ip_address("100.64.0.1").is_private is False  # why is_global is asked, and not is_private
