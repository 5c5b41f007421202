"""What the tests of photos ask a store, and how they look at what it kept."""

import hashlib
from pathlib import Path
from typing import Any

import psutil
import pytest
from PIL import Image

from backend.photo_pool import Process
from backend.photos import Kept, NotAPicture, Store
from tests import photo_corpus as corpus

UPRIGHT = [(60, 80, corpus.RED), (180, 80, corpus.GREEN), (60, 240, corpus.BLUE), (180, 240, corpus.WHITE)]


async def keep(store: Store, data: bytes) -> Kept:
    return await store.keep(data, hashlib.sha256(data).hexdigest())


async def refusal(store: Store, data: bytes) -> str:
    with pytest.raises(NotAPicture) as refused:
        await keep(store, data)
    return refused.value.code


async def outcome(store: Store, data: bytes) -> str | None:
    try:
        await keep(store, data)
    except NotAPicture as refused:
        return refused.code
    return None


def shown(store: Store, kept: Kept, size: Any = None) -> Image.Image:
    path = store.path(kept.stored_sha256, size)
    assert path is not None
    with Image.open(path) as picture:
        picture.load()
    return picture


def looks_upright(picture: Image.Image, tolerance: int = 16) -> bool:
    scale = picture.width / 240
    places = [
        (picture.crop((int(x * scale), int(y * scale), int(x * scale) + 1, int(y * scale) + 1)), c)
        for x, y, c in UPRIGHT
    ]
    return all(abs(a - b) <= tolerance for got, c in places for a, b in zip(got.tobytes(), c, strict=True))


def only_pixels(data: bytes) -> bool:
    """Whether a JPEG holds nothing but JFIF, tables and pixels."""
    at, markers = 2, []
    while data[at + 1] != 0xDA:
        markers.append(data[at + 1])
        at += 2 + int.from_bytes(data[at + 2 : at + 4])
    strange = [m for m in markers if m == 0xFE or 0xE1 <= m <= 0xEF]
    secrets = [b"Exif", b"http://ns.adobe.com", b"SECRET", b"ICC_PROFILE", b"<script", b"<?php", b"PK\x03\x04"]
    return not strange and data.endswith(b"\xff\xd9") and not any(secret in data for secret in secrets)


def workers(store: Store) -> list[Process]:
    return [process for process in store.pool.idle.queue if process is not None]


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def temporary(store: Store) -> list[Path]:
    return list(store.temporary.glob("*"))


def spent(store: Store) -> float:
    times = [psutil.Process(process.child.pid).cpu_times() for process in workers(store)]
    return sum(it.user + it.system for it in times)
