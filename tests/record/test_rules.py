"""The chain against every kind of tampering, one entry at a time."""

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.record.rules import START, canonical, faults, hash_of

SCHOOL = "01a20000-0000-7000-8000-000000000001"


def chain(length: int) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = []
    for seq in range(1, length + 1):
        entry = {
            "seq": seq,
            "id": f"id{seq}",
            "kind": "visit",
            "body": {"n": seq, "words": "灭火器"},
            "by": "u",
            "at": "t",
        }
        entry["prev"] = entries[-1]["hash"] if entries else START
        entry["hash"] = hash_of(school=SCHOOL, **{**entry, "body": canonical(entry["body"])})
        entries.append(entry)
    return entries


def test_a_sound_chain_has_no_faults() -> None:
    assert list(faults(SCHOOL, chain(50))) == []
    whole = chain(50)
    assert list(faults(SCHOOL, whole[20:], after=(20, whole[19]["hash"]))) == []


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_every_single_change_is_found(data: st.DataObject) -> None:
    entries = chain(12)
    at = data.draw(st.integers(0, 11))
    how = data.draw(st.sampled_from(["body", "by", "at", "id", "kind", "hash", "prev", "drop", "swap", "double"]))
    changed = copy.deepcopy(entries)
    if how == "body":
        changed[at]["body"]["n"] += 1
    elif how in {"by", "at", "id", "kind"}:
        changed[at][how] += "x"
    elif how in {"hash", "prev"}:
        changed[at][how] = "f" * 64
    elif how == "drop":
        if at == 11:
            return  # a tail cut off is seen by the head, not by the chain
        del changed[at]
    elif how == "swap":
        other = (at + 1) % 12
        changed[at], changed[other] = changed[other], changed[at]
    else:
        changed.insert(at, copy.deepcopy(changed[at]))
    assert list(faults(SCHOOL, changed))


def test_a_rewritten_tail_is_not_found_without_an_outside_copy() -> None:
    """What the chain alone cannot do: nobody may claim otherwise."""
    rewritten = chain(5)
    rewritten[3]["body"]["words"] = "all well"
    for entry, before in zip(rewritten[3:], rewritten[2:], strict=False):
        entry["prev"] = before["hash"]
        told = {k: v for k, v in entry.items() if k != "hash"}
        entry["hash"] = hash_of(school=SCHOOL, **{**told, "body": canonical(entry["body"])})
    assert list(faults(SCHOOL, rewritten)) == []


@pytest.mark.parametrize("body", [float("nan"), float("inf")])
def test_what_json_cannot_say_is_refused(body: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical({"n": body})
