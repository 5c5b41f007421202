"""Puzzles, receipts and limits without a database."""

import hashlib
import hmac
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from backend.findings import rules_report as rules
from backend.findings.rules import Area, State

CODE = "0123456789AB"


def seal(text: str) -> bytes:
    return hmac.digest(b"key", text.encode(), hashlib.sha256)


def other_seal(text: str) -> bytes:
    return hmac.digest(b"other", text.encode(), hashlib.sha256)


def answer(puzzle: rules.Puzzle) -> str:
    n = 0
    while int.from_bytes(hashlib.sha256(f"{puzzle.challenge}:{n}".encode()).digest()) >> (256 - puzzle.difficulty):
        n += 1
    return str(n)


def test_a_solved_puzzle_counts_for_its_label_its_time_and_its_maker() -> None:
    puzzle = rules.challenge(CODE, 8, 1000, "ab" * 12, seal)
    right = answer(puzzle)
    assert rules.solved(puzzle.challenge, right, CODE, 1000, seal) == rules.Solved("ab" * 12, 8, 1000)
    assert rules.solved(puzzle.challenge, right, CODE, 1001, seal) is None
    assert rules.solved(puzzle.challenge, right, "0123456789AC", 1000, seal) is None
    assert rules.solved(puzzle.challenge, right, CODE, 1000, other_seal) is None
    assert rules.solved(puzzle.challenge.replace(".8.", ".0."), right, CODE, 1000, seal) is None
    assert rules.solved(puzzle.challenge, str(int(right) + 1), CODE, 1000, seal) in (
        None,
        rules.Solved("ab" * 12, 8, 1000),
    )


@given(st.text(), st.text())
def test_no_text_solves_or_breaks_it(challenge: str, said: str) -> None:
    assert rules.solved(challenge, said, CODE, 0, seal) is None


@given(st.integers(0, 100_000), st.integers(0, 100_000))
def test_the_puzzle_grows_with_the_load_and_stays_solvable(point: int, address: int) -> None:
    limits = {"point": rules.PER_POINT, "address": rules.PER_ADDRESS}
    bits = rules.difficulty({"point": point, "address": address}, limits)
    assert rules.EASIEST <= bits <= rules.HARDEST
    assert bits <= rules.difficulty({"point": point + 1, "address": address + 1}, limits)
    assert (bits == rules.EASIEST) == (point <= rules.PER_POINT.soft and address <= rules.PER_ADDRESS.soft)


@given(st.binary(min_size=32, max_size=32))
def test_a_receipt_is_twelve_plain_characters(made: bytes) -> None:
    code = rules.receipt_of(made)
    assert len(code) == 12
    assert not set(code) & set("ILOU")
    assert rules.show_receipt(code).replace("-", "") == code


def test_one_subscriber_is_one_network() -> None:
    assert (
        rules.network("2001:db8:1:2:3::4") == rules.network("2001:db8:1:2:ffff::1") != rules.network("2001:db8:1:3::1")
    )
    assert rules.network("::ffff:10.0.0.1") == rules.network("10.0.0.1") == "10.0.0.1"
    assert rules.network("unix") == "unix"


@given(st.text())
def test_what_was_said_can_always_be_stored(words: str) -> None:
    kept = rules.clean(words)
    kept.encode()
    assert "\0" not in kept
    assert len(rules.title(kept)) <= rules.LONGEST_TITLE


def test_one_sign_of_life_is_enough() -> None:
    def told(**facts: object) -> rules.Told:
        empty = {"id": uuid4(), "area": None, "words": "", "contact": ""}
        return rules.Told(**{**empty, **facts})  # type: ignore[arg-type]

    assert "words" in rules.wrong(told())
    assert "words" in rules.wrong(told(contact="138"))
    for enough in ({"words": "x"}, {"area": Area.FIRE}, {"photos": (b"x",)}, {"not_sure": True}):
        assert rules.wrong(told(**enough)) == {}


def test_every_state_has_a_step_for_the_reporter() -> None:
    assert {state: rules.step(state) for state in State}.keys() == set(State)
    assert rules.step(State.REPORTED) == 0
    assert rules.step(State.CLOSED) == len(rules.STEP_NAMES) - 1
