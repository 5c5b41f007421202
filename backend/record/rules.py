"""The chain: each entry's hash covers the one before it, so that nothing can be changed, dropped or slipped in unseen.

hash = SHA-256, in hex, of the UTF-8 text `v1|school|seq|id|kind|at|by|prev|body`, where `body` is canonical JSON:
keys sorted, no spaces, ASCII only (Python's `json.dumps(sort_keys=True, separators=(",", ":"))`), `by` the id of the
user or empty, `prev` the hash before it (64 zeros before the first).
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

START = "0" * 64
VERSION = "v1"


def canonical(body: Any) -> str:
    """Canonical JSON; raises ValueError for what JSON cannot say (NaN, infinity)."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), allow_nan=False)


def hash_of(*, school: str, seq: int, id: str, kind: str, at: str, by: str, prev: str, body: str) -> str:
    text = "|".join((VERSION, school, str(seq), id, kind, at, by, prev, body))
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Fault:
    """The first place where a chain is not what it says; `what` is a word for programs."""

    seq: int
    what: str


def faults(school: str, entries: Iterable[dict[str, Any]], after: tuple[int, str] | None = None) -> Iterator[Fault]:
    """Every place where the chain of a school breaks; nothing for a sound one. Entries in order of seq, `body` parsed;
    `after` is (seq, hash) of the entry before the first one given."""
    prev, expected = (after[1], after[0] + 1) if after else (START, 1)
    for entry in entries:
        if entry["seq"] != expected:
            yield Fault(expected, "missing")
            expected = entry["seq"]
        elif entry["prev"] != prev:
            yield Fault(entry["seq"], "unlinked")
        found = hash_of(
            school=school,
            seq=entry["seq"],
            id=entry["id"],
            kind=entry["kind"],
            at=entry["at"],
            by=entry["by"],
            prev=entry["prev"],
            body=canonical(entry["body"]),
        )
        if found != entry["hash"]:
            yield Fault(entry["seq"], "altered")
        prev, expected = entry["hash"], expected + 1
