"""The environment, read once into one frozen `Settings`. Nobody else reads `os.environ`, so this table is the whole
truth about what can be set from outside."""

from __future__ import annotations

import ipaddress
import os
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import psutil

from backend import setting_values as values
from backend.setting_values import SettingsError, UserError

__all__ = ["ROOT", "TABLE", "Row", "Settings", "SettingsError", "UserError", "settings"]

ROOT = Path(__file__).resolve().parent.parent
DEMO_OUTLINES = "fixtures/city/outlines.geojson"
WILDCARDS = {"0.0.0.0", "::"}  # noqa: S104 - compared with, never bound


class Row(NamedTuple):
    name: str
    default: str
    meaning: str
    chinese: str


TABLE = (
    Row("XUNAN_HOST", "127.0.0.1", "address the server listens on; 0.0.0.0 for all", "监听地址；0.0.0.0 表示全部网卡"),
    Row("XUNAN_PORT", "8000", "port the server listens on", "监听端口"),
    Row("XUNAN_DATA", "./data", "folder of the database and the photos", "数据库和照片所在的文件夹"),
    Row(
        "XUNAN_PUBLIC_URL",
        "http://HOST:PORT",
        "address people reach the server at; printed in the labels",
        "用户访问的网址，印在标签的二维码里",
    ),
    Row(
        "XUNAN_DATABASE_URL",
        "(embedded)",
        "external PostgreSQL 15 to 18 as its owner, postgresql://user:password@host/name",
        "外部 PostgreSQL（15 至 18）的所有者连接，postgresql://用户:密码@主机/库名",
    ),
    Row(
        "XUNAN_APP_DATABASE_URL",
        "(made from the owner)",
        "the same database as a login role that owns nothing",
        "同一数据库中不拥有任何表的登录角色",
    ),
    Row(
        "XUNAN_PG_BIN",
        "(installed package)",
        "folder of the programs of the embedded PostgreSQL",
        "内置 PostgreSQL 程序所在的文件夹",
    ),
    Row("XUNAN_DEMO", "0 (make run: 1)", "fill an empty database with the demo city", "数据库为空时载入演示城市"),
    Row(
        "XUNAN_ALLOW_PUBLIC_DEMO",
        "0",
        "let the demo, whose passwords are known, be reached by others",
        "允许他人访问演示（演示密码是公开的）",
    ),
    Row("XUNAN_TIME_ZONE", "Asia/Shanghai", "time zone in which times are shown", "显示时间所用的时区"),
    Row("XUNAN_WORKERS", "1", "processes that answer requests", "处理请求的进程数"),
    Row(
        "XUNAN_TRUSTED_PROXIES",
        "(none)",
        "addresses or networks of proxies whose X-Forwarded-* is believed, with commas",
        "可信反向代理的地址或网段，用逗号分隔",
    ),
    Row(
        "XUNAN_SECURE_COOKIES",
        "(by XUNAN_PUBLIC_URL)",
        "cookies only over https: 1 or 0",
        "Cookie 只经 https 发送：1 或 0",
    ),
    Row(
        "XUNAN_OUTGOING_PRIVATE",
        "(none)",
        "hosts or networks inside the house that notices may be sent to, also by http, with commas",
        "允许向其发送通知的内网主机或网段（也可用 http），用逗号分隔",
    ),
    Row(
        "XUNAN_SMTP_URL",
        "(no mail)",
        "mail server: smtps://user:password@host:465, or smtp://user:password@host:587?starttls",
        "邮件服务器：smtps://用户:密码@主机:465，或 smtp://用户:密码@主机:587?starttls",
    ),
    Row("XUNAN_MAIL_FROM", "xunan@HOST", "address that mail comes from", "发件人邮箱地址"),
    Row(
        "XUNAN_MAP_OUTLINES",
        "(none; demo: its own)",
        "GeoJSON file with the outlines of the districts, for the drawn map",
        "各区轮廓的 GeoJSON 文件，用于绘制地图",
    ),
    Row(
        "XUNAN_MAP_TILES",
        "(none: the drawn map)",
        "addresses of map tiles with {s}, {x}, {y}, {z}, {key}; several layers with spaces",
        "地图瓦片网址，含 {s}、{x}、{y}、{z}、{key}；多个图层用空格分隔",
    ),
    Row("XUNAN_MAP_KEY", "(none)", "key of the tile server; browsers get to know it", "瓦片服务的密钥，浏览器可见"),
    Row("XUNAN_MAP_DATUM", "wgs84", "coordinates of the tiles: wgs84 or gcj02", "瓦片的坐标系：wgs84 或 gcj02"),
    Row(
        "XUNAN_MAP_CREDIT",
        "(needed with tiles)",
        "source and approval number (审图号) of the tiles, shown on the map",
        "瓦片的来源和审图号，显示在地图上",
    ),
)


@dataclass(frozen=True)
class Settings:
    host: str
    port: int
    data: Path
    public_url: str
    database_url: str | None
    app_database_url: str | None
    pg_bin: Path | None
    demo: bool
    allow_public_demo: bool
    time_zone: str
    workers: int
    trusted_proxies: tuple[str, ...]
    secure_cookies: bool
    outgoing_private: tuple[str, ...] = ()
    smtp_url: str | None = None
    mail_from: str = ""
    map_outlines: Path | None = None
    map_tiles: tuple[str, ...] = ()
    map_key: str = ""
    map_datum: str = "wgs84"
    map_credit: str = ""
    root: Path = ROOT

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def local_url(self) -> str:
        """Where a browser on this machine finds the server."""
        return f"http://{_in_url('127.0.0.1' if self.host in WILDCARDS else self.host)}:{self.port}"


@cache
def settings() -> Settings:
    return read(os.environ)


def read(environment: Mapping[str, str]) -> Settings:
    """Raises SettingsError with one sentence about the first value that cannot be used."""
    value = {row.name: environment.get(row.name, "").strip() for row in TABLE}
    host = _host(value["XUNAN_HOST"] or "127.0.0.1")
    port = values.number("XUNAN_PORT", value["XUNAN_PORT"] or "8000", 1, 65535)
    public = _public_url(value["XUNAN_PUBLIC_URL"] or f"http://{_in_url(_printable(host))}:{port}")
    demo = values.switch("XUNAN_DEMO", value["XUNAN_DEMO"])
    outlines = value["XUNAN_MAP_OUTLINES"] or (DEMO_OUTLINES if demo else "")
    result = Settings(
        host=host,
        port=port,
        data=_folder(value["XUNAN_DATA"] or "data"),
        public_url=public,
        database_url=values.database_url("XUNAN_DATABASE_URL", value),
        app_database_url=values.database_url("XUNAN_APP_DATABASE_URL", value),
        pg_bin=_folder(value["XUNAN_PG_BIN"]) if value["XUNAN_PG_BIN"] else None,
        demo=demo,
        allow_public_demo=values.switch("XUNAN_ALLOW_PUBLIC_DEMO", value["XUNAN_ALLOW_PUBLIC_DEMO"]),
        time_zone=values.time_zone(value["XUNAN_TIME_ZONE"] or "Asia/Shanghai"),
        workers=values.number("XUNAN_WORKERS", value["XUNAN_WORKERS"] or "1", 1, 64),
        trusted_proxies=values.networks(value["XUNAN_TRUSTED_PROXIES"]),
        secure_cookies=values.switch(
            "XUNAN_SECURE_COOKIES", value["XUNAN_SECURE_COOKIES"] or ("1" if public.startswith("https:") else "0")
        ),
        outgoing_private=values.hosts(value["XUNAN_OUTGOING_PRIVATE"]),
        smtp_url=values.smtp_url(value["XUNAN_SMTP_URL"]),
        mail_from=values.mail_from(value["XUNAN_MAIL_FROM"], public),
        map_outlines=values.outlines(_folder(outlines)) if outlines else None,
        map_tiles=values.tiles(value["XUNAN_MAP_TILES"], value["XUNAN_MAP_KEY"], value["XUNAN_MAP_CREDIT"]),
        map_key=value["XUNAN_MAP_KEY"],
        map_datum=values.datum(value["XUNAN_MAP_DATUM"] or "wgs84"),
        map_credit=value["XUNAN_MAP_CREDIT"],
    )
    _refuse_public_demo(result)
    return result


def child_environment(changes: Mapping[str, str]) -> dict[str, str]:
    """This process's environment with some settings replaced ("" = unset), for the processes it starts."""
    return {**os.environ, **changes}


def _refuse_public_demo(it: Settings) -> None:
    open_to_others = not (is_loopback(it.host) and is_loopback(urlsplit(it.public_url).hostname or ""))
    if it.demo and open_to_others and not it.allow_public_demo:
        raise SettingsError(
            "The demo's passwords are known to everybody, so it stays on this machine: set XUNAN_ALLOW_PUBLIC_DEMO=1 "
            "to show it to others all the same, or XUNAN_DEMO=0 to work without the demo.",
            "演示数据的密码是公开的，因此只在本机提供："
            "确要给他人访问，请设 XUNAN_ALLOW_PUBLIC_DEMO=1；不要演示数据，请设 XUNAN_DEMO=0。",
        )


def is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def lan_addresses() -> list[str]:
    """This machine's addresses that others in the same network can reach, the likeliest first."""
    found = [
        entry.address
        for name, entries in psutil.net_if_addrs().items()
        if not name.startswith(("docker", "br-", "veth", "virbr"))
        for entry in entries
        if entry.family == socket.AF_INET and not is_loopback(entry.address)
    ]
    return sorted(found, key=lambda address: not ipaddress.ip_address(address).is_private)


def _printable(host: str) -> str:
    """A label cannot name "all addresses"; it names the first one a phone in the same network can reach."""
    return next(iter(lan_addresses()), "127.0.0.1") if host in WILDCARDS else host


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _host(text: str) -> str:
    text = text.removeprefix("[").removesuffix("]")
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        if re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?", text) and not re.fullmatch(r"[0-9.]+", text):
            return text
    raise values.bad("XUNAN_HOST", text, "an IP address or a host name", "IP 地址或主机名")


def _folder(text: str) -> Path:
    """Relative to the project, not to wherever the command was typed: two commands must find the same data."""
    return Path(os.path.abspath(ROOT / os.path.expanduser(text)))


def _public_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        fine = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        fine = False
    if (
        not fine
        or parts.path.strip("/")
        or parts.query
        or parts.fragment
        or "@" in parts.netloc
        or re.search(r"\s", text)
    ):
        raise values.bad(
            "XUNAN_PUBLIC_URL",
            text,
            "like https://xunan.example.cn, without a path",
            "形如 https://xunan.example.cn 的网址，不带路径",
        )
    return f"{parts.scheme}://{parts.netloc}"
