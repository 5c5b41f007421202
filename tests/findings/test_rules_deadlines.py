"""A finding's clocks and the ladder: who is told after how long of nothing."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.findings.rules import ENDED, Grade, State
from backend.findings.rules_deadlines import (
    LADDER,
    Policy,
    Reason,
    Standing,
    Unit,
    Who,
    clocks,
    policy_from,
    proposed_deadline,
    quiet,
    steps_due,
    thresholds,
    waited,
)

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)  # a Monday
FORM = {name: str(getattr(Policy(), name)) for name in Policy.__slots__}
POLICIES = st.builds(
    Policy, register_days=st.integers(1, 30), accept_days=st.integers(1, 60), safe_minutes=st.integers(1, 1440)
)


def test_deadlines_count_working_days_of_the_school() -> None:
    monday, marks = date(2026, 11, 23), {date(2026, 11, 24): "holiday", date(2026, 11, 28): "working"}
    assert proposed_deadline("general", False, monday, Policy(), {}) == date(2026, 12, 2)
    assert proposed_deadline("general", False, monday, Policy(), marks) == date(2026, 12, 2)
    assert proposed_deadline("general", False, monday, Policy(general_days=1), marks) == date(2026, 11, 25)
    assert proposed_deadline("major", False, monday, Policy(), {}) == date(2026, 11, 24)
    assert proposed_deadline("major", True, monday, Policy(), {}) == date(2027, 1, 4)


@pytest.mark.parametrize(
    ("at", "start", "end", "expected"),
    [
        ("23:10", "22:00", "06:30", True),
        ("06:29", "22:00", "06:30", True),
        ("06:30", "22:00", "06:30", False),
        ("12:00", "22:00", "06:30", False),
        ("13:00", "12:00", "14:00", True),
        ("14:00", "12:00", "14:00", False),
        ("12:00", "12:00", "12:00", False),
    ],
)
def test_quiet_hours_may_go_over_midnight(at: str, start: str, end: str, expected: bool) -> None:
    moment = datetime.fromisoformat(f"2026-11-23T{at}:00")
    assert quiet(moment, Policy(quiet_from=start, quiet_until=end)) is expected


def told(reason: Reason, grade: Grade, after: float, policy: Policy | None = None) -> list[tuple[Who, ...]]:
    return [step.to for step in steps_due(reason.value, grade.value, after, 0, policy)]


def test_a_general_hazard_climbs_slowly_and_a_major_one_fast() -> None:
    first = (Who.ASSIGNEE, Who.MANAGER)
    assert told(Reason.OVERDUE, Grade.GENERAL, 0) == [first]
    assert told(Reason.OVERDUE, Grade.GENERAL, 2.9) == [first]
    assert told(Reason.OVERDUE, Grade.GENERAL, 14) == [first, (Who.PRINCIPAL,), (Who.DISTRICT,), (Who.CITY,)]
    assert Who.PRINCIPAL in told(Reason.OVERDUE, Grade.MAJOR, 0)[0]
    assert told(Reason.OVERDUE, Grade.MAJOR, 1)[-1] == (Who.DISTRICT,)
    assert told(Reason.OVERDUE, Grade.MAJOR, 3)[-1] == (Who.CITY,)


def test_nobody_responsible_and_not_made_safe() -> None:
    assert told(Reason.UNASSIGNED, Grade.GENERAL, 0) == []
    assert told(Reason.UNASSIGNED, Grade.GENERAL, 1) == [(Who.MANAGER,)]
    assert told(Reason.UNASSIGNED, Grade.GENERAL, 3)[-1] == (Who.PRINCIPAL,)
    assert told(Reason.UNASSIGNED, Grade.MAJOR, 1) == [(Who.PRINCIPAL,)]
    assert told(Reason.UNASSIGNED, Grade.MAJOR, 24)[-1] == (Who.DISTRICT,)
    assert told(Reason.UNSAFE, Grade.MAJOR, 0.4, Policy(safe_minutes=30)) == []
    assert told(Reason.UNSAFE, Grade.MAJOR, 0.5, Policy(safe_minutes=30)) == [(Who.MANAGER, Who.PRINCIPAL)]
    assert told(Reason.UNSAFE, Grade.GENERAL, 1000) == [], "a general hazard need not be made safe"
    assert told(Reason.UNACCEPTED, Grade.GENERAL, 6) == [(Who.MANAGER,), (Who.PRINCIPAL,)]


@given(st.sampled_from(sorted(LADDER, key=str)), POLICIES, st.floats(0, 400), st.floats(0, 400))
def test_each_step_is_told_once_whatever_the_pauses(
    key: tuple[Reason, Grade], policy: Policy, one: float, other: float
) -> None:
    """Looking in between tells nothing twice and leaves nothing out."""
    reason, grade = key[0].value, key[1].value
    early, late = sorted((one, other))
    at_once = steps_due(reason, grade, late, 0, policy)
    first = steps_due(reason, grade, early, 0, policy)
    then = steps_due(reason, grade, late, len(first), policy)
    assert first + then == at_once
    assert steps_due(reason, grade, late, len(at_once), policy) == []
    assert [step.number for step in at_once] == list(range(len(at_once))), "no step is passed over"


@given(POLICIES)
def test_a_higher_level_is_never_told_earlier(policy: Policy) -> None:
    for ladder in LADDER.values():
        assert thresholds(ladder, policy) == sorted(thresholds(ladder, policy))


def standing(state: State = State.GRADED, grade: Grade = Grade.GENERAL, **more: object) -> Standing:
    return Standing(state=state, grade=grade, arrived=NOW - timedelta(days=1), **more)  # type: ignore[arg-type]


def test_which_clocks_run() -> None:
    assert set(clocks(standing(), NOW)) == {Reason.UNASSIGNED}
    assert set(clocks(standing(assigned=True), NOW)) == set()
    assert set(clocks(standing(grade=Grade.MAJOR, assigned=True), NOW)) == {Reason.UNSAFE}
    assert set(clocks(standing(grade=Grade.MAJOR, assigned=True, safe=True), NOW)) == set()
    late = NOW - timedelta(hours=1)
    assert clocks(standing(State.RECTIFYING, assigned=True, late_from=late), NOW) == {Reason.OVERDUE: late}
    assert clocks(standing(State.RECTIFYING, assigned=True, late_from=NOW + timedelta(hours=1)), NOW) == {}
    mended = NOW - timedelta(hours=3)
    assert clocks(standing(State.SUBMITTED, late_from=late, mended=mended), NOW) == {Reason.UNACCEPTED: mended}


def test_a_person_who_left_leaves_the_finding_alone_from_then_on() -> None:
    left = NOW - timedelta(hours=2)
    assert clocks(standing(State.ASSIGNED, alone_from=left), NOW) == {Reason.UNASSIGNED: left}


@pytest.mark.parametrize("state", [*ENDED, State.ACCEPTED, State.RECHECKED])
def test_nothing_runs_for_what_is_accepted_or_ended(state: State) -> None:
    assert clocks(standing(state, Grade.MAJOR, late_from=NOW - timedelta(days=9)), NOW) == {}


def test_units_of_waiting() -> None:
    friday = datetime(2026, 11, 20, 16, tzinfo=UTC)
    assert waited(Unit.WORKING_DAYS, friday, NOW, {}) == 1, "the weekend does not count"
    assert waited(Unit.HOURS, friday, NOW, {}) == 66
    assert waited(Unit.DAYS, friday, NOW, {}) == 2.75


def test_a_policy_as_it_was_typed() -> None:
    assert policy_from(FORM) == (Policy(), {})
    assert policy_from({**FORM, "general_days": " １０ ", "quiet_from": "9:05"})[0].general_days == 10
    for name, text in (("general_days", "0"), ("works_days", "367"), ("accept_days", "x"), ("safe_minutes", "")):
        assert set(policy_from({**FORM, name: text})[1]) == {name}
    for text in ("24:00", "7", "ab:cd", "12:60"):
        assert set(policy_from({**FORM, "quiet_until": text})[1]) == {"quiet_until"}
