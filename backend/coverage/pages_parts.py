"""What the pages of coverage share: the choice of a period, days in words, the chart of a trend."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from litestar import Request

from backend import clock
from backend.coverage.rules_numbers import OWN, PERIOD_NAMES, TERM, Asked, Counts, Days, Period
from backend.findings import charts
from backend.language import CHINESE, N_, either, say

R = Request[Any, Any, Any]
WIDE, NARROW = 900, 340
"""Widths of the chart's drawing, on a desk and on a phone."""


def short(day: date, language: str) -> str:
    """11月23日, Nov 23; with the year when it is not this one."""
    this_year = day.year == clock.today().year
    if language == CHINESE:
        return f"{day.month}月{day.day}日" if this_year else f"{day.year}年{day.month}月{day.day}日"
    return f"{day:%b} {day.day}" if this_year else f"{day:%b} {day.day}, {day.year}"


def span(days: Days, language: str) -> str:
    first, last = short(days.start, language), short(days.end, language)
    return first if first == last else f"{first} – {last}"


def drawn(cut: Sequence[Days], counts: Sequence[Counts], language: str) -> list[str]:
    """The trend's chart, in the width of a desk and of a phone; nothing when nothing was due."""
    if not any(n.due for n in counts):
        return []
    labels = [short(one.start, language) for one in cut]
    name = say(language, N_("Chart: stops due, and how many of them were seen"))
    seen, due = [n.seen for n in counts], [n.due for n in counts]
    return [charts.filled(name, labels, seen, due, width) for width in (WIDE, NARROW)]


def head(
    request: R, wished: Asked, when: Period, errors: dict[str, str], language: str, names: Sequence[str]
) -> dict[str, Any]:
    """The choice of a period: its kinds, the ones before and after, its days in words, its own days as typed."""
    term = either(language, when.term.name, when.term.name_en) if when.term else ""
    typed = {name: request.query_params.get(name, "")[:20] for name in ("start", "end")}
    return {
        "asked": wished,
        "own": wished.word == OWN or bool(errors),
        "periods": [(word, say(language, PERIOD_NAMES[word]), wished.address(word=word)) for word in names],
        "earlier": wished.address(on=when.earlier) if when.earlier else "",
        "later": wished.address(on=when.later) if when.later else "",
        "said": f"{term} · {span(when.days, language)}" if term else span(when.days, language),
        "named": say(language, PERIOD_NAMES.get(wished.word, N_("Period"))),
        "guessed": wished.word == TERM and when.term is None,
        "typed": typed if errors else {"start": when.days.start, "end": min(when.days.end, clock.today())},
        "errors": {name: say(language, reason) for name, reason in errors.items()},
        "query": wished.address(),
    }
