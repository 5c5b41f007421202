"""The schools of a bureau as a table: in their usual order unless the reader sorts them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from backend.coverage.rules_numbers import Counts

PAGE = 50
SORTS = ("coverage", "missed", "open", "major", "visit")
"""What a reader may sort by; a minus before it turns the order round."""
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class School:
    """`district` is the body above it; `open` and `major`: findings that are not ended, and the major ones of them."""

    id: UUID
    name: str
    name_en: str
    district: UUID | None
    counts: Counts
    open: int
    major: int
    visited_at: datetime | None


def sort_of(query: Mapping[str, str]) -> str:
    word = query.get("sort", "")
    return word if word.removeprefix("-") in SORTS else ""


def turned(now: str, word: str) -> str:
    """The sort that a click on a column's head asks for: up, down, as usual."""
    return {word: f"-{word}", f"-{word}": ""}.get(now, word)


_KEYS: dict[str, Callable[[School], Any]] = {
    "coverage": lambda one: one.counts.seen / one.counts.due if one.counts.due else 2,
    "missed": lambda one: one.counts.missed,
    "open": lambda one: one.open,
    "major": lambda one: one.major,
    "visit": lambda one: one.visited_at or _NEVER,
}


def in_order(schools: Sequence[School], sort: str) -> list[School]:
    """As they came for no sort; those that are equal stay as they came."""
    if not sort:
        return list(schools)
    return sorted(schools, key=_KEYS[sort.removeprefix("-")], reverse=sort.startswith("-"))


def page_of(text: str | None, total: int) -> int:
    """The page asked for, from 1, as far as there are pages."""
    asked = int(text) if text and text.isascii() and text.isdigit() and len(text) < 9 else 1
    return min(max(1, asked), max(1, -(-total // PAGE)))


def by_district(schools: Sequence[School]) -> dict[UUID | None, Counts]:
    found: dict[UUID | None, Counts] = {}
    for one in schools:
        found[one.district] = found.get(one.district, Counts()) + one.counts
    return found
