"""What norms ask of a plan of routes, from where we know it, and which of them hold for a school."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from backend.checklists.rules import Frequency
from backend.language import N_
from backend.rounds.rules_proposal import KEY_PLACES, Kind


class Per(Enum):
    """The stretch of time in which something is asked; NIGHT: in each two hours of 22:00 to 6:00; PLAN: some route."""

    DAY = "day"
    NIGHT = "night"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    TERM = "term"
    HALF_YEAR = "half_year"
    YEAR = "year"
    PLAN = "plan"


@dataclass(frozen=True, slots=True)
class Need:
    """So many rounds in the stretch; `always`: on days without school too."""

    per: Per
    times: int = 1
    always: bool = False


class Standing(Enum):
    """How well we know a rule: its text was read, a reprint or a report of it, it is another place's example, or it is
    usual practice that nobody verified."""

    TEXT = "text"
    REPRINT = "reprint"
    EXAMPLE = "example"
    USUAL = "usual"


@dataclass(frozen=True, slots=True)
class Norm:
    """`name` is a message id, empty when the rule is only a kind's own frequency; `basis` is content in two languages;
    `sources` are ids of the pack's sources.json."""

    id: str
    name: str
    kinds: tuple[str, ...]
    need: Need
    basis: str
    basis_en: str
    sources: tuple[str, ...] = ()
    standing: Standing = Standing.USUAL
    boarding_only: bool = False
    note: str = ""


NORMS: tuple[Norm, ...] = (
    Norm(
        id="fire_patrol",
        name=N_("Daily fire patrol"),
        kinds=("evacuation_route",),
        need=Need(Per.DAY),
        basis="消防法第17条；公安部令第61号第25条；GB/T 40248-2021 7.3.4；中小学校、幼儿园消防安全十项规定",
        basis_en="Fire Protection Law art. 17; Public Security Order 61 art. 25; GB/T 40248-2021 7.3.4; the Ten Rules",
        sources=("S2", "S3", "S4", "S6"),
        standing=Standing.TEXT,
    ),
    Norm(
        id="night_patrol",
        name=N_("Night patrol at least every two hours"),
        kinds=("dormitory",),
        need=Need(Per.NIGHT, 4),
        basis="GB/T 40248-2021 7.3.5；公安部令第61号（寄宿制学校加强夜间巡查）",
        basis_en="GB/T 40248-2021 7.3.5; Public Security Order 61 (boarding schools patrol more at night)",
        sources=("S4", "S3"),
        standing=Standing.REPRINT,
        boarding_only=True,
    ),
    Norm(
        id="fire_inspection",
        name=N_("Monthly fire inspection"),
        kinds=(
            *("fire_extinguisher", "hydrant", "evacuation_route", "distribution_board", "fire_pump_room"),
            *("fire_control_room", "micro_fire_station"),
        ),
        need=Need(Per.MONTH),
        basis="中小学校、幼儿园消防安全十项规定；GB/T 40248-2021 7.3.7（公安部令第61号第26条为每季度，从严取每月）",
        basis_en="The Ten Rules; GB/T 40248-2021 7.3.7 (Order 61 art. 26 says quarterly: the stricter one counts)",
        sources=("S6", "S4", "S3"),
        standing=Standing.REPRINT,
    ),
    Norm(
        id="key_places",
        name=N_("Key places at least five times a day"),
        kinds=KEY_PLACES,
        need=Need(Per.DAY, 5),
        basis="GB/T 29315-2022 中小学、幼儿园安全防范要求",
        basis_en="GB/T 29315-2022, security of schools and kindergartens",
        sources=("S9",),
        standing=Standing.USUAL,
        note=N_("Five times a day was read in a report on the standard; its list of sixteen places was not read."),
    ),
    Norm(
        id="control_room",
        name=N_("Fire control room: every shift, day and night"),
        kinds=("fire_control_room",),
        need=Need(Per.DAY, 3, always=True),
        basis="GB 25201-2010 5.2（24小时值班，每班不超过8小时）；中小学校、幼儿园消防安全十项规定",
        basis_en="GB 25201-2010 5.2 (attended 24 h, shifts of at most 8 h); the Ten Rules",
        sources=("S5", "S6"),
        standing=Standing.REPRINT,
    ),
    Norm(
        id="buildings",
        name=N_("Buildings searched every half year"),
        kinds=("classroom_building", "dormitory"),
        need=Need(Per.HALF_YEAR),
        basis="国务院办公厅转发校舍安全长效机制意见（每半年排查）",
        basis_en="State Council Office on the lasting safety of school buildings (a search every half year)",
        sources=("S27",),
        standing=Standing.REPRINT,
    ),
)

OWN: dict[str, Need] = {
    Frequency.DAILY.value: Need(Per.DAY),
    Frequency.TWICE_DAILY.value: Need(Per.DAY, 2),
    Frequency.SCHOOL_PEAKS.value: Need(Per.DAY, 2),
    Frequency.PER_SHIFT.value: Need(Per.DAY, 2),
    Frequency.PER_MEAL.value: Need(Per.DAY),
    Frequency.PER_TRIP.value: Need(Per.PLAN),
    Frequency.PER_USE.value: Need(Per.PLAN),
    Frequency.PER_EVENT.value: Need(Per.PLAN),
    Frequency.WEEKLY.value: Need(Per.WEEK),
    Frequency.MONTHLY.value: Need(Per.MONTH),
    Frequency.QUARTERLY.value: Need(Per.QUARTER),
    Frequency.TERMLY.value: Need(Per.TERM),
    Frequency.HALF_YEARLY.value: Need(Per.HALF_YEAR),
    Frequency.YEARLY.value: Need(Per.YEAR),
}
"""What a kind's own frequency asks. Shifts and meals of a school are its own: at least two and one are asked."""


def standing_of(basis: str, qualities: Mapping[str, str]) -> Standing:
    """Of a kind's basis as the pack words it: "[S4,S27]" names sources, 未核 and 通用做法 say that nobody verified.

    `qualities`: source id -> P (the text), R (a reprint or report), X (an example).
    """
    if "未核" in basis or "通用做法" in basis:
        return Standing.USUAL
    known = {qualities.get(one, "") for one in re.findall(r"S\d+", basis)}
    ranks = {"P": Standing.TEXT, "R": Standing.REPRINT, "X": Standing.EXAMPLE}
    return next((ranks[quality] for quality in "PRX" if quality in known), Standing.USUAL)


def norms_for(kinds: Iterable[tuple[Kind, str, str]], qualities: Mapping[str, str], *, boarding: bool) -> list[Norm]:
    """The norms that hold for a school, then each kind's own frequency where no norm asks as much.

    `kinds`: (kind, basis, basis in English) of every kind that the school uses.
    """
    named = [norm for norm in NORMS if boarding or not norm.boarding_only]
    own = [own_norm(kind, basis, basis_en, qualities) for kind, basis, basis_en in kinds]
    return named + [one for one in own if one and not any(_as_much(norm, one) for norm in named)]


def own_norm(kind: Kind, basis: str, basis_en: str, qualities: Mapping[str, str]) -> Norm | None:
    """A kind's own frequency as a norm; None for a frequency that asks nothing of a plan."""
    need = OWN.get(kind.frequency)
    if need is None:
        return None
    sources, clean = tuple(re.findall(r"S\d+", basis)), re.sub(r"\[[^\]]*\]", "", basis)
    standing = standing_of(basis, qualities)
    return Norm(f"own.{kind.code}", "", (kind.code,), need, clean, basis_en, sources, standing)


def _as_much(norm: Norm, own: Norm) -> bool:
    return own.kinds[0] in norm.kinds and norm.need.per is own.need.per and norm.need.times >= own.need.times
