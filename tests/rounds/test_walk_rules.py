"""Where to go next, and what is said of the time: by example, and for any round."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from backend.rounds.rules import Order, StopState
from backend.rounds.rules_walk import Phase, Step, joined, may_walk, phase, progress, time_words, way

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
ONE, TWO, HOUSE = UUID(int=101), UUID(int=102), UUID(int=200)


def step(n: int, state: StopState = StopState.DUE, **others: object) -> Step:
    return Step(id=UUID(int=n), position=n, state=state, **others)  # type: ignore[arg-type]


def ids(steps: list[Step]) -> list[int]:
    return [one.id.int for one in steps]


def test_in_order_and_shuffled_rounds_go_by_position() -> None:
    steps = [step(3), step(1, StopState.KEPT, at=NOW), step(2), step(4, StopState.EXCUSED)]
    assert ids(way(steps, Order.ORDERED)) == [2, 3]
    assert ids(way(steps, Order.SHUFFLED)) == [2, 3]


def test_a_free_round_goes_to_the_nearest_pin_of_the_floor() -> None:
    steps = [
        step(1, StopState.KEPT, place=ONE, x=0.1, y=0.1, at=NOW),
        step(2, place=ONE, x=0.9, y=0.9),
        step(3, place=ONE, x=0.2, y=0.1),
        step(4, place=ONE, x=0.5, y=0.5),
    ]
    assert ids(way(steps, Order.FREE)) == [3, 4, 2]


def test_a_free_round_walks_a_floor_to_its_end_then_the_same_building() -> None:
    steps = [
        step(1, place=TWO),
        step(2, place=ONE, house=HOUSE, x=0.5, y=0.5, state=StopState.LATE, at=NOW),
        step(3, place=UUID(int=103), house=HOUSE),
        step(4, place=ONE, house=HOUSE),
        step(5, place=TWO),
        step(6),
    ]
    assert ids(way(steps, Order.FREE)) == [4, 3, 1, 5, 6]


def test_a_locked_door_is_where_he_stands() -> None:
    steps = [step(1, place=TWO), step(2, StopState.UNREACHABLE, place=ONE, at=NOW), step(3, place=ONE)]
    assert ids(way(steps, Order.FREE)) == [3, 1]


places = st.one_of(st.none(), st.sampled_from([ONE, TWO]))
pins = st.one_of(st.none(), st.floats(0, 1))


@given(st.lists(st.tuples(st.sampled_from(list(StopState)), places, pins, pins), max_size=40), st.sampled_from(Order))
def test_every_due_stop_is_walked_once(parts: list[tuple[StopState, UUID | None, float, float]], order: Order) -> None:
    steps = [
        step(n, state, place=place, x=x, y=y, at=NOW + timedelta(minutes=n) if state is StopState.KEPT else None)
        for n, (state, place, x, y) in enumerate(parts)
    ]
    walked = way(steps, order)
    assert sorted(ids(walked)) == [one.id.int for one in steps if one.state is StopState.DUE]
    assert walked == way(reversed(steps), order)


def test_progress_counts_what_was_seen_over_all_stops() -> None:
    found = progress([StopState.KEPT, StopState.LATE, StopState.EXCUSED, StopState.UNREACHABLE, StopState.DUE])
    assert (found.seen, found.stops, found.percent, found.done) == (2, 5, 40, False)
    assert progress([]).percent is None


def test_the_time_in_words() -> None:
    opens, closes, late = NOW, NOW + timedelta(minutes=40), NOW + timedelta(minutes=70)
    told = []
    for minutes in (-50 * 60, -130, -10, 0, 40, 41, 71):
        now = NOW + timedelta(minutes=minutes)
        when = phase(opens, closes, late, now)
        words = time_words(when, opens, closes, late, now)
        told.append((when, words.text, words.n))
    assert told == [
        (Phase.COMING, "begins in %(n)s days", 2),
        (Phase.COMING, "begins in %(n)s h", 2),
        (Phase.COMING, "begins in %(n)s min", 10),
        (Phase.RUNNING, "%(n)s min left", 40),
        (Phase.RUNNING, "%(n)s min left", 0),
        (Phase.GRACE, "%(n)s min left", 29),
        (Phase.OVER, "over", None),
    ]


def test_whose_round_it_is() -> None:
    me, other = UUID(int=1), UUID(int=2)
    assert may_walk(None, [], "guard", me, "guard")
    assert may_walk(None, [me], "", me, "guard")
    assert not may_walk(None, [], "", me, "")
    assert not may_walk(None, [other], "dorm_manager", me, "guard")
    assert may_walk(me, [other], "", me, "guard")
    assert not may_walk(other, [me], "guard", me, "guard")


def test_a_reason_and_what_was_added_are_one_sentence() -> None:
    assert joined("门锁着", " 钥匙在后勤 ") == "门锁着；钥匙在后勤"
    assert joined("", "施工") == "施工"
    assert joined(" ", "") == ""
