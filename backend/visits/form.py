"""The plain form of a visit, read into the same body that the phone sends as JSON: for phones without scripts."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from litestar import Request
from litestar.datastructures import UploadFile

from backend import clock
from backend.access import Member
from backend.checklists.rules import Result
from backend.language import N_
from backend.photos import Kept, NotAPicture, store
from backend.row import uuid7
from backend.trouble import Invalid
from backend.visits.actions_photos import photo_arrived, photo_refused
from backend.visits.queries import Item, point_to_visit
from backend.visits.rules import Malformed, Said, Sent, clean, date_of, number_of, understand, uuid_of, word_of
from backend.visits.rules_judging import judge, lacks_photo

MOST_PHOTOS = 30


@dataclass(frozen=True, slots=True)
class Typed:
    """The fields as they came; `texts` holds the last value of each, for showing the form again."""

    point: UUID
    texts: dict[str, str]
    files: dict[str, list[bytes]] = field(default_factory=dict)

    def first(self, name: str) -> str:
        return self.texts.get(name, "")


@dataclass(frozen=True, slots=True)
class Photographed:
    """Photos that came with the form: kept on disk, or refused with a reason."""

    kept: dict[str, Kept] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)


async def read(request: Request[Any, Any, Any]) -> Typed:
    """The posted fields; raises Invalid when they name no point."""
    form = await request.form()
    texts: dict[str, str] = {}
    files: dict[str, list[bytes]] = {}
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            content = await value.read()
            if content and sum(map(len, files.values())) < MOST_PHOTOS:
                files.setdefault(name, []).append(content)
        else:
            texts[name] = str(value)
    point = uuid_of(texts.get("point"))
    if point is None:
        raise Invalid({"point": N_("The form named no point. Please scan the label again.")})
    return Typed(point, texts, files)


def id_of(typed: Typed) -> UUID:
    return uuid_of(typed.first("id")) or uuid7()


async def understood(typed: Typed, member: Member) -> tuple[Sent, dict[str, Any], Photographed]:
    """The visit, its body for the record, its photos. Raises Invalid with what each item lacks."""
    found = await point_to_visit(member, typed.point)
    due: set[UUID] = set() if typed.first("corrects") else {item.id for item in found.due}
    wrong = dict(_wrong(typed, found.items, due))
    if typed.first("how") == "list" and not typed.first("how_reason").strip():
        wrong["how_reason"] = N_("Please say why the label could not be scanned.")
    if wrong:
        raise Invalid(wrong)
    photos, named = await _keep(typed)
    body = {
        **{name: typed.first(name) for name in ("point", "label", "how", "how_reason", "opened_at", "note")},
        "corrects": typed.first("corrects") or None,
        "saved_at": clock.now().isoformat(),
        "position": _position(typed),
        **_beside(typed, named),
        "answers": [_answer(typed, item, named) for item in found.items if _is_answered(typed, item)],
        "open_findings": [
            {
                "finding": finding["id"],
                "now": typed.first(f"now.{finding['id']}"),
                "words": typed.first(f"now_words.{finding['id']}"),
                "photos": named.get(f"now_photo.{finding['id']}", []),
            }
            for finding in found.findings
            if typed.first(f"now.{finding['id']}")
        ],
    }
    try:
        return understand(body, clock.parse), body, photos
    except Malformed as error:
        raise Invalid({str(error): N_("This could not be understood.")}) from error


def _beside(typed: Typed, named: dict[str, list[str]]) -> dict[str, Any]:
    """What stands beside the items: the thing a stop asked to photograph, what is wrong with the label."""
    stop, trouble = typed.first("challenge_stop"), typed.first("label_trouble")
    return {
        **({"challenge": {"stop": stop, "photos": named.get("challenge", [])}} if stop else {}),
        **({"label_trouble": {"kind": trouble, "words": ""}} if trouble else {}),
    }


def _is_answered(typed: Typed, item: Item) -> bool:
    return any(typed.first(f"{name}.{item.id}").strip() for name in ("result", "number", "text", "choice", "date"))


def _wrong(typed: Typed, items: list[Item], due: set[UUID]) -> Iterator[tuple[str, str]]:
    for item in items:
        key, result = str(item.id), word_of(Result, typed.first(f"result.{item.id}"))
        if not _is_answered(typed, item):
            if item.id in due:
                yield key, N_("Please answer this item, or say that it could not be checked.")
            continue
        number = typed.first(f"number.{key}").strip()
        if number and number_of(number) is None:
            yield key, N_("Please enter a number, for example 18.5.")
        elif typed.first(f"date.{key}") and date_of(typed.first(f"date.{key}")) is None:
            yield key, N_("Please enter a date.")
        elif result is Result.UNCHECKED and not typed.first(f"reason.{key}").strip():
            yield key, N_("Please say why it could not be checked.")
        elif result is Result.BAD and not typed.first(f"words.{key}").strip() and not typed.files.get(f"photo.{key}"):
            yield key, N_("Please say or photograph what is wrong.")
        elif _lacks_photo(typed, item, result) and not typed.first(f"reason.{key}").strip():
            yield key, N_("This item needs a photo. If none can be taken, say why.")


def _lacks_photo(typed: Typed, item: Item, result: Result | None) -> bool:
    """By what was said, or by what the number, the date or the choice says of itself."""
    key = str(item.id)
    said = Said(
        item.id,
        result,
        number=number_of(typed.first(f"number.{key}")),
        choice=typed.first(f"choice.{key}"),
        date=date_of(typed.first(f"date.{key}")),
        text=typed.first(f"text.{key}"),
    )
    settled = result if result in {Result.NA, Result.UNCHECKED} else judge(item, said, clock.today())
    return settled is not None and lacks_photo(item.photo, settled, bool(typed.files.get(f"photo.{key}")))


def _answer(typed: Typed, item: Item, named: dict[str, list[str]]) -> dict[str, Any]:
    key = str(item.id)
    texts = {name: typed.first(f"{name}.{key}") for name in ("text", "choice", "reason", "words")}
    return {
        "item": key,
        "result": typed.first(f"result.{key}") or None,
        "number": number_of(typed.first(f"number.{key}")),
        "date": typed.first(f"date.{key}") or None,
        **{name: clean(text) for name, text in texts.items()},
        "follow_up": {
            one["id"]: said for one in item.follow_up if (said := clean(typed.first(f"follow.{key}.{one['id']}")))
        }
        or None,
        "fixed_on_spot": bool(typed.first(f"fixed.{key}")),
        "seconds": None,
        "photos": named.get(f"photo.{key}", []),
        "after_photos": named.get(f"after.{key}", []),
    }


def _position(typed: Typed) -> dict[str, float] | None:
    found = {name: number_of(typed.first(name)) for name in ("latitude", "longitude", "accuracy")}
    return {k: v for k, v in found.items() if v is not None} if found["latitude"] is not None else None


async def _keep(typed: Typed) -> tuple[Photographed, dict[str, list[str]]]:
    """Photos go to disk before the record that names them; which hash came in which field."""
    photos, named = Photographed(), dict[str, list[str]]()
    for name, contents in typed.files.items():
        for content in contents:
            sha256 = hashlib.sha256(content).hexdigest()
            named.setdefault(name, []).append(sha256)
            try:
                photos.kept[sha256] = await store().keep(content, sha256)
            except NotAPicture as error:
                if error.temporary:  # nothing is recorded yet: the person tries the whole form again
                    raise
                photos.refused[sha256] = error.code
    return photos, named


async def attach(photos: Photographed, member: Member) -> None:
    """Tell the photo rows of the visit what became of their files."""
    for kept in photos.kept.values():
        await photo_arrived(kept, member)
    for sha256, code in photos.refused.items():
        await photo_refused(sha256, code, member)
