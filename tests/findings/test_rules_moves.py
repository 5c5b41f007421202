"""The machine itself: every cell of state x verb x hat from the table, and what no path of it may ever do."""

import itertools
import json
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.findings import rules_drawing, rules_words
from backend.findings.rules import ENDED, Grade, Source, State, Verb
from backend.findings.rules_machine import BUREAU, SCHOOL_HATS, Bar, Facts, Hat, hats
from backend.findings.rules_moves import MOVES, move_for, offers, stands_in_the_way, way_to, ways_of

PACK = json.loads((Path(__file__).parents[2] / "fixtures" / "pack" / "hazard_moves.json").read_text())
MENDER, OTHER = UUID(int=1), UUID(int=2)
SCHOOL_ONLY = SCHOOL_HATS | {Hat.SYSTEM}


def test_every_transition_of_the_pack_is_there_and_nothing_beyond_it_but_what_is_said() -> None:
    ours = {(state.value, goal.value) for state in State for _, goal in ways_of(state)}
    theirs = {(move["from"], move["to"]) for move in PACK}
    ours |= {("reported", "fixed_on_spot")}  # made when the finding is raised
    assert theirs <= ours
    beyond = {pair for pair in ours - theirs if pair[1] not in {"merged"}}
    assert beyond == {
        ("accepted", "accept_failed"),  # an honest "no" at the re-check
        ("rechecked", "accept_failed"),
        ("delist_requested", "accept_failed"),
        ("assigned", "graded"),  # graded higher while it is worked on: it has to be made safe and reported
        ("rectifying", "graded"),
        ("accept_failed", "graded"),
        ("extension_requested", "graded"),
    }


@pytest.mark.parametrize("state", State)
def test_every_cell_of_state_and_verb_says_who(state: State) -> None:
    for verb in Verb:
        for grade, source, listed, lowered in itertools.product(
            (None, "general", "major"), ("patrol", "inspection"), (False, True), (False, True)
        ):
            facts = Facts(state, grade, source=source, listed=listed, lowered=lowered)
            move = move_for(facts, verb)
            if move is None:
                assert not any(facts.fits(one.case) for one in MOVES.get((state, verb), ()))
                continue
            assert move.who, (state, verb)
            for hat in Hat:
                offered = {one.verb for one in offers(facts, frozenset({hat}), OTHER) if one.mine}
                if verb.value in rules_words.BUTTONS:
                    assert (verb in offered) == (hat in move.who), (state, verb, hat)


def test_ended_is_ended() -> None:
    for state in ENDED:
        goals = {goal for _, goal in ways_of(state)}
        assert goals <= {State.REOPENED}
    assert not ways_of(State.REJECTED)
    assert not ways_of(State.MERGED)


def test_from_every_open_state_there_is_a_way_to_an_end() -> None:
    for state in State:
        seen, edge = {state}, {state}
        while edge:
            edge = {goal for one in edge for _, goal in ways_of(one)} - seen
            seen |= edge
        assert seen & {State.CLOSED, State.DELISTED} or state in {State.REJECTED, State.MERGED}, state


walks = st.lists(st.sampled_from(list(Verb)), min_size=1, max_size=40)


@settings(max_examples=400, deadline=None)
@given(walks, st.sampled_from(["patrol", "inspection"]), st.sampled_from(["general", "major"]), st.booleans())
def test_the_school_alone_never_ends_what_is_the_bureaus(
    verbs: list[Verb], source: str, proposed: str, grade_low: bool
) -> None:
    """Whatever the school does, in whatever order: what is major, lowered or of an inspection stays open.

    (Merging is left out: the verb itself refuses to merge it into anything that the bureau would not close.)"""
    facts = Facts(State.REPORTED, grade_proposed=proposed, source=source)
    bureaus = facts.bureaus
    for verb in verbs:
        way = way_to(facts, verb)
        for step in way:
            move = move_for(facts, step)
            if move is None or not move.who & SCHOOL_ONLY or step is Verb.MERGE:
                break
            facts = _after(facts, step, move.after, "general" if grade_low else "major", MENDER)
            bureaus = bureaus or facts.bureaus
        assert not (bureaus and facts.ended), (facts, verb)


def _after(facts: Facts, verb: Verb, after: State | None, grade: str, user: UUID) -> Facts:
    """The facts as actions_effects changes them."""
    values = {name: getattr(facts, name) for name in Facts.__slots__}
    if verb is Verb.GRADE:
        values |= {"grade": grade, "lowered": facts.lowered or (grade == "general" and facts.grade_proposed == "major")}
    elif verb is Verb.MAKE_SAFE:
        values["controlled"] = True
    elif verb is Verb.ASSIGN:
        values |= {"settled": True, "assigned_to": user}
    elif verb is Verb.MEND:
        values["mended_by"] = user
    elif verb is Verb.LIST:
        values["listed"] = True
    return Facts(**{**values, "state": after or facts.state})


@settings(max_examples=300, deadline=None)
@given(walks, st.sampled_from(Grade), st.sampled_from(Source))
def test_the_mender_never_verifies(verbs: list[Verb], grade: Grade, source: Source) -> None:
    """Every move into accepted, re-checked or closed by a person is barred for who mended it."""
    facts = Facts(State.REPORTED, source=source.value)
    for verb in verbs:
        move = move_for(facts, verb)
        if move is None:
            continue
        if move.after in {State.ACCEPTED, State.RECHECKED} and facts.mended_by is not None:
            assert stands_in_the_way(facts, move, MENDER) is Bar.NOT_MENDER
            assert stands_in_the_way(facts, move, OTHER) is not Bar.NOT_MENDER
        facts = _after(facts, verb, move.after, grade.value, MENDER)


def test_a_major_hazard_is_never_mended_before_it_is_safe() -> None:
    for state in State:
        facts = Facts(state, Grade.MAJOR.value, settled=True)
        for verb in (Verb.START, Verb.MEND):
            move = move_for(facts, verb)
            if move is not None:
                assert stands_in_the_way(facts, move, OTHER) is Bar.SAFE_FIRST


def test_hats_come_from_role_post_and_body() -> None:
    assert hats("manager", "safety_director", "school", assignee=False, found=False) == {Hat.MANAGER}
    assert hats("manager", "vice_principal", "school", assignee=True, found=False) == {
        *(Hat.MANAGER, Hat.DEPUTY, Hat.ASSIGNEE)
    }
    assert hats("officer", "supervision_committee", "district", assignee=True, found=False) == frozenset()
    assert hats("officer", "bureau_safety", "city", assignee=False, found=False) == {Hat.CITY}
    assert hats("inspector", "inspector", "city", assignee=False, found=False) == frozenset()
    assert hats("administrator", "auditor", "city", assignee=False, found=True) == frozenset()


def test_every_verb_that_a_person_may_do_has_a_button_and_every_state_a_place() -> None:
    asked = {verb.value for _, verb in MOVES} - {"withdraw", "escalate"}
    assert asked == set(rules_words.BUTTONS)
    assert set(rules_drawing.PLACES) == set(State)
    for state in State:
        for grade in ("general", "major"):
            marks = [mark for _, mark in rules_drawing.steps(state.value, grade)]
            assert marks.count("now") == 1
    assert BUREAU.isdisjoint(SCHOOL_HATS)
