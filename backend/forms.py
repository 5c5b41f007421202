"""What a person typed: text fields of a form (or a program's JSON object), cleaned of what no table can hold."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request
from litestar.datastructures import UploadFile

from backend.language import N_
from backend.trouble import Invalid


class Typed(Mapping[str, str]):
    """The last value of each text field; `all(name)` gives every value of a repeated one."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._pairs = [(name, text.replace("\0", "")) for name, text in pairs]
        self._last = dict(self._pairs)

    def __getitem__(self, name: str) -> str:
        return self._last[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._last)

    def __len__(self) -> int:
        return len(self._last)

    def all(self, name: str) -> list[str]:
        return [text for known, text in self._pairs if known == name]

    def text(self, name: str) -> str:
        return self._last.get(name, "").strip()


async def typed(request: Request[Any, Any, Any]) -> Typed:
    """The fields of the body. Raises Invalid when a program's JSON is not an object of texts."""
    if "json" not in request.headers.get("content-type", ""):
        form = await request.form()
        return Typed([(name, str(value)) for name, value in form.multi_items() if not isinstance(value, UploadFile)])
    try:
        body = msgspec.json.decode(await request.body(), type=dict[str, str])
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Invalid({}, N_("The request must be a JSON object of texts.")) from None
    return Typed(list(body.items()))


def words(text: str | None, most: int = 60) -> str:
    """What is searched for, from an address: short, and without what no table can hold."""
    return (text or "").replace("\0", "").encode("utf-8", "ignore").decode()[:most].strip()


def as_uuid(text: str | None) -> UUID | None:
    """The id in `text`, None for anything else."""
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def as_number(text: str | None, most: int = 1_000_000) -> int:
    """A whole number from 0 to `most` in an address; 0 for anything else."""
    return min(int(text), most) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0
