"""A visit as the phone sends it, understood as far as it can be: honest work is never turned away for a detail."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Any, TypeVar
from uuid import UUID

from backend.checklists.rules import Result
from backend.points.rules import Trouble

LONGEST = 4000
_SHA256 = re.compile(r"[0-9a-f]{64}")


class How(Enum):
    """How the point was opened; kept with the visit, shown to nobody as a ranking."""

    SCAN = "scan"
    PHOTO = "photo"
    TYPED = "typed"
    LIST = "list"
    LINK = "link"


class PhotoState(Enum):
    AWAITED = "awaited"
    KEPT = "kept"
    REJECTED = "rejected"


class PhotoRole(Enum):
    PROBLEM = "problem"
    AFTER = "after"
    EVIDENCE = "evidence"
    CHALLENGE = "challenge"


class Now(Enum):
    """What a patroller says of a finding that is still open at the point."""

    STILL = "still"
    WORSE = "worse"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Said:
    """One answer. `result` is None where the number, the date or the choice decides."""

    item: UUID
    result: Result | None = None
    number: float | None = None
    text: str = ""
    choice: str = ""
    date: date | None = None
    reason: str = ""
    words: str = ""
    fixed_on_spot: bool = False
    seconds: float | None = None
    follow_up: dict[str, Any] | None = None
    photos: tuple[str, ...] = ()
    after_photos: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SaidOfFinding:
    finding: UUID
    now: Now
    words: str = ""
    photos: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Picture:
    sha256: str
    taken_at: datetime | None = None
    in_page: bool = False


@dataclass(frozen=True, slots=True)
class Challenge:
    """A thing that a stop of a round asked to photograph, and the photos of it; none is no fault."""

    stop: UUID
    photos: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sent:
    """A visit as it was sent; `notes` say what could not be understood and was kept only in the record."""

    point: UUID
    label: str = ""
    how: How = How.LINK
    how_reason: str = ""
    opened_at: datetime | None = None
    saved_at: datetime | None = None
    latitude: float | None = None
    longitude: float | None = None
    accuracy: float | None = None
    device: UUID | None = None
    device_seq: int | None = None
    answers: tuple[Said, ...] = ()
    open_findings: tuple[SaidOfFinding, ...] = ()
    photos: dict[str, Picture] = field(default_factory=dict)
    note: str = ""
    corrects: UUID | None = None
    challenge: Challenge | None = None
    label_trouble: Trouble | None = None
    label_words: str = ""
    notes: tuple[str, ...] = ()


class Malformed(ValueError):
    """Not a visit at all; the message names the field."""


E = TypeVar("E", bound=Enum)


def clean(value: object, longest: int = LONGEST) -> str:
    """Text that PostgreSQL can hold: without NUL and lone surrogates, cut to `longest` characters."""
    text = value if isinstance(value, str) else "" if value is None else str(value)
    return text.replace("\0", "").encode("utf-8", "replace").decode()[:longest].strip()


def uuid_of(value: object) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


def number_of(value: object) -> float | None:
    """A finite number, also from "19,2" as some keyboards write it."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        number = float(value.replace(",", ".").strip()) if isinstance(value, str) else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def word_of(words: type[E], value: object) -> E | None:
    try:
        return words(value)
    except ValueError:
        return None


def date_of(value: object) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def hashes_of(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        return ()
    return tuple(dict.fromkeys(v for v in value[:20] if isinstance(v, str) and _SHA256.fullmatch(v)))


def understand(body: Any, moment: Any) -> Sent:
    """`body` as JSON was parsed, `moment(text)` reads a time. Raises Malformed when it names no point."""
    if not isinstance(body, dict):
        raise Malformed("body")
    point = uuid_of(body.get("point"))
    if point is None:
        raise Malformed("point")
    answers, findings = body.get("answers") or [], body.get("open_findings") or []
    if not isinstance(answers, list) or not isinstance(findings, list):
        raise Malformed("answers")
    notes: list[str] = []
    told = body.get("position")
    position: dict[str, Any] = told if isinstance(told, dict) else {}
    latitude, longitude = number_of(position.get("latitude")), number_of(position.get("longitude"))
    if latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
        latitude = longitude = None
    how = word_of(How, body.get("how"))
    if how is None:
        notes.append("how")
    challenge = _challenge(body.get("challenge"))
    if challenge and not challenge.photos:
        notes.append("no challenge photo")
    told = body.get("label_trouble")
    trouble: dict[str, Any] = told if isinstance(told, dict) else {}
    return Sent(
        point=point,
        label=clean(body.get("label"), 40),
        how=how or How.LINK,
        how_reason=clean(body.get("how_reason"), 500),
        opened_at=moment(body.get("opened_at")),
        saved_at=moment(body.get("saved_at")),
        latitude=latitude,
        longitude=longitude,
        accuracy=_small(number_of(position.get("accuracy"))),
        device=uuid_of(body.get("device")),
        device_seq=_whole(body.get("device_seq")),
        answers=tuple(_once(_answers(answers, notes), notes)),
        open_findings=tuple(_findings(findings, notes)),
        photos=_pictures(body.get("photos"), moment),
        note=clean(body.get("note")),
        corrects=uuid_of(body.get("corrects")),
        challenge=challenge,
        label_trouble=word_of(Trouble, trouble.get("kind")) or word_of(Trouble, body.get("how_reason")),
        label_words=clean(trouble.get("words"), 500),
        notes=tuple(notes),
    )


def _challenge(value: object) -> Challenge | None:
    stop = uuid_of(value.get("stop")) if isinstance(value, dict) else None
    return Challenge(stop, hashes_of(value.get("photos"))) if stop and isinstance(value, dict) else None


def _answers(answers: list[Any], notes: list[str]) -> Iterable[Said]:
    for place, raw in enumerate(answers[:500]):
        item = uuid_of(raw.get("item")) if isinstance(raw, dict) else None
        if item is None:
            notes.append(f"answer {place}")
            continue
        result = word_of(Result, raw.get("result"))
        if result is None and raw.get("result"):
            notes.append(f"result {place}")
        reason = clean(raw.get("reason"), 1000)
        if result is Result.UNCHECKED and not reason:
            reason = "-"
            notes.append(f"reason {place}")
        follow_up = raw.get("follow_up")
        yield Said(
            item=item,
            result=result,
            number=number_of(raw.get("number")),
            text=clean(raw.get("text")),
            choice=clean(raw.get("choice"), 200),
            date=date_of(raw.get("date")),
            reason=reason,
            words=clean(raw.get("words")),
            fixed_on_spot=raw.get("fixed_on_spot") is True,
            seconds=_small(number_of(raw.get("seconds"))),
            follow_up=follow_up if isinstance(follow_up, dict) else None,
            photos=hashes_of(raw.get("photos")),
            after_photos=hashes_of(raw.get("after_photos")),
        )


def _once(answers: Iterable[Said], notes: list[str]) -> Iterable[Said]:
    """The last answer to an item counts; the phone never sends two, a program might."""
    found: dict[UUID, Said] = {}
    for said in answers:
        if said.item in found:
            notes.append("twice")
        found[said.item] = said
    return found.values()


def _findings(findings: list[Any], notes: list[str]) -> Iterable[SaidOfFinding]:
    seen: set[UUID] = set()
    for raw in findings[:100]:
        finding = uuid_of(raw.get("finding")) if isinstance(raw, dict) else None
        now = word_of(Now, raw.get("now")) if isinstance(raw, dict) else None
        if finding is None or now is None or finding in seen:
            notes.append("open finding")
            continue
        seen.add(finding)
        yield SaidOfFinding(finding, now, clean(raw.get("words")), hashes_of(raw.get("photos")))


def _pictures(pictures: object, moment: Any) -> dict[str, Picture]:
    found: dict[str, Picture] = {}
    for raw in pictures[:100] if isinstance(pictures, list) else ():
        if isinstance(raw, dict) and isinstance(raw.get("sha256"), str) and _SHA256.fullmatch(raw["sha256"]):
            found[raw["sha256"]] = Picture(raw["sha256"], moment(raw.get("taken_at")), raw.get("in_page") is True)
    return found


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**31 else None


def _small(number: float | None) -> float | None:
    """For a REAL column: what cannot be meant is left out."""
    return number if number is not None and 0 <= number < 1e9 else None


def distance(latitude: float, longitude: float, to_latitude: float, to_longitude: float) -> float:
    """Metres between two WGS-84 positions (sphere of 6,371 km; the error, 0.5 %, is below that of any phone)."""
    a, b = math.radians(latitude), math.radians(to_latitude)
    across = math.radians(to_longitude - longitude) / 2
    h = math.sin((b - a) / 2) ** 2 + math.cos(a) * math.cos(b) * math.sin(across) ** 2
    return 2 * 6_371_000 * math.asin(math.sqrt(min(1, h)))
