"""What somebody tells with a verb: read by what the move needs, each fault with its sentence."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from backend.findings.rules import Area, Grade, Verb
from backend.findings.rules_machine import Need
from backend.language import N_

MOST_WORDS = 2000
MOST_MONEY = Decimal(1_000_000_000)
FURTHEST_DAYS = 3 * 366
GIVE = N_("Please fill this in")
LONG = N_("This is too long")
NO_DAY = N_("This is no day of the calendar.")
OVER = N_("This day is over already.")
FAR = N_("This day is too far away.")
NO_SUM = N_("A sum in yuan, 0 or more, like 350 or 1200.50")
CHOOSE = N_("Please choose one")

_TEXTS: dict[Need, tuple[str, ...]] = {
    Need.WORDS: ("words",),
    Need.MEASURES: ("measures",),
    Need.CONTINGENCY: ("contingency",),
    Need.TITLE: ("title",),
    Need.REPORT: ("situation", "danger", "plan"),
}
_DAYS = {Need.DEADLINE: "deadline", Need.WISH: "wish", Need.UNTIL: "until"}
_SUMS = {Need.FUNDS: "funds", Need.COST: "cost"}
_IDS = {Need.ASSIGNEE: "assignee", Need.TARGET: "target"}


@dataclass(frozen=True, slots=True)
class Values:
    """What was understood, by field; `faults` says what was not."""

    given: dict[str, Any] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)


def read(verb: Verb, needs: tuple[Need, ...], told: Mapping[str, str], words: str, today: date) -> Values:
    """The values of a move's needs. `told` are the fields as typed, `words` what goes into the timeline."""
    found = Values()
    texts = {**told, "words": words}
    for need in needs:
        for name in _TEXTS.get(need, ()):
            _text(found, name, texts.get(name, ""), needed=True)
        if need in _DAYS:
            _day(found, _DAYS[need], texts.get(_DAYS[need], ""), today)
        elif need in _SUMS:
            _sum(found, _SUMS[need], texts.get(_SUMS[need], ""))
        elif need in _IDS:
            _id(found, _IDS[need], texts.get(_IDS[need], ""), needed=True)
    if Need.WORDS not in needs:
        _text(found, "words", words, needed=False)
    if Need.AREA in needs:
        _one_of(found, "area", texts.get("area", ""), {area.value for area in Area})
    if verb is Verb.REGISTER:
        found.given["item"] = texts.get("item", "").strip()[:60]
    if Need.GRADE in needs:
        _one_of(found, "grade", texts.get("grade", ""), {grade.value for grade in Grade})
        _text(found, "grade_reason", texts.get("grade_reason", "") or words, needed=False)
        found.given["criterion"] = texts.get("criterion", "")[:40]
    if verb is Verb.ASSIGN:
        _id(found, "leader", texts.get("leader", ""), needed=False)
    if verb is Verb.GRANT_EXTENSION and texts.get("deadline"):
        _day(found, "deadline", texts["deadline"], today)
    return found


def _text(found: Values, name: str, said: str, *, needed: bool) -> None:
    said = said.strip()
    if needed and not said:
        found.faults[name] = GIVE
    elif len(said) > (120 if name == "title" else MOST_WORDS):
        found.faults[name] = LONG
    found.given[name] = said


def _day(found: Values, name: str, said: str, today: date) -> None:
    try:
        day = date.fromisoformat(said.strip())
    except ValueError:
        found.faults[name] = NO_DAY if said.strip() else GIVE
        return
    if day < today:
        found.faults[name] = OVER
    elif (day - today).days > FURTHEST_DAYS:
        found.faults[name] = FAR
    found.given[name] = day


def _sum(found: Values, name: str, said: str) -> None:
    plain = unicodedata.normalize("NFKC", said).replace(",", "").replace("元", "").replace("¥", "").strip()
    try:
        number = Decimal(plain).quantize(Decimal("0.01"))
    except InvalidOperation:
        found.faults[name] = NO_SUM if plain else GIVE
        return
    if not 0 <= number <= MOST_MONEY:
        found.faults[name] = NO_SUM
    found.given[name] = number


def _id(found: Values, name: str, said: str, *, needed: bool) -> None:
    try:
        found.given[name] = UUID(said.strip()) if said.strip() else None
    except ValueError:
        found.given[name] = None
    if needed and found.given[name] is None:
        found.faults[name] = CHOOSE


def _one_of(found: Values, name: str, said: str, known: set[str]) -> None:
    if said not in known:
        found.faults[name] = CHOOSE
    found.given[name] = said
