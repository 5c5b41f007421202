"""How one setting is read: each function gives the value or raises one sentence, in both languages, that names it."""

import ipaddress
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from backend.coverage import rules_outlines, rules_tiles
from backend.coverage.rules_datum import Datum

YES, NO = {"1", "true", "yes", "on"}, {"", "0", "false", "no", "off"}


class UserError(Exception):
    """Something the person at the keyboard can mend: shown as one sentence in both languages, never as a traceback."""

    def __init__(self, english: str, chinese: str = "") -> None:
        super().__init__(english)
        self.english, self.chinese = english, chinese


class SettingsError(UserError):
    """A setting that cannot be used."""


def number(name: str, text: str, low: int, high: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10 and low <= int(text) <= high):
        raise bad(name, text, f"a whole number from {low} to {high}", f"{low} 到 {high} 之间的整数")
    return int(text)


def switch(name: str, text: str) -> bool:
    if text.lower() not in YES | NO:
        raise bad(name, text, "1 or 0", "1 或 0")
    return text.lower() in YES


def database_url(name: str, value: Mapping[str, str]) -> str | None:
    if not (text := value[name]):
        return None
    try:
        parts = urlsplit(text)
        fine = parts.scheme in {"postgresql", "postgres"} and len(parts.path) > 1 and parts.port != 0
    except ValueError:
        fine = False
    if not fine:  # the value is not repeated: it holds a password
        raise SettingsError(
            f"{name} must look like postgresql://user:password@host:5432/name.",
            f"{name} 应形如 postgresql://用户:密码@主机:5432/库名。",
        )
    return text


def time_zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ValueError, OSError, KeyError):
        raise bad("XUNAN_TIME_ZONE", text, "a name like Asia/Shanghai", "Asia/Shanghai 这样的时区名") from None
    return text


def networks(text: str) -> tuple[str, ...]:
    found = tuple(part.strip() for part in text.split(",") if part.strip())
    for part in found:
        try:
            ipaddress.ip_network(part)
        except ValueError:
            raise bad(
                "XUNAN_TRUSTED_PROXIES", part, "addresses or networks with commas", "用逗号分隔的地址或网段"
            ) from None
    return found


def hosts(text: str) -> tuple[str, ...]:
    found = tuple(part.strip().lower().removeprefix("[").removesuffix("]") for part in text.split(",") if part.strip())
    for part in found:
        try:
            ipaddress.ip_network(part)
        except ValueError:
            if not re.fullmatch(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", part) or re.fullmatch(r"[0-9.]+", part):
                raise bad(
                    "XUNAN_OUTGOING_PRIVATE", part, "host names or networks with commas", "用逗号分隔的主机名或网段"
                ) from None
    return found


def smtp_url(text: str) -> str | None:
    if not text:
        return None
    try:
        parts = urlsplit(text)
        fine = parts.scheme in {"smtp", "smtps"} and parts.hostname and parts.port != 0
        fine = fine and not parts.path.strip("/") and parts.query in {"", "starttls"} and not parts.fragment
    except ValueError:
        fine = False
    if not fine:  # the value is not repeated: it holds a password
        raise SettingsError(
            "XUNAN_SMTP_URL must look like smtps://user:password@host:465 or smtp://user:password@host:587?starttls.",
            "XUNAN_SMTP_URL 应形如 smtps://用户:密码@主机:465 或 smtp://用户:密码@主机:587?starttls。",
        )
    return text


def mail_from(text: str, public: str) -> str:
    if text and not re.fullmatch(r"[^\s@<>,;:\"()]+@[^\s@<>,;:\"()]+", text):
        raise bad("XUNAN_MAIL_FROM", text, "one mail address", "一个邮箱地址")
    return text or f"xunan@{urlsplit(public).hostname or 'localhost'}"


def outlines(file: Path) -> Path:
    """The file itself, read once here so that a broken one is told at the start and not on a page."""
    try:
        if file.stat().st_size > rules_outlines.LARGEST:
            raise rules_outlines.BadOutlines("is larger than 8 MB", "超过 8 MB")
        rules_outlines.outlines(file.read_text(encoding="utf-8-sig"))
    except rules_outlines.BadOutlines as reason:
        english, chinese = reason.english, reason.chinese
    except (OSError, UnicodeDecodeError):
        english, chinese = "cannot be read", "无法读取"
    else:
        return file
    raise SettingsError(f"XUNAN_MAP_OUTLINES: {file} {english}.", f"XUNAN_MAP_OUTLINES：{file} {chinese}。")


def tiles(text: str, key: str, credit: str) -> tuple[str, ...]:
    """The layers, the lowest first. They need their credit, and the key where they name it; the key is not repeated."""
    found = tuple(text.split())
    for part in found:
        if rules_tiles.layer(part) is None:
            raise bad(
                *("XUNAN_MAP_TILES", part.replace(key, "…") if key else part),
                "https addresses with {x}, {y} and {z}, and {s} or {0-7} in the host only",
                "含 {x}、{y}、{z} 的 https 网址，{s} 或 {0-7} 只能写在主机名里",
            )
    if found and not 1 <= len(credit) <= 300:
        raise SettingsError(
            "XUNAN_MAP_CREDIT must name the source of the tiles and their approval number (审图号), in 300 characters.",
            "XUNAN_MAP_CREDIT 应写明瓦片来源和审图号（300 字以内），地图上必须显示。",
        )
    if bool(key) != any("{key}" in part for part in found) or (key and not rules_tiles.KEY.fullmatch(key)):
        raise SettingsError(
            "XUNAN_MAP_KEY must be given exactly when XUNAN_MAP_TILES has {key}: letters, digits, - and _.",
            "XUNAN_MAP_TILES 中有 {key} 时才需要且必须给出 XUNAN_MAP_KEY：只含字母、数字、- 和 _。",
        )
    return found


def datum(text: str) -> str:
    if text.lower() not in {it.value for it in Datum}:
        raise bad("XUNAN_MAP_DATUM", text, "wgs84 or gcj02", "wgs84 或 gcj02")
    return text.lower()


def bad(name: str, text: str, wanted: str, chinese: str) -> SettingsError:
    return SettingsError(f"{name} must be {wanted}, not {text!r}.", f"{name} 应为 {chinese}，现在是“{text}”。")
