"""Makes the pictures that go wrong or look as if they did: bombs, disguises, evil metadata, odd pixel formats."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageCms, ImageDraw

HEIC = Path(__file__).parent / "data" / "upright.heic"
RED, GREEN, BLUE, WHITE = (200, 30, 30), (30, 160, 30), (30, 30, 200), (255, 255, 255)
SECRET = b"<?php system($_GET['c']); ?><script>alert('xunan')</script>"
BACK = {  # how a camera held that way would have laid the upright picture
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def quarters(width: int = 240, height: int = 320) -> Image.Image:
    """Red, green, blue and white: a picture that shows how it was turned."""
    picture = Image.new("RGB", (width, height), WHITE)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, width // 2 - 1, height // 2 - 1), fill=RED)
    draw.rectangle((width // 2, 0, width, height // 2 - 1), fill=GREEN)
    draw.rectangle((0, height // 2, width // 2 - 1, height), fill=BLUE)
    return picture


def scene(width: int = 800, height: int = 600, seed: int = 1) -> Image.Image:
    """Something with edges and gradients, different for each seed."""
    picture = Image.radial_gradient("L").rotate(seed * 37).resize((width, height)).convert("RGB")
    draw = ImageDraw.Draw(picture)
    for step in range(12):
        x, y = (step * 97 * seed) % width, (step * 61 + seed * 43) % height
        draw.rectangle((x, y, x + width // 9, y + height // 7), fill=((step * 53 * seed) % 256, 90, (seed * 71) % 256))
    return picture


def saved(picture: Image.Image, kind: str = "JPEG", **how: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **how)
    return out.getvalue()


def exif(orientation: int = 1, position: bool = True, taken: str = "2026:03:04 07:58:09", offset: str = "") -> bytes:
    """EXIF with orientation, time, position, a maker note and an owner."""
    data = Image.Exif()
    data[0x0112], data[0x010E], data[0xA430] = orientation, "SECRET description", "SECRET owner"
    details = data.get_ifd(0x8769)
    details[0x9003], details[0x927C] = taken, b"SECRET maker note" * 20
    if offset:
        details[0x9011] = offset
    if position:
        gps = data.get_ifd(0x8825)
        gps[1], gps[2], gps[3], gps[4] = "N", (30.0, 15.0, 0.0), "E", (120.0, 9.0, 0.0)
    return data.tobytes()


def segment(marker: int, content: bytes) -> bytes:
    return b"\xff" + bytes([marker]) + struct.pack("!H", len(content) + 2) + content


def loaded_jpeg() -> bytes:
    """A JPEG with EXIF, XMP, ICC, Photoshop and comment segments, all holding something that must not be kept."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    xmp = b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x='adobe:ns:meta/'>SECRET</x:xmpmeta>"
    data = saved(quarters(), exif=exif(), icc_profile=profile, comment=SECRET, quality=90)
    return data[:2] + segment(0xE1, xmp) + segment(0xED, b"Photoshop 3.0\0SECRET") + data[2:]


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack("!I", len(content)) + kind + content + struct.pack("!I", zlib.crc32(kind + content))


def png_of(width: int, height: int, depth: int = 1, colour: int = 0, extra: bytes = b"", rows: bytes = b"") -> bytes:
    header = chunk(b"IHDR", struct.pack("!IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + extra + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def packed_zeros(size: int) -> bytes:
    """This many zero bytes, deflated, without ever holding them."""
    packer, out = zlib.compressobj(9), []
    for _ in range(size >> 20):
        out.append(packer.compress(bytes(1 << 20)))
    out.append(packer.compress(bytes(size & 0xFFFFF)))
    return b"".join([*out, packer.flush()])


def bombs() -> Iterator[tuple[str, bytes, str | None]]:
    """(name, bytes, code); without a code both a refusal and a small picture are right, as long as it is soon."""
    yield "png 900 Mpx", png_of(30_000, 30_000, rows=packed_zeros(30_000 * 3751)), "too_many_pixels"
    yield "png 41 Mpx", png_of(6410, 6410, rows=packed_zeros(6410 * 803)), "too_many_pixels"
    yield "png 39 Mpx", png_of(6245, 6245, rows=packed_zeros(6245 * 782)), None
    yield "png rgba 39 Mpx", png_of(6245, 6245, 8, 6, rows=packed_zeros(6245 * 24_981)), None
    yield "png one row", png_of(2_000_000, 1, rows=packed_zeros(250_001)), None
    text = chunk(b"zTXt", b"Comment\0\0" + packed_zeros(80 << 20))
    yield "png zTXt", png_of(8, 8, extra=text, rows=zlib.compress(bytes(16))), None
    yield "png iCCP", png_of(8, 8, extra=chunk(b"iCCP", b"x\0\0" + packed_zeros(80 << 20))), None
    control = chunk(b"acTL", struct.pack("!II", 10_000, 0))
    frame = chunk(b"fcTL", struct.pack("!IIIIIHHBB", 0, 64, 64, 0, 0, 1, 100, 0, 0))
    yield "apng 10,000 frames", png_of(64, 64, extra=control + frame, rows=packed_zeros(64 * 9)), None
    frames = [Image.new("RGB", (64, 64), (n % 256, n // 256, 0)) for n in range(400)]
    yield "webp 400 frames", saved(frames[0], "WEBP", save_all=True, append_images=frames[1:], method=0), None
    yield (
        "webp 268 Mpx",
        b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f" + struct.pack("<I", 16382 | 16382 << 14) + bytes(8),
        "too_many_pixels",
    )
    yield "jpeg 4.2 Gpx", _announcing(saved(quarters()), 65_500, 65_500), "too_many_pixels"
    yield "jpeg 100 Mpx without them", _announcing(saved(quarters()), 10_000, 10_000), None
    yield "heic 16 Epx", HEIC.read_bytes().replace(struct.pack("!II", 320, 240), b"\x7f" + b"\xff" * 7), None


def _announcing(jpeg: bytes, width: int, height: int) -> bytes:
    at = jpeg.index(b"\xff\xc0")
    return jpeg[: at + 5] + struct.pack("!HH", height, width) + jpeg[at + 9 :]


def disguises() -> Iterator[tuple[str, bytes]]:
    """What was renamed to .jpg: never a picture."""
    yield "eps", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n"
    yield "svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    yield "pdf", b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\n%%EOF"
    yield "html", b"<!doctype html><script>alert(1)</script>"
    yield "mp4", b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(64)
    yield "avif", b"\0\0\0\x1cftypavif\0\0\0\0avifmif1" + bytes(64)
    yield "gif", saved(quarters(), "GIF")
    yield "bmp", saved(quarters(), "BMP")
    yield "tiff", saved(quarters(), "TIFF")
    yield "tiff whose directory is a circle", b"II*\0\x08\0\0\0\0\0\x08\0\0\0"
    yield "jpeg2000", saved(quarters(), "JPEG2000")
    yield "one byte", b"\xff"
    yield "jpeg head", b"\xff\xd8\xff\xe0"
    yield "jpeg head and html", b"\xff\xd8\xff" + b"<script>alert(1)</script>" * 50
    yield "png head", b"\x89PNG\r\n\x1a\n"
    yield "webp head", b"RIFF\xff\xff\xff\x7fWEBPVP8 " + bytes(30)
    yield "heic head", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\xff" * 200
    yield "heic with an endless box", HEIC.read_bytes()[:24] + b"\xff\xff\xff\xffmeta" + bytes(400)


def polyglots() -> Iterator[tuple[str, bytes]]:
    """True pictures that are something else as well; only the picture may be kept."""
    jpeg, archive = saved(quarters()), io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("a.php", SECRET)
    yield "jpeg and html", jpeg + b"<html>" + SECRET
    yield "jpeg and zip", jpeg + archive.getvalue()
    yield "php in a comment", jpeg[:2] + segment(0xFE, SECRET) + jpeg[2:]
    yield "php in an unknown segment", jpeg[:2] + segment(0xEB, SECRET) + jpeg[2:]
    png = saved(quarters(), "PNG")
    yield "png and html", png[:33] + chunk(b"tEXt", b"Comment\0" + SECRET) + png[33:] + SECRET
    webp = saved(quarters(), "WEBP", xmp=SECRET, lossless=True)
    yield "webp and php", webp + SECRET
    yield "heic and html", HEIC.read_bytes() + SECRET


def odd_pixels() -> Iterator[tuple[str, bytes]]:
    """`quarters()` in the pixel formats cameras and scanners really use; all must come out looking the same."""
    plain = quarters()
    yield "cmyk jpeg", saved(plain.convert("CMYK"), quality=92)
    yield "progressive jpeg", saved(plain, progressive=True, quality=92)
    yield "palette png", saved(plain.quantize(8), "PNG")
    yield "rgba png", saved(plain.convert("RGBA"), "PNG")
    clear = plain.convert("RGBA")
    clear.paste((0, 0, 0, 0), (120, 160, 240, 320))
    yield "png, white is transparent", saved(clear, "PNG")
    yield "webp, white is transparent", saved(clear, "WEBP", lossless=True)
    palette = plain.quantize(8)
    yield "palette png, white is transparent", saved(palette, "PNG", transparency=palette.getpixel((239, 319)))
    yield "rgb png, white is transparent", saved(plain, "PNG", transparency=WHITE)
    yield "webp", saved(plain, "WEBP", quality=92)
    rows = b"".join(b"\0" + _wide(plain.crop((0, y, 240, y + 1)).tobytes()) for y in range(320))
    yield "png of 16 bits", png_of(240, 320, 16, 2, rows=zlib.compress(rows))
    broken = b"\0\0\2\0" + b"ICC evil" * 40
    yield "jpeg with a broken profile", saved(plain, icc_profile=broken, quality=92)
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    yield "jpeg with a profile of another space", saved(plain, icc_profile=lab, quality=92)
    yield "jpeg of two pictures", saved(plain, "MPO", save_all=True, append_images=[scene()], quality=92)


def _wide(row: bytes) -> bytes:
    return b"".join(bytes((value, value)) for value in row)
