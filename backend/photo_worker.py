"""The limited process that decodes what strangers upload: pictures on stdin, fresh pixels on stdout.

Started by path in isolated mode, so it imports Pillow and nothing of ours. Once its libraries are warm it gives up
every way out: no new descriptor of any kind (no file, no socket), one gigabyte of memory, few seconds of CPU a picture.
"""

import ctypes
import io
import json
import os
import resource
import struct
import sys
import warnings
from contextlib import suppress
from datetime import datetime
from typing import Any, BinaryIO

import pi_heif
from PIL import (
    Image,
    ImageCms,
    ImageFile,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

FORMATS = {b"J": "JPEG", b"P": "PNG", b"W": "WEBP", b"H": "HEIF"}
ALL_AT_ONCE = (
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)  # imported now: later it is too late

MEMORY = 1 << 30
SECONDS = 8  # of CPU, for one picture
LIFETIME = 2000  # seconds of CPU altogether; the parent replaces us long before
DECODED = 40_000_000  # pixels held in memory
DECODED_HEIC = 52_000_000  # a phone's 48 megapixels cannot be decoded smaller, but need less memory for each
DECLARED_JPEG = 110_000_000  # decoded at 1/2 to 1/8, so that the sensors of 50 and 108 megapixels are no trouble
PHOTO, PLAN = b"F", b"P"  # jobs
PHOTO_EDGE, PLAN_EDGE = 1600, 3000  # longest side, pixels
THUMBNAILS = (640, 160)

UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
ORIENTATION, EXIF_IFD, GPS_IFD, TAKEN, TAKEN_OFFSET = 0x0112, 0x8769, 0x8825, 0x9003, 0x9011

Reply = tuple[dict[str, Any], list[bytes]]


class Refused(Exception):
    """What arrived will not be a picture of ours; the argument is the code."""


def opened(data: bytes, kind: bytes, edge: int) -> ImageFile.ImageFile:
    """The picture, not yet decoded, by the one decoder its first bytes allow. Raises `Refused`."""
    most = DECODED_HEIC if kind == b"H" else DECODED
    Image.MAX_IMAGE_PIXELS = DECLARED_JPEG if kind == b"J" else most
    try:
        picture = Image.open(io.BytesIO(data), formats=(FORMATS[kind],))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Refused("too_many_pixels") from None
    if kind == b"J":
        picture.draft(None, fitted(picture.size, edge))
    if picture.width * picture.height > most:
        raise Refused("too_many_pixels")
    return picture


def fitted(size: tuple[int, int], edge: int) -> tuple[int, int]:
    """The size with its longest side at most `edge`, proportions kept, never zero."""
    scale = min(1.0, edge / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def told(picture: Image.Image) -> tuple[int, str | None, bool]:
    """Orientation, when taken (ISO 8601), whether a position was in it. Broken EXIF says nothing."""
    orientation, taken, position = 1, None, False
    with suppress(Exception):
        position = any(b"GPSLatitude" in _bytes(picture.info.get(key)) for key in ("xmp", "XML:com.adobe.xmp"))
        exif = picture.getexif()
        orientation = int(exif.get(ORIENTATION, 1))
        position = position or any(exif.get_ifd(GPS_IFD).get(tag) for tag in (2, 4))
        details = exif.get_ifd(EXIF_IFD)
        taken = _moment(str(details.get(TAKEN, "")), str(details.get(TAKEN_OFFSET, "")))
    return orientation, taken, position


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode(errors="replace")


def _moment(local: str, offset: str) -> str | None:
    with suppress(ValueError):
        moment = datetime.strptime(local.strip("\0 "), "%Y:%m:%d %H:%M:%S")
        if moment.year < 1990:
            return None
        with suppress(ValueError):
            return datetime.strptime(
                f"{moment.isoformat()} {offset.strip(chr(0) + ' ')}", "%Y-%m-%dT%H:%M:%S %z"
            ).isoformat()
        return moment.isoformat()
    return None


def plain(picture: Image.Image) -> Image.Image:
    """The same pixels in one of the five modes the rest can resize: L, RGB, RGBA, LA, CMYK."""
    if picture.mode.startswith("I"):  # 16 bits of grey; convert() would clip them instead of scaling
        return picture.convert("I").point(lambda value: value * (1 / 256) + 0).convert("L")
    if picture.mode in ("LA", "RGBA", "CMYK"):
        return picture
    if picture.has_transparency_data:
        return picture.convert("RGBA")
    if picture.mode in ("1", "L"):
        return picture.convert("L")
    return picture.convert("RGB")


def in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """As sRGB (phones photograph in Display P3); a profile that does not fit or is broken is dropped."""
    if profile and picture.mode in ("RGB", "L", "CMYK"):
        with suppress(Exception):
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            changed = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
            if changed is not None:
                return changed
    return picture.convert("RGB")


def fresh(picture: Image.Image, edge: int, orientation: int) -> Image.Image:
    """New RGB pixels on white, upright, at most `edge` on the longest side, with nothing attached."""
    profile = picture.info.get("icc_profile")
    small = plain(picture)
    small = small.resize(fitted(small.size, edge), Image.Resampling.LANCZOS, reducing_gap=3.0)
    alpha = small.getchannel("A") if small.mode in ("LA", "RGBA") else None
    colours = in_srgb(small.convert("RGB") if alpha else small, profile)
    clean = Image.new("RGB", colours.size, "white")
    clean.paste(colours, mask=alpha)
    turn = UPRIGHT.get(orientation)
    return clean.transpose(turn) if turn is not None else clean


def dhash(picture: Image.Image) -> int:
    """64 bits, one for each step to the right that gets brighter at 9 x 8 pixels; signed, for PostgreSQL's bigint."""
    grey = picture.convert("L").resize((9, 8), Image.Resampling.BOX).tobytes()
    bits = 0
    for row in range(8):
        for column in range(8):
            bits = bits << 1 | (grey[row * 9 + column] < grey[row * 9 + column + 1])
    return bits - (1 << 64) if bits >> 63 else bits


def jpeg(picture: Image.Image, quality: int, **how: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality, optimize=True, **how)
    return out.getvalue()


def png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def made(job: bytes, kind: bytes, data: bytes) -> Reply:
    """What is known about one picture, and its files: for a photo with its thumbnails, for a plan without."""
    edge = PLAN_EDGE if job == PLAN else PHOTO_EDGE
    picture = opened(data, kind, edge)
    orientation, taken, position = told(picture)
    if kind == b"H":
        orientation = 1  # libheif has turned it already; turning by EXIF again would lay it on its side
    picture.load()
    clean = fresh(picture, edge, orientation)
    known = {
        "width": clean.width,
        "height": clean.height,
        "phash": dhash(clean),
        "taken_at": taken,
        "has_gps": position,
    }
    if job == PLAN:  # a drawing is smaller and sharp as PNG, a photographed plan is smaller as JPEG
        return known, [min(png(clean), jpeg(clean, 90, subsampling=0), key=len)]
    thumbnails = [
        clean.resize(fitted(clean.size, side), Image.Resampling.LANCZOS, reducing_gap=3.0) for side in THUMBNAILS
    ]
    return known, [jpeg(clean, 82), *(jpeg(thumbnail, 76) for thumbnail in thumbnails)]


def answer(job: bytes, kind: bytes, data: bytes) -> Reply:
    """`made`, or the code of why not; whatever a decoder throws means that it was no picture."""
    try:
        return made(job, kind, data)
    except Refused as refused:
        return {"code": str(refused)}, []
    except MemoryError:
        return {"code": "too_many_pixels", "detail": "out of memory"}, []
    except Exception as error:
        return {"code": "not_a_picture", "detail": f"{type(error).__name__}: {error}"[:200]}, []


def warm() -> None:
    """Runs every codec once, so that nothing has to be opened or imported after `confine`."""
    sample = Image.new("RGB", (32, 32), "white")
    exif = Image.Exif()
    exif[ORIENTATION] = 1
    for kind in (b"J", b"P", b"W"):
        data = io.BytesIO()
        sample.save(
            data,
            FORMATS[kind],
            exif=exif.tobytes(),
            icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
        )
        for job in (PHOTO, PLAN):
            answer(job, kind, data.getvalue())
    answer(PHOTO, b"H", b"\0\0\0\x18ftypheic")
    _moment("2026:01:01 00:00:00", "+08:00")


def confine() -> None:
    """Gives up what decoding does not need. The limits are hard and root stops being root: nobody raises them again.

    With a limit of no descriptors the open ones keep working and nothing else can be opened, by whatever code runs
    here. Threads stay possible because the HEIC decoder starts one.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    os.chdir("/")
    if os.geteuid() == 0:
        with suppress(OSError):  # a container's root that may not change its user may not raise limits either
            os.setgroups([])
            os.setresgid(65534, 65534, 65534)
            os.setresuid(65534, 65534, 65534)
    if sys.platform == "linux":
        libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
        libc.prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE: no core, nobody attaches
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    for limit in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE):
        resource.setrlimit(limit, (0, 0))


def allow(seconds: int) -> None:
    """Moves the limit of CPU so that the next picture has this many seconds; at the limit the kernel ends us."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + 1 + seconds, LIFETIME))


def serve(requests: BinaryIO, replies: BinaryIO) -> None:
    """Request: job, format, length, picture. Reply: length, JSON, files. Ends with the parent."""
    while head := requests.read(6):
        job, kind, length = struct.unpack("!ccI", head)
        allow(SECONDS)
        known, files = answer(job, kind, requests.read(length))
        text = json.dumps({**known, "sizes": [len(file) for file in files]}).encode()
        replies.write(b"".join([struct.pack("!I", len(text)), text, *files]))
        replies.flush()


def main() -> None:
    warnings.simplefilter("ignore")
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    pi_heif.register_heif_opener(decode_threads=1, thumbnails=False, depth_images=False, aux_images=False)
    warm()
    confine()
    sys.stdout.buffer.write(b"+")
    sys.stdout.buffer.flush()
    with suppress(BrokenPipeError):
        serve(sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    main()
