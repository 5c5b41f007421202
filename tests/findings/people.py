"""What the tests of this slice share: a fresh point with its label, a stranger of another network, a solved puzzle."""

import hashlib
import io
import itertools
import re
from dataclasses import dataclass
from html import unescape
from typing import Any
from uuid import UUID

import httpx
from PIL import Image

from backend import clock, database
from backend.database import writing
from backend.findings.actions import Fault, Raised, raise_from
from backend.findings.rules import Source
from backend.row import uuid7
from qr import codes
from tests.world import World

_counter = itertools.count(1)


@dataclass
class Spot:
    point: UUID
    code: str
    short: str


async def spot(world: World, who: str = "manager", *, name: str = "", blank: bool = False) -> Spot:
    """A new point of this person's school, with a label."""
    member = await world.member(who)
    point, code, short = uuid7(), codes.new_code(), codes.new_short()
    number = next(_counter)
    async with writing(member.scope):
        await database.run(
            """INSERT INTO point (id, school, kind, number, name, name_en)
               VALUES ($1, $2, 'evacuation_route', $3, $4, $5)""",
            *(point, member.school, f"T{number:03}", name or f"通道{number}", f"Exit {number}"),
        )
        await database.run(
            "INSERT INTO label (school, point, code, short, bound_at) VALUES ($1, $2, $3, $4, $5)",
            *(member.school, None if blank else point, code, short, None if blank else clock.now()),
        )
    return Spot(point, code, short)


async def fault(world: World, who: str, point: UUID, words: str, **others: Any) -> Raised:
    """A finding as a patrol would open it."""
    member = await world.member(who)
    assert member.school is not None
    facts = {
        **{"item_code": f"x.{uuid7()}", "area": "fire", "title": "安全出口畅通", "title_en": "Exit free"},
        **{"severity": "general", "basis": "消防法", "at": clock.now(), "source": Source.PATROL, "by": member.user},
        **others,
    }
    async with writing(member.scope):
        return await raise_from(Fault(school=member.school, point=point, words=words, **facts))


def stranger(app: object, address: str = "", language: str = "en") -> httpx.AsyncClient:
    """A browser without a session, each time from another network."""
    n = next(_counter)
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app, client=(address or f"10.{n // 250}.{n % 250}.7", 4711)),  # type: ignore[arg-type]
        base_url="http://xunan.test",
        headers={"accept-language": language, "sec-fetch-site": "same-origin", "accept": "text/html"},
    )


def picture(colour: str = "red") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (320, 240), colour).save(out, "JPEG")
    return out.getvalue()


def puzzle_in(html: str) -> tuple[str, int]:
    """The challenge and its difficulty, of the main form."""
    found = re.search(r'id="report".*?data-puzzle="([^"]+)" data-difficulty="(\d+)"', html, re.S)
    assert found is not None
    return unescape(found[1]), int(found[2])


def answer_to(challenge: str, difficulty: int) -> str:
    for nonce in itertools.count():
        if int.from_bytes(hashlib.sha256(f"{challenge}:{nonce}".encode()).digest()) >> (256 - difficulty) == 0:
            return str(nonce)
    raise AssertionError
