"""Posts, ranks and what may be typed about a person."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.access import MAY, POSTS, Do, Role
from backend.accounts import rules
from backend.language import CHINESE, say

PACK = Path(__file__).resolve().parents[2] / "fixtures" / "pack"


def test_every_post_with_an_account_has_a_name_a_rank_and_a_place() -> None:
    placed = {post for posts in rules.POSTS_OF.values() for post in posts}
    assert set(POSTS) == set(rules.POST_NAMES) - {"other_depts"} == set(rules.RANK) == placed  # it has no work here yet
    assert {role.value for role in Role} == set(rules.ROLE_NAMES)


def test_posts_are_called_as_the_pack_calls_them() -> None:
    for role in json.loads((PACK / "roles.json").read_text()):
        if name := rules.POST_NAMES.get(role["id"]):
            assert say(CHINESE, name)[:4] == role["zh"][:4]


def test_nobody_gives_a_post_above_his_own() -> None:
    assert "principal" not in rules.grantable("safety_director", "school")
    assert {"guard", "safety_director"} <= set(rules.grantable("safety_director", "school"))
    assert "principal" in rules.grantable("auditor", "school")
    assert "auditor" in rules.grantable("auditor", "district")
    assert "guard" not in rules.grantable("auditor", "city")
    assert rules.grantable("nobody", "school") == []


def test_who_may_give_posts_has_the_permission() -> None:
    for post, role in POSTS.items():
        if Do.PEOPLE in MAY[role]:
            assert rules.RANK[post] >= 2


@pytest.mark.parametrize(
    ("by", "posts", "may"),
    [
        ("safety_director", ["guard"], True),
        ("safety_director", ["vice_principal"], True),
        ("safety_director", ["guard", "principal"], False),
        ("auditor", ["principal"], True),
        ("", [], False),
    ],
)
def test_may_manage(by: str, posts: list[str], may: bool) -> None:
    assert rules.may_manage(by, posts) is may


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Wang ", "wang"),
        ("ＷＡＮＧ１", "wang1"),
        ("138 0000-0001", "13800000001"),
        ("+86 13800000001", "13800000001"),
        ("008613800000001", "13800000001"),
        ("+49 30 123456", "+4930123456"),
        ("王建国", "王建国"),
    ],
)
def test_account(typed: str, kept: str) -> None:
    assert rules.account(typed) == kept


@pytest.mark.parametrize("name", ["wangjianguo", "王建国", "w.jg-2", "a1"])
def test_good_usernames(name: str) -> None:
    assert rules.username_fault(name) == ""


@pytest.mark.parametrize("name", ["", "a", "Wang", "a b", "13800000001", "x" * 41, "a/b", "<b>", "a\n"])
def test_bad_usernames(name: str) -> None:
    assert rules.username_fault(name)


@pytest.mark.parametrize(
    "password", ["short", "12345678", "wangjianguo", "wangjianguo123", "aaaaaaaa", "x" * 201, "１２３４５６７８"]
)
def test_bad_passwords(password: str) -> None:
    assert rules.password_fault(password, "wangjianguo")


def test_good_password() -> None:
    assert rules.password_fault("correct horse battery", "wangjianguo") == ""


@pytest.mark.parametrize("pin", ["12345", "1234567", "123456", "987654", "111111", "121212", "abcdef", "１２３４５６"])
def test_bad_pins(pin: str) -> None:
    assert rules.pin_fault(pin)


def test_good_pin() -> None:
    assert rules.pin_fault("274915") == ""


@given(st.text(max_size=300))
def test_nothing_typed_breaks_a_rule(text: str) -> None:
    rules.account(text)
    rules.username_fault(text)
    rules.phone_fault(rules.phone_number(text))
    rules.password_fault(text, text)
    rules.pin_fault(text)
    rules.device_name(text)


def test_device_name() -> None:
    wechat = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/116 Mobile Safari/537.36 MicroMessenger/8.0"
    assert rules.device_name(wechat) == ("WeChat", "Android")
    assert rules.device_name("curl/8") == ("", "")
