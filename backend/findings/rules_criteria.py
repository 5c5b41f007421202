"""What makes a hazard a major one, as people write it; how two versions of a criterion differ."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from backend.language import N_

LONGEST = 500
FIELDS: dict[str, str] = {
    "zh": N_("Chinese text"),
    "en": N_("English text"),
    "source": N_("Norm and article"),
    "items": N_("Items that touch it"),
    "plan_checks": N_("Checks of the plan"),
    "verified": N_("Basis checked"),
    "withdrawn": N_("Withdrawn"),
}
"""What is compared between versions, in this order."""


@dataclass(frozen=True, slots=True)
class CriterionFacts:
    """What the form of a criterion says; `faults` maps a field to the message id of what is wrong with it."""

    zh: str
    en: str
    source: str
    items: tuple[str, ...]
    verified: bool
    words: str
    faults: Mapping[str, str]


def criterion_facts(
    form: Mapping[str, str], chosen: Iterable[str], known: Iterable[str], *, new: bool
) -> CriterionFacts:
    """Reads the form; `chosen` are the codes of items that were ticked, `known` those there are.

    A version that changes something says why (`words`); without a norm nobody could check it."""
    faults = {}
    said = {name: form.get(name, "").strip() for name in ("zh", "en", "source", "words")}
    needed = {"zh", "source"} if new else {"zh", "source", "words"}
    for name, text in said.items():
        if name in needed and not text:
            faults[name] = N_("Please fill this in")
        elif len(text) > LONGEST:
            faults[name] = N_("This is too long")
    items = tuple(dict.fromkeys(chosen))
    if not set(items) <= set(known):
        faults["chosen"] = N_("An item is not there any more. Please choose again.")
    return CriterionFacts(
        said["zh"], said["en"], said["source"], items, form.get("verified") == "1", said["words"], faults
    )


@dataclass(frozen=True, slots=True)
class Change:
    """A field that two versions say differently; for lists what was `added` and what was `removed`."""

    field: str
    before: Any = None
    after: Any = None
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """What a version changes in the one before it."""
    found = []
    for field in FIELDS:
        old, new = before[field], after[field]
        if isinstance(old, list):
            added, removed = tuple(x for x in new if x not in old), tuple(x for x in old if x not in new)
            found += [Change(field, added=added, removed=removed)] if added or removed else []
        elif old != new:
            found.append(Change(field, old, new))
    return found


def built_in(entry: Mapping[str, Any], titles: Mapping[str, str]) -> dict[str, Any]:
    """A criterion of the pack as a version; `titles` are the names of its sources. What says of itself that its clause
    was not read to the end is not verified."""
    return {
        "code": entry["id"],
        "zh": entry["zh"],
        "en": entry.get("en", ""),
        "plan_checks": list(entry.get("plan_checks", ())),
        "items": list(entry.get("items", ())),
        "source": titles.get(entry.get("source", ""), entry.get("source", "")),
        "verified": bool(entry.get("verified", "未读到" not in entry["zh"])),
        "withdrawn": False,
    }
