"""Sensible routes for a school, made from the kinds of its points, their frequency and who usually goes there.

One route for a post and a rhythm, few and walkable: a patrol that asks too much is filled in without walking. Routes
name kinds, not points, so that a new point joins by itself. Every time of day is a proposal that the school may change.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from backend.checklists.rules import Frequency
from backend.rounds.rules import Days, Order, Span
from backend.rounds.rules_when import Window

WALKABLE = 40
"""Points above which one walk a day is proposed instead of two (our measure: about forty minutes on foot)."""
CHALLENGE = 3
"""Per cent of the stops of a daily walk at which a named thing is to be photographed."""
KEY_PLACES = ("gate_guard_room", "cctv_room", "fire_control_room", "chem_store", "distribution_board")
"""What a guard looks at five times a day. GB/T 29315-2022 names sixteen key places; the list itself was not read, so
this choice is ours: places that can be looked at from the outside in one walk."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of point that the school uses; words of its post and frequency in both languages."""

    code: str
    frequency: str
    post: str
    area: str = ""
    post_zh: str = ""
    post_en: str = ""
    frequency_zh: str = ""
    frequency_en: str = ""


@dataclass(frozen=True, slots=True)
class Spot:
    """A point in use; `house` is the building of its floor, or its place itself."""

    id: UUID
    kind: str
    house: UUID | None = None


@dataclass(frozen=True, slots=True)
class ProposedRoute:
    """What a row of `route` needs; `key` (column `proposed`) stays the same for the same purpose. `points`: where it
    leads to now. `norms`: ids of rules_norms that it is there for."""

    key: str
    name: str
    name_en: str
    kinds: tuple[str, ...]
    post: str
    points: tuple[UUID, ...]
    places: tuple[UUID, ...] = ()
    span: Span = Span.WINDOW
    days: Days = Days.SCHOOL
    windows: tuple[Window, ...] = ()
    ordering: Order = Order.FREE
    grace: int = 30
    norms: tuple[str, ...] = ()

    @property
    def challenge(self) -> int:
        return CHALLENGE if self.span is Span.WINDOW else 0


def _at(name: str, name_en: str, start: float, end: float) -> Window:
    """A window from hours of the day; 24 and more lie in the next one."""
    return Window(name, name_en, round(start * 60), round(end * 60))


Windows = tuple[Window, ...]
ALL_DAY = (_at("全天", "All day", 7, 17.5),)
TWICE = (_at("上午", "Morning", 7, 11.5), _at("下午", "Afternoon", 13, 17.5))
SHIFTS = (_at("早班", "Day shift", 8, 16), _at("中班", "Late shift", 16, 24), _at("夜班", "Night shift", 24, 32))
PEAKS = (_at("上学", "Arrival", 6.5, 8.25), _at("放学", "Dismissal", 15.5, 18.25))
TRIPS = (_at("早班出车", "Morning trip", 6, 8.5), _at("晚班出车", "Afternoon trip", 15, 18.5))
BEFORE_MEALS: Windows = (
    *(_at("早餐前", "Before breakfast", 5, 7), _at("午餐前", "Before lunch", 9, 11)),
    _at("晚餐前", "Before supper", 15, 17),
)
MEALS: Windows = (_at("早餐", "Breakfast", 6, 8.5), _at("午餐", "Lunch", 10.75, 13.5), _at("晚餐", "Supper", 16.5, 19))
COLD = (_at("上午测温", "Morning reading", 7, 11), _at("下午测温", "Afternoon reading", 14, 18))
WARDEN = (_at("学生离寝后", "After pupils left", 7.5, 10), _at("就寝前", "Before lights out", 20.5, 22.5))
FIVE = (
    *(_at("清晨", "Early", 6, 8), _at("上午", "Morning", 9, 11), _at("午间", "Noon", 12, 14)),
    *(_at("下午", "Afternoon", 15, 17), _at("晚间", "Evening", 19, 21.5)),
)
NIGHT = tuple(_at(f"{hour % 24}点", f"{hour % 24}:00", hour, hour + 0.75) for hour in (22, 24, 26, 28))
"""GB/T 40248-2021 7.3.5: at night at least every two hours, 22:00 to 6:00 as read in the pack."""

BEFORE_MEAL = "before_meal"
RHYTHM = {
    "kitchen": BEFORE_MEAL,
    "food_store": Frequency.TWICE_DAILY.value,
    "hall": Frequency.MONTHLY.value,
    "internship_host": Frequency.MONTHLY.value,
}
"""Kinds that are walked in another rhythm than their frequency says: the kitchen before each meal, the cold store twice
a day, the hall monthly besides every event."""

SPANS = {
    Frequency.WEEKLY.value: Span.WEEK,
    Frequency.MONTHLY.value: Span.MONTH,
    Frequency.QUARTERLY.value: Span.QUARTER,
    Frequency.TERMLY.value: Span.TERM,
    Frequency.HALF_YEARLY.value: Span.HALF_YEAR,
    Frequency.YEARLY.value: Span.YEAR,
    Frequency.PER_EVENT.value: Span.EVENT,
}
GRACE = {Span.WINDOW: 30, Span.WEEK: 24 * 60, Span.MONTH: 3 * 24 * 60, Span.EVENT: 60}
LONG_GRACE = 7 * 24 * 60

NAMES: dict[tuple[str, str], tuple[str, str]] = {
    ("guard", "daily"): ("每日防火巡查", "Daily fire patrol"),
    ("guard", "per_shift"): ("门卫室每班检查", "Gatehouse, every shift"),
    ("guard", "school_peaks"): ("护学岗", "Guarding post at school peaks"),
    ("guard", "weekly"): ("每周安保设施检查", "Weekly security check"),
    ("guard", "monthly"): ("每月消防器材检查", "Monthly check of extinguishers and hydrants"),
    ("lab_manager", "daily"): ("实验室每日检查", "Laboratories, daily"),
    ("lab_manager", "weekly"): ("气瓶每周检查", "Gas cylinders, weekly"),
    ("canteen_manager", BEFORE_MEAL): ("食堂餐前检查", "Kitchen before each meal"),
    ("canteen_manager", "twice_daily"): ("食品库房与冷库检查", "Food store and cold store, twice a day"),
    ("duty_leader", "per_meal"): ("就餐与陪餐检查", "Canteen at each meal"),
    ("logistics", "daily"): ("施工区每日检查", "Building site, daily"),
    ("logistics", "weekly"): ("水泵房与配电每周检查", "Pump room and power, weekly"),
    ("logistics", "monthly"): ("场馆与地形风险每月检查", "Halls and ground risks, monthly"),
    ("fire_operator", "per_shift"): ("消防控制室每班检查", "Fire control room, every shift"),
    ("dorm_manager", "twice_daily"): ("宿舍每日检查", "Dormitories, twice a day"),
    ("class_teacher", "monthly"): ("教学楼每月检查", "Teaching buildings, monthly"),
    ("place_keeper", "daily"): ("图书馆每日检查", "Library, daily"),
    ("place_keeper", "weekly"): ("操场与器材每周检查", "Sports ground, weekly"),
    ("equipment_operator", "per_shift"): ("锅炉房每班检查", "Boiler house, every shift"),
    ("equipment_operator", "daily"): ("电梯每日检查", "Lifts, daily"),
    ("workshop_manager", "per_use"): ("实训车间检查", "Training workshops, days of lessons"),
    ("workshop_manager", "monthly"): ("实习单位每月走访", "Internship hosts, monthly"),
    ("bus_attendant", "per_trip"): ("校车每趟检查", "School buses, every trip"),
}

Extra = tuple[str, str, str, tuple[str, ...], str, Span]
EXTRAS: tuple[Extra, ...] = (
    (
        *("inspection.monthly", "每月防火检查", "Monthly fire inspection"),
        (
            *("fire_control_room", "fire_pump_room", "distribution_board", "micro_fire_station", "ebike_shed"),
            *("kitchen", "dormitory", "library", "hall", "lab", "chem_store"),
        ),
        *("safety_director", Span.MONTH),
    ),
    (
        *("buildings.termly", "校舍安全全面检查", "Full check of the buildings"),
        ("classroom_building", "dormitory", "canteen_hall", "library", "hall", "terrain_risk", "playground"),
        *("safety_director", Span.TERM),
    ),
    (
        *("event", "活动与恶劣天气检查", "Events and bad weather"),
        ("hall", "terrain_risk", "construction_site", "perimeter"),
        *("logistics", Span.EVENT),
    ),
)
"""Routes beside those that follow from a post and a rhythm. The monthly inspection leaves out what the guard's own
monthly walk and the daily patrol see."""
MORE_NORMS = {
    "guard.daily": ("fire_patrol",),
    "guard.monthly": ("fire_inspection",),
    "fire_operator.per_shift": ("control_room",),
    "inspection.monthly": ("fire_inspection",),
    "buildings.termly": ("buildings",),
}


def proposal(kinds: Sequence[Kind], spots: Sequence[Spot], *, boarding: bool) -> list[ProposedRoute]:
    """Routes for a school that uses `kinds` and has `spots`; none of them leads nowhere, and no key comes twice."""
    groups: dict[tuple[str, str], list[Kind]] = defaultdict(list)
    for kind in kinds:
        groups[kind.post, RHYTHM.get(kind.code, kind.frequency)].append(kind)
    found = [_of_group(post, rhythm, group, spots, boarding) for (post, rhythm), group in groups.items()]
    found += [_key_patrol(kinds, spots)]
    found += [_night(spots)] if boarding else []
    found += [_extra(one, kinds, spots) for one in EXTRAS]
    return sorted((one for one in found if one.points), key=_order)


def _order(one: ProposedRoute) -> tuple[int, str]:
    """What is walked often first."""
    return list(Span).index(one.span), one.key


def _of_group(post: str, rhythm: str, group: Sequence[Kind], spots: Sequence[Spot], boarding: bool) -> ProposedRoute:
    codes = tuple(kind.code for kind in group)
    points = leads_to(codes, (), spots)
    span = SPANS.get(rhythm, Span.WINDOW)
    first = group[0]
    generic = (f"{first.post_zh}：{first.frequency_zh}检查", f"{first.post_en}: {first.frequency_en}")
    name, name_en = NAMES.get((post, rhythm), generic)
    key = f"{post}.{rhythm}"
    around_the_clock = rhythm == Frequency.PER_SHIFT.value and post != "equipment_operator"
    return ProposedRoute(
        *(key, name, name_en, codes, post, points),
        span=span,
        days=Days.EVERY if around_the_clock else Days.SCHOOL,
        windows=() if span is not Span.WINDOW else windows_of(post, rhythm, len(points), boarding=boarding),
        grace=GRACE.get(span, LONG_GRACE),
        norms=MORE_NORMS.get(key, ()),
    )


def windows_of(post: str, rhythm: str, points: int, *, boarding: bool) -> Windows:
    """When a rhythm is walked on one day. Meals of a day school: lunch."""
    meals = slice(0, 3) if boarding else slice(1, 2)
    if rhythm == Frequency.TWICE_DAILY.value:
        return {"canteen_manager": COLD, "dorm_manager": WARDEN}.get(post, TWICE)
    if rhythm == Frequency.DAILY.value and post == "guard":
        return TWICE if points <= WALKABLE else ALL_DAY
    often: dict[str, Windows] = {
        BEFORE_MEAL: BEFORE_MEALS[meals],
        Frequency.PER_MEAL.value: MEALS[meals],
        Frequency.PER_SHIFT.value: SHIFTS if post != "equipment_operator" else SHIFTS[:2],
        Frequency.SCHOOL_PEAKS.value: PEAKS,
        Frequency.PER_TRIP.value: TRIPS,
    }
    return often.get(rhythm, ALL_DAY)


def _key_patrol(kinds: Sequence[Kind], spots: Sequence[Spot]) -> ProposedRoute:
    codes = _used(KEY_PLACES, kinds)
    return ProposedRoute(
        *("guard.key_places", "重点部位治安巡查", "Patrol of key places", codes, "guard"),
        points=leads_to(codes, (), spots),
        days=Days.EVERY,
        windows=FIVE,
        norms=("key_places",),
    )


def _night(spots: Sequence[Spot]) -> ProposedRoute:
    """The dormitories, and the exits of their buildings where it is known which those are."""
    houses = {spot.house for spot in spots if spot.kind == "dormitory"}
    places = tuple(sorted(house for house in houses if house is not None))
    known = bool(houses) and None not in houses
    codes = ("dormitory", "evacuation_route") if known else ("dormitory",)
    places = places if known else ()
    return ProposedRoute(
        *("dorm_manager.night", "宿舍夜间巡查", "Night patrol of the dormitories", codes, "dorm_manager"),
        points=leads_to(codes, places, spots) if houses else (),
        places=places,
        days=Days.EVERY,
        windows=NIGHT,
        ordering=Order.SHUFFLED,
        grace=15,
        norms=("night_patrol",),
    )


def _extra(one: Extra, kinds: Sequence[Kind], spots: Sequence[Spot]) -> ProposedRoute:
    key, name, name_en, wanted, post, span = one
    codes = _used(wanted, kinds)
    return ProposedRoute(
        *(key, name, name_en, codes, post, leads_to(codes, (), spots)),
        span=span,
        grace=GRACE.get(span, LONG_GRACE),
        norms=MORE_NORMS.get(key, ()),
    )


def _used(wanted: Iterable[str], kinds: Sequence[Kind]) -> tuple[str, ...]:
    used = {kind.code for kind in kinds}
    return tuple(code for code in wanted if code in used)


def leads_to(kinds: Collection[str], places: Collection[UUID], spots: Iterable[Spot]) -> tuple[UUID, ...]:
    """The points that a route of these kinds (and, when given, buildings) leads to."""
    return tuple(spot.id for spot in spots if spot.kind in kinds and (not places or spot.house in places))


def missing(proposed: Iterable[ProposedRoute], there: Collection[str]) -> list[ProposedRoute]:
    """Those whose key no route has yet: proposing again adds nothing twice."""
    return [one for one in proposed if one.key not in there]


def free_name(name: str, taken: Collection[str]) -> str:
    """The name, or the name with a number when a route of the school has it already."""
    if name not in taken:
        return name
    return next(f"{name} {n}" for n in range(2, len(taken) + 3) if f"{name} {n}" not in taken)
