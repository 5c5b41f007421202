"""Where nobody looks: the plan's seven kinds of key places, checks that no item serves, kinds without points."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from backend.language import N_

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class KeyKind:
    """One of the seven kinds of key places that the plan names; points of any of `kinds` show that it is looked at."""

    key: str
    name: str
    kinds: tuple[str, ...]


KEY_KINDS: tuple[KeyKind, ...] = (
    KeyKind("teaching", N_("Teaching buildings"), ("classroom_building",)),
    KeyKind("lab", N_("Laboratories"), ("lab", "chem_store")),
    KeyKind("training", N_("Places of practical training"), ("training_workshop",)),
    KeyKind("library", N_("Libraries"), ("library",)),
    KeyKind("dormitory", N_("Pupils' dormitories"), ("dormitory",)),
    KeyKind("canteen", N_("Canteens"), ("kitchen", "food_store", "canteen_hall")),
    KeyKind("hall", N_("Assembly halls"), ("hall",)),
)
"""教学楼、实验室、实习实训场所、图书馆、学生宿舍、食堂、礼堂: the plan, duty ob-18. A school has points there or says
that it has no such place."""
KEYS = frozenset(one.key for one in KEY_KINDS)


class KeyState(Enum):
    POINTS = "points"
    ABSENT = "absent"
    UNSAID = "unsaid"


@dataclass(frozen=True, slots=True)
class KeyPlace:
    """`said`: the newest declaration (there, words, name, name_en, created_at), None when nobody said anything.
    `contradicted`: said to be absent, and yet there are points."""

    kind: KeyKind
    state: KeyState
    points: int
    said: Row | None
    contradicted: bool = False


def key_places(counts: Mapping[str, int], said: Mapping[str, Row]) -> list[KeyPlace]:
    """The seven in the plan's order. `counts`: points in use by kind; `said`: the newest declaration by key."""
    found = []
    for kind in KEY_KINDS:
        points, word = sum(counts.get(code, 0) for code in kind.kinds), said.get(kind.key)
        absent = word is not None and not word["there"]
        state = KeyState.POINTS if points else KeyState.ABSENT if absent else KeyState.UNSAID
        found.append(KeyPlace(kind, state, points, word if absent else None, contradicted=bool(points) and absent))
    return found


def unserved(checks: Iterable[Row], items: Iterable[Row], kinds: Collection[str], used: Collection[str]) -> list[Row]:
    """Checks of the plan that items at points are meant to serve, and none in force at a point of this school does.

    `items`: in force, with `kind` and `serves`; `kinds`: kinds that have points; `used`: kinds that the school uses.
    A check whose kinds the school does not use at all is none of its matters. Each comes with `wanted`, the kinds
    that would serve it.
    """
    serving: dict[str, set[str]] = {}
    for item in items:
        for check in item["serves"]:
            serving.setdefault(check, set()).add(item["kind"])
    found: list[Row] = []
    for check in checks:
        may_serve = serving.get(check["id"], set()) | (set(check["point_kinds"]) if check["served_by_items"] else set())
        wanted = sorted(may_serve & set(used))
        if wanted and not serving.get(check["id"], set()) & set(kinds):
            found.append({**check, "wanted": wanted})
    return found


def without_points(kinds: Iterable[Row]) -> list[Row]:
    """Kinds that the school's type expects (or the school switched on) and that have no point; not those that it
    switched off. `kinds` as `checklists.queries.kinds` reads them for a school."""
    return [
        one for one in kinds if not one["points"] and (one["proposed"] if one["enabled"] is None else one["enabled"])
    ]


def switched_off(kinds: Iterable[Row]) -> list[Row]:
    """Kinds that the school's type expects and that it switched off: said, therefore no blind spot, but to be seen."""
    return [one for one in kinds if one["proposed"] and one["enabled"] is False and not one["points"]]
