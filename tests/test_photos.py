"""The photo store keeps what people photograph and nothing else that was in the file; nothing they send stops it."""

import errno
import hashlib
import io
import os
import time
from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import pytest_asyncio
from PIL import Image, ImageCms, ImageDraw

from backend import photos
from backend.language import say
from backend.photos import NotAPicture, Store, similarity
from tests import photo_corpus as corpus
from tests.photo_store import (
    files,
    keep,
    looks_upright,
    only_pixels,
    outcome,
    refusal,
    shown,
    spent,
    temporary,
    workers,
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def store(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Store]:
    it = Store(tmp_path_factory.mktemp("photos"))
    yield it
    await it.aclose()


async def test_a_photo_is_kept_with_its_thumbnails_under_the_hash_of_its_content(store: Store) -> None:
    data = corpus.saved(corpus.scene(2400, 1800), quality=90)
    kept = await keep(store, data)
    assert (kept.width, kept.height) == (1600, 1200)
    assert kept.sha256 == hashlib.sha256(data).hexdigest()
    path = store.path(kept.stored_sha256)
    assert path == store.root / kept.stored_sha256[:2] / kept.stored_sha256[2:4] / f"{kept.stored_sha256}.jpg"
    assert path.stat().st_size == kept.bytes
    assert store.intact(kept.stored_sha256)
    assert shown(store, kept, 640).size == (640, 480)
    assert shown(store, kept, 160).size == (160, 120)
    assert not temporary(store)


async def test_the_same_photo_again_is_the_same_file(store: Store, tmp_path: Path) -> None:
    data = corpus.saved(corpus.scene(seed=3))
    file = tmp_path / "upload"
    file.write_bytes(data)
    first = await keep(store, data)
    path = store.path(first.stored_sha256)
    assert path is not None
    before = path.stat()
    assert await store.keep(file, first.sha256.upper()) == first
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    path.write_bytes(b"rotten")
    assert not store.intact(first.stored_sha256)
    await keep(store, data)
    assert store.intact(first.stored_sha256)


async def test_small_photos_are_not_enlarged(store: Store) -> None:
    kept = await keep(store, corpus.saved(Image.new("RGB", (1, 1)), "PNG"))
    assert (kept.width, kept.height) == (1, 1)


@pytest.mark.parametrize("orientation", range(1, 9))
async def test_photos_stand_upright(store: Store, orientation: int) -> None:
    turn = corpus.BACK[orientation]
    lying = corpus.quarters() if turn is None else corpus.quarters().transpose(turn)
    for kind, how in (("JPEG", {"quality": 92}), ("WEBP", {"quality": 92}), ("PNG", {})):
        kept = await keep(store, corpus.saved(lying, kind, exif=corpus.exif(orientation), **how))
        assert (kept.width, kept.height) == (240, 320)
        assert looks_upright(shown(store, kept)), kind


async def test_an_iphones_photo_is_turned_once(store: Store) -> None:
    kept = await keep(store, corpus.HEIC.read_bytes())
    assert (kept.width, kept.height) == (240, 320)
    assert looks_upright(shown(store, kept), 30)
    assert kept.has_gps
    assert kept.taken_at == datetime(2026, 3, 4, 7, 58, 9, tzinfo=timezone(timedelta(hours=8)))


@pytest.mark.parametrize(("name", "data"), [pytest.param(*it, id=it[0]) for it in corpus.odd_pixels()])
async def test_every_kind_of_pixel_comes_out_right(store: Store, name: str, data: bytes) -> None:
    kept = await keep(store, data)
    picture = shown(store, kept)
    assert picture.mode == "RGB"
    assert looks_upright(picture, 60 if name == "cmyk jpeg" else 20)


async def test_sixteen_bits_of_grey_are_scaled_not_clipped(store: Store) -> None:
    grey = Image.new("I;16", (64, 64), 0x4000)
    picture = shown(store, await keep(store, corpus.saved(grey, "PNG")))
    assert picture.getpixel((32, 32)) == (64, 64, 64)


async def test_colours_of_a_profile_become_srgb(store: Store) -> None:
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    at = profile.index(b"rTRC", 128)
    start = int.from_bytes(profile[at + 4 : at + 8])
    profile[start : start + 12] = b"curv\0\0\0\0\0\0\0\0"  # its colours are linear
    data = corpus.saved(Image.new("RGB", (64, 64), (64, 64, 64)), icc_profile=bytes(profile), quality=95)
    assert shown(store, await keep(store, data)).getpixel((32, 32)) == pytest.approx((137, 137, 137), abs=3)


async def test_nothing_but_pixels_is_kept(store: Store) -> None:
    data = corpus.loaded_jpeg()
    assert all(it in data for it in (b"Exif", b"http://ns.adobe.com", b"ICC_PROFILE", b"SECRET", b"Photoshop"))
    kept = await keep(store, data)
    assert kept.has_gps
    assert kept.taken_at == datetime(2026, 3, 4, 7, 58, 9)
    for size in (None, 640, 160):
        path = store.path(kept.stored_sha256, size)
        assert path is not None
        assert only_pixels(path.read_bytes())


@pytest.mark.parametrize(("name", "data"), [pytest.param(*it, id=it[0]) for it in corpus.polyglots()])
async def test_of_a_polyglot_only_the_picture_is_kept(store: Store, name: str, data: bytes) -> None:
    kept = await keep(store, data)
    path = store.path(kept.stored_sha256)
    assert path is not None
    assert only_pixels(path.read_bytes())
    assert looks_upright(shown(store, kept), 30)


@pytest.mark.parametrize(
    ("taken", "offset", "expected"),
    [
        ("2026:03:04 07:58:09", "+08:00", datetime(2026, 3, 4, 7, 58, 9, tzinfo=timezone(timedelta(hours=8)))),
        ("2026:03:04 07:58:09", "nonsense", datetime(2026, 3, 4, 7, 58, 9)),
        ("0000:00:00 00:00:00", "", None),
        ("2026:13:40 99:00:00", "", None),
        ("<script>", "", None),
    ],
)
async def test_the_cameras_clock_is_read(store: Store, taken: str, offset: str, expected: datetime | None) -> None:
    data = corpus.saved(corpus.quarters(), exif=corpus.exif(taken=taken, offset=offset, position=False))
    kept = await keep(store, data)
    assert kept.taken_at == expected
    assert not kept.has_gps


async def test_broken_exif_costs_the_photo_nothing(store: Store) -> None:
    whole = corpus.exif()
    for exif in (b"Exif\0\0", whole[:40], whole[:10] + b"\xff" * 60, whole.replace(b"\0\0\0\x08", b"\0\0\0\x02")):
        kept = await keep(store, corpus.saved(corpus.quarters(), exif=exif))
        assert (kept.width, kept.height) in {(240, 320), (320, 240)}


async def test_the_same_scene_is_recognised_after_another_compression(store: Store) -> None:
    scene = corpus.scene(1800, 1350, seed=5)
    first = await keep(store, corpus.saved(scene, quality=95))
    again = await keep(store, corpus.saved(scene.resize((900, 675)), quality=50))
    other = await keep(store, corpus.saved(corpus.scene(1800, 1350, seed=9)))
    assert similarity(first.phash, again.phash) <= 6
    assert similarity(first.phash, other.phash) > 10
    assert -(2**63) <= first.phash < 2**63
    assert similarity(-1, 0) == 64


async def test_bombs_cost_little(store: Store) -> None:
    await keep(store, corpus.saved(corpus.quarters()))
    for name, data, code in corpus.bombs():
        before, pids = spent(store), {process.child.pid for process in workers(store)}
        came = await outcome(store, data)
        assert code in (None, came), name
        assert came != "worker_failed", name
        assert {process.child.pid for process in workers(store)} == pids, name
        assert spent(store) - before <= 2.0, name


@pytest.mark.parametrize(("name", "data"), [pytest.param(*it, id=it[0]) for it in corpus.disguises()])
async def test_what_only_calls_itself_a_picture_is_refused(store: Store, name: str, data: bytes) -> None:
    assert await refusal(store, data) == "not_a_picture"


@pytest.mark.parametrize("kind", ["JPEG", "progressive", "PNG", "WEBP", "HEIC"])
async def test_cut_pictures_are_refused_wherever_they_were_cut(store: Store, kind: str) -> None:
    how = {"progressive": True} if kind == "progressive" else {}
    whole = (
        corpus.HEIC.read_bytes()
        if kind == "HEIC"
        else corpus.saved(corpus.scene(320, 240), "JPEG" if how else kind, **how)
    )
    codes = [await refusal(store, whole[: len(whole) * percent // 100]) for percent in range(1, 100, 4)]
    assert set(codes) == {"not_a_picture"}
    assert not temporary(store)


async def test_bytes_flipped_anywhere_never_hurt(store: Store) -> None:
    for whole in (corpus.loaded_jpeg(), corpus.HEIC.read_bytes(), corpus.saved(corpus.quarters(), "WEBP")):
        for step in range(25):
            broken = bytearray(whole)
            broken[len(whole) * step // 25] ^= 0xFF
            assert await outcome(store, bytes(broken)) in {None, "not_a_picture", "too_many_pixels"}


async def test_empty_too_large_and_damaged_uploads_say_so(store: Store, tmp_path: Path) -> None:
    assert await refusal(store, b"") == "empty"
    big = tmp_path / "big"
    with big.open("wb") as out:
        out.truncate(photos.LARGEST + 1)
    with pytest.raises(NotAPicture) as refused:
        await store.keep(big, "0" * 64)
    assert refused.value.code == "too_large"
    with pytest.raises(NotAPicture) as refused:
        await store.keep(corpus.saved(corpus.quarters()), "0" * 64)
    assert refused.value.code == "wrong_hash"
    assert "again" in refused.value.reason


def test_every_refusal_has_its_sentence_in_both_languages() -> None:
    sentences = [*photos.WHY.values(), photos.NotStored().reason]
    assert not [sentence for sentence in sentences if say("zh-CN", sentence) == sentence]


def test_only_hashes_are_paths(store: Store) -> None:
    assert store.path("../../etc/passwd") is None
    assert store.path("0" * 64) is None
    assert store.path("A" * 64) is None
    assert not store.intact("0" * 64)


@pytest.mark.parametrize("step", ["write", "fsync", "rename"])
async def test_a_full_disk_leaves_nothing_torn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    store, data = Store(tmp_path), corpus.saved(corpus.quarters())
    names = {"fsync": (os, "fsync"), "rename": (Path, "rename"), "write": (io.BufferedWriter, "write")}
    owner, name = names[step]

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    if step == "write":
        monkeypatch.setattr(Path, "open", full)
    else:
        monkeypatch.setattr(owner, name, full)
    with pytest.raises(photos.NotStored):
        await keep(store, data)
    monkeypatch.undo()
    assert not files(tmp_path)
    assert store.intact((await keep(store, data)).stored_sha256)
    await store.aclose()


async def test_old_temporary_files_are_swept(store: Store) -> None:
    await keep(store, corpus.saved(corpus.quarters()))
    old, young = store.temporary / "old", store.temporary / "young"
    old.write_bytes(b"half")
    young.write_bytes(b"half")
    os.utime(old, (time.time() - 7200,) * 2)
    assert store.sweep() == 1
    assert young.exists()
    young.unlink()


async def test_a_drawn_plan_stays_sharp_and_a_photographed_one_small(store: Store) -> None:
    drawn = Image.new("RGB", (4000, 3000), "white")
    ImageDraw.Draw(drawn).rectangle((100, 100, 3900, 2900), outline="black", width=9)
    plan = await store.plan_picture(corpus.saved(drawn, "PNG"))
    assert (plan.media_type, plan.width, plan.height) == ("image/png", 3000, 2250)
    photo = await store.plan_picture(corpus.saved(corpus.scene(1200, 900).effect_spread(9)))
    assert photo.media_type == "image/jpeg"
    assert store.intact(plan.stored_sha256)
    with pytest.raises(NotAPicture):
        await store.plan_picture(b"<html>no plan</html>")


async def test_an_svg_plan_is_stored_clean(store: Store) -> None:
    plan = await store.plan_picture(b'<svg width="210mm" height="100mm"><script/><rect width="9" height="9"/></svg>')
    path = store.path(plan.stored_sha256)
    assert path is not None
    assert path.suffix == ".svg"
    assert b"script" not in path.read_bytes()
    assert plan.width == pytest.approx(793.7, abs=0.1)
