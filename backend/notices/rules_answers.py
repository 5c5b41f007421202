"""What a receiver answered: judged for the sender, said in words for people. A `code` is one word and its detail."""

import json

from backend.language import N_, say
from backend.notices.rules import ChannelKind, Reply

_THROTTLED = {
    ChannelKind.WECOM.value: {45009, 45033},
    ChannelKind.DINGTALK.value: {130101, 130102, 660026, 410100},
    ChannelKind.FEISHU.value: {11232, 11233, 9499, 99991400},
}

WORDS: dict[str, str] = {
    "refused": N_("The address leads into a private network. The server's operator can allow it."),
    "unknown_host": N_("There is no host of this name."),
    "unreachable": N_("The receiver could not be reached."),
    "slow": N_("The receiver did not answer in time."),
    "certificate": N_("The receiver's certificate could not be trusted."),
    "redirect": N_("The receiver sends on to another address; enter the final one."),
    "status": N_("The receiver answered with an error (%(detail)s)."),
    "answer": N_("The receiver refused the message: %(detail)s"),
    "unreadable": N_("The receiver's answer was not that of such a bot."),
    "throttled": N_("Too many messages: the receiver wants a pause of ten minutes."),
    "sealed": N_("The key of the data folder has changed: end this channel and add it again."),
    "mail_off": N_("This server has no mail server configured."),
    "mail": N_("The mail server refused the mail: %(detail)s"),
    "no_address": N_("No mail address is known."),
    "left": N_("The person has left."),
    "not_wanted": N_("Not wanted by mail."),
    "ended": N_("The channel has ended."),
    "broken": N_("The message could not be sent."),
}


def judge(kind: str, status: int, text: str) -> Reply:
    """Bots answer 200 to everything and say in the body what became of it."""
    if 300 <= status < 400:
        return Reply(f"redirect {status}")
    if status == 429:
        return Reply("throttled")
    if not 200 <= status < 300:
        return Reply(f"status {status}")
    return Reply() if kind == ChannelKind.WEBHOOK.value else _of_bot(kind, text)


def _of_bot(kind: str, text: str) -> Reply:
    try:
        said = json.loads(text)
    except ValueError:
        return Reply("unreadable")
    if not isinstance(said, dict):
        return Reply("unreadable")
    names = ("code", "StatusCode") if kind == ChannelKind.FEISHU.value else ("errcode",)
    code = next((said[name] for name in names if isinstance(said.get(name), int)), None)
    if code is None:
        return Reply("unreadable")
    if code == 0:
        return Reply()
    words = next((str(said[name]) for name in ("errmsg", "msg", "StatusMessage") if said.get(name)), "")
    if code in _THROTTLED[kind] or "too fast" in words.lower() or "发送过快" in words:
        return Reply("throttled")
    return Reply(f"answer {code} {' '.join(words.split())[:120]}".strip())


def answer_words(language: str, code: str) -> str:
    """The sentence for a code; empty for none."""
    word, _, detail = code.partition(" ")
    return say(language, WORDS.get(word, WORDS["broken"]), detail=detail or "–") if word else ""
