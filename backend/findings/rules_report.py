"""Reports from anyone, without database and clock: what may be said, receipts, limits, the puzzle."""

import hashlib
import hmac
import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from backend.findings.rules import ENDED, RECURRENCE_DAYS, Area, State
from backend.language import N_

MOST_PHOTOS = 3
LONGEST_WORDS = 1000
LONGEST_CONTACT = 100
LONGEST_TITLE = 60
SIMILAR_DAYS = 14
MOST_SIMILAR = 3
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody without an account said at a label."""

    id: UUID
    area: Area | None
    words: str
    contact: str
    photos: tuple[bytes, ...] = ()
    not_sure: bool = False


def clean(text: str) -> str:
    """Text that PostgreSQL can hold: without NUL and lone surrogates, ends of lines as one character."""
    return text.replace("\0", "").replace("\r\n", "\n").encode("utf-8", "replace").decode().strip()


def wrong(told: Told) -> dict[str, str]:
    """What is missing or too long, by field; nothing is asked beyond one word, one photo or one area."""
    faults: dict[str, str] = {}
    if not (told.words or told.photos or told.area or told.not_sure):
        faults["words"] = N_("Please say what is wrong: a photo, a few words or the area is enough.")
    if len(told.words) > LONGEST_WORDS:
        faults["words"] = N_("Please shorten this to 1000 characters.")
    if len(told.contact) > LONGEST_CONTACT:
        faults["contact"] = N_("Please shorten this to 100 characters.")
    return faults


def title(words: str) -> str:
    """The first line of what was said, cut where it still reads."""
    first = words.split("\n", 1)[0].strip()
    return first if len(first) <= LONGEST_TITLE else first[: LONGEST_TITLE - 1] + "…"


AREA_TILES: dict[str, str] = {
    Area.LAB.value: N_("Laboratory, chemicals"),
    Area.FIRE.value: N_("Fire, escape routes"),
    Area.SECURITY.value: N_("Gate, intruders"),
    Area.FOOD.value: N_("Food, canteen"),
    Area.TRAFFIC.value: N_("Bus, traffic"),
    Area.BUILDING.value: N_("Building, grounds"),
    Area.INTERNSHIP.value: N_("Workshop, practice"),
}
"""The seven areas as somebody says them who has never heard of areas."""

# Receipts: 12 characters of 5 bits, in three groups.


def receipt_of(seal: bytes) -> str:
    """12 Crockford characters (60 bits) of a seal."""
    value = int.from_bytes(seal[:8])
    return "".join(_ALPHABET[value >> 5 * place & 31] for place in range(12))


def show_receipt(code: str) -> str:
    return "-".join(code[i : i + 4] for i in range(0, 12, 4))


# Limits. A label is passed by many people, a school's network has one address for all: the limits are generous, and
# before anybody is turned away his phone is asked to work for it.


@dataclass(frozen=True, slots=True)
class Limit:
    """Reports within `window`: above `soft` a puzzle is demanded, above `hard` nothing is taken until it ends."""

    window: timedelta
    soft: int
    hard: int


PER_POINT = Limit(timedelta(minutes=10), soft=5, hard=40)
PER_ADDRESS = Limit(timedelta(hours=1), soft=10, hard=60)

EASIEST, HARDEST = 15, 20
"""Leading zero bits: 15 is a tenth of a second on a phone, 20 some seconds."""
PUZZLE_LIFE = timedelta(minutes=30)


def difficulty(counts: Mapping[str, int], limits: Mapping[str, Limit]) -> int:
    """How hard the puzzle is: EASIEST while calm, and one bit more for each doubling beyond a soft limit."""
    load = max((counts.get(name, 0) / limit.soft for name, limit in limits.items()), default=0.0)
    extra = 0
    while load > 1 and EASIEST + extra < HARDEST:
        extra, load = extra + 1, load / 2
    return EASIEST + extra


def network(address: str) -> str:
    """The address that counts: of IPv6 the first 64 bits, because one subscriber owns them all."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((int(found) >> 64 << 64, 64)).network_address)
    return str(found)


# The puzzle: find a number whose SHA-256 with the challenge begins with so many zero bits.

Seal = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class Puzzle:
    challenge: str
    difficulty: int


@dataclass(frozen=True, slots=True)
class Solved:
    nonce: str
    difficulty: int
    expires: int


def challenge(code: str, bits: int, expires: int, nonce: str, seal: Seal) -> Puzzle:
    """A puzzle for one label until `expires` (seconds since 1970); whoever changes it breaks its seal."""
    told = f"1.{code}.{bits}.{expires}.{nonce}"
    return Puzzle(f"{told}.{seal(told).hex()[:32]}", bits)


_CHALLENGE = re.compile(r"(1\.([0-9A-Z]{12})\.(\d{1,2})\.(\d{1,12})\.([0-9a-f]{16,64}))\.([0-9a-f]{32})", re.ASCII)


def solved(text: str, answer: str, code: str, now: int, seal: Seal) -> Solved | None:
    """The puzzle that was solved for this label, or None: forged, expired, of another label, or wrongly answered."""
    found = _CHALLENGE.fullmatch(text)
    if found is None or not re.fullmatch(r"\d{1,20}", answer, re.ASCII):
        return None
    told, label, bits, expires, nonce, sign = found.groups()
    if not hmac.compare_digest(seal(told).hex()[:32], sign) or label != code or int(expires) < now:
        return None
    digest = int.from_bytes(hashlib.sha256(f"{text}:{answer}".encode()).digest())
    return Solved(nonce, int(bits), int(expires)) if digest >> (256 - int(bits)) == 0 else None


# What the reporter sees of what became of it.


class Step:
    RECEIVED, LOOKED_AT, MENDING, MENDED, VERIFIED, CLOSED = range(6)


STEP_NAMES = (
    *(N_("Arrived at the school"), N_("Looked at and registered"), N_("Being mended"), N_("Mended")),
    *(N_("Verified by somebody else"), N_("Closed")),
)

_STEP: dict[State, int] = {
    State.REPORTED: Step.RECEIVED,
    State.FIXED_ON_SPOT: Step.MENDED,
    State.REJECTED: Step.LOOKED_AT,
    **dict.fromkeys((State.REGISTERED, State.GRADED, State.REOPENED), Step.LOOKED_AT),
    **dict.fromkeys((State.ASSIGNED, State.CONTROLLED, State.RECTIFYING, State.EXTENSION_REQUESTED), Step.MENDING),
    **dict.fromkeys((State.ACCEPT_FAILED, State.REPORTED_UP, State.GOV_REQUESTED, State.LISTED), Step.MENDING),
    State.SUBMITTED: Step.MENDED,
    **dict.fromkeys((State.ACCEPTED, State.RECHECKED, State.DELIST_REQUESTED), Step.VERIFIED),
    **dict.fromkeys((State.CLOSED, State.DELISTED, State.MERGED), Step.CLOSED),
}


def step(state: State) -> int:
    """How far a finding has come, in the words of the reporter (an index into STEP_NAMES)."""
    return _STEP[state]


def is_over(state: State) -> bool:
    return state in ENDED


NOT_MENDED_AGAIN = timedelta(days=1)
"""How often the holder of a receipt may say that it is not mended."""


def may_deny(state: State, closed_at: datetime | None, now: datetime) -> bool:
    """Whether "not mended" can be said: it is called mended, or was closed less than 90 days ago."""
    if state is State.CLOSED:
        return closed_at is not None and now - closed_at < timedelta(days=RECURRENCE_DAYS)
    return state in {State.FIXED_ON_SPOT, State.SUBMITTED, State.ACCEPTED, State.RECHECKED}
