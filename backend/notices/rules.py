"""Words of notices: where they can be sent, how far a delivery is, when it is tried again."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any
from uuid import UUID

from backend.language import N_


class ChannelKind(Enum):
    WECOM = "wecom"
    DINGTALK = "dingtalk"
    FEISHU = "feishu"
    WEBHOOK = "webhook"
    MAIL = "mail"


class DeliveryState(Enum):
    WAITING = "waiting"
    SENT = "sent"
    GIVEN_UP = "given_up"


CHANNEL_NAMES: dict[str, str] = {
    ChannelKind.WECOM.value: N_("WeCom group bot"),
    ChannelKind.DINGTALK.value: N_("DingTalk group bot"),
    ChannelKind.FEISHU.value: N_("Feishu group bot"),
    ChannelKind.MAIL.value: N_("Mail to a group address"),
    ChannelKind.WEBHOOK.value: N_("Signed webhook"),
}

KEEP_TRYING = timedelta(hours=24)
PAUSE = timedelta(minutes=10)
"""A bot that was used too fast is left alone that long (DingTalk locks it for ten minutes)."""
LEASE = timedelta(minutes=2)
"""What was claimed and neither sent nor put back, because the process died, is due again after this."""

_MAIL = re.compile(r"[A-Za-z0-9._%+'-]{1,64}@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}")


@dataclass(frozen=True, slots=True)
class Event:
    """What a message tells, whatever carries it. `at` is local time."""

    id: UUID
    kind: str
    subject: UUID
    facts: dict[str, Any]
    urgent: bool
    at: datetime
    school: str
    school_en: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of sending: `code` is empty when it was taken, else a word of rules_answers with its detail."""

    code: str = ""

    @property
    def ok(self) -> bool:
        return not self.code

    @property
    def throttled(self) -> bool:
        return self.code.partition(" ")[0] == "throttled"


def back_off(tries: int, chance: float) -> timedelta:
    """How long to wait after this many tries: 30 s, 1 min, 2 min ... at most an hour, a fifth more or less by `chance`
    (0 to 1), so that what failed together does not come back together."""
    return timedelta(seconds=min(30 * 2 ** min(max(tries, 1) - 1, 12), 3600) * (0.8 + 0.4 * chance))


def is_mail(text: str) -> bool:
    return len(text) <= 254 and ".." not in text and _MAIL.fullmatch(text) is not None
