"""In words what a plan of routes lacks: "gets 1 of 5 rounds a day"."""

from collections.abc import Mapping
from typing import Any

from backend.language import N_, either, say
from backend.rounds.rules_norm_list import Per

MISSING: dict[str, str] = {
    Per.DAY.value: N_("%(gets)s of %(asks)s rounds on the worst day of the coming weeks"),
    Per.NIGHT.value: N_("%(gets)s of the %(asks)s two-hour parts of the night have a round"),
    Per.WEEK.value: N_("no round in some week"),
    Per.MONTH.value: N_("no round in the coming month"),
    Per.QUARTER.value: N_("no round in the coming quarter"),
    Per.TERM.value: N_("no round in the coming term"),
    Per.HALF_YEAR.value: N_("no round in the coming half year"),
    Per.YEAR.value: N_("no round in the coming year"),
    Per.PLAN.value: N_("on no route"),
}
OWN = N_("%(kind)s: as often as its kind asks")
STANDINGS: dict[str, str] = {
    "text": N_("text read"),
    "reprint": N_("read in a reprint or report"),
    "example": N_("example of another place"),
    "usual": N_("unverified: usual practice"),
}
"""By Standing: how well a rule is known."""


def in_words(language: str, plan: Mapping[str, Any]) -> dict[str, Any]:
    """What `queries_norms.judged` told, each norm that is not met with its words."""
    return {**plan, "unmet": [{**one, **lacking(language, one)} for one in plan["unmet"]]}


def lacking(language: str, one: Mapping[str, Any]) -> dict[str, str]:
    """`title`, `lacks` and `known` of a norm that is not met, as `queries_norms.judged` tells it."""
    kind = either(language, one["kind"].get("zh"), one["kind"].get("en")) if one["kind"] else ""
    name, note, lack, known = one["name"], one["note"], MISSING[one["per"]], STANDINGS[one["standing"]]
    return {
        "title": say(language, name) if name else say(language, OWN, kind=kind),
        "lacks": say(language, lack, gets=one["gets"], asks=one["asks"]),
        "known": say(language, known),
        "told_note": say(language, note) if note else "",
    }
