"""The photo store: a picture is decoded in a limited process, written again as fresh pixels, and named by its content.

A photo has two names: `sha256`, the phone's, is the hash of what it sent; `stored_sha256` of what is kept and
served. The caller keeps the pair in the database; the store keeps `ab/cd/<stored_sha256>.jpg` with two thumbnails,
`-640.jpg` and `-160.jpg`, beside it.
"""

import asyncio
import hashlib
import logging
import os
import re
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final, Literal, TypeVar

from backend.language import N_
from backend.photo_pool import PHOTO, PLAN, Failed, Job, Made, Pool, kind_of
from backend.plan_svg import BadDrawing, clean, size_of
from backend.settings import settings
from backend.trouble import Trouble

log = logging.getLogger(__name__)
T = TypeVar("T")

LARGEST: Final = 12 << 20  # bytes of an upload
LONGEST_QUEUE: Final = 64  # uploads held in memory while they wait
STALE: Final = 3600  # seconds after which a temporary file belongs to nobody
THUMBNAILS: Final = (640, 160)  # longest side, pixels
TYPES: Final = {".jpg": "image/jpeg", ".png": "image/png", ".svg": "image/svg+xml"}
SERVED_WITH: Final = {  # whatever a file turned out to hold, a browser shows it as a picture and runs nothing
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Content-Disposition": "inline",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, max-age=31536000, immutable",
}

Code = Literal[
    "empty", "too_large", "not_a_picture", "too_many_pixels", "wrong_hash", "bad_svg", "worker_failed", "busy"
]
WHY: Final[dict[Code, str]] = {
    "empty": N_("The photo is empty. Please take it again."),
    "too_large": N_("The photo is larger than 12 MB. Please choose a smaller one."),
    "not_a_picture": N_("This file is not a photo we can read. JPEG, PNG, WebP and HEIC work."),
    "too_many_pixels": N_("The photo has too many pixels. Please choose a smaller one."),
    "wrong_hash": N_("The photo was damaged on its way. Please send it again."),
    "bad_svg": N_("This drawing cannot be used. Please upload the plan as PNG or JPEG."),
    "worker_failed": N_("The photo could not be processed. Please try again or take another one."),
    "busy": N_("Very many photos are arriving right now. Please try again in a moment."),
}
_STATUS: Final[dict[Code, int]] = {"too_large": 413, "not_a_picture": 415, "worker_failed": 503, "busy": 503}

_SHA256 = re.compile(r"[0-9a-f]{64}")


class NotAPicture(Trouble):
    """An upload that is refused: `code` says why, `temporary` whether to send it again."""

    def __init__(self, code: Code, detail: str = "") -> None:
        super().__init__(WHY[code], code)
        self.code: Code = code
        self.detail = detail
        self.status = _STATUS.get(code, 422)
        self.temporary = self.status == 503

    @property
    def why(self) -> str:
        """The sentence to translate and show."""
        return WHY[self.code]


class NotStored(Trouble):
    """The disk is full or broken (503); the photo is fine and may come again."""

    status = 503
    code = "no_space"

    def __init__(self) -> None:
        super().__init__(N_("The server cannot store photos at the moment. Please keep yours and send it again later."))


@dataclass(frozen=True, slots=True)
class Kept:
    """A photo safely on disk. `taken_at` is the camera's clock, naive if it told no offset; no position is kept."""

    sha256: str
    stored_sha256: str
    width: int
    height: int
    bytes: int
    phash: int
    taken_at: datetime | None
    has_gps: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """A floor plan safely on disk; width and height are pixels or, for a drawing, units of its viewBox."""

    sha256: str
    stored_sha256: str
    media_type: str
    width: float
    height: float
    bytes: int


def similarity(a: int, b: int) -> int:
    """In how many of 64 bits two perceptual hashes differ: 0 is the same picture, up to 6 most likely the same one."""
    return ((a ^ b) & (2**64 - 1)).bit_count()


def clean_svg(data: bytes) -> bytes:
    """A drawing without anything that acts, loads or refers outside. Raises `NotAPicture("bad_svg")`."""
    try:
        return clean(data)
    except BadDrawing as bad:
        raise NotAPicture("bad_svg", str(bad)) from bad


class Store:
    """The folder of photos. A name, once it exists, holds the whole content."""

    def __init__(self, root: Path, processes: int = 2) -> None:
        self.root = root
        self.temporary = root / "tmp"
        self.pool = Pool(processes)
        self._threads = ThreadPoolExecutor(processes + 2, thread_name_prefix="photos")  # two write while two decode
        self._waiting = 0

    async def keep(self, data: bytes | Path, declared_sha256: str) -> Kept:
        """Re-encodes and stores one photo, again and again with the same result.

        Raises `NotAPicture`, and `NotStored` when the disk is full or broken; nothing half-written is left behind.
        """
        return await self._aside(lambda: self._keep(data, declared_sha256))

    async def plan_picture(self, data: bytes | Path) -> Plan:
        """Stores a floor plan: a picture of up to 3000 pixels a side, or a cleaned SVG. Raises like `keep`."""
        return await self._aside(lambda: self._plan(data))

    def path(self, stored_sha256: str, size: Literal[640, 160] | None = None) -> Path | None:
        """The file of a stored photo or plan, or a photo's thumbnail, if there is one. Serve it `SERVED_WITH`."""
        if not _SHA256.fullmatch(stored_sha256):
            return None
        stem = self._stem(stored_sha256)
        names = [f"{stem.name}-{size}.jpg"] if size else [stem.name + suffix for suffix in TYPES]
        return next((file for name in names if (file := stem.with_name(name)).is_file()), None)

    def intact(self, stored_sha256: str) -> bool:
        """Whether the file is there and still hashes to its name."""
        file = self.path(stored_sha256)
        return file is not None and hashlib.sha256(file.read_bytes()).hexdigest() == stored_sha256

    def sweep(self, older_than: float = STALE) -> int:
        """Removes temporary files a crash left behind, and says how many."""
        old = [file for file in self.temporary.glob("*") if file.stat().st_mtime < time.time() - older_than]
        for file in old:
            file.unlink(missing_ok=True)
        return len(old)

    async def aclose(self) -> None:
        """Finishes the photos in hand and ends the processes."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)
        self.pool.close()

    async def _aside(self, work: Callable[[], T]) -> T:
        if self._waiting >= LONGEST_QUEUE:
            raise NotAPicture("busy")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1

    def _keep(self, given: bytes | Path, declared: str) -> Kept:
        data = _whole(given)
        sha256 = hashlib.sha256(data).hexdigest()
        if sha256 != declared.lower():
            raise NotAPicture("wrong_hash")
        made, files = self._made(PHOTO, data)
        if len(files) != 1 + len(THUMBNAILS) or not all(file.startswith(b"\xff\xd8\xff") for file in files):
            raise NotAPicture("worker_failed", "not the files of a photo")
        picture, *thumbnails = files
        stored = hashlib.sha256(picture).hexdigest()
        stem = self._stem(stored)
        for side, thumbnail in zip(THUMBNAILS, thumbnails, strict=True):
            self._write(stem.with_name(f"{stored}-{side}.jpg"), thumbnail)
        self._write(stem.with_name(f"{stored}.jpg"), picture)  # last: where it is, its thumbnails are
        return Kept(sha256, stored, made.width, made.height, len(picture), made.phash, made.taken_at, made.has_gps)

    def _plan(self, given: bytes | Path) -> Plan:
        data = _whole(given)
        if kind_of(data) is None and b"<svg" in data[:65536]:
            drawing, suffix = clean_svg(data), ".svg"
            width, height = size_of(drawing)
        else:
            made, files = self._made(PLAN, data)
            drawing, suffix = files[0], ".png" if kind_of(files[0]) == b"P" else ".jpg"
            width, height = made.width, made.height
        stored = hashlib.sha256(drawing).hexdigest()
        self._write(self._stem(stored).with_name(stored + suffix), drawing)
        return Plan(hashlib.sha256(data).hexdigest(), stored, TYPES[suffix], width, height, len(drawing))

    def _made(self, job: Job, data: bytes) -> tuple[Made, list[bytes]]:
        kind = kind_of(data)
        if kind is None:
            raise NotAPicture("not_a_picture", "unknown first bytes")
        try:
            made, files = self.pool.ask(job, kind, data)
        except Failed as failed:
            log.warning("picture of %d bytes: %s", len(data), failed)
            raise NotAPicture("worker_failed", str(failed)) from failed
        if made.code or not files:
            raise NotAPicture(made.code or "worker_failed", made.detail)
        return made, files

    def _stem(self, stored: str) -> Path:
        return self.root / stored[:2] / stored[2:4] / stored

    def _write(self, file: Path, content: bytes) -> None:
        """The whole content under its name, surviving a power cut, or `NotStored` and no trace."""
        temporary = self.temporary / uuid.uuid4().hex
        try:
            if file.is_file() and file.read_bytes() == content:
                return
            _folder(self.temporary)
            _folder(file.parent)
            with temporary.open("xb") as out:
                out.write(content)
                out.flush()
                os.fsync(out.fileno())
            temporary.rename(file)
            _settle(file.parent)
        except OSError as error:
            log.error("photo not stored: %s", error)
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise NotStored from error


def _whole(given: bytes | Path) -> bytes:
    size = len(given) if isinstance(given, bytes) else given.stat().st_size
    if size == 0:
        raise NotAPicture("empty")
    if size > LARGEST:
        raise NotAPicture("too_large")
    return given if isinstance(given, bytes) else given.read_bytes()


def _folder(folder: Path) -> None:
    """Makes the folder and settles every parent that got a new name."""
    if folder.is_dir():
        return
    _folder(folder.parent)
    folder.mkdir(exist_ok=True)
    _settle(folder.parent)


def _settle(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@cache
def store() -> Store:
    """The store of this installation."""
    return Store(settings().data / "photos")


async def close() -> None:
    """Ends the processes of the store, if it was ever used."""
    if store.cache_info().currsize:
        await store().aclose()
        store.cache_clear()
