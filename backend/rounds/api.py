"""The JSON interface of rounds for phones: one verb with an id of the phone's own, sent as often as it takes."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
from litestar import Request, Response, put

from backend import clock
from backend.access import Do, Member, may
from backend.language import N_
from backend.record.rules import canonical
from backend.rounds.actions import Did, Told, finish, hand_over, unreachable
from backend.rounds.rules import RoundVerb
from backend.trouble import Invalid, Refused
from backend.visits.api import NO_STORE, same_person
from backend.visits.queries import epoch
from backend.visits.rules import clean, uuid_of

R = Request[Any, Any, Any]
VERBS = frozenset({RoundVerb.UNREACHABLE, RoundVerb.FINISH, RoundVerb.HAND_OVER})
"""What a patroller does to a round; excusing belongs to the manager's page."""
_UNREAD = N_("This is missing or cannot be understood.")
LONGEST = 2000
OLDEST = timedelta(days=90)
"""A phone's clock that says more than this has lost its date."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What the phone says: a verb, its words, the stop or the colleague it is about, its clock."""

    verb: RoundVerb
    words: str
    stop: UUID | None
    to: UUID | None
    at: datetime
    body_hash: str

    def told(self, event: UUID) -> Told:
        return Told(self.words, event, self.at, self.body_hash)


@put("/api/rounds/{round:uuid}/events/{event:uuid}", guards=[may(Do.VISIT)], request_max_body_size=100_000)
async def put_event(request: R, round: UUID, event: UUID) -> Response[dict[str, Any]]:
    """201 the first time, 200 with the same receipt ever after; another body under the same id is 409."""
    member: Member = request.user
    same_person(request, member)
    sent = understood(await _body(request), clock.now(), clock.parse(request.headers.get("x-client-now")))
    try:
        did = await act(round, sent, event, member)
    except Invalid as wrong:  # a phone shows one sentence
        raise Invalid(wrong.fields, wrong.reason or next(iter(wrong.fields.values()), "")) from wrong
    except asyncpg.UniqueViolationError as error:  # the id is somebody else's, of a school he does not see
        raise Refused(N_("This was sent already with other words. Open the round again."), code="other_body") from error
    receipt = {
        "round": str(did.round),
        "event": str(did.event),
        "state": did.state,
        "replayed": did.replayed,
        "epoch": await epoch(),
    }
    return Response(receipt, status_code=200 if did.replayed else 201, headers=NO_STORE)


async def act(round_id: UUID, sent: Sent, event: UUID, by: Member) -> Did:
    """The verb that was sent; raises Invalid with the field that it lacks."""
    told = sent.told(event)
    if sent.verb is RoundVerb.UNREACHABLE:
        if sent.stop is None:
            raise Invalid({"stop": N_("Choose the point that could not be reached.")})
        return await unreachable(round_id, sent.stop, told, by)
    if sent.verb is RoundVerb.HAND_OVER:
        if sent.to is None:
            raise Invalid({"to": N_("Choose who goes on.")})
        return await hand_over(round_id, sent.to, told, by)
    return await finish(round_id, told, by)


async def _body(request: R) -> dict[str, Any]:
    try:
        body = json.loads(await request.body())
        canonical(body)
    except (ValueError, RecursionError) as error:
        raise Invalid({"body": N_("This is not JSON.")}, N_("This is not JSON.")) from error
    if not isinstance(body, dict):
        raise Invalid({"body": N_("This is not a JSON object.")}, N_("This is not a JSON object."))
    return body


def understood(body: Mapping[str, Any], now: datetime, phone_now: datetime | None) -> Sent:
    """Raises Invalid with the part that cannot be used."""
    verb, words, fields = body.get("verb"), body.get("words") or "", body.get("fields") or {}
    if not isinstance(verb, str) or verb not in {one.value for one in VERBS}:
        raise Invalid({"verb": _UNREAD}, _UNREAD)
    if not isinstance(words, str) or len(words) > LONGEST:
        raise Invalid({"words": _UNREAD}, _UNREAD)
    if not isinstance(fields, dict):
        raise Invalid({"fields": _UNREAD}, _UNREAD)
    return Sent(
        RoundVerb(verb),
        clean(words, LONGEST),
        uuid_of(fields.get("stop")),
        uuid_of(fields.get("to")),
        _when(body.get("at"), now, phone_now),
        hashlib.sha256(canonical(dict(body)).encode()).hexdigest(),
    )


def _when(said: object, now: datetime, phone_now: datetime | None) -> datetime:
    """The moment of the verb by our clock: how far the phone's is off is known from what it said on sending."""
    at = clock.parse(said)
    try:
        at = at + (now - phone_now) if at and phone_now else at
    except OverflowError:
        return now
    return min(at, now) if at and now - at < OLDEST else now


HANDLERS = [put_event]
