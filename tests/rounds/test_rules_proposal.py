"""The proposal: few walkable routes, each with points, stable keys, and a plan that meets what it is made for."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.rounds.rules import Days, Moved, Order, Span
from backend.rounds.rules_norm_list import NORMS, Need, Norm, Per, Standing, norms_for, standing_of
from backend.rounds.rules_norms import Planned, Weeks, is_often, least, uncovered, unmet
from backend.rounds.rules_proposal import (
    KEY_PLACES,
    WALKABLE,
    Kind,
    ProposedRoute,
    Spot,
    free_name,
    missing,
    proposal,
    windows_of,
)
from backend.rounds.rules_when import Calendar, Plan, Slot, Window, occurrences
from fixtures.packs import read

ZONE = ZoneInfo("Asia/Shanghai")
MONDAY = date(2026, 11, 23)
PACK: list[dict[str, Any]] = read("kinds")
KINDS = [
    Kind(one["id"], one["frequency"], one["usual_patroller"], one["area"], "岗位", "Post", "频次", "often")
    for one in PACK
]
BASES = [(kind, one["frequency_basis"], one["frequency_basis_en"]) for kind, one in zip(KINDS, PACK, strict=True)]
QUALITIES = {one["id"]: one["quality"] for one in read("sources")}
WEEKS = Weeks(
    tuple(MONDAY + timedelta(days=n) for n in range(28)),
    frozenset(MONDAY + timedelta(days=n) for n in range(28) if n % 7 < 5),
    ZONE,
)


def spots(*kinds: str, house: UUID | None = None) -> list[Spot]:
    return [Spot(uuid4(), kind, house) for kind in kinds]


def by_key(found: list[ProposedRoute]) -> dict[str, ProposedRoute]:
    return {one.key: one for one in found}


def planned(one: ProposedRoute) -> Planned:
    plan = Plan(one.span, "", one.days, Moved.SKIP, one.windows, one.grace, MONDAY)
    start = datetime(2026, 11, 23, tzinfo=ZONE)
    near = tuple(occurrences(plan, Calendar(), start, start + timedelta(days=31), ZONE))
    often = one.span in {Span.WINDOW, Span.WEEK} and is_often(near, WEEKS)
    far = () if often else tuple(occurrences(plan, Calendar(), start, start + timedelta(days=370), ZONE))
    return Planned(uuid4(), frozenset(one.points), near, far, often)


school = st.tuples(
    st.lists(st.tuples(st.sampled_from([kind.code for kind in KINDS]), st.sampled_from([None, 0, 1])), max_size=60),
    st.booleans(),
)


@given(school)
def test_whatever_a_school_has_the_proposal_covers_it_and_meets_every_norm(case: tuple[list[Any], bool]) -> None:
    houses = [UUID(int=1), UUID(int=2)]
    points = [Spot(uuid4(), kind, None if house is None else houses[house]) for kind, house in case[0]]
    found = proposal(KINDS, points, boarding=case[1])
    plans = [planned(one) for one in found]
    assert uncovered(points, plans) == []
    assert unmet(norms_for(BASES, QUALITIES, boarding=case[1]), points, plans, WEEKS) == []
    assert len({one.key for one in found}) == len(found)
    assert len({one.name for one in found}) == len(found)
    assert all(one.points and one.kinds and one.post for one in found)
    assert all((one.span is Span.WINDOW) == bool(one.windows) for one in found)
    assert all(0 <= w.start < 2880 and w.end > w.start for one in found for w in one.windows)


@given(school)
def test_proposing_again_adds_nothing_and_new_points_join_by_themselves(case: tuple[list[Any], bool]) -> None:
    points = [Spot(uuid4(), kind) for kind, _ in case[0]]
    found = proposal(KINDS, points, boarding=case[1])
    assert missing(found, {one.key for one in found}) == []
    again = by_key(proposal(KINDS, [*points, *(Spot(uuid4(), one.kind) for one in points)], boarding=case[1]))
    assert again.keys() == by_key(found).keys()
    assert all(again[one.key].kinds == one.kinds for one in found)


def test_no_points_no_routes() -> None:
    assert proposal(KINDS, [], boarding=True) == []


def test_the_night_is_shuffled_every_two_hours_in_the_houses_where_pupils_sleep() -> None:
    house, other = uuid4(), uuid4()
    asleep, away = spots("dormitory", "evacuation_route", house=house), spots("evacuation_route", house=other)
    night = by_key(proposal(KINDS, asleep + away, boarding=True))["dorm_manager.night"]
    assert set(night.points) == {spot.id for spot in asleep}
    assert night.places == (house,)
    assert night.ordering is Order.SHUFFLED
    assert night.days is Days.EVERY
    starts = [window.start for window in night.windows]
    assert starts[0] == 22 * 60
    assert all(after - before == 120 for before, after in pairwise(starts))
    assert starts[-1] + 120 == 30 * 60
    assert "dorm_manager.night" not in by_key(proposal(KINDS, asleep, boarding=False))


def test_the_night_goes_to_dormitories_alone_where_no_building_is_known() -> None:
    points = spots("dormitory", "evacuation_route")
    night = by_key(proposal(KINDS, points, boarding=True))["dorm_manager.night"]
    assert night.kinds == ("dormitory",)
    assert night.places == ()


def test_the_daily_fire_patrol_is_walked_twice_while_it_is_walkable() -> None:
    small, large = (proposal(KINDS, spots(*["evacuation_route"] * n), boarding=False) for n in (WALKABLE, WALKABLE + 1))
    assert len(by_key(small)["guard.daily"].windows) == 2
    assert len(by_key(large)["guard.daily"].windows) == 1


def test_key_places_have_five_patrols_a_day() -> None:
    found = by_key(proposal(KINDS, spots("gate_guard_room", "cctv_room", "kitchen"), boarding=False))
    assert len(found["guard.key_places"].windows) == 5
    assert set(found["guard.key_places"].kinds) == set(KEY_PLACES)
    assert len(found["guard.key_places"].points) == 2


def test_meals_of_a_boarding_school_are_three_of_a_day_school_lunch() -> None:
    assert len(windows_of("canteen_manager", "before_meal", 1, boarding=True)) == 3
    assert [one.name_en for one in windows_of("duty_leader", "per_meal", 1, boarding=False)] == ["Lunch"]
    assert len(windows_of("canteen_manager", "twice_daily", 1, boarding=False)) == 2


def test_a_kind_that_came_later_gets_a_route_named_after_its_post() -> None:
    later = Kind("drone", "daily", "pilot", "fire", "飞手", "Pilot", "每日", "every day")
    (found,) = proposal([later], spots("drone"), boarding=False)
    assert (found.key, found.name, found.name_en) == ("pilot.daily", "飞手：每日检查", "Pilot: every day")


def test_names_that_are_taken_get_a_number() -> None:
    assert free_name("巡查", set()) == "巡查"
    assert free_name("巡查", {"巡查", "巡查 2"}) == "巡查 3"


def slot(day: date, hour: int, minute: int = 0) -> Slot:
    at = datetime(day.year, day.month, day.day, tzinfo=ZONE) + timedelta(hours=hour, minutes=minute)
    return Slot(day, "", "", at.astimezone(UTC), at.astimezone(UTC) + timedelta(hours=1), at.astimezone(UTC), False)


def route(*slots: Slot, points: frozenset[UUID] = frozenset()) -> Planned:
    return Planned(uuid4(), points, slots, slots)


def test_the_worst_day_counts_and_days_without_school_only_when_asked() -> None:
    days = [route(*(slot(day, 8) for day in WEEKS.days if day in WEEKS.school))]
    assert least(days, Need(Per.DAY), WEEKS) == 1
    assert least(days, Need(Per.DAY, always=True), WEEKS) == 0
    assert least(days, Need(Per.DAY, 2), WEEKS) == 1
    assert least([*days, route(slot(MONDAY, 9))], Need(Per.DAY, 2), WEEKS) == 1
    assert least([route(*(slot(day, 8) for day in WEEKS.days[1:]))], Need(Per.DAY), WEEKS) == 0


def test_a_month_that_begins_at_midnight_takes_no_round_from_the_night() -> None:
    night = [slot(day, hour) for day in WEEKS.days for hour in (22, 24, 26, 28)]
    assert least([route(*night)], Need(Per.NIGHT, 4), WEEKS) == 4
    assert least([route(*night), route(slot(date(2026, 12, 1), 0))], Need(Per.NIGHT, 4), WEEKS) == 4
    assert (
        least([route(*(one for one in night if one.opens_at.astimezone(ZONE).hour != 2))], Need(Per.NIGHT, 4), WEEKS)
        == 3
    )


def test_weeks_and_longer_stretches() -> None:
    weekly = [route(*(slot(MONDAY + timedelta(days=7 * n), 0) for n in range(4)))]
    assert least(weekly, Need(Per.WEEK), WEEKS) == 1
    assert least([route(slot(MONDAY, 0))], Need(Per.WEEK), WEEKS) == 0
    assert least([route(slot(date(2026, 12, 1), 0))], Need(Per.MONTH), WEEKS) == 1
    assert least([route(slot(date(2027, 2, 1), 0))], Need(Per.MONTH), WEEKS) == 0
    assert least([route(slot(date(2027, 2, 1), 0))], Need(Per.TERM), WEEKS) == 1
    assert least([], Need(Per.YEAR), WEEKS) == 0
    assert least([route()], Need(Per.PLAN), WEEKS) == 1
    assert least([], Need(Per.PLAN), WEEKS) == 0
    assert least([Planned(uuid4(), frozenset(), often=True)], Need(Per.YEAR), WEEKS) == 1


def test_nothing_is_judged_in_a_vacation() -> None:
    free = Weeks(WEEKS.days, frozenset(), ZONE)
    assert least([], Need(Per.DAY, 5), free) == 5
    assert least([], Need(Per.WEEK), free) == 1


def test_what_a_point_lacks_is_told_with_the_norm() -> None:
    point = Spot(uuid4(), "evacuation_route")
    plan = route(slot(MONDAY, 8), points=frozenset({point.id}))
    (found,) = unmet([NORMS[0]], [point], [plan], WEEKS)
    assert (found.norm.id, found.points, found.gets) == ("fire_patrol", (point.id,), 0)
    assert uncovered([point, other := Spot(uuid4(), "lab")], [plan]) == [other.id]


@pytest.mark.parametrize(
    ("basis", "standing"),
    [
        ("每日[S2,S4]", Standing.TEXT),
        ("每日[S4]", Standing.REPRINT),
        ("每次上学、放学[S39]", Standing.EXAMPLE),
        ("每日（通用做法）", Standing.USUAL),
        ("每月（GB 50444，条文未核）[S2]", Standing.USUAL),
        ("每日", Standing.USUAL),
    ],
)
def test_how_well_a_rule_is_known(basis: str, standing: Standing) -> None:
    assert standing_of(basis, QUALITIES) is standing


def test_a_kinds_own_frequency_is_asked_where_no_norm_asks_as_much() -> None:
    found = {norm.id: norm for norm in norms_for(BASES, QUALITIES, boarding=False)}
    assert "own.lab" in found
    assert "own.evacuation_route" not in found
    assert "night_patrol" not in found
    assert "[S" not in "".join(norm.basis for norm in found.values())
    assert all(isinstance(norm, Norm) and norm.kinds for norm in found.values())
    assert {source for norm in found.values() for source in norm.sources} <= set(QUALITIES)


def test_windows_are_read_as_hours() -> None:
    assert Window("早班", "Day shift", 480, 960) in windows_of("guard", "per_shift", 1, boarding=False)
