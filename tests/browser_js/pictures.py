"""Pictures the tests feed to the phone: a photo with EXIF, a label, a film of a moving label."""

import io
from pathlib import Path

import qrcode
from PIL import Image, ImageFilter


def jpeg_with_exif(width: int = 3000, height: int = 2000) -> bytes:
    """A camera's photo lying on its side (orientation 6) with a maker and a place in its EXIF."""
    gradient = Image.linear_gradient("L").resize((width, height))
    image = Image.merge("RGB", (gradient, gradient.transpose(Image.Transpose.FLIP_LEFT_RIGHT), gradient))
    exif = image.getexif()
    exif[0x0112] = 6
    exif[0x010F] = "SecretMaker"
    exif.get_ifd(0x8825)[1] = "N"
    out = io.BytesIO()
    image.save(out, "JPEG", exif=exif, quality=90)
    return out.getvalue()


def label(text: str, size: int = 260) -> Image.Image:
    symbol = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_Q, border=4)
    symbol.add_data(text)
    image: Image.Image = symbol.make_image().get_image()
    return image.convert("L").resize((size, size), Image.Resampling.NEAREST)


def label_png(text: str) -> bytes:
    sheet = Image.new("L", (900, 700), 220)
    sheet.paste(label(text), (300, 200))
    out = io.BytesIO()
    sheet.save(out, "PNG")
    return out.getvalue()


def film(file: Path, text: str, frames: int = 30, blank: int = 8) -> Path:
    """A y4m film for Chromium's fake camera: nothing at first, then the label drifting by, a little blurred."""
    symbol = label(text).rotate(8, expand=True, fillcolor=255)
    grey = bytes([128]) * (320 * 240 * 2)
    with file.open("wb") as out:
        out.write(b"YUV4MPEG2 W640 H480 F10:1 Ip A1:1 C420jpeg\n")
        for number in range(frames):
            picture = Image.new("L", (640, 480), 140)
            if number >= blank:
                picture.paste(symbol, (40 + (number - blank) * 9, 60 + (number % 5) * 8))
                picture = picture.filter(ImageFilter.GaussianBlur(1))
            out.write(b"FRAME\n" + picture.tobytes() + grey)
    return file
