"""What is sent: signatures against known values, limits in bytes, words of strangers that format nothing."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from backend.language import CHINESE, ENGLISH, LANGUAGES, catalogue
from backend.notices import rules_messages as messages
from backend.notices.rules import ChannelKind, Event, Reply, back_off, is_mail
from backend.notices.rules_answers import WORDS, answer_words, judge
from backend.notices.rules_words import KIND_GROUPS, KIND_NAMES, PROPOSED, SENTENCES, details, opens, sentence
from backend.row import uuid7

HOME = "https://xunan.example.cn"


def event(title: str = "安全出口畅通", *, urgent: bool = False, subject: UUID | None = None, **facts: Any) -> Event:
    told = {"number": "26-0317", "title": title, "title_en": "Exit free", **facts}
    when = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
    return Event(uuid7(), "finding_opened", subject or uuid7(), told, urgent, when, "测试学校", "Test School")


def test_signatures_are_what_others_compute() -> None:
    """Feishu's is the example of its manual; the others were made with openssl."""
    assert messages.feishu_sign("demo", 1599360473) == "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8="
    assert messages.dingtalk_sign("SEC000abc", 1577262236757) == "e4rqUB5shOI9Wrsk5Sz51v8lwRSxD7WVCu07TinZ2AQ="
    assert (
        messages.webhook_sign("a-secret-of-the-school", 1700000000, b'{"a":1}')
        == "sha256=29904e2d02c61c98ec6a3105e17909f71aa6d91b1b027bd962aaf8f511b32627"
    )


def test_a_signed_dingtalk_address_is_url_encoded() -> None:
    sent = messages.dingtalk(
        "https://oapi.dingtalk.com/robot/send?access_token=x", "SEC000abc", "t", "m", 1577262236757
    )
    assert sent.address.endswith(
        "access_token=x&timestamp=1577262236757&sign=e4rqUB5shOI9Wrsk5Sz51v8lwRSxD7WVCu07TinZ2AQ%3D"
    )
    assert messages.dingtalk("https://a.cn/r", "", "t", "m", 1).address == "https://a.cn/r"
    body = json.loads(sent.body)
    assert body == {"msgtype": "markdown", "markdown": {"title": "t", "text": "m"}}


def test_feishu_and_wecom_bodies() -> None:
    signed = json.loads(messages.feishu("https://a.cn", "demo", "t", "m", 1599360473).body)
    assert (signed["timestamp"], signed["sign"][:4], signed["msg_type"]) == ("1599360473", "l1N0", "interactive")
    assert "sign" not in json.loads(messages.feishu("https://a.cn", "", "t", "m", 1).body)
    assert json.loads(messages.wecom("https://a.cn", "m").body) == {"msgtype": "markdown", "markdown": {"content": "m"}}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", list(messages.MOST_BYTES))
@pytest.mark.parametrize("count", [1, 14, 15, 16, 17, 500])
def test_a_digest_keeps_the_limit_and_counts_what_is_left(language: str, kind: str, count: int) -> None:
    many = [event("很长的名称" * 60, words="话" * 400) for _ in range(count)]
    text = messages.digest(language, many, HOME, kind)
    assert len(text.encode()) <= messages.MOST_BYTES[kind]
    shown = text.count("/findings/")
    assert shown >= 1
    if shown < count:
        assert f"{count - shown}" in text.splitlines()[-1]
        assert f"{HOME}/notices)" in text.splitlines()[-1]


def test_what_burns_stands_first_and_one_finding_keeps_its_order() -> None:
    one, two = uuid7(), uuid7()
    first, second = event("a", subject=one), event("b", subject=two)
    third, fourth = event("c", subject=one, urgent=True), event("d", subject=two)
    assert messages.in_order([first, second, third, fourth]) == [first, third, second, fourth]


@pytest.mark.parametrize(
    "words", ["[x](https://evil.cn)", "<@all>", "@13800000000", "`a`\n# b", "**c**", "https://e.cn"]
)
@pytest.mark.parametrize("kind", list(messages.MOST_BYTES))
def test_a_strangers_words_format_nothing(words: str, kind: str) -> None:
    text = messages.digest(CHINESE, [event(words, words=words)], HOME, kind)
    assert words not in text
    assert text.count("](") == 1
    assert text.count("://") == 1
    assert "@" not in text


def test_a_webhook_gets_every_event_with_an_id_of_its_own() -> None:
    events = [event(), event(urgent=True)]
    sent = messages.webhook("https://a.cn/in", "s" * 16, events, HOME, 1700000000)
    body = json.loads(sent.body)
    assert [one["id"] for one in body["events"]] == [str(one.id) for one in events]
    assert body["events"][0]["said"]["en"] == "New finding 26-0317: Exit free"
    assert body["events"][1]["urgent"] is True
    assert sent.headers["X-Xunan-Signature"] == messages.webhook_sign("s" * 16, 1700000000, sent.body)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_mail_names_all_and_where_to_choose(language: str) -> None:
    subject, text = messages.mail_text(language, [event(), event(urgent=True)], HOME, personal=True)
    assert "2" in subject
    assert text.count("/findings/") == 2
    assert f"{HOME}/notices/choices" in text
    alone, _ = messages.mail_text(language, [event("two\nlines")], HOME, personal=False)
    assert "\n" not in alone


def test_every_kind_has_its_sentence_its_name_and_its_group() -> None:
    grouped = [kind for kinds in KIND_GROUPS.values() for kind in kinds]
    assert sorted(grouped) == sorted(KIND_NAMES)
    assert set(KIND_NAMES) | {"channel_failed", "channel_test"} == set(SENTENCES)
    assert set(PROPOSED) <= set(KIND_NAMES)
    for text in [*SENTENCES.values(), *KIND_NAMES.values(), *KIND_GROUPS, *WORDS.values()]:
        assert text in catalogue(), text


@pytest.mark.parametrize("kind", [*SENTENCES, "of a later version"])
@pytest.mark.parametrize("facts", [{}, {"number": None, "title": None}, {"title": "50% %(x)s", "number": "26-1"}])
def test_a_sentence_is_never_broken_by_its_facts(kind: str, facts: dict[str, Any]) -> None:
    for language in LANGUAGES:
        said = sentence(language, kind, facts)
        assert "None" not in said
        assert "%(number)s" not in said
        details(language, {**facts, "until": "soon", "days": None, "words": None})


def test_details_are_said_in_the_readers_language() -> None:
    facts = {"until": "2026-12-03", "days": 3, "who": "李师傅", "who_en": "Li", "words": " a\n b "}
    assert details(CHINESE, facts) == ["期限 2026年12月3日", "已 3 天", "李师傅", "“a b”"]
    assert details(ENGLISH, facts) == ["deadline Dec 3, 2026", "for 3 days", "Li", "“a b”"]
    assert opens("finding_opened", "x", {}) == "/findings/x"
    assert opens("channel_failed", "x", {"person": True}) == "/people/x"


@pytest.mark.parametrize(
    ("kind", "status", "text", "code"),
    [
        ("wecom", 200, '{"errcode":0,"errmsg":"ok"}', ""),
        ("wecom", 200, '{"errcode":93000,"errmsg":"invalid webhook url"}', "answer 93000 invalid webhook url"),
        ("wecom", 200, '{"errcode":45009,"errmsg":"api freq out of limit"}', "throttled"),
        ("dingtalk", 200, '{"errcode":310000,"errmsg":"sign not match"}', "answer 310000 sign not match"),
        ("dingtalk", 200, '{"errcode":130101,"errmsg":"send too fast"}', "throttled"),
        ("dingtalk", 200, '{"errcode":660026}', "throttled"),
        ("feishu", 200, '{"code":0,"msg":"success"}', ""),
        ("feishu", 200, '{"StatusCode":0,"StatusMessage":"success"}', ""),
        ("feishu", 200, '{"code":19021,"msg":"sign match fail"}', "answer 19021 sign match fail"),
        ("feishu", 200, '{"code":11232,"msg":"frequency limited"}', "throttled"),
        ("feishu", 200, "<html>", "unreadable"),
        ("wecom", 200, "[]", "unreadable"),
        ("wecom", 200, '{"errcode":"0"}', "unreadable"),
        ("webhook", 204, "", ""),
        ("webhook", 302, "", "redirect 302"),
        ("webhook", 500, "", "status 500"),
        ("webhook", 429, "", "throttled"),
    ],
)
def test_an_answer_is_judged(kind: str, status: int, text: str, code: str) -> None:
    reply = judge(kind, status, text)
    assert reply == Reply(code)
    assert reply.ok == (code == "")
    assert reply.throttled == (code == "throttled")
    assert bool(answer_words(CHINESE, code)) == bool(code)


def test_tries_become_rare_and_spread() -> None:
    assert [back_off(n, 0.5).total_seconds() for n in (1, 2, 3, 8, 50)] == [30, 60, 120, 3600, 3600]
    assert back_off(3, 0).total_seconds() == 96
    assert round(back_off(3, 1).total_seconds()) == 144


@pytest.mark.parametrize(
    ("text", "fine"),
    [
        ("wang@school.cn", True),
        ("a.b+c@mail.school.edu.cn", True),
        ("", False),
        ("wang", False),
        ("wang@", False),
        ("wang@localhost", False),
        ("a b@c.cn", False),
        ("a@b.cn\nBcc: x@y.cn", False),
        ("a@b.cn,c@d.cn", False),
        ("<a@b.cn>", False),
        ("a..b@c.cn", False),
        ("王@学校.cn", False),
        ("a@" + "b" * 260 + ".cn", False),
    ],
)
def test_mail_addresses(text: str, fine: bool) -> None:
    assert is_mail(text) is fine


def test_every_channel_kind_has_its_words() -> None:
    from backend.notices.rules import CHANNEL_NAMES
    from backend.notices.rules_addresses import BOT_EXAMPLES

    assert {one.value for one in ChannelKind} == set(CHANNEL_NAMES) == set(BOT_EXAMPLES)
