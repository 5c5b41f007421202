"""Codes forgive what people and scanners do to them, and short codes notice what people do to them by mistake."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qr.codes import (
    ALPHABET,
    BadHost,
    address,
    check_short,
    new_code,
    new_short,
    normal,
    show_short,
    with_check,
)

letters = st.sampled_from(ALPHABET)
code = st.text(letters, min_size=12, max_size=12)
short = st.text(letters, min_size=7, max_size=7).map(with_check)


def test_alphabet_has_no_lookalikes() -> None:
    assert len(set(ALPHABET)) == 32
    assert not set("ILOU") & set(ALPHABET)


def test_new_codes_are_canonical_and_differ() -> None:
    codes = {new_code() for _ in range(1000)}
    assert len(codes) == 1000
    assert all(normal(found) == found for found in codes)
    assert {letter for found in codes for letter in found} == set(ALPHABET)


@given(code)
def test_normal_forgives_case_lookalikes_spaces_and_dashes(canonical: str) -> None:
    typed = canonical.replace("0", "o").replace("1", "l").lower()
    assert normal(f" {typed[:4]}-{typed[4:8]} {typed[8:]}\n") == canonical
    assert normal(canonical.replace("0", "O").replace("1", "I")) == canonical
    assert normal("—".join(canonical)) == canonical


@pytest.mark.parametrize(
    "url",
    [
        "https://XC.EXAMPLE.CN/P/7K3M9QX2TV5A",
        "https://xc.example.cn/p/7k3m9qx2tv5a",
        "HTTPS://XC.EXAMPLE.CN/P/7K3M9QX2TV5A/",
        "http://127.0.0.1:8000/P/7K3M9QX2TV5A?from=wechat#top",
        "/p/7k3m-9qx2-tv5a",
        "７Ｋ３Ｍ９ＱＸ２ＴＶ５Ａ",
    ],
)
def test_normal_takes_the_code_out_of_what_was_scanned(url: str) -> None:
    assert normal(url) == "7K3M9QX2TV5A"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "7K3M9QX2TV5",
        "7K3M9QX2TV5AB",
        "7K3M9QX2TV5U",
        "https://xc.example.cn/p/",
        "https://xc.example.cn/q/7K3M9QX2TV5A",
        "七" * 12,
        "7K3M9QX2TV5A" * 100,
        "\x00" * 12,
        "https://xc.example.cn/P/7K3M9QX2TV5A/visits",
    ],
)
def test_normal_refuses(text: str) -> None:
    assert normal(text) is None


@given(st.text())
def test_any_text_is_a_code_or_none(text: str) -> None:
    for found, length in ((normal(text), 12), (check_short(text), 8)):
        assert found is None or re.fullmatch(f"[{ALPHABET}]{{{length}}}", found)


@given(code)
def test_normal_of_the_printed_address_is_the_code(canonical: str) -> None:
    assert normal(address("https://xc.example.cn", canonical)) == canonical


@given(short)
def test_short_codes_read_back_as_shown(canonical: str) -> None:
    assert check_short(canonical) == canonical
    assert check_short(show_short(canonical).lower().replace("0", "o").replace("1", "i")) == canonical


@given(short)
def test_every_wrong_letter_is_noticed(canonical: str) -> None:
    for at in range(8):
        for wrong in set(ALPHABET) - {canonical[at]}:
            assert check_short(canonical[:at] + wrong + canonical[at + 1 :]) is None


@given(short, st.integers(0, 7), st.integers(0, 7))
def test_every_swap_is_noticed(canonical: str, one: int, other: int) -> None:
    swapped = list(canonical)
    swapped[one], swapped[other] = swapped[other], swapped[one]
    if swapped != list(canonical):
        assert check_short("".join(swapped)) is None


def test_new_shorts_check_and_show() -> None:
    for _ in range(200):
        made = new_short()
        assert check_short(made) == made
        assert re.fullmatch(r"\w{4}-\w{4}", show_short(made))


def test_a_code_is_not_a_short_code() -> None:
    assert check_short("7K3M9QX2TV5A") is None
    assert normal(new_short()) is None


@pytest.mark.parametrize(
    ("site", "printed"),
    [
        ("https://xc.example.cn", "https://XC.EXAMPLE.CN/P/7K3M9QX2TV5A"),
        ("HTTPS://Xc.Example.cn/", "https://XC.EXAMPLE.CN/P/7K3M9QX2TV5A"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/P/7K3M9QX2TV5A"),
        ("http://localhost:8123/", "http://LOCALHOST:8123/P/7K3M9QX2TV5A"),
        ("http://[2001:db8::1]:80", "http://[2001:DB8::1]:80/P/7K3M9QX2TV5A"),
        ("https://校园.cn", "https://XN--LTRZ68F.CN/P/7K3M9QX2TV5A"),
    ],
)
def test_address(site: str, printed: str) -> None:
    if "校园" in site:
        printed = f"https://{'校园.cn'.encode('idna').decode().upper()}/P/7K3M9QX2TV5A"
    assert address(site, "7K3M9QX2TV5A") == printed


@pytest.mark.parametrize(
    "site",
    [
        "",
        "xc.example.cn",
        "ftp://xc.example.cn",
        "https://",
        "https://a b.cn",
        "https://xc.example.cn/xunan",
        "https://xc.example.cn?x=1",
        "https://xc.example.cn#x",
        "https://me:pw@xc.example.cn",
        "https://xc.cn:99999",
        "javascript:alert(1)",
        "https://[::1",
        "https://-x.cn",
        f"https://{'x' * 80}.cn",
    ],
)
def test_bad_sites_are_refused(site: str) -> None:
    with pytest.raises(BadHost):
        address(site, "7K3M9QX2TV5A")


@pytest.mark.parametrize("wrong", ["", "7k3m9qx2tv5a", "7K3M9QX2TV5", "7K3M9QX2TV5O", "7K3M-9QX2-TV5A"])
def test_only_canonical_codes_are_printed(wrong: str) -> None:
    with pytest.raises(ValueError, match="canonical"):
        address("https://xc.example.cn", wrong)
