"""Items as people write them: what was typed becomes an item or its faults; how two versions differ; what a newer
built-in version changes in a bureau's own."""

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from backend.checklists.rules import AnswerKind, DateRule, Frequency, PhotoRule, Severity
from backend.language import N_

Item = dict[str, Any]
LONGEST, MOST_OPTIONS, MOST_YEARS = 300, 12, 50
NEEDED, TOO_LONG, CHOOSE = N_("Please fill this in"), N_("This is too long"), N_("Please choose")
NOT_A_NUMBER, ORDER = N_("Please enter a number, for example 18.5."), N_("The lower limit is above the upper one.")
FIELDS = {
    "zh": N_("Chinese text"),
    "en": N_("English text"),
    "frequency": N_("How often"),
    "answer": N_("Kind of answer"),
    "unit": N_("Unit"),
    "minimum": N_("Lower limit"),
    "maximum": N_("Upper limit"),
    "limits_by_school": N_("Schools may set the limits"),
    "date_rule": N_("How the date is judged"),
    "options": N_("Choices"),
    "photo": N_("Photo"),
    "severity": N_("How serious if bad"),
    "basis": N_("Basis"),
    "verified": N_("Basis checked"),
    "serves": N_("Checks of the plan"),
    "follow_up": N_("Follow-up questions"),
    "note": N_("Note"),
}
"""What is compared between versions, in this order."""


@dataclass(frozen=True, slots=True)
class Written:
    """An item as it was typed; `wrong` maps a field to the message id of what is wrong with it."""

    item: Item
    wrong: dict[str, str] = field(default_factory=dict)


def number_of(text: str) -> float | None:
    """A number as people type it (full width, comma or point); None for nothing, NaN for what is no number."""
    plain = unicodedata.normalize("NFKC", text).strip().replace(",", ".")
    if not plain:
        return None
    return float(plain) if re.fullmatch(r"[+-]?\d{1,9}(\.\d{1,6})?", plain, re.ASCII) else math.nan


def limits(form: Mapping[str, str], wrong: dict[str, str], prefix: str = "") -> tuple[float | None, float | None]:
    """Both limits of a form; faults go into `wrong`."""
    found: dict[str, float | None] = {}
    for name in ("minimum", "maximum"):
        number = number_of(form.get(prefix + name, ""))
        if number is not None and math.isnan(number):
            wrong[prefix + name], number = NOT_A_NUMBER, None
        found[name] = number
    low, high = found["minimum"], found["maximum"]
    if low is not None and high is not None and low > high:
        wrong[prefix + "minimum"] = ORDER
    return low, high


def years_of(form: Mapping[str, str], wrong: dict[str, str], prefix: str = "") -> float | None:
    """The age a thing may reach, in years; faults go into `wrong`."""
    years = number_of(form.get(prefix + "maximum", ""))
    if years is not None and not 0 < years <= MOST_YEARS:
        wrong[prefix + "maximum"] = N_("A number of years above 0, at most 50.")
        return None
    return years


def written(form: Mapping[str, str], code: str, area: str, prefix: str = "", old: Item | None = None) -> Written:
    """An item from a form whose fields begin with `prefix`; `old` gives what the form does not ask again."""
    wrong: dict[str, str] = {}
    item = dict(old) if old else {**_BLANK, "code": code, "area": area}
    for name, most in (("zh", LONGEST), ("en", LONGEST), ("basis", LONGEST), ("note", LONGEST)):
        if prefix + name in form:
            item[name] = form[prefix + name].strip()
            if len(item[name]) > most:
                wrong[prefix + name] = TOO_LONG
    if not item["zh"]:
        wrong[prefix + "zh"] = NEEDED
    words: dict[str, Any] = {"frequency": Frequency, "photo": PhotoRule, "severity": Severity}
    for name, kind in words.items() if old else {**words, "answer": AnswerKind}.items():
        item[name] = form.get(prefix + name, "")
        if item[name] not in {word.value for word in kind}:
            wrong[prefix + name] = CHOOSE
    item["limits_by_school"] = form.get(prefix + "limits_by_school") == "1"
    _answer(item, form, wrong, prefix, new=old is None)
    return Written(item, wrong)


_BLANK: Item = {
    **dict.fromkeys(("zh", "en", "unit", "unit_en", "basis", "basis_en", "quality", "note", "note_en"), ""),
    **{"minimum": None, "maximum": None, "limits_by_school": False, "date_rule": None, "verified": False},
    **{"options": [], "follow_up": [], "sources": [], "serves": []},
}
_CONTENT = (*_BLANK, "area", "answer", "frequency", "photo", "severity")


def _answer(item: Item, form: Mapping[str, str], wrong: dict[str, str], prefix: str, *, new: bool) -> None:
    """What only one kind of answer has: limits of a number, the rule of a date, the options of a choice."""
    kind = item["answer"]
    if kind == AnswerKind.NUMBER.value:
        item["minimum"], item["maximum"] = limits(form, wrong, prefix)
        if new:
            item["unit"] = item["unit_en"] = form.get(prefix + "unit", "").strip()
            if len(item["unit"]) > 20:
                wrong[prefix + "unit"] = TOO_LONG
    elif kind == AnswerKind.DATE.value:
        if new:
            item["date_rule"] = form.get(prefix + "date_rule") or None
            if item["date_rule"] not in {rule.value for rule in DateRule}:
                wrong[prefix + "date_rule"], item["date_rule"] = CHOOSE, None
        item["limits_by_school"] = item["limits_by_school"] and item["date_rule"] == DateRule.SINCE.value
        if item["date_rule"] == DateRule.SINCE.value:
            item["maximum"] = years_of(form, wrong, prefix)
            if item["maximum"] is None and not item["limits_by_school"]:
                wrong.setdefault(prefix + "maximum", N_("Say how many years are allowed."))
    else:
        item["limits_by_school"] = False
        if kind == AnswerKind.CHOICE.value and new:
            item["options"] = _options(form, wrong, prefix)


def _options(form: Mapping[str, str], wrong: dict[str, str], prefix: str) -> list[dict[str, Any]]:
    """One option a line, Chinese and English parted by a bar: good ones in one field, bad ones in the other."""
    found = []
    for name, fine in (("fine", True), ("bad", False)):
        for line in form.get(prefix + name, "").splitlines():
            zh, _, en = (part.strip() for part in line.replace("｜", "|").partition("|"))
            if zh:
                found.append({"zh": zh, "en": en or zh, "ok": fine})
    names = [str(text) for one in found for text in {one["zh"], one["en"]}]
    if len(found) < 2 or all(one["ok"] for one in found) or not any(one["ok"] for one in found):
        wrong[prefix + "fine"] = N_("At least one choice that is fine and one that is not.")
    elif len(found) > MOST_OPTIONS or len(set(names)) < len(names):
        wrong[prefix + "fine"] = N_("At most twelve choices, each of them once.")
    elif max(map(len, names)) > 60:
        wrong[prefix + "fine"] = TOO_LONG
    return found


def next_code(kind: str, letter: str, known: Iterable[str]) -> str:
    """`lab.x01`, `lab.x02`: a school's items (x) and a bureau's (c) never meet the pack's, nor withdrawn ones."""
    begin = f"{kind}.{letter}"
    used = [int(code[len(begin) :]) for code in known if code.startswith(begin) and code[len(begin) :].isdigit()]
    return f"{begin}{max(used, default=0) + 1:02}"


@dataclass(frozen=True, slots=True)
class Change:
    """How an item differs: added, retired, or changed with (field, before, after) for each field not the same."""

    what: str
    code: str
    item: Item
    fields: tuple[tuple[str, Any, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    changes: tuple[Change, ...]
    moved: bool

    def __bool__(self) -> bool:
        return bool(self.changes) or self.moved


def difference(before: list[Item], after: list[Item]) -> Difference:
    """What a later version changes in an earlier one."""
    old, new = ({item["code"]: item for item in items} for items in (before, after))
    changes = [Change("added", code, item) for code, item in new.items() if code not in old]
    changes += [Change("retired", code, item) for code, item in old.items() if code not in new]
    for code, item in new.items():
        if code in old:
            told = tuple((name, old[code][name], item[name]) for name in FIELDS if old[code][name] != item[name])
            if told:
                changes.append(Change("changed", code, item, told))
    moved = [code for code in old if code in new] != [code for code in new if code in old]
    return Difference(tuple(changes), moved)


def merged(seen: list[Item], newest: list[Item], ours: list[Item]) -> list[Item]:
    """Ours with everything the newest built-in version changed since the one ours has seen: fields that changed there,
    items that came, items that went. What we changed and they did not stays as we have it."""
    before, after = ({item["code"]: item for item in items} for items in (seen, newest))
    gone = before.keys() - after.keys()
    result = []
    for item in ours:
        code = item["code"]
        if code in gone:
            continue
        if code in before:
            item = {**item, **{k: after[code][k] for k in _CONTENT if after[code][k] != before[code][k]}}
        result.append(item)
    known = {item["code"] for item in ours}
    return result + [item for code, item in after.items() if code not in before and code not in known]


@dataclass(frozen=True, slots=True)
class Edited:
    """A whole checklist as it was typed: the items of the new version, the codes that go with their reasons."""

    items: list[Item]
    retired: dict[str, str]
    wrong: dict[str, str]


def edited(form: Mapping[str, str], items: list[Item], kind: str, area: str, known: Iterable[str], new: int) -> Edited:
    """Existing items in the typed order, then new ones (`new1.zh`, ...); a new one without words is passed over."""
    wrong: dict[str, str] = {}
    retired: dict[str, str] = {}
    placed: list[tuple[float, Item]] = []
    for item in items:
        prefix = item["code"] + "."
        if form.get(prefix + "retire") == "1":
            retired[item["code"]] = form.get(prefix + "why", "").strip()[:LONGEST]
            if not retired[item["code"]]:
                wrong[prefix + "why"] = N_("Please say why this item is retired.")
            continue
        one = written(form, item["code"], area, prefix, old=item)
        wrong |= one.wrong
        placed.append((_place(form, prefix, wrong), one.item))
    used = set(known)
    for number in range(1, new + 1):
        prefix = f"new{number}."
        if form.get(prefix + "zh", "").strip() or form.get(prefix + "en", "").strip():
            code = next_code(kind, "c", used)
            used.add(code)
            one = written(form, code, area, prefix)
            wrong |= one.wrong
            placed.append((_place(form, prefix, wrong), one.item))
    placed.sort(key=lambda pair: pair[0])
    if not placed:
        wrong["words"] = N_("A checklist needs at least one item.")
    return Edited([item for _, item in placed], retired, wrong)


def _place(form: Mapping[str, str], prefix: str, wrong: dict[str, str]) -> float:
    number = number_of(form.get(prefix + "place", ""))
    if number is None:
        return math.inf
    if math.isnan(number):
        wrong[prefix + "place"] = NOT_A_NUMBER
        return math.inf
    return number
