"""What is sent: many events as one message, in the shape and signed in the way each receiver asks for.

Group bots take 20 messages a minute, so all that waits for one goes in one. Their limits are kept in bytes: WeCom takes
4096 of markdown, DingTalk and Feishu 20000 of the whole request.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import quote_plus

from backend.language import CHINESE, ENGLISH, N_, either, say
from backend.notices.rules import ChannelKind, Event
from backend.notices.rules_words import details, opens, sentence

MOST_BYTES = {ChannelKind.WECOM.value: 4096, ChannelKind.DINGTALK.value: 15_000, ChannelKind.FEISHU.value: 15_000}
NAME, MORE = N_("Xun'an"), N_("%(n)s more are in Xun'an")
_HARMLESS = str.maketrans(
    {**dict(zip("<>[]()*`@#|~\\", "＜＞［］（）＊｀＠＃｜～＼", strict=True)), "_": "＿", "!": "！"}
)
"""Signs that mean something in markdown or call people by name; titles are typed by anybody."""


@dataclass(frozen=True, slots=True)
class Message:
    """A request ready to be sent."""

    address: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def plain(text: str) -> str:
    """Somebody's words as words: nothing in them formats, links or mentions."""
    return " ".join(text.translate(_HARMLESS).replace("://", "：//").split())


def link(home: str, event: Event) -> str:
    return home + ("/notices" if event.kind == "channel_test" else opens(event.kind, event.subject, event.facts))


def heading(language: str, events: Sequence[Event]) -> str:
    """Who writes, how much and how urgent, on one line."""
    urgent = sum(event.urgent for event in events)
    schools = sorted({either(language, event.school, event.school_en) for event in events})
    said = say(language, N_("%(n)s notices") if len(events) != 1 else N_("1 notice"), n=len(events))
    if urgent:
        said += " · " + say(language, N_("%(n)s urgent"), n=urgent)
    return " · ".join([say(language, NAME), *schools[:2], said])


def in_order(events: Sequence[Event]) -> list[Event]:
    """Findings with something urgent first; what happened to one finding stays in its order."""
    first: dict[object, int] = {}
    for n, event in enumerate(events):
        first.setdefault(event.subject, n)
    burning = {event.subject for event in events if event.urgent}
    return sorted(events, key=lambda event: (event.subject not in burning, first[event.subject]))


def digest(language: str, events: Sequence[Event], home: str, kind: str) -> str:
    """Markdown that fits into the receiver's limit; what does not fit is counted."""
    gap = "\n\n" if kind == ChannelKind.DINGTALK.value else "\n"
    text, lines = f"**{plain(heading(language, events))}**", in_order(events)
    for n, event in enumerate(lines):
        more = gap + _line(language, event, home)
        rest = gap + _rest(language, len(lines) - n, home)
        needed = len((text + more).encode()) + (len(rest.encode()) + 20 if n + 1 < len(lines) else 0)
        if needed > MOST_BYTES[kind]:
            return text + rest
        text += more
    return text


def _line(language: str, event: Event, home: str) -> str:
    mark = f"**{say(language, N_('Urgent'))}** " if event.urgent else ""
    below = " · ".join(plain(one)[:120] for one in details(language, event.facts))
    said = plain(sentence(language, event.kind, event.facts))[:120]
    return f"{event.at:%m-%d %H:%M} {mark}[{said}]({link(home, event)}){' · ' + below if below else ''}"


def _rest(language: str, n: int, home: str) -> str:
    return f"[{plain(say(language, MORE, n=n))}]({home}/notices)"


def wecom(address: str, markdown: str) -> Message:
    return _json(address, {"msgtype": "markdown", "markdown": {"content": markdown}})


def dingtalk(address: str, secret: str, title: str, markdown: str, milliseconds: int) -> Message:
    """Signed in the address when the bot has a secret."""
    if secret:
        told = quote_plus(dingtalk_sign(secret, milliseconds))
        address = f"{address}{'&' if '?' in address else '?'}timestamp={milliseconds}&sign={told}"
    return _json(address, {"msgtype": "markdown", "markdown": {"title": title, "text": markdown}})


def dingtalk_sign(secret: str, milliseconds: int) -> str:
    said = f"{milliseconds}\n{secret}".encode()
    return base64.b64encode(hmac.new(secret.encode(), said, hashlib.sha256).digest()).decode()


def feishu(address: str, secret: str, title: str, markdown: str, seconds: int) -> Message:
    """Signed in the body when the bot has a secret."""
    signed = {"timestamp": str(seconds), "sign": feishu_sign(secret, seconds)} if secret else {}
    card = {
        "header": {"title": {"tag": "plain_text", "content": title}},
        "elements": [{"tag": "markdown", "content": markdown}],
    }
    return _json(address, {**signed, "msg_type": "interactive", "card": card})


def feishu_sign(secret: str, seconds: int) -> str:
    return base64.b64encode(hmac.new(f"{seconds}\n{secret}".encode(), b"", hashlib.sha256).digest()).decode()


def webhook(address: str, secret: str, events: Sequence[Event], home: str, seconds: int) -> Message:
    """Every event in full; a receiver that gets one twice knows it by its id."""
    body = json.dumps(
        {"version": 1, "events": [_event(event, home) for event in events]}, ensure_ascii=False, default=str
    ).encode()
    headers = {"X-Xunan-Timestamp": str(seconds), "X-Xunan-Signature": webhook_sign(secret, seconds, body)}
    return Message(address, body, {"Content-Type": "application/json; charset=utf-8", **headers})


def webhook_sign(secret: str, seconds: int, body: bytes) -> str:
    """HMAC-SHA256 over `timestamp.body`, hexadecimal."""
    return "sha256=" + hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()


def _event(event: Event, home: str) -> dict[str, object]:
    return {
        "id": str(event.id),
        "kind": event.kind,
        "finding": str(event.subject),
        "urgent": event.urgent,
        "at": event.at.isoformat(),
        "school": event.school,
        "facts": event.facts,
        "said": {language: sentence(language, event.kind, event.facts) for language in (CHINESE, ENGLISH)},
        "address": link(home, event),
    }


def mail_text(language: str, events: Sequence[Event], home: str, *, personal: bool) -> tuple[str, str]:
    """Subject and plain text of a mail."""
    lines = []
    for event in in_order(events):
        mark = f"[{say(language, N_('Urgent'))}] " if event.urgent else ""
        lines.append(f"{event.at:%Y-%m-%d %H:%M}  {mark}{sentence(language, event.kind, event.facts)}")
        lines += [f"    {one}" for one in details(language, event.facts)]
        lines += [f"    {link(home, event)}", ""]
    if personal:
        lines.append(say(language, N_("Which notices come by mail you choose here:")) + f" {home}/notices/choices")
    subject = heading(language, events)
    if len(events) == 1:
        subject = f"{say(language, NAME)} · {sentence(language, events[0].kind, events[0].facts)}"
    return " ".join(subject.split())[:180], "\n".join(lines) + "\n"


def _json(address: str, body: object) -> Message:
    said = json.dumps(body, ensure_ascii=False).encode()
    return Message(address, said, {"Content-Type": "application/json; charset=utf-8"})
