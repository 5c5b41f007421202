"""What an answer comes to: limits, dates and choices decide by themselves, and nobody can call a bad reading good."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol
from uuid import UUID

from backend.checklists.rules import AnswerKind, DateRule, PhotoRule, Result, judge_date, judge_number
from backend.visits.rules import Said


class Judgeable(Protocol):
    """What judging needs of an item, wherever it was read."""

    @property
    def answer(self) -> str: ...
    @property
    def options(self) -> list[dict[str, Any]]: ...
    @property
    def minimum(self) -> float | None: ...
    @property
    def maximum(self) -> float | None: ...
    @property
    def date_rule(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Asked:
    """An item as a visit answered it, whatever version is in force by now."""

    id: UUID
    code: str
    zh: str
    en: str
    area: str
    answer: str
    options: list[dict[str, Any]]
    photo: str
    severity: str
    basis: str
    minimum: float | None
    maximum: float | None
    date_rule: str | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    said: Said
    item: Asked
    result: Result


def judge_all(answers: tuple[Said, ...], items: list[Asked], today: date) -> tuple[list[Judged], list[UUID]]:
    """Answers with their results, and the ids of items that this database has never known."""
    known = {item.id: item for item in items}
    judged, unknown = [], []
    for said in answers:
        item = known.get(said.item)
        if item is None:
            unknown.append(said.item)
            continue
        result = said.result if said.result in {Result.NA, Result.UNCHECKED} else judge(item, said, today)
        if result is not None:
            judged.append(Judged(said, item, result))
    return judged, unknown


def judge(item: Judgeable, said: Said, today: date) -> Result | None:
    """What the person called bad stays bad. None = not answered."""
    by_itself: Result | None = None
    if item.answer == AnswerKind.NUMBER.value:
        by_itself = judge_number(said.number, item.minimum, item.maximum)
    elif item.answer == AnswerKind.DATE.value:
        by_itself = judge_date(said.date, today, DateRule(item.date_rule or "until"), item.maximum)
    elif item.answer == AnswerKind.CHOICE.value and said.choice:
        chosen = next((o for o in item.options if said.choice in {o.get("zh"), o.get("en")}), None)
        by_itself = None if chosen is None else Result.OK if chosen.get("ok") else Result.BAD
    elif item.answer == AnswerKind.TEXT.value and said.text:
        by_itself = Result.OK
    if Result.BAD in {by_itself, said.result}:
        return Result.BAD
    if item.answer in {AnswerKind.NUMBER.value, AnswerKind.DATE.value, AnswerKind.TEXT.value}:
        return by_itself
    return by_itself or said.result


def lacks_photo(rule: str, result: Result, given: bool) -> bool:
    """Whether the item's photo rule is not met; N/A and "could not check" never need one."""
    if given or result not in {Result.OK, Result.BAD}:
        return False
    return rule == PhotoRule.ALWAYS.value or (rule == PhotoRule.ON_BAD.value and result is Result.BAD)
