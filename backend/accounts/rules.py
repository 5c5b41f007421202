"""The posts of a school and of a bureau in both languages, who may give which, and what may be typed about a person."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import timedelta
from itertools import pairwise
from typing import Any

from backend.bodies.rules import BodyKind
from backend.language import N_

POST_NAMES: dict[str, str] = {
    "guard": N_("Guard"),
    "class_teacher": N_("Class teacher"),
    "duty_leader": N_("Duty leader"),
    "canteen_manager": N_("Canteen manager, food-safety officer"),
    "lab_manager": N_("Laboratory manager"),
    "workshop_manager": N_("Workshop head"),
    "dorm_manager": N_("Dormitory warden"),
    "bus_attendant": N_("Bus attendant, driver"),
    "fire_operator": N_("Fire control operator"),
    "equipment_operator": N_("Special-equipment officer or operator"),
    "place_keeper": N_("Keeper of library, sports gear, hall"),
    "logistics": N_("Maintenance, electrician"),
    "safety_director": N_("Head of the school safety office"),
    "vice_principal": N_("Vice-principal for safety"),
    "principal": N_("Principal, Party secretary"),
    "district_bureau": N_("District bureau, safety section"),
    "bureau_safety": N_("City bureau, Safety and Stability Division"),
    "bureau_leader": N_("Bureau chief or deputy chief"),
    "supervision_committee": N_("Government education supervision office"),
    "inspector": N_("Supervision-group member, school inspector"),
    "auditor": N_("Administrator, audit"),
    "other_depts": N_("Other department"),
}
ROLE_NAMES: dict[str, str] = {
    "patrol": N_("Patrol"),
    "crew": N_("Maintenance crew"),
    "manager": N_("Safety manager"),
    "principal": N_("Principal"),
    "officer": N_("Bureau officer"),
    "inspector": N_("Inspector"),
    "administrator": N_("Administrator"),
}

_LEADERS = {"safety_director": 2, "vice_principal": 2, "principal": 3}
_SCHOOL = [*list(POST_NAMES)[: list(POST_NAMES).index("safety_director")], *_LEADERS]
_ANY_BUREAU = ["supervision_committee", "inspector", "auditor"]
POSTS_OF: dict[str, list[str]] = {
    BodyKind.SCHOOL.value: _SCHOOL,
    BodyKind.DISTRICT.value: ["district_bureau", *_ANY_BUREAU],
    BodyKind.CITY.value: ["bureau_safety", "bureau_leader", *_ANY_BUREAU],
}
"""School posts for schools, bureau posts for bureaus."""

RANK: dict[str, int] = {
    **dict.fromkeys(_SCHOOL, 1),
    **_LEADERS,
    **dict.fromkeys(("district_bureau", "bureau_safety", "bureau_leader", *_ANY_BUREAU), 3),
    "auditor": 4,
}
"""How far a post reaches; nobody gives, renews or ends a post above his own."""


def grantable(by_post: str, body_kind: str) -> list[str]:
    """The posts that somebody in `by_post` may give in a body of this kind (which must be his own or below)."""
    own = RANK.get(by_post, 0)
    return [post for post in POSTS_OF.get(body_kind, []) if RANK[post] <= own]


def may_manage(by_post: str, posts: Iterable[str]) -> bool:
    """Whether somebody in `by_post` may act on the account of a person who holds `posts`."""
    own = RANK.get(by_post, 0)
    return own > 0 and all(RANK.get(post, 0) <= own for post in posts)


def name_posts(held: Iterable[dict[str, Any]], say: Callable[[str], str]) -> None:
    """Gives each row with a `post` its `post_name` in the words of `say`."""
    for one in held:
        post = one["post"]
        one["post_name"] = say(POST_NAMES.get(post, post))


_COMMON = (
    "12345678 123456789 1234567890 87654321 11111111 00000000 88888888 66666666 password password1 passw0rd qwertyui"
    " qwerty123 qwertyuiop 1q2w3e4r 1qaz2wsx abc12345 abcd1234 a1234567 a12345678 asdfghjk iloveyou 12341234 11223344"
    " 5201314520 woaini1314 admin123 admin888 administrator teacher1 xuexiao123 anquan123 xunan123"
)
COMMON_PASSWORDS = frozenset(_COMMON.split())
LEAST, MOST = 8, 200
PIN_DIGITS = 6


def account(text: str) -> str:
    """What was typed as user name or phone number, in the one form it is kept in (full-width letters are forgiven)."""
    plain = unicodedata.normalize("NFKC", text).strip().lower()
    return phone_number(plain) if re.fullmatch(r"\+?[0-9() -]+", plain) else plain


def phone_number(text: str) -> str:
    """Digits only; the country code of a Chinese mobile number is dropped, any other keeps its plus."""
    plain = re.sub(r"[\s()-]", "", unicodedata.normalize("NFKC", text))
    mobile = re.fullmatch(r"(?:\+|00)86(1\d{10})", plain)
    return mobile[1] if mobile else plain


def username_fault(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9_.\-\u4e00-\u9fff]{2,40}", text):
        return N_("2 to 40 letters, digits, Chinese characters, dots or dashes")
    if re.fullmatch(r"[0-9.\-]{7,}", text):
        return N_("This looks like a phone number; a user name needs a letter")
    return ""


def phone_fault(text: str) -> str:
    return "" if not text or re.fullmatch(r"\+?[0-9]{5,20}", text) else N_("Digits only, like 13800000000")


def name_fault(text: str) -> str:
    if not text.strip():
        return N_("Please fill this in")
    return N_("At most 60 characters") if len(text) > 60 else ""


def password_text(text: str) -> str:
    """Full-width characters of an input method count as their plain forms."""
    return unicodedata.normalize("NFKC", text)


def password_fault(password: str, username: str) -> str:
    plain = password_text(password).lower()
    if len(plain) < LEAST:
        return N_("At least 8 characters")
    if len(plain) > MOST:
        return N_("At most 200 characters")
    if plain in COMMON_PASSWORDS or len(set(plain)) < 3:
        return N_("Too easy to guess; choose another one")
    if username and (plain == username or plain.strip("0123456789!@#.") == username):
        return N_("The password must not be the user name")
    return ""


def pin_fault(pin: str) -> str:
    if not re.fullmatch(r"[0-9]{6}", pin):
        return N_("Six digits")
    steps = {(int(b) - int(a)) % 10 for a, b in pairwise(pin)}
    if len(set(pin)) < 3 or steps in ({1}, {9}):
        return N_("Too easy to guess; choose another one")
    return ""


SYSTEMS = (
    *(("HarmonyOS", "HarmonyOS"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad")),
    *(("Windows", "Windows"), ("Mac OS", "Mac"), ("Linux", "Linux")),
)
BROWSERS = (
    *(("MicroMessenger", N_("WeChat")), ("DingTalk", N_("DingTalk")), ("Edg", "Edge"), ("Firefox", "Firefox")),
    *(("MQQBrowser", "QQ"), ("HuaweiBrowser", "Huawei"), ("Chrome", "Chrome"), ("Safari", "Safari")),
)


def device_name(agent: str) -> tuple[str, str]:
    """(browser, system) as a person would call them; ("", "") when the program does not say."""
    return (
        next((name for mark, name in BROWSERS if mark in agent), ""),
        next((name for mark, name in SYSTEMS if mark in agent), ""),
    )


SIGN_IN_TRIES, PIN_TRIES, ADDRESS_TRIES = 5, 5, 200
FIRST_LOCK, LONGEST_LOCK, PIN_LOCK = timedelta(minutes=15), timedelta(days=1), timedelta(days=30)
SESSION_LIFE, INVITATION_LIFE = timedelta(days=30), timedelta(days=7)

DEMO_PASSWORD = "xunan-demo"  # noqa: S105 - printed on every sign-in page of the demo
