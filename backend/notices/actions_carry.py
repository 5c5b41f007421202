"""One message to one receiver, now, outside of any transaction: from events to what came of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from backend import clock
from backend.language import CHINESE, ENGLISH
from backend.notices import rules_messages as messages
from backend.notices import senders
from backend.notices.rules import ChannelKind, Event, Reply
from backend.notices.rules_addresses import Inside, address_fault
from backend.notices.seal import unseal
from backend.settings import settings


@dataclass(frozen=True, slots=True)
class Carrier:
    """Where a message goes: a channel with its sealed address, or a person's mailbox (`kind` mail, no `channel`)."""

    kind: str
    address: str
    language: str
    secret: str = ""
    channel: UUID | None = None

    @classmethod
    def of(cls, row: dict[str, Any]) -> Self:
        """From a row of a channel; its language is that of whoever set it up."""
        language = ENGLISH if row["language"] == ENGLISH else CHINESE
        return cls(row["kind"], row["address"], language, row["secret"], row["id"])


async def carry(to: Carrier, events: Sequence[Event]) -> Reply:
    """Never raises for what a receiver does; takes ten seconds at most (a mail thirty)."""
    address, secret = to.address, to.secret
    if to.channel is not None:
        opened, key = unseal(address, to.channel), unseal(secret, to.channel)
        if opened is None or key is None:
            return Reply("sealed")
        address, secret = opened, key
    inside = Inside.of(settings().outgoing_private)
    if to.kind == ChannelKind.MAIL.value:
        return await _mail(to, address, events)
    if address_fault(to.kind, address, inside):  # the settings may have become stricter
        return Reply("refused")
    return await senders.post(to.kind, _message(to, address, secret, events), inside)


def _message(to: Carrier, address: str, secret: str, events: Sequence[Event]) -> messages.Message:
    home, milliseconds = settings().public_url, int(clock.now().timestamp() * 1000)
    if to.kind == ChannelKind.WEBHOOK.value:
        return messages.webhook(address, secret, events, home, milliseconds // 1000)
    title, text = messages.heading(to.language, events), messages.digest(to.language, events, home, to.kind)
    if to.kind == ChannelKind.WECOM.value:
        return messages.wecom(address, text)
    if to.kind == ChannelKind.DINGTALK.value:
        return messages.dingtalk(address, secret, title, text, milliseconds)
    return messages.feishu(address, secret, title, text, milliseconds // 1000)


async def _mail(to: Carrier, address: str, events: Sequence[Event]) -> Reply:
    it = settings()
    subject, text = messages.mail_text(to.language, events, it.public_url, personal=to.channel is None)
    key = " ".join([address, *(str(event.id) for event in events)])
    return await senders.mail(it.smtp_url, it.mail_from, address, subject, text, key)
