"""What a verb's form carried: texts and photos. Photos of a try that failed come back as sealed names, so that nothing
chosen is lost, with scripts or without."""

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request
from litestar.datastructures import UploadFile

from backend.findings.actions_moves import Shot, Told
from backend.findings.rules_report import clean
from backend.findings.secret import sealed
from backend.forms import as_uuid
from backend.photos import LARGEST, Kept, NotAPicture, store
from backend.row import uuid7

MOST_PHOTOS = 6
OWN_NAMES = frozenset({"words", "event", "version", "held", "photo", "held_after", "after"})
FILES = {"photo": "held", "after": "held_after"}
"""Names of file inputs, and of the hidden fields that carry what they brought before."""


@dataclass(frozen=True, slots=True)
class Posted:
    """`texts` as typed, `shots` in the order they came; `held` are the hidden fields for showing the form again.
    `after` and `held_after` are those of a second input, for what it looks like now."""

    texts: dict[str, str]
    shots: tuple[Shot, ...]
    held: list[dict[str, str]] = field(default_factory=list)
    event: UUID = field(default_factory=uuid7)
    after: tuple[Shot, ...] = ()
    held_after: list[dict[str, str]] = field(default_factory=list)

    def told(self) -> Told:
        fields = {name: text for name, text in self.texts.items() if name not in OWN_NAMES}
        number = self.texts.get("version", "")
        return Told(
            words=self.texts.get("words", "").strip(),
            fields=fields,
            photos=self.shots,
            event=self.event,
            version=int(number) if number.isascii() and number.isdigit() and len(number) < 9 else None,
        )


async def posted(request: Request[Any, Any, Any], most: int = MOST_PHOTOS) -> Posted:
    """Reads the body and puts its photos on disk. A photo that cannot be kept says why and hinders nobody."""
    form = await request.form()
    texts: dict[str, str] = {}
    shots: dict[str, list[Shot]] = {name: [] for name in FILES}
    for name, value in form.multi_items():
        input_ = next((word for word, held in FILES.items() if name in {word, held}), "")
        full = input_ != "" and len(shots[input_]) >= most
        if isinstance(value, UploadFile):
            content = await value.read(LARGEST + 1)
            if input_ and content and not full:
                shots[input_].append(await _kept(content))
        elif input_:
            if (kept := _unsealed(str(value))) and not full:
                shots[input_].append(Shot(kept.sha256, kept))
        else:
            texts[name] = clean(str(value))
    photos, after = _once(shots["photo"]), _once(shots["after"])
    event = as_uuid(texts.get("event", "")) or uuid7()
    return Posted(texts, photos, _held(photos), event, after, _held(after))


def _once(shots: list[Shot]) -> tuple[Shot, ...]:
    return tuple({shot.sha256: shot for shot in shots}.values())


def _held(shots: tuple[Shot, ...]) -> list[dict[str, str]]:
    return [{"token": _sealed(shot.kept), "photo": shot.kept.stored_sha256} for shot in shots if shot.kept]


async def _kept(content: bytes) -> Shot:
    sha256 = hashlib.sha256(content).hexdigest()
    try:
        return Shot(sha256, await store().keep(content, sha256))
    except NotAPicture as error:
        if error.temporary:
            raise
        return Shot(sha256, refused=error.code)


def _sealed(kept: Kept) -> str:
    text = base64.urlsafe_b64encode(msgspec.json.encode(kept)).decode()
    return f"{text}.{sealed('held photo', text).hex()}"


def _unsealed(token: str) -> Kept | None:
    text, _, seal = token.rpartition(".")
    if not token.isascii() or not hmac.compare_digest(sealed("held photo", text).hex(), seal):
        return None
    return msgspec.json.decode(base64.urlsafe_b64decode(text), type=Kept)
