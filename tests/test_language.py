"""Chinese is complete: every text that people see has its translation, with the same places for facts."""

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_file

from backend.language import CHINESE, ENGLISH, catalogue, choose, either, say

ROOT = Path(__file__).resolve().parent.parent
PLACES = re.compile(r"%\((\w+)\)s")


def used() -> dict[str, str]:
    """Every message id in templates and code -> a file that uses it."""
    found: dict[str, str] = {}
    for file in sorted((ROOT / "frontend" / "templates").rglob("*.html")):
        for _, message, _, _ in extract_from_file("jinja2.ext:babel_extract", str(file)):
            if isinstance(message, str):
                found.setdefault(message, str(file.relative_to(ROOT)))
    for file in sorted((ROOT / "backend").rglob("*.py")):
        for _, message, _, _ in extract_from_file("python", str(file), keywords={"N_": None, "_": None, "say": (2,)}):
            if isinstance(message, str):
                found.setdefault(message, str(file.relative_to(ROOT)))
    return found


def test_every_message_has_its_chinese() -> None:
    missing = {message: file for message, file in used().items() if message not in catalogue()}
    assert missing == {}


def test_the_places_for_facts_are_the_same_in_both_languages() -> None:
    wrong = {en: zh for en, zh in catalogue().items() if set(PLACES.findall(en)) != set(PLACES.findall(zh))}
    assert wrong == {}


def test_chinese_is_chinese() -> None:
    """A translation without one Chinese character is a forgotten one, unless the text has no words."""
    for en, zh in catalogue().items():
        if re.search(r"[A-Za-z]{4,}", PLACES.sub("", en)):
            assert re.search(r"[\u4e00-\u9fff]", zh), en


@pytest.mark.parametrize(
    ("accepted", "wished", "language"),
    [
        ("", "", CHINESE),
        ("en-GB,en;q=0.9", "", ENGLISH),
        ("en;q=0.5,zh-CN", "", CHINESE),
        ("fr-FR", "", CHINESE),
        ("en", CHINESE, CHINESE),
        ("zh", "klingon", CHINESE),
        (";;;q=x,,en;q=nan", "", ENGLISH),
    ],
)
def test_the_language_is_chosen_by_the_person_then_by_the_browser(accepted: str, wished: str, language: str) -> None:
    assert choose(accepted, wished) == language


def test_content_falls_back_to_the_other_language() -> None:
    assert either(ENGLISH, "实验室", "") == "实验室"
    assert either(ENGLISH, "实验室", "Lab") == "Lab"
    assert either(CHINESE, "实验室", "Lab") == "实验室"
    assert say(CHINESE, "%(n)s min ago", n=3) == "3分钟前"
