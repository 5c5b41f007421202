"""Two languages: message ids are English; Chinese stands in frontend/locale, one file per part of the house."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

from babel.messages.pofile import read_po

LOCALE = Path(__file__).resolve().parent.parent / "frontend" / "locale"
CHINESE, ENGLISH = "zh-CN", "en"
LANGUAGES = (CHINESE, ENGLISH)


@lru_cache(maxsize=1)
def catalogue() -> Mapping[str, str]:
    """English message id -> Chinese."""
    found: dict[str, str] = {}
    for file in sorted((LOCALE / "zh_CN" / "LC_MESSAGES").glob("*.po")):
        with file.open("rb") as stream:
            for message in read_po(stream, locale="zh_CN"):
                if message.id and isinstance(message.id, str) and isinstance(message.string, str) and message.string:
                    found[message.id] = message.string
    return found


def N_(text: str) -> str:
    """Marks a text for the catalogue where it cannot be translated yet."""
    return text


def say(language: str, text: str, /, **facts: object) -> str:
    """`text` in the language, with its %(name)s places filled."""
    said = catalogue().get(text, text) if language == CHINESE else text
    return said % facts if facts else said.replace("%%", "%")


def speaker(language: str) -> Callable[..., str]:
    return lambda text, **facts: say(language, text, **facts)


def either(language: str, zh: object, en: object = "") -> str:
    """Content that was entered in one or both languages, in the reader's if it is there."""
    first, second = (zh, en) if language == CHINESE else (en, zh)
    return str(first or second or "")


def choose(accepted: str, wished: str = "") -> str:
    """The language of a page: what the person chose, else the first one his browser accepts, else Chinese."""
    if wished in LANGUAGES:
        return wished
    ranked = []
    for place, part in enumerate(accepted.split(",")[:20]):
        name, _, weight = part.strip().partition(";q=")
        try:
            ranked.append((-float(weight or 1), place, name.lower()))
        except ValueError:
            continue
    for _, _, name in sorted(ranked):
        if name.startswith("zh"):
            return CHINESE
        if name.startswith("en"):
            return ENGLISH
    return CHINESE


def named(language: str, names: Mapping[str, str], word: str) -> str:
    """What people call a word of the code; `names` as the enums' modules keep them."""
    return say(language, names[word])
