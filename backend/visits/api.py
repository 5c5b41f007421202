"""The JSON interface of phones and other programs: the same actions as the pages."""

import hashlib
import json
import re
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, put
from litestar.response import Stream

from backend import clock, database
from backend.access import Do, Member, may
from backend.database import reading
from backend.language import N_
from backend.photos import LARGEST, SERVED_WITH, TYPES, WHY, NotAPicture, store
from backend.record.queries import lines, readable
from backend.trouble import Forbidden, Invalid, Missing, Refused
from backend.visits.actions import Receipt, Sending, submit
from backend.visits.actions_photos import photo_arrived, photo_refused
from backend.visits.queries import epoch, photo_known
from backend.visits.rules import Malformed, understand

R = Request[Any, Any, Any]
_SHA256 = re.compile(r"[0-9a-f]{64}")


@put("/api/visits/{visit:uuid}", guards=[may(Do.VISIT)], request_max_body_size=1_000_000)
async def put_visit(request: R, visit: UUID) -> Response[dict[str, Any]]:
    """201 the first time, 200 with the same receipt ever after."""
    member: Member = request.user
    same_person(request, member)
    sending = await _sending(request)
    try:
        sent = understand(sending.body, clock.parse)
    except Malformed as error:
        raise Invalid({str(error): N_("This is missing or cannot be understood.")}) from error
    receipt = await submit(visit, sent, sending, member)
    return Response(await _told(receipt), status_code=200 if receipt.replayed else 201, headers=NO_STORE)


NO_STORE = {"Cache-Control": "no-store"}


def same_person(request: R, member: Member) -> None:
    """A row of another person's outbox is held by the phone, never sent under a wrong name."""
    owner = request.headers.get("x-xunan-user")
    if owner and owner != str(member.user):
        raise Forbidden(N_("This was recorded by somebody else. It is kept until he signs in."), code="other_user")


async def _sending(request: R) -> Sending:
    """The body with the times it came at; what JSON cannot say again (1e999) is no JSON for us."""
    phone_now = clock.parse(request.headers.get("x-client-now"))
    try:
        sending = Sending(json.loads(await request.body()), clock.now(), phone_now)
        _ = sending.canonical
    except (ValueError, RecursionError) as error:
        raise Invalid({"body": N_("This is not JSON.")}) from error
    if not isinstance(sending.body, dict):
        raise Invalid({"body": N_("This is not a JSON object.")})
    return sending


async def _told(receipt: Receipt) -> dict[str, Any]:
    """The receipt as it is sent. Which point comes next stands on its page: a backlog that drains has no use for it."""
    return {
        "id": str(receipt.id),
        "school": str(receipt.school),
        "seq": receipt.seq,
        "hash": receipt.hash,
        "replayed": receipt.replayed,
        "missing": receipt.missing,
        "opened": receipt.opened,
        "merged": receipt.merged,
        "epoch": await epoch(),
    }


@put("/api/photos/{sha256:str}", guards=[may(Do.VISIT)], request_max_body_size=LARGEST + 1)
async def put_photo(request: R, sha256: str) -> Response[dict[str, Any]]:
    """The bytes of a photo that a record of this person named; 201 when it was waited for, 200 when it is there."""
    member: Member = request.user
    same_person(request, member)
    if not _SHA256.fullmatch(sha256):
        raise Missing()
    known = await photo_known(member, sha256)
    if known is None:
        raise Refused(N_("No record names this photo. Send the record first."), code="not_named")
    if known == "kept":
        return Response({"sha256": sha256, "state": "kept"}, status_code=200, headers=NO_STORE)
    data = await request.body()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise Invalid({"body": WHY["wrong_hash"]}, WHY["wrong_hash"])
    try:
        kept = await store().keep(data, sha256)
    except NotAPicture as error:
        if not error.temporary:
            await photo_refused(sha256, error.code, member)
        raise
    await photo_arrived(kept, member)
    return Response({"sha256": sha256, "state": "kept"}, status_code=201, headers=NO_STORE)


@get("/api/record/{school:uuid}", guards=[may(Do.RECORD)])
async def record(request: R, school: UUID) -> Stream:
    """The chain of a school as lines of JSON, for those who may read the school: it holds what
    everybody there said, so those who see only their own visits do not."""
    member: Member = request.user
    await readable(member, school)

    async def said() -> AsyncIterator[bytes]:
        async for line in lines(member, school):
            head = {key: line[key] for key in ("seq", "id", "kind", "by", "at", "prev", "hash")}
            yield msgspec.json.encode({**head, "body": msgspec.Raw(line["body"].encode())}) + b"\n"

    return Stream(said(), media_type="application/x-ndjson", headers=NO_STORE)


@get("/photos/{stored:str}", guards=[may(Do.SIGNED_IN)])
async def photo(request: R, stored: str, size: int = 0) -> Response[bytes]:
    """A kept photo of a record he may read, whole or as a thumbnail of 640 or 160 pixels."""
    member: Member = request.user
    async with reading(member.scope):
        found = await database.value("SELECT 1 FROM photo WHERE stored_sha256 = $1 AND state = 'kept' LIMIT 1", stored)
    file = store().path(stored, size if size in {640, 160} else None) if found else None  # type: ignore[arg-type]
    if file is None:
        raise Missing()
    return Response(file.read_bytes(), media_type=TYPES[file.suffix], headers=SERVED_WITH)


router = Router("/", route_handlers=[put_visit, put_photo, record, photo])
