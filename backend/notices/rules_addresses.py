"""Which addresses a school may have something sent to. Names are judged when they are typed, addresses when they are
connected to: nothing inside the house (loopback, private, link-local, shared, ULA ...) unless the settings say so.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from backend.language import N_
from backend.notices.rules import ChannelKind, is_mail

_TUNNELS = tuple(
    ipaddress.ip_network(one)
    for one in ("::ffff:0:0/96", "::/96", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16", "fec0::/10")
)
"""IPv6 that carries an IPv4 address or that no router should know: another way into the house."""

_BOTS = {
    ChannelKind.WECOM.value: (("qyapi.weixin.qq.com",), "/cgi-bin/webhook/send"),
    ChannelKind.DINGTALK.value: (("oapi.dingtalk.com",), "/robot/send"),
    ChannelKind.FEISHU.value: (("open.feishu.cn", "open.larksuite.com"), "/open-apis/bot/"),
}
BOT_EXAMPLES = {
    ChannelKind.WECOM.value: "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=…",
    ChannelKind.DINGTALK.value: "https://oapi.dingtalk.com/robot/send?access_token=…",
    ChannelKind.FEISHU.value: "https://open.feishu.cn/open-apis/bot/v2/hook/…",
    ChannelKind.WEBHOOK.value: "https://…",
    ChannelKind.MAIL.value: "safety@school.cn",
}
_NAME = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True)
class Inside:
    """What the settings allow besides the public internet: host names, and networks of addresses."""

    names: frozenset[str] = frozenset()
    networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()

    @classmethod
    def of(cls, allowed: tuple[str, ...]) -> Inside:
        names, networks = set(), []
        for one in allowed:
            try:
                networks.append(ipaddress.ip_network(one))
            except ValueError:
                names.add(one)
        return cls(frozenset(names), tuple(networks))

    def knows(self, host: str) -> bool:
        """Whether this host is named, or is an address of a named network."""
        if host in self.names:
            return True
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return False
        return any(address in network for network in self.networks)


def refused(address: str, inside: Inside) -> bool:
    """Whether nobody may be connected to at this IP address; what is no address is refused too."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return True
    if getattr(ip, "scope_id", None):
        return True
    if inside.knows(str(ip)):
        return False
    return not ip.is_global or ip.is_multicast or ip.is_reserved or any(ip in network for network in _TUNNELS)


def address_fault(kind: str, address: str, inside: Inside) -> str:
    """The message id of what is wrong with a channel's address; empty when it can be tried."""
    if kind == ChannelKind.MAIL.value:
        return "" if is_mail(address) else N_("This is not a mail address.")
    parts = split(address)
    if parts is None:
        return N_("This is not an address. Copy it whole from the group's settings.")
    host = parts.hostname or ""
    known = inside.knows(host)
    if parts.scheme != "https" and not known:
        return N_("The address must begin with https://.")
    if not known and (_looks_like_number(host) or "." not in host):
        return N_("Give a name of the public internet, not an address inside a network.")
    if kind in _BOTS and not known:
        hosts, path = _BOTS[kind]
        if host not in hosts or not parts.path.startswith(path):
            return N_("This is not the address of such a bot. It begins as in the example.")
    return ""


def split(address: str) -> SplitResult | None:
    """The parts of a plain http(s) address; None for anything that two programs could read in two ways."""
    if len(address) > 1000 or not address.isascii() or re.search(r"[\x00-\x20\x7f\\<>\"^`{|}]", address):
        return None
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    named = ":" in host or _NAME.fullmatch(host.lower()) is not None
    if parts.scheme not in {"http", "https"} or not host or not named or len(host) > 253 or port == 0:
        return None
    return None if "@" in parts.netloc or parts.fragment or "%" in parts.netloc else parts


def _looks_like_number(host: str) -> bool:
    """An IP address in one of its many spellings: 10.0.0.1, 0x7f.1, 2130706433, ::1."""
    last = host.rsplit(".", 1)[-1]
    return ":" in host or re.fullmatch(r"0x[0-9a-f]*|[0-9]+", last) is not None


def shown(kind: str, address: str) -> str:
    """What may be seen of a sealed address: its host and its last four signs."""
    if kind == ChannelKind.MAIL.value:
        name, _, host = address.rpartition("@")
        return f"{name[:1]}…@{host}"
    parts = urlsplit(address)
    return f"{parts.hostname} …{address[-4:]}"
