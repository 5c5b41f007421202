"""What somebody says who raises a finding by hand: words, area, item or criterion, whether it was mended at once."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from backend.findings.rules import AREA_NAMES
from backend.language import N_

LONGEST = 2000
NO_POINT = "none"
"""What stands in an address instead of a point: documents, management, anything without a place on the list."""


@dataclass(frozen=True, slots=True)
class Raising:
    """`fixed` is None while nobody said it; `faults` by field."""

    words: str
    area: str | None
    item: str
    criterion: str
    fixed: bool | None
    measures: str
    faults: dict[str, str] = field(default_factory=dict)


def raising(
    texts: Mapping[str, str], *, photos: int, after: int, items: frozenset[str], criteria: frozenset[str], asks: bool
) -> Raising:
    """Reads the form. `photos` and `after` count what could be kept; `items` and `criteria` may be named;
    `asks`: whether the form asks if it was mended on the spot."""
    said = {name: texts.get(name, "").strip() for name in ("words", "area", "item", "criterion", "fixed", "measures")}
    faults = {}
    named = bool(said["item"] or said["criterion"])
    if not said["words"] and not (named and photos):
        faults["words"] = N_("Please say what is wrong in a few words.")
    for name in ("words", "measures"):
        if len(said[name]) > LONGEST:
            faults[name] = N_("Please shorten this to 2000 characters.")
    if said["area"] and said["area"] not in AREA_NAMES:
        faults["area"] = N_("Please choose one")
    if said["item"] and said["item"] not in items:
        faults["item"] = N_("This item is not in force at this point any more. Please choose again.")
    if said["criterion"] and said["criterion"] not in criteria:
        faults["criterion"] = N_("This criterion is not in force any more. Please choose again.")
    fixed = {"yes": True, "no": False}.get(said["fixed"]) if asks else False
    if fixed is None:
        faults["fixed"] = N_("Please say whether it was mended at once.")
    if fixed and not after:
        faults["after"] = N_("Please add a photo of what it looks like now.")
    area = said["area"] or None
    return Raising(said["words"], area, said["item"], said["criterion"], fixed, said["measures"], faults)
