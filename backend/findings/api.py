"""The JSON interface of the crew's phones: one verb with an id of the phone's own, sent as often as it takes."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
from litestar import Request, Response, Router, put

from backend import clock
from backend.access import Do, Member, may
from backend.findings.actions_moves import Done, Shot, Told, body_seal, move
from backend.findings.posted import MOST_PHOTOS
from backend.findings.queries_tickets import awaited, held, told_before
from backend.findings.rules import State, Verb
from backend.findings.rules_words import BUTTONS
from backend.language import N_
from backend.trouble import Invalid, Missing, Refused
from backend.visits.api import NO_STORE, same_person
from backend.visits.queries import epoch

R = Request[Any, Any, Any]
_SHA256 = re.compile(r"[0-9a-f]{64}")
_UNREAD = N_("This is missing or cannot be understood.")
_OTHER = N_("This was sent already with other words. Open the finding again.")
MOST_FIELDS, LONGEST = 30, 4000
OLDEST = timedelta(days=90)
"""A phone's clock that says more than this has lost its date."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What the phone says: a verb, its words and fields, photos by the hash of their bytes, its clock."""

    verb: Verb
    words: str
    fields: dict[str, str]
    photos: tuple[str, ...]
    at: datetime | None
    version: int | None


@put("/api/findings/{finding:uuid}/events/{event:uuid}", guards=[may(Do.WORK)], request_max_body_size=200_000)
async def put_event(request: R, finding: UUID, event: UUID) -> Response[dict[str, Any]]:
    """201 the first time, 200 with the same receipt ever after; another body under the same id is 409."""
    member: Member = request.user
    same_person(request, member)
    sent = understood(await _body(request), clock.now(), clock.parse(request.headers.get("x-client-now")))
    done = await _done(finding, event, sent, member)
    receipt = {
        "finding": str(finding),
        "event": str(event),
        "state": done.state.value,
        "replayed": done.replayed,
        "missing": await awaited(member, event),
        "epoch": await epoch(),
    }
    return Response(receipt, status_code=200 if done.replayed else 201, headers=NO_STORE)


async def _done(finding: UUID, event: UUID, sent: Sent, member: Member) -> Done:
    """What he said before stays said, even when the finding is no longer his to see."""
    kept = await held(member, list(sent.photos)) if sent.photos else {}
    shots = tuple(Shot(sha256, kept.get(sha256)) for sha256 in sent.photos)
    told = Told(sent.words, sent.fields, shots, event, sent.version, sent.at)
    if known := await told_before(member, event):
        if (known["finding"], known["by"], known["body_hash"]) != (finding, member.user, body_seal(sent.verb, told)):
            raise Refused(_OTHER, code="other_body")
        return Done(finding, event, State(known["after"]), replayed=True)
    try:
        return await move(finding, sent.verb, told, member)
    except Invalid as wrong:  # a phone shows one sentence
        raise Invalid(wrong.fields, wrong.reason or next(iter(wrong.fields.values()), "")) from wrong
    except asyncpg.UniqueViolationError as error:  # the id belongs to somebody else's event
        raise Refused(_OTHER, code="other_body") from error


async def _body(request: R) -> dict[str, Any]:
    try:
        body = json.loads(await request.body())
    except (ValueError, RecursionError) as error:
        raise Invalid({"body": N_("This is not JSON.")}, N_("This is not JSON.")) from error
    if not isinstance(body, dict):
        raise Invalid({"body": N_("This is not a JSON object.")}, N_("This is not a JSON object."))
    return body


def understood(body: Mapping[str, Any], now: datetime, phone_now: datetime | None) -> Sent:
    """Raises Invalid with the part that cannot be used, Missing for a verb that nobody does by hand."""
    verb, words, fields, photos = (body.get(name) for name in ("verb", "words", "fields", "photos"))
    if not isinstance(verb, str) or verb not in BUTTONS:
        raise Invalid({"verb": _UNREAD}, _UNREAD)
    if verb in {Verb.INVITE.value, Verb.WITHDRAW.value}:
        raise Missing()
    if not isinstance(words or "", str) or len(words or "") > LONGEST:
        raise Invalid({"words": _UNREAD}, _UNREAD)
    fields = fields or {}
    if not isinstance(fields, dict) or len(fields) > MOST_FIELDS or not all(_is_text(v) for v in fields.values()):
        raise Invalid({"fields": _UNREAD}, _UNREAD)
    photos = photos or []
    named = isinstance(photos, list) and all(isinstance(one, str) and _SHA256.fullmatch(one) for one in photos)
    if not named or len(photos) > MOST_PHOTOS:
        raise Invalid({"photos": _UNREAD}, _UNREAD)
    version = body.get("version")
    return Sent(
        Verb(verb),
        _clean(words or "").strip(),
        {_clean(name): _clean(value) for name, value in fields.items()},
        tuple(dict.fromkeys(photos)),
        _when(body.get("at"), now, phone_now),
        version if isinstance(version, int) and not isinstance(version, bool) and 0 <= version < 2**31 else None,
    )


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST


def _clean(text: str) -> str:
    """Without what no table can hold."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode()


def _when(said: object, now: datetime, phone_now: datetime | None) -> datetime | None:
    """The moment of the verb by our clock: how far the phone's is off is known from what it said on sending."""
    at = clock.parse(said)
    try:
        at = at + (now - phone_now) if at and phone_now else at
    except OverflowError:
        return None
    return at if at and now - at < OLDEST else None


router = Router("/", route_handlers=[put_event])
